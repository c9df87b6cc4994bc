//! Forecasts of many series at once, columns in and columns out.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::model::Forecaster;
use super::named::ForecastModel;
use super::outcome::{MOST_PATH_POINTS, check_horizon, check_levels};
use super::resample::Timing;
use super::series::Clock;
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
    /// Time of each value in seconds since the Unix epoch, in place of `start_seconds` and `step_seconds`;
    /// those of each series are made regular, as `forecast` does it. Empty for none.
    #[serde(default)]
    pub times: Vec<f64>,
    /// Time of the first value of each series in seconds since the Unix epoch. Needs `step_seconds`.
    #[serde(default)]
    pub start_seconds: Option<Vec<f64>>,
    /// Seconds from one value to the next; none for a plain index.
    #[serde(default)]
    pub step_seconds: Option<f64>,
    /// Whether the quantities can't be below zero; by default, of each series where no value is.
    #[serde(default)]
    pub non_negative: Option<bool>,
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
    /// Time of the first forecast step of each series; null for one without times.
    pub clocks: Vec<Option<Clock>>,
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
            clocks: Vec::new(),
            models: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Intervals at one of the asked levels.
    ///
    /// # Errors
    ///
    /// `invalid_value` at `level` for one that was not asked for.
    pub fn interval(&self, level: f64) -> Result<&IntervalColumns> {
        let same = |columns: &&IntervalColumns| (columns.level - level).abs() < 1e-12;
        self.intervals.iter().find(same).ok_or_else(|| {
            let asked: Vec<String> = self.intervals.iter().map(|columns| columns.level.to_string()).collect();
            Error::invalid("level", level, format!("a level that was asked for: {}", asked.join(", ")))
        })
    }

    /// The table without its numbers, which [`ForecastTable::numbers`] has: for languages to which arrays
    /// cross apart.
    #[must_use]
    pub fn labels(&self) -> Self {
        let columns = |columns: &IntervalColumns| IntervalColumns {
            level: columns.level,
            lower: Vec::new(),
            upper: Vec::new(),
        };
        Self {
            horizon: self.horizon,
            mean: Vec::new(),
            intervals: self.intervals.iter().map(columns).collect(),
            clocks: self.clocks.clone(),
            models: self.models.clone(),
            errors: self.errors.clone(),
        }
    }

    /// The means, then lower and upper ends of each level, one column after the other; `NaN` for a series that
    /// can't be forecast.
    #[must_use]
    pub fn numbers(&self) -> Vec<f64> {
        let intervals = self.intervals.iter().flat_map(|columns| [&columns.lower, &columns.upper]);
        let columns = std::iter::once(&self.mean).chain(intervals);
        columns.flatten().map(|cell| cell.unwrap_or(f64::NAN)).collect()
    }

    /// Puts the series of `next` after those of this table: how parts that were forecast apart, of the
    /// same [`ForecastBatch`], become one.
    pub fn append(&mut self, next: Self) {
        self.mean.extend(next.mean);
        self.clocks.extend(next.clocks);
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
///     times: Vec::new(),
///     start_seconds: None,
///     step_seconds: None,
///     non_negative: None,
///     horizon: 2,
///     seasonal_periods: None,
///     levels: vec![0.9],
///     model: ForecastModel::Drift,
/// };
/// let table = forecast_many(request)?;
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
pub fn forecast_many(request: ForecastManyRequest) -> Result<ForecastTable> {
    let batch = ForecastBatch::new(request)?;
    Ok(batch.forecast(0..batch.rows()))
}

/// Many series and their model, checked: ranges of rows can be forecast apart, so that threads of a
/// caller's share the work.
#[derive(Debug)]
pub struct ForecastBatch {
    request: ForecastManyRequest,
    model: Box<dyn Forecaster>,
}

impl ForecastBatch {
    /// The series of a request.
    ///
    /// # Errors
    ///
    /// As [`forecast_many`].
    pub fn new(request: ForecastManyRequest) -> Result<Self> {
        request.check()?;
        let model = request.model.forecaster(request.seasonal_periods.as_deref(), request.horizon)?;
        Ok(Self { request, model })
    }

    /// Number of series.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.request.offsets.len().saturating_sub(1)
    }

    /// Forecasts of the series at `rows`, from 0. Rows beyond the last are none.
    #[must_use]
    pub fn forecast(&self, rows: Range<usize>) -> ForecastTable {
        let mut table = ForecastTable::new(&self.request);
        for row in rows.start..rows.end.min(self.rows()) {
            if let Err(error) = self.one(row, &mut table) {
                let nothing = || std::iter::repeat_n(None, self.request.horizon);
                table.mean.extend(nothing());
                for columns in &mut table.intervals {
                    columns.lower.extend(nothing());
                    columns.upper.extend(nothing());
                }
                table.clocks.push(None);
                table.models.push(None);
                table.errors.push(Some(error.report().clone()));
            }
        }
        table
    }

    fn one(&self, row: usize, table: &mut ForecastTable) -> Result<()> {
        let request = &self.request;
        let bounds = request.offsets.get(row).copied().zip(request.offsets.get(row + 1).copied());
        let (start, end) = bounds.unwrap_or_default();
        let values = request.values.get(start..end).unwrap_or_default();
        let timing = Timing {
            start_seconds: request.start_seconds.as_ref().and_then(|starts| starts.get(row)).copied(),
            step_seconds: request.step_seconds,
            non_negative: request.non_negative,
        };
        let values = values.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        let series = timing.series(values, request.times.get(start..end).unwrap_or_default())?;
        let report = self.model.fit(&series)?.forecast(request.horizon, &request.levels)?.report();
        table.mean.extend(report.mean.into_iter().map(Some));
        for (columns, interval) in table.intervals.iter_mut().zip(report.intervals) {
            columns.lower.extend(interval.lower.into_iter().map(Some));
            columns.upper.extend(interval.upper.into_iter().map(Some));
        }
        table.clocks.push(report.clock);
        table.models.push(Some(report.model));
        table.errors.push(None);
        Ok(())
    }
}

