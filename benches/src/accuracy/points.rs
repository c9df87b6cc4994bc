//! The measured points as replicas and closed loops.

use std::path::Path;

use anyhow::Context as _;
use sizewell::catalog::{Catalog, Gpu, Model, WeightFormat};
use sizewell::engine::{
    Backend, Coefficients, EngineLimits, KvDtype, MemoryOptions, Parallelism, Replica, Roofline, Speculation,
    memory_plan,
};
use sizewell::queueing::{ClosedLoop, ClosedLoopMeans, PrefillWorkers, closed_loop};

/// A row of `data/benchmarks/measured.csv`, as far as a prediction needs it.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Row {
    pub backend: String,
    pub backend_version: String,
    pub model: String,
    pub gpu: String,
    pub precision: String,
    pub gemm_format: String,
    pub input_tokens: f64,
    pub output_tokens: f64,
    pub concurrency: Option<f64>,
    pub batch_size: f64,
    pub tensor_parallel: u32,
    pub attention_data_parallel: Option<f64>,
    pub moe_expert_parallel: f64,
    pub ttft_mean_ms: f64,
    pub itl_mean_ms: f64,
    pub ran_tensor_parallel: Option<u32>,
    pub ran_data_parallel: Option<u32>,
    pub ran_expert_parallel: Option<u32>,
    pub draft_tokens: Option<u32>,
    pub kv_dtype: String,
    pub max_num_batched_tokens: Option<u32>,
    pub max_num_seqs: Option<u32>,
    pub memory_utilization: Option<f64>,
    pub disaggregated: String,
    pub length_range: Option<f64>,
    pub admission_interval: Option<f64>,
    pub attention_dp_wait: Option<f64>,
    pub copies: f64,
}

/// One measured point.
#[derive(Debug, Clone)]
pub struct Point {
    pub row: Row,
    model: Model,
    gpu: Gpu,
    pub backend: Backend,
    pub parallelism: Parallelism,
    memory: MemoryOptions,
    speculation: Speculation,
    async_scheduling: bool,
    limits: EngineLimits,
    run: ClosedLoop,
}

impl Point {
    fn new(row: Row, catalog: &Catalog) -> anyhow::Result<Self> {
        let model = catalog.model(&row.model)?.clone();
        let gpu = catalog.gpu(&row.gpu)?.clone();
        let backend = Backend::parse(&row.backend)?;
        let moe = model.architecture.moe.is_some();
        let workers = Workers::read(&row.disaggregated);
        let parallelism = match (row.ran_tensor_parallel, &workers) {
            (Some(tensor), _) => Parallelism {
                tensor_parallel: tensor,
                data_parallel: row.ran_data_parallel.unwrap_or(1).max(1),
                expert_parallel: row.ran_expert_parallel.unwrap_or(1).max(1),
                ..Parallelism::default()
            },
            (None, Some(workers)) => Parallelism {
                tensor_parallel: workers.decode_gpus,
                expert_parallel: workers.decode_gpus,
                ..Parallelism::default()
            },
            (None, None) => {
                let data = row.attention_data_parallel.unwrap_or(1.0).max(1.0) as u32;
                let gpus = row.tensor_parallel.max(1) * if moe { 1 } else { data };
                let expert = if moe { (row.moe_expert_parallel.max(1.0) as u32).min(gpus) } else { 1 };
                Parallelism { tensor_parallel: gpus, expert_parallel: expert, ..Parallelism::default() }
            }
        };
        let format = weight_format(&row, &model);
        let kv_dtype = if row.kv_dtype == "fp8" { KvDtype::Fp8 } else { KvDtype::Auto };
        let utilization = row.memory_utilization.unwrap_or(0.9);
        let of_the_rest = backend == Backend::Trtllm;
        let range = row.length_range.unwrap_or(1.0);
        let mean = (1.0 + range) / 2.0;
        let (input, output) = (row.input_tokens * mean, row.output_tokens * mean);
        let memory = MemoryOptions {
            parallelism,
            weight_format: Some(format),
            kv_dtype,
            gpu_memory_utilization: if of_the_rest { 1.0 } else { utilization },
            max_num_seqs: row.max_num_seqs,
            max_num_batched_tokens: row.max_num_batched_tokens,
            request_tokens: Some((input + output) as u32),
        };
        let version = version(&row.backend_version);
        let plan = memory_plan(&model, &gpu, &memory);
        let kv_tokens = plan.map_or(0.0, |plan| {
            let share = if of_the_rest { utilization } else { 1.0 };
            plan.kv_tokens as f64 * share
        });
        let ranks = f64::from(parallelism.data_parallel);
        let seqs = row.max_num_seqs.map_or(f64::INFINITY, |most| f64::from(most) * ranks);
        // A deployment that ran had room for one request in each rank, whatever the plan says.
        let room = (kv_tokens / (input + output / 2.0)).max(ranks).min(seqs);
        let speculation = Speculation { draft_tokens: row.draft_tokens.unwrap_or(0), acceptance: None };
        let replicas = workers.as_ref().map_or(1.0, |workers| f64::from(workers.decode));
        let run = ClosedLoop {
            concurrency: row.concurrency.unwrap_or(row.batch_size) / replicas,
            input_tokens: input,
            cached_tokens: 0.0,
            output_tokens: output,
            room,
            draft_tokens: f64::from(speculation.draft_tokens),
            tokens_per_iteration: 1.0,
            exact_lengths: range >= 1.0,
            starts_with_burst: true,
            admission_interval: row.admission_interval.unwrap_or(1.0),
            balance_iterations: row.attention_dp_wait.unwrap_or(0.0),
            prefill: workers.as_ref().map(Workers::prefill),
        };
        let limits = EngineLimits {
            max_num_seqs: row.max_num_seqs.unwrap_or(1024),
            max_num_batched_tokens: row.max_num_batched_tokens.unwrap_or(8192) * parallelism.data_parallel,
            kv_tokens: kv_tokens as u64,
            scheduling: backend.scheduling(),
        };
        let async_scheduling =
            !(backend == Backend::Vllm && version.is_some_and(|version| version < (0, 14)));
        Ok(Self { row, model, gpu, backend, parallelism, memory, speculation, async_scheduling, limits, run })
    }

