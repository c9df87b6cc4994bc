//! Regression on the same time of earlier days and weeks.

use std::collections::VecDeque;

use super::calibration::{Calibration, Origins, errors, rolling};
use super::distribution::Response;
use super::fitted::{Engine, Fitted, Tally};
use super::gaps::filled;
use super::model::{FittedForecaster, Forecaster};
use super::series::Series;
use super::statistics::{mean, median};
use super::transform::{Transform, log_where_positive};
use crate::error::{Error, ErrorCode, Result};

/// Most lags of a regression.
const MOST_LAGS: usize = 24;
/// Longest lag.
const MOST_LAG: usize = 100_000;

/// Regression on seasonal lags with an autoregressive error: each value is a weighted sum of
/// earlier ones (the same hour of yesterday, of the day before and of last week, say), and a share
/// of the last residual is carried on.
///
/// It does what harmonic regression with ARIMA errors does (seasons of any shape, several at once,
/// correlated errors) with a handful of coefficients. They come from weighted least squares in
/// which residuals beyond twice their median count ever less (Huber, "Robust estimation of a
/// location parameter", 1964), with a faint ridge (10⁻⁵ of the mean diagonal) against lags that
/// say the same. Lags whose weights would make errors grow without end are shrunk until they do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeasonalAutoregression {
    lags: Vec<usize>,
    season: usize,
    carry: bool,
}

impl SeasonalAutoregression {
    /// With seasons of these numbers of steps, the shortest first, and the lags that did best on
    /// the tuning half of the M4 hourly set: one and two of the shortest season, and one of each longer
    /// one.
    #[must_use]
    pub fn new(periods: &[usize]) -> Self {
        let shortest = periods.first().copied().unwrap_or(1);
        let mut lags = vec![shortest, shortest.saturating_mul(2)];
        for longer in periods.iter().skip(1) {
            if !lags.contains(longer) {
                lags.push(*longer);
            }
        }
        Self { lags, season: shortest, carry: true }
    }

    /// With these lags.
    #[must_use]
    pub fn with_lags(lags: impl Into<Vec<usize>>) -> Self {
        Self { lags: lags.into(), season: 1, carry: true }
    }
}

impl Forecaster for SeasonalAutoregression {
    fn name(&self) -> String {
        "seasonal_autoregression".to_owned()
    }

    fn fit(&self, series: &Series) -> Result<Box<dyn FittedForecaster>> {
        if self.lags.is_empty() || self.lags.len() > MOST_LAGS {
            let given = format!("{} lags", self.lags.len());
            return Err(Error::invalid("lags", given, format!("one to {MOST_LAGS} lags")));
        }
        for (index, lag) in self.lags.iter().enumerate() {
            let path = format!("lags[{index}]");
            crate::units::check_count(&path, *lag as u64, 1, MOST_LAG as u64)?;
            if self.lags.iter().take(index).any(|earlier| earlier == lag) {
                return Err(Error::new(ErrorCode::Duplicate, path, "is given twice").given(lag));
            }
        }
        let longest = self.lags.iter().copied().max().unwrap_or(1);
        let least = longest + 4 * (self.lags.len() + 1);
        series.need(least, "there must be several points beyond the longest lag for each coefficient")?;
        let transform = log_where_positive(series.values());
        let seasons = if self.season > 1 { vec![self.season] } else { Vec::new() };
        let modelled: Vec<f64> =
            filled(series.values(), &seasons).iter().map(|value| transform.forward(*value)).collect();
        let engine = regress(&modelled, &self.lags, self.carry);
        let horizon = if self.season > 1 { 2 * self.season } else { longest };
        let points = modelled.len();
        let origins = Origins::over(points, horizon, self.season, 20 * horizon, longest.max(points / 3), 40);
        let calibration = origins.map(|origins| {
            let said = rolling(engine.clone(), &modelled, origins);
            Calibration::new(&errors(&said, &modelled, origins), origins, self.season)
        });
        let mut fitted = run(self.name(), engine, series, transform);
        fitted.calibration = calibration;
        Ok(Box::new(fitted))
    }
}

