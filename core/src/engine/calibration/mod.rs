//! What measurements say about a deployment beyond its data sheet: factors on the roofline's
//! coefficients, each with a prior, a standard error, and a word on whether the measurements
//! determine it at all.
//!
//! A calibration starts from the coefficients that were fitted to public measurements
//! ([`Coefficients::FITTED`]) and moves groups of them by common factors, as far as the data
//! outweigh how much such factors differ from one deployment to the next. `queueing::calibrate`
//! takes benchmark points and logs of requests; what a log says of iterations is reckoned here.

mod factors;
mod fitted;
mod log;
mod solve;
mod trajectory;

use serde::{Deserialize, Serialize};

use super::replica::Replica;
use super::roofline::{Coefficients, ErrorModel, Roofline};
use crate::error::Result;
use crate::units::{Quantile, check_count, check_range};

pub use fitted::FittedFactors;
pub use log::{LoggedRequest, MOST_LOGGED_REQUESTS, RequestLog};
pub(crate) use solve::{Figure, Kind, Predictions, solve};
pub(crate) use trajectory::Trajectory;

/// How a calibration is done. Every field has a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CalibrationOptions {
    /// A factor counts as undetermined, and stays at its prior, when its posterior standard
    /// deviation is over this share of its prior's, 0 to 1. Default: 0.9.
    pub undetermined_above: f64,
    /// Least standard deviation of the logarithm of a measured latency about the model, 0.001 to
    /// 1. Default: 0.01, about what repeated runs of a benchmark differ by.
    pub least_noise: f64,
    /// Most rounds of weighting and fitting, 1 to 100. Default: 8.
    pub max_rounds: u32,
}

impl Default for CalibrationOptions {
    fn default() -> Self {
        Self { undetermined_above: 0.9, least_noise: 0.01, max_rounds: 8 }
    }
}

impl CalibrationOptions {
    fn check(&self) -> Result<()> {
        check_range("options.undetermined_above", self.undetermined_above, 0.0, 1.0)?;
        check_range("options.least_noise", self.least_noise, 0.001, 1.0)?;
        check_count("options.max_rounds", self.max_rounds.into(), 1, 100)
    }
}

/// One factor of a calibration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CalibratedFactor {
    /// What it is a factor on, such as `kv_bandwidth`.
    pub name: String,
    /// Its value: 1 is what public measurements say. Above 1 is faster for bandwidths, compute and
    /// attention, slower for overheads, work and queues.
    pub value: f64,
    /// Its standard error; none where the measurements do not determine it, or it lies at a bound.
    pub standard_error: Option<f64>,
    /// Standard deviation of its logarithm before the measurements.
    pub prior_spread: f64,
}

/// By how much percentiles in the measurements are above those that are predicted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PercentileRatio {
    /// `ttft` or `itl`.
    pub latency: String,
    /// The percentile.
    pub quantile: Quantile,
    /// Measured ÷ predicted.
    pub value: f64,
}

/// How far one measurement is from the calibrated prediction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CalibrationResidual {
    /// The measurement, such as `deployments[0].points[3].itl_ms`.
    pub path: String,
    /// As measured, in the unit of the path; of a log, milliseconds.
    pub measured: f64,
    /// As predicted with the calibrated coefficients.
    pub predicted: f64,
    /// ln(predicted ÷ measured).
    pub log_residual: f64,
    /// How much it counted for the fit, 0 to 1: near 0 for outliers.
    pub weight: f64,
}

/// Standard deviations of ln(measured ÷ predicted) after the calibration, by what was measured;
/// none for what was measured fewer than five times.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CalibrationNoise {
    /// Of inter-token latencies of benchmark points, or else of requests of logs.
    pub itl: Option<f64>,
    /// Of times to first token of benchmark points, or else of prompts of logs.
    pub ttft: Option<f64>,
    /// Of throughputs.
    pub throughput: Option<f64>,
}

/// What measurements said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// What to hand to estimates and predictions as their `calibration`.
    pub fitted: FittedFactors,
    /// Every factor, fitted or kept.
    pub factors: Vec<CalibratedFactor>,
    /// Factors that the measurements do not determine, kept at 1.
    pub undetermined: Vec<String>,
    /// Factors that lie at the end of what is believed of any deployment (0.1 to 10): a data sheet
    /// or a measurement is likely to be wrong.
    pub at_bound: Vec<String>,
    /// Percentiles over those that are predicted, where percentiles were given.
    pub percentile_ratios: Vec<PercentileRatio>,
    /// Scatter of the measurements.
    pub noise: CalibrationNoise,
    /// 90% intervals of a prediction with the calibrated coefficients: the scatter and what the
    /// factors leave open; of a latency that was not measured, those without calibration.
    pub errors: ErrorModel,
    /// Each measurement against the prediction.
    pub residuals: Vec<CalibrationResidual>,
    /// Measurements used.
    pub measurements: u64,
    /// Of these, outliers: they counted less than a third.
    pub outliers: u64,
    /// Whether the search ended before its rounds did.
    pub converged: bool,
}

impl Calibration {
    /// The calibrated coefficients.
    #[must_use]
    pub fn coefficients(&self) -> Coefficients {
        let values: Vec<f64> = factors::FACTORS
            .iter()
            .map(|factor| self.factor(factor.name).map_or(1.0, |factor| factor.value))
            .collect();
        factors::apply(&values)
    }

    /// The factor of a name.
    #[must_use]
    pub fn factor(&self, name: &str) -> Option<&CalibratedFactor> {
        self.factors.iter().find(|factor| factor.name == name)
    }

    /// A replica with the calibrated coefficients: the one that was measured, or another to which
    /// the calibration is carried over.
    ///
    /// # Errors
    ///
    /// As [`Roofline::with`].
    pub fn engine(&self, replica: &Replica<'_>) -> Result<Roofline> {
        Roofline::with(replica, &self.coefficients())
    }
}
