//! Exponential smoothing with several seasons and an autoregressive residual.

use super::calibration::{Calibration, Origins, errors, rolling};
use super::distribution::Response;
use super::fitted::{Engine, Fitted, Tally};
use super::model::{FittedForecaster, Forecaster};
use super::search::{logistic, nelder_mead};
use super::seasonal_naive::check_period;
use super::series::Series;
use super::statistics::mean;
use super::transform::log_where_positive;
use crate::error::{Error, Result};

/// Double- and triple-seasonal exponential smoothing with an autoregressive residual (Taylor,
/// "Short-term electricity demand forecasting using double seasonal exponential smoothing", Journal
/// of the Operational Research Society 54, 2003; "Triple seasonal methods for short-term
/// electricity demand forecasting", European Journal of Operational Research 204, 2010): a level, a
/// state for every step of each season, and a share of the last residual that is carried on.
///
/// Two things differ from Taylor's. The parameters are those with the least absolute error over the whole
/// horizon from many origins, not the least squared error of one step. And the longer
/// seasons start from deviations that are drawn to zero where few seasons were seen.
///
/// On logarithms where all values are positive, so that seasons multiply. Intervals are those of
/// the errors made from the origins; without room for origins, those that the model expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taylor {
    periods: Vec<usize>,
    horizon: Option<usize>,
}

impl Taylor {
    /// With seasons of these numbers of steps, the shortest first: `[24, 168]` for hours.
    #[must_use]
    pub fn new(periods: impl Into<Vec<usize>>) -> Self {
        Self { periods: periods.into(), horizon: None }
    }

    /// Chooses the parameters for forecasts of so many steps; by default twice the shortest season.
    #[must_use]
    pub fn for_horizon(self, horizon: usize) -> Self {
        Self { horizon: Some(horizon), ..self }
    }
}

/// Refuses periods that do not rise, are too many, or that the series does not hold `seasons` times.
pub(super) fn check_periods(periods: &[usize], seasons: usize, series: &Series) -> Result<()> {
    if periods.is_empty() || periods.len() > 3 {
        return Err(Error::invalid("periods", format!("{} periods", periods.len()), "one to three periods"));
    }
    for (index, period) in periods.iter().enumerate() {
        check_period(&format!("periods[{index}]"), *period, seasons, series)?;
    }
    if let Some(index) = periods.windows(2).position(|pair| pair.first() >= pair.last()) {
        let given = periods.get(index + 1).copied().unwrap_or_default();
        return Err(Error::invalid(
            format!("periods[{}]", index + 1),
            given,
            "a period longer than the one before it",
        ));
    }
    Ok(())
}

impl Forecaster for Taylor {
    fn name(&self) -> String {
        "taylor".to_owned()
    }

    fn fit(&self, series: &Series) -> Result<Box<dyn FittedForecaster>> {
        series.need(1, "states need values to follow")?;
        check_periods(&self.periods, 2, series)?;
        let shortest = self.periods.iter().copied().min().unwrap_or(1);
        series.need(2 * shortest, "states of the shortest season need two values each")?;
        if let Some(horizon) = self.horizon {
            super::outcome::check_horizon(horizon)?;
        }
        let transform = log_where_positive(series.values());
        let modelled: Vec<f64> = series.values().iter().map(|value| transform.forward(*value)).collect();
        let horizon = self.horizon.unwrap_or(2 * shortest);
        let origins = Origins::over(modelled.len(), horizon, shortest, 20 * shortest, modelled.len() / 3, 40);
        let mut engine = choose(&modelled, &self.periods, origins, 100);
        let calibration = origins.map(|origins| {
            let said = rolling(engine.clone(), &modelled, origins);
            Calibration::new(&errors(&said, &modelled, origins), origins, shortest)
        });
        let mut tally = Tally::default();
        for value in &modelled {
            tally.add(engine.absorb(*value));
        }
        let parameters = self.periods.len() + 2;
        let mut fitted = Fitted::new(self.name(), engine, series, transform, tally, parameters);
        fitted.calibration = calibration;
        Ok(Box::new(fitted))
    }
}