    /// What the engine with these coefficients predicts.
    pub fn predict(&self, coefficients: &Coefficients) -> ClosedLoopMeans {
        let replica = Replica {
            model: &self.model,
            gpu: &self.gpu,
            backend: self.backend,
            memory: self.memory,
            speculation: self.speculation,
            async_scheduling: self.async_scheduling,
        };
        let engine = Roofline::without_check(&replica, coefficients, self.limits);
        let run = ClosedLoop { tokens_per_iteration: engine.tokens_per_iteration(), ..self.run };
        closed_loop(&engine, &engine.queue(), &run)
    }

    pub fn concurrency(&self) -> f64 {
        self.row.concurrency.unwrap_or(self.row.batch_size)
    }

    pub fn is_moe(&self) -> bool {
        self.model.architecture.moe.is_some()
    }

    /// The model without what its checkpoint is called. DeepSeek-V3 and R1 are one: the same
    /// architecture, and in part the same measurements under both names.
    pub fn base_model(&self) -> String {
        if self.row.model.contains("DeepSeek") {
            return "DeepSeek-V3/R1".into();
        }
        let base = self.model.variant_of.clone().unwrap_or_else(|| self.model.id.clone());
        base.rsplit('/').next().unwrap_or_default().trim_end_matches("-Instruct").to_owned()
    }

    pub fn gpu_id(&self) -> &str {
        &self.gpu.id
    }

    pub fn precision(&self) -> &'static str {
        self.memory.weight_format.unwrap_or(self.model.weight_format).as_str()
    }

    /// What is left out together: model, GPU and engine.
    pub fn group(&self) -> String {
        format!("{} · {} · {}", self.base_model(), self.gpu_id(), self.backend.as_str())
    }

    /// Points of one campaign of one deployment, whose errors go together.
    pub fn campaign(&self) -> String {
        format!(
            "{} {} {} {:?} {}",
            self.group(),
            self.precision(),
            self.row.backend_version,
            self.parallelism,
            self.speculation.draft_tokens
        )
    }

    pub fn drafts(&self) -> u32 {
        self.speculation.draft_tokens
    }
}

/// Workers of a deployment that runs prompts apart: `1x4p+4x8d`.
#[derive(Debug, Clone)]
struct Workers {
    prefill: u32,
    prefill_gpus: u32,
    decode: u32,
    decode_gpus: u32,
}

impl Workers {
    fn read(text: &str) -> Option<Self> {
        let (prefill, decode) = text.split_once('+')?;
        let (prefill, prefill_gpus) = prefill.trim_end_matches('p').split_once('x')?;
        let (decode, decode_gpus) = decode.trim_end_matches('d').split_once('x')?;
        Some(Self {
            prefill: prefill.parse().ok()?,
            prefill_gpus: prefill_gpus.parse().ok()?,
            decode: decode.parse().ok()?,
            decode_gpus: decode_gpus.parse().ok()?,
        })
    }

    /// As one decode worker sees them.
    fn prefill(&self) -> PrefillWorkers {
        let all = f64::from(self.prefill * self.prefill_gpus);
        PrefillWorkers {
            gpus_share: all / f64::from(self.decode * self.decode_gpus),
            worker_share: f64::from(self.prefill_gpus) / f64::from(self.decode_gpus),
            transfer_ms: 0.0,
        }
    }
}

fn weight_format(row: &Row, model: &Model) -> WeightFormat {
    if row.model.contains("gpt-oss") {
        return WeightFormat::Mxfp4;
    }
    match (row.precision.as_str(), row.gemm_format.as_str()) {
        ("fp8", _) => WeightFormat::Fp8,
        ("fp4", _) => WeightFormat::Nvfp4,
        ("int4", _) => WeightFormat::W4a16,
        ("bf16", _) => WeightFormat::Bf16,
        ("", "") => WeightFormat::Bf16,
        ("", "fp8" | "fp8_block") => WeightFormat::Fp8,
        ("", "nvfp4") => WeightFormat::Nvfp4,
        _ => model.weight_format,
    }
}

fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// All measured points.
pub fn read(root: &Path) -> anyhow::Result<Vec<Point>> {
    let catalog = sizewell_data::catalog();
    let path = root.join("data/benchmarks/measured.csv");
    let mut reader = csv::Reader::from_path(&path).with_context(|| path.display().to_string())?;
    reader
        .deserialize()
        .map(|row| {
            let row: Row = row?;
            let name = format!("{} on {}", row.model, row.gpu);
            Point::new(row, catalog).with_context(|| name)
        })
        .collect()
}
