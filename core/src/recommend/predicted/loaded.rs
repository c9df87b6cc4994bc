//! Lower bounds of latencies under load, from a few iterations of the engine: what rules a
//! configuration out before its queueing is predicted.
//!
//! Where `b` sequences decode in the mean, an answer's tokens are at least an iteration of `b`
//! apart, and what prompts take of the time besides: by Little's law `b = λ · later · gap`, so that
//! prompts of `P` ms add `λ · P · gap = P · b / later`, all but those of the `1 / b` that is one's own.
//! A prompt waits for the iteration that it arrives in, and shares its own with the `b` that decode.

use super::candidate::Engine;
use super::demand::Demand;
use crate::engine::{Batch, EngineModel};
use crate::queueing::{ITL_RESERVE, QUIET, TTFT_RESERVE};
use crate::units::Quantile;

/// How far below a bound of means the predicted statistic may be: distributions are mixtures that
/// are cut, and medians lie below means.
const SURE: f64 = 0.93;
const SURE_OF_MEDIANS: f64 = 0.75;
/// Share of the stable rate below which one replica is taken to be enough without asking.
const LIGHT: f64 = 0.3;
/// Sequences above which an arrival finds them in an iteration, whose rest it waits for: half of it in
/// the mean, and less is counted because long waits and long prompts do not come together.
const FEW: f64 = 3.0;
const RESIDUAL: f64 = 0.4;
/// Steps of the search for a batch, and how near it comes.
const MOST_STEPS: usize = 8;
const NEAR: f64 = 1.03;
/// Steps of the search for the batch of a rate.
const LITTLE_STEPS: usize = 3;

/// A replica under load.
pub(super) struct Loaded<'a> {
    engine: &'a Engine,
    demand: &'a Demand,
    stable_qps: f64,
    /// Lower bounds of a request alone.
    floors_ms: (f64, f64),
    idle_ms: f64,
    /// What a prompt adds to iterations, over the tokens of an answer.
    prompt_ms: f64,
    sure: f64,
}

impl<'a> Loaded<'a> {
    pub fn new(engine: &'a Engine, demand: &'a Demand, stable_qps: f64, floors_ms: (f64, f64)) -> Self {
        let empty = Batch::default();
        let idle_ms = engine.iteration_ms(&empty);
        let prompt = Batch::prefill(0.0, demand.workload.all.work);
        let later = demand.workload.later.max(1e-9);
        Self {
            engine,
            demand,
            stable_qps,
            floors_ms,
            idle_ms,
            prompt_ms: (engine.iteration_ms(&prompt) - idle_ms).max(0.0) / later,
            sure: if demand.slo.percentile == Quantile::P50 { SURE_OF_MEDIANS } else { SURE },
        }
    }

    /// Time to first token and inter-token latency with so many sequences that decode, the rate of that
    /// in requests per second, and the time that a request decodes in seconds.
    fn at(&self, sequences: f64) -> (f64, f64, f64, f64) {
        let decode_ms = self.engine.iteration_ms(&Batch::decode(sequences, self.demand.workload.context));
        // With few sequences a balancer finds idle replicas, and keeps prompts off those that decode.
        let busy = sequences > FEW;
        let gap_ms = decode_ms + if busy { self.prompt_ms * (sequences - 1.0) } else { 0.0 };
        let wait_ms = if busy { gap_ms * RESIDUAL } else { 0.0 };
        let first_ms = self.floors_ms.0 + (decode_ms - self.idle_ms + wait_ms) * self.sure;
        let qps = sequences / (self.demand.workload.later * gap_ms) * 1000.0;
        (first_ms, (gap_ms * self.sure).max(self.floors_ms.1), qps, sequences / qps)
    }

    /// The most by which such latencies are within their targets, with the reserve that plans keep.
    fn ratio(&self, (first_ms, gap_ms, ..): (f64, f64, f64, f64), reserve: bool) -> f64 {
        let (first, gap) = if reserve { (1.0 + TTFT_RESERVE, 1.0 + ITL_RESERVE) } else { (1.0, 1.0) };
        let ratios = self.demand.ratios(first_ms * first, gap_ms * gap);
        ratios.into_iter().map(|(_, ratio)| ratio).fold(0.0, f64::max)
    }

    /// A rate of one replica above which a target is missed; `None` where none is known.
    fn most_qps(&self, reserve: bool) -> Option<f64> {
        let (mut low, mut high) = (1.0, f64::from(self.engine.limits().max_num_seqs));
        let mut top = self.at(high);
        let mut high_ratio = self.ratio(top, reserve);
        if high_ratio <= 1.0 || high <= low {
            return None;
        }
        let mut low_ratio = self.ratio(self.at(low), reserve);
        for step in 0..MOST_STEPS {
            if low_ratio > 1.0 || high <= low * NEAR {
                break;
            }
            // Latencies are nearly linear in the batch; the middle now and then, against one end
            // that stays.
            let way = (1.0 - low_ratio) / (high_ratio - low_ratio).max(1e-12);
            let way = if step % 3 == 2 { 0.5 } else { (way * 1.01).clamp(0.02, 0.98) };
            let middle = low + (high - low) * way;
            let there = self.at(middle);
            let ratio = self.ratio(there, reserve);
            if ratio > 1.0 {
                (high, high_ratio, top) = (middle, ratio, there);
            } else {
                (low, low_ratio) = (middle, ratio);
            }
        }
        Some(top.2)
    }

    /// Time to first token and inter-token latency of so many replicas at the peak rate.
    pub fn floors_ms(&self, replicas: f64) -> (f64, f64) {
        let qps = self.demand.peak_qps / replicas;
        if self.demand.workload.later <= 0.0 || qps <= self.stable_qps * LIGHT {
            return self.floors_ms;
        }
        // From below: as many sequences as there are with the gaps of fewer.
        let mut there = self.at(1.0);
        for _ in 0..LITTLE_STEPS {
            there = self.at((there.3 * qps).max(1.0));
        }
        (there.0, there.1)
    }

    /// Replicas below which a target is missed; `None` where `least` is all that is known.
    pub fn least_replicas(&self, least: f64) -> Option<f64> {
        let required = self.demand.required_qps;
        if self.demand.workload.later <= 0.0 || required <= self.stable_qps * LIGHT {
            return None;
        }
        let mut most = self.most_qps(true)?;
        // A quiet replica's latencies are planned with less of a reserve.
        let quiet = self.stable_qps * QUIET;
        if most < quiet {
            most = self.most_qps(false).unwrap_or(quiet).min(quiet).max(most);
        }
        Some(least.max((required / most).ceil()))
    }
}
