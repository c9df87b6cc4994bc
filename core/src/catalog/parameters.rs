//! Where a model's parameters are: how many in each group, how many in one layer of each kind, and
//! how many bytes they take in a weight format. What a configuration states is counted; what it
//! does not (vision towers, biases, per-layer embeddings) is the rest of the published total.
//!
//! Counts are those of the published model code of each family: grouped and multi-head attention
//! four projections, multi-head latent attention (DeepSeek-V2, arXiv:2405.04434, §2.1) its low-rank
//! factors, MLPs and experts two or three matrices.

use serde::{Deserialize, Serialize};

use super::model::{Architecture, Model, Task, WeightFormat};
use crate::units::BYTES_PER_GIB;

/// A group of a model's parameters: what is spread and quantised alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ParameterGroup {
    /// The embedding of tokens.
    Embedding,
    /// Projections of attention layers, those of latent attention included.
    Attention,
    /// Mixers of linear-attention and Mamba layers.
    LinearAttention,
    /// Dense MLPs.
    DenseMlp,
    /// Routed experts.
    RoutedExperts,
    /// Experts that every token uses.
    SharedExperts,
    /// What chooses the routed experts.
    Router,
    /// Normalisation.
    Norms,
    /// The LM head; empty where it shares the embedding's weights.
    LmHead,
    /// What the configuration does not tell: vision towers, biases, per-layer embeddings.
    Other,
}

impl ParameterGroup {
    /// Every group.
    pub const ALL: [Self; 10] = [
        Self::Embedding,
        Self::Attention,
        Self::LinearAttention,
        Self::DenseMlp,
        Self::RoutedExperts,
        Self::SharedExperts,
        Self::Router,
        Self::Norms,
        Self::LmHead,
        Self::Other,
    ];
}

/// Parameters of a whole model by group. Whole numbers, as floating point because all arithmetic
/// on them is.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ParameterCounts {
    /// [`ParameterGroup::Embedding`].
    pub embedding: f64,
    /// [`ParameterGroup::Attention`].
    pub attention: f64,
    /// [`ParameterGroup::LinearAttention`].
    pub linear_attention: f64,
    /// [`ParameterGroup::DenseMlp`].
    pub dense_mlp: f64,
    /// [`ParameterGroup::RoutedExperts`].
    pub routed_experts: f64,
    /// [`ParameterGroup::SharedExperts`].
    pub shared_experts: f64,
    /// [`ParameterGroup::Router`].
    pub router: f64,
    /// [`ParameterGroup::Norms`].
    pub norms: f64,
    /// [`ParameterGroup::LmHead`].
    pub lm_head: f64,
    /// [`ParameterGroup::Other`].
    pub other: f64,
}

impl ParameterCounts {
    /// The parameters of one group.
    #[must_use]
    pub const fn of(&self, group: ParameterGroup) -> f64 {
        match group {
            ParameterGroup::Embedding => self.embedding,
            ParameterGroup::Attention => self.attention,
            ParameterGroup::LinearAttention => self.linear_attention,
            ParameterGroup::DenseMlp => self.dense_mlp,
            ParameterGroup::RoutedExperts => self.routed_experts,
            ParameterGroup::SharedExperts => self.shared_experts,
            ParameterGroup::Router => self.router,
            ParameterGroup::Norms => self.norms,
            ParameterGroup::LmHead => self.lm_head,
            ParameterGroup::Other => self.other,
        }
    }

    /// All parameters: the published total, or what the configuration comes to where the published
    /// one is rounded to less.
    #[must_use]
    pub fn total(&self) -> f64 {
        ParameterGroup::ALL.into_iter().map(|group| self.of(group)).sum()
    }
}

/// Parameters of one layer of each kind, and of what a model has once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerParameters {
    /// Projections of one attention layer that are sliced by query heads.
    pub attention_sliced: f64,
    /// Key and value projections of one attention layer, of all KV heads; none with a latent.
    pub attention_kv: f64,
    /// Down-projections to the latents of one layer: whole on every GPU.
    pub attention_latent: f64,
    /// Mixer of one linear-attention or Mamba layer; `None` where the catalog does not tell.
    pub linear_attention: Option<f64>,
    /// MLP of one dense layer.
    pub dense_mlp: f64,
    /// One routed expert of one layer.
    pub expert: f64,
    /// All shared experts of one layer.
    pub shared_experts: f64,
    /// Router of one layer.
    pub router: f64,
    /// Norms of one layer.
    pub norms: f64,
    /// The embedding, and the LM head, each.
    pub embedding: f64,
}

