//! The stages of a pipeline, and the weights on one GPU of each.

use serde::{Deserialize, Serialize};

use crate::catalog::{Model, ParameterGroup, WeightFormat};
use crate::engine::Parallelism;
use crate::units::BYTES_PER_GIB;

/// Kernels for mxfp4 experts work on widths that are multiples of this, and engines pad the weights
/// (vLLM's mxfp4 backends): gpt-oss's 2,880 become 3,072, and the 60.8 GiB of the 120B checkpoint
/// the 64.4 that vLLM reports.
const MXFP4_WIDTH_MULTIPLE: u32 = 256;

/// A stage of a pipeline: those between the first and the last are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PipelineStage {
    /// There is one stage, with all layers.
    #[default]
    Only,
    /// The first, with the embedding.
    First,
    /// One between the first and the last.
    Middle,
    /// The last, with the LM head.
    Last,
}

pub(super) use PipelineStage as Stage;

impl Stage {
    /// The stages that a pipeline has.
    pub(super) fn all(parallelism: Parallelism) -> impl Iterator<Item = Self> {
        let stages: &[Self] = match parallelism.pipeline_parallel {
            0 | 1 => &[Self::Only],
            2 => &[Self::Last, Self::First],
            _ => &[Self::Last, Self::First, Self::Middle],
        };
        stages.iter().copied()
    }

    pub(super) const fn has_embedding(self) -> bool {
        matches!(self, Self::Only | Self::First)
    }

    pub(super) const fn has_lm_head(self) -> bool {
        matches!(self, Self::Only | Self::Last)
    }

    /// Layers of the stage: an equal number, and what is left over one each from the last stage but
    /// one backwards (vLLM, `get_pp_indices`).
    pub(super) fn layers(self, model: &Model, parallelism: Parallelism) -> u32 {
        let stages = parallelism.pipeline_parallel.max(1);
        let (each, left) = (model.architecture.layers / stages, model.architecture.layers % stages);
        match self {
            Self::Only => model.architecture.layers,
            Self::First => each + u32::from(left + 1 == stages && left > 0),
            Self::Middle => each + u32::from(left > 0),
            Self::Last => each,
        }
    }

    /// The same as a share of all layers; kinds of layers are taken to be spread evenly.
    pub(super) fn share_of_layers(self, model: &Model, parallelism: Parallelism) -> f64 {
        f64::from(self.layers(model, parallelism)) / f64::from(model.architecture.layers.max(1))
    }

    /// Whether the dense layers of a model with experts are its first, all on the first stage
    /// (DeepSeek, GLM, Kimi); else kinds of layers are taken to be spread evenly.
    fn dense_layers_lead(model: &Model, parallelism: Parallelism) -> bool {
        let architecture = &model.architecture;
        let (dense, moe) = (architecture.dense_mlp_layers(), architecture.moe_layers());
        parallelism.pipeline_parallel > 1
            && dense < Self::First.layers(model, parallelism)
            && dense < moe / 4
            && dense.checked_add(moe) == Some(architecture.layers)
    }

    /// Layers of the stage with experts, as a share of all such.
    fn share_of_moe_layers(self, model: &Model, parallelism: Parallelism) -> f64 {
        if !Self::dense_layers_lead(model, parallelism) {
            return self.share_of_layers(model, parallelism);
        }
        let architecture = &model.architecture;
        let dense = if self == Self::First { architecture.dense_mlp_layers() } else { 0 };
        f64::from(self.layers(model, parallelism).saturating_sub(dense))
            / f64::from(architecture.moe_layers())
    }

    /// Layers of the stage with a dense MLP, as a share of all such.
    fn share_of_dense_layers(self, model: &Model, parallelism: Parallelism) -> f64 {
        match (Self::dense_layers_lead(model, parallelism), self) {
            (false, _) => self.share_of_layers(model, parallelism),
            (true, Self::First) => 1.0,
            (true, _) => 0.0,
        }
    }
}

