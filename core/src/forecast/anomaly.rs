//! Which points of a series are out of the ordinary, and what was to be expected in their place.

use serde::{Deserialize, Serialize};

use super::auto::clean::without_outliers;
use super::decompose::{check_size, fitted, seasons, take_apart};
use super::distribution::least;
use super::gaps;
use super::series::Series;
use super::statistics::{mean, median};
use super::stl::mstl;
use super::transform::{Transform, log_where_positive};
use crate::error::Result;
use crate::units::{check_range, normal_quantile};

/// What counts as out of the ordinary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AnomalyOptions {
    /// Seasons in steps, the shortest first, at most three, each seen at least three times; empty for
    /// none. By default they are looked for.
    #[serde(default)]
    pub seasonal_periods: Option<Vec<usize>>,
    /// Whether the band's width follows the level (all values must be positive). By default, as in
    /// [`DecomposeOptions`](super::DecomposeOptions).
    #[serde(default)]
    pub multiplicative: Option<bool>,
    /// Share of ordinary points that lie in the band, 0.5 to 0.999999. Default: 0.999.
    #[serde(default = "default_level")]
    pub level: f64,
}

const fn default_level() -> f64 {
    0.999
}

impl Default for AnomalyOptions {
    fn default() -> Self {
        Self { seasonal_periods: None, multiplicative: None, level: default_level() }
    }
}

/// A point out of the ordinary.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Anomaly {
    /// Its place in the regular series, from 0: where times were given and rows are missing, steps
    /// without a row count too, so that `at_seconds` finds the row.
    pub index: usize,
    /// When it was, in seconds since the Unix epoch; none for a plain index.
    pub at_seconds: Option<f64>,
    /// What it was.
    pub value: f64,
    /// What was expected.
    pub expected: f64,
    /// Lower end of the band.
    pub lower: f64,
    /// Upper end of the band.
    pub upper: f64,
    /// How far from the expected it is, in robust standard deviations; negative below.
    pub score: f64,
}

/// What is out of the ordinary, and the expected band of every point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AnomalyReport {
    /// Points outside the band, oldest first.
    pub anomalies: Vec<Anomaly>,
    /// Share of ordinary points that lie in the band.
    pub level: f64,
    /// Expected value of each point, missing ones too.
    pub expected: Vec<f64>,
    /// Lower end of the band of each point.
    pub lower: Vec<f64>,
    /// Upper end of the band of each point.
    pub upper: Vec<f64>,
    /// Seasons that the expected values follow, in steps.
    pub seasonal_periods: Vec<usize>,
    /// Whether the width of the band follows the level.
    pub multiplicative: bool,
}

/// Points further from the expected are kept from pulling it to themselves.
const SUSPECT: f64 = 3.0;
/// Rounds in which suspects are replaced by what was expected of them: after each they keep only the
/// share of their pull that they have on their own fit, at most about two thirds at the very ends.
const ROUNDS: usize = 6;
/// The median absolute deviation times this is the standard deviation of a normal distribution.
const NORMAL: f64 = 1.4826;

