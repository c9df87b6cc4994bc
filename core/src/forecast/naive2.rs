//! The benchmark of the M competitions: naive on a seasonally adjusted series.

use super::distribution::Response;
use super::fitted::{Engine, Fitted};
use super::gaps::filled;
use super::model::{FittedForecaster, Forecaster};
use super::seasonal_naive::check_period;
use super::series::Series;
use super::statistics::mean;
use super::transform::Transform;
use crate::error::Result;
use crate::units::sqrt;

/// Naive2 of the M competitions (Makridakis, Spiliotis and Assimakopoulos, "The M4 Competition",
/// International Journal of Forecasting 36, 2020): where the autocorrelation at the period is
/// significant at 90%, the series is divided by the indices of a classical multiplicative
/// decomposition, its last value goes on, and is multiplied by them again; else the last value
/// goes on. Values that are not positive have no indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Naive2 {
    period: usize,
}

impl Naive2 {
    /// With a season of `period` steps; 1 for none.
    #[must_use]
    pub fn new(period: usize) -> Self {
        Self { period }
    }
}

impl Forecaster for Naive2 {
    fn name(&self) -> String {
        "naive2".to_owned()
    }

    fn fit(&self, series: &Series) -> Result<Box<dyn FittedForecaster>> {
        series.need(1, "the last value is what goes on")?;
        if self.period != 1 {
            check_period("period", self.period, 1, series)?;
        }
        let filled = filled(series.values(), &[self.period]);
        let engine = Adjusted { indices: seasonal_indices(&filled, self.period), next: 0, last: f64::NAN };
        Ok(Box::new(Fitted::run(self.name(), engine, series, Transform::Identity, 0)))
    }
}

/// Indices of a multiplicative season where there is one and all values are positive; else 1.
pub(super) fn seasonal_indices(values: &[f64], period: usize) -> Vec<f64> {
    if is_seasonal(values, period) && values.iter().all(|value| *value > 0.0) {
        multiplicative_indices(values, period)
    } else {
        vec![1.0]
    }
}

/// Points of the end that are tested for a season.
const LOOKED_AT: usize = 20_000;

/// Whether the autocorrelation at the period is significant at 90% by Bartlett's formula, as the
/// competition's code has it; at least three seasons are needed.
pub(super) fn is_seasonal(values: &[f64], period: usize) -> bool {
    if period < 2 || values.len() < 3 * period {
        return false;
    }
    // A long series says it soon: the latest part is enough.
    let latest = values.len().saturating_sub(LOOKED_AT.max(3 * period));
    let values = values.get(latest..).unwrap_or(values);
    let autocorrelations = autocorrelations(values, period);
    let Some((last, before)) = autocorrelations.split_last() else { return false };
    let squares: f64 = before.iter().map(|correlation| correlation * correlation).sum();
    last.abs() > 1.645 * sqrt((1.0 + 2.0 * squares) / values.len() as f64)
}

/// Autocorrelations at lags 1 to `most`; zero for a constant series.
pub(super) fn autocorrelations(values: &[f64], most: usize) -> Vec<f64> {
    let middle = mean(values);
    let variance: f64 = values.iter().map(|value| (value - middle) * (value - middle)).sum();
    let at = |lag: usize| {
        let products = values
            .iter()
            .zip(values.iter().skip(lag))
            .map(|(left, right)| (left - middle) * (right - middle));
        if variance > 0.0 { products.sum::<f64>() / variance } else { 0.0 }
    };
    (1..=most).map(at).collect()
}

/// Centred moving average over a period: none for the first and last half period.
pub(super) fn moving_average(values: &[f64], period: usize) -> Vec<f64> {
    let half = period / 2;
    let even = period.is_multiple_of(2);
    let mut average = vec![f64::NAN; values.len()];
    let width = 2 * half + 1;
    for (window, slot) in values.windows(width).zip(average.iter_mut().skip(half)) {
        let ends = window.first().zip(window.last()).map_or(0.0, |(first, last)| first + last);
        let sum: f64 = window.iter().sum();
        *slot = if even { (sum - ends / 2.0) / period as f64 } else { sum / period as f64 };
    }
    average
}

/// Mean ratio to the moving average at each place of the season, with a mean of 1.
fn multiplicative_indices(values: &[f64], period: usize) -> Vec<f64> {
    let ratios: Vec<f64> =
        values.iter().zip(moving_average(values, period)).map(|(value, trend)| value / trend).collect();
    let mut indices: Vec<f64> = (0..period)
        .map(|place| mean(&ratios.iter().skip(place).step_by(period).copied().collect::<Vec<f64>>()))
        .collect();
    let level = mean(&indices);
    for index in &mut indices {
        *index = (*index / level).max(1e-9);
    }
    indices
}

#[derive(Debug, Clone)]
struct Adjusted {
    indices: Vec<f64>,
    next: usize,
    /// Last value, seasonally adjusted.
    last: f64,
}

impl Engine for Adjusted {
    fn absorb(&mut self, value: f64) -> f64 {
        let index = self.indices.get(self.next).copied().unwrap_or(1.0);
        self.next = (self.next + 1) % self.indices.len().max(1);
        let error = value - self.last * index;
        if !value.is_nan() {
            self.last = value / index;
        }
        error
    }

    fn centre(&self, horizon: usize) -> Vec<f64> {
        self.indices.iter().cycle().skip(self.next).take(horizon).map(|index| self.last * index).collect()
    }

    fn response(&self) -> Response {
        Response { level: 1.0, ..Response::default() }
    }

    fn seasonal_periods(&self) -> Vec<usize> {
        if self.indices.len() > 1 { vec![self.indices.len()] } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_season_is_taken_out_and_put_back() {
        let factors = [0.5, 1.0, 1.5, 1.0];
        let values: Vec<f64> = (0..24).map(|step| 10.0 * factors[step % 4]).collect();
        let fitted = Naive2::new(4).fit(&Series::new(values).unwrap()).unwrap();
        for (mean, factor) in fitted.forecast(8, &[]).unwrap().mean().iter().zip(factors.iter().cycle()) {
            assert!((mean - 10.0 * factor).abs() < 1e-12);
        }
    }

    #[test]
    fn averages_are_centred() {
        let average = moving_average(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 4);
        assert!(average[1].is_nan() && average[4].is_nan());
        assert_eq!(average[2..4], [3.0, 4.0]);
        assert!(!is_seasonal(&[1.0; 40], 4));
    }
}
