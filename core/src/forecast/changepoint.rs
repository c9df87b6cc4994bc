//! Where the level of a series shifted.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::auto::{clean, look};
use super::decompose::seasons;
use super::series::Series;
use super::statistics::{mean, median};
use crate::error::Result;
use crate::units::{check_range, normal_quantile, sqrt, t_quantile, t_two_sided};

/// How sure a shift must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangepointOptions {
    /// Seasons in steps, the shortest first, at most three, each seen at least three times; empty for
    /// none. By default they are looked for.
    #[serde(default)]
    pub seasonal_periods: Option<Vec<usize>>,
    /// Chance that a series without a shift is said to have any, 0.0001 to 0.5. Default: 0.05.
    #[serde(default = "crate::forecast::default_significance")]
    pub significance: f64,
}

impl Default for ChangepointOptions {
    fn default() -> Self {
        Self { seasonal_periods: None, significance: super::default_significance() }
    }
}

/// A lasting shift of level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Changepoint {
    /// The first point of the new level in the regular series, from 0: where times were given and rows
    /// are missing, steps without a row count too, so that `at_seconds` finds the row.
    pub index: usize,
    /// When it was, in seconds since the Unix epoch; none for a plain index.
    pub at_seconds: Option<f64>,
    /// Mean from the changepoint before, or the beginning, without the season.
    pub before: f64,
    /// Mean up to the next changepoint, or the end, without the season.
    pub after: f64,
    /// Chance of a shift like this anywhere in a series without one.
    pub p_value: f64,
}

/// Where the level shifted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangepointReport {
    /// Shifts, oldest first.
    pub changepoints: Vec<Changepoint>,
    /// Standard deviation of points around their level.
    pub spread: f64,
    /// Correlation of neighbouring points that the test allows for, 0 to 0.98.
    pub autocorrelation: f64,
    /// Seasons that were taken out before, in steps.
    pub seasonal_periods: Vec<usize>,
}

/// Fewest points of a level.
const FEWEST: usize = 6;
/// Rounds in which what is not significant beside its neighbours, or is a slope, is dropped.
const ROUNDS: usize = 20;

/// Shifts of level, in time proportional to n log n.
///
/// Seeded binary segmentation (S. Kovács, P. Bühlmann, H. Li and A. Munk, "Seeded binary segmentation: a
/// general methodology for fast and optimal changepoint detection", Biometrika 110, 2023) with decay √½
/// and its narrowest intervals first (R. Baranowski, Y. Chen and P. Fryzlewicz, "Narrowest-over-threshold
/// detection of multiple change points and change-point-like features", JRSS B 81, 2019). Each
/// split of each interval is one test of two means, and the chance of any false alarm among all is held to the asked
/// significance (Bonferroni: it errs on the safe side). The variance is that of means of neighbours
/// that are alike (spread² × (1 + ρ) ÷ (1 − ρ)), from differences, which shifts hardly touch, or from
/// differences of block means where these vary more (W. B. Wu and Z. Zhao, "Inference of trends in time
/// series", JRSS B 69, 2007).
///
/// A steady slope is no shift: where a line fits both sides better than two levels do, nothing is
/// said; [`trend_direction`](super::trend_direction) tells of it. Values that wander like a random
/// walk have levels that shift all the time, which can't be told from steps.
///
/// ```
/// use sizewell::forecast::{ChangepointOptions, Series, changepoints};
/// let values = (0..200).map(|step| f64::from(step * 7 % 5) + if step < 120 { 10.0 } else { 25.0 });
/// let report = changepoints(&Series::new(values.collect())?, &ChangepointOptions::default())?;
/// assert_eq!(report.changepoints.len(), 1);
/// assert_eq!(report.changepoints[0].index, 120);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// At `values`: `empty` where all points are missing, `invalid_value` for fewer than three and for a
/// season that is not seen three times; `invalid_value` at `seasonal_periods` as for
/// [`decompose`](super::decompose), and at `significance`.
pub fn changepoints(series: &Series, options: &ChangepointOptions) -> Result<ChangepointReport> {
    check_range("significance", options.significance, 1e-4, 0.5)?;
    series.need(3, "levels need points")?;
    let periods = seasons(series, options.seasonal_periods.as_deref(), 3)?;
    let cleaned = clean::without_outliers(series.values(), &periods).values;
    let period = periods.last().copied().unwrap_or(1);
    let levels = clean::without_season(&cleaned, period);
    let mut noise = Noise::of(&levels);
    if period > 1 {
        // One deviation was taken out at each place of the season.
        let cycles = (levels.len() as f64 / period as f64).max(1.5);
        noise.long_run *= cycles / (cycles - 1.0);
    }
    // Interpolated points say nothing of their own.
    noise.long_run *= series.len() as f64 / series.observed() as f64;
    let search = Search::new(&levels, noise.long_run);
    let found = search.changepoints(options.significance);
    let bounds = search.bounds(&found);
    let changepoints = bounds.windows(3).filter_map(|bounds| {
        let [start, split, end] = *bounds else { return None };
        Some(Changepoint {
            index: split,
            at_seconds: series.clock().map(|clock| clock.time_seconds(split)),
            before: search.mean(start, split),
            after: search.mean(split, end),
            p_value: search.p_value(start, split, end),
        })
    });
    Ok(ChangepointReport {
        changepoints: changepoints.collect(),
        spread: noise.spread,
        autocorrelation: noise.autocorrelation,
        seasonal_periods: periods,
    })
}

