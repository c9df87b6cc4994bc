//! Exponential smoothing: Holt–Winters and the whole family of error, trend and season.

mod state;

use super::fitted::{Fitted, Tally};
use super::model::{FittedForecaster, Forecaster};
use super::search::{logistic, nelder_mead};
use super::seasonal_naive::check_period;
use super::series::Series;
use super::statistics::interpolated;
use super::transform::Transform;
use crate::error::{Error, Result};
use crate::units::ln;
pub(super) use state::{Shares, States};

/// Whether errors add to the forecast or scale with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// They add: A.
    Additive,
    /// They scale with the forecast: M.
    Multiplicative,
}

/// What the trend does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrendKind {
    /// There is none: N.
    None,
    /// It goes on: A.
    Additive,
    /// It goes on and fades: Ad.
    Damped,
}

/// What the season does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeasonKind {
    /// There is none: N.
    None,
    /// It adds to the level: A.
    Additive,
    /// It scales with the level: M.
    Multiplicative,
}

/// One model of the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EtsKind {
    /// Its errors.
    pub error: ErrorKind,
    /// Its trend.
    pub trend: TrendKind,
    /// Its season.
    pub season: SeasonKind,
}

impl EtsKind {
    /// The usual name, such as `ets(A,Ad,M)`.
    #[must_use]
    pub fn name(&self) -> String {
        let error = if self.error == ErrorKind::Additive { "A" } else { "M" };
        let trend = match self.trend {
            TrendKind::None => "N",
            TrendKind::Additive => "A",
            TrendKind::Damped => "Ad",
        };
        let season = match self.season {
            SeasonKind::None => "N",
            SeasonKind::Additive => "A",
            SeasonKind::Multiplicative => "M",
        };
        format!("ets({error},{trend},{season})")
    }

    fn needs_positive(&self) -> bool {
        self.error == ErrorKind::Multiplicative || self.season == SeasonKind::Multiplicative
    }

    /// Smoothing parameters, starting states and the variance: what AICc counts.
    fn parameters(&self, period: usize) -> usize {
        let trend = match self.trend {
            TrendKind::None => 0,
            TrendKind::Additive => 2,
            TrendKind::Damped => 3,
        };
        let season = if self.season == SeasonKind::None { 0 } else { period };
        3 + trend + season
    }
}

/// Exponential smoothing in state-space form (Hyndman, Koehler, Ord and Snyder, "Forecasting with
/// Exponential Smoothing", 2008): additive or multiplicative errors, no, additive or damped trend,
/// no, additive or multiplicative season.
///
/// Unless one is given, the model is that with the least AICc. Those with additive errors and a
/// multiplicative season are left out, since their variance is infinite, and those
/// that multiply where a value is not positive; so are multiplicative trends, which run away.
/// Smoothing, first level and first trend are those of the greatest likelihood; the season starts
/// from a decomposition of the first cycles.
///
/// The intervals of multiplicative errors are those of first order in the errors' variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ets {
    period: usize,
    kind: Option<EtsKind>,
}

impl Ets {
    /// The best by AICc. `period` is 1 where there is no season.
    #[must_use]
    pub fn new(period: usize) -> Self {
        Self { period, kind: None }
    }

    /// This one.
    #[must_use]
    pub fn of_kind(period: usize, kind: EtsKind) -> Self {
        Self { period, kind: Some(kind) }
    }

    /// Holt–Winters with an additive trend and season.
    #[must_use]
    pub fn holt_winters(period: usize) -> Self {
        let (error, trend, season) = (ErrorKind::Additive, TrendKind::Additive, SeasonKind::Additive);
        Self::of_kind(period, EtsKind { error, trend, season })
    }

    /// Holt–Winters with an additive trend and a season that scales with the level: for positive
    /// series.
    #[must_use]
    pub fn holt_winters_multiplicative(period: usize) -> Self {
        let (error, trend, season) =
            (ErrorKind::Multiplicative, TrendKind::Additive, SeasonKind::Multiplicative);
        Self::of_kind(period, EtsKind { error, trend, season })
    }

