//! Hours of the day and days of the week follow the clock on the wall through its changes: in both
//! directions, on both hemispheres, by a whole hour and by half of one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use sizewell::ErrorCode;
use sizewell::workload::traffic::{
    FitTrafficRequest, GenerateTrafficRequest, RhythmKind, fit_traffic, generate_traffic,
};
use sizewell::workload::{AnalyzeTraceRequest, Trace, TraceAnalysis, TraceOptions, UtcOffset, analyze_trace};

const DAY: i64 = 86_400;

/// A change of the clock: the zone's name, when (seconds since the epoch), the offsets before and after in
/// seconds. From the tz database, release 2025b.
const CHANGES: [(&str, i64, i32, i32); 9] = [
    ("Europe/Berlin, spring", 1_774_746_000, 3600, 7200),
    ("Europe/Berlin, autumn", 1_792_890_000, 7200, 3600),
    ("America/New_York, spring", 1_772_953_200, -18_000, -14_400),
    ("America/New_York, autumn", 1_793_512_800, -14_400, -18_000),
    ("Australia/Sydney, autumn", 1_775_318_400, 39_600, 36_000),
    ("Australia/Sydney, spring", 1_791_043_200, 36_000, 39_600),
    ("Australia/Lord_Howe, by half an hour", 1_775_314_800, 39_600, 37_800),
    ("America/St_Johns, half-hour zone", 1_772_947_800, -12_600, -9000),
    ("Asia/Beirut, at midnight", 1_792_875_600, 10_800, 7200),
];

fn offsets(change: (&str, i64, i32, i32)) -> Vec<UtcOffset> {
    let (_, at, before, after) = change;
    vec![
        UtcOffset { from_seconds: (at - 200 * DAY) as f64, offset_seconds: before },
        UtcOffset { from_seconds: at as f64, offset_seconds: after },
    ]
}

/// Ten requests in ten minutes of the local working hours of weekdays, one in the others.
fn office(change: (&str, i64, i32, i32), days: i64) -> Trace {
    let (_, at, before, after) = change;
    let start = at - days * DAY / 2;
    let mut trace = Trace { start_seconds: Some(start as f64), ..Trace::default() };
    for minute in 0..days * 1440 {
        let time = start + 60 * minute;
        let local = time + i64::from(if time < at { before } else { after });
        // The epoch was a Thursday.
        let weekday = (local.div_euclid(DAY) + 3).rem_euclid(7);
        let hour = local.rem_euclid(DAY) / 3600;
        if weekday < 5 && (9..18).contains(&hour) || minute % 10 == 0 {
            trace.arrival_ms.push(60_000.0 * minute as f64);
            trace.input_tokens.push(100);
            trace.output_tokens.push(10);
        }
    }
    trace
}

fn analyze(trace: &Trace, options: TraceOptions) -> TraceAnalysis {
    analyze_trace(&AnalyzeTraceRequest { trace: trace.clone(), options }).unwrap()
}

fn working_hour(hour_of_week: usize) -> bool {
    hour_of_week < 120 && (9..18).contains(&(hour_of_week % 24))
}

/// Every hour of the week has exactly the rate that local hours were given: ten a minute in working hours,
/// one in the others. With the offset that held before, the second half is displaced.
#[test]
fn local_hours_stay_in_place_through_every_change() {
    for change in CHANGES {
        let trace = office(change, 28);
        let right = analyze(&trace, TraceOptions { utc_offsets: offsets(change), ..TraceOptions::default() });
        let pattern = right.calendar.unwrap();
        for (hour, rate) in pattern.by_hour_of_week_qps.iter().enumerate() {
            let expected = if working_hour(hour) { 1.0 / 60.0 } else { 1.0 / 600.0 };
            // A request at the edge of an observed hour is one in four hours of one in ten minutes: the last
            // arrival ends what is observed and counts, hence 5%.
            assert!((rate.unwrap() / expected - 1.0).abs() < 0.05, "{} {hour}: {rate:?}", change.0);
        }
        let (_, _, before, _) = change;
        let fixed = TraceOptions { utc_offset_minutes: before / 60, ..TraceOptions::default() };
        let wrong = analyze(&trace, fixed).calendar.unwrap();
        let displaced = |hour: &(usize, &Option<f64>)| {
            let expected = if working_hour(hour.0) { 1.0 / 60.0 } else { 1.0 / 600.0 };
            (hour.1.unwrap() / expected - 1.0).abs() > 0.2
        };
        assert!(wrong.by_hour_of_week_qps.iter().enumerate().filter(displaced).count() >= 8, "{}", change.0);
    }
}

