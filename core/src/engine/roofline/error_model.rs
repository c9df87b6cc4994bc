//! How far off a prediction may be.

use serde::{Deserialize, Serialize};

/// 90% intervals of ln(measured ÷ predicted): from points that the prediction had not seen, or
/// from the residuals of a calibration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ErrorModel {
    /// Lower end of inter-token latency, at most 0.
    pub itl_low: f64,
    /// Upper end of inter-token latency, at least 0.
    pub itl_high: f64,
    /// Lower end of time to first token, at most 0.
    pub ttft_low: f64,
    /// Upper end of time to first token, at least 0.
    pub ttft_high: f64,
}

impl ErrorModel {
    /// What the coefficients fitted to measured points leave open for a model with or without
    /// experts.
    #[must_use]
    pub const fn fitted(has_experts: bool) -> Self {
        let [dense, experts] = Self::FITTED;
        if has_experts { experts } else { dense }
    }
}
