//! Generated traffic is like that which it was fitted to: the analysis of the one finds what the
//! analysis of the other found.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use sizewell::ErrorCode;
use sizewell::workload::trace::readers::{ReadTraceRequest, TraceFormat, read_trace};
use sizewell::workload::traffic::{
    FitTrafficRequest, Fluctuation, GenerateTrafficRequest, RhythmKind, TrafficClass, TrafficModel,
    fit_traffic, generate_traffic,
};
use sizewell::workload::{
    AnalyzeTraceRequest, TokenDistribution, Trace, TraceAnalysis, TraceOptions, analyze_trace,
};

fn analyze(trace: &Trace) -> TraceAnalysis {
    let options = TraceOptions { windows_seconds: vec![1.0, 10.0, 60.0], ..TraceOptions::default() };
    analyze_trace(&AnalyzeTraceRequest { trace: trace.clone(), options }).unwrap()
}

fn fit(trace: &Trace) -> TrafficModel {
    fit_traffic(&FitTrafficRequest { trace: trace.clone(), ..FitTrafficRequest::default() }).unwrap()
}

fn ratio(found: f64, expected: f64) -> f64 {
    (found / expected).max(expected / found)
}

/// Ten hours at the seen rate and at three times that, against the hour that was seen:
/// (variance over mean − 1) ÷ mean of the counts within a factor of 1.5 at each window (an hour has
/// 60 minutes and some 20 bursts, so its own figure is no surer), the 99th percentile over the mean
/// within a factor of 1.7, the greatest within a factor of 2 (ten hours have higher peaks than one), mean
/// lengths within 3%, their percentiles within 5%, the mean rate within 25% (bursts of many minutes move an
/// hour's).
fn like_what_was_seen(name: &str, seen: &Trace) {
    let (before, model) = (analyze(seen), fit(seen));
    assert!(!model.fluctuations.is_empty() && model.rhythm == RhythmKind::Flat, "{model:?}");
    for (seed, rate_factor) in [(1, 1.0), (2, 3.0)] {
        let request = GenerateTrafficRequest {
            rate_factor,
            ..GenerateTrafficRequest::new(model.clone(), seed, 36_000.0)
        };
        let after = analyze(&generate_traffic(&request).unwrap());
        let mean = ratio(after.mean_qps, before.mean_qps * rate_factor);
        assert!(mean < 1.25, "{name}: mean rate off by {mean}");
        for (found, expected) in after.windows.iter().zip(&before.windows) {
            let excess = |rates: &sizewell::workload::trace::WindowRates| {
                (rates.dispersion - 1.0) / (rates.mean_qps * rates.window_seconds)
            };
            let (found_excess, expected_excess) = (excess(found), excess(expected));
            assert!(ratio(found_excess, expected_excess) < 1.5, "{name}: {found:?} {expected:?}");
            let high = |rates: &sizewell::workload::trace::WindowRates| rates.p99_qps / rates.mean_qps;
            assert!(ratio(high(found), high(expected)) < 1.7, "{name}: {found:?} {expected:?}");
            assert!(ratio(found.peak_to_mean, expected.peak_to_mean) < 2.0, "{name}: {found:?} {expected:?}");
        }
        for (found, expected) in [(&after.input, &before.input), (&after.output, &before.output)] {
            assert!(ratio(found.mean_tokens, expected.mean_tokens) < 1.03, "{name}: {found:?}");
            assert!(ratio(found.p50_tokens as f64, expected.p50_tokens as f64) < 1.05, "{name}: {found:?}");
            assert!(ratio(found.p95_tokens as f64, expected.p95_tokens as f64) < 1.05, "{name}: {found:?}");
        }
    }
}

#[test]
fn an_hour_of_conversation() {
    like_what_was_seen("conversation", &sizewell_data::azure_conversation_2023().unwrap());
}

#[test]
fn an_hour_of_code_completion() {
    let file = "../../shared/data/traffic/AzureLLMInferenceTrace_code.csv";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return;
    };
    let read = read_trace(&ReadTraceRequest::new(TraceFormat::AzureLlm, text)).unwrap();
    like_what_was_seen("code", &read.trace);
}

fn class(weight: f64, input: f64, output: f64, correlation: f64) -> TrafficClass {
    let lengths = |mean_tokens| TokenDistribution::Lognormal { mean_tokens, cv: 0.4, max_tokens: None };
    TrafficClass { weight, input: lengths(input), output: lengths(output), correlation }
}

