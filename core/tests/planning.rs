//! Laws of planning by prediction: what an answer promises, and how it moves with what is asked.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use sizewell::catalog::{Benchmark, Catalog};
use sizewell::manifest::{ManifestSettings, render_manifests};
use sizewell::recommend::{DeploymentOption, Provenance, Recommendation, recommend, sensitivity};
use sizewell::units::Quantile;
use sizewell::workload::{
    Budget, DeploymentModel, Intent, NameFilter, Sizing, Specification, UseCase, specify,
};

fn catalog() -> &'static Catalog {
    sizewell_data::catalog()
}

fn specification(use_case: UseCase, qps: f64) -> Specification {
    let intent = Intent { use_case: Some(use_case), qps: Some(qps), ..Intent::default() };
    Specification { sizing: Sizing::Prediction, ..specify(&intent).unwrap() }
}

/// A few models and GPUs, so that a test is quick.
fn narrowed(use_case: UseCase, qps: f64) -> Specification {
    let names = |names: &[&str]| NameFilter {
        preferred: names.iter().map(|name| (*name).to_owned()).collect(),
        excluded: Vec::new(),
    };
    Specification {
        models: names(&[
            "Llama-3.1-8B-Instruct",
            "Llama-3.3-70B-Instruct",
            "RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic",
            "Qwen3-30B-A3B",
            "gpt-oss-20b",
        ]),
        gpus: names(&["L4", "A100-80", "H100", "H200"]),
        ..specification(use_case, qps)
    }
}

fn plan(specification: &Specification) -> Recommendation {
    recommend(catalog(), specification).unwrap()
}

fn best_cost(recommendation: &Recommendation) -> f64 {
    recommendation.options.iter().map(|option| option.usd_per_month).fold(f64::INFINITY, f64::min)
}

fn assert_within_targets(recommendation: &Recommendation) {
    for option in &recommendation.options {
        let latency = &option.latency;
        for figure in [latency.ttft, latency.itl, latency.e2e] {
            assert!(
                figure.value_ms > 0.0 && figure.value_ms <= figure.target_ms,
                "{}: {figure:?}",
                option.id
            );
        }
        assert!(option.misses.is_empty(), "{}", option.id);
        let capacity = &option.capacity;
        assert!(capacity.capacity_qps >= capacity.required_qps, "{}", option.id);
        assert_eq!(option.gpu_count, option.replicas * u64::from(capacity.gpus_per_replica));
        assert!(option.memory.fits && option.memory.concurrent_requests >= 4, "{}", option.id);
        let prediction = option.prediction.as_ref().unwrap();
        for predicted in [prediction.ttft, prediction.itl, prediction.e2e] {
            assert!(
                predicted.mean_low_ms <= predicted.mean_ms && predicted.mean_ms <= predicted.mean_high_ms
            );
            assert!(predicted.percentile_low_ms <= predicted.percentile_ms);
            assert!(predicted.percentile_ms <= predicted.percentile_high_ms);
        }
        // Nothing is planned above 85% of what is sustained.
        assert!(prediction.utilization <= 0.85 + 1e-9, "{}: {}", option.id, prediction.utilization);
        assert!((0.0..=1.0).contains(&prediction.kv_use_fraction));
    }
}

#[test]
fn every_use_case_has_options_and_none_breaks_a_target() {
    for use_case in UseCase::ALL {
        let recommendation = plan(&specification(use_case, 2.0));
        assert!(!recommendation.options.is_empty(), "{}", use_case.as_str());
        assert!(recommendation.options.len() <= 100 && !recommendation.pareto.is_empty());
        assert_within_targets(&recommendation);
        let ids: std::collections::BTreeSet<&str> =
            recommendation.options.iter().map(|option| option.model.as_str()).collect();
        assert!(ids.len() > 3, "{}: {ids:?}", use_case.as_str());
    }
}

