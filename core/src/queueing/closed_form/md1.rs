//! M/D/1: Poisson arrivals, constant service time, one server.

use super::{check, check::as_real, geometric, poisson, solve};
use crate::{
    error::Result,
    units::{exp, exp_m1, ln, ln_1p, mul_add},
};

/// Services after which the tail is its slowest exponential alone. Of the others the slowest
/// falls by e^(−2.09) a service faster at a load near 1 and e^(−0.4) faster at a load of 0.01,
/// where the tail itself is by then below 10⁻¹³⁰.
const SERVICES: usize = 48;

/// Poisson numbers of arrivals in one service beyond this have a probability below 10⁻³⁵.
const ARRIVALS: usize = 32;

/// The M/D/1 queue in steady state: first come, first served.
///
/// The classical sum for its waiting time alternates and loses all digits at high load; here every
/// sum has positive terms: the queue lengths from their balance across each level, the tail of
/// the wait from them and the Poisson number that arrives in the rest of a service, and beyond 48
/// service times the slowest exponential, which is then exact to rounding.
///
/// Source: A. K. Erlang (1909); G. J. Franx, "A Simple Solution for the M/D/c Waiting Time
/// Distribution", Operations Research Letters 29 (2001) 221–229, of which this is the
/// complement for one server; decay: H. C. Tijms, *A First Course in Stochastic Models* (2003),
/// section 9.2.
///
/// ```
/// use sizewell::queueing::closed_form::{Md1Queue, Mm1Queue};
/// let constant = Md1Queue::new(8.0, 0.1)?;
/// let exponential = Mm1Queue::new(8.0, 10.0)?;
/// let ratio = constant.mean_wait_seconds() / exponential.mean_wait_seconds();
/// assert!((ratio - 0.5).abs() < 1e-12);
/// let p99 = constant.wait_quantile_seconds(0.99)?;
/// assert!((constant.wait_tail(p99)? - 0.01).abs() < 1e-12);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Md1Queue {
    arrival_rate: f64,
    service: f64,
    /// λD, and 1 − λD rounded once.
    load: f64,
    spare: f64,
    /// The decay of the tail for each service time.
    decay: f64,
    /// The factor of the slowest exponential.
    scale: f64,
    /// The probability that more than n are present, from n = 0 to 48.
    more_than: [f64; SERVICES + 1],
}

impl Md1Queue {
    /// A queue with arrivals at this rate, from 10⁻¹² to 10¹² per second, each served for this
    /// constant time, from 10⁻¹² to 10¹² seconds.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a number out of range; `unstable` when their product is not below 1.
    pub fn new(arrival_rate_per_second: f64, service_seconds: f64) -> Result<Self> {
        let arrival_rate = check::rate("arrival_rate_per_second", arrival_rate_per_second)?;
        let service = check::time("service_seconds", service_seconds)?;
        let load = arrival_rate * service;
        let spare = -mul_add(arrival_rate, service, -1.0);
        check::stable(spare, load)?;
        let decay = decay_of(load, spare);
        let scale = spare / (decay - spare);
        let mut queue =
            Self { arrival_rate, service, load, spare, decay, scale, more_than: [0.0; SERVICES + 1] };
        queue.more_than = queue.numbers_present();
        Ok(queue)
    }

