//! Whether a series rises or falls: Theil and Sen's slope with Mann and Kendall's test, on points whose
//! seasons were taken out, with a variance that allows for neighbours being alike.

mod grid;
mod kendall;

use serde::{Deserialize, Serialize};

use super::decompose::seasons;
use super::series::Series;
use super::statistics::mean;
use crate::error::Result;
use crate::units::{check_range, normal_quantile, sqrt};

pub(crate) use grid::Grid;
pub(crate) use kendall::Kendall;

/// Most points that are compared pair by pair; longer series are averaged down to them.
const MOST_COMPARED: usize = 336;
/// Fewest points of which anything is said.
const FEWEST: usize = 8;

/// How the trend of a series is judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TrendDirectionOptions {
    /// Seasons in steps, the shortest first, at most three, each seen at least twice; empty for
    /// none. By default they are looked for. The longest is taken out, with what shorter ones share with it.
    #[serde(default)]
    pub seasonal_periods: Option<Vec<usize>>,
    /// Chance at which a series without trend is called one, 0.0001 to 0.5. Default: 0.05.
    #[serde(default = "crate::forecast::default_significance")]
    pub significance: f64,
}

impl Default for TrendDirectionOptions {
    fn default() -> Self {
        Self { seasonal_periods: None, significance: super::default_significance() }
    }
}

/// Where something goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TrendDirection {
    /// Up, and not by chance.
    Increasing,
    /// Down, and not by chance.
    Decreasing,
    /// Neither can be told from chance, or the change is too small to matter.
    Stable,
    /// There is too little to tell.
    Unknown,
}

impl TrendDirection {
    /// The stable spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Increasing => "increasing",
            Self::Decreasing => "decreasing",
            Self::Stable => "stable",
            Self::Unknown => "unknown",
        }
    }
}

/// Where a series goes, and how sure that is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SeriesTrend {
    /// Where it goes; `unknown` for fewer than eight points.
    pub direction: TrendDirection,
    /// Change per step; none where the direction is unknown.
    pub slope_per_step: Option<f64>,
    /// Lower end of its 95% interval.
    pub slope_per_step_low: Option<f64>,
    /// Upper end of its 95% interval.
    pub slope_per_step_high: Option<f64>,
    /// Chance of a slope like this where there is no trend.
    pub p_value: Option<f64>,
    /// Correlation of neighbouring points that the test allows for, 0 to 0.98.
    pub autocorrelation: f64,
    /// Season that was taken out before, in steps; none where there is none.
    pub seasonal_period: Option<usize>,
    /// Points that were compared: averages over equal stretches where there are more than 336.
    pub points: usize,
}

/// Whether a series rises or falls.
///
/// The slope is Theil and Sen's (P. K. Sen, "Estimates of the regression coefficient based on Kendall's
/// tau", JASA 63, 1968), its interval R. O. Gilbert's (*Statistical Methods for Environmental
/// Pollution Monitoring*, 1987, 16.4), the test Mann and Kendall's (H. B. Mann, "Nonparametric tests against
/// trend", Econometrica 13, 1945), whose variance is widened by what neighbours have in common.
/// [`monitor::trend`](crate::monitor::trend) asks the same of irregular readings.
///
/// ```
/// use sizewell::forecast::{Series, TrendDirection, TrendDirectionOptions, trend_direction};
/// let values = (0..60).map(|day| 100.0 + 2.0 * f64::from(day) + f64::from(day * 7 % 5));
/// let trend = trend_direction(&Series::new(values.collect())?, &TrendDirectionOptions::default())?;
/// assert_eq!(trend.direction, TrendDirection::Increasing);
/// assert!((trend.slope_per_step.unwrap() - 2.0).abs() < 0.1);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// At `values`: `empty` where all points are missing, `invalid_value` for a season that is not seen
/// twice; `invalid_value` at `seasonal_periods` as for [`decompose`](super::decompose), and at
/// `significance`.
pub fn trend_direction(series: &Series, options: &TrendDirectionOptions) -> Result<SeriesTrend> {
    check_range("significance", options.significance, 1e-4, 0.5)?;
    series.need(1, "a trend needs points")?;
    let periods = seasons(series, options.seasonal_periods.as_deref(), 2)?;
    let period = periods.last().copied();
    let mut grid = averaged(series, period);
    let mut trend = SeriesTrend {
        direction: TrendDirection::Unknown,
        slope_per_step: None,
        slope_per_step_low: None,
        slope_per_step_high: None,
        p_value: None,
        autocorrelation: 0.0,
        seasonal_period: None,
        points: grid.present(),
    };
    if grid.present() < FEWEST {
        return Ok(trend);
    }
    let stretch = grid.step_seconds;
    trend.seasonal_period = period.filter(|period| {
        // Means over whole seasons have none.
        let within = (*period as f64 / stretch).round() as usize;
        within < 2 || grid.take_out(within)
    });
    let kendall = Kendall::new(&grid);
    let (low, high) = kendall.slopes_around(normal_quantile(0.975) * sqrt(kendall.variance));
    let p_value = kendall.p_value();
    trend.direction = if p_value >= options.significance || kendall.slope == 0.0 {
        TrendDirection::Stable
    } else if kendall.slope > 0.0 {
        TrendDirection::Increasing
    } else {
        TrendDirection::Decreasing
    };
    trend.slope_per_step = Some(kendall.slope / stretch);
    trend.slope_per_step_low = Some(low / stretch);
    trend.slope_per_step_high = Some(high / stretch);
    trend.p_value = Some(p_value);
    trend.autocorrelation = kendall.autocorrelation;
    Ok(trend)
}

