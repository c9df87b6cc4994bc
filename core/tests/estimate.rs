//! Estimates: many at once are the same as one by one, to the bit; what is wrong is said with its
//! row; models of every kind; why a deployment cannot run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use proptest::prelude::*;
use serde_json::{Value, json};
use sizewell::engine::{MemoryRequest, Speculation, plan_memory};
use sizewell::queueing::{
    BatchColumn, Column, Estimate, EstimateBatch, EstimateColumns, EstimateRequest, estimate, estimate_many,
};
use sizewell::{Error, api};

/// Dense, small and large; experts; a latent cache; windows; linear layers; mxfp4.
const MODELS: [&str; 8] = [
    "Llama-3.1-8B-Instruct",
    "Llama-3.3-70B-Instruct",
    "Mixtral-8x7B-Instruct-v0.1",
    "DeepSeek-R1",
    "gemma-3-27b-it",
    "Qwen3-Next-80B-A3B-Instruct",
    "gpt-oss-120b",
    "Qwen3-30B-A3B",
];
const GPUS: [&str; 5] = ["H100", "H200", "A100-80GB", "L40S", "B200"];

fn catalog() -> &'static sizewell::catalog::Catalog {
    sizewell_data::catalog()
}

fn request() -> impl Strategy<Value = EstimateRequest> {
    let deployment = (
        prop::sample::select(&MODELS[..]),
        prop::sample::select(&GPUS[..]),
        prop::option::of(prop::sample::select(&["vllm", "sglang", "trtllm"][..])),
        prop::option::of(prop::sample::select(&["bf16", "fp8", "w4a16"][..])),
        prop::option::of(prop::sample::select(&["auto", "fp8"][..])),
        prop::option::weighted(0.4, prop::sample::select(&[1_u32, 2, 3, 4, 8][..])),
        prop::option::weighted(0.2, 1_u32..4),
        prop::option::weighted(0.2, prop::sample::select(&[1_u32, 2, 4][..])),
    );
    let load = (
        1.0..12_000.0_f64,
        1.0..3_000.0_f64,
        any::<bool>(),
        -4.0..4.0_f64,
        prop::option::weighted(0.3, 1.0..20.0_f64),
        prop::option::of(any::<bool>()),
        prop::option::weighted(0.3, 0.0..=1.0_f64),
        prop::option::weighted(0.3, 1_u32..50),
    );
    let rest = (
        prop::option::weighted(0.2, (0_u32..5, prop::option::of(0.0..=1.0_f64))),
        prop::option::weighted(0.2, 0.5..=1.0_f64),
        prop::option::weighted(0.2, 1_u32..600),
        prop::option::weighted(0.2, 256_u32..20_000),
    );
    (deployment, load, rest).prop_map(|(deployment, load, rest)| {
        let (model, gpu, backend, precision, kv_dtype, tensor, pipeline, expert) = deployment;
        let (input, output, closed, log_load, dispersion, benchmark, hit, replicas) = load;
        let (speculation, utilization, sequences, tokens) = rest;
        let amount = 10_f64.powf(log_load);
        EstimateRequest {
            backend: backend.map(Into::into),
            precision: precision.map(|name| serde_json::from_value(name.into()).unwrap()),
            kv_dtype: kv_dtype.map(|name| serde_json::from_value(name.into()).unwrap()),
            tensor_parallel: tensor,
            pipeline_parallel: pipeline,
            expert_parallel: expert,
            replicas,
            concurrency: closed.then_some(amount),
            qps: (!closed).then_some(amount),
            dispersion,
            benchmark,
            prefix_hit_fraction: hit,
            speculation: speculation
                .map(|(draft_tokens, acceptance)| Speculation { draft_tokens, acceptance }),
            gpu_memory_utilization: utilization,
            max_num_seqs: sequences,
            max_num_batched_tokens: tokens,
            ..EstimateRequest::new(model, gpu, input, output)
        }
    })
}

/// Lists of every field, whatever of it is given.
fn columns(requests: &[EstimateRequest]) -> Value {
    let rows: Vec<Value> = requests.iter().map(|request| serde_json::to_value(request).unwrap()).collect();
    let names = rows[0].as_object().unwrap().keys();
    names.map(|name| (name.clone(), rows.iter().map(|row| row[name].clone()).collect::<Value>())).collect()
}

