//! A deployment made ready for many loads.

use super::request::EstimateRequest;
use super::result::{Estimate, LimitingResource, Provenance};
use crate::catalog::{Catalog, Gpu, Model};
use crate::engine::{
    Backend, Batch, EngineModel, ErrorModel, KvDtype, MemoryOptions, Parallelism, Replica, Roofline,
    memory_plan,
};
use crate::error::{Error, ErrorCode, Result};
use crate::queueing::{
    ClientLoop, ClosedLoop, Deployment, LatencyPercentiles, Predictor, Speculation, Workload, closed_loop,
};
use crate::workload::{ArrivalProcess, MAX_TOKENS, RequestMix};

/// Rounds of a benchmark's run: most tools send ten requests a client.
const BENCHMARK_ROUNDS: f64 = 10.0;
/// Most GPUs that a default tensor parallelism takes: those of one server.
const MOST_TENSOR_PARALLEL: u32 = 8;
/// Share of the usable memory that is left for the KV cache where tensor parallelism is not given.
const ROOMY: f64 = 0.25;

/// A deployment made ready: its engine, and how far off it may be.
#[derive(Debug)]
pub(super) struct Prepared {
    engine: Roofline,
    errors: ErrorModel,
    tensor_parallel: u32,
    gpus: u32,
    replicas: u32,
    speculation: Option<Speculation>,
}

/// A load with its lengths.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub input_tokens: f64,
    pub output_tokens: f64,
    pub concurrency: Option<f64>,
    pub qps: Option<f64>,
    pub dispersion: f64,
    pub benchmark: bool,
    pub prefix_hit_fraction: f64,
}

/// The smallest of 1, 2, 4, 8 at which a quarter of the memory is left for the KV cache, else the
/// largest that fits at all; 1 where none does, so that the reason is told for it.
fn roomy_tensor_parallel(model: &Model, gpu: &Gpu, options: &MemoryOptions) -> Result<u32> {
    let mut found = 1;
    let mut size = 1;
    while size <= MOST_TENSOR_PARALLEL {
        let parallelism = Parallelism { tensor_parallel: size, ..options.parallelism };
        if parallelism.check(model).is_ok() {
            let plan = memory_plan(model, gpu, &MemoryOptions { parallelism, ..*options })?;
            if plan.fits {
                found = size;
                if plan.kv_pool_gib_per_gpu >= ROOMY * plan.usable_gib_per_gpu {
                    break;
                }
            }
        }
        size *= 2;
    }
    Ok(found)
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
        }
    }
}

impl Prepared {
    pub(super) fn new(catalog: &Catalog, request: &EstimateRequest) -> Result<Self> {
        let model = catalog.model(&request.model)?;
        let gpu = catalog.gpu(&request.gpu)?;
        let backend = request.backend.as_deref().map_or(Ok(Backend::default()), Backend::parse)?;
        let tokens = (request.input_tokens + request.output_tokens).ceil();
        if tokens > f64::from(model.context_tokens) {
            let reason = format!(
                "prompt and answer of {tokens} tokens are longer than the model's context of {}",
                model.context_tokens
            );
            return Err(Error::new(ErrorCode::InvalidValue, "request_tokens", reason));
        }
        let mut memory = MemoryOptions {
            parallelism: Parallelism {
                tensor_parallel: request.tensor_parallel.unwrap_or(1),
                pipeline_parallel: request.pipeline_parallel.unwrap_or(1),
                data_parallel: request.data_parallel.unwrap_or(1),
                expert_parallel: request.expert_parallel.unwrap_or(1),
            },
            weight_format: request.precision,
            kv_dtype: request.kv_dtype.unwrap_or(KvDtype::Auto),
            max_num_seqs: request.max_num_seqs,
            max_num_batched_tokens: request.max_num_batched_tokens,
            request_tokens: Some((tokens as u32).min(MAX_TOKENS)),
            ..MemoryOptions::default()
        };
        if let Some(utilization) = request.gpu_memory_utilization {
            memory.gpu_memory_utilization = utilization;
        }
        if request.tensor_parallel.is_none() {
            memory.parallelism.tensor_parallel = roomy_tensor_parallel(model, gpu, &memory)?;
        }
        let replica = Replica {
            backend,
            memory,
            speculation: request.speculation.unwrap_or_default(),
            ..Replica::new(model, gpu)
        };
        let engine = Roofline::new(&replica)?;
        let drafts = replica.speculation.draft_tokens;
        let speculation = (drafts > 0).then(|| Speculation {
            draft_tokens: drafts,
            acceptance: engine.acceptance(),
        });
        Ok(Self {
            errors: ErrorModel::fitted(model.architecture.moe.is_some()),
            tensor_parallel: memory.parallelism.tensor_parallel,
            gpus: memory.parallelism.gpus(),
            replicas: request.replicas.unwrap_or(1),
            speculation,
            engine,
        })
    }