/// Points outside the band that trend and seasons lead to expect.
///
/// The expected value is that of [`decompose`](super::decompose), found without the suspects: points
/// more than three robust standard deviations away, the furthest first, are replaced by what was expected of
/// them, up to six times over. Robust standard deviations are 1.4826 times the median absolute deviation of what remains
/// (F. R. Hampel, "The influence curve and its role in robust estimation", JASA 69, 1974), of normal
/// remainders 0.1% lie outside the default band. A lasting shift of level is followed by
/// the trend after a while: [`changepoints`](super::changepoints) tells of it.
///
/// ```
/// use sizewell::forecast::{AnomalyOptions, Series, anomalies};
/// let mut values: Vec<f64> = (0..240).map(|hour| f64::from(hour % 24) + f64::from(hour * 7 % 5)).collect();
/// values[100] = 90.0;
/// let report = anomalies(&Series::new(values)?, &AnomalyOptions::default())?;
/// assert_eq!(report.anomalies[0].index, 100);
/// assert!(report.upper[100] < 20.0);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// As [`decompose`](super::decompose), where a season must be seen three times; `invalid_value` at `level`.
pub fn anomalies(series: &Series, options: &AnomalyOptions) -> Result<AnomalyReport> {
    check_range("level", options.level, 0.5, 0.999_999)?;
    check_size(series)?;
    let observed = series.values();
    let periods = seasons(series, options.seasonal_periods.as_deref(), 3)?;
    let filled = gaps::filled(observed, &periods);
    // Without the crudest outliers from the start: beside a gap, lines would spread them over it.
    let cleaned = without_outliers(observed, &periods).values;
    // What does not fit on logarithms still counts when the scale is chosen.
    let same_scale = log_where_positive(&cleaned) == log_where_positive(&filled);
    let start = if same_scale { &cleaned } else { &filled };
    let (scale, parts) = take_apart(start, &periods, options.multiplicative)?;
    let multiplicative = scale != Transform::Identity;
    let values: Vec<f64> =
        observed.iter().map(|value| if value.is_nan() { *value } else { scale.forward(*value) }).collect();
    let mut expected = fitted(&parts);
    let mut spread = spread_around(&values, &expected);
    let mut ordinary = values.clone();
    for _ in 0..ROUNDS {
        let away = values.iter().zip(&expected).map(|(value, expected)| (value - expected).abs());
        // The furthest first: what they pulled along is not yet to be blamed.
        let furthest = away.filter(|away| !away.is_nan()).fold(0.0, f64::max);
        let most = (SUSPECT * spread).max(furthest / 2.0);
        let mut replaced = false;
        for ((slot, value), expected) in ordinary.iter_mut().zip(&values).zip(&expected) {
            let suspect = value.is_nan() || (value - expected).abs() > most;
            *slot = if suspect { *expected } else { *value };
            replaced |= suspect;
        }
        if !replaced {
            break;
        }
        expected = fitted(&mstl(&ordinary, &periods));
        spread = spread_around(&values, &expected);
    }
    let reach = normal_quantile(0.5 + options.level / 2.0) * spread;
    let least = least(series.is_non_negative());
    let back = |shift: f64| -> Vec<f64> {
        expected.iter().map(|expected| scale.back(expected + shift).max(least)).collect()
    };
    let (lower, middle, upper) = (back(-reach), back(0.0), back(reach));
    let at = |column: &[f64], index: usize| column.get(index).copied().unwrap_or_default();
    let anomalies = values.iter().zip(&expected).enumerate().filter_map(|(index, (value, expected))| {
        // A missing point is outside nothing.
        let outside = (value - expected).abs() > reach;
        outside.then(|| Anomaly {
            index,
            at_seconds: series.clock().map(|clock| clock.time_seconds(index)),
            value: at(observed, index),
            expected: at(&middle, index),
            lower: at(&lower, index),
            upper: at(&upper, index),
            score: (value - expected) / spread,
        })
    });
    Ok(AnomalyReport {
        anomalies: anomalies.collect(),
        level: options.level,
        expected: middle,
        lower,
        upper,
        seasonal_periods: periods,
        multiplicative,
    })
}

