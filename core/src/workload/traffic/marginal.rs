//! The distribution of the relative rate: gamma with mean 1, reached from a standard normal value by
//! its rank. Rates that are often near nothing and at times many times the mean are what services that
//! are used in stretches look like; a lognormal of the same variance has peaks two to three times too high.
//!
//! How the correlation of the normal values becomes that of the rates follows from the Hermite coefficients
//! of the map (Mehler's formula; Grigoriu, "Applied Non-Gaussian Processes", 1995, section 3.1).

use crate::units::{exp, ln, ln_gamma, normal_cdf};

/// The map is tabulated for normal values within ± so much.
const REACH: f64 = 8.0;
/// Steps of the table.
const STEPS: usize = 512;
/// Hermite coefficients: what is left to higher orders is counted with the last.
const ORDERS: usize = 40;

/// From standard normal values to relative rates.
#[derive(Debug, Clone)]
pub(super) struct Marginal {
    /// Relative rates at equal steps of the normal value.
    rates: Vec<f64>,
    /// Share of the variance of each order, the first first.
    shares: Vec<f64>,
}

impl Marginal {
    /// With a variance from 0 to 50.
    pub(super) fn new(variance: f64) -> Self {
        let shape = 1.0 / variance.clamp(1e-6, 50.0);
        let at = |step: usize| -REACH + 2.0 * REACH * step as f64 / STEPS as f64;
        let mut log = ln(shape) - 1.0;
        let mut rates: Vec<f64> = (0..=STEPS)
            .map(|step| {
                log = log_quantile(shape, at(step), log);
                exp(log) / shape
            })
            .collect();
        let weight = |step: usize| exp(-at(step) * at(step) / 2.0);
        let total: f64 = (0..=STEPS).map(weight).sum();
        let mean = rates.iter().enumerate().map(|(step, rate)| weight(step) * rate).sum::<f64>() / total;
        rates.iter_mut().for_each(|rate| *rate /= mean);
        let mut coefficients = vec![0.0; ORDERS + 1];
        let mut whole = 0.0;
        for (step, rate) in rates.iter().enumerate() {
            let (weight, value) = (weight(step) / total, at(step));
            whole += weight * (rate - 1.0) * (rate - 1.0);
            // Normalised Hermite polynomials: √(n+1)·Hₙ₊₁ = x·Hₙ − √n·Hₙ₋₁.
            let (mut before, mut now) = (0.0, 1.0);
            for (order, coefficient) in coefficients.iter_mut().enumerate() {
                *coefficient += weight * rate * now;
                let n = order as f64;
                let next = (value * now - crate::units::sqrt(n) * before) / crate::units::sqrt(n + 1.0);
                (before, now) = (now, next);
            }
        }
        let mut shares: Vec<f64> = coefficients
            .iter()
            .skip(1)
            .map(|coefficient| coefficient * coefficient / whole.max(1e-300))
            .collect();
        let rest = 1.0 - shares.iter().sum::<f64>();
        if let Some(last) = shares.last_mut() {
            *last += rest.max(0.0);
        }
        Self { rates, shares }
    }

    /// The relative rate of a normal value.
    pub(super) fn at(&self, value: f64) -> f64 {
        let place = ((value + REACH) / (2.0 * REACH) * STEPS as f64).clamp(0.0, STEPS as f64);
        let below = (place as usize).min(STEPS - 1);
        let low = self.rates.get(below).copied().unwrap_or(1.0);
        let high = self.rates.get(below + 1).copied().unwrap_or(low);
        low + (high - low) * (place - below as f64)
    }

    /// Correlation of the rates whose normal values have this correlation, and its derivative.
    pub(super) fn correlation(&self, correlation: f64) -> (f64, f64) {
        let (mut sum, mut slope) = (0.0, 0.0);
        for (order, share) in self.shares.iter().enumerate().rev() {
            slope = slope * correlation + share * (order + 1) as f64;
            sum = (sum + share) * correlation;
        }
        (sum, slope)
    }
}

