//! Regular series from observations at irregular times.

use serde::{Deserialize, Serialize};

use super::series::{Clock, MOST_POINTS, Series, SeriesInput};
use crate::error::{Error, ErrorCode, Result};

/// What several observations within one step become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// Their mean: for levels such as utilisation or a rate. A step without any is missing.
    #[default]
    Mean,
    /// Their sum: for counts such as requests or tokens. A step without any is 0.
    Sum,
    /// The greatest: for peaks. A step without any is missing.
    Max,
    /// The one with the latest time, of equal times the last given: for gauges. A step without any
    /// is missing.
    Last,
}

/// How irregular observations become a regular series.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Resampling {
    /// Length of a step, in seconds; by default the median gap between neighbouring distinct
    /// times, the lower of the middle two where they are two.
    pub step_seconds: Option<f64>,
    /// Where the first step begins, in seconds since the Unix epoch; by default the first time,
    /// rounded down to a whole number of steps since the epoch. Earlier observations are refused.
    pub start_seconds: Option<f64>,
    /// What several observations within one step become.
    pub aggregate: Aggregate,
    /// The present, in seconds since the Unix epoch: observations after it are refused.
    pub now_seconds: Option<f64>,
}

/// A regular series from observations at any times (seconds since the Unix epoch): an observation
/// belongs to the step that begins at or before its time and ends after it, and the observations
/// of a step are [aggregated](Aggregate). The order in which observations are given, and equal times, are
/// of no consequence, but for [`Aggregate::Last`]. Missing values (`NaN`) are left out.
///
/// ```
/// use sizewell::forecast::{Resampling, resample};
/// let minutes = Resampling { step_seconds: Some(60.0), ..Resampling::default() };
/// let series = resample(&[61.0, 5.0, 30.0, 185.0], &[4.0, 1.0, 3.0, 9.0], &minutes)?;
/// assert_eq!(series.values()[..2], [2.0, 4.0]);
/// assert!(series.values()[2].is_nan());
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `contradiction` for columns of different lengths; `empty` without observations; `invalid_value`
/// at `times[i]` for a time that is not finite, before `start_seconds` or after `now_seconds`;
/// `missing_field` at `step_seconds` where all times are equal and no step is given; as [`Series::new`] and
/// [`Series::at`]; `too_large` at `step_seconds` when there would be over [`MOST_POINTS`] steps.
pub fn resample(times: &[f64], values: &[f64], how: &Resampling) -> Result<Series> {
    if times.len() != values.len() {
        return Err(Error::new(ErrorCode::Contradiction, "times", "has another length than `values`")
            .given(format!("{} times, {} values", times.len(), values.len())));
    }
    let latest = how.now_seconds.unwrap_or(f64::INFINITY);
    let earliest = how.start_seconds.unwrap_or(f64::NEG_INFINITY);
    for (index, time) in times.iter().enumerate() {
        if !time.is_finite() || *time > latest || *time < earliest {
            let allowed = format!("a finite time from {earliest} to {latest}");
            return Err(Error::invalid(format!("times[{index}]"), time, allowed));
        }
    }
    super::series::check_values(values, false)?;
    let mut points: Vec<(f64, f64)> =
        times.iter().copied().zip(values.iter().copied()).filter(|(_, value)| !value.is_nan()).collect();
    points.sort_by(|left, right| left.0.total_cmp(&right.0));
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Err(Error::new(ErrorCode::Empty, "values", "has no observations"));
    };
    let step = match how.step_seconds {
        Some(step) => step,
        None => usual_gap(&points)?,
    };
    let start = how.start_seconds.unwrap_or_else(|| (first.0 / step).floor() * step);
    let clock = Clock { start_seconds: start, step_seconds: step };
    clock.check()?;
    let place = |time: f64| ((time - start) / step).floor().max(0.0);
    if place(last.0) >= MOST_POINTS as f64 {
        return Err(Error::new(ErrorCode::TooLarge, "step_seconds", "makes too many steps")
            .given(step)
            .allowed(format!("at most {MOST_POINTS} steps")));
    }
    let empty = if how.aggregate == Aggregate::Sum { 0.0 } else { f64::NAN };
    let mut regular = vec![empty; place(last.0) as usize + 1];
    for group in points.chunk_by(|left, right| place(left.0) == place(right.0)) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let sum = || group.iter().map(|point| point.1).sum::<f64>();
        if let Some(slot) = regular.get_mut(place(first.0) as usize) {
            *slot = match how.aggregate {
                Aggregate::Mean => sum() / group.len() as f64,
                Aggregate::Sum => sum(),
                Aggregate::Max => group.iter().map(|point| point.1).fold(f64::NEG_INFINITY, f64::max),
                Aggregate::Last => last.1,
            };
        }
    }
    Series::new(regular)?.at(start, step)
}

/// Times are regular where each gap is within this share of the median gap: days of 23 and 25 hours,
/// months, and scrapes that come a little late.
const GAP_SHARE: f64 = 0.12;

