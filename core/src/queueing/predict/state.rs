//! The steady state of one replica: how many sequences decode, how long a cycle takes, how often a
//! prompt is in work.
//!
//! By Little's law in iterations, as many sequences decode as requests arrive in the cycles of one
//! answer. Where the cycle grows linearly with the batch, a Poisson stream gives the batch a
//! negative binomial distribution, the product form of a birth–death chain whose death rate is
//! `n / (steps × cycle(n))`, whatever the distribution of lengths (processor sharing is
//! insensitive); its mean solves `m = λ · steps · cycle(m + 1)`, and its variance is `m / (1 − q)`
//! with `q = λ · steps · cycle'`.

use super::coefficients::{Correction, FEATURES, Scale};
use super::mixture::Cumulants;
use super::replica::Replica;
use super::stable::{Saturation, alone_for};
use super::stream::{HERD, HERD_PROMPTS_FIRST, Stream};
use crate::engine::Scheduling;
use crate::queueing::workload::{MOST_STRIPS, Strip, Workload};
use crate::units::{cbrt, exp, normal_cdf, powf, sqrt};

/// Mean of the first three powers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moments {
    pub first: f64,
    pub second: f64,
    pub third: f64,
}

impl Moments {
    /// The same of a clump of several, whose number is geometric with this mean.
    pub fn clumped(self, size: f64) -> Self {
        let more = size - 1.0;
        let pairs = 2.0 * size * more;
        Self {
            first: size * self.first,
            second: size * self.second + pairs * self.first * self.first,
            third: size * self.third
                + 3.0 * pairs * self.first * self.second
                + 3.0 * pairs * more * self.first * self.first * self.first,
        }
    }

    pub fn variance(self) -> f64 {
        (self.second - self.first * self.first).max(0.0)
    }
}

/// Prompts of a strip as work, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PromptCost {
    pub weight: f64,
    /// What the prompt adds to iterations.
    pub own: f64,
    /// The same with the further iterations that the token budget makes necessary.
    pub session: f64,
    /// Iterations that it takes.
    pub chunks: f64,
}

/// One replica in steady state; times in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct State {
    pub stream: Stream,
    pub saturation: Saturation,
    /// Share of the stable rate.
    pub utilisation: f64,
    /// Sequences that decode, in the mean over time.
    pub decoding: f64,
    /// Variance over time, in no room but what is needed, and in the room that there is.
    pub variance: f64,
    pub capped_variance: f64,
    /// How much longer fluctuations of the batch last than a request.
    pub sluggishness: f64,
    /// An iteration without prompts, and what one with prompts takes besides them.
    pub decode_ms: f64,
    pub base_ms: f64,
    /// From one decode iteration to the next, and its growth with each sequence.
    pub cycle_ms: f64,
    pub cycle_slope: f64,
    /// Any iteration, over time and as those who decode see it.
    pub iteration_ms: f64,
    pub seen_iteration_ms: f64,
    /// Share of time that prompts take, over time and as those who decode see it.
    pub prompt_share: f64,
    pub seen_share: f64,
    /// Share of iterations with prompts.
    pub with_prompts: f64,
    pub prompts: [PromptCost; MOST_STRIPS],
    pub own: Moments,
    pub session: Moments,
    /// Share of prompt work done in iterations that the token budget fills.
    pub full: f64,
    /// The most that prompts add to one iteration.
    pub most_ms: f64,
    /// Other prompts in the iteration in which one's own ends.
    pub others_ms: f64,
    /// Prompts that an answer sees beyond those due in its time, for each of its iterations.
    pub extra: f64,
    /// What the end of one's own prompt leaves to be done before the state is steady again.
    pub after_ms: f64,
}

/// What is nearer to 1 than this is no less than the stable rate but by rounding.
const MOST_UTILISATION: f64 = 1.0 - 1e-9;
/// The longest cycle, over that of a saturated replica.
const MOST_CYCLE: f64 = 1.3;
/// Most steps of the fixed point; Newton's method takes about four.
const MOST_STEPS: usize = 10;

