//! One configuration of a model on a GPU, ready to be asked for latencies.

use super::demand::{Demand, LEAST_ROOM};
use super::evidence::{Bias, Evidence};
use super::kernels::{keeps_kv_in_8_bits, quantizes_online};
use super::loaded::Loaded;
use crate::catalog::{Gpu, Model, WeightFormat};
use crate::engine::{
    Batch, Coefficients, EngineLimits, EngineModel, IterationTime, KvDtype, MemoryOptions, MemoryPlan,
    MemoryRoom, Parallelism, Replica, Roofline, memory_plan, planned_memory_options,
};
use crate::error::Result;
use crate::queueing::{Deployment, Predictor};

/// Sizes of tensor parallelism that are tried: those of one node, which is what a pod can have.
const TENSOR_PARALLEL: [u32; 4] = [1, 2, 4, 8];

/// Numbers of replicas from which on they are taken to be as good as idle, over the fewest.
const FAR: f64 = 1.3;

/// The engine model at a deployment's own pace, the handling of a prompt's tokens in its overhead.
#[derive(Debug, Clone)]
pub(super) struct Engine {
    pub roofline: Roofline,
    pace: f64,
    overhead_ms: f64,
}

impl EngineModel for Engine {
    fn iteration(&self, batch: &Batch) -> IterationTime {
        let time = self.roofline.iteration(batch);
        IterationTime {
            compute_ms: time.compute_ms * self.pace,
            bandwidth_ms: time.bandwidth_ms * self.pace,
            interconnect_ms: time.interconnect_ms * self.pace,
            overhead_ms: time.overhead_ms * self.pace,
        }
    }

    fn iteration_ms(&self, batch: &Batch) -> f64 {
        self.roofline.iteration_ms(batch) * self.pace
    }

    fn limits(&self) -> EngineLimits {
        self.roofline.limits()
    }

    fn request_overhead_ms(&self) -> f64 {
        self.overhead_ms
    }
}

/// One configuration of a model on a GPU, and what bounds its latencies and its cost. Its engine is
/// made again when it is asked for: most are never.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub setting: Setting,
    pub bias: Bias,
    /// The highest rate that one replica sustains, in requests per second.
    pub stable_qps: f64,
    /// GPUs below which the load is too high, whatever the targets.
    pub least_gpus: f64,
    /// Time of a request that nobody shares the replica with, a lower bound of it.
    pub alone_ms: f64,
    /// Lower bounds of time to first token and inter-token latency.
    pub floors_ms: (f64, f64),
    /// Lower bounds of the latencies over their targets, the largest.
    pub floor_ratio: f64,
    /// The latency score that the lower bounds would have.
    pub floor_marks: f64,
    /// The same of any number of GPUs below `far_gpus`.
    pub near_marks: f64,
    pub far_gpus: f64,
}

/// What tells the configurations of a model on a GPU apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Setting {
    /// Whether weights are quantised to fp8 while loading.
    pub online_fp8: bool,
    pub kv: KvDtype,
    pub tensor_parallel: u32,
    pub pipeline_parallel: u32,
}

impl Setting {
    pub fn gpus(self) -> u32 {
        self.tensor_parallel * self.pipeline_parallel
    }

    /// How many numbers are stored in fewer bits than the checkpoint's maker meant.
    pub fn altered(self) -> u32 {
        u32::from(self.online_fp8) + u32::from(self.kv != KvDtype::Auto)
    }

    /// Whether two settings are alike but for the cache.
    pub fn differs_in_cache(self, other: Self) -> bool {
        self != other && Self { kv: other.kv, ..self } == other
    }

    pub fn parallelism(self) -> Parallelism {
        Parallelism {
            tensor_parallel: self.tensor_parallel,
            pipeline_parallel: self.pipeline_parallel,
            ..Parallelism::default()
        }
    }

    /// The options that memory is planned with and the engine is run with.
    pub fn memory_options(self, gpu: &Gpu, demand: &Demand) -> MemoryOptions {
        let mut options = planned_memory_options(gpu, self.parallelism(), demand.lengths);
        options.weight_format = self.online_fp8.then_some(WeightFormat::Fp8);
        options.kv_dtype = self.kv;
        options
    }

    /// The memory of one GPU, where the model can be spread so.
    pub fn memory(self, model: &Model, gpu: &Gpu, demand: &Demand) -> Option<MemoryPlan> {
        memory_plan(model, gpu, &self.memory_options(gpu, demand)).ok()
    }
}

