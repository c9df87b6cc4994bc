//! The configurations of a pair of model and GPU, made ready spread by spread, and the best that those
//! to come may be.

use super::candidate::{Candidate, Pair};
use super::pair::{Judge, Prospect};
use super::standing::Standing;

/// A pair whose configurations are being looked at.
pub(super) struct Opened {
    pub model: usize,
    pub gpu: usize,
    /// Those that are ready.
    pub candidates: Vec<Candidate>,
    /// The best that each of them may be with few replicas and with many, those left out that miss a target whatever the load.
    bounds: Vec<Prospect>,
    /// The best that those may be that are not ready; `None` where there are no more.
    unseen: Option<Prospect>,
    spreads: Vec<(u32, u32)>,
    next: usize,
}

impl Opened {
    pub fn new(judge: &Judge<'_>, pair: &Pair<'_>, model: usize, gpu: usize) -> Self {
        let mut opened = Self {
            model,
            gpu,
            candidates: Vec::new(),
            bounds: Vec::new(),
            unseen: None,
            spreads: pair.spreads().collect(),
            next: 0,
        };
        opened.unseen = opened.best_unseen(judge);
        opened
    }

    /// The next spread; two stages only where nothing else fits.
    fn next_spread(&self) -> Option<(u32, u32)> {
        self.spreads.get(self.next).copied().filter(|(_, stages)| *stages == 1 || self.candidates.is_empty())
    }

    /// The fewest GPUs that any configuration takes which is not ready; `None` where there are no
    /// more.
    pub fn next_gpus(&self) -> Option<f64> {
        let (tensor_parallel, stages) = self.next_spread()?;
        Some(f64::from(tensor_parallel * stages))
    }

    fn best_unseen(&self, judge: &Judge<'_>) -> Option<Prospect> {
        judge.bound(self.model, self.gpu, self.next_gpus()?, 100.0)
    }

    /// Makes the next spread ready.
    pub fn widen(&mut self, judge: &Judge<'_>, pair: &Pair<'_>) {
        let Some((tensor_parallel, stages)) = self.next_spread() else { return };
        self.next += 1;
        let known = self.candidates.len();
        pair.spread(tensor_parallel, stages, &mut self.candidates);
        let new = self.candidates.get(known..).unwrap_or_default();
        let within = new.iter().filter(|candidate| candidate.floor_ratio <= 1.0);
        for candidate in within {
            let bound = |gpus: f64, marks: f64| judge.bound(self.model, self.gpu, gpus, marks);
            self.bounds.extend(bound(candidate.least_gpus, candidate.near_marks));
            if candidate.near_marks < candidate.floor_marks {
                self.bounds.extend(bound(candidate.far_gpus, candidate.floor_marks));
            }
        }
        self.unseen = self.best_unseen(judge);
    }

    /// The best score that a configuration may have, and whether that is of one that is not ready.
    pub fn score(&self) -> (f64, bool) {
        let seen = self.bounds.iter().map(|bound| bound.score).fold(f64::NEG_INFINITY, f64::max);
        match self.unseen {
            Some(unseen) if unseen.score >= seen => (unseen.score, true),
            _ => (seen, false),
        }
    }

    /// The smallest lower bound of a latency over its target, where all are ready and none is within
    /// the targets.
    pub fn too_slow(&self) -> Option<f64> {
        let all_ready = self.unseen.is_none() && self.bounds.is_empty();
        let least =
            || self.candidates.iter().map(|candidate| candidate.floor_ratio).fold(f64::INFINITY, f64::min);
        all_ready.then(least)
    }

    /// What may still be listed.
    pub fn open<'a>(&'a self, standing: &'a Standing) -> impl Iterator<Item = &'a Prospect> {
        self.bounds.iter().chain(&self.unseen).filter(|bound| !standing.excludes(bound))
    }

    /// Whether one that is not ready may still be listed.
    pub fn unseen_is_open(&self, standing: &Standing) -> bool {
        self.unseen.is_some_and(|unseen| !standing.excludes(&unseen))
    }
}
