//! Choosing among the configurations of one model on one GPU: the cheapest that meets the targets, and
//! beside it the fastest where its latencies are worth more than the cheapest's.

use super::candidate::{Candidate, Engine, Pair, Setting};
use super::fleet::{Size, Sizer};
use super::opened::Opened;
use super::pair::{Found, Judge, Tally, Tariff, expectation, plan};
use super::standing::Standing;
use crate::cost::UnitCosts;
use crate::queueing::{MAX_REPLICAS, Mood};
use crate::recommend::search::NEAR_MISS_FRACTION;
use crate::recommend::{Miss, RejectionCode, rank};
use crate::units::HOURS_PER_MONTH;

/// The load of the stable rate at which a deployment is shown that misses a target even at rest.
const NEAR_MISS_LOAD: f64 = 0.5;
/// A request alone that misses a target by more does so with any format of the KV cache: its reading
/// is a small part of an iteration with one sequence.
const CACHE_GAIN: f64 = 1.15;
/// The share of a latency's points that the fastest configuration must gain to stand beside the
/// cheapest: less is no choice.
const LEAST_GAIN: f64 = 1.0;
/// GPUs from which on it is not worth asking whether so many can be listed.
const MOST_GPUS: u64 = 1 << 40;

/// What a pair came to.
pub(super) enum Verdict {
    /// Options or a near miss were added.
    Added,
    /// Nothing of it can be listed.
    PassedOver,
    /// No configuration fits.
    NoRoom,
    /// GPUs of the nearest configuration, why it is refused, and the reason.
    Refused(Option<u32>, RejectionCode, String),
}

/// Choosing among the configurations of a pair.
pub(super) struct Choice<'a> {
    judge: &'a Judge<'a>,
    pair: &'a Pair<'a>,
    tariff: Tariff,
    opened: &'a mut Opened,
    standing: &'a Standing,
    /// GPUs above which nothing of the pair can be listed.
    most_gpus: u64,
    /// Whether a configuration was left for that.
    bounded: bool,
    /// The cheapest that meets the targets: its place, replicas and GPUs.
    cheapest: Option<(usize, u32, u64)>,
    /// The nearest of those that miss a target whatever the load: its place, and latency over target.
    nearest: Option<(usize, f64)>,
    /// The last configuration that was too slow by more than another format of its cache can mend.
    slow: Option<Setting>,
    /// The smallest excess over budget or GPUs of those that were not sized for it.
    beyond: Option<(u32, Miss)>,
}

impl<'a> Choice<'a> {
    pub fn new(
        judge: &'a Judge<'a>,
        pair: &'a Pair<'a>,
        tariff: Tariff,
        opened: &'a mut Opened,
        standing: &'a Standing,
    ) -> Self {
        let mut choice = Self {
            judge,
            pair,
            tariff,
            opened,
            standing,
            most_gpus: u64::MAX,
            bounded: false,
            cheapest: None,
            nearest: None,
            slow: None,
            beyond: None,
        };
        let best = choice.opened.open(standing).map(|bound| bound.latency).fold(0.0, f64::max);
        choice.most_gpus = choice.most_gpus_with(best);
        choice
    }

    /// GPUs above which an option with this latency score cannot be listed.
    fn most_gpus_with(&self, latency: f64) -> u64 {
        let open = |gpus: u64| {
            let bound = self.judge.bound(self.opened.model, self.opened.gpu, gpus as f64, latency);
            bound.is_some_and(|bound| !self.standing.excludes(&bound))
        };
        if !self.standing.is_full() {
            return u64::MAX;
        }
        // More GPUs are never better. Found to 2%, from above.
        let (mut low, mut high) = (0, 1);
        while open(high) {
            if high > MOST_GPUS {
                return u64::MAX;
            }
            (low, high) = (high, high.saturating_mul(4));
        }
        while high - low > 1 + high / 50 {
            let middle = low + (high - low) / 2;
            if open(middle) { low = middle } else { high = middle }
        }
        high - 1
    }

