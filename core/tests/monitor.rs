//! The collector: readings in; levels that do not flap, trends that are none by chance, forecasts,
//! dashboards and reports out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod monitor_support;

use monitor_support::{DAY, Noise, START, filled};
use proptest::prelude::*;
use sizewell::ErrorCode;
use sizewell::forecast::SeasonalNaive;
use sizewell::monitor::{
    AlertLevel, AlertPolicy, Capacities, Collector, CollectorOptions, CollectorState, DashboardOptions,
    ForecastQuery, Metric, Reading, ReportFormat, ResourceForecast, Retention, ScalingAdvice, ThresholdBasis,
    ThresholdRule, Thresholds, TrendDirection, TrendOptions, TrendRequest, Urgency, render_report, trend,
};

fn collector() -> Collector {
    Collector::new(CollectorOptions::default()).unwrap()
}

#[test]
fn the_references_own_day() {
    let mut collector = collector();
    collector.record(START, &Reading::new("api", Metric::Compute, 86.0, 100.0)).unwrap();
    collector.record(START, &Reading::new("api", Metric::Gpu, 94.0, 100.0)).unwrap();
    collector.record(START, &Reading::new("db", Metric::DatabaseConnections, 10.0, 100.0)).unwrap();
    collector.record(START, &Reading::signal("api", Metric::LatencyP95, 3.0)).unwrap();
    collector.record(START, &Reading::signal("api", Metric::QueueDepth, 620.0)).unwrap();
    let alerts = collector.alerts(START).unwrap();
    let found: Vec<(Metric, AlertLevel)> = alerts.iter().map(|alert| (alert.metric, alert.level)).collect();
    // A GPU at 94% is a warning, and stands behind compute at a critical 86%, unlike in a list that
    // is sorted by percent.
    assert_eq!(
        found,
        [
            (Metric::QueueDepth, AlertLevel::Critical),
            (Metric::Compute, AlertLevel::Critical),
            (Metric::LatencyP95, AlertLevel::Warning),
            (Metric::Gpu, AlertLevel::Warning),
        ]
    );
    let status = collector.status("api", START).unwrap();
    assert_eq!(status.level, AlertLevel::Critical);
    let gpu = status.metrics.iter().find(|metric| metric.metric == Metric::Gpu).unwrap();
    assert_eq!((gpu.utilization_percent, gpu.headroom_percent), (Some(94.0), Some(6.0)));
    assert_eq!(gpu.scaling, ScalingAdvice::Up);
    let queue = status.metrics.iter().find(|metric| metric.metric == Metric::QueueDepth).unwrap();
    assert_eq!(
        (queue.value, queue.utilization_percent, queue.thresholds.basis),
        (620.0, None, ThresholdBasis::Value)
    );
    assert_eq!(collector.status("apis", START).unwrap_err().suggestions(), ["api"]);
    let overview = collector.overview(START).unwrap();
    assert_eq!((overview.counts.critical, overview.counts.warning, overview.counts.normal), (2, 2, 1));
}

#[test]
fn what_is_reserved_is_no_headroom() {
    let mut collector = collector();
    let reading = Reading {
        reserved_capacity: Some(20.0),
        max_capacity: Some(160.0),
        ..Reading::new("api", Metric::Memory, 50.0, 100.0)
    };
    collector.record(START, &reading).unwrap();
    // What was given once stands.
    collector.record(START + 1.0, &Reading::signal("api", Metric::Memory, 40.0)).unwrap();
    let status = &collector.status("api", START + 1.0).unwrap().metrics[0];
    assert_eq!((status.headroom, status.headroom_percent), (Some(40.0), Some(40.0)));
    assert_eq!((status.utilization_percent, status.extensible), (Some(40.0), Some(60.0)));
}

