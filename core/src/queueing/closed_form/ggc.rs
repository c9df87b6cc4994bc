//! G/G/c: any arrivals, any service, several servers, by two moments of each.

use super::{check, mmc::MmcQueue};
use crate::{error::Result, units::ln};

/// The G/G/c queue by the Allen–Cunneen approximation: the M/M/c wait, times the mean of the
/// squared coefficients of variation of the times between arrivals and of the service times.
///
/// Exact for M/M/c and for the mean of M/G/1; elsewhere an approximation, close at high load
/// and for coefficients near 1, too high for regular arrivals at low load. Quantiles take the
/// wait of those that wait as exponential, which is exact for M/M/c and in heavy traffic
/// (Kingman). For bursty arrivals give the index of dispersion as the arrivals' coefficient.
///
/// Source: A. O. Allen, *Probability, Statistics and Queueing Theory* (2nd ed., 1990), section
/// 5.4, after J. Cunneen; W. Whitt, "Approximations for the GI/G/m Queue", Production and
/// Operations Management 2 (1993) 114–161, for its accuracy.
///
/// ```
/// use sizewell::queueing::closed_form::{GgcQueue, MmcQueue};
/// let poisson = MmcQueue::new(90.0, 10.0, 10)?;
/// let bursty = GgcQueue::new(90.0, 10.0, 10, 4.0, 1.0)?;
/// assert!((bursty.mean_wait_seconds() / poisson.mean_wait_seconds() - 2.5).abs() < 1e-12);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GgcQueue {
    poisson: MmcQueue,
    service_rate: f64,
    /// (c²ₐ + c²ₛ)/2.
    variability: f64,
}

impl GgcQueue {
    /// A queue with the rates and servers of [`MmcQueue::new`], and with the squared coefficients
    /// of variation of the times between arrivals and of the service times, each from 0 to 10⁶
    /// (1 for Poisson arrivals and for exponential service, 0 for constant ones).
    ///
    /// # Errors
    ///
    /// `invalid_value` for a number out of range; `unstable` when the arrival rate is not below
    /// what all servers do together.
    pub fn new(
        arrival_rate_per_second: f64,
        service_rate_per_second: f64,
        servers: u64,
        arrival_scv: f64,
        service_scv: f64,
    ) -> Result<Self> {
        let arrivals = check::variation("arrival_scv", arrival_scv)?;
        let service = check::variation("service_scv", service_scv)?;
        let poisson = MmcQueue::new(arrival_rate_per_second, service_rate_per_second, servers)?;
        Ok(Self { poisson, service_rate: service_rate_per_second, variability: arrivals.midpoint(service) })
    }

    /// The share of time that a server is busy.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.poisson.utilization()
    }

    /// The share of arrivals that wait, taken as that of M/M/c.
    #[must_use]
    pub fn wait_probability(&self) -> f64 {
        self.poisson.wait_probability()
    }

    /// The mean wait before service, of all arrivals.
    #[must_use]
    pub fn mean_wait_seconds(&self) -> f64 {
        self.poisson.mean_wait_seconds() * self.variability
    }

    /// The mean time from arrival to departure.
    #[must_use]
    pub fn mean_sojourn_seconds(&self) -> f64 {
        self.mean_wait_seconds() + 1.0 / self.service_rate
    }

    /// The mean number that wait.
    #[must_use]
    pub fn mean_waiting(&self) -> f64 {
        self.poisson.mean_waiting() * self.variability
    }

    /// The mean number present, waiting or in service.
    #[must_use]
    pub fn mean_number(&self) -> f64 {
        self.mean_waiting() + self.poisson.load_erlangs()
    }

    /// The probability of a wait longer than `seconds`.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `seconds` is negative or not finite.
    pub fn wait_tail(&self, seconds: f64) -> Result<f64> {
        check::elapsed(seconds)?;
        if self.variability == 0.0 {
            return Ok(0.0);
        }
        self.poisson.wait_tail((seconds / self.variability).min(f64::MAX))
    }

    /// The wait that a share `level` of arrivals does not exceed; 0 where that share does not wait.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `level` is not from 0, below 1.
    pub fn wait_quantile_seconds(&self, level: f64) -> Result<f64> {
        let beyond = 1.0 - check::level(level)?;
        let mean_if_waiting = self.variability / self.poisson.spare_rate();
        Ok(ln(self.wait_probability() / beyond).max(0.0) * mean_if_waiting)
    }
}

/// Kingman's upper bound of the mean wait of a G/G/1 queue: *λ(σ²ₐ + σ²ₛ)/(2(1 − ρ))*, from the
/// rates per second and the squared coefficients of variation of the times between arrivals and
/// of the service times.
///
/// Source: J. F. C. Kingman, "Some Inequalities for the Queue GI/G/1", Biometrika 49 (1962)
/// 315–324.
///
/// ```
/// use sizewell::queueing::closed_form::{Mm1Queue, kingman_bound_seconds};
/// let bound = kingman_bound_seconds(8.0, 10.0, 1.0, 1.0)?;
/// assert!(bound >= Mm1Queue::new(8.0, 10.0)?.mean_wait_seconds());
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `invalid_value` for a number out of range; `unstable` when the arrival rate is not below the
/// service rate.
pub fn kingman_bound_seconds(
    arrival_rate_per_second: f64,
    service_rate_per_second: f64,
    arrival_scv: f64,
    service_scv: f64,
) -> Result<f64> {
    let arrival_rate = check::rate("arrival_rate_per_second", arrival_rate_per_second)?;
    let service_rate = check::rate("service_rate_per_second", service_rate_per_second)?;
    let arrivals = check::variation("arrival_scv", arrival_scv)?;
    let service = check::variation("service_scv", service_scv)?;
    let spare_rate = service_rate - arrival_rate;
    let load = arrival_rate / service_rate;
    check::stable(spare_rate, load)?;
    Ok((arrivals / load + service * load) / (2.0 * spare_rate))
}
