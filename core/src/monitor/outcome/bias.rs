//! Whether predictions are wrong in one direction, and for which models and GPUs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Outcome, OutcomeComparison, OutcomeFigure, by_deployment};
use crate::forecast::inflation;
use crate::monitor::statistics::{holm, mean, moments};
use crate::units::{exp, ln, powf, sqrt, t_quantile, t_two_sided};

/// Deployments at which a correction counts by half: as for measured rows in planning.
const SHRINK: f64 = 4.0;
/// Fewest outcomes of which anything is said.
const FEWEST_OUTCOMES: usize = 3;

/// What a bias is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BiasScope {
    /// The model; none for all.
    pub model: Option<String>,
    /// The GPU; none for all.
    pub gpu: Option<String>,
}

/// How predictions of a figure are wrong on average.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PredictionBias {
    /// Of what.
    pub scope: BiasScope,
    /// The figure.
    pub figure: OutcomeFigure,
    /// Deployments.
    pub deployments: u64,
    /// Outcomes of these.
    pub outcomes: u64,
    /// Geometric mean of observed ÷ predicted, each deployment counted once.
    pub ratio: f64,
    /// Lower end of its 95% interval; none where there are too few to tell.
    pub ratio_low: Option<f64>,
    /// Upper end of it.
    pub ratio_high: Option<f64>,
    /// Standard deviation of the logarithm of the ratio between deployments, or of one deployment
    /// between outcomes.
    pub log_spread: f64,
    /// Chance of a ratio as far from 1 without bias; none where there are too few to tell.
    pub p_value: Option<f64>,
    /// The same where every bias of the report is tested at once (Holm).
    pub p_adjusted: Option<f64>,
    /// Whether that is below 0.05.
    pub significant: bool,
    /// What to multiply a prediction by: the ratio, drawn towards 1 where there are few deployments
    /// (to the power of n ÷ (n + 4)).
    pub correction: f64,
}

/// Logarithms of ratios by deployment, each in order of time.
#[derive(Debug, Clone, Default)]
struct Group {
    deployments: Vec<Vec<f64>>,
}

/// Biases of all, by model, by GPU and by both, for every figure. Where only one model (or GPU) is
/// there, what would be the same group is told once.
pub(super) fn biases(outcomes: &[Outcome], comparisons: &[OutcomeComparison]) -> Vec<PredictionBias> {
    let mut logs: Vec<[Option<f64>; OutcomeFigure::ALL.len()]> =
        vec![[None; OutcomeFigure::ALL.len()]; outcomes.len()];
    for row in comparisons {
        let slots = logs.get_mut(row.outcome as usize);
        if let Some(slot) = slots.and_then(|slots| slots.get_mut(row.figure as usize)) {
            *slot = Some(ln(row.ratio));
        }
    }
    let mut groups: BTreeMap<(OutcomeFigure, BiasScope), Group> = BTreeMap::new();
    for (_, members) in by_deployment(outcomes) {
        // A deployment is of one model and GPU at a time; where it changed, each part counts.
        let mut parts: BTreeMap<(OutcomeFigure, String, String), Vec<f64>> = BTreeMap::new();
        for index in members {
            let (Some(outcome), Some(logs)) = (outcomes.get(index), logs.get(index)) else { continue };
            for (figure, log) in OutcomeFigure::ALL.into_iter().zip(logs) {
                if let Some(log) = log {
                    let key = (figure, outcome.ran.model.clone(), outcome.ran.gpu.clone());
                    parts.entry(key).or_default().push(*log);
                }
            }
        }
        for ((figure, model, gpu), logs) in parts {
            for (with_model, with_gpu) in [(false, false), (true, false), (false, true), (true, true)] {
                let scope = BiasScope {
                    model: with_model.then(|| model.clone()),
                    gpu: with_gpu.then(|| gpu.clone()),
                };
                groups.entry((figure, scope)).or_default().deployments.push(logs.clone());
            }
        }
    }
    let mut found: Vec<PredictionBias> =
        groups.into_iter().map(|((figure, scope), group)| group.bias(scope, figure)).collect();
    let tested: Vec<f64> = found.iter().filter_map(|bias| bias.p_value).collect();
    let mut adjusted = holm(&tested).into_iter();
    for bias in &mut found {
        bias.p_adjusted = bias.p_value.and_then(|_| adjusted.next());
        bias.significant = bias.p_adjusted.is_some_and(|p_value| p_value < 0.05);
    }
    found
}

impl Group {
    fn bias(&self, scope: BiasScope, figure: OutcomeFigure) -> PredictionBias {
        let means: Vec<f64> = self.deployments.iter().map(|logs| mean(logs)).collect();
        let count = means.len();
        // Deployments are the sample, for outcomes of one of them have much in common. Where there
        // is but one, its outcomes are, less what neighbours share.
        let own: &[f64] = self.deployments.first().map_or(&[], Vec::as_slice);
        let (centre, spread, effective) = if count >= 2 {
            let (centre, spread) = moments(&means);
            (centre, spread, count as f64)
        } else {
            let (centre, spread) = moments(own);
            let neighbours: Vec<Option<f64>> = own.iter().copied().map(Some).collect();
            (centre, spread, own.len() as f64 / inflation(&neighbours).0)
        };
        let enough = count >= 2 || own.len() >= FEWEST_OUTCOMES;
        let error = spread / sqrt(effective);
        let degrees = (effective - 1.0).max(1.0);
        let reach = enough.then(|| t_quantile(0.05, degrees) * error);
        let p_value = enough.then(|| match error > 0.0 {
            true => t_two_sided(centre / error, degrees),
            // All alike: no doubt left, one way or the other.
            false if centre == 0.0 => 1.0,
            false => 0.0,
        });
        let ratio = exp(centre);
        let weight = count as f64 / (count as f64 + SHRINK);
        PredictionBias {
            scope,
            figure,
            deployments: count as u64,
            outcomes: self.deployments.iter().map(|logs| logs.len() as u64).sum(),
            ratio,
            ratio_low: reach.map(|reach| exp((centre - reach).max(-700.0))),
            ratio_high: reach.map(|reach| exp((centre + reach).min(700.0))),
            log_spread: spread,
            p_value,
            p_adjusted: None,
            significant: false,
            correction: powf(ratio, weight),
        }
    }
}
