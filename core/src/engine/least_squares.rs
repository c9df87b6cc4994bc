//! Robust nonlinear least squares: which values of a model's parameters explain measurements
//! best, how certain they are, and which of them the measurements say nothing about.
//!
//! Levenberg–Marquardt by orthogonal factorisation (Moré, "The Levenberg–Marquardt algorithm",
//! 1978), with Gaussian priors as rows of their own, bounds by projection (Kanzow, Yamashita and
//! Fukushima, 2004), outliers by iteratively reweighted least squares (Huber and Ronchetti,
//! "Robust Statistics", 2nd edition, chapter 7), and Broyden's rank-one updates between
//! Jacobians, since one evaluation of an engine model is dear. It stops when no combination of
//! parameters is further than a small part of its own standard error from the optimum (Bates and
//! Watts, "A relative offset orthogonality convergence criterion", 1981).
//!
//! It uses factorisations of `nalgebra` whose only function beyond arithmetic is the square root,
//! and no product of matrices, which `nalgebra` may hand to kernels that depend on the processor:
//! the same input gives the same bits everywhere.

use crate::error::{Error, ErrorCode, Result};

mod iterate;
mod linearised;
mod loss;
mod posterior;
mod problem;

pub use loss::Loss;

use problem::Problem;

/// Most parameters of one fit.
pub const MOST_PARAMETERS: usize = 500;
/// Most points of one fit.
pub const MOST_POINTS: usize = 1_000_000;

/// How a parameter is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// By its value.
    #[default]
    Linear,
    /// By its logarithm: for parameters that are positive and known up to a factor.
    Log,
}

/// What is known of a parameter before any measurement: a normal distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// Its mean; of a parameter on the [logarithmic](Scale::Log) scale its median.
    pub mean: f64,
    /// Its standard deviation; of a parameter on the logarithmic scale that of the natural
    /// logarithm, so that 0.2 is about 20%.
    pub standard_deviation: f64,
}

/// A parameter to fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// What results call it.
    pub name: String,
    /// Where the search starts.
    pub initial: f64,
    /// What is known of it beforehand.
    pub prior: Option<Prior>,
    /// Least allowed value; negative infinity for none.
    pub lower: f64,
    /// Greatest allowed value; infinity for none. A parameter whose bounds are equal is not fitted.
    pub upper: f64,
    /// How it is moved.
    pub scale: Scale,
}

impl Parameter {
    /// A parameter without bounds or prior, moved by its value.
    #[must_use]
    pub fn new(name: impl Into<String>, initial: f64) -> Self {
        Self {
            name: name.into(),
            initial,
            prior: None,
            lower: f64::NEG_INFINITY,
            upper: f64::INFINITY,
            scale: Scale::Linear,
        }
    }

    /// A positive parameter, moved by its logarithm.
    #[must_use]
    pub fn positive(name: impl Into<String>, initial: f64) -> Self {
        Self { lower: 0.0, scale: Scale::Log, ..Self::new(name, initial) }
    }

    /// The same parameter with a prior; see [`Prior`] for what the two mean on each scale.
    #[must_use]
    pub fn known_as(self, mean: f64, standard_deviation: f64) -> Self {
        Self { prior: Some(Prior { mean, standard_deviation }), ..self }
    }

    /// The same parameter between bounds.
    #[must_use]
    pub fn between(self, lower: f64, upper: f64) -> Self {
        Self { lower, upper, ..self }
    }

    fn check(&self, path: &str) -> Result<()> {
        let log = self.scale == Scale::Log;
        let at = |field: &str| format!("{path}.{field}");
        if self.lower.is_nan() || (log && self.lower < 0.0) {
            let allowed = if log { "a number from 0" } else { "a number or negative infinity" };
            return Err(Error::invalid(at("lower"), self.lower, allowed));
        }
        if self.upper.is_nan() || self.upper < self.lower {
            return Err(Error::invalid(at("upper"), self.upper, format!("a number from {}", self.lower)));
        }
        let allows = |value: f64| {
            value.is_finite() && value >= self.lower && value <= self.upper && !(log && value <= 0.0)
        };
        let range = || {
            format!(
                "a {} number from {} to {}",
                if log { "positive" } else { "finite" },
                self.lower,
                self.upper
            )
        };
        if !allows(self.initial) {
            return Err(Error::invalid(at("initial"), self.initial, range()));
        }
        if let Some(prior) = self.prior {
            if !allows(prior.mean) {
                return Err(Error::invalid(at("prior.mean"), prior.mean, range()));
            }
            if !(prior.standard_deviation.is_finite() && prior.standard_deviation > 0.0) {
                let path = at("prior.standard_deviation");
                return Err(Error::invalid(path, prior.standard_deviation, "a finite number above 0"));
            }
        }
        Ok(())
    }
}

