//! What is asked by names of fleets, calibrations, queues and catalogs with rows of the caller's:
//! the answers are those of the parts, agree with one another, and refusals name the field.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use proptest::prelude::*;
use serde_json::{Value, json};
use sizewell::api;
use sizewell::catalog::{Catalog, CatalogData};
use sizewell::queueing::closed_form::{MmcQueue, QueueRequest, queue};
use sizewell::queueing::{
    AvailabilityReserve, DeploymentRequest, EstimateRequest, LatencyTarget, LatencyTargets, PredictRequest,
    estimate,
};
use sizewell::units::Quantile;
use sizewell::workload::{ArrivalProcess, RequestMix, TokenLengths};

fn catalog() -> &'static Catalog {
    sizewell_data::catalog()
}

/// Llama 3.1 8B on H100s, 512 tokens to 256.
fn fleet(replicas: u32, qps: f64) -> PredictRequest {
    let deployment = DeploymentRequest {
        replicas: Some(replicas),
        ..DeploymentRequest::new("Llama-3.1-8B-Instruct", "H100")
    };
    PredictRequest {
        arrivals: Some(ArrivalProcess::poisson(qps)),
        targets: LatencyTargets {
            ttft: Some(LatencyTarget { quantile: Quantile::P95, most_ms: 300.0 }),
            itl: Some(LatencyTarget { quantile: Quantile::P95, most_ms: 25.0 }),
            e2e: None,
        },
        ..PredictRequest::new(deployment, RequestMix::constant(512, 256))
    }
}

fn refused(function: &str, arguments: &[Value]) -> (String, String) {
    let error = api::call(catalog(), function, arguments).unwrap_err();
    (error.code().to_string(), error.path().to_owned())
}

