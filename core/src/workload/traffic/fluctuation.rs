//! How much the rate fluctuates at each scale, from how the dispersion of counts grows with the window.
//!
//! Counts in windows of w seconds of a Cox process with mean rate λ have the index of dispersion
//! 1 + λw·E(w) (Cox and Lewis, "The Statistical Analysis of Series of Events", 1966, section 7), where
//! E(w) is the variance of the relative rate averaged over the window:
//! E(w) = 2/w ∫₀ʷ (1 − t/w) R(t) dt. The rate is gamma distributed with variance V = Σ vₖ; the normal value
//! behind it has the correlation ρ(t) = Σ vₖ/V exp(−t/τₖ), and R(t) = V φ(ρ(t)) with φ of [`Marginal`].
//! The vₖ ≥ 0 are found by coordinate descent on the squared relative misses.

use super::marginal::Marginal;
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
/// The most variance of all components together.
const MOST_VARIANCE: f64 = 40.0;
/// Components with less than this share of the variance are dropped.
const LEAST_SHARE: f64 = 0.002;
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
            // Rhythm and fluctuation multiply: (1 + E) = (1 + rhythm)(1 + fluctuation).
            let both = (window.dispersion - 1.0) / mean;
            let excess = (both - rhythm_variance) / (1.0 + rhythm_variance);
            let excess = if excess < 3.0 * noise { 0.0 } else { excess };
            Target { window_seconds: window.window_seconds, excess, scale: noise + 0.1 * excess }
        })
        .collect();
    let (Some(first), Some(last)) = (targets.first(), targets.last()) else { return Vec::new() };
    let reach = (first.window_seconds * 0.5, last.window_seconds * 2.0);
    let mut parts: Vec<Fluctuation> = SECONDS
        .iter()
        .filter(|seconds| (reach.0..=reach.1).contains(*seconds))
        .map(|seconds| Fluctuation { seconds: *seconds, variance: 0.0 })
        .collect();
    let grids: Vec<Vec<f64>> = targets.iter().map(|target| grid(target.window_seconds, &parts)).collect();
    let (mut variance, mut marginal) = (0.0, Marginal::new(0.0));
    for _ in 0..SWEEPS {
        let now = whole(&parts);
        if (now - variance).abs() > 0.01 * now {
            (variance, marginal) = (now, Marginal::new(now));
        }
        for index in 0..parts.len() {
            let step = step_of(&targets, &grids, &parts, index, &marginal);
            let others = whole(&parts) - parts.get(index).map_or(0.0, |part| part.variance);
            if let Some(part) = parts.get_mut(index) {
                part.variance =
                    (part.variance + DAMPING * step).clamp(0.0, (MOST_VARIANCE - others).max(0.0));
            }
        }
    }
    let least = LEAST_SHARE * whole(&parts);
    parts.retain(|part| part.variance > least);
    parts
}

/// Variance of the relative rate.
pub(super) fn whole(parts: &[Fluctuation]) -> f64 {
    parts.iter().map(|part| part.variance).sum()
}

/// The change of one component that would make the squared misses least if they were linear.
fn step_of(
    targets: &[Target],
    grids: &[Vec<f64>],
    parts: &[Fluctuation],
    index: usize,
    marginal: &Marginal,
) -> f64 {
    let (mut product, mut square) = (0.0, 0.0);
    for (target, grid) in targets.iter().zip(grids) {
        let (excess, slope) = excess_and_slope(grid, parts, index, marginal);
        let (miss, slope) = ((target.excess - excess) / target.scale, slope / target.scale);
        product += miss * slope;
        square += slope * slope;
    }
    if square > 0.0 { product / square } else { 0.0 }
}

/// Place of a point of the integral: points crowd towards 0, where the correlation of short
/// components falls.
fn place(point: u32) -> f64 {
    (f64::from(point) + 0.5) / f64::from(POINTS)
}

/// Correlation of each component at each point of the integral over a window, point by point.
fn grid(window_seconds: f64, parts: &[Fluctuation]) -> Vec<f64> {
    let at = |point: u32| {
        let square = place(point) * place(point);
        parts.iter().map(move |part| exp(-square * square * window_seconds / part.seconds))
    };
    (0..POINTS).flat_map(at).collect()
}

/// E(w), and how fast it changes with the variance of one component.
fn excess_and_slope(grid: &[f64], parts: &[Fluctuation], index: usize, marginal: &Marginal) -> (f64, f64) {
    let variance = whole(parts);
    let (mut excess, mut slope) = (0.0, 0.0);
    for (point, row) in (0..POINTS).zip(grid.chunks(parts.len().max(1))) {
        let cube = place(point) * place(point) * place(point);
        let weight = 8.0 * cube * (1.0 - cube * place(point)) / f64::from(POINTS);
        let own = row.get(index).copied().unwrap_or_default();
        let normal = if variance > 0.0 {
            row.iter().zip(parts).map(|(correlation, part)| part.variance * correlation).sum::<f64>()
                / variance
        } else {
            own
        };
        let (correlation, steepness) = marginal.correlation(normal);
        excess += weight * variance * correlation;
        slope += weight * (correlation + steepness * (own - normal));
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

    /// For small variances E(w) = 2v (x − 1 + e⁻ˣ)/x² with x = w/τ.
    #[test]
    fn the_integral_is_the_closed_form() {
        let parts = [Fluctuation { seconds: 20.0, variance: 1e-6 }];
        for seconds in [0.1, 1.0, 20.0, 600.0, 36_000.0] {
            let x: f64 = seconds / 20.0;
            let expected = 2.0 * (x - 1.0 + (-x).exp()) / (x * x);
            let (excess, slope) = excess_and_slope(&grid(seconds, &parts), &parts, 0, &Marginal::new(1e-6));
            assert!((excess / 1e-6 / expected - 1.0).abs() < 0.01, "{seconds}: {excess} {expected}");
            assert!((slope / expected - 1.0).abs() < 0.01);
        }
    }

    #[test]
    fn dispersion_is_met_at_every_window() {
        let truth =
            [Fluctuation { seconds: 2.0, variance: 0.3 }, Fluctuation { seconds: 200.0, variance: 0.5 }];
        let shape = Marginal::new(whole(&truth));
        let windows: Vec<WindowRates> = [0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0]
            .iter()
            .map(|seconds| {
                window(
                    *seconds,
                    50.0,
                    1.2 * excess_and_slope(&grid(*seconds, &truth), &truth, 0, &shape).0 + 0.2,
                )
            })
            .collect();
        let found = fit(&windows, 0.2);
        for window in &windows {
            let (expected, _) = excess_and_slope(&grid(window.window_seconds, &truth), &truth, 0, &shape);
            let (excess, _) = excess_and_slope(
                &grid(window.window_seconds, &found),
                &found,
                0,
                &Marginal::new(whole(&found)),
            );
            assert!((excess / expected - 1.0).abs() < 0.05, "{found:?}");
        }
        assert!(fit(&[window(1.0, 5.0, 0.0)], 0.0).is_empty());
        assert!(fit(&[], 0.0).is_empty());
    }
}
