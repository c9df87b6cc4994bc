//! Percentiles under load: one prediction with all percentiles, with and without the deployment
//! made ready, over all schedulings; the highest rate for given targets; the replicas for a rate.
//! Each asserts its answer inside the timed loop.

use criterion::{Criterion, criterion_group, criterion_main};
use sizewell::engine::{EngineLimits, LinearEngine, Scheduling};
use sizewell::queueing::{
    Deployment, LatencyTarget, LatencyTargets, Predictor, Workload, predict, replicas_for,
};
use sizewell::units::Quantile;
use sizewell::workload::{ArrivalProcess, RequestMix, TokenDistribution};

fn engine(scheduling: Scheduling) -> LinearEngine {
    LinearEngine {
        iteration_ms: 8.0,
        ms_per_prefill_token: 0.03,
        ms_per_attended_token: 1e-7,
        ms_per_decode_token: 0.04,
        ms_per_context_token: 2e-5,
        request_overhead_ms: 5.0,
        limits: EngineLimits {
            max_num_seqs: 256,
            max_num_batched_tokens: 8192,
            kv_tokens: 500_000,
            scheduling,
        },
    }
}

fn chat() -> RequestMix {
    let lognormal =
        |mean_tokens, most| TokenDistribution::Lognormal { mean_tokens, cv: 0.8, max_tokens: Some(most) };
    RequestMix::single(lognormal(512.0, 8000), lognormal(256.0, 4000))
}

fn percentiles_under_load(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("percentiles_under_load");
    let chunked = engine(Scheduling::ChunkedPrefill);
    let first = engine(Scheduling::PrefillFirst);
    for (lengths, mix) in [("lognormal", chat()), ("constant", RequestMix::constant(512, 256))] {
        group.bench_function(format!("workload/{lengths}"), |bencher| {
            bencher.iter(|| assert!(Workload::new(&mix).unwrap().output_tokens_mean() > 200.0));
        });
        let workload = Workload::new(&mix).unwrap();
        for (scheduling, engine) in [("chunked_prefill", &chunked), ("prefill_first", &first)] {
            let deployment = Deployment::new(engine, 4);
            let predictor = Predictor::new(&deployment, &workload).unwrap();
            let arrivals = ArrivalProcess::poisson(predictor.stable_requests_per_second() * 0.7);
            group.bench_function(format!("predict/{lengths}/{scheduling}"), |bencher| {
                bencher.iter(|| {
                    let prediction = predict(std::hint::black_box(&deployment), &workload, &arrivals);
                    assert!(prediction.unwrap().latencies.unwrap().ttft.p99_ms > 10.0);
                });
            });
            group.bench_function(format!("predictor/{lengths}/{scheduling}"), |bencher| {
                bencher.iter(|| {
                    let prediction = predictor.predict(std::hint::black_box(&arrivals));
                    assert!(prediction.unwrap().latencies.unwrap().ttft.p99_ms > 10.0);
                });
            });
        }
    }
    let workload = Workload::new(&chat()).unwrap();
    let deployment = Deployment::new(&chunked, 4);
    let predictor = Predictor::new(&deployment, &workload).unwrap();
    let arrivals = ArrivalProcess::poisson(100.0);
    let target = |most_ms| Some(LatencyTarget { quantile: Quantile::P95, most_ms });
    let targets = LatencyTargets { ttft: target(250.0), itl: target(25.0), e2e: None };
    group.bench_function("max_rate", |bencher| {
        bencher.iter(|| {
            let found = predictor.max_rate(std::hint::black_box(&arrivals), &targets).unwrap();
            assert!(found.requests_per_second > 1.0);
        });
    });
    group.bench_function("replicas_for", |bencher| {
        bencher.iter(|| {
            let found = replicas_for(&deployment, &workload, std::hint::black_box(&arrivals), &targets);
            assert!(found.unwrap().replicas > 1);
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).measurement_time(std::time::Duration::from_secs(2)).warm_up_time(std::time::Duration::from_secs(1)).without_plots();
    targets = percentiles_under_load
}
criterion_main!(benches);