impl State {
    /// `None` where the rate is not sustained.
    pub fn new(replica: &Replica, stream: Stream, saturation: Saturation) -> Option<Self> {
        let utilisation = stream.rate / saturation.rate;
        if utilisation.is_nan() || utilisation >= MOST_UTILISATION {
            return None;
        }
        let mut state = Self {
            stream,
            saturation,
            utilisation,
            decoding: 0.0,
            variance: 0.0,
            capped_variance: 0.0,
            sluggishness: 1.0,
            decode_ms: 0.0,
            base_ms: 0.0,
            cycle_ms: 0.0,
            cycle_slope: 0.0,
            iteration_ms: 0.0,
            seen_iteration_ms: 0.0,
            prompt_share: 0.0,
            seen_share: 0.0,
            with_prompts: 0.0,
            prompts: [PromptCost::default(); MOST_STRIPS],
            own: Moments::default(),
            session: Moments::default(),
            full: 0.0,
            most_ms: f64::INFINITY,
            others_ms: 0.0,
            extra: 0.0,
            after_ms: 0.0,
        };
        // Prompts are priced roughly at a first guess of the batch, then one by one at the batch that
        // follows.
        let guess = utilisation * saturation.sequences / 2.0;
        state.price(replica, guess, std::slice::from_ref(&replica.workload.all))?;
        let scv = replica.workload.all.work_variance / replica.workload.all.work / replica.workload.all.work;
        state.own.second *= 1.0 + scv;
        state.own.third *= 1.0 + 3.0 * scv;
        let batch = state.settle(replica, guess);
        state.fill(replica, batch);
        state.price(replica, batch, &replica.workload.prompts)?;
        let batch = state.settle(replica, batch);
        state.fill(replica, batch);
        Some(state)
    }

    /// What prompts of these strips cost beside `batch` sequences; `None` where they take all the time.
    fn price(&mut self, replica: &Replica, batch: f64, strips: &[Strip]) -> Option<()> {
        let first = replica.scheduling == Scheduling::PrefillFirst;
        let alone = replica.decode_ms(if first { 0.0 } else { batch });
        let (mut own, mut session) = (Moments::default(), Moments::default());
        for (slot, strip) in self.prompts.iter_mut().zip(strips) {
            let chunks = replica.chunks(strip.work, batch);
            let cost = replica.prompt_ms(strip, batch, alone);
            let whole = cost + (chunks - 1.0) * alone;
            // Further iterations of prompts alone are theirs; those that also decode are not.
            *slot = PromptCost {
                weight: strip.weight,
                own: if first { whole } else { cost },
                session: whole,
                chunks,
            };
            for (sums, value) in [(&mut own, slot.own), (&mut session, slot.session)] {
                sums.first += slot.weight * value;
                sums.second += slot.weight * value * value;
                sums.third += slot.weight * value * value * value;
            }
        }
        (self.own, self.session) = (own, session);
        self.prompt_share = self.stream.rate * own.first;
        self.seen_share = self.prompt_share;
        (self.prompt_share < 1.0).then_some(())
    }

