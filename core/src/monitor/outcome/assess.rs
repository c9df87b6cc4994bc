//! Everything that outcomes say at once.

use serde::{Deserialize, Serialize};

use super::bias::biases;
use super::compare::{Predicted, comparisons, predictions};
use super::drift::drifts;
use super::provisioning::provisioning;
use super::{Outcome, OutcomeComparison, OutcomeDrift, PredictionBias, Provisioning, check_all};
use crate::catalog::Catalog;
use crate::error::Result;

/// What outcomes are asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OutcomesRequest {
    /// The outcomes, in any order.
    pub outcomes: Vec<Outcome>,
    /// Whether figures that no prediction is given of are predicted from what ran. Default: yes.
    #[serde(default = "yes")]
    pub predict: bool,
    /// The present, in seconds since the Unix epoch, which nothing may be after. Default: not held
    /// against one.
    #[serde(default)]
    pub now_seconds: Option<f64>,
}

fn yes() -> bool {
    true
}

/// What outcomes say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OutcomeReport {
    /// Every figure against its prediction, in the order of the outcomes.
    pub comparisons: Vec<OutcomeComparison>,
    /// Of the comparisons with an interval, the share within: 0.9 where predictions are as good as
    /// they say. None without.
    pub within_fraction: Option<f64>,
    /// How predictions are wrong on average: of all, by model, by GPU and by both.
    pub biases: Vec<PredictionBias>,
    /// What moves: significant ones first.
    pub drifts: Vec<OutcomeDrift>,
    /// What each deployment has, and needs.
    pub provisioning: Vec<Provisioning>,
}

/// Holds outcomes against their predictions, and looks for bias, drift and waste.
///
/// ```
/// use sizewell::monitor::{Outcome, OutcomeFigures, OutcomesRequest, assess_outcomes};
/// use sizewell::queueing::EstimateRequest;
/// let ran = EstimateRequest {
///     qps: Some(4.0),
///     ..EstimateRequest::new("Llama-3.1-8B-Instruct", "H100", 512.0, 256.0)
/// };
/// let outcome = Outcome {
///     deployment_id: "chat".into(),
///     from_seconds: 1_763_596_800.0,
///     to_seconds: 1_763_600_400.0,
///     ran,
///     quantile: Default::default(),
///     observed: OutcomeFigures { itl_ms: Some(9.0), ..Default::default() },
///     predicted: OutcomeFigures::default(),
///     targets: OutcomeFigures { itl_ms: Some(30.0), ..Default::default() },
/// };
/// let request = OutcomesRequest { outcomes: vec![outcome], predict: true, now_seconds: Some(1_763_600_400.0) };
/// let report = assess_outcomes(sizewell_data::catalog(), &request)?;
/// assert_eq!(report.comparisons[0].within, Some(true));
/// assert_eq!(report.provisioning[0].within_targets_fraction, Some(1.0));
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `empty` and `too_large` at `outcomes`; at `outcomes[i]` as [`Outcome::check`], `invalid_value` at
/// its `to_seconds` where that is after the present, and with `predict` as
/// [`predicted_figures`](super::predicted_figures).
pub fn assess_outcomes(catalog: &Catalog, request: &OutcomesRequest) -> Result<OutcomeReport> {
    let outcomes = &request.outcomes;
    check_all(outcomes, request.now_seconds)?;
    let mut predicted: Vec<Predicted> = Vec::with_capacity(outcomes.len());
    for (index, outcome) in outcomes.iter().enumerate() {
        let found = predictions(catalog, outcome, request.predict);
        predicted.push(found.map_err(|error| error.within(&format!("outcomes[{index}]")))?);
    }
    let rows = outcomes.iter().zip(&predicted).enumerate();
    let rows: Vec<OutcomeComparison> =
        rows.flat_map(|(index, (outcome, predicted))| comparisons(index, outcome, predicted)).collect();
    let with_interval: Vec<bool> = rows.iter().filter_map(|row| row.within).collect();
    let within = with_interval.iter().filter(|within| **within).count();
    Ok(OutcomeReport {
        within_fraction: (!with_interval.is_empty()).then(|| within as f64 / with_interval.len() as f64),
        biases: biases(outcomes, &rows),
        drifts: drifts(outcomes, &predicted),
        provisioning: provisioning(outcomes),
        comparisons: rows,
    })
}
