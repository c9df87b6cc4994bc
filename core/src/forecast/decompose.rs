//! A series taken apart: trend, a part for each season, and what remains.

use serde::{Deserialize, Serialize};

use super::auto::look;
use super::gaps;
use super::series::Series;
use super::statistics::{interpolated, mean, median, standard_deviation};
use super::stl::{Parts, mstl};
use super::taylor::check_periods;
use super::transform::{Transform, log_where_positive};
use crate::error::{Error, ErrorCode, Result};
use crate::units::ln;

/// Most points of a series that is taken apart.
pub const MOST_DECOMPOSED: usize = 100_000;

/// How a series is taken apart.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DecomposeOptions {
    /// Seasons in steps, the shortest first, at most three, each seen at least twice; empty for none.
    /// By default they are looked for.
    #[serde(default)]
    pub seasonal_periods: Option<Vec<usize>>,
    /// Whether parts multiply (all values must be positive) or add up. By default they multiply where the
    /// spread of what remains grows with the level by more than half from the lower to the upper half.
    #[serde(default)]
    pub multiplicative: Option<bool>,
}

/// What one season does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SeasonalPart {
    /// Its length in steps.
    pub period: usize,
    /// What it adds to each point, or multiplies it by.
    pub values: Vec<f64>,
    /// Its strength, 0 to 1: 1 − Var(remainder) ÷ Var(season + remainder), at least 0.
    pub strength: f64,
}

/// The parts of a series: at each point their sum, or product, is the value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Decomposition {
    /// Whether the parts multiply; else they add up.
    pub multiplicative: bool,
    /// The level over time.
    pub trend: Vec<f64>,
    /// One part for each season, the shortest first; none where there is no season.
    pub seasonal: Vec<SeasonalPart>,
    /// What remains; null where the value is missing.
    pub remainder: Vec<Option<f64>>,
    /// Strength of the trend, 0 to 1: 1 − Var(remainder) ÷ Var(trend + remainder), at least 0.
    pub trend_strength: f64,
}

/// Takes a series apart into trend, seasons and remainder by locally weighted lines.
///
/// STL (Cleveland and others, 1990) for each season in turn, as MSTL does (Bandara, Hyndman and
/// Bergmeir, 2021); multiplicative parts are those of the logarithms. Strengths are Wang, Smith and
/// Hyndman's ("Characteristic-based clustering for time series data", Data Mining and Knowledge
/// Discovery 13, 2006), on the logarithms where parts multiply. Missing points are filled by the season.
///
/// ```
/// use sizewell::forecast::{DecomposeOptions, Series, decompose};
/// let values = (0..96).map(|hour| 100.0 + f64::from(hour) + 20.0 * f64::from(hour % 24 / 12));
/// let series = Series::new(values.collect())?;
/// let options = DecomposeOptions { seasonal_periods: Some(vec![24]), multiplicative: Some(false) };
/// let parts = decompose(&series, &options)?;
/// assert!(parts.seasonal[0].strength > 0.95 && parts.trend_strength > 0.95);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// At `values`: `too_large` for over [`MOST_DECOMPOSED`] points, `empty` where all are missing,
/// `invalid_value` for fewer than three and for a season that is not seen twice; `invalid_value` at
/// `seasonal_periods` for a season that is below 2 or not longer than the one before, at
/// `multiplicative` where it is true and a value is not positive.
pub fn decompose(series: &Series, options: &DecomposeOptions) -> Result<Decomposition> {
    check_size(series)?;
    let periods = seasons(series, options.seasonal_periods.as_deref(), 2)?;
    let filled = gaps::filled(series.values(), &periods);
    let (scale, parts) = take_apart(&filled, &periods, options.multiplicative)?;
    let back = |part: &[f64]| part.iter().map(|value| scale.back(*value)).collect::<Vec<f64>>();
    let observed = back(&parts.remainder);
    let remainder = observed
        .into_iter()
        .zip(series.values())
        .map(|(rest, value)| (!value.is_nan()).then_some(rest))
        .collect();
    let seasonal = parts.seasons.iter().zip(&periods).map(|(season, period)| SeasonalPart {
        period: *period,
        values: back(season),
        strength: strength(season, &parts.remainder),
    });
    Ok(Decomposition {
        multiplicative: scale != Transform::Identity,
        seasonal: seasonal.collect(),
        trend_strength: strength(&parts.trend, &parts.remainder),
        trend: back(&parts.trend),
        remainder,
    })
}

