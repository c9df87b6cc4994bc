//! The search: Levenberg–Marquardt steps within bounds, weights and noise brought up to date
//! between them.

use nalgebra::{DMatrix, DVector};

use super::linearised::Linearised;
use super::problem::{Problem, entry, variance};
use super::{Loss, Noise, Result};
use crate::units::sqrt;

/// Relative change below which the noise is settled.
const NOISE_SETTLED: f64 = 1e-4;
/// Most steps on one measured Jacobian.
const MOST_UPDATES: u32 = 6;
/// Share of the predicted reduction from which a step counts as success.
const SUCCESS: f64 = 1e-4;
/// Share from which the Jacobian counts as still good.
const GOOD: f64 = 0.5;
/// Models with kinks, such as the larger of two times, have no place where derivatives vanish:
/// the search also ends when a measured Jacobian promises less than this many tolerances and
/// steps since the Jacobian measured before gained less than one tolerance of squared standard
/// errors.
const KINK: f64 = 100.0;
/// Damping above which no step can be found.
const MOST_DAMPING: f64 = 1e16;
/// Relative reduction that rounding of a sum of squares may hide.
const ROUNDING: f64 = 1e-11;

/// Where a search is.
pub(super) struct State {
    pub(super) places: DVector<f64>,
    pub(super) residuals: DVector<f64>,
    /// Derivatives by place, measured at `places`; columns of held parameters are 0.
    pub(super) jacobian: DMatrix<f64>,
    pub(super) noise: f64,
    pub(super) iterations: u32,
    pub(super) converged: bool,
    /// Steps since the Jacobian was measured.
    updates: u32,
    noise_updates: u32,
    /// What steps gained since the Jacobian measured before the last one.
    gained: f64,
    damping: f64,
    growth: f64,
    free: Vec<bool>,
    least_noise: f64,
}

impl State {
    /// The start of a search from `places`, in which parameters that are not `free` stay.
    pub(super) fn new(problem: &mut Problem<'_>, places: DVector<f64>, free: Vec<bool>) -> Result<Self> {
        let residuals = problem.first_residuals(&places)?;
        let jacobian = problem.jacobian(&places, &residuals, &free)?;
        let size = sqrt(residuals.norm_squared() / problem.points as f64);
        // Data without noise would make every weight infinite.
        let resolution = 1e-12 * if size > 0.0 { size } else { 1.0 };
        let least_noise = match problem.options.noise {
            Noise::Known(noise) => noise,
            Noise::Estimated { at_least } => at_least.max(resolution),
        };
        let mut state = Self {
            places,
            residuals,
            jacobian,
            noise: least_noise,
            iterations: 0,
            converged: false,
            updates: 0,
            noise_updates: 0,
            gained: f64::INFINITY,
            damping: 1e-3,
            growth: 2.0,
            free,
            least_noise,
        };
        let parameters = state.free.iter().filter(|free| **free).count() as f64;
        if let Noise::Estimated { .. } = problem.options.noise {
            let noise = problem.options.loss.noise(state.residuals.as_slice(), parameters, None);
            state.noise = noise.max(least_noise);
        }
        Ok(state)
    }

    /// Goes on from other places with other free parameters; false, and unchanged, when residuals
    /// there are not finite.
    pub(super) fn resume(
        &mut self,
        problem: &mut Problem<'_>,
        places: DVector<f64>,
        free: Vec<bool>,
    ) -> Result<bool> {
        let Some(residuals) = problem.residuals(&places) else { return Ok(false) };
        self.residuals = residuals;
        self.places = places;
        self.free = free;
        self.converged = false;
        self.noise_updates = 0;
        self.gained = f64::INFINITY;
        self.damping = 1e-3;
        self.growth = 2.0;
        self.measure(problem)?;
        Ok(true)
    }

