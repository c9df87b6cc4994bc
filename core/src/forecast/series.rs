//! A regular series: values at a fixed step, some of which may be missing.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Result};
use crate::units::check_range;

/// Most points of a series.
pub const MOST_POINTS: usize = 1_000_000;
/// Greatest absolute value of a point: far from where squares and sums of many leave the range of
/// floating-point numbers.
pub const MOST_VALUE: f64 = 1e100;
/// Longest step, in seconds: about 100 years.
const MOST_STEP_SECONDS: f64 = 3.2e9;
/// Furthest time from the Unix epoch, in seconds: about 30,000 years, where a double still tells
/// milliseconds apart.
const MOST_TIME_SECONDS: f64 = 1e12;

/// When the points of a series were: the first of them, and how far apart they are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Time of the first point, in seconds since the Unix epoch.
    pub start_seconds: f64,
    /// Seconds from one point to the next, above 0.
    pub step_seconds: f64,
}

impl Clock {
    /// Time of the point at `index`, in seconds since the Unix epoch.
    #[must_use]
    pub fn time_seconds(&self, index: usize) -> f64 {
        self.start_seconds + self.step_seconds * index as f64
    }

    /// The clock of a series that begins `points` later.
    pub(super) fn later(&self, points: usize) -> Self {
        Self { start_seconds: self.time_seconds(points), ..*self }
    }

    pub(super) fn check(&self) -> Result<()> {
        check_range("start_seconds", self.start_seconds, -MOST_TIME_SECONDS, MOST_TIME_SECONDS)?;
        if self.step_seconds.is_finite() && self.step_seconds > 0.0 && self.step_seconds <= MOST_STEP_SECONDS
        {
            return Ok(());
        }
        Err(Error::invalid(
            "step_seconds",
            self.step_seconds,
            format!("above 0, at most {MOST_STEP_SECONDS}"),
        ))
    }
}

/// A series as data: what [`Series`] is read from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SeriesInput {
    /// The values, oldest first; null where missing.
    pub values: Vec<Option<f64>>,
    /// Time of the first value in seconds since the Unix epoch; none for a plain index. Needs
    /// `step_seconds`.
    #[serde(default)]
    pub start_seconds: Option<f64>,
    /// Seconds from one value to the next; none for a plain index. Alone, the series starts at 0.
    #[serde(default)]
    pub step_seconds: Option<f64>,
    /// Whether the quantity can't be below zero.
    #[serde(default)]
    pub non_negative: bool,
}

impl SeriesInput {
    /// The series.
    ///
    /// # Errors
    ///
    /// As [`Series::new`], [`Series::at`] and [`Series::non_negative`]; `contradiction` for a start
    /// without a step.
    pub fn into_series(self) -> Result<Series> {
        let values = self.values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        let mut series = Series::new(values)?;
        match (self.start_seconds, self.step_seconds) {
            (start, Some(step)) => series = series.at(start.unwrap_or(0.0), step)?,
            (Some(start), None) => {
                let error = Error::new(ErrorCode::Contradiction, "start_seconds", "is given without a step");
                return Err(error.given(start).help("give `step_seconds` too"));
            }
            (None, None) => {}
        }
        if self.non_negative { series.non_negative() } else { Ok(series) }
    }
}

/// Values at a fixed step, oldest first; `NaN` where missing.
///
/// ```
/// use sizewell::forecast::Series;
/// let hourly = Series::new(vec![310.0, f64::NAN, 290.0])?.at(1_760_000_400.0, 3600.0)?.non_negative()?;
/// assert_eq!((hourly.len(), hourly.observed()), (3, 2));
/// assert_eq!(hourly.time(2), 1_760_007_600.0);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    values: Vec<f64>,
    clock: Option<Clock>,
    non_negative: bool,
}

impl Series {
    /// A series over a plain index (0, 1, 2, …).
    ///
    /// # Errors
    ///
    /// At `values`: `empty` for no values, `too_large` for over [`MOST_POINTS`]; at `values[i]`:
    /// `invalid_value` for an infinite one or one beyond ±[`MOST_VALUE`].
    pub fn new(values: Vec<f64>) -> Result<Self> {
        if values.is_empty() {
            return Err(Error::new(ErrorCode::Empty, "values", "has no points"));
        }
        if values.len() > MOST_POINTS {
            return Err(Error::new(ErrorCode::TooLarge, "values", "has too many points")
                .given(values.len())
                .allowed(format!("at most {MOST_POINTS}")));
        }
        check_values(&values, false)?;
        Ok(Self { values, clock: None, non_negative: false })
    }

    /// The same values at times: the first at `start_seconds` since the Unix epoch, one every
    /// `step_seconds`.
    ///
    /// # Errors
    ///
    /// `invalid_value` at `start_seconds` when it is not finite or beyond ±10¹², at `step_seconds`
    /// when it is not above 0 or beyond 100 years.
    pub fn at(self, start_seconds: f64, step_seconds: f64) -> Result<Self> {
        let clock = Clock { start_seconds, step_seconds };
        clock.check()?;
        Ok(Self { clock: Some(clock), ..self })
    }

