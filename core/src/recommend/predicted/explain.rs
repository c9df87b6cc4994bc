//! Reasons of predicted options in plain words.

use super::demand::LENGTHS_CV;
use crate::catalog::{Catalog, WeightFormat};
use crate::queueing::{BindingTarget, LimitingResource};
use crate::recommend::explain::{
    budget, latencies, milliseconds, percent, plural, quality, rate, sentence, thousands, usd, what,
};
use crate::recommend::{DeploymentOption, MeasuredEvidence, Miss, OptionPrediction, PredictedLatency};
use crate::workload::Specification;

/// Why an option is what it is; `known_gpu` says whether anything was measured on its GPU.
pub(super) fn explain(
    specification: &Specification,
    option: &DeploymentOption,
    known_gpu: bool,
) -> Vec<String> {
    let mut sentences = vec![what(option)];
    sentences.extend(numbers(option));
    sentences.push(latencies(option));
    sentences.push(capacity(specification, option));
    sentences.extend(quality(specification, option));
    sentences.extend(budget(specification, option));
    if let Some(prediction) = &option.prediction {
        sentences.push(basis(option, prediction));
        if !known_gpu {
            sentences.push(format!(
                "Nothing was measured on {}: its data sheet is all that the prediction knows of it.",
                option.gpu
            ));
        }
        sentences.extend(prediction.measured.as_ref().map(measured));
        sentences.extend(at_risk(option, prediction));
    }
    sentences.extend(option.cost.notes.iter().map(|note| sentence(note)));
    sentences.extend(option.misses.iter().map(|miss| sentence(&miss.message)));
    sentences
}

/// What is not as the checkpoint or one node has it.
fn numbers(option: &DeploymentOption) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(precision) = &option.evidence.precision {
        parts.push(format!("weights are quantised to {precision} while loading"));
    }
    if let Some(kv) = option.kv_dtype {
        parts.push(format!("the KV cache is kept in {}", kv.as_str()));
    }
    if let Some(stages) = option.pipeline_parallel {
        parts.push(format!("layers are split over {stages} stages, which reach beyond one node's links"));
    }
    let altered = option.evidence.precision.is_some() || option.kv_dtype.is_some();
    let caution =
        if altered { "; quality is that of the checkpoint as stored: evaluate your own" } else { "" };
    (!parts.is_empty()).then(|| sentence(&format!("{}{caution}", parts.join(", "))))
}

fn capacity(specification: &Specification, option: &DeploymentOption) -> String {
    let plan = &option.capacity;
    let peak = rate(specification.traffic.peak_qps);
    let peak = match specification.kept_free() {
        0.0 => format!("{peak} at the peak"),
        free => format!("{peak} at the peak, {} with {} headroom", rate(plan.required_qps), percent(free)),
    };
    let misses = option.misses.iter().any(|miss| miss.field.starts_with("slo."));
    let Some(prediction) = option.prediction.as_ref().filter(|_| !misses) else {
        return format!(
            "{} at the peak of {} requests/s, the load of each at {} requests/s.",
            sentence(&plural(plan.replicas, "replica")).trim_end_matches('.'),
            rate(plan.required_qps),
            rate(plan.required_qps / plan.replicas as f64)
        );
    };
    let bound = match prediction.binding {
        BindingTarget::Ttft => "beyond that TTFT",
        BindingTarget::Itl => "beyond that ITL",
        BindingTarget::E2e => "beyond that the whole request",
        BindingTarget::Load => "beyond that the load",
    };
    let reason = match prediction.binding {
        BindingTarget::Load => "is above 85% of what is sustained, where predictions end",
        _ => "misses its target",
    };
    format!(
        "{} {} up to {} requests/s within the targets at the asked percentile, and {peak}: {} used; {bound} {reason}.",
        sentence(&plural(plan.replicas, "replica")).trim_end_matches('.'),
        if plan.replicas == 1 { "takes" } else { "take" },
        rate(plan.capacity_qps),
        percent(plan.utilization_at_peak),
    )
}