#[test]
fn lengths_that_nobody_measured_are_planned() {
    let mut specification = specification(UseCase::ChatbotConversational, 3.0);
    (specification.traffic.input_tokens, specification.traffic.output_tokens) = (2000, 300);
    (specification.slo.ttft_ms, specification.slo.e2e_ms) = (500.0, 10_000.0);
    let headroom = plan(&Specification { sizing: Sizing::Headroom, ..specification.clone() });
    assert!(headroom.options.is_empty() && headroom.unmeasured.is_some());
    let predicted = plan(&specification);
    assert!(predicted.options.len() > 20 && predicted.unmeasured.is_none());
    assert_within_targets(&predicted);
}

/// What is pruned loses nothing: the best of a narrow search is no better than that of the whole.
#[test]
fn the_whole_catalog_finds_what_a_narrow_search_finds() {
    let whole = plan(&specification(UseCase::ChatbotConversational, 20.0));
    let narrow = plan(&narrowed(UseCase::ChatbotConversational, 20.0));
    assert!(best_cost(&whole) <= best_cost(&narrow));
    let score = |recommendation: &Recommendation| recommendation.options[0].scores.total;
    assert!(score(&whole) >= score(&narrow));
    let least = whole.options.last().unwrap().scores.total;
    let listed = |option: &DeploymentOption| whole.options.iter().any(|other| other.id == option.id);
    for option in narrow.options.iter().filter(|option| option.scores.total > least + 1e-9) {
        // The narrow search has fewer options, so each of its better ones is listed in the whole.
        let others = whole.options.iter().filter(|other| {
            other.scores.total < option.scores.total && !whole.pareto.iter().any(|front| front.id == other.id)
        });
        assert!(listed(option) || others.count() == 0, "{}", option.id);
    }
}

#[test]
fn more_traffic_never_needs_fewer_replicas() {
    let mut before: Option<Recommendation> = None;
    for qps in [0.5, 2.0, 5.0, 12.0, 40.0, 150.0] {
        let now = plan(&narrowed(UseCase::ChatbotConversational, qps));
        assert_within_targets(&now);
        if let Some(before) = &before {
            for option in &now.options {
                if let Some(earlier) = before.options.iter().find(|other| other.id == option.id) {
                    assert!(option.replicas >= earlier.replicas, "{} at {qps}", option.id);
                }
            }
            assert!(best_cost(&now) >= best_cost(before), "at {qps}");
        }
        before = Some(now);
    }
}

#[test]
fn looser_targets_never_cost_more() {
    for use_case in [UseCase::ChatbotConversational, UseCase::DocumentAnalysisRag] {
        let base = narrowed(use_case, 10.0);
        let strict = plan(&base);
        for loosen in [
            |slo: &mut sizewell::workload::SloTargets| slo.ttft_ms *= 2.0,
            |slo: &mut sizewell::workload::SloTargets| slo.itl_ms *= 2.0,
            |slo: &mut sizewell::workload::SloTargets| slo.e2e_ms *= 2.0,
            |slo: &mut sizewell::workload::SloTargets| slo.percentile = Quantile::P50,
        ] {
            let mut looser = base.clone();
            loosen(&mut looser.slo);
            let looser = plan(&looser);
            assert!(best_cost(&looser) <= best_cost(&strict));
        }
    }
}

#[test]
fn limits_are_kept() {
    let base = narrowed(UseCase::ChatbotConversational, 10.0);
    let free = plan(&base);
    let limit = best_cost(&free) * 1.5;
    let budget = Some(Budget { usd_per_month: Some(limit), strict: true, ..Budget::default() });
    let bound = plan(&Specification { budget, ..base.clone() });
    assert!(!bound.options.is_empty() && bound.options.len() < free.options.len());
    assert!(bound.options.iter().all(|option| option.usd_per_month <= limit));
    assert!(bound.near_misses.iter().all(|option| !option.misses.is_empty()));

    let few = plan(&Specification { max_gpus: Some(2), ..base.clone() });
    assert!(!few.options.is_empty() && few.options.iter().all(|option| option.gpu_count <= 2));

    let mut without = base.clone();
    without.gpus = NameFilter { preferred: Vec::new(), excluded: vec!["H100".to_owned(), "H200".to_owned()] };
    let without = plan(&without);
    assert!(!without.options.is_empty());
    assert!(
        without
            .options
            .iter()
            .chain(&without.near_misses)
            .all(|option| !["H100", "H200"].contains(&option.gpu.as_str()))
    );
}

