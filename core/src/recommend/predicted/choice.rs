//! Choosing among the configurations of one model on one GPU: the cheapest that meets the targets, and
//! beside it the fastest where its latencies are worth more than the cheapest's.

use super::Standing;
use super::candidate::{Candidate, Pair, Setting};
use super::fleet::Size;
use super::pair::{Found, Judge, Tally, Tariff, expectation, plan};
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

/// GPUs of the nearest configuration, why, and the reason.
pub(super) type Refusal = (Option<u32>, RejectionCode, String);

/// Choosing among the configurations of a pair.
pub(super) struct Choice<'a> {
    judge: &'a Judge<'a>,
    model: usize,
    gpu: usize,
    tariff: Tariff,
    /// All that were made ready.
    pub candidates: Vec<Candidate>,
    /// The cheapest that meets the targets: its place, replicas and GPUs.
    cheapest: Option<(usize, u32, u64)>,
    /// The nearest of those that miss a target whatever the load: its place, and latency over target.
    nearest: Option<(usize, f64)>,
    /// The last configuration that was too slow by more than another format of its cache can mend.
    slow: Option<Setting>,
    /// The smallest excess over budget or GPUs of those that were not sized for it.
    beyond: Option<(u32, Miss)>,
    /// Spreads that were looked at.
    spreads: usize,
}

impl<'a> Choice<'a> {
    pub fn new(judge: &'a Judge<'a>, model: usize, gpu: usize, tariff: Tariff) -> Self {
        Self {
            judge,
            model,
            gpu,
            tariff,
            candidates: Vec::new(),
            cheapest: None,
            nearest: None,
            slow: None,
            beyond: None,
            spreads: 0,
        }
    }

    /// Finds the cheapest configuration, smallest spreads first: none of a larger spread is cheaper
    /// than one replica of it.
    pub fn search(&mut self, pair: &Pair<'_>) {
        for (tensor_parallel, stages) in pair.spreads() {
            let gpus = u64::from(tensor_parallel * stages);
            if self.cheapest.is_some_and(|(_, _, best)| gpus > best)
                || (stages > 1 && !self.candidates.is_empty())
            {
                break;
            }
            self.spreads += 1;
            let first = self.candidates.len();
            pair.spread(tensor_parallel, stages, &mut self.candidates);
            for place in first..self.candidates.len() {
                self.size(place);
            }
        }
    }

    /// The configurations of spreads that the search had no need of.
    fn look_at_all(&mut self, pair: &Pair<'_>) {
        for (tensor_parallel, stages) in pair.spreads().skip(self.spreads) {
            if stages == 1 {
                pair.spread(tensor_parallel, stages, &mut self.candidates);
            }
        }
    }

