//! Laws of the roofline and of estimates: more work never takes less time, a faster GPU is never
//! slower, and every figure is finite for every model and GPU of the catalog.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use proptest::prelude::*;
use sizewell::catalog::{Gpu, Model, WeightFormat};
use sizewell::engine::{
    Backend, Batch, EngineModel, KvDtype, MemoryOptions, Parallelism, Replica, Roofline, Speculation,
};
use sizewell::queueing::{EstimateRequest, estimate};

fn models() -> &'static [Model] {
    sizewell_data::catalog().models()
}

fn gpus() -> &'static [Gpu] {
    sizewell_data::catalog().gpus()
}

/// A replica of a model on enough of a GPU, or none where it does not fit.
fn engine(
    model: &Model,
    gpu: &Gpu,
    backend: Backend,
    format: Option<WeightFormat>,
    drafts: u32,
) -> Option<Roofline> {
    [1, 2, 4, 8].into_iter().find_map(|tensor| {
        let memory = MemoryOptions {
            parallelism: Parallelism::tensor(tensor),
            weight_format: format,
            request_tokens: Some(2048.min(model.context_tokens)),
            ..MemoryOptions::default()
        };
        let speculation = Speculation { draft_tokens: drafts, acceptance: None };
        Roofline::new(&Replica { backend, memory, speculation, ..Replica::new(model, gpu) }).ok()
    })
}

fn batches() -> impl Strategy<Value = Batch> {
    (0.0..64.0, 0.0..16384.0, 0.0..1e8, 0.0..1024.0, 0.0..4.0, 0.0..65536.0).prop_map(
        |(prompts, new, attended, sequences, drafts, context)| Batch {
            prefill_sequences: prompts,
            prefill_tokens: new,
            prefill_attended_tokens: attended,
            decode_sequences: sequences,
            decode_tokens: sequences * (1.0 + drafts),
            decode_context_tokens: sequences * context,
        },
    )
}

#[test]
fn every_model_runs_on_every_gpu_that_holds_it() {
    let mut held = 0;
    for model in models() {
        for gpu in gpus() {
            for backend in Backend::ALL {
                let Some(engine) = engine(model, gpu, backend, None, 0) else { continue };
                held += 1;
                for batch in [
                    Batch::default(),
                    Batch::decode(1.0, 100.0),
                    Batch::decode(256.0, 4000.0),
                    Batch::prefill(0.0, 8192.0),
                    Batch::decode(64.0, 1000.0).and(Batch::prefill(1000.0, 500.0)),
                ] {
                    let time = engine.iteration(&batch);
                    let parts = [time.compute_ms, time.bandwidth_ms, time.interconnect_ms, time.overhead_ms];
                    assert!(
                        parts.iter().all(|part| part.is_finite() && *part >= 0.0),
                        "{} on {}: {time:?}",
                        model.id,
                        gpu.id
                    );
                    assert!(time.total_ms() > 0.0);
                }
            }
        }
    }
    assert!(held > 5000, "{held}");
}

