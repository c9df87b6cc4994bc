//! A published model checkpoint and its architecture, as its configuration states it.

use serde::{Deserialize, Serialize};

use super::parameters::ParameterGroup;
use crate::error::Result;
use crate::units::{Date, check_count, check_text};
use crate::workload::Domain;

/// A published model checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Hugging Face repository id, in its real spelling.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Other names; matched without case, `-`, `_`, spaces and dots.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Who made it.
    pub maker: String,
    /// The family, such as `llama-3.1`.
    pub family: String,
    /// The model whose quality this one inherits: the checkpoint that it is a quantisation of.
    #[serde(default)]
    pub variant_of: Option<String>,
    /// When it was published.
    #[serde(default)]
    pub release_date: Option<Date>,
    /// The licence's name.
    pub licence: String,
    /// What the licence allows.
    pub licence_kind: Licence,
    /// What it was made for.
    pub tasks: Vec<Task>,
    /// Its subjects; a model with `general` serves every one.
    pub domains: Vec<Domain>,
    /// What the maker trained or released in.
    pub native_dtype: WeightFormat,
    /// What this checkpoint stores.
    pub weight_format: WeightFormat,
    /// Groups that this checkpoint stores in 16 bits though its format quantises them as a rule.
    #[serde(default)]
    pub wide_groups: Vec<ParameterGroup>,
    /// Weights that share a scale in a `w4a16` checkpoint, where not 128.
    #[serde(default)]
    pub quantization_group_size: Option<u32>,
    /// Size of the checkpoint's weights, in GiB, where published.
    #[serde(default)]
    pub checkpoint_gib: Option<f64>,
    /// Largest context, in tokens.
    pub context_tokens: u32,
    /// Number of parameters.
    pub parameters_total: u64,
    /// Parameters that each token uses; equals the total for dense models.
    pub parameters_active: u64,
    /// Layers, heads, experts.
    pub architecture: Architecture,
    /// Where the figures were taken from.
    pub source: String,
    /// When they were.
    pub as_of: Date,
}

/// What a licence allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Licence {
    /// Apache 2.0, MIT and the like.
    OpenSource,
    /// Commercial use with conditions (Llama, Gemma).
    Community,
    /// No commercial use without a contract.
    NonCommercial,
}

/// What a model was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Dialogue.
    Chat,
    /// Following instructions.
    InstructionFollowing,
    /// Answering questions.
    QuestionAnswering,
    /// Summaries.
    Summarization,
    /// Multi-step reasoning.
    Reasoning,
    /// Writing code.
    CodeGeneration,
    /// Translating.
    Translation,
    /// Several languages.
    Multilingual,
    /// Answers from retrieved documents.
    Rag,
    /// Images as input.
    Vision,
}

/// How a number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum WeightFormat {
    /// 32-bit floating point.
    Fp32,
    /// bfloat16.
    Bf16,
    /// 16-bit floating point.
    Fp16,
    /// 8-bit floating point.
    Fp8,
    /// 8-bit integers.
    Int8,
    /// 4-bit integer weights with 16-bit activations, in groups of 128 with a 16-bit scale.
    W4a16,
    /// 4-bit microscaling floats: blocks of 32 with an 8-bit scale.
    Mxfp4,
    /// NVIDIA's 4-bit floats: blocks of 16 with an 8-bit scale.
    Nvfp4,
}

impl WeightFormat {
    /// Bytes of one weight with its share of the scales.
    ///
    /// ```
    /// use sizewell::catalog::WeightFormat;
    /// assert_eq!(WeightFormat::Bf16.bytes_per_weight(), 2.0);
    /// assert_eq!(WeightFormat::Nvfp4.bytes_per_weight(), 0.5625);
    /// ```
    #[must_use]
    pub const fn bytes_per_weight(self) -> f64 {
        match self {
            Self::Fp32 => 4.0,
            Self::Bf16 | Self::Fp16 => 2.0,
            Self::Fp8 | Self::Int8 => 1.0,
            Self::W4a16 => 0.5 + 2.0 / 128.0,
            Self::Mxfp4 => 0.5 + 1.0 / 32.0,
            Self::Nvfp4 => 0.5 + 1.0 / 16.0,
        }
    }

    /// The stable spelling, such as `bf16`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fp32 => "fp32",
            Self::Bf16 => "bf16",
            Self::Fp16 => "fp16",
            Self::Fp8 => "fp8",
            Self::Int8 => "int8",
            Self::W4a16 => "w4a16",
            Self::Mxfp4 => "mxfp4",
            Self::Nvfp4 => "nvfp4",
        }
    }

    /// The format of what is not quantised beside this one: itself, or 16 bits.
    #[must_use]
    pub const fn wide(self) -> Self {
        if self.is_quantized() { Self::Bf16 } else { self }
    }

    /// Whether the format is a quantisation of a wider one.
    #[must_use]
    pub const fn is_quantized(self) -> bool {
        !matches!(self, Self::Fp32 | Self::Bf16 | Self::Fp16)
    }
}

/// Layers, heads, experts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// Number of layers.
    pub layers: u32,
    /// Of these, layers of a hybrid that are an MLP alone and keep nothing of the context.
    #[serde(default)]
    pub mlp_only_layers: u32,
    /// Width of the residual stream.
    pub hidden_size: u32,
    /// Width of the dense MLP (of an expert, where there are no dense layers).
    pub intermediate_size: u32,
    /// Number of tokens in the vocabulary.
    pub vocab_size: u32,
    /// Whether the MLP has gate, up and down projections, not only up and down.
    #[serde(default = "yes")]
    pub gated_mlp: bool,
    /// Whether the LM head shares the embedding's weights.
    #[serde(default)]
    pub tied_embeddings: bool,
    /// Heads and the KV cache.
    pub attention: Attention,
    /// Experts; `None` for dense models.
    #[serde(default)]
    pub moe: Option<MixtureOfExperts>,
}