/// The logarithm of the gamma quantile (scale 1) at the rank of a normal value, by Newton's method on the
/// logarithm of the nearer tail, which is concave in the logarithm of the quantile; `start` is near.
fn log_quantile(shape: f64, value: f64, start: f64) -> f64 {
    let lower = value < 0.0;
    let wanted = ln(normal_cdf(if lower { value } else { -value }).max(1e-300));
    let mut log = start;
    for _ in 0..60 {
        let (below, above) = log_tails(shape, log);
        let density = shape * log - exp(log) - ln_gamma(shape);
        let (tail, slope) =
            if lower { (below, exp(density - below)) } else { (above, -exp(density - above)) };
        if slope == 0.0 || !slope.is_finite() {
            break;
        }
        let step = ((wanted - tail) / slope).clamp(-20.0 / shape.min(1.0), 2.0);
        log = (log + step).clamp(-700.0 / shape.min(1.0), 700.0);
        if step.abs() < 1e-10 {
            break;
        }
    }
    log
}

/// Logarithms of the regularised incomplete gamma functions below and above exp(log): a series below the
/// mean, Lentz's continued fraction above (Press and others, "Numerical Recipes", section 6.2).
fn log_tails(shape: f64, log: f64) -> (f64, f64) {
    let value = exp(log);
    let front = shape * log - value - ln_gamma(shape);
    if value < shape + 1.0 {
        let (mut term, mut sum) = (1.0 / shape, 1.0 / shape);
        for order in 1..10_000 {
            term *= value / (shape + f64::from(order));
            sum += term;
            if term < sum * 1e-15 {
                break;
            }
        }
        let below = (front + ln(sum)).min(-1e-300);
        return (below, ln((1.0 - exp(below)).max(1e-300)));
    }
    let mut b = value + 1.0 - shape;
    let mut c = 1e300;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for order in 1..10_000 {
        let n = f64::from(order);
        let a = -n * (n - shape);
        b += 2.0;
        d = 1.0 / (a * d + b);
        c = b + a / c;
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    let above = front + ln(fraction);
    (ln((1.0 - exp(above)).max(1e-300)), above)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An exponential distribution (variance 1): −ln(1 − u); and SciPy's gamma.ppf for shapes 0.2 and 4.
    #[test]
    fn quantiles_are_those_of_a_gamma() {
        for value in [-3.0, -1.0, 0.0, 0.7, 2.0, 4.0] {
            let expected = -normal_cdf(-value).ln();
            assert!((exp(log_quantile(1.0, value, -1.0)) / expected - 1.0).abs() < 1e-9, "{value}");
        }
        for (shape, value, expected) in QUANTILES {
            let found = exp(log_quantile(shape, value, ln(shape)));
            assert!((found / expected - 1.0).abs() < 1e-8, "{shape} {value}: {found} {expected}");
        }
    }

    #[rustfmt::skip]
    const QUANTILES: [(f64, f64, f64); 6] = [(0.2, -2.0, 3.976785071261e-09), (0.2, 0.5, 1.131177764910e-01), (0.2, 3.5, 5.374654743266e+00), (4.0, -2.0, 1.057966006881e+00), (4.0, 0.5, 4.707291432673e+00), (4.0, 3.5, 1.488222349878e+01)];

    /// Mean 1, the asked variance, and for the exponential the closed form: its first Hermite share is 0.8158.
    #[test]
    fn the_map_has_the_moments_and_correlation() {
        for variance in [0.01, 0.3, 1.0, 5.0, 20.0] {
            let marginal = Marginal::new(variance);
            let nodes = (0..=2_000).map(|node| -7.0 + 14.0 * f64::from(node) / 2_000.0);
            let (mut mean, mut square) = (0.0, 0.0);
            for node in nodes {
                let weight = exp(-node * node / 2.0) * 14.0 / 2_000.0 / 2.506_628_274_631;
                mean += weight * marginal.at(node);
                square += weight * marginal.at(node) * marginal.at(node);
            }
            assert!((mean - 1.0).abs() < 2e-3, "{variance}: {mean}");
            assert!(((square - 1.0) / variance - 1.0).abs() < 0.02, "{variance}: {square}");
            let (one, zero) = (marginal.correlation(1.0).0, marginal.correlation(0.0).0);
            assert!((one - 1.0).abs() < 0.01 && zero == 0.0, "{variance}: {one}");
        }
        assert!((Marginal::new(1.0).shares[0] - 0.8158).abs() < 1e-3);
    }
}
