//! Waiting and time to first token.

use super::coefficients::{Correction, Scale};
use super::mixture::{Cumulants, Part};
use super::replica::Replica;
use super::state::{Moments, State};
use super::waits::Waits;
use crate::engine::Scheduling;
use crate::queueing::workload::MOST_STRIPS;
use crate::units::exp;

/// What a request may find when it arrives.
pub(crate) const CASES: usize = 5;
/// Parts of the time to first token.
pub(crate) const TTFT_PARTS: usize = CASES * MOST_STRIPS;

/// One thing that a request may find.
#[derive(Debug, Clone, Copy)]
struct Case {
    /// How often, over all requests.
    weight: f64,
    /// Until its prompt is worked on.
    waiting: Cumulants,
    /// Beyond the request's own work, until its prompt ends.
    delay: Cumulants,
    /// Length over which both are spread evenly, where they are.
    even: Option<(f64, f64)>,
}

impl Case {
    fn even(weight: f64, low: f64, length: f64) -> Self {
        let spread = Cumulants::uniform(length).plus(Cumulants::new(low, 0.0, 0.0));
        Self { weight, waiting: spread, delay: spread, even: Some((low, length)) }
    }
}

/// What requests find when they arrive; weights sum to 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delays {
    /// An idle replica; an iteration without prompts that nobody else comes in; one that others
    /// come in; an iteration with prompts; no free place.
    cases: [Case; CASES],
    by_size: f64,
}

impl Delays {
    pub fn new(replica: &Replica, state: &State, waits: Waits) -> Self {
        let may_start = 1.0 - waits.probability;
        let rate = state.stream.rate;
        let with = state.with_prompts;
        let plain = state.decode_ms;
        let all = state.iteration_moments();
        // Moments of iterations with prompts, from those of all.
        let of = |all: f64, plain: f64| ((all - (1.0 - with) * plain) / with).max(plain * 1e-9);
        let prompts = Moments {
            first: of(all.first, plain),
            second: of(all.second, plain * plain),
            third: of(all.third, plain * plain * plain),
        };
        // An arrival falls into a long iteration more often than into a short one.
        let met = prompts.second / prompts.first;
        let company = state.stream.company_in_herd(rate * met);
        // Of those who come together only the first finds the replica idle. Those of them who are in
        // work when one arrives came in the iteration before, or found it idle.
        let alone = state.idle();
        let idle = alone / state.stream.clump(state.running());
        let due = rate * met;
        let stepped = state.stream.excess_in_herd(1.5 * due) - state.stream.excess_in_herd(0.5 * due);
        let before = (1.0 + (stepped * (1.0 - alone) + state.stream.excess_in_herd(due) * alone) / due)
            .max(0.0)
            * state.stream.crowd;
        let fitted = state.stream.fitted;
        let features = state.features(replica, waits.probability);
        let factor = |correction| fitted.factor(correction, &features);
        let busy_gated = with * prompts.first / all.first * before * factor(Correction::BusyGated);
        let (busy_queue, queue) = first_come(state, plain);
        let busy_queue = busy_queue * factor(Correction::BusyQueue);
        let queue = queue.stretched(factor(Correction::QueueMean), factor(Correction::QueueSpread));
        let busy = (busy_gated * (1.0 - state.full) + busy_queue * state.full).clamp(0.0, 1.0 - idle);
        let calm = 1.0 - idle - busy;

        let due = rate * plain;
        let clump = state.stream.clump(due);
        let others = due * state.stream.company_in_herd(due) / clump;
        let none = exp(-others);
        let early = state.stream.early(state.decoding / replica.steps.max(1.0));
        let joined = Cumulants::uniform(plain * (1.0 - early))
            .plus(Cumulants::new(plain * early, 0.0, 0.0))
            .plus(some_of(others * factor(Correction::Joined), none, state.own.clumped(clump)));

        let load = state.prompt_share * company;
        let noise = state.arriving(rate * met);
        let residual = within_iteration(prompts, 0.0, Moments::default());
        let gated = within_iteration(
            prompts,
            load,
            Moments {
                first: 0.0,
                second: rate * company * noise.second,
                third: rate * company * noise.third,
            },
        );
        let gated = gated.stretched(factor(Correction::GatedMean), factor(Correction::GatedSpread));
        let later = Cumulants::new(0.5 * early * met, 0.0, 0.0);
        let residual = residual.plus(later);
        let gated = gated.plus(later);
        let queue = queue.plus(Cumulants::new(0.5 * early * plain, 0.0, 0.0));
        let case = |weight: f64, waiting: Cumulants, delay: Cumulants| Case {
            weight: weight * may_start,
            waiting,
            delay,
            even: None,
        };
        let mut cases = [
            Case::even(idle * may_start, 0.0, 0.0),
            Case::even(calm * none * may_start, plain * early, plain * (1.0 - early)),
            case(
                calm * (1.0 - none),
                Cumulants::uniform(plain * (1.0 - early)).plus(Cumulants::new(plain * early, 0.0, 0.0)),
                joined,
            ),
            case(busy, residual.blend(queue, state.full), gated.blend(queue, state.full)),
            Case { weight: 0.0, waiting: waits.delay, delay: waits.delay, even: None },
        ];
        // Those who wait for a place meet besides what the others meet.
        let met_by_others = mixed(&cases, |case| case.delay, 1.0 / may_start.max(1e-12));
        let seen_by_others = mixed(&cases, |case| case.waiting, 1.0 / may_start.max(1e-12));
        if let Some(last) = cases.last_mut() {
            last.weight = waits.probability;
            last.delay = waits.delay.plus(met_by_others);
            last.waiting = waits.delay.plus(seen_by_others);
        }
        Self { cases, by_size: waits.by_size }
    }

