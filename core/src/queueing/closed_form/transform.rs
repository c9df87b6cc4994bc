//! M/G/1 exactly: the Pollaczek–Khinchine transform of the wait, inverted numerically.

use std::f64::consts::PI;

use super::{check, mg1::Mg1Queue, service::ServiceTime, solve};
use crate::{
    error::{Error, Result},
    units::{atan2, cos, exp, exp_m1, ln_1p, mul_add, sin},
};

/// Bounds the error of discretisation by e⁻²³ = 10⁻¹⁰; rounding is amplified by e^(23/2) = 10⁵.
const DAMPING: f64 = 23.0;

/// Terms before Euler's summation, and those that it averages.
const PLAIN_TERMS: u32 = 60;
const AVERAGED_TERMS: u32 = 20;

/// Beyond this level quantiles would be read from the error of the inversion.
const HIGHEST_LEVEL: f64 = 0.999_999;

/// The M/G/1 queue in steady state, first come, first served, from the distribution of the
/// service time.
///
/// The transform of the tail is inverted by the Euler algorithm of Abate and Whitt, written in the
/// remaining service time so that nothing cancels at high load. Errors are about 10⁻⁹ where the
/// service time has a density. A constant part of the service puts a kink into the tail, at that
/// time: there the error is about 10⁻³ of that part; [`Md1Queue`](super::Md1Queue) has none. A
/// tail takes about 80 evaluations of the transform, each of as many exponentials as the service
/// time has parts.
///
/// Source: J. Abate and W. Whitt, "Numerical Inversion of Laplace Transforms of Probability
/// Distributions", ORSA Journal on Computing 7 (1995) 36–43.
///
/// ```
/// use sizewell::queueing::closed_form::{Mg1TransformQueue, Mm1Queue, ServiceTime};
/// let queue = Mg1TransformQueue::new(8.0, ServiceTime::exponential(0.1)?)?;
/// let exact = Mm1Queue::new(8.0, 10.0)?.wait_tail(0.7)?;
/// assert!((queue.wait_tail(0.7)? - exact).abs() < 1e-9);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Mg1TransformQueue {
    service: ServiceTime,
    moments: Mg1Queue,
    /// 1 − ρ, rounded once.
    spare: f64,
}

impl Mg1TransformQueue {
    /// A queue with arrivals at this rate, from 10⁻¹² to 10¹² per second, and this service time.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a rate out of range; `unstable` when rate × mean service time is not
    /// below 1.
    pub fn new(arrival_rate_per_second: f64, service: ServiceTime) -> Result<Self> {
        let mean = service.mean_seconds();
        // A mixture of far apart times can vary more than its parts may.
        let scv = service.scv();
        let moments = Mg1Queue::new(arrival_rate_per_second, mean, scv)?
            .with_third_moment(service.third_moment_cubic_seconds())?;
        let spare = -mul_add(arrival_rate_per_second, mean, -1.0);
        Ok(Self { service, moments, spare })
    }

    /// The same queue by moments: its means are exact.
    #[must_use]
    pub fn moments(&self) -> Mg1Queue {
        self.moments
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
    /// `invalid_value` when `level` is not from 0 to 0.999999; beyond that the inversion has no
    /// digits left.
    pub fn wait_quantile_seconds(&self, level: f64) -> Result<f64> {
        if !(0.0..=HIGHEST_LEVEL).contains(&level) {
            return Err(Error::invalid("level", level, format!("a number from 0 to {HIGHEST_LEVEL}")));
        }
        let beyond = 1.0 - level;
        if beyond >= self.moments.utilization() {
            return Ok(0.0);
        }
        let guess = self.moments.wait_quantile_approximate_seconds(level)?.max(self.service.mean_seconds());
        Ok(solve::where_tail_is(beyond, guess, |seconds| self.wait_beyond(seconds)))
    }

    fn wait_beyond(&self, seconds: f64) -> f64 {
        let load = self.moments.utilization();
        // Before and after, the tail is that of its first and last moment to the error stated.
        if seconds <= 1e-12 * self.service.mean_seconds() {
            return load;
        }
        if seconds >= 1e6 * self.moments.mean_wait_seconds() {
            return 0.0;
        }
        let at = |order: u32| {
            let s = Complex { re: DAMPING / (2.0 * seconds), im: f64::from(order) * PI / seconds };
            self.transform_of_tail(s).re
        };
        let mut sum = at(0) / 2.0;
        let mut sign = -1.0;
        for order in 1..=PLAIN_TERMS {
            sum += sign * at(order);
            sign = -sign;
        }
        // Euler's summation: the binomial mean of the next partial sums.
        let mut binomial = exp(-f64::from(AVERAGED_TERMS) * std::f64::consts::LN_2);
        let mut averaged = 0.0;
        for further in 0..=AVERAGED_TERMS {
            averaged += binomial * sum;
            sum += sign * at(PLAIN_TERMS + further + 1);
            sign = -sign;
            binomial *= f64::from(AVERAGED_TERMS - further) / f64::from(further + 1);
        }
        (averaged * exp(DAMPING / 2.0) / seconds).clamp(0.0, load)
    }

    /// (1 − W(s))/s for *W = (1 − ρ)/(1 − ρBₑ(s))*, from 1 − Bₑ.
    fn transform_of_tail(&self, s: Complex) -> Complex {
        let excess = self.service.excess(s).scaled(self.moments.utilization());
        let below = excess.plus(Complex { re: self.spare, im: 0.0 });
        excess.over(below.times(s))
    }
}

/// A complex number, with no more arithmetic than the transform needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Complex {
    pub re: f64,
    pub im: f64,
}

impl Complex {
    pub(super) fn plus(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }

    pub(super) fn scaled(self, factor: f64) -> Self {
        Self { re: self.re * factor, im: self.im * factor }
    }

    pub(super) fn times(self, other: Self) -> Self {
        Self { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }

    pub(super) fn over(self, other: Self) -> Self {
        // Scaled first, so that the square neither overflows nor vanishes.
        let scale = other.re.abs().max(other.im.abs());
        let other = other.scaled(1.0 / scale);
        let square = other.re * other.re + other.im * other.im;
        self.scaled(1.0 / scale).times(Self { re: other.re, im: -other.im }).scaled(1.0 / square)
    }

    /// The logarithm of 1 + this number, precise for a small one, for a real part from 0.
    pub(super) fn ln_of_one_more(self) -> Self {
        let more = 2.0 * self.re + self.re * self.re + self.im * self.im;
        Self { re: 0.5 * ln_1p(more), im: atan2(self.im, 1.0 + self.re) }
    }

    /// e to the power of this number, less 1, precise for a small one.
    pub(super) fn exp_less_one(self) -> Self {
        let half = sin(self.im / 2.0);
        let grown = exp(self.re);
        Self { re: exp_m1(self.re) * cos(self.im) - 2.0 * half * half, im: grown * sin(self.im) }
    }
}
