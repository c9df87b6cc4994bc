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
    /// The seasons that models were made for.
    pub periods: Vec<usize>,
}

/// The power of its inverse error that a model's weight is: chosen on the tuning half of the M4
/// hourly set, where 8 to 20 do equally well.
const POWER: f64 = 12.0;
/// Models with less than this share are left out.
const LEAST_SHARE: f64 = 0.01;

/// Weights by the geometric mean of absolute and relative error over the origins, to a power; and
/// what weighted means would have said, in rows of the horizon, where each origin's weights come
/// from the errors of origins whose horizons do not touch its own: what they missed is what a
/// combination misses that was not chosen on it (cross-fitting: V. Chernozhukov et al.,
/// "Double/debiased machine learning for treatment and structural parameters", Econometrics Journal 21,
/// 2018; leaving out a block, as neighbours depend on each other: P. Burman, E. Chow and D. Nolan, "A
/// cross-validatory method for dependent data", Biometrika 81, 1994).
pub(super) fn combine(
    candidates: Vec<Candidate>,
    values: &[f64],
    origins: Origins,
    outer: Transform,
    periods: &[usize],
) -> (Combination, Vec<f64>) {
    let said: Vec<Vec<f64>> =
        candidates.iter().map(|candidate| candidate.part.said(values, origins)).collect();
    let wrong: Vec<Vec<Wrong>> = said.iter().map(|rows| how_wrong(rows, values, origins)).collect();
    let least = least_on_logs(outer, values);
    let elsewhere = elsewhere(&wrong, origins);
    let mut together = vec![0.0; origins.count * origins.horizon];
    let rows = together.chunks_mut(origins.horizon.max(1)).enumerate();
    for ((index, row), wrong) in rows.zip(&elsewhere) {
        let weights = weights(wrong);
        for (weight, said) in weights.iter().zip(&said).filter(|(weight, _)| **weight > 0.0) {
            for (sum, value) in row.iter_mut().zip(said.iter().skip(index * origins.horizon)) {
                *sum += weight * value;
            }
        }
        for value in row {
            *value = value.max(least);
        }
    }
    let overall: Vec<Wrong> =
        wrong.iter().map(|origins| origins.iter().fold(NONE, |sum, wrong| add(sum, *wrong))).collect();
    let parts = candidates.into_iter().zip(weights(&overall)).filter(|(_, weight)| *weight > 0.0).collect();
    (Combination { parts, outer, least, periods: periods.to_vec() }, together)
}

/// A sum of absolute errors, and one of relative ones.
type Wrong = (f64, f64);

const NONE: Wrong = (0.0, 0.0);

fn add(left: Wrong, right: Wrong) -> Wrong {
    (left.0 + right.0, left.1 + right.1)
}

/// Weights that add up to 1.
fn weights(wrong: &[Wrong]) -> Vec<f64> {
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
    for weight in &mut weights {
        *weight /= total;
    }
    weights
}

/// For each origin, how wrong each model was from the origins at least a horizon away from it.
fn elsewhere(wrong: &[Vec<Wrong>], origins: Origins) -> Vec<Vec<Wrong>> {
    let mut elsewhere = vec![vec![NONE; wrong.len()]; origins.count];
    let near = origins.horizon.div_ceil(origins.stride.max(1));
    for (model, rows) in wrong.iter().enumerate() {
        let add_to = |places: &mut dyn Iterator<Item = &mut Vec<Wrong>>,
                      rows: &mut dyn Iterator<Item = &Wrong>| {
            let mut sum = NONE;
            for (place, row) in places.zip(rows) {
                sum = add(sum, *row);
                if let Some(slot) = place.get_mut(model) {
                    *slot = add(*slot, sum);
                }
            }
        };
        add_to(&mut elsewhere.iter_mut().skip(near), &mut rows.iter());
        add_to(&mut elsewhere.iter_mut().rev().skip(near), &mut rows.iter().rev());
    }
    elsewhere
}

/// Sums of absolute and of relative errors from each origin.
fn how_wrong(rows: &[f64], values: &[f64], origins: Origins) -> Vec<Wrong> {
    let from = |(row, origin): (&[f64], usize)| {
        let (mut absolute, mut relative) = NONE;
        for (said, outcome) in row.iter().zip(values.get(origin..).unwrap_or_default()) {
            let size = (outcome - said).abs();
            let both = outcome.abs() + said.abs();
            if both > 0.0 && size.is_finite() {
                absolute += size;
                relative += size / both;
            }
        }
        (absolute, relative)
    };
    rows.chunks(origins.horizon.max(1)).zip(origins.iter()).map(from).collect()
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

    /// The seasons that any of the models follows; regressions have further lags.
    fn seasonal_periods(&self) -> Vec<usize> {
        let followed: Vec<usize> =
            self.parts.iter().flat_map(|(candidate, _)| candidate.part.seasonal_periods()).collect();
        self.periods.iter().copied().filter(|period| followed.contains(period)).collect()
    }

    fn weights(&self) -> Vec<(String, f64)> {
        self.parts.iter().map(|(candidate, weight)| (candidate.name.clone(), *weight)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_an_origin_know_nothing_of_what_is_near_it() {
        let origins = Origins { first: 10, stride: 2, count: 6, horizon: 4 };
        let wrong: Vec<Vec<Wrong>> =
            vec![(0..6).map(|index| (f64::from(1 << index), 1.0)).collect(), vec![(1.0, 0.0); 6]];
        let elsewhere = elsewhere(&wrong, origins);
        let sums: Vec<f64> = elsewhere.iter().map(|models| models[0].0).collect();
        // Origins two places away are a whole horizon away.
        assert_eq!(sums, [60.0, 56.0, 49.0, 35.0, 7.0, 15.0]);
        assert_eq!(elsewhere[2][1], (3.0, 0.0));
        let weights = weights(&[(1.0, 2.0), (1.0, 2.0), (100.0, 200.0)]);
        assert_eq!(weights, [0.5, 0.5, 0.0]);
    }
}
