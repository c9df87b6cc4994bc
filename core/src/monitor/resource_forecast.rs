//! Where a metric will be: its readings as a regular series, forecast, and held against its
//! thresholds.

use serde::{Deserialize, Serialize};

use super::collector::{Collector, MetricChannel};
use super::history::Rollups;
use super::metric::Metric;
use crate::error::{Error, ErrorCode, Result};
use crate::forecast::{Auto, Forecast, ForecastReport, Forecaster, MOST_STEPS, Series};
use crate::units::{HOUR_SECONDS, check_positive, check_range, sqrt};

/// Fewest steps with readings from which a model is chosen.
const FEWEST_OBSERVED: usize = 12;
/// From this share of a step on its readings are held against its forecast: a reading alone says little.
const LEAST_SEEN: f64 = 0.25;
/// And from so many readings on.
const LEAST_READINGS: u64 = 2;
/// Above the upper end of this interval nothing is foreseen: one step in 40 of a model that fits.
const FORESEEN_LEVEL: f64 = 0.95;
/// Smaller rises, as a share of the forecast, are left to it.
const LEAST_RISE: f64 = 0.1;

/// How far ahead a metric is forecast, and how. Every field has a default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ForecastQuery {
    /// How far ahead, in seconds. Default: 6 hours.
    pub horizon_seconds: f64,
    /// Length of a step, in seconds; at least a roll-up, and a whole number of them. By default an
    /// hour where there are two days of readings, else a roll-up; a roll-up too while readings are
    /// above what the hours foresaw.
    pub step_seconds: Option<f64>,
    /// Share of outcomes that the interval holds, above 0 and below 1. Default: 0.8, so that its
    /// upper end is the 90% quantile.
    pub level: f64,
}

impl Default for ForecastQuery {
    fn default() -> Self {
        Self { horizon_seconds: 6.0 * HOUR_SECONDS, step_seconds: None, level: 0.8 }
    }
}

/// When a forecast reaches a threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ThresholdCrossing {
    /// Which: `warning`, `critical` or `scale_up`.
    pub threshold: String,
    /// Its value.
    pub value: f64,
    /// When the point forecast reaches it, in seconds since the Unix epoch; none within the horizon.
    pub expected_seconds: Option<f64>,
    /// When the upper end of the interval does: the earliest that is to be reckoned with.
    pub earliest_seconds: Option<f64>,
}

/// Where a metric will be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ResourceForecast {
    /// The metric.
    pub metric: Metric,
    /// Steps to come of what thresholds are held against: percent of the capacity as it was, or
    /// the metric's unit.
    pub forecast: ForecastReport,
    /// The highest point forecast.
    pub peak: f64,
    /// The highest upper end of the interval.
    pub peak_high: f64,
    /// When the highest point forecast is, in seconds since the Unix epoch.
    pub peak_seconds: f64,
    /// Each threshold, and when it is reached.
    pub crossings: Vec<ThresholdCrossing>,
}

impl Collector {
    /// Where a metric will be. Without a model of the caller's, [`Auto`] chooses; and without a step of
    /// theirs, roll-ups are forecast instead of hours while readings are above what hours foresaw, so that
    /// a level of the last minutes is seen, for a horizon of at most as long as roll-ups are kept.
    ///
    /// # Errors
    ///
    /// `unknown_name` at `service` or `metric`; `invalid_value` at `horizon_seconds`,
    /// `step_seconds` or `level`, and at `values` for fewer than twelve steps with readings where the
    /// model is to be chosen; as the model's own where there are too few readings for it.
    pub fn forecast(
        &self,
        service: &str,
        metric: Metric,
        query: &ForecastQuery,
        model: Option<&dyn Forecaster>,
    ) -> Result<ResourceForecast> {
        let channel = self.channel(service, metric)?;
        let series = self.series(service, metric, query.step_seconds)?;
        let forecast = ahead(&series, query, model)?;
        let may_refine = model.is_none() && query.step_seconds.is_none();
        if may_refine && self.has_risen(channel, &series, &forecast, query)? {
            let rollup = self.options().retention.rollup_seconds;
            let fine = self.series(service, metric, Some(rollup))?;
            return summary(channel, &ahead(&fine, query, None)?, query.level);
        }
        summary(channel, &forecast, query.level)
    }

