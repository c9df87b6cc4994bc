//! Pairs of a model and a GPU: the best that each can come to, why one comes to nothing, and what was
//! found of it.

use super::candidate::{Candidate, ModelFacts, NoRoom, Pair, Setting};
use super::choice::{Choice, Verdict};
use super::demand::{Demand, LEAST_ROOM};
use super::evidence::Evidence;
use super::opened::Opened;
use super::standing::Standing;
use super::{kernels, rejected};
use crate::catalog::Numbers;
use crate::cost::{Fleet, UnitCosts};
use crate::plan::CapacityPlan;
use crate::recommend::search::Search;
use crate::recommend::{LatencyExpectation, LatencyFigure, Rejected, RejectionCode, Scores, rank};
use crate::units::HOURS_PER_MONTH;

/// A configuration that was sized.
#[derive(Debug, Clone, Copy)]
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
            (None, Ok(_), Some(gpus)) => self.bound(model, gpu, f64::from(gpus), 100.0),
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

    /// What an option of so many GPUs with so good a latency score is, or at best may be.
    pub fn bound(&self, model: usize, gpu: usize, gpus: f64, latency: f64) -> Option<Prospect> {
        let Some(Ok(tariff)) = self.tariffs.get(gpu) else { return None };
        let usd_per_month = tariff.of(gpus);
        let quality = self.quality(model);
        let specification = self.search.specification;
        let unit_costs = UnitCosts::new(usd_per_month / HOURS_PER_MONTH, &specification.traffic);
        Some(Prospect {
            model,
            gpu,
            score: rank::total(specification, quality, latency, &unit_costs, gpus),
            rank_cost: if usd_per_month > 0.0 { usd_per_month } else { gpus },
            latency,
            quality: quality.unwrap_or(0.0),
        })
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

    /// Judges a pair and adds what it comes to; `false` where nothing of it can be listed.
    pub fn pair(&self, pair: &Pair<'_>, opened: &mut Opened, standing: &Standing, tally: &mut Tally) -> bool {
        let (model, gpu) = (opened.model, opened.gpu);
        let Some(Ok(tariff)) = self.tariffs.get(gpu) else { return false };
        let verdict = Choice::new(self, pair, *tariff, opened, standing).conclude(tally);
        tally.candidates += opened.candidates.len() as u64;
        match verdict {
            Verdict::Added => {}
            Verdict::PassedOver => return false,
            Verdict::NoRoom => self.refuse_memory(pair, model, gpu, tally),
            Verdict::Refused(gpus, code, reason) => {
                tally.rejected.extend(rejected(self.search, model, gpu, gpus, code, reason));
            }
        }
        true
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
}

/// The plan of so many replicas that take a rate within the targets.
pub(super) fn plan(demand: &Demand, setting: Setting, replicas: u32, capacity_qps: f64) -> CapacityPlan {
    let gpus_per_replica = setting.gpus();
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
