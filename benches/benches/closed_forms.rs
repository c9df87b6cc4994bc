//! The closed forms of queueing at the sizes that planners ask for: one replica's M/M/c, a large
//! fleet, a limited queue, constant service near saturation. Each asserts its answer inside the
//! timed loop; the recursion over all servers is there as the reference of Erlang B.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sizewell::queueing::closed_form::{
    FiniteSourceQueue, Md1Queue, Mg1TransformQueue, MmcQueue, MmckQueue, ServiceTime, erlang_b,
};

/// Erlang's recursion, one step for each server.
fn erlang_b_by_recursion(servers: u64, load: f64) -> f64 {
    (1..=servers).fold(1.0, |lost, server| load * lost / (server as f64 + load * lost))
}

fn closed_forms(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("closed_forms");
    for (servers, load) in [(100, 95.0), (100_000, 99_999.9)] {
        let reference = erlang_b_by_recursion(servers, load);
        group.bench_function(format!("erlang_b/{servers}"), |bencher| {
            bencher.iter(|| {
                let lost = erlang_b(black_box(servers), load).unwrap();
                assert!((lost / reference - 1.0).abs() < 1e-12);
            });
        });
        group.bench_function(format!("erlang_b_by_recursion/{servers}"), |bencher| {
            bencher.iter(|| assert_eq!(erlang_b_by_recursion(black_box(servers), load), reference));
        });
        group.bench_function(format!("mmc_sojourn_p99/{servers}"), |bencher| {
            bencher.iter(|| {
                let queue = MmcQueue::new(black_box(load), 1.0, servers).unwrap();
                let p99 = queue.sojourn_quantile_seconds(0.99).unwrap();
                assert!((queue.sojourn_tail(p99).unwrap() - 0.01).abs() < 1e-12);
            });
        });
    }
    group.bench_function("mmck_sojourn_p99/64_of_256", |bencher| {
        bencher.iter(|| {
            let queue = MmckQueue::new(black_box(60.0), 1.0, 64, 256).unwrap();
            let p99 = queue.sojourn_quantile_seconds(0.99).unwrap();
            assert!((queue.sojourn_tail(p99).unwrap() - 0.01).abs() < 1e-12);
        });
    });
    group.bench_function("finite_source_sojourn_p99/256_users", |bencher| {
        bencher.iter(|| {
            let queue = FiniteSourceQueue::new(black_box(256), 10.0, 1.0, 16).unwrap();
            let p99 = queue.sojourn_quantile_seconds(0.99).unwrap();
            assert!((queue.sojourn_tail(p99).unwrap() - 0.01).abs() < 1e-12);
        });
    });
    for load in [0.8, 0.999_999] {
        group.bench_function(format!("md1_wait_p99/{load}"), |bencher| {
            bencher.iter(|| {
                let queue = Md1Queue::new(black_box(load), 1.0).unwrap();
                let p99 = queue.wait_quantile_seconds(0.99).unwrap();
                assert!((queue.wait_tail(p99).unwrap() - 0.01).abs() < 1e-12);
            });
        });
    }
    group.bench_function("mg1_transform_wait_p99/gamma", |bencher| {
        bencher.iter(|| {
            let service = ServiceTime::gamma(1.0, 2.0).unwrap();
            let queue = Mg1TransformQueue::new(black_box(0.8), service).unwrap();
            let p99 = queue.wait_quantile_seconds(0.99).unwrap();
            assert!((queue.wait_tail(p99).unwrap() - 0.01).abs() < 1e-9);
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).measurement_time(std::time::Duration::from_secs(1)).warm_up_time(std::time::Duration::from_millis(300)).without_plots();
    targets = closed_forms
}
criterion_main!(benches);