/// How points vary around levels that may shift.
struct Noise {
    spread: f64,
    autocorrelation: f64,
    /// n times the variance of a mean of n points.
    long_run: f64,
}

impl Noise {
    /// Of an autoregression of order 1, the mean square of differences is 2 σ² (1 − ρ) at lag 1
    /// and 2 σ² (1 − ρ²) at lag 2: their ratio is 1 + ρ.
    fn of(values: &[f64]) -> Self {
        let square = |lag: usize| {
            let mut changes: Vec<f64> =
                values.iter().zip(values.iter().skip(lag)).map(|(before, after)| after - before).collect();
            look::clip(&mut changes);
            mean(&changes.iter().map(|change| change * change).collect::<Vec<f64>>())
        };
        let (first, second) = (square(1), square(2));
        // Where most neighbours are equal, differences are the shifts, and say nothing of correlation.
        let neighbours = values.iter().zip(values.iter().skip(1));
        let equal = 2 * neighbours.filter(|(before, after)| before == after).count() > values.len();
        let seen = if first > 0.0 && !equal { (second / first - 1.0).clamp(0.0, 0.98) } else { 0.0 };
        // Its standard error is near √(1 ÷ n): one of them more errs on the safe side.
        let autocorrelation = (seen + 1.0 / sqrt(values.len().max(4) as f64)).min(0.98);
        let variance = first / (2.0 * (1.0 - seen));
        let of_autoregression = variance * (1.0 + autocorrelation) / (1.0 - autocorrelation);
        let long_run = of_autoregression.max(of_blocks(values));
        Self { spread: sqrt(variance), autocorrelation: seen, long_run }
    }
}

/// Wu and Zhao's estimate from the median absolute difference of means of neighbouring blocks.
fn of_blocks(values: &[f64]) -> f64 {
    let length = (crate::units::cbrt(values.len() as f64).ceil() as usize).max(1);
    let means: Vec<f64> = values.chunks_exact(length).map(mean).collect();
    let mut differences: Vec<f64> =
        means.iter().zip(means.iter().skip(1)).map(|(before, after)| (after - before).abs()).collect();
    let usual = median(&mut differences).unwrap_or_default() / normal_quantile(0.75);
    length as f64 * usual * usual / 2.0
}

/// Sums from the beginning, by which any interval is tested in constant time.
struct Search {
    sums: Vec<f64>,
    squares: Vec<f64>,
    /// Sums of place × value.
    products: Vec<f64>,
    /// Variance of a mean times the number of its points.
    variance: f64,
    /// What was taken off all values, so that sums keep their digits.
    offset: f64,
    intervals: Vec<(usize, usize)>,
    /// Tests: splits of all intervals.
    tests: f64,
    /// Degrees of freedom of the variance.
    degrees: f64,
}

impl Search {
    fn new(values: &[f64], variance: f64) -> Self {
        let offset = mean(values);
        let cumulated = |term: &dyn Fn(usize, f64) -> f64| {
            let mut sum = 0.0;
            let all = values.iter().enumerate().map(|(place, value)| {
                sum += term(place, value - offset);
                sum
            });
            std::iter::once(0.0).chain(all).collect::<Vec<f64>>()
        };
        let intervals = seeded(values.len());
        let tests: usize = intervals.iter().map(|(start, end)| end - start + 1 - 2 * FEWEST).sum();
        let size = values.iter().map(|value| value.abs()).fold(0.0, f64::max);
        // What rounding leaves of equal values is no shift.
        let variance = variance.max(1e-18 * size * size).max(f64::MIN_POSITIVE);
        let sums = cumulated(&|_, value| value);
        let squares = cumulated(&|_, value| value * value);
        let total = squares.last().copied().unwrap_or_default() / values.len().max(1) as f64;
        let count = values.len() as f64;
        // As many independent points as would have means that vary as much.
        let inflation = if total > 0.0 { (variance / total).clamp(1.0, count) } else { 1.0 };
        Self {
            sums,
            squares,
            products: cumulated(&|place, value| place as f64 * value),
            variance,
            offset,
            intervals,
            tests: tests.max(1) as f64,
            degrees: (count / inflation - 2.0).max(3.0),
        }
    }

