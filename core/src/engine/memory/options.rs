//! How a model is to be run, as far as memory depends on it.

use serde::{Deserialize, Serialize};

use crate::catalog::{Gpu, Model, WeightFormat};
use crate::engine::Parallelism;
use crate::error::Result;
use crate::units::{check_count, check_range};

/// Share of the GPU's memory that the serving engine may take (vLLM's default).
pub const DEFAULT_GPU_MEMORY_UTILIZATION: f64 = 0.9;

/// GPUs with at least this much memory get vLLM's larger defaults, the A100 left out (vLLM 0.19,
/// `EngineArgs.get_batch_defaults`).
const LARGE_GPU_GIB: f64 = 70.0;

/// How keys and values are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum KvDtype {
    /// As the model computes: 16 bits, or 32 where its weights are.
    #[default]
    Auto,
    /// bfloat16.
    Bf16,
    /// 16-bit floating point.
    Fp16,
    /// 8-bit floating point.
    Fp8,
    /// 8-bit integers.
    Int8,
    /// NVIDIA's 4-bit floats: blocks of 16 with an 8-bit scale.
    Nvfp4,
}

impl KvDtype {
    /// Bytes of one number, scales included, beside weights of a format.
    #[must_use]
    pub const fn bytes(self, weights: WeightFormat) -> f64 {
        match self {
            Self::Auto => weights.wide().bytes_per_weight(),
            Self::Bf16 | Self::Fp16 => 2.0,
            Self::Fp8 | Self::Int8 => 1.0,
            Self::Nvfp4 => WeightFormat::Nvfp4.bytes_per_weight(),
        }
    }

    /// The stable spelling, such as `fp8`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Bf16 => "bf16",
            Self::Fp16 => "fp16",
            Self::Fp8 => "fp8",
            Self::Int8 => "int8",
            Self::Nvfp4 => "nvfp4",
        }
    }
}

/// How a model is to be run. Every field has a default.
///
/// ```
/// use sizewell::engine::{KvDtype, MemoryOptions, memory_plan};
/// let catalog = sizewell_data::catalog();
/// let (llama, h100) = (catalog.model("Llama-3.1-8B-Instruct")?, catalog.gpu("H100")?);
/// let wide = memory_plan(llama, h100, &MemoryOptions::default())?;
/// let narrow = memory_plan(llama, h100, &MemoryOptions { kv_dtype: KvDtype::Fp8, ..Default::default() })?;
/// assert_eq!(narrow.kv_tokens / 32, wide.kv_tokens / 16);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct MemoryOptions {
    /// How the model is spread over GPUs. Default: one GPU.
    pub parallelism: Parallelism,
    /// Format of the weights in memory, where the engine quantises while loading or another
    /// checkpoint is meant. Default: what the checkpoint stores.
    pub weight_format: Option<WeightFormat>,
    /// Format of the KV cache. Default: `auto`.
    pub kv_dtype: KvDtype,
    /// Share of the GPU's memory that the engine may take, 0.01 to 1. Default: 0.9.
    pub gpu_memory_utilization: f64,
    /// Most sequences in one iteration of one rank, 1 to 65,536. Default: vLLM's, 1,024 on GPUs of
    /// 70 GiB and more but the A100, 256 on others.
    pub max_num_seqs: Option<u32>,
    /// Most tokens in one iteration of one rank, 1 to 16,777,216. Default: vLLM's for an API server,
    /// 8,192 on GPUs of 70 GiB and more but the A100, 2,048 on others.
    pub max_num_batched_tokens: Option<u32>,
    /// Tokens of one request, prompt and answer. Default: the model's largest context.
    pub request_tokens: Option<u32>,
}

impl Default for MemoryOptions {
    fn default() -> Self {
        Self {
            parallelism: Parallelism::default(),
            weight_format: None,
            kv_dtype: KvDtype::Auto,
            gpu_memory_utilization: DEFAULT_GPU_MEMORY_UTILIZATION,
            max_num_seqs: None,
            max_num_batched_tokens: None,
            request_tokens: None,
        }
    }
}

/// [`MemoryOptions`] checked, with every default filled in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub model: &'a Model,
    pub gpu: &'a Gpu,
    pub parallelism: Parallelism,
    pub format: WeightFormat,
    pub kv_bytes: f64,
    pub utilization: f64,
    pub sequences: f64,
    pub batched_tokens: f64,
    pub request_tokens: u32,
}

impl MemoryOptions {
    pub(super) fn resolve<'a>(&self, model: &'a Model, gpu: &'a Gpu) -> Result<Setting<'a>> {
        self.parallelism.check(model).map_err(|error| error.within("parallelism"))?;
        check_range("gpu_memory_utilization", self.gpu_memory_utilization, 0.01, 1.0)?;
        let (sequences, batched_tokens) = self.batch_limits(gpu);
        check_count("max_num_seqs", sequences.into(), 1, 65_536)?;
        check_count("max_num_batched_tokens", batched_tokens.into(), 1, 1 << 24)?;
        let request_tokens = self.request_tokens.unwrap_or(model.context_tokens);
        check_count("request_tokens", request_tokens.into(), 1, model.context_tokens.into())?;
        let format = self.weight_format.unwrap_or(model.weight_format);
        Ok(Setting {
            model,
            gpu,
            parallelism: self.parallelism,
            format,
            kv_bytes: self.kv_dtype.bytes(format),
            utilization: self.gpu_memory_utilization,
            sequences: f64::from(sequences.min(batched_tokens)),
            batched_tokens: f64::from(batched_tokens),
            request_tokens,
        })
    }
}

impl MemoryOptions {
    /// Most sequences and most tokens in one iteration of one rank, defaults filled in.
    #[must_use]
    pub fn batch_limits(&self, gpu: &Gpu) -> (u32, u32) {
        let (sequences, tokens) = default_batch(gpu);
        (self.max_num_seqs.unwrap_or(sequences), self.max_num_batched_tokens.unwrap_or(tokens))
    }
}

/// Sequences and tokens of an iteration that vLLM allows on a GPU when nothing is said.
fn default_batch(gpu: &Gpu) -> (u32, u32) {
    let a100 = gpu.name.contains("A100") || gpu.id.starts_with("A100");
    if gpu.memory_physical_gib >= LARGE_GPU_GIB && !a100 { (1024, 8192) } else { (256, 2048) }
}
