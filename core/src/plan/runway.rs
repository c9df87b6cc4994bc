//! How long capacity lasts: when the forecast of a load crosses a share of the capacity, how sure that
//! is, what is needed at the horizon, and by when to buy it.
//!
//! Source of the question, the threshold of 70% and the urgency at 7, 30 and 60 days: "Capacity Planning
//! Guide", section 1.2 (`forecast_capacity_needs`), whose forecast is a straight line without
//! uncertainty.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Result};
use crate::forecast::{
    Auto, Clock, Forecast, Forecaster, MOST_STEPS, Naive, SeasonalNaive, Series, SeriesInput,
};
use crate::units::{DAY_SECONDS, Date, check_range};
use crate::workload::UtcOffset;
use crate::workload::trace::LocalClock;

/// Joint samples that first crossings are told from, where the horizon allows.
const PATHS: usize = 1000;
/// The most numbers in them.
const MOST_NUMBERS: usize = 4_000_000;
/// What the required capacity looks at: the last of these days of the horizon.
const LAST_DAYS: f64 = 7.0;
/// Growth is told from so many days.
const LEAST_DAYS: f64 = 7.0;

/// Least capacity and share of it that loads are held against: of less, the share in use is too large for
/// a number.
const LEAST_CAPACITY: f64 = 1e-9;
const LEAST_UTILIZATION: f64 = 1e-6;

/// What [`capacity_runway`] is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RunwayRequest {
    /// The load, with times, in the unit of the capacity.
    pub series: SeriesInput,
    /// The capacity there is, 1e-9 to 1e15.
    pub capacity: f64,
    /// Share of it that is not to be crossed, 1e-6 to 1.
    #[serde(default = "usual_utilization")]
    pub utilization: f64,
    /// How far to look, in days.
    #[serde(default = "usual_horizon")]
    pub horizon_days: f64,
    /// The quantile of the forecast that is looked at besides its mean.
    #[serde(default = "usual_quantile")]
    pub quantile: f64,
    /// Share of outcomes within the interval on the date.
    #[serde(default = "usual_level")]
    pub level: f64,
    /// How long it takes from an order to capacity, in days; `None` for no date to buy by.
    #[serde(default)]
    pub lead_time_days: Option<f64>,
    /// The present in seconds since the Unix epoch; by default the end of the series.
    #[serde(default)]
    pub now_seconds: Option<f64>,
    /// Seasons of the series, in steps; by default they are looked for.
    #[serde(default)]
    pub seasonal_periods: Option<Vec<usize>>,
    /// Local time less UTC of the dates in the answer, in minutes.
    #[serde(default)]
    pub utc_offset_minutes: i32,
    /// For a zone whose offset changes, the offsets over the horizon, oldest first, instead of
    /// `utc_offset_minutes`.
    #[serde(default)]
    pub utc_offsets: Vec<UtcOffset>,
}

fn usual_utilization() -> f64 {
    0.7
}

fn usual_horizon() -> f64 {
    90.0
}

fn usual_quantile() -> f64 {
    0.9
}

fn usual_level() -> f64 {
    0.8
}

/// How long capacity lasts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CapacityRunway {
    /// The load that is not to be crossed: capacity × utilisation.
    pub threshold: f64,
    /// The last load that was seen over the capacity.
    pub current_utilization: f64,
    /// First time that the mean of the forecast reaches the threshold; `None` beyond the horizon.
    pub mean_crossing: Option<Crossing>,
    /// First time that the quantile of the forecast reaches it; `None` beyond the horizon.
    pub quantile_crossing: Option<Crossing>,
    /// The quantile that this is about.
    pub quantile: f64,
    /// When the load itself first reaches the threshold, over joint samples of the forecast.
    pub first_passage: FirstPassage,
    /// Capacity that keeps the mean forecast of the last week of the horizon below the utilisation.
    pub required_capacity_mean: f64,
    /// The same for the quantile of the forecast.
    pub required_capacity_quantile: f64,
    /// What the latter lacks today; 0 where nothing.
    pub capacity_increase_needed: f64,
    /// How soon to act: by the earlier of the two crossings.
    pub urgency: Urgency,
    /// By when to order, so that capacity is there at the earlier crossing; in the past where it is
    /// too late. `None` without a crossing or a lead time.
    pub purchase_by: Option<Crossing>,
    /// What to do, in a sentence.
    pub recommendation: String,
    /// The model of the forecast.
    pub model: String,
    /// Greatest mean of the forecast up to the horizon.
    pub forecast_peak: f64,
    /// Average of the forecast's mean up to the horizon.
    pub forecast_average: f64,
}