fn same_bits(left: Option<f64>, right: Option<f64>) -> bool {
    left.map(f64::to_bits) == right.map(f64::to_bits)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn many_at_once_are_the_same_as_one_by_one(requests in prop::collection::vec(request(), 1..40), cut in 0..40_usize) {
        let single: Vec<Estimate> = requests.iter().map(|request| estimate(catalog(), request).unwrap()).collect();
        let batch = EstimateBatch::read(catalog(), columns(&requests)).unwrap();
        let table = batch.table().unwrap();
        prop_assert_eq!(&table.reason, &single.iter().map(|one| one.reason.clone()).collect::<Vec<_>>());
        for (column, name) in table.numbers().zip(Estimate::NUMBERS) {
            for (row, number) in column.iter().enumerate() {
                let expected = single[row].numbers().nth(Estimate::NUMBERS.iter().position(|one| one == name).unwrap());
                prop_assert!(same_bits(*number, expected.unwrap()), "{name}[{row}]: {number:?}, {expected:?}");
            }
        }
        let cut = cut.min(requests.len());
        for range in [0..cut, cut..requests.len()] {
            let part = batch.estimate(range.clone()).unwrap();
            for (place, one) in single[range.clone()].iter().enumerate() {
                let numbers = part.numbers.chunks(range.len().max(1)).map(|column| column[place]);
                for (number, expected) in numbers.zip(one.numbers()) {
                    prop_assert!(same_bits((!number.is_nan()).then_some(number), expected));
                }
                prop_assert_eq!(part.limiting_resource[place], one.limiting_resource);
                let reason = part.reasons.iter().find(|(row, _)| *row == place).map(|(_, reason)| reason);
                prop_assert_eq!(reason, one.reason.as_ref());
            }
        }
    }

    #[test]
    fn a_row_without_a_number_says_why(request in request()) {
        let found = estimate(catalog(), &request).unwrap();
        let lacking = found.numbers().filter(Option::is_none).count();
        prop_assert_eq!(lacking > 0, found.reason.is_some(), "{:?}", found);
        for number in found.numbers().flatten() {
            prop_assert!(number.is_finite() && number >= 0.0, "{number}");
        }
    }
}

fn sweep() -> Value {
    json!({
        "model": "Qwen3-32B", "gpu": ["H200", "H100"], "input_tokens": 1024, "output_tokens": [256, 512],
        "qps": [1, 2.5], "tensor_parallel": [null, 2], "benchmark": [true, null]
    })
}

#[test]
fn columns_packed_listed_and_typed_are_the_same() {
    let listed = EstimateBatch::read(catalog(), sweep()).unwrap().table().unwrap();
    let numbers = [256.0, 512.0, 1.0, 2.5, f64::NAN, 2.0, 1.0, f64::NAN];
    let header = json!({
        "model": {"one": "Qwen3-32B"}, "gpu": {"codes": [1, 2, ["H100", "H200"]]},
        "input_tokens": {"one": 1024}, "output_tokens": {"numbers": [0, 2]}, "qps": {"numbers": [2, 2]},
        "tensor_parallel": {"numbers": [4, 2]}, "benchmark": {"numbers": [6, 2]}
    });
    let batch = EstimateBatch::packed(catalog(), header, &numbers, &[7, 1, 0]).unwrap();
    assert_eq!(batch.table().unwrap(), listed);
    let typed = EstimateColumns {
        gpu: Column::Many(vec!["H200".into(), "H100".into()]),
        qps: Some(Column::Many(vec![Some(1.0), Some(2.5)])),
        tensor_parallel: Some(Column::Many(vec![None, Some(2)])),
        benchmark: Some(Column::Many(vec![Some(true), None])),
        ..EstimateColumns::new("Qwen3-32B", "", Column::One(1024.0), Column::Many(vec![256.0, 512.0]))
    };
    assert_eq!(estimate_many(catalog(), &typed).unwrap(), listed);
    assert!(listed.reason.iter().all(Option::is_none), "{:?}", listed.reason);
}

