//! A deployment made ready for many loads.

use super::request::EstimateRequest;
use super::result::{Estimate, LimitingResource, Provenance};
use super::settings::DeploymentRequest;
use crate::catalog::{Catalog, GpuMaker};
use crate::engine::{
    Backend, Batch, Coefficients, Drafting, EngineLimits, EngineModel, ErrorModel, IterationTime, KvDtype,
    MOST_RANKS, MemoryOptions, MemoryRoom, Parallelism, Replica, Roofline, RoomFor, memory_plan,
};
use crate::error::{Error, ErrorCode, Result};
use crate::queueing::{
    Balancer, ClientLoop, ClosedLoop, Deployment, Latencies, LatencyPercentiles, LatencyPrediction,
    MAX_REPLICAS, Predictor, Workload, closed_loop,
};
use crate::units::{check_count, check_positive, check_range};
use crate::workload::{ArrivalProcess, MAX_DISPERSION, MAX_QPS, MAX_TOKENS, MIN_QPS};

/// Rounds of a benchmark's run: most tools send ten requests a client.
const BENCHMARK_ROUNDS: f64 = 10.0;
/// Most GPUs that a default tensor parallelism takes: those of one server.
const MOST_TENSOR_PARALLEL: u32 = 8;
/// Share of the usable memory that is left for the KV cache where tensor parallelism is not given.
const ROOMY: f64 = 0.25;
/// Most clients of a closed loop.
const MOST_CLIENTS: f64 = 1e9;
/// Most requests of a benchmark's run.
const MOST_REQUESTS: f64 = 1e9;

/// All of a request but its lengths and load, made ready.
#[derive(Debug)]
pub(in crate::queueing) struct Configuration<'a> {
    replica: Replica<'a>,
    /// The tensor parallelism that was given, or those to choose from; at least one.
    choices: Vec<Choice>,
    errors: ErrorModel,
    provenance: Provenance,
    balancer: Balancer,
}

/// One way to spread it, whatever the lengths.
#[derive(Debug)]
struct Choice {
    parallelism: Parallelism,
    room: MemoryRoom,
    engine: Roofline,
}

/// Lengths of requests, and how many come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::queueing) struct Load {
    pub input_tokens: f64,
    pub output_tokens: f64,
    pub concurrency: Option<f64>,
    pub qps: Option<f64>,
    pub dispersion: f64,
    pub benchmark: bool,
    pub prefix_hit_fraction: f64,
    pub replicas: u32,
}

impl Load {
    pub(super) fn of(request: &EstimateRequest) -> Self {
        Self {
            input_tokens: request.input_tokens,
            output_tokens: request.output_tokens,
            concurrency: request.concurrency,
            qps: request.qps,
            dispersion: request.dispersion.unwrap_or(1.0),
            benchmark: request.benchmark.unwrap_or(false),
            prefix_hit_fraction: request.prefix_hit_fraction.unwrap_or(0.0),
            replicas: request.replicas.unwrap_or(1),
        }
    }

    /// Checks what neither the catalog nor the memory plan do.
    pub(super) fn check(&self) -> Result<()> {
        check_range("input_tokens", self.input_tokens, 1.0, f64::from(MAX_TOKENS))?;
        check_range("output_tokens", self.output_tokens, 1.0, f64::from(MAX_TOKENS))?;
        check_count("replicas", self.replicas.into(), 1, MAX_REPLICAS.into())?;
        check_range("prefix_hit_fraction", self.prefix_hit_fraction, 0.0, 1.0)?;
        check_range("dispersion", self.dispersion, 1.0, MAX_DISPERSION)?;
        match (self.concurrency, self.qps) {
            (Some(clients), None) => check_positive("concurrency", clients, MOST_CLIENTS),
            (None, Some(rate)) => check_range("qps", rate, MIN_QPS, MAX_QPS),
            (None, None) => Err(Error::new(
                ErrorCode::MissingField,
                "qps",
                "the load is missing: `qps` for an open loop or `concurrency` for a closed one",
            )),
            (Some(_), Some(_)) => Err(Error::new(
                ErrorCode::Contradiction,
                "qps",
                "`qps` and `concurrency` exclude one another: a load is either open or closed",
            )),
        }
    }
}

