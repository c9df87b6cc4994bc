//! What kind of series it is: its seasons, its scale, whether it comes now and then.

use super::super::naive2::autocorrelations;
use super::super::series::Clock;
use super::super::statistics::{mean, median, present};
use super::super::transform::{Transform, log_where_positive};
use crate::units::sqrt;

/// Seasons that are tried where there is no clock: of hours, days, weeks and months, and the days
/// and weeks of steps of 1, 5, 10, 15 and 30 minutes.
const USUAL: [usize; 15] = [4, 7, 12, 24, 48, 52, 96, 144, 168, 288, 336, 672, 1008, 1440, 2016];
/// Seasons that are tried where there is one, in seconds: an hour, a day, a week.
const SPANS: [f64; 3] = [3_600.0, 86_400.0, 604_800.0];
/// Longest season that is looked for.
const MOST_PERIOD: usize = 10_080;
/// Of the strongest season, what a shorter one must have to be taken before it.
const NEARLY_AS_STRONG: f64 = 0.6;
/// Points of the end that are looked at.
const LOOKED_AT: usize = 20_000;

/// The seasons of a series, at most two, the shortest first: those at whose period changes from
/// step to step are correlated (above 0.1 and three standard errors), of which at least three
/// of the first and two of the second were seen. A second season is looked for in what the first
/// leaves.
pub(in crate::forecast) fn seasonal_periods(values: &[f64], clock: Option<Clock>) -> Vec<usize> {
    let values = values.get(values.len().saturating_sub(LOOKED_AT)..).unwrap_or(values);
    let mut changes: Vec<f64> =
        values.iter().zip(values.iter().skip(1)).map(|(before, after)| after - before).collect();
    clip(&mut changes);
    let tried = match clock {
        Some(clock) => of_clock(&clock),
        None => USUAL.to_vec(),
    };
    let threshold = (3.0 / sqrt(changes.len().max(1) as f64)).max(0.1);
    let strength = |changes: &[f64], period: usize| correlation(changes, period);
    let strengths: Vec<(usize, f64)> = tried
        .iter()
        .filter(|period| 3 * **period <= values.len())
        .map(|period| (*period, strength(&changes, *period)))
        .filter(|(_, strength)| *strength > threshold)
        .collect();
    let strongest = strengths.iter().map(|(_, strength)| *strength).fold(0.0, f64::max);
    let Some((first, _)) =
        strengths.iter().find(|(_, strength)| *strength >= NEARLY_AS_STRONG * strongest).copied()
    else {
        return Vec::new();
    };
    remove_season(&mut changes, first);
    let second = tried
        .iter()
        .copied()
        .filter(|period| {
            *period > first && 2 * period + first <= values.len() && period.is_multiple_of(first)
        })
        .map(|period| (period, strength(&changes, period)))
        // A clock's own day or week needs no proof: models that follow it are weighed like all others.
        .filter(|(_, strength)| *strength > if clock.is_some() { 0.0 } else { threshold })
        .max_by(|left, right| left.1.total_cmp(&right.1));
    std::iter::once(first).chain(second.map(|(period, _)| period)).collect()
}

/// Changes beyond so many times the usual one (the median absolute one times 1.4826) say where
/// something broke, not where a season is.
const CLIPPED: f64 = 6.0;

pub(in crate::forecast) fn clip(changes: &mut [f64]) {
    let mut sizes: Vec<f64> = changes.iter().map(|change| change.abs()).collect();
    let usual = 1.4826 * median(&mut sizes).unwrap_or_default();
    if usual > 0.0 {
        for change in changes {
            *change = change.clamp(-CLIPPED * usual, CLIPPED * usual);
        }
    }
}

fn of_clock(clock: &Clock) -> Vec<usize> {
    let mut periods: Vec<usize> = SPANS
        .iter()
        .map(|span| span / clock.step_seconds)
        .filter(|steps| (steps - steps.round()).abs() < 1e-6 && *steps >= 2.0 && *steps <= MOST_PERIOD as f64)
        .map(|steps| steps.round() as usize)
        .collect();
    let days = clock.step_seconds / 86_400.0;
    // Calendar months and weeks: a year of them.
    if (28.0..=31.0).contains(&days) {
        periods.push(12);
    } else if (days - 7.0).abs() < 1e-9 {
        periods.push(52);
    }
    periods
}

