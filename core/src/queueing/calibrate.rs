//! Calibrating an engine to what its user has measured: benchmark points and logs of requests.
//!
//! A point is compared with the figures of a closed loop or of an open one, a log with the iterations that it shows; the factors that explain them
//! best are found by robust least squares with priors ([`Calibration`]).

mod points;
mod request;

use crate::catalog::Model;
use crate::engine::{
    Calibration, CalibrationOptions, Coefficients, EngineLimits, EngineModel, Figure, Predictions, Replica,
    RequestLog, Roofline, Trajectory, memory_plan, solve,
};
use crate::error::{Error, ErrorCode, Result};
use crate::queueing::Deployment;

use points::Run;
pub use points::{MeasuredPoint, open_loop};
pub use request::{CalibrateRequest, calibrate_requests};

/// Fewest different measurements that a calibration is made from.
const FEWEST_FIGURES: usize = 3;
/// Most deployments and most points of one calibration.
const MOST_DEPLOYMENTS: usize = 1000;
const MOST_POINTS: usize = 100_000;

/// One deployment, and what was measured of it.
#[derive(Debug, Clone, Copy)]
pub struct MeasuredDeployment<'a> {
    /// Model, GPUs, engine and settings of one replica.
    pub replica: Replica<'a>,
    /// What it admits, where that is known; `None`: as the memory plan says.
    pub limits: Option<EngineLimits>,
    /// Benchmark points.
    pub points: &'a [MeasuredPoint],
    /// Logs of requests, each of one replica.
    pub logs: &'a [RequestLog],
}

impl<'a> MeasuredDeployment<'a> {
    /// A replica of which points were measured.
    #[must_use]
    pub fn with_points(replica: Replica<'a>, points: &'a [MeasuredPoint]) -> Self {
        Self { replica, limits: None, points, logs: &[] }
    }

    /// A replica of which there are logs.
    #[must_use]
    pub fn with_logs(replica: Replica<'a>, logs: &'a [RequestLog]) -> Self {
        Self { replica, limits: None, points: &[], logs }
    }

    /// The same with limits that are known.
    #[must_use]
    pub fn limited(self, limits: EngineLimits) -> Self {
        Self { limits: Some(limits), ..self }
    }

    /// The engine with the fitted coefficients, checked.
    fn engine(&self) -> Result<Roofline> {
        let engine = match self.limits {
            Some(limits) => {
                // The plan checks the settings; that the replica ran is known.
                memory_plan(self.replica.model, self.replica.gpu, &self.replica.memory)?;
                Roofline::without_check(&self.replica, &Coefficients::FITTED, limits)
            }
            None => Roofline::new(&self.replica)?,
        };
        Ok(engine)
    }
}

/// A deployment ready to be predicted with any coefficients.
struct Prepared<'a> {
    replica: Replica<'a>,
    limits: EngineLimits,
    runs: Vec<Run>,
    trajectories: Vec<Trajectory>,
}

