//! The analysis of traffic against an independent calculation (NumPy, on the same hour of Azure's
//! conversation service) and on traffic of known character.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use sizewell::workload::trace::{ConcurrencySource, Labels, ServiceTime};
use sizewell::workload::{
    AnalyzeTraceRequest, PrefixBlocks, RequestStatus, Trace, TraceAnalysis, TraceAnalyzer, TraceColumns,
    TraceOptions, analyze_trace,
};
use sizewell::{Error, ErrorCode};

fn analyze(trace: Trace, options: TraceOptions) -> Result<TraceAnalysis, Error> {
    analyze_trace(&AnalyzeTraceRequest { trace, options })
}

fn regular(count: u32, gap_ms: f64) -> Trace {
    Trace {
        arrival_ms: (0..count).map(|index| f64::from(index) * gap_ms).collect(),
        input_tokens: vec![100; count as usize],
        output_tokens: vec![10; count as usize],
        ..Trace::default()
    }
}

fn near(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance * expected.abs().max(1e-12), "{what}: {found}, {expected}");
}

/// Figures from NumPy and SciPy on the published file. The bundled trace is rounded to the
/// millisecond, which moves a request over the edge of a window now and then: 1% for what counts
/// windows; the lengths are the same to the last token.
#[test]
fn azure_conversation_is_as_numpy_finds_it() {
    let trace = sizewell_data::azure_conversation_2023().unwrap();
    let analysis = analyze(trace, TraceOptions::default()).unwrap();
    assert_eq!(analysis.requests, 19_366);
    near(analysis.duration_seconds, 3_501.721_937, 1e-6, "duration");
    near(analysis.gaps.squared_cv, 1.197_207_949, 1e-3, "gaps");
    let expected = [
        (1.0, 3501, [5.0, 9.0, 11.0, 13.0, 16.0], 1.385_141_9, [0.218_919, 0.177_401, 0.185_079, 0.201_780]),
        (10.0, 350, [5.3, 7.8, 8.255, 8.8, 9.8], 3.856_995_9, [0.690_788, 0.639_851, 0.617_270, 0.523_793]),
        (60.0, 58, [5.458, 7.35, 7.7775, 8.1935, 8.45], 16.128, [0.810_018, 0.683_313, 0.570_039, 0.169_863]),
        (300.0, 11, [5.2033, 7.43, 7.44667, 7.46, 7.46333], 56.095, [0.650_792, 0.113_12, -0.544_406, 0.0]),
    ];
    assert_eq!(analysis.windows.len(), expected.len());
    for (found, (seconds, windows, rates, dispersion, correlations)) in analysis.windows.iter().zip(expected)
    {
        assert_eq!((found.window_seconds, found.windows), (seconds, windows));
        let five = [found.p50_qps, found.p90_qps, found.p95_qps, found.p99_qps, found.max_qps];
        for (rate, expected) in five.iter().zip(rates) {
            near(*rate, expected, 0.011, "rate");
        }
        near(found.dispersion, dispersion, 0.01, "dispersion");
        let lags = found.autocorrelation.iter().filter(|lag| [1, 2, 5, 10].contains(&lag.lag));
        for (lag, expected) in lags.zip(correlations) {
            assert!((lag.correlation - expected).abs() < 0.02, "{seconds}: {lag:?}, {expected}");
        }
    }
    let (input, output) = (&analysis.input, &analysis.output);
    near(input.mean_tokens, 1_154.697_407_828_153_2, 1e-12, "mean");
    near(input.cv, 0.960_246_319_534_638_7, 1e-9, "cv");
    assert_eq!((input.min_tokens, input.p50_tokens, input.max_tokens), (2, 1020, 14_050));
    for (found, exact) in [(input.p90_tokens, 2735), (input.p95_tokens, 4083), (input.p99_tokens, 4142)] {
        assert!(found.abs_diff(exact) <= exact / 1024, "{found}, {exact}");
    }
    let four = (output.p50_tokens, output.p90_tokens, output.p95_tokens, output.p99_tokens);
    assert_eq!(four, (129, 424, 451, 601));
    let fit = output.lognormal.unwrap();
    near(fit.mean_tokens, 218.753_464_314_703_4, 1e-6, "lognormal mean");
    near(fit.cv, 1.044_764_226_113_434_7, 1e-6, "lognormal cv");
    near(fit.ks_distance, 0.181_720_360_027_980_42, 1e-4, "distance");
    near(input.lognormal.unwrap().ks_distance, 0.159_210_089, 0.01, "distance of prompts");
}

