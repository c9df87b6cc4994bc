//! Does it fit, with how much room, and why not.

use serde::{Deserialize, Serialize};

use super::kv::{BLOCK_TOKENS, KvCost};
use super::options::{MemoryOptions, Setting};
use super::stage::{PipelineStage, weights_gib_per_gpu};
use crate::catalog::{Gpu, Model};
use crate::engine::Parallelism;
use crate::error::Result;
use crate::units::{BYTES_PER_GIB, check_count};

/// Memory of one GPU of a deployment, in GiB, and what its KV cache holds. The GPU is one of the
/// pipeline stage that has room for the fewest sequences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MemoryPlan {
    /// How the model is spread over GPUs.
    pub parallelism: Parallelism,
    /// The stage that has room for the fewest sequences; the figures of one GPU are of this stage.
    pub stage: PipelineStage,
    /// Memory that the engine may take of one GPU: its physical memory × utilisation.
    pub usable_gib_per_gpu: f64,
    /// Weights on one GPU.
    pub weights_gib_per_gpu: f64,
    /// Peak of activations on one GPU.
    pub activation_gib_per_gpu: f64,
    /// Memory outside the framework on one GPU: the driver's, and buffers of communication.
    pub non_torch_gib_per_gpu: f64,
    /// CUDA graphs on one GPU: in the memory that the utilisation leaves, as far as it holds them.
    pub cuda_graph_gib_per_gpu: f64,
    /// All that is neither weights nor KV cache and comes out of the usable memory: activations,
    /// memory outside the framework, and CUDA graphs that fit nowhere else.
    pub reserve_gib_per_gpu: f64,
    /// What is left for the KV cache on one GPU; negative when the weights do not fit.
    pub kv_pool_gib_per_gpu: f64,
    /// Tokens of one request, prompt and answer, that the counts below are for.
    pub request_tokens: u32,
    /// What one such request keeps in the KV cache of one GPU, in GiB.
    pub request_gib_per_gpu: f64,
    /// Tokens that the KV cache of the whole deployment holds in requests of that length, in blocks
    /// of 16: the figure that vLLM reports. (With sliding windows vLLM reports less: it reckons a
    /// chunk of a prompt to every request, though all requests share one chunk.)
    pub kv_tokens: u64,
    /// Requests of that length that the KV cache of the deployment holds at the same time.
    pub concurrent_requests: u64,
    /// The longest request that the KV cache holds, in tokens, at most the model's context; 0 when
    /// the weights do not fit.
    pub largest_context_tokens: u32,
    /// Whether weights and one request (one in each data-parallel rank) at least fit.
    pub fits: bool,
    /// Why it does not fit, with the arithmetic; `None` when it does.
    pub reason: Option<String>,
}

/// One GPU of a stage.
#[derive(Debug, Clone)]
struct StageMemory {
    stage: PipelineStage,
    weights: f64,
    activation: f64,
    graphs: f64,
    reserve: f64,
    pool: f64,
    cost: KvCost,
    chunk: f64,
}

impl StageMemory {
    fn of(setting: &Setting<'_>, stage: PipelineStage) -> Self {
        let physical = setting.gpu.memory_physical_gib;
        let usable = physical * setting.utilization;
        let weights = weights_gib_per_gpu(setting.model, setting.format, setting.parallelism, stage);
        let activation = setting.activation_gib(stage);
        let graphs = setting.cuda_graph_gib(stage);
        let reserve = activation + setting.non_torch_gib() + (graphs - (physical - usable)).max(0.0);
        let cost = KvCost::of(setting.model, setting.parallelism, setting.kv_bytes, stage);
        let (pool, chunk) = (usable - weights - reserve, setting.batched_tokens);
        Self { stage, weights, activation, graphs, reserve, pool, cost, chunk }
    }

    /// Bytes of the pool for sequences of `tokens` tokens, beside the chunk that is being prefilled.
    fn bytes_for(&self, tokens: f64) -> f64 {
        self.pool * BYTES_PER_GIB - self.cost.prefill_bytes(tokens, self.chunk)
    }

    /// Sequences that the pool holds, a part of one counted; below 0 when the weights do not fit.
    fn sequences(&self, tokens: f64) -> f64 {
        self.bytes_for(tokens) / self.cost.bytes(tokens).max(1.0)
    }

    fn whole_sequences(&self, tokens: f64) -> u64 {
        (self.bytes_for(tokens).max(0.0) / self.cost.bytes_in_blocks(tokens).max(1.0)).floor() as u64
    }

