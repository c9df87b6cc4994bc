//! Whether what a deployment does moves away from what it did, or from what was predicted of it.

use serde::{Deserialize, Serialize};

use super::change::{LevelChange, likeliest};
use super::compare::Predicted;
use super::{Outcome, OutcomeFigure, by_deployment};
use crate::monitor::statistics::holm;
use crate::monitor::trend::{Trend, TrendDirection, TrendOptions, of_points};
use crate::units::{exp, ln};

/// What a drift is away from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DriftBase {
    /// The prediction, so that more traffic alone is no drift.
    Prediction,
    /// Its own past, where nothing was predicted.
    OwnPast,
}

/// A figure of a deployment that moves, or does not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OutcomeDrift {
    /// The deployment.
    pub deployment_id: String,
    /// The figure.
    pub figure: OutcomeFigure,
    /// Away from what.
    pub base: DriftBase,
    /// Outcomes.
    pub outcomes: u64,
    /// The likeliest change: of observed ÷ predicted, or of the figure itself, as geometric means.
    pub change: LevelChange,
    /// By what factor it changed.
    pub factor: f64,
    /// Change a day along a line, as a fraction; none where that can't be told.
    pub per_day_fraction: Option<f64>,
    /// Where that line goes.
    pub direction: TrendDirection,
    /// The chance of a change as plain, where every drift of the report is tested at once (Holm).
    pub p_adjusted: f64,
    /// Whether that is below 0.05.
    pub significant: bool,
}

/// Drifts of every deployment with eight outcomes and more, significant ones first, then the
/// larger.
pub(super) fn drifts(outcomes: &[Outcome], predicted: &[Predicted]) -> Vec<OutcomeDrift> {
    let mut found = Vec::new();
    for (id, members) in by_deployment(outcomes) {
        for figure in OutcomeFigure::ALL {
            let rows: Vec<(f64, f64, Option<f64>)> = members
                .iter()
                .filter_map(|index| {
                    let outcome = outcomes.get(*index)?;
                    let observed = outcome.observed.counted(figure)?;
                    let expected = predicted.get(*index)?.get(figure as usize).copied().flatten();
                    Some((outcome.from_seconds, observed, expected.map(|found| found.0)))
                })
                .collect();
            let base = if rows.iter().all(|row| row.2.is_some()) {
                DriftBase::Prediction
            } else {
                DriftBase::OwnPast
            };
            let mut points: Vec<(f64, f64)> = rows
                .iter()
                .map(|(at, observed, expected)| {
                    (*at, ln(observed / expected.filter(|_| base == DriftBase::Prediction).unwrap_or(1.0)))
                })
                .collect();
            points.dedup_by(|later, earlier| later.0 <= earlier.0);
            let Some(change) = likeliest(&points) else { continue };
            let options = TrendOptions { least_change_fraction: 0.0, ..TrendOptions::default() };
            let Trend { direction, slope_per_day, .. } = of_points(&points, &options);
            found.push(OutcomeDrift {
                deployment_id: id.to_owned(),
                figure,
                base,
                outcomes: points.len() as u64,
                factor: exp(change.after - change.before),
                change: LevelChange { before: exp(change.before), after: exp(change.after), ..change },
                per_day_fraction: slope_per_day.map(|slope| exp(slope.min(700.0)) - 1.0),
                direction,
                p_adjusted: 1.0,
                significant: false,
            });
        }
    }
    let p_values: Vec<f64> = found.iter().map(|drift| drift.change.p_value).collect();
    for (drift, p_value) in found.iter_mut().zip(holm(&p_values)) {
        drift.p_adjusted = p_value;
        drift.significant = p_value < 0.05;
    }
    let size = |drift: &OutcomeDrift| ln(drift.factor).abs();
    found.sort_by(|left, right| {
        right.significant.cmp(&left.significant).then(size(right).total_cmp(&size(left)))
    });
    found
}
