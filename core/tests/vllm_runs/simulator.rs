//! vLLM's scheduler (version 1 of the engine, as of vLLM 0.19: `vllm/v1/core/sched/scheduler.py`
//! and `vllm/v1/core/block_pool.py`), iteration by iteration, over a given list of requests.
//!
//! Beside `reference_simulator`, whose requests reserve room for their whole answer, here the KV
//! cache is had block by block as tokens come:
//! - requests that run are scheduled first, in order of admission, each for one token or the rest
//!   of its prompt; one that gets no block preempts the last that was admitted, which loses its
//!   blocks and waits in front of the queue;
//! - then, if nothing was preempted, those that wait are admitted in order while their whole prompt
//!   (with the tokens they had already, when they were preempted) finds free blocks
//!   (`scheduler_reserve_full_isl`) and the iteration has room for a part of it;
//! - a preempted request finds again those of its blocks that nobody has taken meanwhile (prefix
//!   caching): free blocks are taken in the order in which they came free, of one request the last
//!   first.

use std::collections::VecDeque;

use sizewell::engine::{Batch, EngineModel, LoggedRequest};

/// Tokens of a block of the KV cache.
const BLOCK: u32 = 16;

/// What arrives, in milliseconds and tokens.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    pub at_ms: f64,
    pub input_tokens: u32,
    pub output_tokens: u32,
}

/// What became of it, on the arrivals' clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct Served {
    pub queued_ms: f64,
    pub scheduled_ms: f64,
    pub first_token_ms: f64,
    pub last_token_ms: f64,
    pub input_tokens: u32,
    pub output_tokens: u32,
}

impl Served {
    pub fn itl_ms(&self) -> f64 {
        (self.last_token_ms - self.first_token_ms) / f64::from(self.output_tokens - 1)
    }

    /// As a log would have it.
    pub fn logged(&self) -> LoggedRequest {
        LoggedRequest {
            request_id: None,
            input_tokens: self.input_tokens,
            cached_tokens: 0,
            output_tokens: self.output_tokens,
            arrival_seconds: None,
            queued_seconds: Some(self.queued_ms / 1000.0),
            scheduled_seconds: self.scheduled_ms / 1000.0,
            first_token_seconds: self.first_token_ms / 1000.0,
            last_token_seconds: self.last_token_ms / 1000.0,
        }
    }
}

/// A run as a whole.
#[derive(Debug, Default)]
pub struct Run {
    /// In order of arrival.
    pub served: Vec<Served>,
    pub preemptions: usize,
    /// Tokens of preempted requests when they were admitted again, and how many of them were computed again.
    pub resumed_tokens: u64,
    pub recomputed_tokens: u64,
}

#[derive(Default)]
struct Request {
    /// Prompt and answer so far.
    tokens: u32,
    computed: u32,
    blocks: Vec<usize>,
    answered: u32,
}

/// Blocks of the KV cache: which are free, in the order in which they will be taken, and what each
/// holds.
struct Pool {
    free: VecDeque<usize>,
    holds: Vec<Option<(usize, usize)>>,
}

impl Pool {
    fn new(tokens: u64) -> Self {
        let blocks = (tokens / u64::from(BLOCK)) as usize;
        Self { free: (0..blocks).collect(), holds: vec![None; blocks] }
    }

    /// Blocks of a request that are free and still hold its tokens, from the first on.
    fn found(&self, request: usize, tokens: u32) -> Vec<usize> {
        // The last token is always computed, so that there is something to sample from.
        let most = (tokens.saturating_sub(1) / BLOCK) as usize;
        let mut places: Vec<(usize, usize)> = self
            .free
            .iter()
            .filter_map(|block| match self.holds[*block] {
                Some((owner, place)) if owner == request => Some((place, *block)),
                _ => None,
            })
            .collect();
        places.sort_unstable();
        let mut found = Vec::new();
        for (place, block) in places {
            if place != found.len() || found.len() == most {
                break;
            }
            found.push(block);
        }
        found
    }
}