/// What is the same for all configurations of a model.
pub(super) struct ModelFacts {
    /// Weights as stored, and in fp8, in GiB.
    stored_gib: f64,
    fp8_gib: f64,
    /// Whether the catalog has an fp8 checkpoint of the same base.
    has_fp8_checkpoint: bool,
}

impl ModelFacts {
    pub fn new(model: &Model, has_fp8_checkpoint: bool) -> Self {
        Self {
            stored_gib: model.weights_gib_in(model.weight_format),
            fp8_gib: model.weights_gib_in(WeightFormat::Fp8),
            has_fp8_checkpoint,
        }
    }
}

/// Why there is no configuration.
pub(super) enum NoRoom {
    /// Heads and layers cannot be split so.
    Spread,
    /// The nearest plan that does not fit, or with too little room.
    Memory(Box<MemoryPlan>),
}

/// A pair of model and GPU, with what its configurations share.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub model: &'a Model,
    pub gpu: &'a Gpu,
    pub facts: &'a ModelFacts,
    pub base: usize,
    pub gpu_position: usize,
    pub demand: &'a Demand,
    pub evidence: &'a Evidence,
}

impl Pair<'_> {
    /// Tensor and pipeline parallelism that the model may be spread by, in order: each size of tensor
    /// parallelism within the domain, and at last two stages of the largest.
    pub fn spreads(&self) -> impl Iterator<Item = (u32, u32)> {
        let domain = self.gpu.interconnect.domain_gpus.max(1);
        let sizes =
            move || TENSOR_PARALLEL.into_iter().filter(move |size| *size <= domain && self.splits(*size));
        let stages = (self.model.architecture.layers > 1).then(|| sizes().next_back().map(|size| (size, 2)));
        sizes().map(|size| (size, 1)).chain(stages.flatten())
    }

    /// Fewest GPUs that hold the weights at all.
    pub fn fewest_gpus(&self) -> Option<u32> {
        let physical = self.gpu.memory_physical_gib;
        let domain = self.gpu.interconnect.domain_gpus.max(1);
        TENSOR_PARALLEL
            .into_iter()
            .filter(|size| *size <= domain)
            .chain(TENSOR_PARALLEL.into_iter().filter(|size| *size <= domain).map(|size| size * 2))
            .find(|gpus| self.facts.stored_gib / f64::from(*gpus) <= physical)
    }

    /// Why no configuration fits.
    pub fn no_room(&self) -> NoRoom {
        let Some((tensor_parallel, _)) = self.spreads().filter(|(_, stages)| *stages == 1).last() else {
            return NoRoom::Spread;
        };
        let setting = Setting { online_fp8: false, kv: KvDtype::Auto, tensor_parallel, pipeline_parallel: 1 };
        let plan = setting.memory(self.model, self.gpu, self.demand);
        plan.map_or(NoRoom::Spread, |plan| NoRoom::Memory(Box::new(plan)))
    }

    fn splits(&self, tensor_parallel: u32) -> bool {
        // Divides before the check, which words its refusals.
        self.model.architecture.attention.heads.is_multiple_of(tensor_parallel)
            && Parallelism::tensor(tensor_parallel).check(self.model).is_ok()
    }

    /// The configurations of one spread that fit and have room for a few requests, those as stored
    /// first.
    pub fn spread(&self, tensor_parallel: u32, pipeline_parallel: u32, into: &mut Vec<Candidate>) {
        let gpus = f64::from(tensor_parallel * pipeline_parallel);
        // The engine loads 16 bits before it quantises them, so those must fit in any case.
        if self.facts.stored_gib / gpus > self.gpu.memory_physical_gib {
            return;
        }
        for online_fp8 in self.formats().iter().copied() {
            let mut bias = None;
            for kv in self.caches().iter().copied() {
                let setting = Setting { online_fp8, kv, tensor_parallel, pipeline_parallel };
                let Ok(roofline) = self.roofline(setting) else { return };
                let Some(roofline) = roofline else { continue };
                let bias = *bias.get_or_insert_with(|| self.evidence.bias(self, setting, &roofline));
                into.push(Candidate::new(
                    setting,
                    &Engine::new(roofline, bias, self.demand),
                    bias,
                    self.demand,
                ));
            }
        }
    }

    /// Whether weights are quantised to fp8 while loading, in the order of trying.
    fn formats(&self) -> &'static [bool] {
        let online = !self.facts.has_fp8_checkpoint
            && self.facts.fp8_gib < self.facts.stored_gib
            && quantizes_online(self.model, self.gpu);
        if online { &[false, true] } else { &[false] }
    }

    /// Formats of the KV cache, in the order of trying.
    fn caches(&self) -> &'static [KvDtype] {
        if keeps_kv_in_8_bits(self.gpu) { &[KvDtype::Auto, KvDtype::Fp8] } else { &[KvDtype::Auto] }
    }

    /// The engine of a configuration with the limits that its settings will have; `None` where there
    /// is no room for a few requests.
    fn roofline(&self, setting: Setting) -> Result<Option<Roofline>> {
        let options = setting.memory_options(self.gpu, self.demand);
        let tokens = options.request_tokens.unwrap_or(self.model.context_tokens);
        let room = MemoryRoom::new(self.model, self.gpu, &options)?.of_requests(tokens);
        if !room.fits || room.concurrent_requests < LEAST_ROOM {
            return Ok(None);
        }
        let replica = Replica { memory: options, ..Replica::new(self.model, self.gpu) };
        let (sequences, tokens) = options.batch_limits(self.gpu);
        let limits = EngineLimits {
            max_num_seqs: room.concurrent_requests.clamp(1, sequences.into()) as u32,
            max_num_batched_tokens: tokens,
            kv_tokens: room.kv_tokens.max(1),
            scheduling: replica.backend.scheduling(),
        };
        Ok(Some(Roofline::without_check(&replica, &Coefficients::FITTED, limits)))
    }

    /// The engine of one of the pair's configurations.
    pub fn engine(&self, candidate: &Candidate) -> Option<Engine> {
        let roofline = self.roofline(candidate.setting).ok().flatten()?;
        Some(Engine::new(roofline, candidate.bias, self.demand))
    }
}

