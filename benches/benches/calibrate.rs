//! Calibration on 300 benchmark points (target: under 50 ms), of a dense model and of a mixture of
//! experts, and on a log of 300 requests. Each asserts its answer inside the timed loop.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sizewell::engine::{
    CalibrationOptions, Coefficients, EngineModel, LoggedRequest, Parallelism, Replica, RequestLog, Roofline,
};
use sizewell::queueing::{ClosedLoop, MeasuredDeployment, MeasuredPoint, calibrate, closed_loop};
use sizewell::units::Quantile;

/// Three hundred figures' worth of points, of an engine whose cache is read a fifth more slowly.
fn points(replica: &Replica<'_>, quantile: Quantile) -> Vec<MeasuredPoint> {
    let fitted = Coefficients::FITTED;
    let slower = Coefficients { kv_bandwidth: 0.8 * fitted.kv_bandwidth, ..fitted };
    let engine = Roofline::with(replica, &slower).expect("it fits");
    (0..300)
        .map(|index| {
            let input = 128.0 * f64::from(1 + index % 30);
            let output = 100.0 * f64::from(1 + index % 10);
            let concurrency = f64::from(1 << (index % 8));
            let run = ClosedLoop {
                concurrency,
                input_tokens: input,
                cached_tokens: 0.0,
                output_tokens: output,
                room: 1000.0,
                draft_tokens: 0.0,
                tokens_per_iteration: 1.0,
                exact_lengths: false,
                starts_with_burst: true,
                admission_interval: 1.0,
                balance_iterations: 0.0,
                prefill: None,
            };
            let means = closed_loop(&engine, &engine.queue(), &run);
            let scatter = 1.0 + 0.03 * f64::from(index % 7 - 3);
            MeasuredPoint {
                concurrency: Some(concurrency),
                quantile,
                itl_ms: Some(means.itl_ms * scatter),
                ttft_ms: Some(means.ttft_ms / scatter),
                ..MeasuredPoint::of_lengths(input, output)
            }
        })
        .collect()
}

/// A log of 300 requests, 30 at a time, each for as long as an iteration of that batch says.
fn log(replica: &Replica<'_>) -> RequestLog {
    let engine = Roofline::new(replica).expect("it fits");
    let iteration = engine.iteration_ms(&sizewell::engine::Batch::decode(30.0, 1000.0)) / 1000.0;
    let requests = (0..300)
        .map(|index| {
            let output_tokens = 300 + 10 * (index % 13);
            let scheduled = f64::from(index) * iteration * 12.0;
            LoggedRequest {
                request_id: None,
                input_tokens: 500 + index % 400,
                cached_tokens: 0,
                output_tokens,
                arrival_seconds: None,
                queued_seconds: None,
                scheduled_seconds: scheduled,
                first_token_seconds: scheduled + 2.0 * iteration,
                last_token_seconds: scheduled + iteration * f64::from(output_tokens + 1),
            }
        })
        .collect();
    RequestLog { requests }
}

fn calibration(criterion: &mut Criterion) {
    let catalog = sizewell_data::catalog();
    let (llama, h100) =
        (catalog.model("Llama-3.1-8B-Instruct").expect("known"), catalog.gpu("H100").expect("known"));
    let (experts, h200) =
        (catalog.model("Qwen3-30B-A3B").expect("known"), catalog.gpu("H200").expect("known"));
    let dense = Replica::new(llama, h100);
    let moe = Replica::new(experts, h200).spread(Parallelism::tensor(2));
    let options = CalibrationOptions::default();
    let mut group = criterion.benchmark_group("calibrate");
    for (name, replica, quantile) in [
        ("300_points/dense", dense, Quantile::Mean),
        ("300_points/experts", moe, Quantile::Mean),
        ("300_points/dense_p95", dense, Quantile::P95),
    ] {
        let points = points(&replica, quantile);
        let measured = [MeasuredDeployment::with_points(replica, &points)];
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let calibration = calibrate(black_box(&measured), &options).expect("good data");
                // Means that are called percentiles fit the engine less well, and may take all rounds.
                assert!(calibration.converged || quantile != Quantile::Mean);
                assert_eq!(calibration.measurements, 600);
                let cache = calibration.factor("kv_bandwidth").map(|factor| factor.value);
                assert!(cache.is_some_and(|value| value < 0.97) || quantile != Quantile::Mean);
            });
        });
    }
    let logs = [log(&dense)];
    let measured = [MeasuredDeployment::with_logs(dense, &logs)];
    group.bench_function("300_requests", |bencher| {
        bencher.iter(|| {
            let calibration = calibrate(black_box(&measured), &options).expect("good data");
            assert!(calibration.measurements == 600);
        });
    });
    group.finish();
}

criterion_group!(benches, calibration);
criterion_main!(benches);
