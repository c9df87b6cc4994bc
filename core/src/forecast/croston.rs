//! Demand that comes now and then: Croston's method and its successors.

use super::distribution::{Response, Shape};
use super::fitted::{Engine, Fitted};
use super::model::{FittedForecaster, Forecaster};
use super::series::Series;
use super::statistics::present;
use super::transform::Transform;
use crate::error::{Error, Result};

/// How the rate of an intermittent demand is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Croston,
    SyntetosBoylan,
    TeunterSyntetosBabai,
}

/// Intermittent demand: the mean demand a step from smoothed sizes and how often they come. Intervals and
/// paths are those of the demand itself: nothing with the smoothed probability, else a size that
/// was seen. Values below zero are refused.
///
/// The smoothing is the one of 0.05, 0.1, 0.15, 0.2 and 0.3 (the range of Syntetos and Boylan, 2005) with the
/// least squared error on the series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intermittent {
    method: Method,
}

impl Intermittent {
    /// Croston's method: smoothed size over smoothed interval ("Forecasting and stock control for intermittent demands",
    /// Operational Research Quarterly 23, 1972). Biased upwards.
    #[must_use]
    pub fn croston() -> Self {
        Self { method: Method::Croston }
    }

    /// Syntetos and Boylan's approximation: Croston's times 1 − α ÷ 2, which takes out most of the
    /// bias ("The accuracy of intermittent demand estimates", International Journal of Forecasting 21, 2005).
    #[must_use]
    pub fn syntetos_boylan() -> Self {
        Self { method: Method::SyntetosBoylan }
    }

    /// Teunter, Syntetos and Babai's: smoothed size times a probability that falls with every step
    /// without demand ("Intermittent demand: linking forecasting to inventory obsolescence", European Journal of Operational
    /// Research 214, 2011). The one for what may cease.
    #[must_use]
    pub fn teunter_syntetos_babai() -> Self {
        Self { method: Method::TeunterSyntetosBabai }
    }
}

impl Forecaster for Intermittent {
    fn name(&self) -> String {
        match self.method {
            Method::Croston => "croston",
            Method::SyntetosBoylan => "sba",
            Method::TeunterSyntetosBabai => "tsb",
        }
        .to_owned()
    }

    fn fit(&self, series: &Series) -> Result<Box<dyn FittedForecaster>> {
        series.need(1, "a rate needs a value")?;
        if let Some(index) = series.values().iter().position(|value| *value < 0.0) {
            let value = series.values().get(index).copied().unwrap_or_default();
            return Err(Error::invalid(format!("values[{index}]"), value, "a number from 0"));
        }
        let error = |alpha: f64| {
            let mut demand = Demand::start(series.values(), self.method, alpha);
            series
                .values()
                .iter()
                .map(|value| demand.absorb(*value))
                .filter(|error| !error.is_nan())
                .map(|error| error * error)
                .sum::<f64>()
        };
        let best = [0.05, 0.1, 0.15, 0.2, 0.3]
            .into_iter()
            .map(|alpha| (error(alpha), alpha))
            .min_by(|left, right| left.0.total_cmp(&right.0));
        let engine = Demand::start(series.values(), self.method, best.map_or(0.1, |(_, alpha)| alpha));
        let transform = Transform::Identity;
        let mut fitted = Fitted::run(self.name(), engine, series, transform, 1);
        fitted.non_negative = true;
        Ok(Box::new(fitted))
    }
}

/// Most sizes that are kept for the distribution: the latest.
const MOST_SIZES: usize = 2_000;

#[derive(Debug, Clone)]
struct Demand {
    method: Method,
    alpha: f64,
    size: f64,
    /// Smoothed steps between demands.
    interval: f64,
    /// Smoothed probability of demand.
    probability: f64,
    /// Steps since the last demand, the next one counted.
    since: f64,
    sizes: Vec<f64>,
}

impl Demand {
    /// Starts from the mean size and frequency of the whole series.
    fn start(values: &[f64], method: Method, alpha: f64) -> Self {
        let (mut count, mut demands, mut total) = (0.0, 0.0, 0.0);
        for value in present(values) {
            count += 1.0;
            if value > 0.0 {
                demands += 1.0;
                total += value;
            }
        }
        let probability = if count > 0.0 { demands / count } else { 0.0 };
        Self {
            method,
            alpha,
            size: if demands > 0.0 { total / demands } else { 0.0 },
            interval: if probability > 0.0 { 1.0 / probability } else { f64::MAX },
            probability,
            since: 1.0,
            sizes: Vec::new(),
        }
    }