/// The robust standard deviation of values around what is expected of them: above 0, and above what
/// rounding leaves of values that are as expected.
fn spread_around(values: &[f64], expected: &[f64]) -> f64 {
    let away = values.iter().zip(expected).map(|(value, expected)| (value - expected).abs());
    let mut sizes: Vec<f64> = away.filter(|size| !size.is_nan()).collect();
    let size = expected.iter().map(|value| value.abs()).fold(0.0, f64::max);
    let rounding = (1e-9 * size).max(f64::MIN_POSITIVE);
    let usual = NORMAL * median(&mut sizes).unwrap_or_default();
    // Where more than half are exactly as expected, the mean size says how far the others are: it is
    // √(2 ÷ π) of a normal distribution's standard deviation.
    if usual > rounding { usual } else { (1.2533 * mean(&sizes)).max(rounding) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Random;

    fn found(values: &[f64], level: f64) -> Result<AnomalyReport> {
        let series = Series::new(values.to_vec())?.at(0.0, 3600.0)?.non_negative()?;
        anomalies(&series, &AnomalyOptions { level, ..AnomalyOptions::default() })
    }

    fn hours(random: &mut Random, points: usize) -> Vec<f64> {
        let day = |hour: usize| 100.0 + 40.0 * crate::units::sin(hour as f64 / 24.0 * std::f64::consts::TAU);
        (0..points).map(|hour| day(hour) + 3.0 * random.normal()).collect()
    }

    #[test]
    fn planted_outliers_are_found_wherever_they_are() {
        let mut random = Random::new(5);
        for place in [0, 1, 150, 200, 334, 335] {
            for size in [-30.0, 30.0] {
                let mut values = hours(&mut random, 336);
                values[place] += size;
                let truth = values[place] - size;
                let report = found(&values, 0.999).unwrap();
                let found = report.anomalies.iter().find(|found| found.index == place);
                let found = found.unwrap_or_else(|| panic!("{place} {size}"));
                assert!(found.score * size > 0.0 && found.at_seconds == Some(place as f64 * 3600.0));
                assert!((found.expected - truth).abs() < 15.0, "{place} {found:?} {truth}");
                assert!(report.anomalies.len() <= 4, "{place} {size} {:?}", report.anomalies);
            }
        }
    }

    /// Of 40 × 336 points at 99%, 134 are to be outside; suspects pull nothing to themselves, which is
    /// what lets through up to half as many again.
    #[test]
    fn of_noise_the_stated_share_is_outside() {
        let mut random = Random::new(6);
        let outside: usize =
            (0..40).map(|_| found(&hours(&mut random, 336), 0.99).unwrap().anomalies.len()).sum();
        assert!((60..=240).contains(&outside), "{outside}");
    }

    #[test]
    fn nothing_is_out_of_the_ordinary_in_a_constant_or_a_gap() {
        assert!(found(&[5.0; 100], 0.999).unwrap().anomalies.is_empty());
        let zeros = found(&[0.0; 100], 0.999).unwrap();
        assert!(zeros.anomalies.is_empty() && zeros.upper.iter().all(|value| value.is_finite()));
        let mut values = hours(&mut Random::new(7), 336);
        values[40..60].fill(f64::NAN);
        let report = found(&values, 0.999).unwrap();
        assert!(report.anomalies.iter().all(|found| !(40..60).contains(&found.index)));
        assert!(report.expected.iter().all(|value| value.is_finite()));
    }

    #[test]
    fn an_outlier_beside_a_gap_stands_alone() {
        for gap in [151..160, 141..150] {
            let mut values = hours(&mut Random::new(16), 336);
            values[150] = 700.0;
            values[gap.clone()].fill(f64::NAN);
            let report = found(&values, 0.999).unwrap();
            assert!(report.anomalies.iter().any(|one| one.index == 150), "{gap:?}");
            assert!(report.anomalies.len() <= 2, "{gap:?} {:?}", report.anomalies);
            for index in gap {
                let truth = 100.0 + 40.0 * crate::units::sin(index as f64 / 24.0 * std::f64::consts::TAU);
                assert!((report.expected[index] - truth).abs() < 15.0, "{index} {}", report.expected[index]);
            }
        }
    }

    #[test]
    fn a_level_out_of_range_is_refused() {
        for level in [0.0, 1.0, f64::NAN] {
            assert_eq!(found(&[1.0; 9], level).unwrap_err().path(), "level");
        }
    }
}