/// A time to come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Crossing {
    /// Days from now; negative in the past.
    pub days: f64,
    /// Seconds since the Unix epoch.
    pub time_seconds: f64,
    /// The local day, as `2026-11-20`; `None` outside the years −9999 to 9999.
    pub date: Option<String>,
}

/// When a load first reaches the threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FirstPassage {
    /// Probability that it does within the horizon, 0 to 1.
    pub probability: f64,
    /// Share of outcomes within the interval.
    pub level: f64,
    /// Early end of the interval on the date; `None` beyond the horizon.
    pub earliest: Option<Crossing>,
    /// As likely before as after; `None` beyond the horizon.
    pub median: Option<Crossing>,
    /// Late end of the interval on the date; `None` beyond the horizon.
    pub latest: Option<Crossing>,
}

/// How soon to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RunwayUrgency"))]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// No crossing within the horizon.
    Sufficient,
    /// In more than 60 days.
    Monitor,
    /// Within 60 days.
    Schedule,
    /// Within 30 days.
    Plan,
    /// Within 7 days.
    Urgent,
}

/// How long capacity lasts by the automatic model; of less than a week of load, without seasons given, growth
/// can't be told from the rhythm of the day and the week: then the load is taken to stay as it is, with the
/// hours of the day from two days on, and the recommendation says so.
///
/// # Errors
///
/// As [`capacity_runway_with`].
pub fn capacity_runway(request: &RunwayRequest) -> Result<CapacityRunway> {
    let auto = match &request.seasonal_periods {
        Some(periods) => Auto::default().with_periods(periods.clone()),
        None => Auto::default(),
    };
    let step_seconds = request.series.step_seconds.unwrap_or(f64::INFINITY);
    let seen = request.series.values.len() as f64 * step_seconds;
    if request.seasonal_periods.is_some() || seen >= LEAST_DAYS * DAY_SECONDS {
        return capacity_runway_with(request, &auto);
    }
    let day = DAY_SECONDS / step_seconds;
    let steady: Box<dyn Forecaster> = if day >= 2.0 && day.fract() == 0.0 && seen >= 2.0 * DAY_SECONDS {
        Box::new(SeasonalNaive::new(day as usize))
    } else {
        Box::new(Naive)
    };
    let mut runway = capacity_runway_with(request, &steady)?;
    runway.recommendation +=
        "; less than a week of load is too little to tell growth from, so it is taken to stay as it is";
    Ok(runway)
}

/// How long capacity lasts by a model of one's own.
///
/// # Errors
///
/// `invalid_value` for a capacity, shares, a horizon or lead time out of
/// its range, or a present before the last point of the series; `missing_field` at
/// `series.start_seconds` for a series without times; `too_large` for a horizon of over 100,000 steps; as
/// the series and the model under `series`; `contradiction` for a fixed offset and a list of them.
pub fn capacity_runway_with(request: &RunwayRequest, model: &dyn Forecaster) -> Result<CapacityRunway> {
    check(request)?;
    let series = request.series.clone().into_series().map_err(|error| error.within("series"))?;
    let clock = series.clock().ok_or_else(|| {
        Error::missing("series.start_seconds", "days are counted from when the points were")
    })?;
    let end_seconds = clock.time_seconds(series.len());
    let now = request.now_seconds.unwrap_or(end_seconds);
    let last_seen = clock.time_seconds(series.len() - 1);
    check_range("now_seconds", now, last_seen, last_seen + 3.2e9)?;
    // Steps to come that are already past are forecast, but nothing is asked of them.
    let past = ((now - end_seconds) / clock.step_seconds).floor().max(0.0);
    let ahead = (request.horizon_days * DAY_SECONDS / clock.step_seconds).ceil().max(1.0);
    if past + ahead > MOST_STEPS as f64 {
        return Err(Error::new(ErrorCode::TooLarge, "horizon_days", "makes too many steps")
            .given(request.horizon_days)
            .allowed(format!("at most {MOST_STEPS} steps of {} s", clock.step_seconds)));
    }
    let forecast = model
        .fit(&series)
        .and_then(|fitted| fitted.forecast((past + ahead) as usize, &[]))
        .map_err(|error| error.within("series"))?;
    let local = LocalClock::new(request.utc_offset_minutes, &request.utc_offsets)?;
    Look { request, series: &series, forecast: &forecast, clock, local, now, past: past as usize }.runway()
}

