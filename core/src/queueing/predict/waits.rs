//! Waiting for a place among the sequences that run, or in the KV cache.

use super::coefficients::{Scale, WaitCorrection};
use super::mixture::{Cumulants, Part};
use super::replica::Replica;
use super::stable::kv_sequences;
use super::state::State;
use crate::units::{powf, sqrt};

/// How often requests wait for a place, and how long those that do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waits {
    pub probability: f64,
    pub delay: Cumulants,
    /// Share of waits that are for the cache.
    pub by_size: f64,
}

/// Squared coefficient of variation that service has beside that of the answers' lengths (whose
/// share is the second figure): the batch around a request, prompts between. Fitted to the
/// reference simulation.
const SERVICE_SCV: f64 = 0.35;
const SERVICE_SCV_OF_LENGTHS: f64 = 0.45;
/// Spread of the tokens that running requests hold, over that of independent requests: the first in
/// line holds up those behind it. Fitted to the reference simulation.
const KV_SPREAD: f64 = 1.5;
/// Share that the spread of a request's room in the cache times its duration has in waits for it.
/// Fitted to the reference simulation.
const AREA_SCV: f64 = 0.4;
/// How much more often and longer plans count with waiting than predictions do. From the errors
/// against the reference simulation.
const FEAR: f64 = 2.0;
const FEAR_OF_LENGTH: f64 = 1.4;
/// The largest squared coefficient of variation that a steady state of a day would show.
const MOST_SCV: f64 = 6.0;

impl Waits {
    /// The number present is taken as gamma distributed up to the places that there are, beyond
    /// them as geometric with the ratio of arrivals to the saturated rate, as in M/M/c; waiting
    /// times are exponential, scaled by the variability of arrivals and service (Allen–Cunneen).
    /// Requests wait for a place among those that run, for one in the cache, or for both.
    pub fn new(replica: &Replica, state: &State) -> Self {
        let one = Self::for_places(replica, state, false, replica.sequences);
        let two = Self::for_places(replica, state, true, kv_sequences(replica));
        let sum = (one.probability + two.probability).max(1e-300);
        let share = two.probability / sum;
        Self {
            probability: 1.0 - (1.0 - one.probability) * (1.0 - two.probability),
            delay: one.delay.blend(two.delay, share),
            by_size: share,
        }
    }

    fn for_places(replica: &Replica, state: &State, by_kv: bool, room: f64) -> Self {
        let workload = replica.workload;
        let stream = &state.stream;
        let fitted = stream.fitted;
        // A balancer that counts requests does not even out the tokens that they hold.
        let shared = stream.pooled && !by_kv;
        let pool = if shared { stream.replicas } else { 1.0 };
        let scv = if shared { stream.fleet_scv } else { stream.scv };
        let one = state.running();
        // Arrivals come with company, so they see more than there are over time.
        let mean = (one * pool + (scv - 1.0) / 2.0).max(1e-9);
        let held = if by_kv { workload.held_variance / (workload.held * workload.held) } else { 0.0 };
        let in_prompt = (one - state.decoding) * pool;
        let variance = (state.variance * pool * pool
            + in_prompt
            + KV_SPREAD * fitted.scale(Scale::KvSpread) * one * held)
            .max(1e-12);
        let places = room * pool;
        let kv = f64::from(u8::from(by_kv));
        let load = state.utilisation;
        let burst = (scv - 1.0).max(-0.5) / (1.0 + (scv - 1.0).max(-0.5));
        let lot = f64::from(u8::from(stream.pooled)) * (1.0 - 1.0 / stream.replicas);
        let works = workload.all.work_variance / (workload.all.work * workload.all.work);
        let works = works / (1.0 + works);
        let lengths = workload.later_scv / (1.0 + workload.later_scv);
        let few = 1.0 / (1.0 + room / 10.0);
        let features = [
            1.0,
            kv,
            burst,
            kv * lot,
            state.prompt_share,
            few,
            kv * burst,
            kv * works,
            lengths,
            load,
            burst * few,
        ]
        .map(|feature| feature * load);
        let variance = variance * fitted.waits(WaitCorrection::Variance, &features);
        // Skewness as of the negative binomial distribution with this mean and variance.
        let third = (2.0 * variance / mean - 1.0) * variance;
        let present = Part::gamma(1.0, Cumulants::new(mean, variance, third));
        let above = |count: f64| 1.0 - present.within(count);
        let beyond = above(places - 0.5);
        let at = (beyond - above(places + 0.5)).max(0.0);
        let tokens =
            if by_kv { workload.tokens_square / (workload.tokens * workload.tokens) - 1.0 } else { 0.0 };
        let ratio = powf(state.utilisation, 2.0 / (scv + 1.0 + tokens * fitted.scale(Scale::TokensTail)));
        let tail = at / (1.0 - ratio);
        let within = 1.0 - beyond;
        let probability = if tail + within > 0.0 { (tail / (tail + within)).clamp(0.0, 1.0) } else { 0.0 };
        let service = if by_kv {
            (fitted.scale(Scale::AreaLeast) - 1.0)
                + AREA_SCV * fitted.scale(Scale::Area) * workload.area_scv.min(MOST_SCV)
        } else {
            SERVICE_SCV
                + SERVICE_SCV_OF_LENGTHS
                    * fitted.scale(Scale::LengthsService)
                    * workload.later_scv.min(MOST_SCV)
        };
        // Places that a request cannot have on a full replica it may have on another.
        let drain = if by_kv && stream.pooled { sqrt(stream.replicas) } else { pool };
        let free = drain * state.saturation.rate * (1.0 - state.utilisation);
        let mean = (scv + service) / 2.0 / free * fitted.waits(WaitCorrection::Delay, &features);
        let spread = fitted.scale(Scale::DelaySpread);
        Self {
            probability,
            delay: Cumulants::new(mean, mean * mean * spread, 2.0 * mean * mean * mean * spread),
            by_size: 0.0,
        }
    }

    /// The same, feared rather than expected: waiting is the rarest and longest of delays, and a
    /// percentile near its probability jumps with it.
    pub fn feared(self) -> Self {
        let probability = (self.probability * FEAR).min(1.0);
        Self { probability, delay: self.delay.times(FEAR_OF_LENGTH), ..self }
    }
}
