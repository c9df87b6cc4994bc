//! The time of an iteration from a GPU's data sheet and a model's configuration: each class of
//! operations takes the longer of its arithmetic and its memory traffic at the shares of the peaks
//! that such operations reach (Williams, Waterman and Patterson, "Roofline", 2009), and exchanges
//! between GPUs, layers, sequences and the iteration itself cost time of their own.
//!
//! Work of prompts is added to that of answers: weights are read once for both, and what a prompt
//! adds to an iteration is arithmetic.

mod coefficients;
mod error_model;
mod experts;
mod fitted;
mod work;

pub use coefficients::Coefficients;
pub use error_model::ErrorModel;

use super::memory::memory_plan;
use super::model::{Batch, EngineLimits, EngineModel, IterationTime, Scheduling};
use super::replica::Replica;
use super::speculation::Drafting;
use crate::error::{Error, ErrorCode, Result};
use crate::units::{powf, sqrt};
use experts::Experts;
use work::{Rates, Work};

/// One replica by its data sheet: see the module's text.
///
/// ```
/// use sizewell::engine::{Batch, EngineModel, Replica, Roofline};
/// let catalog = sizewell_data::catalog();
/// let replica = Replica::new(catalog.model("Llama-3.1-8B-Instruct")?, catalog.gpu("H100")?);
/// let engine = Roofline::new(&replica)?;
/// let (one, many) = (Batch::decode(1.0, 1000.0), Batch::decode(64.0, 1000.0));
/// assert!(engine.iteration_ms(&one) < engine.iteration_ms(&many));
/// assert!(engine.iteration_ms(&many) < 2.5 * engine.iteration_ms(&one));
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Roofline {
    /// Reading all weights but routed experts, and multiplying by them.
    dense: Work,
    head: Work,
    experts: Option<Experts>,
    /// Reading one token of context in all full layers, and in all windowed ones.
    context_ms: f64,
    window_context_ms: f64,
    window_tokens: f64,
    /// Reading and writing what linear layers keep of a sequence.
    state_ms: f64,
    /// Arithmetic of one token attending to one token of context.
    decode_attention_ms: f64,
    window_decode_attention_ms: f64,
    /// Arithmetic of one prompt token, and of one attending to one token.
    prompt_token_ms: f64,
    prompt_attention_ms: f64,
    window_prompt_attention_ms: f64,
    prompt_ms: f64,
    exchange_ms: f64,
    exchange_token_ms: f64,
    overhead_ms: f64,
    sequence_ms: f64,
    draft_ms: f64,
    draft_sequence_ms: f64,
    draft_share: f64,
    request_ms: f64,
    request_token_ms: f64,
    tokens_per_iteration: f64,
    drafting: Option<Drafting>,
    ranks: f64,
    stages: f64,
    stage_hop_ms: f64,
    limits: EngineLimits,
    queue: QueueCoefficients,
}

/// How a queue of prompts behaves: see [`Coefficients`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QueueCoefficients {
    /// Whether prompts run in iterations of their own, during which answers pause.
    pub prompts_first: bool,
    /// [`Coefficients::prompt_wait_ms`].
    pub prompt_wait_ms: f64,
    /// [`Coefficients::queue`].
    pub queue: f64,
    /// [`Coefficients::burst`] of the engine.
    pub burst: f64,
    /// [`Coefficients::burst_in_step`].
    pub burst_in_step: f64,
    /// [`Coefficients::pause`].
    pub pause: f64,
    /// [`Coefficients::admission`].
    pub admission: f64,
    /// [`Coefficients::balance`].
    pub balance: f64,
    /// [`Coefficients::capacity_wait`].
    pub capacity_wait: f64,
}

/// Time of a message between pipeline stages (aiconfigurator 0.12: point-to-point + 10 µs).
const HOP_MS: f64 = 0.01;

impl Roofline {
    /// A replica with the coefficients that were fitted to measured points.
    ///
    /// # Errors
    ///
    /// `invalid_value` for settings that the memory plan refuses or drafts out of range;
    /// `does_not_fit` with the arithmetic when the weights and one request do not fit.
    pub fn new(replica: &Replica<'_>) -> Result<Self> {
        Self::with(replica, &Coefficients::FITTED)
    }

