//! Where a metric begins to matter: warning, critical, scale up, scale down; and how long and by
//! how much it must stay on the other side before anything changes.

use serde::{Deserialize, Serialize};

use super::metric::Metric;
use crate::error::{Error, ErrorCode, Result};
use crate::units::check_range;

/// Longest hold time: a year, in seconds.
const MOST_HOLD_SECONDS: f64 = 366.0 * 86_400.0;
/// Greatest threshold.
const MOST_THRESHOLD: f64 = 1e12;

/// What a threshold is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ThresholdBasis {
    /// Usage in percent of the capacity.
    Utilization,
    /// Usage itself, in its unit.
    Value,
}

/// Thresholds of one metric, in percent of the capacity or in the metric's own unit, as `basis`
/// says. A level is reached at its threshold, not only above it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// What they are held against.
    pub basis: ThresholdBasis,
    /// From here on, a warning.
    pub warning: f64,
    /// From here on, critical; not below `warning`.
    pub critical: f64,
    /// From here on, capacity should be added; none to leave that to the levels.
    #[serde(default)]
    pub scale_up: Option<f64>,
    /// Up to here, capacity may be taken away; below `scale_up` and `warning`.
    #[serde(default)]
    pub scale_down: Option<f64>,
}

impl Thresholds {
    /// The defaults. Compute, memory, GPU, database connections, API rate limit and storage are
    /// those of the capacity planning guide (§1.1); network and cache memory its dashboard's
    /// fallback (§3.1); queue depth, latency and error rate the scaling triggers of the production
    /// sizing guide (§5.2), where a queue's warning already says to add capacity.
    #[must_use]
    pub const fn default_of(metric: Metric) -> Self {
        match metric {
            Metric::Compute | Metric::DatabaseConnections | Metric::Network | Metric::CacheMemory => {
                Self::utilization(70.0, 85.0, 75.0, 30.0)
            }
            Metric::Memory => Self::utilization(75.0, 90.0, 80.0, 40.0),
            Metric::Storage => Self::utilization(75.0, 90.0, 80.0, 50.0),
            Metric::Gpu | Metric::ApiRateLimit => Self::utilization(80.0, 95.0, 85.0, 50.0),
            Metric::QueueDepth => Self {
                basis: ThresholdBasis::Value,
                warning: 100.0,
                critical: 500.0,
                scale_up: Some(100.0),
                scale_down: None,
            },
            Metric::LatencyP95 => Self::value(2.0, 5.0),
            Metric::ErrorRate => Self::value(1.0, 5.0),
        }
    }

    /// Thresholds in percent of the capacity.
    #[must_use]
    pub const fn utilization(warning: f64, critical: f64, scale_up: f64, scale_down: f64) -> Self {
        Self {
            basis: ThresholdBasis::Utilization,
            warning,
            critical,
            scale_up: Some(scale_up),
            scale_down: Some(scale_down),
        }
    }

    /// Thresholds in the metric's unit, without any for scaling.
    #[must_use]
    pub const fn value(warning: f64, critical: f64) -> Self {
        Self { basis: ThresholdBasis::Value, warning, critical, scale_up: None, scale_down: None }
    }

    /// Checks the order.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a threshold that is not above 0 and at most 10¹²; `contradiction` when
    /// `critical` is below `warning`, or `scale_down` not below `scale_up` and `warning`.
    pub fn check(&self) -> Result<()> {
        for (path, value) in [
            ("warning", Some(self.warning)),
            ("critical", Some(self.critical)),
            ("scale_up", self.scale_up),
            ("scale_down", self.scale_down),
        ] {
            value.map_or(Ok(()), |value| check_range(path, value, f64::MIN_POSITIVE, MOST_THRESHOLD))?;
        }
        let contradiction = |path: &str, message: &str, given: f64, least: f64| {
            let error = Error::new(ErrorCode::Contradiction, path, message).given(given);
            Err(error.allowed(least.to_string()))
        };
        if self.critical < self.warning {
            return contradiction("critical", "is below `warning`", self.critical, self.warning);
        }
        if let Some(down) = self.scale_down {
            let least = self.scale_up.map_or(self.warning, |up| up.min(self.warning));
            if down >= least {
                return contradiction("scale_down", "is not below `scale_up` and `warning`", down, least);
            }
        }
        Ok(())
    }
}

/// When a level changes: how far back a metric must go, and for how long it must stay, before a
/// level is left; and how long it must stay before one is reached.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AlertPolicy {
    /// How far below its threshold a metric must be for a level to be left, as a share of the
    /// threshold, 0 to 0.9. Default: 0.05, so a warning from 80% on is left below 76%.
    pub margin: f64,
    /// For how many seconds a threshold must be reached before the level is. Default: 0, at once.
    pub raise_after_seconds: f64,
    /// For how many seconds a metric must be below threshold and margin before the level is left;
    /// also how long `scale_down` must hold before it is said. Default: 300, the stabilisation
    /// window of scaling down in both guides and in Kubernetes.
    pub clear_after_seconds: f64,
    /// After how many seconds without a reading a metric counts as stale; by default after three of
    /// its usual gaps, a minute at least.
    pub stale_after_seconds: Option<f64>,
}

impl Default for AlertPolicy {
    fn default() -> Self {
        Self { margin: 0.05, raise_after_seconds: 0.0, clear_after_seconds: 300.0, stale_after_seconds: None }
    }
}

impl AlertPolicy {
    /// Checks every value.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a margin that is not from 0 to 0.9 or a time that is not from 0 to a
    /// year.
    pub fn check(&self) -> Result<()> {
        check_range("margin", self.margin, 0.0, 0.9)?;
        check_range("raise_after_seconds", self.raise_after_seconds, 0.0, MOST_HOLD_SECONDS)?;
        check_range("clear_after_seconds", self.clear_after_seconds, 0.0, MOST_HOLD_SECONDS)?;
        let stale = self.stale_after_seconds.unwrap_or_default();
        check_range("stale_after_seconds", stale, 0.0, MOST_HOLD_SECONDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_in_order() {
        for metric in Metric::ALL {
            Thresholds::default_of(metric).check().unwrap();
        }
        AlertPolicy::default().check().unwrap();
    }

    #[test]
    fn thresholds_out_of_order_are_refused() {
        let code = |thresholds: Thresholds| {
            let error = thresholds.check().unwrap_err();
            (error.code(), error.path().to_owned())
        };
        let good = Thresholds::utilization(70.0, 85.0, 75.0, 30.0);
        let contradiction = |path: &str| (ErrorCode::Contradiction, path.to_owned());
        assert_eq!(code(Thresholds { critical: 60.0, ..good }), contradiction("critical"));
        assert_eq!(code(Thresholds { scale_down: Some(70.0), ..good }), contradiction("scale_down"));
        assert_eq!(code(Thresholds { warning: f64::NAN, ..good }).0, ErrorCode::InvalidValue);
        assert_eq!(code(Thresholds { scale_up: Some(0.0), ..good }).1, "scale_up");
    }
}