/// Autocorrelation at one lag.
fn correlation(values: &[f64], lag: usize) -> f64 {
    let middle = mean(values);
    let square: f64 = values.iter().map(|value| (value - middle) * (value - middle)).sum();
    let product: f64 = values
        .iter()
        .zip(values.iter().skip(lag))
        .map(|(left, right)| (left - middle) * (right - middle))
        .sum();
    if square > 0.0 { product / square } else { 0.0 }
}

fn remove_season(values: &mut [f64], period: usize) {
    let mut sums = vec![(0.0, 0.0); period.max(1)];
    for season in values.chunks(period.max(1)) {
        for ((sum, count), value) in sums.iter_mut().zip(season) {
            *sum += value;
            *count += 1.0;
        }
    }
    for season in values.chunks_mut(period.max(1)) {
        for (value, (sum, count)) in season.iter_mut().zip(&sums) {
            *value -= sum / f64::max(*count, 1.0);
        }
    }
}

/// Least share of zeros of an intermittent series.
const MOSTLY_NOTHING: f64 = 0.3;

/// Whether demand comes now and then: nothing below zero, zeros in at least three of ten steps, and
/// none of them foreseeable from the one before (zeros that come in long runs are nights, not
/// intermittence).
pub(super) fn is_intermittent(values: &[f64]) -> bool {
    let (mut zeros, mut count) = (0.0, 0.0);
    for value in present(values) {
        if value < 0.0 {
            return false;
        }
        count += 1.0;
        zeros += f64::from(u8::from(value == 0.0));
    }
    if count < 4.0 || zeros < MOSTLY_NOTHING * count {
        return false;
    }
    let happened: Vec<f64> = present(values).map(|value| f64::from(u8::from(value > 0.0))).collect();
    autocorrelations(&happened, 1).first().is_some_and(|correlation| *correlation < 0.5)
}

/// The scale on which seasons and errors scale with the level: logarithms where all values are positive,
/// square roots (Box–Cox with ½) where some are zero, none where some are negative.
pub(super) fn scale(values: &[f64]) -> Transform {
    let transform = log_where_positive(values);
    if transform == Transform::Identity && values.iter().all(|value| *value >= 0.0) {
        return Transform::BoxCox { lambda: 0.5, shift: 0.0 };
    }
    transform
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Random;

    fn hourly(days: usize, weekend: f64) -> Vec<f64> {
        let mut random = Random::new(1);
        let value = |hour: usize| {
            let day = (2.0 - crate::units::cos(hour as f64 / 24.0 * std::f64::consts::TAU)) * 100.0;
            day * if hour / 24 % 7 >= 5 { weekend } else { 1.0 }
        };
        (0..24 * days).map(|hour| value(hour) + 5.0 * random.normal()).collect()
    }

    #[test]
    fn days_and_weeks_are_found() {
        let clock = Clock { start_seconds: 0.0, step_seconds: 3600.0 };
        assert_eq!(seasonal_periods(&hourly(28, 0.5), Some(clock)), [24, 168]);
        assert_eq!(seasonal_periods(&hourly(28, 0.5), None), [24, 168]);
        assert_eq!(seasonal_periods(&hourly(28, 1.0), Some(clock)), [24]);
        assert_eq!(seasonal_periods(&hourly(2, 1.0), Some(clock)), [0; 0]);
    }

    /// Of 200 series of noise at most a tenth have a season: 15 periods are tried, each at
    /// three standard errors one-sided.
    #[test]
    fn noise_has_no_season() {
        let mut random = Random::new(8);
        let found = (0..200)
            .filter(|_| {
                let noise: Vec<f64> = (0..1000).map(|_| random.normal()).collect();
                !seasonal_periods(&noise, None).is_empty()
            })
            .count();
        assert!(found <= 20, "{found}");
    }

    #[test]
    fn nights_are_not_intermittence() {
        let nights: Vec<f64> = (0..240).map(|hour| if hour % 24 < 9 { 0.0 } else { 5.0 }).collect();
        let rare: Vec<f64> = (0..240).map(|step| if step % 5 == 2 { 5.0 } else { 0.0 }).collect();
        assert!(!is_intermittent(&nights) && is_intermittent(&rare));
        assert!(!is_intermittent(&[0.0, -1.0, 0.0, 0.0, 3.0]));
    }
}