/// However the columns are cut, the answer is the same, bit for bit.
#[test]
fn batches_make_no_difference() {
    let trace = sizewell_data::azure_conversation_2023().unwrap();
    let options =
        TraceOptions { series_seconds: Some(60.0), start_seconds: Some(1.7e9), ..TraceOptions::default() };
    let whole = analyze(trace.clone(), options.clone()).unwrap();
    let mut analyzer = TraceAnalyzer::new(options).unwrap();
    let mut from = 0;
    for size in (1..).map(|step| step * step) {
        let to = (from + size).min(trace.len());
        let columns = TraceColumns {
            arrival_ms: &trace.arrival_ms[from..to],
            input_tokens: &trace.input_tokens[from..to],
            output_tokens: &trace.output_tokens[from..to],
            ..TraceColumns::default()
        };
        analyzer.add(columns).unwrap();
        from = to;
        if from == trace.len() {
            break;
        }
    }
    assert_eq!(analyzer.finish().unwrap(), whole);
    let text = serde_json::to_string(&whole).unwrap();
    assert_eq!(serde_json::from_str::<TraceAnalysis>(&text).unwrap(), whole);
}

/// Two weeks, one request a minute by night and ten by day (9 to 17 o'clock) on weekdays, in a
/// zone five and a half hours ahead of UTC.
#[test]
fn hours_and_days_are_local() {
    // Monday, 6 November 2023, midnight UTC.
    let (monday, offset) = (1_699_228_800.0, 330);
    let mut trace = Trace { start_seconds: Some(monday - f64::from(offset) * 60.0), ..Trace::default() };
    for minute in 0..14 * 1440 {
        let (day, hour) = (minute / 1440, minute / 60 % 24);
        let busy = day % 7 < 5 && (9..17).contains(&hour);
        for request in 0..if busy { 10 } else { 1 } {
            trace.arrival_ms.push(f64::from(minute) * 60_000.0 + f64::from(request) * 6_000.0);
        }
    }
    trace.input_tokens = vec![5; trace.len()];
    trace.output_tokens = vec![5; trace.len()];
    let options =
        TraceOptions { utc_offset_minutes: offset, series_seconds: Some(3600.0), ..TraceOptions::default() };
    let analysis = analyze(trace, options).unwrap();
    let calendar = analysis.calendar.unwrap();
    assert_eq!(calendar.peak_hours, [9, 10, 11, 12, 13, 14, 15, 16]);
    near(calendar.by_hour_of_week_qps[9].unwrap(), 10.0 / 60.0, 1e-9, "Monday at nine");
    near(calendar.by_hour_of_week_qps[5 * 24 + 9].unwrap(), 1.0 / 60.0, 1e-9, "Saturday at nine");
    // The last hour ends with its last request, a minute early.
    near(calendar.by_hour_qps[12].unwrap(), (5.0 * 10.0 + 2.0) / 7.0 / 60.0, 1e-9, "noon");
    near(calendar.by_weekday_qps[6].unwrap(), 1.0 / 60.0, 1e-3, "Sunday");
    // A series begins at whole hours of UTC, so half past local hours: thirteen days and 23 hours.
    let series = analysis.series.unwrap();
    assert_eq!(series.start_seconds.unwrap() % 3600.0, 0.0);
    assert_eq!(series.values.len(), 14 * 24 - 1);
    assert_eq!(series.values[0], Some(60.0 / 3600.0));
}

