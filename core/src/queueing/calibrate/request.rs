//! Calibration asked for by names.

use serde::{Deserialize, Serialize};

use super::{MeasuredDeployment, MeasuredPoint, calibrate};
use crate::catalog::Catalog;
use crate::engine::{Calibration, CalibrationOptions, EngineLimits, RequestLog};
use crate::error::{Error, Result};
use crate::queueing::DeploymentRequest;
use crate::queueing::estimate::{Configuration, by_field};
use crate::workload::MAX_TOKENS;

/// One deployment by its names, and what was measured of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CalibrateRequest {
    /// One replica: `replicas` and `calibration` cannot be given.
    pub deployment: DeploymentRequest,
    /// Benchmark points.
    #[serde(default)]
    pub points: Vec<MeasuredPoint>,
    /// Logs of requests, each of one replica.
    #[serde(default)]
    pub logs: Vec<RequestLog>,
    /// What the engine admits, where that is known. Default: as the memory plan says.
    #[serde(default)]
    pub limits: Option<EngineLimits>,
    /// Whether the engine prepares an iteration while the one before it runs: vLLM from 0.14 on,
    /// SGLang and TensorRT-LLM by default. Default: yes.
    #[serde(default = "yes")]
    pub async_scheduling: bool,
}

fn yes() -> bool {
    true
}

/// [`calibrate`] of deployments by their names. Where `tensor_parallel` is not given, it is what an
/// estimate of the mean lengths takes.
///
/// # Errors
///
/// As [`calibrate`]; `unknown_name` for a model or GPU that the catalog does not have;
/// `invalid_value` at `replicas` above 1, for measurements are of one, and at `calibration`.
pub fn calibrate_requests(
    catalog: &Catalog,
    requests: &[CalibrateRequest],
    options: &CalibrationOptions,
) -> Result<Calibration> {
    let mut deployments = Vec::with_capacity(requests.len());
    for (index, request) in requests.iter().enumerate() {
        let measured = request.measured(catalog);
        deployments.push(measured.map_err(|error| error.within(&format!("deployments[{index}]")))?);
    }
    calibrate(&deployments, options)
}

impl CalibrateRequest {
    fn measured<'a>(&'a self, catalog: &'a Catalog) -> Result<MeasuredDeployment<'a>> {
        if let Some(replicas) = self.deployment.replicas.filter(|replicas| *replicas != 1) {
            return Err(Error::invalid(
                "deployment.replicas",
                replicas,
                "1: measurements are of one replica",
            ));
        }
        if self.deployment.calibration.is_some() {
            let allowed = "null: a calibration starts from what public measurements say";
            return Err(Error::invalid("deployment.calibration", "an object", allowed));
        }
        let configuration = Configuration::new(catalog, &self.deployment);
        let configuration = configuration.map_err(|error| by_field(error).within("deployment"))?;
        let mut replica = configuration.replica(self.mean_tokens());
        replica.async_scheduling = self.async_scheduling;
        let (points, logs) = (self.points.as_slice(), self.logs.as_slice());
        Ok(MeasuredDeployment { replica, limits: self.limits, points, logs })
    }

    /// Mean tokens of prompt and answer of all that was measured, at least 1.
    fn mean_tokens(&self) -> u32 {
        let points = self.points.iter().map(|point| point.input_tokens + point.output_tokens);
        let requests = self.logs.iter().flat_map(|log| &log.requests);
        let requests =
            requests.map(|request| f64::from(request.input_tokens) + f64::from(request.output_tokens));
        let (count, sum) =
            points.chain(requests).fold((0.0, 0.0), |(count, sum), tokens| (count + 1.0, sum + tokens));
        (sum / f64::max(count, 1.0)).clamp(1.0, f64::from(MAX_TOKENS)).ceil() as u32
    }
}
