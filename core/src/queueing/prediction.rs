//! What a prediction says.

use serde::{Deserialize, Serialize};

use crate::units::Quantile;

/// A latency over requests, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LatencyPercentiles {
    /// The arithmetic mean.
    pub mean_ms: f64,
    /// The median.
    pub p50_ms: f64,
    /// The 90th percentile.
    pub p90_ms: f64,
    /// The 95th percentile.
    pub p95_ms: f64,
    /// The 99th percentile.
    pub p99_ms: f64,
}

impl LatencyPercentiles {
    /// The figure at a quantile.
    #[must_use]
    pub fn at(&self, quantile: Quantile) -> f64 {
        match quantile {
            Quantile::Mean => self.mean_ms,
            Quantile::P50 => self.p50_ms,
            Quantile::P90 => self.p90_ms,
            Quantile::P95 => self.p95_ms,
            Quantile::P99 => self.p99_ms,
        }
    }
}

impl LatencyPercentiles {
    /// Every figure times a factor.
    pub(crate) fn times(self, factor: f64) -> Self {
        Self {
            mean_ms: self.mean_ms * factor,
            p50_ms: self.p50_ms * factor,
            p90_ms: self.p90_ms * factor,
            p95_ms: self.p95_ms * factor,
            p99_ms: self.p99_ms * factor,
        }
    }
}

/// The latencies of requests in steady state.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Latencies {
    /// From a request's arrival to the start of the iteration that works on its prompt first.
    pub waiting: LatencyPercentiles,
    /// Time to first token: waiting, then to the end of the iteration that ends the prompt, and
    /// the engine's overhead of a request.
    pub ttft: LatencyPercentiles,
    /// Inter-token latency: of each request the time from its first to its last token over the
    /// tokens after the first, as GuideLLM and AIPerf have it (vLLM's benchmark calls it TPOT);
    /// percentiles are over requests with more than one token. 0 where there are none.
    pub itl: LatencyPercentiles,
    /// From a request's arrival to its last token.
    pub e2e: LatencyPercentiles,
}

/// How a deployment behaves under its traffic, in steady state.
///
/// Where the arrivals are more than the deployment sustains (in one of the slices of the day, if
/// there are any), nothing is steady: `stable` is false, `latencies` is `None`, and throughput,
/// batch and KV use are those of the saturated deployment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LatencyPrediction {
    /// Whether the arrivals are sustained.
    pub stable: bool,
    /// Requests per second, in the mean over the day.
    pub requests_per_second: f64,
    /// The highest rate that is sustained, in requests per second.
    pub stable_requests_per_second: f64,
    /// The mean rate over the highest that is sustained; 1 and more where it is not.
    pub utilization: f64,
    /// Latencies over requests; `None` where the arrivals are not sustained.
    pub latencies: Option<Latencies>,
    /// Sequences that run on a replica, in the mean over time.
    pub batch_mean: f64,
    /// Share of the KV cache that is reserved, in the mean over time.
    pub kv_use_fraction: f64,
    /// Tokens of answers per second, over all replicas.
    pub output_tokens_per_second: f64,
    /// Share of requests within all targets, where targets were given. Lengths of answers tie ITL
    /// and the whole request together; the time to first token counts as independent of both,
    /// which errs on the low side.
    pub goodput_fraction: Option<f64>,
}
