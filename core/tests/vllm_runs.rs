//! Two real runs of vLLM 0.19 (Llama-3.1-8B in bf16, 300 requests at 10 a second, more than either
//! GPU can bear), replayed through vLLM's scheduler with the engine's times, from data sheets alone
//! and calibrated on the log of the other run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

#[path = "vllm_runs/log.rs"]
mod log;
#[path = "vllm_runs/simulator.rs"]
mod simulator;

use simulator::{Arrival, Run, Served, simulate};
use sizewell::engine::{
    Batch, Calibration, CalibrationOptions, Coefficients, EngineLimits, LinearEngine, LoggedRequest,
    MemoryOptions, Replica, RequestLog, Roofline, Scheduling,
};
use sizewell::queueing::{MeasuredDeployment, calibrate};

/// A run: where its log is, its GPU, and what `meta.json` says of the engine.
struct Setting {
    run: &'static str,
    gpu: &'static str,
    max_num_seqs: u32,
    /// `None` where it was not recorded: as the memory plan says.
    kv_tokens: Option<u64>,
}

const RTX_4090: Setting =
    Setting { run: "rtx4090_llama31_8b", gpu: "RTX-4090", max_num_seqs: 256, kv_tokens: Some(41_408) };
/// The log does not say which edition of the card it was; the catalog has the Server Edition.
const RTX_PRO_6000: Setting =
    Setting { run: "rtxpro6000_llama31_8b", gpu: "RTX-PRO-6000", max_num_seqs: 128, kv_tokens: None };

impl Setting {
    fn replica(&self) -> Replica<'static> {
        let catalog = sizewell_data::catalog();
        let memory = MemoryOptions {
            max_num_seqs: Some(self.max_num_seqs),
            max_num_batched_tokens: Some(2048),
            request_tokens: Some(8192),
            ..MemoryOptions::default()
        };
        let model = catalog.model("meta-llama/Llama-3.1-8B").unwrap();
        Replica { memory, ..Replica::new(model, catalog.gpu(self.gpu).unwrap()) }
    }

    fn limits(&self) -> EngineLimits {
        let replica = self.replica();
        let plan = sizewell::engine::memory_plan(replica.model, replica.gpu, &replica.memory).unwrap();
        EngineLimits {
            max_num_seqs: self.max_num_seqs,
            max_num_batched_tokens: 2048,
            kv_tokens: self.kv_tokens.unwrap_or(plan.kv_tokens),
            scheduling: Scheduling::ChunkedPrefill,
        }
    }

    fn engine(&self, coefficients: &Coefficients) -> Roofline {
        Roofline::without_check(&self.replica(), coefficients, self.limits())
    }

    fn log(&self) -> Option<RequestLog> {
        log::read(self.run)
    }

    fn calibration(&self, log: RequestLog) -> Calibration {
        let logs = [log];
        let measured = MeasuredDeployment::with_logs(self.replica(), &logs).limited(self.limits());
        calibrate(&[measured], &CalibrationOptions::default()).unwrap()
    }
}

fn arrivals(log: &RequestLog) -> Vec<Arrival> {
    let start = log.requests[0].arrival_seconds.unwrap();
    let arrival = |one: &LoggedRequest| Arrival {
        at_ms: (one.arrival_seconds.unwrap() - start) * 1000.0,
        input_tokens: one.input_tokens,
        output_tokens: one.output_tokens,
    };
    log.requests.iter().map(arrival).collect()
}

/// Mean and 95th percentile (nearest rank) of the requests' inter-token latencies in milliseconds,
/// and output tokens per second from the first arrival to the last token.
#[derive(Debug)]
struct Figures {
    itl_mean: f64,
    itl_p95: f64,
    tokens_per_second: f64,
}