    /// The same series of a quantity that can't be below zero: no forecast of it will be.
    ///
    /// # Errors
    ///
    /// `invalid_value` at the first value that is below zero.
    pub fn non_negative(self) -> Result<Self> {
        check_values(&self.values, true)?;
        Ok(Self { non_negative: true, ..self })
    }

    /// The values, `NaN` where missing.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// When the points were; none for a plain index.
    #[must_use]
    pub fn clock(&self) -> Option<Clock> {
        self.clock
    }

    /// Whether the quantity can't be below zero.
    #[must_use]
    pub fn is_non_negative(&self) -> bool {
        self.non_negative
    }

    /// Number of points, missing ones counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are no points: never, since [`Series::new`] refuses that.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of points that are not missing.
    #[must_use]
    pub fn observed(&self) -> usize {
        self.values.iter().filter(|value| !value.is_nan()).count()
    }

    /// Time of a point, past or to come: in seconds since the Unix epoch, or the plain index.
    #[must_use]
    pub fn time(&self, index: usize) -> f64 {
        self.clock.map_or(index as f64, |clock| clock.time_seconds(index))
    }

    /// The first `points` of this series, all of it where it has no more.
    #[must_use]
    pub fn first(&self, points: usize) -> Self {
        Self { values: self.values.iter().take(points).copied().collect(), ..self.clone_without_values() }
    }

    /// The last `points` of this series, all of it where it has no more.
    #[must_use]
    pub fn last(&self, points: usize) -> Self {
        let dropped = self.len().saturating_sub(points);
        Self {
            values: self.values.iter().skip(dropped).copied().collect(),
            clock: self.clock.map(|clock| clock.later(dropped)),
            non_negative: self.non_negative,
        }
    }

    /// Other values at the same times, which may be negative.
    pub(super) fn unbounded_with(&self, values: Vec<f64>) -> Self {
        Self { values, non_negative: false, ..self.clone_without_values() }
    }

    fn clone_without_values(&self) -> Self {
        Self { values: Vec::new(), clock: self.clock, non_negative: self.non_negative }
    }

    /// Refuses a series with fewer than `least` observed points.
    pub(super) fn need(&self, least: usize, why: &str) -> Result<()> {
        let observed = self.observed();
        if observed == 0 {
            return Err(Error::new(ErrorCode::Empty, "values", "has nothing but missing points"));
        }
        if observed < least {
            return Err(Error::invalid(
                "values",
                format!("{observed} points"),
                format!("at least {least} points"),
            )
            .help(why.to_owned()));
        }
        Ok(())
    }
}

/// Refuses values that no model can work with; `NaN` is a missing one.
pub(super) fn check_values(values: &[f64], non_negative: bool) -> Result<()> {
    let least = if non_negative { 0.0 } else { -MOST_VALUE };
    match values.iter().position(|value| !value.is_nan() && !(least..=MOST_VALUE).contains(value)) {
        None => Ok(()),
        Some(index) => {
            let given = values.get(index).copied().unwrap_or_default();
            Err(Error::invalid(
                format!("values[{index}]"),
                given,
                format!("a number from {least:e} to {MOST_VALUE:e}, or missing"),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_becomes_a_series() {
        let text =
            r#"{"values": [1, null, 3], "start_seconds": 60, "step_seconds": 60, "non_negative": true}"#;
        let series = serde_json::from_str::<SeriesInput>(text).unwrap().into_series().unwrap();
        assert!(series.values()[1].is_nan() && series.is_non_negative());
        assert_eq!(series.time(3), 240.0);
        assert_eq!(series.last(1).time(0), 180.0);
        let start = SeriesInput {
            values: vec![Some(1.0)],
            start_seconds: Some(1.0),
            step_seconds: None,
            non_negative: false,
        };
        assert_eq!(start.into_series().unwrap_err().code(), ErrorCode::Contradiction);
    }

    #[test]
    fn impossible_series_are_refused() {
        assert_eq!(Series::new(Vec::new()).unwrap_err().code(), ErrorCode::Empty);
        assert_eq!(Series::new(vec![1.0, f64::INFINITY]).unwrap_err().path(), "values[1]");
        assert_eq!(Series::new(vec![1e101]).unwrap_err().path(), "values[0]");
        let series = Series::new(vec![2.0, -1.0]).unwrap();
        assert_eq!(series.clone().non_negative().unwrap_err().path(), "values[1]");
        for (start, step) in [(0.0, 0.0), (0.0, -1.0), (0.0, f64::NAN), (f64::NAN, 1.0), (1e13, 1.0)] {
            assert_eq!(series.clone().at(start, step).unwrap_err().code(), ErrorCode::InvalidValue);
        }
        let missing = Series::new(vec![f64::NAN; 3]).unwrap();
        assert_eq!(missing.need(1, "").unwrap_err().code(), ErrorCode::Empty);
    }
}