/// How far measurements scatter about the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Noise {
    /// Residuals have this standard deviation.
    Known(f64),
    /// It is estimated from the residuals: by their sum of squares over the degrees of freedom
    /// with [`Loss::Squared`], by maximum likelihood with [`Loss::StudentT`], by the median
    /// absolute residual (times 1.4826) with the others.
    Estimated {
        /// What it is at least, in the unit of the residuals. With 0, there must be more points
        /// than parameters, since a model that meets every point would have no noise at all.
        at_least: f64,
    },
}

/// How derivatives are had where no Jacobian is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Differences {
    /// By one more evaluation a parameter; right to about 8 digits.
    #[default]
    Forward,
    /// By two more evaluations a parameter; right to about 10 digits.
    Central,
}

/// How a fit is done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// What large residuals cost.
    pub loss: Loss,
    /// How far measurements scatter.
    pub noise: Noise,
    /// How derivatives are had where no Jacobian is given.
    pub differences: Differences,
    /// Step of the differences relative to a parameter's value; by default the one that balances
    /// truncation against rounding. To be raised when residuals are themselves the result of an
    /// iteration and carry fewer digits.
    pub difference_step: Option<f64>,
    /// Whether Jacobians by differences are updated from step to step (Broyden) and measured
    /// anew only when steps go wrong and at the end.
    pub reuse_jacobian: bool,
    /// Most iterations, 1 to 10,000.
    pub max_iterations: u32,
    /// Distance to the optimum that is near enough, in standard errors, 1e-12 to 1. Where kinks of
    /// the model keep the search from getting there, it ends within 100 times this distance once
    /// the steps on a whole Jacobian gain less than this in squared standard errors.
    pub tolerance: f64,
    /// A parameter counts as undetermined when its posterior standard deviation is over this
    /// share of its prior's, 0 to 1. At the default of 0.9 the data give less than a fifth
    /// (1 − 0.9²) of what is known of it.
    pub undetermined_above: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            loss: Loss::Squared,
            noise: Noise::Estimated { at_least: 0.0 },
            differences: Differences::Forward,
            difference_step: None,
            reuse_jacobian: true,
            max_iterations: 200,
            tolerance: 1e-3,
            undetermined_above: 0.9,
        }
    }
}

impl Options {
    fn check(&self) -> Result<()> {
        self.loss.check()?;
        match self.noise {
            Noise::Known(noise) if !(noise.is_finite() && noise > 0.0) => {
                return Err(Error::invalid("options.noise", noise, "a finite number above 0"));
            }
            Noise::Estimated { at_least } if !(at_least.is_finite() && at_least >= 0.0) => {
                return Err(Error::invalid("options.noise.at_least", at_least, "a finite number from 0"));
            }
            _ => {}
        }
        if let Some(step) = self.difference_step {
            crate::units::check_range("options.difference_step", step, 1e-14, 0.1)?;
        }
        crate::units::check_count("options.max_iterations", u64::from(self.max_iterations), 1, 10_000)?;
        crate::units::check_range("options.tolerance", self.tolerance, 1e-12, 1.0)?;
        crate::units::check_range("options.undetermined_above", self.undetermined_above, 0.0, 1.0)
    }
}

/// What a fit found.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Value of each parameter.
    pub values: Vec<f64>,
    /// Standard error of each, in the unit of its value; none for what the data do not determine,
    /// what lies at a bound, and what was not fitted. It counts what priors say and, of
    /// undetermined parameters that have one, what they leave open.
    pub standard_errors: Vec<Option<f64>>,
    /// Covariance of the values, row by row, the priors counted. Undetermined parameters have
    /// that of their priors; those without a prior, at a bound or not fitted have zero rows.
    pub covariance: Vec<Vec<f64>>,
    /// Residual of each point at these values, as the model gave it.
    pub residuals: Vec<f64>,
    /// How much each point counted, 0 to 1: 1 without a robust loss, near 0 for outliers.
    pub weights: Vec<f64>,
    /// Standard deviation of the residuals, given or estimated.
    pub noise: f64,
    /// Points less the number of parameters that the data, not the priors, determine.
    pub degrees_of_freedom: f64,
    /// Iterations made.
    pub iterations: u32,
    /// Evaluations of the residuals, those for derivatives counted.
    pub evaluations: u32,
    /// Whether the optimum was reached to the asked tolerance; otherwise iterations ran out, or
    /// no step lowered the residuals any more.
    pub converged: bool,
    /// Parameters that the data do not determine: with a prior, kept at its mean; without one, one
    /// of a set of which only a combination is determined.
    pub undetermined: Vec<String>,
    /// Parameters that would go further if their bounds let them.
    pub at_bound: Vec<String>,
}