impl Engine {
    fn new(roofline: Roofline, bias: Bias, demand: &Demand) -> Self {
        let overhead_ms =
            roofline.request_overhead_ms() + roofline.request_overhead_ms_per_token() * demand.input_tokens();
        Self { roofline, pace: bias.itl_factor, overhead_ms }
    }
}

impl Candidate {
    fn new(setting: Setting, engine: &Engine, bias: Bias, demand: &Demand) -> Self {
        let stable_qps = Predictor::new(&Deployment::new(engine, 1), &demand.workload)
            .map_or(0.0, |predictor| predictor.stable_requests_per_second());
        let prompt_ms = engine.iteration_ms(&demand.short_prompt());
        let decode_ms = engine.iteration_ms(&demand.alone());
        let first_ms = engine.overhead_ms + prompt_ms;
        let floors_ms = (first_ms * bias.ttft_residual().min(1.0), decode_ms);
        let ratios = demand.ratios(floors_ms.0, floors_ms.1).map(|(_, ratio)| ratio);
        let least = demand.least_replicas(stable_qps);
        let gpus = f64::from(setting.gpus());
        let (mut least_gpus, mut far_gpus) = (f64::INFINITY, f64::INFINITY);
        let floor_marks = marks(ratios);
        let mut near_marks = floor_marks;
        if stable_qps > 0.0 {
            let loaded = Loaded::new(engine, demand, stable_qps, floors_ms);
            let least = loaded.least_replicas(least).unwrap_or(least);
            let far = (least * FAR).ceil().max(least + 1.0);
            let (first_ms, gap_ms) = loaded.floors_ms(far - 1.0);
            near_marks = marks(demand.ratios(first_ms, gap_ms).map(|(_, ratio)| ratio));
            (least_gpus, far_gpus) = (least * gpus, far * gpus);
        }
        Self {
            setting,
            bias,
            stable_qps,
            least_gpus,
            alone_ms: first_ms + decode_ms * (demand.output_tokens() - 1.0),
            floors_ms,
            floor_ratio: ratios.into_iter().fold(0.0, f64::max),
            floor_marks,
            near_marks,
            far_gpus,
        }
    }
}

/// The latency score of latencies that are these shares of their targets.
fn marks(ratios: [f64; 3]) -> f64 {
    let marks: f64 = ratios.iter().map(|ratio| (2.0 * (1.0 - ratio)).min(1.0)).sum();
    // Rounding must not make a bound lower than what it bounds.
    (marks / 3.0 * 100.0 + 1e-9).min(100.0)
}