    /// Searches until converged or out of iterations.
    pub(super) fn search(&mut self, problem: &mut Problem<'_>) -> Result<()> {
        while self.iterations < problem.options.max_iterations {
            self.iterations += 1;
            let weights = self.weights(problem);
            let moving = self.moving(problem, &weights);
            let linearised =
                Linearised::new(problem, &self.places, &self.residuals, &self.jacobian, &weights, &moving);
            let tolerance = problem.options.tolerance;
            let stuck =
                self.updates == 0 && self.gained <= tolerance && linearised.offset() <= KINK * tolerance;
            let near = linearised.offset() <= tolerance || stuck;
            if self.updates == 0 {
                self.gained = 0.0;
            }
            if near && self.updates > 0 {
                self.measure(problem)?;
            } else if near && !self.update_noise(problem, &linearised) {
                self.converged = true;
                return Ok(());
            } else if !near && !self.advance(problem, &linearised)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Finds a step that lowers the cost and takes it; false when the search is at its end.
    fn advance(&mut self, problem: &mut Problem<'_>, linearised: &Linearised) -> Result<bool> {
        let before = self.cost(problem, &self.places, &self.residuals);
        while self.damping < MOST_DAMPING {
            let wanted = linearised.step(self.damping);
            let places = self.bounded(problem, &(&self.places + wanted));
            let step = &places - &self.places;
            let resolved =
                step.iter().zip(self.places.iter()).any(|(step, place)| step.abs() > 4e-16 * place.abs());
            let predicted = linearised.reduction(&step);
            if !resolved || predicted <= 1e-16 * linearised.squares() {
                // Nothing that floating-point numbers can tell apart is left to gain this way.
                if self.updates > 0 {
                    self.measure(problem)?;
                    return Ok(true);
                }
                self.converged = !resolved || predicted >= 0.0;
                if predicted < 0.0 {
                    self.reject();
                    continue;
                }
                return Ok(false);
            }
            let tried = problem.residuals(&places);
            let mut lowered = 0.0;
            let gain = tried.as_ref().map_or(f64::NEG_INFINITY, |residuals| {
                let after = self.cost(problem, &places, residuals);
                // Close to the optimum rounding hides what a good step gains.
                let hidden = predicted <= ROUNDING * before && after <= before * (1.0 + ROUNDING);
                lowered = (before - after).max(0.0);
                if hidden { 1.0 } else { (before - after) / predicted }
            });
            if let Some(residuals) = tried.filter(|_| gain > SUCCESS) {
                self.gained += lowered;
                self.accept(problem, places, residuals, &step, gain)?;
                self.update_noise(problem, linearised);
                return Ok(true);
            }
            if self.updates > 0 {
                self.measure(problem)?;
                return Ok(true);
            }
            self.reject();
        }
        Ok(false)
    }

    fn accept(
        &mut self,
        problem: &mut Problem<'_>,
        places: DVector<f64>,
        residuals: DVector<f64>,
        step: &DVector<f64>,
        gain: f64,
    ) -> Result<()> {
        let missed = &residuals - &self.residuals - self.changed(step);
        self.places = places;
        self.residuals = residuals;
        // Nielsen, "Damping parameter in Marquardt's method", 1999.
        let excess = 2.0 * gain.min(1.0) - 1.0;
        self.damping = (self.damping * (1.0 - excess * excess * excess).max(1.0 / 3.0)).max(1e-15);
        self.growth = 2.0;
        let reuse = problem.options.reuse_jacobian && !problem.has_jacobian();
        if reuse && gain >= GOOD && self.updates < MOST_UPDATES {
            self.update(problem, step, &missed);
            Ok(())
        } else {
            self.measure(problem)
        }
    }

    fn reject(&mut self) {
        self.damping *= self.growth;
        self.growth *= 2.0;
    }

    /// What the Jacobian says that `step` changes.
    fn changed(&self, step: &DVector<f64>) -> DVector<f64> {
        let mut changed = DVector::zeros(self.residuals.len());
        for (column, part) in self.jacobian.column_iter().zip(step.iter()) {
            if *part != 0.0 {
                changed.axpy(*part, &column, 1.0);
            }
        }
        changed
    }

    /// Broyden's update with the columns scaled to length 1 (Broyden, "A class of methods for
    /// solving nonlinear simultaneous equations", 1965): the smallest change of the Jacobian that
    /// explains what it `missed`.
    fn update(&mut self, problem: &Problem<'_>, step: &DVector<f64>, missed: &DVector<f64>) {
        let priors = problem
            .coordinates
            .iter()
            .map(|one| one.prior.map_or(0.0, |(_, deviation)| self.noise / deviation));
        let precisions: Vec<f64> = self
            .jacobian
            .column_iter()
            .zip(priors)
            .map(|(column, prior)| column.norm_squared() + prior * prior)
            .collect();
        let length: f64 = step.iter().zip(&precisions).map(|(part, precision)| part * part * precision).sum();
        self.updates += 1;
        if length <= 0.0 {
            return;
        }
        for ((mut column, part), precision) in
            self.jacobian.column_iter_mut().zip(step.iter()).zip(&precisions)
        {
            if *part != 0.0 {
                column.axpy(part * precision / length, missed, 1.0);
            }
        }
    }

    fn measure(&mut self, problem: &mut Problem<'_>) -> Result<()> {
        self.jacobian = problem.jacobian(&self.places, &self.residuals, &self.free)?;
        self.updates = 0;
        Ok(())
    }

    /// Weight of each squared residual, in units of the noise.
    pub(super) fn weights(&self, problem: &Problem<'_>) -> DVector<f64> {
        let precision = 1.0 / (self.noise * self.noise);
        self.residuals.map(|residual| problem.options.loss.weight(residual / self.noise) * precision)
    }

    /// Which free parameters are not held by a bound that they would cross.
    fn moving(&self, problem: &Problem<'_>, weights: &DVector<f64>) -> Vec<bool> {
        let pulls = self.residuals.component_mul(weights);
        let moves = |index: usize, free: bool| {
            let Some(coordinate) = problem.coordinates.get(index).filter(|_| free) else { return false };
            let place = entry(&self.places, index);
            let at_bound = (place <= coordinate.lower, place >= coordinate.upper);
            if at_bound == (false, false) {
                return true;
            }
            let prior = coordinate.prior.map_or(0.0, |(mean, sd)| (mean - place) / (sd * sd));
            let downhill = prior - self.jacobian.column(index).dot(&pulls);
            !((at_bound.0 && downhill <= 0.0) || (at_bound.1 && downhill >= 0.0))
        };
        self.free.iter().enumerate().map(|(index, &free)| moves(index, free)).collect()
    }

    /// Whether each parameter is free and at a bound that holds it.
    pub(super) fn stopped(&self, problem: &Problem<'_>) -> Vec<bool> {
        let moving = self.moving(problem, &self.weights(problem));
        moving.iter().zip(&self.free).map(|(moving, free)| *free && !moving).collect()
    }

    fn bounded(&self, problem: &Problem<'_>, places: &DVector<f64>) -> DVector<f64> {
        let bounded = problem.coordinates.iter().zip(places.iter()).map(|(one, place)| one.within(*place));
        DVector::from_iterator(places.len(), bounded)
    }

    /// What the search lowers: the cost of the residuals and of the distances to the priors.
    fn cost(&self, problem: &Problem<'_>, places: &DVector<f64>, residuals: &DVector<f64>) -> f64 {
        let loss = problem.options.loss;
        let measured: f64 = residuals.iter().map(|residual| loss.cost(residual / self.noise)).sum();
        let priors = problem.coordinates.iter().zip(places.iter()).zip(&self.free);
        let known: f64 = priors
            .filter(|(_, free)| **free)
            .filter_map(|((coordinate, place), _)| {
                let (mean, deviation) = coordinate.prior?;
                Some((place - mean) / deviation)
            })
            .map(|distance| distance * distance)
            .sum();
        measured + known
    }

    /// Estimates the noise anew; true when it changed.
    fn update_noise(&mut self, problem: &Problem<'_>, linearised: &Linearised) -> bool {
        let loss = problem.options.loss;
        // A median may alternate for ever, so in the second half it stays.
        let settled = loss != Loss::Squared && self.noise_updates >= problem.options.max_iterations / 2;
        if settled || matches!(problem.options.noise, Noise::Known(_)) {
            return false;
        }
        self.noise_updates += 1;
        let parameters = determined(problem, linearised, &self.free);
        let noise = loss.noise(self.residuals.as_slice(), parameters, Some(self.noise)).max(self.least_noise);
        let changed = (noise - self.noise).abs() > NOISE_SETTLED * self.noise;
        self.noise = noise;
        changed
    }
}

/// How many parameters the data determine: each counts by the share of what is known of it that
/// its prior does not say.
pub(super) fn determined(problem: &Problem<'_>, linearised: &Linearised, free: &[bool]) -> f64 {
    let known = problem.coordinates.iter().zip(free).any(|(one, free)| *free && one.prior.is_some());
    if !known {
        return linearised.rank() as f64;
    }
    let covariance = linearised.covariance();
    let prior_share: f64 = problem
        .coordinates
        .iter()
        .enumerate()
        .filter_map(|(index, one)| one.prior.map(|(_, sd)| variance(&covariance, index) / (sd * sd)))
        .sum();
    linearised.rank() as f64 - prior_share
}
