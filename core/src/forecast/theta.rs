//! The Theta method and its optimised form.

use super::distribution::Response;
use super::fitted::{Engine, Fitted};
use super::gaps::filled;
use super::line::Line;
use super::model::{FittedForecaster, Forecaster};
use super::naive2::seasonal_indices;
use super::search::{logistic, nelder_mead};
use super::seasonal_naive::check_period;
use super::series::Series;
use super::statistics::standard_deviation;
use super::transform::Transform;
use crate::error::Result;
use crate::units::exp;

/// The Theta method (Assimakopoulos and Nikolopoulos, "The theta model: a decomposition approach to
/// forecasting", International Journal of Forecasting 16, 2000), winner of the M3 competition, in
/// the state-space form of Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler ("Models for
/// optimising the theta method and their relationship to state space models", same journal 32,
/// 2016): simple exponential smoothing with a share of the line through the whole series.
///
/// Where the series is seasonal by the test of [`Naive2`](super::Naive2), it is first divided by
/// the indices of a multiplicative decomposition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theta {
    period: usize,
    optimised: bool,
}

impl Theta {
    /// The standard method, with θ = 2. `period` is 1 where there is no season.
    #[must_use]
    pub fn new(period: usize) -> Self {
        Self { period, optimised: false }
    }

    /// With θ chosen by least squares, besides the smoothing and the first level.
    #[must_use]
    pub fn optimised(period: usize) -> Self {
        Self { period, optimised: true }
    }
}

impl Forecaster for Theta {
    fn name(&self) -> String {
        if self.optimised { "optimised_theta" } else { "theta" }.to_owned()
    }

    fn fit(&self, series: &Series) -> Result<Box<dyn FittedForecaster>> {
        series.need(3, "a line and a level need three values")?;
        if self.period != 1 {
            check_period("period", self.period, 1, series)?;
        }
        let filled = filled(series.values(), &[self.period]);
        let engine = choose(&filled, seasonal_indices(&filled, self.period), self.optimised, 150);
        Ok(Box::new(Fitted::run(self.name(), engine, series, Transform::Identity, 3)))
    }
}

/// The method after so many trials of its parameters; values must not be missing.
pub(super) fn choose(values: &[f64], indices: Vec<f64>, optimised: bool, trials: usize) -> ThetaState {
    let adjusted: Vec<f64> =
        values.iter().zip(indices.iter().cycle()).map(|(value, index)| value / index).collect();
    let line = Line::through(&adjusted);
    let first = adjusted.first().copied().unwrap_or_default();
    let changes: Vec<f64> =
        adjusted.iter().zip(adjusted.iter().skip(1)).map(|(before, after)| after - before).collect();
    let unit = standard_deviation(&changes);
    let at = |point: &[f64]| {
        let coordinate = |index: usize| point.get(index).copied().unwrap_or_default();
        let theta = if optimised { 1.0 + exp(coordinate(2)) } else { 2.0 };
        // α below 0.01 would make the share of the line meaningless.
        let alpha = 0.01 + 0.98 * logistic(coordinate(0));
        ThetaState {
            level: first + coordinate(1) * unit,
            alpha,
            theta,
            intercept: line.intercept,
            slope: line.slope,
            left: 1.0,
            indices: indices.clone(),
            next: 0,
        }
    };
    let start = if optimised { vec![0.0, 0.0, 0.0] } else { vec![0.0, 0.0] };
    let (best, _) = nelder_mead(&start, 1.0, trials, |point| {
        let mut state = at(point);
        adjusted.iter().map(|value| state.step(*value)).map(|error| error * error).sum()
    });
    at(&best)
}

/// Simple exponential smoothing with a share of a line.
#[derive(Debug, Clone)]
pub(super) struct ThetaState {
    level: f64,
    alpha: f64,
    theta: f64,
    /// Of the line, at the first point and per step.
    intercept: f64,
    slope: f64,
    /// (1 − α) to the power of the points seen.
    left: f64,
    indices: Vec<f64>,
    next: usize,
}

impl ThetaState {
    /// What the line adds to the level at the next step.
    fn line(&self) -> f64 {
        let share = 1.0 - 1.0 / self.theta;
        let summed = (1.0 - self.left * (1.0 - self.alpha)) / self.alpha;
        // The paper counts points from 1: its intercept is one step before the first.
        share * (self.left * (self.intercept - self.slope) + summed * self.slope)
    }

