//! Minima of functions of a few parameters without derivatives.

use crate::units::exp;

/// Parameters are kept within ±this on the scale of the search: a logistic of 0.0009 to 0.9991.
pub(super) const REACH: f64 = 7.0;

/// To between 0 and 1.
pub(super) fn logistic(value: f64) -> f64 {
    1.0 / (1.0 + exp(-value))
}

/// The simplex method of Nelder and Mead ("A simplex method for function minimization", 1965)
/// within ±[`REACH`] of zero, for at most about `evaluations` of the function. Answers that are no
/// number count as the worst.
pub(super) fn nelder_mead(
    start: &[f64],
    step: f64,
    evaluations: usize,
    mut function: impl FnMut(&[f64]) -> f64,
) -> (Vec<f64>, f64) {
    let mut spent = 0_usize;
    let mut value = |point: &[f64]| {
        spent += 1;
        let value = function(point);
        (if value.is_finite() { value } else { f64::MAX }, spent)
    };
    let dimensions = start.len();
    let first = value(start).0;
    let mut simplex = vec![(first, start.to_vec())];
    for dimension in 0..dimensions {
        let mut corner = start.to_vec();
        if let Some(coordinate) = corner.get_mut(dimension) {
            *coordinate += if *coordinate + step > REACH { -step } else { step };
        }
        simplex.push((value(&corner).0, corner));
    }
    // Each round spends at least one evaluation.
    for _ in 0..evaluations {
        simplex.sort_by(|left, right| left.0.total_cmp(&right.0));
        let Some(((worst, worst_point), rest)) = simplex.split_last() else { break };
        let (Some((best, best_point)), Some((second, _))) = (rest.first(), rest.last()) else { break };
        let (worst, best, second) = (*worst, *best, *second);
        let best_point = best_point.clone();
        let centre: Vec<f64> = (0..dimensions)
            .map(|dimension| {
                rest.iter().filter_map(|(_, point)| point.get(dimension)).sum::<f64>() / rest.len() as f64
            })
            .collect();
        let moved = |by: f64| -> Vec<f64> {
            let toward =
                |(centre, worst): (&f64, &f64)| (centre + by * (worst - centre)).clamp(-REACH, REACH);
            centre.iter().zip(worst_point).map(toward).collect()
        };
        let reflected = moved(-1.0);
        let (at_reflected, mut count) = value(&reflected);
        let replacement = if at_reflected < best {
            let expanded = moved(-2.0);
            let (at_expanded, now) = value(&expanded);
            count = now;
            Some(if at_expanded < at_reflected { (at_expanded, expanded) } else { (at_reflected, reflected) })
        } else if at_reflected < second {
            Some((at_reflected, reflected))
        } else {
            let contracted = moved(if at_reflected < worst { -0.5 } else { 0.5 });
            let (at_contracted, now) = value(&contracted);
            count = now;
            (at_contracted < worst.min(at_reflected)).then_some((at_contracted, contracted))
        };
        match (replacement, simplex.last_mut()) {
            (Some(better), Some(slot)) => *slot = better,
            _ => {
                for (at, point) in simplex.iter_mut().skip(1) {
                    for (coordinate, best) in point.iter_mut().zip(&best_point) {
                        *coordinate = best + 0.5 * (*coordinate - best);
                    }
                    (*at, count) = value(point);
                }
            }
        }
        if count >= evaluations {
            break;
        }
    }
    simplex.sort_by(|left, right| left.0.total_cmp(&right.0));
    simplex.into_iter().next().map_or((start.to_vec(), f64::MAX), |(at, point)| (point, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley: the minimum is at (1, 1).
    #[test]
    fn it_finds_the_end_of_a_valley() {
        let valley = |point: &[f64]| {
            let (x, y) = (point[0], point[1]);
            (1.0 - x) * (1.0 - x) + 100.0 * (y - x * x) * (y - x * x)
        };
        let (point, value) = nelder_mead(&[-1.2, 1.0], 0.5, 400, valley);
        assert!(value < 1e-8 && (point[0] - 1.0).abs() < 1e-3 && (point[1] - 1.0).abs() < 1e-3);
    }

    #[test]
    fn it_ends_whatever_the_function_answers() {
        let mut count = 0;
        let nothing = |_: &[f64]| {
            count += 1;
            f64::NAN
        };
        let (point, _) = nelder_mead(&[0.0, 0.0], 1.0, 50, nothing);
        assert!(point.iter().all(|coordinate| coordinate.is_finite()));
        assert!(count < 60);
    }
}
