//! The character of rates, where a monitoring system has them and nobody has a log of requests.

use serde::{Deserialize, Serialize};

use super::analysis::RateSeries;
use super::calendar::{CalendarPattern, Hour, pattern};
use super::counts::Counts;
use super::growth::{TrafficGrowth, growth};
use super::options::{TEN_YEARS_SECONDS, all_lags, check_start, check_windows_and_lags};
use super::windows::{WindowRates, rates_of};
use super::zone::{LocalClock, UtcOffset};
use crate::error::{Error, ErrorCode, Result};
use crate::units::{DAY_SECONDS, HOUR_SECONDS, check_range};
use crate::workload::MAX_QPS;

/// The most rates of a series.
const MOST_RATES: usize = 1_000_000;
/// The windows that are told besides the steps of the series, in seconds.
const USUAL_WINDOWS: [f64; 5] = [60.0, 300.0, 900.0, 3600.0, 86_400.0];
/// Rates are counted in parts of the greatest, so that what counts requests counts them too; a million of
/// the greatest are far from the largest number.
const PARTS: f64 = (1_u64 << 40) as f64;

/// What [`analyze_rates`] is asked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AnalyzeRatesRequest {
    /// Requests per second at a fixed step of at least a millisecond; at most a million.
    pub series: RateSeries,
    /// Lengths of windows whose rates are told besides those of the steps themselves, in seconds, at most 32.
    /// Those that are no whole number of steps, or longer than the series, are left out. Empty for
    /// the usual: a minute, five, fifteen, an hour and a day.
    #[serde(default)]
    pub windows_seconds: Vec<f64>,
    /// Lags of the autocorrelation, in windows, at most 64; empty for the usual: 1, 2, 5, 10, 24 and
    /// 60.
    #[serde(default)]
    pub lags: Vec<u32>,
    /// Local time less UTC, in minutes, −1,080 to 1,080: hours of the day and days of the week
    /// are local.
    #[serde(default)]
    pub utc_offset_minutes: i32,
    /// For a zone whose offset changes (daylight saving), the offsets that held, oldest first, instead
    /// of `utc_offset_minutes`; at most a thousand.
    #[serde(default)]
    pub utc_offsets: Vec<UtcOffset>,
}

/// The character of rates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RateAnalysis {
    /// Rates that are there.
    pub rates: u64,
    /// Rates that are missing. Windows that lack one are left out.
    pub missing: u64,
    /// Time from the first step to the end of the last, in seconds.
    pub duration_seconds: f64,
    /// Mean of the rates, per second.
    pub mean_qps: f64,
    /// Rates by window, the steps of the series first. What is averaged over a time longer than a
    /// step, as Prometheus's `rate(…[5m])` is, hides bursts that are shorter, and its dispersion is no
    /// measure of them. No autocorrelation is told where rates are missing.
    pub windows: Vec<WindowRates>,
    /// Hours of the day and days of the week; `None` where the start is not known or steps are longer
    /// than an hour.
    pub calendar: Option<CalendarPattern>,
    /// How much more comes with time; `None` for fewer than five whole days, where the start is not known,
    /// for steps longer than a day, and for over ten years.
    pub growth: Option<TrafficGrowth>,
}

/// The character of a series of rates.
///
/// ```
/// use sizewell::plan::{TrafficPlanRequest, plan_from_traffic};
/// use sizewell::workload::{AnalyzeRatesRequest, RateSeries, analyze_rates};
/// let series = RateSeries {
///     start_seconds: Some(0.0),
///     step_seconds: 60.0,
///     values: (0..2880).map(|minute| Some(if minute / 60 % 24 < 12 { 2.0 } else { 6.0 })).collect(),
///     ..RateSeries::default()
/// };
/// let analysis = analyze_rates(&AnalyzeRatesRequest { series, ..AnalyzeRatesRequest::default() })?;
/// assert!((analysis.mean_qps - 4.0).abs() < 1e-9);
/// assert_eq!(analysis.calendar.unwrap().peak_hours.len(), 12);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `empty` at `series.values` without a rate above 0; `too_large` for over a million; `invalid_value` at
/// `series.values[3]` for a rate that is negative, not finite or above [`MAX_QPS`], at `series.step_seconds`
/// for a step outside a millisecond to ten years, and for windows, lags and offsets as
/// [`TraceOptions::check`](super::TraceOptions::check).
pub fn analyze_rates(request: &AnalyzeRatesRequest) -> Result<RateAnalysis> {
    let series = &request.series;
    let clock = LocalClock::new(request.utc_offset_minutes, &request.utc_offsets)?;
    check_windows_and_lags(&request.windows_seconds, &request.lags)?;
    let most = check(series)?;
    let step = series.step_seconds;
    let duration_seconds = step * series.values.len() as f64;
    let asked =
        if request.windows_seconds.is_empty() { &USUAL_WINDOWS[..] } else { &request.windows_seconds };
    let mut lengths = vec![1];
    for seconds in asked {
        let steps = seconds / step;
        if steps.round() >= 2.0
            && steps.round() <= series.values.len() as f64
            && (steps - steps.round()).abs() < 1e-6
        {
            lengths.push(steps.round() as usize);
        }
    }
    let parts: Vec<Option<u64>> =
        series.values.iter().map(|rate| rate.map(|rate| (rate / most * PARTS).round() as u64)).collect();
    let present: Vec<f64> = series.values.iter().flatten().copied().collect();
    let missing = series.values.len() - present.len();
    let lags = if missing == 0 { all_lags(&request.lags) } else { &[] };
    let of_part = most * step / PARTS;
    let windows = lengths.iter().filter_map(|length| {
        let mut counts = Counts::new(lags);
        for window in parts.chunks_exact(*length) {
            if let Some(count) = window.iter().copied().sum::<Option<u64>>() {
                counts.add(count);
            }
        }
        rates_of(&counts, step * *length as f64, of_part)
    });
    let hours = match series.start_seconds {
        Some(start) if step <= DAY_SECONDS && duration_seconds <= TEN_YEARS_SECONDS => {
            hours(start, step, &parts, &clock)
        }
        _ => Vec::new(),
    };
    let calendar = (!hours.is_empty() && step <= HOUR_SECONDS).then(|| in_requests(pattern(&hours), of_part));
    Ok(RateAnalysis {
        rates: present.len() as u64,
        missing: missing as u64,
        duration_seconds,
        mean_qps: present.iter().sum::<f64>() / present.len() as f64,
        windows: windows.collect(),
        calendar,
        growth: growth(&hours),
    })
}