/// Memory of the weights on one GPU of a pipeline stage, in GiB, with the tables of rotary
/// embedding that an engine keeps beside them.
///
/// Sliced over tensor-parallel GPUs: embedding, LM head, MLPs, shared experts, attention by heads
/// (KV heads repeated where there are fewer than GPUs). Whole on each: norms, routers, the
/// down-projections to latents, vision towers. Routed experts are spread over all GPUs of the
/// stage. Embedding and LM head are on the first and the last stage, or, shared, on both.
///
/// `parallelism` is taken as checked ([`Parallelism::check`]).
#[must_use]
pub fn weights_gib_per_gpu(
    model: &Model,
    format: WeightFormat,
    parallelism: Parallelism,
    stage: PipelineStage,
) -> f64 {
    let architecture = &model.architecture;
    let (counts, layer) = (model.parameters(), architecture.layer_parameters());
    let tensor = f64::from(parallelism.tensor_parallel.max(1));
    let share = stage.share_of_layers(model, parallelism);
    let moe_share = stage.share_of_moe_layers(model, parallelism);
    let dense_share = stage.share_of_dense_layers(model, parallelism);
    let kv_heads = f64::from(architecture.attention.kv_heads.max(1));
    let kv_share = f64::from(parallelism.kv_heads_per_gpu(architecture.attention.kv_heads)) / kv_heads;
    let attention = f64::from(architecture.attention_layers())
        * (layer.attention_sliced / tensor + layer.attention_kv * kv_share + layer.attention_latent);
    let head_here = stage.has_lm_head();
    let bytes: f64 = ParameterGroup::ALL
        .into_iter()
        .map(|group| {
            let parameters = match group {
                ParameterGroup::Embedding => {
                    let here = stage.has_embedding() || (head_here && architecture.tied_embeddings);
                    if here { counts.embedding / tensor } else { 0.0 }
                }
                ParameterGroup::LmHead => {
                    if head_here {
                        counts.lm_head / tensor
                    } else {
                        0.0
                    }
                }
                ParameterGroup::Attention => share * attention,
                ParameterGroup::LinearAttention => share * counts.linear_attention / tensor,
                ParameterGroup::DenseMlp => dense_share * counts.dense_mlp / tensor,
                ParameterGroup::SharedExperts => moe_share * counts.shared_experts / tensor,
                ParameterGroup::RoutedExperts => {
                    moe_share * counts.routed_experts * expert_share(model, format, parallelism)
                }
                ParameterGroup::Router => moe_share * counts.router,
                ParameterGroup::Norms => share * counts.norms,
                ParameterGroup::Other if model.has_vision() => {
                    if stage.has_embedding() {
                        counts.other
                    } else {
                        0.0
                    }
                }
                ParameterGroup::Other => share * counts.other / tensor,
            };
            parameters * model.bytes_per_weight(group, format)
        })
        .sum();
    (bytes + rotary_bytes(model, format)) / BYTES_PER_GIB
}

/// Share of all routed experts of a layer on one GPU: whole experts to a group, slices of them to
/// its GPUs.
fn expert_share(model: &Model, format: WeightFormat, parallelism: Parallelism) -> f64 {
    let Some(moe) = &model.architecture.moe else { return 0.0 };
    let experts = moe.experts.max(1);
    let in_group = f64::from(experts.div_ceil(parallelism.expert_parallel.max(1)));
    let padding = if format == WeightFormat::Mxfp4 {
        let width = model.architecture.hidden_size.max(1);
        f64::from(width.next_multiple_of(MXFP4_WIDTH_MULTIPLE)) / f64::from(width)
    } else {
        1.0
    };
    padding * in_group / f64::from(experts) / f64::from(parallelism.expert_tensor_parallel())
}

/// Sines and cosines of every position, kept on each GPU in the width of activations: one table of
/// context × rotated width. It is what vLLM reports above the parameters (14.99 GiB for the 14.96
/// of Llama 3.1 8B, whole on each GPU whatever the parallelism).
fn rotary_bytes(model: &Model, format: WeightFormat) -> f64 {
    let attention = &model.architecture.attention;
    let width = attention.mla.as_ref().map_or(attention.head_size, |mla| mla.qk_rope_head_size);
    f64::from(model.context_tokens) * f64::from(width) * format.wide().bytes_per_weight()
}
