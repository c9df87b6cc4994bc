//! The model that looks at a series, tries what may suit it, and combines what does.

mod candidates;
pub(super) mod clean;
mod combination;
pub(super) mod look;

use super::backtest::{BacktestOptions, backtest};
use super::calibration::{Calibration, Origins, errors};
use super::croston::Intermittent;
use super::fitted::{Engine, Fitted, Tally};
use super::gaps;
use super::model::{FittedForecaster, Forecaster};
use super::naive::Naive;
use super::outcome::check_horizon;
use super::series::Series;
use super::statistics::interpolated;
use super::taylor::check_periods;
use super::transform::Transform;
use crate::error::Result;
use combination::{Combination, combine};

/// The model that chooses: give it a series when you know nothing else.
///
/// 1. Missing points are interpolated, single outliers replaced by the median of their neighbours in time
///    and season, and levels before a lasting shift moved to that after it.
/// 2. Seasons are looked for (unless given): those of the clock's hour, day, week or year, or of
///    usual lengths for a plain index.
/// 3. Series of which three steps in ten or more are zero, without a season, go to the best of
///    Croston's, Syntetos and Boylan's and Teunter, Syntetos and Babai's by backtest.
/// 4. For all others, models are fitted on logarithms (square roots where there are zeros) and on
///    the plain scale: with seasons, regressions on seasonal lags, Taylor's exponential smoothing and the seasonal naive; without,
///    exponential smoothing, Theta, a short regression, the last value and drift.
/// 5. All forecast from up to 40 earlier origins, and are combined with weights of their inverse
///    error to a power of 12: where one is clearly best it decides, where several are alike they share.
/// 6. Intervals are those of what the combination missed from these origins, each weighted without what is
///    near it. Recent errors count more, and few make them wider by as much as Student's t is.
///
/// On the M4 competition's hourly series: docs/FORECASTING.md.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Auto {
    periods: Option<Vec<usize>>,
    horizon: Option<usize>,
}

impl Auto {
    /// With seasons of these numbers of steps, the shortest first, at most three; none for no
    /// season. By default they are looked for.
    #[must_use]
    pub fn with_periods(self, periods: impl Into<Vec<usize>>) -> Self {
        Self { periods: Some(periods.into()), ..self }
    }

    /// Weighs models by how they forecast so many steps; by default two of the shortest season, or
    /// 12. At most a fifth of the series.
    #[must_use]
    pub fn for_horizon(self, horizon: usize) -> Self {
        Self { horizon: Some(horizon), ..self }
    }
}

/// Steps that are tried where there is no season and no horizon.
const USUAL_HORIZON: usize = 12;
/// Longest horizon that is tried: beyond it spreads go on as the model's own.
const MOST_TRIED: usize = 336;
/// Seasonal series of at most so many points are also tried with models for short series.
const SHORT: usize = 400;
/// Most origins.
const MOST_ORIGINS: usize = 80;
/// Seasons of the past that origins lie in.
const SEASONS_BACK: usize = 20;
/// Points from the end that models see: a budget for very long series.
const MOST_SEEN: usize = 100_000;

impl Forecaster for Auto {
    fn name(&self) -> String {
        "auto".to_owned()
    }

    fn fit(&self, series: &Series) -> Result<Box<dyn FittedForecaster>> {
        series.need(1, "there must be something to go on")?;
        if let Some(horizon) = self.horizon {
            check_horizon(horizon)?;
        }
        if let Some(periods) = self.periods.as_ref().filter(|periods| !periods.is_empty()) {
            check_periods(periods, 1, series)?;
        }
        let seen = series.last(MOST_SEEN);
        let filled = interpolated(seen.values());
        let first = filled.first().copied().unwrap_or_default();
        if filled.iter().all(|value| *value == first) {
            return Naive.fit(series);
        }
        let scale = look::scale(&filled);
        let modelled: Vec<f64> = filled.iter().map(|value| scale.forward(*value)).collect();
        let periods = match &self.periods {
            // A season counts from its second time on.
            Some(periods) => periods.iter().copied().filter(|period| 2 * period < filled.len()).collect(),
            None => look::seasonal_periods(&modelled, series.clock()),
        };
        if periods.is_empty() && look::is_intermittent(seen.values()) {
            return intermittent(&seen);
        }
        let observed: Vec<f64> = seen.values().iter().map(|value| scale.forward(*value)).collect();
        let cleaned = clean::clean(&observed, &periods);
        let values: Vec<f64> = if cleaned.outliers == 0 && cleaned.shift.is_none() {
            gaps::filled(seen.values(), &periods)
        } else {
            cleaned.values.iter().map(|value| scale.back(*value)).collect()
        };
        let mut fitted = self.combined(series, &values, &periods, scale)?;
        if series.observed() < series.len() {
            let missing = series.len() - series.observed();
            fitted.notes.push(format!("{missing} missing points were filled."));
        }
        if cleaned.outliers > 0 {
            fitted.notes.push(format!("{} outliers were replaced.", cleaned.outliers));
        }
        if let Some((boundary, _)) = cleaned.shift {
            let at = series.len() - values.len() + boundary;
            fitted.notes.push(format!(
                "The level shifted near point {at}; what came before was moved to the new level."
            ));
        }
        if fitted.engine.seasonal_periods().is_empty() {
            fitted.notes.push("No season.".to_owned());
        }
        Ok(Box::new(fitted))
    }
}

