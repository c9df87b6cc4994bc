//! How long a wait is that ends after a number of events of a constant rate: a Poisson mixture.
//!
//! Seen at the rate *cμ* of a busy group of servers, a request that finds *j* before it in the
//! queue starts at the (*j*+1)-th event, and once in service each event is its own end with
//! probability 1/*c* (uniformisation: Jensen, 1953). All terms are positive, so nothing cancels.

use super::{
    check::as_real,
    poisson::{self, NEGLIGIBLE},
};

/// No queue here outlives so many events: room is at most 10¹² and servers are at most 10⁹.
const MOST_EVENTS: f64 = 1e17;

/// The longest sum in either direction; see [`poisson::MOST_TERMS`].
const MOST_TERMS: u64 = poisson::MOST_TERMS as u64;

/// Σ P(Poisson(`mean`) = i) × `left(i)` over i below `events`, where `left(i)` is the falling
/// probability that the wait outlives i events.
pub(super) fn outlived(mean: f64, events: u64, left: impl Fn(u64) -> f64) -> f64 {
    let Some(last) = events.checked_sub(1) else { return 0.0 };
    if mean >= MOST_EVENTS {
        return 0.0;
    }
    let mut start = last.min(mean as u64);
    // Far out `left` may be below the smallest number although the sum is not.
    while start > 0 && left(start) == 0.0 {
        start /= 2;
    }
    let at_start = poisson::probability_of(start, mean);
    let mut sum = at_start * left(start);
    if sum == 0.0 {
        return 0.0;
    }

    let mut weight = at_start;
    let mut count = start;
    let mut before = sum;
    for _ in 0..start.min(MOST_TERMS) {
        weight *= as_real(count) / mean;
        count -= 1;
        let term = weight * left(count);
        sum += term;
        if term <= before && term <= NEGLIGIBLE * sum {
            break;
        }
        before = term;
    }

    weight = at_start;
    count = start;
    before = f64::INFINITY;
    for _ in 0..(last - start).min(MOST_TERMS) {
        count += 1;
        weight *= mean / as_real(count);
        let term = weight * left(count);
        sum += term;
        if term <= before && term <= NEGLIGIBLE * sum {
            break;
        }
        before = term;
    }
    sum.min(1.0)
}