    fn chance(&self) -> f64 {
        match self.method {
            Method::Croston => 1.0 / self.interval,
            Method::SyntetosBoylan => (1.0 - self.alpha / 2.0) / self.interval,
            Method::TeunterSyntetosBabai => self.probability,
        }
        .clamp(0.0, 1.0)
    }
}

impl Engine for Demand {
    fn absorb(&mut self, value: f64) -> f64 {
        let error = value - self.size * self.chance();
        if value > 0.0 {
            self.size += self.alpha * (value - self.size);
            self.interval = if self.interval == f64::MAX {
                self.since
            } else {
                self.interval + self.alpha * (self.since - self.interval)
            };
            self.since = 1.0;
            if self.sizes.len() >= MOST_SIZES {
                self.sizes.remove(0);
            }
            self.sizes.push(value);
        } else {
            self.since += 1.0;
        }
        if !value.is_nan() {
            let happened = f64::from(u8::from(value > 0.0));
            self.probability += self.alpha * (happened - self.probability);
        }
        error
    }

    fn centre(&self, horizon: usize) -> Vec<f64> {
        vec![self.size * self.chance(); horizon]
    }

    fn response(&self) -> Response {
        Response::default()
    }

    /// Sizes that were seen, scaled so that their mean is the smoothed one.
    fn shape(&self) -> Option<Shape> {
        let mean = super::statistics::mean(&self.sizes);
        let scale = if mean > 0.0 { self.size / mean } else { 1.0 };
        let mut sizes: Vec<f64> = self.sizes.iter().map(|size| size * scale).collect();
        sizes.sort_by(f64::total_cmp);
        let nothing = if sizes.is_empty() { 1.0 } else { 1.0 - self.chance() };
        Some(Shape::Intermittent { nothing, sizes })
    }

    fn parameters(&self) -> Vec<(String, f64)> {
        [("alpha", self.alpha), ("size", self.size), ("probability", self.chance())]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_fourth() -> Series {
        let value = |step: i32| if step % 4 == 3 { f64::from(8 + step % 3) } else { 0.0 };
        Series::new((0..200).map(value).collect()).unwrap()
    }

    #[test]
    fn rates_are_sizes_by_frequency() {
        let mean =
            |model: Intermittent| model.fit(&every_fourth()).unwrap().forecast(3, &[]).unwrap().mean()[2];
        let croston = mean(Intermittent::croston());
        assert!((croston - 9.0 / 4.0).abs() < 0.1, "{croston}");
        assert!(mean(Intermittent::syntetos_boylan()) < croston);
        assert!((mean(Intermittent::teunter_syntetos_babai()) - 2.25).abs() < 0.6);
    }

    #[test]
    fn what_ceases_is_forgotten_by_tsb_alone() {
        let mut values = every_fourth().values().to_vec();
        values.extend([0.0; 60]);
        let series = Series::new(values).unwrap();
        let mean = |model: Intermittent| model.fit(&series).unwrap().forecast(1, &[]).unwrap().mean()[0];
        assert!(mean(Intermittent::teunter_syntetos_babai()) < 0.25);
        assert!(mean(Intermittent::croston()) > 1.5);
    }

    /// Of 40,000 draws a quarter is above zero: the standard error is 0.2 points.
    #[test]
    fn paths_come_now_and_then() {
        let fitted = Intermittent::croston().fit(&every_fourth()).unwrap();
        let forecast = fitted.forecast(40, &[0.8]).unwrap();
        let paths = forecast.paths(1000, 1).unwrap();
        let some = paths.values().iter().filter(|value| **value > 0.0).count() as f64 / 4e4;
        assert!((some - 0.25).abs() < 0.01, "{some}");
        assert_eq!(forecast.lower(0.8).unwrap()[0], 0.0);
        assert!(forecast.upper(0.8).unwrap()[0] > 7.0);
    }

    #[test]
    fn nothing_at_all_stays_nothing() {
        let series = Series::new(vec![0.0; 30]).unwrap();
        let forecast = Intermittent::croston().fit(&series).unwrap().forecast(2, &[0.95]).unwrap();
        assert_eq!((forecast.mean()[0], forecast.upper(0.95).unwrap()[1]), (0.0, 0.0));
        let negative = Series::new(vec![1.0, -1.0]).unwrap();
        assert_eq!(Intermittent::croston().fit(&negative).unwrap_err().path(), "values[1]");
    }
}
