//! Inter-token latency and the whole request.

use super::coefficients::Correction;
use super::mixture::{Cumulants, Part};
use super::replica::Replica;
use super::state::State;
use super::ttft::Delays;
use crate::queueing::workload::{MOST_STRIPS, Strip};
use crate::units::{exp, sqrt};

/// Parts by length of the answer, one for each strip.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answers {
    pub itl: [Part; MOST_STRIPS],
    pub e2e: [Part; MOST_STRIPS],
    pub count: usize,
}

impl Answers {
    pub fn new(replica: &Replica, state: &State, delays: &Delays, overhead_ms: f64) -> Self {
        let workload = replica.workload;
        let mut answers = Self { itl: [Part::NONE; MOST_STRIPS], e2e: [Part::NONE; MOST_STRIPS], count: 0 };
        let before = delays.cumulants();
        let per_prompt_token = state.session.first / workload.all.work;
        let per_token = state.cycle_ms / replica.step_gain;
        let slots = answers.itl.iter_mut().zip(&mut answers.e2e);
        for (strip, (itl, e2e)) in workload.answers.iter().zip(slots) {
            answers.count += 1;
            let prompt_ms = per_prompt_token * strip.work;
            let ttft = before.plus(Cumulants::new(
                overhead_ms + state.base_ms + prompt_ms,
                per_prompt_token * per_prompt_token * strip.work_variance,
                0.0,
            ));
            let later = strip.output - 1.0;
            if later <= 0.0 {
                *e2e = Part::gamma(strip.weight, ttft);
                continue;
            }
            let (decode, fullest) = decode(replica, state, delays, strip, prompt_ms);
            *itl = Part::gamma(strip.weight / workload.with_later, decode.times(1.0 / later))
                .at_most(fullest / later);
            let length = Cumulants::new(0.0, per_token * per_token * strip.output_variance, 0.0);
            *e2e = Part::gamma(strip.weight, ttft.plus(decode).plus(length));
        }
        answers
    }
}

/// Time from the first to the last token of the answers of a strip, and the most that it may be.
fn decode(
    replica: &Replica,
    state: &State,
    delays: &Delays,
    strip: &Strip,
    prompt_ms: f64,
) -> (Cumulants, f64) {
    let workload = replica.workload;
    let rate = state.stream.rate;
    let free = 1.0 - state.prompt_share;
    let steps = replica.steps_of(strip.output - 1.0, 1.0);
    let own = state.base_ms + prompt_ms + state.others_ms;
    let mean = (steps * state.cycle_ms + state.after(own)).max(steps * state.decode_ms);

    // Prompts interrupt, each with the family of those that arrive meanwhile. Those that arrive in
    // the iteration of one's own prompt come right after it.
    let due = rate * mean;
    let dispersion = (1.0 + due * (state.stream.company(due) - 1.0)).max(0.05);
    let lump = state.own.second + (dispersion - 1.0) * state.own.first * state.own.first;
    // Prompts seen before any that come while they are worked on, over those of a Poisson stream.
    let seen = state.seen_share / (1.0 - state.seen_share) * free / state.prompt_share;
    let met = rate * (own * seen.min(1.0) + (steps - 1.0) * state.decode_ms * seen);
    let cube = free * free * free;
    let mut prompts = met * lump / cube;
    let mut third =
        met * (state.own.third * lump / state.own.second + 3.0 * rate * lump * lump / free) / (cube * free);
    let fitted = state.stream.fitted;
    let features = state.features(replica, delays.waits());
    let factor = fitted.factor(Correction::Interruptions, &features);
    prompts *= factor;
    third *= factor * factor * fitted.factor(Correction::InterruptionsThird, &features);
    // No iteration holds more of them than the token budget.
    let most = steps * state.most_ms;
    if most.is_finite() && most > 0.0 {
        let share = ((mean - steps * state.decode_ms) / most).clamp(0.0, 1.0);
        // Two-point at the widest.
        let bound = most * most * share * (1.0 - share);
        if prompts > bound {
            prompts = bound;
            third = third.min(bound * most * (1.0 - 2.0 * share).max(0.0));
        }
    }

    // The batch fluctuates, and an answer averages it over its own length.
    let lifetime = workload.later_square / (2.0 * workload.later) / replica.step_gain
        * state.cycle_ms
        * state.sluggishness;
    let window = mean / lifetime.max(1e-9);
    let average = if window < 1e-3 { 1.0 } else { 2.0 * (window - 1.0 + exp(-window)) / (window * window) };
    let slope = steps * state.cycle_slope;
    let batch = slope * slope * state.capped_variance * average * fitted.factor(Correction::Batch, &features);
    let accepted = replica.step_variance / (replica.step_gain * replica.step_gain);
    let speculation = state.cycle_ms * state.cycle_ms * steps * accepted;
    let fullest = steps * state.decode_ms + most + 3.0 * sqrt(batch + speculation);
    (Cumulants::new(mean, batch + speculation + prompts, third), fullest)
}