fn run(name: String, mut engine: Lagged, series: &Series, transform: Transform) -> Fitted<Lagged> {
    let parameters = engine.lags.len() + 1;
    let longest = engine.longest();
    let mut tally = Tally::default();
    for (index, value) in series.values().iter().enumerate() {
        let error = engine.absorb(transform.forward(*value));
        if index > longest {
            tally.add(error);
        }
    }
    Fitted::new(name, engine, series, transform, tally, parameters)
}

/// A weighted sum of earlier values about their mean.
#[derive(Debug, Clone)]
pub(super) struct Lagged {
    lags: Vec<(usize, f64)>,
    mean: f64,
    /// The last values less the mean, as many as the longest lag, oldest first.
    history: VecDeque<f64>,
    residual: f64,
    phi: f64,
    /// How far values ever were from their mean.
    furthest: f64,
}

/// Residuals beyond so many times their median count less.
const ROBUST_BEYOND: f64 = 2.0;
/// An error may grow so much over four times the longest lag: trends are extrapolated, runaways are not.
const MOST_GROWTH: f64 = 10.0;
/// Ridge relative to the mean diagonal.
const RIDGE: f64 = 1e-5;

/// The weights of the lags, robustly; values must not be missing.
pub(super) fn regress(modelled: &[f64], lags: &[usize], carry: bool) -> Lagged {
    let middle = mean(modelled);
    let centred: Vec<f64> = modelled.iter().map(|value| value - middle).collect();
    let longest = lags.iter().copied().max().unwrap_or(1);
    let targets = centred.get(longest..).unwrap_or_default();
    let columns: Vec<&[f64]> = lags
        .iter()
        .map(|lag| {
            centred.get(longest - lag..).and_then(|column| column.get(..targets.len())).unwrap_or_default()
        })
        .collect();
    let residuals_of = |weights: &[f64]| -> Vec<f64> {
        let mut residuals = targets.to_vec();
        for (column, weight) in columns.iter().zip(weights) {
            for (residual, value) in residuals.iter_mut().zip(*column) {
                *residual -= weight * value;
            }
        }
        residuals
    };
    let mut weights = weighted_least_squares(&columns, targets, None);
    let mut sizes: Vec<f64> = residuals_of(&weights).iter().map(|residual| residual.abs()).collect();
    let usual = median(&mut sizes.clone()).unwrap_or_default();
    if usual > 0.0 {
        for size in &mut sizes {
            *size = 1.0 / (*size / usual).max(ROBUST_BEYOND);
        }
        weights = weighted_least_squares(&columns, targets, Some(&sizes));
    }
    let mut lagged = Lagged {
        lags: lags.iter().copied().zip(weights.iter().copied()).collect(),
        mean: middle,
        history: VecDeque::from(vec![0.0; longest]),
        residual: 0.0,
        phi: 0.0,
        furthest: centred.iter().fold(0.0, |most: f64, value| most.max(value.abs())),
    };
    lagged.settle();
    if carry {
        let weights: Vec<f64> = lagged.lags.iter().map(|(_, weight)| *weight).collect();
        let residuals = residuals_of(&weights);
        let (product, square) = residuals
            .iter()
            .zip(residuals.iter().skip(1))
            .fold((0.0, 0.0), |(product, square), (before, after)| {
                (product + before * after, square + before * before)
            });
        lagged.phi = if square > 0.0 { (product / square).clamp(0.0, 0.995) } else { 0.0 };
    }
    lagged
}

