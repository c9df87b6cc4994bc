//! Forecasts by the name of a model, as other languages ask for them.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Result};
use crate::forecast::{
    Auto, BacktestOptions, BacktestReport, CompoundGrowth, Drift, Ets, Explanation, FittedForecaster,
    ForecastReport, Forecaster, Intermittent, LinearWeekday, Mstl, Naive, Naive2, Resampling,
    SeasonalAutoregression, SeasonalNaive, Series, SeriesInput, Taylor, Theta, backtest, check_horizon,
    check_levels, resample,
};

/// The models that a forecast can be asked of by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ForecastModel {
    /// Looks at the series, tries what may suit it and combines what does.
    #[default]
    Auto,
    /// The last value.
    Naive,
    /// The value of a season ago.
    SeasonalNaive,
    /// The last value, with the average change.
    Drift,
    /// A straight line with factors of the weekdays, which are those of UTC; needs times.
    LinearWeekday,
    /// Compound growth by the month, fitted; needs times.
    CompoundGrowth,
    /// Exponential smoothing (error, trend, season), chosen by AICc.
    Ets,
    /// Holt–Winters smoothing with an additive season.
    HoltWinters,
    /// Holt–Winters smoothing with a multiplicative season.
    HoltWintersMultiplicative,
    /// Theta.
    Theta,
    /// Theta with an optimised coefficient.
    OptimisedTheta,
    /// Exponential smoothing with up to three seasons and an autoregressive residual.
    Taylor,
    /// Decomposition into several seasons; the rest by exponential smoothing.
    Mstl,
    /// Regression on the values of a season, two seasons and longer seasons ago.
    SeasonalAutoregression,
    /// The M4 competition's yardstick: the last value, seasonally adjusted where that is called for.
    Naive2,
    /// Croston's method for intermittent demand.
    Croston,
    /// Syntetos and Boylan's method for intermittent demand.
    SyntetosBoylan,
    /// Teunter, Syntetos and Babai's method for intermittent demand.
    TeunterSyntetosBabai,
}

impl ForecastModel {
    /// The model with seasons of these numbers of steps, the shortest first; without any, `auto` looks
    /// for them, and models that can do without have none.
    ///
    /// # Errors
    ///
    /// `missing_field` at `seasonal_periods` for a model that is nothing without.
    pub fn forecaster(self, periods: Option<&[usize]>, horizon: usize) -> Result<Box<dyn Forecaster>> {
        let given = periods.unwrap_or_default();
        let season = || given.first().copied().unwrap_or(1);
        let seasons = || match given {
            [] => Err(Error::missing("seasonal_periods", "the model is made of seasons")),
            periods => Ok(periods),
        };
        Ok(match self {
            Self::Auto => {
                let auto = Auto::default().for_horizon(horizon);
                Box::new(match periods {
                    Some(periods) => auto.with_periods(periods),
                    None => auto,
                })
            }
            Self::Naive => Box::new(Naive),
            Self::SeasonalNaive => Box::new(SeasonalNaive::new(*seasons()?.first().unwrap_or(&1))),
            Self::Drift => Box::new(Drift),
            Self::LinearWeekday => Box::new(LinearWeekday { utc_offset_seconds: 0.0 }),
            Self::CompoundGrowth => {
                Box::new(CompoundGrowth { growth_per_month: None, steps_per_month: None })
            }
            Self::Ets => Box::new(Ets::new(season())),
            Self::HoltWinters => Box::new(Ets::holt_winters(*seasons()?.first().unwrap_or(&1))),
            Self::HoltWintersMultiplicative => {
                Box::new(Ets::holt_winters_multiplicative(*seasons()?.first().unwrap_or(&1)))
            }
            Self::Theta => Box::new(Theta::new(season())),
            Self::OptimisedTheta => Box::new(Theta::optimised(season())),
            Self::Taylor => Box::new(Taylor::new(seasons()?).for_horizon(horizon)),
            Self::Mstl => Box::new(Mstl::new(seasons()?, Ets::new(1))),
            Self::SeasonalAutoregression => Box::new(SeasonalAutoregression::new(seasons()?)),
            Self::Naive2 => Box::new(Naive2::new(season())),
            Self::Croston => Box::new(Intermittent::croston()),
            Self::SyntetosBoylan => Box::new(Intermittent::syntetos_boylan()),
            Self::TeunterSyntetosBabai => Box::new(Intermittent::teunter_syntetos_babai()),
        })
    }
}

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

    /// The forecast, and why.
    ///
    /// # Errors
    ///
    /// As [`ForecastOptions::fit`].
    pub fn forecast(&self, values: Vec<f64>, times: &[f64]) -> Result<SeriesForecast> {
        let fitted = self.fit(values, times)?;
        let forecast = fitted.forecast(self.horizon, &self.levels)?.report();
        Ok(SeriesForecast { forecast, explanation: fitted.explain() })
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
