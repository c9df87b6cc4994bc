//! Intervals of any model from what it missed when it was fitted to less.

use super::calibration::{Calibration, Origins, errors};
use super::distribution::{Dependence, Distribution, Shape, least};
use super::model::{Explanation, FittedForecaster, Forecaster};
use super::outcome::{Forecast, check_horizon};
use super::series::Series;
use super::transform::{Transform, least_on_logs, log_where_positive};
use crate::error::{Error, Result};
use crate::units::{check_count, sqrt};

/// Any model with other intervals: those of the errors that it made when fitted anew at each of
/// several earlier origins (conformal prediction: Stankevičiūtė, Alaa and van der Schaar, "Conformal time-series
/// forecasting", 2021). For models whose own intervals are too narrow, such as [`Mstl`](super::Mstl).
///
/// Errors are relative where all values are positive. Costs as many fits more as there are origins.
#[derive(Debug)]
pub struct Conformal {
    model: Box<dyn Forecaster>,
    horizon: usize,
    folds: usize,
    period: usize,
}

impl Conformal {
    /// Calibrated on forecasts of `horizon` steps from `folds` origins, the last of them `horizon`
    /// before the end and half a horizon apart; steps beyond the horizon spread with the square
    /// root of the step.
    #[must_use]
    pub fn new(model: impl Forecaster + 'static, horizon: usize, folds: usize) -> Self {
        Self { model: Box::new(model), horizon, folds, period: 1 }
    }

    /// For a series with a season of so many steps: origins are half a season apart, and spreads
    /// are those of the same hours of the day, say, where four origins or more are at the phase of the end.
    #[must_use]
    pub fn with_period(self, period: usize) -> Self {
        Self { period, ..self }
    }
}

impl Forecaster for Conformal {
    fn name(&self) -> String {
        format!("conformal {}", self.model.name())
    }

    /// # Errors
    ///
    /// Besides those of the model: as [`check_horizon`]; `invalid_value` at `folds` for fewer than
    /// 2 or more than 1,000, and at `values` where the series has no room for them.
    fn fit(&self, series: &Series) -> Result<Box<dyn FittedForecaster>> {
        check_horizon(self.horizon)?;
        check_count("folds", self.folds as u64, 2, super::MOST_FOLDS)?;
        let inner = self.model.fit(series)?;
        let stride = if self.period > 1 { self.period.div_ceil(2) } else { self.horizon.div_ceil(2) };
        let held_out = stride.saturating_mul(self.folds - 1).saturating_add(self.horizon);
        let Some(first) = series.len().checked_sub(held_out).filter(|first| *first > 0) else {
            return Err(Error::invalid(
                "values",
                format!("{} points", series.len()),
                format!("over {held_out} points"),
            )
            .help("ask for fewer folds or a shorter horizon"));
        };
        let origins = Origins { first, stride, count: self.folds, horizon: self.horizon };
        let transform = log_where_positive(series.values());
        let least = least_on_logs(transform, series.values());
        let mut said = Vec::new();
        for origin in origins.iter() {
            let forecast = self.model.fit(&series.first(origin))?.forecast(self.horizon, &[])?;
            said.extend(forecast.mean().iter().map(|value| transform.forward(value.max(least))));
        }
        let modelled: Vec<f64> = series.values().iter().map(|value| transform.forward(*value)).collect();
        let missed = errors(&said, &modelled, origins);
        let calibration = Calibration::new(&missed, origins, self.period);
        Ok(Box::new(FittedConformal {
            name: self.name(),
            inner,
            calibration,
            transform,
            least,
            non_negative: series.is_non_negative(),
        }))
    }
}

#[derive(Debug, Clone)]
struct FittedConformal {
    name: String,
    inner: Box<dyn FittedForecaster>,
    calibration: Calibration,
    transform: Transform,
    /// Forecasts of the quantity are at least this.
    least: f64,
    non_negative: bool,
}

impl FittedForecaster for FittedConformal {
    fn model(&self) -> String {
        self.name.clone()
    }

    fn explain(&self) -> Explanation {
        let mut explanation = self.inner.explain();
        explanation.notes.push("Intervals are those of errors from earlier origins.".to_owned());
        explanation.model.clone_from(&self.name);
        explanation
    }

    fn forecast(&self, horizon: usize, levels: &[f64]) -> Result<Forecast> {
        let inner = self.inner.forecast(horizon, &[])?;
        let walk: Vec<f64> = (1..=horizon).map(|step| sqrt(step as f64)).collect();
        let distribution = Distribution {
            centre: inner.mean().iter().map(|value| self.transform.forward(value.max(self.least))).collect(),
            spread: self.calibration.spreads(&walk),
            shape: Shape::Seen(self.calibration.table.clone()),
            dependence: Dependence::Neighbours(self.calibration.correlation),
            transform: self.transform,
            least: least(self.non_negative),
            beyond: Vec::new(),
        };
        Forecast::new(self.name.clone(), inner.clock(), levels, distribution)
    }

    fn update(&mut self, values: &[f64]) -> Result<()> {
        self.inner.update(values)?;
        self.calibration.moves(values.len());
        Ok(())
    }

    fn boxed_clone(&self) -> Box<dyn FittedForecaster> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Drift, Naive};
    use super::*;
    use crate::units::Random;

    /// Naive intervals about white noise are for a random walk, and too wide: conformal ones hold
    /// 90% of 400 outcomes, of which those of one series go together: between 82 and 97%.
    #[test]
    fn a_wrong_model_gets_right_intervals() {
        let mut random = Random::new(12);
        let (mut held, mut width, mut own) = (0.0, 0.0, 0.0);
        for _ in 0..100 {
            let series = Series::new((0..160).map(|_| 20.0 + random.normal()).collect()).unwrap();
            let outcome: Vec<f64> = (0..4).map(|_| 20.0 + random.normal()).collect();
            let interval = |model: &dyn Forecaster| {
                model.fit(&series).unwrap().forecast(4, &[]).unwrap().interval(0.9).unwrap()
            };
            let conformal = interval(&Conformal::new(Naive, 4, 40));
            held += super::super::accuracy::coverage(&outcome, &conformal.lower, &conformal.upper).unwrap();
            width += conformal.upper[3] - conformal.lower[3];
            let naive = interval(&Naive);
            own += naive.upper[3] - naive.lower[3];
        }
        assert!((82.0..=97.0).contains(&held), "{held}");
        assert!(width < 0.75 * own, "{width} {own}");
    }

    #[test]
    fn there_must_be_room_for_origins() {
        let series = Series::new(vec![1.0, 2.0, 4.0, 3.0, 5.0, 6.0, 5.0, 7.0]).unwrap();
        let path = |horizon, folds| {
            Conformal::new(Drift, horizon, folds).fit(&series).unwrap_err().path().to_owned()
        };
        assert_eq!(path(0, 2), "horizon");
        assert_eq!(path(2, 1), "folds");
        assert_eq!(path(4, 3), "values");
        let mut fitted = Conformal::new(Drift, 2, 3).fit(&series).unwrap();
        fitted.update(&[8.0]).unwrap();
        let forecast = fitted.forecast(30, &[0.5, 0.95]).unwrap();
        assert!(forecast.upper(0.95).unwrap()[29] > forecast.upper(0.95).unwrap()[3]);
    }
}
