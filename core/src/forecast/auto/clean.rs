//! What would mislead a model and will not come again: single outliers, and levels that have gone.

use super::super::gaps::filled;
use super::super::statistics::{median, quantile_of_sorted};

/// What was done to a series before models saw it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::forecast) struct Cleaned {
    /// On the scale that was given.
    pub values: Vec<f64>,
    /// How many outliers were replaced.
    pub outliers: usize,
    /// Where the level shifted, and by how much.
    pub shift: Option<(usize, f64)>,
}

/// Outliers are so many times the usual deviation away (the median absolute one times 1.4826).
const OUTLIER: f64 = 8.0;
/// Greatest share of outliers: more are no accidents.
const MOST_OUTLIERS: f64 = 0.01;
/// A shift is so many times the usual change of level from block to block.
const SHIFT: f64 = 8.0;
/// Blocks on either side of a shift.
const BLOCKS: usize = 5;
/// Most points that are looked at, from the end.
const LOOKED_AT: usize = 20_000;

/// Replaces single outliers by the median of their neighbours in time and season, fills gaps, and
/// takes the level before its last lasting shift to that after it.
pub(super) fn clean(values: &[f64], periods: &[usize]) -> Cleaned {
    let mut cleaned = without_outliers(values, periods);
    if values.len() <= LOOKED_AT {
        undo_shift(&mut cleaned, periods);
    }
    cleaned
}

/// Replaces single outliers by the median of their neighbours in time and season, then fills gaps
/// (`NaN`): the other way round, what fills them would spread an outlier beside a gap over it.
pub(in crate::forecast) fn without_outliers(values: &[f64], periods: &[usize]) -> Cleaned {
    let mut cleaned = Cleaned { values: values.to_vec(), outliers: 0, shift: None };
    if values.len() <= LOOKED_AT {
        replace_outliers(&mut cleaned, periods);
    }
    cleaned.values = filled(&cleaned.values, periods);
    cleaned
}

fn replace_outliers(cleaned: &mut Cleaned, periods: &[usize]) {
    let values = &cleaned.values;
    let neighbours = |index: usize, period: usize| -> Option<f64> {
        let mut near: Vec<f64> = Vec::new();
        for away in [period, 2 * period] {
            near.extend(index.checked_sub(away).and_then(|place| values.get(place)));
            near.extend(values.get(index + away));
        }
        near.retain(|value| !value.is_nan());
        if let ([one, other], Some(value)) = (near.as_slice(), values.get(index)) {
            // At the ends there are two: where they disagree, either may be the outlier.
            return Some(if (value - one).abs() <= (value - other).abs() { *one } else { *other });
        }
        median(&mut near)
    };
    let periods = if periods.is_empty() { &[1] } else { periods };
    // What one season expects (a weekend, say) is no outlier, whatever another says.
    let expected: Vec<f64> = values
        .iter()
        .enumerate()
        .map(|(index, value)| {
            let by_season = periods.iter().filter_map(|period| neighbours(index, *period));
            let nearest =
                by_season.min_by(|left, right| (value - left).abs().total_cmp(&(value - right).abs()));
            nearest.unwrap_or(f64::NAN)
        })
        .collect();
    let deviations: Vec<f64> =
        values.iter().zip(&expected).map(|(value, expected)| (value - expected).abs()).collect();
    let mut sizes: Vec<f64> = deviations.iter().copied().filter(|size| size.is_finite()).collect();
    sizes.sort_by(f64::total_cmp);
    let at = |share: f64| quantile_of_sorted(&sizes, share).unwrap_or_default();
    // Where many are far, seasons change or levels move, and only what is far beyond them is an accident.
    let threshold = (OUTLIER * 1.4826 * at(0.5)).max(2.0 * at(0.98));
    if threshold <= 0.0 {
        return;
    }
    let far = |index: usize| deviations.get(index).is_some_and(|size| *size > threshold);
    // A run of them is an event or a new level, and the last ones may begin one.
    let present: Vec<usize> = (0..values.len()).filter(|index| !is_missing(values, *index)).collect();
    let single: Vec<usize> = present
        .windows(4)
        .filter_map(|places| match places {
            [before, index, after, _] => (far(*index) && !far(*before) && !far(*after)).then_some(*index),
            _ => None,
        })
        .collect();
    if single.len() as f64 > MOST_OUTLIERS * values.len() as f64 {
        return;
    }
    cleaned.outliers = single.len();
    for index in single {
        if let (Some(slot), Some(expected)) = (cleaned.values.get_mut(index), expected.get(index)) {
            *slot = *expected;
        }
    }
}

fn is_missing(values: &[f64], index: usize) -> bool {
    values.get(index).is_none_or(|value| value.is_nan())
}

