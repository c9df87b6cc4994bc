//! What deployments really did: held against what was predicted, looked through for bias, drift
//! and waste, and handed back to the engine.
//!
//! The record follows the "Deployment Outcomes" of the Compass architecture (6g and "Feedback Loop
//! to Knowledge Base").

mod assess;
mod bias;
mod candidate;
mod change;
mod compare;
mod cost;
mod drift;
mod provisioning;
mod recalibrate;
mod saving;

use serde::{Deserialize, Serialize};

use super::reading::{check_not_after, check_present, check_time};
use crate::error::{Error, ErrorCode, Result};
use crate::queueing::{EstimateRequest, MAX_REPLICAS};
use crate::units::{Quantile, check_count, check_name, check_range};
use crate::workload::{MAX_LATENCY_MS, MAX_QPS, MAX_TOKENS, MIN_QPS};

pub use assess::{OutcomeReport, OutcomesRequest, assess_outcomes};
pub use bias::{BiasScope, PredictionBias};
pub use change::LevelChange;
pub use compare::{OutcomeComparison, predicted_figures};
pub use cost::{CostAnomalies, CostAnomaly, CostAnomalyRequest, cost_anomalies};
pub use drift::{DriftBase, OutcomeDrift};
pub use provisioning::{Provisioning, ProvisioningState};
pub use recalibrate::{Recalibration, RecalibrationRequest, recalibrate};
pub use saving::{Saving, SavingKind, SavingsReport, SavingsRequest, savings};

/// Least figure that is one: below it, ratios mean nothing.
const LEAST_FIGURE: f64 = 1e-9;
/// Most outcomes of one request.
pub const MOST_OUTCOMES: usize = 100_000;

/// A figure of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OutcomeFigure {
    /// Time to first token.
    TtftMs,
    /// Inter-token latency.
    ItlMs,
    /// The whole request.
    E2eMs,
    /// Requests in a second, the most that were borne.
    RequestsPerSecond,
    /// Tokens of answers in a second.
    TokensPerSecond,
    /// What it cost.
    UsdPerHour,
    /// How busy it was.
    Utilization,
}

impl OutcomeFigure {
    /// Every figure, in the order of the declaration.
    pub const ALL: [Self; 7] = [
        Self::TtftMs,
        Self::ItlMs,
        Self::E2eMs,
        Self::RequestsPerSecond,
        Self::TokensPerSecond,
        Self::UsdPerHour,
        Self::Utilization,
    ];

    /// The stable spelling: the name of the field.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TtftMs => "ttft_ms",
            Self::ItlMs => "itl_ms",
            Self::E2eMs => "e2e_ms",
            Self::RequestsPerSecond => "requests_per_second",
            Self::TokensPerSecond => "tokens_per_second",
            Self::UsdPerHour => "usd_per_hour",
            Self::Utilization => "utilization",
        }
    }
}

/// Figures of a deployment, observed or predicted; none for what is not known.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct OutcomeFigures {
    /// Time to first token at the outcome's quantile, in milliseconds.
    pub ttft_ms: Option<f64>,
    /// Inter-token latency at the outcome's quantile, in milliseconds.
    pub itl_ms: Option<f64>,
    /// The whole request at the outcome's quantile, in milliseconds.
    pub e2e_ms: Option<f64>,
    /// Requests in a second over all replicas.
    pub requests_per_second: Option<f64>,
    /// Tokens of answers in a second over all replicas.
    pub tokens_per_second: Option<f64>,
    /// Cost in USD per hour.
    pub usd_per_hour: Option<f64>,
    /// How busy the GPUs were, 0 to 1; predicted: the load over the highest that is sustained.
    pub utilization: Option<f64>,
}

impl OutcomeFigures {
    /// A figure by its name.
    #[must_use]
    pub fn get(&self, figure: OutcomeFigure) -> Option<f64> {
        match figure {
            OutcomeFigure::TtftMs => self.ttft_ms,
            OutcomeFigure::ItlMs => self.itl_ms,
            OutcomeFigure::E2eMs => self.e2e_ms,
            OutcomeFigure::RequestsPerSecond => self.requests_per_second,
            OutcomeFigure::TokensPerSecond => self.tokens_per_second,
            OutcomeFigure::UsdPerHour => self.usd_per_hour,
            OutcomeFigure::Utilization => self.utilization,
        }
    }

    /// A figure that can be divided by: a load of next to nothing is none.
    fn counted(&self, figure: OutcomeFigure) -> Option<f64> {
        self.get(figure).filter(|value| *value >= LEAST_FIGURE)
    }

    fn check(&self) -> Result<()> {
        for figure in OutcomeFigure::ALL {
            let Some(value) = self.get(figure) else { continue };
            match figure {
                // A deployment at rest is one of 0.
                OutcomeFigure::Utilization => check_range(figure.as_str(), value, 0.0, 1.0)?,
                OutcomeFigure::TtftMs | OutcomeFigure::ItlMs | OutcomeFigure::E2eMs => {
                    check_range(figure.as_str(), value, LEAST_FIGURE, MAX_LATENCY_MS)?;
                }
                _ => check_range(figure.as_str(), value, LEAST_FIGURE, 1e12)?,
            }
        }
        Ok(())
    }
}

