//! How often latencies were within their targets, where only their percentiles are known.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Result};
use crate::monitor::reading::{check_each, check_past, check_present};
use crate::monitor::trend::{TrendDirection, TrendOptions, check_columns, of_points};
use crate::units::{HOUR_SECONDS, check_range};
use crate::workload::{MAX_LATENCY_MS, MIN_LATENCY_MS};

/// Latencies by stretches of time, all at one percentile; a column that is not known is empty.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct LatencyColumns {
    /// When each stretch began, in seconds since the Unix epoch, ascending.
    pub at_seconds: Vec<f64>,
    /// Requests in it; empty where all stretches are to count alike.
    pub requests: Vec<f64>,
    /// Time to first token, in milliseconds.
    pub ttft_ms: Vec<f64>,
    /// Inter-token latency, in milliseconds.
    pub itl_ms: Vec<f64>,
    /// The whole request, in milliseconds.
    pub e2e_ms: Vec<f64>,
}

/// Latencies, and what was promised of them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct SloComplianceRequest {
    /// What was seen.
    pub latencies: LatencyColumns,
    /// The most that the time to first token may be, in milliseconds; none for no promise.
    pub ttft_ms: Option<f64>,
    /// The same of inter-token latency.
    pub itl_ms: Option<f64>,
    /// The same of the whole request.
    pub e2e_ms: Option<f64>,
    /// The present, in seconds since the Unix epoch, which nothing may be after. Default: not held
    /// against one.
    pub now_seconds: Option<f64>,
}

/// How one target was met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TargetCompliance {
    /// Which latency: `ttft`, `itl` or `e2e`.
    pub latency: String,
    /// The target, in milliseconds.
    pub target_ms: f64,
    /// Share of stretches within it, by their requests where these are known.
    pub within_fraction: f64,
    /// The worst stretch over the target.
    pub worst_ratio: f64,
    /// When that was, in seconds since the Unix epoch.
    pub worst_seconds: f64,
    /// From the first to the last of the most stretches in a row that missed it, in hours; 0 for one
    /// alone or none.
    pub longest_breach_hours: f64,
    /// Since when it is missed, in seconds since the Unix epoch; none where the last stretch is
    /// within.
    pub missed_since_seconds: Option<f64>,
    /// Where the latency goes.
    pub direction: TrendDirection,
    /// Days until it reaches the target along the trend; none where it does not rise, or is there.
    pub days_to_target: Option<f64>,
}

/// How targets were met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SloCompliance {
    /// Each target that has a column.
    pub targets: Vec<TargetCompliance>,
    /// Share of stretches within all of them, by their requests where these are known.
    pub within_all_fraction: f64,
}

/// How often latencies were within their targets.
///
/// # Errors
///
/// `missing_field` at `ttft_ms` where no target has a column; `empty`, `contradiction` and
/// `invalid_value` at `latencies` as for every column: ascending times, none after the present, latencies above 0 and up to
/// a day, requests not negative.
pub fn slo_compliance(request: &SloComplianceRequest) -> Result<SloCompliance> {
    let latencies = &request.latencies;
    let named = [
        ("ttft", request.ttft_ms, &latencies.ttft_ms),
        ("itl", request.itl_ms, &latencies.itl_ms),
        ("e2e", request.e2e_ms, &latencies.e2e_ms),
    ];
    for (name, target, column) in &named {
        target.map_or(Ok(()), |target| {
            check_range(&format!("{name}_ms"), target, MIN_LATENCY_MS, MAX_LATENCY_MS)
        })?;
        let path = format!("{name}_ms");
        if !column.is_empty() {
            check_column(latencies, &path, column).map_err(|error| error.within("latencies"))?;
        }
    }
    if !latencies.requests.is_empty() {
        check_same(latencies, "requests", &latencies.requests).map_err(|error| error.within("latencies"))?;
        check_each("latencies.requests", &latencies.requests, 0.0, 1e15)?;
    }
    check_present(request.now_seconds)?;
    check_past("latencies.at_seconds", &latencies.at_seconds, request.now_seconds)?;
    let weight = |index: usize| latencies.requests.get(index).copied().unwrap_or(1.0);
    let total: f64 = (0..latencies.at_seconds.len()).map(weight).sum();
    if total <= 0.0 {
        return Err(Error::new(ErrorCode::Empty, "latencies.at_seconds", "has no requests"));
    }
    let mut within_all = vec![true; latencies.at_seconds.len()];
    let mut targets = Vec::new();
    for (name, target, column) in named {
        let Some(target) = target.filter(|_| !column.is_empty()) else { continue };
        for (slot, value) in within_all.iter_mut().zip(column) {
            *slot &= *value <= target;
        }
        targets.push(of_target(name, target, &latencies.at_seconds, column, &weight, total));
    }
    if targets.is_empty() {
        return Err(Error::missing("ttft_ms", "or itl_ms or e2e_ms, and its column in `latencies`"));
    }
    let within: f64 =
        within_all.iter().enumerate().filter(|(_, within)| **within).map(|(index, _)| weight(index)).sum();
    Ok(SloCompliance { targets, within_all_fraction: within / total })
}

fn of_target(
    name: &str,
    target: f64,
    at_seconds: &[f64],
    column: &[f64],
    weight: &dyn Fn(usize) -> f64,
    total: f64,
) -> TargetCompliance {
    let points: Vec<(f64, f64)> = at_seconds.iter().copied().zip(column.iter().copied()).collect();
    let (mut within, mut longest, mut since) = (0.0, 0.0_f64, None);
    let (mut worst_ratio, mut worst_seconds) = (0.0, 0.0);
    for (index, (at, value)) in points.iter().enumerate() {
        if value / target > worst_ratio {
            (worst_ratio, worst_seconds) = (value / target, *at);
        }
        if *value <= target {
            within += weight(index);
            since = None;
        } else {
            longest = longest.max(at - *since.get_or_insert(*at));
        }
    }
    let trend = of_points(&points, &TrendOptions::default());
    let rising = trend.slope_per_day.filter(|_| trend.direction == TrendDirection::Increasing);
    let now = trend.median + trend.slope_per_day.unwrap_or_default() * trend.span_days / 2.0;
    TargetCompliance {
        latency: name.to_owned(),
        target_ms: target,
        within_fraction: within / total,
        worst_ratio,
        worst_seconds,
        longest_breach_hours: longest / HOUR_SECONDS,
        missed_since_seconds: since,
        direction: trend.direction,
        days_to_target: rising.filter(|_| now < target).map(|slope| (target - now) / slope),
    }
}

fn check_same(latencies: &LatencyColumns, path: &str, column: &[f64]) -> Result<()> {
    let renamed = |error: Error| {
        let own = error.path().replacen("values", path, 1);
        error.at(own)
    };
    check_columns(&latencies.at_seconds, column).map_err(renamed)
}

fn check_column(latencies: &LatencyColumns, path: &str, column: &[f64]) -> Result<()> {
    check_same(latencies, path, column)?;
    check_each(path, column, f64::MIN_POSITIVE, MAX_LATENCY_MS)
}
