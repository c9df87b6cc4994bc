//! Decomposition into trend, seasons and remainder by locally weighted lines.
//!
//! STL: Cleveland, Cleveland, McRae and Terpenning, "STL: A seasonal-trend decomposition procedure
//! based on loess", Journal of Official Statistics 6, 1990. Several seasons: Bandara, Hyndman and
//! Bergmeir, "MSTL: a seasonal-trend decomposition algorithm for time series with multiple seasonal
//! patterns", 2021.

/// Parts that add up to the series.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parts {
    pub trend: Vec<f64>,
    /// One for each period.
    pub seasons: Vec<Vec<f64>>,
    pub remainder: Vec<f64>,
}

/// Rounds over the seasons, of which each is found in what the others leave.
const ROUNDS: usize = 2;
/// Inner iterations of STL.
const INNER: usize = 2;

/// Takes a series without missing values apart; periods ascending, each at most half the length.
pub(super) fn mstl(values: &[f64], periods: &[usize]) -> Parts {
    let mut seasons = vec![vec![0.0; values.len()]; periods.len()];
    let mut trend = Vec::new();
    let mut adjusted = values.to_vec();
    for _ in 0..ROUNDS {
        for (index, (season, period)) in seasons.iter_mut().zip(periods).enumerate() {
            for (value, season) in adjusted.iter_mut().zip(season.iter()) {
                *value += season;
            }
            // Windows of 11, 15, 19: MSTL's defaults.
            let (new, new_trend) = stl(&adjusted, *period, 11 + 4 * index);
            for (value, season) in adjusted.iter_mut().zip(&new) {
                *value -= season;
            }
            (*season, trend) = (new, new_trend);
        }
    }
    if periods.is_empty() {
        let window = odd(values.len() as f64 / 3.0);
        trend = loess(&adjusted, window, (window / 10).max(1));
    }
    let remainder = adjusted.iter().zip(&trend).map(|(value, trend)| value - trend).collect();
    Parts { trend, seasons, remainder }
}

/// Season and trend.
fn stl(values: &[f64], period: usize, window: usize) -> (Vec<f64>, Vec<f64>) {
    let trend_window = odd(1.5 * period as f64 / (1.0 - 1.5 / window as f64));
    let mut trend = vec![0.0; values.len()];
    let mut season = vec![0.0; values.len()];
    for _ in 0..INNER {
        let detrended: Vec<f64> = values.iter().zip(&trend).map(|(value, trend)| value - trend).collect();
        // Each place of the season is smoothed over the cycles and carried on by one cycle at
        // either end, so that the low-pass filter loses nothing.
        let mut cycles = vec![0.0; values.len() + 2 * period];
        for place in 0..period {
            let at_place: Vec<f64> = detrended.iter().skip(place).step_by(period).copied().collect();
            let smooth = loess_beyond(&at_place, window);
            for (slot, value) in cycles.iter_mut().skip(place).step_by(period).zip(smooth) {
                *slot = value;
            }
        }
        let filtered = averages(&averages(&averages(&cycles, period), period), 3);
        let low_window = odd(period as f64);
        let low = loess(&filtered, low_window, (low_window / 10).max(1));
        season = cycles.iter().skip(period).zip(&low).map(|(cycle, low)| cycle - low).collect();
        let deseasonalised: Vec<f64> =
            values.iter().zip(&season).map(|(value, season)| value - season).collect();
        trend = loess(&deseasonalised, trend_window, (trend_window / 10).max(1));
    }
    (season, trend)
}

/// The next odd number.
fn odd(value: f64) -> usize {
    let whole = value.ceil().max(3.0) as usize;
    whole + usize::from(whole.is_multiple_of(2))
}

/// Moving averages, so many fewer.
fn averages(values: &[f64], width: usize) -> Vec<f64> {
    let mut sum: f64 = values.iter().take(width).sum();
    let mut averages = vec![sum / width as f64];
    for (leaving, entering) in values.iter().zip(values.iter().skip(width)) {
        sum += entering - leaving;
        averages.push(sum / width as f64);
    }
    averages
}