/// Working hours on weekdays at four times the rate of the night, Saturday half, two kinds of
/// requests.
fn offices() -> TrafficModel {
    let factor = |hour: usize| match (hour / 24, hour % 24) {
        (0..5, 9..18) => 2.0,
        (5, 9..18) => 1.0,
        _ => 0.5,
    };
    TrafficModel {
        mean_qps: 0.1,
        hour_of_week: (0..168).map(factor).collect(),
        rhythm: RhythmKind::HourOfWeek,
        utc_offset_minutes: 60,
        utc_offsets: Vec::new(),
        fluctuations: vec![Fluctuation { seconds: 60.0, variance: 0.5 }],
        classes: vec![class(3.0, 300.0, 700.0, 0.6), class(1.0, 9000.0, 60.0, 0.0)],
        sources: Vec::new(),
        outcomes: Vec::new(),
        conversations: None,
        prefixes: None,
        notes: Vec::new(),
    }
}

/// Four weeks of known character, fitted, and four weeks drawn from the fit at twice the rate. Each
/// hour of the week has some 700 requests in bursts of a minute: 7% of standard error, as much again for what
/// is drawn, so 50% (four and a half deviations) for the worst of 168 and 5% for the sums of working hours.
#[test]
fn the_week_classes_and_bursts_come_back() {
    let weeks = 28.0 * 86_400.0;
    let truth = offices();
    let seen = generate_traffic(&GenerateTrafficRequest::new(truth.clone(), 11, weeks)).unwrap();
    let request = FitTrafficRequest { trace: seen, utc_offset_minutes: 60, ..FitTrafficRequest::default() };
    let model = fit_traffic(&request).unwrap();
    assert_eq!((model.rhythm, model.classes.len()), (RhythmKind::HourOfWeek, 2));
    let truth_mean = truth.hour_of_week.iter().sum::<f64>() / 168.0;
    assert!(ratio(model.mean_qps, 0.1 * truth_mean) < 1.03, "{}", model.mean_qps);
    assert!((model.classes[0].weight - 0.75).abs() < 0.01);
    assert!((model.classes[0].correlation - 0.6).abs() < 0.05, "{}", model.classes[0].correlation);
    assert!(model.classes[1].correlation.abs() < 0.05);
    let double = GenerateTrafficRequest { rate_factor: 2.0, ..GenerateTrafficRequest::new(model, 12, weeks) };
    let again = analyze_trace(&AnalyzeTraceRequest {
        trace: generate_traffic(&double).unwrap(),
        options: TraceOptions { utc_offset_minutes: 60, ..TraceOptions::default() },
    })
    .unwrap();
    let rates: Vec<f64> =
        again.calendar.unwrap().by_hour_of_week_qps.iter().map(|rate| rate.unwrap()).collect();
    let expected: Vec<f64> = truth.hour_of_week.iter().map(|factor| 0.2 * factor).collect();
    for (found, expected) in rates.iter().zip(&expected) {
        assert!(ratio(*found, *expected) < 1.5, "{found} {expected}");
    }
    let busy = |rates: &[f64]| {
        rates.iter().zip(&expected).filter(|pair| *pair.1 > 0.3).map(|pair| pair.0).sum::<f64>()
    };
    assert!(ratio(busy(&rates), busy(&expected)) < 1.05);
    // Two requests in ten seconds or fewer: the fluctuation of a minute shows in windows of a minute.
    let minute = again.windows.iter().find(|window| window.window_seconds == 60.0).unwrap();
    let flat = |factor: f64| truth.hour_of_week.iter().map(|own| own.powf(factor)).sum::<f64>() / 168.0;
    let rhythm = flat(2.0) / (truth_mean * truth_mean) - 1.0;
    // A variance of 0.5 that lasts a minute, averaged over a minute: 2(x − 1 + e⁻ˣ)/x² = 0.736 of it at
    // x = 1, a little less for being gamma; the rhythm's own squares multiply it.
    let expected = rhythm + (1.0 + rhythm) * 0.36;
    let found = (minute.dispersion - 1.0) / (minute.mean_qps * 60.0);
    assert!(ratio(found, expected) < 1.2, "{found} {expected}");
}

