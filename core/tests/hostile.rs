//! Requests at the edges of what is allowed and beyond: answers agree with themselves, and what is
//! refused is said of the field that the caller wrote.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use proptest::prelude::*;
use serde_json::{Value, json};
use sizewell::engine::{EngineLimits, LinearEngine, Scheduling, Speculation};
use sizewell::queueing::{Deployment, Estimate, EstimateRequest, Predictor, Workload, estimate};
use sizewell::workload::{ArrivalProcess, MAX_QPS, RequestMix};
use sizewell::{Error, api};

fn catalog() -> &'static sizewell::catalog::Catalog {
    sizewell_data::catalog()
}

/// Llama 3.1 8B on an H100 with the changes; null takes a field away.
fn request(changes: &Value) -> Value {
    let mut request =
        json!({"model": "Llama-3.1-8B-Instruct", "gpu": "H100", "input_tokens": 512, "output_tokens": 256});
    for (name, value) in changes.as_object().unwrap() {
        request[name] = value.clone();
    }
    request.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    request
}

fn answer(changes: &Value) -> Estimate {
    let answer = api::call(catalog(), "estimate", &[request(changes)]).unwrap();
    serde_json::from_value(answer).unwrap()
}

fn refused(function: &str, changes: &Value) -> Error {
    api::call(catalog(), function, &[request(changes)]).unwrap_err()
}

/// Complaints about an answer that contradicts itself or its request.
fn contradictions(request: &EstimateRequest, found: &Estimate) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            wrong.push(what.to_owned());
        }
    };
    for (name, number) in Estimate::NUMBERS.iter().zip(found.numbers()) {
        if let Some(number) = number {
            expect(number.is_finite() && number >= 0.0, &format!("{name} is {number}"));
        }
    }
    if found.reason.is_some() {
        return wrong;
    }
    let number = |name: &str| {
        let place = Estimate::NUMBERS.iter().position(|known| *known == name).unwrap();
        found.numbers().nth(place).unwrap().unwrap()
    };
    for latency in ["ttft", "itl", "e2e"] {
        let at = |statistic: &str| number(&format!("{latency}_{statistic}_ms"));
        expect(at("p50") <= at("p90") * (1.0 + 1e-9), &format!("{latency} falls to p90"));
        expect(at("p90") <= at("p95") * (1.0 + 1e-9), &format!("{latency} falls to p95"));
        expect(at("p95") <= at("p99") * (1.0 + 1e-9), &format!("{latency} falls to p99"));
        for statistic in ["mean", "p50", "p90", "p95", "p99"] {
            let name = format!("{latency}_{statistic}_ms");
            let (low, high) = (number(&format!("{name}_low")), number(&format!("{name}_high")));
            expect(low <= number(&name) && number(&name) <= high, &format!("{name} is outside its interval"));
        }
    }
    for statistic in ["mean", "p50", "p90", "p95", "p99"] {
        let at = |latency: &str| number(&format!("{latency}_{statistic}_ms"));
        expect(at("e2e") >= at("ttft") * (1.0 - 1e-12), &format!("{statistic} of a part above the whole's"));
    }
    let (rate, whole) = (number("requests_per_second"), number("e2e_mean_ms"));
    let sum = number("ttft_mean_ms") + number("itl_mean_ms") * (request.output_tokens - 1.0);
    expect((whole / sum - 1.0).abs() < 1e-9, &format!("e2e {whole} is not ttft and itl, {sum}"));
    expect((request.output_tokens > 1.0) == (number("itl_p50_ms") > 0.0), "gaps of an answer of one token");
    expect((request.output_tokens > 1.0) == (number("itl_mean_ms") > 0.0), "gaps in the mean");
    expect(rate <= number("stable_requests_per_second") * (1.0 + 1e-12), "rate above the stable one");
    expect(number("utilization") <= 1.0 && number("kv_use") <= 1.0, "more in use than there is");
    let present = rate * whole / 1000.0;
    expect(
        number("batch_size") <= present / f64::from(request.replicas.unwrap_or(1)) * 1.05,
        &format!("a batch of {} of {present} present", number("batch_size")),
    );
    if let Some(clients) = request.concurrency {
        expect((present / clients - 1.0).abs() < 1e-9, &format!("{present} present of {clients} clients"));
    }
    wrong
}

/// From 10^low to 10^high, each order of magnitude as likely.
fn decades(low: f64, high: f64) -> impl Strategy<Value = f64> {
    (low..high).prop_map(|power| 10_f64.powf(power))
}

