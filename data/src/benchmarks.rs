//! The files of benchmarks: measured on hardware (means, closed loop) and simulated (percentiles,
//! open loop).

use serde::Deserialize;
use sizewell::catalog::{Benchmark, BenchmarkOrigin, LatencyStatistics};
use sizewell::error::Result;
use sizewell::units::Date;

use crate::rows::read_csv;

const MEASURED_SOURCE: &str = "aiconfigurator-core 0.12.0, systems/silicon_sample.csv";
const SIMULATED_SOURCE: &str = "llm-d-planner 0.3.3, BLIS simulation";

#[derive(Deserialize)]
struct MeasuredRow {
    backend: String,
    backend_version: Option<String>,
    model: String,
    gpu: String,
    precision: Option<String>,
    gemm_format: Option<String>,
    input_tokens: u32,
    output_tokens: u32,
    concurrency: Option<u32>,
    batch_size: Option<u32>,
    tensor_parallel: u32,
    pipeline_parallel: Option<u32>,
    attention_data_parallel: Option<u32>,
    moe_expert_parallel: Option<u32>,
    ttft_mean_ms: f64,
    itl_mean_ms: f64,
    measured: Option<Date>,
    gpus: Option<u32>,
    ran_tensor_parallel: Option<u32>,
    ran_expert_parallel: Option<u32>,
    disaggregated: Option<String>,
}

#[derive(Deserialize)]
struct SimulatedRow {
    model: String,
    gpu: String,
    tensor_parallel: u32,
    backend: String,
    backend_version: Option<String>,
    input_tokens: u32,
    output_tokens: u32,
    requests_per_second: f64,
    ttft_mean_ms: f64,
    ttft_p90_ms: f64,
    ttft_p95_ms: f64,
    ttft_p99_ms: f64,
    itl_mean_ms: f64,
    itl_p90_ms: f64,
    itl_p95_ms: f64,
    itl_p99_ms: f64,
    e2e_mean_ms: f64,
    e2e_p90_ms: f64,
    e2e_p95_ms: f64,
    e2e_p99_ms: f64,
}

pub(crate) fn read() -> Result<Vec<Benchmark>> {
    let measured: Vec<MeasuredRow> =
        read_csv("benchmarks/measured.csv", include_str!("../benchmarks/measured.csv"))?;
    let simulated: Vec<SimulatedRow> =
        read_csv("benchmarks/simulated.csv", include_str!("../benchmarks/simulated.csv"))?;
    Ok(measured.into_iter().map(Benchmark::from).chain(simulated.into_iter().map(Benchmark::from)).collect())
}

impl From<MeasuredRow> for Benchmark {
    fn from(row: MeasuredRow) -> Self {
        // The number format that the matrix products ran in is the sharper name where it is given:
        // `fp4` alone does not tell NVFP4 from MXFP4.
        let precision = row.gemm_format.or(row.precision).or_else(|| Some("bf16".to_owned()));
        let ranks =
            row.pipeline_parallel.unwrap_or(1).max(1) * row.attention_data_parallel.unwrap_or(1).max(1);
        // The dump's conversion multiplied degrees of parallelism; what the campaign's own
        // configuration says comes first. The degrees of a disaggregated deployment are those of
        // its decode workers alone and say nothing about the whole.
        let whole = row.disaggregated.is_none();
        Self {
            model: row.model,
            gpu: row.gpu,
            tensor_parallel: row.ran_tensor_parallel.filter(|_| whole).unwrap_or(row.tensor_parallel),
            gpu_count: row.gpus.or(Some(row.tensor_parallel * ranks)),
            expert_parallel: row
                .ran_expert_parallel
                .filter(|_| whole)
                .or(row.moe_expert_parallel)
                .filter(|ranks| *ranks > 1),
            backend: row.backend,
            backend_version: row.backend_version,
            precision,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            requests_per_second: None,
            concurrency: row.concurrency.or(row.batch_size),
            ttft_ms: LatencyStatistics { mean: Some(row.ttft_mean_ms), ..Default::default() },
            itl_ms: LatencyStatistics { mean: Some(row.itl_mean_ms), ..Default::default() },
            e2e_ms: LatencyStatistics::default(),
            origin: BenchmarkOrigin::Measured,
            source: MEASURED_SOURCE.to_owned(),
            as_of: row.measured,
        }
    }
}

impl From<SimulatedRow> for Benchmark {
    fn from(row: SimulatedRow) -> Self {
        let statistics = |mean, p90, p95, p99| LatencyStatistics {
            mean: Some(mean),
            p50: None,
            p90: Some(p90),
            p95: Some(p95),
            p99: Some(p99),
        };
        Self {
            model: row.model,
            gpu: row.gpu,
            tensor_parallel: row.tensor_parallel,
            gpu_count: None,
            expert_parallel: None,
            backend: row.backend,
            backend_version: row.backend_version,
            precision: None,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            requests_per_second: Some(row.requests_per_second),
            concurrency: None,
            ttft_ms: statistics(row.ttft_mean_ms, row.ttft_p90_ms, row.ttft_p95_ms, row.ttft_p99_ms),
            itl_ms: statistics(row.itl_mean_ms, row.itl_p90_ms, row.itl_p95_ms, row.itl_p99_ms),
            e2e_ms: statistics(row.e2e_mean_ms, row.e2e_p90_ms, row.e2e_p95_ms, row.e2e_p99_ms),
            origin: BenchmarkOrigin::Simulated,
            source: SIMULATED_SOURCE.to_owned(),
            as_of: None,
        }
    }
}