/// The greatest rate.
fn check(series: &RateSeries) -> Result<f64> {
    if series.values.len() > MOST_RATES {
        return Err(Error::new(ErrorCode::TooLarge, "series.values", "has too many values")
            .given(series.values.len())
            .allowed(format!("at most {MOST_RATES}")));
    }
    check_range("series.step_seconds", series.step_seconds, 1e-3, TEN_YEARS_SECONDS)?;
    if let Some(start) = series.start_seconds {
        check_start(start).map_err(|error| error.within("series"))?;
    }
    let mut most: f64 = 0.0;
    for (index, rate) in series.values.iter().enumerate() {
        let Some(rate) = rate else { continue };
        check_range(&format!("series.values[{index}]"), *rate, 0.0, MAX_QPS)?;
        most = most.max(*rate);
    }
    if most <= 0.0 {
        return Err(Error::new(ErrorCode::Empty, "series.values", "has no rate above 0"));
    }
    Ok(most)
}

/// Local hours that the steps lie in, one after the other, steps that lie in several shared out; missing
/// steps are not observed.
fn hours(start: f64, step: f64, parts: &[Option<u64>], clock: &LocalClock) -> Vec<Hour> {
    let mut hours: Vec<Hour> = Vec::new();
    let mut current = clock.hour(start);
    let (mut seconds, mut requests) = (0.0, 0.0);
    for (index, count) in parts.iter().enumerate() {
        let (mut from, end) = (start + index as f64 * step, start + (index + 1) as f64 * step);
        while from < end {
            if from >= current.to_seconds {
                hours.push(hour_of(&current, seconds, requests));
                (current, seconds, requests) = (clock.hour(current.to_seconds), 0.0, 0.0);
                continue;
            }
            let to = end.min(current.to_seconds);
            if let Some(count) = count {
                seconds += to - from;
                requests += *count as f64 * (to - from) / step;
            }
            from = to;
        }
    }
    hours.push(hour_of(&current, seconds, requests));
    hours
}

fn hour_of(hour: &super::zone::LocalHour, seconds: f64, requests: f64) -> Hour {
    Hour {
        hour: hour.hour,
        seconds,
        whole_seconds: hour.to_seconds - hour.from_seconds,
        requests: requests.round() as u64,
    }
}

