//! Which input moves the answer most: a specification planned again with one value changed at a time.

use serde::{Deserialize, Serialize};

use super::{DeploymentOption, recommend};
use crate::catalog::Catalog;
use crate::error::Result;
use crate::units::Quantile;
use crate::workload::{MAX_LATENCY_MS, MAX_QPS, MAX_TOKENS, MIN_LATENCY_MS, MIN_QPS, Specification};

/// A specification's cheapest option, and how it moves with each input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Sensitivity {
    /// The cheapest option as asked; `None` where there is none.
    pub baseline: Option<SensitivityOption>,
    /// One row for each change, those that move the cost most first; changes that leave no option,
    /// or bring the first, before all others.
    pub changes: Vec<SensitivityChange>,
    /// The answer in a sentence or two.
    pub summary: String,
}

/// One input changed, everything else as asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SensitivityChange {
    /// The field, such as `traffic.peak_qps`.
    pub path: String,
    /// The value that was asked.
    pub baseline: String,
    /// The value that was tried.
    pub value: String,
    /// The cheapest option then; `None` where there is none.
    pub option: Option<SensitivityOption>,
    /// Its cost by the month less the baseline's, in USD; `None` where either has no option.
    pub usd_per_month_change: Option<f64>,
    /// The same as a share of the baseline's cost; `None` where that is 0 too.
    pub cost_change_fraction: Option<f64>,
    /// Its GPUs less the baseline's; `None` where either has no option.
    pub gpu_count_change: Option<i64>,
}

/// The cheapest option, in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SensitivityOption {
    /// The option's id.
    pub id: String,
    /// The model's id.
    pub model: String,
    /// The GPU's id.
    pub gpu: String,
    /// GPUs in all.
    pub gpu_count: u64,
    /// Replicas.
    pub replicas: u64,
    /// USD per month of 730 hours.
    pub usd_per_month: f64,
}

impl From<&DeploymentOption> for SensitivityOption {
    fn from(option: &DeploymentOption) -> Self {
        Self {
            id: option.id.clone(),
            model: option.model.clone(),
            gpu: option.gpu.clone(),
            gpu_count: option.gpu_count,
            replicas: option.replicas,
            usd_per_month: option.usd_per_month,
        }
    }
}

/// Plans a specification again with one input changed at a time: the peak rate and both token
/// lengths by −20%, +20% and ×2, each latency target halved and doubled, the percentile one step up
/// and down, and the limits on budget and GPUs taken away; and says which change moves the cost of
/// the cheapest option most.
///
/// The cheapest option is compared, not the best ranked: its cost is a smooth figure of what is
/// asked, while the best ranked may be another model at once. Changes that contradict the rest
/// (a target for the first token above that of the whole request) are left out. With sizing by
/// headroom, lengths that were not measured leave no option.
///
/// ```
/// use sizewell::{recommend::sensitivity, workload::{Intent, Sizing, UseCase, specify}};
/// let intent = Intent { use_case: Some(UseCase::Translation), qps: Some(30.0), ..Intent::default() };
/// let mut specification = specify(&intent)?;
/// specification.sizing = Sizing::Prediction;
/// specification.models.preferred = vec!["Llama-3.1-8B-Instruct".into()];
/// let found = sensitivity(sizewell_data::catalog(), &specification)?;
/// let doubled = found.changes.iter().find(|row| row.path == "traffic.peak_qps" && row.value == "60");
/// assert!(doubled.unwrap().usd_per_month_change.unwrap() > 0.0);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// As [`recommend`].
pub fn sensitivity(catalog: &Catalog, specification: &Specification) -> Result<Sensitivity> {
    let cheapest = |specification: &Specification| -> Result<Option<SensitivityOption>> {
        let options = recommend(catalog, specification)?.options;
        let found = options.iter().min_by(|left, right| {
            let cost = left.usd_per_month.total_cmp(&right.usd_per_month);
            cost.then(left.gpu_count.cmp(&right.gpu_count)).then_with(|| left.id.cmp(&right.id))
        });
        Ok(found.map(SensitivityOption::from))
    };
    let baseline = cheapest(specification)?;
    let mut changes = Vec::new();
    for (path, before, value, changed) in variations(specification) {
        // What contradicts the rest of the specification is no question.
        if changed.check().is_err() {
            continue;
        }
        let option = cheapest(&changed)?;
        let both = baseline.as_ref().zip(option.as_ref());
        let usd_per_month_change = both.map(|(before, after)| after.usd_per_month - before.usd_per_month);
        let cost_change_fraction = both
            .filter(|(before, _)| before.usd_per_month > 0.0)
            .map(|(before, after)| after.usd_per_month / before.usd_per_month - 1.0);
        let gpu_count_change = both.map(|(before, after)| after.gpu_count as i64 - before.gpu_count as i64);
        changes.push(SensitivityChange {
            path: path.to_owned(),
            baseline: before,
            value,
            usd_per_month_change,
            cost_change_fraction,
            gpu_count_change,
            option,
        });
    }
    // Stable, so that equal effects keep the order of the inputs.
    changes.sort_by(|left, right| effect(&baseline, right).total_cmp(&effect(&baseline, left)));
    let summary = summary(baseline.as_ref(), &changes);
    Ok(Sensitivity { baseline, changes, summary })
}