fn basis(option: &DeploymentOption, prediction: &OptionPrediction) -> String {
    let range = |latency: &PredictedLatency| {
        format!("{} to {}", milliseconds(latency.percentile_low_ms), milliseconds(latency.percentile_high_ms))
    };
    let limit = match prediction.limiting_resource {
        LimitingResource::Compute => "arithmetic",
        LimitingResource::Bandwidth => "memory bandwidth",
        LimitingResource::Kv => "room in the KV cache",
        LimitingResource::Interconnect => "exchanges between GPUs",
        LimitingResource::Overhead => "launching and scheduling",
    };
    format!(
        "Latencies are predicted for vLLM; 90% intervals of {}: TTFT {}, ITL {}, the whole request {}. \
         {:.1} requests run on a replica in the mean, {} of the KV cache is in use, and {limit} limits.",
        option.latency.percentile,
        range(&prediction.ttft),
        range(&prediction.itl),
        range(&prediction.e2e),
        prediction.batch_mean,
        percent(prediction.kv_use_fraction),
    )
}

fn measured(evidence: &MeasuredEvidence) -> String {
    if evidence.measured_rows == 0 {
        return format!(
            "{} of this deployment, none measured: not used.",
            sentence(&plural(evidence.simulated_rows.into(), "simulated benchmark")).trim_end_matches('.')
        );
    }
    let ratio = |name: &str, ratio: Option<f64>| {
        ratio.map(|ratio| format!("{name} {ratio:.2} times what is predicted of them"))
    };
    let ratios: Vec<String> = [ratio("ITL", evidence.itl_ratio), ratio("TTFT", evidence.ttft_ratio)]
        .into_iter()
        .flatten()
        .collect();
    let used = if evidence.itl_factor == 1.0 && evidence.ttft_factor == 1.0 {
        "the prediction is left as it is".to_owned()
    } else {
        format!(
            "the prediction is corrected by {:.2} (ITL) and {:.2} (TTFT)",
            evidence.itl_factor, evidence.ttft_factor
        )
    };
    format!(
        "{} of this deployment at any lengths ({}): {}; {used}.",
        sentence(&plural(evidence.measured_rows.into(), "measured benchmark")).trim_end_matches('.'),
        evidence.source,
        ratios.join(", ")
    )
}

/// Which targets the intervals reach over.
fn at_risk(option: &DeploymentOption, prediction: &OptionPrediction) -> Option<String> {
    let over: Vec<&str> = [
        ("TTFT", &prediction.ttft, &option.latency.ttft),
        ("ITL", &prediction.itl, &option.latency.itl),
        ("the whole request", &prediction.e2e, &option.latency.e2e),
    ]
    .into_iter()
    .filter(|(_, predicted, target)| {
        target.value_ms <= target.target_ms && predicted.percentile_high_ms > target.target_ms
    })
    .map(|(name, _, _)| name)
    .collect();
    (!over.is_empty()).then(|| {
        format!("The interval of {} reaches over the target: measure before you commit.", over.join(" and "))
    })
}

/// Misses that are only there with the reserve that predictions ask for.
pub(super) fn with_reserve(misses: Vec<Miss>) -> Vec<Miss> {
    misses
        .into_iter()
        .map(|miss| Miss {
            message: format!("{} with the reserve that a prediction needs", miss.message),
            ..miss
        })
        .collect()
}

