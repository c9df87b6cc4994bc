//! The order of options: scores, near misses, the Pareto front.

use super::{DeploymentOption, LatencyExpectation, Scores};
use crate::cost::UnitCosts;
use crate::plan::CapacityPlan;
use crate::units::log2;
use crate::workload::{DeploymentModel, Specification};

/// What the ranking goes by; see [`Scores`] for the formulas.
///
/// Each part depends on the option alone. The cost part is logarithmic: multiplying every price by
/// the same factor moves all options by the same amount, so that the order stays.
pub(super) fn scores(
    specification: &Specification,
    quality: Option<f64>,
    latency: &LatencyExpectation,
    unit_costs: &UnitCosts,
    plan: &CapacityPlan,
) -> Scores {
    let cost = cost_score(specification, unit_costs, plan.gpu_count as f64);
    // Nobody is helped by an answer in a tenth of the time that was asked for: half is full marks.
    let marks =
        [latency.ttft, latency.itl, latency.e2e].map(|figure| (2.0 * figure.headroom_fraction).min(1.0));
    let latency = 100.0 * marks.iter().sum::<f64>() / 3.0;
    let total = total(specification, quality, latency, unit_costs, plan.gpu_count as f64);
    Scores { total, quality: quality.unwrap_or(0.0), cost, latency }
}

fn cost_score(specification: &Specification, unit_costs: &UnitCosts, gpus: f64) -> f64 {
    let basis = match specification.deployment_model {
        // Owned GPUs are paid for: the fewest are the best, whatever power costs.
        DeploymentModel::Owned => gpus,
        DeploymentModel::Cloud | DeploymentModel::Purchase => unit_costs.usd_per_million_tokens,
    };
    50.0 - 10.0 * log2(basis)
}

/// The total of a latency score and of what so many GPUs cost.
pub(super) fn total(
    specification: &Specification,
    quality: Option<f64>,
    latency: f64,
    unit_costs: &UnitCosts,
    gpus: f64,
) -> f64 {
    let cost = cost_score(specification, unit_costs, gpus);
    let quality = quality.unwrap_or(0.0);
    let priorities = &specification.priorities;
    let weights = [priorities.quality.weight(), priorities.cost.weight(), priorities.latency.weight()];
    let weighted: f64 =
        weights.iter().zip([quality, cost, latency]).map(|(weight, part)| weight * part).sum();
    weighted / weights.iter().sum::<f64>()
}

/// Best score first; ties go to the cheaper, then by name.
pub(super) fn rank_options(options: &mut [DeploymentOption]) {
    options.sort_by(|left, right| {
        let score = right.scores.total.total_cmp(&left.scores.total);
        score
            .then_with(|| left.usd_per_month.total_cmp(&right.usd_per_month))
            .then_with(|| left.id.cmp(&right.id))
    });
    number(options);
}

/// The smallest worst miss first; ties go to the better score.
pub(super) fn rank_near_misses(near_misses: &mut [DeploymentOption]) {
    let worst =
        |option: &DeploymentOption| option.misses.iter().map(|miss| miss.over_fraction).fold(0.0, f64::max);
    near_misses.sort_by(|left, right| {
        let miss = worst(left).total_cmp(&worst(right));
        miss.then_with(|| right.scores.total.total_cmp(&left.scores.total))
            .then_with(|| left.id.cmp(&right.id))
    });
    number(near_misses);
}

fn number(options: &mut [DeploymentOption]) {
    for (rank, option) in (1..).zip(options) {
        option.rank = rank;
    }
}

/// The options that no other beats: at least as good in cost, latency and quality and better in
/// one. Cheapest first. Of options equal in all three the best ranked stands for all.
pub(super) fn pareto(options: &[DeploymentOption]) -> Vec<DeploymentOption> {
    let figures = |option: &DeploymentOption| {
        // Of owned GPUs without a price of power, fewer are cheaper.
        let cost = if option.usd_per_month > 0.0 { option.usd_per_month } else { option.gpu_count as f64 };
        [cost, -option.scores.latency, -option.scores.quality]
    };
    let all: Vec<[f64; 3]> = options.iter().map(figures).collect();
    let beats = |one: &[f64; 3], other: &[f64; 3]| {
        one.iter().zip(other).all(|(left, right)| left <= right) && one != other
    };
    let mut front: Vec<DeploymentOption> = options
        .iter()
        .zip(&all)
        .enumerate()
        .filter(|(position, (_, mine))| {
            !all.iter().any(|theirs| beats(theirs, mine))
                && !all.iter().take(*position).any(|theirs| theirs == *mine)
        })
        .map(|(_, (option, _))| option.clone())
        .collect();
    front.sort_by(|left, right| {
        left.usd_per_month.total_cmp(&right.usd_per_month).then(left.rank.cmp(&right.rank))
    });
    front
}