    pub fn waits(&self) -> f64 {
        self.cases.last().map_or(0.0, |case| case.weight)
    }

    /// The delay over all requests, for sums.
    pub fn cumulants(&self) -> Cumulants {
        mixed(&self.cases, |case| case.delay, 1.0)
    }

    pub fn waiting(&self) -> [Part; CASES] {
        self.cases.map(|case| match case.even {
            Some((low, length)) => Part::even(case.weight, low, length),
            None => Part::gamma(case.weight, case.waiting),
        })
    }

    /// Time to first token: each thing that may be found with each length of prompt.
    pub fn ttft(
        &self,
        replica: &Replica,
        state: &State,
        overhead_ms: f64,
        parts: &mut [Part; TTFT_PARTS],
    ) -> usize {
        let alone_ms = replica.decode_ms(0.0);
        let mut count = 0;
        for (strip, prompt) in replica.workload.prompts.iter().zip(&state.prompts) {
            let slope = prompt.session / strip.work;
            let spread = slope * slope * strip.work_variance;
            // Its own cost: further iterations beside others' answers are none where nobody is there.
            let own_ms = if replica.scheduling == Scheduling::PrefillFirst {
                prompt.session - (prompt.chunks - 1.0) * state.base_ms
            } else {
                prompt.own
            };
            let idle_ms = prompt.chunks * alone_ms + own_ms;
            for (index, case) in self.cases.iter().enumerate() {
                let own = if index == 0 { idle_ms } else { state.base_ms + prompt.session } + overhead_ms;
                let waits = self.cases.last().map_or(0.0, |case| case.weight);
                let larger = (strip.work + strip.cached)
                    / (replica.workload.all.work + replica.workload.all.cached)
                    - 1.0;
                let own_waits = (waits
                    * (1.0
                        + (self.by_size
                            * (1.0 - waits)
                            * replica.fitted.scale(Scale::BySize)
                            * 0.3
                            * larger)
                            .clamp(-0.9, 4.0)))
                .min(1.0);
                let shift = if index == CASES - 1 {
                    if waits > 0.0 { own_waits / waits } else { 1.0 }
                } else if waits < 1.0 {
                    (1.0 - own_waits) / (1.0 - waits)
                } else {
                    1.0
                };
                let weight = case.weight * prompt.weight * shift;
                // What is rarer than this moves no percentile.
                if weight < 1e-7 {
                    continue;
                }
                let part = match case.even {
                    Some((low, length)) if spread <= 0.1 * length * length => {
                        Part::even(weight, own + low, length)
                    }
                    Some(_) | None => Part::gamma(weight, case.delay.plus(Cumulants::new(own, spread, 0.0))),
                };
                if let Some(slot) = parts.get_mut(count) {
                    *slot = part;
                    count += 1;
                }
            }
        }
        count
    }
}

