//! How much the rate fluctuates at each scale, from how the dispersion of counts grows with the window.
//!
//! Counts in windows of w seconds of a Cox process with mean rate λ have the index of dispersion
//! 1 + λw·E(w) (Cox and Lewis, "The Statistical Analysis of Series of Events", 1966, section 7), where
//! E(w) is the variance of the relative rate averaged over the window:
//! E(w) = 2/w ∫₀ʷ (1 − t/w) R(t) dt. For the exponential of a Gaussian process with covariance
//! C(t) = Σ cₖ exp(−t/τₖ), R(t) = exp(C(t)) − 1. The cₖ ≥ 0 are found by coordinate descent on the
//! squared relative misses.

use super::model::Fluctuation;
use crate::units::{exp, sqrt};
use crate::workload::trace::WindowRates;

/// Time constants that are tried, in seconds: three to a decade.
const SECONDS: [f64; 16] =
    [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0];
/// The fewest windows that a variance is told from.
const FEWEST_WINDOWS: u64 = 20;
/// Sweeps over all components.
const SWEEPS: usize = 150;
/// Share of each step that is taken.
const DAMPING: f64 = 0.7;
/// The most variance of the logarithm of one component.
const MOST_VARIANCE: f64 = 6.0;
/// Points of the integral over a window.
const POINTS: u32 = 64;

/// What one window length says: E(w), and how far off it may be.
#[derive(Debug, Clone, Copy)]
struct Target {
    window_seconds: f64,
    excess: f64,
    scale: f64,
}

/// Fluctuations whose dispersion is that of the windows, apart from the variance of a rhythm by the
/// hour (of the relative rate).
pub(super) fn fit(windows: &[WindowRates], rhythm_variance: f64) -> Vec<Fluctuation> {
    let targets: Vec<Target> = windows
        .iter()
        .filter(|window| window.windows >= FEWEST_WINDOWS && window.window_seconds <= 3600.0)
        .map(|window| {
            let mean = window.mean_qps * window.window_seconds;
            // The index of dispersion of n Poisson counts has a standard error of √(2/n); that of
            // correlated counts is worse, hence the share of the excess itself.
            let noise = sqrt(2.0 / window.windows as f64) / mean;
            let excess = (window.dispersion - 1.0) / mean - rhythm_variance;
            let excess = if excess < 3.0 * noise { 0.0 } else { excess };
            Target { window_seconds: window.window_seconds, excess, scale: noise + 0.1 * excess }
        })
        .collect();
    let (Some(first), Some(last)) = (targets.first(), targets.last()) else { return Vec::new() };
    let reach = (first.window_seconds * 0.5, last.window_seconds * 2.0);
    let mut parts: Vec<Fluctuation> = SECONDS
        .iter()
        .filter(|seconds| (reach.0..=reach.1).contains(*seconds))
        .map(|seconds| Fluctuation { seconds: *seconds, log_variance: 0.0 })
        .collect();
    for _ in 0..SWEEPS {
        for index in 0..parts.len() {
            let step = step_of(&targets, &parts, index);
            if let Some(part) = parts.get_mut(index) {
                part.log_variance = (part.log_variance + DAMPING * step).clamp(0.0, MOST_VARIANCE);
            }
        }
    }
    parts.retain(|part| part.log_variance > 1e-4);
    parts
}

/// The change of one component that would make the squared misses least if they were linear.
fn step_of(targets: &[Target], parts: &[Fluctuation], index: usize) -> f64 {
    let (mut product, mut square) = (0.0, 0.0);
    for target in targets {
        let (excess, slope) = excess_and_slope(target.window_seconds, parts, index);
        let (miss, slope) = ((target.excess - excess) / target.scale, slope / target.scale);
        product += miss * slope;
        square += slope * slope;
    }
    if square > 0.0 { product / square } else { 0.0 }
}

/// E(w), and how fast it changes with the variance of one component. Points crowd towards 0, where
/// the correlation of short components falls.
fn excess_and_slope(window_seconds: f64, parts: &[Fluctuation], index: usize) -> (f64, f64) {
    let (mut excess, mut slope) = (0.0, 0.0);
    for point in 0..POINTS {
        let place = (f64::from(point) + 0.5) / f64::from(POINTS);
        let share = place * place * place * place;
        let weight = 8.0 * place * place * place * (1.0 - share) / f64::from(POINTS);
        let mut covariance = 0.0;
        let mut own = 0.0;
        for (at, part) in parts.iter().enumerate() {
            if part.log_variance == 0.0 && at != index {
                continue;
            }
            let correlation = exp(-share * window_seconds / part.seconds);
            covariance += part.log_variance * correlation;
            if at == index {
                own = correlation;
            }
        }
        let grown = exp(covariance);
        excess += weight * (grown - 1.0);
        slope += weight * grown * own;
    }
    (excess, slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(window_seconds: f64, mean_qps: f64, excess: f64) -> WindowRates {
        WindowRates {
            window_seconds,
            windows: 100_000,
            mean_qps,
            p50_qps: 0.0,
            p90_qps: 0.0,
            p95_qps: 0.0,
            p99_qps: 0.0,
            max_qps: 0.0,
            peak_to_mean: 1.0,
            burstiness: None,
            dispersion: 1.0 + mean_qps * window_seconds * excess,
            autocorrelation: Vec::new(),
        }
    }

    /// For small variances E(w) = 2c (x − 1 + e⁻ˣ)/x² with x = w/τ.
    #[test]
    fn the_integral_is_the_closed_form() {
        let parts = [Fluctuation { seconds: 20.0, log_variance: 1e-6 }];
        for seconds in [0.1, 1.0, 20.0, 600.0, 36_000.0] {
            let x: f64 = seconds / 20.0;
            let expected = 2.0 * (x - 1.0 + (-x).exp()) / (x * x);
            let (excess, slope) = excess_and_slope(seconds, &parts, 0);
            assert!((excess / 1e-6 / expected - 1.0).abs() < 0.01, "{seconds}: {excess} {expected}");
            assert!((slope / expected - 1.0).abs() < 0.01);
        }
    }

    #[test]
    fn dispersion_is_met_at_every_window() {
        let truth = [
            Fluctuation { seconds: 2.0, log_variance: 0.3 },
            Fluctuation { seconds: 200.0, log_variance: 0.5 },
        ];
        let windows: Vec<WindowRates> = [0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0]
            .iter()
            .map(|seconds| window(*seconds, 50.0, excess_and_slope(*seconds, &truth, 0).0 + 0.2))
            .collect();
        let found = fit(&windows, 0.2);
        for window in &windows {
            let (expected, _) = excess_and_slope(window.window_seconds, &truth, 0);
            let (excess, _) = excess_and_slope(window.window_seconds, &found, 0);
            assert!((excess / expected - 1.0).abs() < 0.05, "{found:?}");
        }
        assert!(fit(&[window(1.0, 5.0, 0.0)], 0.0).is_empty());
        assert!(fit(&[], 0.0).is_empty());
    }
}
