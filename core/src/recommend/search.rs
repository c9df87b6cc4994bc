//! [`recommend`]: from a specification to ranked options.

use super::filter::Admission;
use super::rank::{pareto, rank_near_misses, rank_options};
use super::unmeasured::unmeasured;
use super::{
    BenchmarkEvidence, DeploymentOption, LatencyExpectation, LatencyFigure, Miss, Provenance, Recommendation,
    Rejected, RejectionCode, explain, predicted, rank,
};
use crate::catalog::{Benchmark, BenchmarkOrigin, Catalog, Gpu, Model, UsableBenchmark};
use crate::cost::{CloudCost, CostModel, CostQuote, Fleet, OwnedCost, PurchaseCost, UnitCosts};
use crate::engine::{Parallelism, engine_settings, memory_plan, planned_memory_options};
use crate::error::Result;
use crate::plan::{CapacityPlan, CapacityPlanner, CapacityRequest, ReplicaPlanner};
use crate::units::Quantile;
use crate::workload::{DeploymentModel, Sizing, SloTargets, Specification, UseCase};

/// How far a target may be missed by a near miss: by half.
pub(super) const NEAR_MISS_FRACTION: f64 = 0.5;

/// Finds the best deployments for a specification.
///
/// Models are filtered by preference, licence, task, domain and context; options are priced and
/// ranked by [`Scores`](super::Scores); ties go to the cheaper, then by name.
///
/// With `sizing = prediction`, the default, every sensible deployment is judged by engine model and
/// queueing, at any lengths: models that fit, on tensor parallel 1 to 8 (two pipeline stages where
/// they fit no other way), as stored or quantised to fp8 while loading, with KV caches in 16 or 8
/// bits. Replicas are the fewest whose predicted latencies, with the reserve that predictions need,
/// are within the targets at the peak × (1 + headroom, 0 unless given). Of each model and GPU the
/// cheapest configuration is an option, and the fastest where its latencies are worth more; at most
/// 100 are listed, the whole Pareto front among them. Measurements of a deployment at any lengths
/// correct its prediction ([`OptionPrediction`](super::OptionPrediction)).
///
/// With `sizing = headroom` deployments (model, GPU, number of GPUs, engine) count that fit in
/// memory and were benchmarked at exactly the asked token lengths. Of a deployment's benchmarks,
/// those whose TTFT, ITL and time for the whole request meet the targets at the asked percentile
/// count (a percentile that was not measured is bounded by the next higher one that was); the one at
/// the highest rate says what a replica can serve. Replicas are ceil(peak × (1 + headroom, 0.2
/// unless given) ÷ that rate). Expected latencies are those of the benchmark at the lowest rate that
/// is not below a replica's planned load.
///
/// ```
/// use sizewell::{recommend::recommend, workload::{Intent, UseCase, specify}};
/// let intent = Intent { use_case: Some(UseCase::SummarizationShort), qps: Some(5.0), ..Intent::default() };
/// let recommendation = recommend(sizewell_data::catalog(), &specify(&intent)?)?;
/// let best = &recommendation.options[0];
/// assert!(best.latency.ttft.value_ms <= best.latency.ttft.target_ms);
/// assert!(best.capacity.capacity_qps >= 5.0);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// What [`Specification::check`] refuses; `unknown_name` for a model, GPU or provider that the
/// catalog does not have; `source_failed` when a benchmark source of the caller's failed. That
/// nothing fits is no error: `rejected` says why.
pub fn recommend(catalog: &Catalog, specification: &Specification) -> Result<Recommendation> {
    specification.check()?;
    let admission = Admission::new(catalog, specification)?;
    let search = Search::new(catalog, specification)?;
    if specification.sizing == Sizing::Prediction {
        return predicted::recommend(&search, &admission);
    }
    let lengths = specification.traffic.lengths();
    let rows = catalog.find_benchmarks(lengths)?;

    let mut outcome = Outcome::default();
    let mut measured = vec![false; catalog.models().len()];
    for group in groups(&rows) {
        if let Some(seen) = measured.get_mut(group.key.model) {
            *seen = true;
        }
        let verdict = admission.models.get(group.key.model);
        let (Some(None), Some(gpu_verdict)) = (verdict, admission.gpus.get(group.key.gpu)) else { continue };
        match gpu_verdict {
            Some(reason) => {
                outcome.rejected.push(group.rejected(RejectionCode::NotPreferred, reason.clone()))
            }
            None => search.judge(&group, &mut outcome),
        }
    }
    let unmeasured = if rows.is_empty() {
        Some(unmeasured(catalog, lengths, specification.slo.percentile)?)
    } else {
        None
    };
    for ((model, verdict), measured) in catalog.models().iter().zip(&admission.models).zip(measured) {
        let (code, reason) = match verdict {
            Some((code, reason)) => (*code, reason.clone()),
            None if !measured && unmeasured.is_none() => {
                (RejectionCode::NotMeasured, format!("no benchmark at {lengths} tokens"))
            }
            None => continue,
        };
        let model = model.id.clone();
        outcome.rejected.push(Rejected {
            model,
            gpu: None,
            gpus_per_replica: None,
            backend: None,
            code,
            reason,
        });
    }
    rank_options(&mut outcome.options);
    rank_near_misses(&mut outcome.near_misses);
    let Outcome { options, near_misses, rejected } = outcome;
    let notes = explain::notes(specification, &options, &rejected, &admission.unknown_exclusions);
    let summary = explain::summary(specification, &options, &near_misses, unmeasured.as_ref());
    Ok(Recommendation {
        specification: specification.clone(),
        summary,
        pareto: pareto(&options),
        options,
        near_misses,
        rejected,
        unmeasured,
        notes,
    })
}

