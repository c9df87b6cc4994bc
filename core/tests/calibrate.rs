//! Calibration: known coefficients are found again, through noise and outliers; degenerate data are
//! refused with a reason; what the data leave open is named; laws hold afterwards.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use proptest::prelude::*;
use sizewell::engine::{
    Batch, Calibration, CalibrationOptions, Coefficients, EngineModel, ErrorModel, LoggedRequest,
    Parallelism, Replica, RequestLog, Roofline,
};
use sizewell::queueing::{
    ClientLoop, ClosedLoop, ClosedLoopMeans, Deployment, MeasuredDeployment, MeasuredPoint, Predictor,
    Workload, calibrate, closed_loop, open_loop,
};
use sizewell::units::Quantile;
use sizewell::workload::{ArrivalProcess, RequestMix};
use sizewell::{Error, ErrorCode};

fn replica() -> Replica<'static> {
    let catalog = sizewell_data::catalog();
    Replica::new(catalog.model("Llama-3.1-8B-Instruct").unwrap(), catalog.gpu("H100").unwrap())
}

/// An engine that differs from what public measurements say.
fn truth() -> Coefficients {
    let fitted = Coefficients::FITTED;
    Coefficients {
        kv_bandwidth: fitted.kv_bandwidth * 0.75,
        prompt_work: fitted.prompt_work * 1.3,
        request_ms: fitted.request_ms * 2.0,
        request_layer_ms: fitted.request_layer_ms * 2.0,
        request_kilotoken_ms: fitted.request_kilotoken_ms * 2.0,
        ..fitted
    }
}

/// Normal numbers, the same in every run.
struct Normal(u64);

impl Normal {
    fn next(&mut self) -> f64 {
        let mut uniform = || {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        };
        // Twelve uniform numbers have variance 1 together.
        (0..12).map(|_| uniform()).sum::<f64>() - 6.0
    }
}

/// Points of closed loops (and of open ones, where asked) as an engine with these coefficients
/// gives them, with noise of this standard deviation of the logarithm.
fn points(replica: &Replica<'_>, coefficients: &Coefficients, open: bool, noise: f64) -> Vec<MeasuredPoint> {
    let engine = Roofline::with(replica, coefficients).unwrap();
    let mut normal = Normal(7);
    let mut points = Vec::new();
    for (input, output) in
        [(128.0, 128.0), (1000.0, 200.0), (1024.0, 1024.0), (4000.0, 500.0), (8000.0, 1000.0)]
    {
        for concurrency in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0] {
            let room = engine.limits().kv_tokens as f64 / (input + output / 2.0);
            let run = ClosedLoop {
                concurrency,
                input_tokens: input,
                cached_tokens: 0.0,
                output_tokens: output,
                room: room.min(f64::from(engine.limits().max_num_seqs)),
                draft_tokens: 0.0,
                tokens_per_iteration: 1.0,
                exact_lengths: false,
                starts_with_burst: true,
                admission_interval: 1.0,
                balance_iterations: 0.0,
                prefill: None,
            };
            let queue = engine.queue();
            let closed = closed_loop(&engine, &queue, &run);
            let workload = Workload::new(&RequestMix::constant(input as u32, output as u32)).unwrap();
            let deployment = Deployment::new(&engine, 1);
            let predictor = Predictor::new(&deployment, &workload).unwrap();
            let rate = 0.5 * predictor.stable_requests_per_second() * (concurrency / 128.0);
            let overhead = engine.request_overhead_ms_per_token() * input;
            let means = if open {
                let latencies = predictor.predict(&ArrivalProcess::poisson(rate)).unwrap().latencies.unwrap();
                let ttft_ms = latencies.ttft.mean_ms + overhead;
                ClosedLoopMeans { ttft_ms, itl_ms: latencies.itl.mean_ms, ..closed }
            } else {
                closed
            };
            let mut seen = |value: f64| Some(value * (noise * normal.next()).exp());
            points.push(MeasuredPoint {
                concurrency: (!open).then_some(concurrency),
                requests_per_second: open.then_some(rate),
                ttft_ms: seen(means.ttft_ms),
                itl_ms: seen(means.itl_ms),
                tokens_per_second: seen(means.requests_per_second * output),
                ..MeasuredPoint::of_lengths(input, output)
            });
        }
    }
    points
}