fn check(request: &RunwayRequest) -> Result<()> {
    check_range("capacity", request.capacity, LEAST_CAPACITY, 1e15)?;
    check_range("utilization", request.utilization, LEAST_UTILIZATION, 1.0)?;
    check_range("horizon_days", request.horizon_days, 1e-3, 36_600.0)?;
    check_range("quantile", request.quantile, 0.5, 0.9999)?;
    check_range("level", request.level, 0.01, 0.999)?;
    request.lead_time_days.map_or(Ok(()), |days| check_range("lead_time_days", days, 0.0, 3660.0))
}

/// Everything that an answer is made of.
struct Look<'a> {
    request: &'a RunwayRequest,
    series: &'a Series,
    forecast: &'a Forecast,
    clock: Clock,
    local: LocalClock,
    now: f64,
    past: usize,
}

impl Look<'_> {
    fn at(&self, time_seconds: f64) -> Crossing {
        let local_seconds = time_seconds + f64::from(self.local.offset_seconds(time_seconds));
        let date = Date::from_unix_seconds(local_seconds).map(|date| date.to_string());
        Crossing { days: (time_seconds - self.now) / DAY_SECONDS, time_seconds, date }
    }

    /// When a step to come begins, counted from now; not before now.
    fn step(&self, index: usize) -> Crossing {
        self.at(self.clock.time_seconds(self.series.len() + self.past + index).max(self.now))
    }

    fn first_above(&self, values: &[f64], threshold: f64) -> Option<usize> {
        values.iter().skip(self.past).position(|value| *value >= threshold)
    }

    fn runway(&self) -> Result<CapacityRunway> {
        let request = self.request;
        let threshold = request.capacity * request.utilization;
        let mean = self.forecast.mean();
        let high = self.forecast.quantile(request.quantile)?;
        let mean_crossing = self.first_above(mean, threshold).map(|index| self.step(index));
        let quantile_crossing = self.first_above(&high, threshold).map(|index| self.step(index));
        let earlier = [&mean_crossing, &quantile_crossing]
            .into_iter()
            .flatten()
            .min_by(|left, right| left.days.total_cmp(&right.days));
        let urgency = urgency(earlier.map(|crossing| crossing.days));
        let lead = request.lead_time_days.unwrap_or_default();
        let purchase_by = earlier
            .filter(|_| request.lead_time_days.is_some())
            .map(|crossing| self.at(crossing.time_seconds - lead * DAY_SECONDS));
        let last_steps = (LAST_DAYS * DAY_SECONDS / self.clock.step_seconds).ceil().max(1.0) as usize;
        let most_at_the_end = |values: &[f64]| {
            let ahead = values.get(self.past..).unwrap_or_default();
            ahead.iter().rev().take(last_steps).fold(0.0, |most: f64, value| most.max(*value))
        };
        let required_capacity_quantile =
            most_at_the_end(&high).max(most_at_the_end(mean)) / request.utilization;
        let ahead = mean.get(self.past..).unwrap_or_default();
        let last_seen = self.series.values().iter().rev().find(|value| !value.is_nan());
        let current_utilization = last_seen.copied().unwrap_or_default() / request.capacity;
        let recommendation = self.recommendation(urgency, current_utilization, earlier, purchase_by.as_ref());
        Ok(CapacityRunway {
            threshold,
            current_utilization,
            mean_crossing,
            quantile_crossing,
            quantile: request.quantile,
            first_passage: self.first_passage(threshold)?,
            required_capacity_mean: most_at_the_end(mean) / request.utilization,
            required_capacity_quantile,
            capacity_increase_needed: (required_capacity_quantile - request.capacity).max(0.0),
            urgency,
            purchase_by,
            recommendation,
            model: self.forecast.model().to_owned(),
            forecast_peak: ahead.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            forecast_average: ahead.iter().sum::<f64>() / ahead.len().max(1) as f64,
        })
    }

    fn first_passage(&self, threshold: f64) -> Result<FirstPassage> {
        let steps = self.forecast.horizon();
        let count = (MOST_NUMBERS / steps.max(1)).clamp(40, PATHS);
        let paths = self.forecast.paths(count, 0)?;
        // A path that stays below is later than any that does not.
        let mut firsts: Vec<usize> =
            paths.iter().map(|path| self.first_above(path, threshold).unwrap_or(usize::MAX)).collect();
        firsts.sort_unstable();
        let crossing = firsts.iter().filter(|first| **first < usize::MAX).count();
        let level = self.request.level;
        let at = |share: f64| {
            let rank = ((share * firsts.len() as f64).ceil() as usize).clamp(1, firsts.len().max(1));
            firsts.get(rank - 1).filter(|first| **first < usize::MAX).map(|first| self.step(*first))
        };
        Ok(FirstPassage {
            probability: crossing as f64 / firsts.len().max(1) as f64,
            level,
            earliest: at((1.0 - level) / 2.0),
            median: at(0.5),
            latest: at((1.0 + level) / 2.0),
        })
    }
}