impl<'a> Configuration<'a> {
    pub(in crate::queueing) fn new(catalog: &'a Catalog, request: &DeploymentRequest) -> Result<Self> {
        let (model, gpu) = (catalog.model(&request.model)?, catalog.gpu(&request.gpu)?);
        let backend = request.backend.as_deref().map_or(Ok(Backend::default()), Backend::parse)?;
        if backend == Backend::Trtllm && gpu.maker != GpuMaker::Nvidia {
            let message = format!("TensorRT-LLM runs on GPUs of NVIDIA alone, not on {}", gpu.id);
            return Err(Error::new(ErrorCode::Contradiction, "backend", message));
        }
        let ranks = |name, given: Option<u32>| {
            let given = given.unwrap_or(1);
            check_count(name, given.into(), 1, MOST_RANKS).map(|()| given)
        };
        let mut memory = MemoryOptions {
            parallelism: Parallelism {
                tensor_parallel: ranks("tensor_parallel", request.tensor_parallel)?,
                pipeline_parallel: ranks("pipeline_parallel", request.pipeline_parallel)?,
                data_parallel: ranks("data_parallel", request.data_parallel)?,
                expert_parallel: ranks("expert_parallel", request.expert_parallel)?,
            },
            weight_format: request.precision,
            kv_dtype: request.kv_dtype.unwrap_or(KvDtype::Auto),
            max_num_seqs: request.max_num_seqs,
            max_num_batched_tokens: request.max_num_batched_tokens,
            ..MemoryOptions::default()
        };
        if let Some(utilization) = request.gpu_memory_utilization {
            memory.gpu_memory_utilization = utilization;
        }
        let replica = Replica {
            backend,
            memory,
            speculation: request.speculation.unwrap_or_default(),
            ..Replica::new(model, gpu)
        };
        replica.check()?;
        let mut coefficients = Coefficients::FITTED;
        let mut errors = ErrorModel::fitted(model.architecture.moe.is_some());
        if let Some(calibration) = &request.calibration {
            coefficients = calibration.coefficients().map_err(|error| error.within("calibration"))?;
            errors = calibration.errors.unwrap_or(errors);
        }
        let choices = match request.tensor_parallel {
            Some(_) => vec![Choice::new(&replica, &coefficients)?],
            None => Choice::all(&replica, &coefficients)?,
        };
        let provenance =
            if request.calibration.is_some() { Provenance::Calibrated } else { Provenance::Roofline };
        let balancer = request.balancer.unwrap_or_default();
        Ok(Self { errors, replica, choices, provenance, balancer })
    }

    /// The replica, spread as requests of so many tokens ask for.
    pub(in crate::queueing) fn replica(&self, tokens: u32) -> Replica<'a> {
        let choice = self.choice(tokens).map(|found| found.0).or(self.choices.first());
        choice.map_or(self.replica, |choice| self.replica.spread(choice.parallelism))
    }

    /// The smallest choice at which a quarter of the memory is left for the KV cache, else the
    /// largest that fits at all.
    fn choice(&self, tokens: u32) -> Option<(&Choice, RoomFor)> {
        let mut found = None;
        for choice in &self.choices {
            let room = choice.room.of_requests(tokens);
            if room.fits {
                found = Some((choice, room));
                if room.kv_pool_gib_per_gpu >= ROOMY * choice.room.usable_gib_per_gpu() {
                    break;
                }
            }
        }
        found
    }

    /// Why no choice fits requests of so many tokens, told for the first.
    fn no_room(&self, tokens: u32) -> Result<Error> {
        let parallelism =
            self.choices.first().map_or(self.replica.memory.parallelism, |choice| choice.parallelism);
        let memory = MemoryOptions { parallelism, request_tokens: Some(tokens), ..self.replica.memory };
        let plan = memory_plan(self.replica.model, self.replica.gpu, &memory)?;
        Ok(Error::new(ErrorCode::DoesNotFit, "gpu", plan.reason.unwrap_or_default()))
    }

    /// So many replicas for requests of so many tokens, or why there can be none.
    ///
    /// # Errors
    ///
    /// What the memory plan refuses.
    pub(in crate::queueing) fn prepared(
        &self,
        tokens: f64,
        replicas: u32,
    ) -> Result<std::result::Result<Prepared<'_>, Error>> {
        let tokens = tokens.ceil();
        let most = self.replica.model.context_tokens;
        if tokens > f64::from(most) {
            let reason =
                format!("prompt and answer of {tokens} tokens are longer than the model's context of {most}");
            return Ok(Err(Error::new(ErrorCode::InvalidValue, "input_tokens", reason)));
        }
        let tokens = (tokens as u32).min(MAX_TOKENS);
        let Some((choice, room)) = self.choice(tokens) else { return self.no_room(tokens).map(Err) };
        let limits = EngineLimits { kv_tokens: room.kv_tokens, ..choice.engine.limits() };
        Ok(Ok(Prepared {
            engine: Roomed { engine: &choice.engine, limits },
            errors: &self.errors,
            provenance: self.provenance,
            parallelism: choice.parallelism,
            replicas,
            balancer: self.balancer,
            drafting: choice.engine.drafting(),
        }))
    }

    /// How it behaves under a load that was checked.
    pub(super) fn estimate(&self, load: &Load) -> Result<Estimate> {
        match self.prepared(load.input_tokens + load.output_tokens, load.replicas)? {
            Ok(prepared) => prepared.estimate(load),
            Err(reason) => Ok(Estimate::none(Some(reason.to_string()))),
        }
    }
}

