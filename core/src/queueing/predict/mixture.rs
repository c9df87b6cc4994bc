//! Latencies as mixtures of a few simple distributions, and their quantiles.
//!
//! Everything here is arithmetic without transcendental functions, because it runs in the innermost
//! loop of a prediction.

use crate::queueing::prediction::LatencyPercentiles;
use crate::units::{Quantile, ln, sqrt};

/// Mean, variance and third central moment of a sum of independent things; they add up.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Cumulants {
    pub mean: f64,
    pub variance: f64,
    pub third: f64,
}

impl Cumulants {
    pub fn new(mean: f64, variance: f64, third: f64) -> Self {
        Self { mean, variance, third }
    }

    /// Evenly from 0 to `width`.
    pub fn uniform(width: f64) -> Self {
        Self::new(width / 2.0, width * width / 12.0, 0.0)
    }

    /// From the moments about 0.
    pub fn from_moments(first: f64, second: f64, third: f64) -> Self {
        let variance = (second - first * first).max(0.0);
        Self::new(first, variance, third - 3.0 * first * second + 2.0 * first * first * first)
    }

    pub fn moments(self) -> (f64, f64, f64) {
        let second = self.variance + self.mean * self.mean;
        (self.mean, second, self.third + 3.0 * self.mean * second - 2.0 * self.mean * self.mean * self.mean)
    }

    pub fn plus(self, other: Self) -> Self {
        Self::new(self.mean + other.mean, self.variance + other.variance, self.third + other.third)
    }

    /// The same thing in another unit.
    pub fn times(self, factor: f64) -> Self {
        let square = factor * factor;
        Self::new(self.mean * factor, self.variance * square, self.third * square * factor)
    }

    /// Longer by a factor, and with another variance over the square of the mean.
    pub fn stretched(self, mean: f64, spread: f64) -> Self {
        let longer = self.times(mean);
        Self::new(longer.mean, longer.variance * spread, longer.third * spread * spread)
    }

    /// Between two models of one thing.
    pub fn blend(self, other: Self, share: f64) -> Self {
        let mix = |here: f64, there: f64| here * (1.0 - share) + there * share;
        Self::new(
            mix(self.mean, other.mean),
            mix(self.variance, other.variance),
            mix(self.third, other.third),
        )
    }
}

/// A part of a mixture, ready to be evaluated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Part {
    pub weight: f64,
    pub mean: f64,
    /// No value is above this.
    pub most: f64,
    pub curve: Curve,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Curve {
    /// From `low` to `high`, evenly; a step where they are equal.
    Even {
        low: f64,
        high: f64,
    },
    Normal {
        precision: f64,
    },
    /// Shifted gamma: `(∛(1 + (x − mean) a) − b) c` is standard normal.
    Gamma {
        scale: f64,
        centre: f64,
        stretch: f64,
    },
}

/// Skewness above which the gamma distribution has no use: at 4 its median is nearly its minimum.
const MOST_SKEWED: f64 = 4.0;
/// Below, a gamma distribution is as good as normal.
const LEAST_SKEWED: f64 = 0.1;

impl Part {
    pub const NONE: Self =
        Self { weight: 0.0, mean: 0.0, most: f64::INFINITY, curve: Curve::Even { low: 0.0, high: 0.0 } };

    /// Evenly from `low` to `low + width`.
    pub fn even(weight: f64, low: f64, width: f64) -> Self {
        Self {
            weight,
            mean: low + width / 2.0,
            most: f64::INFINITY,
            curve: Curve::Even { low, high: low + width },
        }
    }

    /// A gamma distribution with these moments, shifted so that all three agree (Pearson's type
    /// III); normal where there is no skewness.
    pub fn gamma(weight: f64, cumulants: Cumulants) -> Self {
        let Cumulants { mean, variance, third } = cumulants;
        if variance <= mean * mean * 1e-16 {
            return Self::even(weight, mean, 0.0);
        }
        let deviation = sqrt(variance);
        let skewness = (third / (variance * deviation)).min(MOST_SKEWED);
        let curve = if skewness < LEAST_SKEWED {
            Curve::Normal { precision: 1.0 / deviation }
        } else {
            // Wilson and Hilferty 1931: the cube root of a gamma variable is nearly normal.
            let root = 2.0 / skewness;
            let ninth = skewness * skewness / 36.0;
            Curve::Gamma { scale: 1.0 / (root * deviation), centre: 1.0 - ninth, stretch: 3.0 * root }
        };
        Self { weight, mean, most: f64::INFINITY, curve }
    }