    /// Finds the cheapest configuration, smallest spreads first: none of a larger spread is cheaper
    /// than one replica of it.
    fn search(&mut self) {
        let mut sized = 0;
        loop {
            // The most promising first, so that the others are measured by it.
            let candidates = &self.opened.candidates;
            let mut places: Vec<usize> = (sized..candidates.len()).collect();
            sized = candidates.len();
            let key = |place: &usize| {
                candidates
                    .get(*place)
                    .map_or((f64::INFINITY, 0), |one| (one.least_gpus, one.setting.altered()))
            };
            places.sort_by(|left, right| {
                let (left, right) = (key(left), key(right));
                left.0.total_cmp(&right.0).then(left.1.cmp(&right.1))
            });
            for place in places {
                self.size(place);
            }
            let Some(next) = self.opened.next_gpus() else { break };
            if self.cheapest.is_some_and(|(_, _, best)| next > best as f64) {
                break;
            }
            if next > self.most_gpus as f64 {
                self.bounded = true;
                break;
            }
            self.opened.widen(self.judge, self.pair);
        }
    }

    /// Sizes a configuration where it can be the cheapest.
    fn size(&mut self, place: usize) {
        let Some(candidate) = self.opened.candidates.get(place) else { return };
        let setting = candidate.setting;
        if self.slow.is_some_and(|slow| setting.differs_in_cache(slow)) {
            return;
        }
        let floor = candidate.floor_ratio;
        if floor > 1.0 {
            if self.nearest.is_none_or(|(_, ratio)| floor < ratio) {
                self.nearest = Some((place, floor));
            }
            return;
        }
        let better = |count: f64| match self.cheapest {
            None => true,
            Some((other, _, best)) => {
                let best = best as f64;
                let (own, altered) = (candidate.alone_ms, setting.altered());
                count < best
                    || count == best
                        && self.opened.candidates.get(other).is_some_and(|other| {
                            altered < other.setting.altered()
                                || altered == other.setting.altered() && own < other.alone_ms
                        })
            }
        };
        if !better(candidate.least_gpus) {
            return;
        }
        if candidate.least_gpus > self.most_gpus as f64 {
            self.bounded = true;
            return;
        }
        if let Some(miss) = self.far_beyond(candidate.least_gpus) {
            if self.beyond.as_ref().is_none_or(|(_, least)| miss.over_fraction < least.over_fraction) {
                self.beyond = Some((setting.gpus(), miss));
            }
            return;
        }
        // With as many GPUs as the cheapest it may be none better.
        let best = self.cheapest.map_or(u64::MAX, |(_, _, best)| best - u64::from(!better(best as f64)));
        let most = best.min(self.most_gpus) / u64::from(setting.gpus());
        let Some(engine) = self.pair.engine(candidate) else { return };
        let Ok(sizer) = Sizer::new(self.judge.demand, candidate, &engine) else { return };
        match sizer.size(u32::try_from(most).unwrap_or(MAX_REPLICAS)) {
            Size::Replicas(replicas) => {
                let count = u64::from(replicas) * u64::from(setting.gpus());
                if better(count as f64) {
                    self.cheapest = Some((place, replicas, count));
                }
            }
            Size::Slow(ratio) => {
                self.slow = (ratio > CACHE_GAIN).then_some(setting);
                if self.nearest.is_none_or(|(_, nearest)| ratio < nearest) {
                    self.nearest = Some((place, ratio));
                }
            }
            Size::TooMany => self.bounded |= self.most_gpus < best,
        }
    }

    /// The excess of so many GPUs over budget or GPUs, where it is more than a near miss.
    fn far_beyond(&self, gpus: f64) -> Option<Miss> {
        let gpus = gpus.min(1e15);
        self.judge
            .search
            .limit_misses(gpus as u64, self.tariff.of(gpus))
            .into_iter()
            .filter(|miss| miss.over_fraction > NEAR_MISS_FRACTION)
            .max_by(|left, right| left.over_fraction.total_cmp(&right.over_fraction))
    }

