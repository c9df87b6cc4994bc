//! What kind of series it is: its seasons, its scale, whether it comes now and then.

use super::super::naive2::autocorrelations;
use super::super::series::Clock;
use super::super::statistics::{mean, median, present, quantile_of_sorted};
use super::super::transform::{Transform, log_where_positive};
use crate::units::{sqrt, t_two_sided};

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
/// of the first and two of the second were seen. Where noise hides the changes of single steps, those
/// of stretches of them are looked at. A second season is looked for in what the first
/// leaves, first in the changes, then in the levels: of a weekend at a tenth of a weekday's traffic two
/// jumps a week tell, which are few among thousands of changes.
///
/// A clock's own day or week needs no proof as the second: models that follow it are weighed like all
/// others.
pub(super) fn seasonal_periods(values: &[f64], clock: Option<Clock>) -> Vec<usize> {
    periods(values, clock, clock.is_some())
}

/// The same where nothing weighs what was found: each season must show.
pub(in crate::forecast) fn proven_periods(values: &[f64], clock: Option<Clock>) -> Vec<usize> {
    periods(values, clock, false)
}

fn periods(values: &[f64], clock: Option<Clock>, trusted: bool) -> Vec<usize> {
    let values = values.get(values.len().saturating_sub(LOOKED_AT)..).unwrap_or(values);
    let mut changes = clipped_changes(values);
    let tried = match clock {
        Some(clock) => of_clock(&clock),
        None => USUAL.to_vec(),
    };
    let threshold = least_correlation(changes.len());
    let at_steps = |period: usize| {
        let at = |halves: usize| correlation(&changes, (halves * period).div_ceil(2));
        // Changes of a smooth curve are like those just before them: those of a season are more like those
        // a whole season before, and two, than those half of one before and after.
        let of_longer = tried.iter().any(|longer| *longer > period && 3 * longer <= values.len());
        let peaks = |place: usize, beside: f64| at(place) > beside + threshold / 2.0;
        let strength = at(2);
        let is_season =
            strength > threshold && (!of_longer || peaks(2, at(1).max(at(3))) && peaks(4, at(3).max(at(5))));
        is_season.then_some((period, strength))
    };
    let seen = || tried.iter().copied().filter(|period| 3 * *period <= values.len());
    let mut strengths: Vec<(usize, f64)> = seen().filter_map(at_steps).collect();
    for period in seen() {
        // Stretches are more alike than steps: what shows at steps is not outdone by its multiples.
        if !strengths.iter().any(|(shorter, _)| period.is_multiple_of(*shorter)) {
            strengths.extend(over_stretches(values, period));
        }
    }
    strengths.sort_by_key(|(period, _)| *period);
    let first = shortest_of_the_strong(&strengths);
    let Some(first) = first else { return Vec::new() };
    remove_season(&mut changes, first);
    let longer: Vec<usize> = tried
        .iter()
        .copied()
        .filter(|period| {
            *period > first && 2 * period + first <= values.len() && period.is_multiple_of(first)
        })
        .collect();
    let second = longer
        .iter()
        .map(|period| (*period, correlation(&changes, *period)))
        .filter(|(_, strength)| *strength > if trusted { 0.0 } else { threshold })
        .max_by(|left, right| left.1.total_cmp(&right.1))
        .map(|(period, _)| period);
    let second = second.or_else(|| {
        let strength = |period: usize| recurrence(values, first, period, longer.len());
        let recurring = longer.iter().filter_map(|period| Some((*period, strength(*period)?)));
        shortest_of_the_strong(&recurring.collect::<Vec<_>>())
    });
    std::iter::once(first).chain(second).collect()
}

fn shortest_of_the_strong(strengths: &[(usize, f64)]) -> Option<usize> {
    let strongest = strengths.iter().map(|(_, strength)| *strength).fold(0.0, f64::max);
    let first = strengths.iter().find(|(_, strength)| *strength >= NEARLY_AS_STRONG * strongest);
    first.map(|(period, _)| *period)
}

