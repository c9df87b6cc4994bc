//! Memory that is neither weights nor KV cache: activations, communication buffers, CUDA graphs.
//!
//! vLLM measures activations at start by one iteration of `max_num_batched_tokens` tokens, of which
//! `max_num_seqs` are sampled with top-k and top-p. The peak is in the sampler or in an MLP; this is
//! what must be held then, with four constants fitted to what vLLM 0.19 reported on H100 for 13
//! families of models (llm-d-planner 0.3.3, accuracy report):
//!
//! | GiB | reported | this | | reported | this |
//! | --- | --- | --- | --- | --- | --- |
//! | Llama 3.1 8B | 1.89 | 1.91 | DeepSeek-V2-Lite | 1.93 | 1.91 |
//! | the same, fp32 | 2.20 | 2.21 | Qwen1.5-MoE-A2.7B | 2.47 | 2.45 |
//! | the same, first of 4 stages | 1.05 | 1.04 | Qwen3-30B-A3B | 2.68 | 2.53 |
//! | Qwen3 8B | 2.21 | 2.22 | Gemma 2 9B | 3.65 | 3.60 |
//! | the same, first of 3 stages | .96 | .94 | Gemma 3 12B | 3.94 | 3.89 |
//! | Qwen2.5 7B | 2.25 | 2.22 | Mistral Small 3.1 | 2.10 | 2.16 |
//! | Phi-4 | 1.52 | 1.55 | Granite 3.1 8B | .85 | .85 |
//! | Llama 3.1 8B, first of 2 stages | 1.10 | 1.04 | Mixtral 8x7B, 2 GPUs | 1.21 | 1.28 |
//!
//! The report names families, so the checkpoints are those of the catalog that come nearest; fp32 is
//! what its KV pool leaves. vLLM 0.11 held some 38 bytes a logit where 0.19 holds 14.

use super::options::{MemoryOptions, Setting};
use super::stage::{PipelineStage, Stage};
use crate::catalog::{Gpu, Model};
use crate::error::Result;
use crate::units::BYTES_PER_GIB;

/// Libraries' workspaces and what a runtime keeps, in GiB: fitted, see the module's table.
const WORKSPACE_GIB: f64 = 0.13;
/// What the sampler holds for each logit besides the logit itself, in bytes: its 32-bit copy,
/// sorted, and a 64-bit index; fitted, see the module's table.
const SAMPLER_BYTES_PER_LOGIT: f64 = 12.0;
/// What a vision tower's own peak adds, in GiB: fitted, see the module's table (0.17 for Mistral
/// Small 3.1, 0.26 for Gemma 3).
const VISION_GIB: f64 = 0.2;

/// Memory outside the framework on a single GPU, in GiB (vLLM 0.19 on H100, llm-d-planner 0.3.3).
const NON_TORCH_GIB_SINGLE: f64 = 0.25;
/// The same with the buffers of collective operations (2.07 on two GPUs, 2.13 on four).
const NON_TORCH_GIB_COLLECTIVE: f64 = 2.1;
/// The same where GPUs only hand activations on, in a pipeline (0.07 on two, three and four).
const NON_TORCH_GIB_PIPELINE: f64 = 0.07;

/// CUDA graphs, in GiB a layer: what vLLM logs lies from 0.004 (Qwen3 0.6B) over 0.013 (Llama 3.2
/// 1B, vLLM pull request 11349) and 0.016 (gpt-oss-20b) to 0.029 (gpt-oss-120b; llm-d-planner,
/// vLLM 0.11). An order of magnitude, which the rest of the GPU's memory takes in as a rule.
const CUDA_GRAPH_GIB_PER_LAYER: f64 = 0.016;

/// Peak of activations on one GPU of a pipeline stage, in GiB: what the sampler holds for each
/// logit of `max_num_seqs` sequences, or what the widest layer holds for `max_num_batched_tokens`
/// tokens, with the buffers of experts' kernels. Tensor parallelism slices the layers, not the
/// logits; only the last stage of a pipeline has logits.
///
/// # Errors
///
/// As [`memory_plan`](crate::engine::memory_plan).
pub fn activation_gib_per_gpu(
    model: &Model,
    gpu: &Gpu,
    options: &MemoryOptions,
    stage: PipelineStage,
) -> Result<f64> {
    Ok(options.resolve(model, gpu)?.activation_gib(stage))
}

