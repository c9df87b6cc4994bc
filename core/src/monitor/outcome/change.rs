//! Whether, and when, a series went from one level to another.

use serde::{Deserialize, Serialize};

use crate::forecast::inflation;
use crate::monitor::statistics::{mean, ranks};
use crate::units::{exp, ln, sqrt};

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

/// Fewest points on either side of a change.
const FEWEST_BESIDE: usize = 3;

/// The likeliest change of a series; none of fewer than eight points.
///
/// At each place the sum of the ranks before it is held against what it is without a change, in
/// standard deviations; the greatest of these, b, is the change. The chance of one as great is about
/// φ(b) (4 ÷ b + (b − 1 ÷ b) ln((1 − ε)² ÷ ε²)), where ε is the share of points that a side has at
/// least (R. Miller and D. Siegmund, "Maximally selected chi square statistics", Biometrics 38, 1982;
/// for ranks B. Lausen and M. Schumacher, "Maximally selected rank statistics", Biometrics 48, 1992),
/// for independent values. Partial sums of neighbours that go together wander √((1 + ρ) ÷ (1 − ρ))
/// times as far, by which b is divided; ρ is that of the ranks about the means before and after.
pub(super) fn likeliest(points: &[(f64, f64)]) -> Option<LevelChange> {
    const FEWEST: usize = 8;
    let count = points.len() as f64;
    if points.len() < FEWEST {
        return None;
    }
    let values: Vec<f64> = points.iter().map(|point| point.1).collect();
    let ranks = ranks(&values);
    let middle = (count + 1.0) / 2.0;
    // Less than (n² + n) ÷ 12 where some are equal.
    let variance = ranks.iter().map(|rank| (rank - middle) * (rank - middle)).sum::<f64>() / (count - 1.0);
    let (mut sum, mut place, mut greatest) = (0.0, FEWEST_BESIDE, 0.0_f64);
    for (index, rank) in ranks.iter().enumerate().take(points.len() - FEWEST_BESIDE) {
        sum += rank - middle;
        let before = index as f64 + 1.0;
        let spread = sqrt(variance * before * (count - before) / count);
        if index + 1 >= FEWEST_BESIDE && spread > 0.0 && sum.abs() > greatest * spread {
            (greatest, place) = (sum.abs() / spread, index + 1);
        }
    }
    let early = mean(values.get(..place).unwrap_or_default());
    let late = mean(values.get(place..).unwrap_or_default());
    let low = mean(ranks.get(..place).unwrap_or_default());
    let high = mean(ranks.get(place..).unwrap_or_default());
    let residual = |(index, rank): (usize, &f64)| Some(rank - if index < place { low } else { high });
    let (inflation, _) = inflation(&ranks.iter().enumerate().map(residual).collect::<Vec<_>>());
    Some(LevelChange {
        at_seconds: points.get(place).map_or(0.0, |point| point.0),
        before: early,
        after: late,
        p_value: chance(greatest / sqrt(inflation), FEWEST_BESIDE as f64 / count),
    })
}

/// The chance that the greatest of standardised partial sums, between the shares ε and 1 − ε, is as
/// great without a change.
fn chance(greatest: f64, beside: f64) -> f64 {
    // There the approximation is of no use, and the chance near 1.
    if greatest < 1.0 {
        return 1.0;
    }
    let density = exp(-greatest * greatest / 2.0) / sqrt(std::f64::consts::TAU);
    let wide = 2.0 * ln((1.0 - beside) / beside);
    (density * (4.0 / greatest + (greatest - 1.0 / greatest) * wide)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ranks of the first half, 1 to 4, sum to 10, 8 below the expected 18; the variance of such a
    /// sum is 4 · 4 · 9 ÷ 12 = 12, so that b is 8 ÷ √12.
    #[test]
    fn a_plain_change() {
        let values = [1.0, 2.0, 1.5, 1.2, 11.0, 12.0, 11.5, 11.2];
        let points: Vec<(f64, f64)> =
            values.iter().enumerate().map(|(at, value)| (at as f64, *value)).collect();
        let change = likeliest(&points).unwrap();
        assert_eq!(change.at_seconds, 4.0);
        let greatest = 8.0 / sqrt(12.0);
        // Neighbours are not alike within the halves: nothing is taken off.
        assert!((change.p_value - chance(greatest, 3.0 / 8.0)).abs() < 1e-12, "{change:?}");
        let density = 0.398_942_280_401_432_7 * exp(-64.0 / 24.0);
        let expected = density * (4.0 / greatest + (greatest - 1.0 / greatest) * 2.0 * ln(5.0 / 3.0));
        assert!((change.p_value - expected).abs() < 1e-12, "{change:?}");
        assert!((change.before - 1.425).abs() < 1e-12 && (change.after - 11.425).abs() < 1e-12);
        assert_eq!(likeliest(&points[..7]), None);
    }

    #[test]
    fn a_constant_does_not_change() {
        let points: Vec<(f64, f64)> = (0..30).map(|at| (f64::from(at), 5.0)).collect();
        assert_eq!(likeliest(&points).unwrap().p_value, 1.0);
    }
}
