//! Whether, and when, a series went from one level to another.

use serde::{Deserialize, Serialize};

use crate::forecast::inflation;
use crate::monitor::statistics::{mean, ranks};
use crate::units::exp;

/// The likeliest change of level of a series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LevelChange {
    /// When the new level begins, in seconds since the Unix epoch.
    pub at_seconds: f64,
    /// Mean before.
    pub before: f64,
    /// Mean from then on.
    pub after: f64,
    /// Chance of a change as plain as this in a series that has none.
    pub p_value: f64,
}

/// The likeliest change of a series; none of fewer than eight points.
///
/// Pettitt's test (A. N. Pettitt, "A non-parametric approach to the change-point problem", Applied
/// Statistics 28, 1979): K is the greatest |2 Σ ranks − k (n + 1)| over all places, and the chance
/// of one as great about 2 exp(−6 K² ÷ (n³ + n²)), for independent values. Partial sums of
/// neighbours that go together wander √((1 + ρ) ÷ (1 − ρ)) times as far, by which K is divided; ρ
/// is that of the ranks about the means before and after the change.
pub(super) fn likeliest(points: &[(f64, f64)]) -> Option<LevelChange> {
    const FEWEST: usize = 8;
    let count = points.len() as f64;
    if points.len() < FEWEST {
        return None;
    }
    let values: Vec<f64> = points.iter().map(|point| point.1).collect();
    let ranks = ranks(&values);
    let total: f64 = values.iter().sum();
    let (mut sum, mut early) = (0.0, 0.0);
    let (mut place, mut greatest, mut widest) = (1, 0.0_f64, 0.0_f64);
    let steps = ranks.iter().zip(&values).enumerate().take(points.len() - 1);
    for (index, (rank, value)) in steps {
        sum += rank;
        early += value;
        let points_before = index as f64 + 1.0;
        let away = (2.0 * sum - points_before * (count + 1.0)).abs();
        // A point of the middle rank leaves K as it is: of such places the levels decide.
        let apart = (early / points_before - (total - early) / (count - points_before)).abs();
        if away > greatest || (away == greatest && apart > widest) {
            (greatest, widest, place) = (away, apart, index + 1);
        }
    }
    let early = mean(values.get(..place).unwrap_or_default());
    let late = mean(values.get(place..).unwrap_or_default());
    let level = |from: usize, to: usize| {
        let part: Vec<f64> = ranks.iter().copied().skip(from).take(to - from).collect();
        mean(&part)
    };
    let (low, high) = (level(0, place), level(place, points.len()));
    let residual = |(index, rank): (usize, &f64)| Some(rank - if index < place { low } else { high });
    let (inflation, _) = inflation(&ranks.iter().enumerate().map(residual).collect::<Vec<_>>());
    let power = 6.0 * greatest * greatest / inflation / (count * count * (count + 1.0));
    Some(LevelChange {
        at_seconds: points.get(place).map_or(0.0, |point| point.0),
        before: early,
        after: late,
        p_value: (2.0 * exp(-power)).min(1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// K of 1, 2, 3, 4, 11, 12, 13, 14: the ranks of the first half sum to 10, so |2·10 − 4·9| is
    /// 16, and the chance 2 exp(−6·256 ÷ 576).
    #[test]
    fn a_plain_change() {
        let values = [1.0, 2.0, 1.5, 1.2, 11.0, 12.0, 11.5, 11.2];
        let points: Vec<(f64, f64)> =
            values.iter().enumerate().map(|(at, value)| (at as f64, *value)).collect();
        let change = likeliest(&points).unwrap();
        assert_eq!(change.at_seconds, 4.0);
        assert!((change.p_value - 2.0 * exp(-6.0 * 256.0 / 576.0)).abs() < 1e-12, "{change:?}");
        assert!((change.before - 1.425).abs() < 1e-12 && (change.after - 11.425).abs() < 1e-12);
        assert_eq!(likeliest(&points[..7]), None);
    }

    #[test]
    fn a_constant_does_not_change() {
        let points: Vec<(f64, f64)> = (0..30).map(|at| (f64::from(at), 5.0)).collect();
        assert_eq!(likeliest(&points).unwrap().p_value, 1.0);
    }
}
