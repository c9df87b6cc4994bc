//! A measured function of two numbers that never falls when either grows.

use crate::error::{Error, ErrorCode, Result};

/// One measured point: the size of a batch (sequences, or tokens of a prompt), its total (of
/// context, or of tokens attended to), and the time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) size: f64,
    pub(super) total: f64,
    pub(super) ms: f64,
}

/// The points of one size, by ascending total, their times never falling.
#[derive(Debug, Clone, PartialEq)]
struct Level {
    size: f64,
    points: Vec<(f64, f64)>,
    /// Milliseconds by total, before the first point and after the last.
    first_slope: f64,
    last_slope: f64,
}

/// A function by its levels, of ascending size.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Surface {
    levels: Vec<Level>,
    /// Milliseconds by size beyond the greatest.
    beyond: f64,
}

/// Share of a smaller batch's time that a larger one may be measured at: less is a mistake.
const MOST_FALL: f64 = 2.0 / 3.0;
/// Share of the first time below which no extrapolation goes.
const LEAST_SHARE: f64 = 0.5;

impl Level {
    /// Between the points straight, beyond them along the outer slopes.
    fn alone(&self, total: f64) -> f64 {
        let after = self.points.partition_point(|(place, _)| *place <= total);
        let point = |index: usize| self.points.get(index).copied();
        match (after.checked_sub(1).and_then(point), point(after)) {
            (Some((low, from)), Some((high, to))) => from + (to - from) * ((total - low) / (high - low)),
            (None, Some((first, ms))) => (ms - (first - total) * self.first_slope).max(LEAST_SHARE * ms),
            (Some((last, ms)), None) => ms + (total - last) * self.last_slope,
            (None, None) => 0.0,
        }
    }

    /// The same, flat beyond the last point: what every larger batch takes at least.
    fn floor(&self, total: f64) -> f64 {
        let last = self.points.last().map_or(0.0, |(last, _)| *last);
        self.alone(total.min(last))
    }
}

impl Surface {
    pub(super) fn new(path: &str, points: &[Point]) -> Result<Self> {
        let mut order: Vec<(usize, Point)> = points.iter().copied().enumerate().collect();
        order.sort_by(|(_, left), (_, right)| {
            left.size.total_cmp(&right.size).then(left.total.total_cmp(&right.total))
        });
        let mut levels: Vec<Level> = Vec::new();
        for group in order.chunk_by(|(_, left), (_, right)| left.size == right.size) {
            let mut level = Level {
                size: group.first().map_or(0.0, |(_, point)| point.size),
                points: Vec::new(),
                first_slope: 0.0,
                last_slope: 0.0,
            };
            for (index, point) in group {
                if level.points.last().is_some_and(|(total, _)| *total == point.total) {
                    let path = format!("{path}[{index}]");
                    return Err(Error::new(
                        ErrorCode::Duplicate,
                        path,
                        "is of the same batch as another row",
                    ));
                }
                let smaller = levels.iter().map(|level| level.floor(point.total));
                let before = level.points.last().map_or(0.0, |(_, ms)| *ms);
                let least = smaller.fold(before, f64::max);
                if point.ms < MOST_FALL * least {
                    let path = format!("{path}[{index}].iteration_ms");
                    return Err(Error::new(
                        ErrorCode::Contradiction,
                        path,
                        "is shorter than a smaller batch takes",
                    )
                    .given(point.ms)
                    .allowed(format!("at least {:.4}, two thirds of it", MOST_FALL * least)));
                }
                level.points.push((point.total, point.ms.max(least)));
            }
            let slope = |points: Option<&[(f64, f64)]>| match points {
                Some([(low, from), (high, to)]) => (to - from) / (high - low),
                _ => 0.0,
            };
            level.first_slope = slope(level.points.get(..2));
            level.last_slope =
                slope(level.points.len().checked_sub(2).and_then(|from| level.points.get(from..)));
            levels.push(level);
        }
        if levels.len() < 2 {
            return Err(Error::new(ErrorCode::InvalidValue, path, "has batches of one size only")
                .help("measure at least two numbers of sequences or tokens"));
        }
        let mut surface = Self { levels, beyond: 0.0 };
        surface.beyond = surface.slope_beyond();
        Ok(surface)
    }

    fn slope_beyond(&self) -> f64 {
        let mut from_top = self.levels.iter().rev();
        let (Some(top), Some(next)) = (from_top.next(), from_top.next()) else { return 0.0 };
        let total = top.points.first().map_or(0.0, |(total, _)| *total);
        let at = |size: f64| self.at(size, total);
        ((at(top.size) - at(next.size)) / (top.size - next.size)).max(0.0)
    }

    /// The time of a batch: at a level its own time, at least what smaller batches take as far as
    /// they were measured, at most what larger ones with the same total take.
    pub(super) fn at(&self, size: f64, total: f64) -> f64 {
        let low = self.levels.partition_point(|level| level.size <= size).saturating_sub(1);
        let mut least = 0.0_f64;
        let (mut here, mut above) = (f64::INFINITY, f64::INFINITY);
        for (index, level) in self.levels.iter().enumerate() {
            least = least.max(level.floor(total));
            let own = level.alone(total).max(least);
            if index >= low {
                here = here.min(own);
            }
            if index > low {
                above = above.min(own);
            }
        }
        match (self.levels.get(low), self.levels.get(low + 1)) {
            (Some(level), _) if size <= level.size => here,
            (Some(level), Some(next)) => {
                here + (above - here) * ((size - level.size) / (next.size - level.size))
            }
            (Some(level), None) => here + (size - level.size) * self.beyond,
            (None, _) => 0.0,
        }
    }
}