    /// The same, where values above `most` cannot be: what would be there is there.
    pub fn at_most(self, most: f64) -> Self {
        Self { most: most.max(self.mean), ..self }
    }

    /// Share of this part above `value`.
    fn above(&self, value: f64) -> f64 {
        if value >= self.most {
            return 0.0;
        }
        match self.curve {
            Curve::Even { low, high } => {
                if value >= high {
                    0.0
                } else if value <= low {
                    1.0
                } else {
                    (high - value) / (high - low)
                }
            }
            Curve::Normal { precision } => normal_above((value - self.mean) * precision),
            Curve::Gamma { scale, centre, stretch } => {
                let scaled = 1.0 + (value - self.mean) * scale;
                if scaled <= 0.0 { 1.0 } else { normal_above((cube_root(scaled) - centre) * stretch) }
            }
        }
    }

    /// Share of this part at or below `value`.
    pub fn within(&self, value: f64) -> f64 {
        1.0 - self.above(value)
    }
}

/// One minus the standard normal distribution function: Abramowitz and Stegun 26.2.19, absolute
/// error below 1.5e-7.
fn normal_above(z: f64) -> f64 {
    let size = z.abs();
    let sum = 1.0
        + size
            * (0.049_867_347_0
                + size
                    * (0.021_141_006_1
                        + size
                            * (0.003_277_626_3
                                + size
                                    * (0.000_038_003_6
                                        + size * (0.000_048_890_6 + size * 0.000_005_383_0)))));
    let second = sum * sum;
    let fourth = second * second;
    let eighth = fourth * fourth;
    let tail = 0.5 / (eighth * eighth);
    if z < 0.0 { 1.0 - tail } else { tail }
}

/// The cube root of a positive number within one part in 20,000: a third of the exponent, then
/// Halley's step.
fn cube_root(value: f64) -> f64 {
    let root = f64::from_bits(value.to_bits() / 3 + 0x2A9F_7893_782D_A1CE);
    let cube = root * root * root;
    root * (cube + 2.0 * value) / (2.0 * cube + value)
}

/// Share of a mixture above `value`; its weights sum to 1.
pub(crate) fn above(parts: &[Part], value: f64) -> f64 {
    parts.iter().map(|part| part.weight * part.above(value)).sum()
}

/// Share of a mixture at or below `value`.
pub(crate) fn within(parts: &[Part], value: f64) -> f64 {
    1.0 - above(parts, value)
}

/// Most evaluations for one quantile; about three are needed.
const MOST_STEPS: usize = 24;
/// Known points of the distribution.
const POINTS: usize = 8;

/// Mean and percentiles of a mixture whose weights sum to 1; each percentile is where the share
/// above is right to one part in 250.
pub(crate) fn percentiles(parts: &[Part]) -> LatencyPercentiles {
    let mean: f64 = parts.iter().map(|part| part.weight * part.mean).sum();
    let mut start = Search { low: 0.0, low_log: 0.0, ahead: [(0.0, 0.0); POINTS] };
    let mut find = |level: f64, guess: f64| start.quantile(parts, 1.0 - level, guess);
    let p50 = find(0.5, mean);
    let p90 = find(0.9, p50 + (mean * 0.5).max(p50 * 0.2)).max(p50);
    let p95 = find(0.95, p90 + (p90 - p50) * 0.3).max(p90);
    let p99 = find(0.99, p95 + (p95 - p50) * 0.45).max(p95);
    LatencyPercentiles { mean_ms: mean, p50_ms: p50, p90_ms: p90, p95_ms: p95, p99_ms: p99 }
}

/// The mean or one percentile of a mixture whose weights sum to 1, as [`percentiles`] has it.
pub(crate) fn statistic(parts: &[Part], quantile: Quantile) -> f64 {
    let mean: f64 = parts.iter().map(|part| part.weight * part.mean).sum();
    let (level, guess) = match quantile {
        Quantile::Mean => return mean,
        Quantile::P50 => (0.5, mean),
        Quantile::P90 => (0.9, mean * 1.6),
        Quantile::P95 => (0.95, mean * 1.9),
        Quantile::P99 => (0.99, mean * 2.5),
    };
    let mut search = Search { low: 0.0, low_log: 0.0, ahead: [(0.0, 0.0); POINTS] };
    search.quantile(parts, 1.0 - level, guess)
}

