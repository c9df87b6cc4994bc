//! Planning by prediction over the whole catalog: milliseconds an answer, and configurations a
//! second. The answer is asserted inside the timed loop.

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

fn planning(criterion: &mut Criterion) {
    let catalog = sizewell_data::catalog();
    let mut group = criterion.benchmark_group("planning");
    for use_case in UseCase::ALL {
        for users in [1000.0, 100_000.0] {
            let specification = specification(use_case, users);
            let name = format!("{}/{users}", use_case.as_str());
            let answer = recommend(catalog, &specification).unwrap();
            let rounds = 10;
            let start = Instant::now();
            for _ in 0..rounds {
                assert!(!recommend(catalog, &specification).unwrap().options.is_empty());
            }
            let seconds = start.elapsed().as_secs_f64() / f64::from(rounds);
            let predicted = leading_number(&answer, "configuration");
            println!(
                "{name}: {predicted} configurations predicted, {} combinations passed over, {:.1} ms, {:.0} configurations/s",
                leading_number(&answer, "were not predicted"),
                seconds * 1e3,
                predicted / seconds
            );
            group.bench_function(name, |bencher| {
                bencher.iter(|| assert!(!recommend(catalog, &specification).unwrap().options.is_empty()));
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
