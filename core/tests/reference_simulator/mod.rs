//! An exact event-level simulation of engines behind a balancer: iteration by iteration, request by
//! request. What `sizewell::queueing` approximates, this does step by step; nothing is averaged.
//!
//! Rules of a replica, at the start of each iteration:
//! - requests that wait are admitted first come, first served, while fewer than `max_num_seqs` run
//!   (and no more than their tokens fill an iteration), the KV cache has room for the whole prompt
//!   and answer beside those of all that run, and the iteration has room for a part of the prompt;
//!   a request that alone exceeds the cache is admitted when nothing runs;
//! - chunked prefill: each answer gets its tokens, then prompts in order share what is left;
//! - prefill first: while prompts are unfinished, prompts alone, in order, up to the limit;
//! - in-flight batching: each answer gets its tokens, then whole prompts while they fit; the first
//!   in line joins whether it fits or not;
//! - the iteration that ends a prompt makes the answer's first token.
//!
//! A replica without requests starts an iteration the moment one arrives.

pub mod configuration;
pub mod measure;
pub mod random;

use std::collections::VecDeque;

use random::{Lengths, Random};
use sizewell::engine::{Batch, EngineModel, Scheduling, attended_tokens};
use sizewell::workload::RequestMix;

/// Who gets the next request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Balancer {
    LeastOutstanding,
    RoundRobin,
    Random,
}

/// Where requests come from.
#[derive(Debug, Clone, Copy)]
pub enum Source {
    /// A rate per second, with gamma distributed times between arrivals of this dispersion.
    Open { requests_per_second: f64, dispersion: f64 },
    /// So many clients, each of which sends its next request when the last one is answered; all
    /// begin at once.
    Closed { concurrency: usize },
}

pub struct Setup<'a> {
    pub engine: &'a dyn EngineModel,
    pub replicas: usize,
    pub balancer: Balancer,
    pub mix: &'a RequestMix,
    /// Draft length and acceptance rate of speculative decoding.
    pub speculation: Option<(u32, f64)>,
    pub source: Source,
}

/// What happened to one request, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    pub arrival_ms: f64,
    pub waiting_ms: f64,
    pub ttft_ms: f64,
    /// `None` for an answer of one token.
    pub itl_ms: Option<f64>,
    pub e2e_ms: f64,
    pub output_tokens: u32,
}

/// The run as a whole.
#[derive(Debug, Default)]
pub struct Run {
    /// In order of completion.
    pub outcomes: Vec<Outcome>,
    pub duration_ms: f64,
    /// Sequences in prefill or decode, averaged over time and replicas.
    pub batch_mean: f64,
    /// Reserved share of the KV cache, averaged over time and replicas.
    pub kv_use: f64,
}

#[derive(Clone, Copy)]
struct Request {
    arrival_ms: f64,
    first_scheduled_ms: f64,
    first_token_ms: f64,
    input: u32,
    output: u32,
    in_cache: u32,
    answered: u32,
}

impl Request {
    fn reserved(&self) -> u64 {
        u64::from(self.input) + u64::from(self.output)
    }
}

#[derive(Default)]
struct Replica {
    waiting: VecDeque<Request>,
    prefilling: VecDeque<Request>,
    /// Parts of prompts in the iteration that runs, in the order of `prefilling`.
    chunks: Vec<u32>,
    decoding: Vec<Request>,
    decodes_now: bool,
    reserved: u64,
    ends_ms: Option<f64>,
}

impl Replica {
    fn outstanding(&self) -> usize {
        self.waiting.len() + self.running()
    }

    fn running(&self) -> usize {
        self.prefilling.len() + self.decoding.len()
    }

