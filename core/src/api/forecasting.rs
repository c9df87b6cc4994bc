//! Forecasts by the name of a model, as other languages ask for them.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Result};
use crate::forecast::{
    BacktestOptions, BacktestReport, Explanation, FittedForecaster, Forecast, ForecastModel, ForecastReport,
    Resampling, Series, SeriesInput, backtest, check_horizon, check_levels, resample,
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

/// Times are regular where each gap is within this share of the median gap: days of 23 and 25 hours,
/// months, and scrapes that come a little late.
const GAP_SHARE: f64 = 0.12;

impl ForecastOptions {
    /// The series of the values, `NaN` where missing, and of their times in seconds since the Unix epoch,
    /// of which there may be none.
    ///
    /// Times whose gaps are all within 12% of the median gap are those of a regular series: so local days
    /// stay days where the clock changes, and months months. The step is the median gap, or the mean gap
    /// where the former would be half a step off at the end. Other times are resampled: see [`resample`].
    ///
    /// # Errors
    ///
    /// `contradiction` for times beside `start_seconds` or `step_seconds`, or of another number than the
    /// values; as [`SeriesInput::into_series`] and [`resample`].
    pub fn series(&self, values: Vec<f64>, times: &[f64]) -> Result<Series> {
        let non_negative = self.non_negative.unwrap_or_else(|| !values.iter().any(|value| *value < 0.0));
        let (mut start_seconds, mut step_seconds) = (self.start_seconds, self.step_seconds);
        if !times.is_empty() {
            if start_seconds.or(step_seconds).is_some() {
                let message = "are given beside `start_seconds` or `step_seconds`";
                return Err(Error::new(ErrorCode::Contradiction, "times", message));
            }
            match clock(times).filter(|_| times.len() == values.len()) {
                Some((start, step)) => (start_seconds, step_seconds) = (Some(start), Some(step)),
                None => {
                    let series = resample(times, &values, &Resampling::default())?;
                    return if non_negative { series.non_negative() } else { Ok(series) };
                }
            }
        }
        let values = values.into_iter().map(|value| (!value.is_nan()).then_some(value)).collect();
        SeriesInput { values, start_seconds, step_seconds, non_negative }.into_series()
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

/// First time and step of times that are regular.
fn clock(times: &[f64]) -> Option<(f64, f64)> {
    let (first, last) = (times.first()?, times.last()?);
    let mut gaps: Vec<f64> = times
        .windows(2)
        .map(|pair| pair.iter().rev().copied().reduce(|a, b| a - b))
        .collect::<Option<_>>()?;
    gaps.sort_by(f64::total_cmp);
    let median = *gaps.get(gaps.len() / 2)?;
    let is_regular = median > 0.0 && gaps.iter().all(|gap| (gap - median).abs() <= GAP_SHARE * median);
    let mean = (last - first) / gaps.len() as f64;
    let off = (mean - median).abs() * gaps.len() as f64;
    is_regular.then_some((*first, if off < 0.5 * median { median } else { mean }))
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

/// A backtest of the model of `options` over the values: see [`backtest`](crate::forecast::backtest).
pub(super) fn tested(
    values: Vec<f64>,
    options: &ForecastOptions,
    folds: usize,
    how: &BacktestOptions,
) -> Result<BacktestReport> {
    check_horizon(options.horizon)?;
    let model = options.model.forecaster(options.seasonal_periods.as_deref(), options.horizon)?;
    backtest(model.as_ref(), &options.series(values, &[])?, options.horizon, folds, how)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> ForecastOptions {
        serde_json::from_str(r#"{"horizon": 3, "model": "naive"}"#).unwrap()
    }

    #[test]
    fn days_stay_days_where_the_clock_changes_and_months_months() {
        let hours = |gaps: &[f64]| {
            gaps.iter().fold(vec![0.0], |mut times, gap| {
                times.push(times.last().unwrap() + gap * 3600.0);
                times
            })
        };
        assert_eq!(clock(&hours(&[24.0, 24.0, 23.0, 24.0, 24.0])), Some((0.0, 86_400.0)));
        let months: Vec<f64> = [31.0, 28.0, 31.0, 30.0, 31.0, 30.0].map(|days| days * 24.0).repeat(8);
        let (_, step) = clock(&hours(&months)).unwrap();
        assert!((step / 86_400.0 - 181.0 / 6.0).abs() < 1e-9);
        assert_eq!(clock(&hours(&[1.0, 1.0, 5.0])), None);
        assert_eq!(clock(&[5.0]), None);
    }

    #[test]
    fn times_that_are_not_regular_are_resampled() {
        let series = options().series(vec![1.0, 3.0, 5.0, 7.0], &[0.0, 10.0, 20.0, 90.0]).unwrap();
        assert_eq!(series.len(), 10);
        let refused = options().series(vec![1.0], &[0.0, 10.0]).unwrap_err();
        assert_eq!(refused.path(), "times");
        let both = ForecastOptions { step_seconds: Some(1.0), ..options() };
        assert_eq!(both.series(vec![1.0, 2.0], &[0.0, 1.0]).unwrap_err().code(), ErrorCode::Contradiction);
    }

    #[test]
    fn seasons_are_asked_for_where_a_model_is_made_of_them() {
        for model in [ForecastModel::SeasonalNaive, ForecastModel::Mstl, ForecastModel::Taylor] {
            assert_eq!(model.forecaster(None, 1).unwrap_err().path(), "seasonal_periods");
            assert!(model.forecaster(Some(&[24]), 1).is_ok());
        }
    }

    #[test]
    fn what_is_never_below_zero_is_not_forecast_to_be() {
        assert!(options().series(vec![1.0, 0.0], &[]).unwrap().is_non_negative());
        assert!(!options().series(vec![1.0, -1.0], &[]).unwrap().is_non_negative());
    }
}