#[test]
fn more_engines_than_are_kept_ready_are_made_row_by_row() {
    let utilization = |row: u32| 0.5 + f64::from(row) / 20_000.0;
    let shares: Vec<f64> = (0..5000).map(utilization).collect();
    let fixed = [
        ("model", json!("Llama-3.1-8B-Instruct")),
        ("gpu", json!("H100")),
        ("input_tokens", json!(512)),
        ("output_tokens", json!(128)),
        ("qps", json!(2)),
    ];
    let fixed = fixed.map(|(name, value)| (name.to_owned(), BatchColumn::One(value)));
    let shares = [("gpu_memory_utilization".to_owned(), BatchColumn::Numbers(shares.into()))];
    let batch = EstimateBatch::new(catalog(), fixed.into_iter().chain(shares)).unwrap();
    let found = batch.table().unwrap().kv_tokens;
    for row in [0, 4095, 4096, 4999] {
        let request = EstimateRequest {
            qps: Some(2.0),
            gpu_memory_utilization: Some(utilization(row)),
            ..EstimateRequest::new("Llama-3.1-8B-Instruct", "H100", 512.0, 128.0)
        };
        assert_eq!(found[row as usize], estimate(catalog(), &request).unwrap().kv_tokens);
    }
}

fn refused(columns: &Value) -> (String, String, Error) {
    let error = api::call(catalog(), "estimate_many", std::slice::from_ref(columns)).unwrap_err();
    (error.code().to_string(), error.path().to_owned(), error)
}

fn with(changes: Value) -> Value {
    let mut columns = sweep();
    for (name, value) in changes.as_object().unwrap() {
        columns[name] = value.clone();
    }
    columns
}

#[test]
fn what_is_wrong_is_said_with_its_row_where_there_is_one() {
    for (changes, code, path) in [
        (json!({"qps": [1, -2]}), "invalid_value", "qps[1]"),
        (json!({"qps": [1, "x"]}), "invalid_type", "qps[1]"),
        (json!({"qps": [null, 1]}), "missing_field", "qps[0]"),
        (json!({"qps": null}), "missing_field", "qps"),
        (json!({"qps": -1}), "invalid_value", "qps"),
        (json!({"concurrency": [null, 3]}), "contradiction", "qps[1]"),
        (json!({"qps": [1, 2, 3]}), "contradiction", "qps"),
        (json!({"model": "Quen3-32B"}), "unknown_name", "model"),
        (json!({"model": ["Qwen3-32B", "Quen3-32B"]}), "unknown_name", "model[1]"),
        (json!({"gpu": [true, "H100"]}), "invalid_type", "gpu[0]"),
        (json!({"gpu": null}), "missing_field", "gpu"),
        (json!({"input_tokens": [5, null]}), "missing_field", "input_tokens[1]"),
        (json!({"output_tokens": [256, 0]}), "invalid_value", "output_tokens[1]"),
        (json!({"replicas": [1, 1.5]}), "invalid_type", "replicas[1]"),
        (json!({"replicas": [1, 0]}), "invalid_value", "replicas[1]"),
        (json!({"tensor_parallel": [1, 2.5]}), "invalid_type", "tensor_parallel[1]"),
        (json!({"benchmark": [true, 1]}), "invalid_type", "benchmark[1]"),
        (json!({"precision": ["fp8", "fp9"]}), "unknown_name", "precision[1]"),
        (json!({"backend": ["vllm", "llama.cpp"]}), "invalid_value", "backend[1]"),
        (
            json!({"speculation": [null, {"draft_tokens": 100}]}),
            "invalid_value",
            "speculation[1].draft_tokens",
        ),
        (json!({"gpu_memory_utilization": [0.9, 1.5]}), "invalid_value", "gpu_memory_utilization[1]"),
        (json!({"latency": [1, 2]}), "unknown_field", ""),
    ] {
        let (got_code, got_path, error) = refused(&with(changes.clone()));
        let path_found = got_path == path || (path.is_empty() && got_path == "latency");
        assert!(got_code == code && path_found, "{changes}: {error:?}");
    }
    let (.., error) = refused(&with(json!({"model": ["Qwen3-32B", "Quen3-32B"]})));
    assert!(error.suggestions().contains(&"Qwen/Qwen3-32B".to_owned()), "{error}");
    assert_eq!(refused(&json!([])).1, "columns");
    let (code, path, _) = refused(&with(json!({"qps": [f64::MAX, 1]})));
    assert_eq!((code.as_str(), path.as_str()), ("invalid_value", "qps[0]"));
}

