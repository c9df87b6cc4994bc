//! What is asked about a fleet.

use serde::{Deserialize, Serialize};

use super::answer::{FleetDeployment, FleetMaxRate, FleetPrediction, FleetSize, TargetUse};
use crate::catalog::Catalog;
use crate::engine::{Batch, EngineLimits, EngineModel, IterationTime};
use crate::error::{Error, ErrorCode, Result};
use crate::queueing::estimate::{Configuration, Load, Prepared, by_field};
use crate::queueing::{
    AvailabilityReserve, ClientLoop, DeploymentRequest, LatencyTargets, MAX_REPLICAS, Predictor, Workload,
    replicas_for,
};
use crate::units::{Quantile, check_count};
use crate::workload::{ArrivalProcess, RequestMix};

/// A fleet and its traffic.
///
/// ```
/// use sizewell::queueing::{
///     AvailabilityReserve, DeploymentRequest, LatencyTarget, LatencyTargets, PredictRequest,
/// };
/// use sizewell::units::Quantile;
/// use sizewell::workload::{ArrivalProcess, RequestMix, TokenDistribution};
/// let lengths = |mean_tokens| TokenDistribution::Lognormal { mean_tokens, cv: 0.8, max_tokens: Some(8192) };
/// let ttft = LatencyTarget { quantile: Quantile::P95, most_ms: 500.0 };
/// let request = PredictRequest {
///     arrivals: Some(ArrivalProcess::bursty(40.0, 2.0)),
///     targets: LatencyTargets { ttft: Some(ttft), ..LatencyTargets::default() },
///     reserve: Some(AvailabilityReserve::Replicas { spare: 1 }),
///     ..PredictRequest::new(
///         DeploymentRequest::new("Llama-3.1-8B-Instruct", "H100"),
///         RequestMix::single(lengths(1000.0), lengths(300.0)),
///     )
/// };
/// let size = request.replicas_for(sizewell_data::catalog())?;
/// assert_eq!(size.deployment.replicas, size.needed.replicas + 1);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PredictRequest {
    /// The replicas. Their number does not count where it is asked for.
    pub deployment: DeploymentRequest,
    /// The requests: how long prompts and answers are.
    pub requests: RequestMix,
    /// When requests come, of an open loop; this or `clients`. Of `max_rate` only burstiness and
    /// slices count, and Poisson arrivals are meant where it is left out.
    #[serde(default)]
    pub arrivals: Option<ArrivalProcess>,
    /// Clients in a closed loop, which only `predict` knows.
    #[serde(default)]
    pub clients: Option<ClientLoop>,
    /// Bounds on latencies. Default: none.
    #[serde(default)]
    pub targets: LatencyTargets,
    /// Replicas that may be gone: figures are those of the others. Default: none.
    #[serde(default)]
    pub reserve: Option<AvailabilityReserve>,
}

impl PredictRequest {
    /// Requests to a deployment, without arrivals yet.
    #[must_use]
    pub fn new(deployment: DeploymentRequest, requests: RequestMix) -> Self {
        let targets = LatencyTargets::default();
        Self { deployment, requests, arrivals: None, clients: None, targets, reserve: None }
    }

