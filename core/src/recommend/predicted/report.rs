//! From a configuration that was sized to an option with everything that it says.

use super::candidate::Engine;
use super::demand::Demand;
use super::explain;
use super::fleet::Sizer;
use super::pair::{Found, Judge, expectation, plan};
use crate::catalog::WeightFormat;
use crate::cost::{Fleet, UnitCosts};
use crate::engine::{Batch, EngineModel, ErrorModel, KvDtype, engine_settings};
use crate::error::{Error, Result};
use crate::queueing::{Latencies, LatencyPrediction, LimitingResource, Mood};
use crate::recommend::search::judge_row;
use crate::recommend::{
    BenchmarkEvidence, DeploymentOption, MeasuredEvidence, OptionPrediction, PredictedLatency, Provenance,
    rank,
};
use crate::units::exp;

/// What a prediction without measurements of the deployment rests on.
const ROOFLINE_SOURCE: &str =
    "engine model of sizewell, fitted to 2,323 measured benchmarks (docs/ACCURACY.md)";
/// KV cache in use from which requests wait for room in it.
const KV_FULL: f64 = 0.95;

/// The option of a configuration.
///
/// # Errors
///
/// What the cost model refuses; none for a configuration that [`Judge::pair`] found.
pub(super) fn option(judge: &Judge<'_>, found: &Found) -> Result<DeploymentOption> {
    let (search, demand) = (judge.search, judge.demand);
    let specification = search.specification;
    let lost = || Error::missing("models", "the catalog no longer has it");
    let pair = judge.pair_of(found.model, found.gpu).ok_or_else(lost)?;
    let candidate = &found.candidate;
    let setting = candidate.setting;
    let memory = setting.memory(pair.model, pair.gpu, demand).ok_or_else(lost)?;
    let engine = pair.engine(candidate).ok_or_else(lost)?;
    let sizer = Sizer::new(demand, candidate, &engine)?;
    let predicted = sizer.predictor(found.replicas).predict(&demand.arrivals)?;
    let (capacity_qps, binding) = sizer.capacity(found.replicas);
    let capacity = plan(demand, setting, found.replicas, capacity_qps);
    let latency = found.latency;

    let fleet = Fleet { gpu: pair.gpu.id.clone(), gpu_count: capacity.gpu_count };
    let cost = search.cost.quote(&[fleet]).pop().ok_or_else(lost)??;
    let unit_costs = UnitCosts::new(cost.usd_per_hour, &specification.traffic);
    let quality = judge.quality(found.model);

    let rows = judge.evidence.rows(&pair, setting);
    let same_lengths = || rows.iter().filter(|row| row.lengths() == demand.lengths);
    let within =
        same_lengths().filter_map(|row| judge_row(row, &specification.slo)).filter(|row| row.worst <= 1.0);
    let bias = &candidate.bias;
    let provenance = if bias.calibrates() { Provenance::Calibrated } else { Provenance::Roofline };
    let source_of = |measured: bool| {
        rows.iter()
            .find(|row| (row.origin == crate::catalog::BenchmarkOrigin::Measured) == measured)
            .map(|row| row.source.clone())
    };
    let planned_qps = demand.peak_qps / f64::from(found.replicas);
    let evidence = BenchmarkEvidence {
        provenance,
        source: match source_of(true).filter(|_| bias.calibrates()) {
            Some(source) => format!("{ROOFLINE_SOURCE}; {source}"),
            None => ROOFLINE_SOURCE.to_owned(),
        },
        as_of: None,
        backend: "vllm".to_owned(),
        backend_version: None,
        precision: setting.online_fp8.then(|| WeightFormat::Fp8.as_str().to_owned()),
        latency_at_qps: planned_qps,
        capacity_at_qps: capacity.replica_qps,
        planned_qps,
        benchmarks: same_lengths().count() as u32,
        benchmarks_within_targets: within.count() as u32,
    };
    let measured = (!rows.is_empty()).then(|| MeasuredEvidence {
        measured_rows: bias.measured_rows,
        simulated_rows: bias.simulated_rows,
        ttft_ratio: bias.ttft_ratio,
        itl_ratio: bias.itl_ratio,
        ttft_factor: bias.ttft_factor,
        itl_factor: bias.itl_factor,
        source: source_of(true).or_else(|| source_of(false)).unwrap_or_default(),
    });
    let errors = bias.errors(ErrorModel::fitted(pair.model.architecture.moe.is_some()));
    let means = predicted.latencies.unwrap_or_default();
    let [ttft, itl, e2e] = intervals(found, demand, &means, &errors);
    let prediction = OptionPrediction {
        provenance,
        ttft,
        itl,
        e2e,
        stable_qps: predicted.stable_requests_per_second,
        utilization: predicted.utilization,
        batch_mean: predicted.batch_mean,
        kv_use_fraction: predicted.kv_use_fraction,
        binding,
        limiting_resource: limiting(&engine, demand, &predicted),
        measured,
    };
    let mut misses = Vec::new();
    if found.worst > 0.0 {
        let (ttft, itl) =
            sizer.latencies(found.replicas, demand.required_qps, Mood::Cautious).ok_or_else(lost)?;
        misses = search.latency_misses(&latency);
        if misses.is_empty() {
            misses = explain::with_reserve(search.latency_misses(&expectation(demand, ttft, itl)));
        }
        misses.extend(search.limit_misses(capacity.gpu_count, cost.usd_per_month));
    }
    let over_budget_fraction = search.over_budget(&cost).filter(|over| *over > 0.0);
    let mut option = DeploymentOption {
        id: id(&pair.model.id, &pair.gpu.id, setting),
        rank: 0,
        model: pair.model.id.clone(),
        model_name: pair.model.name.clone(),
        gpu: pair.gpu.id.clone(),
        tensor_parallel: setting.tensor_parallel,
        expert_parallel: None,
        pipeline_parallel: (setting.pipeline_parallel > 1).then_some(setting.pipeline_parallel),
        replicas: capacity.replicas,
        gpu_count: capacity.gpu_count,
        backend: "vllm".to_owned(),
        weight_format: pair.model.weight_format,
        kv_dtype: (setting.kv != KvDtype::Auto).then_some(setting.kv),
        usd_per_hour: cost.usd_per_hour,
        usd_per_month: cost.usd_per_month,
        traffic: specification.traffic,
        scores: rank::scores(specification, quality, &latency, &unit_costs, &capacity),
        capacity,
        latency,
        cost,
        unit_costs,
        over_budget_fraction,
        quality,
        engine: engine_settings(pair.model, pair.gpu, &memory, demand.lengths),
        memory,
        evidence,
        prediction: Some(prediction),
        misses,
        explanation: Vec::new(),
    };
    option.explanation = explain::explain(specification, &option, judge.evidence.knows(pair.gpu_position));
    Ok(option)
}

