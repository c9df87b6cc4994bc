//! What stands in for missing points: the same time of other seasons, at the level around the gap.

use std::ops::Range;

use super::statistics::{interpolated, median};

/// Seasons either way in which a gap's point is looked for.
const SEASONS: usize = 4;
/// Points on either side of a gap that tell its level.
const EDGE: usize = 12;

/// Values with the missing ones filled: by those of the seasons before and after, shifted to the level of the
/// points around the gap, for the longest season that has them all; by straight lines where there is none.
///
/// A line through a night would be a shift to whoever looks for one, and what models learn from.
pub(super) fn filled(values: &[f64], periods: &[usize]) -> Vec<f64> {
    let mut filled = interpolated(values);
    let mut from = 0;
    while let Some(gap) = next_gap(values, from) {
        from = gap.end;
        let season = periods.iter().rev().find_map(|period| by_season(values, &gap, *period));
        for (slot, value) in filled.iter_mut().skip(gap.start).zip(season.into_iter().flatten()) {
            *slot = value;
        }
    }
    filled
}

fn next_gap(values: &[f64], from: usize) -> Option<Range<usize>> {
    let rest = values.get(from..)?;
    let start = from + rest.iter().position(|value| value.is_nan())?;
    let length = values.get(start..)?.iter().position(|value| !value.is_nan());
    Some(start..length.map_or(values.len(), |length| start + length))
}

fn by_season(values: &[f64], gap: &Range<usize>, period: usize) -> Option<Vec<f64>> {
    let expected: Vec<f64> =
        gap.clone().map(|index| elsewhere(values, index, period)).collect::<Option<_>>()?;
    let above = |places: Range<usize>| {
        let mut above: Vec<f64> = places
            .filter_map(|index| Some(values.get(index)? - elsewhere(values, index, period)?))
            .filter(|above| !above.is_nan())
            .collect();
        median(&mut above)
    };
    let before = above(gap.start.saturating_sub(EDGE)..gap.start);
    let after = above(gap.end..(gap.end + EDGE).min(values.len()));
    let (before, after) = match (before, after) {
        (Some(before), Some(after)) => (before, after),
        (one, other) => {
            let level = one.or(other).unwrap_or_default();
            (level, level)
        }
    };
    let width = (gap.len() + 1) as f64;
    let at_level =
        |(place, expected): (usize, f64)| expected + before + (after - before) * (place as f64 + 1.0) / width;
    Some(expected.into_iter().enumerate().map(at_level).collect())
}

/// What the nearest seasons before and after have at the same time, the nearer one counting more.
fn elsewhere(values: &[f64], index: usize, period: usize) -> Option<f64> {
    let observed = |place: Option<usize>| {
        place.and_then(|place| values.get(place)).copied().filter(|value| !value.is_nan())
    };
    let nearest = |place: &dyn Fn(usize) -> Option<usize>| {
        (1..=SEASONS).find_map(|away| Some((observed(place(away * period))?, away as f64)))
    };
    let before = nearest(&|away| index.checked_sub(away));
    let after = nearest(&|away| index.checked_add(away));
    match (before, after) {
        (Some((before, far)), Some((after, near))) => Some((before * near + after * far) / (far + near)),
        (one, other) => one.or(other).map(|(value, _)| value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Random;

    fn daily(hours: usize, noise: f64) -> Vec<f64> {
        let mut random = Random::new(3);
        let wave = |hour: usize| crate::units::cos(hour as f64 / 24.0 * std::f64::consts::TAU);
        (0..hours)
            .map(|hour| 100.0 + 0.1 * hour as f64 + 30.0 * wave(hour) + noise * random.normal())
            .collect()
    }

    /// Gaps within and at both ends of a season on a slope are filled by what was there.
    #[test]
    fn a_season_goes_on_through_gaps() {
        let whole = daily(480, 0.0);
        for gap in [100..120, 0..10, 460..480, 200..260, 50..51] {
            let mut values = whole.clone();
            values[gap.clone()].fill(f64::NAN);
            let filled = filled(&values, &[24]);
            for index in gap.clone() {
                assert!((filled[index] - whole[index]).abs() < 2.5, "{gap:?} at {index}: {}", filled[index]);
            }
            assert!(filled.iter().zip(&values).all(|(filled, value)| value.is_nan() || filled == value));
        }
    }

    #[test]
    fn without_a_season_gaps_are_lines() {
        let nan = f64::NAN;
        assert_eq!(filled(&[1.0, nan, 3.0], &[]), [1.0, 2.0, 3.0]);
        assert_eq!(filled(&[1.0, nan, 3.0], &[7]), [1.0, 2.0, 3.0]);
        assert_eq!(filled(&[nan, nan], &[1]), [0.0, 0.0]);
    }

    /// Of a day and a week, the week fills where it can.
    #[test]
    fn the_longest_season_fills() {
        let weekly = |hour: usize| if hour / 24 % 7 >= 5 { 10.0 } else { 50.0 + (hour % 24) as f64 };
        let mut values: Vec<f64> = (0..24 * 28).map(weekly).collect();
        values[24 * 12..24 * 13].fill(f64::NAN);
        let filled = filled(&values, &[24, 168]);
        assert!(filled[24 * 12..24 * 13].iter().all(|value| (value - 10.0).abs() < 1e-9));
    }
}
