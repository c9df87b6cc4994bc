//! A closed loop: so many clients, each of which sends its next request when it has the answer to
//! its last. What benchmark tools measure as "concurrency".
//!
//! The mean inter-token latency is the fixed point of a batch and the prompts that interrupt it:
//! `ITL = t(b) + X·P·ITL` with `X` the requests served in a unit of time, `P` what one prompt adds,
//! and `b` the clients that are not in their prompt. The mean time to first token is what the
//! engine needs for one prompt, the wait for others in steady state, and the share of the burst at
//! the start that a finite run feels: benchmark tools send as many requests at once as there are
//! clients, so that the i-th waits for i prompts.

use crate::engine::{Batch, EngineModel, QueueCoefficients, Roofline};

/// What clients in a closed loop ask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClosedLoop {
    /// Clients.
    pub concurrency: f64,
    /// Mean tokens of prompts, those in the prefix cache included.
    pub input_tokens: f64,
    /// Of these, found in the prefix cache.
    pub cached_tokens: f64,
    /// Mean tokens of answers.
    pub output_tokens: f64,
    /// Sequences that the KV cache and the engine's limit have room for.
    pub room: f64,
    /// Tokens of a draft; 0 without speculative decoding.
    pub draft_tokens: f64,
    /// Tokens that a sequence gets in one iteration.
    pub tokens_per_iteration: f64,
    /// Whether all requests have the same lengths, so that rounds stay together.
    pub exact_lengths: bool,
    /// Whether the run starts with all clients at once and is short (about ten rounds), as
    /// benchmarks are; otherwise it is in steady state.
    pub starts_with_burst: bool,
    /// Iterations between two looks at the queue.
    pub admission_interval: f64,
    /// Most iterations that a request is held back for balance between data-parallel ranks.
    pub balance_iterations: f64,
    /// Workers that run prompts apart from answers; `None` where one engine does both.
    pub prefill: Option<PrefillWorkers>,
}

impl ClosedLoop {
    /// Clients of one engine in steady state, that ask for lengths that scatter and find nothing in
    /// the prefix cache.
    #[must_use]
    pub fn new(engine: &Roofline, concurrency: f64, input_tokens: f64, output_tokens: f64) -> Self {
        let limits = engine.limits();
        let context = input_tokens + output_tokens / 2.0;
        Self {
            concurrency,
            input_tokens,
            cached_tokens: 0.0,
            output_tokens,
            room: (limits.kv_tokens as f64 / context).min(f64::from(limits.max_num_seqs)).max(1.0),
            draft_tokens: engine.draft_tokens(),
            tokens_per_iteration: engine.tokens_per_iteration(),
            exact_lengths: false,
            starts_with_burst: false,
            admission_interval: 1.0,
            balance_iterations: 0.0,
            prefill: None,
        }
    }
}

/// Workers that run prompts alone, and hand the KV cache to those that answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrefillWorkers {
    /// Their GPUs over those of the engine that answers, all of them together.
    pub gpus_share: f64,
    /// GPUs of one of them over those of the engine that answers.
    pub worker_share: f64,
    /// Handing one prompt's KV cache over, in milliseconds.
    pub transfer_ms: f64,
}

/// Means of a closed loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClosedLoopMeans {
    /// Time to first token, in milliseconds.
    pub ttft_ms: f64,
    /// Inter-token latency, in milliseconds.
    pub itl_ms: f64,
    /// Sequences in an iteration.
    pub batch: f64,
    /// Requests served per second.
    pub requests_per_second: f64,
}

/// Steps of the fixed point of the batch: its error falls by more than half in each.
const STEPS: usize = 6;

/// Length of an answer `y` of `alone` when nobody interrupts it, each round of `y + prompt` bringing
/// `interruptions` of work by others: the positive root of `y (1 − interruptions / (y + prompt)) =
/// alone`.
fn answer_ms(alone: f64, prompt: f64, interruptions: f64) -> f64 {
    let half = (interruptions + alone - prompt) / 2.0;
    let root = crate::units::sqrt(half * half + alone * prompt);
    // Subtracting like numbers loses digits where prompts are long.
    if half >= 0.0 { half + root } else { alone * prompt / (root - half).max(1e-300) }
}