/// Latencies with their intervals. The factors of a whole request lie between those of its parts, by
/// the parts' shares.
fn intervals(
    found: &Found,
    demand: &Demand,
    latencies: &Latencies,
    errors: &ErrorModel,
) -> [PredictedLatency; 3] {
    let means = (latencies.ttft.mean_ms * found.candidate.bias.ttft_residual(), latencies.itl.mean_ms);
    let whole_ms = demand.whole_ms(means.0, means.1);
    let first = (exp(errors.ttft_low.min(0.0)), exp(errors.ttft_high.max(0.0)));
    let gap = (exp(errors.itl_low.min(0.0)), exp(errors.itl_high.max(0.0)));
    let share = (means.0 / whole_ms.max(1e-9)).clamp(0.0, 1.0);
    let mixed = |first: f64, gap: f64| share * first + (1.0 - share) * gap;
    let of = |mean_ms: f64, percentile_ms: f64, (low, high): (f64, f64)| PredictedLatency {
        mean_ms,
        mean_low_ms: mean_ms * low,
        mean_high_ms: mean_ms * high,
        percentile_ms,
        percentile_low_ms: percentile_ms * low,
        percentile_high_ms: percentile_ms * high,
    };
    let asked = &found.latency;
    [
        of(means.0, asked.ttft.value_ms, first),
        of(means.1, asked.itl.value_ms, gap),
        of(whole_ms, asked.e2e.value_ms, (mixed(first.0, gap.0), mixed(first.1, gap.1))),
    ]
}

/// What a typical iteration spends most on, prompts counted by their share of the tokens.
fn limiting(engine: &Engine, demand: &Demand, predicted: &LatencyPrediction) -> LimitingResource {
    if predicted.kv_use_fraction > KV_FULL {
        return LimitingResource::Kv;
    }
    let batch = predicted.batch_mean;
    let mut shape = Batch::decode(batch, demand.input_tokens() + demand.output_tokens() / 2.0);
    // In steady state, each answer's tokens come with its prompt's share of them.
    let prompts = batch / demand.output_tokens();
    let prompt = Batch::prefill(0.0, demand.input_tokens());
    shape.prefill_sequences = prompts;
    shape.prefill_tokens = prompts * prompt.prefill_tokens;
    shape.prefill_attended_tokens = prompts * prompt.prefill_attended_tokens;
    let time = engine.iteration(&shape);
    [
        (LimitingResource::Compute, time.compute_ms),
        (LimitingResource::Bandwidth, time.bandwidth_ms),
        (LimitingResource::Interconnect, time.interconnect_ms),
        (LimitingResource::Overhead, time.overhead_ms),
    ]
    .into_iter()
    .max_by(|left, right| left.1.total_cmp(&right.1))
    .map_or(LimitingResource::Overhead, |(resource, _)| resource)
}

/// A stable name: the model without organisation, the GPU, the parallelism, and the numbers that
/// are not the checkpoint's.
fn id(model: &str, gpu: &str, setting: super::candidate::Setting) -> String {
    let mut id = format!("{}-{gpu}-tp{}", model.rsplit('/').next().unwrap_or(model), setting.tensor_parallel);
    if setting.pipeline_parallel > 1 {
        id.push_str(&format!("-pp{}", setting.pipeline_parallel));
    }
    if setting.online_fp8 {
        id.push_str("-fp8");
    }
    if setting.kv != KvDtype::Auto {
        id.push_str(&format!("-kv-{}", setting.kv.as_str()));
    }
    let plain = |character: char| match character.to_ascii_lowercase() {
        kept if kept.is_ascii_alphanumeric() => kept,
        _ => '-',
    };
    id.chars().map(plain).collect()
}