fn strength(part: &[f64], remainder: &[f64]) -> f64 {
    let both: Vec<f64> = part.iter().zip(remainder).map(|(part, rest)| part + rest).collect();
    let (rest, both) = (standard_deviation(remainder), standard_deviation(&both));
    // What rounding leaves of a constant is no trend.
    let size = part.iter().map(|value| value.abs()).fold(0.0, f64::max);
    if both <= 1e-12 * size { 0.0 } else { (1.0 - (rest / both) * (rest / both)).clamp(0.0, 1.0) }
}

/// Refuses a series of fewer than three points or too many.
pub(super) fn check_size(series: &Series) -> Result<()> {
    if series.len() > MOST_DECOMPOSED {
        return Err(Error::new(ErrorCode::TooLarge, "values", "has too many points")
            .given(series.len())
            .allowed(format!("at most {MOST_DECOMPOSED}"))
            .help("give the latest, or means over longer steps"));
    }
    series.need(3, "a level and what remains need three")
}

/// The seasons that were asked for, or those that are found and were seen at least `cycles` times.
pub(super) fn seasons(series: &Series, asked: Option<&[usize]>, cycles: usize) -> Result<Vec<usize>> {
    match asked {
        Some([]) => Ok(Vec::new()),
        Some(periods) => {
            check_periods(periods, cycles, series).map_err(|error| {
                let path = error.path().replacen("periods", "seasonal_periods", 1);
                error.at(path)
            })?;
            if let Some(index) = periods.iter().position(|period| *period < 2) {
                let path = format!("seasonal_periods[{index}]");
                return Err(Error::invalid(
                    path,
                    periods.get(index).copied().unwrap_or_default(),
                    "2 or more",
                ));
            }
            Ok(periods.to_vec())
        }
        None => {
            let filled = interpolated(series.values());
            let scale = log_where_positive(&filled);
            let modelled: Vec<f64> = filled.iter().map(|value| scale.forward(*value)).collect();
            let found = look::proven_periods(&modelled, series.clock());
            Ok(found.into_iter().filter(|period| cycles * period <= filled.len()).collect())
        }
    }
}

/// From the lower half of the level to the upper, the spread grows by so much where parts multiply.
const GROWS: f64 = 1.5;

/// The parts, on the scale on which they add up.
pub(super) fn take_apart(
    filled: &[f64],
    periods: &[usize],
    multiplicative: Option<bool>,
) -> Result<(Transform, Parts)> {
    let logs = log_where_positive(filled);
    let on_logs = || {
        let values: Vec<f64> = filled.iter().map(|value| logs.forward(*value)).collect();
        mstl(&values, periods)
    };
    match multiplicative {
        Some(true) if logs == Transform::Identity => {
            let help =
                "parts multiply only where every value is positive, and none vanishes beside the others";
            Err(Error::invalid("multiplicative", true, "false for these values").help(help))
        }
        Some(true) => Ok((logs, on_logs())),
        Some(false) => Ok((Transform::Identity, mstl(filled, periods))),
        None => {
            let plain = mstl(filled, periods);
            let growth = growth_of_spread(&plain);
            if logs == Transform::Identity || growth < GROWS {
                return Ok((Transform::Identity, plain));
            }
            let logged = on_logs();
            if ln(growth_of_spread(&logged).max(1e-9)).abs() < ln(growth) {
                return Ok((logs, logged));
            }
            Ok((Transform::Identity, plain))
        }
    }
}

/// The parts without the remainder.
pub(super) fn fitted(parts: &Parts) -> Vec<f64> {
    let mut sum = parts.trend.clone();
    for season in &parts.seasons {
        for (slot, value) in sum.iter_mut().zip(season) {
            *slot += value;
        }
    }
    sum
}

