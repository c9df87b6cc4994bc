//! What a residual costs, and how far residuals scatter.

use crate::error::Result;
use crate::units::{check_range, ln};

/// What large residuals cost, in units of the noise.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Loss {
    /// Their square: best for normal noise, at the mercy of outliers.
    #[default]
    Squared,
    /// Their square up to a threshold, then linear (Huber, 1964): an outlier pulls, but no
    /// more than a residual at the threshold.
    Huber {
        /// The threshold, 0.1 to 100; at 1.345 it keeps 95% of the efficiency on normal noise.
        threshold: f64,
    },
    /// `c² ln(1 + r²/c²)`: an outlier pulls less the further it is.
    Cauchy {
        /// The `c`, 0.1 to 100; at 2.385 it keeps 95% of the efficiency on normal noise.
        threshold: f64,
    },
    /// The negative logarithm of the likelihood of Student's t noise (Lange, Little and Taylor,
    /// "Robust statistical modeling using the t distribution", 1989).
    StudentT {
        /// Its degrees of freedom, 0.5 to 1,000; 4 is usual.
        degrees_of_freedom: f64,
    },
}

impl Loss {
    /// [`Loss::Huber`] at its usual threshold.
    pub const HUBER: Self = Self::Huber { threshold: 1.345 };
    /// [`Loss::Cauchy`] at its usual threshold.
    pub const CAUCHY: Self = Self::Cauchy { threshold: 2.385 };

    pub(super) fn check(self) -> Result<()> {
        match self {
            Self::Squared => Ok(()),
            Self::Huber { threshold } | Self::Cauchy { threshold } => {
                check_range("options.loss.threshold", threshold, 0.1, 100.0)
            }
            Self::StudentT { degrees_of_freedom } => {
                check_range("options.loss.degrees_of_freedom", degrees_of_freedom, 0.5, 1000.0)
            }
        }
    }

    /// Factor and squared width of the losses of the form `factor · width² · ln(1 + r²/width²)`.
    fn logarithmic(self) -> Option<(f64, f64)> {
        match self {
            Self::Cauchy { threshold } => Some((1.0, threshold * threshold)),
            Self::StudentT { degrees_of_freedom: nu } => Some(((nu + 1.0) / nu, nu)),
            Self::Squared | Self::Huber { .. } => None,
        }
    }

    /// The cost of a residual of `u` times the noise; near 0 the loss is its square times
    /// [`Self::full_weight`].
    pub(super) fn cost(self, u: f64) -> f64 {
        match (self, self.logarithmic()) {
            (_, Some((factor, width))) => factor * width * ln(1.0 + u * u / width),
            (Self::Huber { threshold }, _) if u.abs() > threshold => threshold * (2.0 * u.abs() - threshold),
            _ => u * u,
        }
    }

    /// Half the derivative of the cost over the residual: its weight among squares.
    pub(super) fn weight(self, u: f64) -> f64 {
        match (self, self.logarithmic()) {
            (_, Some((factor, width))) => factor / (1.0 + u * u / width),
            (Self::Huber { threshold }, _) if u.abs() > threshold => threshold / u.abs(),
            _ => 1.0,
        }
    }

    /// Half the second derivative of the cost.
    fn curvature(self, u: f64) -> f64 {
        match (self, self.logarithmic()) {
            (_, Some((factor, width))) => {
                let v = u * u / width;
                factor * (1.0 - v) / ((1.0 + v) * (1.0 + v))
            }
            (Self::Huber { threshold }, _) if u.abs() > threshold => 0.0,
            _ => 1.0,
        }
    }

    /// The weight of a residual of 0.
    pub(super) fn full_weight(self) -> f64 {
        self.logarithmic().map_or(1.0, |(factor, _)| factor)
    }

    /// What the noise must be multiplied by (squared) for the covariance of least squares to be
    /// that of this loss: Huber and Ronchetti, "Robust Statistics", 2nd edition, equations 7.81
    /// to 7.83, with their correction for few points.
    pub(super) fn variance_factor(self, residuals: &[f64], noise: f64, parameters: f64) -> f64 {
        /// Least mean curvature that is believed: below it more than every second residual
        /// would be an outlier.
        const LEAST_CURVATURE: f64 = 0.1;
        if self == Self::Squared {
            return 1.0;
        }
        let points = residuals.len() as f64;
        let mean = |value: &dyn Fn(f64) -> f64| {
            residuals.iter().map(|residual| value(residual / noise)).sum::<f64>() / points
        };
        let curvature = mean(&|u| self.curvature(u)).max(LEAST_CURVATURE);
        let curvature_squared = mean(&|u| self.curvature(u) * self.curvature(u));
        let pull = mean(&|u| self.weight(u) * u * self.weight(u) * u);
        let spread = (curvature_squared / (curvature * curvature) - 1.0).max(0.0);
        let correction = 1.0 + parameters / points * spread;
        let degrees_of_freedom = (points - parameters).max(1.0);
        correction * correction * pull * points / degrees_of_freedom / (curvature * curvature)
    }

    /// Standard deviation of the noise by the residuals that a model with this many parameters
    /// leaves; `before` is where the iteration for [`Loss::StudentT`] starts.
    pub(super) fn noise(self, residuals: &[f64], parameters: f64, before: Option<f64>) -> f64 {
        let points = residuals.len() as f64;
        let degrees_of_freedom = (points - parameters).max(1.0);
        match self {
            Self::Squared => {
                let sum: f64 = residuals.iter().map(|residual| residual * residual).sum();
                crate::units::sqrt(sum / degrees_of_freedom)
            }
            Self::Huber { .. } | Self::Cauchy { .. } => median_noise(residuals, parameters),
            Self::StudentT { .. } => {
                let mut noise = before.unwrap_or_else(|| median_noise(residuals, parameters));
                // The expectation–maximisation step converges by a constant factor; what is
                // left after these is settled by the calls that follow.
                for _ in 0..20 {
                    if noise <= 0.0 {
                        break;
                    }
                    let sum: f64 = residuals.iter().map(|r| self.weight(r / noise) * r * r).sum();
                    noise = crate::units::sqrt(sum / degrees_of_freedom);
                }
                noise
            }
        }
    }
}

/// The median absolute residual, made consistent with normal noise. A model meets about as many
/// points as it has parameters, so that many of the smallest residuals are left out.
fn median_noise(residuals: &[f64], parameters: f64) -> f64 {
    /// One over the third quartile of the standard normal distribution.
    const NORMAL: f64 = 1.482_602_218_505_602;
    let mut sizes: Vec<f64> = residuals.iter().map(|residual| residual.abs()).collect();
    let met = (parameters.max(0.0) as usize).min(sizes.len().saturating_sub(1));
    sizes.sort_by(f64::total_cmp);
    let left = sizes.get(met..).unwrap_or_default();
    let middle = left.len() / 2;
    let upper = left.get(middle).copied().unwrap_or(0.0);
    let lower = left.get(middle.saturating_sub(1)).copied().unwrap_or(upper);
    NORMAL * if left.len() % 2 == 0 { (lower + upper) / 2.0 } else { upper }
}