    fn between(column: &[f64], start: usize, end: usize) -> f64 {
        column.get(end).copied().unwrap_or_default() - column.get(start).copied().unwrap_or_default()
    }

    fn centred_mean(&self, start: usize, end: usize) -> f64 {
        Self::between(&self.sums, start, end) / end.saturating_sub(start).max(1) as f64
    }

    fn mean(&self, start: usize, end: usize) -> f64 {
        self.offset + self.centred_mean(start, end)
    }

    /// The difference of the means on both sides, in standard errors.
    fn statistic(&self, start: usize, split: usize, end: usize) -> f64 {
        let (before, after) = ((split - start) as f64, (end - split) as f64);
        let shift = self.centred_mean(split, end) - self.centred_mean(start, split);
        shift.abs() * sqrt(before * after / (before + after) / self.variance)
    }

    fn p_value(&self, start: usize, split: usize, end: usize) -> f64 {
        (self.tests * t_two_sided(self.statistic(start, split, end), self.degrees)).min(1.0)
    }

    /// The split with the greatest statistic, each side at least [`FEWEST`] long.
    fn best_split(&self, start: usize, end: usize) -> Option<(usize, f64)> {
        (start + FEWEST..=end.saturating_sub(FEWEST))
            .map(|split| (split, self.statistic(start, split, end)))
            .max_by(|left, right| left.1.total_cmp(&right.1))
    }

    /// Whether one line fits both sides better than two levels.
    fn is_slope(&self, start: usize, split: usize, end: usize) -> bool {
        let total = |from: usize, to: usize| {
            let middle = self.centred_mean(from, to);
            Self::between(&self.squares, from, to) - middle * middle * (to - from) as f64
        };
        let count = (end - start) as f64;
        let middle = (start + end) as f64 / 2.0 - 0.5;
        let product =
            Self::between(&self.products, start, end) - middle * Self::between(&self.sums, start, end);
        let places = count * (count * count - 1.0) / 12.0;
        total(start, end) - product * product / places <= total(start, split) + total(split, end)
    }

    fn bounds(&self, found: &[usize]) -> Vec<usize> {
        let last = self.sums.len().saturating_sub(1);
        std::iter::once(0).chain(found.iter().copied()).chain([last]).collect()
    }

    fn changepoints(&self, significance: f64) -> Vec<usize> {
        let threshold = t_quantile(significance / self.tests, self.degrees);
        let mut found = BTreeSet::new();
        for (start, end) in &self.intervals {
            if found.range(start + 1..*end).next().is_some() {
                continue;
            }
            if let Some((split, statistic)) = self.best_split(*start, *end)
                && statistic > threshold
            {
                found.insert(split);
            }
        }
        let mut found: Vec<usize> = found.into_iter().collect();
        for _ in 0..ROUNDS {
            let before = found.clone();
            // Narrow intervals find that there is a shift, wide ones where.
            for index in 0..found.len() {
                let start = index.checked_sub(1).and_then(|before| found.get(before)).copied().unwrap_or(0);
                let end = found.get(index + 1).copied().unwrap_or(self.sums.len().saturating_sub(1));
                if let (Some((split, _)), Some(slot)) = (self.best_split(start, end), found.get_mut(index)) {
                    *slot = split;
                }
            }
            let mut dropped_before = false;
            found = self
                .bounds(&found)
                .windows(3)
                .filter_map(|bounds| {
                    let [start, split, end] = *bounds else { return None };
                    // Of neighbours only every other goes: the one that stays may be sure without it.
                    let fails =
                        self.statistic(start, split, end) <= threshold || self.is_slope(start, split, end);
                    dropped_before = fails && !dropped_before;
                    (!dropped_before).then_some(split)
                })
                .collect();
            if found == before {
                return found;
            }
        }
        let bounds = self.bounds(&found);
        let sure = bounds.windows(3).filter_map(|bounds| {
            let [start, split, end] = *bounds else { return None };
            let sure = self.statistic(start, split, end) > threshold && !self.is_slope(start, split, end);
            sure.then_some(split)
        });
        sure.collect()
    }
}

