//! Level, trend and season, and how a value moves them.

use super::super::distribution::Response;
use super::super::fitted::Engine;
use super::super::line::Line;
use super::super::naive2::moving_average;
use super::super::statistics::{mean, standard_deviation};
use super::{ErrorKind, EtsKind, SeasonKind, TrendKind};

/// How much of an error goes where.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(in crate::forecast) struct Shares {
    /// Into the level.
    pub alpha: f64,
    /// Into the trend.
    pub beta: f64,
    /// Into the season.
    pub gamma: f64,
    /// What is left of the trend after each step.
    pub phi: f64,
}

/// The states of one model (Hyndman, Koehler, Ord and Snyder 2008, tables 2.2 and 2.3): with errors
/// written as y − μ, the recursions of additive and multiplicative errors are the same.
#[derive(Debug, Clone)]
pub(in crate::forecast) struct States {
    pub(super) kind: EtsKind,
    shares: Shares,
    level: f64,
    slope: f64,
    season: Vec<f64>,
    place: usize,
}

/// Cycles that the starting season is taken from.
const FIRST_CYCLES: usize = 5;
/// Points that the starting level and trend are taken from, where there is no season.
const FIRST_POINTS: usize = 10;

impl States {
    /// Starting states from a decomposition of the first cycles.
    pub(super) fn start(kind: EtsKind, values: &[f64], period: usize) -> Self {
        let multiplies = kind.season == SeasonKind::Multiplicative;
        let season = match kind.season {
            SeasonKind::None => vec![if multiplies { 1.0 } else { 0.0 }],
            _ => starting_season(values, period, multiplies),
        };
        let first = values.len().min(FIRST_POINTS.max(2 * season.len()));
        let adjusted: Vec<f64> = values
            .iter()
            .take(first)
            .zip(season.iter().cycle())
            .map(|(value, season)| if multiplies { value / season } else { value - season })
            .collect();
        let line = Line::through(&adjusted);
        let (level, slope) = match kind.trend {
            TrendKind::None => (mean(&adjusted), 0.0),
            _ => (line.at(-1.0), line.slope),
        };
        let shares = Shares { phi: 1.0, ..Shares::default() };
        Self { kind, shares, level, slope, season, place: 0 }
    }

    /// A unit in which the search moves the starting level.
    pub(super) fn unit(&self, values: &[f64]) -> f64 {
        let changes: Vec<f64> =
            values.iter().zip(values.iter().skip(1)).map(|(before, after)| after - before).collect();
        standard_deviation(&changes)
    }

    /// With other shares, and starting states moved by so much.
    pub(super) fn with(&self, shares: Shares, level: f64, slope: f64) -> Self {
        Self { shares, level: self.level + level, slope: self.slope + slope, ..self.clone() }
    }

    fn base(&self) -> f64 {
        self.level + self.shares.phi * self.slope
    }

    fn in_season(&self, base: f64, season: f64) -> f64 {
        if self.kind.season == SeasonKind::Multiplicative { base * season } else { base + season }
    }

    /// Mean of the next value.
    pub(super) fn next_mean(&self) -> f64 {
        self.in_season(self.base(), self.season.get(self.place).copied().unwrap_or_default())
    }

    /// Takes in a value of which this was the mean, and returns the error: relative where errors
    /// multiply.
    pub(super) fn step(&mut self, value: f64, mean: f64) -> f64 {
        let error = value - mean;
        let Shares { alpha, beta, gamma, phi } = self.shares;
        let base = self.base();
        let season = self.season.get(self.place).copied().unwrap_or_default();
        let multiplies = self.kind.season == SeasonKind::Multiplicative;
        let on_level = if multiplies { divided(error, season) } else { error };
        let on_season = if multiplies { divided(error, base) } else { error };
        self.level = base + alpha * on_level;
        self.slope = phi * self.slope + beta * on_level;
        if let Some(slot) = self.season.get_mut(self.place) {
            *slot += gamma * on_season;
        }
        self.place += 1;
        if self.place >= self.season.len() {
            self.place = 0;
        }
        if self.kind.error == ErrorKind::Multiplicative { divided(error, mean) } else { error }
    }
}

/// The quotient; nothing where the divisor is next to nothing.
fn divided(error: f64, by: f64) -> f64 {
    if by.abs() > 1e-12 * error.abs() { error / by } else { 0.0 }
}

fn starting_season(values: &[f64], period: usize, multiplies: bool) -> Vec<f64> {
    let first = values.get(..(FIRST_CYCLES * period).min(values.len())).unwrap_or(values);
    let trend = moving_average(first, period);
    let rest: Vec<f64> = first
        .iter()
        .zip(&trend)
        .map(|(value, trend)| if multiplies { value / trend } else { value - trend })
        .collect();
    let mut season: Vec<f64> = (0..period)
        .map(|place| mean(&rest.iter().skip(place).step_by(period).copied().collect::<Vec<f64>>()))
        .collect();
    let middle = mean(&season);
    for value in &mut season {
        *value = if multiplies { (*value / middle).max(1e-6) } else { *value - middle };
    }
    season
}

impl Engine for States {
    fn absorb(&mut self, value: f64) -> f64 {
        let mean = self.next_mean();
        if value.is_nan() {
            self.step(mean, mean);
            return f64::NAN;
        }
        self.step(value, mean)
    }

    fn centre(&self, horizon: usize) -> Vec<f64> {
        let (mut base, mut slope) = (self.level, self.slope);
        let seasons = self.season.iter().cycle().skip(self.place);
        seasons
            .take(horizon)
            .map(|season| {
                slope *= self.shares.phi;
                base += slope;
                self.in_season(base, *season)
            })
            .collect()
    }

    fn response(&self) -> Response {
        let Shares { alpha, beta, gamma, phi } = self.shares;
        let has_season = self.kind.season != SeasonKind::None;
        Response {
            level: alpha,
            slope: beta,
            damping: phi,
            seasons: if has_season { vec![(self.season.len(), gamma)] } else { Vec::new() },
            ..Response::default()
        }
    }

    fn spreads(&self, centre: &[f64], sigma: f64) -> Vec<f64> {
        let relative = self.kind.error == ErrorKind::Multiplicative;
        let ahead = self.response().spreads(centre.len());
        let scaled = |(spread, mean): (f64, &f64)| sigma * spread * if relative { mean.abs() } else { 1.0 };
        ahead.into_iter().zip(centre).map(scaled).collect()
    }

    fn seasonal_periods(&self) -> Vec<usize> {
        if self.kind.season == SeasonKind::None { Vec::new() } else { vec![self.season.len()] }
    }

    fn parameters(&self) -> Vec<(String, f64)> {
        let Shares { alpha, beta, gamma, phi } = self.shares;
        [
            ("alpha", alpha),
            ("beta", beta),
            ("gamma", gamma),
            ("phi", phi),
            ("level", self.level),
            ("trend", self.slope),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}
