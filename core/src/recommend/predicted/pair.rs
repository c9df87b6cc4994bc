//! Pairs of a model and a GPU: the best that each can come to, why one comes to nothing, and what was
//! found of it.

use super::candidate::{Candidate, ModelFacts, NoRoom, Pair, Setting};
use super::choice::Choice;
use super::demand::{Demand, LEAST_ROOM};
use super::evidence::Evidence;
use super::{Standing, kernels, rejected};
use crate::catalog::Numbers;
use crate::cost::{Fleet, UnitCosts};
use crate::plan::CapacityPlan;
use crate::recommend::search::Search;
use crate::recommend::{LatencyExpectation, LatencyFigure, Rejected, RejectionCode, Scores, rank};
use crate::units::HOURS_PER_MONTH;

/// A configuration that was sized.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub model: usize,
    pub gpu: usize,
    pub candidate: Candidate,
    pub replicas: u32,
    pub gpu_count: u64,
    pub usd_per_month: f64,
    /// Latencies that are expected at the planned load.
    pub latency: LatencyExpectation,
    pub scores: Scores,
    /// Largest miss, as a share of its target; 0 for none.
    pub worst: f64,
}

impl Found {
    /// What orders configurations that are alike otherwise.
    pub fn key(&self) -> (usize, usize, Setting) {
        (self.model, self.gpu, self.candidate.setting)
    }

    /// Of owned GPUs without a price of power, fewer are cheaper.
    pub fn rank_cost(&self) -> f64 {
        if self.usd_per_month > 0.0 { self.usd_per_month } else { self.gpu_count as f64 }
    }
}

/// What all pairs came to.
#[derive(Default)]
pub(super) struct Tally {
    pub found: Vec<Found>,
    pub near: Vec<Found>,
    pub rejected: Vec<Rejected>,
    /// Configurations that were looked at.
    pub candidates: u64,
}

/// USD per month of so many GPUs: a part for each and a part for all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tariff {
    each: f64,
    fixed: f64,
}

impl Tariff {
    pub fn of(self, gpus: f64) -> f64 {
        self.fixed + self.each * gpus
    }
}

/// Judges pairs of model and GPU.
pub(super) struct Judge<'a> {
    pub search: &'a Search<'a>,
    pub demand: &'a Demand,
    pub evidence: &'a Evidence,
    tariffs: Vec<Result<Tariff, String>>,
    facts: Vec<ModelFacts>,
    qualities: Vec<Option<f64>>,
}

impl<'a> Judge<'a> {
    pub fn new(search: &'a Search<'a>, demand: &'a Demand, evidence: &'a Evidence) -> Self {
        let catalog = search.catalog;
        let models = catalog.models();
        let mut fp8_bases: Vec<Option<usize>> = models
            .iter()
            .enumerate()
            .filter(|(_, model)| model.weight_format.numbers() == Numbers::Float8)
            .map(|(at, _)| catalog.base_at(at))
            .collect();
        fp8_bases.sort_unstable();
        let facts =
            |(at, model)| ModelFacts::new(model, fp8_bases.binary_search(&catalog.base_at(at)).is_ok());
        Self {
            search,
            demand,
            evidence,
            tariffs: catalog.gpus().iter().map(|gpu| tariff(search, &gpu.id)).collect(),
            facts: models.iter().enumerate().map(facts).collect(),
            qualities: models.iter().map(|model| search.quality(&model.id)).collect(),
        }
    }

    pub fn quality(&self, model: usize) -> Option<f64> {
        self.qualities.get(model).copied().flatten()
    }

