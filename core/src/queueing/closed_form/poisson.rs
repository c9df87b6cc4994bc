//! Poisson probabilities to full relative precision, for a real number of events too: what Erlang's
//! formulas and every uniformised chain are made of.
//!
//! Source: C. Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000): the
//! probability as a saddle-point term, a deviance and Stirling's error, none of which cancels.

use std::f64::consts::{PI, TAU};

use super::check::as_real;
use crate::units::{exp, ln, ln_gamma, sqrt};

/// A term below this share of its sum does not change it.
pub(super) const NEGLIGIBLE: f64 = 1e-18;

/// The longest sum; a few tens of √(10⁹ servers) are enough, the rest is a guard.
pub(super) const MOST_TERMS: u32 = 20_000_000;

/// The probability of `count` events (at least 0, real) of a Poisson number with this mean.
pub(super) fn probability(count: f64, mean: f64) -> f64 {
    if count == 0.0 {
        return exp(-mean);
    }
    if mean <= 0.0 {
        return 0.0;
    }
    if count <= 30.0 && count == count.floor() && mean < 600.0 {
        return (1..=30)
            .map(f64::from)
            .take_while(|&event| event <= count)
            .fold(exp(-mean), |product, event| product * (mean / event));
    }
    if count < 1.0 {
        return exp(count * ln(mean) - mean - ln_gamma(count + 1.0));
    }
    exp(-stirling_error(count) - deviance(count, mean)) / sqrt(TAU * count)
}

/// The probabilities of at most `count` and of more than `count` events, each precise where small.
pub(super) fn at_most_and_above(count: f64, mean: f64) -> (f64, f64) {
    let at = probability(count, mean);
    if count + 1.0 > mean {
        let above = (at * above_over_at(count, mean)).min(1.0);
        (1.0 - above, above)
    } else {
        let mut ratio = 1.0;
        let mut sum = 1.0;
        let mut left = count;
        while left > 0.0 && ratio > NEGLIGIBLE * sum {
            ratio *= left / mean;
            sum += ratio;
            left -= 1.0;
        }
        let at_most = (at * sum).min(1.0);
        (at_most, 1.0 - at_most)
    }
}

/// The sum of the probabilities of more than `count` events over that of `count`, for
/// `count` + 1 above the mean: *a/(x+1) + a²/((x+1)(x+2)) + …*.
pub(super) fn above_over_at(count: f64, mean: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 0.0;
    let mut next = count + 1.0;
    for _ in 0..MOST_TERMS {
        term *= mean / next;
        sum += term;
        // The rest of the sum is at most a geometric one of the next ratio.
        if term * mean <= NEGLIGIBLE * sum * (next + 1.0 - mean) {
            break;
        }
        next += 1.0;
    }
    sum
}

/// The same for a whole number of events.
pub(super) fn probability_of(count: u64, mean: f64) -> f64 {
    probability(as_real(count), mean)
}

/// ln Γ(x + 1) − (x + ½) ln x + x − ½ ln 2π.
fn stirling_error(count: f64) -> f64 {
    if count < 16.0 {
        return ln_gamma(count + 1.0) - (count + 0.5) * ln(count) + count - 0.5 * ln(2.0 * PI);
    }
    let square = 1.0 / (count * count);
    let series = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0];
    series.iter().rev().fold(0.0, |sum, coefficient| sum * square + coefficient) / count
}

/// x ln(x/m) + m − x, without cancellation where x is close to m.
fn deviance(count: f64, mean: f64) -> f64 {
    let difference = count - mean;
    if difference.abs() >= 0.1 * (count + mean) {
        return count * ln(count / mean) - difference;
    }
    let v = difference / (count + mean);
    let mut sum = difference * v;
    let mut term = 2.0 * count * v;
    let mut odd = 3.0;
    while odd < 100.0 {
        term *= v * v;
        let next = sum + term / odd;
        if next == sum {
            break;
        }
        sum = next;
        odd += 2.0;
    }
    sum
}