#[test]
fn impossible_readings_are_refused_and_change_nothing() {
    let mut collector = collector();
    collector.record(START, &Reading::new("api", Metric::Gpu, 1.0, 8.0)).unwrap();
    let before = collector.clone();
    let good = || Reading::new("api", Metric::Gpu, 1.0, 8.0);
    let mut refused = |reading: Reading, now: f64| {
        let error = collector.record(now, &reading).unwrap_err();
        assert_eq!(collector, before);
        (error.code(), error.path().to_owned())
    };
    let invalid = |path: &str| (ErrorCode::InvalidValue, path.to_owned());
    let later = START + 60.0;
    assert_eq!(refused(good(), START), invalid("at_seconds"), "the same time twice");
    assert_eq!(refused(good().at(START - 1.0), later), invalid("at_seconds"), "an earlier time");
    assert_eq!(refused(good().at(later + 1.0), later), invalid("at_seconds"), "the future");
    assert_eq!(refused(good().at(f64::NAN), later), invalid("at_seconds"));
    assert_eq!(refused(good(), f64::INFINITY), invalid("now_seconds"));
    for usage in [f64::NAN, f64::INFINITY, -1.0, 1e16] {
        assert_eq!(refused(Reading { usage, ..good() }, later), invalid("usage"));
    }
    for capacity in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300] {
        assert_eq!(refused(Reading { capacity: Some(capacity), ..good() }, later), invalid("capacity"));
    }
    let empty = Reading { service: " ".into(), ..good() };
    assert_eq!(refused(empty, later).0, ErrorCode::Empty);
    let bell = Reading { service: "a\u{7}".into(), ..good() };
    assert_eq!(refused(bell, later), invalid("service"));
    let bare = Reading::signal("api", Metric::Compute, 1.0);
    assert_eq!(refused(bare, later), (ErrorCode::MissingField, "capacity".to_owned()));
    let small = Reading { max_capacity: Some(4.0), ..good() };
    assert_eq!(refused(small, later), (ErrorCode::Contradiction, "max_capacity".to_owned()));
    let columns = |times: &[f64], usage: &[f64]| {
        let mut copy = before.clone();
        let result = copy.record_columns(later, "api", Metric::Gpu, times, usage, Capacities::Unchanged);
        assert_eq!(copy, before);
        result.unwrap_err().path().to_owned()
    };
    assert_eq!(columns(&[START + 1.0, START + 1.0], &[1.0, 1.0]), "at_seconds[1]");
    assert_eq!(columns(&[START + 1.0, START + 2.0], &[1.0, f64::NAN]), "usage[1]");
    assert_eq!(columns(&[START], &[1.0]), "at_seconds[0]");
    assert_eq!(columns(&[START + 1.0], &[]), "usage");
    assert_eq!(before.status("api", START - 1.0).unwrap_err().path(), "now_seconds");
}

#[test]
fn memory_is_bounded() {
    let retention = Retention { readings: 10, rollup_seconds: 60.0, seconds: 3600.0, ..Retention::default() };
    let mut collector = Collector::new(CollectorOptions { retention, ..Default::default() }).unwrap();
    for second in 0..20_000 {
        let now = START + f64::from(second);
        collector.record(now, &Reading::new("api", Metric::Gpu, 4.0, 8.0)).unwrap();
    }
    let state = collector.save();
    let history = &state.channels[0].history;
    assert_eq!(history.recent.len(), 10);
    assert!((60..=61).contains(&history.rollups.len()), "{}", history.rollups.len());
    assert!(history.coarse.is_empty());
    assert!(history.rollups.iter().all(|rollup| rollup.value_mean() == 50.0));
}