proptest! {
    #[test]
    fn more_work_never_takes_less_time(
        model in 0..models().len(), gpu in 0..gpus().len(), backend in 0..3usize,
        batch in batches(), factor in 1.0..4.0f64, field in 0..5usize,
    ) {
        let Some(engine) = engine(&models()[model], &gpus()[gpu], Backend::ALL[backend], None, 0) else {
            return Ok(());
        };
        let mut more = batch;
        match field {
            0 => more.prefill_sequences *= factor,
            1 => more.prefill_tokens *= factor,
            2 => more.prefill_attended_tokens *= factor,
            3 => {
                more.decode_sequences *= factor;
                more.decode_tokens *= factor;
            }
            _ => more.decode_context_tokens *= factor,
        }
        let (less, more) = (engine.iteration_ms(&batch), engine.iteration_ms(&more));
        prop_assert!(more >= less * (1.0 - 1e-12), "{less} then {more}");
    }

    #[test]
    fn a_faster_gpu_is_never_slower(
        model in 0..models().len(), gpu in 0..gpus().len(), batch in batches(), factor in 1.0..3.0f64,
    ) {
        let slow = &gpus()[gpu];
        let mut fast = slow.clone();
        fast.memory_bandwidth_gb_per_second *= factor;
        fast.interconnect.bidirectional_gb_per_second *= factor;
        let model = &models()[model];
        if let (Some(slow), Some(fast)) =
            (engine(model, slow, Backend::Vllm, None, 0), engine(model, &fast, Backend::Vllm, None, 0))
        {
            prop_assert!(fast.iteration_ms(&batch) <= slow.iteration_ms(&batch) * (1.0 + 1e-12));
        }
    }

    #[test]
    fn estimates_are_ordered_and_hold_their_point(
        model in 0..models().len(), gpu in 0..gpus().len(), input in 1.0..4000.0f64, output in 2.0..2000.0f64,
        load in 0.01..200.0f64, closed in any::<bool>(), fp8 in any::<bool>(), drafts in 0..4u32,
    ) {
        let request = EstimateRequest {
            qps: (!closed).then_some(load),
            concurrency: closed.then_some(load.ceil()),
            kv_dtype: fp8.then_some(KvDtype::Fp8),
            speculation: (drafts > 0).then_some(Speculation { draft_tokens: drafts, acceptance: None }),
            ..EstimateRequest::new(models()[model].id.clone(), gpus()[gpu].id.clone(), input, output)
        };
        let found = estimate(sizewell_data::catalog(), &request).unwrap();
        let Some(mean) = found.ttft_mean_ms else {
            prop_assert!(found.reason.is_some());
            return Ok(());
        };
        prop_assert!(mean.is_finite() && mean > 0.0);
        for (low, value, high) in [
            (found.ttft_mean_ms_low, found.ttft_mean_ms, found.ttft_mean_ms_high),
            (found.itl_p95_ms_low, found.itl_p95_ms, found.itl_p95_ms_high),
            (found.e2e_p99_ms_low, found.e2e_p99_ms, found.e2e_p99_ms_high),
        ] {
            prop_assert!(low.unwrap() <= value.unwrap() && value.unwrap() <= high.unwrap());
        }
        for percentiles in [
            [found.ttft_p50_ms, found.ttft_p90_ms, found.ttft_p95_ms, found.ttft_p99_ms],
            [found.itl_p50_ms, found.itl_p90_ms, found.itl_p95_ms, found.itl_p99_ms],
            [found.e2e_p50_ms, found.e2e_p90_ms, found.e2e_p95_ms, found.e2e_p99_ms],
        ] {
            let values: Vec<f64> = percentiles.into_iter().flatten().collect();
            prop_assert!(values.windows(2).all(|pair| pair[0] <= pair[1] * (1.0 + 1e-9)), "{values:?}");
        }
    }

    #[test]
    fn a_higher_rate_never_lowers_a_latency(
        model in 0..models().len(), gpu in 0..gpus().len(), input in 1.0..3000.0f64, output in 2.0..1000.0f64,
        share in 0.05..0.8f64, factor in 1.0..1.2f64,
    ) {
        let at = |qps: f64| {
            let request = EstimateRequest {
                qps: Some(qps),
                ..EstimateRequest::new(models()[model].id.clone(), gpus()[gpu].id.clone(), input, output)
            };
            estimate(sizewell_data::catalog(), &request).unwrap()
        };
        let Some(most) = at(1e-3).stable_requests_per_second else { return Ok(()) };
        let (quiet, busy) = (at(most * share), at(most * share * factor));
        for (less, more) in [
            (quiet.ttft_p95_ms, busy.ttft_p95_ms),
            (quiet.itl_mean_ms, busy.itl_mean_ms),
            (quiet.e2e_p95_ms, busy.e2e_p95_ms),
        ] {
            let (less, more) = (less.unwrap(), more.unwrap());
            // Approximations change over with the load: see `queueing_laws.rs` for what they hold.
            prop_assert!(more >= less * 0.975, "{less} then {more} at {share} of {most}");
        }
    }

    #[test]
    fn more_clients_or_longer_requests_never_lower_a_mean(
        model in 0..models().len(), gpu in 0..gpus().len(), input in 16.0..4000.0f64, output in 8.0..2000.0f64,
        clients in 1.0..600.0f64, factor in 1.01..3.0f64, what in 0..3usize, benchmark in any::<bool>(),
    ) {
        let at = |clients: f64, input: f64, output: f64| {
            let request = EstimateRequest {
                concurrency: Some(clients.round()),
                benchmark: Some(benchmark),
                tensor_parallel: Some(8),
                ..EstimateRequest::new(
                    models()[model].id.clone(), gpus()[gpu].id.clone(), input.round(), output.round(),
                )
            };
            estimate(sizewell_data::catalog(), &request).unwrap()
        };
        let less = at(clients, input, output);
        let more = match what {
            0 => at(clients * factor, input, output),
            1 => at(clients, input * factor, output),
            _ => at(clients, input, output * factor),
        };
        let (Some(before), Some(after)) = (less.ttft_mean_ms, more.ttft_mean_ms) else { return Ok(()) };
        // A longer answer's prompts come less often, so only its whole time must not fall; where the
        // cache is full, longer requests leave fewer side by side.
        let full = more.kv_use.unwrap() >= 0.98;
        if what < 2 && !full {
            prop_assert!(after >= before * 0.999, "TTFT {before} then {after}");
            let (before, after) = (less.itl_mean_ms.unwrap(), more.itl_mean_ms.unwrap());
            prop_assert!(after >= before * 0.999, "ITL {before} then {after}");
        }
        // The wait for other prompts is an approximation of its own, not the rest of a round.
        let (before, after) = (less.e2e_mean_ms.unwrap(), more.e2e_mean_ms.unwrap());
        prop_assert!(after >= before * 0.97, "E2E {before} then {after}");
    }
}
