//! What a deployment could cost: advice that the engine model sizes and planning allows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod monitor_support;

use std::collections::BTreeSet;

use monitor_support::{outcome, ran, savings_of};
use sizewell::catalog::WeightFormat;
use sizewell::engine::KvDtype;
use sizewell::monitor::{OutcomeFigures, SavingKind, SavingsRequest, predicted_figures, savings};
use sizewell::queueing::DeploymentRequest;
use sizewell::recommend::{RejectionCode, recommend};
use sizewell::units::Quantile;
use sizewell::workload::{Intent, NameFilter, Sizing, Specification, UseCase, specify};
use sizewell_data::catalog;

/// A fleet of twelve where the model says that far fewer do.
fn lavish() -> SavingsRequest {
    let mut setup = ran("Llama-3.1-8B-Instruct", "H100", 60.0);
    setup.replicas = Some(12);
    let predicted = predicted_figures(catalog(), &setup, Quantile::P95).unwrap();
    let mut one = outcome("chat", 0.0, setup, predicted);
    one.observed.usd_per_hour = Some(12.0 * 3.0);
    one.targets = OutcomeFigures { ttft_ms: Some(1000.0), itl_ms: Some(40.0), ..OutcomeFigures::default() };
    savings_of(one)
}

#[test]
fn savings_are_sized_by_the_engine() {
    let request = lavish();
    let report = savings(catalog(), &request).unwrap();
    assert_eq!(
        (report.usd_per_hour, report.usd_per_gpu_hour, report.within_targets),
        (36.0, 3.0, Some(true))
    );
    assert!((report.itl_ratio - 1.0).abs() < 1e-12);
    let of = |kind: SavingKind| report.options.iter().find(|option| option.kind == kind);
    let fewer = of(SavingKind::RightSize).unwrap();
    assert!(fewer.replicas < 12 && fewer.usd_per_hour == 3.0 * f64::from(fewer.replicas), "{fewer:?}");
    assert!((fewer.saving_usd_per_month - (36.0 - fewer.usd_per_hour) * 730.0).abs() < 1e-9);
    assert!(of(SavingKind::Quantize).unwrap().check.is_some());
    // Every kind of change was tried.
    for kind in [SavingKind::SpeculativeDecoding, SavingKind::OtherGpu, SavingKind::Respread] {
        let rejected = report.rejected.iter().any(|why| why.contains(&format!("({})", kind.as_str())));
        assert!(of(kind).is_some() || rejected, "{kind:?}");
    }
    for pair in report.options.windows(2) {
        assert!(pair[0].usd_per_hour <= pair[1].usd_per_hour);
    }
    assert!(report.options.iter().all(|option| option.saving_usd_per_month > 0.0));
    // What saves no more than fewer replicas of the same is no advice.
    let others = report.options.iter().filter(|option| option.kind != SavingKind::RightSize);
    assert!(others.into_iter().all(|option| option.usd_per_hour < fewer.usd_per_hour));
    assert!(report.rejected.iter().any(|why| why.contains("right size")), "{:?}", report.rejected);
    // An engine that was half as fast as predicted never needs fewer replicas.
    let mut slower = request.clone();
    slower.outcome.observed.itl_ms = slower.outcome.observed.itl_ms.map(|ms| ms * 2.0);
    slower.outcome.observed.ttft_ms = slower.outcome.observed.ttft_ms.map(|ms| ms * 2.0);
    let corrected = savings(catalog(), &slower).unwrap();
    assert!((corrected.itl_ratio - 2.0).abs() < 1e-12);
    let careful = corrected.options.iter().find(|option| option.kind == SavingKind::RightSize);
    assert!(careful.is_none_or(|option| option.replicas >= fewer.replicas));
    // A reserve is on top.
    let spare = sizewell::queueing::AvailabilityReserve::Replicas { spare: 1 };
    let reserved = savings(catalog(), &SavingsRequest { reserve: Some(spare), ..request.clone() }).unwrap();
    let reserved = reserved.options.iter().find(|option| option.kind == SavingKind::RightSize).unwrap();
    assert_eq!(reserved.replicas, fewer.replicas + 1);
    let refused = |change: &dyn Fn(&mut SavingsRequest)| {
        let mut broken = request.clone();
        change(&mut broken);
        savings(catalog(), &broken).unwrap_err().path().to_owned()
    };
    assert_eq!(refused(&|one| one.gpus = Some(vec!["H200".into(), "H2000".into()])), "gpus[1]");
    assert_eq!(refused(&|one| one.outcome.ran.gpu = "H2000".into()), "outcome.ran.gpu");
    assert_eq!(refused(&|one| one.outcome.ran.tensor_parallel = Some(3)), "outcome.ran.tensor_parallel");
    assert_eq!(refused(&|one| one.outcome.targets.ttft_ms = Some(1e-9)), "outcome.targets.ttft_ms");
    assert_eq!(refused(&|one| one.peak_qps = Some(f64::NAN)), "peak_qps");
    assert_eq!(refused(&|one| one.usd_per_gpu_hour = Some(0.0)), "usd_per_gpu_hour");
    let mut without = request.clone();
    without.outcome.targets = OutcomeFigures::default();
    assert_eq!(savings(catalog(), &without).unwrap_err().path(), "outcome.targets");
}