impl Figures {
    fn new(mut itl_ms: Vec<f64>, tokens: f64, seconds: f64) -> Self {
        itl_ms.sort_by(f64::total_cmp);
        let rank = (itl_ms.len() as f64 * 0.95).ceil() as usize;
        Self {
            itl_mean: itl_ms.iter().sum::<f64>() / itl_ms.len() as f64,
            itl_p95: itl_ms[rank - 1],
            tokens_per_second: tokens / seconds,
        }
    }

    fn measured(log: &RequestLog) -> Self {
        let itl = |one: &LoggedRequest| {
            (one.last_token_seconds - one.first_token_seconds) / f64::from(one.output_tokens - 1) * 1000.0
        };
        let tokens = log.requests.iter().map(|one| f64::from(one.output_tokens)).sum();
        let start = log.requests.iter().filter_map(|one| one.queued_seconds).fold(f64::INFINITY, f64::min);
        let end = log.requests.iter().map(|one| one.last_token_seconds).fold(0.0, f64::max);
        Self::new(log.requests.iter().map(itl).collect(), tokens, end - start)
    }

    fn replayed(run: &Run) -> Self {
        let tokens = run.served.iter().map(|one| f64::from(one.output_tokens)).sum();
        let end = run.served.iter().map(|one| one.last_token_ms).fold(0.0, f64::max);
        Self::new(run.served.iter().map(Served::itl_ms).collect(), tokens, end / 1000.0)
    }

    /// Relative errors in percent: of the mean, the 95th percentile and the throughput.
    fn errors(&self, measured: &Self) -> [f64; 3] {
        let error = |given: f64, wanted: f64| (given / wanted - 1.0) * 100.0;
        [
            error(self.itl_mean, measured.itl_mean),
            error(self.itl_p95, measured.itl_p95),
            error(self.tokens_per_second, measured.tokens_per_second),
        ]
    }
}

fn assert_within(what: &str, setting: &Setting, log: &RequestLog, coefficients: &Coefficients, percent: f64) {
    let replay = simulate(&setting.engine(coefficients), &arrivals(log));
    let measured = Figures::measured(log);
    let predicted = Figures::replayed(&replay);
    let errors = predicted.errors(&measured);
    println!(
        "{} {what}: measured {measured:.2?}, predicted {predicted:.2?}, errors {errors:+.1?} %",
        setting.run
    );
    assert!(errors.iter().all(|error| error.abs() <= percent), "{} {what}: {errors:+.1?} %", setting.run);
}

/// 12% is the target; reached are 8% on the RTX 4090, of which there is no measured point, and 4% on the
/// RTX PRO 6000. The bound leaves room for a new fit of the coefficients to other points.
#[test]
fn data_sheets_alone_are_within_ten_percent() {
    for setting in [RTX_4090, RTX_PRO_6000] {
        let Some(log) = setting.log() else { return };
        assert_within("from the data sheet", &setting, &log, &Coefficients::FITTED, 10.0);
    }
}

/// 10% is the target.
#[test]
fn calibrated_on_one_run_the_other_is_within_ten_percent() {
    for (one, other) in [(RTX_4090, RTX_PRO_6000), (RTX_PRO_6000, RTX_4090)] {
        let (Some(log), Some(held_out)) = (one.log(), other.log()) else { return };
        let calibration = one.calibration(log.clone());
        let coefficients = calibration.coefficients();
        assert_within("calibrated on itself", &one, &log, &coefficients, 7.0);
        assert_within(&format!("calibrated on {}", one.run), &other, &held_out, &coefficients, 10.0);
        assert!(calibration.converged, "{calibration:?}");
        for name in ["interconnect", "expert_bandwidth", "drafting", "request_overhead"] {
            assert!(calibration.undetermined.iter().any(|undetermined| undetermined == name), "{name}");
        }
        // Of a log of one GPU, the interval is that of its own requests, and narrower than before.
        let before = sizewell::engine::ErrorModel::fitted(false);
        let after = calibration.errors;
        assert!(after.itl_high - after.itl_low < before.itl_high - before.itl_low, "{after:?} {before:?}");
    }
}

