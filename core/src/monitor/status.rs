//! How things stand: of one metric, of a service, and what calls for attention.

use serde::{Deserialize, Serialize};

use super::collector::{Collector, MetricChannel};
use super::level::{AlertLevel, ScalingAdvice};
use super::metric::{CapacityUnit, Metric};
use super::threshold::{AlertPolicy, ThresholdBasis, Thresholds};
use crate::error::Result;
use crate::units::{DAY_SECONDS, HOUR_SECONDS};

/// How one metric of a service stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MetricStatus {
    /// The metric.
    pub metric: Metric,
    /// What usage and capacity are counted in.
    pub unit: CapacityUnit,
    /// Usage of the latest reading.
    pub usage: f64,
    /// The capacity; none where it has none.
    pub capacity: Option<f64>,
    /// Usage in percent of the capacity; above 100 where more is taken than there is.
    pub utilization_percent: Option<f64>,
    /// What is left of the capacity, in percent: 100 less the utilisation, less what is reserved;
    /// below 0 where more is taken than there is.
    pub headroom_percent: Option<f64>,
    /// The same in `unit`.
    pub headroom: Option<f64>,
    /// By how much capacity can be extended, in `unit`; none where that is not known.
    pub extensible: Option<f64>,
    /// What thresholds are held against: percent of the capacity, or usage itself.
    pub value: f64,
    /// The thresholds.
    pub thresholds: Thresholds,
    /// The level of the latest reading alone.
    pub momentary_level: AlertLevel,
    /// The level that stands, which does not flap.
    pub level: AlertLevel,
    /// When that level was reached, in seconds since the Unix epoch; none where it is normal.
    pub since_seconds: Option<f64>,
    /// What should be done about capacity.
    pub scaling: ScalingAdvice,
    /// When the latest reading was taken, in seconds since the Unix epoch.
    pub at_seconds: f64,
    /// How long ago that was.
    pub age_seconds: f64,
    /// Whether readings have ceased to come: see [`AlertPolicy::stale_after_seconds`].
    pub stale: bool,
}

/// How a service stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ServiceStatus {
    /// The service.
    pub service: String,
    /// The worst level of its metrics.
    pub level: AlertLevel,
    /// Its metrics, in the order of [`Metric::ALL`].
    pub metrics: Vec<MetricStatus>,
}

/// Something that calls for attention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CapacityAlert {
    /// The service.
    pub service: String,
    /// The metric.
    pub metric: Metric,
    /// How bad it is.
    pub level: AlertLevel,
    /// The latest value: percent of the capacity, or in the metric's unit.
    pub value: f64,
    /// The threshold of the level.
    pub threshold: f64,
    /// When the level was reached, in seconds since the Unix epoch.
    pub since_seconds: f64,
    /// Whether readings have ceased to come since.
    pub stale: bool,
    /// What it is, in a sentence.
    pub message: String,
    /// What to do about it.
    pub action: String,
}

impl MetricChannel {
    pub(super) fn status(&self, now_seconds: f64, policy: &AlertPolicy) -> Option<MetricStatus> {
        let latest = self.history.last()?;
        let utilization_percent = self.capacity.map(|capacity| latest.usage / capacity * 100.0);
        let left = self.capacity.map(|capacity| capacity - self.reserved_capacity - latest.usage);
        let age_seconds = (now_seconds - latest.at_seconds).max(0.0);
        let three_gaps = || self.history.usual_gap_seconds().map(|gap| (3.0 * gap).max(60.0));
        let stale_after = policy.stale_after_seconds.or_else(three_gaps);
        Some(MetricStatus {
            metric: self.metric,
            unit: self.unit,
            usage: latest.usage,
            capacity: self.capacity,
            utilization_percent,
            headroom_percent: self.capacity.zip(left).map(|(capacity, left)| left / capacity * 100.0),
            headroom: left,
            extensible: self.max_capacity.zip(self.capacity).map(|(most, now)| (most - now).max(0.0)),
            value: latest.value,
            thresholds: self.thresholds,
            momentary_level: AlertLevel::of(latest.value, &self.thresholds),
            level: self.latches.level(),
            since_seconds: self.latches.since_seconds(),
            scaling: self.latches.scaling(),
            at_seconds: latest.at_seconds,
            age_seconds,
            stale: stale_after.is_some_and(|most| age_seconds > most),
        })
    }

    /// What thresholds are held against, with its unit, as a report has it.
    pub(super) fn in_words(&self, value: f64) -> String {
        in_words(value, self.thresholds.basis, self.unit)
    }
}

/// A value with its unit, as a report has it.
pub(super) fn in_words(value: f64, basis: ThresholdBasis, unit: CapacityUnit) -> String {
    match (basis, unit) {
        (ThresholdBasis::Utilization, _) if value.fract() == 0.0 => format!("{value:.0}%"),
        (ThresholdBasis::Utilization, _) if value.abs() < 1.0 => format!("{value:.2}%"),
        (ThresholdBasis::Utilization, _) => format!("{value:.1}%"),
        (ThresholdBasis::Value, CapacityUnit::PercentOfRequests) => format!("{value:.2}% of requests"),
        (ThresholdBasis::Value, unit) => format!("{} {}", rounded(value), unit.as_str()),
    }
}