#[test]
fn the_same_question_has_the_same_answer() {
    let specification = specification(UseCase::CodeCompletion, 8.0);
    let text = |recommendation: &Recommendation| serde_json::to_string(recommendation).unwrap();
    let first = plan(&specification);
    assert_eq!(text(&first), text(&plan(&specification)));
    let read: Recommendation = serde_json::from_str(&text(&first)).unwrap();
    assert_eq!(text(&read), text(&first));
}

#[test]
fn every_deployment_model_and_statistic_is_planned() {
    for deployment_model in [DeploymentModel::Cloud, DeploymentModel::Owned, DeploymentModel::Purchase] {
        for percentile in Quantile::ALL {
            let mut specification = narrowed(UseCase::ContentGeneration, 4.0);
            specification.deployment_model = deployment_model;
            specification.slo.percentile = percentile;
            let recommendation = plan(&specification);
            assert!(!recommendation.options.is_empty(), "{deployment_model:?} {percentile}");
            assert_within_targets(&recommendation);
            assert!(recommendation.options.iter().all(|option| option.latency.percentile == percentile));
        }
    }
}

#[test]
fn sizing_is_by_prediction_unless_asked() {
    let intent = Intent { use_case: Some(UseCase::Translation), qps: Some(1.0), ..Intent::default() };
    let mut value = serde_json::to_value(specify(&intent).unwrap()).unwrap();
    assert_eq!(value["sizing"], "prediction");
    value.as_object_mut().unwrap().remove("sizing");
    assert_eq!(serde_json::from_value::<Specification>(value).unwrap().sizing, Sizing::Prediction);
    let asked = Intent { sizing: Sizing::Headroom, ..intent };
    assert_eq!(specify(&asked).unwrap().sizing, Sizing::Headroom);
}

/// Headroom that is asked for is kept free on top of what predictions keep: never fewer replicas,
/// and as many as the raised rate needs.
#[test]
fn headroom_raises_the_rate_that_is_planned_for() {
    let base = narrowed(UseCase::ChatbotConversational, 40.0);
    let with = plan(&Specification { headroom_fraction: Some(0.5), ..base.clone() });
    let raised = plan(&narrowed(UseCase::ChatbotConversational, 60.0));
    let without = plan(&base);
    assert!(!with.options.is_empty());
    for option in &with.options {
        assert_eq!(option.capacity.required_qps, 60.0);
        assert!(option.capacity.capacity_qps >= 60.0, "{}", option.id);
        let same = |other: &&DeploymentOption| other.id == option.id;
        if let Some(other) = raised.options.iter().find(same) {
            assert_eq!(option.replicas, other.replicas, "{}", option.id);
        }
        if let Some(other) = without.options.iter().find(same) {
            assert!(option.replicas >= other.replicas, "{}", option.id);
        }
        assert!(option.explanation.iter().any(|line| line.contains("50% headroom")), "{}", option.id);
    }
    assert!(best_cost(&with) > best_cost(&without));
}