/// A log that the scheduler made itself, with an engine that is 20% slower at reading the cache
/// and 30% at prompts: the calibration finds both, and what it predicts is what was there. There
/// are fewer independent measurements than requests, and priors pull: hence the tolerances.
#[test]
fn a_known_engine_is_found_again_from_its_log() {
    let Some(log) = RTX_PRO_6000.log() else { return };
    let truth = Coefficients {
        kv_bandwidth: Coefficients::FITTED.kv_bandwidth * 0.8,
        prompt_work: Coefficients::FITTED.prompt_work * 1.3,
        ..Coefficients::FITTED
    };
    let replica = Replica { async_scheduling: false, ..RTX_PRO_6000.replica() };
    let limits = RTX_PRO_6000.limits();
    let replay = simulate(&Roofline::without_check(&replica, &truth, limits), &arrivals(&log));
    assert_eq!(replay.preemptions, 0);
    let made = RequestLog { requests: replay.served.iter().map(Served::logged).collect() };
    let measured = [made];
    let measured = MeasuredDeployment::with_logs(replica, &measured).limited(limits);
    let calibration = calibrate(&[measured], &CalibrationOptions::default()).unwrap();
    let again = Roofline::without_check(&replica, &calibration.coefficients(), limits);
    let before = Roofline::without_check(&replica, &Coefficients::FITTED, limits);
    let errors = Figures::replayed(&simulate(&again, &arrivals(&log))).errors(&Figures::replayed(&replay));
    let uncalibrated =
        Figures::replayed(&simulate(&before, &arrivals(&log))).errors(&Figures::replayed(&replay));
    println!("calibrated {errors:+.2?} %, before {uncalibrated:+.2?} %, {:?}", calibration.factors);
    assert!(errors.iter().all(|error| error.abs() < 2.0), "{errors:?}");
    assert!(uncalibrated.iter().any(|error| error.abs() > 10.0), "{uncalibrated:?}");
    assert!(calibration.factor("kv_bandwidth").unwrap().value < 0.92);
}

/// The scheduler itself, with an engine whose iteration always takes 10 ms.
#[test]
fn the_replay_follows_vllms_rules() {
    let engine = |kv_tokens| LinearEngine {
        iteration_ms: 10.0,
        ms_per_prefill_token: 0.0,
        ms_per_attended_token: 0.0,
        ms_per_decode_token: 0.0,
        ms_per_context_token: 0.0,
        request_overhead_ms: 0.0,
        limits: EngineLimits {
            max_num_seqs: 8,
            max_num_batched_tokens: 64,
            kv_tokens,
            scheduling: Scheduling::ChunkedPrefill,
        },
    };
    let request = |input_tokens, output_tokens| Arrival { at_ms: 0.0, input_tokens, output_tokens };

    // 160 tokens of prompt are three chunks of 64; nine more tokens are nine more iterations.
    let run = simulate(&engine(10_000), &[request(160, 10)]);
    assert_eq!((run.served[0].first_token_ms, run.served[0].last_token_ms), (30.0, 120.0));

    // Ten blocks: both prompts fit, but not both answers. The second is preempted, and ends after
    // the first, which is not held up at all.
    let run = simulate(&engine(160), &[request(32, 65), request(32, 65)]);
    assert!(run.preemptions > 0);
    assert_eq!(run.served[0].last_token_ms, 650.0);
    assert!(run.served[1].last_token_ms > 800.0, "{:?}", run.served[1]);
    assert!(run.recomputed_tokens < run.resumed_tokens, "blocks that nobody took are found again");

    // A batch of decodes is counted as such.
    let batch = simulator::batch_of(&[(1000, 1)], &[(0, 50)]);
    assert_eq!(batch, Batch::decode(1.0, 1000.0).and(Batch::prefill(0.0, 50.0)));
}
