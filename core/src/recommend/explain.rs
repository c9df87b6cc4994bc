//! Reasons in plain words.

use super::{DeploymentOption, LatencyFigure, Miss, Provenance, Rejected, RejectionCode, Unmeasured};
use crate::units::{Quantile, capitalised};
use crate::workload::{DeploymentModel, Specification};

/// Why an option is what it is.
pub(super) fn explain(specification: &Specification, option: &DeploymentOption) -> Vec<String> {
    let mut sentences = vec![what(option), latencies(option), capacity(specification, option)];
    sentences.extend(quality(specification, option));
    sentences.extend(budget(specification, option));
    sentences.push(evidence(option));
    sentences.extend(option.cost.notes.iter().map(|note| sentence(note)));
    sentences.extend(option.misses.iter().map(|miss| sentence(&miss.message)));
    sentences
}

pub(super) fn what(option: &DeploymentOption) -> String {
    let gpus = option.capacity.gpus_per_replica;
    let fleet = match option.replicas {
        1 => format!("on {gpus} × {}, one replica", option.gpu),
        more => format!(
            "on {gpus} × {} for each of {} replicas, {} in all",
            option.gpu,
            thousands(more),
            plural(option.gpu_count, "GPU")
        ),
    };
    let cost = match option.cost.deployment_model {
        DeploymentModel::Cloud => {
            let provider = option.cost.provider.as_deref().unwrap_or("cloud");
            format!("{} a month on demand from {provider}", usd(option.usd_per_month))
        }
        DeploymentModel::Owned => {
            format!("{} a month to run on GPUs already owned", usd(option.usd_per_month))
        }
        DeploymentModel::Purchase => {
            format!("{} a month with the purchase written off", usd(option.usd_per_month))
        }
    };
    format!("{} in {} {fleet}: {cost}.", option.model_name, option.weight_format.as_str())
}

pub(super) fn latencies(option: &DeploymentOption) -> String {
    let latency = &option.latency;
    let figure = |name: &str, figure: &LatencyFigure| {
        let bound = if figure.measured_percentile == latency.percentile {
            String::new()
        } else {
            format!(" at most (its {})", figure.measured_percentile)
        };
        format!(
            "{name} {}{bound} of {} allowed",
            milliseconds(figure.value_ms),
            milliseconds(figure.target_ms)
        )
    };
    format!(
        "At {}: {}, {}, {}.",
        latency.percentile,
        figure("TTFT", &latency.ttft),
        figure("ITL", &latency.itl),
        figure("the whole request", &latency.e2e)
    )
}

fn capacity(specification: &Specification, option: &DeploymentOption) -> String {
    let plan = &option.capacity;
    let within = if option.misses.iter().any(|miss| miss.field.starts_with("slo.")) {
        "at the load nearest to the targets"
    } else {
        "within the targets"
    };
    format!(
        "A replica serves up to {} requests/s {within}; the peak of {} requests/s with {} headroom needs {}, so {}, {} used at the peak.",
        rate(plan.replica_qps),
        rate(specification.traffic.peak_qps),
        percent(specification.kept_free()),
        rate(plan.required_qps),
        plural(plan.replicas, "replica"),
        percent(plan.utilization_at_peak),
    )
}

pub(super) fn quality(specification: &Specification, option: &DeploymentOption) -> Option<String> {
    let what = specification.use_case.map_or("all use cases", |use_case| use_case.title());
    Some(match option.quality {
        Some(score) => format!("Quality for {what}: {score:.0} of 100, from published evaluations."),
        None => format!("Quality for {what} is not known and counts as 0."),
    })
}

pub(super) fn budget(specification: &Specification, option: &DeploymentOption) -> Option<String> {
    let limit = specification.budget?.limit_usd_per_month()?;
    match option.over_budget_fraction {
        Some(over) if option.misses.is_empty() => {
            Some(format!("{} above the flexible budget of {} a month.", percent(over), usd(limit)))
        }
        Some(_) => None,
        None => Some(format!(
            "Within the budget of {} a month, {} to spare.",
            usd(limit),
            usd(limit - option.usd_per_month)
        )),
    }
}

fn evidence(option: &DeploymentOption) -> String {
    let evidence = &option.evidence;
    let provenance = match evidence.provenance {
        Provenance::Measured => "measured",
        Provenance::Simulated => "simulated, not measured,",
        Provenance::Calibrated => "predicted and calibrated",
        Provenance::Roofline => "predicted",
    };
    let version =
        evidence.backend_version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
    let in_numbers =
        evidence.precision.as_deref().map(|precision| format!(" in {precision}")).unwrap_or_default();
    format!(
        "Latencies are {provenance}{in_numbers} with {}{version} at {} requests/s for a replica ({}); {} of {} benchmarks are within the targets.",
        evidence.backend,
        rate(evidence.latency_at_qps),
        evidence.source,
        evidence.benchmarks_within_targets,
        evidence.benchmarks,
    )
}