    pub(super) fn estimate(&self, load: &Load) -> Result<Estimate> {
        let whole = |tokens: f64| (tokens.round().max(1.0) as u32).min(MAX_TOKENS);
        let mut mix = RequestMix::constant(whole(load.input_tokens), whole(load.output_tokens));
        mix.prefix_hit_fraction = load.prefix_hit_fraction;
        let workload = Workload::new(&mix)?;
        let mut deployment = Deployment::new(&self.engine, self.replicas);
        deployment.speculation = self.speculation;
        let predictor = Predictor::new(&deployment, &workload)?;
        match (load.concurrency, load.qps) {
            (Some(clients), _) => self.closed(load, clients, &predictor),
            (None, Some(qps)) => self.open(load, qps, &predictor),
            (None, None) => Ok(Estimate::none(Some("no load".into()))),
        }
    }

    fn base(&self) -> Estimate {
        let mut estimate = Estimate::none(None);
        estimate.provenance = Provenance::Roofline;
        estimate.gpus = Some(f64::from(self.gpus));
        estimate.tensor_parallel = Some(f64::from(self.tensor_parallel));
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
                let e2e = shifted(&latencies.e2e, overhead);
                estimate.fill(&ttft, &latencies.itl, &e2e, &self.errors);
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
        let limits = self.engine.limits();
        let replicas = f64::from(self.replicas);
        let each = clients / replicas;
        let context = load.input_tokens + load.output_tokens / 2.0;
        let room = (limits.kv_tokens as f64 / context).min(f64::from(limits.max_num_seqs)).max(1.0);
        let run = ClosedLoop {
            concurrency: each,
            input_tokens: load.input_tokens,
            cached_tokens: load.input_tokens * load.prefix_hit_fraction,
            output_tokens: load.output_tokens,
            room,
            draft_tokens: self.engine.draft_tokens(),
            tokens_per_iteration: self.engine.tokens_per_iteration(),
            exact_lengths: false,
            starts_with_burst: load.benchmark,
            admission_interval: 1.0,
            balance_iterations: 0.0,
            disaggregated: false,
        };
        let means = closed_loop(&self.engine, &self.engine.queue(), self.engine.prompt_wait_ms(), &run);
        let whole_clients = clients.round().max(1.0) as u64;
        let requests = load.benchmark.then(|| (whole_clients as f64 * BENCHMARK_ROUNDS) as u64);
        let found = predictor.predict_clients(&ClientLoop { concurrency: whole_clients, requests })?;
        let spread = found.latencies.unwrap_or_default();
        let ttft = scaled(&spread.ttft, means.ttft_ms);
        let itl = scaled(&spread.itl, means.itl_ms);
        let e2e = scaled(&spread.e2e, means.ttft_ms + means.itl_ms * (load.output_tokens - 1.0));
        let mut estimate = self.base();
        estimate.fill(&ttft, &itl, &e2e, &self.errors);
        let rate = clients / e2e.mean_ms.max(1e-9) * 1000.0;
        estimate.requests_per_second = Some(rate);
        estimate.tokens_per_second = Some(rate * load.output_tokens);
        estimate.stable_requests_per_second = Some(found.stable_requests_per_second);
        estimate.utilization = Some((rate / found.stable_requests_per_second).min(1.0));
        let running = each.min(room);
        let kv_use = (running * context / (limits.kv_tokens as f64).max(1.0)).min(1.0);
        estimate.batch_size = Some(means.batch);
        estimate.kv_use = Some(kv_use);
        estimate.limiting_resource = Some(if each > room {
            LimitingResource::Kv
        } else {
            self.limiting(load, means.batch, 0.0)
        });
        Ok(estimate)
    }

    /// What a typical iteration spends most on, prompts counted by their share of the tokens.
    fn limiting(&self, load: &Load, batch: f64, kv_use: f64) -> LimitingResource {
        if kv_use > 0.95 {
            return LimitingResource::Kv;
        }
        let drafts = self.engine.draft_tokens();
        let mut shape = Batch::decode(batch, load.input_tokens + load.output_tokens / 2.0);
        shape.decode_tokens *= 1.0 + drafts;
        // In steady state, each answer's tokens come with its prompt's share of them.
        let prompts = batch * self.engine.tokens_per_iteration() / load.output_tokens.max(1.0);
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
