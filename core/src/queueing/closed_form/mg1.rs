//! M/G/1 by moments: Poisson arrivals, any service time, one server.

use super::check;
use crate::{
    error::{Error, Result},
    units::{check_positive, exp, ln, mul_add, sqrt},
};

/// The M/G/1 queue in steady state, first come, first served, from moments of the service time.
///
/// Means are exact (Pollaczek–Khinchine), and so is the second moment of the wait where the third
/// moment of the service is given (Takács). Quantiles take the wait of those that wait as
/// exponential: exact for exponential service and in heavy traffic, an approximation elsewhere;
/// [`Mg1TransformQueue`](super::Mg1TransformQueue) has them exactly from the distribution.
///
/// Source: L. Kleinrock, *Queueing Systems*, volume 1 (1975), sections 5.6 and 5.7; L. Takács,
/// "A Single-Server Queue with Poisson Input", Operations Research 10 (1962) 388–394.
///
/// ```
/// use sizewell::queueing::closed_form::{Mg1Queue, Mm1Queue};
/// let exponential = Mg1Queue::new(8.0, 0.1, 1.0)?;
/// let reference = Mm1Queue::new(8.0, 10.0)?;
/// assert!((exponential.mean_wait_seconds() - reference.mean_wait_seconds()).abs() < 1e-12);
/// let varied = Mg1Queue::new(8.0, 0.1, 4.0)?;
/// assert!((varied.mean_wait_seconds() / reference.mean_wait_seconds() - 2.5).abs() < 1e-12);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mg1Queue {
    arrival_rate: f64,
    mean_service: f64,
    service_scv: f64,
    third_moment: Option<f64>,
    load: f64,
    /// 1 − ρ, rounded once.
    spare: f64,
}

impl Mg1Queue {
    /// A queue with arrivals at this rate, from 10⁻¹² to 10¹² per second, and a service time of
    /// this mean, from 10⁻¹² to 10¹² seconds, and squared coefficient of variation, from 0 to 10⁶.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a number out of range; `unstable` when rate × mean is not below 1.
    pub fn new(arrival_rate_per_second: f64, mean_service_seconds: f64, service_scv: f64) -> Result<Self> {
        let arrival_rate = check::rate("arrival_rate_per_second", arrival_rate_per_second)?;
        let mean_service = check::time("mean_service_seconds", mean_service_seconds)?;
        let service_scv = check::variation("service_scv", service_scv)?;
        let load = arrival_rate * mean_service;
        let spare = -mul_add(arrival_rate, mean_service, -1.0);
        check::stable(spare, load)?;
        Ok(Self { arrival_rate, mean_service, service_scv, third_moment: None, load, spare })
    }

    /// The same queue with *E\[S³\]*, in cubic seconds, known.
    ///
    /// # Errors
    ///
    /// `invalid_value` when no distribution with these first two moments has this third one: it
    /// must be at least *E\[S²\]²/E\[S\]*, and at most 10⁶⁰.
    pub fn with_third_moment(mut self, third_moment_cubic_seconds: f64) -> Result<Self> {
        let path = "third_moment_cubic_seconds";
        check_positive(path, third_moment_cubic_seconds, 1e60)?;
        let second = self.second_moment();
        let least = second / self.mean_service * second;
        // A constant service time reaches the bound; forgive its rounding.
        if third_moment_cubic_seconds < least * (1.0 - 1e-12) {
            return Err(Error::invalid(path, third_moment_cubic_seconds, format!("at least {least}")));
        }
        self.third_moment = Some(third_moment_cubic_seconds);
        Ok(self)
    }

    fn second_moment(&self) -> f64 {
        self.mean_service * self.mean_service * (1.0 + self.service_scv)
    }

    /// The share of time that the server is busy: *λE\[S\]*.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.load
    }

    /// The share of arrivals that wait, which is the utilisation.
    #[must_use]
    pub fn wait_probability(&self) -> f64 {
        self.load
    }

    /// The mean wait before service: *λE\[S²\]/(2(1 − ρ))*.
    #[must_use]
    pub fn mean_wait_seconds(&self) -> f64 {
        self.mean_if_waiting() * self.load
    }

    /// The mean time from arrival to departure.
    #[must_use]
    pub fn mean_sojourn_seconds(&self) -> f64 {
        self.mean_wait_seconds() + self.mean_service
    }

    /// The mean number that wait.
    #[must_use]
    pub fn mean_waiting(&self) -> f64 {
        self.arrival_rate * self.mean_wait_seconds()
    }

    /// The mean number present, waiting or in service.
    #[must_use]
    pub fn mean_number(&self) -> f64 {
        self.mean_waiting() + self.load
    }

    /// The second moment of the wait, in square seconds: *2E\[W\]² + λE\[S³\]/(3(1 − ρ))*; `None`
    /// where the third moment of the service is not known.
    #[must_use]
    pub fn wait_second_moment_square_seconds(&self) -> Option<f64> {
        let mean = self.mean_wait_seconds();
        let third = self.third_moment?;
        Some(2.0 * mean * mean + self.arrival_rate * third / (3.0 * self.spare))
    }

    /// The standard deviation of the wait; `None` where the third moment of the service is not
    /// known.
    #[must_use]
    pub fn wait_standard_deviation_seconds(&self) -> Option<f64> {
        let mean = self.mean_wait_seconds();
        Some(sqrt(mean * mean + self.arrival_rate * self.third_moment? / (3.0 * self.spare)))
    }

    /// The probability of a wait longer than `seconds`, taking the wait of those that wait as
    /// exponential: *ρe^(−ρt/E\[W\])*.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `seconds` is negative or not finite.
    pub fn wait_tail_approximate(&self, seconds: f64) -> Result<f64> {
        check::elapsed(seconds)?;
        Ok(self.load * exp(-seconds / self.mean_if_waiting()))
    }

    /// The wait that a share `level` of arrivals does not exceed, taking the wait of those that
    /// wait as exponential; 0 where that share does not wait.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `level` is not from 0, below 1.
    pub fn wait_quantile_approximate_seconds(&self, level: f64) -> Result<f64> {
        let beyond = 1.0 - check::level(level)?;
        Ok(ln(self.load / beyond).max(0.0) * self.mean_if_waiting())
    }

    fn mean_if_waiting(&self) -> f64 {
        self.mean_service * (1.0 + self.service_scv) / (2.0 * self.spare)
    }
}
