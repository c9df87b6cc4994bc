//! What outcomes teach the engine.

use serde::{Deserialize, Serialize};

use super::{Outcome, check_all, predicted_figures};
use crate::catalog::Catalog;
use crate::engine::{Calibration, CalibrationOptions};
use crate::error::{Error, ErrorCode, Result};
use crate::monitor::statistics::median;
use crate::queueing::{CalibrateRequest, DeploymentRequest, MeasuredPoint, calibrate_requests};
use crate::units::{exp, ln};

/// Most outcomes that a calibration is made from: more, and every so many-th is taken.
const MOST_FITTED: usize = 400;

/// Outcomes to learn from: of one model on one GPU, say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RecalibrationRequest {
    /// The outcomes: those with a time to first token or an inter-token latency count.
    pub outcomes: Vec<Outcome>,
    /// How the calibration is done.
    #[serde(default)]
    pub options: CalibrationOptions,
    /// The present, in seconds since the Unix epoch, which nothing may be after. Default: not held
    /// against one.
    #[serde(default)]
    pub now_seconds: Option<f64>,
}

/// What outcomes taught.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Recalibration {
    /// The calibration; its `fitted` goes into the `calibration` of estimates and predictions.
    pub calibration: Calibration,
    /// Outcomes that it was made from.
    pub outcomes: u64,
    /// Median factor between observed and predicted times to first token (either way, from 1 up)
    /// before; none where there were none.
    pub ttft_error_before: Option<f64>,
    /// The same with the calibration. It was fitted to these outcomes: others are met less well.
    pub ttft_error_after: Option<f64>,
    /// The same of inter-token latencies before.
    pub itl_error_before: Option<f64>,
    /// The same with the calibration.
    pub itl_error_after: Option<f64>,
}

/// Calibrates the engine to outcomes: what they say of its coefficients, with as much prior as
/// [`calibrate`](crate::queueing::calibrate) has. Outcomes of replicas that a calibration was given
/// for are taken as if it were not.
///
/// # Errors
///
/// `empty` and `too_large` at `outcomes`; at `outcomes[i]` as [`Outcome::check`], and
/// `invalid_value` at its `to_seconds` where that is after the present; `empty` at `outcomes` where
/// none has a latency; as [`calibrate_requests`].
pub fn recalibrate(catalog: &Catalog, request: &RecalibrationRequest) -> Result<Recalibration> {
    check_all(&request.outcomes, request.now_seconds)?;
    let measured = |outcome: &&Outcome| outcome.observed.ttft_ms.or(outcome.observed.itl_ms).is_some();
    let usable: Vec<&Outcome> = request.outcomes.iter().filter(measured).collect();
    let stride = usable.len().div_ceil(MOST_FITTED).max(1);
    let used: Vec<&Outcome> = usable.into_iter().step_by(stride).collect();
    if used.is_empty() {
        let error = Error::new(ErrorCode::Empty, "outcomes", "have no latencies");
        return Err(error.help("observe ttft_ms or itl_ms"));
    }
    let mut requests: Vec<CalibrateRequest> = Vec::new();
    for outcome in &used {
        let deployment = DeploymentRequest { replicas: None, calibration: None, ..outcome.ran.deployment() };
        let point = point(outcome);
        match requests.iter_mut().find(|known| known.deployment == deployment) {
            Some(known) => known.points.push(point),
            None => requests.push(CalibrateRequest {
                deployment,
                points: vec![point],
                logs: Vec::new(),
                limits: None,
                async_scheduling: true,
            }),
        }
    }
    let calibration = calibrate_requests(catalog, &requests, &request.options)?;
    let mut errors: [Vec<f64>; 4] = Default::default();
    for outcome in &used {
        for (after, fitted) in [(0, None), (1, Some(calibration.fitted.clone()))] {
            let mut ran = outcome.ran.clone();
            ran.calibration = fitted;
            let predicted = predicted_figures(catalog, &ran, outcome.quantile)?;
            let pairs =
                [(outcome.observed.ttft_ms, predicted.ttft_ms), (outcome.observed.itl_ms, predicted.itl_ms)];
            for (place, (observed, predicted)) in pairs.into_iter().enumerate() {
                let error =
                    observed.zip(predicted).map(|(observed, predicted)| ln(observed / predicted).abs());
                if let (Some(error), Some(slot)) = (error, errors.get_mut(2 * place + after)) {
                    slot.push(error);
                }
            }
        }
    }
    let [ttft_before, ttft_after, itl_before, itl_after] =
        errors.map(|mut logs| (!logs.is_empty()).then(|| exp(median(&mut logs))));
    Ok(Recalibration {
        calibration,
        outcomes: used.len() as u64,
        ttft_error_before: ttft_before,
        ttft_error_after: ttft_after,
        itl_error_before: itl_before,
        itl_error_after: itl_after,
    })
}

/// One replica's share of an outcome.
fn point(outcome: &Outcome) -> MeasuredPoint {
    let ran = &outcome.ran;
    let qps = ran.qps.unwrap_or_default() / f64::from(outcome.replicas());
    MeasuredPoint {
        cached_tokens: ran.input_tokens * ran.prefix_hit_fraction.unwrap_or_default(),
        requests_per_second: Some(qps),
        quantile: outcome.quantile,
        ttft_ms: outcome.observed.ttft_ms,
        itl_ms: outcome.observed.itl_ms,
        starts_with_burst: false,
        ..MeasuredPoint::of_lengths(ran.input_tokens, ran.output_tokens)
    }
}
