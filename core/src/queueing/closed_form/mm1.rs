//! M/M/1: Poisson arrivals, exponential service, one server.

use super::mmc::MmcQueue;
use crate::{error::Result, units::ln};

/// The M/M/1 queue in steady state: first come, first served.
///
/// Source: L. Kleinrock, *Queueing Systems*, volume 1 (1975), section 3.2.
///
/// ```
/// use sizewell::queueing::closed_form::Mm1Queue;
/// let queue = Mm1Queue::new(8.0, 10.0)?;
/// assert!((queue.utilization() - 0.8).abs() < 1e-15);
/// assert!((queue.mean_sojourn_seconds() - 0.5).abs() < 1e-15);
/// assert!((queue.sojourn_quantile_seconds(0.95)? - 0.5 * 20f64.ln()).abs() < 1e-12);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mm1Queue(MmcQueue);

impl Mm1Queue {
    /// A queue with arrivals and service at these rates, each from 10⁻¹² to 10¹² per second.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a rate out of range; `unstable` when the arrival rate is not below the
    /// service rate.
    pub fn new(arrival_rate_per_second: f64, service_rate_per_second: f64) -> Result<Self> {
        MmcQueue::new(arrival_rate_per_second, service_rate_per_second, 1).map(Self)
    }

    /// The share of time that the server is busy: *ρ = λ/μ*.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.0.utilization()
    }

    /// The share of arrivals that wait, which is the utilisation.
    #[must_use]
    pub fn wait_probability(&self) -> f64 {
        self.0.utilization()
    }

    /// The mean wait before service: *ρ/(μ − λ)*.
    #[must_use]
    pub fn mean_wait_seconds(&self) -> f64 {
        self.0.utilization() / self.0.spare_rate()
    }

    /// The mean time from arrival to departure: *1/(μ − λ)*.
    #[must_use]
    pub fn mean_sojourn_seconds(&self) -> f64 {
        1.0 / self.0.spare_rate()
    }

    /// The mean number that wait.
    #[must_use]
    pub fn mean_waiting(&self) -> f64 {
        self.0.arrival_rate() * self.mean_wait_seconds()
    }

    /// The mean number present: *λ/(μ − λ)*.
    #[must_use]
    pub fn mean_number(&self) -> f64 {
        self.0.arrival_rate() / self.0.spare_rate()
    }

    /// The probability that `number` are present: *(1 − ρ)ρⁿ*.
    #[must_use]
    pub fn state_probability(&self, number: u64) -> f64 {
        self.0.state_probability(number)
    }

    /// The probability of a wait longer than `seconds`: *ρe^(−(μ−λ)t)*.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `seconds` is negative or not finite.
    pub fn wait_tail(&self, seconds: f64) -> Result<f64> {
        self.0.wait_tail(seconds)
    }

    /// The wait that a share `level` of arrivals does not exceed; 0 where that share does not wait.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `level` is not from 0, below 1.
    pub fn wait_quantile_seconds(&self, level: f64) -> Result<f64> {
        self.0.wait_quantile_seconds(level)
    }

    /// The probability of more than `seconds` from arrival to departure: *e^(−(μ−λ)t)*.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `seconds` is negative or not finite.
    pub fn sojourn_tail(&self, seconds: f64) -> Result<f64> {
        super::check::elapsed(seconds)?;
        Ok(crate::units::exp(-self.0.spare_rate() * seconds))
    }

    /// The time from arrival to departure that a share `level` does not exceed.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `level` is not from 0, below 1.
    pub fn sojourn_quantile_seconds(&self, level: f64) -> Result<f64> {
        super::check::level(level)?;
        Ok(-ln(1.0 - level) / self.0.spare_rate())
    }
}
