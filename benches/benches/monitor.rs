//! A collector at work: 100,000 readings (target: within a second on one core) of 1,000 metrics of
//! 100 services, one by one and in columns, and what is asked of it then. Each asserts its answer
//! inside the timed loop.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sizewell::monitor::{
    AlertLevel, Capacities, Collector, CollectorOptions, DashboardOptions, ErrorBudgetRequest, EventColumns,
    Metric, Reading, ReportFormat, TrendDirection, TrendOptions, error_budget, render_report,
};

const START: f64 = 1_760_054_400.0;
const SERVICES: usize = 100;
const METRICS: [Metric; 10] = [
    Metric::Compute,
    Metric::Memory,
    Metric::Storage,
    Metric::Network,
    Metric::Gpu,
    Metric::ApiRateLimit,
    Metric::DatabaseConnections,
    Metric::CacheMemory,
    Metric::QueueDepth,
    Metric::LatencyP95,
];
const READINGS: usize = 100_000;

/// Every metric of every service once a second, 100 times over.
fn readings() -> Vec<Reading> {
    (0..READINGS)
        .map(|index| {
            let (round, place) = (index / 1000, index % 1000);
            let metric = METRICS[place % 10];
            let usage = 40.0 + (index.wrapping_mul(2_654_435_761) % 1000) as f64 / 100.0;
            Reading::new(format!("service-{:02}", place / 10 % SERVICES), metric, usage, 100.0)
                .at(START + round as f64)
        })
        .collect()
}

/// A GPU over 28 days, every five minutes.
fn month() -> (Collector, f64) {
    let count: usize = 28 * 288;
    let times: Vec<f64> = (0..count).map(|index| START + 300.0 * index as f64).collect();
    let usage: Vec<f64> = (0..count)
        .map(|index| {
            let day = index as f64 / 288.0;
            let busy = if (9..18).contains(&((day.fract() * 24.0) as u32)) { 20.0 } else { 0.0 };
            40.0 + 0.5 * day + busy + (index.wrapping_mul(2_654_435_761) % 1000) as f64 / 200.0
        })
        .collect();
    let end = times[count - 1];
    let mut collector = Collector::new(CollectorOptions::default()).expect("defaults are good");
    let columns = collector.record_columns(end, "chat", Metric::Gpu, &times, &usage, Capacities::One(100.0));
    columns.expect("good readings");
    (collector, end)
}

fn recording(criterion: &mut Criterion) {
    let readings = readings();
    let empty = || Collector::new(CollectorOptions::default()).expect("defaults are good");
    let mut group = criterion.benchmark_group("monitor");
    group.sample_size(20).throughput(Throughput::Elements(READINGS as u64));
    group.bench_function("record/100000", |bencher| {
        bencher.iter_batched_ref(
            empty,
            |collector| {
                for reading in &readings {
                    let now = reading.at_seconds.unwrap_or(START);
                    collector.record(now, black_box(reading)).expect("good readings");
                }
                assert_eq!(collector.services().count(), SERVICES);
            },
            BatchSize::LargeInput,
        );
    });
    // The steady state: rings are full, roll-ups are replaced.
    let mut running = empty();
    let mut now = START;
    group.bench_function("record_running/100000", |bencher| {
        bencher.iter(|| {
            for round in readings.chunks(1000) {
                now += 1.0;
                for reading in round {
                    let reading = Reading { at_seconds: Some(now), ..reading.clone() };
                    running.record(now, black_box(&reading)).expect("good readings");
                }
            }
            assert_eq!(running.services().count(), SERVICES);
        });
    });
    let times: Vec<f64> = (0..READINGS).map(|index| START + index as f64).collect();
    let usage: Vec<f64> = readings.iter().map(|reading| reading.usage).collect();
    group.bench_function("record_columns/100000", |bencher| {
        bencher.iter_batched_ref(
            empty,
            |collector| {
                let end = START + READINGS as f64;
                let capacities = Capacities::One(100.0);
                let done = collector.record_columns(end, "chat", Metric::Gpu, &times, &usage, capacities);
                done.expect("good readings");
                assert_eq!(collector.status("chat", end).expect("known").level, AlertLevel::Normal);
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn asking(criterion: &mut Criterion) {
    let mut busy = Collector::new(CollectorOptions::default()).expect("defaults are good");
    for reading in &readings() {
        busy.record(START + 100.0, reading).expect("good readings");
    }
    let (month, end) = month();
    let mut group = criterion.benchmark_group("monitor");
    group.sample_size(20);
    group.bench_function("alerts/1000_metrics", |bencher| {
        bencher.iter(|| assert!(busy.alerts(START + 100.0).expect("a present").len() >= SERVICES));
    });
    group.bench_function("trend/28_days", |bencher| {
        bencher.iter(|| {
            let options = TrendOptions::default();
            let trend = month.trend("chat", Metric::Gpu, end, 28.0 * 86_400.0, &options).expect("known");
            assert_eq!(trend.direction, TrendDirection::Increasing);
        });
    });
    group.bench_function("report/28_days", |bencher| {
        bencher.iter(|| {
            let report = month.report(end, &DashboardOptions::default()).expect("a present");
            let page = render_report(&report, ReportFormat::Html).expect("numbers");
            assert!(page.contains("polyline") && report.resources[0].forecast.is_some());
        });
    });
    let minutes = 30 * 24 * 60;
    let counts = EventColumns {
        bucket_seconds: 60.0,
        at_seconds: (0..minutes).map(|minute| START + 60.0 * f64::from(minute)).collect(),
        events: vec![100.0; minutes as usize],
        bad: vec![0.5; minutes as usize],
    };
    let request = ErrorBudgetRequest::new(0.999, START + 60.0 * f64::from(minutes), counts);
    group.bench_function("error_budget/43200_minutes", |bencher| {
        bencher.iter(|| {
            let budget = error_budget(black_box(&request)).expect("good counts");
            assert!(budget.spent_fraction.is_some_and(|spent| (spent - 5.0).abs() < 1e-9));
        });
    });
    group.finish();
}

criterion_group!(benches, recording, asking);
criterion_main!(benches);