/// Levels are medians of blocks of a season, or of the twentieth part of the series; a
/// shift lies between two runs of [`BLOCKS`] blocks that each keep to their level.
fn undo_shift(cleaned: &mut Cleaned, periods: &[usize]) {
    let length = periods.first().copied().unwrap_or((cleaned.values.len() / 20).max(4));
    let levels: Vec<f64> = without_season(&cleaned.values, periods.last().copied().unwrap_or(1))
        .chunks_exact(length)
        .filter_map(|block| median(&mut block.to_vec()))
        .collect();
    if levels.len() < 2 * BLOCKS {
        return;
    }
    let change =
        |pair: &[f64]| pair.first().zip(pair.last()).map_or(0.0, |(before, after)| (after - before).abs());
    let usual = median(&mut levels.windows(2).map(change).collect::<Vec<f64>>()).unwrap_or_default();
    let range = |run: &[f64]| {
        let (least, most) = run.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), level| {
            (least.min(*level), most.max(*level))
        });
        most - least
    };
    // Smaller than what the season itself does is nothing that a model would be misled by.
    let spread = median(
        &mut cleaned
            .values
            .iter()
            .zip(cleaned.values.iter().skip(length / 2))
            .map(|(left, right)| (right - left).abs())
            .collect::<Vec<f64>>(),
    )
    .unwrap_or_default();
    let mut found: Option<(usize, f64)> = None;
    for (index, window) in levels.windows(2 * BLOCKS).enumerate() {
        let (before, after) = window.split_at(BLOCKS);
        let size = median(&mut after.to_vec()).unwrap_or_default()
            - median(&mut before.to_vec()).unwrap_or_default();
        // A level that shifts does so within two blocks: what takes longer is a trend, which models follow.
        let jump = median(&mut after.get(1..3).unwrap_or_default().to_vec()).unwrap_or_default()
            - median(&mut before.get(BLOCKS - 3..BLOCKS - 1).unwrap_or_default().to_vec())
                .unwrap_or_default();
        let steady = range(before).max(range(after)) < size.abs() / 4.0;
        let sudden = jump * size.signum() > 0.8 * size.abs();
        if size.abs() > SHIFT * usual && size.abs() > spread && steady && sudden {
            found = Some((index + BLOCKS, size));
        }
    }
    let Some((block, size)) = found else { return };
    let boundary = block * length;
    for value in cleaned.values.iter_mut().take(boundary) {
        *value += size;
    }
    cleaned.shift = Some((boundary, size));
}

/// Less the median deviation from its cycle's median at each place of the season, where three
/// cycles or more were seen.
pub(in crate::forecast) fn without_season(values: &[f64], period: usize) -> Vec<f64> {
    let mut rest = values.to_vec();
    if period < 2 || values.len() < 3 * period {
        return rest;
    }
    let levels: Vec<f64> =
        values.chunks_exact(period).filter_map(|cycle| median(&mut cycle.to_vec())).collect();
    for place in 0..period {
        let at_place = values.iter().skip(place).step_by(period);
        let mut deviations: Vec<f64> = at_place.zip(&levels).map(|(value, level)| value - level).collect();
        let usual = median(&mut deviations).unwrap_or_default();
        for value in rest.iter_mut().skip(place).step_by(period) {
            *value -= usual;
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Random;

    fn noisy(points: usize) -> Vec<f64> {
        let mut random = Random::new(6);
        (0..points).map(|step| 50.0 + [0.0, 5.0, 9.0, 3.0][step % 4] + random.normal()).collect()
    }

    #[test]
    fn a_single_spike_is_replaced() {
        let mut values = noisy(200);
        values[77] += 60.0;
        let cleaned = clean(&values, &[4]);
        assert_eq!(cleaned.outliers, 1);
        assert!((cleaned.values[77] - 55.0).abs() < 3.0);
        assert_eq!(clean(&noisy(200), &[4]).outliers, 0);
    }

    #[test]
    fn a_new_level_is_kept_and_the_old_one_moved() {
        let mut values = noisy(200);
        for value in values.iter_mut().skip(120) {
            *value += 40.0;
        }
        let (boundary, size) = clean(&values, &[4]).shift.unwrap();
        assert!((boundary as i64 - 120).abs() <= 4 && (size - 40.0).abs() < 2.0);
        assert_eq!(clean(&noisy(200), &[4]).shift, None);
    }

    #[test]
    fn a_trend_is_no_shift() {
        let values: Vec<f64> =
            noisy(400).iter().enumerate().map(|(step, value)| value + step as f64).collect();
        assert_eq!(clean(&values, &[4]).shift, None);
    }
}