pub fn simulate(engine: &dyn EngineModel, arrivals: &[Arrival]) -> Run {
    let limits = engine.limits();
    let mut pool = Pool::new(limits.kv_tokens);
    let mut requests: Vec<Request> = arrivals
        .iter()
        .map(|arrival| Request { tokens: arrival.input_tokens, ..Request::default() })
        .collect();
    let mut run = Run {
        served: arrivals
            .iter()
            .map(|arrival| Served {
                queued_ms: f64::NAN,
                scheduled_ms: f64::NAN,
                first_token_ms: f64::NAN,
                last_token_ms: f64::NAN,
                input_tokens: arrival.input_tokens,
                output_tokens: arrival.output_tokens,
            })
            .collect(),
        ..Run::default()
    };
    let mut waiting: VecDeque<usize> = VecDeque::new();
    let mut running: Vec<usize> = Vec::new();
    let mut next = 0;
    let mut now = 0.0;
    loop {
        while next < arrivals.len() && arrivals[next].at_ms <= now {
            run.served[next].queued_ms = now;
            waiting.push_back(next);
            next += 1;
        }
        if waiting.is_empty() && running.is_empty() {
            if next == arrivals.len() {
                return run;
            }
            now = arrivals[next].at_ms;
            continue;
        }
        let mut budget = limits.max_num_batched_tokens;
        let mut scheduled: Vec<(usize, u32)> = Vec::new();
        let mut preempted = false;
        let mut index = 0;
        while index < running.len() && budget > 0 {
            let id = running[index];
            let new = (requests[id].tokens - requests[id].computed).min(budget);
            let mut itself = false;
            while !extend(&mut pool, &mut requests[id], new) {
                let last = running.pop().unwrap();
                if let Some(position) = scheduled.iter().position(|(one, _)| *one == last) {
                    budget += scheduled.remove(position).1;
                }
                let victim = &mut requests[last];
                victim.computed = 0;
                pool.free.extend(victim.blocks.drain(..).rev());
                waiting.push_front(last);
                preempted = true;
                run.preemptions += 1;
                itself = last == id;
                if itself {
                    break;
                }
            }
            if itself {
                break;
            }
            scheduled.push((id, new));
            budget -= new;
            index += 1;
        }
        while !preempted && budget > 0 && running.len() < limits.max_num_seqs as usize {
            let Some(id) = waiting.front().copied() else { break };
            let found = pool.found(id, requests[id].tokens);
            let whole = requests[id].tokens.div_ceil(BLOCK) as usize;
            if whole > pool.free.len() {
                break;
            }
            pool.free.retain(|block| !found.contains(block));
            let request = &mut requests[id];
            request.computed = found.len() as u32 * BLOCK;
            request.blocks = found;
            let new = (request.tokens - request.computed).min(budget);
            assert!(extend(&mut pool, request, new), "room was seen before");
            if run.served[id].scheduled_ms.is_nan() {
                run.served[id].scheduled_ms = now;
            }
            if request.answered > 0 {
                run.resumed_tokens += u64::from(request.tokens);
                run.recomputed_tokens += u64::from(request.tokens - request.computed);
            }
            waiting.pop_front();
            running.push(id);
            scheduled.push((id, new));
            budget -= new;
        }
        assert!(!scheduled.is_empty(), "a request is longer than the KV cache");
        now += engine.iteration_ms(&batch(&requests, &scheduled));
        for (id, new) in scheduled {
            let request = &mut requests[id];
            let before = request.computed / BLOCK;
            request.computed += new;
            for place in before..request.computed / BLOCK {
                pool.holds[request.blocks[place as usize]] = Some((id, place as usize));
            }
            if request.computed < request.tokens {
                continue;
            }
            request.tokens += 1;
            request.answered += 1;
            let served = &mut run.served[id];
            if request.answered == 1 {
                served.first_token_ms = now;
            }
            if request.answered == served.output_tokens {
                served.last_token_ms = now;
                pool.free.extend(request.blocks.drain(..).rev());
                running.retain(|one| *one != id);
            }
        }
    }
}

/// Gives a request blocks for `new` more tokens; false, and nothing given, when there are too few.
fn extend(pool: &mut Pool, request: &mut Request, new: u32) -> bool {
    let wanted = (request.computed + new).div_ceil(BLOCK) as usize;
    let missing = wanted.saturating_sub(request.blocks.len());
    if missing > pool.free.len() {
        return false;
    }
    for block in pool.free.drain(..missing) {
        pool.holds[block] = None;
        request.blocks.push(block);
    }
    true
}

fn batch(requests: &[Request], scheduled: &[(usize, u32)]) -> Batch {
    let decodes = |id: usize, new: u32| {
        let request = &requests[id];
        new == 1 && request.answered > 0 && request.computed + 1 == request.tokens
    };
    let (mut answers, mut prompts) = (Vec::new(), Vec::new());
    for (id, new) in scheduled {
        if decodes(*id, *new) {
            answers.push((requests[*id].tokens, *new));
        } else {
            prompts.push((requests[*id].computed, *new));
        }
    }
    batch_of(&answers, &prompts)
}

/// A batch of answers (their context, and one new token each) and of prompts (the tokens before,
/// and the new ones).
pub fn batch_of(answers: &[(u32, u32)], prompts: &[(u32, u32)]) -> Batch {
    let answers = answers.iter().map(|(context, _)| Batch::decode(1.0, f64::from(*context)));
    let prompts = prompts.iter().map(|(past, new)| Batch::prefill(f64::from(*past), f64::from(*new)));
    answers.chain(prompts).fold(Batch::default(), Batch::and)
}
