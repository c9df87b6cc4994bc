//! One replica: a model on GPUs, run by a serving engine.

use serde::{Deserialize, Serialize};

use super::memory::MemoryOptions;
use super::model::{EngineLimits, Scheduling};
use super::parallelism::Parallelism;
use super::speculation::{MAX_DRAFT_TOKENS, Speculation};
use crate::catalog::{Gpu, Model, WeightFormat};
use crate::error::{Error, Result};
use crate::units::{check_count, check_range};

/// A serving engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// vLLM.
    #[default]
    Vllm,
    /// SGLang.
    Sglang,
    /// TensorRT-LLM.
    Trtllm,
}

impl Backend {
    /// Every engine.
    pub const ALL: [Self; 3] = [Self::Vllm, Self::Sglang, Self::Trtllm];

    /// The stable spelling: `vllm`, `sglang` or `trtllm`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vllm => "vllm",
            Self::Sglang => "sglang",
            Self::Trtllm => "trtllm",
        }
    }

    /// Reads an engine from its usual spellings, without case, `-`, `_` and spaces.
    ///
    /// # Errors
    ///
    /// `invalid_value` at `backend` for any other text.
    ///
    /// ```
    /// use sizewell::engine::Backend;
    /// assert_eq!(Backend::parse("TensorRT-LLM")?, Backend::Trtllm);
    /// # Ok::<(), sizewell::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self> {
        let plain: String = text
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_lowercase())
            .collect();
        match plain.as_str() {
            "vllm" => Ok(Self::Vllm),
            "sglang" => Ok(Self::Sglang),
            "trtllm" | "trt" | "tensorrtllm" | "tensorrt" => Ok(Self::Trtllm),
            _ => Err(Error::invalid("backend", text, "vllm, sglang or trtllm")),
        }
    }

    /// How the engine mixes prompts and answers unless told otherwise.
    #[must_use]
    pub const fn scheduling(self) -> Scheduling {
        match self {
            Self::Vllm => Scheduling::ChunkedPrefill,
            Self::Sglang => Scheduling::PrefillFirst,
            Self::Trtllm => Scheduling::InflightBatching,
        }
    }
}

/// One replica: a model on GPUs, run by a serving engine.
#[derive(Debug, Clone, Copy)]
pub struct Replica<'a> {
    /// The model.
    pub model: &'a Model,
    /// The GPU.
    pub gpu: &'a Gpu,
    /// The serving engine.
    pub backend: Backend,
    /// How the model is spread and its memory used.
    pub memory: MemoryOptions,
    /// Speculative decoding.
    pub speculation: Speculation,
    /// Whether the engine prepares an iteration while the one before it runs: vLLM from 0.14 on,
    /// SGLang and TensorRT-LLM by default.
    pub async_scheduling: bool,
}

impl<'a> Replica<'a> {
    /// A model on one GPU, everything else at its default.
    #[must_use]
    pub fn new(model: &'a Model, gpu: &'a Gpu) -> Self {
        Self {
            model,
            gpu,
            backend: Backend::default(),
            memory: MemoryOptions::default(),
            speculation: Speculation::default(),
            async_scheduling: true,
        }
    }

    /// The same spread otherwise.
    #[must_use]
    pub fn spread(mut self, parallelism: Parallelism) -> Self {
        self.memory.parallelism = parallelism;
        self
    }

    /// What all data-parallel ranks together admit, with a KV cache of so many tokens.
    pub(crate) fn limits(&self, kv_tokens: u64) -> EngineLimits {
        let (sequences, tokens) = self.memory.batch_limits(self.gpu);
        let ranks = self.memory.parallelism.data_parallel;
        EngineLimits {
            max_num_seqs: sequences.saturating_mul(ranks),
            max_num_batched_tokens: tokens.saturating_mul(ranks),
            kv_tokens,
            scheduling: self.backend.scheduling(),
        }
    }

    /// Format of the weights in memory.
    #[must_use]
    pub fn weight_format(&self) -> WeightFormat {
        self.memory.weight_format.unwrap_or(self.model.weight_format)
    }

    /// Checks what the memory plan does not.
    pub(crate) fn check(&self) -> Result<()> {
        check_count(
            "speculation.draft_tokens",
            self.speculation.draft_tokens.into(),
            0,
            MAX_DRAFT_TOKENS.into(),
        )?;
        if let Some(acceptance) = self.speculation.acceptance {
            check_range("speculation.acceptance", acceptance, 0.0, 1.0)?;
        }
        let (_, budget) = self.memory.batch_limits(self.gpu);
        let step = self.speculation.draft_tokens + 1;
        if step > 1 && budget < step {
            let allowed = format!("at least {step}, a token and its draft");
            return Err(Error::invalid("max_num_batched_tokens", budget, allowed));
        }
        Ok(())
    }
}
