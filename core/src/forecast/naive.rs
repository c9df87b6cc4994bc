//! The last value goes on: what every other model must beat.

use super::distribution::Response;
use super::fitted::{Engine, Fitted};
use super::model::{FittedForecaster, Forecaster};
use super::series::Series;
use super::transform::Transform;
use crate::error::Result;

/// The last value goes on: best for a random walk. Intervals widen with the square root of the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Naive;

impl Forecaster for Naive {
    fn name(&self) -> String {
        "naive".to_owned()
    }

    fn fit(&self, series: &Series) -> Result<Box<dyn FittedForecaster>> {
        series.need(1, "the last value is what goes on")?;
        let engine = Walk { last: f64::NAN };
        Ok(Box::new(Fitted::run(self.name(), engine, series, Transform::Identity, 0)))
    }
}

#[derive(Debug, Clone)]
struct Walk {
    last: f64,
}

impl Engine for Walk {
    fn absorb(&mut self, value: f64) -> f64 {
        let error = value - self.last;
        if !value.is_nan() {
            self.last = value;
        }
        error
    }

    fn centre(&self, horizon: usize) -> Vec<f64> {
        vec![self.last; horizon]
    }

    fn response(&self) -> Response {
        Response { level: 1.0, ..Response::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_goes_on() {
        let series = Series::new(vec![1.0, 3.0, f64::NAN, 2.0, f64::NAN]).unwrap();
        let mut fitted = Naive.fit(&series).unwrap();
        let forecast = fitted.forecast(4, &[0.95]).unwrap();
        assert_eq!(forecast.mean(), [2.0; 4]);
        let width = |step: usize| forecast.upper(0.95).unwrap()[step] - 2.0;
        assert!((width(3) / width(0) - 2.0).abs() < 1e-12);
        fitted.update(&[7.0]).unwrap();
        assert_eq!(fitted.forecast(1, &[]).unwrap().mean(), [7.0]);
    }
}