    /// The share of time that the server is busy: *λD*.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.load
    }

    /// The share of arrivals that wait, which is the utilisation.
    #[must_use]
    pub fn wait_probability(&self) -> f64 {
        self.load
    }

    /// The mean wait before service: *ρD/(2(1 − ρ))*.
    #[must_use]
    pub fn mean_wait_seconds(&self) -> f64 {
        self.load / self.spare * self.service / 2.0
    }

    /// The mean time from arrival to departure.
    #[must_use]
    pub fn mean_sojourn_seconds(&self) -> f64 {
        self.mean_wait_seconds() + self.service
    }

    /// The mean number that wait.
    #[must_use]
    pub fn mean_waiting(&self) -> f64 {
        self.load * self.load / self.spare / 2.0
    }

    /// The mean number present, waiting or in service.
    #[must_use]
    pub fn mean_number(&self) -> f64 {
        self.mean_waiting() + self.load
    }

    /// The probability that more than `number` are present.
    #[must_use]
    pub fn number_tail(&self, number: u64) -> f64 {
        let known = usize::try_from(number).ok().and_then(|at| self.more_than.get(at));
        known.copied().unwrap_or_else(|| self.present_asymptotically(as_real(number)))
    }

    /// The probability of a wait longer than `seconds`.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `seconds` is negative or not finite.
    pub fn wait_tail(&self, seconds: f64) -> Result<f64> {
        Ok(self.wait_beyond(check::elapsed(seconds)?))
    }

    /// The wait that a share `level` of arrivals does not exceed; 0 where that share does not wait.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `level` is not from 0, below 1.
    pub fn wait_quantile_seconds(&self, level: f64) -> Result<f64> {
        let beyond = 1.0 - check::level(level)?;
        if beyond >= self.load {
            return Ok(0.0);
        }
        let asymptotic = ln(self.scale / beyond) / self.decay;
        if asymptotic >= as_real(SERVICES as u64) {
            return Ok(asymptotic * self.service);
        }
        let guess = asymptotic.max(0.01) * self.service;
        Ok(solve::where_tail_is(beyond, guess, |seconds| self.wait_beyond(seconds)))
    }

    /// The time from arrival to departure that a share `level` does not exceed: the wait and one
    /// service.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `level` is not from 0, below 1.
    pub fn sojourn_quantile_seconds(&self, level: f64) -> Result<f64> {
        Ok(self.wait_quantile_seconds(level)? + self.service)
    }

    fn wait_beyond(&self, seconds: f64) -> f64 {
        let services = seconds / self.service;
        if services >= as_real(SERVICES as u64) {
            return self.scale * exp(-self.decay * services);
        }
        // In the k-th service time from now, y arrivals are expected between `seconds` and its
        // end; j of them came, and more than k − j were present, or k or more of them came.
        let ended = services.floor();
        let expected = self.load * (ended + 1.0 - services);
        let known = ended as usize + 1;
        let mut arrived = exp(-expected);
        let mut sum = 0.0;
        for (more_than, count) in self.more_than.iter().take(known + 1).skip(1).rev().zip(1_u64..) {
            sum += arrived * more_than;
            arrived *= expected / as_real(count);
        }
        let rest = 1.0 + poisson::above_over_at(as_real(known as u64), expected);
        (sum + arrived * rest).min(1.0)
    }

    fn present_asymptotically(&self, number: f64) -> f64 {
        // 1 + z/ρ = e^z: each further one present is as likely as the tail one 1/λ later.
        self.scale * exp(-number * ln_1p(self.decay / self.load))
    }

    /// The probabilities of more than n present. A departure leaves n by as many crossings up as
    /// down: P(n+1 left) × P(none arrive) = P(0 left) P(more than n arrive)
    /// + Σ P(i left) P(more than n + 1 − i arrive).
    fn numbers_present(&self) -> [f64; SERVICES + 1] {
        let mut more_arrive = [0.0; ARRIVALS];
        for (slot, count) in more_arrive.iter_mut().zip(0..) {
            *slot = poisson::at_most_and_above(f64::from(count), self.load).1;
        }
        let none_arrive = exp(-self.load);
        let mut left = vec![self.spare];
        for present in 0..SERVICES {
            let from_empty = self.spare * more_arrive.get(present).copied().unwrap_or(0.0);
            let others: f64 =
                left.iter().skip(1).rev().zip(more_arrive.iter().skip(1)).map(|(p, more)| p * more).sum();
            left.push((from_empty + others) / none_arrive);
        }
        let mut more_than = [0.0; SERVICES + 1];
        let mut above = self.present_asymptotically(as_real(SERVICES as u64));
        for (slot, probability) in more_than.iter_mut().rev().zip(left.iter().rev()) {
            *slot = above;
            above += probability;
        }
        more_than
    }
}

/// The root z above 0 of *ρ(e^z − 1) = z*, for ρ = `load` and 1 − ρ = `spare`.
fn decay_of(load: f64, spare: f64) -> f64 {
    let mut z;
    if load >= 0.5 {
        // 1 − z/(e^z − 1) = z(½ − h(z)) = 1 − ρ, which does not cancel for a small root; concave,
        // so that Newton's method rises to the root from 2(1 − ρ) below it.
        z = 2.0 * spare;
        for _ in 0..50 {
            let grown = exp_m1(z);
            let gap = z * (0.5 - geometric::bose_rest(z)) - spare;
            let slope = if z < 1e-4 { 0.5 - z / 6.0 } else { (z * (grown + 1.0) / grown - 1.0) / grown };
            let step = gap / slope;
            z -= step;
            if step.abs() <= f64::EPSILON * z {
                break;
            }
        }
    } else {
        // ln((e^z − 1)/z) = −ln ρ; convex, so that Newton's method falls to the root from above.
        let target = -ln(load);
        z = 2.0 * target + 2.0;
        for _ in 0..50 {
            let grown = -exp_m1(-z);
            let gap = z + ln(grown / z) - target;
            let slope = 1.0 / grown - 1.0 / z;
            let step = gap / slope;
            z -= step;
            if step.abs() <= f64::EPSILON * z {
                break;
            }
        }
    }
    z
}
