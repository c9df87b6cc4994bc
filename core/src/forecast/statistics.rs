//! Medians, quantiles and moments of plain slices; missing values (`NaN`) are left out.

use crate::units::sqrt;

/// The values that are not missing.
pub(super) fn present(values: &[f64]) -> impl Iterator<Item = f64> + '_ {
    values.iter().copied().filter(|value| !value.is_nan())
}

/// The median, the mean of the middle two where they are two; none of nothing. Reorders.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
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
pub(super) fn mean(values: &[f64]) -> f64 {
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
}