    /// Takes in a seasonally adjusted value and returns the error.
    fn step(&mut self, value: f64) -> f64 {
        let error = value - self.level - self.line();
        if !value.is_nan() {
            self.level += self.alpha * (value - self.level);
        }
        self.left *= 1.0 - self.alpha;
        error
    }
}

impl Engine for ThetaState {
    fn absorb(&mut self, value: f64) -> f64 {
        let index = self.indices.get(self.next).copied().unwrap_or(1.0);
        self.next = (self.next + 1) % self.indices.len().max(1);
        if value.is_nan() {
            let said = self.level + self.line();
            self.step(said);
            return f64::NAN;
        }
        self.step(value / index)
    }

    fn centre(&self, horizon: usize) -> Vec<f64> {
        let (now, slope) = (self.level + self.line(), (1.0 - 1.0 / self.theta) * self.slope);
        let indices = self.indices.iter().cycle().skip(self.next);
        indices.take(horizon).enumerate().map(|(step, index)| (now + slope * step as f64) * index).collect()
    }

    fn response(&self) -> Response {
        Response { level: self.alpha, ..Response::default() }
    }

    fn spreads(&self, centre: &[f64], sigma: f64) -> Vec<f64> {
        let indices = self.indices.iter().cycle().skip(self.next);
        let ahead = self.response().spreads(centre.len());
        ahead.into_iter().zip(indices).map(|(spread, index)| sigma * spread * index).collect()
    }

    fn seasonal_periods(&self) -> Vec<usize> {
        if self.indices.len() > 1 { vec![self.indices.len()] } else { Vec::new() }
    }

    fn parameters(&self) -> Vec<(String, f64)> {
        let names = ["alpha", "theta", "slope_per_step", "level"];
        let values = [self.alpha, self.theta, (1.0 - 1.0 / self.theta) * self.slope, self.level];
        names.iter().map(|name| (*name).to_owned()).zip(values).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With θ = 2 the method is simple exponential smoothing with half the line's slope as drift
    /// (Hyndman and Billah, "Unmasking the Theta method", 2003).
    #[test]
    fn half_the_slope_goes_on() {
        let mut random = crate::units::Random::new(4);
        let values: Vec<f64> = (0..80).map(|step| 50.0 + 2.0 * f64::from(step) + random.normal()).collect();
        let slope = Line::through(&values).slope;
        let fitted = Theta::new(1).fit(&Series::new(values).unwrap()).unwrap();
        let forecast = fitted.forecast(11, &[]).unwrap();
        assert!(((forecast.mean()[10] - forecast.mean()[0]) / 10.0 - slope / 2.0).abs() < 1e-9);
    }

    #[test]
    fn the_optimised_method_follows_a_line() {
        let values: Vec<f64> = (0..60).map(|step| 10.0 + 3.0 * f64::from(step)).collect();
        let fitted = Theta::optimised(1).fit(&Series::new(values).unwrap()).unwrap();
        let mean = fitted.forecast(10, &[]).unwrap().mean()[9];
        assert!((mean - 217.0).abs() < 6.0, "{mean}");
    }

    #[test]
    fn seasons_are_put_back() {
        let values: Vec<f64> = (0..40).map(|step| [5.0, 10.0, 15.0, 10.0][step % 4]).collect();
        let fitted = Theta::new(4).fit(&Series::new(values).unwrap()).unwrap();
        for (mean, expected) in fitted.forecast(4, &[]).unwrap().mean().iter().zip([5.0, 10.0, 15.0, 10.0]) {
            assert!((mean - expected).abs() < 0.01, "{mean}");
        }
    }

    #[test]
    fn powers_are_those_of_the_paper() {
        let mut state = choose(&[1.0, 4.0, 2.0, 6.0, 3.0], vec![1.0], false, 30);
        for value in [1.0, 4.0, 2.0] {
            state.step(value);
        }
        let left = crate::units::powf(1.0 - state.alpha, 3.0);
        assert!((state.left - left).abs() < 1e-12);
        let expected = 0.5
            * (left * (state.intercept - state.slope)
                + (1.0 - left * (1.0 - state.alpha)) / state.alpha * state.slope);
        assert!((state.line() - expected).abs() < 1e-12);
    }
}
