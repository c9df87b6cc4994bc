//! What to do about a resource, in sentences with figures.

use serde::{Deserialize, Serialize};

use super::level::{AlertLevel, ScalingAdvice};
use super::resource_forecast::ResourceForecast;
use super::status::{MetricStatus, duration, in_words, rounded};
use super::threshold::ThresholdBasis;
use super::trend::{Trend, TrendDirection};
use crate::units::ceil_forgiving;

/// How soon something should be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// At once.
    Now,
    /// Within a week.
    Week,
    /// With the next review.
    Review,
    /// Nothing needs to be done.
    None,
}

impl Urgency {
    /// The stable spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Week => "week",
            Self::Review => "review",
            Self::None => "none",
        }
    }
}

/// One thing to do about a resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CapacityRecommendation {
    /// What it is, such as `scale_up_now`.
    pub code: String,
    /// How soon.
    pub urgency: Urgency,
    /// A sentence with the figures.
    pub text: String,
    /// Capacity at which usage would be below `scale_up` (up) or at the middle between
    /// `scale_down` and `scale_up` (down), in the metric's unit, a whole number of units where
    /// they are counted; none where that can't be told.
    pub capacity: Option<f64>,
}

/// What to do about a resource: most urgent first, at least one.
///
/// The rules are those of the capacity planning guide's dashboard (§3.1), held against the
/// metric's own thresholds and a trend that is none by chance.
pub(super) fn advise(
    status: &MetricStatus,
    trend: &Trend,
    forecast: Option<&ResourceForecast>,
) -> Vec<CapacityRecommendation> {
    let thresholds = &status.thresholds;
    let words = |value: f64| in_words(value, thresholds.basis, status.unit);
    let now = words(status.value);
    let needed = enough(status, status.value.max(trend.p95));
    let up = thresholds.scale_up.unwrap_or(thresholds.warning);
    let more = needed.zip(status.capacity).filter(|(needed, present)| needed > present);
    let to = more.map_or(String::new(), |(needed, _)| {
        format!("; {} {} would be at {} at most", rounded(needed), status.unit.as_str(), words(up))
    });
    let mut found = Vec::new();
    let mut push = |code: &str, urgency, text: String, capacity| {
        found.push(CapacityRecommendation { code: code.to_owned(), urgency, text, capacity });
    };
    if status.stale {
        push(
            "no_readings",
            Urgency::Now,
            format!(
                "No reading has come for {}: check that it is still measured",
                duration(status.age_seconds)
            ),
            None,
        );
    }
    let rising = trend.direction == TrendDirection::Increasing;
    let falling = trend.direction == TrendDirection::Decreasing;
    match status.level {
        AlertLevel::Critical => push(
            "scale_up_now",
            Urgency::Now,
            format!(
                "URGENT: at {now}, {} immediately to prevent service degradation{to}",
                status.metric.action()
            ),
            needed,
        ),
        AlertLevel::Warning if rising || status.scaling == ScalingAdvice::Up => push(
            "plan_scaling",
            Urgency::Week,
            match trend.slope_per_day.filter(|_| rising) {
                Some(slope) => format!(
                    "Within 1 week, plan to {}: at {now} and rising by {} a day{to}",
                    status.metric.action(),
                    words(slope)
                ),
                None => format!("Within 1 week, plan to {}: at {now}{to}", status.metric.action()),
            },
            needed,
        ),
        AlertLevel::Warning => push(
            "watch",
            Urgency::Review,
            format!("Monitor closely: at {now}, above the warning of {}", words(thresholds.warning)),
            None,
        ),
        AlertLevel::Normal => {}
    }
    if let Some(crossing) = forecast.and_then(|forecast| forecast.next_crossing(status.level)) {
        let soon = crossing.expected_seconds.or(crossing.earliest_seconds).unwrap_or(status.at_seconds);
        let away = duration((soon - status.at_seconds).max(0.0));
        let sure = if crossing.expected_seconds.is_some() { "is expected" } else { "may happen" };
        push(
            "forecast_crossing",
            if crossing.expected_seconds.is_some() { Urgency::Now } else { Urgency::Week },
            format!("{} of {} {sure} in {away}", title(&crossing.threshold), words(crossing.value)),
            forecast.and_then(|forecast| enough(status, forecast.peak_high)),
        );
    }
    if status.level < AlertLevel::Critical && trend.max >= thresholds.critical {
        push(
            "peak_exceeded",
            Urgency::Review,
            format!(
                "Peak usage reached {} recently, beyond what is critical ({}): consider a larger buffer",
                words(trend.max),
                words(thresholds.critical)
            ),
            enough(status, trend.max),
        );
    }
    let idle = status.level == AlertLevel::Normal && status.scaling == ScalingAdvice::Down && !status.stale;
    // A night alone says nothing of a day.
    let idle = idle && trend.span_days >= 1.0;
    // The busiest hours have to fit, not only the present one.
    let roomy = thresholds.scale_down.zip(thresholds.scale_up).filter(|_| idle);
    if let Some((down, up)) = roomy.filter(|(down, _)| trend.p95 <= *down) {
        let target = (down + up) / 2.0;
        let smaller = status.capacity.map(|capacity| whole(status, capacity * trend.p95.max(1e-9) / target));
        let smaller = smaller.filter(|smaller| status.capacity.is_some_and(|capacity| *smaller < capacity));
        let to = smaller
            .map_or(String::new(), |smaller| format!(" to {} {}", rounded(smaller), status.unit.as_str()));
        let text = if falling {
            format!("Consider scaling down{to} to reduce costs: at {now} and falling")
        } else {
            format!(
                "Significant headroom: at {now}, 95% of the time below {}; scaling down{to} would do",
                words(trend.p95)
            )
        };
        push("scale_down", Urgency::Review, text, smaller);
    }
    if found.is_empty() {
        let text = format!("Nothing to do: at {now}, the warning is at {}", words(thresholds.warning));
        found.push(CapacityRecommendation {
            code: "none".to_owned(),
            urgency: Urgency::None,
            text,
            capacity: None,
        });
    }
    found.sort_by_key(|one| one.urgency);
    found
}