fn hostile() -> impl Strategy<Value = EstimateRequest> {
    let models: Vec<&str> = catalog().models().iter().map(|model| model.id.as_str()).collect();
    let gpus: Vec<&str> = catalog().gpus().iter().map(|gpu| gpu.id.as_str()).collect();
    let ranks = || prop::option::weighted(0.2, prop::sample::select(vec![1_u32, 2, 3, 8, 64, 4096]));
    let deployment = (
        prop::sample::select(models),
        prop::sample::select(gpus),
        prop::option::of(prop::sample::select(vec!["vllm", "sglang", "trtllm"])),
        prop::option::weighted(0.4, prop::sample::select(vec![1_u32, 2, 3, 8, 16])),
        (ranks(), ranks(), ranks()),
        prop::option::weighted(0.3, prop::sample::select(vec![1_u32, 2, 1000, 1_000_000])),
    );
    let load = (
        prop_oneof![Just(1.0), decades(0.0, 5.3)],
        prop_oneof![Just(1.0), Just(1.2), Just(2.0), decades(0.0, 5.0)],
        prop_oneof![
            decades(-2.0, 9.0).prop_map(|clients| (Some(clients), None)),
            decades(-6.0, 5.0).prop_map(|rate| (None, Some(rate)))
        ],
        prop::option::weighted(0.3, 1.0..=100.0_f64),
        prop::option::of(any::<bool>()),
        prop::option::weighted(0.3, prop::sample::select(vec![0.0, 0.5, 1.0])),
    );
    let acceptance = prop::sample::select(vec![None, Some(0.0), Some(1.0)]);
    let limits = (
        prop::option::weighted(0.3, (prop::sample::select(vec![0_u32, 3, 64]), acceptance)),
        prop::option::weighted(0.3, prop::sample::select(vec![1_u32, 2, 256, 65_536])),
        prop::option::weighted(0.3, prop::sample::select(vec![1_u32, 65, 256, 16_777_216])),
    );
    (deployment, load, limits).prop_map(|(deployment, load, limits)| {
        let (model, gpu, backend, tensor_parallel, ranks, replicas) = deployment;
        let (input, output, (concurrency, qps), dispersion, benchmark, prefix_hit_fraction) = load;
        let (speculation, max_num_seqs, max_num_batched_tokens) = limits;
        EstimateRequest {
            backend: backend.map(Into::into),
            tensor_parallel,
            pipeline_parallel: ranks.0,
            data_parallel: ranks.1,
            expert_parallel: ranks.2,
            replicas,
            concurrency,
            qps,
            dispersion,
            benchmark,
            prefix_hit_fraction,
            speculation: speculation
                .map(|(draft_tokens, acceptance)| Speculation { draft_tokens, acceptance }),
            max_num_seqs,
            max_num_batched_tokens,
            ..EstimateRequest::new(model, gpu, input, output)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn an_answer_agrees_with_itself(request in hostile()) {
        match estimate(catalog(), &request) {
            Ok(found) => {
                let wrong = contradictions(&request, &found);
                prop_assert!(wrong.is_empty(), "{wrong:?}");
            }
            Err(error) => prop_assert_eq!(error.path(), "max_num_batched_tokens"),
        }
    }
}

#[test]
fn an_answer_of_one_token_has_no_gaps() {
    for load in [json!({"qps": 1}), json!({"concurrency": 4}), json!({"concurrency": 64, "benchmark": true})]
    {
        let mut changes = load.clone();
        changes["output_tokens"] = 1.into();
        let found = answer(&changes);
        assert_eq!((found.itl_mean_ms, found.itl_p99_ms), (Some(0.0), Some(0.0)), "{load}");
        assert_eq!((found.e2e_mean_ms, found.e2e_p99_ms), (found.ttft_mean_ms, found.ttft_p99_ms), "{load}");
        changes["output_tokens"] = 1.2.into();
        let found = answer(&changes);
        assert!(found.itl_mean_ms > Some(0.0) && found.itl_p50_ms > Some(0.0), "{load}: {found:?}");
    }
}

/// One token an iteration: a prompt of 512 takes 512 iterations, whoever waits for them.
#[test]
fn a_token_budget_limits_a_closed_loop_too() {
    let tight = json!({"concurrency": 500, "max_num_batched_tokens": 16});
    let found = answer(&tight);
    let shortest_ms = 5.0;
    let most = 16.0 / (512.0 + 256.0) / shortest_ms * 1000.0;
    assert!(found.requests_per_second < Some(most), "{found:?}");
    assert!(found.batch_size <= Some(16.0));
    let drafts = json!({"draft_tokens": 16});
    for load in [json!({"qps": 0.01}), json!({"concurrency": 3})] {
        let mut changes = load;
        changes["speculation"] = drafts.clone();
        changes["max_num_batched_tokens"] = 16.into();
        let error = refused("estimate", &changes);
        assert_eq!(error.path(), "max_num_batched_tokens");
        assert!(error.to_string().contains("at least 17"), "{error}");
    }
}

/// Prompts in several parts beside a draft that touches most experts.
#[test]
fn a_prompt_in_parts_before_long_drafts_takes_its_time() {
    let changes = json!({
        "model": "Llama-4-Maverick-17B-128E-Instruct-FP8", "gpu": "GB300", "input_tokens": 5166,
        "output_tokens": 51, "qps": 0.015, "max_num_batched_tokens": 256, "max_num_seqs": 1,
        "speculation": {"draft_tokens": 64}
    });
    let parts = answer(&changes).ttft_mean_ms.unwrap();
    let mut whole = changes;
    whole["max_num_batched_tokens"] = 8192.into();
    assert!(parts > answer(&whole).ttft_mean_ms.unwrap(), "{parts}");
}

#[test]
fn the_largest_benchmark_is_answered() {
    let found = answer(&json!({"concurrency": 1e9, "benchmark": true}));
    assert_eq!(found.reason, None);
    assert!(found.ttft_mean_ms > Some(1e9));
}

#[test]
fn what_no_deployment_has_is_refused_and_what_this_one_cannot_do_is_its_reason() {
    for name in ["tensor_parallel", "pipeline_parallel", "data_parallel", "expert_parallel"] {
        for ranks in [0, 4097] {
            for function in ["estimate", "estimate_many"] {
                let error = refused(function, &json!({"qps": 1, name: ranks}));
                assert_eq!((error.code().as_str(), error.path()), ("invalid_value", name), "{ranks}");
            }
        }
    }
    for (changes, start) in [
        (json!({"tensor_parallel": 3}), "tensor_parallel: "),
        (json!({"pipeline_parallel": 33}), "pipeline_parallel: "),
        (json!({"expert_parallel": 2}), "expert_parallel: "),
        (json!({"input_tokens": 131_072}), "input_tokens: "),
        (json!({"backend": "trtllm", "gpu": "MI300X"}), "backend: "),
    ] {
        let mut changes = changes;
        changes["qps"] = 1.into();
        let reason = answer(&changes).reason.unwrap();
        assert!(reason.starts_with(start), "{reason}");
        let many = api::call(catalog(), "estimate_many", &[request(&changes)]).unwrap();
        assert_eq!(many["reason"][0], reason);
    }
}

#[test]
fn what_is_allowed_is_said_as_it_is() {
    assert_eq!(answer(&json!({"qps": 1, "dispersion": 100})).reason, None);
    let error = refused("estimate", &json!({"qps": 1, "dispersion": 100.5}));
    assert_eq!(
        (error.path(), error.report().allowed.as_deref()),
        ("dispersion", Some("a number from 1 to 100"))
    );
    for function in ["estimate", "estimate_many"] {
        let error = refused(function, &json!({"qps": 1, "replicas": 2.0}));
        assert_eq!((error.code().as_str(), error.path()), ("invalid_type", "replicas"), "{function}");
    }
}

/// The stable rate itself, read from a prediction, and engines whose iterations take no time.
#[test]
fn no_rate_gives_a_latency_that_is_no_number() {
    for scheduling in [Scheduling::ChunkedPrefill, Scheduling::PrefillFirst, Scheduling::InflightBatching] {
        for (iteration_ms, replicas) in [(8.0, 3), (0.0, 3), (0.0, 1000)] {
            for (input, output) in [(1, 1), (512, 256), (8192, 1)] {
                let engine = LinearEngine {
                    iteration_ms,
                    ms_per_prefill_token: 0.03,
                    ms_per_attended_token: 1e-7,
                    ms_per_decode_token: 0.04,
                    ms_per_context_token: 2e-5,
                    request_overhead_ms: 5.0,
                    limits: EngineLimits {
                        max_num_seqs: 256,
                        max_num_batched_tokens: 8192,
                        kv_tokens: 500_000,
                        scheduling,
                    },
                };
                let workload = Workload::new(&RequestMix::constant(input, output)).unwrap();
                let predictor = Predictor::new(&Deployment::new(&engine, replicas), &workload).unwrap();
                let stable = predictor.stable_requests_per_second();
                for share in [1e-6, 0.3, 0.999, 0.999_999, 1.0] {
                    let rate = (stable * share).min(MAX_QPS);
                    let (share, found) =
                        (rate / stable, predictor.predict(&ArrivalProcess::poisson(rate)).unwrap());
                    // Next to the stable rate either may be said.
                    assert!(found.stable == (share < 1.0) || (0.99..1.0).contains(&share), "{share}");
                    let Some(latencies) = found.latencies else { continue };
                    for latency in [latencies.ttft, latencies.itl, latencies.e2e] {
                        let case = format!("{scheduling:?} {iteration_ms} {input}/{output} at {share}");
                        assert!(
                            latency.mean_ms.is_finite() && latency.p99_ms.is_finite(),
                            "{case}: {latency:?}"
                        );
                        assert!(latency.mean_ms >= 0.0 && latency.p50_ms >= 0.0, "{case}: {latency:?}");
                    }
                }
            }
        }
    }
}