    /// Puts the next iteration together and returns its batch.
    fn compose(&mut self, setup: &Setup, now: f64) -> Batch {
        let limits = setup.engine.limits();
        let per_sequence = setup.speculation.map_or(1, |(draft, _)| draft + 1);
        let most = limits.max_num_seqs.min(limits.max_num_batched_tokens / per_sequence).max(1) as usize;
        let budget = limits.max_num_batched_tokens;
        let beside =
            if limits.scheduling == Scheduling::PrefillFirst { 0 } else { self.decoding.len() as u32 };
        let mut room = budget.saturating_sub(beside * per_sequence);
        let whole = limits.scheduling == Scheduling::InflightBatching;
        self.chunks.clear();
        let mut batch = Batch::default();
        let mut position = 0;
        loop {
            if position == self.prefilling.len() && !self.admit(limits.kv_tokens, most, room, setup, now) {
                break;
            }
            let request = &mut self.prefilling[position];
            let left = request.input - request.in_cache;
            let fits = if whole { left <= room || position == 0 } else { room > 0 };
            if !fits {
                // An admission that came with this prompt is taken back by never happening: `admit`
                // asks for the same room.
                break;
            }
            let chunk = if whole { left } else { left.min(room) };
            room = room.saturating_sub(chunk);
            if self.chunks.is_empty() || request.first_scheduled_ms.is_nan() {
                request.first_scheduled_ms =
                    if request.first_scheduled_ms.is_nan() { now } else { request.first_scheduled_ms };
            }
            batch.prefill_sequences += 1.0;
            batch.prefill_tokens += f64::from(chunk);
            batch.prefill_attended_tokens += attended_tokens(f64::from(request.in_cache), f64::from(chunk));
            self.chunks.push(chunk);
            position += 1;
        }
        self.decodes_now = limits.scheduling != Scheduling::PrefillFirst || self.chunks.is_empty();
        if self.decodes_now {
            batch.decode_sequences = self.decoding.len() as f64;
            batch.decode_tokens = batch.decode_sequences * f64::from(per_sequence);
            batch.decode_context_tokens =
                self.decoding.iter().map(|request| f64::from(request.in_cache)).sum();
        }
        batch
    }

    /// Moves the first that waits to the prompts in work, where it may.
    fn admit(&mut self, kv_tokens: u64, most: usize, room: u32, setup: &Setup, now: f64) -> bool {
        let Some(first) = self.waiting.front() else { return false };
        let cached = (setup.mix.prefix_hit_fraction * f64::from(first.input)) as u32;
        let cached = cached.min(first.input - 1);
        let whole = setup.engine.limits().scheduling == Scheduling::InflightBatching;
        let budget_left =
            if whole { first.input - cached <= room || self.chunks.is_empty() } else { room > 0 };
        let kv_left = self.reserved + first.reserved() <= kv_tokens || self.running() == 0;
        if !(self.running() < most && kv_left && budget_left) {
            return false;
        }
        let mut request = self.waiting.pop_front().unwrap();
        request.in_cache = cached;
        request.first_scheduled_ms = now;
        self.reserved += request.reserved();
        self.prefilling.push_back(request);
        true
    }

    /// Ends the iteration: tokens are there, answers that are complete leave.
    fn finish(&mut self, setup: &Setup, now: f64, random: &mut Random, done: &mut Vec<Request>) {
        if self.decodes_now {
            for request in &mut self.decoding {
                let mut tokens = 1;
                if let Some((draft, acceptance)) = setup.speculation {
                    while tokens <= draft && random.uniform() < acceptance {
                        tokens += 1;
                    }
                }
                let tokens = tokens.min(request.output - request.answered);
                request.answered += tokens;
                request.in_cache += tokens;
            }
        }
        let reserved = &mut self.reserved;
        self.decoding.retain(|request| {
            let complete = request.answered == request.output;
            if complete {
                done.push(*request);
                *reserved -= request.reserved();
            }
            !complete
        });
        let chunks = std::mem::take(&mut self.chunks);
        for (request, chunk) in self.prefilling.iter_mut().zip(&chunks) {
            request.in_cache += chunk;
        }
        while self.prefilling.front().is_some_and(|request| request.in_cache == request.input) {
            let mut request = self.prefilling.pop_front().unwrap();
            request.answered = 1;
            request.first_token_ms = now;
            if request.output == 1 {
                self.reserved -= request.reserved();
                done.push(request);
            } else {
                self.decoding.push(request);
            }
        }
        self.chunks = chunks;
    }
}