/// Least correlation of so many changes that counts.
fn least_correlation(changes: usize) -> f64 {
    (3.0 / sqrt(changes.max(1) as f64)).max(0.1)
}

fn clipped_changes(values: &[f64]) -> Vec<f64> {
    let mut changes: Vec<f64> =
        values.iter().zip(values.iter().skip(1)).map(|(before, after)| after - before).collect();
    clip(&mut changes);
    changes
}

/// Stretches of a long season, as a day has hours.
const STRETCHES: usize = 24;
/// Fewest steps of a stretch: in shorter ones there is little noise to lose.
const FEWEST_OF_A_STRETCH: usize = 4;

/// Correlation of the changes between medians of the stretches of a season, where it counts.
fn over_stretches(values: &[f64], period: usize) -> Option<(usize, f64)> {
    let length = period / STRETCHES;
    if length < FEWEST_OF_A_STRETCH || !period.is_multiple_of(STRETCHES) {
        return None;
    }
    let changes = clipped_changes(&medians(values, length));
    let strength = correlation(&changes, STRETCHES);
    (strength > least_correlation(changes.len())).then_some((period, strength))
}

fn medians(values: &[f64], length: usize) -> Vec<f64> {
    values.chunks_exact(length.max(1)).filter_map(|block| median(&mut block.to_vec())).collect()
}

/// Most stretches of the first season when a second is looked for in levels.
const MOST_PARTS: usize = 8;
/// Chance of finding a second season in noise.
const CHANCE: f64 = 0.01;
/// Deviations beyond this quantile of their sizes count as at it: a spike says little, and what comes on
/// one day of seven is not beyond it.
const ORDINARY_SHARE: f64 = 0.9;