    fn kinds(&self, seasonal: bool, positive: bool) -> Vec<EtsKind> {
        if let Some(kind) = self.kind {
            return vec![kind];
        }
        let mut kinds = Vec::new();
        for error in [ErrorKind::Additive, ErrorKind::Multiplicative] {
            for trend in [TrendKind::None, TrendKind::Additive, TrendKind::Damped] {
                for season in [SeasonKind::None, SeasonKind::Additive, SeasonKind::Multiplicative] {
                    let kind = EtsKind { error, trend, season };
                    let infinite = error == ErrorKind::Additive && season == SeasonKind::Multiplicative;
                    let fits =
                        (seasonal || season == SeasonKind::None) && (positive || !kind.needs_positive());
                    if !infinite && fits {
                        kinds.push(kind);
                    }
                }
            }
        }
        kinds
    }
}

impl Forecaster for Ets {
    fn name(&self) -> String {
        self.kind.map_or_else(|| "ets".to_owned(), |kind| kind.name())
    }

    fn fit(&self, series: &Series) -> Result<Box<dyn FittedForecaster>> {
        series.need(4, "a level, a trend and their spread need four values")?;
        let asked = self.kind.is_some_and(|kind| kind.season != SeasonKind::None);
        if self.period != 1 || asked {
            check_period("period", self.period, if asked { 2 } else { 1 }, series)?;
        }
        let filled = interpolated(series.values());
        let positive = filled.iter().all(|value| *value > 0.0);
        if self.kind.is_some_and(|kind| kind.needs_positive()) && !positive {
            return Err(Error::invalid("values", "a value not above 0", "values above 0")
                .help("errors or seasons that multiply need positive values: take additive ones"));
        }
        let seasonal = self.period > 1 && series.len() >= 2 * self.period;
        let best = self
            .kinds(seasonal, positive)
            .into_iter()
            .map(|kind| (kind, likeliest(kind, &filled, self.period, 200)))
            .map(|(kind, (states, deviance))| {
                (criterion(deviance, kind.parameters(self.period), filled.len()), kind, states)
            })
            .min_by(|left, right| left.0.total_cmp(&right.0));
        let Some((aicc, kind, states)) = best else {
            return Err(Error::invalid("values", "no model", "values that one of the models takes"));
        };
        let mut engine = states;
        let mut tally = Tally::default();
        for value in series.values() {
            tally.add(super::fitted::Engine::absorb(&mut engine, *value));
        }
        // Starting seasons are not fitted by likelihood and do not cost the spread its freedom.
        let mut fitted =
            Fitted::new(kind.name(), engine, series, Transform::Identity, tally, kind.parameters(0));
        if self.kind.is_none() {
            fitted.notes.push(format!("Chosen by AICc: {aicc:.1}."));
        }
        Ok(Box::new(fitted))
    }
}

/// Akaike's information criterion, corrected for small samples; infinite where parameters are as
/// many as points.
fn criterion(deviance: f64, parameters: usize, points: usize) -> f64 {
    let (k, n) = (parameters as f64, points as f64);
    if n - k - 1.0 <= 0.0 {
        // Among models that have too many parameters, the one with the fewest.
        return f64::MAX.min(1e200 * k);
    }
    deviance + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0)
}

/// The likeliest model of a kind after so many trials, before the first value, and −2 times its
/// log-likelihood but for a constant. Values must not be missing.
pub(super) fn likeliest(kind: EtsKind, values: &[f64], period: usize, trials: usize) -> (States, f64) {
    let start = States::start(kind, values, period);
    let (has_trend, damped) = (kind.trend != TrendKind::None, kind.trend == TrendKind::Damped);
    let has_season = kind.season != SeasonKind::None;
    let unit = start.unit(values);
    let at = |point: &[f64]| {
        let mut coordinates = point.iter().copied();
        let mut next = || coordinates.next().unwrap_or_default();
        let alpha = 0.0001 + 0.9998 * logistic(next());
        let level = next() * unit;
        let (beta, slope) =
            if has_trend { (alpha * logistic(next()), next() * unit * 0.1) } else { (0.0, 0.0) };
        let phi = if damped { 0.8 + 0.18 * logistic(next()) } else { 1.0 };
        let gamma = if has_season { (1.0 - alpha) * logistic(next()) } else { 0.0 };
        start.with(Shares { alpha, beta, gamma, phi }, level, slope)
    };
    let mut first = vec![0.0, 0.0];
    if has_trend {
        first.extend([-2.0, 0.0]);
    }
    if damped {
        first.push(1.0);
    }
    if has_season {
        first.push(-2.0);
    }
    let (best, deviance) = nelder_mead(&first, 1.0, trials, |point| deviance(at(point), values));
    (at(&best), deviance)
}

