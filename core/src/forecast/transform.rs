//! Monotone transforms: the scale on which a model works.

use crate::units::{exp, ln, powf};

/// Largest exponent whose power is still finite with room to spare.
const MOST_EXPONENT: f64 = 600.0;

/// A monotone map to the scale on which a model works, and back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Transform {
    /// None.
    Identity,
    /// ln(y + shift).
    Log { shift: f64 },
    /// ((y + shift)^λ − 1) ÷ λ (Box and Cox, 1964), with λ above 0.
    BoxCox { lambda: f64, shift: f64 },
}

impl Transform {
    /// To the model's scale. Values below what the transform takes count as the least it does.
    pub(super) fn forward(self, value: f64) -> f64 {
        match self {
            Self::Identity => value,
            Self::Log { shift } => ln(positive(value + shift)),
            Self::BoxCox { lambda, shift } => (powf(positive(value + shift), lambda) - 1.0) / lambda,
        }
    }

    /// Back to the scale of the quantity; always finite for a number.
    pub(super) fn back(self, value: f64) -> f64 {
        match self {
            Self::Identity => value,
            Self::Log { shift } => exp(value.clamp(-MOST_EXPONENT, MOST_EXPONENT)) - shift,
            Self::BoxCox { lambda, shift } => {
                let base = positive(lambda * value + 1.0);
                exp((ln(base) / lambda).min(MOST_EXPONENT)) - shift
            }
        }
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::Identity => "none".to_owned(),
            Self::Log { .. } => "log".to_owned(),
            Self::BoxCox { lambda, .. } => format!("Box–Cox {lambda:.2}"),
        }
    }
}

/// Logarithms where every value is positive and none is vanishingly small beside the others; none
/// otherwise.
pub(super) fn log_where_positive(values: &[f64]) -> Transform {
    let (least, most) = super::statistics::present(values)
        .fold((f64::INFINITY, 0.0_f64), |(least, most), value| (least.min(value), most.max(value)));
    if least > 1e-6 * most { Transform::Log { shift: 0.0 } } else { Transform::Identity }
}

/// What forecasts count as at least where they are seen on logarithms: half of the least value seen.
/// A model on the plain scale may say zero or less, which would be endlessly far off there.
pub(super) fn least_on_logs(transform: Transform, values: &[f64]) -> f64 {
    match transform {
        Transform::Identity => f64::NEG_INFINITY,
        Transform::BoxCox { .. } => 0.0,
        Transform::Log { .. } => super::statistics::present(values).fold(f64::INFINITY, f64::min) / 2.0,
    }
}

/// At least the smallest normal number, `NaN` as it is.
fn positive(value: f64) -> f64 {
    if value < f64::MIN_POSITIVE { f64::MIN_POSITIVE } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for transform in [
            Transform::Identity,
            Transform::Log { shift: 1.0 },
            Transform::BoxCox { lambda: 0.3, shift: 0.5 },
        ] {
            for value in [0.0, 0.1, 3.0, 1e6] {
                let again = transform.back(transform.forward(value));
                assert!((again - value).abs() <= 1e-9 * (1.0 + value), "{transform:?} {value} {again}");
            }
            assert!(transform.forward(f64::NAN).is_nan());
            assert!(transform.back(1e300).is_finite() && transform.back(-1e300).is_finite());
        }
    }
}
