//! Distributions of a service time whose transform is known: what an exact M/G/1 is made of.

use super::{check, transform::Complex};
use crate::error::{Error, ErrorCode, Result};

/// The largest number of parts of a mixture.
const MOST_PARTS: usize = 100_000;

/// A squared coefficient of variation below this is that of a constant.
const CONSTANT: f64 = 1e-12;

/// A service time: constant, exponential, gamma, or a mixture of such (hyperexponential service,
/// classes of requests, measured values).
///
/// ```
/// use sizewell::queueing::closed_form::ServiceTime;
/// let short = ServiceTime::exponential(0.1)?;
/// let long = ServiceTime::gamma(2.0, 0.5)?;
/// let both = ServiceTime::mixture(&[(0.9, short), (0.1, long)])?;
/// assert!((both.mean_seconds() - 0.29).abs() < 1e-15);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceTime {
    parts: Vec<Part>,
}

/// A gamma distribution with its share; a constant where the variation is 0.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    share: f64,
    mean: f64,
    scv: f64,
}

impl ServiceTime {
    /// Always this time, from 10⁻¹² to 10¹² seconds.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a time out of range.
    pub fn constant(seconds: f64) -> Result<Self> {
        Self::gamma(seconds, 0.0)
    }

    /// Exponential with this mean, from 10⁻¹² to 10¹² seconds.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a mean out of range.
    pub fn exponential(mean_seconds: f64) -> Result<Self> {
        Self::gamma(mean_seconds, 1.0)
    }

    /// Gamma with this mean, from 10⁻¹² to 10¹² seconds, and squared coefficient of variation,
    /// from 0 (constant) over 1/k (Erlang of k stages) and 1 (exponential) to 10⁶.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a number out of range.
    pub fn gamma(mean_seconds: f64, scv: f64) -> Result<Self> {
        let mean = check::time("mean_seconds", mean_seconds)?;
        let scv = check::variation("scv", scv)?;
        Ok(Self { parts: vec![Part { share: 1.0, mean, scv }] })
    }

    /// One of these times, with these probabilities, which are scaled to sum to 1.
    ///
    /// # Errors
    ///
    /// `empty` without parts, `too_large` with more than 100,000, `invalid_value` for a
    /// probability that is negative or above 10¹², or when all are 0.
    pub fn mixture(parts: &[(f64, Self)]) -> Result<Self> {
        let all: f64 = parts.iter().map(|(share, _)| share).sum();
        for (at, (share, _)) in parts.iter().enumerate() {
            crate::units::check_range("", *share, 0.0, 1e12)
                .map_err(|error| error.at(format!("parts[{at}].probability")))?;
        }
        Self::checked(parts.len())?;
        crate::units::check_positive("parts", all, f64::MAX)?;
        let parts: Vec<Part> = parts
            .iter()
            .flat_map(|(share, time)| {
                time.parts.iter().map(move |part| Part { share: part.share * share / all, ..*part })
            })
            .filter(|part| part.share > 0.0)
            .collect();
        Self::checked(parts.len())?;
        Ok(Self { parts })
    }

    /// Each of these measured times, from 10⁻¹² to 10¹² seconds, with the same probability.
    ///
    /// # Errors
    ///
    /// `empty` without times, `too_large` with more than 100,000, `invalid_value` for a time out
    /// of range.
    pub fn empirical(seconds: &[f64]) -> Result<Self> {
        Self::checked(seconds.len())?;
        let share = 1.0 / seconds.len() as f64;
        let part = |(at, &value): (usize, &f64)| {
            let mean = check::time("", value).map_err(|error| error.at(format!("seconds[{at}]")))?;
            Ok(Part { share, mean, scv: 0.0 })
        };
        Ok(Self { parts: seconds.iter().enumerate().map(part).collect::<Result<_>>()? })
    }

    fn checked(parts: usize) -> Result<()> {
        if parts == 0 {
            return Err(Error::new(ErrorCode::Empty, "parts", "is empty"));
        }
        if parts > MOST_PARTS {
            return Err(Error::new(ErrorCode::TooLarge, "parts", "is too long")
                .given(parts)
                .allowed(format!("at most {MOST_PARTS}")));
        }
        Ok(())
    }

    /// The mean.
    #[must_use]
    pub fn mean_seconds(&self) -> f64 {
        self.parts.iter().map(|part| part.share * part.mean).sum()
    }

    /// The squared coefficient of variation.
    #[must_use]
    pub fn scv(&self) -> f64 {
        let mean = self.mean_seconds();
        let variance: f64 = self
            .parts
            .iter()
            .map(|part| {
                let off = part.mean / mean - 1.0;
                let relative = part.mean / mean;
                part.share * (relative * relative * part.scv + off * off)
            })
            .sum();
        variance
    }

    /// The third moment, in cubic seconds.
    #[must_use]
    pub fn third_moment_cubic_seconds(&self) -> f64 {
        let cube = |part: &Part| {
            part.share * part.mean * part.mean * part.mean * (1.0 + part.scv) * (1.0 + 2.0 * part.scv)
        };
        self.parts.iter().map(cube).sum()
    }

    /// 1 − (1 − B(s))/(sE\[S\]), for B the Laplace transform: what the transform of the remaining
    /// service time lacks to 1, without cancellation for a small s.
    pub(super) fn excess(&self, s: Complex) -> Complex {
        let mut sum = Complex { re: 0.0, im: 0.0 };
        let mut mean = 0.0;
        for part in &self.parts {
            let weight = part.share * part.mean;
            let part = excess_of(s.scaled(part.mean), part.scv);
            sum = sum.plus(part.scaled(weight));
            mean += weight;
        }
        sum.scaled(1.0 / mean)
    }
}

/// The same for a gamma distribution of mean 1: *1 + (B(z) − 1)/z* with *B(z) = (1 + vz)^(−1/v)*.
fn excess_of(z: Complex, scv: f64) -> Complex {
    if (z.re.abs() + z.im.abs()) * (1.0 + scv) < 0.1 {
        // z(1+v)/2 − z²(1+v)(1+2v)/6 + …; each term is a tenth of the one before, or less.
        let mut term = Complex { re: -1.0, im: 0.0 };
        let mut sum = Complex { re: 0.0, im: 0.0 };
        for order in (1..=18).map(f64::from) {
            term = term.times(z).scaled(-(1.0 + order * scv) / (order + 1.0));
            sum = sum.plus(term);
        }
        return sum;
    }
    let log = if scv < CONSTANT { z } else { z.scaled(scv).ln_of_one_more().scaled(1.0 / scv) };
    let lost = log.scaled(-1.0).exp_less_one();
    lost.over(z).plus(Complex { re: 1.0, im: 0.0 })
}
