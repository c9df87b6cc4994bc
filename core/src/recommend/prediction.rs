//! What an option that rests on a prediction says of itself.

use serde::{Deserialize, Serialize};

use super::Provenance;
use crate::queueing::{BindingTarget, LimitingResource};

/// How an option behaves at its planned load, as the engine model and queueing predict it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OptionPrediction {
    /// `calibrated` where measurements of this deployment correct the engine model, else `roofline`.
    pub provenance: Provenance,
    /// Time to first token.
    pub ttft: PredictedLatency,
    /// Inter-token latency.
    pub itl: PredictedLatency,
    /// The whole request, for an answer of the asked length.
    pub e2e: PredictedLatency,
    /// The highest rate that the fleet sustains, targets aside, in requests per second.
    pub stable_qps: f64,
    /// The peak rate over that, 0 to 1.
    pub utilization: f64,
    /// Sequences that run on a replica, in the mean over time.
    pub batch_mean: f64,
    /// Share of the KV cache that is in use, in the mean over time, 0 to 1.
    pub kv_use_fraction: f64,
    /// What keeps the fleet from taking more than `capacity.capacity_qps`: a target, or the load up
    /// to which predictions are trusted (85% of the stable rate).
    pub binding: BindingTarget,
    /// What an iteration of the engine spends most on.
    pub limiting_resource: LimitingResource,
    /// What was measured or simulated of this deployment, at any lengths; `None` for nothing.
    pub measured: Option<MeasuredEvidence>,
}

/// A latency with its 90% prediction intervals, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PredictedLatency {
    /// The arithmetic mean.
    pub mean_ms: f64,
    /// Lower end of its interval.
    pub mean_low_ms: f64,
    /// Upper end of its interval.
    pub mean_high_ms: f64,
    /// The asked statistic.
    pub percentile_ms: f64,
    /// Lower end of its interval.
    pub percentile_low_ms: f64,
    /// Upper end of its interval.
    pub percentile_high_ms: f64,
}

/// What was measured of a deployment: the same numbers, GPU, engine and parallelism, at any
/// lengths.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MeasuredEvidence {
    /// Benchmarks measured on hardware.
    pub measured_rows: u32,
    /// Benchmarks computed by a simulator: shown, never calibrated on.
    pub simulated_rows: u32,
    /// Geometric mean of measured ÷ predicted time to first token; `None` where not measured.
    pub ttft_ratio: Option<f64>,
    /// Geometric mean of measured ÷ predicted inter-token latency; `None` where not measured.
    pub itl_ratio: Option<f64>,
    /// Factor on the predicted time to first token: the ratio, shrunk towards 1 the fewer rows there
    /// are.
    pub ttft_factor: f64,
    /// Factor on the predicted inter-token latency and all else that the engine does.
    pub itl_factor: f64,
    /// Where the measured rows, or else the simulated ones, were taken from.
    pub source: String,
}