impl Setting<'_> {
    /// Peak of activations on one GPU of a stage, in GiB.
    pub(super) fn activation_gib(&self, stage: Stage) -> f64 {
        let architecture = &self.model.architecture;
        let width = self.format.wide().bytes_per_weight();
        let residual = self.batched_tokens * f64::from(architecture.hidden_size) * width;
        let sampler = if stage.has_lm_head() {
            let logits = self.sequences * f64::from(architecture.vocab_size);
            logits * (width + SAMPLER_BYTES_PER_LOGIT) + residual
        } else {
            0.0
        };
        // What a stage of a pipeline receives and what it sends: stream and residual.
        let handed_on = if stage == Stage::Only { 0.0 } else { 2.0 * residual };
        let layer = self.batched_tokens * self.widest_layer() * width + 2.0 * residual + handed_on;
        let vision = if self.model.has_vision() && stage.has_embedding() { VISION_GIB } else { 0.0 };
        (sampler.max(layer) + self.expert_workspace_bytes(width)) / BYTES_PER_GIB + WORKSPACE_GIB + vision
    }

    /// Numbers that one token's widest layer holds beside the stream, on one GPU: gate, up and
    /// their product in an MLP; queries, keys, values and the output in attention.
    fn widest_layer(&self) -> f64 {
        let architecture = &self.model.architecture;
        let attention = &architecture.attention;
        let tensor = f64::from(self.parallelism.tensor_parallel.max(1));
        let parts = if architecture.gated_mlp { 3.0 } else { 2.0 };
        let mlp = if architecture.dense_mlp_layers() > 0 { architecture.intermediate_size } else { 0 };
        let shared = architecture.moe.as_ref().map_or(0, |moe| moe.shared_expert_intermediate_size);
        let heads = 2.0 * f64::from(attention.heads) / tensor
            + 2.0 * f64::from(self.parallelism.kv_heads_per_gpu(attention.kv_heads));
        let mixer = architecture.layer_parameters().linear_attention.unwrap_or(0.0)
            / f64::from(architecture.hidden_size.max(1));
        (parts * f64::from(mlp.max(shared)) / tensor)
            .max(heads * f64::from(attention.head_size))
            .max(mixer / tensor)
    }

    /// Buffers of the routed experts' kernels, which vLLM keeps: for each token and each of its
    /// experts one as wide as gate and up, or as the stream, and one as wide as their product.
    fn expert_workspace_bytes(&self, width: f64) -> f64 {
        let architecture = &self.model.architecture;
        let Some(moe) = &architecture.moe else { return 0.0 };
        let expert =
            f64::from(moe.expert_intermediate_size) / f64::from(self.parallelism.expert_tensor_parallel());
        let parts = if architecture.gated_mlp { 2.0 } else { 1.0 };
        let wide = (parts * expert).max(f64::from(architecture.hidden_size)) + expert;
        self.batched_tokens * f64::from(moe.experts_per_token) * wide * width
    }

    /// Memory outside the framework on one GPU, in GiB.
    pub(super) fn non_torch_gib(&self) -> f64 {
        let parallelism = self.parallelism;
        let exchanging = if self.model.architecture.moe.is_some() {
            parallelism.stage_gpus()
        } else {
            parallelism.tensor_parallel
        };
        match (exchanging, parallelism.pipeline_parallel) {
            (2.., _) => NON_TORCH_GIB_COLLECTIVE,
            (_, 2..) => NON_TORCH_GIB_PIPELINE,
            _ => NON_TORCH_GIB_SINGLE,
        }
    }

    /// CUDA graphs on one GPU of a stage, in GiB.
    pub(super) fn cuda_graph_gib(&self, stage: Stage) -> f64 {
        CUDA_GRAPH_GIB_PER_LAYER * f64::from(stage.layers(self.model, self.parallelism))
    }
}
