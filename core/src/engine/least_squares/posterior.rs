//! What a fit leaves open: which parameters the data do not determine, and how certain the others
//! are.

use nalgebra::{DMatrix, DVector};

use super::iterate::{State, determined};
use super::linearised::Linearised;
use super::problem::{Problem, entry, set, variance};
use super::{Fit, Parameter};
use crate::error::{Error, ErrorCode, Result};
use crate::units::sqrt;

/// Most times that parameters are put back to their priors and the others fitted again.
const MOST_ROUNDS: u32 = 4;

/// Fits, puts back what the data do not determine, fits the others again, and says how certain
/// the result is.
pub(super) fn fit(problem: &mut Problem<'_>, parameters: &[Parameter]) -> Result<Fit> {
    let fitted: Vec<bool> = problem.coordinates.iter().map(|one| one.is_fitted()).collect();
    let initial = problem.initial();
    let mut held = vec![false; fitted.len()];
    let mut state = State::new(problem, initial, fitted.clone())?;
    // A model may be flat at one place for all data; data without content are flat at both.
    let at_start = emptiness(&state.jacobian);
    state.search(problem)?;
    let mut rounds = 0;
    let (posterior, stopped) = loop {
        let stopped = state.stopped(problem);
        let free: Vec<bool> =
            fitted.iter().zip(&stopped).map(|(fitted, stopped)| *fitted && !stopped).collect();
        let posterior = Posterior::new(problem, &state, &held, &free)?;
        if let Some(message) = emptiness(&posterior.jacobian).filter(|_| fitted.contains(&true)).and(at_start)
        {
            return Err(Error::new(ErrorCode::InvalidValue, "points", message)
                .help("measure where the parameters make a difference"));
        }
        let mut places = state.places.clone();
        let mut wider = held.clone();
        if rounds >= MOST_ROUNDS || !posterior.put_back(problem, &mut wider, &mut places) {
            break (posterior, stopped);
        }
        rounds += 1;
        let free = fitted.iter().zip(&wider).map(|(fitted, held)| *fitted && !held).collect();
        if !state.resume(problem, places, free)? {
            break (posterior, stopped);
        }
        held = wider;
        state.search(problem)?;
    };
    Ok(result(problem, parameters, &state, &posterior, &held, &stopped))
}

/// The normal distribution that the data and priors leave, over places.
struct Posterior {
    jacobian: DMatrix<f64>,
    covariance: DMatrix<f64>,
    /// Parameters without a prior that are part of an undetermined combination.
    combined: Vec<usize>,
    determined: f64,
}

impl Posterior {
    fn new(problem: &mut Problem<'_>, state: &State, held: &[bool], free: &[bool]) -> Result<Self> {
        let mut jacobian = state.jacobian.clone();
        if held.contains(&true) {
            let missing = problem.jacobian(&state.places, &state.residuals, held)?;
            for (index, held) in held.iter().enumerate() {
                if *held {
                    jacobian.set_column(index, &missing.column(index));
                }
            }
        }
        let loss = problem.options.loss;
        let at_noise = |variance: f64| {
            let weights = DVector::from_element(problem.points, 1.0 / variance);
            Linearised::new(problem, &state.places, &state.residuals, &jacobian, &weights, free)
        };
        let noise_squared = state.noise * state.noise;
        let plain = at_noise(noise_squared);
        let determined = determined(problem, &plain, free);
        let factor = loss.variance_factor(state.residuals.as_slice(), state.noise, determined);
        let linearised = if factor == 1.0 { plain } else { at_noise(noise_squared * factor) };
        Ok(Self {
            covariance: linearised.covariance(),
            combined: linearised.undetermined(),
            determined,
            jacobian,
        })
    }