    pub fn pair_of(&self, model: usize, gpu_position: usize) -> Option<Pair<'_>> {
        let catalog = self.search.catalog;
        Some(Pair {
            model: catalog.models().get(model)?,
            gpu: catalog.gpus().get(gpu_position)?,
            facts: self.facts.get(model)?,
            base: catalog.base_at(model)?,
            gpu_position,
            demand: self.demand,
            evidence: self.evidence,
        })
    }

    /// The best that a pair can come to, or why it comes to nothing.
    pub fn prospect(&self, model: usize, gpu: usize, tally: &mut Tally) -> Option<Prospect> {
        let (pair, tariff) = (self.pair_of(model, gpu)?, self.tariffs.get(gpu)?);
        let refusal = match tariff {
            Err(why) => Some((RejectionCode::PriceNotKnown, why.clone())),
            Ok(_) => kernels::refusal(pair.model, pair.gpu).map(|why| (RejectionCode::Kernels, why)),
        };
        match (refusal, tariff, pair.fewest_gpus()) {
            (None, Ok(tariff), Some(gpus)) => {
                Some(self.bound(model, gpu, *tariff, f64::from(gpus), 100.0, false))
            }
            (Some((code, why)), _, _) => {
                tally.rejected.extend(rejected(self.search, model, gpu, None, code, why));
                None
            }
            _ => {
                self.refuse_memory(&pair, model, gpu, tally);
                None
            }
        }
    }

    pub(super) fn bound(
        &self,
        model: usize,
        gpu: usize,
        tariff: Tariff,
        gpus: f64,
        latency: f64,
        refined: bool,
    ) -> Prospect {
        let usd_per_month = tariff.of(gpus);
        let quality = self.quality(model);
        let specification = self.search.specification;
        let unit_costs = UnitCosts::new(usd_per_month / HOURS_PER_MONTH, &specification.traffic);
        Prospect {
            model,
            gpu,
            score: rank::total(specification, quality, latency, &unit_costs, gpus),
            rank_cost: if usd_per_month > 0.0 { usd_per_month } else { gpus },
            latency,
            quality: quality.unwrap_or(0.0),
            refined,
        }
    }

    /// A closer bound, from every configuration of the pair.
    pub fn refined(&self, prospect: &Prospect) -> Option<Prospect> {
        let Prospect { model, gpu, .. } = *prospect;
        let (pair, Ok(tariff)) = (self.pair_of(model, gpu)?, self.tariffs.get(gpu)?) else { return None };
        let mut candidates = Vec::new();
        let (mut least, mut latency) = (f64::INFINITY, f64::NEG_INFINITY);
        for (tensor_parallel, stages) in pair.spreads() {
            if stages > 1 && least.is_finite() {
                break;
            }
            candidates.clear();
            pair.spread(tensor_parallel, stages, &mut candidates);
            for candidate in &candidates {
                if self.floor_ratio(candidate) > 1.0 {
                    continue;
                }
                let marks = self.floor_marks(candidate);
                least = least.min(candidate.least_gpus);
                latency = latency.max(marks);
                // One replica of the fewest GPUs that takes the load: the bound is as close as it gets.
                if candidate.least_gpus <= f64::from(candidate.setting.gpus()) && marks >= 100.0 {
                    return Some(self.bound(model, gpu, *tariff, least, latency, true));
                }
            }
        }
        let far = Prospect {
            score: f64::NEG_INFINITY,
            rank_cost: f64::INFINITY,
            latency: f64::NEG_INFINITY,
            quality: f64::NEG_INFINITY,
            refined: true,
            ..*prospect
        };
        Some(if least.is_finite() { self.bound(model, gpu, *tariff, least, latency, true) } else { far })
    }

    /// The latency score that the lower bounds of a configuration's latencies would have.
    pub(super) fn floor_marks(&self, candidate: &Candidate) -> f64 {
        let (ttft, itl) = candidate.floors_ms(self.demand);
        let ratios = self.demand.ratios(ttft, itl);
        let marks: f64 = ratios.into_iter().map(|(_, ratio)| (2.0 * (1.0 - ratio)).min(1.0)).sum();
        // Rounding must not make a bound lower than what it bounds.
        (marks / 3.0 * 100.0 + 1e-9).min(100.0)
    }

    /// Lower bounds of the latencies over their targets, the largest.
    pub(super) fn floor_ratio(&self, candidate: &Candidate) -> f64 {
        let (ttft, itl) = candidate.floors_ms(self.demand);
        self.demand.ratios(ttft, itl).into_iter().map(|(_, ratio)| ratio).fold(0.0, f64::max)
    }

    fn refuse_memory(&self, pair: &Pair<'_>, model: usize, gpu: usize, tally: &mut Tally) {
        let (gpus, code, reason) = match pair.no_room() {
            NoRoom::Spread => {
                let reason = "its heads cannot be split over the GPUs of one domain".to_owned();
                (None, RejectionCode::Parallelism, reason)
            }
            NoRoom::Memory(plan) => {
                let reason = plan.reason.unwrap_or_else(|| {
                    format!(
                        "room for {} requests of {} tokens at a time, fewer than the {LEAST_ROOM} that make a batch",
                        plan.concurrent_requests, plan.request_tokens
                    )
                });
                (Some(plan.parallelism.gpus()), RejectionCode::Memory, reason)
            }
        };
        tally.rejected.extend(rejected(self.search, model, gpu, gpus, code, reason));
    }

    /// Judges a pair and adds what it comes to.
    pub fn pair(&self, model: usize, gpu: usize, standing: &Standing, tally: &mut Tally) {
        let (Some(pair), Some(Ok(tariff))) = (self.pair_of(model, gpu), self.tariffs.get(gpu)) else {
            return;
        };
        let mut choice = Choice::new(self, model, gpu, *tariff);
        choice.search(&pair);
        tally.candidates += choice.candidates.len() as u64;
        if choice.candidates.is_empty() {
            self.refuse_memory(&pair, model, gpu, tally);
        } else if let Err((gpus, code, reason)) = choice.conclude(&pair, standing, tally) {
            tally.rejected.extend(rejected(self.search, model, gpu, gpus, code, reason));
        }
    }
}

