//! How wrong a forecast was: the measures of the M competitions.
//!
//! Definitions: Makridakis, Spiliotis and Assimakopoulos, "The M4 Competition: 100,000 time series
//! and 61 forecasting methods", International Journal of Forecasting 36 (2020); RMSSE from "The M5
//! accuracy competition", same journal 38 (2022); MSIS from Gneiting and Raftery, "Strictly proper
//! scoring rules, prediction, and estimation", JASA 102 (2007). Points of which the outcome is
//! missing count in none.

use crate::units::sqrt;

/// Symmetric mean absolute percentage error in percent, 0 to 200: the mean of
/// 200 |y − f| ÷ (|y| + |f|), a step where both are zero counting as 0. `None` without outcomes.
#[must_use]
pub fn smape(outcome: &[f64], forecast: &[f64]) -> Option<f64> {
    mean_of(outcome.iter().zip(forecast).map(|(outcome, forecast)| {
        let size = outcome.abs() + forecast.abs();
        if size == 0.0 { 0.0 } else { 200.0 * (outcome - forecast).abs() / size }
    }))
}

/// Mean absolute error over that of the seasonal naive method, one step ahead, on the history.
/// `None` without outcomes, or where the history repeats itself exactly.
#[must_use]
pub fn mase(outcome: &[f64], forecast: &[f64], history: &[f64], period: usize) -> Option<f64> {
    let error = mean_of(outcome.iter().zip(forecast).map(|(outcome, forecast)| (outcome - forecast).abs()))?;
    Some(error / absolute_scale(history, period)?)
}

/// Root mean square error over that of the seasonal naive method, one step ahead, on the history.
/// `None` as for [`mase`].
#[must_use]
pub fn rmsse(outcome: &[f64], forecast: &[f64], history: &[f64], period: usize) -> Option<f64> {
    let square = |(outcome, forecast): (&f64, &f64)| (outcome - forecast) * (outcome - forecast);
    let error = mean_of(outcome.iter().zip(forecast).map(square))?;
    let scale = squared_scale(history, period)?;
    Some(sqrt(error / scale))
}

/// Mean pinball loss of the quantile at `probability`: (y − q) × probability above it,
/// (q − y) × (1 − probability) below. `None` without outcomes.
#[must_use]
pub fn pinball(outcome: &[f64], quantile: &[f64], probability: f64) -> Option<f64> {
    mean_of(outcome.iter().zip(quantile).map(|(outcome, quantile)| {
        let above = outcome - quantile;
        if above >= 0.0 { above * probability } else { -above * (1.0 - probability) }
    }))
}

/// Share of outcomes within the interval, its ends included. `None` without outcomes.
#[must_use]
pub fn coverage(outcome: &[f64], lower: &[f64], upper: &[f64]) -> Option<f64> {
    mean_of(outcome.iter().zip(lower).zip(upper).map(|((outcome, lower), upper)| {
        if outcome.is_nan() { f64::NAN } else { f64::from(u8::from(lower <= outcome && outcome <= upper)) }
    }))
}

/// Mean scaled interval score of the interval at `level`: its width, plus 2 ÷ (1 − level) times how
/// far an outcome is outside, over the scale of [`mase`]. `None` as for [`mase`].
#[must_use]
pub fn msis(
    outcome: &[f64],
    lower: &[f64],
    upper: &[f64],
    level: f64,
    history: &[f64],
    period: usize,
) -> Option<f64> {
    let score = mean_of(outcome.iter().zip(lower).zip(upper).map(|((outcome, lower), upper)| {
        let outside = (lower - outcome).max(outcome - upper);
        let missed = if outcome.is_nan() { f64::NAN } else { outside.max(0.0) };
        upper - lower + 2.0 / (1.0 - level) * missed
    }))?;
    Some(score / absolute_scale(history, period)?)
}

/// Overall weighted average of the M4 competition: the mean of sMAPE and MASE, each over that of
/// [`Naive2`](super::Naive2). All four are means over the same set of series.
#[must_use]
pub fn owa(smape: f64, mase: f64, naive2_smape: f64, naive2_mase: f64) -> f64 {
    (smape / naive2_smape + mase / naive2_mase) / 2.0
}

/// Mean absolute change over a period; none where nothing changes.
pub(super) fn absolute_scale(history: &[f64], period: usize) -> Option<f64> {
    scale(history, period, f64::abs)
}

/// Mean squared change over a period; none where nothing changes.
pub(super) fn squared_scale(history: &[f64], period: usize) -> Option<f64> {
    scale(history, period, |change| change * change)
}

fn scale(history: &[f64], period: usize, size: impl Fn(f64) -> f64) -> Option<f64> {
    let changes = history.iter().zip(history.iter().skip(period.max(1)));
    mean_of(changes.map(|(before, after)| size(after - before))).filter(|scale| *scale > 0.0)
}

/// Mean of what is not missing.
pub(super) fn mean_of(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values
        .filter(|value| !value.is_nan())
        .fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    (count > 0.0).then(|| sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_by_hand() {
        let (outcome, forecast, history) = ([10.0, f64::NAN, 20.0], [12.0, 5.0, 16.0], [1.0, 3.0, 2.0, 6.0]);
        assert!((smape(&outcome, &forecast).unwrap() - (400.0 / 22.0 + 800.0 / 36.0) / 2.0).abs() < 1e-12);
        // Changes over two steps: 1 and 3.
        assert_eq!(mase(&outcome, &forecast, &history, 2), Some(1.5));
        assert_eq!(rmsse(&outcome, &forecast, &history, 2), Some(sqrt(10.0 / 5.0)));
        assert_eq!(pinball(&outcome, &forecast, 0.9), Some((2.0 * (1.0 - 0.9) + 4.0 * 0.9) / 2.0));
        let (lower, upper) = ([9.0, 0.0, 10.0], [11.0, 9.0, 15.0]);
        assert_eq!(coverage(&outcome, &lower, &upper), Some(0.5));
        // (2 + (5 + 5 × 2 ÷ 0.2)) ÷ 2 ÷ 2.
        assert!((msis(&outcome, &lower, &upper, 0.8, &history, 2).unwrap() - 14.25).abs() < 1e-9);
        assert_eq!(owa(10.0, 1.0, 20.0, 4.0), 0.375);
    }

    #[test]
    fn what_has_no_scale_has_no_score() {
        assert_eq!(mase(&[1.0], &[1.0], &[2.0; 9], 1), None);
        assert_eq!(smape(&[f64::NAN], &[1.0]), None);
        assert_eq!(smape(&[0.0], &[0.0]), Some(0.0));
        assert_eq!(mase(&[1.0], &[1.0], &[2.0, 3.0], 24), None);
    }
}