/// Two thirds short questions with long answers, one third the other way about, each lognormal
/// with a cv of 0.3, two and more octaves apart: two classes of those shares.
#[test]
fn classes_are_found_and_one_cloud_is_not_cut() {
    let spread = [0.7, 0.8, 0.9, 1.0, 1.0, 1.1, 1.2, 1.4];
    let lengths = |index: u32, middle: f64| (middle * spread[index as usize % 8]) as u32;
    let mut trace = regular(9_000, 100.0);
    for index in 0..9_000_u32 {
        let long = index % 3 == 0;
        let (input, output) = if long { (8000.0, 40.0) } else { (200.0, 600.0) };
        trace.input_tokens[index as usize] = lengths(index / 3, input);
        trace.output_tokens[index as usize] = lengths(index / 24, output);
    }
    let classes = analyze(trace.clone(), TraceOptions::default()).unwrap().classes.unwrap();
    assert_eq!(classes.classes.len(), 2, "{:?}", classes.criterion);
    near(classes.classes[0].fraction, 2.0 / 3.0, 1e-9, "share");
    near(classes.classes[0].input_tokens_mean, 202.5, 0.03, "prompts");
    near(classes.classes[1].output_tokens_mean, 40.0, 0.05, "answers");
    classes.mix(0.2).check().unwrap();

    trace.input_tokens = (0..9_000).map(|index| lengths(index, 300.0)).collect();
    trace.output_tokens = (0..9_000).map(|index| lengths(index / 8, 300.0)).collect();
    assert_eq!(analyze(trace, TraceOptions::default()).unwrap().classes.unwrap().classes.len(), 1);
}

#[test]
fn concurrency_is_littles_law() {
    let mut trace = regular(1_000, 100.0);
    let options = TraceOptions {
        service: Some(ServiceTime { ttft_ms: 200.0, itl_ms: 20.0 }),
        ..TraceOptions::default()
    };
    let assumed = analyze(trace.clone(), options.clone()).unwrap().concurrency.unwrap();
    assert_eq!(assumed.source, ConcurrencySource::Assumed);
    near(assumed.mean, 10.0 * 0.38, 1e-9, "assumed");
    trace.latency_ms = (0..1000).map(|index| if index % 2 == 0 { 0.0 } else { 1500.0 }).collect();
    let measured = analyze(trace, options).unwrap().concurrency.unwrap();
    assert_eq!(measured.source, ConcurrencySource::Measured);
    near(measured.mean, 15.0, 1e-9, "measured");
    // A second is too short for requests of a second and a half.
    assert_eq!(measured.windows[0].window_seconds, 10.0);
}

/// Three requests: the second repeats two of the first's three blocks after 100 s, the third
/// nothing, since its first block is new.
#[test]
fn shared_prefixes_are_counted_from_the_start() {
    let trace = Trace {
        arrival_ms: vec![0.0, 100_000.0, 100_001.0],
        input_tokens: vec![1500, 1200, 1200],
        output_tokens: vec![1, 1, 1],
        session: vec![7, 7, 9],
        status: vec![RequestStatus::Completed, RequestStatus::Failed, RequestStatus::Completed],
        cached_tokens: vec![0, 600, 0],
        model: Labels { names: vec!["b".to_owned(), "a".to_owned()], index: vec![1, 1, 0] },
        prefix: PrefixBlocks {
            block_tokens: 512,
            lengths: vec![3, 3, 2],
            blocks: vec![1, 2, 3, 1, 2, 4, 8, 2],
        },
        ..Trace::default()
    };
    let analysis = analyze(trace, TraceOptions::default()).unwrap();
    let prefix = analysis.prefix.unwrap();
    near(prefix.hit_fraction, 1024.0 / 3900.0, 1e-12, "hits");
    assert_eq!((prefix.by_age[0].hit_fraction, prefix.distinct_blocks), (0.0, 5));
    near(prefix.by_age[1].hit_fraction, 1024.0 / 3900.0, 1e-12, "hits within ten minutes");
    near(prefix.requests_sharing_fraction, 1.0 / 3.0, 1e-12, "sharing");
    near(analysis.cached_fraction.unwrap(), 600.0 / 3900.0, 1e-12, "cached");
    near(analysis.completed_fraction.unwrap(), 2.0 / 3.0, 1e-12, "completed");
    assert_eq!(analysis.input.requests, 2);
    let sessions = analysis.sessions.unwrap();
    assert_eq!((sessions.sessions, sessions.requests_mean), (2, 1.5));
    near(sessions.gap_p50_seconds.unwrap(), 100.0, 1e-3, "pause");
    assert_eq!((analysis.models[0].name.as_str(), analysis.models[0].requests), ("a", 2));
}

