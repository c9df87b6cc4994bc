//! Whether something rises or falls: a slope that outliers do not move, and whether it can be told
//! from chance.
//!
//! The slope is Theil and Sen's (P. K. Sen, "Estimates of the regression coefficient based on
//! Kendall's tau", JASA 63, 1968), the test Mann and Kendall's (H. B. Mann, "Nonparametric tests
//! against trend", Econometrica 13, 1945; M. G. Kendall, *Rank Correlation Methods*, 1955). Both are
//! meant for independent values, which readings of a service are not: they go through days and
//! weeks, and neighbours are alike. So cycles are taken out first, and the variance of the test is
//! widened by what neighbours have in common.

mod cycle;

use serde::{Deserialize, Serialize};

use super::reading::{check_each, check_past, check_present, check_time, is_time};
use super::statistics::{median, quantile};
use crate::error::{Error, ErrorCode, Result};
pub use crate::forecast::TrendDirection;
use crate::forecast::{Grid, Kendall};
use crate::units::{DAY_SECONDS, check_range, normal_quantile, sqrt};

/// Most observations of one request.
const MOST_OBSERVATIONS: usize = 1_000_000;
/// Most points that are compared pair by pair; longer series are averaged down to them.
const MOST_COMPARED: usize = 336;
/// Fewest points of which anything is said.
const FEWEST: usize = 8;

/// Observations, and how their trend is judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TrendRequest {
    /// When, in seconds since the Unix epoch, ascending.
    pub at_seconds: Vec<f64>,
    /// What was observed.
    pub values: Vec<f64>,
    /// How it is judged.
    #[serde(default)]
    pub options: TrendOptions,
    /// The present, in seconds since the Unix epoch, which nothing may be after. Default: not held
    /// against one.
    #[serde(default)]
    pub now_seconds: Option<f64>,
}

/// How a trend is judged. Every field has a default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TrendOptions {
    /// Chance at which a series without trend is called one, 0.0001 to 0.5. Default: 0.05.
    pub significance: f64,
    /// Least change over the whole span that is called a trend however sure it is, as a share of
    /// the median, 0 to 10. Default: 0.02.
    pub least_change_fraction: f64,
}

impl Default for TrendOptions {
    fn default() -> Self {
        Self { significance: 0.05, least_change_fraction: 0.02 }
    }
}

impl TrendOptions {
    pub(super) fn check(&self) -> Result<()> {
        check_range("significance", self.significance, 1e-4, 0.5)?;
        check_range("least_change_fraction", self.least_change_fraction, 0.0, 10.0)
    }
}

/// A trend, and how sure it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Trend {
    /// Where it goes.
    pub direction: TrendDirection,
    /// Change per day; none where the direction is unknown.
    pub slope_per_day: Option<f64>,
    /// Lower end of its 95% interval.
    pub slope_per_day_low: Option<f64>,
    /// Upper end of its 95% interval.
    pub slope_per_day_high: Option<f64>,
    /// Chance of a slope like this where there is no trend.
    pub p_value: Option<f64>,
    /// Change over the whole span as a share of the median; none where the median is 0.
    pub change_fraction: Option<f64>,
    /// Cycles that were taken out before: none, `daily` or `weekly`.
    pub cycle: Option<String>,
    /// Correlation of neighbouring points that the test allows for, 0 to 0.98.
    pub autocorrelation: f64,
    /// Observations.
    pub observations: u64,
    /// Points that were compared: averages over equal stretches where there are many observations.
    pub points: u64,
    /// Days from the first observation to the last.
    pub span_days: f64,
    /// Least observation.
    pub min: f64,
    /// Greatest observation.
    pub max: f64,
    /// Their mean.
    pub mean: f64,
    /// Their median.
    pub median: f64,
    /// Their 95th percentile.
    pub p95: f64,
    /// The last.
    pub last: f64,
    /// What limits the answer, in sentences.
    pub notes: Vec<String>,
}

/// Whether observations rise or fall.
///
/// Fewer than eight points have the direction `unknown`. A daily cycle is taken out of three days
/// and more, a weekly one of two weeks and more; a shorter span can't be told from a weekend,
/// and a note says so. Observations beyond 336 are averaged over equal stretches.
///
/// ```
/// use sizewell::monitor::{TrendDirection, TrendRequest, trend};
/// let hours = || (0..240).map(f64::from);
/// let request = TrendRequest {
///     at_seconds: hours().map(|hour| hour * 3600.0).collect(),
///     values: hours().map(|hour| 50.0 + 0.05 * hour + 10.0 * f64::from(hour as u32 % 24 / 12)).collect(),
///     options: Default::default(),
///     now_seconds: None,
/// };
/// let trend = trend(&request)?;
/// assert_eq!(trend.direction, TrendDirection::Increasing);
/// assert!((trend.slope_per_day.unwrap() - 1.2).abs() < 0.01);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `empty` without observations; `contradiction` for columns of different lengths; `invalid_value`
/// at `at_seconds[i]` or `values[i]` for what is not finite, out of range (±10¹⁵), not after the one
/// before or after the present; `too_large` for over a million.
pub fn trend(request: &TrendRequest) -> Result<Trend> {
    request.check()?;
    let points: Vec<(f64, f64)> =
        request.at_seconds.iter().copied().zip(request.values.iter().copied()).collect();
    Ok(of_points(&points, &request.options))
}