    /// Whether readings are at a level that the forecast's long steps do not know yet and the shorter
    /// roll-ups, kept for long enough, do: the step that runs is above what was forecast of it, or, where
    /// too little of it is seen, the one before is. A fall is left to the long steps: a restart is no new
    /// level.
    fn has_risen(
        &self,
        channel: &MetricChannel,
        series: &Series,
        forecast: &Forecast,
        query: &ForecastQuery,
    ) -> Result<bool> {
        let retention = &self.options().retention;
        let Some(clock) = series.clock() else { return Ok(false) };
        if clock.step_seconds <= retention.rollup_seconds || query.horizon_seconds > retention.fine_seconds {
            return Ok(false);
        }
        let runs_since = clock.time_seconds(series.len());
        let share = (channel.latest_seconds() - runs_since) / clock.step_seconds;
        let (sum, count) = channel
            .history
            .fine(retention)
            .since(runs_since)
            .fold((0.0, 0), |(sum, count), rollup| (sum + rollup.value_sum, count + rollup.count));
        if share >= LEAST_SEEN && count >= LEAST_READINGS {
            return is_above(forecast, sum / count as f64, share);
        }
        let before = series.first(series.len().saturating_sub(1));
        match series.values().last() {
            Some(last) if before.observed() >= FEWEST_OBSERVED => {
                is_above(&ahead(&before, query, None)?, *last, 1.0)
            }
            _ => Ok(false),
        }
    }

    /// A metric's readings as a regular series of means, of all that is kept: what thresholds are
    /// held against. Steps without readings are missing; the last step is left out while it is not
    /// over, unless it is the only one. Steps of no whole number of the longer roll-ups go back as far
    /// as the shorter ones are kept.
    ///
    /// # Errors
    ///
    /// `unknown_name` at `service` or `metric`; `invalid_value` at `step_seconds` for less than a
    /// roll-up, no whole number of them, or over a year.
    pub fn series(&self, service: &str, metric: Metric, step_seconds: Option<f64>) -> Result<Series> {
        let channel = self.channel(service, metric)?;
        let retention = &self.options().retention;
        let (all, fine) =
            (channel.history.covering(f64::NEG_INFINITY, retention), channel.history.fine(retention));
        let span = |rollups: Rollups<'_>| {
            let ends = rollups.ring.back().zip(rollups.ring.front());
            ends.map_or(0.0, |(last, first)| (last.index - first.index) as f64 * rollups.step_seconds)
        };
        let hourly = (HOUR_SECONDS / all.step_seconds).max(1.0).round() * all.step_seconds;
        let usual = if span(all) >= 48.0 * HOUR_SECONDS { hourly } else { fine.step_seconds };
        let step = step_seconds.unwrap_or(usual);
        check_range("step_seconds", step, fine.step_seconds, 366.0 * 24.0 * HOUR_SECONDS)?;
        let divides = |rollup: f64| ((step / rollup).round() * rollup - step).abs() <= 1e-6 * step;
        let Rollups { step_seconds: rollup, ring: rollups } = match () {
            () if step >= all.step_seconds && divides(all.step_seconds) => all,
            () if divides(fine.step_seconds) => fine,
            () => {
                let allowed = format!("a multiple of {}", fine.step_seconds);
                return Err(Error::invalid("step_seconds", step, allowed));
            }
        };
        let (Some(first), Some(last)) = (rollups.front(), rollups.back()) else {
            return Series::new(Vec::new());
        };
        let parts = (step / rollup).round() as i64;
        let start = first.index.div_euclid(parts);
        let count = (last.index.div_euclid(parts) - start + 1).max(1) as usize;
        let mut sums = vec![(0.0, 0.0); count];
        for rollup in rollups {
            let place = (rollup.index.div_euclid(parts) - start).max(0) as usize;
            if let Some((sum, weight)) = sums.get_mut(place) {
                *sum += rollup.value_sum;
                *weight += rollup.count as f64;
            }
        }
        let over = (last.index + 1).rem_euclid(parts) == 0 && channel.is_over(last.index, rollup);
        if !over && count > 1 {
            sums.pop();
        }
        let mean = |(sum, weight): (f64, f64)| if weight > 0.0 { sum / weight } else { f64::NAN };
        let values = sums.into_iter().map(mean).collect();
        Series::new(values)?.at((start * parts) as f64 * rollup, step)?.non_negative()
    }
}