fn calibrated(points: &[MeasuredPoint]) -> Calibration {
    let measured = MeasuredDeployment::with_points(replica(), points);
    calibrate(&[measured], &CalibrationOptions::default()).unwrap()
}

fn refused(points: &[MeasuredPoint]) -> Error {
    let measured = MeasuredDeployment::with_points(replica(), points);
    calibrate(&[measured], &CalibrationOptions::default()).unwrap_err()
}

fn factor(calibration: &Calibration, name: &str) -> f64 {
    calibration.factor(name).unwrap().value
}

/// Largest and median relative error of what calibrated coefficients predict of the true engine.
fn prediction_errors(calibration: &Calibration) -> (f64, f64) {
    let ideal = points(&replica(), &truth(), false, 0.0);
    let now = points(&replica(), &calibration.coefficients(), false, 0.0);
    let mut errors: Vec<f64> = ideal
        .iter()
        .zip(&now)
        .flat_map(|(ideal, now)| [(ideal.itl_ms, now.itl_ms), (ideal.ttft_ms, now.ttft_ms)])
        .map(|(ideal, now)| (now.unwrap() / ideal.unwrap() - 1.0).abs())
        .collect();
    errors.sort_by(f64::total_cmp);
    (errors[errors.len() - 1], errors[errors.len() / 2])
}

/// Without noise (but the least that is assumed, 1%) the factors are found to what the priors pull.
#[test]
fn known_coefficients_are_found_again() {
    for open in [false, true] {
        let calibration = calibrated(&points(&replica(), &truth(), open, 0.0));
        assert!(calibration.converged, "{calibration:?}");
        for (name, wanted, tolerance) in
            [("kv_bandwidth", 0.75, 0.05), ("request_overhead", 2.0, 0.1), ("weight_bandwidth", 1.0, 0.03)]
        {
            let value = factor(&calibration, name);
            assert!((value / wanted - 1.0).abs() < tolerance, "open {open} {name} {value} {calibration:?}");
        }
        // Compute and the work of prompts act as one on prompts, and share what is found.
        let prompts = factor(&calibration, "prompt_work") / factor(&calibration, "compute");
        assert!((prompts / 1.3 - 1.0).abs() < 0.05, "open {open} {prompts}");
        assert!(prediction_errors(&calibration).0 < 0.05, "{:?}", prediction_errors(&calibration));
    }
}

/// With 5% of noise the factors lie within three of their standard errors.
#[test]
fn standard_errors_cover_the_truth() {
    let calibration = calibrated(&points(&replica(), &truth(), false, 0.05));
    for (name, wanted) in [("kv_bandwidth", 0.75), ("request_overhead", 2.0), ("weight_bandwidth", 1.0)] {
        let factor = calibration.factor(name).unwrap();
        let error = factor.standard_error.unwrap();
        assert!((factor.value - wanted).abs() < 3.0 * error, "{factor:?}");
        // Weights' bandwidth and layers' overhead are told apart by their priors only.
        assert!(error < 0.6 * factor.prior_spread * factor.value, "{factor:?}");
    }
    let noise = calibration.noise;
    for value in [noise.itl, noise.ttft, noise.throughput] {
        // 40 points of each: the estimate itself scatters by a fifth.
        assert!((0.03..0.08).contains(&value.unwrap()), "{noise:?}");
    }
    assert!(prediction_errors(&calibration).1 < 0.03);
}

/// A tenth of the figures is off by a factor of three: the result hardly moves, and they are named.
#[test]
fn outliers_hardly_matter() {
    let clean = points(&replica(), &truth(), false, 0.03);
    let mut spoilt = clean.clone();
    for point in spoilt.iter_mut().step_by(10) {
        point.itl_ms = point.itl_ms.map(|itl| itl * 3.0);
        point.ttft_ms = point.ttft_ms.map(|ttft| ttft / 3.0);
    }
    let (before, after) = (calibrated(&clean), calibrated(&spoilt));
    for name in ["kv_bandwidth", "weight_bandwidth", "request_overhead"] {
        let (before, after) = (factor(&before, name), factor(&after, name));
        assert!((after / before - 1.0).abs() < 0.06, "{name} {before} {after}");
    }
    assert!(after.outliers >= 8, "{}", after.outliers);
    for index in [0, 10, 20, 30] {
        let path = format!("deployments[0].points[{index}].itl_ms");
        let residual = after.residuals.iter().find(|residual| residual.path == path).unwrap();
        assert!(residual.weight < 0.1 && residual.log_residual < -0.8, "{residual:?}");
    }
    assert!(prediction_errors(&after).1 < 0.03);
}