/// Adds to each quantised option how it compares with the same model in 16 bits on the same GPU.
pub(super) fn compare_formats(catalog: &Catalog, options: &mut [DeploymentOption]) {
    struct Wide {
        base: Option<usize>,
        gpu: String,
        usd_per_month: f64,
        itl_ms: f64,
        quality: Option<f64>,
        name: &'static str,
    }
    let quantized = |option: &DeploymentOption| {
        option.weight_format.is_quantized() || option.evidence.precision.is_some()
    };
    let wide: Vec<Wide> = options
        .iter()
        .filter(|option| !quantized(option))
        .map(|option| Wide {
            base: catalog.base_position(&option.model),
            gpu: option.gpu.clone(),
            usd_per_month: option.usd_per_month,
            itl_ms: option.latency.itl.value_ms,
            quality: option.quality,
            name: WeightFormat::as_str(option.weight_format),
        })
        .collect();
    for option in options.iter_mut().filter(|option| quantized(option)) {
        let base = catalog.base_position(&option.model);
        let Some(wide) = wide
            .iter()
            .filter(|wide| wide.base == base && wide.gpu == option.gpu)
            .min_by(|left, right| left.usd_per_month.total_cmp(&right.usd_per_month))
        else {
            continue;
        };
        let change = |now: f64, before: f64| {
            let change = now / before - 1.0;
            let size = format!("{:.0}%", change.abs() * 100.0);
            match size.as_str() {
                "0%" => "the same".to_owned(),
                _ if change < 0.0 => format!("{size} less"),
                _ => format!("{size} more"),
            }
        };
        let cost = if wide.usd_per_month > 0.0 {
            format!(
                "cost {} ({} against {})",
                change(option.usd_per_month, wide.usd_per_month),
                usd(option.usd_per_month),
                usd(wide.usd_per_month)
            )
        } else {
            "cost the same".to_owned()
        };
        let quality = match (option.quality, wide.quality) {
            (Some(own), Some(other)) if (own - other).abs() >= 0.05 => {
                format!("quality {own:.1} against {other:.1}")
            }
            (Some(_), Some(_)) => "quality not told apart by the catalog's scores".to_owned(),
            _ => "quality not known".to_owned(),
        };
        option.explanation.push(format!(
            "Against {} on the same GPU: {cost}, ITL {}, {quality}.",
            wide.name,
            change(option.latency.itl.value_ms, wide.itl_ms),
        ));
    }
}

/// How many of what there were.
pub(super) struct Counts {
    pub candidates: u64,
    pub found: usize,
    /// Pairs of model and GPU that could not be listed whatever they came to.
    pub passed_over: usize,
    pub not_listed: usize,
}

/// What is worth knowing about the whole.
pub(super) fn notes(
    specification: &Specification,
    options: &[DeploymentOption],
    counts: &Counts,
) -> Vec<String> {
    let Counts { candidates, found, passed_over, not_listed } = *counts;
    let mut notes = vec![format!(
        "{} were predicted for vLLM with Poisson arrivals, lengths that vary by {} about {} prompt and {} answer tokens.",
        plural(candidates, "configuration"),
        percent(LENGTHS_CV),
        thousands(specification.traffic.input_tokens.into()),
        thousands(specification.traffic.output_tokens.into()),
    )];
    if found > options.len() {
        notes.push(format!(
            "{} more options meet the targets and rank lower; only {} are listed.",
            thousands((found - options.len()) as u64),
            thousands(options.len() as u64)
        ));
    }
    if passed_over > 0 {
        notes.push(format!(
            "{} more combinations of model and GPU were not predicted: whatever they come to, they rank below the listed options, and a listed one is as cheap, as fast and as good.",
            thousands(passed_over as u64)
        ));
    }
    if not_listed > 0 {
        notes.push(format!(
            "{} more combinations of model and GPU were ruled out and are not listed.",
            thousands(not_listed as u64)
        ));
    }
    let calibrated = options
        .iter()
        .filter(|option| option.evidence.provenance == crate::recommend::Provenance::Calibrated)
        .count();
    if !options.is_empty() {
        notes.push(if calibrated == 0 {
            "No option rests on measurements of its own deployment: measure before you commit.".to_owned()
        } else {
            format!(
                "{} of {} options are calibrated on measurements of their own deployment.",
                thousands(calibrated as u64),
                thousands(options.len() as u64)
            )
        });
    }
    notes
}