/// Means of a closed loop on one replica.
#[must_use]
pub fn closed_loop(engine: &dyn EngineModel, queue: &QueueCoefficients, run: &ClosedLoop) -> ClosedLoopMeans {
    let output = run.output_tokens.max(1.0);
    let context = run.input_tokens + output / 2.0;
    let clients = run.concurrency.max(1e-9);
    let in_engine = clients.min(run.room.max(1e-9));
    let decode = |sequences: f64| Batch {
        decode_tokens: sequences * (1.0 + run.draft_tokens),
        ..Batch::decode(sequences, context)
    };
    let new = (run.input_tokens - run.cached_tokens).max(0.0);
    let full = decode(in_engine);
    let prompt = (engine.iteration_ms(&full.and(Batch::prefill(run.cached_tokens, new)))
        - engine.iteration_ms(&full))
    .max(0.0);
    let in_step = run.exact_lengths && queue.prompts_first;
    let share = if run.prefill.is_some() {
        0.0
    } else if in_step {
        0.5
    } else {
        queue.pause
    };
    let interruptions = share * prompt * (in_engine - 1.0).max(0.0);

    let per_token = 1.0 / run.tokens_per_iteration.max(1.0);
    let mut batch = in_engine;
    let mut iteration = engine.iteration_ms(&decode(batch)) * per_token;
    for _ in 0..STEPS {
        let answer = answer_ms(output * iteration, prompt, interruptions);
        let answering = in_engine * answer / (answer + prompt + iteration);
        batch = 0.3 * batch + 0.7 * answering;
        iteration = engine.iteration_ms(&decode(batch)) * per_token;
    }
    let itl = answer_ms(output * iteration, prompt, interruptions) / output;

    if let Some(workers) = &run.prefill {
        return disaggregated(engine, run, workers, prompt, in_engine, &decode);
    }
    let rate = in_engine / (output * itl + prompt + iteration);
    let between = itl * run.tokens_per_iteration.max(1.0);
    // Prompts that fit one iteration's budget share what it costs beside their work.
    let budget = f64::from(engine.limits().max_num_batched_tokens);
    let together = (budget / new.max(1.0)).floor().max(1.0);
    let ahead = prompt + queue.prompt_wait_ms + iteration * run.tokens_per_iteration.max(1.0) / together;
    let busy = (rate * ahead).min(0.95);
    // As in an M/D/1 queue, but nobody waits for more than the other clients' prompts.
    let steady = if in_step {
        0.0
    } else {
        (busy / (2.0 * (1.0 - busy))).min(busy * (in_engine - 1.0).max(0.0) / 2.0)
    };
    let burst = match (run.starts_with_burst, in_step) {
        (_, true) => queue.burst_in_step,
        (true, false) => queue.burst.min(1.0),
        (false, false) => 0.0,
    };
    let mut ttft = engine.request_overhead_ms()
        + engine.request_overhead_ms_per_token() * run.input_tokens
        + queue.admission * run.admission_interval.max(1.0) * between
        + queue.balance / 60.0 * run.balance_iterations * between
        + iteration * run.tokens_per_iteration.max(1.0)
        + ahead * (1.0 + queue.queue * steady)
        + burst * (in_engine - 1.0).max(0.0) * ahead / 2.0;
    if clients > in_engine * 1.02 {
        ttft += queue.capacity_wait * (clients - in_engine) / rate.max(1e-12);
    }
    ClosedLoopMeans { ttft_ms: ttft, itl_ms: itl, batch, requests_per_second: rate * 1000.0 }
}

/// Prompts on workers of their own: a closed network of two stations. Where prompts are the slower
/// one, all clients that it cannot keep answering wait for it.
fn disaggregated(
    engine: &dyn EngineModel,
    run: &ClosedLoop,
    workers: &PrefillWorkers,
    prompt_ms: f64,
    in_engine: f64,
    decode: &dyn Fn(f64) -> Batch,
) -> ClosedLoopMeans {
    let steps = run.output_tokens.max(1.0) / run.tokens_per_iteration.max(1.0);
    let itl = |batch: f64| engine.iteration_ms(&decode(batch)) / run.tokens_per_iteration.max(1.0);
    let answers = |batch: f64| batch / (steps * engine.iteration_ms(&decode(batch)));
    let prompts = workers.gpus_share.max(1e-6) / prompt_ms.max(1e-9);
    let own = prompt_ms / workers.worker_share.max(1e-6)
        + workers.transfer_ms
        + engine.request_overhead_ms()
        + engine.request_overhead_ms_per_token() * run.input_tokens;
    // Those in their prompt do not answer.
    let mut batch = in_engine;
    for _ in 0..STEPS {
        let rate = answers(batch).min(prompts);
        batch = 0.5 * batch + 0.5 * (in_engine - rate * own).max(in_engine * 0.01);
    }
    if answers(batch) > prompts {
        let (mut low, mut high) = (0.0, batch);
        for _ in 0..40 {
            let middle = (low + high) / 2.0;
            if answers(middle) > prompts { high = middle } else { low = middle }
        }
        batch = high;
    }
    let rate = answers(batch).max(1e-12);
    let itl_ms = itl(batch);
    let busy = (rate / prompts).min(0.95);
    let queued = (run.concurrency - batch - rate * own).max(0.0) / rate;
    let wait = prompt_ms / workers.gpus_share.max(1e-6) * busy / (2.0 * (1.0 - busy));
    let ttft_ms = own + itl_ms * run.tokens_per_iteration.max(1.0) + queued.max(wait);
    ClosedLoopMeans { ttft_ms, itl_ms, batch, requests_per_second: rate * 1000.0 }
}