/// What measurements of one or more deployments say of the engine's coefficients.
///
/// The factors that are fitted are common to all deployments given: several of one model on one
/// GPU, say, or of several. Where the measurements do not determine a factor it stays at what
/// public measurements say. Closed loops have the means of [`closed_loop`](super::closed_loop()) and
/// the spread of [`Predictor::predict_clients`](super::Predictor::predict_clients), open loops are
/// those of [`predict`](super::predict()); how far measured percentiles are from these, one factor
/// for each latency and percentile, is fitted along. The result is that of the same
/// input on every platform.
///
/// ```
/// use sizewell::engine::{CalibrationOptions, Replica};
/// use sizewell::queueing::{MeasuredDeployment, MeasuredPoint, calibrate};
/// let catalog = sizewell_data::catalog();
/// let replica = Replica::new(catalog.model("Llama-3.1-8B-Instruct")?, catalog.gpu("H100")?);
/// let point = |clients: f64, itl_ms: f64| MeasuredPoint {
///     concurrency: Some(clients),
///     itl_ms: Some(itl_ms),
///     ..MeasuredPoint::of_lengths(1000.0, 500.0)
/// };
/// let points = [point(1.0, 9.1), point(8.0, 9.9), point(32.0, 12.6), point(64.0, 16.2)];
/// let measured = MeasuredDeployment::with_points(replica, &points);
/// let calibration = calibrate(&[measured], &CalibrationOptions::default())?;
/// assert!(calibration.undetermined.contains(&"interconnect".to_owned()));
/// let engine = calibration.engine(&replica)?;
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `empty` for no deployments or no measurements; `too_large` for more than 1,000 deployments or
/// 100,000 points; of a point `missing_field` when neither concurrency nor rate is given or no
/// figure, `contradiction` when both are, `invalid_value` for values out of range; of a log as
/// [`RequestLog::check`]; of a replica as [`Roofline::new`]; `invalid_value` at `deployments` when
/// fewer than three different figures were measured or none depends on any factor, and at the
/// first figure of a kind when they are so far off (a factor of eight) that the unit must be wrong.
pub fn calibrate(
    deployments: &[MeasuredDeployment<'_>],
    options: &CalibrationOptions,
) -> Result<Calibration> {
    let points = deployments.iter().map(|one| one.points.len()).sum();
    for (path, given, most) in
        [("deployments", deployments.len(), MOST_DEPLOYMENTS), ("points", points, MOST_POINTS)]
    {
        if given > most {
            let error = Error::new(ErrorCode::TooLarge, path, "are too many");
            return Err(error.given(given).allowed(format!("at most {most}")));
        }
    }
    let mut figures = Vec::new();
    let mut prepared = Vec::with_capacity(deployments.len());
    for (index, deployment) in deployments.iter().enumerate() {
        let path = format!("deployments[{index}]");
        prepared.push(prepare(deployment, &path, &mut figures).map_err(|error| error.within(&path))?);
    }
    refuse_few(&figures)?;
    let has_experts = |model: &Model| model.architecture.moe.is_some();
    let has_experts = deployments.iter().any(|one| has_experts(one.replica.model));
    let means = |coefficients: &Coefficients, out: &mut [f64]| {
        let mut out = out.iter_mut();
        for deployment in &prepared {
            deployment.means(coefficients, &mut out);
        }
    };
    let shapes = |coefficients: &Coefficients, out: &mut [f64]| {
        let mut out = out.iter_mut();
        for deployment in &prepared {
            deployment.shapes(coefficients, &mut out);
        }
    };
    solve(&figures, &Predictions { means: &means, shapes: &shapes }, has_experts, options)
}

fn prepare<'a>(
    deployment: &MeasuredDeployment<'a>,
    path: &str,
    figures: &mut Vec<Figure>,
) -> Result<Prepared<'a>> {
    let engine = deployment.engine().map_err(|error| error.within("replica"))?;
    let limits = engine.limits();
    let mut runs = Vec::with_capacity(deployment.points.len());
    for (index, point) in deployment.points.iter().enumerate() {
        let own = format!("points[{index}]");
        let run = Run::new(point, &engine).map_err(|error| error.within(&own))?;
        run.figures(point, &format!("{path}.{own}"), figures);
        runs.push(run);
    }
    let lag = if deployment.replica.async_scheduling { 1.0 } else { 0.0 };
    let mut trajectories = Vec::with_capacity(deployment.logs.len());
    for (index, log) in deployment.logs.iter().enumerate() {
        let own = format!("logs[{index}]");
        let trajectory = Trajectory::new(log, &limits, lag).map_err(|error| error.within(&own))?;
        figures.extend(trajectory.figures(&format!("{path}.{own}")));
        trajectories.push(trajectory);
    }
    Ok(Prepared { replica: deployment.replica, limits, runs, trajectories })
}

fn refuse_few(figures: &[Figure]) -> Result<()> {
    if figures.is_empty() {
        let error = Error::new(ErrorCode::Empty, "deployments", "have no measurements");
        return Err(error.help("give points or logs"));
    }
    let mut different: Vec<(u8, u64)> =
        figures.iter().map(|figure| (figure.kind as u8, figure.measured.to_bits())).collect();
    different.sort_unstable();
    different.dedup();
    if different.len() >= FEWEST_FIGURES {
        return Ok(());
    }
    let error = if different.len() < figures.len() {
        Error::new(ErrorCode::InvalidValue, "deployments", "have the same figures over and over")
            .help("measure at several concurrencies or rates")
    } else {
        Error::new(ErrorCode::InvalidValue, "deployments", "have too few measurements")
    };
    Err(error.given(different.len()).allowed(format!("at least {FEWEST_FIGURES} different figures")))
}

impl Prepared<'_> {
    /// Writes the means that these coefficients predict of each figure.
    fn means(&self, coefficients: &Coefficients, out: &mut std::slice::IterMut<'_, f64>) {
        let engine = Roofline::without_check(&self.replica, coefficients, self.limits);
        for run in &self.runs {
            run.means(&engine, out);
        }
        for trajectory in &self.trajectories {
            trajectory.predict(&engine, out);
        }
    }

    /// Writes the asked statistic over these means; of logs, which are means, 1.
    fn shapes(&self, coefficients: &Coefficients, out: &mut std::slice::IterMut<'_, f64>) {
        let engine = Roofline::without_check(&self.replica, coefficients, self.limits);
        let deployment = Deployment { speculation: engine.drafting(), ..Deployment::new(&engine, 1) };
        for run in &self.runs {
            run.shapes(&engine, &deployment, out);
        }
        for out in out.by_ref().take(self.trajectories.iter().map(Trajectory::count).sum()) {
            *out = 1.0;
        }
    }
}
