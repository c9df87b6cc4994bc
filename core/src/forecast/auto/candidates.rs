//! The models that are tried.

use super::super::autoregression::regress;
use super::super::calibration::Origins;
use super::super::ets::{ErrorKind, EtsKind, SeasonKind, TrendKind, likeliest};
use super::super::line::{Line, LineAhead};
use super::super::naive2::seasonal_indices;
use super::super::seasonal_naive::Season;
use super::super::taylor;
use super::super::theta;
use super::super::transform::Transform;
use super::combination::Candidate;

/// Trials of parameters for each seasonal model that has to search.
const SEASONAL_TRIALS: usize = 50;
/// And for each other.
const PLAIN_TRIALS: usize = 60;

/// What is tried on one scale for a series with seasons: regressions on seasonal lags, exponential
/// smoothing with one season and with all.
pub(super) fn seasonal(
    values: &[f64],
    scale: Transform,
    periods: &[usize],
    origins: Origins,
    into: &mut Vec<Candidate>,
) {
    let modelled: Vec<f64> = values.iter().map(|value| scale.forward(*value)).collect();
    let Some(first) = periods.first().copied() else { return };
    let longer = periods.get(1..).unwrap_or_default();
    let with = |lags: &[usize]| -> Vec<usize> { lags.iter().chain(longer).copied().collect() };
    let mut regressions = vec![(with(&[first, 2 * first]), true), (with(&[first]), true)];
    let mut near = vec![1, 2, 3, first, first + 1, first + 2, 2 * first];
    if let Some(second) = longer.first() {
        let mut wide = with(&[first, 2 * first]);
        wide.extend([second - first, second + first]);
        regressions.push((wide, true));
        near.extend([*second, second + 1, second + 2]);
    } else {
        regressions.push((vec![first, 2 * first, 3 * first], true));
    }
    regressions.push((near, false));
    for (mut lags, carry) in regressions {
        lags.sort_unstable();
        lags.dedup();
        let longest = lags.last().copied().unwrap_or_default();
        if longest + 4 * (lags.len() + 1) <= origins.first {
            let names: Vec<String> = lags.iter().map(ToString::to_string).collect();
            let name = format!("regression on lags {}", names.join(", "));
            into.push(Candidate::new(name, regress(&modelled, &lags, carry), scale));
        }
    }
    let mut sets = vec![periods.get(..1).unwrap_or_default()];
    if periods.len() > 1 {
        sets.push(periods);
    }
    for set in sets {
        let name = if set.len() > 1 { "smoothing with several seasons" } else { "smoothing with one season" };
        let engine = taylor::choose(&modelled, set, Some(origins), SEASONAL_TRIALS);
        into.push(Candidate::new(name, engine, scale));
    }
}

/// The seasons as they were.
pub(super) fn seasons_again(values: &[f64], periods: &[usize], into: &mut Vec<Candidate>) {
    for period in periods {
        let name = format!("season of {period} again");
        into.push(Candidate::new(name, Season::start(values, *period), Transform::Identity));
    }
}

/// What is tried on one scale for a series without seasons: exponential smoothing, Theta, short
/// regressions, the last value.
pub(super) fn plain(values: &[f64], scale: Transform, into: &mut Vec<Candidate>) {
    let modelled: Vec<f64> = values.iter().map(|value| scale.forward(*value)).collect();
    let (error, season) = (ErrorKind::Additive, SeasonKind::None);
    for trend in [TrendKind::None, TrendKind::Additive, TrendKind::Damped] {
        let kind = EtsKind { error, trend, season };
        let (engine, _) = likeliest(kind, &modelled, 1, PLAIN_TRIALS);
        into.push(Candidate::new(kind.name(), engine, scale));
    }
    for (name, optimised) in [("theta", false), ("optimised theta", true)] {
        let engine = theta::choose(&modelled, vec![1.0], optimised, PLAIN_TRIALS);
        into.push(Candidate::new(name, engine, scale));
    }
    if modelled.len() >= 40 {
        into.push(Candidate::new("regression on lags 1, 2, 3", regress(&modelled, &[1, 2, 3], false), scale));
    }
    let changes = Line::through(&modelled);
    let slope = match (modelled.first(), modelled.last()) {
        (Some(first), Some(last)) => (last - first) / (modelled.len().max(2) - 1) as f64,
        _ => changes.slope,
    };
    for (name, slope) in [("last value", 0.0), ("drift", slope)] {
        let next = modelled.first().copied().unwrap_or_default();
        let parameter = ("drift".to_owned(), slope);
        let engine = LineAhead { next, slope, share: 1.0, fitted: None, parameter };
        into.push(Candidate::new(name, engine, scale));
    }
}

/// What is tried besides for a short series with seasons: Theta on a seasonally adjusted series,
/// which a season that multiplies needs positive values for, and Holt and Winters' damped form.
pub(super) fn short_seasonal(values: &[f64], period: usize, into: &mut Vec<Candidate>) {
    let indices = seasonal_indices(values, period);
    if indices.len() > 1 {
        let engine = theta::choose(values, indices, true, PLAIN_TRIALS);
        into.push(Candidate::new("theta with a season", engine, Transform::Identity));
    }
    let error = ErrorKind::Additive;
    let kind = EtsKind { error, trend: TrendKind::Damped, season: SeasonKind::Additive };
    let (engine, _) = likeliest(kind, values, period, PLAIN_TRIALS);
    into.push(Candidate::new(kind.name(), engine, Transform::Identity));
}
