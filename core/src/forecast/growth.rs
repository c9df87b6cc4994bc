//! Compound growth by month.

use super::fitted::{Fitted, Tally};
use super::line::{Line, LineAhead};
use super::model::{FittedForecaster, Forecaster};
use super::series::Series;
use super::transform::Transform;
use crate::error::{Error, Result};
use crate::units::{HOURS_PER_MONTH, check_range, exp_m1, ln_1p};

/// Growth by the same factor every month: last load × (1 + g)^months.
///
/// With a growth that is given, the last value grows, and intervals widen as those of a random
/// walk of the logarithm do. Without one it is fitted by least squares to the logarithms, and the
/// fitted curve goes on. A month has 730 hours.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CompoundGrowth {
    /// Growth a month, such as 0.1 for 10%; above −1, at most 100. None: fitted.
    pub growth_per_month: Option<f64>,
    /// Steps a month, for a series over a plain index; by default each step is a month.
    pub steps_per_month: Option<f64>,
}

impl Forecaster for CompoundGrowth {
    fn name(&self) -> String {
        "compound_growth".to_owned()
    }

    /// # Errors
    ///
    /// Besides the usual: `invalid_value` at the first value that is not above zero, and for a
    /// growth or number of steps out of its range.
    fn fit(&self, series: &Series) -> Result<Box<dyn FittedForecaster>> {
        let given = self.growth_per_month;
        if let Some(growth) = given {
            check_range("growth_per_month", growth, -0.999, 100.0)?;
        }
        if let Some(steps) = self.steps_per_month {
            check_range("steps_per_month", steps, 1e-3, 1e10)?;
        }
        series.need(if given.is_some() { 1 } else { 3 }, "growth is fitted to at least three values")?;
        if let Some(index) = series.values().iter().position(|value| *value <= 0.0) {
            let value = series.values().get(index).copied().unwrap_or_default();
            return Err(Error::invalid(format!("values[{index}]"), value, "a number above 0")
                .help("growth by a factor never leaves, and never reaches, zero"));
        }
        let steps_per_month = self.steps_per_month.unwrap_or_else(|| {
            series.clock().map_or(1.0, |clock| HOURS_PER_MONTH * 3600.0 / clock.step_seconds)
        });
        let transform = Transform::Log { shift: 0.0 };
        let logs: Vec<f64> = series.values().iter().map(|value| transform.forward(*value)).collect();
        let line = Line::through(&logs);
        let slope = given.map_or(line.slope, |growth| ln_1p(growth) / steps_per_month);
        let growth = exp_m1((slope * steps_per_month).min(600.0));
        let share = if given.is_some() { 1.0 } else { 0.0 };
        let first = logs.iter().position(|log| !log.is_nan()).unwrap_or_default();
        let start = if given.is_some() {
            logs.get(first).copied().unwrap_or_default()
        } else {
            line.at(first as f64)
        };
        let mut engine = LineAhead {
            next: start,
            slope,
            share,
            fitted: given.is_none().then_some((line, first)),
            parameter: ("growth_per_month".to_owned(), growth),
        };
        let mut tally = Tally::default();
        for (index, log) in logs.iter().enumerate().skip(first) {
            let error = super::fitted::Engine::absorb(&mut engine, *log);
            if index > first || given.is_none() {
                tally.add(error);
            }
        }
        let fitted_parameters = if given.is_some() { 0 } else { 2 };
        Ok(Box::new(Fitted::new(self.name(), engine, series, transform, tally, fitted_parameters)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_compounds() {
        let monthly = Series::new((0..12).map(|month| 100.0 * 1.1_f64.powi(month)).collect()).unwrap();
        let fitted = CompoundGrowth::default().fit(&monthly).unwrap();
        assert!((fitted.explain().parameters["growth_per_month"] - 0.1).abs() < 1e-12);
        let expected = 100.0 * 1.1_f64.powi(14);
        let mean = fitted.forecast(3, &[]).unwrap().mean()[2];
        assert!((mean / expected - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_growth_that_is_given_counts_by_month() {
        let daily = Series::new(vec![90.0, 110.0, 100.0]).unwrap().at(0.0, 86_400.0).unwrap();
        let model = CompoundGrowth { growth_per_month: Some(0.2), steps_per_month: None };
        let year = model.fit(&daily).unwrap().forecast(365, &[]).unwrap();
        assert!((year.mean()[364] / (100.0 * 1.2_f64.powi(12)) - 1.0).abs() < 1e-12);
        let endless = CompoundGrowth { growth_per_month: Some(100.0), steps_per_month: Some(1.0) };
        let far = endless.fit(&daily).unwrap().forecast(100_000, &[0.99]).unwrap();
        assert!(far.upper(0.99).unwrap().iter().all(|value| value.is_finite()));
    }

    #[test]
    fn zero_does_not_grow() {
        let series = Series::new(vec![1.0, 0.0, 2.0]).unwrap();
        assert_eq!(CompoundGrowth::default().fit(&series).unwrap_err().path(), "values[1]");
    }
}