impl Choice {
    fn new(replica: &Replica<'_>, coefficients: &Coefficients) -> Result<Self> {
        let room = MemoryRoom::new(replica.model, replica.gpu, &replica.memory)?;
        let parallelism = replica.memory.parallelism;
        let engine = Roofline::without_check(replica, coefficients, replica.limits(0));
        Ok(Self { parallelism, room, engine })
    }

    /// Every tensor parallelism within a server by which the model can be split.
    fn all(replica: &Replica<'_>, coefficients: &Coefficients) -> Result<Vec<Self>> {
        let sizes = (0..).map(|power| 1 << power).take_while(|size| *size <= MOST_TENSOR_PARALLEL);
        let spread =
            |tensor_parallel| replica.spread(Parallelism { tensor_parallel, ..replica.memory.parallelism });
        let choices: Vec<Self> = sizes
            .map(spread)
            .filter(|replica| replica.memory.parallelism.check(replica.model).is_ok())
            .map(|replica| Self::new(&replica, coefficients))
            .collect::<Result<_>>()?;
        if choices.is_empty() { Ok(vec![Self::new(replica, coefficients)?]) } else { Ok(choices) }
    }
}

/// An engine whose KV cache holds as many tokens as there is room for in requests of one length.
#[derive(Debug, Clone, Copy)]
pub(in crate::queueing) struct Roomed<'a> {
    engine: &'a Roofline,
    limits: EngineLimits,
}

impl EngineModel for Roomed<'_> {
    fn iteration(&self, batch: &Batch) -> IterationTime {
        self.engine.iteration(batch)
    }

    fn limits(&self) -> EngineLimits {
        self.limits
    }

    fn request_overhead_ms(&self) -> f64 {
        self.engine.request_overhead_ms()
    }

    fn request_overhead_ms_per_token(&self) -> f64 {
        self.engine.request_overhead_ms_per_token()
    }
}

/// A deployment for requests of one length.
#[derive(Debug)]
pub(in crate::queueing) struct Prepared<'a> {
    pub engine: Roomed<'a>,
    pub errors: &'a ErrorModel,
    pub provenance: Provenance,
    pub parallelism: Parallelism,
    pub replicas: u32,
    balancer: Balancer,
    drafting: Option<Drafting>,
}