/// A day of 23 or 25 hours is a day: steady traffic does not grow, and none of its days is lost.
#[test]
fn days_of_23_and_25_hours_count() {
    for change in CHANGES {
        let (_, at, ..) = change;
        let start = at - 15 * DAY;
        let minutes = 0..30 * 1440;
        let trace = Trace {
            start_seconds: Some(start as f64),
            arrival_ms: minutes.clone().map(|minute| f64::from(minute) * 60_000.0).collect(),
            input_tokens: vec![10; minutes.len()],
            output_tokens: vec![10; minutes.len()],
            ..Trace::default()
        };
        let right = analyze(&trace, TraceOptions { utc_offsets: offsets(change), ..TraceOptions::default() });
        let growth = right.growth.unwrap();
        assert!(growth.per_month.abs() < 1e-9, "{}: {growth:?}", change.0);
        assert!((28..=30).contains(&growth.days), "{}: {growth:?}", change.0);
    }
}

/// Fitted with its zone and generated over a change of the clock: working hours come at their local hours on both
/// sides. 2,700 working minutes a week are expected; the share of requests that fall into them is 0.894 by the rates,
/// within 1% by chance (four standard errors of a week's 4,000 requests are 2%, so 3%).
#[test]
fn generated_traffic_follows_the_clock() {
    for change in CHANGES {
        let request = FitTrafficRequest {
            trace: office(change, 28),
            utc_offsets: offsets(change),
            ..FitTrafficRequest::default()
        };
        let model = fit_traffic(&request).unwrap();
        assert_eq!((model.rhythm, &model.utc_offsets), (RhythmKind::HourOfWeek, &request.utc_offsets));
        let from = change.1 - 7 * DAY;
        for (week, start) in [(0, from), (1, change.1)] {
            let request = GenerateTrafficRequest {
                start_seconds: Some(start as f64),
                ..GenerateTrafficRequest::new(model.clone(), 5, 7.0 * DAY as f64)
            };
            let trace = generate_traffic(&request).unwrap();
            let offset = i64::from(if week == 0 { change.2 } else { change.3 });
            let local_hour = |arrival: &&f64| {
                let local = start + (**arrival / 1000.0) as i64 + offset;
                ((local.div_euclid(3600)) + 72).rem_euclid(168) as usize
            };
            let inside = trace.arrival_ms.iter().filter(|at| working_hour(local_hour(at))).count();
            let share = inside as f64 / trace.len() as f64;
            let expected = 45.0 / (45.0 + 123.0 / 10.0);
            assert!((share - expected).abs() < 0.03, "{} week {week}: {share} {expected}", change.0);
        }
    }
}

/// Zones without changes: a list of one offset is the fixed offset, half hours and quarters too.
#[test]
fn one_offset_is_a_fixed_offset() {
    for minutes in [0, 330, 345, -210, 840] {
        let trace = office(("", 1_774_746_000, minutes * 60, minutes * 60), 16);
        let list = vec![UtcOffset { from_seconds: 1.7e9, offset_seconds: minutes * 60 }];
        let listed = analyze(&trace, TraceOptions { utc_offsets: list, ..TraceOptions::default() });
        let fixed = analyze(&trace, TraceOptions { utc_offset_minutes: minutes, ..TraceOptions::default() });
        assert_eq!(listed, fixed);
    }
}

#[test]
fn offsets_are_checked() {
    let trace = office(CHANGES[0], 2);
    let refused = |options: TraceOptions| {
        let error = analyze_trace(&AnalyzeTraceRequest { trace: trace.clone(), options }).unwrap_err();
        (error.code(), error.path().to_owned())
    };
    let both =
        TraceOptions { utc_offset_minutes: 60, utc_offsets: offsets(CHANGES[0]), ..TraceOptions::default() };
    assert_eq!(refused(both), (ErrorCode::Contradiction, "options.utc_offsets".to_owned()));
    let mut turned = offsets(CHANGES[0]);
    turned.reverse();
    let descending = TraceOptions { utc_offsets: turned, ..TraceOptions::default() };
    assert_eq!(refused(descending).1, "options.utc_offsets[1].from_seconds");
}