fn urgency(days: Option<f64>) -> Urgency {
    match days {
        None => Urgency::Sufficient,
        Some(days) if days <= 7.0 => Urgency::Urgent,
        Some(days) if days <= 30.0 => Urgency::Plan,
        Some(days) if days <= 60.0 => Urgency::Schedule,
        Some(_) => Urgency::Monitor,
    }
}

fn days_text(days: f64) -> String {
    if days == 1.0 { "1 day".to_owned() } else { format!("{days} days") }
}

/// A time's day in brackets, where it is known.
fn on(time: &Crossing) -> String {
    time.date.as_ref().map_or_else(String::new, |date| format!(" ({date})"))
}

impl Look<'_> {
    fn recommendation(
        &self,
        urgency: Urgency,
        current_utilization: f64,
        crossing: Option<&Crossing>,
        purchase_by: Option<&Crossing>,
    ) -> String {
        let share = match self.request.utilization {
            1.0 => "the capacity".to_owned(),
            utilization => format!("{:.0}% of capacity", utilization * 100.0),
        };
        let above = current_utilization >= self.request.utilization;
        let Some(crossing) = crossing else {
            return if above {
                format!(
                    "the load is at {:.0}% of capacity, above {share}, but the forecast stays below it up to the \
                     horizon: check that the load really falls before giving capacity back",
                    current_utilization * 100.0
                )
            } else {
                format!(
                    "current capacity is sufficient for the next {}",
                    days_text(self.request.horizon_days)
                )
            };
        };
        let days = crossing.days.floor();
        let reached = if above {
            format!("the load is at {:.0}% of capacity, already above {share}", current_utilization * 100.0)
        } else if days < 1.0 {
            format!("the load reaches {share} within a day{}", on(crossing))
        } else {
            format!("the load reaches {share} in {}{}", days_text(days), on(crossing))
        };
        let advice = match urgency {
            Urgency::Urgent | Urgency::Sufficient => format!("urgent: scale immediately; {reached}"),
            Urgency::Plan => format!("plan scaling within two weeks; {reached}"),
            Urgency::Schedule => format!("schedule scaling for next month; {reached}"),
            Urgency::Monitor => format!("monitor growth; {reached}"),
        };
        let Some(order) = purchase_by else { return advice };
        let days = order.days.floor();
        if days < 0.0 {
            format!("{advice}; capacity should have been ordered {} ago{}", days_text(-days), on(order))
        } else if days < 1.0 {
            format!("{advice}; order capacity today")
        } else {
            format!("{advice}; order capacity within {}{}", days_text(days), on(order))
        }
    }
}