#[test]
fn infinity_and_the_first_of_several_bad_rows() {
    let columns = |qps: Vec<f64>, tensor: Vec<f64>| {
        let one = |name: &str, value: Value| (name.to_owned(), BatchColumn::One(value));
        EstimateBatch::new(
            catalog(),
            [
                one("model", "Qwen3-32B".into()),
                one("gpu", "H200".into()),
                one("input_tokens", 10.into()),
                one("output_tokens", 10.into()),
                ("qps".to_owned(), BatchColumn::Numbers(qps.into())),
                ("tensor_parallel".to_owned(), BatchColumn::Numbers(tensor.into())),
            ],
        )
        .unwrap()
    };
    let path = |batch: EstimateBatch<'_>| batch.estimate(0..9).unwrap_err().path().to_owned();
    assert_eq!(path(columns(vec![1.0, f64::INFINITY, -1.0], vec![1.0, 1.0, 0.5])), "qps[1]");
    assert_eq!(path(columns(vec![1.0, 1.0, -1.0], vec![1.0, f64::INFINITY, 1.0])), "tensor_parallel[1]");
    // What is wrong with one row's load is no matter of another with the same engine.
    let mixed = columns(vec![-1.0, 1.0], vec![2.0, 2.0]);
    assert!(mixed.estimate(1..2).is_ok() && mixed.estimate(0..1).is_err());
    assert!(columns(vec![], vec![]).table().unwrap().reason.is_empty());
}

#[test]
fn what_cannot_run_says_why() {
    let of = |changes: Value| {
        let mut request = json!({"model": "Llama-3.3-70B-Instruct", "gpu": "H100", "input_tokens": 512,
            "output_tokens": 256, "qps": 1});
        for (name, value) in changes.as_object().unwrap() {
            request[name] = value.clone();
        }
        api::call(catalog(), "estimate", &[request]).unwrap()
    };
    for (changes, words) in [
        (json!({"tensor_parallel": 1}), "GiB of weights"),
        (json!({"model": "DeepSeek-R1", "gpu": "L4"}), "GiB short"),
        (json!({"tensor_parallel": 3}), "tensor_parallel"),
        (json!({"input_tokens": 200_000}), "longer than the model's context"),
        (json!({"qps": 1e5}), "more than the"),
    ] {
        let answer = of(changes.clone());
        assert!(answer["reason"].as_str().unwrap().contains(words), "{changes}: {}", answer["reason"]);
        assert_eq!(answer["ttft_p95_ms"], Value::Null);
    }
    assert_eq!(of(json!({}))["reason"], Value::Null);
}

#[test]
fn memory_plans_by_name() {
    let plan = |request: Value| api::call(catalog(), "memory_plan", &[request]);
    let small = plan(json!({"model": "Llama-3.1-8B-Instruct", "gpu": "H100"})).unwrap();
    assert_eq!((&small["fits"], &small["parallelism"]["tensor_parallel"]), (&json!(true), &json!(1)));
    for model in MODELS {
        let found = plan_memory(catalog(), &MemoryRequest::new(model, "B200")).unwrap();
        assert!(found.fits && found.kv_tokens >= u64::from(found.request_tokens), "{model}: {found:?}");
        let size = found.parallelism.tensor_parallel;
        if size > 1 {
            let half = MemoryRequest { tensor_parallel: Some(size / 2), ..MemoryRequest::new(model, "B200") };
            assert!(!plan_memory(catalog(), &half).unwrap().fits, "{model}");
        }
    }
    for (changes, code, path) in [
        (json!({"model": "Llama-3.1-8B-Instrct"}), "unknown_name", "model"),
        (json!({"gpu": "H1000"}), "unknown_name", "gpu"),
        (json!({"tensor_parallel": 3}), "invalid_value", "tensor_parallel"),
        (json!({"tensor_parallel": 0}), "invalid_value", "tensor_parallel"),
        (json!({"request_tokens": 0}), "invalid_value", "request_tokens"),
        (json!({"gpu_memory_utilization": "most"}), "invalid_type", "gpu_memory_utilization"),
        (json!({"length": 1}), "unknown_field", ""),
    ] {
        let mut request = json!({"model": "Llama-3.1-8B-Instruct", "gpu": "H100"});
        for (name, value) in changes.as_object().unwrap() {
            request[name] = value.clone();
        }
        let error = plan(request).unwrap_err();
        let same = error.path() == path || (path.is_empty() && error.path() == "length");
        assert!(error.code().as_str() == code && same, "{changes}: {error:?}");
    }
}