    /// How the fleet behaves: percentiles of waiting, time to first token, inter-token latency and
    /// the whole request, utilisation, stability, goodput, the narrowest target, and the knee of
    /// the latency curve (of the time to first token at its target's quantile, else the 95th).
    ///
    /// Clients in a closed loop have the means and the spread that [`estimate`](crate::queueing::estimate())
    /// gives them, and no goodput. That arrivals are not sustained is no error: see `stable`.
    ///
    /// # Errors
    ///
    /// `unknown_name` for a model or GPU that the catalog does not have; `missing_field` at
    /// `arrivals` for no load, `contradiction` at `clients` for two; `invalid_value` with the path
    /// of a value out of range; `does_not_fit` at `deployment.gpu` with the arithmetic;
    /// `contradiction` at `reserve` where no replica is left.
    pub fn predict(&self, catalog: &Catalog) -> Result<FleetPrediction> {
        match (&self.arrivals, &self.clients) {
            (None, None) => Err(missing_arrivals("or `clients`, of a closed loop")),
            (Some(_), Some(_)) => Err(Error::new(
                ErrorCode::Contradiction,
                "clients",
                "cannot be given with arrivals: a load is either open or closed",
            )),
            (Some(arrivals), None) => self.with(catalog, |fleet| {
                let targeted = [self.targets.ttft, self.targets.itl, self.targets.e2e];
                let prediction = if targeted.iter().any(Option::is_some) {
                    fleet.predictor.predict_within(arrivals, &self.targets)?
                } else {
                    fleet.predictor.predict(arrivals)?
                };
                let quantile = self.targets.ttft.map_or(Quantile::P95, |target| target.quantile);
                let knee = fleet.predictor.knee(arrivals, quantile)?;
                Ok(FleetPrediction { knee, ..self.answer(fleet, prediction) })
            }),
            (None, Some(clients)) => self.with(catalog, |fleet| {
                let prepared = fleet.prepared;
                let deployment = prepared.deployment(&prepared.engine);
                let predictor = Predictor::new(&deployment, fleet.workload)?;
                let load = mean_load(fleet.workload, prepared.replicas);
                let count = clients.concurrency as f64;
                let found = prepared.clients(&load, count, clients, &predictor);
                let (prediction, _) = found.map_err(|error| error.within("clients"))?;
                Ok(self.answer(fleet, prediction))
            }),
        }
    }

    /// The highest rate at which every target holds, and which one keeps it from being higher; see
    /// [`Predictor::max_rate`].
    ///
    /// # Errors
    ///
    /// As [`predict`](Self::predict); `invalid_value` at `clients` where they are given.
    pub fn max_rate(&self, catalog: &Catalog) -> Result<FleetMaxRate> {
        self.refuse_clients()?;
        let arrivals = self.arrivals.clone().unwrap_or_else(|| ArrivalProcess::poisson(1.0));
        self.with(catalog, |fleet| {
            let max_rate = fleet.predictor.max_rate(&arrivals, &self.targets)?;
            Ok(FleetMaxRate { deployment: fleet.facts(), max_rate })
        })
    }

    /// The smallest number of replicas that meets every target, with those that may be gone on top;
    /// see [`replicas_for`].
    ///
    /// # Errors
    ///
    /// As [`max_rate`](Self::max_rate); `missing_field` at `arrivals`; `contradiction` at `targets`
    /// where no number of replicas meets them.
    pub fn replicas_for(&self, catalog: &Catalog) -> Result<FleetSize> {
        self.refuse_clients()?;
        let Some(arrivals) = &self.arrivals else {
            return Err(missing_arrivals("how many requests come in a second"));
        };
        // The number given does not count, and so leaves nothing to be gone from.
        let mut one = self.clone();
        one.deployment.replicas = None;
        one.reserve = None;
        one.with(catalog, |fleet| {
            let deployment = fleet.prepared.deployment(fleet.engine);
            let needed = replicas_for(&deployment, fleet.workload, arrivals, &self.targets)?;
            let spare = self.reserve.map_or(Ok(0), |reserve| reserve.spare_replicas(needed.replicas));
            let spare = spare.map_err(|error| error.within("reserve"))?;
            let fleet = Fleet { serving: needed.replicas, spare, ..*fleet };
            Ok(FleetSize { deployment: fleet.facts(), needed })
        })
    }

    fn refuse_clients(&self) -> Result<()> {
        self.clients.map_or(Ok(()), |clients| {
            Err(Error::invalid(
                "clients",
                clients.concurrency,
                "null: clients in a loop have a rate of their own",
            ))
        })
    }

    fn answer(&self, fleet: &Fleet<'_>, prediction: crate::queueing::LatencyPrediction) -> FleetPrediction {
        let narrowest = prediction.latencies.and_then(|latencies| self.targets.narrowest(&latencies));
        let binding = narrowest.map(|(target, used_fraction)| TargetUse { target, used_fraction });
        FleetPrediction { deployment: fleet.facts(), prediction, binding, knee: None }
    }

