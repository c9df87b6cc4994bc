//! The growth model: required capacity = load × growth × peak × safety, with growth =
//! (1 + monthly rate)^months. Source: "Production Sizing Guide", section 5.1, which gives peaks of 2 to
//! 3 times the average and safety of 1.2 to 1.5; the middle of each is the default.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::units::{check_positive, check_range, powf};

/// What [`grown_capacity`] is asked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GrowthRequest {
    /// Mean load today, in any unit.
    pub current_load: f64,
    /// Growth a month: 0.1 is 10%; above −1, at most 10.
    pub monthly_growth: f64,
    /// Months ahead, 0 to 120.
    pub months_ahead: f64,
    /// Peak over mean, 1 to 100.
    #[serde(default = "usual_peak")]
    pub peak_factor: f64,
    /// What is kept above that, as a factor of 1 to 10.
    #[serde(default = "usual_safety")]
    pub safety_margin: f64,
}

fn usual_peak() -> f64 {
    2.5
}

fn usual_safety() -> f64 {
    1.35
}

/// Capacity that a growing load needs, factor by factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GrownCapacity {
    /// Capacity needed at the end, in the unit of the load.
    pub required_capacity: f64,
    /// The factors in order, with what they come to.
    pub factors: Vec<GrowthFactor>,
    /// Capacity needed after each whole month, today first.
    pub by_month: Vec<f64>,
}

/// One factor of a [`GrownCapacity`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GrowthFactor {
    /// `current_load`, `growth`, `peak` or `safety`.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// The product up to it.
    pub product: f64,
}

/// Capacity that a growing load needs.
///
/// ```
/// use sizewell::plan::{GrowthRequest, grown_capacity};
/// let request = GrowthRequest {
///     current_load: 100.0, monthly_growth: 0.1, months_ahead: 12.0, peak_factor: 2.0, safety_margin: 1.2,
/// };
/// let grown = grown_capacity(&request)?;
/// assert!((grown.required_capacity - 100.0 * 1.1_f64.powi(12) * 2.0 * 1.2).abs() < 1e-9);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `invalid_value` for a value out of its range.
pub fn grown_capacity(request: &GrowthRequest) -> Result<GrownCapacity> {
    check_positive("current_load", request.current_load, 1e15)?;
    check_range("monthly_growth", request.monthly_growth, -0.99, 10.0)?;
    check_range("months_ahead", request.months_ahead, 0.0, 120.0)?;
    check_range("peak_factor", request.peak_factor, 1.0, 100.0)?;
    check_range("safety_margin", request.safety_margin, 1.0, 10.0)?;
    let growth = |months: f64| powf(1.0 + request.monthly_growth, months);
    let values = [
        ("current_load", request.current_load),
        ("growth", growth(request.months_ahead)),
        ("peak", request.peak_factor),
        ("safety", request.safety_margin),
    ];
    let mut product = 1.0;
    let factors = values
        .into_iter()
        .map(|(name, value)| {
            product *= value;
            GrowthFactor { name: name.to_owned(), value, product }
        })
        .collect();
    let at = |month: u32| {
        request.current_load * growth(f64::from(month)) * request.peak_factor * request.safety_margin
    };
    let by_month = (0..=request.months_ahead.floor() as u32).map(at).collect();
    Ok(GrownCapacity { required_capacity: product, factors, by_month })
}