/// What is known of a series beside its values and their times.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timing {
    /// Time of the first value in seconds since the Unix epoch.
    pub(crate) start_seconds: Option<f64>,
    /// Seconds from one value to the next.
    pub(crate) step_seconds: Option<f64>,
    /// Whether the quantity can't be below zero; by default where no value is.
    pub(crate) non_negative: Option<bool>,
}

impl Timing {
    /// The series of values, `NaN` where missing, at times in seconds since the Unix epoch, of which
    /// there may be none.
    ///
    /// Times whose gaps are all within 12% of the median gap are those of a regular series: so local days
    /// stay days where the clock changes, and months months. The step is the median gap, or the mean gap
    /// where the former would be half a step off at the end. Other times are resampled: see [`resample`].
    ///
    /// # Errors
    ///
    /// `contradiction` for times beside a start or a step, or of another number than the values; as
    /// [`SeriesInput::into_series`] and [`resample`].
    pub(crate) fn series(self, values: Vec<f64>, times: &[f64]) -> Result<Series> {
        let Self { mut start_seconds, mut step_seconds, non_negative } = self;
        let non_negative = non_negative.unwrap_or_else(|| !values.iter().any(|value| *value < 0.0));
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

/// Median gap between neighbouring distinct times, one that was seen.
fn usual_gap(points: &[(f64, f64)]) -> Result<f64> {
    let mut gaps: Vec<f64> = points
        .windows(2)
        .filter_map(|pair| match pair {
            [before, after] if after.0 > before.0 => Some(after.0 - before.0),
            _ => None,
        })
        .collect();
    gaps.sort_by(f64::total_cmp);
    gaps.get(gaps.len().saturating_sub(1) / 2).copied().ok_or_else(|| {
        Error::missing("step_seconds", "give a step: it can't be told from a single distinct time")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_observation_counts_once() {
        let times = [100.0, 7.0, 3.0, 3.0, 59.0, 61.0];
        let values = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0];
        let with = |aggregate| {
            let how = Resampling { step_seconds: Some(60.0), aggregate, ..Resampling::default() };
            resample(&times, &values, &how).unwrap().values().to_vec()
        };
        assert_eq!(with(Aggregate::Sum), [30.0, 33.0]);
        assert_eq!(with(Aggregate::Mean), [7.5, 16.5]);
        assert_eq!(with(Aggregate::Max), [16.0, 32.0]);
        assert_eq!(with(Aggregate::Last), [16.0, 1.0]);
    }

    #[test]
    fn the_step_is_the_usual_gap() {
        let series = resample(&[10.0, 20.0, 31.0, 60.0, 70.0], &[1.0; 5], &Resampling::default()).unwrap();
        assert_eq!(series.clock().unwrap(), Clock { start_seconds: 10.0, step_seconds: 10.0 });
        assert_eq!(series.len(), 7);
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
        let plain = Timing::default();
        let series = plain.series(vec![1.0, 3.0, 5.0, 7.0], &[0.0, 10.0, 20.0, 90.0]).unwrap();
        assert_eq!(series.len(), 10);
        assert_eq!(plain.series(vec![1.0], &[0.0, 10.0]).unwrap_err().path(), "times");
        let both = Timing { step_seconds: Some(1.0), ..plain };
        assert_eq!(both.series(vec![1.0, 2.0], &[0.0, 1.0]).unwrap_err().code(), ErrorCode::Contradiction);
    }

    #[test]
    fn what_is_never_below_zero_is_not_forecast_to_be() {
        let plain = Timing::default();
        assert!(plain.series(vec![1.0, 0.0], &[]).unwrap().is_non_negative());
        assert!(!plain.series(vec![1.0, -1.0], &[]).unwrap().is_non_negative());
    }

    #[test]
    fn impossible_observations_are_refused() {
        let refused = |times: &[f64], values: &[f64], how: Resampling| {
            let error = resample(times, values, &how).unwrap_err();
            (error.code(), error.path().to_owned())
        };
        let plain = Resampling::default();
        let now = Resampling { now_seconds: Some(5.0), ..plain };
        let fine = Resampling { step_seconds: Some(1e-6), ..plain };
        assert_eq!(refused(&[1.0], &[], plain).0, ErrorCode::Contradiction);
        assert_eq!(refused(&[], &[], plain).0, ErrorCode::Empty);
        assert_eq!(refused(&[1.0, f64::NAN], &[1.0; 2], plain).1, "times[1]");
        assert_eq!(refused(&[1.0, 6.0], &[1.0; 2], now).1, "times[1]");
        assert_eq!(refused(&[1.0, 1.0], &[1.0; 2], plain).1, "step_seconds");
        assert_eq!(refused(&[1.0, 9.0], &[1.0; 2], fine).0, ErrorCode::TooLarge);
        assert_eq!(refused(&[1.0, 9.0], &[f64::NAN; 2], plain).0, ErrorCode::Empty);
    }
}