    /// The fixed point of batch and cycle.
    fn settle(&mut self, replica: &Replica, guess: f64) -> f64 {
        let workload = replica.workload;
        let most = self.saturation.sequences;
        let per_cycle = self.stream.rate * replica.steps;
        let peaked = self.peakedness(workload, |scv| scv);
        // Answers that pause together end together where they have one length, and their places are
        // filled together.
        let first = replica.scheduling == Scheduling::PrefillFirst;
        let mixing = if first { 1.0 } else { workload.later_scv };
        let herd = if first { HERD_PROMPTS_FIRST } else { HERD };
        let fitted = self.stream.fitted;
        let bursty =
            1.0 + self.stream.bursts() / (1.0 + most / 10.0) * (fitted.scale(Scale::RoomBursts) - 1.0);
        let crowding = fitted.scale(Scale::Room) * bursty;
        let mut batch = guess.max(1e-9);
        let mut low: Option<(f64, f64)> = None;
        let mut high: Option<(f64, f64)> = None;
        for _ in 0..MOST_STEPS {
            if self.stream.pooled {
                let present = batch + self.stream.rate * (self.own.first + self.base_ms);
                let idle = poisson_at_most(self.stream.replicas - 1.0, present * self.stream.replicas);
                self.stream.lowest(present, mixing);
                self.stream.look(batch, mixing, workload.later_scv, idle, self.prompt_share, herd);
            }
            let extra = self.stream.extra(batch);
            let features = self.features_with(replica, batch, 0.0);
            let corrected = self.stream.fitted.sum(Correction::Extra, &features);
            let extra = extra + corrected * batch * self.prompt_share / (1.0 + 0.5 * batch);
            let spare = (most - batch).max(0.0) + 1.0;
            let extra = if extra > 0.0 { extra * spare / (spare + extra * crowding) } else { extra };
            self.extra = extra.max(-batch) / replica.steps.max(1.0);
            let seen = self.seen_by_one(batch, peaked);
            let step = (seen * 0.02).max(0.01);
            let further = replica.decode_ms(seen + step);
            self.cycle_ms = self.cycle(replica, seen).min(self.saturation.cycle_ms * MOST_CYCLE);
            self.cycle_slope = ((further / self.decode_ms - 1.0) / step * self.cycle_ms).max(0.0);
            self.meet();
            let due = per_cycle * self.cycle_ms + self.stream.rate * self.after_ms;
            // Newton's step at first, then chords between a batch too small and one too large.
            let gap = due - batch;
            if gap > 0.0 {
                low = Some((batch, gap));
            } else {
                high = Some((batch, gap));
            }
            let next = match (low, high) {
                (Some((left, above)), Some((right, below))) => {
                    let way = above / (above - below).max(1e-300);
                    left + (right - left) * way.clamp(0.1, 0.9)
                }
                _ => {
                    let slope = (per_cycle * self.cycle_slope).min(0.995);
                    (batch + gap / (1.0 - slope)).clamp(0.0, most * 1.5)
                }
            };
            let done = gap.abs() <= 1e-4 * batch || (next - batch).abs() <= 1e-4 * batch;
            batch = next;
            if done {
                break;
            }
        }
        self.decoding = batch.min(most);
        let slope = (per_cycle * self.cycle_slope).min(0.98);
        self.sluggishness = 1.0 / (1.0 - slope);
        // Prompts cut by the token budget end one by one, which keeps answers apart.
        let apart = if replica.scheduling == Scheduling::PrefillFirst { 0.0 } else { self.full };
        self.variance = self.decoding * self.sluggishness * self.clustering(workload, 1.0 - apart);
        // A batch that is nearly as large as it can be has no room to vary upwards.
        let room = (most - self.decoding).max(0.0);
        self.capped_variance = self.variance.min(0.17 * room * room + 0.05 * self.decoding);
        self.decoding
    }

    /// Variance of the number in service over that of Poisson arrivals, with the variance of
    /// arrivals as `of` makes it: Whitt's peakedness `1 + (c² − 1) κ`, with `κ` 1/2 for exponential
    /// times in service and 1 for constant ones (*Approximations for the GI/G/m queue*, 1993).
    fn peakedness(&self, workload: &Workload, of: impl Fn(f64) -> f64) -> f64 {
        let weight = 1.0 / (1.0 + workload.later_scv);
        let peaked = |scv: f64| 1.0 + (of(scv) - 1.0) * weight;
        if self.stream.pooled {
            peaked(self.stream.fleet_scv) / self.stream.replicas
        } else {
            peaked(self.stream.scv)
        }
    }

    /// The same where answers pause while prompts are worked on: on the clock of decode iterations
    /// requests arrive in clusters, the families of a branching process, as far as these are
    /// shorter than an answer.
    fn clustering(&self, workload: &Workload, degree: f64) -> f64 {
        let free = 1.0 - self.prompt_share;
        let rate = self.stream.rate;
        let lumps = rate * rate * self.own.variance();
        let cluster_ms = self.own.second / self.own.first.max(1e-12) / 2.0 / (free * free);
        let ratio = (self.decoding.max(1e-3) / rate) / cluster_ms.max(1e-9);
        let reach = (1.0 - (1.0 - exp(-ratio)) / ratio) * degree;
        self.peakedness(workload, |scv| scv + ((scv + lumps) / (free * free) - scv) * reach)
    }

