//! What latencies are asked for.

use serde::{Deserialize, Serialize};

use super::prediction::Latencies;
use crate::error::Result;
use crate::units::{Quantile, check_range};
use crate::workload::{MAX_LATENCY_MS, MIN_LATENCY_MS, SloTargets};

/// A bound on one statistic of a latency.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LatencyTarget {
    /// The statistic.
    pub quantile: Quantile,
    /// The most that it may be, in milliseconds.
    pub most_ms: f64,
}

/// Bounds on latencies, each with a quantile of its own; `None` for no bound.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LatencyTargets {
    /// Time to first token.
    #[serde(default)]
    pub ttft: Option<LatencyTarget>,
    /// Inter-token latency.
    #[serde(default)]
    pub itl: Option<LatencyTarget>,
    /// The whole request.
    #[serde(default)]
    pub e2e: Option<LatencyTarget>,
}

/// What keeps a deployment from taking more requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BindingTarget {
    /// The target for the time to first token.
    Ttft,
    /// The target for inter-token latency.
    Itl,
    /// The target for the whole request.
    E2e,
    /// No target: the load up to which predictions are held to the simulation.
    Load,
}

impl From<&SloTargets> for LatencyTargets {
    fn from(slo: &SloTargets) -> Self {
        let target = |most_ms| Some(LatencyTarget { quantile: slo.percentile, most_ms });
        Self { ttft: target(slo.ttft_ms), itl: target(slo.itl_ms), e2e: target(slo.e2e_ms) }
    }
}

impl LatencyTargets {
    /// Checks every bound.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a bound that is not from a thousandth of a millisecond to a day.
    pub fn check(&self) -> Result<()> {
        for (name, target) in [("ttft", self.ttft), ("itl", self.itl), ("e2e", self.e2e)] {
            if let Some(target) = target {
                check_range(&format!("{name}.most_ms"), target.most_ms, MIN_LATENCY_MS, MAX_LATENCY_MS)?;
            }
        }
        Ok(())
    }

    /// The target that is missed most, or met most narrowly, and its latency over its bound; `None`
    /// without targets.
    #[must_use]
    pub fn narrowest(&self, latencies: &Latencies) -> Option<(BindingTarget, f64)> {
        [
            (BindingTarget::Ttft, self.ttft, &latencies.ttft),
            (BindingTarget::Itl, self.itl, &latencies.itl),
            (BindingTarget::E2e, self.e2e, &latencies.e2e),
        ]
        .into_iter()
        .filter_map(|(name, target, latency)| {
            target.map(|target| (name, latency.at(target.quantile) / target.most_ms))
        })
        .max_by(|left, right| left.1.total_cmp(&right.1))
    }
}
