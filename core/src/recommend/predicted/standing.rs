//! What the options that were found leave open to others.

use super::pair::{Found, Prospect};

/// What the options found so far leave open.
pub(super) struct Standing {
    /// Most options of the answer.
    most: usize,
    /// The scores of the best, ascending.
    scores: Vec<f64>,
    /// Cost, latency and quality of those that no other found beats.
    front: Vec<(f64, f64, f64)>,
}

impl Standing {
    pub fn new(most: usize) -> Self {
        Self { most, scores: Vec::new(), front: Vec::new() }
    }

    pub fn is_full(&self) -> bool {
        self.scores.len() >= self.most
    }

    /// Whether nothing of a prospect can be listed.
    pub fn excludes(&self, prospect: &Prospect) -> bool {
        let listed = !self.is_full() || self.scores.first().is_none_or(|least| prospect.score >= *least);
        let beaten = |(cost, latency, quality): &(f64, f64, f64)| {
            *cost <= prospect.rank_cost && *latency >= prospect.latency && *quality >= prospect.quality
        };
        !listed && self.front.iter().any(beaten)
    }

    pub fn extend(&mut self, found: &[Found]) {
        for one in found {
            let at = self.scores.partition_point(|score| *score < one.scores.total);
            self.scores.insert(at, one.scores.total);
            if self.scores.len() > self.most {
                self.scores.remove(0);
            }
            let own = (one.rank_cost(), one.scores.latency, one.scores.quality);
            let beats = |one: &(f64, f64, f64), other: &(f64, f64, f64)| {
                one.0 <= other.0 && one.1 >= other.1 && one.2 >= other.2
            };
            if !self.front.iter().any(|other| beats(other, &own)) {
                self.front.retain(|other| !beats(&own, other));
                self.front.push(own);
            }
        }
    }
}
