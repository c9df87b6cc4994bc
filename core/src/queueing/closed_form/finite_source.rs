//! M/M/c//N: a closed loop of N users, each thinking, asking and waiting for the answer.

use super::{birth_death::stationary, check, check::as_real, geometric, solve, uniformised};
use crate::{
    error::Result,
    units::{check_count, ln_1p},
};

/// The largest number of users.
const MOST_USERS: u64 = 1_000_000;

/// The M/M/c//N queue in steady state, first come, first served: `users` who each think for an
/// exponential time, send a request to one queue before `servers` servers, and wait for its end.
///
/// Also known as the machine-repair model and as the closed-loop load of a benchmark with a fixed
/// concurrency and pauses. What an arriving request finds is what the loop looks like without
/// that user (arrival theorem), from which waits and their quantiles follow exactly.
///
/// Source: L. Kleinrock, *Queueing Systems*, volume 1 (1975), section 3.8; arrival theorem:
/// S. S. Lavenberg and M. Reiser, Journal of Applied Probability 17 (1980) 1048–1061.
///
/// ```
/// use sizewell::queueing::closed_form::FiniteSourceQueue;
/// // 30 users, 10 s between an answer and the next question, 2 servers of 1 s a request.
/// let loop_of_users = FiniteSourceQueue::new(30, 10.0, 1.0, 2)?;
/// let cycle = 10.0 + loop_of_users.mean_sojourn_seconds();
/// assert!((loop_of_users.throughput_per_second() * cycle - 30.0).abs() < 1e-12);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FiniteSourceQueue {
    service_rate: f64,
    servers: u64,
    /// Of each number of requests present, from 0.
    probabilities: Vec<f64>,
    /// By services ended since its arrival: the probability that a request still waits.
    waiting: Vec<f64>,
    /// By services ended since its arrival: the probability that a request is in service; after
    /// the last, it falls by (c − 1)/c with each.
    in_service: Vec<f64>,
}

impl FiniteSourceQueue {
    /// From 1 to 10⁶ users with this mean think time, from 10⁻¹² to 10¹² seconds, and 1 to 10⁹
    /// servers that each end requests at this rate, from 10⁻¹² to 10¹² per second.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a number out of range.
    pub fn new(
        users: u64,
        mean_think_seconds: f64,
        service_rate_per_second: f64,
        servers: u64,
    ) -> Result<Self> {
        check_count("users", users, 1, MOST_USERS)?;
        let think = check::time("mean_think_seconds", mean_think_seconds)?;
        let service_rate = check::rate("service_rate_per_second", service_rate_per_second)?;
        let servers = check::servers(servers)?;
        let load_per_user = 1.0 / (think * service_rate);
        let states_of = |users: u64| {
            stationary((0..users).map(move |present| {
                as_real(users - present) * load_per_user / as_real((present + 1).min(servers))
            }))
        };
        let probabilities = states_of(users);
        let found = states_of(users - 1);
        let full = usize::try_from(servers).unwrap_or(usize::MAX).min(found.len());
        let (free, busy) = found.split_at(full);
        let mut waiting: Vec<f64> = busy
            .iter()
            .rev()
            .scan(0.0, |sum, probability| {
                *sum += probability;
                Some(*sum)
            })
            .collect();
        waiting.reverse();
        let staying = 1.0 - 1.0 / as_real(servers);
        let mut in_service = vec![free.iter().sum::<f64>()];
        let mut now = free.iter().sum::<f64>();
        for probability in busy {
            now = now * staying + probability;
            in_service.push(now);
        }
        Ok(Self { service_rate, servers, probabilities, waiting, in_service })
    }

    /// The probability that `number` requests are present; 0 above the number of users.
    #[must_use]
    pub fn state_probability(&self, number: u64) -> f64 {
        usize::try_from(number).ok().and_then(|at| self.probabilities.get(at)).copied().unwrap_or(0.0)
    }

    /// The mean number of busy servers.
    #[must_use]
    pub fn mean_busy(&self) -> f64 {
        self.mean_of(|number| number.min(self.servers))
    }

    /// The share of time that a server is busy.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.mean_busy() / as_real(self.servers)
    }

    /// The rate of answers.
    #[must_use]
    pub fn throughput_per_second(&self) -> f64 {
        self.mean_busy() * self.service_rate
    }

    /// The mean number of requests present, waiting or in service.
    #[must_use]
    pub fn mean_number(&self) -> f64 {
        self.mean_of(|number| number)
    }

    /// The mean number of requests that wait.
    #[must_use]
    pub fn mean_waiting(&self) -> f64 {
        self.mean_of(|number| number.saturating_sub(self.servers))
    }

    /// The share of requests that wait.
    #[must_use]
    pub fn wait_probability(&self) -> f64 {
        self.waiting_after(0)
    }

    /// The mean wait before service, of all requests.
    #[must_use]
    pub fn mean_wait_seconds(&self) -> f64 {
        self.mean_waiting() / self.throughput_per_second()
    }

    /// The mean time from request to answer.
    #[must_use]
    pub fn mean_sojourn_seconds(&self) -> f64 {
        self.mean_number() / self.throughput_per_second()
    }

    /// The probability of a wait longer than `seconds`.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `seconds` is negative or not finite.
    pub fn wait_tail(&self, seconds: f64) -> Result<f64> {
        Ok(self.wait_beyond(check::elapsed(seconds)?))
    }

    /// The wait that a share `level` of requests does not exceed; 0 where that share does not wait.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `level` is not from 0, below 1.
    pub fn wait_quantile_seconds(&self, level: f64) -> Result<f64> {
        let guess = self.mean_wait_seconds();
        solve::quantile(level, self.wait_probability(), guess, |seconds| self.wait_beyond(seconds))
    }

    /// The probability of more than `seconds` from request to answer.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `seconds` is negative or not finite.
    pub fn sojourn_tail(&self, seconds: f64) -> Result<f64> {
        Ok(self.sojourn_beyond(check::elapsed(seconds)?))
    }

    /// The time from request to answer that a share `level` of requests does not exceed.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `level` is not from 0, below 1.
    pub fn sojourn_quantile_seconds(&self, level: f64) -> Result<f64> {
        solve::quantile(level, 1.0, self.mean_sojourn_seconds(), |seconds| self.sojourn_beyond(seconds))
    }

    fn mean_of(&self, value: impl Fn(u64) -> u64) -> f64 {
        self.probabilities
            .iter()
            .zip(0..)
            .map(|(probability, number)| probability * as_real(value(number)))
            .sum()
    }

    fn wait_beyond(&self, seconds: f64) -> f64 {
        let places = self.waiting.len() as u64;
        uniformised::outlived(self.events_in(seconds), places, |events| self.waiting_after(events))
    }

    fn sojourn_beyond(&self, seconds: f64) -> f64 {
        uniformised::outlived(self.events_in(seconds), u64::MAX, |events| {
            self.waiting_after(events) + self.in_service_after(events)
        })
    }

    fn events_in(&self, seconds: f64) -> f64 {
        as_real(self.servers) * self.service_rate * seconds
    }

    fn waiting_after(&self, events: u64) -> f64 {
        usize::try_from(events).ok().and_then(|at| self.waiting.get(at)).copied().unwrap_or(0.0)
    }

    fn in_service_after(&self, events: u64) -> f64 {
        let last = self.waiting.len() as u64;
        let at = events.min(last);
        let known = usize::try_from(at).ok().and_then(|at| self.in_service.get(at)).copied().unwrap_or(0.0);
        let staying = -ln_1p(-1.0 / as_real(self.servers));
        known * geometric::power(as_real(events - at), staying)
    }
}
