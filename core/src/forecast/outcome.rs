//! The answer of a forecaster.

use serde::{Deserialize, Serialize};

use super::distribution::{Beyond, Dependence, Distribution, Response, Shape, least};
use super::series::Clock;
use super::transform::Transform;
use crate::error::{Error, ErrorCode, Result};
use crate::units::{Random, check_range};

/// Longest horizon, in steps.
pub const MOST_STEPS: usize = 100_000;
/// Most levels of one forecast.
pub const MOST_LEVELS: usize = 100;
/// Most numbers in the paths of one call: paths × steps.
pub const MOST_PATH_POINTS: usize = 50_000_000;

/// A prediction interval of every step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// Share of outcomes that fall into it, between 0 and 1.
    pub level: f64,
    /// Lower end of each step: the quantile at (1 − level) ÷ 2.
    pub lower: Vec<f64>,
    /// Upper end of each step: the quantile at (1 + level) ÷ 2.
    pub upper: Vec<f64>,
}

/// A forecast as plain data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ForecastReport {
    /// Name of the model.
    pub model: String,
    /// Time of the first step, where the series has times.
    pub clock: Option<Clock>,
    /// Point forecast of each step.
    pub mean: Vec<f64>,
    /// Intervals at the asked levels, in the order asked.
    pub intervals: Vec<Interval>,
}

/// What is to come: a point forecast of each step and its whole joint distribution.
///
/// The point forecast is the mean on the scale on which the model works, carried back: where the
/// model works on logarithms or another transform, that is the median, which is what absolute
/// errors are least about. It always lies within every interval of a symmetric model; where
/// intervals come from errors that were seen, it may lie off their middle.
///
/// All numbers are finite. A quantity that can't be negative has no negative forecast, interval or
/// path.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    model: String,
    clock: Option<Clock>,
    mean: Vec<f64>,
    levels: Vec<f64>,
    distribution: Distribution,
}

/// Joint samples of the steps to come.
#[derive(Debug, Clone, PartialEq)]
pub struct Paths {
    steps: usize,
    values: Vec<f64>,
}

impl Paths {
    /// Number of steps of each path.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Number of paths.
    #[must_use]
    pub fn count(&self) -> usize {
        self.values.len() / self.steps.max(1)
    }

    /// The paths, one after the other.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Each path.
    pub fn iter(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks(self.steps.max(1))
    }
}

impl Forecast {
    pub(super) fn new(
        model: String,
        clock: Option<Clock>,
        levels: &[f64],
        distribution: Distribution,
    ) -> Result<Self> {
        check_levels(levels)?;
        let mean = distribution.point();
        Ok(Self { model, clock, mean, levels: levels.to_vec(), distribution })
    }

    /// The same forecast seen from beyond another transform, under another name.
    pub(super) fn beyond(mut self, model: String, beyond: Beyond) -> Self {
        self.distribution.beyond.push(beyond);
        Self { model, mean: self.distribution.point(), ..self }
    }

    /// A forecast of a caller's own model: independent normal distributions with these means and
    /// standard deviations. `clock` has the time of the first step.
    ///
    /// # Errors
    ///
    /// `contradiction` for slices of different lengths; as [`check_horizon`] and [`check_levels`];
    /// `invalid_value` for a mean that is not finite or beyond ±10¹⁰⁰, or a deviation that is also below 0.
    pub fn normal(
        model: impl Into<String>,
        clock: Option<Clock>,
        mean: &[f64],
        standard_deviation: &[f64],
        levels: &[f64],
        non_negative: bool,
    ) -> Result<Self> {
        check_horizon(mean.len())?;
        if mean.len() != standard_deviation.len() {
            return Err(Error::new(
                ErrorCode::Contradiction,
                "standard_deviation",
                "has another length than `mean`",
            ));
        }
        let most = super::series::MOST_VALUE;
        for (index, (mean, deviation)) in mean.iter().zip(standard_deviation).enumerate() {
            check_range(&format!("mean[{index}]"), *mean, -most, most)?;
            check_range(&format!("standard_deviation[{index}]"), *deviation, 0.0, most)?;
        }
        let distribution = Distribution {
            centre: mean.to_vec(),
            spread: standard_deviation.to_vec(),
            shape: Shape::Normal,
            dependence: Dependence::Response(Response::default()),
            transform: Transform::Identity,
            least: least(non_negative),
            beyond: Vec::new(),
        };
        Self::new(model.into(), clock, levels, distribution)
    }

