//! Whether a deployment has too much, too little, or about what it needs.

use serde::{Deserialize, Serialize};

use super::{Outcome, OutcomeFigure, by_deployment};
use crate::monitor::metric::Metric;
use crate::monitor::statistics::quantile;
use crate::monitor::threshold::Thresholds;
use crate::units::{HOURS_PER_MONTH, ceil_forgiving};

/// Share of the time for which targets may be missed before more is needed.
const TOLERATED_MISSES: f64 = 0.05;

/// Whether there is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProvisioningState {
    /// Targets are missed, or the GPUs are as busy as is critical.
    Under,
    /// About what is needed.
    Right,
    /// The busiest hours would do with less.
    Over,
    /// Neither targets nor utilisation are known.
    Unknown,
}

impl ProvisioningState {
    /// The stable spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Under => "under",
            Self::Right => "right",
            Self::Over => "over",
            Self::Unknown => "unknown",
        }
    }
}

/// What a deployment has, and needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Provisioning {
    /// The deployment.
    pub deployment_id: String,
    /// Whether there is enough.
    pub state: ProvisioningState,
    /// Replicas of the latest outcome.
    pub replicas: u32,
    /// Replicas at which the busiest hours would be at a good load (between scaling down and up),
    /// by utilisation alone; none where that is not known. What the engine model says of targets is
    /// in [`savings`](super::savings).
    pub replicas_by_utilization: Option<u32>,
    /// 95th percentile of the utilisation over outcomes, 0 to 1.
    pub utilization_p95: Option<f64>,
    /// Share of the time within every target; none without targets.
    pub within_targets_fraction: Option<f64>,
    /// The figure furthest from its target in the worst outcome, observed over promised (promised
    /// over observed for rates): above 1 it was missed.
    pub worst_target: Option<OutcomeFigure>,
    /// By that factor.
    pub worst_ratio: Option<f64>,
    /// What the change of replicas would save by the month of 730 hours, in USD; below 0 where more
    /// are needed; none where costs are not known.
    pub saving_usd_per_month: Option<f64>,
    /// Why, in a sentence.
    pub reason: String,
}

/// Every deployment, in the order of its first mention.
pub(super) fn provisioning(outcomes: &[Outcome]) -> Vec<Provisioning> {
    let groups = by_deployment(outcomes).into_iter();
    groups
        .map(|(id, members)| {
            let own: Vec<&Outcome> = members.iter().filter_map(|index| outcomes.get(*index)).collect();
            of_one(id, &own)
        })
        .collect()
}

/// How far the worst figure is from its target.
fn worst(outcome: &Outcome) -> Option<(OutcomeFigure, f64)> {
    let ratio = |figure: OutcomeFigure| {
        let (observed, target) = (outcome.observed.counted(figure)?, outcome.targets.counted(figure)?);
        let ratio = match figure {
            OutcomeFigure::RequestsPerSecond | OutcomeFigure::TokensPerSecond => target / observed,
            _ => observed / target,
        };
        Some((figure, ratio))
    };
    OutcomeFigure::ALL.into_iter().filter_map(ratio).max_by(|left, right| left.1.total_cmp(&right.1))
}

fn of_one(id: &str, outcomes: &[&Outcome]) -> Provisioning {
    let thresholds = Thresholds::default_of(Metric::Gpu);
    let percent = |value: Option<f64>, fallback: f64| value.unwrap_or(fallback) / 100.0;
    let (up, down) = (percent(thresholds.scale_up, 85.0), percent(thresholds.scale_down, 50.0));
    let latest = outcomes.last();
    let replicas = latest.map_or(1, |outcome| outcome.replicas());
    // In GPUs' worth of work, so that outcomes with other numbers of replicas compare.
    let mut busy: Vec<f64> = outcomes
        .iter()
        .filter_map(|one| Some(one.observed.utilization? * f64::from(one.replicas()) / f64::from(replicas)))
        .collect();
    let known = !busy.is_empty();
    let utilization_p95 = known.then(|| quantile(&mut busy, 0.95));
    let judged: Vec<(f64, (OutcomeFigure, f64))> =
        outcomes.iter().filter_map(|one| Some((one.hours(), worst(one)?))).collect();
    let hours: f64 = judged.iter().map(|one| one.0).sum();
    let within: f64 = judged.iter().filter(|one| one.1.1 <= 1.0).map(|one| one.0).sum();
    let within_targets_fraction = (hours > 0.0).then(|| within / hours);
    let worst = judged.iter().map(|one| one.1).max_by(|left, right| left.1.total_cmp(&right.1));
    let needed = utilization_p95.map(|busy| {
        let target = if busy >= up { up } else { (up + down) / 2.0 };
        ceil_forgiving(f64::from(replicas) * busy / target).clamp(1.0, f64::from(u32::MAX)) as u32
    });
    let misses = within_targets_fraction.map_or(0.0, |within| 1.0 - within);
    let critical = thresholds.critical / 100.0;
    let percent = |share: f64| format!("{:.0}%", share * 100.0);
    let (state, reason) = match (utilization_p95, within_targets_fraction) {
        (None, None) => (ProvisioningState::Unknown, "Neither targets nor utilisation are known".to_owned()),
        _ if misses > TOLERATED_MISSES => {
            let what = worst.map_or("targets", |(figure, _)| figure.as_str());
            (
                ProvisioningState::Under,
                format!("Targets are missed {} of the time, {what} most", percent(misses)),
            )
        }
        (Some(busy), _) if busy >= critical => {
            (ProvisioningState::Under, format!("95% of the time up to {} busy", percent(busy)))
        }
        (Some(busy), _) if busy <= down && needed.is_some_and(|needed| needed < replicas) => {
            (ProvisioningState::Over, format!("95% of the time at most {} busy", percent(busy)))
        }
        (Some(busy), _) => {
            (ProvisioningState::Right, format!("95% of the time at most {} busy", percent(busy)))
        }
        (None, Some(within)) => {
            (ProvisioningState::Right, format!("Within every target {} of the time", percent(within)))
        }
    };
    let needed = match state {
        ProvisioningState::Right => needed.map(|_| replicas),
        // Utilisation below what is critical says nothing of why targets are missed.
        ProvisioningState::Under => needed.filter(|needed| *needed > replicas),
        _ => needed,
    };
    let usd_per_hour = outcomes.iter().rev().find_map(|one| one.observed.usd_per_hour);
    let saved = needed.map(|needed| 1.0 - f64::from(needed) / f64::from(replicas));
    Provisioning {
        deployment_id: id.to_owned(),
        state,
        replicas,
        replicas_by_utilization: needed,
        utilization_p95,
        within_targets_fraction,
        worst_target: worst.map(|one| one.0),
        worst_ratio: worst.map(|one| one.1),
        saving_usd_per_month: saved.zip(usd_per_hour).map(|(share, usd)| share * usd * HOURS_PER_MONTH),
        reason,
    }
}