/// The median size of what remains where the level is above its mean, to that where it is below; 1 where it
/// can't be told.
fn growth_of_spread(parts: &Parts) -> f64 {
    let levels = fitted(parts);
    let middle = mean(&levels);
    let (mut low, mut high): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    for (level, rest) in levels.iter().zip(&parts.remainder) {
        if *level > middle { &mut high } else { &mut low }.push(rest.abs());
    }
    match (median(&mut low), median(&mut high)) {
        (Some(low), Some(high)) if low > 0.0 && high.is_finite() => high / low,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Random;

    fn parts_of(values: Vec<f64>) -> Decomposition {
        decompose(&Series::new(values).unwrap(), &DecomposeOptions::default()).unwrap()
    }

    fn wave(points: usize, scale: impl Fn(f64, f64, f64) -> f64) -> Vec<f64> {
        let mut random = Random::new(3);
        (0..points)
            .map(|step| {
                let season = crate::units::sin(step as f64 / 12.0 * std::f64::consts::TAU);
                scale(100.0 + 0.2 * step as f64, season, random.normal())
            })
            .collect()
    }

    #[test]
    fn parts_add_up_or_multiply() {
        let mut adding = wave(240, |trend, season, noise| trend + 20.0 * season + noise);
        adding[17] = f64::NAN;
        let parts = parts_of(adding.clone());
        assert!(!parts.multiplicative && parts.seasonal[0].period == 12);
        assert!(parts.trend_strength > 0.95 && parts.seasonal[0].strength > 0.95);
        assert_eq!(parts.remainder[17], None);
        for (step, value) in adding.iter().enumerate().filter(|(step, _)| *step != 17) {
            let sum = parts.trend[step] + parts.seasonal[0].values[step] + parts.remainder[step].unwrap();
            assert!((sum - value).abs() < 1e-9);
        }
        let multiplying =
            wave(240, |trend, season, noise| trend * crate::units::exp(0.9 * season + 0.05 * noise));
        let parts = parts_of(multiplying.clone());
        assert!(parts.multiplicative);
        for (step, value) in multiplying.iter().enumerate() {
            let product = parts.trend[step] * parts.seasonal[0].values[step] * parts.remainder[step].unwrap();
            assert!((product / value - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn noise_has_weak_parts_and_a_constant_none() {
        let mut random = Random::new(9);
        let parts = parts_of((0..300).map(|_| 50.0 + random.normal()).collect());
        assert!(parts.seasonal.is_empty() && parts.trend_strength < 0.2, "{}", parts.trend_strength);
        let constant = parts_of(vec![7.0; 60]);
        assert!(
            constant.trend_strength < 1e-9 && constant.trend.iter().all(|value| (value - 7.0).abs() < 1e-9)
        );
    }

    #[test]
    fn hostile_input_is_refused() {
        let of = |values: Vec<f64>, periods: Option<Vec<usize>>, multiplicative| {
            let options = DecomposeOptions { seasonal_periods: periods, multiplicative };
            let error = decompose(&Series::new(values).unwrap(), &options).unwrap_err();
            (error.code(), error.path().to_owned())
        };
        assert_eq!(of(vec![f64::NAN; 9], None, None), (ErrorCode::Empty, "values".to_owned()));
        assert_eq!(of(vec![1.0, 2.0], None, None).1, "values");
        assert_eq!(of(vec![1.0; MOST_DECOMPOSED + 1], None, None).0, ErrorCode::TooLarge);
        assert_eq!(of(vec![1.0; 20], Some(vec![11]), None).1, "values");
        assert_eq!(of(vec![1.0; 20], Some(vec![0]), None).1, "seasonal_periods[0]");
        assert_eq!(of(vec![1.0; 20], Some(vec![4, 4]), None).1, "seasonal_periods[1]");
        assert_eq!(of(vec![0.0, 1.0, 2.0], None, Some(true)).1, "multiplicative");
    }
}
