//! An engine whose iteration time is linear in what it works on.

use serde::{Deserialize, Serialize};

use super::model::{Batch, EngineLimits, EngineModel, IterationTime};

/// An engine whose iteration time is linear in its batch: a constant, and a price for each prompt
/// token, token attended to, sequence that decodes and token of context that it reads.
///
/// The form that BLIS and the Workload Variant Autoscaler use. It fits one deployment well around
/// the loads it was fitted on, and is exact where a test needs an engine whose times are known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LinearEngine {
    /// Time of every iteration, in milliseconds.
    pub iteration_ms: f64,
    /// Time of each prompt token, in milliseconds.
    pub ms_per_prefill_token: f64,
    /// Time of each pair of a prompt token and a token that it attends to, in milliseconds.
    pub ms_per_attended_token: f64,
    /// Time of each token of an answer, in milliseconds.
    pub ms_per_decode_token: f64,
    /// Time of each token of context of a sequence that decodes, in milliseconds.
    pub ms_per_context_token: f64,
    /// Time of a request outside iterations, in milliseconds.
    pub request_overhead_ms: f64,
    /// What it admits.
    pub limits: EngineLimits,
}

impl EngineModel for LinearEngine {
    fn iteration(&self, batch: &Batch) -> IterationTime {
        IterationTime {
            overhead_ms: self.iteration_ms,
            compute_ms: self.ms_per_prefill_token * batch.prefill_tokens
                + self.ms_per_attended_token * batch.prefill_attended_tokens
                + self.ms_per_decode_token * batch.decode_tokens,
            bandwidth_ms: self.ms_per_context_token * batch.decode_context_tokens,
            interconnect_ms: 0.0,
        }
    }

    fn limits(&self) -> EngineLimits {
        self.limits
    }

    fn request_overhead_ms(&self) -> f64 {
        self.request_overhead_ms
    }
}
