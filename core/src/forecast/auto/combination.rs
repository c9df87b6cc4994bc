//! Several models as one: a weighted mean of what each says.

use std::fmt::Debug;

use super::super::calibration::{Origins, rolling};
use super::super::distribution::Response;
use super::super::fitted::Engine;
use super::super::transform::{Transform, least_on_logs};

/// A model on its own scale, seen from the scale of the quantity.
pub(super) trait Part: Debug + Send + Sync {
    /// Takes in a value of the quantity.
    fn absorb(&mut self, value: f64);
    /// Points ahead of the quantity.
    fn ahead(&self, horizon: usize) -> Vec<f64>;
    /// Points ahead of the quantity from each origin, in rows of the horizon; the part itself stays
    /// where it is.
    fn said(&self, values: &[f64], origins: Origins) -> Vec<f64>;
    fn response(&self) -> Response;
    fn seasonal_periods(&self) -> Vec<usize>;
    fn boxed_clone(&self) -> Box<dyn Part>;
}

#[derive(Debug, Clone)]
struct Scaled<E> {
    engine: E,
    transform: Transform,
}

impl<E: Engine> Part for Scaled<E> {
    fn absorb(&mut self, value: f64) {
        self.engine.absorb(self.transform.forward(value));
    }

    fn ahead(&self, horizon: usize) -> Vec<f64> {
        let mut ahead = self.engine.centre(horizon);
        for value in &mut ahead {
            *value = self.transform.back(*value);
        }
        ahead
    }

    fn said(&self, values: &[f64], origins: Origins) -> Vec<f64> {
        let modelled: Vec<f64> = values.iter().map(|value| self.transform.forward(*value)).collect();
        let mut said = rolling(self.engine.clone(), &modelled, origins);
        for value in &mut said {
            *value = self.transform.back(*value);
        }
        said
    }

    fn response(&self) -> Response {
        self.engine.response()
    }

    fn seasonal_periods(&self) -> Vec<usize> {
        self.engine.seasonal_periods()
    }

    fn boxed_clone(&self) -> Box<dyn Part> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Part> {
    fn clone(&self) -> Self {
        (**self).boxed_clone()
    }
}

/// A model that may be part of a combination, before it has seen anything.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub name: String,
    pub part: Box<dyn Part>,
}

impl Candidate {
    pub(super) fn new(name: impl Into<String>, engine: impl Engine, transform: Transform) -> Self {
        let scale = match transform {
            Transform::Identity => "",
            Transform::Log { .. } => " on logs",
            Transform::BoxCox { .. } => " on roots",
        };
        Self { name: format!("{}{scale}", name.into()), part: Box::new(Scaled { engine, transform }) }
    }
}

/// A weighted mean of models, on the scale of its intervals.
#[derive(Debug, Clone)]
pub(super) struct Combination {
    pub parts: Vec<(Candidate, f64)>,
    /// From the quantity to the scale of the intervals.
    pub outer: Transform,
    /// Forecasts of the quantity are at least this.
    pub least: f64,
}

/// The power of its inverse error that a model's weight is: chosen on the tuning half of the M4
/// hourly set, where 8 to 20 do equally well.
const POWER: f64 = 12.0;
/// Models with less than this share are left out.
const LEAST_SHARE: f64 = 0.01;

/// Weights by the geometric mean of absolute and relative error over the origins, to a power; and
/// what the weighted mean would have said, in rows of the horizon.
pub(super) fn combine(
    candidates: Vec<Candidate>,
    values: &[f64],
    origins: Origins,
    outer: Transform,
) -> (Combination, Vec<f64>) {
    let said: Vec<Vec<f64>> =
        candidates.iter().map(|candidate| candidate.part.said(values, origins)).collect();
    let wrong: Vec<(f64, f64)> = said.iter().map(|rows| how_wrong(rows, values, origins)).collect();
    let least = wrong.iter().fold((f64::INFINITY, f64::INFINITY), |least, (absolute, relative)| {
        (least.0.min(*absolute), least.1.min(*relative))
    });
    let share = |best: f64, own: f64| if own <= best { 1.0 } else { best / own };
    let mut weights: Vec<f64> = wrong
        .iter()
        .map(|(absolute, relative)| {
            crate::units::powf(share(least.0, *absolute) * share(least.1, *relative), POWER / 2.0)
        })
        .collect();
    let total: f64 = weights.iter().sum();
    for weight in &mut weights {
        if *weight < LEAST_SHARE * total {
            *weight = 0.0;
        }
    }
    let total: f64 = weights.iter().sum();
    let mut together = vec![0.0; origins.count * origins.horizon];
    let mut parts = Vec::new();
    for ((candidate, weight), rows) in candidates.into_iter().zip(weights).zip(said) {
        if weight > 0.0 {
            let weight = weight / total;
            for (sum, value) in together.iter_mut().zip(rows) {
                *sum += weight * value;
            }
            parts.push((candidate, weight));
        }
    }
    let least = least_on_logs(outer, values);
    for value in &mut together {
        *value = value.max(least);
    }
    (Combination { parts, outer, least }, together)
}

/// Sums of absolute and of relative errors.
fn how_wrong(rows: &[f64], values: &[f64], origins: Origins) -> (f64, f64) {
    let (mut absolute, mut relative) = (0.0, 0.0);
    for (row, origin) in rows.chunks(origins.horizon.max(1)).zip(origins.iter()) {
        for (said, outcome) in row.iter().zip(values.get(origin..).unwrap_or_default()) {
            let size = (outcome - said).abs();
            let both = outcome.abs() + said.abs();
            if both > 0.0 && size.is_finite() {
                absolute += size;
                relative += size / both;
            }
        }
    }
    (absolute, relative)
}

impl Engine for Combination {
    fn absorb(&mut self, value: f64) -> f64 {
        let quantity = self.outer.back(value);
        let error = match self.centre(1).first() {
            Some(said) => value - said,
            None => f64::NAN,
        };
        for (candidate, _) in &mut self.parts {
            candidate.part.absorb(if value.is_nan() { f64::NAN } else { quantity });
        }
        error
    }

    fn centre(&self, horizon: usize) -> Vec<f64> {
        let mut ahead = vec![0.0; horizon];
        for (candidate, weight) in &self.parts {
            for (sum, value) in ahead.iter_mut().zip(candidate.part.ahead(horizon)) {
                *sum += weight * value;
            }
        }
        for value in &mut ahead {
            *value = self.outer.forward(value.max(self.least));
        }
        ahead
    }

    /// That of the weightiest model: how spreads go on beyond the steps that were tried.
    fn response(&self) -> Response {
        let weightiest = self.parts.iter().max_by(|left, right| left.1.total_cmp(&right.1));
        weightiest.map_or_else(Response::default, |(candidate, _)| candidate.part.response())
    }

    fn seasonal_periods(&self) -> Vec<usize> {
        let mut periods: Vec<usize> =
            self.parts.iter().flat_map(|(candidate, _)| candidate.part.seasonal_periods()).collect();
        periods.sort_unstable();
        periods.dedup();
        periods
    }

    fn weights(&self) -> Vec<(String, f64)> {
        self.parts.iter().map(|(candidate, weight)| (candidate.name.clone(), *weight)).collect()
    }
}