#[derive(Default)]
struct Outcome {
    options: Vec<DeploymentOption>,
    near_misses: Vec<DeploymentOption>,
    rejected: Vec<Rejected>,
}

/// What makes a deployment: rows that agree in all of this are benchmarks of the same one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct GroupKey<'a> {
    model: usize,
    gpu: usize,
    gpus: u32,
    tensor_parallel: u32,
    expert_parallel: Option<u32>,
    backend: &'a str,
    precision: Option<&'a str>,
}

impl GroupKey<'_> {
    /// Attention within each tensor-parallel group, experts over all GPUs.
    fn parallelism(&self) -> Parallelism {
        Parallelism {
            tensor_parallel: self.tensor_parallel,
            data_parallel: self.gpus / self.tensor_parallel.max(1),
            expert_parallel: self.expert_parallel.unwrap_or(1),
            ..Parallelism::default()
        }
    }
}

struct Group<'a> {
    key: GroupKey<'a>,
    model: &'a Model,
    gpu: &'a Gpu,
    as_stored: bool,
    rows: Vec<&'a Benchmark>,
}

impl Group<'_> {
    fn rejected(&self, code: RejectionCode, reason: String) -> Rejected {
        Rejected {
            model: self.model.id.clone(),
            gpu: Some(self.gpu.id.clone()),
            gpus_per_replica: Some(self.key.gpus),
            backend: Some(self.key.backend.to_owned()),
            code,
            reason,
        }
    }
}

/// Benchmarks by deployment, in a fixed order.
fn groups<'a>(rows: &'a [UsableBenchmark<'a>]) -> Vec<Group<'a>> {
    let key = |usable: &'a UsableBenchmark<'a>| GroupKey {
        model: usable.model_position,
        gpu: usable.gpu_position,
        gpus: usable.row.gpus(),
        tensor_parallel: usable.row.tensor_parallel,
        expert_parallel: usable.row.expert_parallel,
        backend: &usable.row.backend,
        precision: usable.row.precision.as_deref(),
    };
    let mut keyed: Vec<(GroupKey<'a>, &'a UsableBenchmark<'a>)> =
        rows.iter().map(|row| (key(row), row)).collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed
        .chunk_by(|left, right| left.0 == right.0)
        .filter_map(|chunk| {
            let (key, first) = chunk.first()?;
            let rows = chunk.iter().map(|(_, usable)| usable.row.as_ref()).collect();
            Some(Group { key: *key, model: first.model, gpu: first.gpu, as_stored: first.as_stored, rows })
        })
        .collect()
}

/// A benchmark against the targets.
#[derive(Clone, Copy)]
pub(super) struct Judged<'a> {
    row: &'a Benchmark,
    rate: f64,
    latency: LatencyExpectation,
    /// The largest latency over its target.
    pub worst: f64,
}

pub(super) struct Search<'a> {
    pub catalog: &'a Catalog,
    pub specification: &'a Specification,
    pub cost: Box<dyn CostModel>,
    planner: Box<dyn CapacityPlanner>,
    pub budget_usd_per_month: Option<f64>,
}