impl ForecastManyRequest {
    /// The same request of other columns; a missing value is `NaN`.
    #[must_use]
    pub fn with_columns(self, values: &[f64], offsets: Vec<usize>, times: Vec<f64>) -> Self {
        let values = values.iter().map(|value| (!value.is_nan()).then_some(*value)).collect();
        Self { values, offsets, times, ..self }
    }

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
        if !self.times.is_empty() {
            let fault = if self.times.len() != self.values.len() {
                "has another length than `values`"
            } else if self.start_seconds.is_some() || self.step_seconds.is_some() {
                "are given beside `start_seconds` or `step_seconds`"
            } else {
                return Ok(());
            };
            return Err(Error::new(ErrorCode::Contradiction, "times", fault).given(self.times.len()));
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
            times: Vec::new(),
            start_seconds: None,
            step_seconds: None,
            non_negative: Some(true),
            horizon: 5,
            seasonal_periods: Some(vec![4]),
            levels: vec![0.5, 0.9],
            model,
        }
    }

    #[test]
    fn each_row_is_as_alone_and_bad_ones_say_why() {
        let request = request(ForecastModel::Auto);
        let table = forecast_many(request.clone()).unwrap();
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
        let batch = ForecastBatch::new(request).unwrap();
        let mut parts = batch.forecast(0..1);
        parts.append(batch.forecast(1..3));
        parts.append(batch.forecast(3..9));
        assert_eq!(parts, table);
        assert_eq!(table.interval(0.9).unwrap().upper, table.intervals[1].upper);
        assert_eq!(table.interval(0.95).unwrap_err().path(), "level");
    }

    #[test]
    fn each_series_has_its_times() {
        let request = request(ForecastModel::Naive).with_columns(
            &[1.0, 2.0, 3.0, 4.0, 5.0, -6.0, 7.0, 8.0, 9.0],
            vec![0, 3, 7, 9],
            vec![0.0, 60.0, 120.0, 0.0, 10.0, 20.0, 90.0, 5.0, 5.0],
        );
        let table = forecast_many(ForecastManyRequest { non_negative: None, ..request }).unwrap();
        assert_eq!(table.clocks[0], Some(Clock { start_seconds: 180.0, step_seconds: 60.0 }));
        assert_eq!(table.clocks[1], Some(Clock { start_seconds: 100.0, step_seconds: 10.0 }));
        assert_eq!(table.errors[2].as_ref().unwrap().path, "step_seconds");
        assert!(table.intervals[1].lower[4] >= Some(0.0) && table.intervals[1].lower[9] < Some(0.0));
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
            let table = forecast_many(request(model)).unwrap();
            assert!(table.errors[0].is_none() && table.mean[..5].iter().all(Option::is_some), "{model:?}");
        }
    }

    #[test]
    fn hostile_requests_are_refused() {
        let refused = |change: &dyn Fn(&mut ForecastManyRequest)| {
            let mut request = request(ForecastModel::SeasonalNaive);
            change(&mut request);
            let error = forecast_many(request).unwrap_err();
            (error.code(), error.path().to_owned())
        };
        let at = |change: &dyn Fn(&mut ForecastManyRequest)| refused(change).1;
        assert_eq!(at(&|request| request.offsets = vec![]), "offsets[0]");
        assert_eq!(at(&|request| request.offsets[1] = 70), "offsets[2]");
        assert_eq!(at(&|request| request.offsets[4] = 99), "offsets[4]");
        assert_eq!(at(&|request| request.horizon = 0), "horizon");
        assert_eq!(at(&|request| request.start_seconds = Some(vec![0.0])), "start_seconds");
        assert_eq!(at(&|request| request.start_seconds = Some(vec![0.0; 4])), "start_seconds");
        assert_eq!(at(&|request| request.times = vec![0.0]), "times");
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