#[test]
fn what_is_saved_can_be_loaded() {
    let (mut collector, end) = filled(2.0, 40.0, 0.0);
    collector.record(end, &Reading::signal("chat", Metric::ErrorRate, 0.2)).unwrap();
    let text = serde_json::to_string(&collector.save()).unwrap();
    let mut loaded = Collector::load(serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!(loaded, collector);
    let next = Reading::new("chat", Metric::Gpu, 99.0, 100.0);
    loaded.record(end + 60.0, &next).unwrap();
    collector.record(end + 60.0, &next).unwrap();
    assert_eq!(loaded.alerts(end + 60.0).unwrap(), collector.alerts(end + 60.0).unwrap());
    let state = collector.save();
    let broken = |change: &dyn Fn(&mut CollectorState)| {
        let mut state = state.clone();
        change(&mut state);
        Collector::load(state).unwrap_err().path().to_owned()
    };
    assert_eq!(broken(&|state| state.channels.push(state.channels[0].clone())), "channels[2]");
    assert_eq!(
        broken(&|state| state.channels[0].history.recent[3].usage = f64::NAN),
        "channels[0].history.recent[3].usage"
    );
    assert_eq!(
        broken(&|state| state.channels[0].history.rollups[1].index = 0),
        "channels[0].history.rollups[1]"
    );
    assert_eq!(broken(&|state| state.channels[0].capacity = Some(0.0)), "channels[0].capacity");
    assert_eq!(
        broken(&|state| state.channels[0].history.rollups[0].index = i64::MIN),
        "channels[0].history.rollups[0]"
    );
    assert_eq!(broken(&|state| state.channels[0].history.rollups.truncate(5)), "channels[0].history.rollups");
}

#[test]
fn thresholds_can_be_edited() {
    let mut collector = collector();
    collector.record(START, &Reading::new("api", Metric::Gpu, 60.0, 100.0)).unwrap();
    let rule = |service: Option<&str>, thresholds| ThresholdRule {
        metric: Metric::Gpu,
        service: service.map(str::to_owned),
        thresholds,
    };
    collector.set_thresholds(rule(None, Thresholds::utilization(50.0, 70.0, 55.0, 20.0))).unwrap();
    collector.set_thresholds(rule(Some("batch"), Thresholds::utilization(95.0, 99.0, 97.0, 20.0))).unwrap();
    collector.record(START + 1.0, &Reading::new("api", Metric::Gpu, 60.0, 100.0)).unwrap();
    collector.record(START + 1.0, &Reading::new("batch", Metric::Gpu, 90.0, 100.0)).unwrap();
    assert_eq!(collector.status("api", START + 1.0).unwrap().level, AlertLevel::Warning);
    assert_eq!(collector.status("batch", START + 1.0).unwrap().level, AlertLevel::Normal);
    let other = collector.set_thresholds(rule(None, Thresholds::value(1.0, 2.0))).unwrap_err();
    assert_eq!((other.code(), other.path()), (ErrorCode::Contradiction, "basis"));
}

#[test]
fn readings_that_cease_are_told() {
    let (collector, end) = filled(1.0, 40.0, 0.0);
    assert!(!collector.status("chat", end + 600.0).unwrap().metrics[0].stale);
    assert!(collector.status("chat", end + 1000.0).unwrap().metrics[0].stale);
    let advice = collector.recommendations(end + 1000.0, &DashboardOptions::default()).unwrap();
    assert_eq!(
        (advice[0].recommendation.code.as_str(), advice[0].recommendation.urgency),
        ("no_readings", Urgency::Now)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the readings do, a level that was reached stands for the hold time at least, so
    /// there are no more alerts than hold times in the whole.
    #[test]
    fn levels_do_not_flap(
        values in prop::collection::vec((0.0_f64..110.0, 1.0_f64..200.0), 10..400),
        margin in 0.0_f64..0.3,
        clear in 1.0_f64..900.0,
        raise in 0.0_f64..300.0,
    ) {
        let policy = AlertPolicy {
            margin,
            clear_after_seconds: clear,
            raise_after_seconds: raise,
            stale_after_seconds: None,
        };
        let mut collector = Collector::new(CollectorOptions { policy, ..Default::default() }).unwrap();
        let mut now = START;
        let mut reached = None;
        let mut level = AlertLevel::Normal;
        for (value, gap) in values {
            now += gap;
            collector.record(now, &Reading::new("api", Metric::Gpu, value, 100.0)).unwrap();
            let next = collector.status("api", now).unwrap().metrics[0].level;
            if next > level {
                // No level is reached by a value that is below it.
                let least = if next == AlertLevel::Critical { 95.0 } else { 80.0 };
                prop_assert!(value >= least);
                reached = Some(now);
            }
            if next < level {
                prop_assert!(now - reached.unwrap() >= clear, "left after {}", now - reached.unwrap());
                // and none is left by a value that is not below it by the margin.
                let most = if level == AlertLevel::Critical { 95.0 } else { 80.0 };
                prop_assert!(value < most * (1.0 - margin));
            }
            level = next;
        }
    }

    /// What jitters about a threshold by less than the margin changes the level once at most.
    #[test]
    fn jitter_within_the_margin_is_one_alert(
        jitter in prop::collection::vec(-0.049_f64..0.049, 10..300),
        gap in 1.0_f64..4000.0,
    ) {
        let mut collector = collector();
        let mut changes = 0;
        let mut level = AlertLevel::Normal;
        for (index, part) in jitter.iter().enumerate() {
            let now = START + gap * index as f64;
            let value = 80.0 * (1.0 + part);
            collector.record(now, &Reading::new("api", Metric::Gpu, value, 100.0)).unwrap();
            let next = collector.status("api", now).unwrap().metrics[0].level;
            changes += usize::from(next != level);
            level = next;
        }
        prop_assert!(changes <= 1);
    }

    /// A scale down is advised only after the hold time without a reading above its threshold.
    #[test]
    fn scaling_down_waits(values in prop::collection::vec((0.0_f64..80.0, 1.0_f64..120.0), 5..200)) {
        let mut collector = collector();
        let (mut now, mut above) = (START, START);
        for (value, gap) in values {
            now += gap;
            if value > 50.0 * 1.05 || above == START {
                above = now;
            }
            collector.record(now, &Reading::new("api", Metric::Gpu, value, 100.0)).unwrap();
            if collector.status("api", now).unwrap().metrics[0].scaling == ScalingAdvice::Down {
                prop_assert!(now - above >= 300.0);
            }
        }
    }

    /// Figures are numbers, whatever is recorded.
    #[test]
    fn reports_hold_numbers(
        values in prop::collection::vec((0.0_f64..1e15, 1e-3_f64..1e6), 1..60),
        capacity in 1e-3_f64..1e12,
    ) {
        let mut collector = collector();
        let mut now = START;
        for (value, gap) in values {
            now += gap;
            // Over 10¹⁵ percent of the capacity is refused.
            let _ = collector.record(now, &Reading::new("a|b <i>", Metric::Compute, value, capacity));
            collector.record(now, &Reading::signal("a|b <i>", Metric::LatencyP95, value)).unwrap();
        }
        let report = collector.report(now, &DashboardOptions::default()).unwrap();
        for format in [ReportFormat::Markdown, ReportFormat::Html, ReportFormat::Json] {
            let text = render_report(&report, format).unwrap();
            prop_assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        }
        let text = render_report(&report, ReportFormat::Json).unwrap();
        prop_assert_eq!(serde_json::from_str::<sizewell::monitor::CapacityReport>(&text).unwrap(), report);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Trends of any values at any times are numbers.
    #[test]
    fn trends_are_numbers(
        rows in prop::collection::vec((prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL, 1e-6_f64..1e7), 1..60),
    ) {
        let mut at = START;
        let mut request = TrendRequest { at_seconds: vec![], values: vec![], options: TrendOptions::default(), now_seconds: None };
        for (value, gap) in rows {
            at += gap;
            request.at_seconds.push(at);
            request.values.push(value.clamp(-1e15, 1e15));
        }
        let found = trend(&request).unwrap();
        let text = serde_json::to_string(&found).unwrap();
        prop_assert_eq!(serde_json::from_str::<sizewell::monitor::Trend>(&text).unwrap(), found);
    }
}

fn hourly(values: Vec<f64>) -> TrendRequest {
    let at_seconds = (0..values.len()).map(|index| START + 3600.0 * index as f64).collect();
    let options = TrendOptions { least_change_fraction: 0.0, ..TrendOptions::default() };
    TrendRequest { at_seconds, values, options, now_seconds: None }
}

/// Noise is called a trend about as often as is said. 200 series at 5% have 10 on average and,
/// with a standard deviation of 3.1, 20 or fewer in 999 cases of 1,000; with neighbours correlated
/// by 0.8, of which a line through 60 points is an uncertain measure, twice that is allowed. Without
/// allowing for correlation the test finds over 90 of 200.
#[test]
fn noise_is_no_trend() {
    for (correlation, count, rhythm, most) in [
        (0.0, 60, false, 20),
        (0.6, 60, false, 26),
        (0.8, 60, false, 40),
        (0.8, 160, false, 30),
        (0.5, 504, true, 26),
        (0.5, 336, true, 26),
        (0.8, 350, true, 30),
    ] {
        let mut noise = Noise(7);
        let found = (0..200)
            .filter(|_| {
                let direction = trend(&hourly(noise.series(count, correlation, rhythm))).unwrap().direction;
                direction != TrendDirection::Stable
            })
            .count();
        assert!(found <= most, "{found} of 200 at {correlation}, {count} points");
    }
}

/// A slope of a tenth of the noise per step over 100 points is found nearly always, and its interval
/// holds the truth about as often as it says: 184 to 196 of 200 and more are within chance of 95%.
#[test]
fn a_trend_is_found_with_its_slope() {
    let mut noise = Noise(3);
    let (mut found, mut held) = (0, 0);
    for _ in 0..200 {
        let noise = noise.series(100, 0.3, false);
        let values = noise.iter().enumerate().map(|(index, value)| value + 0.1 * index as f64);
        let trend = trend(&hourly(values.collect())).unwrap();
        found += u32::from(trend.direction == TrendDirection::Increasing);
        let slope = 0.1 * 24.0;
        held += u32::from(
            (trend.slope_per_day_low.unwrap()..=trend.slope_per_day_high.unwrap()).contains(&slope),
        );
    }
    assert!(found >= 195, "{found}");
    assert!(held >= 180, "{held}");
}

/// The reference compares the last reading with the first: here that is wrong both times.
#[test]
fn the_last_reading_is_no_trend() {
    let mut values: Vec<f64> = (0..100).map(|index| 50.0 + f64::from(index % 2)).collect();
    values.push(90.0);
    assert_eq!(trend(&hourly(values)).unwrap().direction, TrendDirection::Stable);
    let mut rising: Vec<f64> =
        (0..100).map(|index| 50.0 + f64::from(index) * 0.2 + f64::from(index % 3)).collect();
    rising.push(20.0);
    assert_eq!(trend(&hourly(rising)).unwrap().direction, TrendDirection::Increasing);
}

#[test]
fn a_week_is_not_taken_for_a_trend() {
    // Four weeks that end on a Sunday night.
    let (collector, end) = filled(28.0, 40.0, 0.0);
    let found = collector.trend("chat", Metric::Gpu, end, 28.0 * DAY, &TrendOptions::default()).unwrap();
    assert_eq!((found.direction, found.cycle.as_deref()), (TrendDirection::Stable, Some("weekly")));
    let (collector, end) = filled(28.0, 40.0, 0.5);
    let found = collector.trend("chat", Metric::Gpu, end, 28.0 * DAY, &TrendOptions::default()).unwrap();
    assert_eq!(found.direction, TrendDirection::Increasing);
    // The rhythm multiplies the slope: 0.5 a day becomes 0.5 × 0.85 on average over a week's hours.
    assert!((found.slope_per_day.unwrap() - 0.43).abs() < 0.08, "{:?}", found.slope_per_day);
    let week = collector.trend("chat", Metric::Gpu, end, 7.0 * DAY, &TrendOptions::default()).unwrap();
    assert!(week.notes.iter().any(|note| note.contains("week")));
}

#[test]
fn too_little_is_told_as_such() {
    let found = trend(&hourly(vec![1.0; 7])).unwrap();
    assert_eq!((found.direction, found.slope_per_day), (TrendDirection::Unknown, None));
    let constant = trend(&hourly(vec![3.0; 50])).unwrap();
    assert_eq!((constant.direction, constant.p_value), (TrendDirection::Stable, Some(1.0)));
    assert_eq!(trend(&hourly(Vec::new())).unwrap_err().code(), ErrorCode::Empty);
    let mut bad = hourly(vec![1.0; 20]);
    bad.at_seconds[5] = bad.at_seconds[4];
    assert_eq!(trend(&bad).unwrap_err().path(), "at_seconds[5]");
    bad = hourly(vec![1.0; 20]);
    bad.values[3] = f64::NAN;
    assert_eq!(trend(&bad).unwrap_err().path(), "values[3]");
}

/// A week at 40% by 5 minutes, then so many minutes at another level, by the minute.
fn week_and(minutes: u32, level: f64) -> Collector {
    let mut collector = Collector::new(CollectorOptions::default()).unwrap();
    let week = (0..7 * 288).map(|index| (START + 300.0 * f64::from(index), 4.0));
    let minutes = (0..minutes).map(|minute| (START + 7.0 * DAY + 60.0 * f64::from(minute), level));
    let (times, usage): (Vec<f64>, Vec<f64>) = week.chain(minutes).unzip();
    let end = times[times.len() - 1];
    collector.record_columns(end, "chat", Metric::Gpu, &times, &usage, Capacities::One(10.0)).unwrap();
    collector
}

#[test]
fn the_hour_that_runs_is_seen() {
    let forecast = |minutes: u32, level: f64| {
        week_and(minutes, level).forecast("chat", Metric::Gpu, &ForecastQuery::default(), None).unwrap()
    };
    let crossing = |found: &ResourceForecast, name: &str| {
        found.crossings.iter().find(|one| one.threshold == name).unwrap().expected_seconds
    };
    for minutes in [20, 58, 60, 65, 118, 121] {
        let found = forecast(minutes, 9.8);
        assert!((found.peak - 98.0).abs() < 1.0, "{minutes}: {}", found.peak);
        let latest = START + 7.0 * DAY + 60.0 * f64::from(minutes);
        let critical = crossing(&found, "critical").unwrap();
        assert!((latest - 300.0..latest + 300.0).contains(&critical), "{minutes}: {critical}");
    }
    // A reading alone, of whatever level, swings nothing; nor does a service that goes on as it was, nor a
    // fall, which may be a restart.
    let usual = forecast(0, 4.0);
    assert!((usual.peak - 40.0).abs() < 1e-6);
    for (minutes, level) in [(1, 9.8), (10, 9.8), (20, 4.0), (40, 4.0), (58, 4.0), (30, 0.1)] {
        assert_eq!(forecast(minutes, level), usual, "{minutes}, {level}");
    }
    // Nor what the rhythm foresees: working hours begin at 9 with half as much again.
    for hours in [8.0, 9.3, 9.5, 9.9, 17.5] {
        let (collector, end) = filled(20.0 + hours / 24.0, 40.0, 0.0);
        let query = ForecastQuery::default();
        let found = collector.forecast("chat", Metric::Gpu, &query, None).unwrap();
        let hourly = ForecastQuery { step_seconds: Some(3600.0), ..query };
        assert_eq!(found, collector.forecast("chat", Metric::Gpu, &hourly, None).unwrap(), "{hours}: {end}");
    }
}

#[test]
fn a_rhythm_is_forecast_and_held_against_thresholds() {
    let (collector, end) = filled(21.0, 70.0, 0.0);
    let query = ForecastQuery { horizon_seconds: DAY, ..ForecastQuery::default() };
    let found = collector.forecast("chat", Metric::Gpu, &query, None).unwrap();
    assert!(found.forecast.model.starts_with("auto"), "{}", found.forecast.model);
    assert_eq!(found.forecast.mean.len(), 24);
    // Working hours of a weekday are at 91, the warning is at 80, the critical level at 95.
    assert!((found.peak - 91.0).abs() < 1.0, "{}", found.peak);
    let crossing = |name: &str| found.crossings.iter().find(|one| one.threshold == name).unwrap();
    let hour = ((crossing("warning").expected_seconds.unwrap() - START) % DAY) / 3600.0;
    assert!((8.0..=10.0).contains(&hour), "{hour}");
    assert_eq!(crossing("critical").expected_seconds, None);
    let own = collector.forecast("chat", Metric::Gpu, &query, Some(&SeasonalNaive::new(24))).unwrap();
    assert!(own.forecast.model.starts_with("seasonal_naive"));
    assert!(found.forecast.clock.unwrap().start_seconds <= end + 3600.0);
    let refused = |query: ForecastQuery| {
        collector.forecast("chat", Metric::Gpu, &query, None).unwrap_err().path().to_owned()
    };
    assert_eq!(refused(ForecastQuery { horizon_seconds: 0.0, ..query }), "horizon_seconds");
    assert_eq!(refused(ForecastQuery { horizon_seconds: 1e12, ..query }), "horizon_seconds");
    assert_eq!(refused(ForecastQuery { step_seconds: Some(100.0), ..query }), "step_seconds");
    assert_eq!(refused(ForecastQuery { step_seconds: Some(450.0), ..query }), "step_seconds");
    assert_eq!(refused(ForecastQuery { level: 1.0, ..query }), "level");
}

#[test]
fn advice_has_figures() {
    let advice = |days: f64, base: f64, per_day: f64| {
        let (collector, end) = filled(days, base, per_day);
        let details = collector.details("chat", Metric::Gpu, end, &DashboardOptions::default()).unwrap();
        details.recommendations
    };
    let idle = advice(28.0, 10.0, 0.0);
    assert_eq!((idle[0].code.as_str(), idle[0].urgency), ("scale_down", Urgency::Review));
    // The busiest hours, 13 of 100, are to be at 67.5%, the middle of 50 and 85.
    let capacity = idle[0].capacity.unwrap();
    assert!((19.0..=21.0).contains(&capacity), "{capacity}");
    let mut collector = collector();
    collector.record(START, &Reading::new("api", Metric::Compute, 90.0, 96.0)).unwrap();
    let details = collector.details("api", Metric::Compute, START, &DashboardOptions::default()).unwrap();
    let urgent = &details.recommendations[0];
    assert_eq!((urgent.code.as_str(), urgent.urgency), ("scale_up_now", Urgency::Now));
    // 90 are 75% of 120.
    assert_eq!(urgent.capacity, Some(120.0));
    assert!(details.forecast.is_some() || details.forecast_reason.is_some());
}