/// What is known of a distribution from the quantiles that were looked for before.
struct Search {
    /// A value with a share above that is not too small, and the logarithm of that share.
    low: f64,
    low_log: f64,
    /// Values beyond with the logarithm of the share above; empty where that is 0.
    ahead: [(f64, f64); POINTS],
}

impl Search {
    /// The value that a share `tail` is above: regula falsi on the logarithm of that share, in
    /// which tails are nearly straight, with the step halved where it would not move.
    fn quantile(&mut self, parts: &[Part], tail: f64, guess: f64) -> f64 {
        let goal = ln(tail);
        let mut high: Option<(f64, f64)> = None;
        for point in &self.ahead {
            if point.1 < 0.0 && point.1 <= goal && high.is_none_or(|known| point.0 < known.0) {
                high = Some(*point);
            }
            if point.1 < 0.0 && point.1 > goal && point.0 > self.low {
                (self.low, self.low_log) = *point;
            }
        }
        let mut value = guess;
        let mut spare = 0;
        for step in 0..MOST_STEPS {
            if let Some((top, top_log)) = high {
                let gap = top - self.low;
                if gap <= top * 1e-4 {
                    return top;
                }
                let way = (self.low_log - goal) / (self.low_log - top_log).max(1e-300);
                let way = if step > 6 && step % 2 == 0 { 0.5 } else { way };
                if step > 0 || value <= self.low || value >= top {
                    value = self.low + gap * way.clamp(0.02, 0.98);
                }
            } else if step > 0 || value <= self.low {
                value = (self.low * 1.5).max(value * 1.3).max(1e-9);
            }
            let share = above(parts, value);
            if (share - tail).abs() <= tail * 4e-3 {
                return value;
            }
            let log = if share > 1e-12 { ln(share) } else { -27.7 };
            if share > tail {
                (self.low, self.low_log) = (value, log);
            } else {
                high = Some((value, log));
                if let Some(slot) = self.ahead.get_mut(spare % POINTS) {
                    *slot = (value, log);
                    spare += 1;
                }
            }
        }
        high.map_or(value, |known| known.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{exp, normal_cdf};

    #[test]
    fn the_normal_tail_and_the_cube_root_are_precise() {
        for step in -600..600 {
            let z = f64::from(step) / 100.0;
            assert!((normal_above(z) - (1.0 - normal_cdf(z))).abs() < 2e-7, "{z}");
        }
        for step in 1..2000 {
            let value = exp(f64::from(step - 1000) / 40.0);
            assert!((cube_root(value) / crate::units::cbrt(value) - 1.0).abs() < 5e-5, "{value}");
        }
    }

    /// A part with the moments of an exponential distribution has its quantiles, within the 1.5% of
    /// Wilson and Hilferty's approximation at this skewness.
    #[test]
    fn an_exponential_has_its_quantiles() {
        let found = percentiles(&[Part::gamma(1.0, Cumulants::new(1.0, 1.0, 2.0))]);
        for (value, tail) in
            [(found.p50_ms, 0.5), (found.p90_ms, 0.1), (found.p95_ms, 0.05), (found.p99_ms, 0.01)]
        {
            assert!((value / -ln(tail) - 1.0).abs() < 0.015, "{value} at {tail}");
        }
        assert_eq!(found.mean_ms, 1.0);
    }

    #[test]
    fn steps_and_atoms_are_found() {
        let parts = [Part::even(0.92, 10.0, 0.0), Part::even(0.08, 100.0, 100.0)];
        let found = percentiles(&parts);
        assert!((found.p50_ms - 10.0).abs() < 0.01 && (found.p90_ms - 10.0).abs() < 0.01, "{found:?}");
        assert!((found.p95_ms - 137.5).abs() < 0.5, "{found:?}");
        assert!((found.p99_ms - 187.5).abs() < 0.5, "{found:?}");
        assert!((found.mean_ms - 21.2).abs() < 1e-9);
    }
}
