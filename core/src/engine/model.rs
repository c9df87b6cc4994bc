//! The heart of every prediction: how long one iteration of a serving engine takes for a given
//! batch. Steady-state queueing and second-by-second simulation both build on it.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

/// What one iteration works on. Counts may be fractional: queueing averages over states.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Batch {
    /// Sequences of which a part of the prompt is processed.
    pub prefill_sequences: f64,
    /// Prompt tokens processed in this iteration, those found in the prefix cache left out.
    pub prefill_tokens: f64,
    /// Sum over these tokens of the number of tokens that each attends to, itself included: for
    /// one whole prompt of `n` tokens `n (n + 1) / 2`; see [`attended_tokens`].
    pub prefill_attended_tokens: f64,
    /// Sequences that get tokens of their answer.
    pub decode_sequences: f64,
    /// Tokens processed for them: one each, or one and the draft's length with speculative
    /// decoding.
    pub decode_tokens: f64,
    /// Sum over these sequences of the tokens they have in the KV cache.
    pub decode_context_tokens: f64,
}

/// Sum of the tokens attended to by `new` prompt tokens that follow `past` ones: causal attention.
#[must_use]
pub fn attended_tokens(past: f64, new: f64) -> f64 {
    new * (past + (new + 1.0) / 2.0)
}

impl Batch {
    /// Only decoding: `sequences` sequences of `context_tokens` tokens each, one token each.
    #[must_use]
    pub fn decode(sequences: f64, context_tokens: f64) -> Self {
        Self {
            decode_sequences: sequences,
            decode_tokens: sequences,
            decode_context_tokens: sequences * context_tokens,
            ..Self::default()
        }
    }

    /// Only prompts: `new` tokens of one prompt after `past` ones.
    #[must_use]
    pub fn prefill(past: f64, new: f64) -> Self {
        Self {
            prefill_sequences: 1.0,
            prefill_tokens: new,
            prefill_attended_tokens: attended_tokens(past, new),
            ..Self::default()
        }
    }

    /// Both batches in one iteration.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            prefill_sequences: self.prefill_sequences + other.prefill_sequences,
            prefill_tokens: self.prefill_tokens + other.prefill_tokens,
            prefill_attended_tokens: self.prefill_attended_tokens + other.prefill_attended_tokens,
            decode_sequences: self.decode_sequences + other.decode_sequences,
            decode_tokens: self.decode_tokens + other.decode_tokens,
            decode_context_tokens: self.decode_context_tokens + other.decode_context_tokens,
        }
    }
}

/// What an iteration's time goes to, in milliseconds; the total is the sum.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IterationTime {
    /// Operations that wait for arithmetic.
    pub compute_ms: f64,
    /// Operations that wait for the GPU's memory.
    pub bandwidth_ms: f64,
    /// Exchanges between GPUs.
    pub interconnect_ms: f64,
    /// Launching, scheduling, sampling: what does not depend on the amount of work.
    pub overhead_ms: f64,
}

impl IterationTime {
    /// Adds an operation that reads while it multiplies: the longer of the two, to what it waits for.
    pub(crate) fn add_longer(&mut self, reading_ms: f64, multiplying_ms: f64) {
        if multiplying_ms > reading_ms {
            self.compute_ms += multiplying_ms;
        } else {
            self.bandwidth_ms += reading_ms;
        }
    }

    /// The iteration's length, in milliseconds.
    #[must_use]
    pub fn total_ms(&self) -> f64 {
        self.compute_ms + self.bandwidth_ms + self.interconnect_ms + self.overhead_ms
    }
}

/// How an engine mixes prompts and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scheduling {
    /// Answers first, then chunks of prompts up to the token budget, all in one iteration: vLLM,
    /// and SGLang with mixed chunks.
    #[default]
    ChunkedPrefill,
    /// Prompts wait for nothing and run in iterations of their own, during which answers pause:
    /// SGLang's default, vLLM's old scheduler.
    PrefillFirst,
    /// Whole prompts join the answers' iteration when they fit the token budget: TensorRT-LLM's
    /// in-flight batching.
    InflightBatching,
}

/// What an engine admits at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EngineLimits {
    /// Most sequences in one iteration.
    pub max_num_seqs: u32,
    /// Most tokens in one iteration.
    pub max_num_batched_tokens: u32,
    /// Tokens that the KV cache holds.
    pub kv_tokens: u64,
    /// How prompts and answers are mixed.
    pub scheduling: Scheduling,
}

/// How one replica behaves: the time of an iteration for any batch, what it admits, and what a
/// request costs besides.
///
/// Implementations: the roofline from a data sheet, the same with coefficients
/// from a calibration, and a table of measured
/// iteration times.
///
/// Laws that callers rely on: a time is finite and not negative; it never falls when any field of
/// the batch grows.
pub trait EngineModel: Debug + Send + Sync {
    /// Time of one iteration over `batch`, by what it is spent on.
    fn iteration(&self, batch: &Batch) -> IterationTime;

    /// What the engine admits at the same time.
    fn limits(&self) -> EngineLimits;

    /// Time from a request's arrival to its first token that is spent outside iterations:
    /// network, tokeniser, scheduler, in milliseconds.
    fn request_overhead_ms(&self) -> f64 {
        0.0
    }

    /// The same more of each token of its prompt, in milliseconds.
    fn request_overhead_ms_per_token(&self) -> f64 {
        0.0
    }

    /// Time of one iteration over `batch`, in milliseconds.
    fn iteration_ms(&self, batch: &Batch) -> f64 {
        self.iteration(batch).total_ms()
    }
}

impl<T: EngineModel + ?Sized> EngineModel for Box<T> {
    fn iteration(&self, batch: &Batch) -> IterationTime {
        (**self).iteration(batch)
    }
    fn limits(&self) -> EngineLimits {
        (**self).limits()
    }
    fn request_overhead_ms(&self) -> f64 {
        (**self).request_overhead_ms()
    }
    fn request_overhead_ms_per_token(&self) -> f64 {
        (**self).request_overhead_ms_per_token()
    }
    fn iteration_ms(&self, batch: &Batch) -> f64 {
        (**self).iteration_ms(batch)
    }
}