impl LayerParameters {
    /// One attention layer, all its projections.
    #[must_use]
    pub fn attention(&self) -> f64 {
        self.attention_sliced + self.attention_kv + self.attention_latent
    }
}

impl Architecture {
    /// Layers that attend, to the whole context or to a window.
    #[must_use]
    pub fn attention_layers(&self) -> u32 {
        self.attention.full_layers.saturating_add(self.attention.sliding_layers)
    }

    /// Layers with experts.
    #[must_use]
    pub fn moe_layers(&self) -> u32 {
        self.moe.as_ref().map_or(0, |moe| moe.moe_layers)
    }

    /// Layers with a dense MLP: in a hybrid whose MLPs are layers of their own those, else all
    /// layers, less those with experts.
    #[must_use]
    pub fn dense_mlp_layers(&self) -> u32 {
        let with_mlp = if self.mlp_only_layers > 0 { self.mlp_only_layers } else { self.layers };
        with_mlp.saturating_sub(self.moe_layers())
    }

    /// Parameters of one layer of each kind.
    #[must_use]
    pub fn layer_parameters(&self) -> LayerParameters {
        let attention = &self.attention;
        let hidden = f64::from(self.hidden_size);
        let (heads, kv_heads) = (f64::from(attention.heads), f64::from(attention.kv_heads));
        let (sliced, kv, latent) = match &attention.mla {
            Some(mla) => {
                let query = f64::from(mla.qk_nope_head_size) + f64::from(mla.qk_rope_head_size);
                let rank = f64::from(mla.kv_lora_rank);
                let value = f64::from(mla.v_head_size);
                let (query_down, query_up) = mla.q_lora_rank.map_or((0.0, hidden), |rank| {
                    let rank = f64::from(rank);
                    (hidden * rank, rank)
                });
                let sliced = heads
                    * (query_up * query + rank * (f64::from(mla.qk_nope_head_size) + value) + value * hidden);
                (sliced, 0.0, query_down + hidden * (rank + f64::from(mla.qk_rope_head_size)))
            }
            None => {
                let head = hidden * f64::from(attention.head_size);
                let per_head = if attention.output_gate { 3.0 } else { 2.0 };
                (per_head * heads * head, 2.0 * kv_heads * head, 0.0)
            }
        };
        let matrices = if self.gated_mlp { 3.0 } else { 2.0 };
        let moe = self.moe.as_ref();
        LayerParameters {
            attention_sliced: sliced,
            attention_kv: kv,
            attention_latent: latent,
            linear_attention: attention.linear_parameters_per_layer.map(|count| count as f64),
            dense_mlp: matrices * hidden * f64::from(self.intermediate_size),
            expert: moe.map_or(0.0, |moe| matrices * hidden * f64::from(moe.expert_intermediate_size)),
            shared_experts: moe
                .map_or(0.0, |moe| matrices * hidden * f64::from(moe.shared_expert_intermediate_size)),
            router: moe.map_or(0.0, |moe| hidden * f64::from(moe.experts)),
            norms: 2.0 * hidden,
            embedding: f64::from(self.vocab_size) * hidden,
        }
    }
}

