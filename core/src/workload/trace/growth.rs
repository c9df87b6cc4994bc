//! Growth: how much more comes every day, by least squares on the logarithm of the daily requests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::calendar::Hour;
use crate::units::{DAY_SECONDS, HOURS_PER_MONTH, exp_m1, ln, sqrt, t_quantile};

/// The fewest days that growth is told from: three are left after a slope and an intercept.
const FEWEST_DAYS: usize = 5;

/// How much more comes with time: the slope of the logarithm of the requests of whole local days.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TrafficGrowth {
    /// Whole days with requests that it rests on.
    pub days: u64,
    /// Growth a month of 730 hours: 0.1 is 10%.
    pub per_month: f64,
    /// Lower end of its 95% interval, by Student's t with independent days.
    pub per_month_lower: f64,
    /// Upper end of its 95% interval.
    pub per_month_upper: f64,
    /// Whether the interval leaves out 0.
    pub significant: bool,
    /// Whether the days of the week were allowed for (from two weeks on). Without, a trace of some
    /// days that ends on a weekend looks as if it shrank.
    pub weekdays_allowed_for: bool,
}

/// Whole local days with requests, and the logarithm of the requests of 24 hours at their rate: a day on which the
/// clock is changed has 23 hours, or 25.
fn whole_days(hours: &[Hour]) -> Vec<(i64, f64)> {
    // Seconds, requests and whether all was observed, by day.
    let mut days: BTreeMap<i64, (f64, u64, bool)> = BTreeMap::new();
    for hour in hours {
        let day = days.entry(hour.hour.div_euclid(24)).or_insert((0.0, 0, true));
        *day = (day.0 + hour.seconds, day.1 + hour.requests, day.2 && hour.is_whole());
    }
    // The hours follow each other, so only the first and the last day can lack some.
    let cut = |hour: Option<&Hour>, whole_at: i64| {
        hour.filter(|hour| hour.hour.rem_euclid(24) != whole_at).map(|hour| hour.hour.div_euclid(24))
    };
    let cuts = [cut(hours.first(), 0), cut(hours.last(), 23)];
    days.into_iter()
        .filter(|(day, (_, requests, whole))| *whole && *requests > 0 && !cuts.contains(&Some(*day)))
        .map(|(day, (seconds, requests, _))| (day, ln(requests as f64 * (DAY_SECONDS / seconds))))
        .collect()
}

/// Growth over the whole days among these hours; `None` for fewer than five.
pub(super) fn growth(hours: &[Hour]) -> Option<TrafficGrowth> {
    let days = whole_days(hours);
    let weekdays_allowed_for = days.len() >= 14;
    if days.len() < FEWEST_DAYS {
        return None;
    }
    // A dummy for every day of the week is the same as taking both sides about the mean of their
    // day of the week (Frisch and Waugh, 1933).
    let group = |day: i64| if weekdays_allowed_for { day.rem_euclid(7) as usize } else { 0 };
    let mut means = [(0.0, 0.0, 0.0); 7];
    for (day, log) in &days {
        if let Some(mean) = means.get_mut(group(*day)) {
            *mean = (mean.0 + 1.0, mean.1 + *day as f64, mean.2 + log);
        }
    }
    let about_mean: Vec<(f64, f64)> = days
        .iter()
        .filter_map(|(day, log)| {
            let (count, sum_days, sum_logs) = means.get(group(*day))?;
            Some((*day as f64 - sum_days / count, log - sum_logs / count))
        })
        .collect();
    let groups = means.iter().filter(|mean| mean.0 > 0.0).count();
    let spread: f64 = about_mean.iter().map(|(day, _)| day * day).sum();
    if spread <= 0.0 {
        return None;
    }
    let slope = about_mean.iter().map(|(day, log)| day * log).sum::<f64>() / spread;
    let misses: f64 = about_mean.iter().map(|(day, log)| (log - slope * day) * (log - slope * day)).sum();
    let freedom = (days.len() - groups - 1) as f64;
    let reach = t_quantile(0.05, freedom) * sqrt(misses / freedom / spread);
    let month = |per_day: f64| exp_m1((per_day * HOURS_PER_MONTH / 24.0).min(500.0));
    Some(TrafficGrowth {
        days: days.len() as u64,
        per_month: month(slope),
        per_month_lower: month(slope - reach),
        per_month_upper: month(slope + reach),
        significant: slope.abs() > reach,
        weekdays_allowed_for,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(requests: impl Fn(i64) -> f64, count: i64) -> Vec<Hour> {
        let hour = |hour: i64| Hour {
            hour,
            seconds: 3600.0,
            whole_seconds: 3600.0,
            requests: requests(hour / 24) as u64,
        };
        (0..count * 24).map(hour).collect()
    }

    #[test]
    fn weekends_are_no_decline() {
        let weekly = |day: i64| if [2, 3].contains(&day.rem_euclid(7)) { 400.0 } else { 1000.0 };
        let steady = growth(&days(weekly, 25)).unwrap();
        assert!(steady.per_month.abs() < 1e-9 && steady.weekdays_allowed_for);
        let month = HOURS_PER_MONTH / 24.0;
        let growing = |day: i64| weekly(day) * 1e4 * crate::units::powf(1.2, day as f64 / month);
        let grown = growth(&days(growing, 40)).unwrap();
        assert!((grown.per_month - 0.2).abs() < 1e-4 && grown.significant, "{grown:?}");
        assert!(growth(&days(weekly, 4)).is_none());
    }
}