    /// Sequences that decode as one of them sees it, where `batch` is the mean over time.
    fn seen_by_one(&self, batch: f64, peaked: f64) -> f64 {
        let room = (self.saturation.sequences - batch).max(0.0);
        let company = peaked.min(1.0 + room / 2.0);
        if self.stream.pooled {
            // Spread evenly, `batch` in the mean is the whole number below or above it: one
            // sequence alone below 1, and a twelfth of variance twice over above.
            let uneven = (1.0 - batch).max(1.0 / (6.0 * batch.max(1.0 / 6.0)));
            batch + company + (1.0 - 1.0 / self.stream.replicas) * uneven
        } else {
            batch + company
        }
    }

    /// The cycle with `sequences` in decode; sets what else follows from it.
    fn cycle(&mut self, replica: &Replica, sequences: f64) -> f64 {
        let rate = self.stream.rate;
        let share = self.prompt_share;
        self.decode_ms = replica.decode_ms(sequences);
        if replica.scheduling != Scheduling::PrefillFirst || self.base_ms == 0.0 {
            self.base_ms = alone_for(replica, self.decode_ms);
        }
        // Iterations with prompts follow on iterations in which somebody arrived. The time that
        // prompts take in one is taken as gamma distributed.
        let none = exp(-rate * self.decode_ms);
        let none_base = if self.base_ms == self.decode_ms { none } else { exp(-rate * self.base_ms) };
        let spread = (self.own.variance() / (self.own.first * self.own.first)).clamp(0.05, 20.0);
        // From one step of the fixed point to the next it changes little.
        let with = if self.with_prompts > 0.0 { self.with_prompts } else { 1.0 - none };
        let besides = |with: f64| (1.0 - with) * self.decode_ms + with * self.base_ms;
        let each = share * besides(with) / (1.0 - share) / with.max(1e-12);
        let after = none_base * powf(1.0 + rate * each * spread, -1.0 / spread);
        let with = ((1.0 - none) / (1.0 - none + after)).clamp(1e-12, 1.0);
        let besides = besides(with);
        self.iteration_ms = besides / (1.0 - share);
        let further = self.extra * self.own.first / (1.0 - share);
        let further =
            if replica.scheduling == Scheduling::PrefillFirst { further * (1.0 - with) } else { further };
        self.seen_iteration_ms = (self.iteration_ms + further).max(besides);
        self.seen_share = (1.0 - besides / self.seen_iteration_ms).clamp(0.0, 0.999);
        self.with_prompts = with;
        if replica.scheduling == Scheduling::PrefillFirst {
            self.seen_iteration_ms / (1.0 - with).max(1e-3)
        } else {
            self.seen_iteration_ms
        }
    }

    /// Moments of an iteration's length: those who arrive in one iteration are the work of the
    /// next, a branching process with immigration, whose cumulants follow from those of a compound
    /// Poisson variable.
    pub fn iteration_moments(&self) -> Moments {
        let rate = self.stream.rate;
        let share = self.prompt_share;
        let mean = self.iteration_ms;
        let work = self.arriving(rate * mean);
        let variance = rate * mean * work.second / (1.0 - share * share);
        let third = (rate * work.third * mean + 3.0 * share * rate * work.second * variance)
            / (1.0 - share * share * share);
        let moments = Cumulants::new(mean, variance, third).moments();
        Moments { first: moments.0, second: moments.1, third: moments.2 }
    }

    /// Moments of the work of one arrival among those of a time in which `expected` are due, the
    /// company that arrivals keep (or avoid) counted in.
    pub fn arriving(&self, expected: f64) -> Moments {
        let excess = self.stream.excess_in_herd(expected).max(-0.5);
        if excess > 0.0 {
            let clump = self.own.clumped(1.0 + excess);
            Moments {
                first: self.own.first,
                second: clump.second / (1.0 + excess),
                third: clump.third / (1.0 + excess),
            }
        } else {
            let second = self.own.second + 2.0 * excess * self.own.first * self.own.first;
            Moments { first: self.own.first, second, third: self.own.third * second / self.own.second }
        }
    }

    /// What a request meets with its own prompt, and what that leaves behind.
    fn meet(&mut self) {
        let moments = self.iteration_moments();
        let met = moments.second / moments.first;
        self.others_ms = self.prompt_share * met * self.stream.company(self.stream.rate * met);
        self.after_ms = self.after(self.base_ms + self.own.first + self.others_ms);
    }

