//! What will be asked tomorrow? From the past of a regular [`Series`] to the mean, intervals at any
//! level and joint paths of its next steps, for capacity planning, for predictive scaling and for
//! saying whether a reading is out of the ordinary.
//!
//! A [`Forecaster`] is fitted to a series; the [`FittedForecaster`] forecasts and takes in new
//! points; the [`Forecast`] answers in means, quantiles and paths. [`backtest`] says how well a
//! model would have done. Each model's file names the source of its formulas.

pub mod accuracy;

mod anomaly;
mod auto;
mod autoregression;
mod backtest;
mod calibration;
mod changepoint;
mod conformal;
mod croston;
mod decompose;
mod distribution;
mod drift;
mod ets;
mod fitted;
mod gaps;
mod growth;
mod line;
mod many;
mod model;
mod mstl;
mod naive;
mod naive2;
mod named;
mod outcome;
mod resample;
mod search;
mod seasonal_naive;
mod series;
mod statistics;
mod stl;
mod taylor;
mod theta;
mod transform;
mod trend;
mod weekday;

pub use anomaly::{Anomaly, AnomalyOptions, AnomalyReport, anomalies};
pub use auto::Auto;
pub use autoregression::SeasonalAutoregression;
pub use backtest::{BacktestOptions, BacktestReport, BacktestScore, IntervalScore, MOST_FOLDS, backtest};
pub use changepoint::{Changepoint, ChangepointOptions, ChangepointReport, changepoints};
pub use conformal::Conformal;
pub use croston::Intermittent;
pub use decompose::{DecomposeOptions, Decomposition, MOST_DECOMPOSED, SeasonalPart, decompose};
pub use drift::Drift;
pub use ets::{ErrorKind, Ets, EtsKind, SeasonKind, TrendKind};
pub use growth::CompoundGrowth;
pub use many::{
    ForecastBatch, ForecastManyRequest, ForecastTable, IntervalColumns, MOST_SERIES, forecast_many,
};
pub use model::{Explanation, FittedForecaster, Forecaster};
pub use mstl::Mstl;
pub use naive::Naive;
pub use naive2::Naive2;
pub use named::ForecastModel;
pub use outcome::{
    Forecast, ForecastReport, Interval, MOST_LEVELS, MOST_PATH_POINTS, MOST_STEPS, Paths, check_horizon,
    check_levels,
};
pub(crate) use resample::Timing;
pub use resample::{Aggregate, Resampling, resample};
pub use seasonal_naive::SeasonalNaive;
pub use series::{Clock, MOST_POINTS, MOST_VALUE, Series, SeriesInput};
pub(crate) use statistics::{inflation, mean, median};
pub use taylor::Taylor;
pub use theta::Theta;
pub(crate) use trend::{Grid, Kendall};
pub use trend::{SeriesTrend, TrendDirection, TrendDirectionOptions, trend_direction};
pub use weekday::LinearWeekday;

/// Chance of a false alarm where the caller names none.
const fn default_significance() -> f64 {
    0.05
}