    /// Name of the model.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Time of the first step and length of a step, where the series has times.
    #[must_use]
    pub fn clock(&self) -> Option<Clock> {
        self.clock
    }

    /// Number of steps.
    #[must_use]
    pub fn horizon(&self) -> usize {
        self.mean.len()
    }

    /// Point forecast of each step.
    #[must_use]
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The levels that were asked for.
    #[must_use]
    pub fn levels(&self) -> &[f64] {
        &self.levels
    }

    /// Lower end of the interval at `level`, of each step.
    ///
    /// # Errors
    ///
    /// `invalid_value` at `level` when it is not above 0 and below 1.
    pub fn lower(&self, level: f64) -> Result<Vec<f64>> {
        check_level("level", level)?;
        Ok(self.distribution.quantile((1.0 - level) / 2.0))
    }

    /// Upper end of the interval at `level`, of each step.
    ///
    /// # Errors
    ///
    /// `invalid_value` at `level` when it is not above 0 and below 1.
    pub fn upper(&self, level: f64) -> Result<Vec<f64>> {
        check_level("level", level)?;
        Ok(self.distribution.quantile((1.0 + level) / 2.0))
    }

    /// The interval at any level, asked for beforehand or not.
    ///
    /// # Errors
    ///
    /// `invalid_value` at `level` when it is not above 0 and below 1.
    pub fn interval(&self, level: f64) -> Result<Interval> {
        Ok(Interval { level, lower: self.lower(level)?, upper: self.upper(level)? })
    }

    /// The quantile at `probability` of each step.
    ///
    /// # Errors
    ///
    /// `invalid_value` at `probability` when it is not above 0 and below 1.
    pub fn quantile(&self, probability: f64) -> Result<Vec<f64>> {
        check_level("probability", probability)?;
        Ok(self.distribution.quantile(probability))
    }

    /// `count` joint samples of all steps: their quantiles by step tend to those of the forecast,
    /// and neighbouring steps go together as the errors of the model do. The same seed gives the
    /// same paths on every platform.
    ///
    /// # Errors
    ///
    /// `invalid_value` at `count` for 0; `too_large` for over [`MOST_PATH_POINTS`] numbers.
    pub fn paths(&self, count: usize, seed: u64) -> Result<Paths> {
        if count == 0 {
            return Err(Error::invalid("count", count, "a whole number above 0"));
        }
        let steps = self.horizon();
        let size = count.checked_mul(steps).filter(|size| *size <= MOST_PATH_POINTS).ok_or_else(|| {
            Error::new(ErrorCode::TooLarge, "count", "makes too many numbers").given(count).allowed(format!(
                "at most {MOST_PATH_POINTS} numbers: {} paths",
                MOST_PATH_POINTS / steps.max(1)
            ))
        })?;
        let mut random = Random::new(seed);
        let unit = self.distribution.unit_spreads();
        let mut values = vec![0.0; size];
        for path in values.chunks_mut(steps.max(1)) {
            self.distribution.draw(&mut random, &unit, path);
        }
        Ok(Paths { steps, values })
    }