impl Fit {
    /// Correlation of two parameters by their places, −1 to 1; none where one has no variance.
    #[must_use]
    pub fn correlation(&self, first: usize, second: usize) -> Option<f64> {
        let entry = |row: usize, column: usize| self.covariance.get(row)?.get(column).copied();
        let scale = crate::units::sqrt(entry(first, first)? * entry(second, second)?);
        (scale > 0.0).then(|| entry(first, second).map(|covariance| (covariance / scale).clamp(-1.0, 1.0)))?
    }
}

/// Fits `parameters` to `points` measurements: `residuals` is given their values and writes, for
/// each point, by how much the model misses it (the sign does not matter, but must not change).
/// Derivatives are taken by differences.
///
/// ```
/// use sizewell::engine::least_squares::{Options, Parameter, fit};
///
/// let measured = [(1.0, 5.1), (2.0, 6.9), (4.0, 11.2), (8.0, 18.8)];
/// let parameters = [Parameter::new("overhead_ms", 1.0), Parameter::new("ms_per_token", 1.0)];
/// let residuals = |values: &[f64], residuals: &mut [f64]| {
///     for (residual, (tokens, time_ms)) in residuals.iter_mut().zip(measured) {
///         *residual = values[0] + values[1] * tokens - time_ms;
///     }
/// };
/// let fit = fit(&parameters, residuals, measured.len(), &Options::default())?;
/// assert!((fit.values[1] - 1.97).abs() < 0.01);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `empty`, `too_large`, `duplicate` or `invalid_value` when parameters, options or the number of
/// points are not allowed or points are too few; `invalid_value` at `residuals[i]` when a residual
/// is not finite where the search starts, and at `parameters[i]` when they are not beside it;
/// `invalid_value` at `points` when no residual depends on any parameter, or all depend alike on
/// several, as when every measurement is of the same point.
pub fn fit(
    parameters: &[Parameter],
    mut residuals: impl FnMut(&[f64], &mut [f64]),
    points: usize,
    options: &Options,
) -> Result<Fit> {
    solve(parameters, &mut residuals, None, points, options)
}

/// As [`fit`], with derivatives from `jacobian`: it is given the parameters' values and writes the
/// derivative of each residual by each parameter (by its value, whatever its scale), all points of
/// the first parameter first.
///
/// # Errors
///
/// As [`fit`]; `invalid_value` at `parameters[i]` when a derivative is not finite.
pub fn fit_with_jacobian(
    parameters: &[Parameter],
    mut residuals: impl FnMut(&[f64], &mut [f64]),
    mut jacobian: impl FnMut(&[f64], &mut [f64]),
    points: usize,
    options: &Options,
) -> Result<Fit> {
    solve(parameters, &mut residuals, Some(&mut jacobian), points, options)
}

/// A function of the parameters that fills a slice.
type Fill<'a> = &'a mut dyn FnMut(&[f64], &mut [f64]);

fn solve<'a>(
    parameters: &[Parameter],
    residuals: Fill<'a>,
    jacobian: Option<Fill<'a>>,
    points: usize,
    options: &Options,
) -> Result<Fit> {
    check(parameters, points, options)?;
    let mut problem = Problem::new(parameters, residuals, jacobian, points, options);
    posterior::fit(&mut problem, parameters)
}

fn check(parameters: &[Parameter], points: usize, options: &Options) -> Result<()> {
    options.check()?;
    if parameters.is_empty() {
        return Err(Error::new(ErrorCode::Empty, "parameters", "is empty"));
    }
    for (path, given, most) in
        [("parameters", parameters.len(), MOST_PARAMETERS), ("points", points, MOST_POINTS)]
    {
        if given > most {
            let error = Error::new(ErrorCode::TooLarge, path, "are too many");
            return Err(error.given(given).allowed(format!("at most {most}")));
        }
    }
    let mut names = std::collections::BTreeSet::new();
    for (index, parameter) in parameters.iter().enumerate() {
        parameter.check(&format!("parameters[{index}]"))?;
        if !names.insert(parameter.name.as_str()) {
            let path = format!("parameters[{index}].name");
            return Err(Error::new(ErrorCode::Duplicate, path, "is the name of two parameters")
                .given(&parameter.name));
        }
    }
    let fitted = parameters.iter().filter(|parameter| parameter.lower < parameter.upper);
    let needed = match options.noise {
        Noise::Estimated { at_least: 0.0 } => fitted.count() + 1,
        _ => fitted.filter(|parameter| parameter.prior.is_none()).count().max(1),
    };
    if points < needed {
        return Err(Error::new(ErrorCode::InvalidValue, "points", "are too few for the parameters to fit")
            .given(points)
            .allowed(format!("at least {needed}"))
            .help("fit fewer parameters, give priors and the noise, or measure more points"));
    }
    Ok(())
}
