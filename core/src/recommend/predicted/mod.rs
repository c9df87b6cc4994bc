//! Options for any token lengths: every sensible deployment by engine model and queueing.
//!
//! Candidates are the admitted models on the admitted GPUs, tensor parallel 1 to 8 within the GPU's
//! fast links (two pipeline stages where a model fits no other way), in the checkpoint's numbers or
//! quantised to fp8 while loading, with KV caches in 16 or 8 bits, run by vLLM. Each is judged as
//! [`demand`] says, sized by [`fleet`], corrected by what was measured of it ([`evidence`]); of each
//! model and GPU the cheapest configuration stands, and beside it the fastest where that is worth
//! more ([`choice`]).

use std::cmp::Ordering;
use std::collections::BinaryHeap;

mod candidate;
mod choice;
mod demand;
mod evidence;
mod explain;
mod fleet;
mod kernels;
mod pair;
mod report;

use super::filter::Admission;
use super::rank::{rank_near_misses, rank_options};
use super::search::Search;
use super::{DeploymentOption, Recommendation, Rejected, RejectionCode, rank};
use crate::error::Result;
use demand::Demand;
use evidence::Evidence;
use pair::{Found, Judge, Prospect, Tally};

/// Most options of an answer.
const MOST_OPTIONS: usize = 100;
/// Most near misses of an answer.
const MOST_NEAR_MISSES: usize = 50;
/// Most combinations of model and GPU that are listed as rejected.
const MOST_REJECTED: usize = 1000;

/// Finds the best deployments for a specification by prediction.
pub(super) fn recommend(search: &Search<'_>, admission: &Admission) -> Result<Recommendation> {
    let (catalog, specification) = (search.catalog, search.specification);
    let demand = Demand::new(specification)?;
    let evidence = Evidence::new(catalog, admission)?;
    let judge = Judge::new(search, &demand, &evidence);
    let mut tally = Tally::default();
    let mut rejected = Vec::new();
    let mut prospects = BinaryHeap::new();
    for (model, verdict) in admission.models.iter().enumerate() {
        match (verdict, catalog.models().get(model)) {
            (Some((code, reason)), Some(model)) => rejected.push(Rejected {
                model: model.id.clone(),
                gpu: None,
                gpus_per_replica: None,
                backend: None,
                code: *code,
                reason: reason.clone(),
            }),
            (None, Some(_)) => {
                let admitted = admission.gpus.iter().enumerate().filter(|(_, verdict)| verdict.is_none());
                prospects.extend(
                    admitted.filter_map(|(gpu, _)| judge.prospect(model, gpu, &mut tally)).map(Ranked),
                );
            }
            _ => {}
        }
    }
    let passed_over = judge_best_first(&judge, prospects, &mut tally);
    let Tally { found, near, rejected: of_pairs, candidates } = tally;
    let total = found.len();
    let kept = best(found);
    let mut options: Vec<DeploymentOption> =
        kept.iter().map(|found| report::option(&judge, found)).collect::<Result<_>>()?;
    rank_options(&mut options);
    explain::compare_formats(catalog, &mut options);
    let mut near = near;
    near.sort_by(|left, right| left.worst.total_cmp(&right.worst));
    near.truncate(MOST_NEAR_MISSES);
    let mut near_misses: Vec<DeploymentOption> =
        near.iter().map(|found| report::option(&judge, found)).collect::<Result<_>>()?;
    rank_near_misses(&mut near_misses);

    let not_listed = of_pairs.len().saturating_sub(MOST_REJECTED);
    rejected.extend(of_pairs.into_iter().take(MOST_REJECTED));
    let mut notes = super::explain::notes(specification, &options, &rejected, &admission.unknown_exclusions);
    notes.extend(explain::notes(
        specification,
        &options,
        &explain::Counts { candidates, found: total, passed_over, not_listed },
    ));
    let summary = super::explain::summary(specification, &options, &near_misses, None);
    Ok(Recommendation {
        specification: specification.clone(),
        summary,
        pareto: rank::pareto(&options),
        options,
        near_misses,
        rejected,
        unmeasured: None,
        notes,
    })
}