/// Runs until `requests` requests are answered.
pub fn simulate(setup: &Setup, requests: usize, seed: u64) -> Run {
    let lengths = Lengths::new(setup.mix);
    let mut random = Random::seeded(seed);
    let mut replicas: Vec<Replica> = (0..setup.replicas).map(|_| Replica::default()).collect();
    let mut run = Run::default();
    let mut turn = 0;
    let mut now = 0.0;
    let mut sent = 0;
    let (mut area_running, mut area_reserved) = (0.0, 0.0);
    let mut next_arrival = match setup.source {
        Source::Open { .. } => gap(setup.source, &mut random),
        Source::Closed { .. } => f64::INFINITY,
    };
    let mut starting = match setup.source {
        Source::Open { .. } => 0,
        Source::Closed { concurrency } => concurrency.min(requests),
    };
    let mut touched: Vec<usize> = Vec::new();
    let mut done: Vec<Request> = Vec::new();
    let kv = setup.engine.limits().kv_tokens as f64;
    while run.outcomes.len() < requests {
        let ends = replicas
            .iter()
            .enumerate()
            .filter_map(|(index, replica)| replica.ends_ms.map(|ends| (ends, index)))
            .min_by(|left, right| left.0.total_cmp(&right.0));
        let at =
            if starting > 0 { now } else { ends.map_or(next_arrival, |(ends, _)| ends.min(next_arrival)) };
        for replica in &replicas {
            area_running += replica.running() as f64 * (at - now);
            area_reserved += replica.reserved as f64 / kv * (at - now);
        }
        now = at;
        let mut new = starting;
        starting = 0;
        if new == 0 && next_arrival <= at {
            new = 1;
            next_arrival += gap(setup.source, &mut random);
        } else if let (Some((_, index)), true) = (ends, new == 0) {
            let replica = &mut replicas[index];
            replica.ends_ms = None;
            replica.finish(setup, now, &mut random, &mut done);
            touched.push(index);
            let closed = matches!(setup.source, Source::Closed { .. });
            for request in done.drain(..) {
                run.outcomes.push(outcome(&request, now, setup.engine.request_overhead_ms()));
                new += usize::from(closed && sent + new < requests);
            }
        }
        for _ in 0..new {
            sent += 1;
            let index = choose(setup.balancer, &replicas, &mut turn, &mut random);
            let (input, output) = lengths.draw(&mut random);
            replicas[index].waiting.push_back(Request {
                arrival_ms: now,
                first_scheduled_ms: f64::NAN,
                first_token_ms: f64::NAN,
                input,
                output,
                in_cache: 0,
                answered: 0,
            });
            touched.push(index);
        }
        for index in touched.drain(..) {
            let replica = &mut replicas[index];
            if replica.ends_ms.is_none() && replica.outstanding() > 0 {
                let batch = replica.compose(setup, now);
                replica.ends_ms = Some(now + setup.engine.iteration_ms(&batch));
            }
        }
    }
    run.duration_ms = now;
    run.batch_mean = area_running / now / setup.replicas as f64;
    run.kv_use = area_reserved / now / setup.replicas as f64;
    run
}

fn gap(source: Source, random: &mut Random) -> f64 {
    match source {
        Source::Open { requests_per_second, dispersion } if dispersion > 1.0 => {
            random.gamma(1.0 / dispersion) * 1000.0 / requests_per_second
        }
        Source::Open { requests_per_second, .. } => random.exponential() * 1000.0 / requests_per_second,
        Source::Closed { .. } => f64::INFINITY,
    }
}

fn choose(balancer: Balancer, replicas: &[Replica], turn: &mut usize, random: &mut Random) -> usize {
    *turn = (*turn + 1) % replicas.len();
    match balancer {
        Balancer::RoundRobin => *turn,
        Balancer::Random => random.below(replicas.len()),
        Balancer::LeastOutstanding => (0..replicas.len())
            .map(|offset| (*turn + offset) % replicas.len())
            .min_by_key(|index| replicas[*index].outstanding())
            .unwrap(),
    }
}

fn outcome(request: &Request, now: f64, overhead_ms: f64) -> Outcome {
    let decoding = now - request.first_token_ms;
    Outcome {
        arrival_ms: request.arrival_ms,
        waiting_ms: request.first_scheduled_ms - request.arrival_ms,
        ttft_ms: request.first_token_ms - request.arrival_ms + overhead_ms,
        itl_ms: (request.output > 1).then(|| decoding / f64::from(request.output - 1)),
        e2e_ms: now - request.arrival_ms + overhead_ms,
        output_tokens: request.output,
    }
}