/// What a deployment did over a stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Which deployment: the same text for all outcomes of one, at most 200 bytes.
    pub deployment_id: String,
    /// When the stretch began, in seconds since the Unix epoch.
    pub from_seconds: f64,
    /// When it ended, after it began.
    pub to_seconds: f64,
    /// What ran, and its traffic as it was: mean tokens of prompts and answers, and `qps`, requests
    /// per second over all replicas.
    pub ran: EstimateRequest,
    /// Which statistic the latencies are. Default: p95.
    #[serde(default)]
    pub quantile: Quantile,
    /// What was seen.
    pub observed: OutcomeFigures,
    /// What had been predicted. What is left out is predicted from `ran`, where that is asked for.
    #[serde(default)]
    pub predicted: OutcomeFigures,
    /// What was promised, at the same quantile: latencies at most, requests per second at least,
    /// USD per hour at most. None for no promise.
    #[serde(default)]
    pub targets: OutcomeFigures,
}

impl Outcome {
    /// Checks all but whether the catalog has what ran and how it can run, which a prediction checks.
    ///
    /// # Errors
    ///
    /// `empty` or `invalid_value` at `deployment_id`; `invalid_value` for a time or a figure out of
    /// range, and for lengths or a number of replicas that nothing has; `missing_field` at `ran.qps`, `invalid_value` at `ran.concurrency`, for a deployment's
    /// load is open; `missing_field` at `observed` where nothing was.
    pub fn check(&self) -> Result<()> {
        check_name("deployment_id", &self.deployment_id, 200)?;
        check_time("from_seconds", self.from_seconds)?;
        check_time("to_seconds", self.to_seconds)?;
        if self.to_seconds <= self.from_seconds {
            let allowed = format!("after from_seconds, {}", self.from_seconds);
            return Err(Error::invalid("to_seconds", self.to_seconds, allowed));
        }
        match (self.ran.qps, self.ran.concurrency) {
            (_, Some(clients)) => {
                return Err(Error::invalid("ran.concurrency", clients, "null: give the rate as `qps`"));
            }
            (None, None) => return Err(Error::missing("ran.qps", "requests per second over all replicas")),
            (Some(qps), None) => check_range("ran.qps", qps, MIN_QPS, MAX_QPS)?,
        }
        check_range("ran.input_tokens", self.ran.input_tokens, 1.0, f64::from(MAX_TOKENS))?;
        check_range("ran.output_tokens", self.ran.output_tokens, 1.0, f64::from(MAX_TOKENS))?;
        check_count("ran.replicas", self.replicas().into(), 1, MAX_REPLICAS.into())?;
        for (name, figures) in
            [("observed", &self.observed), ("predicted", &self.predicted), ("targets", &self.targets)]
        {
            figures.check().map_err(|error| error.within(name))?;
        }
        if self.observed == OutcomeFigures::default() {
            return Err(Error::missing("observed", "give a figure that was seen"));
        }
        Ok(())
    }

    pub(super) fn hours(&self) -> f64 {
        (self.to_seconds - self.from_seconds) / 3600.0
    }

    pub(super) fn replicas(&self) -> u32 {
        self.ran.replicas.unwrap_or(1)
    }
}

/// Checks outcomes, of which there must be some, and none may end after the present.
fn check_all(outcomes: &[Outcome], now_seconds: Option<f64>) -> Result<()> {
    check_present(now_seconds)?;
    if outcomes.is_empty() {
        return Err(Error::new(ErrorCode::Empty, "outcomes", "has none"));
    }
    if outcomes.len() > MOST_OUTCOMES {
        let error = Error::new(ErrorCode::TooLarge, "outcomes", "are too many");
        return Err(error.given(outcomes.len()).allowed(format!("at most {MOST_OUTCOMES}")));
    }
    for (index, outcome) in outcomes.iter().enumerate() {
        let within = |error: Error| error.within(&format!("outcomes[{index}]"));
        outcome.check().map_err(within)?;
        check_not_after("to_seconds", outcome.to_seconds, now_seconds).map_err(within)?;
    }
    Ok(())
}

/// Outcomes of each deployment in order of time, the deployments by their first mention.
fn by_deployment(outcomes: &[Outcome]) -> Vec<(&str, Vec<usize>)> {
    let mut places = std::collections::BTreeMap::new();
    let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
    for (index, outcome) in outcomes.iter().enumerate() {
        let id = outcome.deployment_id.as_str();
        let place = *places.entry(id).or_insert_with(|| {
            groups.push((id, Vec::new()));
            groups.len() - 1
        });
        if let Some((_, members)) = groups.get_mut(place) {
            members.push(index);
        }
    }
    let time = |index: &usize| outcomes.get(*index).map_or(0.0, |one| one.from_seconds);
    for (_, members) in &mut groups {
        members.sort_by(|left, right| time(left).total_cmp(&time(right)));
    }
    groups
}