/// One season: a state for each of its steps.
#[derive(Debug, Clone)]
struct Season {
    states: Vec<f64>,
    /// Of the next step.
    place: usize,
    share: f64,
}

/// The states of a model with several seasons.
#[derive(Debug, Clone)]
pub(super) struct Smoothing {
    level: f64,
    alpha: f64,
    seasons: Vec<Season>,
    residual: f64,
    phi: f64,
}

/// How many seasons' worth of nothing the deviations of the longer seasons are drawn by.
const DRAWN_TO_ZERO: f64 = 1.0;

impl Smoothing {
    /// Starting states from the means of the first points by their place in each season, each
    /// season of what those before it leave.
    fn start(modelled: &[f64], periods: &[usize]) -> Self {
        let level = mean(modelled);
        let mut rest: Vec<f64> = modelled.iter().map(|value| value - level).collect();
        let mut seasons = Vec::new();
        for (index, period) in periods.iter().enumerate() {
            let drawn = if index == 0 { 0.0 } else { DRAWN_TO_ZERO };
            let mut sums = vec![(0.0, 0.0); (*period).max(1)];
            for season in rest.chunks((*period).max(1)) {
                for ((sum, count), value) in sums.iter_mut().zip(season).filter(|(_, value)| !value.is_nan())
                {
                    *sum += value;
                    *count += 1.0;
                }
            }
            let states: Vec<f64> = sums
                .iter()
                .map(|(sum, count)| if *count > 0.0 { sum / (count + drawn) } else { 0.0 })
                .collect();
            for season in rest.chunks_mut((*period).max(1)) {
                for (value, state) in season.iter_mut().zip(&states) {
                    *value -= state;
                }
            }
            seasons.push(Season { states, place: 0, share: 0.0 });
        }
        Self { level, alpha: 0.0, seasons, residual: 0.0, phi: 0.0 }
    }

    /// Parameters from a point of the search.
    fn set(&mut self, point: &[f64]) {
        let mut values = point.iter().map(|value| logistic(*value));
        self.alpha = values.next().unwrap_or_default();
        self.phi = values.next().unwrap_or_default();
        for season in &mut self.seasons {
            season.share = values.next().unwrap_or_default();
        }
    }

    fn project(&self, ahead: &mut [f64]) {
        let mut carried = self.residual;
        for slot in ahead.iter_mut() {
            carried *= self.phi;
            *slot = self.level + carried;
        }
        for season in &self.seasons {
            let (before, after) = season.states.split_at(season.place.min(season.states.len()));
            let mut rest = &mut *ahead;
            for part in [after, before].into_iter().cycle() {
                if rest.is_empty() || season.states.is_empty() {
                    break;
                }
                let (now, later) = rest.split_at_mut(part.len().min(rest.len()));
                for (slot, state) in now.iter_mut().zip(part) {
                    *slot += state;
                }
                rest = later;
            }
        }
    }

    /// Sum of absolute errors over the horizon from all origins.
    fn cost(mut self, modelled: &[f64], origins: Origins, ahead: &mut [f64]) -> f64 {
        let (mut sum, mut seen) = (0.0, 0);
        for origin in origins.iter() {
            for value in modelled.get(seen..origin).unwrap_or_default() {
                self.absorb(*value);
            }
            seen = origin;
            self.project(ahead);
            let outcomes = modelled.get(origin..).unwrap_or_default();
            for (said, outcome) in ahead.iter().zip(outcomes) {
                let size = (outcome - said).abs();
                sum += if size.is_nan() { 0.0 } else { size };
            }
        }
        sum
    }
}