/// Locally weighted lines at every `jump`th point, straight between them.
fn loess(values: &[f64], window: usize, jump: usize) -> Vec<f64> {
    let last = values.len().saturating_sub(1);
    let mut smooth = vec![0.0; values.len()];
    let mut before: Option<(usize, f64)> = None;
    for index in (0..last).step_by(jump).chain([last]) {
        let now = local_line(values, index as f64, window);
        if let Some((place, level)) = before {
            let width = (index - place).max(1) as f64;
            for (offset, slot) in smooth.iter_mut().take(index).skip(place).enumerate() {
                *slot = level + (now - level) * offset as f64 / width;
            }
        }
        if let Some(slot) = smooth.get_mut(index) {
            *slot = now;
        }
        before = Some((index, now));
    }
    smooth
}

/// Locally weighted lines at every point and at one before the first and after the last.
fn loess_beyond(values: &[f64], window: usize) -> Vec<f64> {
    (0..values.len() + 2).map(|index| local_line(values, index as f64 - 1.0, window)).collect()
}

/// The line through the `window` nearest points by tricube weights, at `place`.
fn local_line(values: &[f64], place: f64, window: usize) -> f64 {
    let count = values.len();
    let width = window.min(count);
    let half = (width / 2) as f64;
    let first = (place - half).clamp(0.0, (count - width) as f64) as usize;
    let near = values.get(first..first + width).unwrap_or_default();
    let mut reach = (place - first as f64).abs().max(((first + width) as f64 - 1.0 - place).abs());
    if window > count {
        reach += ((window - count) / 2) as f64;
    }
    let (mut weights, mut places, mut sum) = (0.0, 0.0, 0.0);
    let (mut squares, mut products) = (0.0, 0.0);
    for (offset, value) in near.iter().enumerate() {
        let away = (first + offset) as f64 - place;
        let share = away.abs() / reach.max(1e-9);
        let weight = if share < 0.001 {
            1.0
        } else if share < 0.999 {
            let cube = 1.0 - share * share * share;
            cube * cube * cube
        } else {
            0.0
        };
        weights += weight;
        places += weight * away;
        sum += weight * value;
        squares += weight * away * away;
        products += weight * away * value;
    }
    if weights <= 0.0 {
        return super::statistics::mean(near);
    }
    let (middle, level) = (places / weights, sum / weights);
    let spread = squares / weights - middle * middle;
    // A line through points that lie together would be any line.
    if spread < 1e-6 * reach * reach {
        return level;
    }
    level - middle * (products / weights - middle * level) / spread
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_and_are_what_went_in() {
        let season = |step: usize| [3.0, 0.0, -4.0, 1.0][step % 4];
        let longer = |step: usize| if step % 28 < 8 { -5.0 } else { 2.0 };
        let value = |step: usize| 50.0 + 0.1 * step as f64 + season(step) + longer(step);
        let values: Vec<f64> = (0..280).map(value).collect();
        let parts = mstl(&values, &[4, 28]);
        for (step, value) in values.iter().enumerate() {
            let sum =
                parts.trend[step] + parts.seasons[0][step] + parts.seasons[1][step] + parts.remainder[step];
            assert!((sum - value).abs() < 1e-9);
            if (28..252).contains(&step) {
                assert!((parts.seasons[0][step] - season(step)).abs() < 0.3, "{step}");
                assert!((parts.seasons[1][step] - longer(step)).abs() < 0.5, "{step}");
                assert!(parts.remainder[step].abs() < 0.3, "{step}");
            }
        }
    }

    #[test]
    fn a_line_is_its_own_trend() {
        let values: Vec<f64> = (0..50).map(|step| 2.0 * f64::from(step)).collect();
        for (smooth, value) in loess(&values, 11, 3).iter().zip(&values) {
            assert!((smooth - value).abs() < 1e-9);
        }
        assert!((loess_beyond(&values, 7)[51] - 100.0).abs() < 1e-9);
        assert_eq!(averages(&[1.0, 2.0, 3.0, 4.0], 2), [1.5, 2.5, 3.5]);
    }
}
