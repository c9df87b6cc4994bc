//! Several seasons taken out, any model on what remains.

use super::distribution::{Beyond, least};
use super::gaps::filled;
use super::model::{Explanation, FittedForecaster, Forecaster};
use super::outcome::Forecast;
use super::series::{Series, check_values};
use super::stl::mstl;
use super::taylor::check_periods;
use super::transform::{Transform, log_where_positive};
use crate::error::Result;

/// Seasons taken out by locally weighted lines (MSTL: Bandara, Hyndman and Bergmeir, 2021), any
/// model on trend and remainder, and the last cycle of each season put back on.
///
/// Works on logarithms where all values are positive. Intervals are those of the model, to which
/// seasons are known: they are too narrow where seasons change (docs/FORECASTING.md).
/// [`Conformal`](super::Conformal) mends that.
#[derive(Debug)]
pub struct Mstl {
    periods: Vec<usize>,
    model: Box<dyn Forecaster>,
}

impl Mstl {
    /// With seasons of these numbers of steps, the shortest first, and a model for the rest.
    #[must_use]
    pub fn new(periods: impl Into<Vec<usize>>, model: impl Forecaster + 'static) -> Self {
        Self { periods: periods.into(), model: Box::new(model) }
    }
}

impl Forecaster for Mstl {
    fn name(&self) -> String {
        format!("mstl+{}", self.model.name())
    }

    fn fit(&self, series: &Series) -> Result<Box<dyn FittedForecaster>> {
        series.need(2, "a season and a remainder need two values")?;
        check_periods(&self.periods, 2, series)?;
        let transform = log_where_positive(series.values());
        let filled = filled(series.values(), &self.periods);
        let modelled: Vec<f64> = filled.iter().map(|value| transform.forward(*value)).collect();
        let parts = mstl(&modelled, &self.periods);
        let rest: Vec<f64> = (0..modelled.len())
            .map(|index| {
                let at = |part: &Vec<f64>| part.get(index).copied().unwrap_or_default();
                at(&parts.trend) + at(&parts.remainder)
            })
            .collect();
        let next = |(season, period): (&Vec<f64>, &usize)| {
            season.iter().skip(series.len().saturating_sub(*period)).copied().collect()
        };
        Ok(Box::new(FittedMstl {
            name: self.name(),
            inner: self.model.fit(&series.unbounded_with(rest))?,
            seasons: parts.seasons.iter().zip(&self.periods).map(next).collect(),
            seen: 0,
            transform,
            non_negative: series.is_non_negative(),
        }))
    }
}

#[derive(Debug, Clone)]
struct FittedMstl {
    name: String,
    inner: Box<dyn FittedForecaster>,
    /// The last cycle of each season.
    seasons: Vec<Vec<f64>>,
    /// Points taken in since.
    seen: usize,
    transform: Transform,
    non_negative: bool,
}

impl FittedMstl {
    fn season(&self, ahead: usize) -> f64 {
        let at = |season: &Vec<f64>| season.get((self.seen + ahead) % season.len().max(1)).copied();
        self.seasons.iter().filter_map(at).sum()
    }
}

impl FittedForecaster for FittedMstl {
    fn model(&self) -> String {
        self.name.clone()
    }

    fn explain(&self) -> Explanation {
        let mut explanation = self.inner.explain();
        explanation.notes.push(format!("{} works on what the seasons leave.", explanation.model));
        explanation.model.clone_from(&self.name);
        explanation.seasonal_periods = self.seasons.iter().map(Vec::len).collect();
        explanation.transform = self.transform.name();
        explanation
    }

    fn forecast(&self, horizon: usize, levels: &[f64]) -> Result<Forecast> {
        let inner = self.inner.forecast(horizon, levels)?;
        let offsets = (0..horizon).map(|step| self.season(step)).collect();
        let least = least(self.non_negative);
        Ok(inner.beyond(self.name.clone(), Beyond { offsets, transform: self.transform, least }))
    }

    fn update(&mut self, values: &[f64]) -> Result<()> {
        check_values(values, self.non_negative)?;
        let rest: Vec<f64> = values
            .iter()
            .enumerate()
            .map(|(step, value)| self.transform.forward(*value) - self.season(step))
            .collect();
        self.inner.update(&rest)?;
        self.seen += values.len();
        Ok(())
    }

    fn boxed_clone(&self) -> Box<dyn FittedForecaster> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Ets, Naive};
    use super::*;

    #[test]
    fn seasons_are_put_back_at_their_place() {
        let value = |step: usize| (100.0 + 0.2 * step as f64) * [0.5, 1.0, 1.5, 1.0][step % 4];
        let series = Series::new((0..83).map(value).collect()).unwrap().non_negative().unwrap();
        let mut fitted = Mstl::new([4], Ets::new(1)).fit(&series).unwrap();
        for taken in [0, 2] {
            for (step, mean) in fitted.forecast(8, &[0.95]).unwrap().mean().iter().enumerate() {
                let expected = value(83 + taken + step);
                assert!((mean / expected - 1.0).abs() < 0.03, "{step}: {mean} {expected}");
            }
            fitted.update(&[value(83), value(84)]).unwrap();
        }
        let forecast = fitted.forecast(8, &[]).unwrap();
        let (upper, median) = (forecast.upper(0.9).unwrap(), forecast.quantile(0.5).unwrap());
        assert!(upper.iter().zip(&median).all(|(upper, median)| upper >= median && *median > 0.0));
    }

    #[test]
    fn the_model_of_the_rest_may_be_any() {
        let series = Series::new((0..40).map(|step| f64::from(step % 4)).collect()).unwrap();
        let model: Box<dyn Forecaster> = Box::new(Mstl::new([4], Naive));
        assert_eq!(model.fit(&series).unwrap().model(), "mstl+naive");
        assert_eq!(Mstl::new([30], Naive).fit(&series).unwrap_err().path(), "values");
    }
}