/// The best that a pair can come to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prospect {
    pub model: usize,
    pub gpu: usize,
    /// No option of the pair scores more.
    pub score: f64,
    /// None costs less.
    pub rank_cost: f64,
    /// None has a better latency score.
    pub latency: f64,
    pub quality: f64,
    /// Whether the bounds are from its configurations, not from sizes alone.
    pub refined: bool,
}

/// The plan of so many replicas that take a rate within the targets.
pub(super) fn plan(demand: &Demand, candidate: &Candidate, replicas: u32, capacity_qps: f64) -> CapacityPlan {
    let gpus_per_replica = candidate.setting.gpus();
    CapacityPlan {
        replicas: replicas.into(),
        gpus_per_replica,
        gpu_count: u64::from(replicas) * u64::from(gpus_per_replica),
        replica_qps: capacity_qps / f64::from(replicas),
        capacity_qps,
        required_qps: demand.required_qps,
        utilization_at_peak: demand.peak_qps / capacity_qps,
    }
}

/// Latencies against the targets.
pub(super) fn expectation(demand: &Demand, ttft_ms: f64, itl_ms: f64) -> LatencyExpectation {
    let slo = &demand.slo;
    let figure = |value_ms: f64, target_ms: f64| LatencyFigure {
        value_ms,
        target_ms,
        headroom_fraction: 1.0 - value_ms / target_ms,
        measured_percentile: slo.percentile,
    };
    LatencyExpectation {
        percentile: slo.percentile,
        ttft: figure(ttft_ms, slo.ttft_ms),
        itl: figure(itl_ms, slo.itl_ms),
        e2e: figure(demand.whole_ms(ttft_ms, itl_ms), slo.e2e_ms),
    }
}

/// What GPUs cost by the month, from the quotes of one and of two.
fn tariff(search: &Search<'_>, gpu: &str) -> Result<Tariff, String> {
    let fleets = [1, 2].map(|gpu_count| Fleet { gpu: gpu.to_owned(), gpu_count });
    let mut amounts = [0.0; 2];
    for (amount, quote) in amounts.iter_mut().zip(search.cost.quote(&fleets)) {
        match quote {
            Ok(quote) => *amount = quote.usd_per_month,
            Err(error) => {
                return Err(error.report().help.clone().unwrap_or_else(|| error.to_string()));
            }
        }
    }
    let [one, two] = amounts;
    Ok(Tariff { each: two - one, fixed: one - (two - one) })
}
