//! The little statistics that the modules here share: medians, means with intervals, and ranks.

pub(super) use crate::forecast::mean;
use crate::units::sqrt;

/// The median, the mean of the middle two where they are two; 0 of nothing. Reorders.
pub(super) fn median(values: &mut [f64]) -> f64 {
    crate::forecast::median(values).unwrap_or_default()
}

/// The quantile by linear interpolation between order statistics (Hyndman and Fan's definition 7,
/// 1996); 0 of nothing. Reorders.
pub(super) fn quantile(values: &mut [f64], probability: f64) -> f64 {
    let Some(last) = values.len().checked_sub(1) else { return 0.0 };
    let place = probability.clamp(0.0, 1.0) * last as f64;
    let index = (place.floor() as usize).min(last);
    let (_, low, above) = values.select_nth_unstable_by(index, f64::total_cmp);
    let low = *low;
    let high = above.iter().copied().fold(f64::INFINITY, f64::min);
    if high.is_finite() { low + (high - low) * (place - index as f64) } else { low }
}

/// Mean and standard deviation (over n − 1; 0 of fewer than two).
pub(super) fn moments(values: &[f64]) -> (f64, f64) {
    let middle = mean(values);
    let squares: f64 = values.iter().map(|value| (value - middle) * (value - middle)).sum();
    let variance = if values.len() > 1 { squares / (values.len() - 1) as f64 } else { 0.0 };
    (middle, sqrt(variance))
}

/// Ranks from 1 on, equal values sharing their mean rank.
pub(super) fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<(usize, f64)> = values.iter().copied().enumerate().collect();
    order.sort_by(|left, right| left.1.total_cmp(&right.1));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for group in order.chunk_by(|left, right| left.1 == right.1) {
        let rank = before as f64 + (group.len() as f64 + 1.0) / 2.0;
        for (index, _) in group {
            if let Some(slot) = ranks.get_mut(*index) {
                *slot = rank;
            }
        }
        before += group.len();
    }
    ranks
}

/// The p-values multiplied as Holm has it (S. Holm, "A simple sequentially rejective multiple test
/// procedure", Scandinavian Journal of Statistics 6, 1979), so that the chance of any false alarm
/// among all stays at the level that one is held to.
pub(super) fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<(usize, f64)> = p_values.iter().copied().enumerate().collect();
    order.sort_by(|left, right| left.1.total_cmp(&right.1));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least: f64 = 0.0;
    for (place, (index, p_value)) in order.iter().enumerate() {
        least = least.max((p_value * (p_values.len() - place) as f64).min(1.0));
        if let Some(slot) = adjusted.get_mut(*index) {
            *slot = least;
        }
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_ranks() {
        assert_eq!(median(&mut [4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut []), 0.0);
        assert_eq!(quantile(&mut [5.0, 1.0], 1.0), 5.0);
        assert_eq!(quantile(&mut [1.0, 2.0, 3.0, 4.0, 5.0], 0.9), 4.6);
        assert_eq!(ranks(&[10.0, 30.0, 10.0, 20.0]), [1.5, 4.0, 1.5, 3.0]);
        assert_eq!(moments(&[1.0, 3.0]), (2.0, sqrt(2.0)));
    }

    /// Against R's `p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")`.
    #[test]
    fn many_tests_count() {
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, expected) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - expected).abs() < 1e-12, "{adjusted:?}");
        }
    }
}
