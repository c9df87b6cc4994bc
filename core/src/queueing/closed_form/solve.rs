//! The one equation that every quantile needs: where does a falling tail meet a level?

use super::check;
use crate::error::Result;
use crate::units::ln;

/// Doublings of the first guess before the search gives up; enough for the whole range of `f64`.
const MOST_DOUBLINGS: u32 = 1_100;

/// Steps of the search; bisection alone needs 53 once the bracket is of one binary order.
const MOST_STEPS: u32 = 400;

/// The time that a share `level` does not exceed, by the tail of the time and `ever`, the share of
/// which it is above 0 at all; 0 where `level` does not reach those.
///
/// # Errors
///
/// `invalid_value` when `level` is not from 0, below 1.
pub(super) fn quantile(level: f64, ever: f64, first_guess: f64, tail: impl Fn(f64) -> f64) -> Result<f64> {
    let beyond = 1.0 - check::level(level)?;
    Ok(if beyond >= ever { 0.0 } else { where_tail_is(beyond, first_guess, tail) })
}

/// The point above 0 at which `tail`, falling from `tail(0)` above `level` towards 0, meets `level`.
///
/// Works on the logarithm of the tail, which is close to a straight line for waiting times, by
/// Chandrupatla's method (Advances in Engineering Software 28, 1997, 145–149): inverse quadratic
/// interpolation where it is safe, bisection elsewhere.
pub(super) fn where_tail_is(level: f64, first_guess: f64, tail: impl Fn(f64) -> f64) -> f64 {
    let gap = |at: f64| ln(tail(at)) - ln(level);
    let (mut low, mut high) = (0.0, first_guess);
    let mut gap_high = gap(high);
    for _ in 0..MOST_DOUBLINGS {
        if gap_high <= 0.0 || high > f64::MAX / 4.0 {
            break;
        }
        low = high;
        high *= 2.0;
        gap_high = gap(high);
    }
    let gap_low = gap(low);
    chandrupatla((low, gap_low), (high, gap_high), gap)
}

fn chandrupatla(low: (f64, f64), high: (f64, f64), gap: impl Fn(f64) -> f64) -> f64 {
    let (mut a, mut b) = (high, low);
    let mut c;
    let mut share = 0.5;
    for _ in 0..MOST_STEPS {
        let at = a.0 + share * (b.0 - a.0);
        let point = (at, gap(at));
        if (point.1 > 0.0) == (a.1 > 0.0) {
            c = a;
        } else {
            c = b;
            b = a;
        }
        a = point;
        let best = if a.1.abs() < b.1.abs() { a } else { b };
        let width = (b.0 - a.0).abs();
        let tolerance = 4.0 * f64::EPSILON * best.0.abs();
        if best.1 == 0.0 || width <= tolerance {
            return best.0;
        }
        let edge = tolerance / width / 2.0;
        share = interpolated(a, b, c).map_or(0.5, |share| share.clamp(edge, 1.0 - edge));
    }
    if a.1.abs() < b.1.abs() { a.0 } else { b.0 }
}

/// The share of the way from `a` to `b` by inverse quadratic interpolation, where it is safe.
fn interpolated(a: (f64, f64), b: (f64, f64), c: (f64, f64)) -> Option<f64> {
    let xi = (a.0 - b.0) / (c.0 - b.0);
    let phi = (a.1 - b.1) / (c.1 - b.1);
    if !(phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi) {
        return None;
    }
    let share = a.1 / (b.1 - a.1) * c.1 / (b.1 - c.1)
        + (c.0 - a.0) / (b.0 - a.0) * a.1 / (c.1 - a.1) * b.1 / (c.1 - b.1);
    share.is_finite().then_some(share)
}

/// The smallest whole number at which `enough` holds; it must hold from some number on.
pub(super) fn first_count(guess: u64, enough: impl Fn(u64) -> bool) -> u64 {
    if enough(0) {
        return 0;
    }
    let (mut low, mut high) = (0, guess.max(1));
    while high < u64::MAX / 4 && !enough(high) {
        low = high;
        high *= 2;
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}