/// Intervals from the narrowest to the whole: each layer √½ as wide as the one before, overlapping by
/// half or more (Kovács and others, definition 1).
fn seeded(points: usize) -> Vec<(usize, usize)> {
    let mut intervals = Vec::new();
    let mut growth = 1.0;
    loop {
        let width = points as f64 / growth;
        if width < (2 * FEWEST) as f64 {
            break;
        }
        let count = 2.0 * (growth - 1e-9).ceil() - 1.0;
        let step = if count > 1.0 { (points as f64 - width) / (count - 1.0) } else { 0.0 };
        for index in 0..count as usize {
            let start = (index as f64 * step).floor() as usize;
            let end = ((index as f64 * step + width).ceil() as usize).min(points);
            intervals.push((start, end));
        }
        growth *= std::f64::consts::SQRT_2;
    }
    intervals.reverse();
    intervals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;
    use crate::units::Random;

    fn found(values: &[f64], periods: Option<Vec<usize>>) -> ChangepointReport {
        let options = ChangepointOptions { seasonal_periods: periods, ..ChangepointOptions::default() };
        changepoints(&Series::new(values.to_vec()).unwrap(), &options).unwrap()
    }

    fn noise(random: &mut Random, points: usize, correlation: f64) -> Vec<f64> {
        let mut state = random.normal() / sqrt(1.0 - correlation * correlation);
        (0..points)
            .map(|_| {
                state = correlation * state + random.normal();
                state
            })
            .collect()
    }

    /// At most one in twenty is the promise; of 100 that is up to 10 (two standard errors more).
    #[test]
    fn noise_has_no_shift_more_often_than_stated() {
        let mut random = Random::new(4);
        for correlation in [0.0, 0.5, 0.8] {
            for points in [60, 400] {
                let alarms = (0..100)
                    .filter(|_| {
                        !found(&noise(&mut random, points, correlation), Some(vec![])).changepoints.is_empty()
                    })
                    .count();
                assert!(alarms <= 10, "{correlation} {points} {alarms}");
            }
        }
    }

    #[test]
    fn planted_shifts_are_found_where_they_are() {
        let mut random = Random::new(5);
        for _ in 0..20 {
            let mut values = noise(&mut random, 400, 0.3);
            for (index, value) in values.iter_mut().enumerate() {
                *value += if (150..290).contains(&index) { 8.0 } else { 0.0 };
            }
            values[40] = 60.0;
            values[61..64].fill(f64::NAN);
            let report = found(&values, None);
            let places: Vec<i64> = report.changepoints.iter().map(|one| one.index as i64).collect();
            assert!(places.len() == 2, "{places:?}");
            assert!((places[0] - 150).abs() <= 3 && (places[1] - 290).abs() <= 3, "{places:?}");
            let first = report.changepoints[0];
            assert!((first.after - first.before - 8.0).abs() < 1.5 && first.p_value < 0.05);
        }
    }

    #[test]
    fn an_outlier_beside_a_gap_is_no_level() {
        let mut random = Random::new(15);
        for gap in [41..55, 26..40] {
            for season in [0.0, 30.0] {
                let day =
                    |hour: usize| season * crate::units::sin(hour as f64 / 24.0 * std::f64::consts::TAU);
                let noise = noise(&mut random, 240, 0.2);
                let mut values: Vec<f64> =
                    noise.iter().enumerate().map(|(hour, noise)| 50.0 + day(hour) + noise).collect();
                values[40] = 200.0;
                values[gap.clone()].fill(f64::NAN);
                assert_eq!(found(&values, None).changepoints, [], "{gap:?} {season}");
            }
        }
    }

    #[test]
    fn a_season_hides_no_shift_and_a_slope_is_none() {
        let mut random = Random::new(6);
        let day = |hour: usize| 20.0 * crate::units::sin(hour as f64 / 24.0 * std::f64::consts::TAU);
        let values: Vec<f64> = (0..480)
            .map(|hour| 100.0 + day(hour) + if hour < 300 { 0.0 } else { 15.0 } + random.normal())
            .collect();
        let report = found(&values, None);
        assert_eq!(report.seasonal_periods, [24]);
        assert_eq!(report.changepoints.len(), 1);
        assert!(report.changepoints[0].index.abs_diff(300) <= 3);
        let slope: Vec<f64> = (0..400).map(|step| 0.2 * f64::from(step) + random.normal()).collect();
        assert_eq!(found(&slope, None).changepoints, []);
    }

    #[test]
    fn bare_steps_constants_and_short_series() {
        let step: Vec<f64> = (0..40).map(|index| if index < 20 { 1.0 } else { 2.0 }).collect();
        assert_eq!(found(&step, None).changepoints[0].index, 20);
        assert_eq!(found(&[3.3; 500], None).changepoints, []);
        assert_eq!(found(&[1.0, 5.0, 9.0], None).changepoints, []);
        let refused = |values: &[f64], significance| {
            let options = ChangepointOptions { significance, ..ChangepointOptions::default() };
            changepoints(&Series::new(values.to_vec()).unwrap(), &options).unwrap_err()
        };
        assert_eq!(refused(&[f64::NAN; 9], 0.05).code(), ErrorCode::Empty);
        assert_eq!(refused(&[1.0; 9], f64::NAN).path(), "significance");
    }
}