impl TrendRequest {
    fn check(&self) -> Result<()> {
        self.options.check().map_err(|error| error.within("options"))?;
        check_columns(&self.at_seconds, &self.values)?;
        check_present(self.now_seconds)?;
        check_past("at_seconds", &self.at_seconds, self.now_seconds)
    }
}

/// Checks a column of ascending times and one of values beside it.
pub(super) fn check_columns(at_seconds: &[f64], values: &[f64]) -> Result<()> {
    const MOST_VALUE: f64 = 1e15;
    if at_seconds.is_empty() {
        return Err(Error::new(ErrorCode::Empty, "at_seconds", "has no observations"));
    }
    if at_seconds.len() > MOST_OBSERVATIONS {
        let error = Error::new(ErrorCode::TooLarge, "at_seconds", "has too many observations");
        return Err(error.given(at_seconds.len()).allowed(format!("at most {MOST_OBSERVATIONS}")));
    }
    if at_seconds.len() != values.len() {
        let error = Error::new(ErrorCode::Contradiction, "values", "has another length than `at_seconds`");
        return Err(error.given(values.len()).allowed(at_seconds.len().to_string()));
    }
    check_ascending("at_seconds", at_seconds)?;
    check_each("values", values, -MOST_VALUE, MOST_VALUE)
}

/// Checks that times are times, each after the one before.
pub(super) fn check_ascending(name: &str, at_seconds: &[f64]) -> Result<()> {
    let mut before = f64::NEG_INFINITY;
    for (index, at) in at_seconds.iter().enumerate() {
        if !is_time(*at) {
            return check_time(&format!("{name}[{index}]"), *at);
        }
        if *at <= before {
            let allowed = format!("after the one before, {before}");
            return Err(Error::invalid(format!("{name}[{index}]"), at, allowed));
        }
        before = *at;
    }
    Ok(())
}

/// The trend of points in ascending order of time, of which there is at least one.
pub(super) fn of_points(points: &[(f64, f64)], options: &TrendOptions) -> Trend {
    let mut values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
    let last = values.last().copied().unwrap_or_default();
    let (first_at, last_at) =
        (points.first().map_or(0.0, |point| point.0), points.last().map_or(0.0, |point| point.0));
    let middle = median(&mut values);
    let mut trend = Trend {
        direction: TrendDirection::Unknown,
        slope_per_day: None,
        slope_per_day_low: None,
        slope_per_day_high: None,
        p_value: None,
        change_fraction: None,
        cycle: None,
        autocorrelation: 0.0,
        observations: points.len() as u64,
        points: points.len() as u64,
        span_days: (last_at - first_at) / DAY_SECONDS,
        min: values.iter().copied().fold(f64::INFINITY, f64::min),
        max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        mean: super::statistics::mean(&values),
        median: middle,
        p95: quantile(&mut values, 0.95),
        last,
        notes: Vec::new(),
    };
    if points.len() < FEWEST {
        trend.notes.push(format!("Fewer than {FEWEST} observations: no trend is told from so few."));
        return trend;
    }
    let mut grid = cycle::grid_of(points, MOST_COMPARED);
    trend.points = grid.present() as u64;
    if grid.present() < FEWEST {
        trend.notes.push("The observations lie too close together, with long gaps between.".to_owned());
        return trend;
    }
    trend.cycle = cycle::take_out_cycle(&mut grid, trend.span_days).map(str::to_owned);
    if trend.span_days < 13.9 && trend.span_days > 1.0 {
        let word = "Less than two weeks: a trend over days can't be told from the rhythm of a week.";
        trend.notes.push(word.to_owned());
    }
    judge(&grid, options, &mut trend);
    trend
}

fn judge(grid: &Grid, options: &TrendOptions, trend: &mut Trend) {
    let kendall = Kendall::new(grid);
    let per_day = DAY_SECONDS / grid.step_seconds;
    let slope = kendall.slope * per_day;
    // Sen's interval is between order statistics of the slopes, ± z √variance ÷ 2 from the middle
    // (R. O. Gilbert, *Statistical Methods for Environmental Pollution Monitoring*, 1987, 16.4).
    let reach = normal_quantile(0.975) * sqrt(kendall.variance);
    let (low, high) = kendall.slopes_around(reach);
    let p_value = kendall.p_value();
    let change = slope * trend.span_days;
    let scale = trend.median.abs();
    // A median of next to nothing, beside the values, is no scale.
    let has_scale = scale > 1e-9 * trend.max.abs().max(trend.min.abs());
    trend.change_fraction = has_scale.then_some(change / scale);
    let matters = change.abs() >= options.least_change_fraction * scale && change != 0.0;
    trend.direction = if p_value >= options.significance || !matters {
        TrendDirection::Stable
    } else if slope > 0.0 {
        TrendDirection::Increasing
    } else {
        TrendDirection::Decreasing
    };
    trend.slope_per_day = Some(slope);
    trend.slope_per_day_low = Some(low * per_day);
    trend.slope_per_day_high = Some(high * per_day);
    trend.p_value = Some(p_value);
    trend.autocorrelation = kendall.autocorrelation;
}