#[test]
fn what_the_data_do_not_determine_is_named_and_kept() {
    let calibration = calibrated(&points(&replica(), &truth(), false, 0.02));
    for name in ["interconnect", "expert_bandwidth", "drafting"] {
        assert!(calibration.undetermined.contains(&name.to_owned()), "{name}");
        assert_eq!(
            (factor(&calibration, name), calibration.factor(name).unwrap().standard_error),
            (1.0, None)
        );
    }
    // Inter-token latencies of single requests say nothing of a queue, nor of long contexts.
    let mut single = points(&replica(), &truth(), false, 0.02);
    single.retain(|point| point.concurrency == Some(1.0) && point.input_tokens < 2000.0);
    for point in &mut single {
        (point.ttft_ms, point.tokens_per_second) = (None, None);
    }
    let calibration = calibrated(&single);
    for name in ["request_overhead", "prompt_queue", "kv_bandwidth", "sequence_overhead"] {
        assert!(calibration.undetermined.contains(&name.to_owned()), "{name}");
    }
    // Four GPUs exchange what they compute, here over PCI Express.
    let spread = Replica { gpu: sizewell_data::catalog().gpu("L40S").unwrap(), ..replica() };
    let spread = spread.spread(Parallelism::tensor(4));
    let fitted = Coefficients::FITTED;
    let slow = Coefficients {
        all_reduce_ms: fitted.all_reduce_ms * 2.0,
        link_bandwidth: fitted.link_bandwidth / 2.0,
        ..fitted
    };
    let measured = points(&spread, &slow, false, 0.02);
    let measured = MeasuredDeployment::with_points(spread, &measured);
    let calibration = calibrate(&[measured], &CalibrationOptions::default()).unwrap();
    assert!(!calibration.undetermined.contains(&"interconnect".to_owned()));
    assert!((1.5..2.2).contains(&factor(&calibration, "interconnect")), "{:?}", calibration.factors);
}

/// Percentiles that scatter 10% and 30% more than predicted say so, and say of the engine what
/// means say.
#[test]
fn percentiles_say_what_means_say() {
    let engine = Roofline::with(&replica(), &truth()).unwrap();
    let deployment = Deployment::new(&engine, 1);
    let mut measured = points(&replica(), &truth(), false, 0.0);
    for point in &mut measured {
        let (input, output) = (point.input_tokens as u32, point.output_tokens as u32);
        let workload = Workload::new(&RequestMix::constant(input, output)).unwrap();
        let concurrency = point.concurrency.unwrap() as u64;
        let clients = ClientLoop { concurrency, requests: Some(10 * concurrency) };
        let predictor = Predictor::new(&deployment, &workload).unwrap();
        let spread = predictor.predict_clients(&clients).unwrap().latencies.unwrap();
        point.quantile = Quantile::P95;
        point.itl_ms = point.itl_ms.map(|itl| itl * 1.1 * spread.itl.p95_ms / spread.itl.mean_ms);
        point.ttft_ms = point.ttft_ms.map(|ttft| ttft * 1.3 * spread.ttft.p95_ms / spread.ttft.mean_ms);
    }
    let calibration = calibrated(&measured);
    assert!(prediction_errors(&calibration).1 < 0.05, "{:?}", prediction_errors(&calibration));
    assert_eq!(calibration.percentile_ratios.len(), 2);
    for ratio in &calibration.percentile_ratios {
        let wanted = if ratio.latency == "itl" { 1.1 } else { 1.3 };
        assert!((ratio.value / wanted - 1.0).abs() < 0.05, "{ratio:?}");
    }
}

