//! The last season goes on.

use super::distribution::Response;
use super::fitted::{Engine, Fitted};
use super::model::{FittedForecaster, Forecaster};
use super::series::Series;
use super::statistics::{interpolated, mean};
use super::transform::Transform;
use crate::error::{Error, Result};
use crate::units::check_count;

/// The value of one period ago goes on. Intervals widen with each whole period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeasonalNaive {
    period: usize,
}

impl SeasonalNaive {
    /// With a season of `period` steps: 24 for the hours of a day, 168 for those of a week.
    #[must_use]
    pub fn new(period: usize) -> Self {
        Self { period }
    }
}

/// Longest season: more than a month of minutes.
const MOST_PERIOD: u64 = 50_000;

/// Refuses a seasonal period that is none or too long, or that the series does not hold `seasons` times.
pub(super) fn check_period(path: &str, period: usize, seasons: usize, series: &Series) -> Result<()> {
    check_count(path, period as u64, 2, MOST_PERIOD)?;
    let needed = period.saturating_mul(seasons);
    if series.len() < needed {
        return Err(Error::invalid(
            "values",
            format!("{} points", series.len()),
            format!("at least {needed} points"),
        )
        .help(format!("a season of {period} steps needs to be seen {seasons} times")));
    }
    Ok(())
}

impl Forecaster for SeasonalNaive {
    fn name(&self) -> String {
        "seasonal_naive".to_owned()
    }

    /// A missing value is taken from one period before; in the first season it is interpolated.
    fn fit(&self, series: &Series) -> Result<Box<dyn FittedForecaster>> {
        series.need(1, "the last season is what goes on")?;
        check_period("period", self.period, 1, series)?;
        let mut engine = Season::start(series.values(), self.period);
        let mut tally = super::fitted::Tally::default();
        for value in series.values().iter().skip(self.period) {
            tally.add(engine.absorb(*value));
        }
        Ok(Box::new(Fitted::new(self.name(), engine, series, Transform::Identity, tally, 0)))
    }
}

#[derive(Debug, Clone)]
pub(super) struct Season {
    season: Vec<f64>,
    next: usize,
}

impl Season {
    /// Before the first value: a season of those to come.
    pub(super) fn start(values: &[f64], period: usize) -> Self {
        let first = values.get(..period).unwrap_or(values);
        let season = if first.iter().all(|value| value.is_nan()) {
            vec![mean(values); period]
        } else {
            let mut season = interpolated(first);
            season.resize(period, mean(values));
            season
        };
        Self { season, next: 0 }
    }
}

impl Engine for Season {
    fn absorb(&mut self, value: f64) -> f64 {
        let Some(slot) = self.season.get_mut(self.next) else { return f64::NAN };
        let error = value - *slot;
        if !value.is_nan() {
            *slot = value;
        }
        self.next = (self.next + 1) % self.season.len().max(1);
        error
    }

    fn centre(&self, horizon: usize) -> Vec<f64> {
        self.season.iter().copied().cycle().skip(self.next).take(horizon).collect()
    }

    fn response(&self) -> Response {
        Response { seasons: vec![(self.season.len(), 1.0)], ..Response::default() }
    }

    fn seasonal_periods(&self) -> Vec<usize> {
        vec![self.season.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_season_goes_on() {
        let series = Series::new(vec![1.0, 2.0, 3.0, 4.0, f64::NAN, 6.0, 7.0]).unwrap();
        let fitted = SeasonalNaive::new(3).fit(&series).unwrap();
        let forecast = fitted.forecast(5, &[0.8]).unwrap();
        assert_eq!(forecast.mean(), [2.0, 6.0, 7.0, 2.0, 6.0]);
        let width = |step: usize| forecast.upper(0.8).unwrap()[step] - forecast.mean()[step];
        assert_eq!(width(0), width(2));
        assert!((width(3) / width(0) - crate::units::sqrt(2.0)).abs() < 1e-12);
    }

    #[test]
    fn a_season_must_be_seen() {
        let series = Series::new(vec![1.0; 5]).unwrap();
        assert_eq!(SeasonalNaive::new(6).fit(&series).unwrap_err().path(), "values");
        assert_eq!(SeasonalNaive::new(1).fit(&series).unwrap_err().path(), "period");
        assert_eq!(SeasonalNaive::new(usize::MAX).fit(&series).unwrap_err().path(), "period");
    }
}