impl<'a> Search<'a> {
    pub fn new(catalog: &'a Catalog, specification: &'a Specification) -> Result<Self> {
        if let Some(provider) = &specification.provider {
            catalog.provider(provider)?;
        }
        let datacenter = specification.datacenter;
        let cost: Box<dyn CostModel> = match specification.deployment_model {
            DeploymentModel::Cloud => {
                let (provider, region) = (specification.provider.as_deref(), specification.region.as_deref());
                Box::new(CloudCost::new(catalog, provider, region)?)
            }
            DeploymentModel::Owned => Box::new(OwnedCost::new(catalog, datacenter)),
            DeploymentModel::Purchase => Box::new(PurchaseCost::new(catalog, datacenter)),
        };
        let budget_usd_per_month = specification.budget.and_then(|budget| budget.limit_usd_per_month());
        Ok(Self { catalog, specification, cost, planner: Box::new(ReplicaPlanner), budget_usd_per_month })
    }

    fn judge(&self, group: &Group<'_>, outcome: &mut Outcome) {
        let (model, gpu) = (group.model, group.gpu);
        let lengths = self.specification.traffic.lengths();
        let options = planned_memory_options(gpu, group.key.parallelism(), lengths);
        let memory = match memory_plan(model, gpu, &options) {
            Ok(memory) => memory,
            Err(error) => {
                outcome.rejected.push(group.rejected(RejectionCode::Parallelism, error.to_string()));
                return;
            }
        };
        if !memory.fits && group.as_stored {
            let reason = memory.reason.unwrap_or_default();
            outcome.rejected.push(group.rejected(RejectionCode::Memory, reason));
            return;
        }
        let slo = &self.specification.slo;
        let judged: Vec<Judged<'_>> = group.rows.iter().filter_map(|row| judge_row(row, slo)).collect();
        if judged.is_empty() {
            let reason = missing_figures(&group.rows, slo.percentile);
            outcome.rejected.push(group.rejected(RejectionCode::PercentileNotMeasured, reason));
            return;
        }
        let within: Vec<Judged<'_>> = judged.iter().copied().filter(|judged| judged.worst <= 1.0).collect();
        let capacity = highest_rate(&within).or_else(|| nearest_to_targets(&judged));
        let Some(capacity) = capacity else { return };
        let request = CapacityRequest {
            peak_qps: self.specification.traffic.peak_qps,
            headroom_fraction: self.specification.kept_free(),
            replica_qps: capacity.rate,
            gpus_per_replica: group.key.gpus,
        };
        let plan = match self.planner.plan(&[request]).pop() {
            Some(Ok(plan)) => plan,
            Some(Err(error)) => {
                outcome.rejected.push(group.rejected(RejectionCode::MaxGpus, error.to_string()));
                return;
            }
            None => return,
        };
        let fleet = Fleet { gpu: gpu.id.clone(), gpu_count: plan.gpu_count };
        let cost = match self.cost.quote(&[fleet]).pop() {
            Some(Ok(cost)) => cost,
            Some(Err(error)) => {
                let why = error.report().help.clone().unwrap_or_else(|| error.to_string());
                outcome.rejected.push(group.rejected(RejectionCode::PriceNotKnown, why));
                return;
            }
            None => return,
        };
        let planned_qps = request.peak_qps / plan.replicas as f64;
        let expected = lowest_rate_from(&within, planned_qps).unwrap_or(capacity);
        let misses = self.misses(&expected, &plan, &cost);
        let evidence = BenchmarkEvidence {
            provenance: match expected.row.origin {
                BenchmarkOrigin::Measured => Provenance::Measured,
                BenchmarkOrigin::Simulated => Provenance::Simulated,
            },
            source: expected.row.source.clone(),
            as_of: expected.row.as_of,
            backend: expected.row.backend.clone(),
            backend_version: expected.row.backend_version.clone(),
            precision: expected.row.precision.clone(),
            latency_at_qps: expected.rate,
            capacity_at_qps: capacity.rate,
            planned_qps,
            benchmarks: group.rows.len() as u32,
            benchmarks_within_targets: within.len() as u32,
        };
        if let Some(worst) =
            misses.iter().max_by(|left, right| left.over_fraction.total_cmp(&right.over_fraction))
            && worst.over_fraction > NEAR_MISS_FRACTION
        {
            let code = match worst.field.as_str() {
                "budget" => RejectionCode::Budget,
                "max_gpus" => RejectionCode::MaxGpus,
                _ => RejectionCode::Latency,
            };
            outcome.rejected.push(group.rejected(code, worst.message.clone()));
            return;
        }
        let list = if misses.is_empty() { &mut outcome.options } else { &mut outcome.near_misses };
        let quality = self.quality(&model.id);
        let unit_costs = UnitCosts::new(cost.usd_per_hour, &self.specification.traffic);
        let over_budget_fraction = self.over_budget(&cost).filter(|over| *over > 0.0);
        let mut option = DeploymentOption {
            id: option_id(group),
            rank: 0,
            model: model.id.clone(),
            model_name: model.name.clone(),
            gpu: gpu.id.clone(),
            tensor_parallel: group.key.tensor_parallel,
            expert_parallel: group.key.expert_parallel,
            pipeline_parallel: None,
            replicas: plan.replicas,
            gpu_count: plan.gpu_count,
            backend: group.key.backend.to_owned(),
            weight_format: model.weight_format,
            kv_dtype: None,
            usd_per_hour: cost.usd_per_hour,
            usd_per_month: cost.usd_per_month,
            traffic: self.specification.traffic,
            capacity: plan,
            latency: expected.latency,
            scores: rank::scores(self.specification, quality, &expected.latency, &unit_costs, &plan),
            cost,
            unit_costs,
            over_budget_fraction,
            quality,
            engine: engine_settings(model, gpu, &memory, lengths),
            memory,
            evidence,
            prediction: None,
            misses,
            explanation: Vec::new(),
        };
        option.explanation = explain::explain(self.specification, &option);
        list.push(option);
    }