/// The mixture of cases, their weights times `scale`.
fn mixed(cases: &[Case], of: impl Fn(&Case) -> Cumulants, scale: f64) -> Cumulants {
    let mut sums = Moments::default();
    for case in cases {
        let moments = of(case).moments();
        let weight = case.weight * scale;
        sums.first += weight * moments.0;
        sums.second += weight * moments.1;
        sums.third += weight * moments.2;
    }
    Cumulants::from_moments(sums.first, sums.second, sums.third)
}

/// From an arrival to the end of the iteration that it falls into, and the work of those who come
/// in that iteration: `load` for each unit of its length in the mean, with `noise` as the second
/// and third cumulant of that for each unit.
fn within_iteration(iteration: Moments, load: f64, noise: Moments) -> Cumulants {
    // The iteration met has density in proportion to its length; its fourth moment is that of the
    // gamma distribution that agrees with the others.
    let Moments { first, second, third } = iteration;
    let fourth = third * (2.0 * third / second - second / first).max(third / second);
    let (met, square, cube) = (second / first, third / first, fourth / first);
    let square_load = load * load;
    let sum = Cumulants::from_moments(
        (0.5 + load) * met,
        (1.0 / 3.0 + load + square_load) * square,
        (0.25 + load + 1.5 * square_load + square_load * load) * cube,
    );
    let together = 3.0 * noise.second * (0.5 + load) * (square - met * met).max(0.0);
    sum.plus(Cumulants::new(0.0, noise.second * met, noise.third * met + together))
}

/// The work of those who come, given that somebody does: `expected` clumps are due, and the
/// probability of none is `none`.
fn some_of(expected: f64, none: f64, clump: Moments) -> Cumulants {
    let some = (1.0 - none).max(1e-12);
    let first = expected * clump.first;
    Cumulants::from_moments(
        first / some,
        (expected * clump.second + first * first) / some,
        (expected * clump.third + 3.0 * first * expected * clump.second + first * first * first) / some,
    )
}

/// How often requests wait for prompts ahead of theirs, and how long those that do, where prompts
/// follow one another over full iterations and are served first come, first served: Pollaczek and
/// Khinchine's moments, and the prompts of those who come together.
fn first_come(state: &State, iteration_ms: f64) -> (f64, Cumulants) {
    let session = state.session;
    let rate = state.stream.rate;
    let load = (rate * session.first).clamp(1e-12, 0.99);
    let free = 1.0 - load;
    let due = 2.0 * load / free;
    let alone = rate * session.second / (2.0 * free);
    let wait = (alone + session.first * state.stream.excess_in_herd(due) / free)
        .max(alone * state.stream.least_company());
    let square = 2.0 * wait * wait + wait / alone * rate * session.third / (3.0 * free);
    let some = (1.0 - (1.0 - rate * (session.first + state.base_ms)).max(0.0) / state.stream.clump(due))
        .clamp(load, 1.0);
    let delay = Cumulants::from_moments(wait / some, square / some, 3.0 * square / some * wait / some);
    (some, delay.plus(Cumulants::uniform(iteration_ms)))
}