    fn holds(&self, tokens: u32) -> bool {
        self.whole_sequences(f64::from(tokens)) >= 1
    }
}

/// Whether a model fits, with how much room for the KV cache, and why not.
///
/// pool = physical memory × utilisation − weights − activations − memory outside the framework, on
/// each GPU, as vLLM reckons it. Data-parallel ranks serve sequences of their own, so their caches
/// add up; pipeline stages keep their own layers of every sequence, so the fullest one limits.
///
/// ```
/// use sizewell::engine::{MemoryOptions, Parallelism, memory_plan};
/// let catalog = sizewell_data::catalog();
/// let (llama, h100) = (catalog.model("Llama-3.3-70B-Instruct")?, catalog.gpu("H100")?);
/// let mut options = MemoryOptions { request_tokens: Some(16_384), ..MemoryOptions::default() };
/// let reason = memory_plan(llama, h100, &options)?.reason.unwrap_or_default();
/// assert!(reason.starts_with("131.4 GiB of weights"), "{reason}");
/// options.parallelism = Parallelism::tensor(4);
/// assert!(memory_plan(llama, h100, &options)?.fits);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `invalid_value` with the field's path and what is allowed: `parallelism.tensor_parallel` and the
/// like ([`Parallelism::check`]), `gpu_memory_utilization`, `max_num_seqs`,
/// `max_num_batched_tokens`, `request_tokens`.
pub fn memory_plan(model: &Model, gpu: &Gpu, options: &MemoryOptions) -> Result<MemoryPlan> {
    Ok(plan(&options.resolve(model, gpu)?))
}

/// The smallest tensor parallelism of 1, 2, 4, … up to `most` at which the model fits, with its
/// plan; `None` when it fits at none. What [`MemoryOptions`] says of it is not regarded, and a size
/// that the model's heads or experts cannot be split by is passed over.
///
/// ```
/// use sizewell::engine::{MemoryOptions, smallest_tensor_parallel};
/// let catalog = sizewell_data::catalog();
/// let (llama, h100) = (catalog.model("Llama-3.3-70B-Instruct")?, catalog.gpu("H100")?);
/// let options = MemoryOptions { request_tokens: Some(16_384), ..MemoryOptions::default() };
/// let plan = smallest_tensor_parallel(llama, h100, &options, 8)?;
/// assert_eq!(plan.map(|plan| plan.parallelism.tensor_parallel), Some(4));
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// As [`memory_plan`] for every other field; `invalid_value` at `most` unless 1 to 4,096.
pub fn smallest_tensor_parallel(
    model: &Model,
    gpu: &Gpu,
    options: &MemoryOptions,
    most: u32,
) -> Result<Option<MemoryPlan>> {
    check_count("most", most.into(), 1, 4096)?;
    let single = Parallelism { tensor_parallel: 1, expert_parallel: 1, ..options.parallelism };
    MemoryOptions { parallelism: single, ..*options }.resolve(model, gpu)?;
    for tensor_parallel in (0..=12).map(|power| 1 << power).take_while(|size| *size <= most) {
        let parallelism = Parallelism { tensor_parallel, ..options.parallelism };
        if parallelism.check(model).is_err() {
            continue;
        }
        let planned = memory_plan(model, gpu, &MemoryOptions { parallelism, ..*options })?;
        if planned.fits {
            return Ok(Some(planned));
        }
    }
    Ok(None)
}

/// What a deployment's memory has room for, made ready for requests of many lengths.
#[derive(Debug, Clone)]
pub(crate) struct MemoryRoom {
    /// One of each kind, at least one.
    stages: Vec<StageMemory>,
    ranks: u64,
    usable_gib_per_gpu: f64,
}

/// What [`MemoryPlan`] says of the fields of the same names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RoomFor {
    pub fits: bool,
    pub kv_tokens: u64,
    pub kv_pool_gib_per_gpu: f64,
    pub concurrent_requests: u64,
}

impl MemoryRoom {
    /// As [`memory_plan`], whose `request_tokens` are not regarded.
    pub(crate) fn new(model: &Model, gpu: &Gpu, options: &MemoryOptions) -> Result<Self> {
        Ok(Self::of(&MemoryOptions { request_tokens: None, ..*options }.resolve(model, gpu)?))
    }