    /// A replica with coefficients of the caller's.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn with(replica: &Replica<'_>, coefficients: &Coefficients) -> Result<Self> {
        replica.check()?;
        let memory = memory_plan(replica.model, replica.gpu, &replica.memory)?;
        if !memory.fits {
            let reason = memory.reason.unwrap_or_default();
            return Err(Error::new(ErrorCode::DoesNotFit, "gpu", reason));
        }
        Ok(Self::without_check(replica, coefficients, replica.limits(memory.kv_tokens)))
    }

    /// The times alone, with limits of the caller's and whether or not the replica fits: for
    /// deployments that are known to have run.
    #[must_use]
    pub fn without_check(replica: &Replica<'_>, coefficients: &Coefficients, limits: EngineLimits) -> Self {
        let rates = Rates::of(replica, coefficients);
        let c = coefficients;
        let backend = replica.backend;
        let architecture = &replica.model.architecture;
        let attention = &architecture.attention;
        let parallelism = replica.memory.parallelism;
        let tensor = f64::from(parallelism.tensor_parallel.max(1));
        let ranks = f64::from(parallelism.data_parallel.max(1));
        let gpus = tensor * ranks;
        let layers = f64::from(architecture.layers);
        let moe_layers = f64::from(architecture.moe_layers());
        let hidden = f64::from(architecture.hidden_size);
        let (dense, head) = (rates.dense(), rates.head());
        let experts = Experts::of(replica, coefficients, &rates);

        let windowed =
            if attention.sliding_window_tokens.is_some() { f64::from(attention.sliding_layers) } else { 0.0 };
        let full = f64::from(attention.full_layers) + f64::from(attention.sliding_layers) - windowed;
        let kv = rates.kv_row_ms();
        let (decode_flops, prompt_flops) = rates.attention_flops();
        let latent = if attention.mla.is_some() { c.prefill_attention_latent } else { 1.0 };
        let attend = decode_flops / (rates.peak_16 * c.decode_attention) * 1e3;
        let prompt_attend = prompt_flops / (rates.peak_16 * c.prefill_attention) * latent * 1e3;
        let state = attention.linear_state_bytes_per_layer.unwrap_or(0) as f64
            * f64::from(attention.linear_layers)
            / tensor;

        let of = |vllm, sglang, trtllm| Coefficients::of(backend, vllm, sglang, trtllm);
        let link = rates.link_bytes_per_second * c.link_bandwidth;
        let reduces = if tensor > 1.0 { 2.0 * layers } else { 0.0 };
        let swaps = if ranks > 1.0 { 2.0 * moe_layers } else { 0.0 };
        let reduce_ms = c.all_reduce_ms
            * of(c.all_reduce_vllm, c.all_reduce_sglang, c.all_reduce_trtllm)
            * sqrt(crate::units::log2(tensor.max(2.0)))
            * rates.link_latency_factor;
        let token_bytes = hidden * 2.0;
        let exchange_token_ms = (reduces / ranks * token_bytes * 2.0 * (tensor - 1.0) / tensor
            + swaps * token_bytes * (gpus - 1.0) / gpus)
            / link
            * 1e3;

        let quantized = rates.activations_layer_ms(c, backend);
        let overhead_ms = c.iteration_ms * of(c.iteration_vllm, c.iteration_sglang, c.iteration_trtllm)
            + c.layer_ms * of(c.layer_vllm, c.layer_sglang, c.layer_trtllm) * layers
            + c.expert_layer_ms
                * of(c.expert_layer_vllm, c.expert_layer_sglang, c.expert_layer_trtllm)
                * moe_layers
            + if attention.mla.is_some() { c.latent_layer_ms * layers } else { 0.0 }
            + c.linear_layer_ms * f64::from(attention.linear_layers)
            + c.sliding_layer_ms * f64::from(attention.sliding_layers)
            + if rates.shared_experts { c.shared_layer_ms * moe_layers } else { 0.0 }
            + quantized * layers;

        let work = c.prompt_work * of(c.prompt_work_vllm, c.prompt_work_sglang, c.prompt_work_trtllm);
        let expert_token_ms = experts.as_ref().map_or(0.0, |experts| experts.token_ms);
        let drafting = replica.speculation.resolved(c.acceptance.min(0.99));
        Self {
            context_ms: full * kv,
            window_context_ms: windowed * kv,
            window_tokens: attention.sliding_window_tokens.map_or(0.0, f64::from),
            state_ms: 2.0 * state / (rates.bandwidth * c.kv_bandwidth) * 1e3,
            decode_attention_ms: full * attend / tensor,
            window_decode_attention_ms: windowed * attend / tensor,
            prompt_token_ms: (dense.token_ms / ranks + expert_token_ms + exchange_token_ms) * work,
            prompt_attention_ms: full * prompt_attend / gpus * work,
            window_prompt_attention_ms: windowed * prompt_attend / gpus * work,
            prompt_ms: c.prompt_ms
                * of(c.prompt_vllm, c.prompt_sglang, c.prompt_trtllm)
                * (1.0 + c.prompt_parallel * (tensor - 1.0)),
            exchange_ms: reduces * reduce_ms + swaps * c.all_to_all_ms * rates.link_latency_factor,
            exchange_token_ms,
            overhead_ms,
            sequence_ms: c.sequence_ms * of(c.sequence_vllm, c.sequence_sglang, c.sequence_trtllm)
                + if replica.async_scheduling { 0.0 } else { c.sequence_synchronous_ms },
            draft_ms: c.draft_ms,
            draft_sequence_ms: c.draft_sequence_ms * of(c.draft_vllm, c.draft_sglang, c.draft_trtllm),
            draft_share: c.draft_share,
            request_ms: c.request_ms * of(c.request_vllm, c.request_sglang, c.request_trtllm)
                + (c.request_layer_ms * layers + c.request_expert_layer_ms * moe_layers)
                    * of(c.request_layer_vllm, c.request_layer_sglang, c.request_layer_trtllm),
            request_token_ms: c.request_kilotoken_ms / 1000.0,
            tokens_per_iteration: drafting.map_or(1.0, Drafting::tokens_per_iteration),
            drafting,
            ranks,
            stages: f64::from(parallelism.pipeline_parallel.max(1)),
            stage_hop_ms: HOP_MS * f64::from(parallelism.pipeline_parallel.max(1) - 1),
            limits,
            queue: QueueCoefficients {
                prompts_first: limits.scheduling == Scheduling::PrefillFirst,
                prompt_wait_ms: c.prompt_wait_ms,
                queue: c.queue,
                burst: c.burst * of(c.burst_vllm, c.burst_sglang, c.burst_trtllm),
                burst_in_step: c.burst_in_step,
                pause: if limits.scheduling == Scheduling::PrefillFirst { c.pause.min(1.0) } else { 1.0 },
                admission: c.admission,
                balance: c.balance,
                capacity_wait: c.capacity_wait,
            },
            dense,
            head,
            experts,
        }
    }

    /// Tokens that a sequence gets in one iteration: 1, or more with accepted drafts.
    #[must_use]
    pub fn tokens_per_iteration(&self) -> f64 {
        self.tokens_per_iteration
    }

    /// Its speculative decoding; `None` without drafts.
    #[must_use]
    pub fn drafting(&self) -> Option<Drafting> {
        self.drafting
    }

    /// Tokens of a draft.
    #[must_use]
    pub fn draft_tokens(&self) -> f64 {
        self.drafting.map_or(0.0, |drafting| f64::from(drafting.draft_tokens))
    }

    /// How its queue of prompts behaves.
    #[must_use]
    pub fn queue(&self) -> QueueCoefficients {
        self.queue
    }
}

