//! M/G/∞: room and a server for everybody.

use super::{check, check::as_real, poisson, solve};
use crate::{
    error::Result,
    units::{exp_m1, sqrt},
};

/// The M/G/∞ queue, M/M/∞ among them: nobody waits, and the number present is Poisson with mean
/// *λE\[S\]* whatever the distribution of the service time.
///
/// Source: L. Takács, *Introduction to the Theory of Queues* (1962), chapter 3.
///
/// ```
/// use sizewell::queueing::closed_form::MginfQueue;
/// let queue = MginfQueue::new(20.0, 5.0)?;
/// assert_eq!(queue.mean_number(), 100.0);
/// assert_eq!(queue.number_quantile(0.95)?, 117);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MginfQueue {
    mean_service_seconds: f64,
    load: f64,
}

impl MginfQueue {
    /// Arrivals at this rate, from 10⁻¹² to 10¹² per second, that each stay for a time of this
    /// mean, from 10⁻¹² to 10¹² seconds; together at most 10¹² erlangs.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a number out of range.
    pub fn new(arrival_rate_per_second: f64, mean_service_seconds: f64) -> Result<Self> {
        let rate = check::rate("arrival_rate_per_second", arrival_rate_per_second)?;
        let time = check::time("mean_service_seconds", mean_service_seconds)?;
        let load = rate * time;
        crate::units::check_positive("load_erlangs", load, 1e12)?;
        Ok(Self { mean_service_seconds, load })
    }

    /// The mean number present, which is also its variance.
    #[must_use]
    pub fn mean_number(&self) -> f64 {
        self.load
    }

    /// The mean time from arrival to departure, which is the mean service time.
    #[must_use]
    pub fn mean_sojourn_seconds(&self) -> f64 {
        self.mean_service_seconds
    }

    /// The probability that `number` are present.
    #[must_use]
    pub fn state_probability(&self, number: u64) -> f64 {
        poisson::probability_of(number, self.load)
    }

    /// The probability that more than `number` are present.
    #[must_use]
    pub fn number_tail(&self, number: u64) -> f64 {
        poisson::at_most_and_above(as_real(number), self.load).1
    }

    /// The smallest number that is not exceeded for a share `level` of the time.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `level` is not from 0, below 1.
    pub fn number_quantile(&self, level: f64) -> Result<u64> {
        let beyond = 1.0 - check::level(level)?;
        let guess = self.load + sqrt(self.load);
        Ok(solve::first_count(guess as u64, |number| self.number_tail(number) <= beyond))
    }

    /// The mean number present `seconds` after an empty start, for exponential service times:
    /// *a(1 − e^(−t/E\[S\]))*.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `seconds` is negative or not finite.
    pub fn mean_number_after_empty_start(&self, seconds: f64) -> Result<f64> {
        check::elapsed(seconds)?;
        Ok(-self.load * exp_m1(-seconds / self.mean_service_seconds))
    }
}