    /// Adds the options of the pair, or a near miss.
    pub fn conclude(mut self, tally: &mut Tally) -> Verdict {
        self.search();
        let chosen = self
            .cheapest
            .and_then(|(place, replicas, _)| Some((*self.opened.candidates.get(place)?, replicas)));
        let Some((candidate, replicas)) = chosen else { return self.none_meets(tally) };
        let Some(found) = self.found(&candidate, replicas) else { return Verdict::PassedOver };
        let misses = self.judge.search.limit_misses(found.gpu_count, found.usd_per_month);
        let worst = misses.iter().max_by(|left, right| left.over_fraction.total_cmp(&right.over_fraction));
        if let Some(worst) = worst {
            if worst.over_fraction > NEAR_MISS_FRACTION {
                return Verdict::Refused(
                    Some(candidate.setting.gpus()),
                    code_of(worst),
                    worst.message.clone(),
                );
            }
            tally.near.push(Found { worst: worst.over_fraction, ..found });
            return Verdict::Added;
        }
        if found.scores.latency <= 100.0 - LEAST_GAIN {
            tally.found.extend(self.faster(&found));
        }
        tally.found.push(found);
        Verdict::Added
    }

    /// The fastest configuration where it gains enough over the cheapest and breaks no limit.
    fn faster(&mut self, cheapest: &Found) -> Option<Found> {
        let may_be = |choice: &Self, candidate: &Candidate| {
            candidate.alone_ms < cheapest.candidate.alone_ms && candidate.floor_ratio <= 1.0 && {
                let (gpus, marks) = (candidate.least_gpus, candidate.floor_marks);
                let bound = choice.judge.bound(choice.opened.model, choice.opened.gpu, gpus, marks);
                gpus <= 1e12
                    && marks > cheapest.scores.latency + LEAST_GAIN
                    && choice.within_limits(gpus)
                    && bound.is_some_and(|bound| !choice.standing.excludes(&bound))
            }
        };
        let any = self.opened.candidates.iter().any(|candidate| may_be(self, candidate));
        if !any && !self.opened.unseen_is_open(self.standing) {
            return None;
        }
        while self.opened.next_gpus().is_some() {
            self.opened.widen(self.judge, self.pair);
        }
        let fastest = self
            .opened
            .candidates
            .iter()
            .filter(|candidate| {
                candidate.alone_ms < cheapest.candidate.alone_ms && candidate.floor_ratio <= 1.0
            })
            .min_by(|left, right| left.alone_ms.total_cmp(&right.alone_ms))
            .filter(|candidate| may_be(self, candidate))?;
        let most = self.most_gpus_with(fastest.floor_marks) / u64::from(fastest.setting.gpus());
        let engine = self.pair.engine(fastest)?;
        let sizer = Sizer::new(self.judge.demand, fastest, &engine).ok()?;
        let Size::Replicas(replicas) = sizer.size(u32::try_from(most).unwrap_or(MAX_REPLICAS)) else {
            return None;
        };
        let found = self.found_of(&sizer, fastest, replicas)?;
        (self.within_limits(found.gpu_count as f64)
            && found.scores.latency > cheapest.scores.latency + LEAST_GAIN)
            .then_some(found)
    }

    fn within_limits(&self, gpus: f64) -> bool {
        self.judge.search.limit_misses(gpus as u64, self.tariff.of(gpus)).is_empty()
    }

