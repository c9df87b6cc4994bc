//! What is handed on of a calibration: the factors' values and the error that is left.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::factors::{BOUNDS, FACTORS, apply};
use crate::engine::roofline::{Coefficients, ErrorModel};
use crate::error::{Error, Result};
use crate::units::check_range;

/// Largest end of an interval of ln(measured ÷ predicted).
const MOST_ERROR: f64 = 10.0;

/// What a calibration says to estimates and predictions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct FittedFactors {
    /// Values of factors by their names, 0.1 to 10; 1, what public measurements say, for those that
    /// are not named.
    pub factors: BTreeMap<String, f64>,
    /// 90% intervals with these factors; `None`: those without calibration.
    pub errors: Option<ErrorModel>,
}

impl FittedFactors {
    /// The coefficients under these factors.
    ///
    /// # Errors
    ///
    /// `unknown_name` for a factor that does not exist; `invalid_value` for a value that is not from
    /// 0.1 to 10, and for an interval that does not contain 0.
    pub fn coefficients(&self) -> Result<Coefficients> {
        for (name, value) in &self.factors {
            if !FACTORS.iter().any(|factor| factor.name == name) {
                let known = FACTORS.iter().map(|factor| factor.name);
                return Err(Error::unknown_name("factors", "factor", name, known));
            }
            check_range(&format!("factors.{name}"), *value, BOUNDS.0, BOUNDS.1)?;
        }
        if let Some(errors) = &self.errors {
            check_range("errors.itl_low", errors.itl_low, -MOST_ERROR, 0.0)?;
            check_range("errors.itl_high", errors.itl_high, 0.0, MOST_ERROR)?;
            check_range("errors.ttft_low", errors.ttft_low, -MOST_ERROR, 0.0)?;
            check_range("errors.ttft_high", errors.ttft_high, 0.0, MOST_ERROR)?;
        }
        let value = |name: &str| self.factors.get(name).copied().unwrap_or(1.0);
        Ok(apply(&FACTORS.map(|factor| value(factor.name))))
    }
}
