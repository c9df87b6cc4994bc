//! What all models with a state have in common: running through the series, the spread of their
//! errors, intervals, paths and updates.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::calibration::Calibration;
use super::distribution::{Dependence, Distribution, MOST_DEGREES, Response, Shape, least};
use super::model::{Explanation, FittedForecaster};
use super::outcome::{Forecast, check_horizon};
use super::series::{Clock, Series, check_values};
use super::transform::Transform;
use crate::error::Result;
use crate::units::sqrt;

/// A model in innovations form: a state that each value moves on, and a path ahead of it.
pub(super) trait Engine: Clone + Debug + Send + Sync + 'static {
    /// Takes in the next value on the model's scale (`NaN` where missing) and returns by how much
    /// the state had missed it, `NaN` where that can't be said.
    fn absorb(&mut self, value: f64) -> f64;

    /// Point forecasts of the steps to come.
    fn centre(&self, horizon: usize) -> Vec<f64>;

    /// What one error does to the steps after it.
    fn response(&self) -> Response;

    /// Variance of each step that comes from what was estimated, over that of one error.
    fn estimation_variance(&self, _step: usize) -> f64 {
        0.0
    }

    /// Standard deviation of each step, where one of the errors is `sigma`.
    fn spreads(&self, centre: &[f64], sigma: f64) -> Vec<f64> {
        let ahead = self.response().spreads(centre.len());
        let with_estimation =
            |(step, spread): (usize, f64)| sigma * sqrt(spread * spread + self.estimation_variance(step + 1));
        ahead.into_iter().enumerate().map(with_estimation).collect()
    }

    /// Whether the errors are those of a regression by least squares, so that with their spread estimated
    /// from them what is to come has Student's t distribution.
    fn is_regression(&self) -> bool {
        false
    }

    /// Shape of the errors, where it is not normal.
    fn shape(&self) -> Option<Shape> {
        None
    }

    fn seasonal_periods(&self) -> Vec<usize> {
        Vec::new()
    }

    fn parameters(&self) -> Vec<(String, f64)> {
        Vec::new()
    }

    /// Models that it is made of, with their weights.
    fn weights(&self) -> Vec<(String, f64)> {
        Vec::new()
    }
}

/// Running mean square of errors.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Tally {
    count: f64,
    squares: f64,
}

impl Tally {
    pub(super) fn add(&mut self, error: f64) {
        if error.is_finite() {
            self.count += 1.0;
            self.squares += error * error;
        }
    }

    /// Root mean square with so many parameters fitted; 0 without errors.
    pub(super) fn sigma(&self, parameters: usize) -> f64 {
        if self.count < 1.0 {
            return 0.0;
        }
        sqrt(self.squares / (self.count - parameters as f64).max(1.0).max(self.count / 2.0))
    }
}

/// A fitted model.
#[derive(Debug, Clone)]
pub(super) struct Fitted<E> {
    pub name: String,
    pub engine: E,
    pub transform: Transform,
    pub tally: Tally,
    /// How many parameters the spread has to allow for.
    pub fitted_parameters: usize,
    pub non_negative: bool,
    /// Of the next step.
    pub clock: Option<Clock>,
    pub notes: Vec<String>,
    /// How far off it was from earlier origins; without it, spreads are what the model expects.
    pub calibration: Option<Calibration>,
}

impl<E: Engine> Fitted<E> {
    /// A model whose state has seen the whole series, with the errors that it made from `skipped`
    /// on.
    pub(super) fn new(
        name: impl Into<String>,
        engine: E,
        series: &Series,
        transform: Transform,
        tally: Tally,
        fitted_parameters: usize,
    ) -> Self {
        Self {
            name: name.into(),
            engine,
            transform,
            tally,
            fitted_parameters,
            non_negative: series.is_non_negative(),
            clock: series.clock().map(|clock| clock.later(series.len())),
            notes: Vec::new(),
            calibration: None,
        }
    }

    /// Runs `engine` through the series, counting its errors.
    pub(super) fn run(
        name: impl Into<String>,
        mut engine: E,
        series: &Series,
        transform: Transform,
        fitted_parameters: usize,
    ) -> Self {
        let mut tally = Tally::default();
        for value in series.values() {
            tally.add(engine.absorb(transform.forward(*value)));
        }
        Self::new(name, engine, series, transform, tally, fitted_parameters)
    }

    fn shape(&self) -> Shape {
        let degrees = (self.tally.count - self.fitted_parameters as f64).max(1.0);
        if self.engine.is_regression() && degrees <= MOST_DEGREES {
            Shape::Student(degrees)
        } else {
            Shape::Normal
        }
    }

    pub(super) fn distribution(&self, horizon: usize) -> Distribution {
        let centre = self.engine.centre(horizon);
        let expected = self.engine.spreads(&centre, self.tally.sigma(self.fitted_parameters));
        let (spread, shape, dependence) = match &self.calibration {
            Some(calibration) => (
                calibration.spreads(&expected),
                Shape::Seen(calibration.table.clone()),
                Dependence::Neighbours(calibration.correlation),
            ),
            None => (
                expected,
                self.engine.shape().unwrap_or_else(|| self.shape()),
                Dependence::Response(self.engine.response()),
            ),
        };
        Distribution {
            centre,
            spread,
            shape,
            dependence,
            transform: self.transform,
            least: least(self.non_negative),
            beyond: Vec::new(),
        }
    }
}

impl<E: Engine> FittedForecaster for Fitted<E> {
    fn model(&self) -> String {
        self.name.clone()
    }

    fn explain(&self) -> Explanation {
        let mut parameters: BTreeMap<String, f64> = self.engine.parameters().into_iter().collect();
        parameters.insert("sigma".to_owned(), self.tally.sigma(self.fitted_parameters));
        Explanation {
            model: self.name.clone(),
            seasonal_periods: self.engine.seasonal_periods(),
            transform: self.transform.name(),
            parameters,
            weights: self.engine.weights().into_iter().collect(),
            notes: self.notes.clone(),
        }
    }

    fn forecast(&self, horizon: usize, levels: &[f64]) -> Result<Forecast> {
        check_horizon(horizon)?;
        Forecast::new(self.name.clone(), self.clock, levels, self.distribution(horizon))
    }

    fn update(&mut self, values: &[f64]) -> Result<()> {
        check_values(values, self.non_negative)?;
        for value in values {
            self.tally.add(self.engine.absorb(self.transform.forward(*value)));
        }
        self.clock = self.clock.map(|clock| clock.later(values.len()));
        if let Some(calibration) = &mut self.calibration {
            calibration.moves(values.len());
        }
        Ok(())
    }

    fn boxed_clone(&self) -> Box<dyn FittedForecaster> {
        Box::new(self.clone())
    }
}
