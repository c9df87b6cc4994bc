//! The highest rate that meets latency targets, and the number of replicas that a rate needs.

use serde::{Deserialize, Serialize};

use super::deployment::{Deployment, MAX_REPLICAS};
use super::predict::{Mood, Predictor};
use super::prediction::LatencyPrediction;
use super::targets::{BindingTarget, LatencyTargets};
use super::workload::Workload;
use crate::error::{Error, ErrorCode, Result};
use crate::workload::{ArrivalProcess, MAX_QPS, MIN_QPS};

/// The load, as a share of the stable rate, up to which predictions are held to the simulation;
/// nothing is planned above it, whatever the targets.
pub const MOST_UTILIZATION: f64 = 0.85;

/// The highest rate at which every target holds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MaxRate {
    /// Requests per second; 0 where a target is missed even by a request alone.
    pub requests_per_second: f64,
    /// What keeps it from being higher.
    pub binding: BindingTarget,
    /// What is predicted at that rate; `None` where it is 0.
    pub prediction: Option<LatencyPrediction>,
}

/// How many replicas a rate needs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReplicaCount {
    /// The smallest number that meets every target.
    pub replicas: u32,
    /// What the next smaller number would miss.
    pub binding: BindingTarget,
    /// What is predicted with that number.
    pub prediction: LatencyPrediction,
}

/// Whether a cautious prediction meets the targets, and what it comes nearest to missing (or
/// misses).
fn verdict(prediction: &LatencyPrediction, targets: &LatencyTargets, peak: f64) -> (bool, BindingTarget) {
    let Some(latencies) = prediction.latencies else { return (false, BindingTarget::Load) };
    let load = prediction.utilization * peak;
    match targets.narrowest(&latencies) {
        Some((target, ratio)) if ratio > 1.0 => (false, target),
        _ if load > MOST_UTILIZATION => (false, BindingTarget::Load),
        Some((target, ratio)) if ratio > load / MOST_UTILIZATION => (true, target),
        _ => (true, BindingTarget::Load),
    }
}

/// The busiest slice's rate over the mean.
fn peak_over_mean(arrivals: &ArrivalProcess) -> f64 {
    arrivals.rates().map(|(rate, _)| rate / arrivals.requests_per_second).fold(1.0, f64::max)
}

impl Predictor<'_> {
    /// The highest rate at which every target holds, up to 85% of the stable rate (in the busiest
    /// slice), by halving in the logarithm down to 0.1%. Burstiness and slices are those of
    /// `arrivals`; its rate does not count.
    ///
    /// A target holds where [`planning_latencies`](Self::planning_latencies) are within it: those of
    /// the prediction and the reserve that its errors ask for.
    ///
    /// # Errors
    ///
    /// As [`ArrivalProcess::check`] and [`LatencyTargets::check`].
    pub fn max_rate(&self, arrivals: &ArrivalProcess, targets: &LatencyTargets) -> Result<MaxRate> {
        arrivals.check()?;
        targets.check()?;
        let peak = peak_over_mean(arrivals);
        let at = |requests_per_second: f64| {
            let arrivals = ArrivalProcess { requests_per_second, ..arrivals.clone() };
            verdict(&self.evaluate(&arrivals, None, Mood::Cautious), targets, peak)
        };
        let found = |requests_per_second: f64, binding: BindingTarget| {
            let arrivals = ArrivalProcess { requests_per_second, ..arrivals.clone() };
            let prediction = self.evaluate(&arrivals, Some(targets), Mood::Expected);
            MaxRate { requests_per_second, binding, prediction: Some(prediction) }
        };
        let most = (self.stable_requests_per_second() * MOST_UTILIZATION / peak * (1.0 - 1e-9)).min(MAX_QPS);
        let (passes, binding) = at(most);
        if passes {
            return Ok(found(most, binding));
        }
        let mut missed = binding;
        let mut high = most;
        let mut low = (most * 1e-6).max(MIN_QPS);
        let (passes, binding) = at(low);
        if !passes {
            return Ok(MaxRate { requests_per_second: 0.0, binding, prediction: None });
        }
        while high > low * 1.001 {
            let middle = crate::units::sqrt(low * high);
            let (passes, binding) = at(middle);
            if passes {
                low = middle;
            } else {
                (high, missed) = (middle, binding);
            }
        }
        Ok(found(low, missed))
    }
}

/// The highest rate at which every target holds: see [`Predictor::max_rate`].
///
/// # Errors
///
/// As [`Predictor::new`] and [`Predictor::max_rate`].
pub fn max_rate(
    deployment: &Deployment,
    workload: &Workload,
    arrivals: &ArrivalProcess,
    targets: &LatencyTargets,
) -> Result<MaxRate> {
    Predictor::new(deployment, workload)?.max_rate(arrivals, targets)
}

/// The smallest number of replicas that meets every target at this traffic, with the reserve that
/// [`Predictor::max_rate`] keeps. The deployment's own number does not count.
///
/// # Errors
///
/// As [`Predictor::max_rate`]; `contradiction` where no number does, because a request alone misses
/// a target or a million replicas are too few.
pub fn replicas_for(
    deployment: &Deployment,
    workload: &Workload,
    arrivals: &ArrivalProcess,
    targets: &LatencyTargets,
) -> Result<ReplicaCount> {
    arrivals.check()?;
    targets.check()?;
    let peak = peak_over_mean(arrivals);
    let at = |replicas: u32| -> Result<(bool, BindingTarget)> {
        let predictor = Predictor::new(&deployment.with_replicas(replicas), workload)?;
        Ok(verdict(&predictor.evaluate(arrivals, None, Mood::Cautious), targets, peak))
    };
    let found = |replicas: u32, binding: BindingTarget| -> Result<ReplicaCount> {
        let predictor = Predictor::new(&deployment.with_replicas(replicas), workload)?;
        let prediction = predictor.evaluate(arrivals, Some(targets), Mood::Expected);
        Ok(ReplicaCount { replicas, binding, prediction })
    };
    let one = Predictor::new(&deployment.with_replicas(1), workload)?.stable_requests_per_second();
    let least = arrivals.requests_per_second * peak / (one * MOST_UTILIZATION);
    let mut low = if least < f64::from(MAX_REPLICAS) { least.ceil().max(1.0) as u32 } else { MAX_REPLICAS };
    let (passes, binding) = at(low)?;
    if passes {
        return found(low, BindingTarget::Load);
    }
    let mut missed = binding;
    let mut high = low;
    loop {
        if high == MAX_REPLICAS {
            return Err(Error::new(ErrorCode::Contradiction, "targets", "are met by no number of replicas")
                .help("a single request already takes longer, or more than a million replicas are needed"));
        }
        high = high.saturating_mul(2).min(MAX_REPLICAS);
        let (passes, binding) = at(high)?;
        if passes {
            break;
        }
        (low, missed) = (high, binding);
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let (passes, binding) = at(middle)?;
        if passes {
            high = middle;
        } else {
            (low, missed) = (middle, binding);
        }
    }
    found(high, missed)
}