fn yes() -> bool {
    true
}

/// Heads and what each layer keeps of the context.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Attention {
    /// How keys and values are shared.
    pub kind: AttentionKind,
    /// Number of query heads.
    pub heads: u32,
    /// Number of key and value heads.
    pub kv_heads: u32,
    /// Width of a head.
    pub head_size: u32,
    /// Layers that attend to the whole context.
    pub full_layers: u32,
    /// Layers that attend to a window.
    #[serde(default)]
    pub sliding_layers: u32,
    /// The window, in tokens.
    #[serde(default)]
    pub sliding_window_tokens: Option<u32>,
    /// Layers that keep a state of constant size (linear attention, Mamba).
    #[serde(default)]
    pub linear_layers: u32,
    /// Bytes of that state per sequence and layer.
    #[serde(default)]
    pub linear_state_bytes_per_layer: Option<u64>,
    /// Parameters of such a layer's mixer; `None` where not known.
    #[serde(default)]
    pub linear_parameters_per_layer: Option<u64>,
    /// Whether attention layers gate their output by a projection as wide as the queries
    /// (Qwen3-Next).
    #[serde(default)]
    pub output_gate: bool,
    /// Ranks of multi-head latent attention.
    #[serde(default)]
    pub mla: Option<Mla>,
}

/// How keys and values are shared between heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum AttentionKind {
    /// Every head its own.
    Mha,
    /// Groups of heads share.
    Gqa,
    /// All heads share one.
    Mqa,
    /// A low-rank latent is kept instead.
    Mla,
}

/// Ranks of multi-head latent attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Mla {
    /// Rank of the queries' latent; `None` when queries are not compressed.
    #[serde(default)]
    pub q_lora_rank: Option<u32>,
    /// Rank of the latent that is cached.
    pub kv_lora_rank: u32,
    /// Width of a head's part without position.
    pub qk_nope_head_size: u32,
    /// Width of a head's part with rotary position, cached besides the latent.
    pub qk_rope_head_size: u32,
    /// Width of a value head.
    pub v_head_size: u32,
}

/// Experts of a mixture-of-experts model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MixtureOfExperts {
    /// Routed experts in a layer.
    pub experts: u32,
    /// Routed experts that each token uses.
    pub experts_per_token: u32,
    /// Experts that every token uses.
    #[serde(default)]
    pub shared_experts: u32,
    /// Width of a routed expert.
    pub expert_intermediate_size: u32,
    /// Width of all shared experts together.
    #[serde(default)]
    pub shared_expert_intermediate_size: u32,
    /// Layers that have experts.
    pub moe_layers: u32,
}

impl Model {
    /// Checks that counts are within bounds and consistent with one another.
    ///
    /// # Errors
    ///
    /// `invalid_value` or `empty` with the field's path.
    pub fn check(&self) -> Result<()> {
        check_text("id", &self.id, 300)?;
        check_text("name", &self.name, 300)?;
        check_count("context_tokens", self.context_tokens.into(), 1, 1_000_000_000)?;
        check_count("parameters_total", self.parameters_total, 1, 1_000_000_000_000_000)?;
        check_count("parameters_active", self.parameters_active, 1, self.parameters_total)?;
        let architecture = &self.architecture;
        for (path, value) in [
            ("architecture.layers", architecture.layers),
            ("architecture.hidden_size", architecture.hidden_size),
            ("architecture.vocab_size", architecture.vocab_size),
            ("architecture.attention.heads", architecture.attention.heads),
            ("architecture.attention.kv_heads", architecture.attention.kv_heads),
            ("architecture.attention.head_size", architecture.attention.head_size),
        ] {
            check_count(path, value.into(), 1, 100_000_000)?;
        }
        let attention = &architecture.attention;
        let kinds = [
            attention.full_layers,
            attention.sliding_layers,
            attention.linear_layers,
            architecture.mlp_only_layers,
        ]
        .into_iter()
        .map(u64::from)
        .sum();
        check_count(
            "architecture.attention.full_layers",
            kinds,
            architecture.layers.into(),
            architecture.layers.into(),
        )?;
        if let Some(gib) = self.checkpoint_gib {
            crate::units::check_positive("checkpoint_gib", gib, 1e6)?;
        }
        if let Some(size) = self.quantization_group_size {
            check_count("quantization_group_size", size.into(), 1, 65_536)?;
        }
        Ok(())
    }

    /// Memory of the weights, in GiB: the published size of the checkpoint, or what its groups of
    /// parameters come to in its format.
    #[must_use]
    pub fn weights_gib(&self) -> f64 {
        self.checkpoint_gib.unwrap_or_else(|| self.weights_gib_in(self.weight_format))
    }

    /// GPUs that the weights are spread over: experts over all, anything else over each
    /// tensor-parallel group, which holds it whole.
    pub(crate) fn weight_ranks(&self, tensor_parallel: u32, gpus: u32) -> u32 {
        if self.architecture.moe.is_some() { gpus } else { tensor_parallel }
    }

    /// Whether the model serves a subject: it lists it, or is a general one.
    #[must_use]
    pub fn serves(&self, domain: Domain) -> bool {
        self.domains.contains(&domain) || self.domains.contains(&Domain::General)
    }
}