/// Correlation of what deviates from the first season and the level around with what deviated one
/// longer season before, where that can't be chance and is more than one, two, … of the first before.
///
/// Levels are running medians over a longer season, which shifts and trends move along and weekends
/// do not; deviations are those of the medians of a few stretches of each first season. What is
/// independent is taken to be the first seasons, not their stretches, so that t has as many degrees of freedom as
/// pairs of those less two.
fn recurrence(values: &[f64], first: usize, period: usize, tests: usize) -> Option<f64> {
    let parts = (1..=MOST_PARTS.min(first)).rev().find(|parts| first.is_multiple_of(*parts))?;
    let stretches = medians(values, first / parts);
    let cycles = medians(&stretches, parts);
    let times = period / first;
    let levels: Vec<f64> = (0..cycles.len())
        .filter_map(|index| {
            let from = index.saturating_sub(times / 2).min(cycles.len().saturating_sub(times));
            median(&mut cycles.iter().skip(from).take(times).copied().collect::<Vec<f64>>())
        })
        .collect();
    let mut rest: Vec<f64> = stretches
        .chunks_exact(parts)
        .zip(&levels)
        .flat_map(|(cycle, level)| cycle.iter().map(move |value| value - level))
        .collect();
    for part in 0..parts {
        let mut at_part: Vec<f64> = rest.iter().skip(part).step_by(parts).copied().collect();
        let usual = median(&mut at_part).unwrap_or_default();
        for value in rest.iter_mut().skip(part).step_by(parts) {
            *value -= usual;
        }
    }
    let mut sizes: Vec<f64> = rest.iter().map(|value| value.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let most = quantile_of_sorted(&sizes, ORDINARY_SHARE)?;
    for value in &mut rest {
        *value = value.clamp(-most, most);
    }
    let after = |cycles: usize| likeness(&rest, cycles * parts);
    let found = after(times);
    let degrees = (cycles.len().checked_sub(times + 2)?) as f64;
    if degrees < 3.0 || (1..times).any(|cycles| after(cycles) >= found) {
        return None;
    }
    let statistic = found * sqrt(degrees / (1.0 - found * found).max(1e-12));
    (t_two_sided(statistic, degrees) < CHANCE / tests.max(1) as f64).then_some(found)
}

/// Pearson's correlation of values with those so many places on; 0 where nothing varies.
fn likeness(values: &[f64], lag: usize) -> f64 {
    let earlier = values.get(..values.len().saturating_sub(lag)).unwrap_or_default();
    let later = values.get(lag..).unwrap_or_default();
    let (early, late) = (mean(earlier), mean(later));
    let (mut product, mut squares) = (0.0, (0.0, 0.0));
    for (before, after) in earlier.iter().zip(later) {
        let (before, after) = (before - early, after - late);
        product += before * after;
        squares = (squares.0 + before * before, squares.1 + after * after);
    }
    let scale = sqrt(squares.0 * squares.1);
    if scale > 0.0 { product / scale } else { 0.0 }
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

    /// Office traffic: a hump from eight to six, a fraction of it at weekends, noise of a tenth, a few
    /// spikes and a new level.
    fn office(step_minutes: usize, days: usize, weekend: f64, seed: u64) -> Vec<f64> {
        let mut random = Random::new(seed);
        let per_day = 1440 / step_minutes;
        let value = |step: usize| {
            let hour = (step % per_day) as f64 * 24.0 / per_day as f64;
            let hump = crate::units::exp(-(hour - 13.0) * (hour - 13.0) / 18.0);
            let day = if step / per_day % 7 >= 5 { weekend } else { 1.0 };
            let level = if step < days * per_day * 3 / 5 { 1.0 } else { 1.6 };
            level * day * (20.0 + 200.0 * hump)
        };
        let mut values: Vec<f64> =
            (0..days * per_day).map(|step| value(step) * crate::units::exp(0.1 * random.normal())).collect();
        for _ in 0..(values.len() / 50).min(6) {
            let place = (random.uniform() * values.len() as f64) as usize;
            values[place] *= 8.0;
        }
        values
    }

    #[test]
    fn weekends_show_behind_days_whatever_the_step() {
        for step_minutes in [5, 15, 60] {
            let day = 1440 / step_minutes;
            for (weekend, seed) in [(0.1, 1), (0.2, 2), (0.4, 3), (0.6, 4)] {
                for days in [24, 35] {
                    let values = office(step_minutes, days, weekend, seed);
                    let logs: Vec<f64> = values.iter().map(|value| crate::units::ln(*value)).collect();
                    let clock = Clock { start_seconds: 0.0, step_seconds: step_minutes as f64 * 60.0 };
                    for clock in [Some(clock), None] {
                        let found = proven_periods(&logs, clock);
                        assert_eq!(found, [day, 7 * day], "{step_minutes} {weekend} {days} {clock:?}");
                    }
                }
            }
        }
        let days: Vec<f64> = office(1440, 56, 0.3, 5).iter().map(|value| crate::units::ln(*value)).collect();
        let clock = Clock { start_seconds: 0.0, step_seconds: 86_400.0 };
        assert_eq!(proven_periods(&days, Some(clock)), [7]);
        assert_eq!(proven_periods(&days, None), [7]);
    }

    /// Days of which none is special, 60 times: a week is found at most 4 times (one in a hundred
    /// is the promise of each of two tests, 1.2 in all).
    #[test]
    fn days_alike_have_no_week() {
        for (step_minutes, days) in [(60, 28), (15, 24)] {
            let clock = Clock { start_seconds: 0.0, step_seconds: step_minutes as f64 * 60.0 };
            let found = (0..60)
                .filter(|seed| {
                    let clock = (seed % 2 == 0).then_some(clock);
                    let found = proven_periods(&office(step_minutes, days, 1.0, 100 + seed), clock);
                    found != [1440 / step_minutes]
                })
                .count();
            assert!(found <= 4, "{step_minutes} {found}");
        }
    }

    #[test]
    fn nights_are_not_intermittence() {
        let nights: Vec<f64> = (0..240).map(|hour| if hour % 24 < 9 { 0.0 } else { 5.0 }).collect();
        let rare: Vec<f64> = (0..240).map(|step| if step % 5 == 2 { 5.0 } else { 0.0 }).collect();
        assert!(!is_intermittent(&nights) && is_intermittent(&rare));
        assert!(!is_intermittent(&[0.0, -1.0, 0.0, 0.0, 3.0]));
    }
}