/// The answer in a sentence or two.
pub(super) fn summary(
    specification: &Specification,
    options: &[DeploymentOption],
    near_misses: &[DeploymentOption],
    unmeasured: Option<&Unmeasured>,
) -> String {
    let asked = format!(
        "{} requests/s of {} tokens at {}",
        rate(specification.traffic.peak_qps),
        specification.traffic.lengths(),
        specification.slo.percentile
    );
    if let Some(best) = options.first() {
        return format!(
            "{} for {asked}; the best is {} on {} × {} for {} a month.",
            match options.len() {
                1 => "One option".to_owned(),
                more => format!("{more} options"),
            },
            best.model_name,
            thousands(best.gpu_count),
            best.gpu,
            usd(best.usd_per_month)
        );
    }
    if let Some(unmeasured) = unmeasured {
        return sentence(&unmeasured.message);
    }
    match near_misses.first() {
        Some(nearest) => {
            let misses: Vec<&str> = nearest.misses.iter().map(|miss| miss.message.as_str()).collect();
            format!(
                "No option for {asked}; the nearest is {} on {} × {}: {}.",
                nearest.model_name,
                thousands(nearest.gpu_count),
                nearest.gpu,
                misses.join("; ")
            )
        }
        None => format!("No option for {asked}, and none near: see what was rejected and why."),
    }
}

/// What is worth knowing about the whole.
pub(super) fn notes(
    specification: &Specification,
    options: &[DeploymentOption],
    rejected: &[Rejected],
    unknown_exclusions: &[String],
) -> Vec<String> {
    let unknown =
        |name: &String| format!("`{name}` is to be avoided, but the catalog has nothing of that name.");
    let mut notes: Vec<String> = unknown_exclusions.iter().take(5).map(unknown).collect();
    if unknown_exclusions.len() > 5 {
        notes.push(format!(
            "{} more names that are to be avoided are not in the catalog.",
            unknown_exclusions.len() - 5
        ));
    }
    let percentile = specification.slo.percentile;
    let unmeasured = rejected.iter().filter(|row| row.code == RejectionCode::PercentileNotMeasured).count();
    if unmeasured > 0 {
        let mut note = format!(
            "{} at these lengths without {percentile}: nothing is concluded from other statistics.",
            match unmeasured {
                1 => "One deployment was measured".to_owned(),
                more => format!("{more} deployments were measured"),
            }
        );
        if percentile != Quantile::Mean {
            note.push_str(" Ask for the percentile `mean` to use those with means alone.");
        }
        notes.push(note);
    }
    let mut elsewhere: Vec<&String> = options
        .iter()
        .filter(|option| option.cost.deployment_model == DeploymentModel::Cloud)
        .flat_map(|option| &option.cost.notes)
        .collect();
    elsewhere.sort();
    elsewhere.dedup();
    notes.extend(elsewhere.into_iter().take(3).map(|note| sentence(note)));
    let simulated =
        options.iter().filter(|option| option.evidence.provenance == Provenance::Simulated).count();
    if simulated > 0 {
        let which = if simulated == options.len() {
            "All options rest".to_owned()
        } else {
            format!("{simulated} of {} options rest", options.len())
        };
        notes.push(format!("{which} on simulated benchmarks: measure before you commit."));
    }
    notes
}

pub(super) fn latency_miss(field: &str, name: &str, percentile: Quantile, figure: &LatencyFigure) -> Miss {
    let over_fraction = figure.value_ms / figure.target_ms - 1.0;
    Miss {
        field: field.to_owned(),
        target: figure.target_ms,
        value: figure.value_ms,
        over_fraction,
        message: format!(
            "{percentile} of {name} is {}, {} over {}",
            milliseconds(figure.value_ms),
            percent(over_fraction),
            milliseconds(figure.target_ms)
        ),
    }
}

pub(super) fn budget_miss(limit: f64, tolerated: f64, usd_per_month: f64) -> Miss {
    let target = limit * (1.0 + tolerated);
    let over_fraction = usd_per_month / target - 1.0;
    let tolerance =
        if tolerated > 0.0 { format!(" and its tolerance of {}", percent(tolerated)) } else { String::new() };
    Miss {
        field: "budget".to_owned(),
        target,
        value: usd_per_month,
        over_fraction,
        message: format!(
            "costs {} a month, {} over the budget of {}{tolerance}",
            usd(usd_per_month),
            percent(over_fraction),
            usd(limit)
        ),
    }
}

pub(super) fn gpu_miss(most: u32, gpu_count: u64) -> Miss {
    let over_fraction = gpu_count as f64 / f64::from(most) - 1.0;
    Miss {
        field: "max_gpus".to_owned(),
        target: f64::from(most),
        value: gpu_count as f64,
        over_fraction,
        message: format!("needs {}, more than the {most} allowed", plural(gpu_count, "GPU")),
    }
}

pub(super) fn sentence(clause: &str) -> String {
    let end = if clause.ends_with('.') { "" } else { "." };
    format!("{}{end}", capitalised(clause))
}

pub(super) fn milliseconds(value: f64) -> String {
    if value >= 10_000.0 {
        format!("{:.1} s", value / 1000.0)
    } else if value >= 100.0 {
        format!("{} ms", thousands(value.round() as u64))
    } else {
        format!("{value:.1} ms")
    }
}

pub(super) fn usd(value: f64) -> String {
    if value > 0.0 && value < 10.0 {
        format!("${value:.2}")
    } else {
        format!("${}", thousands(value.max(0.0).round() as u64))
    }
}

pub(super) fn rate(value: f64) -> String {
    if value >= 100.0 {
        thousands(value.round() as u64)
    } else if value >= 0.1 {
        format!("{value:.2}")
    } else {
        format!("{value:.2e}")
    }
}

pub(super) fn percent(fraction: f64) -> String {
    let hundredths = fraction * 100.0;
    if hundredths > 0.0 && hundredths < 1.0 {
        format!("{hundredths:.1}%")
    } else {
        format!("{hundredths:.0}%")
    }
}

pub(super) fn plural(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{} {what}s", thousands(count)) }
}

pub(super) fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