/// The mean values of an open loop against what is predicted of it in full, at half the stable
/// load and below: they differ by what mean values leave out.
#[test]
fn mean_values_of_an_open_loop_are_near_the_prediction() {
    let engine = Roofline::new(&replica()).unwrap();
    let deployment = Deployment::new(&engine, 1);
    for (input, output, load) in [(1000, 200, 0.1), (1000, 200, 0.5), (128, 512, 0.5), (4000, 500, 0.4)] {
        let workload = Workload::new(&RequestMix::constant(input, output)).unwrap();
        let predictor = Predictor::new(&deployment, &workload).unwrap();
        let rate = load * predictor.stable_requests_per_second();
        let full = predictor.predict(&ArrivalProcess::poisson(rate)).unwrap();
        let run = ClosedLoop {
            concurrency: 1.0,
            input_tokens: input.into(),
            cached_tokens: 0.0,
            output_tokens: output.into(),
            room: 1000.0,
            draft_tokens: 0.0,
            tokens_per_iteration: 1.0,
            exact_lengths: true,
            starts_with_burst: false,
            admission_interval: 1.0,
            balance_iterations: 0.0,
            prefill: None,
        };
        let means = open_loop(&engine, &engine.queue(), &run, rate);
        let itl = full.latencies.unwrap().itl.mean_ms;
        assert!((means.itl_ms / itl - 1.0).abs() < 0.05, "{input} {output} {load}: {} {itl}", means.itl_ms);
        let (batch, full) = (means.batch, full.batch_mean);
        assert!((batch / full - 1.0).abs() < 0.15, "{input} {output} {load}: {batch} {full}");
    }
}

#[test]
fn degenerate_data_are_refused_with_a_reason() {
    let good = points(&replica(), &truth(), false, 0.0);
    let check = |error: &Error, code: ErrorCode, path: &str| {
        assert_eq!((error.code(), error.path()), (code, path), "{error}");
    };
    check(&refused(&[]), ErrorCode::Empty, "deployments");
    let only_itl = MeasuredPoint { ttft_ms: None, tokens_per_second: None, ..good[3].clone() };
    check(&refused(&[only_itl.clone(), good[4].clone()][..1]), ErrorCode::InvalidValue, "deployments");
    check(&refused(&vec![only_itl; 20]), ErrorCode::InvalidValue, "deployments");
    let with = |change: fn(&mut MeasuredPoint)| {
        let mut points = good.clone();
        change(&mut points[2]);
        refused(&points)
    };
    let at = |field: &str| format!("deployments[0].points[2].{field}");
    check(&with(|point| point.concurrency = None), ErrorCode::MissingField, &at("concurrency"));
    check(
        &with(|point| point.requests_per_second = Some(1.0)),
        ErrorCode::Contradiction,
        &at("requests_per_second"),
    );
    check(&with(|point| point.itl_ms = Some(f64::NAN)), ErrorCode::InvalidValue, &at("itl_ms"));
    check(&with(|point| point.ttft_ms = Some(0.0)), ErrorCode::InvalidValue, &at("ttft_ms"));
    check(&with(|point| point.input_tokens = 0.0), ErrorCode::InvalidValue, &at("input_tokens"));
    let nothing = with(|point| (point.itl_ms, point.ttft_ms, point.tokens_per_second) = (None, None, None));
    check(&nothing, ErrorCode::MissingField, &at("ttft_ms"));
    let mut seconds = good.clone();
    for point in &mut seconds {
        point.itl_ms = point.itl_ms.map(|itl| itl / 1000.0);
    }
    check(&refused(&seconds), ErrorCode::InvalidValue, "deployments[0].points[0].itl_ms");
    let catalog = sizewell_data::catalog();
    let large = Replica::new(catalog.model("Llama-3.3-70B-Instruct").unwrap(), catalog.gpu("H100").unwrap());
    let measured = MeasuredDeployment::with_points(large, &good);
    let error = calibrate(&[measured], &CalibrationOptions::default()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::DoesNotFit, "{error}");
    let options = CalibrationOptions { least_noise: 0.0, ..CalibrationOptions::default() };
    let measured = MeasuredDeployment::with_points(replica(), &good);
    check(&calibrate(&[measured], &options).unwrap_err(), ErrorCode::InvalidValue, "options.least_noise");
}

