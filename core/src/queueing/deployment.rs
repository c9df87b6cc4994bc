//! What serves: replicas of an engine behind a balancer.

use serde::{Deserialize, Serialize};

use crate::engine::{Drafting, EngineModel};
use crate::error::Result;
use crate::units::{check_count, check_range};

/// The most replicas that are accepted.
pub const MAX_REPLICAS: u32 = 1_000_000;

/// Who gets the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Balancer {
    /// The replica with the fewest requests that wait or run.
    #[default]
    LeastOutstanding,
    /// Each in turn.
    RoundRobin,
    /// Any, by chance.
    Random,
}

/// Replicas of one engine behind a balancer.
#[derive(Debug, Clone, Copy)]
pub struct Deployment<'a> {
    /// One replica.
    pub engine: &'a dyn EngineModel,
    /// Number of replicas, from 1 to a million.
    pub replicas: u32,
    /// Who gets the next request.
    pub balancer: Balancer,
    /// Speculative decoding, where the engine does it.
    pub speculation: Option<Drafting>,
}

impl<'a> Deployment<'a> {
    /// So many replicas, each request to the one with the fewest; no speculative decoding.
    #[must_use]
    pub fn new(engine: &'a dyn EngineModel, replicas: u32) -> Self {
        Self { engine, replicas, balancer: Balancer::default(), speculation: None }
    }

    /// The same with another number of replicas.
    #[must_use]
    pub fn with_replicas(self, replicas: u32) -> Self {
        Self { replicas, ..self }
    }

    /// Checks every value.
    ///
    /// # Errors
    ///
    /// `invalid_value` for no replicas or more than a million, an engine without sequences, tokens
    /// or KV cache, and speculative decoding out of its ranges.
    pub fn check(&self) -> Result<()> {
        check_count("replicas", self.replicas.into(), 1, MAX_REPLICAS.into())?;
        let limits = self.engine.limits();
        check_count("engine.limits.max_num_seqs", limits.max_num_seqs.into(), 1, u32::MAX.into())?;
        check_count(
            "engine.limits.max_num_batched_tokens",
            limits.max_num_batched_tokens.into(),
            1,
            u32::MAX.into(),
        )?;
        check_count("engine.limits.kv_tokens", limits.kv_tokens, 1, 1 << 53)?;
        check_range("engine.request_overhead_ms", self.engine.request_overhead_ms(), 0.0, 1e9)?;
        self.speculation
            .map_or(Ok(()), |speculation| speculation.check().map_err(|error| error.within("speculation")))
    }

    /// Tokens processed for one sequence in an iteration, tokens that it gets from it in the mean,
    /// and their variance.
    pub(crate) fn decode_step(&self) -> (f64, f64, f64) {
        self.speculation.map_or((1.0, 1.0, 0.0), |speculation| {
            let (mean, variance) = speculation.moments();
            (f64::from(speculation.draft_tokens) + 1.0, mean, variance)
        })
    }
}