/// Measurements of a deployment move its prediction towards them, by less than all the way, and
/// narrow its interval; simulated rows do not.
#[test]
fn measurements_of_the_deployment_calibrate_it() {
    let mut specification = narrowed(UseCase::ChatbotConversational, 1.0);
    specification.models.preferred = vec!["Llama-3.3-70B-Instruct".to_owned()];
    specification.gpus.preferred = vec!["H200".to_owned()];
    specification.slo.itl_ms *= 2.0;
    specification.slo.e2e_ms *= 2.0;
    let before = plan(&specification).options.remove(0);
    let row = |factor: f64, concurrency: u32, origin: &str| -> Benchmark {
        serde_json::from_value(serde_json::json!({
            "model": before.model, "gpu": before.gpu, "tensor_parallel": before.tensor_parallel,
            "backend": "vllm", "input_tokens": 700, "output_tokens": 300, "concurrency": concurrency,
            "precision": before.evidence.precision,
            "ttft_ms": {"mean": 120.0}, "itl_ms": {"mean": factor}, "origin": origin, "source": "mine"
        }))
        .unwrap()
    };
    let rows = |factor: f64, origin: &str| {
        catalog()
            .with_benchmark_records((1..=6).map(|clients| row(factor, clients, origin)).collect())
            .unwrap()
    };
    let itl_ms = before.prediction.as_ref().unwrap().itl.mean_ms;
    let option = |catalog: &Catalog| {
        let found = recommend(catalog, &specification).unwrap().options;
        found.into_iter().find(|option| option.id == before.id).unwrap()
    };
    let slower = option(&rows(itl_ms * 1.4, "measured"));
    let prediction = slower.prediction.as_ref().unwrap();
    assert_eq!(prediction.provenance, Provenance::Calibrated);
    assert_eq!(slower.evidence.provenance, Provenance::Calibrated);
    let measured = prediction.measured.as_ref().unwrap();
    assert!(measured.measured_rows >= 6 && measured.itl_factor > 1.05, "{measured:?}");
    assert!(measured.itl_factor < measured.itl_ratio.unwrap());
    assert!(prediction.itl.mean_ms > itl_ms * 1.03);
    let width = |option: &DeploymentOption| {
        let itl = option.prediction.as_ref().unwrap().itl;
        itl.mean_high_ms / itl.mean_low_ms
    };
    let simulated = option(&rows(itl_ms * 1.4, "simulated"));
    assert!(width(&slower) < width(&before) + 1e-12);
    let shown = simulated.prediction.as_ref().unwrap().measured.as_ref().unwrap();
    assert!(shown.simulated_rows >= 6);
    assert!((simulated.latency.itl.value_ms / before.latency.itl.value_ms - 1.0).abs() < 1e-9);
}

/// What is recommended can be deployed: manifests for every option that one node holds.
#[test]
fn options_render_to_manifests() {
    let mut rendered = 0;
    let (mut eight_bit_caches, mut online) = (0, 0);
    for (use_case, qps) in [(UseCase::ChatbotConversational, 30.0), (UseCase::LongDocumentSummarization, 2.0)]
    {
        let recommendation = plan(&specification(use_case, qps));
        for option in recommendation.options.iter().filter(|option| option.capacity.gpus_per_replica <= 8) {
            if option.pipeline_parallel.is_some() {
                continue;
            }
            let manifests = render_manifests(catalog(), option, &ManifestSettings::default())
                .unwrap_or_else(|error| panic!("{}: {error}", option.id));
            let yaml = &manifests[0].yaml;
            assert!(yaml.contains(&format!("--tensor-parallel-size={}", option.tensor_parallel)));
            assert_eq!(yaml.contains("--kv-cache-dtype=fp8"), option.kv_dtype.is_some(), "{}", option.id);
            if option.evidence.precision.is_some() {
                assert!(yaml.contains("--quantization=fp8"), "{}", option.id);
                online += 1;
            }
            eight_bit_caches += u32::from(option.kv_dtype.is_some());
            rendered += 1;
        }
    }
    assert!(rendered > 50, "{rendered}, {eight_bit_caches}, {online}");
}