impl Prepared<'_> {
    /// Replicas of an engine that has what this one has.
    pub fn deployment<'e>(&self, engine: &'e dyn EngineModel) -> Deployment<'e> {
        let Self { replicas, balancer, drafting, .. } = *self;
        Deployment { engine, replicas, balancer, speculation: drafting }
    }

    fn estimate(&self, load: &Load) -> Result<Estimate> {
        let whole = |tokens: f64, least: f64| (tokens.round().max(least) as u32).min(MAX_TOKENS);
        // Answers of more than one token have gaps between them.
        let least = if load.output_tokens > 1.0 { 2.0 } else { 1.0 };
        let workload = Workload::constant(
            whole(load.input_tokens, 1.0),
            whole(load.output_tokens, least),
            load.prefix_hit_fraction,
        );
        let predictor = Predictor::new(&self.deployment(&self.engine), &workload)?;
        match (load.concurrency, load.qps) {
            (Some(clients), _) => self.closed(load, clients, &predictor),
            (None, Some(qps)) => self.open(load, qps, &predictor),
            (None, None) => Ok(Estimate::none(Some("no load".into()))),
        }
    }

    fn base(&self) -> Estimate {
        let mut estimate = Estimate::none(None);
        estimate.provenance = self.provenance;
        estimate.gpus = Some(f64::from(self.parallelism.gpus()));
        estimate.tensor_parallel = Some(f64::from(self.parallelism.tensor_parallel));
        estimate.kv_tokens = Some(self.engine.limits().kv_tokens as f64);
        estimate
    }

    fn open(&self, load: &Load, qps: f64, predictor: &Predictor<'_>) -> Result<Estimate> {
        let arrivals = ArrivalProcess::bursty(qps, load.dispersion);
        let found = predictor.predict(&arrivals)?;
        let mut estimate = self.base();
        estimate.stable_requests_per_second = Some(found.stable_requests_per_second);
        estimate.utilization = Some(found.utilization);
        estimate.batch_size = Some(found.batch_mean);
        estimate.kv_use = Some(found.kv_use_fraction);
        estimate.limiting_resource = Some(self.limiting(load, found.batch_mean, found.kv_use_fraction));
        match &found.latencies {
            Some(latencies) => {
                let overhead = self.engine.request_overhead_ms_per_token() * load.input_tokens;
                let ttft = shifted(&latencies.ttft, overhead);
                // Of requests of one length the whole is the sum of its parts, in the mean.
                let whole_ms = ttft.mean_ms + latencies.itl.mean_ms * (load.output_tokens - 1.0);
                let e2e = shifted(&latencies.e2e, whole_ms - latencies.e2e.mean_ms);
                let e2e = at_least(&e2e, &ttft);
                // Little's law: what runs is in the system.
                let most = qps / f64::from(self.replicas) * e2e.mean_ms / 1000.0;
                if found.batch_mean > most {
                    estimate.batch_size = Some(most);
                    estimate.kv_use = Some(found.kv_use_fraction * most / found.batch_mean);
                }
                estimate.fill(&ttft, &latencies.itl, &e2e, self.errors);
                estimate.requests_per_second = Some(qps);
                estimate.tokens_per_second = Some(qps * load.output_tokens);
            }
            None => {
                estimate.reason = Some(format!(
                    "{qps} requests per second are more than the {:.3} that are sustained",
                    found.stable_requests_per_second
                ));
            }
        }
        Ok(estimate)
    }

    fn closed(&self, load: &Load, clients: f64, predictor: &Predictor<'_>) -> Result<Estimate> {
        let concurrency = clients.round().max(1.0) as u64;
        let requests = (concurrency as f64 * BENCHMARK_ROUNDS).min(MOST_REQUESTS) as u64;
        let requests = load.benchmark.then_some(requests);
        let (found, full) = self.clients(load, clients, &ClientLoop { concurrency, requests }, predictor)?;
        let latencies = found.latencies.unwrap_or_default();
        let mut estimate = self.base();
        estimate.fill(&latencies.ttft, &latencies.itl, &latencies.e2e, self.errors);
        estimate.requests_per_second = Some(found.requests_per_second);
        estimate.tokens_per_second = Some(found.output_tokens_per_second);
        estimate.stable_requests_per_second = Some(found.stable_requests_per_second);
        estimate.utilization = Some(found.utilization);
        estimate.batch_size = Some(found.batch_mean);
        estimate.kv_use = Some(found.kv_use_fraction);
        estimate.limiting_resource =
            Some(if full { LimitingResource::Kv } else { self.limiting(load, found.batch_mean, 0.0) });
        Ok(estimate)
    }

    /// How it behaves under so many clients, whose requests have these lengths in the mean, and
    /// whether they are more than it has room for.
    pub fn clients(
        &self,
        load: &Load,
        clients: f64,
        run: &ClientLoop,
        predictor: &Predictor<'_>,
    ) -> Result<(LatencyPrediction, bool)> {
        let (engine, limits) = (self.engine.engine, self.engine.limits());
        let replicas = f64::from(self.replicas);
        let each = clients / replicas;
        let context = load.input_tokens + load.output_tokens / 2.0;
        let step_tokens = 1.0 + engine.draft_tokens();
        let budget = f64::from(limits.max_num_batched_tokens);
        let room = (limits.kv_tokens as f64 / context)
            .min(f64::from(limits.max_num_seqs))
            .min((budget / step_tokens).floor())
            .max(1.0);
        let closed = ClosedLoop {
            cached_tokens: load.input_tokens * load.prefix_hit_fraction,
            room,
            starts_with_burst: run.requests.is_some(),
            ..ClosedLoop::new(engine, each, load.input_tokens, load.output_tokens)
        };
        let mut means = closed_loop(engine, &engine.queue(), &closed);
        if load.output_tokens <= 1.0 {
            means.itl_ms = 0.0;
        }
        let found = predictor.predict_clients(run)?;
        let spread = found.latencies.unwrap_or_default();
        let running = each.min(room);
        let later_ms = means.itl_ms * (load.output_tokens - 1.0);
        // The means count with iterations that hold all that is asked of them. Where the token budget
        // cuts prompts apart, the rate is at most the one that is sustained with it: requests wait.
        let new = load.input_tokens - closed.cached_tokens;
        let asked = running * (step_tokens + new * closed.tokens_per_iteration / load.output_tokens);
        if asked > budget {
            let least = clients / found.stable_requests_per_second * 1000.0;
            means.ttft_ms = means.ttft_ms.max(least - later_ms);
        }
        let ttft = scaled(&spread.ttft, means.ttft_ms);
        let itl = scaled(&spread.itl, means.itl_ms);
        let e2e = at_least(&scaled(&spread.e2e, means.ttft_ms + later_ms), &ttft);
        let longer = if spread.ttft.mean_ms > 0.0 { ttft.mean_ms / spread.ttft.mean_ms } else { 1.0 };
        let waiting = scaled(&spread.waiting, spread.waiting.mean_ms * longer);
        let rate = clients / e2e.mean_ms.max(1e-9) * 1000.0;
        // What the loop reaches is sustained. An open loop's limit may be lower: it counts with room
        // for a whole request each, where engines take blocks as an answer grows.
        let stable = found.stable_requests_per_second.max(rate);
        let prediction = LatencyPrediction {
            stable: true,
            requests_per_second: rate,
            stable_requests_per_second: stable,
            utilization: rate / stable,
            latencies: Some(Latencies { waiting, ttft, itl, e2e }),
            batch_mean: means.batch,
            kv_use_fraction: (running * context / (limits.kv_tokens as f64).max(1.0)).min(1.0),
            output_tokens_per_second: rate * load.output_tokens,
            goodput_fraction: None,
        };
        Ok((prediction, each > room))
    }

    /// What a typical iteration spends most on, prompts counted by their share of the tokens.
    fn limiting(&self, load: &Load, batch: f64, kv_use: f64) -> LimitingResource {
        if kv_use > 0.95 {
            return LimitingResource::Kv;
        }
        let drafts = self.engine.engine.draft_tokens();
        let mut shape = Batch::decode(batch, load.input_tokens + load.output_tokens / 2.0);
        shape.decode_tokens *= 1.0 + drafts;
        // In steady state, each answer's tokens come with its prompt's share of them.
        let prompts = batch * self.engine.engine.tokens_per_iteration() / load.output_tokens.max(1.0);
        let new = load.input_tokens * (1.0 - load.prefix_hit_fraction);
        let prompt = Batch::prefill(load.input_tokens - new, new);
        shape.prefill_sequences = prompts;
        shape.prefill_tokens = prompts * prompt.prefill_tokens;
        shape.prefill_attended_tokens = prompts * prompt.prefill_attended_tokens;
        LimitingResource::of(&self.engine.iteration(&shape))
    }
}

