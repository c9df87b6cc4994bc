//! Birth–death chains: one more or one fewer at a time, at rates that depend on the number present.

use super::check;
use crate::error::{Error, ErrorCode, Result};

/// The longest chain.
const MOST_STATES: usize = 10_000_000;

/// A birth–death chain in steady state: the number present rises from *n* at rate `births[n]` and
/// falls from *n + 1* at rate `deaths[n]`.
///
/// Every queue with exponential times and limited room is one: M/M/1/K, M/M/c/K, a finite source,
/// and an engine whose speed depends on its batch. Weights are products kept with a separate
/// exponent, so neither long chains nor extreme rates overflow.
///
/// Source: L. Kleinrock, *Queueing Systems*, volume 1 (1975), section 3.1.
///
/// ```
/// use sizewell::queueing::closed_form::BirthDeath;
/// // An engine with room for 4 that serves faster the fuller it is.
/// let engine = BirthDeath::new(&[2.0; 4], &[1.0, 1.8, 2.4, 2.8])?;
/// assert!((engine.probabilities().iter().sum::<f64>() - 1.0).abs() < 1e-15);
/// let little = engine.mean_number() / engine.throughput_per_second();
/// assert!((engine.mean_sojourn_seconds() - little).abs() < 1e-15);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BirthDeath {
    probabilities: Vec<f64>,
    throughput: f64,
}

impl BirthDeath {
    /// The chain with these rates per second, each from 10⁻¹² to 10¹², as many deaths as births,
    /// from 1 to 10⁷.
    ///
    /// # Errors
    ///
    /// `empty` without rates, `too_large` for a longer chain, `contradiction` when there are not
    /// as many deaths as births, `invalid_value` for a rate out of range.
    pub fn new(births_per_second: &[f64], deaths_per_second: &[f64]) -> Result<Self> {
        if births_per_second.len() != deaths_per_second.len() {
            return Err(Error::new(
                ErrorCode::Contradiction,
                "deaths_per_second",
                "must be as many as the births",
            )
            .given(deaths_per_second.len())
            .allowed(births_per_second.len().to_string()));
        }
        let rates = births_per_second.iter().copied().zip(deaths_per_second.iter().copied());
        Self::of(births_per_second.len(), rates)
    }

    /// The chain of the numbers 0 to `most`, with the rate of births at each number below `most`
    /// and the rate of deaths at each number above 0.
    ///
    /// ```
    /// use sizewell::queueing::closed_form::{BirthDeath, MmckQueue};
    /// let chain = BirthDeath::from_rates(6, |_| 3.0, |present| present.min(2) as f64)?;
    /// let queue = MmckQueue::new(3.0, 1.0, 2, 6)?;
    /// assert!((chain.state_probability(6) - queue.loss_probability()).abs() < 1e-15);
    /// # Ok::<(), sizewell::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn from_rates(
        most: usize,
        mut birth_per_second: impl FnMut(u64) -> f64,
        mut death_per_second: impl FnMut(u64) -> f64,
    ) -> Result<Self> {
        Self::of(
            most,
            (0..most as u64).map(|number| (birth_per_second(number), death_per_second(number + 1))),
        )
    }

    fn of(most: usize, rates: impl Iterator<Item = (f64, f64)>) -> Result<Self> {
        if most == 0 {
            return Err(Error::new(ErrorCode::Empty, "births_per_second", "is empty"));
        }
        if most > MOST_STATES {
            return Err(Error::new(ErrorCode::TooLarge, "births_per_second", "is too long")
                .given(most)
                .allowed(format!("at most {MOST_STATES} rates")));
        }
        let mut births = Vec::with_capacity(most);
        let mut ratios = Vec::with_capacity(most);
        for (at, (birth, death)) in rates.enumerate() {
            check::rate("", birth).map_err(|error| error.at(format!("births_per_second[{at}]")))?;
            check::rate("", death).map_err(|error| error.at(format!("deaths_per_second[{at}]")))?;
            births.push(birth);
            ratios.push(birth / death);
        }
        let probabilities = stationary(ratios.into_iter());
        let throughput =
            probabilities.iter().zip(&births).map(|(probability, birth)| probability * birth).sum();
        Ok(Self { probabilities, throughput })
    }

    /// The probability of each number present, from 0.
    #[must_use]
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// The probability that `number` are present; 0 beyond the chain.
    #[must_use]
    pub fn state_probability(&self, number: u64) -> f64 {
        usize::try_from(number).ok().and_then(|at| self.probabilities.get(at)).copied().unwrap_or(0.0)
    }

    /// The rate of births, which is that of deaths.
    #[must_use]
    pub fn throughput_per_second(&self) -> f64 {
        self.throughput
    }

    /// The mean number present.
    #[must_use]
    pub fn mean_number(&self) -> f64 {
        self.probabilities.iter().enumerate().map(|(number, probability)| number as f64 * probability).sum()
    }

    /// The mean time from birth to death, by Little's law.
    #[must_use]
    pub fn mean_sojourn_seconds(&self) -> f64 {
        self.mean_number() / self.throughput
    }

    /// The probability that more than `number` are present.
    #[must_use]
    pub fn number_tail(&self, number: u64) -> f64 {
        let from = usize::try_from(number).unwrap_or(usize::MAX).saturating_add(1);
        // From the far end, where the terms are usually smallest.
        self.probabilities.get(from..).map_or(0.0, |tail| tail.iter().rev().sum::<f64>().min(1.0))
    }

    /// The smallest number that is not exceeded for a share `level` of the time.
    ///
    /// # Errors
    ///
    /// `invalid_value` when `level` is not from 0, below 1.
    pub fn number_quantile(&self, level: f64) -> Result<u64> {
        let beyond = 1.0 - check::level(level)?;
        let mut above = 0.0;
        for (number, probability) in self.probabilities.iter().enumerate().rev() {
            above += probability;
            if above > beyond {
                return Ok(number as u64);
            }
        }
        Ok(0)
    }
}