impl ResourceForecast {
    /// The worst threshold above the level that will be reached, or may.
    fn next_crossing(&self, level: AlertLevel) -> Option<&super::resource_forecast::ThresholdCrossing> {
        let above = |name: &str| match name {
            "critical" => level < AlertLevel::Critical,
            _ => level < AlertLevel::Warning,
        };
        let mut worst: Vec<_> = self.crossings.iter().filter(|one| above(&one.threshold)).collect();
        worst.sort_by(|left, right| right.value.total_cmp(&left.value));
        let expected = worst.iter().find(|one| one.expected_seconds.is_some());
        expected.or_else(|| worst.iter().find(|one| one.earliest_seconds.is_some())).copied()
    }
}

fn title(threshold: &str) -> &'static str {
    match threshold {
        "critical" => "The critical level",
        "scale_up" => "The level for scaling up",
        _ => "The warning",
    }
}

/// Capacity at which `value` percent of the present one would be below `scale_up`.
fn enough(status: &MetricStatus, value: f64) -> Option<f64> {
    let up = status.thresholds.scale_up.unwrap_or(status.thresholds.warning);
    let capacity = status.capacity.filter(|_| status.thresholds.basis == ThresholdBasis::Utilization)?;
    Some(whole(status, (capacity * value / up).max(capacity)))
}

fn whole(status: &MetricStatus, capacity: f64) -> f64 {
    use super::metric::CapacityUnit as Unit;
    match status.unit {
        Unit::Vcpu | Unit::GpuUnits | Unit::Connections | Unit::Messages => ceil_forgiving(capacity).max(1.0),
        _ => capacity,
    }
}