/// Least squares of targets on columns, with weights and a faint ridge, by Cholesky's
/// factorisation; zeros where nothing varies.
fn weighted_least_squares(columns: &[&[f64]], targets: &[f64], weights: Option<&[f64]>) -> Vec<f64> {
    let scaled: Vec<Vec<f64>> = match weights {
        Some(weights) => columns
            .iter()
            .map(|column| column.iter().zip(weights).map(|(value, weight)| value * weight).collect())
            .collect(),
        None => columns.iter().map(|column| column.to_vec()).collect(),
    };
    let dot =
        |left: &[f64], right: &[f64]| left.iter().zip(right).map(|(left, right)| left * right).sum::<f64>();
    let mut matrix: Vec<Vec<f64>> = scaled
        .iter()
        .enumerate()
        .map(|(row, left)| columns.iter().take(row + 1).map(|right| dot(left, right)).collect())
        .collect();
    let trace: f64 = matrix.iter().filter_map(|row| row.last()).sum();
    if trace <= 0.0 {
        return vec![0.0; columns.len()];
    }
    for row in &mut matrix {
        if let Some(diagonal) = row.last_mut() {
            *diagonal += RIDGE * trace / columns.len() as f64;
        }
    }
    let right: Vec<f64> = scaled.iter().map(|column| dot(column, targets)).collect();
    solve(matrix, right)
}

/// Solves for a positive definite matrix, of which the lower triangle is given row by row.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let size = right.len();
    for row in 0..size {
        let (before, from) = matrix.split_at_mut(row);
        let Some(current) = from.first_mut() else { break };
        for (column, earlier) in before.iter().enumerate() {
            let product: f64 =
                current.iter().zip(earlier).take(column).map(|(left, right)| left * right).sum();
            let diagonal = earlier.get(column).copied().unwrap_or(1.0);
            if let Some(entry) = current.get_mut(column) {
                *entry = (*entry - product) / diagonal;
            }
        }
        let square: f64 = current.iter().take(row).map(|value| value * value).sum();
        if let Some(diagonal) = current.get_mut(row) {
            *diagonal = crate::units::sqrt((*diagonal - square).max(f64::MIN_POSITIVE));
        }
        let (solved, rest) = right.split_at_mut(row);
        let product: f64 = current.iter().zip(solved.iter()).map(|(left, right)| left * right).sum();
        if let Some(value) = rest.first_mut() {
            *value = (*value - product) / current.get(row).copied().unwrap_or(1.0);
        }
    }
    for row in (0..size).rev() {
        let product: f64 = matrix
            .iter()
            .zip(&right)
            .skip(row + 1)
            .map(|(lower, value)| lower.get(row).copied().unwrap_or_default() * value)
            .sum();
        let diagonal = matrix.get(row).and_then(|lower| lower.get(row)).copied().unwrap_or(1.0);
        if let Some(value) = right.get_mut(row) {
            *value = (*value - product) / diagonal;
        }
    }
    right
}

impl Lagged {
    fn longest(&self) -> usize {
        self.history.len()
    }

    /// Shrinks the weights until an error does not grow over four times the longest lag.
    fn settle(&mut self) {
        // By 2% each: 60 times leave 30%, which sums of up to three in absolute value survive.
        for _ in 0..60 {
            let sum: f64 = self.lags.iter().map(|(_, weight)| weight.abs()).sum();
            if sum <= 1.0 {
                return;
            }
            let response = Response { lags: self.lags.clone(), ..Response::default() };
            let weights = response.weights(4 * self.longest().min(5_000));
            if weights.iter().all(|weight| weight.abs() <= MOST_GROWTH) {
                return;
            }
            for (_, weight) in &mut self.lags {
                *weight *= 0.98;
            }
        }
    }

    fn expected(&self) -> f64 {
        let places = self.history.len();
        self.lags
            .iter()
            .map(|(lag, weight)| weight * self.history.get(places - lag).copied().unwrap_or_default())
            .sum()
    }
}

impl Engine for Lagged {
    fn absorb(&mut self, value: f64) -> f64 {
        let expected = self.expected();
        let carried = self.phi * self.residual;
        let missing = value.is_nan();
        let now = if missing { expected + carried } else { value - self.mean };
        self.residual = now - expected;
        self.history.pop_front();
        self.history.push_back(now);
        self.furthest = self.furthest.max(if missing { 0.0 } else { now.abs() });
        if missing { f64::NAN } else { self.residual - carried }
    }

