//! What an estimate is asked about.

use serde::{Deserialize, Serialize};

use crate::catalog::WeightFormat;
use crate::engine::{KvDtype, Speculation};

/// One deployment and its load. Everything but `model`, `gpu`, the token lengths and the load has
/// a default.
///
/// ```
/// use sizewell::queueing::{EstimateRequest, estimate};
/// let catalog = sizewell_data::catalog();
/// let request = EstimateRequest {
///     qps: Some(4.0),
///     ..EstimateRequest::new("Llama-3.1-8B-Instruct", "H100", 512.0, 256.0)
/// };
/// let estimate = estimate(catalog, &request)?;
/// assert!(estimate.ttft_mean_ms < estimate.ttft_p95_ms);
/// assert!(estimate.itl_mean_ms_low <= estimate.itl_mean_ms);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EstimateRequest {
    /// The model, by any of its names.
    pub model: String,
    /// The GPU, by any of its names.
    pub gpu: String,
    /// The serving engine: `vllm`, `sglang` or `trtllm`. Default: `vllm`.
    #[serde(default)]
    pub backend: Option<String>,
    /// Format of the weights. Default: what the checkpoint stores.
    #[serde(default)]
    pub precision: Option<WeightFormat>,
    /// Format of the KV cache. Default: `auto`, as the model computes.
    #[serde(default)]
    pub kv_dtype: Option<KvDtype>,
    /// GPUs over which attention and dense layers are sliced. Default: the smallest of 1, 2, 4, 8
    /// at which a quarter of the memory is left for the KV cache, else the largest that fits.
    #[serde(default)]
    pub tensor_parallel: Option<u32>,
    /// Stages over which layers are split. Default: 1.
    #[serde(default)]
    pub pipeline_parallel: Option<u32>,
    /// Ranks that each hold attention whole. Default: 1.
    #[serde(default)]
    pub data_parallel: Option<u32>,
    /// Groups over which routed experts are spread. Default: 1.
    #[serde(default)]
    pub expert_parallel: Option<u32>,
    /// Replicas behind a balancer. Default: 1.
    #[serde(default)]
    pub replicas: Option<u32>,
    /// Tokens of a prompt.
    pub input_tokens: f64,
    /// Tokens of an answer.
    pub output_tokens: f64,
    /// Clients in a closed loop; this or `qps`.
    #[serde(default)]
    pub concurrency: Option<f64>,
    /// Requests per second over all replicas, in an open loop; this or `concurrency`.
    #[serde(default)]
    pub qps: Option<f64>,
    /// Index of dispersion of the arrivals: 1 for Poisson, more for bursts. Default: 1.
    #[serde(default)]
    pub dispersion: Option<f64>,
    /// Whether a closed loop is a benchmark of about ten rounds that starts with all clients at
    /// once, its start included in the figures. Default: `false`, the steady state.
    #[serde(default)]
    pub benchmark: Option<bool>,
    /// Share of prompt tokens found in the prefix cache, 0 to 1. Default: 0.
    #[serde(default)]
    pub prefix_hit_fraction: Option<f64>,
    /// Speculative decoding. Default: none.
    #[serde(default)]
    pub speculation: Option<Speculation>,
    /// Share of the GPU's memory that the engine may take. Default: 0.9.
    #[serde(default)]
    pub gpu_memory_utilization: Option<f64>,
    /// Most sequences in one iteration of a rank. Default: vLLM's for the GPU.
    #[serde(default)]
    pub max_num_seqs: Option<u32>,
    /// Most tokens in one iteration of a rank. Default: vLLM's for the GPU.
    #[serde(default)]
    pub max_num_batched_tokens: Option<u32>,
}

impl EstimateRequest {
    /// A model on a GPU for prompts and answers of so many tokens, without a load yet.
    #[must_use]
    pub fn new(
        model: impl Into<String>,
        gpu: impl Into<String>,
        input_tokens: f64,
        output_tokens: f64,
    ) -> Self {
        Self {
            model: model.into(),
            gpu: gpu.into(),
            backend: None,
            precision: None,
            kv_dtype: None,
            tensor_parallel: None,
            pipeline_parallel: None,
            data_parallel: None,
            expert_parallel: None,
            replicas: None,
            input_tokens,
            output_tokens,
            concurrency: None,
            qps: None,
            dispersion: None,
            benchmark: None,
            prefix_hit_fraction: None,
            speculation: None,
            gpu_memory_utilization: None,
            max_num_seqs: None,
            max_num_batched_tokens: None,
        }
    }
}