#[test]
fn impossible_traces_are_refused() {
    let refused = |trace: Trace, options: TraceOptions| {
        let error = analyze(trace, options).unwrap_err();
        (error.code(), error.path().to_owned())
    };
    let plain = TraceOptions::default;
    let mut cases: Vec<(Trace, ErrorCode, &str)> = vec![
        (Trace::default(), ErrorCode::Empty, "trace.arrival_ms"),
        (regular(1, 1.0), ErrorCode::Empty, "trace.arrival_ms"),
        (regular(2, 1.0), ErrorCode::InvalidValue, "trace.arrival_ms"),
    ];
    let mut with = |change: fn(&mut Trace), code: ErrorCode, path: &'static str| {
        let mut trace = regular(10, 1000.0);
        change(&mut trace);
        cases.push((trace, code, path));
    };
    with(|trace| trace.arrival_ms[3] = f64::NAN, ErrorCode::InvalidValue, "trace.arrival_ms[3]");
    with(|trace| trace.arrival_ms[3] = 0.0, ErrorCode::InvalidValue, "trace.arrival_ms[3]");
    with(|trace| trace.arrival_ms[9] = f64::INFINITY, ErrorCode::InvalidValue, "trace.arrival_ms[9]");
    with(|trace| trace.input_tokens[4] = u32::MAX, ErrorCode::InvalidValue, "trace.input_tokens[4]");
    with(
        |trace| trace.cached_tokens = trace.input_tokens.iter().map(|tokens| tokens + 1).collect(),
        ErrorCode::InvalidValue,
        "trace.cached_tokens[0]",
    );
    with(|trace| trace.output_tokens.truncate(3), ErrorCode::Contradiction, "trace.output_tokens");
    with(|trace| trace.latency_ms = vec![-1.0; 10], ErrorCode::InvalidValue, "trace.latency_ms[0]");
    with(|trace| trace.status = vec![RequestStatus::Failed], ErrorCode::Contradiction, "trace.status");
    with(|trace| trace.tenant.index = vec![0; 10], ErrorCode::InvalidValue, "trace.tenant.index[0]");
    with(
        |trace| trace.prefix = PrefixBlocks { block_tokens: 1, lengths: vec![u32::MAX; 10], blocks: vec![] },
        ErrorCode::Contradiction,
        "trace.prefix.blocks",
    );
    for (trace, code, path) in cases {
        assert_eq!(refused(trace, plain()), (code, path.to_owned()));
    }
    for (options, path) in [
        (TraceOptions { windows_seconds: vec![0.0], ..plain() }, "options.windows_seconds[0]"),
        (TraceOptions { windows_seconds: vec![1.0; 33], ..plain() }, "options.windows_seconds"),
        (TraceOptions { lags: vec![0], ..plain() }, "options.lags[0]"),
        (TraceOptions { utc_offset_minutes: i32::MIN, ..plain() }, "options.utc_offset_minutes"),
        (TraceOptions { max_classes: 0, ..plain() }, "options.max_classes"),
        (TraceOptions { start_seconds: Some(f64::NAN), ..plain() }, "options.start_seconds"),
    ] {
        assert_eq!(refused(regular(10, 1000.0), options).1, path);
    }
    // Ten years of milliseconds would be 3 × 10¹¹ steps.
    let mut long = regular(2, 3.0e11);
    long.start_seconds = Some(0.0);
    let fine = TraceOptions { series_seconds: Some(1e-3), windows_seconds: vec![1e-3], ..plain() };
    assert_eq!(refused(long.clone(), fine).0, ErrorCode::TooLarge);
    let years = analyze(long, TraceOptions { windows_seconds: vec![1e-3], ..plain() }).unwrap();
    assert_eq!(years.windows[0].windows, 300_000_000_000);
}

/// Requests without a token, with the most allowed, all at once and then one: numbers throughout.
#[test]
fn nothing_becomes_not_a_number() {
    let mut trace = regular(50, 0.0);
    trace.arrival_ms[49] = 5_000.0;
    trace.input_tokens = vec![0; 50];
    trace.output_tokens = vec![10_000_000; 50];
    trace.start_seconds = Some(-1e12);
    trace.status = vec![RequestStatus::Failed; 50];
    for status in [RequestStatus::Failed, RequestStatus::Completed] {
        trace.status = vec![status; 50];
        let text = serde_json::to_value(analyze(trace.clone(), TraceOptions::default()).unwrap()).unwrap();
        let back: TraceAnalysis = serde_json::from_value(text).unwrap();
        assert_eq!(back.requests, 50);
    }
}
