//! Forecasts of many series at once, columns in and columns out.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::model::Forecaster;
use super::named::ForecastModel;
use super::outcome::{MOST_PATH_POINTS, check_horizon, check_levels};
use super::series::SeriesInput;
use crate::error::{Error, ErrorCode, ErrorReport, Result};

/// Most series of one request.
pub const MOST_SERIES: usize = 1_000_000;

/// Many series, one after the other, and what is asked of each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ForecastManyRequest {
    /// The values of all series, one series after the other, oldest first; null where missing.
    pub values: Vec<Option<f64>>,
    /// Where each series begins in `values`, from 0, ascending, and as the last where all end:
    /// one more than there are series, as in an Arrow list column.
    pub offsets: Vec<usize>,
    /// Time of the first value of each series in seconds since the Unix epoch. Needs `step_seconds`.
    #[serde(default)]
    pub start_seconds: Option<Vec<f64>>,
    /// Seconds from one value to the next; none for a plain index.
    #[serde(default)]
    pub step_seconds: Option<f64>,
    /// Whether the quantities can't be below zero.
    #[serde(default)]
    pub non_negative: bool,
    /// Steps to forecast, 1 to [`MOST_STEPS`](super::MOST_STEPS).
    pub horizon: usize,
    /// Seasons in steps, the shortest first; by default `auto` looks for them.
    #[serde(default)]
    pub seasonal_periods: Option<Vec<usize>>,
    /// Levels of the intervals, each between 0 and 1. Default: 0.8 and 0.95.
    #[serde(default = "default_levels")]
    pub levels: Vec<f64>,
    /// The model.
    #[serde(default)]
    pub model: ForecastModel,
}

fn default_levels() -> Vec<f64> {
    vec![0.8, 0.95]
}

/// The intervals at one level, of all steps of all series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IntervalColumns {
    /// Share of outcomes that fall into them.
    pub level: f64,
    /// Lower ends, in the order of [`ForecastTable::mean`].
    pub lower: Vec<Option<f64>>,
    /// Upper ends.
    pub upper: Vec<Option<f64>>,
}

/// Forecasts of many series by columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ForecastTable {
    /// Steps of each series.
    pub horizon: usize,
    /// Point forecasts: all steps of the first series, then of the second, …; null for a series that
    /// can't be forecast.
    pub mean: Vec<Option<f64>>,
    /// Intervals at the asked levels, in the order asked.
    pub intervals: Vec<IntervalColumns>,
    /// Model of each series as it was fitted; null for one that can't be forecast.
    pub models: Vec<Option<String>>,
    /// Why a series can't be forecast, by series, with paths within it; null for the others.
    pub errors: Vec<Option<ErrorReport>>,
}