/// How far a change moves the answer; more than any cost where options come or go.
fn effect(baseline: &Option<SensitivityOption>, change: &SensitivityChange) -> f64 {
    match (baseline, &change.option) {
        (Some(before), Some(after)) if before.usd_per_month > 0.0 || after.usd_per_month > 0.0 => {
            (after.usd_per_month - before.usd_per_month).abs()
        }
        // Owned GPUs without a price of power: their number.
        (Some(before), Some(after)) => (after.gpu_count as f64 - before.gpu_count as f64).abs(),
        (None, None) => 0.0,
        _ => f64::INFINITY,
    }
}

type Variation = (&'static str, String, String, Specification);

/// The specification with one value changed, in all the ways that are tried.
fn variations(specification: &Specification) -> Vec<Variation> {
    let mut all = Vec::new();
    let mut add = |path, before: String, value: String, change: &dyn Fn(&mut Specification)| {
        if before != value {
            let mut changed = specification.clone();
            change(&mut changed);
            all.push((path, before, value, changed));
        }
    };
    let (traffic, slo) = (&specification.traffic, &specification.slo);
    for factor in [0.8, 1.2, 2.0] {
        let qps = (traffic.peak_qps * factor).clamp(MIN_QPS, MAX_QPS);
        add("traffic.peak_qps", traffic.peak_qps.to_string(), qps.to_string(), &|changed| {
            changed.traffic.peak_qps = qps;
        });
    }
    let tokens = |count: u32, factor: f64| {
        (f64::from(count) * factor).round().clamp(1.0, f64::from(MAX_TOKENS)) as u32
    };
    for factor in [0.8, 1.2, 2.0] {
        let count = tokens(traffic.input_tokens, factor);
        add("traffic.input_tokens", traffic.input_tokens.to_string(), count.to_string(), &|changed| {
            changed.traffic.input_tokens = count;
        });
    }
    for factor in [0.8, 1.2, 2.0] {
        let count = tokens(traffic.output_tokens, factor);
        add("traffic.output_tokens", traffic.output_tokens.to_string(), count.to_string(), &|changed| {
            changed.traffic.output_tokens = count;
        });
    }
    let target = |target: f64, factor: f64| (target * factor).clamp(MIN_LATENCY_MS, MAX_LATENCY_MS);
    for factor in [0.5, 2.0] {
        let most = target(slo.ttft_ms, factor);
        add("slo.ttft_ms", slo.ttft_ms.to_string(), most.to_string(), &|changed| changed.slo.ttft_ms = most);
        let most = target(slo.itl_ms, factor);
        add("slo.itl_ms", slo.itl_ms.to_string(), most.to_string(), &|changed| changed.slo.itl_ms = most);
        let most = target(slo.e2e_ms, factor);
        add("slo.e2e_ms", slo.e2e_ms.to_string(), most.to_string(), &|changed| changed.slo.e2e_ms = most);
    }
    for percentile in next_to(slo.percentile) {
        add("slo.percentile", slo.percentile.to_string(), percentile.to_string(), &|changed| {
            changed.slo.percentile = percentile;
        });
    }
    if let Some(limit) = specification.budget.and_then(|budget| budget.limit_usd_per_month()) {
        add("budget", limit.to_string(), "none".to_owned(), &|changed| changed.budget = None);
    }
    if let Some(most) = specification.max_gpus {
        add("max_gpus", most.to_string(), "none".to_owned(), &|changed| changed.max_gpus = None);
    }
    all
}

/// The statistics one step below and above.
fn next_to(percentile: Quantile) -> Vec<Quantile> {
    let all = Quantile::ALL;
    let at = all.iter().position(|other| *other == percentile).unwrap_or(0);
    let below = at.checked_sub(1).and_then(|below| all.get(below));
    [below, all.get(at + 1)].into_iter().flatten().copied().collect()
}

fn summary(baseline: Option<&SensitivityOption>, changes: &[SensitivityChange]) -> String {
    let Some(before) = baseline else {
        return match changes.iter().find_map(|change| Some((change, change.option.as_ref()?))) {
            Some((change, option)) => format!(
                "There is no option as asked; with {} at {} instead of {} there is, from ${:.0} a month.",
                change.path, change.value, change.baseline, option.usd_per_month
            ),
            None => "There is no option as asked, and none with any one input changed.".to_owned(),
        };
    };
    let start = format!("The cheapest option costs ${:.0} a month", before.usd_per_month);
    let moves = |change: &&SensitivityChange| change.cost_change_fraction.is_some_and(|moved| moved != 0.0);
    match changes.iter().find(moves) {
        Some(change) => format!(
            "{start}; {} moves that most: {} instead of {} changes it by {:+.0}%.",
            change.path,
            change.value,
            change.baseline,
            change.cost_change_fraction.unwrap_or(0.0) * 100.0
        ),
        None => format!("{start}; no single change of an input moves that."),
    }
}