/// Nothing is advised that planning refuses for want of kernels, fast links or room, whatever runs.
#[test]
fn savings_are_what_planning_allows() {
    let everywhere: Vec<String> = catalog().gpus().iter().map(|gpu| gpu.id.clone()).collect();
    let mut kinds = BTreeSet::new();
    for (model, gpu, precision, tensor_parallel) in [
        ("Llama-3.1-8B-Instruct", "A100-80", None, 1),
        ("Llama-3.1-8B-Instruct", "H100", Some(WeightFormat::Fp8), 1),
        ("Llama-3.3-70B-Instruct", "H100-NVL", None, 2),
        ("Llama-3.3-70B-Instruct", "A100-80", None, 4),
        ("nvidia/Llama-3.1-8B-Instruct-FP8", "L40S", None, 1),
        ("gemma-3-12b-it", "A10", None, 4),
        ("gpt-oss-20b", "H100", None, 1),
        ("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16", "A10G", None, 1),
        ("Llama-3.1-8B-Instruct", "MI300X", None, 1),
    ] {
        let mut setup = ran(model, gpu, 6.0);
        setup.replicas = Some(40);
        setup.precision = precision;
        setup.tensor_parallel = Some(tensor_parallel);
        let mut one =
            outcome("chat", 0.0, setup.clone(), predicted_figures(catalog(), &setup, Quantile::P95).unwrap());
        one.observed.usd_per_hour = Some(4000.0);
        one.targets =
            OutcomeFigures { ttft_ms: Some(8000.0), itl_ms: Some(200.0), ..OutcomeFigures::default() };
        let request = SavingsRequest { outcome: one, gpus: Some(everywhere.clone()), ..lavish() };
        let report = savings(catalog(), &request).unwrap();
        // What planning says of every checkpoint on every GPU.
        let intent =
            Intent { use_case: Some(UseCase::ChatbotConversational), qps: Some(1.0), ..Intent::default() };
        let mut specification = Specification { sizing: Sizing::Prediction, ..specify(&intent).unwrap() };
        let models: BTreeSet<String> =
            report.options.iter().map(|option| option.deployment.model.clone()).collect();
        specification.models = NameFilter { preferred: models.into_iter().collect(), excluded: Vec::new() };
        let planned = recommend(catalog(), &specification).unwrap();
        let refused: BTreeSet<(String, String)> = planned
            .rejected
            .iter()
            .filter(|one| one.code == RejectionCode::Kernels)
            .filter_map(|one| Some((one.model.clone(), one.gpu.clone()?)))
            .collect();
        for option in &report.options {
            kinds.insert(option.kind);
            if option.kind == SavingKind::RightSize {
                continue;
            }
            let deployment = &option.deployment;
            let (checkpoint, gpu) =
                (catalog().model(&deployment.model).unwrap(), catalog().gpu(&deployment.gpu).unwrap());
            assert!(!refused.contains(&(checkpoint.id.clone(), gpu.id.clone())), "{}", option.text);
            assert!(deployment.tensor_parallel.unwrap() <= gpu.interconnect.domain_gpus, "{}", option.text);
            let narrow =
                deployment.precision == Some(WeightFormat::Fp8) || deployment.kv_dtype == Some(KvDtype::Fp8);
            assert!(!narrow || gpu.dense_tflops.fp8.is_some(), "{}", option.text);
        }
        // Planning's refusals are told as such.
        assert!(
            report.rejected.iter().any(|why| why.contains("kernels") || why.contains("links")),
            "{model}"
        );
    }
    assert!(kinds.contains(&SavingKind::Quantize) && kinds.contains(&SavingKind::OtherGpu), "{kinds:?}");
    // An A100 multiplies 8-bit integers, and no 8-bit floats: no fp8 while loading, no such cache.
    let mut request = lavish();
    request.outcome.ran.gpu = "A100-80".into();
    request.gpus = Some(Vec::new());
    let report = savings(catalog(), &request).unwrap();
    let quantized: Vec<&DeploymentRequest> = report
        .options
        .iter()
        .filter(|option| option.kind == SavingKind::Quantize)
        .map(|option| &option.deployment)
        .collect();
    assert!(quantized.iter().any(|one| one.model.ends_with("w8a8")), "{:?}", report.options);
    assert!(quantized.iter().all(|one| one.precision.is_none() && one.kv_dtype.is_none()));
}

#[test]
fn missed_targets_are_met_for_more() {
    let mut request = lavish();
    request.outcome.ran.replicas = Some(1);
    request.outcome.ran.qps = Some(60.0);
    request.outcome.observed = OutcomeFigures {
        ttft_ms: Some(4000.0),
        itl_ms: Some(60.0),
        usd_per_hour: Some(3.0),
        ..OutcomeFigures::default()
    };
    let report = savings(catalog(), &request).unwrap();
    assert_eq!(report.within_targets, Some(false));
    let more = report.options.iter().find(|option| option.kind == SavingKind::Scale).unwrap();
    assert!(more.replicas > 1 && more.saving_usd_per_month < 0.0 && more.text.contains("costs"));
}
