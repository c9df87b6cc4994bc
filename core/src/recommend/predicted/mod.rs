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

#[cfg(test)]
mod against_all;
mod candidate;
mod choice;
mod demand;
mod evidence;
mod explain;
mod fleet;
pub(crate) mod kernels;
mod loaded;
mod opened;
mod pair;
mod report;
mod standing;

use super::filter::Admission;
use super::rank::{rank_near_misses, rank_options};
use super::search::{NEAR_MISS_FRACTION, Search};
use super::{DeploymentOption, Recommendation, Rejected, RejectionCode, rank};
use crate::error::Result;
use demand::Demand;
use evidence::Evidence;
use opened::Opened;
use pair::{Found, Judge, Prospect, Tally};
use standing::Standing;

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
    let mut rejected = Vec::new();
    for (verdict, model) in admission.models.iter().zip(catalog.models()) {
        if let Some((code, reason)) = verdict {
            rejected.push(Rejected {
                model: model.id.clone(),
                gpu: None,
                gpus_per_replica: None,
                backend: None,
                code: *code,
                reason: reason.clone(),
            });
        }
    }
    let mut tally = Tally::default();
    let passed_over = judge_all(&judge, admission, Standing::new(MOST_OPTIONS), &mut tally);
    let Tally { found, near, rejected: of_pairs, candidates } = tally;
    let total = found.len();
    let kept = best(found, MOST_OPTIONS);
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

/// Pairs by the best score that they may have, and in a fixed order among equals.
struct Ranked {
    prospect: Prospect,
    /// Where its configurations are, once they are looked at.
    opened: Option<usize>,
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        let (left, right) = (&self.prospect, &other.prospect);
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

/// Judges the admitted pairs of model and GPU; returns how many were passed over.
fn judge_all(judge: &Judge<'_>, admission: &Admission, standing: Standing, tally: &mut Tally) -> usize {
    let admitted = |(at, refused): (usize, bool)| (!refused).then_some(at);
    let models = || admission.models.iter().map(Option::is_some).enumerate().filter_map(admitted);
    let gpus = || admission.gpus.iter().map(Option::is_some).enumerate().filter_map(admitted);
    let mut prospects = Vec::new();
    for model in models() {
        for gpu in gpus() {
            let prospect = judge.prospect(model, gpu, tally);
            prospects.extend(prospect.map(|prospect| Ranked { prospect, opened: None }));
        }
    }
    judge_best_first(judge, prospects.into(), standing, tally)
}

/// Judges pairs from the best prospect down, each prospect made closer before it is judged: from the
/// fewest GPUs that hold the weights, spread by spread, to the rate and the floors of each
/// configuration. A pair of which nothing can be among the listed options nor on the Pareto front is
/// passed over; returns how many were.
fn judge_best_first(
    judge: &Judge<'_>,
    mut prospects: BinaryHeap<Ranked>,
    mut standing: Standing,
    tally: &mut Tally,
) -> usize {
    let mut pairs: Vec<Opened> = Vec::new();
    let mut passed_over = 0;
    while let Some(Ranked { prospect, opened }) = prospects.pop() {
        let (model, gpu) = (prospect.model, prospect.gpu);
        let Some(pair) = judge.pair_of(model, gpu) else { continue };
        let at = opened.unwrap_or(pairs.len());
        let excluded = match pairs.get(at) {
            Some(opened) => standing.is_full() && opened.open(&standing).next().is_none(),
            None => standing.excludes(&prospect),
        };
        if excluded {
            passed_over += 1;
            continue;
        }
        if opened.is_none() {
            pairs.push(Opened::new(judge, &pair, model, gpu));
        }
        let Some(opened) = pairs.get_mut(at) else { continue };
        // What no longer has the score that it was taken for waits for its turn.
        let (mut score, mut of_unseen) = opened.score();
        if of_unseen && score >= prospect.score {
            opened.widen(judge, &pair);
            (score, of_unseen) = opened.score();
        }
        let far = opened.too_slow().is_some_and(|ratio| ratio > 1.0 + NEAR_MISS_FRACTION);
        if far || (score >= prospect.score && !of_unseen) {
            let known = tally.found.len();
            passed_over += usize::from(!judge.pair(&pair, opened, &standing, tally));
            standing.extend(tally.found.get(known..).unwrap_or_default());
        } else {
            prospects.push(Ranked { prospect: Prospect { score, ..prospect }, opened: Some(at) });
        }
    }
    passed_over
}

/// The `most` best by score, those on the Pareto front among them whatever their score.
fn best(mut found: Vec<Found>, most: usize) -> Vec<Found> {
    found.sort_by(|left, right| {
        let score = right.scores.total.total_cmp(&left.scores.total);
        score.then_with(|| left.key().cmp(&right.key()))
    });
    if found.len() <= most {
        return found;
    }
    let front = pareto_front(&found);
    let mut room = most.saturating_sub(front.iter().filter(|on| **on).count());
    found
        .into_iter()
        .zip(front)
        .filter_map(|(found, on_front)| {
            if !on_front {
                room = room.checked_sub(1)?;
            }
            Some(found)
        })
        .take(most)
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