/// More traffic costs more, twice the traffic more than a fifth more; a looser target adds nothing.
#[test]
fn sensitivity_says_what_moves_the_cost() {
    let base = narrowed(UseCase::ChatbotConversational, 400.0);
    let found = sensitivity(catalog(), &base).unwrap();
    let baseline = found.baseline.as_ref().unwrap();
    assert_eq!(baseline.usd_per_month, best_cost(&plan(&base)));
    let change = |path: &str, value: &str| {
        let row = found.changes.iter().find(|row| row.path == path && row.value == value);
        row.unwrap_or_else(|| panic!("{path} = {value}")).usd_per_month_change.unwrap()
    };
    assert!(change("traffic.peak_qps", "320") < 0.0 && change("traffic.peak_qps", "480") > 0.0);
    assert!(change("traffic.peak_qps", "800") > change("traffic.peak_qps", "480"));
    assert!(change("slo.itl_ms", "50") <= 0.0 && change("slo.ttft_ms", "300") <= 0.0);
    assert!(change("traffic.output_tokens", "512") >= 0.0);
    let effects: Vec<f64> =
        found.changes.iter().map(|row| row.usd_per_month_change.map_or(f64::INFINITY, f64::abs)).collect();
    assert!(effects.is_sorted_by(|left, right| left >= right), "{effects:?}");
    assert!(found.summary.contains("moves that most"), "{}", found.summary);

    // By headroom too: measured lengths only, so other lengths leave no option.
    let headroom = sensitivity(catalog(), &Specification { sizing: Sizing::Headroom, ..base }).unwrap();
    let lengths = headroom.changes.iter().filter(|row| row.path == "traffic.input_tokens");
    assert!(headroom.baseline.is_some() && lengths.clone().count() == 3);
    assert!(lengths.into_iter().all(|row| row.option.is_none()));
}

/// A model, a GPU and a price that only the caller knows are planned with at once.
#[test]
fn what_the_caller_adds_is_planned_with() {
    let mut data = catalog().to_data();
    let mut model = catalog().model("Llama-3.1-8B-Instruct").unwrap().clone();
    (model.id, model.name, model.aliases) = ("me/Tuned-8B".to_owned(), "Tuned 8B".to_owned(), Vec::new());
    let mut gpu = catalog().gpu("H100").unwrap().clone();
    (gpu.id, gpu.name, gpu.aliases) = ("X200".to_owned(), "Maker X200".to_owned(), Vec::new());
    gpu.memory_bandwidth_gb_per_second *= 2.0;
    let mut price = data.prices.iter().find(|price| price.gpu == "H100").unwrap().clone();
    (price.gpu, price.usd_per_gpu_hour) = ("X200".to_owned(), 0.5);
    data.models.push(model);
    data.gpus.push(gpu);
    data.prices.push(price);
    let mine = Catalog::new(data).unwrap();
    let mut specification = specification(UseCase::ChatbotConversational, 5.0);
    specification.models.preferred = vec!["me/Tuned-8B".to_owned()];
    let options = recommend(&mine, &specification).unwrap().options;
    let on_mine = options.iter().find(|option| option.gpu == "X200").unwrap();
    assert_eq!(options[0].id, on_mine.id);
    assert!((on_mine.cost.usd_per_gpu_hour.unwrap() - 0.5).abs() < 1e-12);
    let on_h100 = options.iter().find(|option| option.gpu == "H100").unwrap();
    assert!(on_mine.latency.itl.value_ms < on_h100.latency.itl.value_ms);
}

/// Whatever a checked specification holds is answered: the smallest and largest of everything.
#[test]
fn extremes_are_answered() {
    let base = narrowed(UseCase::ChatbotConversational, 1.0);
    let with = |change: &dyn Fn(&mut Specification)| {
        let mut specification = base.clone();
        change(&mut specification);
        plan(&specification)
    };
    assert!(!with(&|s| s.traffic.peak_qps = 1e-9).options.is_empty());
    for found in [
        with(&|s| s.traffic.peak_qps = 1e7),
        with(&|s| (s.traffic.input_tokens, s.traffic.output_tokens) = (1, 1)),
        with(&|s| s.traffic.input_tokens = 10_000_000),
        with(&|s| s.traffic.output_tokens = 100_000),
        with(&|s| s.traffic.input_tokens = 120_000),
        with(&|s| s.slo.ttft_ms = 1e-3),
        with(&|s| (s.slo.ttft_ms, s.slo.itl_ms, s.slo.e2e_ms) = (86_400_000.0, 86_400_000.0, 86_400_000.0)),
        with(&|s| s.max_gpus = Some(1)),
    ] {
        assert_within_targets(&found);
        assert!(!found.rejected.is_empty() || !found.options.is_empty());
    }
}