    /// A near miss of the configuration that is nearest to the targets, or why there is none.
    fn none_meets(&self, tally: &mut Tally) -> Verdict {
        let demand = self.judge.demand;
        if self.bounded {
            return Verdict::PassedOver;
        }
        if let Some((gpus, miss)) = &self.beyond {
            return Verdict::Refused(Some(*gpus), code_of(miss), format!("at least: {}", miss.message));
        }
        if self.opened.candidates.is_empty() {
            return Verdict::NoRoom;
        }
        let nearest =
            self.nearest.and_then(|(place, ratio)| Some((self.opened.candidates.get(place)?, ratio)));
        let Some((candidate, ratio)) = nearest else {
            let reason = "more than a million replicas would be needed".to_owned();
            return Verdict::Refused(None, RejectionCode::MaxGpus, reason);
        };
        let replicas = (demand.required_qps / (candidate.stable_qps * NEAR_MISS_LOAD)).ceil().max(1.0);
        if ratio <= 1.0 + NEAR_MISS_FRACTION
            && replicas <= f64::from(MAX_REPLICAS)
            && let Some(near) = self.near_miss(candidate, replicas as u32)
        {
            tally.near.push(near);
            return Verdict::Added;
        }
        Verdict::Refused(Some(candidate.setting.gpus()), RejectionCode::Latency, self.slow(candidate))
    }

    /// A configuration that misses by no more than a near miss may.
    fn near_miss(&self, candidate: &Candidate, replicas: u32) -> Option<Found> {
        let engine = self.pair.engine(candidate)?;
        let sizer = Sizer::new(self.judge.demand, candidate, &engine).ok()?;
        let found = self.found_of(&sizer, candidate, replicas)?;
        let limits = self.judge.search.limit_misses(found.gpu_count, found.usd_per_month);
        let planning = sizer.narrowest(replicas, self.judge.demand.required_qps);
        let worst = limits
            .iter()
            .map(|miss| miss.over_fraction)
            .fold(planning.map_or(f64::INFINITY, |(_, ratio)| ratio - 1.0), f64::max);
        (worst > 0.0 && worst <= NEAR_MISS_FRACTION).then_some(Found { worst, ..found })
    }

    /// Why a configuration is too slow, in words.
    fn slow(&self, candidate: &Candidate) -> String {
        let demand = self.judge.demand;
        let slo = &demand.slo;
        let (ttft, itl) = candidate.floors_ms;
        let (name, floor, target) = [
            ("TTFT", ttft, slo.ttft_ms),
            ("ITL", itl, slo.itl_ms),
            ("the whole request", demand.whole_ms(ttft, itl), slo.e2e_ms),
        ]
        .into_iter()
        .max_by(|left, right| (left.1 / left.2).total_cmp(&(right.1 / right.2)))
        .unwrap_or(("a latency", 0.0, 0.0));
        if floor > target {
            format!("{name} is above {floor:.1} ms for one request alone, and {target} ms are allowed")
        } else {
            format!(
                "{} of TTFT, ITL or the whole request misses its target by more than half at any load",
                slo.percentile
            )
        }
    }

    fn found(&self, candidate: &Candidate, replicas: u32) -> Option<Found> {
        let engine: Engine = self.pair.engine(candidate)?;
        let sizer = Sizer::new(self.judge.demand, candidate, &engine).ok()?;
        self.found_of(&sizer, candidate, replicas)
    }

    fn found_of(&self, sizer: &Sizer<'_>, candidate: &Candidate, replicas: u32) -> Option<Found> {
        let (demand, specification) = (self.judge.demand, self.judge.search.specification);
        let (ttft, itl) = sizer.latencies(replicas, demand.peak_qps, Mood::Expected)?;
        let latency = expectation(demand, ttft, itl);
        let gpu_count = u64::from(replicas) * u64::from(candidate.setting.gpus());
        let usd_per_month = self.tariff.of(gpu_count as f64);
        let unit_costs = UnitCosts::new(usd_per_month / HOURS_PER_MONTH, &specification.traffic);
        let plan = plan(demand, candidate.setting, replicas, demand.required_qps);
        let quality = self.judge.quality(self.opened.model);
        Some(Found {
            model: self.opened.model,
            gpu: self.opened.gpu,
            candidate: *candidate,
            replicas,
            gpu_count,
            usd_per_month,
            scores: rank::scores(specification, quality, &latency, &unit_costs, &plan),
            latency,
            worst: 0.0,
        })
    }
}

fn code_of(miss: &Miss) -> RejectionCode {
    if miss.field == "budget" { RejectionCode::Budget } else { RejectionCode::MaxGpus }
}
