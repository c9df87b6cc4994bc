//! What a specification asks of a deployment, made ready once for all candidates.
//!
//! **Lengths.** The specification gives means. Prompts and answers are taken as lognormal about
//! theirs with a coefficient of variation of 0.6, cut at four times the mean, which is what the
//! engine's settings leave room for: requests that are all alike would hide the queueing that
//! percentiles are about. (All conversations of a whole service vary by 0.96 and 0.77: Azure's trace
//! of 2023 in this project's data; one use case varies less.)
//!
//! **The whole request** is one whose answer has the asked length: TTFT + ITL × (tokens − 1), each at
//! the asked statistic, as targets are made (by the templates and by default) and as benchmarks with
//! means alone are read. An answer that is twice as long may take twice as long.
//!
//! **Arrivals** are Poisson, at the peak rate; fleets are sized for that with the asked headroom.

use crate::engine::Batch;
use crate::error::Result;
use crate::queueing::{BindingTarget, MOST_UTILIZATION, Workload};
use crate::units::Quantile;
use crate::workload::{
    ArrivalProcess, MAX_TOKENS, RequestMix, SloTargets, Specification, TokenDistribution, TokenLengths,
};

/// Standard deviation of prompts and answers over their mean.
pub(super) const LENGTHS_CV: f64 = 0.6;
/// Longest prompt and answer over the mean ones.
const LONGEST: u32 = 4;
/// Sequences that a replica must have room for: fewer leave no batch to speak of.
pub(super) const LEAST_ROOM: u64 = 4;

/// Requests, arrivals and targets.
pub(super) struct Demand {
    pub workload: Workload,
    pub arrivals: ArrivalProcess,
    pub slo: SloTargets,
    pub lengths: TokenLengths,
    /// Rate that is expected at the peak, in requests per second.
    pub peak_qps: f64,
    /// Rate to be ready for: the peak with the headroom that was asked for.
    pub required_qps: f64,
    /// Share of the mean prompt that the asked statistic is sure to be above.
    short_prompt: f64,
}

impl Demand {
    pub fn new(specification: &Specification) -> Result<Self> {
        let lengths = specification.traffic.lengths();
        let varied = |mean: u32| TokenDistribution::Lognormal {
            mean_tokens: f64::from(mean),
            cv: LENGTHS_CV,
            max_tokens: Some(mean.saturating_mul(LONGEST).min(MAX_TOKENS)),
        };
        let mix = RequestMix::single(varied(lengths.input_tokens), varied(lengths.output_tokens));
        let peak_qps = specification.traffic.peak_qps;
        Ok(Self {
            workload: Workload::new(&mix)?,
            arrivals: ArrivalProcess::poisson(peak_qps),
            slo: specification.slo,
            lengths,
            peak_qps,
            required_qps: peak_qps * (1.0 + specification.kept_free()),
            short_prompt: short_prompt(&varied(lengths.input_tokens), specification)?,
        })
    }

    /// Replicas below which the load is above what predictions are trusted for, given the rate that
    /// one sustains.
    pub fn least_replicas(&self, stable_qps: f64) -> f64 {
        (self.required_qps / (stable_qps * MOST_UTILIZATION)).ceil().max(1.0)
    }

    /// One sequence that decodes alone, with less context than the asked statistic has.
    pub fn alone(&self) -> Batch {
        Batch::decode(1.0, (self.input_tokens() + self.output_tokens()) / 2.0)
    }

    /// A prompt alone that is shorter than that of the asked statistic.
    pub fn short_prompt(&self) -> Batch {
        Batch::prefill(0.0, (self.input_tokens() * self.short_prompt).max(1.0))
    }

    /// Latencies over their targets.
    pub fn ratios(&self, ttft_ms: f64, itl_ms: f64) -> [(BindingTarget, f64); 3] {
        [
            (BindingTarget::Ttft, ttft_ms / self.slo.ttft_ms),
            (BindingTarget::Itl, itl_ms / self.slo.itl_ms),
            (BindingTarget::E2e, self.whole_ms(ttft_ms, itl_ms) / self.slo.e2e_ms),
        ]
    }

    /// A whole request of the asked answer's length.
    pub fn whole_ms(&self, ttft_ms: f64, itl_ms: f64) -> f64 {
        ttft_ms + itl_ms * (self.output_tokens() - 1.0)
    }

    pub fn input_tokens(&self) -> f64 {
        f64::from(self.lengths.input_tokens)
    }

    pub fn output_tokens(&self) -> f64 {
        f64::from(self.lengths.output_tokens)
    }
}

/// How far below the statistic of the prompts' lengths that of the first token's time may be taken to
/// be: predictions cut lengths into ten strips.
const SURE: f64 = 0.88;

/// The asked statistic of prompts over their mean, and safely below.
fn short_prompt(prompts: &TokenDistribution, specification: &Specification) -> Result<f64> {
    let level = match specification.slo.percentile {
        Quantile::Mean | Quantile::P50 => 0.5,
        Quantile::P90 => 0.9,
        Quantile::P95 => 0.95,
        Quantile::P99 => 0.99,
    };
    let mean = f64::from(specification.traffic.input_tokens);
    Ok((SURE * prompts.quantiles()?.at(level) / mean).max(0.0))
}
