//! M/M/c: Poisson arrivals, exponential service, several servers, one queue.

use super::{check, check::as_real, erlang, poisson, solve};
use crate::{
    error::Result,
    units::{exp, exp_m1, ln, powf},
};

/// The M/M/c queue in steady state: first come, first served.
///
/// Source: L. Kleinrock, *Queueing Systems*, volume 1 (1975), section 3.5; D. Gross and
/// C. M. Harris, *Fundamentals of Queueing Theory*, section 2.3 (wait and sojourn distributions).
///
/// ```
/// use sizewell::queueing::closed_form::MmcQueue;
/// let queue = MmcQueue::new(90.0, 10.0, 10)?;
/// assert!((queue.utilization() - 0.9).abs() < 1e-15);
/// let p95 = queue.wait_quantile_seconds(0.95)?;
/// assert!((queue.wait_tail(p95)? - 0.05).abs() < 1e-12);
/// assert!(queue.sojourn_quantile_seconds(0.95)? > p95);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MmcQueue {
    arrival_rate: f64,
    service_rate: f64,
    servers: u64,
    /// *cμ − λ*, rounded once.
    spare_rate: f64,
    wait_probability: f64,
}

impl MmcQueue {
    /// A queue with arrivals and, for each of 1 to 10⁹ servers, service at these rates, each from
    /// 10⁻¹² to 10¹² per second.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a number out of range; `unstable` when the arrival rate is not below
    /// what all servers do together.
    pub fn new(arrival_rate_per_second: f64, service_rate_per_second: f64, servers: u64) -> Result<Self> {
        let arrival_rate = check::rate("arrival_rate_per_second", arrival_rate_per_second)?;
        let service_rate = check::rate("service_rate_per_second", service_rate_per_second)?;
        let servers = check::servers(servers)?;
        let spare_rate = check::spare_rate(arrival_rate, service_rate, servers);
        let load = arrival_rate / service_rate;
        check::stable(spare_rate, load / as_real(servers))?;
        let wait_probability = erlang::delay(as_real(servers), load, spare_rate / service_rate);
        Ok(Self { arrival_rate, service_rate, servers, spare_rate, wait_probability })
    }

    pub(super) fn arrival_rate(&self) -> f64 {
        self.arrival_rate
    }

    pub(super) fn spare_rate(&self) -> f64 {
        self.spare_rate
    }

    /// The load in erlangs: *λ/μ*, which is the mean number of busy servers.
    #[must_use]
    pub fn load_erlangs(&self) -> f64 {
        self.arrival_rate / self.service_rate
    }

    /// The share of time that a server is busy: *λ/(cμ)*.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.load_erlangs() / as_real(self.servers)
    }

    /// The share of arrivals that wait: Erlang C.
    #[must_use]
    pub fn wait_probability(&self) -> f64 {
        self.wait_probability
    }

    /// The mean wait before service, of all arrivals.
    #[must_use]
    pub fn mean_wait_seconds(&self) -> f64 {
        self.wait_probability / self.spare_rate
    }

    /// The mean time from arrival to departure.
    #[must_use]
    pub fn mean_sojourn_seconds(&self) -> f64 {
        self.mean_wait_seconds() + 1.0 / self.service_rate
    }

    /// The mean number that wait.
    #[must_use]
    pub fn mean_waiting(&self) -> f64 {
        self.wait_probability * (self.arrival_rate / self.spare_rate)
    }

    /// The mean number present, waiting or in service.
    #[must_use]
    pub fn mean_number(&self) -> f64 {
        self.mean_waiting() + self.load_erlangs()
    }

    /// The probability that `number` are present.
    #[must_use]
    pub fn state_probability(&self, number: u64) -> f64 {
        let load = self.load_erlangs();
        let full = as_real(self.servers);
        let at_full = poisson::probability(full, load);
        let (up_to_full, _) = poisson::at_most_and_above(full, load);
        let all = up_to_full + at_full * (self.arrival_rate / self.spare_rate);
        if number <= self.servers {
            poisson::probability_of(number, load) / all
        } else {
            at_full / all * powf(self.utilization(), as_real(number - self.servers))
        }
    }

    /// The probability of a wait longer than `seconds`: *Ce^(−(cμ−λ)t)*.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `seconds` is negative or not finite.
    pub fn wait_tail(&self, seconds: f64) -> Result<f64> {
        check::elapsed(seconds)?;
        Ok(self.wait_probability * exp(-self.spare_rate * seconds))
    }

    /// The wait that a share `level` of arrivals does not exceed; 0 where that share does not wait.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `level` is not from 0, below 1.
    pub fn wait_quantile_seconds(&self, level: f64) -> Result<f64> {
        let beyond = 1.0 - check::level(level)?;
        Ok(ln(self.wait_probability / beyond).max(0.0) / self.spare_rate)
    }

    /// The probability of more than `seconds` from arrival to departure.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `seconds` is negative or not finite.
    pub fn sojourn_tail(&self, seconds: f64) -> Result<f64> {
        Ok(self.sojourn_beyond(check::elapsed(seconds)?))
    }

    /// The time from arrival to departure that a share `level` does not exceed, to about 14 digits.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `level` is not from 0, below 1.
    pub fn sojourn_quantile_seconds(&self, level: f64) -> Result<f64> {
        solve::quantile(level, 1.0, self.mean_sojourn_seconds(), |seconds| self.sojourn_beyond(seconds))
    }

    /// *e^(−μt)(1 + Cμ(1 − e^(−dt))/d)* with *d = cμ − λ − μ*, arranged for either sign of *d*.
    fn sojourn_beyond(&self, seconds: f64) -> f64 {
        let difference = (self.spare_rate - self.service_rate).abs();
        let slower = self.spare_rate.min(self.service_rate);
        let spread =
            if difference * seconds > 0.0 { -exp_m1(-difference * seconds) / difference } else { seconds };
        // In this order no product overflows before the exponential makes it small.
        let waited = exp(-slower * seconds) * spread * self.service_rate * self.wait_probability;
        (exp(-self.service_rate * seconds) + waited).min(1.0)
    }
}
