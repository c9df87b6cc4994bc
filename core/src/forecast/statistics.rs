//! Medians, quantiles and moments of plain slices; missing values (`NaN`) are left out.

use crate::units::sqrt;

/// The values that are not missing.
pub(super) fn present(values: &[f64]) -> impl Iterator<Item = f64> + '_ {
    values.iter().copied().filter(|value| !value.is_nan())
}

/// The median, the mean of the middle two where they are two; none of nothing. Reorders.
pub(crate) fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let even = values.len().is_multiple_of(2);
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some(if even { lower + (upper - lower) / 2.0 } else { upper })
}

/// The mean of what is not missing; 0 of nothing.
pub(crate) fn mean(values: &[f64]) -> f64 {
    let (count, sum) = present(values).fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    if count > 0.0 { sum / count } else { 0.0 }
}

/// The standard deviation of what is not missing, over n − 1; 0 of fewer than two.
pub(super) fn standard_deviation(values: &[f64]) -> f64 {
    let middle = mean(values);
    let (count, sum) = present(values)
        .fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + (value - middle) * (value - middle)));
    if count > 1.0 { sqrt(sum / (count - 1.0)) } else { 0.0 }
}

/// The quantile of ascending values by linear interpolation between order statistics at
/// (i − ½) ÷ n (Hyndman and Fan's definition 5, 1996), clamped to the ends; none of nothing.
pub(super) fn quantile_of_sorted(sorted: &[f64], probability: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = (probability * sorted.len() as f64 - 0.5).clamp(0.0, last as f64);
    let index = (place.floor() as usize).min(last);
    let (low, high) = (*sorted.get(index)?, *sorted.get((index + 1).min(last))?);
    Some(low + (high - low) * (place - index as f64))
}

/// Values with the missing ones filled by straight lines between their neighbours, at the ends by
/// the nearest; all zero where all are missing.
pub(super) fn interpolated(values: &[f64]) -> Vec<f64> {
    let mut filled = values.to_vec();
    let mut before: Option<(usize, f64)> = None;
    for (index, value) in values.iter().enumerate() {
        if value.is_nan() {
            continue;
        }
        let start = before.map_or(0, |(place, _)| place + 1);
        let from = before.map_or(*value, |(_, level)| level);
        let width = (index + 1 - start) as f64;
        for (offset, slot) in filled.iter_mut().take(index).skip(start).enumerate() {
            *slot = from + (value - from) * (offset as f64 + 1.0) / width;
        }
        before = Some((index, *value));
    }
    let (start, level) = before.map_or((0, 0.0), |(place, level)| (place + 1, level));
    for slot in filled.iter_mut().skip(start) {
        *slot = level;
    }
    filled
}

/// By how much neighbours of a series with these residuals make its means and sums vary more than
/// independent values would: (1 + ρ) ÷ (1 − ρ) of an autoregression of order 1, at least 1; and ρ.
///
/// The correlation of neighbours is corrected for its bias as ρ* = (n ρ + 2) ÷ (n − 4)
/// (A. Matalas and A. Sankarasubramanian, "Effect of persistence on trend detection via
/// regression", Water Resources Research 39, 2003), and held to 0 to 0.98. `None` stands for a gap.
pub(crate) fn inflation(residuals: &[Option<f64>]) -> (f64, f64) {
    let present: Vec<f64> = residuals.iter().copied().flatten().collect();
    let count = present.len() as f64;
    let middle = mean(&present);
    let squares: f64 = present.iter().map(|value| (value - middle) * (value - middle)).sum();
    if count < 6.0 || squares <= 0.0 {
        return (1.0, 0.0);
    }
    let (mut products, mut pairs) = (0.0, 0.0);
    for pair in residuals.windows(2) {
        if let [Some(before), Some(after)] = pair {
            products += (before - middle) * (after - middle);
            pairs += 1.0;
        }
    }
    if pairs < 4.0 {
        return (1.0, 0.0);
    }
    // With gaps there are fewer pairs than n − 1; a sum over pairs is scaled to what it would be.
    let seen = products * ((count - 1.0) / pairs) / squares;
    let correlation = ((count * seen + 2.0) / (count - 4.0)).clamp(0.0, 0.98);
    ((1.0 + correlation) / (1.0 - correlation), correlation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_bridged() {
        let nan = f64::NAN;
        assert_eq!(interpolated(&[nan, 2.0, nan, nan, 5.0, nan]), [2.0, 2.0, 3.0, 4.0, 5.0, 5.0]);
        assert_eq!(interpolated(&[nan, nan]), [0.0, 0.0]);
    }

    #[test]
    fn medians_and_quantiles() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&mut []), None);
        let sorted = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(quantile_of_sorted(&sorted, 0.5), Some(2.5));
        assert_eq!(quantile_of_sorted(&sorted, 0.0), Some(1.0));
        assert_eq!(quantile_of_sorted(&sorted, 1.0), Some(4.0));
        assert_eq!(standard_deviation(&[1.0, f64::NAN, 3.0]), sqrt(2.0));
    }

    #[test]
    fn independent_values_are_not_inflated() {
        assert_eq!(inflation(&[Some(1.0); 20]).0, 1.0);
        let alternating: Vec<Option<f64>> = (0..40).map(|index| Some(f64::from(index % 2))).collect();
        assert_eq!(inflation(&alternating).0, 1.0);
        let slow: Vec<Option<f64>> = (0..40).map(|index| Some(f64::from(index / 10 % 2))).collect();
        assert!(inflation(&slow).0 > 5.0);
    }
}