    fn of(setting: &Setting<'_>) -> Self {
        Self {
            stages: PipelineStage::all(setting.parallelism)
                .map(|stage| StageMemory::of(setting, stage))
                .collect(),
            ranks: u64::from(setting.parallelism.data_parallel.max(1)),
            usable_gib_per_gpu: setting.gpu.memory_physical_gib * setting.utilization,
        }
    }

    pub(crate) fn usable_gib_per_gpu(&self) -> f64 {
        self.usable_gib_per_gpu
    }

    /// The stage that has room for the fewest sequences, and the whole sequences that all hold.
    fn limiting(&self, tokens: f64) -> (Option<&StageMemory>, u64) {
        let mut limiting: Option<(f64, &StageMemory)> = None;
        let mut whole = u64::MAX;
        for stage in &self.stages {
            whole = whole.min(stage.whole_sequences(tokens));
            let sequences = stage.sequences(tokens);
            if limiting.is_none_or(|(fewest, _)| sequences < fewest) {
                limiting = Some((sequences, stage));
            }
        }
        (limiting.map(|(_, stage)| stage), whole)
    }

    /// What there is room for in requests of so many tokens.
    pub(crate) fn of_requests(&self, tokens: u32) -> RoomFor {
        let tokens = f64::from(tokens);
        let (limiting, whole) = self.limiting(tokens);
        let held = limiting.map_or(0.0, |stage| stage.sequences(tokens).max(0.0) * tokens);
        RoomFor {
            fits: limiting.is_some() && whole >= 1,
            kv_tokens: (((held / BLOCK_TOKENS).floor() * BLOCK_TOKENS) as u64).saturating_mul(self.ranks),
            kv_pool_gib_per_gpu: limiting.map_or(0.0, |stage| stage.pool),
            concurrent_requests: whole.saturating_mul(self.ranks),
        }
    }
}

fn plan(setting: &Setting<'_>) -> MemoryPlan {
    let tokens = f64::from(setting.request_tokens);
    let all = MemoryRoom::of(setting);
    let room = all.of_requests(setting.request_tokens);
    let (limiting, _) = all.limiting(tokens);
    let only = StageMemory::of(setting, PipelineStage::Only);
    let limiting = limiting.unwrap_or(&only);
    let longest = all.stages.iter().map(|stage| longest_context(stage, setting.model.context_tokens)).min();
    MemoryPlan {
        parallelism: setting.parallelism,
        stage: limiting.stage,
        usable_gib_per_gpu: all.usable_gib_per_gpu,
        weights_gib_per_gpu: limiting.weights,
        activation_gib_per_gpu: limiting.activation,
        non_torch_gib_per_gpu: setting.non_torch_gib(),
        cuda_graph_gib_per_gpu: limiting.graphs,
        reserve_gib_per_gpu: limiting.reserve,
        kv_pool_gib_per_gpu: limiting.pool,
        request_tokens: setting.request_tokens,
        request_gib_per_gpu: limiting.cost.bytes_in_blocks(tokens) / BYTES_PER_GIB,
        kv_tokens: room.kv_tokens,
        concurrent_requests: room.concurrent_requests,
        largest_context_tokens: longest.unwrap_or(0),
        fits: room.fits,
        reason: (!room.fits).then(|| reason(setting, limiting)),
    }
}

/// The longest request that a stage holds, by bisection.
fn longest_context(memory: &StageMemory, most: u32) -> u32 {
    if memory.holds(most) {
        return most;
    }
    let (mut held, mut too_long) = (0, most);
    while too_long - held > 1 {
        let middle = held + (too_long - held) / 2;
        if memory.holds(middle) {
            held = middle;
        } else {
            too_long = middle;
        }
    }
    held
}

fn reason(setting: &Setting<'_>, memory: &StageMemory) -> String {
    let tokens = f64::from(setting.request_tokens);
    let prefilled = memory.cost.prefill_bytes(tokens, memory.chunk);
    let request = (memory.cost.bytes_in_blocks(tokens) + prefilled) / BYTES_PER_GIB;
    let physical = setting.gpu.memory_physical_gib;
    let usable = physical * setting.utilization;
    let needed = memory.weights + memory.reserve + request;
    let (weights, reserve) = (memory.weights, memory.reserve);
    format!(
        "{weights:.1} GiB of weights + {reserve:.1} GiB of activations and buffers + {request:.2} GiB for one \
         request of {} tokens = {needed:.1} GiB on one GPU, of which {usable:.1} GiB may be used ({physical:.1} \
         GiB × {}): {:.1} GiB short",
        setting.request_tokens,
        setting.utilization,
        (needed - usable).max(0.0)
    )
}