    /// The model's quality for the use case; the mean over all use cases where there is none.
    pub fn quality(&self, model: &str) -> Option<f64> {
        let score = |use_case| self.catalog.quality_of(model, use_case).map(|quality| quality.score);
        match self.specification.use_case {
            Some(use_case) => score(use_case),
            None => {
                let all: Option<Vec<f64>> = UseCase::ALL.into_iter().map(score).collect();
                all.map(|scores| scores.iter().sum::<f64>() / scores.len() as f64)
            }
        }
    }

    /// How far the cost is above the budget, as a share of it; negative when below.
    pub fn over_budget(&self, cost: &CostQuote) -> Option<f64> {
        self.budget_usd_per_month.map(|limit| cost.usd_per_month / limit - 1.0)
    }

    fn misses(&self, judged: &Judged<'_>, plan: &CapacityPlan, cost: &CostQuote) -> Vec<Miss> {
        let mut misses = self.latency_misses(&judged.latency);
        misses.extend(self.limit_misses(plan.gpu_count, cost.usd_per_month));
        misses
    }

    pub fn latency_misses(&self, latency: &LatencyExpectation) -> Vec<Miss> {
        let mut misses = Vec::new();
        for (field, name, figure) in [
            ("slo.ttft_ms", "TTFT", &latency.ttft),
            ("slo.itl_ms", "ITL", &latency.itl),
            ("slo.e2e_ms", "the whole request", &latency.e2e),
        ] {
            if figure.value_ms > figure.target_ms {
                misses.push(explain::latency_miss(field, name, latency.percentile, figure));
            }
        }
        misses
    }

    /// The budget and the number of GPUs that may be used.
    pub fn limit_misses(&self, gpu_count: u64, usd_per_month: f64) -> Vec<Miss> {
        let mut misses = Vec::new();
        if let (Some(limit), Some(budget)) = (self.budget_usd_per_month, self.specification.budget) {
            let tolerated = if budget.strict { 0.0 } else { budget.tolerance_fraction };
            if usd_per_month > limit * (1.0 + tolerated) {
                misses.push(explain::budget_miss(limit, tolerated, usd_per_month));
            }
        }
        if let Some(most) = self.specification.max_gpus
            && gpu_count > u64::from(most)
        {
            misses.push(explain::gpu_miss(most, gpu_count));
        }
        misses
    }
}