    /// What an iteration of length `own_ms` leaves to be done, beyond what a usual one leaves.
    pub fn after(&self, own_ms: f64) -> f64 {
        // Those who come with a burst are among those seen already.
        let share = self.seen_share.min(self.prompt_share);
        share * (own_ms - self.seen_iteration_ms) / (1.0 - share)
    }

    /// What corrections depend on, where a share `waits` of requests waits for a place.
    pub fn features(&self, replica: &Replica, waits: f64) -> [f64; FEATURES] {
        self.features_with(replica, self.decoding, waits)
    }

    /// The same with `batch` sequences in decode.
    fn features_with(&self, replica: &Replica, batch: f64, waits: f64) -> [f64; FEATURES] {
        let (share, full) = (self.prompt_share, self.full);
        let (pooled, bursts, regular) = (self.stream.pooling(), self.stream.bursts(), self.stream.regular());
        let few = 1.0 / (1.0 + batch);
        let whole = f64::from(u8::from(replica.scheduling == Scheduling::InflightBatching));
        [
            1.0,
            share,
            pooled,
            bursts,
            regular,
            few,
            share * pooled,
            share * bursts,
            share * regular,
            pooled * few,
            share * share,
            share * full,
            share * pooled * few,
            pooled * bursts,
            waits,
            waits * bursts,
            whole,
            full,
        ]
    }

    /// How far the token budget fills iterations beside `batch` sequences.
    fn fill(&mut self, replica: &Replica, batch: f64) {
        let workload = replica.workload;
        let fitted = self.stream.fitted;
        let room = replica.room(batch);
        let longest = self.prompts.iter().map(|prompt| prompt.own).fold(0.0, f64::max);
        self.most_ms = match replica.scheduling {
            Scheduling::ChunkedPrefill => self.own.first / workload.all.work * room,
            Scheduling::InflightBatching => longest.max(self.own.first * replica.prompts_room(batch)),
            Scheduling::PrefillFirst => f64::INFINITY,
        };
        let long: f64 =
            workload.prompts.iter().map(|strip| strip.weight * (strip.work / room).floor() * room).sum();
        let long = (long / workload.all.work).min(1.0);
        let fit = replica.prompts_room(batch);
        let used = (self.stream.rate * self.iteration_ms / fit).clamp(0.0, 1.0);
        let together = fitted.scale(Scale::Together) * (1.0 + self.others_ms / self.own.first) / fit;
        let grouped = powf(together, 4.0 * fitted.scale(Scale::TogetherPower));
        self.full = long + (1.0 - long) * (used * used * used).max(grouped / (1.0 + grouped));
        let wide = fitted.sum(Correction::Full, &self.features_with(replica, batch, 0.0));
        self.full = (self.full * (1.0 + (1.0 - self.full) * wide.clamp(-1.0, 3.0))).clamp(0.0, 1.0);
    }

    /// Sequences that decode or whose prompt is in work, in the mean over time.
    pub fn running(&self) -> f64 {
        self.decoding + self.stream.rate * (self.own.first + self.base_ms)
    }

    /// Probability that an arrival finds its replica without any request.
    pub fn idle(&self) -> f64 {
        let prompts = self.stream.rate * (self.own.first + self.base_ms);
        if self.stream.pooled {
            let total = (self.decoding + prompts) * self.stream.replicas;
            poisson_at_most(self.stream.replicas - 1.0, total)
        } else {
            let q = 1.0 - 1.0 / self.sluggishness;
            let none =
                if q > 1e-6 { powf(1.0 - q, self.decoding * (1.0 - q) / q) } else { exp(-self.decoding) };
            none * (1.0 - prompts).max(0.01)
        }
    }
}

/// Probability that a Poisson variable of this mean is at most `count`: Wilson and Hilferty's
/// approximation of the gamma distribution that it equals.
pub(crate) fn poisson_at_most(count: f64, mean: f64) -> f64 {
    let ninth = 1.0 / (9.0 * (count + 1.0));
    1.0 - normal_cdf((cbrt(mean / (count + 1.0)) - 1.0 + ninth) / sqrt(ninth))
}
