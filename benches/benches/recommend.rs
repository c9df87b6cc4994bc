//! The main job: catalog from embedded bytes, sentence to intent, intent to specification,
//! specification to ranked options. Each asserts its answer inside the timed loop.

use criterion::{Criterion, criterion_group, criterion_main};
use sizewell::recommend::recommend;
use sizewell::workload::{Intent, Sizing, Specification, UseCase, parse_intent, specify};

fn specification(use_case: UseCase) -> Specification {
    let intent = Intent { use_case: Some(use_case), users: Some(1000.0), ..Intent::default() };
    Specification { sizing: Sizing::Headroom, ..specify(&intent).unwrap() }
}

fn main_job(criterion: &mut Criterion) {
    let catalog = sizewell_data::catalog();
    let mut group = criterion.benchmark_group("main_job");
    group.bench_function("catalog_from_embedded_bytes", |bencher| {
        bencher.iter(|| assert!(sizewell_data::load().unwrap().models().len() > 40));
    });
    group.bench_function("parse_intent", |bencher| {
        let text =
            "a support chatbot for 1,000 users, low latency is critical, under $5,000 a month on H100s";
        bencher.iter(|| assert!(parse_intent(text).unwrap().intent.use_case.is_some()));
    });
    for use_case in UseCase::ALL {
        let specification = specification(use_case);
        group.bench_function(format!("recommend/{}", use_case.as_str()), |bencher| {
            bencher.iter(|| assert!(!recommend(catalog, &specification).unwrap().options.is_empty()));
        });
    }
    group.bench_function("recommend/off_profile", |bencher| {
        let mut specification = specification(UseCase::ChatbotConversational);
        specification.traffic.input_tokens = 513;
        bencher.iter(|| assert!(recommend(catalog, &specification).unwrap().unmeasured.is_some()));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).measurement_time(std::time::Duration::from_secs(2)).warm_up_time(std::time::Duration::from_secs(1)).without_plots();
    targets = main_job
}
criterion_main!(benches);
