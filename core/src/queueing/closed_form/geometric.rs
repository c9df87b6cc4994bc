//! Sums of a truncated geometric sequence that stay precise when its ratio is close to 1.

use crate::units::{exp, exp_m1, ln, ln_1p};

/// ln(numerator / denominator), precise when the two are close; `difference` is
/// numerator − denominator.
pub(super) fn ln_ratio(numerator: f64, denominator: f64, difference: f64) -> f64 {
    let relative = difference / denominator;
    if relative.abs() < 0.5 { ln_1p(relative) } else { ln(numerator / denominator) }
}

/// 1 + r + … + r^(terms−1) for r = e^(−decay), decay at least 0.
pub(super) fn sum(terms: f64, decay: f64) -> f64 {
    if terms <= 0.0 {
        0.0
    } else if decay == 0.0 {
        terms
    } else {
        exp_m1(-terms * decay) / exp_m1(-decay)
    }
}

/// r^count for r = e^(−decay).
pub(super) fn power(count: f64, decay: f64) -> f64 {
    if count == 0.0 { 1.0 } else { exp(-count * decay) }
}

/// The mean of a number from 0 to `most` whose probabilities fall as e^(−decay), decay at least 0.
///
/// It is 1/(e^x − 1) − (m+1)/(e^((m+1)x) − 1). Where both exponents are small the poles at 0
/// cancel, so that only [`bose_rest`] remains.
pub(super) fn mean(most: f64, decay: f64) -> f64 {
    if most <= 0.0 {
        return 0.0;
    }
    let terms = most + 1.0;
    if terms * decay <= 1.0 {
        return most / 2.0 + bose_rest(decay) - terms * bose_rest(terms * decay);
    }
    let cut = exp_m1(terms * decay);
    let first = 1.0 / exp_m1(decay);
    if cut.is_finite() { first - terms / cut } else { first }
}

/// 1/(e^x − 1) − 1/x + ½, from its Bernoulli series where the poles would cancel.
pub(super) fn bose_rest(x: f64) -> f64 {
    if x.abs() > 1.0 {
        return 1.0 / exp_m1(x) - 1.0 / x + 0.5;
    }
    // B(2n)/(2n)!, n from 1; the radius of convergence is 2π, so ten terms leave (1/2π)²⁰.
    const SERIES: [f64; 10] = [
        1.0 / 12.0,
        -1.0 / 720.0,
        1.0 / 30_240.0,
        -1.0 / 1_209_600.0,
        1.0 / 47_900_160.0,
        -691.0 / 1_307_674_368_000.0,
        1.0 / 74_724_249_600.0,
        -3_617.0 / 10_670_622_842_880_000.0,
        43_867.0 / 5_109_094_217_170_944_000.0,
        -174_611.0 / 802_857_662_698_291_200_000.0,
    ];
    SERIES.iter().rev().fold(0.0, |sum, coefficient| sum * (x * x) + coefficient) * x
}
