//! What a log says of iterations.
//!
//! A request's mean inter-token latency is a mean over the iterations of its life, so what a log
//! says is linear in the iterations' rate: over the stretches in which the same requests run, the
//! engine makes `(1 − w) / t` iterations in a unit of time, with `t` the time of an iteration over
//! the answers alone and `w` the share of time that the prompts then in work take from them. The
//! answers of a request are the integral of that rate over its life, which the log counts.
//!
//! Where the requests that run hold more than the KV cache has, vLLM preempts those admitted last
//! (`vllm/v1/core/sched/scheduler.py`); these make no tokens meanwhile.

use super::log::RequestLog;
use super::solve::{Figure, Kind};
use crate::engine::model::{Batch, EngineLimits, EngineModel, Scheduling, attended_tokens};
use crate::engine::roofline::Roofline;
use crate::error::Result;
use crate::units::Quantile;

/// Shortest prompt that is looked at, in milliseconds: below it, times are rounding.
const SHORTEST_PROMPT_MS: f64 = 0.1;
/// Share of a preempted request's tokens that are computed again: the rest is found in the prefix
/// cache. As vLLM's scheduler leaves it in a replay of a run at the limit of its cache
/// (`tests/vllm_runs`: two thirds of 160,000 tokens).
const RECOMPUTED: f64 = 0.66;

/// A stretch of time in which the same requests run.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    ms: f64,
    /// Sequences that decode, and the tokens that they have.
    sequences: f64,
    context: f64,
}

/// A prompt in work.
#[derive(Debug, Clone, Copy)]
struct Prompt {
    /// Its stretches, the first and the one after the last.
    stretches: (usize, usize),
    /// Iterations that it was cut into.
    chunks: f64,
    batch: Batch,
    /// Time from scheduled to first token, in milliseconds; below the shortest, not looked at.
    ms: f64,
    /// The stretches of that time.
    seen: (usize, usize),
    /// Iterations that passed in that time.
    iterations: f64,
}

/// An answer.
#[derive(Debug, Clone)]
struct Answer {
    /// Stretches in which it got tokens: the first and the one after the last of each run of them.
    active: Vec<(usize, usize)>,
    tokens: f64,
    ms: f64,
}

/// A log as stretches of time.
#[derive(Debug, Clone)]
pub(crate) struct Trajectory {
    stretches: Vec<Stretch>,
    prompts: Vec<Prompt>,
    answers: Vec<Option<Answer>>,
    prompts_first: bool,
    /// Requests that run at the same time, in the mean.
    concurrency: f64,
}

/// A request's times in milliseconds from the log's start.
struct Span {
    scheduled: f64,
    work: f64,
    first: f64,
    last: f64,
    input: f64,
    output: f64,
}

impl Span {
    fn context(&self, at: f64) -> f64 {
        let done = if self.last > self.first { (at - self.first) / (self.last - self.first) } else { 1.0 };
        self.input + 1.0 + (self.output - 1.0) * done.clamp(0.0, 1.0)
    }
}