impl ForecastTable {
    fn new(request: &ForecastManyRequest) -> Self {
        let columns = |level: &f64| IntervalColumns { level: *level, lower: Vec::new(), upper: Vec::new() };
        Self {
            horizon: request.horizon,
            mean: Vec::new(),
            intervals: request.levels.iter().map(columns).collect(),
            models: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Puts the series of `next` after those of this table: how parts that were forecast apart, by
    /// [`forecast_rows`] of the same request, become one.
    pub fn append(&mut self, next: Self) {
        self.mean.extend(next.mean);
        self.models.extend(next.models);
        self.errors.extend(next.errors);
        for (columns, next) in self.intervals.iter_mut().zip(next.intervals) {
            columns.lower.extend(next.lower);
            columns.upper.extend(next.upper);
        }
    }
}

/// Forecasts of many series.
///
/// A series that can't be forecast has nulls and its error; the others are answered all the same.
///
/// ```
/// use sizewell::forecast::{ForecastManyRequest, ForecastModel, forecast_many};
/// let request = ForecastManyRequest {
///     values: [1.0, 2.0, 3.0, 10.0, 10.0].map(Some).to_vec(),
///     offsets: vec![0, 3, 5],
///     start_seconds: None,
///     step_seconds: None,
///     non_negative: true,
///     horizon: 2,
///     seasonal_periods: None,
///     levels: vec![0.9],
///     model: ForecastModel::Drift,
/// };
/// let table = forecast_many(&request)?;
/// assert_eq!(table.mean, [4.0, 5.0, 10.0, 10.0].map(Some));
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// At `offsets`: `invalid_value` where they do not begin with 0, fall, or do not end with the number of
/// values, `too_large` for over [`MOST_SERIES`]; `contradiction` at `start_seconds` for another number than
/// of series, or without a step; `too_large` at `horizon` where the answer would have more than
/// [`MOST_PATH_POINTS`] numbers; as [`check_horizon`], [`check_levels`] and [`ForecastModel::forecaster`].
pub fn forecast_many(request: &ForecastManyRequest) -> Result<ForecastTable> {
    forecast_rows(request, 0..request.offsets.len().saturating_sub(1))
}

/// Forecasts of the series at `rows` only, from 0: so that threads of a caller's can share the work.
/// Rows beyond the last are none.
///
/// # Errors
///
/// As [`forecast_many`].
pub fn forecast_rows(request: &ForecastManyRequest, rows: Range<usize>) -> Result<ForecastTable> {
    request.check()?;
    let model = request.model.forecaster(request.seasonal_periods.as_deref(), request.horizon)?;
    let mut table = ForecastTable::new(request);
    let bounds = request.offsets.windows(2).enumerate().take(rows.end).skip(rows.start);
    for (row, bounds) in bounds {
        let [start, end] = *bounds else { continue };
        let values = request.values.get(start..end).unwrap_or_default();
        match request.one(row, values, model.as_ref(), &mut table) {
            Ok(name) => {
                table.models.push(Some(name));
                table.errors.push(None);
            }
            Err(error) => {
                let nothing = || std::iter::repeat_n(None, request.horizon);
                table.mean.extend(nothing());
                for columns in &mut table.intervals {
                    columns.lower.extend(nothing());
                    columns.upper.extend(nothing());
                }
                table.models.push(None);
                table.errors.push(Some(error.report().clone()));
            }
        }
    }
    Ok(table)
}

impl ForecastManyRequest {
    fn check(&self) -> Result<()> {
        check_horizon(self.horizon)?;
        check_levels(&self.levels)?;
        let series = self.offsets.len().saturating_sub(1);
        if series > MOST_SERIES {
            let error = Error::new(ErrorCode::TooLarge, "offsets", "are of too many series");
            return Err(error.given(series).allowed(format!("at most {MOST_SERIES}")));
        }
        let numbers = series.saturating_mul(self.horizon).saturating_mul(1 + 2 * self.levels.len());
        if numbers > MOST_PATH_POINTS {
            let error = Error::new(ErrorCode::TooLarge, "horizon", "makes too many numbers of all series");
            return Err(error.given(numbers).allowed(format!("at most {MOST_PATH_POINTS}")));
        }
        if self.offsets.first() != Some(&0) {
            let given = self.offsets.first().map_or_else(|| "nothing".to_owned(), ToString::to_string);
            return Err(Error::invalid("offsets[0]", given, "0"));
        }
        if let Some(index) = self.offsets.windows(2).position(|pair| pair.first() > pair.last()) {
            let given = self.offsets.get(index + 1).copied().unwrap_or_default();
            return Err(Error::invalid(format!("offsets[{}]", index + 1), given, "not below the one before"));
        }
        let last = self.offsets.last().copied().unwrap_or_default();
        if last != self.values.len() {
            let allowed = format!("the number of values, {}", self.values.len());
            return Err(Error::invalid(format!("offsets[{series}]"), last, allowed));
        }
        let Some(starts) = &self.start_seconds else { return Ok(()) };
        if starts.len() != series {
            let error = Error::new(ErrorCode::Contradiction, "start_seconds", "is not one for each series");
            return Err(error.given(starts.len()).allowed(series.to_string()));
        }
        if self.step_seconds.is_none() {
            let error = Error::new(ErrorCode::Contradiction, "start_seconds", "is given without a step");
            return Err(error.help("give `step_seconds` too"));
        }
        Ok(())
    }

    fn one(
        &self,
        row: usize,
        values: &[Option<f64>],
        model: &dyn Forecaster,
        table: &mut ForecastTable,
    ) -> Result<String> {
        let series = SeriesInput {
            values: values.to_vec(),
            start_seconds: self.start_seconds.as_ref().and_then(|starts| starts.get(row)).copied(),
            step_seconds: self.step_seconds,
            non_negative: self.non_negative,
        };
        let report = model.fit(&series.into_series()?)?.forecast(self.horizon, &self.levels)?.report();
        table.mean.extend(report.mean.into_iter().map(Some));
        for (columns, interval) in table.intervals.iter_mut().zip(report.intervals) {
            columns.lower.extend(interval.lower.into_iter().map(Some));
            columns.upper.extend(interval.upper.into_iter().map(Some));
        }
        Ok(report.model)
    }
}

#[cfg(test)]
mod tests {
    use super::super::auto::Auto;
    use super::super::series::Series;
    use super::*;

    fn request(model: ForecastModel) -> ForecastManyRequest {
        let wave = |step: usize, size: usize| Some((size * (5 + step % 4) + step * 7 % 3) as f64);
        let mut values: Vec<Option<f64>> = (0..60).map(|step| wave(step, 1)).collect();
        values.extend([None, None]);
        values.extend((0..80).map(|step| wave(step, 9)));
        ForecastManyRequest {
            values,
            offsets: vec![0, 60, 62, 62, 142],
            start_seconds: None,
            step_seconds: None,
            non_negative: true,
            horizon: 5,
            seasonal_periods: Some(vec![4]),
            levels: vec![0.5, 0.9],
            model,
        }
    }

    #[test]
    fn each_row_is_as_alone_and_bad_ones_say_why() {
        let request = request(ForecastModel::Auto);
        let table = forecast_many(&request).unwrap();
        assert_eq!((table.mean.len(), table.models.len(), table.errors.len()), (20, 4, 4));
        let codes: Vec<Option<ErrorCode>> =
            table.errors.iter().map(|error| error.as_ref().map(|error| error.code)).collect();
        assert_eq!(codes, [None, Some(ErrorCode::Empty), Some(ErrorCode::Empty), None]);
        assert!(table.mean[5..15].iter().all(Option::is_none));
        let values = request.values[62..].iter().map(|value| value.unwrap()).collect();
        let series = Series::new(values).unwrap().non_negative().unwrap();
        let alone = Auto::default().with_periods([4]).for_horizon(5).fit(&series).unwrap();
        let alone = alone.forecast(5, &[0.5, 0.9]).unwrap().report();
        let of_row =
            |column: &[Option<f64>]| column[15..].iter().map(|value| value.unwrap()).collect::<Vec<_>>();
        assert_eq!(of_row(&table.mean), alone.mean);
        assert_eq!(of_row(&table.intervals[1].lower), alone.intervals[1].lower);
        let mut parts = forecast_rows(&request, 0..1).unwrap();
        parts.append(forecast_rows(&request, 1..3).unwrap());
        parts.append(forecast_rows(&request, 3..9).unwrap());
        assert_eq!(parts, table);
    }

    #[test]
    fn every_model_answers() {
        use ForecastModel as M;
        for model in [
            M::Naive,
            M::SeasonalNaive,
            M::Drift,
            M::Theta,
            M::OptimisedTheta,
            M::Ets,
            M::Mstl,
            M::Taylor,
            M::SeasonalAutoregression,
            M::SyntetosBoylan,
        ] {
            let table = forecast_many(&request(model)).unwrap();
            assert!(table.errors[0].is_none() && table.mean[..5].iter().all(Option::is_some), "{model:?}");
        }
    }

    #[test]
    fn hostile_requests_are_refused() {
        let refused = |change: &dyn Fn(&mut ForecastManyRequest)| {
            let mut request = request(ForecastModel::SeasonalNaive);
            change(&mut request);
            let error = forecast_many(&request).unwrap_err();
            (error.code(), error.path().to_owned())
        };
        let at = |change: &dyn Fn(&mut ForecastManyRequest)| refused(change).1;
        assert_eq!(at(&|request| request.offsets = vec![]), "offsets[0]");
        assert_eq!(at(&|request| request.offsets[1] = 70), "offsets[2]");
        assert_eq!(at(&|request| request.offsets[4] = 99), "offsets[4]");
        assert_eq!(at(&|request| request.horizon = 0), "horizon");
        assert_eq!(at(&|request| request.start_seconds = Some(vec![0.0])), "start_seconds");
        assert_eq!(at(&|request| request.start_seconds = Some(vec![0.0; 4])), "start_seconds");
        let without = refused(&|request| request.seasonal_periods = None);
        assert_eq!(without, (ErrorCode::MissingField, "seasonal_periods".to_owned()));
        let many = refused(&|request| {
            request.offsets = vec![0; 1_000_000];
            request.horizon = 100;
            request.values = Vec::new();
        });
        assert_eq!(many, (ErrorCode::TooLarge, "horizon".to_owned()));
    }
}