impl Auto {
    fn combined(
        &self,
        series: &Series,
        values: &[f64],
        periods: &[usize],
        scale: Transform,
    ) -> Result<Fitted<Combination>> {
        let points = values.len();
        let season = periods.first().copied().unwrap_or(1);
        let usual = if season > 1 { 2 * season } else { USUAL_HORIZON };
        let horizon = self.horizon.unwrap_or(usual).min(MOST_TRIED).min(points / 5).max(1);
        let longest = periods.iter().copied().max().unwrap_or(1);
        // A third of the series, and where there is room two of the longest season, come before
        // the first origin.
        let earliest =
            (points / 3).max((longest + 2 * season).min(points / 2)).min(points.saturating_sub(2 * horizon));
        let window = if season > 1 { SEASONS_BACK * season } else { points };
        let origins = Origins::over(points, horizon, season, window.max(3 * horizon), earliest, MOST_ORIGINS);
        let Some(origins) = origins else {
            return Ok(alone(series, values, scale));
        };
        let mut candidates = Vec::new();
        let scales =
            if scale == Transform::Identity { vec![scale] } else { vec![scale, Transform::Identity] };
        for scale in &scales {
            candidates::seasonal(values, *scale, periods, origins, &mut candidates);
            if season == 1 || season > 24 {
                candidates::plain(values, *scale, &mut candidates);
            }
        }
        if season > 1 && points <= SHORT {
            candidates::short_seasonal(values, season, &mut candidates);
        }
        candidates::seasons_again(values, periods, &mut candidates);
        let (mut engine, said) = combine(candidates, values, origins, scale, periods);
        let outer: Vec<f64> = values.iter().map(|value| scale.forward(*value)).collect();
        let said: Vec<f64> = said.iter().map(|value| scale.forward(*value)).collect();
        let missed = errors(&said, &outer, origins);
        let calibration = Calibration::new(&missed, origins, season);
        let mut tally = Tally::default();
        for error in missed.iter().step_by(origins.horizon) {
            tally.add(*error);
        }
        for value in values {
            for (candidate, _) in &mut engine.parts {
                candidate.part.absorb(*value);
            }
        }
        let mut fitted = Fitted::new(self.name(), engine, series, scale, tally, 0);
        fitted.calibration = Some(calibration);
        Ok(fitted)
    }
}

/// A series too short to try anything on: its last value, with the spread of its changes.
fn alone(series: &Series, values: &[f64], scale: Transform) -> Fitted<Combination> {
    let mut candidates = Vec::new();
    candidates::plain(values.get(..1).unwrap_or_default(), scale, &mut candidates);
    candidates.retain(|candidate| candidate.name.starts_with("last value"));
    let parts = candidates.into_iter().map(|candidate| (candidate, 1.0)).collect();
    let mut engine = Combination { parts, outer: scale, least: f64::NEG_INFINITY, periods: Vec::new() };
    let mut tally = Tally::default();
    for (index, value) in values.iter().enumerate() {
        let error = engine.absorb(scale.forward(*value));
        if index > 0 {
            tally.add(error);
        }
    }
    let mut fitted = Fitted::new("auto", engine, series, scale, tally, 0);
    fitted.notes.push("The series is too short to try models on: its last value goes on.".to_owned());
    fitted
}

/// The method for intermittent demand with the least squared error over the last fifth.
fn intermittent(series: &Series) -> Result<Box<dyn FittedForecaster>> {
    let methods =
        [Intermittent::syntetos_boylan(), Intermittent::croston(), Intermittent::teunter_syntetos_babai()];
    let horizon = (series.len() / 20).clamp(1, USUAL_HORIZON);
    let folds = (series.len() / 5 / horizon).clamp(1, 20);
    let options = BacktestOptions { levels: Vec::new(), refit: false, ..BacktestOptions::default() };
    let mut best: Option<(f64, Intermittent)> = None;
    for method in methods {
        let report = backtest(&method, series, horizon, folds, &options);
        let score = report.ok().and_then(|report| report.overall.rmsse).unwrap_or(f64::MAX);
        if best.is_none_or(|(least, _)| score < least) {
            best = Some((score, method));
        }
    }
    best.map_or(Intermittent::syntetos_boylan(), |(_, method)| method).fit(series)
}

#[cfg(test)]
mod tests;