impl Trajectory {
    /// `lag` is how many iterations before its own a request counts as scheduled: one where the
    /// engine prepares an iteration while the one before it runs.
    pub(crate) fn new(log: &RequestLog, limits: &EngineLimits, lag: f64) -> Result<Self> {
        log.check()?;
        let start = log.requests.iter().map(|one| one.scheduled_seconds).fold(f64::INFINITY, f64::min);
        let budget = f64::from(limits.max_num_batched_tokens.max(1));
        let spans: Vec<Span> = log
            .requests
            .iter()
            .map(|one| {
                let ms = |seconds: f64| (seconds - start) * 1e3;
                let (scheduled, first) = (ms(one.scheduled_seconds), ms(one.first_token_seconds));
                let chunks = (f64::from(one.input_tokens - one.cached_tokens) / budget).ceil().max(1.0);
                Span {
                    scheduled,
                    work: scheduled + (first - scheduled) * lag / (lag + chunks),
                    first,
                    last: ms(one.last_token_seconds),
                    input: f64::from(one.input_tokens),
                    output: f64::from(one.output_tokens),
                }
            })
            .collect();
        let mut edges: Vec<f64> =
            spans.iter().flat_map(|span| [span.scheduled, span.work, span.first, span.last]).collect();
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let place = |time: f64| edges.partition_point(|edge| *edge < time);
        let (stretches, active) = run(&spans, &edges, limits);
        let scheduling = limits.scheduling;
        let duration = edges.last().copied().unwrap_or(0.0).max(f64::MIN_POSITIVE);
        let concurrency = spans.iter().map(|span| span.last - span.scheduled).sum::<f64>() / duration;

        let whole_prompts = scheduling == Scheduling::InflightBatching;
        let new_tokens: Vec<f64> =
            log.requests.iter().map(|one| f64::from(one.input_tokens - one.cached_tokens)).collect();
        let work: Vec<(usize, usize)> =
            spans.iter().map(|span| (place(span.work), place(span.first))).collect();
        let worked = worked(&stretches, &work, &new_tokens);
        let at = |place: usize| worked.get(place).or(worked.last()).copied().unwrap_or(0.0);
        let prompts = spans
            .iter()
            .zip(&log.requests)
            .zip(work.iter().zip(&new_tokens))
            .map(|((span, one), ((from, to), new))| {
                let beside = stretches.get(*from).map_or(0.0, |stretch| stretch.sequences);
                let room = if whole_prompts { f64::INFINITY } else { (budget - beside).max(1.0) };
                let chunks = (new / room).ceil().max(1.0);
                // Prompts that are in work at the same time share the iterations' tokens.
                let iterations = ((at(*to) - at(*from)).max(*new) / room - 1e-6).ceil().max(1.0);
                let cached = f64::from(one.cached_tokens);
                Prompt {
                    stretches: (*from, *to),
                    chunks,
                    batch: Batch {
                        prefill_sequences: 1.0,
                        prefill_tokens: new / chunks,
                        prefill_attended_tokens: attended_tokens(cached, *new) / chunks,
                        ..Batch::default()
                    },
                    ms: span.first - span.scheduled,
                    seen: (place(span.scheduled), *to),
                    iterations: iterations + lag,
                }
            })
            .chain(resumed(&spans, &active, &edges, budget))
            .collect();
        let answers = spans
            .iter()
            .zip(active)
            .map(|(span, active)| {
                (span.output > 1.0 && !active.is_empty()).then_some(Answer {
                    active,
                    tokens: span.output - 1.0,
                    ms: span.last - span.first,
                })
            })
            .collect();
        Ok(Self {
            stretches,
            prompts,
            answers,
            prompts_first: scheduling == Scheduling::PrefillFirst,
            concurrency: concurrency.max(1.0),
        })
    }

    /// The measurements that the log has, in the order of [`Self::predict`]. Requests that run at
    /// the same time share their iterations, so that each counts as one over their number.
    pub(crate) fn figures(&self, path: &str) -> Vec<Figure> {
        let figure = |index: usize, field: &str, kind: Kind, measured: f64| Figure {
            path: format!("{path}.requests[{index}].{field}"),
            kind,
            quantile: Quantile::Mean,
            measured,
            share: 1.0 / self.concurrency,
        };
        let answers = self.answers.iter().enumerate().filter_map(|(index, answer)| {
            let answer = answer.as_ref()?;
            Some(figure(index, "itl_ms", Kind::LoggedItl, answer.ms / answer.tokens))
        });
        let prompts = self
            .prompts
            .iter()
            .enumerate()
            .filter(|(_, prompt)| prompt.is_seen())
            .map(|(index, prompt)| figure(index, "prompt_ms", Kind::LoggedPrompt, prompt.ms));
        answers.chain(prompts).collect()
    }

