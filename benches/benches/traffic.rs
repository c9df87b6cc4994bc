//! Ten million requests (a week of traffic with a daily rhythm, bursts and two kinds of requests),
//! analysed in batches of 65,536. The reference is `Trace::summary`, which needs all columns in
//! memory, sorts the lengths and gives a dozen figures. Asserts the answer, prints the time a
//! request takes and the most memory that the process has held (the columns themselves are 160 MB).

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use sizewell::workload::{Trace, TraceAnalysis, TraceAnalyzer, TraceColumns, TraceOptions};

const REQUESTS: usize = 10_000_000;
const BATCH: usize = 65_536;

/// A week of arrivals: a linear congruential generator is random enough for a load.
fn week() -> Trace {
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
    };
    let mut trace = Trace { start_seconds: Some(1_700_000_000.0), ..Trace::default() };
    let mut now = 0.0;
    for _ in 0..REQUESTS {
        let daily = 1.0 + 0.6 * (now / 86_400_000.0 * std::f64::consts::TAU).sin();
        let burst = if random() < 0.1 { 0.1 } else { 1.1 };
        now += -random().ln() * 60.0 * burst / daily;
        let long = random() < 0.3;
        let spread = (random() + random() + random() - 1.5).exp();
        trace.arrival_ms.push(now);
        trace.input_tokens.push((spread * if long { 6000.0 } else { 300.0 }) as u32);
        trace.output_tokens.push((random() * if long { 60.0 } else { 800.0 }) as u32 + 1);
    }
    trace
}

fn in_batches(trace: &Trace) -> TraceAnalysis {
    let options = TraceOptions { start_seconds: trace.start_seconds, ..TraceOptions::default() };
    let mut analyzer = TraceAnalyzer::new(options).unwrap();
    let batches = trace.arrival_ms.chunks(BATCH).zip(trace.input_tokens.chunks(BATCH));
    for ((arrival_ms, input_tokens), output_tokens) in batches.zip(trace.output_tokens.chunks(BATCH)) {
        let columns = TraceColumns { arrival_ms, input_tokens, output_tokens, ..TraceColumns::default() };
        analyzer.add(columns).unwrap();
    }
    analyzer.finish().unwrap()
}

fn traffic(criterion: &mut Criterion) {
    let trace = week();
    let mut group = criterion.benchmark_group("traffic_10_million");
    group.sample_size(10).warm_up_time(Duration::from_millis(100));
    group.bench_function("analyze_in_batches", |bencher| {
        bencher.iter(|| {
            let analysis = in_batches(black_box(&trace));
            assert_eq!(analysis.requests, REQUESTS as u64);
            assert_eq!(analysis.classes.unwrap().classes.len(), 2);
            assert!(analysis.windows.len() == 5 && analysis.windows[0].dispersion > 1.0);
        });
    });
    group.bench_function("reference_summary", |bencher| {
        bencher.iter(|| assert_eq!(black_box(&trace).summary().unwrap().requests, REQUESTS as u64));
    });
    group.finish();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(line) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("most memory held: {}", line.trim_start_matches("VmHWM:").trim());
    }
}

criterion_group!(benches, traffic);
criterion_main!(benches);