    /// Marks as held what the data hardly narrow, the least narrowed first, since the others may
    /// be narrow once it is known, and moves `places` to the best ones with these at their priors;
    /// true when there are more than before.
    fn put_back(&self, problem: &Problem<'_>, held: &mut [bool], places: &mut DVector<f64>) -> bool {
        let mut covariance = self.covariance.clone();
        for (index, _) in held.iter().enumerate().filter(|(_, held)| **held) {
            condition(&mut covariance, index);
        }
        let mut more = false;
        loop {
            let mut worst = (problem.options.undetermined_above, None);
            for (index, coordinate) in problem.coordinates.iter().enumerate() {
                let Some((mean, deviation)) = coordinate.prior else { continue };
                let narrowed = sqrt(variance(&covariance, index).max(0.0)) / deviation;
                if narrowed > worst.0 {
                    worst = (narrowed, Some((index, mean)));
                }
            }
            let Some((index, mean)) = worst.1 else { return more };
            let missing = (mean - entry(places, index)) / variance(&covariance, index);
            places.axpy(missing, &covariance.column(index), 1.0);
            set(places, index, mean);
            condition(&mut covariance, index);
            if let Some(held) = held.get_mut(index) {
                *held = true;
            }
            for (place, coordinate) in places.iter_mut().zip(&problem.coordinates) {
                *place = coordinate.within(*place);
            }
            more = true;
        }
    }
}

/// The covariance of the others once one parameter is known.
fn condition(covariance: &mut DMatrix<f64>, index: usize) {
    let known = variance(covariance, index);
    if known > 0.0 {
        let column = covariance.column(index).into_owned();
        covariance.ger(-1.0 / known, &column, &column, 1.0);
    }
    covariance.row_mut(index).fill(0.0);
    covariance.column_mut(index).fill(0.0);
}

/// What is wrong with data that say nothing, or the same thing over and over.
fn emptiness(jacobian: &DMatrix<f64>) -> Option<&'static str> {
    /// Relative differences below this come from rounding of differences.
    const SAME: f64 = 1e-6;
    let columns = jacobian.column_iter().map(|column| (column.max(), column.min()));
    let spreads: Vec<(f64, f64)> =
        columns.map(|(most, least)| (most.abs().max(least.abs()), most - least)).collect();
    let acting = spreads.iter().filter(|(size, _)| *size > 0.0).count();
    if acting == 0 {
        return Some("depend on none of the parameters");
    }
    let same = jacobian.nrows() > 1 && spreads.iter().all(|(size, spread)| *spread <= SAME * size);
    (acting > 1 && same).then_some("are all the same point, which cannot tell several parameters apart")
}

fn result(
    problem: &Problem<'_>,
    parameters: &[Parameter],
    state: &State,
    posterior: &Posterior,
    held: &[bool],
    stopped: &[bool],
) -> Fit {
    let slopes: Vec<f64> =
        problem.coordinates.iter().zip(state.places.iter()).map(|(one, place)| one.slope(*place)).collect();
    let spread = |row: usize| -> Vec<f64> {
        let first = slopes.get(row).copied().unwrap_or(1.0);
        let entries = posterior.covariance.row(row);
        entries.iter().zip(&slopes).map(|(entry, second)| entry * first * second).collect()
    };
    let covariance: Vec<Vec<f64>> = (0..parameters.len()).map(spread).collect();
    let is_undetermined =
        |index: usize| held.get(index) == Some(&true) || posterior.combined.contains(&index);
    let standard_error = |(index, row): (usize, &Vec<f64>)| {
        let variance = row.get(index).copied().filter(|variance| *variance > 0.0)?;
        (!is_undetermined(index)).then(|| sqrt(variance))
    };
    let names = |wanted: &dyn Fn(usize) -> bool| -> Vec<String> {
        let named = parameters.iter().enumerate().filter(|(index, _)| wanted(*index));
        named.map(|(_, parameter)| parameter.name.clone()).collect()
    };
    let loss = problem.options.loss;
    let weight = |residual: &f64| loss.weight(residual / state.noise) / loss.full_weight();
    Fit {
        values: problem.values(&state.places),
        standard_errors: covariance.iter().enumerate().map(standard_error).collect(),
        residuals: state.residuals.iter().copied().collect(),
        weights: state.residuals.iter().map(weight).collect(),
        noise: state.noise,
        degrees_of_freedom: (problem.points as f64 - posterior.determined).max(0.0),
        iterations: state.iterations,
        evaluations: problem.evaluations,
        converged: state.converged,
        undetermined: names(&is_undetermined),
        at_bound: names(&|index| stopped.get(index) == Some(&true)),
        covariance,
    }
}
