//! Arrivals as conversations: each is given to the conversation that is due, or opens a new one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::draw::Choice;
use super::population::{ConversationModel, TimeGroup};
use crate::units::{Random, normal_cdf, sqrt};

/// The most conversations that are going on when a trace begins.
const MOST_OPEN: f64 = 5e6;
/// The least share of the variance of prompts that is left beside their growth.
const LEAST_VARIANCE: f64 = 0.05;
/// How much one conversation that waits, or comes early, moves the time from which the next are offered
/// an arrival.
const SWAY: f64 = 0.002;
/// The least share of a pause that is kept.
const LEAST_PAUSE: f64 = 0.3;
/// Table of ranks: normal scores within ± so much, in so many steps.
const REACH: f64 = 8.0;
const STEPS: usize = 1024;

/// Spans of time, one of which is drawn.
#[derive(Debug, Clone)]
pub(super) struct Times {
    groups: Vec<TimeGroup>,
    choice: Choice,
}

impl Times {
    pub(super) fn new(groups: &[TimeGroup]) -> Self {
        Self { groups: groups.to_vec(), choice: Choice::new(groups.iter().map(|group| group.weight)) }
    }

    /// A time in seconds.
    pub(super) fn draw(&self, random: &mut Random) -> f64 {
        let group = self.groups.get(self.choice.at(random.uniform()));
        group.map_or(0.0, |group| {
            group.from_seconds + (group.to_seconds - group.from_seconds) * random.uniform()
        })
    }

    fn mean(&self) -> f64 {
        let weight: f64 = self.groups.iter().map(|group| group.weight).sum();
        let sum: f64 = self.groups.iter().map(|group| group.weight * middle(group)).sum();
        sum / weight.max(1e-300)
    }

    /// The same spans, each as often as a time that falls by chance is within one of them.
    fn by_length(&self) -> Self {
        let weighted = |group: &TimeGroup| TimeGroup { weight: group.weight * middle(group), ..*group };
        Self::new(&self.groups.iter().map(weighted).collect::<Vec<_>>())
    }
}

fn middle(group: &TimeGroup) -> f64 {
    f64::midpoint(group.from_seconds, group.to_seconds)
}

/// A conversation that goes on.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
struct Open {
    session: u32,
    /// Requests so far.
    requests: u32,
    source: u32,
    /// Normal score of its last prompt apart from growth.
    score: f64,
    /// Position of its last request in the trace.
    last: Option<u32>,
    /// When its pause ends.
    due_ms: f64,
}

/// What a request is in its conversation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    pub session: u32,
    pub source: u32,
    /// Rank of its prompt among all prompts of its source, 0 to 1.
    pub rank: f64,
    /// Position of the request before it in the trace.
    pub last: Option<u32>,
    /// Whether a request of its conversation came before, in the trace or before it began.
    pub goes_on: bool,
}

/// Conversations that go on, and how new ones are.
#[derive(Debug, Clone)]
pub(super) struct Conversations {
    continues: Vec<f64>,
    reach: Vec<f64>,
    pauses: Times,
    scores: Vec<f64>,
    correlation: f64,
    deviation: f64,
    /// Ranks at equal steps of the score.
    ranks: Vec<f64>,
    /// By when they are due, as the bits of a float above 0, which are in its order; then by their number.
    due: BinaryHeap<Reverse<(u64, u32)>>,
    /// The conversations that go on, at the places that `due` names.
    places: Vec<Open>,
    free: Vec<u32>,
    next: u32,
    /// How long before the end of their pauses conversations are offered an arrival, in milliseconds: so
    /// long that those that wait for one are balanced by those that get one early.
    early_ms: f64,
}

fn at_or_last(values: &[f64], place: usize) -> f64 {
    values.get(place).or(values.last()).copied().unwrap_or_default()
}

