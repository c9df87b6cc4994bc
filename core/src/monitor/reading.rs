//! One observation of a metric, and what makes it acceptable.

use serde::{Deserialize, Serialize};

use super::metric::{CapacityUnit, Metric};
use super::threshold::ThresholdBasis;
use crate::error::{Error, Result};
use crate::units::{check_name, check_positive, check_range};

/// Greatest usage, capacity and utilisation in percent.
pub(super) const MOST_USAGE: f64 = 1e15;
/// Longest name of a service, in bytes.
const MOST_NAME: usize = 200;
/// The end of the year 9999, in seconds since the Unix epoch.
const MOST_TIME_SECONDS: f64 = 253_402_300_799.0;

/// One observation of a metric of a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// The service, at most 200 bytes.
    pub service: String,
    /// What was observed.
    pub metric: Metric,
    /// When, in seconds since the Unix epoch. Default: now.
    #[serde(default)]
    pub at_seconds: Option<f64>,
    /// How much is in use, in `unit`: 0 to 10¹⁵. Of latency and error rate, the figure itself.
    pub usage: f64,
    /// How much there is, in `unit`: above 0. Default: as in the last reading that said. Needed by
    /// metrics whose thresholds are in percent of it.
    #[serde(default)]
    pub capacity: Option<f64>,
    /// What is kept for others and can't be used: 0 to the capacity. Default: as before, at first 0.
    #[serde(default)]
    pub reserved_capacity: Option<f64>,
    /// What capacity can be extended to, at least the capacity. Default: as before.
    #[serde(default)]
    pub max_capacity: Option<f64>,
    /// What both are counted in. Default: as before, at first the metric's first unit.
    #[serde(default)]
    pub unit: Option<CapacityUnit>,
}

impl Reading {
    /// A reading of a resource with its capacity, taken now.
    #[must_use]
    pub fn new(service: impl Into<String>, metric: Metric, usage: f64, capacity: f64) -> Self {
        Self { capacity: Some(capacity), ..Self::signal(service, metric, usage) }
    }

    /// A reading of what has no capacity: a latency, an error rate, the depth of a queue.
    #[must_use]
    pub fn signal(service: impl Into<String>, metric: Metric, usage: f64) -> Self {
        Self {
            service: service.into(),
            metric,
            at_seconds: None,
            usage,
            capacity: None,
            reserved_capacity: None,
            max_capacity: None,
            unit: None,
        }
    }

    /// The same taken at a time, in seconds since the Unix epoch.
    #[must_use]
    pub fn at(self, at_seconds: f64) -> Self {
        Self { at_seconds: Some(at_seconds), ..self }
    }

    pub(super) fn check(&self) -> Result<()> {
        check_name("service", &self.service, MOST_NAME)?;
        check_usage("usage", self.usage)?;
        if let Some(capacity) = self.capacity {
            check_capacity("capacity", capacity)?;
        }
        self.max_capacity.map_or(Ok(()), |most| check_positive("max_capacity", most, MOST_USAGE))?;
        self.reserved_capacity.map_or(Ok(()), |kept| check_range("reserved_capacity", kept, 0.0, MOST_USAGE))
    }
}

pub(super) fn check_usage(path: &str, usage: f64) -> Result<()> {
    if (0.0..=MOST_USAGE).contains(&usage) { Ok(()) } else { check_range(path, usage, 0.0, MOST_USAGE) }
}

pub(super) fn check_capacity(path: &str, capacity: f64) -> Result<()> {
    check_positive(path, capacity, MOST_USAGE)
}

/// Checks every value of a column, naming the first that is out of range.
pub(super) fn check_each(name: &str, values: &[f64], least: f64, most: f64) -> Result<()> {
    match values.iter().position(|value| !(least..=most).contains(value)) {
        None => Ok(()),
        Some(index) => {
            let given = values.get(index).copied().unwrap_or_default();
            check_range(&format!("{name}[{index}]"), given, least, most)
        }
    }
}

pub(super) fn is_time(seconds: f64) -> bool {
    (0.0..=MOST_TIME_SECONDS).contains(&seconds)
}

/// Refuses a present that is none, and a column of ascending times of which the last is after it;
/// without a present nothing is.
pub(super) fn check_past(path: &str, at_seconds: &[f64], now_seconds: Option<f64>) -> Result<()> {
    let Some(last) = at_seconds.len().checked_sub(1) else { return Ok(()) };
    let at = at_seconds.get(last).copied().unwrap_or_default();
    check_not_after(&format!("{path}[{last}]"), at, now_seconds)
}

/// Refuses a time that is after the present; without a present none is.
pub(super) fn check_not_after(path: &str, at_seconds: f64, now_seconds: Option<f64>) -> Result<()> {
    match now_seconds {
        Some(now) if at_seconds > now => {
            Err(Error::invalid(path, at_seconds, format!("not after the present, {now}")))
        }
        _ => Ok(()),
    }
}

/// Refuses a present that is no time.
pub(super) fn check_present(now_seconds: Option<f64>) -> Result<()> {
    now_seconds.map_or(Ok(()), |now| check_time("now_seconds", now))
}

pub(super) fn check_time(path: &str, seconds: f64) -> Result<()> {
    if is_time(seconds) { Ok(()) } else { check_range(path, seconds, 0.0, MOST_TIME_SECONDS) }
}

/// What thresholds are held against: usage itself, or in percent of the capacity.
pub(super) fn value_of(
    usage: f64,
    capacity: Option<f64>,
    basis: ThresholdBasis,
    metric: Metric,
) -> Result<f64> {
    match (basis, capacity) {
        (ThresholdBasis::Value, _) => Ok(usage),
        (ThresholdBasis::Utilization, Some(capacity)) => {
            let percent = usage / capacity * 100.0;
            if percent <= MOST_USAGE {
                Ok(percent)
            } else {
                Err(Error::invalid("capacity", capacity, format!("usage is at most {MOST_USAGE:e}% of it")))
            }
        }
        (ThresholdBasis::Utilization, None) => {
            let help = format!("the thresholds of `{}` are in percent of it", metric.as_str());
            Err(Error::missing("capacity", help))
        }
    }
}
