//! Planning by prediction over the whole catalog, one thread: milliseconds an answer, for a typical
//! request (1,000 users, the catalog's filters as they are by default) and for a large one, beside how
//! many configurations there were to choose from. The answer is asserted inside the timed loop.

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use sizewell::recommend::{Recommendation, recommend, sensitivity};
use sizewell::workload::{Intent, Sizing, Specification, UseCase, specify};

fn specification(use_case: UseCase, users: f64) -> Specification {
    let intent = Intent { use_case: Some(use_case), users: Some(users), ..Intent::default() };
    Specification { sizing: Sizing::Prediction, ..specify(&intent).unwrap() }
}

/// The number that a note begins with.
fn leading_number(recommendation: &Recommendation, what: &str) -> f64 {
    let note = recommendation.notes.iter().find(|note| note.contains(what));
    note.and_then(|note| note.split(' ').next()?.replace(',', "").parse().ok()).unwrap_or(0.0)
}

/// Models, GPUs, tensor parallelism of 1 to 8, formats of weights and of the cache: what there is to
/// choose from, whether or not it fits.
fn configurations(answer: &Recommendation) -> usize {
    let catalog = sizewell_data::catalog();
    let refused = answer.rejected.iter().filter(|refused| refused.gpu.is_none()).count();
    let per_model: usize = catalog
        .gpus()
        .iter()
        .map(|gpu| {
            let sizes = [1, 2, 4, 8].iter().filter(|size| **size <= gpu.interconnect.domain_gpus.max(1));
            let caches = if gpu.dense_tflops.fp8.is_some() { 2 } else { 1 };
            sizes.count() * caches
        })
        .sum();
    (catalog.models().len() - refused) * per_model
}

/// Lists the best of what there is, whose latencies are within the targets.
fn assert_answer(answer: &Recommendation) {
    assert_eq!(answer.options.len(), 100);
    assert!(!answer.pareto.is_empty());
    for option in &answer.options {
        let latency = &option.latency;
        assert!([latency.ttft, latency.itl, latency.e2e].iter().all(|it| it.value_ms <= it.target_ms));
    }
}

fn planning(criterion: &mut Criterion) {
    let catalog = sizewell_data::catalog();
    let mut group = criterion.benchmark_group("planning");
    for users in [1000.0, 100_000.0] {
        for use_case in UseCase::ALL {
            let specification = specification(use_case, users);
            let name = format!("{}/{users}", use_case.as_str());
            let answer = recommend(catalog, &specification).unwrap();
            assert_answer(&answer);
            let mut milliseconds: Vec<f64> = (0..21)
                .map(|_| {
                    let start = Instant::now();
                    let answer = black_box(recommend(catalog, &specification).unwrap());
                    let taken = start.elapsed().as_secs_f64() * 1e3;
                    assert_answer(&answer);
                    taken
                })
                .collect();
            milliseconds.sort_by(f64::total_cmp);
            let all = configurations(&answer);
            assert!(all >= 10_000);
            println!(
                "{name}: {:.1} ms (median), {:.1} at best; of {all} configurations {} looked at, {} combinations of model and GPU passed over",
                milliseconds[milliseconds.len() / 2],
                milliseconds[0],
                leading_number(&answer, "configuration"),
                leading_number(&answer, "were not predicted"),
            );
            group.bench_function(name, |bencher| {
                bencher.iter(|| assert_eq!(recommend(catalog, &specification).unwrap().options.len(), 100));
            });
        }
    }
    let mut narrow = specification(UseCase::ChatbotConversational, 1000.0);
    narrow.models.preferred = vec!["Llama-3.1-8B-Instruct".to_owned()];
    group.bench_function("one_model", |bencher| {
        bencher.iter(|| assert!(!recommend(catalog, &narrow).unwrap().options.is_empty()));
    });
    group.bench_function("sensitivity_of_one_model", |bencher| {
        bencher.iter(|| assert!(sensitivity(catalog, &narrow).unwrap().baseline.is_some()));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(std::time::Duration::from_secs(1)).warm_up_time(std::time::Duration::from_millis(300)).without_plots();
    targets = planning
}
criterion_main!(benches);