impl Conversations {
    pub(super) fn new(model: &ConversationModel) -> Self {
        let reach = model.reach();
        let total: f64 = reach.iter().sum();
        let scores: Vec<f64> =
            if model.input_scores.is_empty() { vec![0.0] } else { model.input_scores.clone() };
        // Share of requests at each turn that has a score of its own.
        let mut shares = vec![0.0; scores.len()];
        let last = scores.len() - 1;
        for (turn, reached) in reach.iter().enumerate() {
            if let Some(share) = shares.get_mut(turn.min(last)) {
                *share += reached / total;
            }
        }
        let pairs = || shares.iter().zip(&scores);
        let mean: f64 = pairs().map(|(share, score)| share * score).sum();
        let variance: f64 = pairs().map(|(share, score)| share * (score - mean) * (score - mean)).sum();
        let deviation = sqrt((1.0 - variance).max(LEAST_VARIANCE));
        // Growth moves scores, and the ranks of all prompts together must stay even: the rank of a score is its
        // place in the mixture of the turns.
        let rank = |step: usize| {
            let value = -REACH + 2.0 * REACH * step as f64 / STEPS as f64;
            pairs().map(|(share, score)| share * normal_cdf((value - score + mean) / deviation)).sum()
        };
        Self {
            continues: model.continues.clone(),
            pauses: Times::new(&model.pauses),
            correlation: model.input_correlation,
            deviation,
            ranks: (0..=STEPS).map(rank).collect(),
            scores: scores.iter().map(|score| score - mean).collect(),
            reach,
            due: BinaryHeap::new(),
            places: Vec::new(),
            free: Vec::new(),
            next: 0,
            early_ms: 0.0,
        }
    }

    /// Opens the conversations that are going on when a trace begins at a rate of requests: as many as at any
    /// moment of steady traffic (Little's law), each within a pause.
    pub(super) fn warm_up(&mut self, rate: f64, source: impl Fn(&mut Random) -> u32, random: &mut Random) {
        let total: f64 = self.reach.iter().sum();
        let going_on = rate * (total - 1.0) / total * self.pauses.mean();
        if going_on.is_nan() || going_on <= 0.0 {
            return;
        }
        let spread = going_on + sqrt(going_on) * random.normal();
        let count = spread.round().clamp(0.0, MOST_OPEN) as u64;
        let turns = Choice::new(self.reach.iter().skip(1).copied());
        let pauses = self.pauses.by_length();
        for _ in 0..count {
            let requests = turns.at(random.uniform()) as u32 + 1;
            let due_ms = pauses.draw(random) * random.uniform() * 1000.0;
            let (source, score) = (source(random), random.normal());
            let open = Open { session: self.next, requests, source, score, last: None, due_ms };
            self.next = self.next.saturating_add(1);
            self.wait(due_ms, open);
        }
    }

    /// Lets a conversation wait for an arrival from a time on.
    fn wait(&mut self, from_ms: f64, open: Open) {
        let place = self.free.pop().unwrap_or(self.places.len() as u32);
        match self.places.get_mut(place as usize) {
            Some(slot) => *slot = open,
            None => self.places.push(open),
        }
        self.due.push(Reverse((from_ms.max(0.0).to_bits(), place)));
    }

    fn due_at(&mut self, arrival_ms: f64) -> Option<Open> {
        let Reverse((due, place)) = *self.due.peek()?;
        if f64::from_bits(due) > arrival_ms {
            return None;
        }
        self.due.pop();
        self.free.push(place);
        self.places.get(place as usize).copied()
    }

    /// The conversation of an arrival, which becomes the request at `place` of the trace.
    pub(super) fn turn(
        &mut self,
        arrival_ms: f64,
        place: u32,
        source: impl Fn(&mut Random) -> u32,
        random: &mut Random,
    ) -> Turn {
        let before = self.due_at(arrival_ms);
        let now = match before {
            Some(open) => {
                let late_ms = arrival_ms - open.due_ms;
                self.early_ms = (self.early_ms + SWAY * late_ms).max(0.0);
                let fresh = sqrt(1.0 - self.correlation * self.correlation) * random.normal();
                Open { requests: open.requests + 1, score: self.correlation * open.score + fresh, ..open }
            }
            None => {
                let session = self.next;
                self.next = self.next.saturating_add(1);
                Open {
                    session,
                    requests: 1,
                    source: source(random),
                    score: random.normal(),
                    last: None,
                    due_ms: 0.0,
                }
            }
        };
        let turn = now.requests as usize - 1;
        if random.uniform() < at_or_last(&self.continues, turn) {
            let pause_ms = self.pauses.draw(random) * 1000.0;
            let from_ms = arrival_ms + (pause_ms - self.early_ms).max(LEAST_PAUSE * pause_ms);
            self.wait(from_ms, Open { last: Some(place), due_ms: arrival_ms + pause_ms, ..now });
        }
        Turn {
            session: now.session,
            source: now.source,
            rank: self.rank(at_or_last(&self.scores, turn) + self.deviation * now.score),
            last: now.last,
            goes_on: before.is_some(),
        }
    }

    fn rank(&self, score: f64) -> f64 {
        let place = ((score + REACH) / (2.0 * REACH) * STEPS as f64).clamp(0.0, STEPS as f64);
        let below = (place as usize).min(STEPS - 1);
        let low = at_or_last(&self.ranks, below);
        low + (at_or_last(&self.ranks, below + 1) - low) * (place - below as f64)
    }
}