    /// How many measurements it has.
    pub(crate) fn count(&self) -> usize {
        let prompts = self.prompts.iter().filter(|prompt| prompt.is_seen()).count();
        self.answers.iter().flatten().count() + prompts
    }

    /// What an engine says of these measurements, in milliseconds.
    pub(crate) fn predict(&self, engine: &Roofline, out: &mut std::slice::IterMut<'_, f64>) {
        let draft = engine.draft_tokens();
        let gained = engine.tokens_per_iteration().max(1.0);
        let decode = |stretch: &Stretch| Batch {
            decode_sequences: stretch.sequences,
            decode_tokens: stretch.sequences * (1.0 + draft),
            decode_context_tokens: stretch.context,
            ..Batch::default()
        };
        let times: Vec<f64> =
            self.stretches.iter().map(|stretch| engine.iteration_ms(&decode(stretch))).collect();
        let shares = self.prompt_shares(engine, &times, decode);
        // Sums from the start: time of prompts, tokens of an answer, and time of an iteration.
        let mut sums = vec![(0.0, 0.0, 0.0)];
        let mut sum = (0.0, 0.0, 0.0);
        for ((stretch, time), share) in self.stretches.iter().zip(&times).zip(&shares) {
            sum.0 += share * stretch.ms;
            sum.1 += (1.0 - share) * stretch.ms / time.max(f64::MIN_POSITIVE) * gained;
            sum.2 += time * stretch.ms;
            sums.push(sum);
        }
        let at = |place: usize| sums.get(place).copied().unwrap_or(sum);
        for answer in self.answers.iter().flatten() {
            let tokens: f64 = answer.active.iter().map(|(from, to)| at(*to).1 - at(*from).1).sum();
            // Prompts that were over-rated may leave no time at all.
            let tokens = tokens.max(0.02 * answer.tokens);
            if let Some(out) = out.next() {
                *out = answer.ms / tokens;
            }
        }
        for prompt in self.prompts.iter().filter(|prompt| prompt.is_seen()) {
            let (from, to) = (at(prompt.seen.0), at(prompt.seen.1));
            let base = if self.prompts_first { 0.0 } else { (to.2 - from.2) / prompt.ms };
            if let Some(out) = out.next() {
                *out = prompt.iterations * base + (to.0 - from.0);
            }
        }
    }

    /// Share of each stretch that prompts take from the answers.
    fn prompt_shares(
        &self,
        engine: &Roofline,
        times: &[f64],
        decode: impl Fn(&Stretch) -> Batch,
    ) -> Vec<f64> {
        let mut costs = Vec::with_capacity(self.prompts.len());
        for prompt in &self.prompts {
            let (from, _) = prompt.stretches;
            let beside = times.get(from).copied().unwrap_or(0.0);
            let cost = match self.stretches.get(from) {
                Some(stretch) if !self.prompts_first => {
                    engine.iteration_ms(&decode(stretch).and(prompt.batch)) - beside
                }
                _ => engine.iteration_ms(&prompt.batch),
            };
            costs.push((prompt.stretches, cost.max(0.0) * prompt.chunks));
        }
        spread(&self.stretches, costs.into_iter())
    }
}

impl Prompt {
    fn is_seen(&self) -> bool {
        self.ms > SHORTEST_PROMPT_MS
    }
}

/// Runs of stretches: the first and the one after the last of each.
type Runs = Vec<(usize, usize)>;