    /// The forecast as plain data, with intervals at the levels that were asked for.
    #[must_use]
    pub fn report(&self) -> ForecastReport {
        let quantile = |probability| self.distribution.quantile(probability);
        let interval = |level: &f64| Interval {
            level: *level,
            lower: quantile((1.0 - level) / 2.0),
            upper: quantile((1.0 + level) / 2.0),
        };
        ForecastReport {
            model: self.model.clone(),
            clock: self.clock,
            mean: self.mean.clone(),
            intervals: self.levels.iter().map(interval).collect(),
        }
    }
}

/// Refuses a horizon of no steps or of more than [`MOST_STEPS`].
///
/// # Errors
///
/// `invalid_value` at `horizon` for 0, `too_large` for over [`MOST_STEPS`].
pub fn check_horizon(horizon: usize) -> Result<()> {
    if horizon == 0 {
        return Err(Error::invalid("horizon", horizon, format!("a whole number from 1 to {MOST_STEPS}")));
    }
    if horizon > MOST_STEPS {
        return Err(Error::new(ErrorCode::TooLarge, "horizon", "is too long")
            .given(horizon)
            .allowed(format!("at most {MOST_STEPS} steps")));
    }
    Ok(())
}

/// Refuses levels that are not above 0 and below 1, and more than [`MOST_LEVELS`] of them.
///
/// # Errors
///
/// `invalid_value` at `levels[i]`; `too_large` at `levels`.
pub fn check_levels(levels: &[f64]) -> Result<()> {
    if levels.len() > MOST_LEVELS {
        return Err(Error::new(ErrorCode::TooLarge, "levels", "are too many")
            .given(levels.len())
            .allowed(format!("at most {MOST_LEVELS}")));
    }
    levels.iter().enumerate().try_for_each(|(index, level)| check_level(&format!("levels[{index}]"), *level))
}

fn check_level(path: &str, level: f64) -> Result<()> {
    if level > 0.0 && level < 1.0 {
        Ok(())
    } else {
        Err(Error::invalid(path, level, "a number above 0 and below 1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast() -> Forecast {
        Forecast::normal("mine", None, &[10.0, 1.0], &[2.0, 3.0], &[0.8, 0.95], true).unwrap()
    }

    #[test]
    fn intervals_nest_and_stay_above_zero() {
        let forecast = forecast();
        let mut last = forecast.interval(0.001).unwrap();
        for level in [0.3, 0.5, 0.8, 0.95, 0.99, 0.9999, 1.0 - 1e-12] {
            let wider = forecast.interval(level).unwrap();
            for step in 0..2 {
                assert!(wider.lower[step] <= last.lower[step] && wider.upper[step] >= last.upper[step]);
                assert!(wider.lower[step] >= 0.0);
            }
            last = wider;
        }
        assert!((forecast.upper(0.95).unwrap()[0] - 13.919_927_969).abs() < 1e-6);
        assert_eq!(forecast.report().intervals.len(), 2);
    }

    #[test]
    fn paths_repeat_and_differ_by_seed() {
        let forecast = forecast();
        assert_eq!(forecast.paths(5, 1).unwrap(), forecast.paths(5, 1).unwrap());
        assert_ne!(forecast.paths(5, 1).unwrap(), forecast.paths(5, 2).unwrap());
        assert!(forecast.paths(500, 1).unwrap().values().iter().all(|value| *value >= 0.0));
        assert_eq!(forecast.paths(0, 1).unwrap_err().path(), "count");
        assert_eq!(forecast.paths(MOST_PATH_POINTS, 1).unwrap_err().code(), ErrorCode::TooLarge);
    }

    #[test]
    fn impossible_horizons_and_levels_are_refused() {
        assert_eq!(check_horizon(0).unwrap_err().code(), ErrorCode::InvalidValue);
        assert_eq!(check_horizon(10_000_000).unwrap_err().code(), ErrorCode::TooLarge);
        for level in [0.0, 1.0, -0.5, 95.0, f64::NAN] {
            assert_eq!(check_levels(&[0.8, level]).unwrap_err().path(), "levels[1]");
        }
        assert!(check_levels(&[0.5; 101]).is_err());
    }
}