    /// Never further from the mean than three times what was ever seen.
    fn centre(&self, horizon: usize) -> Vec<f64> {
        let longest = self.history.len();
        let mut path: Vec<f64> = Vec::with_capacity(longest + horizon);
        path.extend(&self.history);
        let mut ahead = Vec::with_capacity(horizon);
        let mut carried = self.residual;
        let most = 3.0 * self.furthest;
        for _ in 0..horizon {
            let places = path.len();
            let seasonal: f64 = self
                .lags
                .iter()
                .map(|(lag, weight)| weight * path.get(places - lag).copied().unwrap_or_default())
                .sum();
            carried *= self.phi;
            // The carried residual is in the outcome of the first step, so also in what later
            // seasons say of it.
            path.push((seasonal + carried).clamp(-most, most));
            ahead.push(self.mean + (seasonal + carried).clamp(-most, most));
        }
        ahead
    }

    fn response(&self) -> Response {
        Response { carry: self.phi, decay: self.phi, lags: self.lags.clone(), ..Response::default() }
    }

    fn seasonal_periods(&self) -> Vec<usize> {
        self.lags.iter().map(|(lag, _)| *lag).filter(|lag| *lag > 1).collect()
    }

    fn parameters(&self) -> Vec<(String, f64)> {
        let mut parameters = vec![("phi".to_owned(), self.phi), ("mean".to_owned(), self.mean)];
        parameters.extend(self.lags.iter().map(|(lag, weight)| (format!("lag_{lag}"), *weight)));
        parameters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weights of a simulated process with lags 2 and 5 and 4,000 points: standard errors are near 0.015.
    #[test]
    fn weights_are_found_again() {
        let mut random = crate::units::Random::new(2);
        let mut values = vec![0.0; 5];
        for step in 5..4000 {
            values.push(0.5 * values[step - 2] - 0.3 * values[step - 5] + random.normal());
        }
        let lagged = regress(&values, &[2, 5], false);
        assert!((lagged.lags[0].1 - 0.5).abs() < 0.05 && (lagged.lags[1].1 + 0.3).abs() < 0.05);
    }

    #[test]
    fn an_equation_is_solved() {
        let solution = solve(vec![vec![4.0], vec![2.0, 3.0], vec![0.5, 1.0, 2.0]], vec![8.0, 8.0, 4.25]);
        let back: f64 = 4.0 * solution[0] + 2.0 * solution[1] + 0.5 * solution[2];
        assert!((back - 8.0).abs() < 1e-12);
        let back: f64 = 0.5 * solution[0] + solution[1] + 2.0 * solution[2];
        assert!((back - 4.25).abs() < 1e-12);
    }

    #[test]
    fn a_doubling_series_does_not_run_away() {
        let values: Vec<f64> = (0..60).map(|step| -10.0 + 1.5_f64.powi(step)).collect();
        let series = Series::new(values).unwrap();
        let fitted = SeasonalAutoregression::with_lags([1, 2, 3]).fit(&series).unwrap();
        let forecast = fitted.forecast(1000, &[0.95]).unwrap();
        assert!(forecast.mean().iter().all(|mean| mean.abs() < 1e12));
        assert!(forecast.upper(0.95).unwrap().iter().all(|upper| upper.is_finite()));
    }

    #[test]
    fn impossible_lags_are_refused() {
        let series = Series::new(vec![1.0; 40]).unwrap();
        for (lags, path) in
            [(vec![], "lags"), (vec![0], "lags[0]"), (vec![3, 3], "lags[1]"), (vec![36], "values")]
        {
            assert_eq!(SeasonalAutoregression::with_lags(lags).fit(&series).unwrap_err().path(), path);
        }
    }
}