/// The stationary probabilities of the chain whose rate of births at n over the rate of deaths at
/// n + 1, from 10⁻⁶⁰ to 10⁶⁰, is the n-th ratio.
pub(super) fn stationary(ratios: impl Iterator<Item = f64>) -> Vec<f64> {
    let first = Scaled { mantissa: 1.0, exponent: 0 };
    let rest = ratios.scan(first, |weight, ratio| {
        *weight = weight.times(ratio);
        Some(*weight)
    });
    let weights: Vec<Scaled> = std::iter::once(first).chain(rest).collect();
    let largest = weights.iter().copied().fold(first, Scaled::larger);
    let mut probabilities: Vec<f64> = weights.into_iter().map(|weight| weight.over(largest)).collect();
    let all: f64 = probabilities.iter().sum();
    for probability in &mut probabilities {
        *probability /= all;
    }
    probabilities
}

/// A positive number with an exponent of its own: mantissa × 2^(512 × exponent), the mantissa
/// between 2⁻²⁵⁶ and 2²⁵⁶.
#[derive(Debug, Clone, Copy)]
struct Scaled {
    mantissa: f64,
    exponent: i64,
}

/// 2²⁵⁶ and 2⁵¹².
const HALF_STEP: f64 = 1.157_920_892_373_162e77;
const STEP: f64 = HALF_STEP * HALF_STEP;

impl Scaled {
    /// The product with a number between 10⁻⁶⁰ and 10⁶⁰.
    fn times(self, factor: f64) -> Self {
        let mantissa = self.mantissa * factor;
        if mantissa >= HALF_STEP {
            Self { mantissa: mantissa / STEP, exponent: self.exponent + 1 }
        } else if mantissa < 1.0 / HALF_STEP {
            Self { mantissa: mantissa * STEP, exponent: self.exponent - 1 }
        } else {
            Self { mantissa, exponent: self.exponent }
        }
    }

    fn larger(self, other: Self) -> Self {
        if (other.exponent, other.mantissa) > (self.exponent, self.mantissa) { other } else { self }
    }

    /// This number over one that is not smaller; 0 where that is below the smallest number.
    fn over(self, larger: Self) -> f64 {
        let ratio = self.mantissa / larger.mantissa;
        match larger.exponent - self.exponent {
            0 => ratio,
            1 => ratio / STEP,
            2 => ratio / STEP / STEP,
            _ => 0.0,
        }
    }
}
