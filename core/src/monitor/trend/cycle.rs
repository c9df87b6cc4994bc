//! Points on a regular grid, and their daily or weekly cycle taken out.

use crate::forecast::Grid;
use crate::monitor::statistics::{mean, median};
use crate::units::DAY_SECONDS;

/// Points in ascending order of time, averaged over at most `most` stretches. A stretch longer
/// than a minute is a whole part of a day, or whole days, so that cycles keep their phase.
pub(super) fn grid_of(points: &[(f64, f64)], most: usize) -> Grid {
    let first = points.first().map_or(0.0, |point| point.0);
    let last = points.last().map_or(0.0, |point| point.0);
    let mut gaps: Vec<f64> = points
        .windows(2)
        .filter_map(|pair| match pair {
            [before, after] => Some(after.0 - before.0),
            _ => None,
        })
        .collect();
    let finest = median(&mut gaps).max(1e-3);
    let step = whole_part(((last - first) / (most.max(2) - 1) as f64).max(finest));
    let place = |at: f64| (at / step).floor() - (first / step).floor();
    let mut values = vec![None; (place(last).max(0.0) as usize + 1).min(most + 2)];
    for group in points.chunk_by(|left, right| place(left.0) == place(right.0)) {
        let within: Vec<f64> = group.iter().map(|point| point.1).collect();
        let index = group.first().map_or(0, |point| place(point.0).max(0.0) as usize);
        if let Some(slot) = values.get_mut(index) {
            *slot = Some(mean(&within));
        }
    }
    Grid { step_seconds: step, values, understated: 1.0 }
}

/// Takes out what days or weeks have in common, and says which; none where there are too few.
pub(super) fn take_out_cycle(grid: &mut Grid, span_days: f64) -> Option<&'static str> {
    let week = (7.0 * DAY_SECONDS / grid.step_seconds).round() as usize;
    let day = (DAY_SECONDS / grid.step_seconds).round() as usize;
    let (name, period) = if span_days >= 13.9 && week >= 2 {
        ("weekly", week)
    } else if span_days >= 2.9 && day >= 2 {
        ("daily", day)
    } else {
        return None;
    };
    grid.take_out(period).then_some(name)
}

/// The least stretch that is not shorter, and divides a day or is whole days.
fn whole_part(seconds: f64) -> f64 {
    const PARTS: [f64; 14] = [
        60.0, 120.0, 300.0, 600.0, 900.0, 1200.0, 1800.0, 3600.0, 7200.0, 10_800.0, 14_400.0, 21_600.0,
        43_200.0, 86_400.0,
    ];
    if seconds < 60.0 {
        return seconds;
    }
    let forgiving = seconds * (1.0 - 1e-9);
    let part = PARTS.into_iter().find(|part| *part >= forgiving);
    part.unwrap_or_else(|| (forgiving / DAY_SECONDS).ceil() * DAY_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_divide_days() {
        assert_eq!(whole_part(0.5), 0.5);
        assert_eq!(whole_part(3600.0), 3600.0);
        assert_eq!(whole_part(3601.0), 7200.0);
        assert_eq!(whole_part(90_000.0), 172_800.0);
    }

    #[test]
    fn a_cycle_is_taken_out_and_the_slope_stays() {
        let value = |hour: i32| f64::from(hour) * 0.1 + f64::from(hour % 24) * 3.0;
        let points: Vec<(f64, f64)> = (0..120).map(|hour| (f64::from(hour) * 3600.0, value(hour))).collect();
        let mut grid = grid_of(&points, 336);
        assert_eq!(take_out_cycle(&mut grid, 119.0 / 24.0), Some("daily"));
        for (index, pair) in grid.values.windows(2).enumerate() {
            let rise = pair[1].unwrap() - pair[0].unwrap();
            assert!((rise - 0.1).abs() < 1e-9, "{index} {rise}");
        }
    }

    #[test]
    fn gaps_stay_gaps() {
        let points = [(0.0, 1.0), (60.0, 2.0), (120.0, 3.0), (600.0, 4.0)];
        let grid = grid_of(&points, 336);
        assert_eq!((grid.step_seconds, grid.values.len(), grid.present()), (60.0, 11, 4));
    }
}