/// The same spread about another mean.
fn scaled(latency: &LatencyPercentiles, mean_ms: f64) -> LatencyPercentiles {
    let factor = if latency.mean_ms > 0.0 { mean_ms / latency.mean_ms } else { 0.0 };
    LatencyPercentiles {
        mean_ms,
        p50_ms: latency.p50_ms * factor,
        p90_ms: latency.p90_ms * factor,
        p95_ms: latency.p95_ms * factor,
        p99_ms: latency.p99_ms * factor,
    }
}

/// The whole of what a latency is a part of: at no share of requests less than that.
fn at_least(whole: &LatencyPercentiles, part: &LatencyPercentiles) -> LatencyPercentiles {
    LatencyPercentiles {
        mean_ms: whole.mean_ms.max(part.mean_ms),
        p50_ms: whole.p50_ms.max(part.p50_ms),
        p90_ms: whole.p90_ms.max(part.p90_ms),
        p95_ms: whole.p95_ms.max(part.p95_ms),
        p99_ms: whole.p99_ms.max(part.p99_ms),
    }
}

/// The same later by so much.
fn shifted(latency: &LatencyPercentiles, by_ms: f64) -> LatencyPercentiles {
    LatencyPercentiles {
        mean_ms: latency.mean_ms + by_ms,
        p50_ms: latency.p50_ms + by_ms,
        p90_ms: latency.p90_ms + by_ms,
        p95_ms: latency.p95_ms + by_ms,
        p99_ms: latency.p99_ms + by_ms,
    }
}