impl EngineModel for Roofline {
    fn iteration(&self, batch: &Batch) -> IterationTime {
        let share = 1.0 / self.stages;
        let sequences = batch.decode_sequences * share / self.ranks;
        let tokens = batch.decode_tokens * share;
        let rank_tokens = tokens / self.ranks;
        let context = batch.decode_context_tokens * share / self.ranks;
        let windowed = context.min(sequences * self.window_tokens);
        let drafts = if sequences > 0.0 { (rank_tokens / sequences - 1.0).max(0.0) } else { 0.0 };
        let prompts = batch.prefill_sequences * share;
        let prompt_tokens = batch.prefill_tokens * share;
        let attended = batch.prefill_attended_tokens * share;

        let mut time = IterationTime::default();
        self.dense.spend(rank_tokens, &mut time);
        self.head.spend(rank_tokens, &mut time);
        if let Some(experts) = &self.experts {
            experts.spend(tokens, &mut time);
        }
        let read = context * self.context_ms + windowed * self.window_context_ms + sequences * self.state_ms;
        let attend = (1.0 + drafts)
            * (context * self.decode_attention_ms + windowed * self.window_decode_attention_ms);
        time.add_longer(read, attend);
        time.compute_ms += prompt_tokens * self.prompt_token_ms
            + attended * self.prompt_attention_ms
            + attended.min(prompt_tokens * self.window_tokens) * self.window_prompt_attention_ms;
        time.interconnect_ms += self.exchange_ms + tokens * self.exchange_token_ms + self.stage_hop_ms;
        time.overhead_ms += self.overhead_ms + sequences * self.sequence_ms + prompts * self.prompt_ms;
        if drafts > 0.0 {
            time.overhead_ms += self.draft_ms + sequences * drafts * self.draft_sequence_ms;
            let share = self.draft_share * drafts;
            time.bandwidth_ms += share * (time.bandwidth_ms + time.compute_ms + time.overhead_ms);
        }
        time
    }

    fn limits(&self) -> EngineLimits {
        self.limits
    }

    fn request_overhead_ms(&self) -> f64 {
        self.request_ms
    }

    fn request_overhead_ms_per_token(&self) -> f64 {
        self.request_token_ms
    }
}

/// `base^exponent` where the base may be 0.
fn power(base: f64, exponent: f64) -> f64 {
    if base > 0.0 { powf(base, exponent) } else { 0.0 }
}