fn close(left: f64, right: f64, tolerance: f64) {
    assert!((left - right).abs() <= tolerance * right.abs(), "{left} and {right}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Of constant lengths, an estimate and a prediction are the same: the batch is found to within a
    /// ten-thousandth of itself, percentiles are searched for likewise.
    #[test]
    fn a_prediction_of_constant_lengths_is_the_estimate(replicas in 1_u32..8, load in 0.05_f64..0.8) {
        let qps = load * 60.0 * f64::from(replicas);
        let found = fleet(replicas, qps).predict(catalog()).unwrap();
        let request = EstimateRequest {
            replicas: Some(replicas),
            qps: Some(qps),
            ..EstimateRequest::new("Llama-3.1-8B-Instruct", "H100", 512.0, 256.0)
        };
        let estimated = estimate(catalog(), &request).unwrap();
        let Some(latencies) = found.prediction.latencies else {
            prop_assert!(estimated.reason.is_some());
            return Ok(());
        };
        close(latencies.ttft.mean_ms, estimated.ttft_mean_ms.unwrap(), 1e-4);
        close(latencies.itl.mean_ms, estimated.itl_mean_ms.unwrap(), 1e-4);
        close(latencies.ttft.p99_ms, estimated.ttft_p99_ms.unwrap(), 1e-3);
    }

    /// The highest rate of a fleet is met by as many replicas as it has, and goes down with those
    /// that may be gone as if they were not there.
    #[test]
    fn rates_and_replicas_agree(replicas in 2_u32..12, spare in 0_u32..2) {
        let reserve = Some(AvailabilityReserve::Replicas { spare });
        let most = PredictRequest { reserve, ..fleet(replicas, 1.0) }.max_rate(catalog()).unwrap();
        prop_assert_eq!(most.deployment.spare_replicas, spare);
        let fewer = fleet(replicas - spare, 1.0).max_rate(catalog()).unwrap();
        prop_assert_eq!(most.max_rate, fewer.max_rate);
        // A hair below, for the search is as fine as a thousandth.
        let qps = most.max_rate.requests_per_second * 0.999;
        let size = PredictRequest { reserve, ..fleet(1, qps) }.replicas_for(catalog()).unwrap();
        prop_assert!(size.needed.replicas <= replicas - spare);
        prop_assert_eq!(size.deployment.replicas, size.needed.replicas + spare);
    }
}

#[test]
fn a_reliability_leaves_as_many_as_it_can() {
    let reserve = AvailabilityReserve::Reliability { availability: 0.99, required: 0.9999 };
    for replicas in [2, 3, 6, 40] {
        let found =
            PredictRequest { reserve: Some(reserve), ..fleet(replicas, 1.0) }.predict(catalog()).unwrap();
        let serving = replicas - found.deployment.spare_replicas;
        assert!(serving + reserve.spare_replicas(serving).unwrap() <= replicas);
        assert!(serving + 1 + reserve.spare_replicas(serving + 1).unwrap() > replicas);
    }
}

#[test]
fn clients_have_the_means_of_the_estimate() {
    let request = json!({"deployment": {"model": "Llama-3.1-8B-Instruct", "gpu": "H100"},
        "requests": {"classes": [{"input": {"kind": "constant", "tokens": 512},
            "output": {"kind": "constant", "tokens": 256}}]}, "clients": {"concurrency": 32}});
    let found = api::call(catalog(), "predict", &[request]).unwrap();
    let asked = json!({"model": "Llama-3.1-8B-Instruct", "gpu": "H100", "input_tokens": 512,
        "output_tokens": 256, "concurrency": 32});
    let estimated = api::call(catalog(), "estimate", &[asked]).unwrap();
    for latency in ["ttft", "itl", "e2e"] {
        let mean = found["prediction"]["latencies"][latency]["mean_ms"].as_f64().unwrap();
        close(mean, estimated[format!("{latency}_mean_ms")].as_f64().unwrap(), 1e-12);
    }
    assert!(found["prediction"]["goodput_fraction"].is_null());
}

#[test]
fn a_calibration_moves_what_it_is_handed_to() {
    let deployment = json!({"model": "Llama-3.1-8B-Instruct", "gpu": "H100"});
    let load = json!({"input_tokens": 1000, "output_tokens": 500, "concurrency": [1, 8, 32, 64]});
    let mut columns = load.as_object().unwrap().clone();
    columns.extend(deployment.as_object().unwrap().clone());
    let plain = api::call(catalog(), "estimate_many", &[Value::Object(columns.clone())]).unwrap();
    // Everything takes 15% longer than predicted.
    let slower = |name: &str| {
        plain[name].as_array().unwrap().iter().map(|ms| ms.as_f64().unwrap() * 1.15).collect::<Vec<_>>()
    };
    let mut points = load;
    points["itl_ms"] = json!(slower("itl_mean_ms"));
    points["starts_with_burst"] = json!(false);
    let measured = json!([{"deployment": deployment, "points": points}]);
    let calibration = api::call(catalog(), "calibrate", &[measured]).unwrap();
    columns.insert("calibration".into(), calibration["fitted"].clone());
    let calibrated = api::call(catalog(), "estimate_many", &[Value::Object(columns)]).unwrap();
    for (row, measured) in slower("itl_mean_ms").into_iter().enumerate() {
        assert_eq!(calibrated["provenance"][row], "calibrated");
        // Priors hold back a part of the 15%: four points move the prediction most of the way.
        let off = (calibrated["itl_mean_ms"][row].as_f64().unwrap() / measured - 1.0).abs();
        assert!(off < 0.5 * (1.0 - 1.0 / 1.15), "row {row} is {off} off");
    }
}

#[test]
fn queues_are_those_of_the_closed_forms() {
    let found = queue(&QueueRequest::Mmc {
        arrival_rate_per_second: 90.0,
        service_rate_per_second: 1.0,
        servers: 100,
    })
    .unwrap();
    let exact = MmcQueue::new(90.0, 1.0, 100).unwrap();
    assert_eq!(found.mean_wait_seconds, Some(exact.mean_wait_seconds()));
    assert_eq!(found.sojourn.unwrap().p99_seconds, exact.sojourn_quantile_seconds(0.99).unwrap());
    // One server is several of one, and a constant service time a general one without variation.
    let single = |kind: &str, rest: &Value| {
        let mut request = json!({"kind": kind, "arrival_rate_per_second": 4});
        request.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        api::call(catalog(), "queue", &[request]).unwrap()
    };
    let mm1 = single("mm1", &json!({"service_rate_per_second": 5}));
    let mmc = single("mmc", &json!({"service_rate_per_second": 5, "servers": 1}));
    for path in ["/mean_wait_seconds", "/mean_number", "/wait/p50_seconds", "/sojourn/p99_seconds"] {
        let [one, other] = [&mm1, &mmc].map(|found| found.pointer(path).unwrap().as_f64().unwrap());
        close(one, other, 1e-12);
    }
    let md1 = single("md1", &json!({"service_seconds": 0.2}));
    let mg1 = single("mg1", &json!({"mean_service_seconds": 0.2, "service_scv": 0}));
    assert_eq!(md1["mean_wait_seconds"], mg1["mean_wait_seconds"]);
}

#[test]
fn rows_take_the_place_of_those_of_the_same_thing() {
    let mut gpu = catalog().gpu("H100").unwrap().clone();
    gpu.memory_physical_gib = 70.0;
    let mut price = catalog().prices().iter().find(|price| price.gpu == "H100").unwrap().clone();
    price.gpu = "h100_sxm".into();
    price.usd_per_gpu_hour = 0.5;
    let rows = CatalogData { gpus: vec![gpu], prices: vec![price], ..CatalogData::default() };
    let changed = catalog().with_rows(rows).unwrap();
    assert_eq!(changed.gpus().len(), catalog().gpus().len());
    assert_eq!(changed.prices().len(), catalog().prices().len());
    assert_eq!(changed.gpu("H100").unwrap().memory_physical_gib, 70.0);
    assert!(changed.prices().iter().any(|price| price.usd_per_gpu_hour == 0.5));
    assert_eq!(catalog().with_rows(CatalogData::default()).unwrap().to_data(), catalog().to_data());
}

#[test]
fn benchmarks_laid_over_stay_under_new_rows() {
    let lengths = TokenLengths { input_tokens: 512, output_tokens: 256 };
    let usable = catalog().find_benchmarks(lengths).unwrap();
    let mut mine = (*usable[0].row).clone();
    mine.source = "our own".into();
    let layered = catalog().with_benchmark_records(vec![mine]).unwrap();
    let changed = layered.with_rows(CatalogData::default()).unwrap();
    let found = changed.find_benchmarks(lengths).unwrap();
    assert!(found.iter().any(|usable| usable.row.source == "our own"));
}

#[test]
fn refusals_name_the_field() {
    let deployment = json!({"model": "Llama-3.1-8B-Instruct", "gpu": "H100"});
    let constant = json!({"kind": "constant", "tokens": 100});
    let class = json!({"input": constant, "output": constant});
    let base = json!({"deployment": deployment, "requests": {"classes": [class]},
        "arrivals": {"requests_per_second": 1}});
    let changed = |pointer: &str, value: Value| {
        let mut request = base.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        request.pointer_mut(parent).unwrap()[name] = value;
        request
    };
    for (pointer, value, code, path) in [
        ("/arrivals/requests_per_second", json!(null), "invalid_type", "arrivals.requests_per_second"),
        ("/arrivals/requests_per_second", json!(1e300), "invalid_value", "arrivals.requests_per_second"),
        ("/arrivals/dispersion", json!(0.5), "invalid_value", "arrivals.dispersion"),
        (
            "/arrivals/slices",
            json!(vec![json!({"duration_weight": 1, "rate_weight": 0}); 3]),
            "invalid_value",
            "arrivals.slices",
        ),
        ("/requests/classes", json!([]), "empty", "requests.classes"),
        ("/requests/classes", json!(vec![class.clone(); 257]), "too_large", "requests.classes"),
        ("/requests/classes/0/weight", json!(-1), "invalid_value", "requests.classes[0].weight"),
        ("/requests/classes/0/input/tokens", json!(0), "invalid_value", "requests.classes[0].input.tokens"),
        ("/requests/prefix_hit_fraction", json!(1.5), "invalid_value", "requests.prefix_hit_fraction"),
        (
            "/targets",
            json!({"ttft": {"quantile": "p95", "most_ms": 0}}),
            "invalid_value",
            "targets.ttft.most_ms",
        ),
        ("/deployment/replicas", json!(-1), "invalid_value", "deployment.replicas"),
        ("/deployment/gpu", json!("H1000"), "unknown_name", "deployment.gpu"),
        ("/deployment/tensor_parallel", json!(0), "invalid_value", "deployment.tensor_parallel"),
        (
            "/deployment/speculation",
            json!({"draft_tokens": 99}),
            "invalid_value",
            "deployment.speculation.draft_tokens",
        ),
        (
            "/deployment/calibration",
            json!({"errors": {"itl_low": 1, "itl_high": 1, "ttft_low": 0, "ttft_high": 0}}),
            "invalid_value",
            "deployment.calibration.errors.itl_low",
        ),
        (
            "/reserve",
            json!({"kind": "reliability", "availability": 2, "required": 0.9}),
            "invalid_value",
            "reserve.availability",
        ),
        ("/clients", json!({"concurrency": 8}), "contradiction", "clients"),
    ] {
        let request = changed(pointer, value);
        assert_eq!(refused("predict", &[request]), (code.to_owned(), path.to_owned()), "{pointer}");
    }
    for (function, argument, code, path) in [
        ("predict", json!([]), "invalid_type", "request"),
        (
            "queue",
            json!({"kind": "mmc", "arrival_rate_per_second": 1, "service_rate_per_second": 2, "servers": 0}),
            "invalid_value",
            "servers",
        ),
        (
            "queue",
            json!({"kind": "birth_death", "births_per_second": vec![1.0; 100_001], "deaths_per_second": [1]}),
            "too_large",
            "births_per_second",
        ),
        ("calibrate", json!({}), "invalid_type", "deployments"),
        (
            "calibrate",
            json!([{"deployment": deployment, "points": 3}]),
            "invalid_type",
            "deployments[0].points",
        ),
        (
            "calibrate",
            json!([{"deployment": deployment, "logs": [{"requests": []}]}]),
            "invalid_value",
            "deployments[0].logs[0].requests",
        ),
        (
            "calibrate",
            json!([{"deployment": {"model": "no-such", "gpu": "H100"}}]),
            "unknown_name",
            "deployments[0].deployment.model",
        ),
        ("sensitivity", json!(null), "invalid_type", "specification"),
    ] {
        assert_eq!(refused(function, &[argument]), (code.to_owned(), path.to_owned()), "{function}");
    }
}