impl MetricChannel {
    /// Whether the next reading, a usual gap after the latest, is after this roll-up.
    fn is_over(&self, index: i64, rollup_seconds: f64) -> bool {
        let gap = self.history.usual_gap_seconds().unwrap_or(rollup_seconds);
        self.latest_seconds() + gap >= (index + 1) as f64 * rollup_seconds
    }
}

/// Steps to come of a series.
fn ahead(series: &Series, query: &ForecastQuery, model: Option<&dyn Forecaster>) -> Result<Forecast> {
    let step = series.clock().map_or(HOUR_SECONDS, |clock| clock.step_seconds);
    check_positive("horizon_seconds", query.horizon_seconds, step * MOST_STEPS as f64)?;
    check_range("level", query.level, 0.001, 0.999)?;
    let horizon = ((query.horizon_seconds / step).ceil() as usize).clamp(1, MOST_STEPS);
    let chosen;
    let model = match model {
        Some(model) => model,
        None => {
            let observed = series.observed();
            if observed < FEWEST_OBSERVED {
                let message = "too few steps with readings for a forecast";
                let error = Error::new(ErrorCode::InvalidValue, "values", message).given(observed);
                return Err(error.allowed(format!("at least {FEWEST_OBSERVED}, or a model of your own")));
            }
            chosen = Auto::default().with_periods(rhythm(series)).for_horizon(horizon.min(series.len()));
            &chosen
        }
    };
    model.fit(series)?.forecast(horizon, &[query.level])
}

/// Whether the mean of a share of a forecast's first step was not foreseen: of a quarter of the readings
/// the mean varies twice as much.
fn is_above(forecast: &Forecast, seen: f64, share: f64) -> Result<bool> {
    let upper = forecast.upper(FORESEEN_LEVEL)?;
    let Some((mean, upper)) = forecast.mean().first().zip(upper.first()) else { return Ok(false) };
    let margin = (upper - mean) / sqrt(share.clamp(LEAST_SEEN, 1.0));
    Ok(seen > mean + margin.max(LEAST_RISE * mean.abs()))
}

fn summary(channel: &MetricChannel, forecast: &Forecast, level: f64) -> Result<ResourceForecast> {
    let clock = forecast.clock();
    let time = |index: usize| clock.map_or(index as f64, |clock| clock.time_seconds(index));
    let upper = forecast.upper(level)?;
    let first_at =
        |values: &[f64], threshold: f64| values.iter().position(|value| *value >= threshold).map(time);
    let thresholds = &channel.thresholds;
    let crossings = [
        ("scale_up", thresholds.scale_up),
        ("warning", Some(thresholds.warning)),
        ("critical", Some(thresholds.critical)),
    ];
    let crossing = |(name, value): (&str, Option<f64>)| {
        value.map(|value| ThresholdCrossing {
            threshold: name.to_owned(),
            value,
            expected_seconds: first_at(forecast.mean(), value),
            earliest_seconds: first_at(&upper, value),
        })
    };
    let peak = forecast.mean().iter().copied().enumerate().max_by(|left, right| left.1.total_cmp(&right.1));
    let (index, peak) = peak.unwrap_or_default();
    Ok(ResourceForecast {
        metric: channel.metric,
        forecast: forecast.report(),
        peak,
        peak_high: upper.iter().copied().fold(peak, f64::max),
        peak_seconds: time(index),
        crossings: crossings.into_iter().filter_map(crossing).collect(),
    })
}

/// The day and the week in steps, where the series holds two of them and has several steps in each:
/// services live by both, also where a few weeks alone do not prove it.
fn rhythm(series: &Series) -> Vec<usize> {
    let step = series.clock().map_or(HOUR_SECONDS, |clock| clock.step_seconds);
    let periods = [24.0 * HOUR_SECONDS, 168.0 * HOUR_SECONDS].map(|cycle| (cycle / step).round() as usize);
    periods.into_iter().filter(|period| *period >= 4 && 2 * period < series.len()).collect()
}