/// Starting states and the parameters that would have done best from the origins, after so many
/// trials. Without origins the parameters are what they usually are.
pub(super) fn choose(
    modelled: &[f64],
    periods: &[usize],
    origins: Option<Origins>,
    evaluations: usize,
) -> Smoothing {
    // States start from points before the first origin, where they span two of the longest season, so that
    // the origins judge what was not seen.
    let longest = periods.iter().copied().max().unwrap_or(1);
    let before = origins.map_or(modelled.len(), |origins| origins.first.max(2 * longest));
    let mut start = Smoothing::start(modelled.get(..before).unwrap_or(modelled), periods);
    // Usual values on M4's hourly series: a slow level, seasons that follow slowly, a long carry.
    let mut usual = vec![-3.0, 1.0];
    usual.resize(2 + periods.len(), -2.0);
    let Some(origins) = origins else {
        start.set(&usual);
        return start;
    };
    let mut ahead = vec![0.0; origins.horizon];
    let (best, _) = nelder_mead(&usual, 1.0, evaluations, |point| {
        let mut trial = start.clone();
        trial.set(point);
        trial.cost(modelled, origins, &mut ahead)
    });
    start.set(&best);
    start
}

impl Engine for Smoothing {
    fn absorb(&mut self, value: f64) -> f64 {
        let mut base = self.level;
        for season in &self.seasons {
            base += season.states.get(season.place).copied().unwrap_or_default();
        }
        let missing = value.is_nan();
        let residual = if missing { self.phi * self.residual } else { value - base };
        let error = residual - self.phi * self.residual;
        let moves = if missing { 0.0 } else { residual };
        self.level += self.alpha * moves;
        for season in &mut self.seasons {
            if let Some(state) = season.states.get_mut(season.place) {
                *state += season.share * moves;
            }
            season.place += 1;
            if season.place >= season.states.len() {
                season.place = 0;
            }
        }
        self.residual = residual;
        if missing { f64::NAN } else { error }
    }

    fn centre(&self, horizon: usize) -> Vec<f64> {
        let mut ahead = vec![0.0; horizon];
        self.project(&mut ahead);
        ahead
    }

    fn response(&self) -> Response {
        Response {
            level: self.alpha,
            seasons: self.seasons.iter().map(|season| (season.states.len(), season.share)).collect(),
            carry: self.phi,
            decay: self.phi,
            ..Response::default()
        }
    }

    fn seasonal_periods(&self) -> Vec<usize> {
        self.seasons.iter().map(|season| season.states.len()).collect()
    }

    fn parameters(&self) -> Vec<(String, f64)> {
        let mut parameters = vec![("alpha".to_owned(), self.alpha), ("phi".to_owned(), self.phi)];
        let shares =
            self.seasons.iter().map(|season| (format!("season_{}", season.states.len()), season.share));
        parameters.extend(shares);
        parameters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weekly(day: usize, hour: usize) -> f64 {
        let shape = [5.0, 4.0, 6.0, 9.0, 12.0, 8.0];
        shape[hour] * if day >= 5 { 0.6 } else { 1.0 }
    }

    #[test]
    fn two_seasons_are_followed() {
        let values: Vec<f64> = (0..42 * 6).map(|step| weekly(step / 6 % 7, step % 6)).collect();
        let series = Series::new(values).unwrap();
        let fitted = Taylor::new([6, 42]).fit(&series).unwrap();
        for (step, mean) in fitted.forecast(42, &[0.95]).unwrap().mean().iter().enumerate() {
            let expected = weekly(step / 6 % 7, step % 6);
            assert!((mean / expected - 1.0).abs() < 0.02, "{step}: {mean} {expected}");
        }
    }

    #[test]
    fn a_projection_wraps_around_short_seasons() {
        let mut smoothing = Smoothing::start(&[1.0, 2.0, 3.0, 1.0, 2.0, 3.0], &[3]);
        smoothing.absorb(1.0);
        assert_eq!(smoothing.centre(8), [2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0]);
    }

    #[test]
    fn impossible_periods_are_refused() {
        let series = Series::new(vec![1.0; 50]).unwrap();
        for (periods, path) in [
            (vec![], "periods"),
            (vec![2, 3, 4, 5], "periods"),
            (vec![1], "periods[0]"),
            (vec![5, 5], "periods[1]"),
            (vec![5, 30], "values"),
        ] {
            assert_eq!(Taylor::new(periods).fit(&series).unwrap_err().path(), path);
        }
    }
}
