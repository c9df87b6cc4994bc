//! Replicas beyond those that the traffic needs, so that targets hold while some are gone.

use serde::{Deserialize, Serialize};

use super::deployment::MAX_REPLICAS;
use crate::error::{Error, ErrorCode, Result};
use crate::units::{check_count, check_range, exp, ln};

/// How many replicas may be gone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AvailabilityReserve {
    /// A given number: N + k.
    Replicas {
        /// Replicas that may be gone at the same time.
        spare: u32,
    },
    /// As many as keep enough replicas up with a given probability, where replicas fail
    /// independently of one another.
    Reliability {
        /// Probability that one replica is up, 0 to 1.
        availability: f64,
        /// Probability that enough are up, above 0, below 1.
        required: f64,
    },
}

impl AvailabilityReserve {
    /// Spare replicas for `needed` ones: for a reliability target the smallest `k` with
    /// `P(at least needed of needed + k are up) ≥ required`, by the binomial distribution.
    ///
    /// ```
    /// use sizewell::queueing::AvailabilityReserve;
    /// let reserve = AvailabilityReserve::Reliability { availability: 0.99, required: 0.9999 };
    /// assert_eq!(reserve.spare_replicas(4)?, 2);
    /// # Ok::<(), sizewell::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `invalid_value` for values out of their ranges; `contradiction` where a million replicas are
    /// too few.
    pub fn spare_replicas(self, needed: u32) -> Result<u32> {
        check_count("needed", needed.into(), 1, MAX_REPLICAS.into())?;
        match self {
            Self::Replicas { spare } => {
                check_count("spare", spare.into(), 0, MAX_REPLICAS.into())?;
                Ok(spare)
            }
            Self::Reliability { availability, required } => {
                check_range("availability", availability, 1e-6, 1.0)?;
                check_range("required", required, 1e-12, 1.0 - 1e-12)?;
                smallest_spare(needed, availability, required)
            }
        }
    }
}

/// Binary search: more spares never make fewer than `needed` likelier.
fn smallest_spare(needed: u32, availability: f64, required: f64) -> Result<u32> {
    let missing = 1.0 - required;
    let enough = |spare: u32| too_few(needed, spare, availability) <= missing;
    if enough(0) {
        return Ok(0);
    }
    let (mut low, mut high) = (0, 1);
    while !enough(high) {
        if high >= MAX_REPLICAS {
            return Err(Error::new(
                ErrorCode::Contradiction,
                "required",
                "is reached with no number of replicas",
            )
            .given(required));
        }
        (low, high) = (high, high.saturating_mul(2).min(MAX_REPLICAS));
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if enough(middle) { high = middle } else { low = middle }
    }
    Ok(high)
}

/// Probability that fewer than `needed` of `needed + spare` are up: the binomial terms from
/// `needed − 1` downwards, each by its ratio to the one before, until they are too small to count.
fn too_few(needed: u32, spare: u32, availability: f64) -> f64 {
    let down = 1.0 - availability;
    if down <= 0.0 {
        return 0.0;
    }
    let total = f64::from(needed) + f64::from(spare);
    let up = f64::from(needed) - 1.0;
    let log = ln_choose(total, up) + up * ln(availability) + (total - up) * ln(down);
    // Terms rise to the mean and fall below it; scaled by the largest, they cannot overflow.
    let odds = down / availability;
    let (mut sum, mut term, mut scale) = (0.0, 1.0, log);
    let mut count = up;
    loop {
        sum += term;
        let ratio = count / (total - count + 1.0) * odds;
        if count < 1.0 || (ratio < 1.0 && term < sum * 1e-15) {
            break;
        }
        term *= ratio;
        count -= 1.0;
        if term > 1e200 {
            (sum, term, scale) = (sum / 1e200, term / 1e200, scale + ln(1e200));
        }
    }
    (exp((scale + ln(sum)).min(0.0))).min(1.0)
}

/// Logarithm of the binomial coefficient by Stirling's series, whose error is below 1e-9.
fn ln_choose(total: f64, part: f64) -> f64 {
    ln_factorial(total) - ln_factorial(part) - ln_factorial(total - part)
}

fn ln_factorial(count: f64) -> f64 {
    // Raised by eight, where the series is precise, and brought down by the product.
    let mut product = 1.0;
    for step in 1..=8 {
        product *= count + f64::from(step);
    }
    let n = count + 9.0;
    let inverse = 1.0 / n;
    let square = inverse * inverse;
    let series = inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square / 1260.0));
    (n - 0.5) * ln(n) - n + 0.918_938_533_204_672_7 + series - ln(product)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: all four up is 0.9606, at least four of five 0.9990198, of six 0.99998.
    #[test]
    fn four_of_six() {
        let spare = |required| {
            AvailabilityReserve::Reliability { availability: 0.99, required }.spare_replicas(4).unwrap()
        };
        assert_eq!(spare(0.96), 0);
        assert_eq!(spare(0.961), 1);
        assert_eq!(spare(0.99901), 1);
        assert_eq!(spare(0.99903), 2);
        assert_eq!(spare(0.99998), 2);
    }

    /// Against the sum of all terms, each computed on its own.
    #[test]
    fn the_binomial_tail_is_the_sum_of_its_terms() {
        for (needed, spare, availability) in [(3, 2, 0.9), (10, 1, 0.5), (1, 0, 0.25), (40, 10, 0.8)] {
            let total: u32 = needed + spare;
            let mut sum = 0.0;
            for up in 0..needed {
                let mut choose = 1.0;
                for k in 0..up {
                    choose *= f64::from(total - k) / f64::from(k + 1);
                }
                sum += choose
                    * f64::powi(availability, up as i32)
                    * f64::powi(1.0 - availability, (total - up) as i32);
            }
            assert!((too_few(needed, spare, availability) / sum - 1.0).abs() < 1e-9, "{needed}+{spare}");
        }
    }

    #[test]
    fn large_fleets_are_computed() {
        let reserve = AvailabilityReserve::Reliability { availability: 0.999, required: 0.999_999 };
        let spare = reserve.spare_replicas(100_000).unwrap();
        assert!((140..170).contains(&spare), "{spare}");
        assert!(reserve.spare_replicas(0).is_err());
    }
}
