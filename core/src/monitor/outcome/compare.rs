//! Predicted against observed, figure by figure.

use serde::{Deserialize, Serialize};

use super::{LEAST_FIGURE, Outcome, OutcomeFigure, OutcomeFigures};
use crate::catalog::Catalog;
use crate::error::Result;
use crate::queueing::{Estimate, EstimateRequest, estimate};
use crate::units::Quantile;

/// One figure of one outcome against its prediction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OutcomeComparison {
    /// Place of the outcome among those given, from 0.
    pub outcome: u64,
    /// The deployment.
    pub deployment_id: String,
    /// The figure.
    pub figure: OutcomeFigure,
    /// As observed.
    pub observed: f64,
    /// As predicted.
    pub predicted: f64,
    /// Observed over predicted.
    pub ratio: f64,
    /// Lower end of the prediction's 90% interval; none where it has none.
    pub predicted_low: Option<f64>,
    /// Upper end of it.
    pub predicted_high: Option<f64>,
    /// Whether what was observed lies within; none without an interval.
    pub within: Option<bool>,
}

/// Figures with the ends of their intervals.
pub(super) type Predicted = [Option<(f64, Option<(f64, f64)>)>; OutcomeFigure::ALL.len()];

/// What the engine model predicts of a deployment under its traffic: latencies at a quantile,
/// throughput and load. Requests and tokens per second are those that arrive, where they are
/// sustained, else those that are.
///
/// # Errors
///
/// As [`estimate`].
pub fn predicted_figures(
    catalog: &Catalog,
    ran: &EstimateRequest,
    quantile: Quantile,
) -> Result<OutcomeFigures> {
    let found = of_estimate(&estimate(catalog, ran)?, ran, quantile);
    let get = |figure: OutcomeFigure| found.get(figure as usize).copied().flatten().map(|found| found.0);
    Ok(OutcomeFigures {
        ttft_ms: get(OutcomeFigure::TtftMs),
        itl_ms: get(OutcomeFigure::ItlMs),
        e2e_ms: get(OutcomeFigure::E2eMs),
        requests_per_second: get(OutcomeFigure::RequestsPerSecond),
        tokens_per_second: get(OutcomeFigure::TokensPerSecond),
        usd_per_hour: None,
        utilization: get(OutcomeFigure::Utilization),
    })
}

fn of_estimate(estimate: &Estimate, ran: &EstimateRequest, quantile: Quantile) -> Predicted {
    let number = |name: &str| {
        let place = Estimate::NUMBERS.iter().position(|known| *known == name)?;
        estimate.numbers().nth(place).flatten()
    };
    let latency = |name: &str| {
        let field = format!("{name}_{}_ms", quantile.as_str());
        let interval = number(&format!("{field}_low")).zip(number(&format!("{field}_high")));
        number(&field).filter(|value| *value >= LEAST_FIGURE).map(|value| (value, interval))
    };
    let plain = |value: Option<f64>| value.filter(|value| *value >= LEAST_FIGURE).map(|value| (value, None));
    // What arrives beyond what is sustained waits, and is not served.
    let served = number("stable_requests_per_second").map(|most| most.min(ran.qps.unwrap_or(most)));
    [
        latency("ttft"),
        latency("itl"),
        latency("e2e"),
        plain(served),
        plain(served.map(|served| served * ran.output_tokens)),
        None,
        plain(estimate.utilization.map(|load| load.min(1.0))),
    ]
}

/// What had been predicted of an outcome, and where `from_engine` what the engine model says of the
/// rest.
pub(super) fn predictions(catalog: &Catalog, outcome: &Outcome, from_engine: bool) -> Result<Predicted> {
    let mut found: Predicted = [None; OutcomeFigure::ALL.len()];
    if from_engine {
        let estimated = estimate(catalog, &outcome.ran).map_err(|error| error.within("ran"))?;
        found = of_estimate(&estimated, &outcome.ran, outcome.quantile);
    }
    for (figure, slot) in OutcomeFigure::ALL.into_iter().zip(&mut found) {
        if let Some(value) = outcome.predicted.counted(figure) {
            *slot = Some((value, None));
        }
    }
    Ok(found)
}

/// The comparisons of one outcome.
pub(super) fn comparisons<'a>(
    index: usize,
    outcome: &'a Outcome,
    predicted: &'a Predicted,
) -> impl Iterator<Item = OutcomeComparison> + 'a {
    OutcomeFigure::ALL.into_iter().zip(predicted).filter_map(move |(figure, predicted)| {
        let observed = outcome.observed.counted(figure)?;
        let (predicted, interval) = (*predicted)?;
        Some(OutcomeComparison {
            outcome: index as u64,
            deployment_id: outcome.deployment_id.clone(),
            figure,
            observed,
            predicted,
            ratio: observed / predicted,
            predicted_low: interval.map(|ends| ends.0),
            predicted_high: interval.map(|ends| ends.1),
            within: interval.map(|(low, high)| (low..=high).contains(&observed)),
        })
    })
}