/// A model without fluctuations makes Poisson arrivals: dispersion within 4 standard errors of 1
/// (√(2/n) each) at every window, gaps with a squared coefficient of variation of 1.
#[test]
fn without_fluctuations_arrivals_are_poisson() {
    let model =
        TrafficModel { fluctuations: Vec::new(), hour_of_week: Vec::new(), mean_qps: 20.0, ..offices() };
    let trace = generate_traffic(&GenerateTrafficRequest::new(model, 5, 7200.0)).unwrap();
    let analysis = analyze(&trace);
    assert!((analysis.gaps.squared_cv - 1.0).abs() < 0.03);
    for window in &analysis.windows {
        let error = (2.0 / window.windows as f64).sqrt();
        assert!((window.dispersion - 1.0).abs() < 4.0 * error, "{window:?}");
    }
    assert!(fit(&trace).fluctuations.iter().all(|part| part.variance < 0.01));
}

#[test]
fn the_seed_decides() {
    let draw = |seed| generate_traffic(&GenerateTrafficRequest::new(offices(), seed, 86_400.0)).unwrap();
    let (one, same, other) = (draw(3), draw(3), draw(4));
    assert_eq!(one, same);
    assert_ne!(one.arrival_ms, other.arrival_ms);
    // The first draws on every platform.
    assert_eq!((one.len(), one.input_tokens[0], one.output_tokens[0]), (9119, 295, 1281));
    assert_eq!(one.arrival_ms[0], 4_894.046_665_842_957);
    let text = serde_json::to_string(&offices()).unwrap();
    assert_eq!(serde_json::from_str::<TrafficModel>(&text).unwrap(), offices());
    // From an hour on of the same Monday.
    let late = GenerateTrafficRequest {
        start_seconds: one.start_seconds.map(|start| start + 12.0 * 3600.0),
        ..GenerateTrafficRequest::new(offices(), 3, 3600.0)
    };
    assert!(generate_traffic(&late).unwrap().len() > 3 * one.len() / 48);
}

#[test]
fn impossible_models_are_refused() {
    let refused = |request: GenerateTrafficRequest| {
        let error = generate_traffic(&request).unwrap_err();
        (error.code(), error.path().to_owned())
    };
    let request = |change: fn(&mut TrafficModel)| {
        let mut model = offices();
        change(&mut model);
        GenerateTrafficRequest::new(model, 1, 3600.0)
    };
    for (changed, path) in [
        (request(|model| model.mean_qps = f64::NAN), "model.mean_qps"),
        (request(|model| model.hour_of_week = vec![1.0; 24]), "model.hour_of_week"),
        (request(|model| model.hour_of_week[3] = -1.0), "model.hour_of_week[3]"),
        (request(|model| model.fluctuations[0].seconds = 0.0), "model.fluctuations[0].seconds"),
        (request(|model| model.classes.clear()), "model.classes"),
        (request(|model| model.classes[1].correlation = 2.0), "model.classes[1].correlation"),
        (request(|model| model.utc_offset_minutes = i32::MAX), "model.utc_offset_minutes"),
        (GenerateTrafficRequest { duration_seconds: f64::INFINITY, ..request(|_| ()) }, "duration_seconds"),
        (GenerateTrafficRequest { rate_factor: 0.0, ..request(|_| ()) }, "rate_factor"),
        (GenerateTrafficRequest { rate_factor: 1e9, ..request(|_| ()) }, "rate_factor"),
        (GenerateTrafficRequest { rate_factor: 1e7, ..request(|_| ()) }, "duration_seconds"),
        (GenerateTrafficRequest { start_seconds: Some(f64::NAN), ..request(|_| ()) }, "start_seconds"),
    ] {
        assert_eq!(refused(changed).1, path);
    }
    let mut endless = request(|model| model.fluctuations[0].seconds = 0.01);
    endless.duration_seconds = 1e8;
    assert_eq!(refused(endless), (ErrorCode::TooLarge, "duration_seconds".to_owned()));
    // Hours without any traffic, and a rate near nothing: an empty trace, at once.
    let quiet = GenerateTrafficRequest { rate_factor: 1e-6, ..request(|_| ()) };
    assert!(generate_traffic(&quiet).unwrap().is_empty());
    let closed = request(|model| model.hour_of_week = vec![0.0; 168]);
    assert!(generate_traffic(&closed).unwrap().is_empty());
}
