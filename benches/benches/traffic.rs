//! Ten million requests (a week of traffic with a daily rhythm, bursts and two kinds of requests),
//! analysed in batches of 65,536, and at once with every column: two million conversations, models,
//! tenants, status, latencies, prefixes of four blocks. The reference is `Trace::summary`, which
//! needs all columns in memory, sorts the lengths and gives a dozen figures. Then as many requests
//! drawn from a model fitted to them, and a CSV of a million rows read. Asserts the answers and
//! prints the most memory that the process has held after each part (the three columns are 160 MB).

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use sizewell::workload::trace::Labels;
use sizewell::workload::trace::readers::{ReadTraceRequest, TraceFormat, read_trace};
use sizewell::workload::traffic::{FitTrafficRequest, GenerateTrafficRequest, fit_traffic, generate_traffic};
use sizewell::workload::{
    PrefixBlocks, RequestStatus, Trace, TraceAnalysis, TraceAnalyzer, TraceColumns, TraceOptions,
};

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

/// The same requests with everything that a log may say of them.
fn with_every_column(trace: &mut Trace) {
    let numbers = |most: usize| (0..REQUESTS).map(|index| (index * 2_654_435_761 % most) as u32).collect();
    let labels = |most: usize| Labels {
        names: (0..most).map(|name| format!("name {name}")).collect(),
        index: numbers(most),
    };
    (trace.model, trace.tenant, trace.session) = (labels(12), labels(2000), numbers(2_000_000));
    trace.latency_ms = trace.output_tokens.iter().map(|tokens| 200.0 + 20.0 * f64::from(*tokens)).collect();
    trace.status = (0..REQUESTS)
        .map(|index| if index % 50 == 0 { RequestStatus::Failed } else { RequestStatus::Completed })
        .collect();
    trace.prefix = PrefixBlocks {
        block_tokens: 512,
        lengths: vec![4; REQUESTS],
        blocks: (0..REQUESTS as u32).flat_map(|index| [0, 1 + index % 7, 8 + index % 9973, index]).collect(),
    };
}

fn tell_memory(after: &str) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(line) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("most memory held after {after}: {}", line.trim_start_matches("VmHWM:").trim());
    }
}

fn traffic(criterion: &mut Criterion) {
    let mut trace = week();
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
    tell_memory("batches");
    group.bench_function("reference_summary", |bencher| {
        bencher.iter(|| assert_eq!(black_box(&trace).summary().unwrap().requests, REQUESTS as u64));
    });
    let fitted =
        fit_traffic(&FitTrafficRequest { trace: trace.clone(), ..FitTrafficRequest::default() }).unwrap();
    let duration = trace.arrival_ms[REQUESTS - 1] / 1000.0;
    group.bench_function("generate", |bencher| {
        bencher.iter(|| {
            let request = GenerateTrafficRequest::new(black_box(&fitted).clone(), 1, duration);
            let drawn = generate_traffic(&request).unwrap().len() as f64;
            assert!((drawn / REQUESTS as f64 - 1.0).abs() < 0.1, "{drawn}");
        });
    });
    let mut text = String::from("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n");
    for index in 0..1_000_000 {
        let (input, output) = (trace.input_tokens[index], trace.output_tokens[index]);
        text += &format!("{index},ChatGPT,{input},{output},{},API log\n", input + output);
    }
    let request = ReadTraceRequest::new(TraceFormat::BurstGpt, text);
    group.bench_function("read_a_million_rows_of_csv", |bencher| {
        bencher.iter(|| assert_eq!(read_trace(black_box(&request)).unwrap().trace.len(), 1_000_000));
    });
    with_every_column(&mut trace);
    tell_memory("building every column");
    group.bench_function("analyze_every_column", |bencher| {
        bencher.iter(|| {
            let mut analyzer = TraceAnalyzer::new(TraceOptions::default()).unwrap();
            analyzer.add(black_box(&trace).columns()).unwrap();
            let analysis = analyzer.finish().unwrap();
            assert_eq!(analysis.sessions.unwrap().sessions, 2_000_000);
            assert!(analysis.prefix.unwrap().hit_fraction > 0.1 && analysis.models.len() == 12);
        });
    });
    group.finish();
    tell_memory("analysing every column");
}

criterion_group!(benches, traffic);
criterion_main!(benches);