/// A number with as many decimals as are of use.
pub(super) fn rounded(value: f64) -> String {
    match value.abs() {
        large if large >= 1000.0 => grouped(value),
        whole if whole.fract() == 0.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        small if small >= 0.1 || small == 0.0 => format!("{value:.2}"),
        small if small >= 1e-4 => format!("{value:.4}"),
        _ => format!("{value:.1e}"),
    }
}

/// A whole number with commas between thousands.
fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = if value < 0.0 { "-".to_owned() } else { String::new() };
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number for the axis of a chart: `85`, `0.5`, `12k`, `1.2M`.
pub(super) fn short(value: f64) -> String {
    let scaled =
        [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")].into_iter().find(|scale| value.abs() >= scale.0);
    let (value, suffix) = scaled.map_or((value, ""), |(scale, suffix)| (value / scale, suffix));
    let text = if value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") };
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{suffix}")
}

/// How long, in the largest unit that leaves a few of it.
pub(super) fn duration(seconds: f64) -> String {
    let (length, unit) = match seconds.abs() {
        short if short < 90.0 => (1.0, "s"),
        middle if middle < 90.0 * 60.0 => (60.0, "min"),
        long if long < 48.0 * HOUR_SECONDS => (HOUR_SECONDS, "h"),
        _ => (DAY_SECONDS, "days"),
    };
    format!("{} {unit}", grouped((seconds / length).round()))
}

/// A chance, as a report has it.
pub(super) fn chance(p_value: f64) -> String {
    if p_value < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p_value:.3}") }
}

impl Collector {
    /// How a service stands.
    ///
    /// # Errors
    ///
    /// `unknown_name` at `service`; `invalid_value` at `now_seconds` when a reading is after it.
    pub fn status(&self, service: &str, now_seconds: f64) -> Result<ServiceStatus> {
        self.check_now(now_seconds)?;
        self.status_unchecked(service, now_seconds)
    }

    pub(super) fn status_unchecked(&self, service: &str, now_seconds: f64) -> Result<ServiceStatus> {
        let policy = &self.options().policy;
        let metrics: Vec<MetricStatus> =
            self.channels_of(service)?.filter_map(|channel| channel.status(now_seconds, policy)).collect();
        let level = metrics.iter().map(|metric| metric.level).max().unwrap_or_default();
        Ok(ServiceStatus { service: service.to_owned(), level, metrics })
    }

    /// Everything at a warning or worse: critical first, then by how far over its threshold, then by
    /// name. What is stale is told as it last stood.
    ///
    /// # Errors
    ///
    /// `invalid_value` at `now_seconds` when a reading is after it.
    pub fn alerts(&self, now_seconds: f64) -> Result<Vec<CapacityAlert>> {
        self.check_now(now_seconds)?;
        let policy = &self.options().policy;
        let mut alerts: Vec<CapacityAlert> =
            self.all_channels().filter_map(|channel| channel.alert(now_seconds, policy)).collect();
        let over = |alert: &CapacityAlert| alert.value / alert.threshold;
        alerts.sort_by(|left, right| {
            let severity = right.level.cmp(&left.level).then(over(right).total_cmp(&over(left)));
            severity.then_with(|| (&left.service, left.metric).cmp(&(&right.service, right.metric)))
        });
        Ok(alerts)
    }
}

impl MetricChannel {
    fn alert(&self, now_seconds: f64, policy: &AlertPolicy) -> Option<CapacityAlert> {
        let (threshold, latch) = match self.latches.level() {
            AlertLevel::Normal => return None,
            AlertLevel::Warning => (self.thresholds.warning, self.latches.warning),
            AlertLevel::Critical => (self.thresholds.critical, self.latches.critical),
        };
        let status = self.status(now_seconds, policy)?;
        let of = if self.thresholds.basis == ThresholdBasis::Utilization { " of capacity" } else { "" };
        let was = if status.stale { " when last seen" } else { "" };
        let message = format!("{} at {}{of}{was}", self.metric.title(), self.in_words(status.value));
        Some(CapacityAlert {
            service: self.service.clone(),
            metric: self.metric,
            level: status.level,
            value: status.value,
            threshold,
            since_seconds: latch.changed_seconds.unwrap_or(status.at_seconds),
            stale: status.stale,
            message,
            action: self.metric.action().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_exact() {
        let written = [16.0, 16.04, 0.5, 1234.5, 1_000_000.0, 0.0, 0.0123, -2000.0].map(rounded);
        assert_eq!(written, ["16", "16.0", "0.50", "1,234", "1,000,000", "0", "0.0123", "-2,000"]);
        let labels = [0.0, 80.0, 0.5, 2.25, 999.0, 12_000.0, 1_250_000.0, 1e15].map(short);
        assert_eq!(labels, ["0", "80", "0.5", "2.25", "999", "12k", "1.25M", "1000T"]);
        let times = [5.0, 360.0, 21_600.0, 120_000.0, 1e6].map(duration);
        assert_eq!(times, ["5 s", "6 min", "6 h", "33 h", "12 days"]);
    }
}