/// A row's latencies against the targets; `None` when the percentile or the rate is not known.
pub(super) fn judge_row<'a>(row: &'a Benchmark, slo: &SloTargets) -> Option<Judged<'a>> {
    let figure = |measure: crate::catalog::Measure, target_ms: f64| LatencyFigure {
        value_ms: measure.value_ms,
        target_ms,
        headroom_fraction: 1.0 - measure.value_ms / target_ms,
        measured_percentile: measure.quantile,
    };
    let latency = LatencyExpectation {
        percentile: slo.percentile,
        ttft: figure(row.ttft_ms.at_most(slo.percentile)?, slo.ttft_ms),
        itl: figure(row.itl_ms.at_most(slo.percentile)?, slo.itl_ms),
        e2e: figure(row.e2e_at_most(slo.percentile)?, slo.e2e_ms),
    };
    let ratio = |figure: &LatencyFigure| figure.value_ms / figure.target_ms;
    let ratios = [ratio(&latency.ttft), ratio(&latency.itl), ratio(&latency.e2e)];
    if !ratios.iter().all(|ratio| ratio.is_finite() && *ratio > 0.0) {
        return None;
    }
    let worst = ratios.into_iter().fold(0.0, f64::max);
    Some(Judged { row, rate: row.rate().filter(|rate| rate.is_finite() && *rate > 0.0)?, latency, worst })
}

/// The highest rate; among equals the one further from the targets' good side, to be careful.
fn highest_rate<'a>(rows: &[Judged<'a>]) -> Option<Judged<'a>> {
    rows.iter().copied().max_by(|left, right| {
        left.rate.total_cmp(&right.rate).then_with(|| left.worst.total_cmp(&right.worst))
    })
}

/// The lowest rate that is not below `rate`; among equals the slower one, to be careful.
fn lowest_rate_from<'a>(rows: &[Judged<'a>], rate: f64) -> Option<Judged<'a>> {
    rows.iter().copied().filter(|row| row.rate >= rate).min_by(|left, right| {
        left.rate.total_cmp(&right.rate).then_with(|| right.worst.total_cmp(&left.worst))
    })
}

/// The row that misses the targets by least.
fn nearest_to_targets<'a>(rows: &[Judged<'a>]) -> Option<Judged<'a>> {
    rows.iter().copied().min_by(|left, right| {
        left.worst.total_cmp(&right.worst).then_with(|| right.rate.total_cmp(&left.rate))
    })
}

/// Which figures none of the rows has.
fn missing_figures(rows: &[&Benchmark], percentile: Quantile) -> String {
    let lacks = |has: &dyn Fn(&Benchmark) -> bool| !rows.iter().any(|row| has(row));
    let missing: Vec<&str> = [
        ("TTFT", lacks(&|row| row.ttft_ms.at_most(percentile).is_some())),
        ("ITL", lacks(&|row| row.itl_ms.at_most(percentile).is_some())),
        ("the whole request", lacks(&|row| row.e2e_at_most(percentile).is_some())),
    ]
    .into_iter()
    .filter_map(|(name, lacking)| lacking.then_some(name))
    .collect();
    if missing.is_empty() {
        return format!("no benchmark has {percentile} of every latency and a request rate");
    }
    let of_ttft: Vec<&str> = Quantile::ALL
        .into_iter()
        .filter(|quantile| rows.iter().any(|row| row.ttft_ms.get(*quantile).is_some()))
        .map(Quantile::as_str)
        .collect();
    let measured = if of_ttft.is_empty() { "nothing".to_owned() } else { of_ttft.join(", ") };
    format!("{percentile} of {} was not measured, of TTFT {measured}", missing.join(", "))
}

/// A stable name: the model without organisation, the GPU, the parallelism, and whatever else
/// tells deployments apart.
fn option_id(group: &Group<'_>) -> String {
    let Group { key, model, gpu, .. } = group;
    let mut parts = vec![
        model.id.rsplit('/').next().unwrap_or(&model.id).to_owned(),
        gpu.id.clone(),
        format!("tp{}", key.tensor_parallel),
    ];
    if key.gpus != key.tensor_parallel {
        parts.push(format!("x{}", key.gpus));
    }
    if let Some(ranks) = key.expert_parallel {
        parts.push(format!("ep{ranks}"));
    }
    if key.backend != "vllm" {
        parts.push(key.backend.to_owned());
    }
    if let Some(precision) = key.precision {
        parts.push(precision.to_owned());
    }
    let joined = parts.join("-").to_lowercase();
    joined.chars().map(|character| if character.is_ascii_alphanumeric() { character } else { '-' }).collect()
}