#[test]
fn degenerate_logs_are_refused_with_a_reason() {
    let request = |first: f64, last: f64| LoggedRequest {
        request_id: None,
        input_tokens: 100,
        cached_tokens: 0,
        output_tokens: 50,
        arrival_seconds: None,
        queued_seconds: None,
        scheduled_seconds: first - 0.05,
        first_token_seconds: first,
        last_token_seconds: last,
    };
    let refused = |requests: Vec<LoggedRequest>| {
        let logs = [RequestLog { requests }];
        let measured = MeasuredDeployment::with_logs(replica(), &logs);
        let error = calibrate(&[measured], &CalibrationOptions::default()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidValue, "{error}");
        error.path().to_owned()
    };
    assert_eq!(refused(vec![request(1.0, 2.0); 2]), "deployments[0].logs[0].requests");
    assert_eq!(refused(vec![request(1.0, 2.0); 50]), "deployments[0].logs[0].requests");
    let mut backwards = vec![request(1.0, 2.0); 9];
    backwards.push(request(3.0, 2.9));
    assert_eq!(refused(backwards), "deployments[0].logs[0].requests[9].last_token_seconds");
    let mut endless = vec![request(1.0, 2.0); 9];
    endless.push(request(3.0, f64::INFINITY));
    assert_eq!(refused(endless), "deployments[0].logs[0].requests[9].last_token_seconds");

    let error = RequestLog::from_json_lines("{\"input_toks\": 3}").unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::InvalidJson, "[0]"));
    let line = r#"{"request_id": "a", "input_toks": 3, "output_toks": 2, "arrival_time": 1.0, "queued_ts": 0.5, "scheduled_ts": 0.6, "first_token_ts": 0.7, "last_token_ts": 0.8}"#;
    let log = RequestLog::from_json_lines(&format!("{line}\n\n{line}\n")).unwrap();
    assert_eq!((log.requests.len(), log.requests[1].first_token_seconds), (2, 0.7));
}

#[test]
fn prediction_intervals_are_narrower_when_calibrated() {
    let calibration = calibrated(&points(&replica(), &truth(), false, 0.04));
    let (before, after) = (ErrorModel::fitted(false), calibration.errors);
    assert!(after.itl_high - after.itl_low < 0.5 * (before.itl_high - before.itl_low), "{after:?}");
    assert!(after.ttft_high - after.ttft_low < 0.5 * (before.ttft_high - before.ttft_low), "{after:?}");
    // A standard deviation of 4% makes a 90% interval of 6.6% either way.
    assert!((0.04..0.12).contains(&after.itl_high), "{after:?}");
}

#[test]
fn the_result_is_data_and_the_same_every_time() {
    let measured = points(&replica(), &truth(), false, 0.03);
    let first = calibrated(&measured);
    assert_eq!(first, calibrated(&measured));
    let text = serde_json::to_string(&first).unwrap();
    let again: Calibration = serde_json::from_str(&text).unwrap();
    assert_eq!(again.coefficients(), first.coefficients());
    assert_eq!(again.engine(&replica()).unwrap(), first.engine(&replica()).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is measured, as long as it is believable at all: the calibrated engine's time is
    /// finite, and never falls when a batch grows; no figure is left out of the result.
    #[test]
    fn laws_hold_after_any_calibration(
        scatter in proptest::collection::vec(-1.0_f64..1.0, 120),
        size in 0.0_f64..300.0,
        context in 1.0_f64..20_000.0,
        tokens in 0.0_f64..8000.0,
        more in 1.0_f64..3.0,
    ) {
        let mut measured = points(&replica(), &Coefficients::FITTED, false, 0.0);
        let figures = measured.iter_mut().flat_map(|point| {
            [&mut point.itl_ms, &mut point.ttft_ms, &mut point.tokens_per_second]
        });
        for (figure, scatter) in figures.zip(&scatter) {
            *figure = figure.map(|value| value * scatter.exp());
        }
        let calibration = calibrated(&measured);
        prop_assert_eq!(calibration.residuals.len(), 120);
        let engine = calibration.engine(&replica()).unwrap();
        let time = |size, context, tokens| {
            engine.iteration_ms(&Batch::decode(size, context).and(Batch::prefill(0.0, tokens)))
        };
        let less = time(size, context, tokens);
        prop_assert!(less.is_finite() && less > 0.0);
        for greater in
            [time(size * more, context, tokens), time(size, context * more, tokens), time(size, context, tokens * more)]
        {
            prop_assert!(greater >= less * (1.0 - 1e-12));
        }
        let errors = calibration.errors;
        prop_assert!(errors.itl_low <= 0.0 && errors.itl_high >= 0.0 && errors.ttft_low <= 0.0);
    }
}