    /// Sizes a configuration where it can be the cheapest.
    fn size(&mut self, place: usize) {
        let demand = self.judge.demand;
        let Some(candidate) = self.candidates.get(place) else { return };
        let setting = candidate.setting;
        if self.slow.is_some_and(|slow| setting.differs_in_cache(slow)) {
            return;
        }
        let floor = self.judge.floor_ratio(candidate);
        if floor > 1.0 {
            if self.nearest.is_none_or(|(_, ratio)| floor < ratio) {
                self.nearest = Some((place, floor));
            }
            return;
        }
        let better = |count: f64, altered: u32, alone_ms: f64| match self.cheapest {
            None => true,
            Some((other, _, best)) => {
                let best = best as f64;
                count < best
                    || count == best
                        && self.candidates.get(other).is_some_and(|other| {
                            (altered, 0) < (other.setting.altered(), 0)
                                || altered == other.setting.altered() && alone_ms < other.alone_ms
                        })
            }
        };
        if !better(candidate.least_gpus, setting.altered(), candidate.alone_ms) {
            return;
        }
        if let Some(miss) = self.far_beyond(candidate.least_gpus) {
            if self.beyond.as_ref().is_none_or(|(_, least)| miss.over_fraction < least.over_fraction) {
                self.beyond = Some((setting.gpus(), miss));
            }
            return;
        }
        let most =
            self.cheapest.map_or(u64::from(MAX_REPLICAS), |(_, _, best)| best / u64::from(setting.gpus()));
        match candidate.size(demand, floor, u32::try_from(most).unwrap_or(MAX_REPLICAS)) {
            Size::Replicas(replicas) => {
                let count = u64::from(replicas) * u64::from(setting.gpus());
                if better(count as f64, setting.altered(), candidate.alone_ms) {
                    self.cheapest = Some((place, replicas, count));
                }
            }
            Size::Slow(ratio) => {
                self.slow = (ratio > CACHE_GAIN).then_some(setting);
                if self.nearest.is_none_or(|(_, nearest)| ratio < nearest) {
                    self.nearest = Some((place, ratio));
                }
            }
            Size::TooMany => {}
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
    pub fn conclude(
        &mut self,
        pair: &Pair<'_>,
        standing: &Standing,
        tally: &mut Tally,
    ) -> Result<(), Refusal> {
        let Some((place, replicas, _)) = self.cheapest else { return self.none_meets(tally) };
        let Some(candidate) = self.candidates.get(place) else { return Ok(()) };
        let Some(found) = self.found(candidate, replicas) else { return Ok(()) };
        let misses = self.judge.search.limit_misses(found.gpu_count, found.usd_per_month);
        let worst = misses.iter().max_by(|left, right| left.over_fraction.total_cmp(&right.over_fraction));
        if let Some(worst) = worst {
            if worst.over_fraction > NEAR_MISS_FRACTION {
                return Err((Some(candidate.setting.gpus()), code_of(worst), worst.message.clone()));
            }
            tally.near.push(Found { worst: worst.over_fraction, ..found });
            return Ok(());
        }
        if found.scores.latency <= 100.0 - LEAST_GAIN {
            let before = self.candidates.len();
            self.look_at_all(pair);
            tally.candidates += (self.candidates.len() - before) as u64;
            tally.found.extend(self.faster(&found, standing));
        }
        tally.found.push(found);
        Ok(())
    }

    /// The fastest configuration where it gains enough over the cheapest and breaks no limit.
    fn faster(&self, cheapest: &Found, standing: &Standing) -> Option<Found> {
        let own = cheapest.candidate.alone_ms;
        let fastest = self
            .candidates
            .iter()
            .filter(|candidate| candidate.alone_ms < own && self.judge.floor_ratio(candidate) <= 1.0)
            .min_by(|left, right| left.alone_ms.total_cmp(&right.alone_ms))?;
        let limits = |gpus: f64| self.judge.search.limit_misses(gpus as u64, self.tariff.of(gpus)).is_empty();
        let marks = self.judge.floor_marks(fastest);
        if fastest.least_gpus > 1e12
            || !limits(fastest.least_gpus)
            || marks <= cheapest.scores.latency + LEAST_GAIN
        {
            return None;
        }
        let (model, gpu) = (self.model, self.gpu);
        if standing.excludes(&self.judge.bound(model, gpu, self.tariff, fastest.least_gpus, marks, true)) {
            return None;
        }
        let Size::Replicas(replicas) =
            fastest.size(self.judge.demand, self.judge.floor_ratio(fastest), MAX_REPLICAS)
        else {
            return None;
        };
        let found = self.found(fastest, replicas)?;
        (limits(found.gpu_count as f64) && found.scores.latency > cheapest.scores.latency + LEAST_GAIN)
            .then_some(found)
    }

    /// A near miss of the configuration that is nearest to the targets, or why there is none.
    fn none_meets(&self, tally: &mut Tally) -> Result<(), Refusal> {
        let demand = self.judge.demand;
        if let Some((gpus, miss)) = &self.beyond {
            return Err((Some(*gpus), code_of(miss), format!("at least: {}", miss.message)));
        }
        let nearest = self.nearest.and_then(|(place, ratio)| Some((self.candidates.get(place)?, ratio)));
        let Some((candidate, ratio)) = nearest else {
            let reason = "more than a million replicas would be needed".to_owned();
            return Err((None, RejectionCode::MaxGpus, reason));
        };
        let replicas = (demand.required_qps / (candidate.stable_qps * NEAR_MISS_LOAD)).ceil().max(1.0);
        if ratio <= 1.0 + NEAR_MISS_FRACTION
            && replicas <= f64::from(MAX_REPLICAS)
            && let Some(found) = self.found(candidate, replicas as u32)
        {
            let limits = self.judge.search.limit_misses(found.gpu_count, found.usd_per_month);
            let planning = candidate.narrowest(demand, found.replicas, demand.required_qps);
            let worst = limits
                .iter()
                .map(|miss| miss.over_fraction)
                .fold(planning.map_or(f64::INFINITY, |(_, ratio)| ratio - 1.0), f64::max);
            if worst > 0.0 && worst <= NEAR_MISS_FRACTION {
                tally.near.push(Found { worst, ..found });
                return Ok(());
            }
        }
        Err((Some(candidate.setting.gpus()), RejectionCode::Latency, self.slow(candidate)))
    }

    /// Why a configuration is too slow, in words.
    fn slow(&self, candidate: &Candidate) -> String {
        let demand = self.judge.demand;
        let slo = &demand.slo;
        let (ttft, itl) = candidate.floors_ms(demand);
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
        let (demand, specification) = (self.judge.demand, self.judge.search.specification);
        let (ttft, itl) = candidate.latencies(demand, replicas, demand.peak_qps, Mood::Expected)?;
        let latency = expectation(demand, ttft, itl);
        let gpus_per_replica = candidate.setting.gpus();
        let gpu_count = u64::from(replicas) * u64::from(gpus_per_replica);
        let usd_per_month = self.tariff.of(gpu_count as f64);
        let unit_costs = UnitCosts::new(usd_per_month / HOURS_PER_MONTH, &specification.traffic);
        let plan = plan(demand, candidate, replicas, demand.required_qps);
        let quality = self.judge.quality(self.model);
        Some(Found {
            model: self.model,
            gpu: self.gpu,
            candidate: candidate.clone(),
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