impl Model {
    /// Parameters by group. Mixers of linear layers whose size the catalog does not tell are what
    /// the other groups leave of the total.
    ///
    /// ```
    /// let llama = sizewell_data::catalog().model("Llama-3.1-8B-Instruct")?;
    /// assert_eq!(llama.parameters().total(), 8_030_261_248.0);
    /// assert_eq!(llama.parameters().lm_head, 128_256.0 * 4096.0);
    /// # Ok::<(), sizewell::Error>(())
    /// ```
    #[must_use]
    pub fn parameters(&self) -> ParameterCounts {
        let architecture = &self.architecture;
        let layer = architecture.layer_parameters();
        let moe_layers = f64::from(architecture.moe_layers());
        let experts = architecture.moe.as_ref().map_or(0.0, |moe| f64::from(moe.experts));
        let linear_layers = f64::from(architecture.attention.linear_layers);
        let mut counts = ParameterCounts {
            embedding: layer.embedding,
            attention: f64::from(architecture.attention_layers()) * layer.attention(),
            linear_attention: linear_layers * layer.linear_attention.unwrap_or(0.0),
            dense_mlp: f64::from(architecture.dense_mlp_layers()) * layer.dense_mlp,
            routed_experts: moe_layers * experts * layer.expert,
            shared_experts: moe_layers * layer.shared_experts,
            router: moe_layers * layer.router,
            norms: f64::from(architecture.layers) * layer.norms + f64::from(architecture.hidden_size),
            lm_head: if architecture.tied_embeddings { 0.0 } else { layer.embedding },
            other: 0.0,
        };
        let rest = (self.parameters_total as f64 - counts.total()).max(0.0);
        if linear_layers > 0.0 && layer.linear_attention.is_none() {
            counts.linear_attention = rest;
        } else {
            counts.other = rest;
        }
        counts
    }

    /// Whether a format's checkpoints quantise a group. Embedding, LM head, router and norms stay
    /// wide in all of them (vLLM's fp8 and compressed-tensors, GPTQ, AWQ, ModelOpt); OpenAI's mxfp4
    /// quantises routed experts only (gpt-oss model card, §2.1); NVIDIA's nvfp4 leaves latent
    /// attention wide (model card of DeepSeek-R1-NVFP4). In the checkpoint's own format its
    /// `wide_groups` are not quantised either.
    #[must_use]
    pub fn is_quantized(&self, group: ParameterGroup, format: WeightFormat) -> bool {
        let architecture = &self.architecture;
        if !format.is_quantized() || (format == self.weight_format && self.wide_groups.contains(&group)) {
            return false;
        }
        match group {
            ParameterGroup::RoutedExperts => true,
            ParameterGroup::Attention => match format {
                WeightFormat::Mxfp4 => architecture.moe.is_none(),
                WeightFormat::Nvfp4 => architecture.attention.mla.is_none(),
                _ => true,
            },
            ParameterGroup::LinearAttention | ParameterGroup::DenseMlp | ParameterGroup::SharedExperts => {
                format != WeightFormat::Mxfp4 || architecture.moe.is_none()
            }
            ParameterGroup::Other => architecture.moe.is_some() && !self.has_vision(),
            _ => false,
        }
    }

    /// Bytes of one weight of a group in a format, scales included. What is not quantised is in 16
    /// bits, or 32 where the format is.
    #[must_use]
    pub fn bytes_per_weight(&self, group: ParameterGroup, format: WeightFormat) -> f64 {
        if !self.is_quantized(group, format) {
            return format.wide().bytes_per_weight();
        }
        match (format, self.quantization_group_size) {
            (WeightFormat::W4a16, Some(size)) if format == self.weight_format => {
                0.5 + 2.0 / f64::from(size.max(1))
            }
            _ => format.bytes_per_weight(),
        }
    }

    /// Memory of the weights in a format, in GiB: every group in the bytes it has there.
    ///
    /// ```
    /// use sizewell::catalog::WeightFormat;
    /// let llama = sizewell_data::catalog().model("Llama-3.1-8B-Instruct")?;
    /// assert!((llama.weights_gib_in(WeightFormat::Fp8) - 8.46).abs() < 0.01);
    /// # Ok::<(), sizewell::Error>(())
    /// ```
    #[must_use]
    pub fn weights_gib_in(&self, format: WeightFormat) -> f64 {
        let counts = self.parameters();
        let bytes: f64 = ParameterGroup::ALL
            .into_iter()
            .map(|group| counts.of(group) * self.bytes_per_weight(group, format))
            .sum();
        bytes / BYTES_PER_GIB
    }

    /// The same model in another weight format, as an engine that quantises while loading or a
    /// quantised checkpoint has it: the id stays, the published size of the checkpoint does not.
    #[must_use]
    pub fn in_format(&self, format: WeightFormat) -> Self {
        if format == self.weight_format {
            return self.clone();
        }
        Self { weight_format: format, wide_groups: Vec::new(), checkpoint_gib: None, ..self.clone() }
    }

    pub(crate) fn has_vision(&self) -> bool {
        self.tasks.contains(&Task::Vision)
    }
}
