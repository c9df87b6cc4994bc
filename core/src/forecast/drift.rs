//! The last value goes on, and with it the mean change.

use super::distribution::Response;
use super::fitted::{Engine, Fitted};
use super::model::{FittedForecaster, Forecaster};
use super::series::Series;
use super::transform::Transform;
use crate::error::Result;

/// The last value goes on, changing at each step by the mean change between the first value and
/// the last: a random walk with drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drift;

impl Forecaster for Drift {
    fn name(&self) -> String {
        "drift".to_owned()
    }

    fn fit(&self, series: &Series) -> Result<Box<dyn FittedForecaster>> {
        series.need(2, "a change needs two values")?;
        let mut walk = DriftingWalk::default();
        for value in series.values() {
            walk.absorb(*value);
        }
        let slope = walk.slope();
        // Changes scatter about the drift of the whole series, not about the one known by then.
        let mut tally = super::fitted::Tally::default();
        let mut before: Option<(usize, f64)> = None;
        for (index, value) in series.values().iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            if let Some((place, level)) = before {
                let steps = (index - place) as f64;
                tally.add((value - level - slope * steps) / crate::units::sqrt(steps));
            }
            before = Some((index, *value));
        }
        Ok(Box::new(Fitted::new(self.name(), walk, series, Transform::Identity, tally, 1)))
    }
}

#[derive(Debug, Clone, Default)]
struct DriftingWalk {
    first: Option<f64>,
    last: f64,
    /// Steps from the first value to the last.
    between: f64,
    /// Steps since the last value.
    since: f64,
}

impl DriftingWalk {
    fn slope(&self) -> f64 {
        match self.first {
            Some(first) if self.between > 0.0 => (self.last - first) / self.between,
            _ => 0.0,
        }
    }
}

impl Engine for DriftingWalk {
    fn absorb(&mut self, value: f64) -> f64 {
        let Some(_) = self.first else {
            self.first = (!value.is_nan()).then_some(value);
            self.last = value;
            return f64::NAN;
        };
        self.since += 1.0;
        if value.is_nan() {
            return f64::NAN;
        }
        let error = value - self.last - self.slope() * self.since;
        let scaled = error / crate::units::sqrt(self.since);
        self.between += self.since;
        (self.last, self.since) = (value, 0.0);
        scaled
    }

    fn centre(&self, horizon: usize) -> Vec<f64> {
        let slope = self.slope();
        (1..=horizon).map(|step| self.last + slope * (step as f64 + self.since)).collect()
    }

    fn response(&self) -> Response {
        Response { level: 1.0, ..Response::default() }
    }

    /// Hyndman and Athanasopoulos, "Forecasting: Principles and Practice", 3rd edition, section 5.5:
    /// the variance is σ² h (1 + h ÷ (T − 1)).
    fn estimation_variance(&self, step: usize) -> f64 {
        let step = step as f64;
        step * step / self.between.max(1.0)
    }

    fn is_regression(&self) -> bool {
        true
    }

    fn parameters(&self) -> Vec<(String, f64)> {
        vec![("drift".to_owned(), self.slope())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_on() {
        let series = Series::new(vec![f64::NAN, 1.0, 2.0, f64::NAN, 4.0, f64::NAN]).unwrap();
        let mut fitted = Drift.fit(&series).unwrap();
        let forecast = fitted.forecast(3, &[0.95]).unwrap();
        assert_eq!(forecast.mean(), [6.0, 7.0, 8.0]);
        assert_eq!(forecast.upper(0.95).unwrap(), [6.0, 7.0, 8.0]);
        fitted.update(&[6.0, 7.0]).unwrap();
        assert_eq!(fitted.forecast(1, &[]).unwrap().mean(), [8.0]);
        assert!(Drift.fit(&Series::new(vec![1.0]).unwrap()).is_err());
    }
}
