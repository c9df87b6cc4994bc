//! Forecasts by the name of a model, as other languages ask for them.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::forecast::{
    BacktestOptions, BacktestReport, Explanation, FittedForecaster, Forecast, ForecastModel, ForecastReport,
    Series, Timing, backtest, check_horizon, check_levels,
};

/// How a forecast is asked for, but for the values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ForecastOptions {
    /// Steps to forecast, at most 100,000.
    pub horizon: usize,
    /// Seasons in steps, the shortest first, at most three; by default `auto` looks for them.
    #[serde(default)]
    pub seasonal_periods: Option<Vec<usize>>,
    /// Levels of the intervals, above 0 and below 1.
    #[serde(default = "usual_levels")]
    pub levels: Vec<f64>,
    /// The model.
    #[serde(default)]
    pub model: ForecastModel,
    /// Time of the first value in seconds since the Unix epoch; needs `step_seconds`.
    #[serde(default)]
    pub start_seconds: Option<f64>,
    /// Seconds from one value to the next.
    #[serde(default)]
    pub step_seconds: Option<f64>,
    /// Whether the quantity can't be below zero; by default where no value is.
    #[serde(default)]
    pub non_negative: Option<bool>,
}

fn usual_levels() -> Vec<f64> {
    vec![0.8, 0.95]
}

impl ForecastOptions {
    /// The series of the values, `NaN` where missing, and of their times in seconds since the Unix epoch,
    /// of which there may be none.
    ///
    /// Times whose gaps are all within 12% of the median gap are those of a regular series: so local days
    /// stay days where the clock changes, and months months. The step is the median gap, or the mean gap
    /// where the former would be half a step off at the end. Other times are resampled: see
    /// [`resample`](crate::forecast::resample).
    ///
    /// # Errors
    ///
    /// `contradiction` for times beside `start_seconds` or `step_seconds`, or of another number than the
    /// values; as [`SeriesInput::into_series`](crate::forecast::SeriesInput::into_series) and
    /// [`resample`](crate::forecast::resample).
    pub fn series(&self, values: Vec<f64>, times: &[f64]) -> Result<Series> {
        let Self { start_seconds, step_seconds, non_negative, .. } = *self;
        Timing { start_seconds, step_seconds, non_negative }.series(values, times)
    }

    /// The model, fitted to values at times, of which there may be none.
    ///
    /// # Errors
    ///
    /// As [`ForecastOptions::series`], [`ForecastModel::forecaster`] and the model's own; for a horizon or
    /// levels that are out of range.
    pub fn fit(&self, values: Vec<f64>, times: &[f64]) -> Result<Box<dyn FittedForecaster>> {
        check_horizon(self.horizon)?;
        check_levels(&self.levels)?;
        let series = self.series(values, times)?;
        self.model.forecaster(self.seasonal_periods.as_deref(), self.horizon)?.fit(&series)
    }

    /// The fitted model with its forecast.
    ///
    /// # Errors
    ///
    /// As [`ForecastOptions::fit`].
    pub fn forecast(&self, values: Vec<f64>, times: &[f64]) -> Result<FittedSeries> {
        FittedSeries::new(self.fit(values, times)?, self.horizon, &self.levels)
    }
}

/// A model that was fitted to a series, and what it forecasts: what the bindings keep.
#[derive(Debug, Clone)]
pub struct FittedSeries {
    fitted: Box<dyn FittedForecaster>,
    forecast: Forecast,
}

impl FittedSeries {
    fn new(fitted: Box<dyn FittedForecaster>, horizon: usize, levels: &[f64]) -> Result<Self> {
        Ok(Self { forecast: fitted.forecast(horizon, levels)?, fitted })
    }

    /// The same after the values that follow, without fitting anew.
    ///
    /// # Errors
    ///
    /// As [`FittedForecaster::update`].
    pub fn updated(&self, values: &[f64]) -> Result<Self> {
        let mut fitted = self.fitted.boxed_clone();
        fitted.update(values)?;
        Self::new(fitted, self.forecast.horizon(), self.forecast.levels())
    }

    /// What is to come.
    #[must_use]
    pub fn forecast(&self) -> &Forecast {
        &self.forecast
    }

    /// What is to come, and why.
    #[must_use]
    pub fn report(&self) -> SeriesForecast {
        SeriesForecast { forecast: self.forecast.report(), explanation: self.fitted.explain() }
    }
}

/// A forecast, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SeriesForecast {
    /// The forecast.
    pub forecast: ForecastReport,
    /// Why it is what it is.
    pub explanation: Explanation,
}

/// Missing values as the core has them.
pub(super) fn with_gaps(values: Vec<Option<f64>>) -> Vec<f64> {
    values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect()
}

/// The series of values and their times, of which there may be none: as [`ForecastOptions::series`].
pub(super) fn series(values: Vec<Option<f64>>, times: &[f64]) -> Result<Series> {
    Timing::default().series(with_gaps(values), times)
}

/// A backtest of the model of `options` over the values: see [`backtest`](crate::forecast::backtest).
pub(super) fn tested(
    values: Vec<Option<f64>>,
    options: &ForecastOptions,
    folds: usize,
    how: &BacktestOptions,
    times: &[f64],
) -> Result<BacktestReport> {
    check_horizon(options.horizon)?;
    check_levels(&options.levels)?;
    let model = options.model.forecaster(options.seasonal_periods.as_deref(), options.horizon)?;
    backtest(model.as_ref(), &options.series(with_gaps(values), times)?, options.horizon, folds, how)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seasons_are_asked_for_where_a_model_is_made_of_them() {
        for model in [ForecastModel::SeasonalNaive, ForecastModel::Mstl, ForecastModel::Taylor] {
            assert_eq!(model.forecaster(None, 1).unwrap_err().path(), "seasonal_periods");
            assert!(model.forecaster(Some(&[24]), 1).is_ok());
        }
    }
}