/// n ln Σe², and with multiplicative errors 2 Σ ln |μ| (the book's section 5.1).
fn deviance(mut states: States, values: &[f64]) -> f64 {
    let relative = states.kind.error == ErrorKind::Multiplicative;
    let (mut squares, mut scale) = (0.0, 0.0);
    let mut product = 1.0_f64;
    for value in values {
        let mean = states.next_mean();
        let error = states.step(*value, mean);
        squares += error * error;
        if relative {
            // Logarithms of products, taken now and then: a logarithm for each value costs more
            // than all the rest.
            product *= mean.abs();
            if !(1e-200..=1e200).contains(&product) {
                scale += ln(product.max(f64::MIN_POSITIVE));
                product = 1.0;
            }
        }
    }
    scale += ln(product.max(f64::MIN_POSITIVE));
    values.len() as f64 * ln(squares.max(f64::MIN_POSITIVE)) + 2.0 * scale
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Random;

    #[test]
    fn holt_winters_follows_a_trend_with_a_season() {
        let value = |step: usize| 20.0 + 0.5 * step as f64 + [3.0, -1.0, -4.0, 2.0][step % 4];
        let series = Series::new((0..60).map(value).collect()).unwrap();
        let forecast = Ets::holt_winters(4).fit(&series).unwrap().forecast(8, &[0.95]).unwrap();
        for (step, mean) in forecast.mean().iter().enumerate() {
            assert!((mean - value(60 + step)).abs() < 0.3, "{step} {mean} {}", value(60 + step));
        }
    }

    #[test]
    fn the_criterion_finds_what_made_the_series() {
        let mut random = Random::new(9);
        let flat = Series::new((0..150).map(|_| 100.0 + random.normal()).collect()).unwrap();
        let name = Ets::new(1).fit(&flat).unwrap().model();
        assert!(name.ends_with("N,N)"), "{name}");
        let seasonal = (0..160).map(|step| {
            (50.0 + 0.8 * f64::from(step))
                * [0.6, 1.1, 1.5, 0.8][step as usize % 4]
                * (1.0 + 0.02 * random.normal())
        });
        let name = Ets::new(4).fit(&Series::new(seasonal.collect()).unwrap()).unwrap().model();
        assert!(name.ends_with("M)") && !name.contains(",N,"), "{name}");
    }

    /// 300 series of a local level with 120 points: 95% intervals hold the next value in 95%,
    /// give or take 2.5 standard errors of 1.3 points each, less up to a point for parameters that were fitted.
    #[test]
    fn intervals_of_a_local_level_hold() {
        let mut random = Random::new(21);
        let mut held = 0;
        for _ in 0..300 {
            let mut level = 50.0;
            let mut next = || {
                let error = random.normal();
                let value = level + error;
                level += 0.4 * error;
                value
            };
            let series = Series::new((0..120).map(|_| next()).collect()).unwrap();
            let outcome = [next(), next(), next()][2];
            let kind =
                EtsKind { error: ErrorKind::Additive, trend: TrendKind::None, season: SeasonKind::None };
            let interval =
                Ets::of_kind(1, kind).fit(&series).unwrap().forecast(3, &[]).unwrap().interval(0.95).unwrap();
            held += usize::from(interval.lower[2] <= outcome && outcome <= interval.upper[2]);
        }
        assert!((272..=295).contains(&held), "{held}");
    }

    #[test]
    fn what_multiplies_needs_positive_values() {
        let series = Series::new((0..20).map(|step| f64::from(step % 5)).collect()).unwrap();
        assert_eq!(Ets::holt_winters_multiplicative(5).fit(&series).unwrap_err().path(), "values");
        assert!(Ets::new(5).fit(&series).unwrap().model().starts_with("ets(A"));
        assert!(Ets::new(15).fit(&series).is_ok());
        assert!(Ets::holt_winters(15).fit(&series).is_err());
    }
}
