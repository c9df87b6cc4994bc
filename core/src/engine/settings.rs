//! The serving engine's settings that a plan implies.

use serde::{Deserialize, Serialize};

use super::memory::DEFAULT_GPU_MEMORY_UTILIZATION;
use super::{MemoryOptions, MemoryPlan, Parallelism};
use crate::catalog::{Gpu, Model};
use crate::workload::TokenLengths;

/// Settings of the serving engine, in vLLM's terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EngineSettings {
    /// Longest prompt and answer together, in tokens.
    pub max_model_len: u32,
    /// Most requests in one batch.
    pub max_num_seqs: u32,
    /// Most tokens in one iteration.
    pub max_num_batched_tokens: u32,
    /// Share of the GPU's memory that the engine may take, 0 to 1.
    pub gpu_memory_utilization: f64,
    /// Whether prompts that begin alike share their cache.
    pub enable_prefix_caching: bool,
}

/// Most requests in one batch that a plan sets.
const MOST_SEQUENCES: u32 = 256;

/// Tokens in one iteration that a plan sets: vLLM's defaults for an API server.
fn batched_tokens(gpu: &Gpu) -> u32 {
    if gpu.memory_physical_gib >= 70.0 { 8192 } else { 2048 }
}

/// The options under which a plan is made whose settings are then [`engine_settings`].
#[must_use]
pub fn planned_memory_options(gpu: &Gpu, parallelism: Parallelism, lengths: TokenLengths) -> MemoryOptions {
    MemoryOptions {
        parallelism,
        max_num_seqs: Some(MOST_SEQUENCES),
        max_num_batched_tokens: Some(batched_tokens(gpu)),
        request_tokens: Some(lengths.input_tokens.saturating_add(lengths.output_tokens)),
        ..MemoryOptions::default()
    }
}

/// The settings that a plan implies.
///
/// The context limit leaves room for requests four times as long as the mean (at least 4,096
/// tokens, at most what the model and the KV cache hold); requests in a batch are as many as the
/// KV cache holds, at most vLLM's default of 256; tokens in an iteration are vLLM's defaults for
/// an API server: 8,192 on GPUs of 70 GiB and more, 2,048 below.
#[must_use]
pub fn engine_settings(
    model: &Model,
    gpu: &Gpu,
    memory: &MemoryPlan,
    lengths: TokenLengths,
) -> EngineSettings {
    let mean = u64::from(lengths.input_tokens) + u64::from(lengths.output_tokens);
    let roomy = (mean * 4).next_power_of_two().max(4096);
    let held = memory.kv_tokens.max(mean);
    let max_model_len = roomy.min(held).min(u64::from(model.context_tokens)).max(1);
    EngineSettings {
        max_model_len: u32::try_from(max_model_len).unwrap_or(u32::MAX),
        max_num_seqs: memory.concurrent_requests.clamp(1, MOST_SEQUENCES.into()) as u32,
        max_num_batched_tokens: batched_tokens(gpu),
        gpu_memory_utilization: DEFAULT_GPU_MEMORY_UTILIZATION,
        enable_prefix_caching: true,
    }
}
