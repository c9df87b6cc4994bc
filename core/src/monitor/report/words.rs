//! Times and figures as a report has them, and text made safe.

use jiff::civil::{DateTime, date as civil_date};

use crate::monitor::advice::Urgency;
use crate::monitor::dashboard::{Overview, ResourceDetails};
use crate::monitor::status::{CapacityAlert, MetricStatus, ServiceStatus, chance, in_words, rounded};
use crate::monitor::threshold::ThresholdBasis;
use crate::monitor::trend::{Trend, TrendDirection};
use crate::units::DAY_SECONDS;

/// A moment in UTC; none beyond the year 9999.
fn moment(seconds: f64) -> Option<DateTime> {
    let whole = jiff::SignedDuration::from_secs(seconds.floor() as i64);
    civil_date(1970, 1, 1).at(0, 0, 0, 0).checked_add(whole).ok()
}

/// `2026-11-20`.
pub(super) fn date(seconds: f64) -> String {
    moment(seconds).map_or_else(|| format!("{seconds} s"), |moment| moment.date().to_string())
}

/// `2026-11-20 14:05 UTC`.
pub(super) fn time(seconds: f64) -> String {
    moment(seconds).map_or_else(
        || format!("{seconds} s"),
        |moment| format!("{} {:02}:{:02} UTC", moment.date(), moment.hour(), moment.minute()),
    )
}

/// A moment as the axis of a span has it: the day, or of a day or two the hour.
pub(super) fn moment_of(seconds: f64, span_seconds: f64) -> String {
    match moment(seconds).filter(|_| span_seconds < 2.0 * DAY_SECONDS) {
        Some(moment) => format!("{:02}:{:02}", moment.hour(), moment.minute()),
        None => date(seconds),
    }
}

/// Text in HTML, in elements and in quoted attributes.
pub(super) fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other if other.is_control() => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}

/// Text in Markdown, in paragraphs and in cells of tables.
pub(super) fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '#' | '>' | '~' | '$' | '!' => {
                safe.push('\\');
                safe.push(letter);
            }
            other if other.is_control() => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}

/// What thresholds are held against, with its unit.
pub(super) fn value(status: &MetricStatus, value: f64) -> String {
    in_words(value, status.thresholds.basis, status.unit)
}

/// Usage, of the capacity where there is one.
pub(super) fn usage(status: &MetricStatus) -> String {
    match status.capacity {
        Some(capacity) => {
            format!("{} of {} {}", rounded(status.usage), rounded(capacity), status.unit.as_str())
        }
        None => value(status, status.usage),
    }
}

/// The thresholds in a few words.
pub(super) fn thresholds(status: &MetricStatus) -> String {
    let thresholds = &status.thresholds;
    let scaling = [("scale up", thresholds.scale_up), ("scale down", thresholds.scale_down)];
    let mut text = format!(
        "warning {}, critical {}",
        value(status, thresholds.warning),
        value(status, thresholds.critical)
    );
    for (name, threshold) in scaling {
        if let Some(threshold) = threshold {
            text.push_str(&format!(", {name} {}", value(status, threshold)));
        }
    }
    text
}

/// The threshold of an alert, with its unit.
pub(super) fn threshold(overview: &Overview, alert: &CapacityAlert) -> String {
    let service = overview.services.iter().find(|one| one.service == alert.service);
    let status = service.and_then(|one| one.metrics.iter().find(|status| status.metric == alert.metric));
    status.map_or_else(|| rounded(alert.threshold), |status| value(status, alert.threshold))
}

/// What an urgency is called.
pub(super) const fn urgency(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Now => "now",
        Urgency::Week => "this week",
        Urgency::Review => "next review",
        Urgency::None => "nothing",
    }
}

/// The services of a report, those in the worst state first.
pub(super) fn worst_first(overview: &Overview) -> Vec<&ServiceStatus> {
    let mut services: Vec<&ServiceStatus> = overview.services.iter().collect();
    services.sort_by_key(|service| std::cmp::Reverse(service.level));
    services
}

/// A trend in a few words.
pub(super) fn trend(status: &MetricStatus, trend: &Trend) -> String {
    match (trend.direction, trend.slope_per_day, trend.p_value) {
        (TrendDirection::Unknown, _, _) | (_, None, _) | (_, _, None) => "too few readings".to_owned(),
        (TrendDirection::Stable, _, Some(p_value)) => format!("stable ({})", chance(p_value)),
        (direction, Some(slope), Some(p_value)) => {
            let sign = if slope < 0.0 { "−" } else { "+" };
            let slope = match status.thresholds.basis {
                ThresholdBasis::Utilization => format!("{:.2} percentage points", slope.abs()),
                ThresholdBasis::Value => value(status, slope.abs()),
            };
            format!("{}, {sign}{slope} a day ({})", direction.as_str(), chance(p_value))
        }
    }
}

/// A forecast in a few words.
pub(super) fn forecast(details: &ResourceDetails) -> String {
    let status = &details.status;
    match (&details.forecast, &details.forecast_reason) {
        (Some(forecast), _) => format!(
            "peak {} (up to {}) at {}, by {}",
            value(status, forecast.peak),
            value(status, forecast.peak_high),
            time(forecast.peak_seconds),
            forecast.forecast.model
        ),
        (None, Some(reason)) => format!("none: {reason}"),
        (None, None) => "not asked for".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc() {
        assert_eq!(time(0.0), "1970-01-01 00:00 UTC");
        assert_eq!(time(1_763_640_059.9), "2025-11-20 12:00 UTC");
        assert_eq!(date(951_782_400.0), "2000-02-29");
        assert_eq!(date(253_402_300_799.0), "9999-12-31");
        assert_eq!(date(1e15), "1000000000000000 s");
    }

    #[test]
    fn text_stays_text() {
        assert_eq!(html("<a b=\"c\" d='e'>&\n"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp; ");
        assert_eq!(markdown("a|b *c* <d> [e](f)"), "a\\|b \\*c\\* &lt;d\\> \\[e\\](f)");
    }
}