    /// Checks everything, makes it ready, and answers.
    fn with<T>(&self, catalog: &Catalog, answer: impl FnOnce(&Fleet<'_>) -> Result<T>) -> Result<T> {
        self.targets.check().map_err(|error| error.within("targets"))?;
        if let Some(arrivals) = &self.arrivals {
            arrivals.check().map_err(|error| error.within("arrivals"))?;
        }
        let workload = Workload::new(&self.requests).map_err(|error| error.within("requests"))?;
        let in_deployment = |error: Error| by_field(error).within("deployment");
        let replicas = self.deployment.replicas.unwrap_or(1);
        check_count("deployment.replicas", replicas.into(), 1, MAX_REPLICAS.into())?;
        let serving = self.left_of(replicas)?;
        let configuration = Configuration::new(catalog, &self.deployment).map_err(in_deployment)?;
        let tokens = workload.input_tokens_mean() + workload.output_tokens_mean();
        let prepared = configuration.prepared(tokens, serving).map_err(in_deployment)?;
        let prepared = prepared.map_err(|reason| match reason.code() {
            // Of the lengths, a mix has no single field.
            ErrorCode::InvalidValue => reason.at("requests"),
            _ => in_deployment(reason),
        })?;
        let engine = Whole {
            engine: &prepared.engine,
            overhead_ms: prepared.engine.request_overhead_ms()
                + prepared.engine.request_overhead_ms_per_token() * workload.input_tokens_mean(),
        };
        let predictor = Predictor::new(&prepared.deployment(&engine), &workload)?;
        let (prepared, engine, workload, predictor) = (&prepared, &engine, &workload, &predictor);
        answer(&Fleet { prepared, engine, workload, predictor, serving, spare: replicas - serving })
    }

    /// Replicas of so many that are surely there.
    fn left_of(&self, replicas: u32) -> Result<u32> {
        let Some(reserve) = self.reserve else { return Ok(replicas) };
        let spare = |needed| reserve.spare_replicas(needed);
        if let Err(error) = spare(1).map(drop)
            && error.code() != ErrorCode::Contradiction
        {
            return Err(error.within("reserve"));
        }
        let enough = |needed: u32| spare(needed).is_ok_and(|spare| needed.saturating_add(spare) <= replicas);
        // More needed ones never leave more over.
        let (mut low, mut high) = (0, replicas + 1);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if enough(middle) { low = middle } else { high = middle }
        }
        if low == 0 {
            let error = Error::new(ErrorCode::Contradiction, "reserve", "leaves no replica to serve");
            return Err(error.given(format!("{replicas} replicas")).help("give more replicas"));
        }
        Ok(low)
    }
}

fn missing_arrivals(help: &str) -> Error {
    Error::missing("arrivals", help)
}

/// A fleet made ready.
#[derive(Clone, Copy)]
struct Fleet<'a> {
    prepared: &'a Prepared<'a>,
    engine: &'a Whole<'a>,
    workload: &'a Workload,
    predictor: &'a Predictor<'a>,
    serving: u32,
    spare: u32,
}

impl Fleet<'_> {
    fn facts(&self) -> FleetDeployment {
        let prepared = self.prepared;
        let replicas = self.serving.saturating_add(self.spare);
        let gpus_per_replica = prepared.parallelism.gpus();
        FleetDeployment {
            replicas,
            spare_replicas: self.spare,
            gpus_per_replica,
            gpus: u64::from(replicas) * u64::from(gpus_per_replica),
            tensor_parallel: prepared.parallelism.tensor_parallel,
            kv_tokens: prepared.engine.limits().kv_tokens,
            provenance: prepared.provenance,
            errors: *prepared.errors,
        }
    }
}

/// An engine whose overhead of a request has that of a mean prompt's tokens in it, of which
/// [`Predictor`] does not count each prompt's own.
#[derive(Debug)]
struct Whole<'a> {
    engine: &'a dyn EngineModel,
    overhead_ms: f64,
}

impl EngineModel for Whole<'_> {
    fn iteration(&self, batch: &Batch) -> IterationTime {
        self.engine.iteration(batch)
    }

    fn limits(&self) -> EngineLimits {
        self.engine.limits()
    }

    fn request_overhead_ms(&self) -> f64 {
        self.overhead_ms
    }
}

/// Requests of the mean lengths, without a rate.
fn mean_load(workload: &Workload, replicas: u32) -> Load {
    let input_tokens = workload.input_tokens_mean();
    Load {
        input_tokens,
        output_tokens: workload.output_tokens_mean(),
        concurrency: None,
        qps: None,
        dispersion: 1.0,
        benchmark: false,
        prefix_hit_fraction: workload.all.cached / input_tokens,
        replicas,
    }
}