/// Means over stretches that divide the season, or are whole seasons, so that points of the season
/// stay at their place. The unit of time is a step.
fn averaged(series: &Series, period: Option<usize>) -> Grid {
    let least = series.len().div_ceil(MOST_COMPARED).max(1);
    let stretch = period.map_or(least, |period| {
        let part = (least..=period / 2).find(|part| period.is_multiple_of(*part));
        part.unwrap_or_else(|| if least == 1 { 1 } else { least.div_ceil(period) * period })
    });
    let values = series.values().chunks(stretch).map(|chunk| {
        let all_missing = chunk.iter().all(|value| value.is_nan());
        (!all_missing).then(|| mean(chunk))
    });
    Grid { step_seconds: stretch as f64, values: values.collect(), understated: 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;
    use crate::units::Random;

    fn told(values: &[f64], periods: Option<Vec<usize>>) -> SeriesTrend {
        let options = TrendDirectionOptions { seasonal_periods: periods, ..TrendDirectionOptions::default() };
        trend_direction(&Series::new(values.to_vec()).unwrap(), &options).unwrap()
    }

    /// 5% of 300 are 15; 24 is what two standard errors more allow for. With a correlation of 0.6 the
    /// widened variance keeps near: up to one in ten.
    #[test]
    fn noise_goes_nowhere_as_often_as_stated() {
        let mut random = Random::new(11);
        for (correlation, most) in [(0.0, 24), (0.6, 30)] {
            let called = (0..300)
                .filter(|_| {
                    let mut state = 0.0;
                    let values: Vec<f64> = (0..80)
                        .map(|_| {
                            state = correlation * state + random.normal();
                            state
                        })
                        .collect();
                    told(&values, Some(vec![])).direction != TrendDirection::Stable
                })
                .count();
            assert!(called <= most, "{correlation} {called}");
        }
    }

    #[test]
    fn a_slope_is_told_under_a_season_and_in_long_series() {
        let mut random = Random::new(12);
        for points in [240, 5_000] {
            let mut values: Vec<f64> = (0..points)
                .map(|hour| 500.0 - 0.05 * f64::from(hour) + f64::from(hour % 24) + random.normal())
                .collect();
            values[7] = f64::NAN;
            let trend = told(&values, None);
            assert_eq!(trend.direction, TrendDirection::Decreasing, "{points}");
            assert_eq!(trend.seasonal_period, Some(24));
            let (low, high) = (trend.slope_per_step_low.unwrap(), trend.slope_per_step_high.unwrap());
            assert!(low - 0.002 <= -0.05 && -0.05 <= high + 0.002, "{low} {high}");
            assert!(trend.points <= 336 && trend.p_value.unwrap() < 1e-6);
        }
    }

    #[test]
    fn too_little_is_unknown_and_hostile_input_refused() {
        assert_eq!(told(&[1.0, 2.0, 3.0], None).direction, TrendDirection::Unknown);
        assert_eq!(told(&[4.0; 50], None).direction, TrendDirection::Stable);
        let refused = |value: f64, significance| {
            let options = TrendDirectionOptions { significance, ..TrendDirectionOptions::default() };
            trend_direction(&Series::new(vec![value]).unwrap(), &options).unwrap_err()
        };
        assert_eq!(refused(f64::NAN, 0.05).code(), ErrorCode::Empty);
        assert_eq!(refused(1.0, 2.0).path(), "significance");
    }
}