/// Prospects by their score, and in a fixed order among equals.
struct Ranked(Prospect);

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        let (left, right) = (&self.0, &other.0);
        let places = (right.model, right.gpu).cmp(&(left.model, left.gpu));
        left.score.total_cmp(&right.score).then(places)
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ranked {}

/// Judges pairs from the best prospect down. One that can neither be among the listed options nor on
/// the Pareto front is passed over; returns how many were.
fn judge_best_first(judge: &Judge<'_>, mut prospects: BinaryHeap<Ranked>, tally: &mut Tally) -> usize {
    let mut standing = Standing::default();
    let mut passed_over = 0;
    while let Some(Ranked(prospect)) = prospects.pop() {
        if standing.excludes(&prospect) {
            passed_over += 1;
            continue;
        }
        if !prospect.refined && standing.is_full() {
            prospects.extend(judge.refined(&prospect).map(Ranked));
            continue;
        }
        let known = tally.found.len();
        judge.pair(prospect.model, prospect.gpu, &standing, tally);
        standing.extend(tally.found.get(known..).unwrap_or_default());
    }
    passed_over
}

/// What the options found so far leave open.
#[derive(Default)]
struct Standing {
    /// The scores of the best, ascending.
    scores: Vec<f64>,
    /// Cost, latency and quality of those that no other found beats.
    front: Vec<(f64, f64, f64)>,
}

impl Standing {
    fn is_full(&self) -> bool {
        self.scores.len() >= MOST_OPTIONS
    }

    /// Whether nothing of a prospect can be listed.
    fn excludes(&self, prospect: &Prospect) -> bool {
        let listed = !self.is_full() || self.scores.first().is_none_or(|least| prospect.score >= *least);
        let beaten = |(cost, latency, quality): &(f64, f64, f64)| {
            *cost <= prospect.rank_cost && *latency >= prospect.latency && *quality >= prospect.quality
        };
        !listed && self.front.iter().any(beaten)
    }

    fn extend(&mut self, found: &[Found]) {
        for one in found {
            let at = self.scores.partition_point(|score| *score < one.scores.total);
            self.scores.insert(at, one.scores.total);
            if self.scores.len() > MOST_OPTIONS {
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

/// The best by score, those on the Pareto front among them whatever their score.
fn best(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by(|left, right| {
        let score = right.scores.total.total_cmp(&left.scores.total);
        score.then_with(|| left.key().cmp(&right.key()))
    });
    if found.len() <= MOST_OPTIONS {
        return found;
    }
    let front = pareto_front(&found);
    let mut room = MOST_OPTIONS.saturating_sub(front.iter().filter(|on| **on).count());
    found
        .into_iter()
        .zip(front)
        .filter_map(|(found, on_front)| {
            if !on_front {
                room = room.checked_sub(1)?;
            }
            Some(found)
        })
        .take(MOST_OPTIONS)
        .collect()
}

/// Which of them no other beats in cost, latency and quality at once.
fn pareto_front(found: &[Found]) -> Vec<bool> {
    // By cost, so that only those before one can beat it: a running front of latency and quality.
    let mut order: Vec<usize> = (0..found.len()).collect();
    let cost = |at: &usize| found.get(*at).map_or(0.0, |found| found.rank_cost());
    order.sort_by(|left, right| cost(left).total_cmp(&cost(right)));
    let mut front: Vec<(f64, f64)> = Vec::new();
    let mut on_front = vec![false; found.len()];
    for at in order {
        let Some(one) = found.get(at) else { continue };
        let (latency, quality) = (one.scores.latency, one.scores.quality);
        if !front.iter().any(|(other, better)| *other >= latency && *better >= quality) {
            front.push((latency, quality));
            if let Some(slot) = on_front.get_mut(at) {
                *slot = true;
            }
        }
    }
    on_front
}

/// A pair that was ruled out.
fn rejected(
    search: &Search<'_>,
    model: usize,
    gpu: usize,
    gpus: Option<u32>,
    code: RejectionCode,
    reason: String,
) -> Option<Rejected> {
    Some(Rejected {
        model: search.catalog.models().get(model)?.id.clone(),
        gpu: Some(search.catalog.gpus().get(gpu)?.id.clone()),
        gpus_per_replica: gpus,
        backend: Some("vllm".to_owned()),
        code,
        reason,
    })
}