/// The stretches between edges, and for each request those in which it got tokens.
fn run(spans: &[Span], edges: &[f64], limits: &EngineLimits) -> (Vec<Stretch>, Vec<Runs>) {
    let mut by_admission: Vec<usize> = (0..spans.len()).collect();
    let scheduled = |index: &usize| spans.get(*index).map_or(0.0, |span| span.scheduled);
    by_admission.sort_by(|left, right| scheduled(left).total_cmp(&scheduled(right)));
    let mut entering = by_admission.into_iter().peekable();
    let mut running: Vec<usize> = Vec::new();
    let mut active: Vec<Runs> = vec![Vec::new(); spans.len()];
    let room = limits.kv_tokens as f64;
    let stretches = edges
        .windows(2)
        .enumerate()
        .map(|(place, window)| {
            let (from, to) = match window {
                [from, to] => (*from, *to),
                _ => (0.0, 0.0),
            };
            while let Some(index) = entering.next_if(|index| scheduled(index) <= from) {
                running.push(index);
            }
            running.retain(|index| spans.get(*index).is_some_and(|span| span.last > from));
            let (mut held, mut sequences, mut context) = (0.0, 0.0, 0.0);
            for index in &running {
                let Some(span) = spans.get(*index) else { continue };
                let own = span.context((from + to) / 2.0);
                if held > 0.0 && held + own > room {
                    break;
                }
                held += own;
                if span.first > from {
                    continue;
                }
                sequences += 1.0;
                context += own;
                let Some(runs) = active.get_mut(*index) else { continue };
                match runs.last_mut() {
                    Some(last) if last.1 == place => last.1 = place + 1,
                    _ => runs.push((place, place + 1)),
                }
            }
            Stretch { ms: to - from, sequences, context }
        })
        .collect();
    (stretches, active)
}

/// The work of admitting preempted requests again, as prompts that nobody looks at.
fn resumed<'a>(
    spans: &'a [Span],
    active: &'a [Runs],
    edges: &'a [f64],
    budget: f64,
) -> impl Iterator<Item = Prompt> + 'a {
    spans.iter().zip(active).flat_map(move |(span, runs)| {
        runs.iter().skip(1).map(move |(from, to)| {
            let tokens = span.context(edges.get(*from).copied().unwrap_or(span.first));
            let (past, new) = (tokens * (1.0 - RECOMPUTED), tokens * RECOMPUTED);
            let chunks = (new / budget).ceil().max(1.0);
            Prompt {
                stretches: (*from, (*from + 1).min(*to)),
                chunks,
                batch: Batch {
                    prefill_sequences: 1.0,
                    prefill_tokens: new / chunks,
                    prefill_attended_tokens: attended_tokens(past, new) / chunks,
                    ..Batch::default()
                },
                ms: 0.0,
                seen: (*from, *from),
                iterations: 0.0,
            }
        })
    })
}

/// Amounts, each spread evenly over its stretches, as a rate in each stretch.
fn spread(stretches: &[Stretch], amounts: impl Iterator<Item = ((usize, usize), f64)>) -> Vec<f64> {
    let mut until = Vec::with_capacity(stretches.len() + 1);
    until.push(0.0);
    let mut time = 0.0;
    until.extend(stretches.iter().map(|stretch| {
        time += stretch.ms;
        time
    }));
    let at = |place: usize| until.get(place).copied().unwrap_or(time);
    // Each amount begins with a step up and ends with a step down.
    let mut steps = vec![0.0; stretches.len() + 1];
    for ((from, to), amount) in amounts {
        let length = at(to) - at(from);
        let rate = if length > 0.0 { amount / length } else { 0.0 };
        if let Some(step) = steps.get_mut(from) {
            *step += rate;
        }
        if let Some(step) = steps.get_mut(to) {
            *step -= rate;
        }
    }
    let mut rate = 0.0;
    let rates = steps.iter().take(stretches.len()).map(|step| {
        rate += step;
        // Rounding leaves a trace of what has ended.
        if rate.abs() < 1e-12 { 0.0 } else { rate }
    });
    rates.collect()
}

/// Tokens of prompts that were worked off before each edge.
fn worked(stretches: &[Stretch], work: &[(usize, usize)], tokens: &[f64]) -> Vec<f64> {
    let rates = spread(stretches, work.iter().copied().zip(tokens.iter().copied()));
    let mut sum = 0.0;
    let mut worked = vec![0.0];
    worked.extend(stretches.iter().zip(rates).map(|(stretch, rate)| {
        sum += rate * stretch.ms;
        sum
    }));
    worked
}