fn in_requests(pattern: CalendarPattern, of_part: f64) -> CalendarPattern {
    let scaled =
        |rates: Vec<Option<f64>>| rates.into_iter().map(|rate| rate.map(|rate| rate * of_part)).collect();
    CalendarPattern {
        by_hour_qps: scaled(pattern.by_hour_qps),
        by_weekday_qps: scaled(pattern.by_weekday_qps),
        by_hour_of_week_qps: scaled(pattern.by_hour_of_week_qps),
        ..pattern
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AnalyzeTraceRequest, Trace, TraceOptions, analyze_trace};
    use super::*;

    fn close(left: f64, right: f64) {
        assert!((left - right).abs() <= 2e-6 * right.abs().max(1e-9), "{left} {right}");
    }

    /// Rates of a trace's minutes say of minutes, hours, days and growth what the trace itself says.
    #[test]
    fn rates_of_a_trace_tell_what_the_trace_tells() {
        let arrivals: Vec<f64> = (0..20 * 86_400)
            .filter(|second| {
                let busy = if second / 3600 % 24 < 9 { 11 } else { 3 };
                second % busy == 0 && (second / 86_400 % 7 < 5 || second % 2 == 0)
            })
            .map(|second| f64::from(second) * 1000.0)
            .collect();
        let requests = arrivals.len();
        let trace = Trace {
            arrival_ms: arrivals,
            input_tokens: vec![10; requests],
            output_tokens: vec![10; requests],
            start_seconds: Some(1_772_409_600.0),
            ..Trace::default()
        };
        let options = TraceOptions {
            windows_seconds: vec![60.0, 3600.0],
            series_seconds: Some(60.0),
            utc_offset_minutes: 90,
            ..TraceOptions::default()
        };
        let of_trace = analyze_trace(&AnalyzeTraceRequest { trace, options }).unwrap();
        let of_rates = analyze_rates(&AnalyzeRatesRequest {
            series: of_trace.series.unwrap(),
            windows_seconds: vec![3600.0],
            utc_offset_minutes: 90,
            ..AnalyzeRatesRequest::default()
        })
        .unwrap();
        for (left, right) in of_rates.windows.iter().zip(&of_trace.windows) {
            assert!(left.windows.abs_diff(right.windows) <= 1, "{} {}", left.windows, right.windows);
            assert!((left.p95_qps / right.p95_qps - 1.0).abs() < 2e-3, "{left:?} {right:?}");
            assert!((left.dispersion / right.dispersion - 1.0).abs() < 5e-3, "{left:?} {right:?}");
            assert!(
                (left.autocorrelation[0].correlation - right.autocorrelation[0].correlation).abs() < 5e-3
            );
        }
        let (left, right) = (of_rates.calendar.unwrap(), of_trace.calendar.unwrap());
        assert_eq!(left.peak_hours, right.peak_hours);
        for (left, right) in left.by_hour_qps.iter().zip(&right.by_hour_qps) {
            assert!((left.unwrap() / right.unwrap() - 1.0).abs() < 2e-3);
        }
        let (left, right) = (of_rates.growth.unwrap(), of_trace.growth.unwrap());
        assert_eq!((left.days, left.weekdays_allowed_for), (right.days, right.weekdays_allowed_for));
        assert!((left.per_month - right.per_month).abs() < 1e-3);
    }

    fn request(step_seconds: f64, values: Vec<Option<f64>>) -> AnalyzeRatesRequest {
        let series = RateSeries { start_seconds: Some(0.0), step_seconds, values, ..RateSeries::default() };
        AnalyzeRatesRequest { series, ..AnalyzeRatesRequest::default() }
    }

    #[test]
    fn what_is_missing_is_left_out() {
        let mut values = vec![Some(2.0); 600];
        values[100..130].fill(None);
        let analysis = analyze_rates(&request(60.0, values)).unwrap();
        assert_eq!((analysis.rates, analysis.missing), (570, 30));
        close(analysis.mean_qps, 2.0);
        assert_eq!(analysis.windows.iter().map(|rates| rates.windows).collect::<Vec<_>>(), [570, 114, 37, 8]);
        for rates in &analysis.windows {
            close(rates.p50_qps, 2.0);
            close(rates.max_qps, 2.0);
            assert!(rates.dispersion.abs() < 1e-6 && rates.autocorrelation.is_empty());
        }
        close(analysis.calendar.unwrap().by_hour_qps[1].unwrap(), 2.0);
    }

    #[test]
    fn steps_longer_than_an_hour_tell_growth_alone() {
        let daily = (0..40).map(|day| Some(crate::units::powf(1.01, f64::from(day)))).collect();
        let analysis = analyze_rates(&request(86_400.0, daily)).unwrap();
        assert!(analysis.calendar.is_none());
        let growth = analysis.growth.unwrap();
        assert!(
            (growth.per_month - (crate::units::powf(1.01, 730.0 / 24.0) - 1.0)).abs() < 1e-4,
            "{growth:?}"
        );
    }

    #[test]
    fn hostile_rates_are_refused() {
        let refused = |request: AnalyzeRatesRequest| {
            let error = analyze_rates(&request).unwrap_err();
            (error.code(), error.path().to_owned())
        };
        let at = |request| refused(request).1;
        assert_eq!(refused(request(60.0, vec![])), (ErrorCode::Empty, "series.values".to_owned()));
        assert_eq!(refused(request(60.0, vec![None, Some(0.0)])).0, ErrorCode::Empty);
        assert_eq!(at(request(60.0, vec![Some(1.0), Some(-1.0)])), "series.values[1]");
        assert_eq!(at(request(60.0, vec![Some(f64::NAN)])), "series.values[0]");
        assert_eq!(at(request(0.0, vec![Some(1.0)])), "series.step_seconds");
        assert_eq!(refused(request(1.0, vec![Some(1.0); MOST_RATES + 1])).0, ErrorCode::TooLarge);
        let lags = AnalyzeRatesRequest { lags: vec![0], ..request(1.0, vec![Some(1.0)]) };
        assert_eq!(at(lags), "lags[0]");
        let tiny = analyze_rates(&request(1e-3, vec![Some(1e-300); 5])).unwrap();
        assert!(tiny.windows.iter().all(|rates| rates.p95_qps.is_finite()));
    }
}
