//! How does a replica or a fleet behave in steady state? Percentiles of waiting, time to first
//! token, inter-token latency and end-to-end latency under load: [`predict`] and [`Predictor`] for a
//! given rate, [`max_rate`] and [`replicas_for`] for given targets, [`AvailabilityReserve`] for
//! replicas that may be gone, [`Predictor::knee`] for where load begins to cost much. The queues
//! whose steady state is known exactly are in [`closed_form`].

mod calibrate;
mod deployment;
mod knee;
mod max_rate;
mod predict;
mod prediction;
mod reserve;
mod targets;
mod workload;

pub use calibrate::{
    CalibrateRequest, MeasuredDeployment, MeasuredPoint, calibrate, calibrate_requests, open_loop,
};
pub use deployment::{Balancer, Deployment, MAX_REPLICAS};
pub use knee::LatencyKnee;
pub use max_rate::{MOST_UTILIZATION, MaxRate, ReplicaCount, max_rate, replicas_for};
pub use predict::{ClientLoop, PredictionCoefficients, Predictor, predict};
pub(crate) use predict::{ITL_RESERVE, Mood, QUIET, TTFT_RESERVE};
pub use prediction::{Latencies, LatencyPercentiles, LatencyPrediction};
pub use reserve::AvailabilityReserve;
pub use targets::{BindingTarget, LatencyTarget, LatencyTargets};
pub use workload::Workload;

pub mod closed_form;

mod closed_loop;
mod fleet;
pub use closed_loop::{ClosedLoop, ClosedLoopMeans, PrefillWorkers, closed_loop};
pub use fleet::{FleetDeployment, FleetMaxRate, FleetPrediction, FleetSize, PredictRequest, TargetUse};

mod estimate;
pub use estimate::{
    BatchColumn, Column, DeploymentRequest, Estimate, EstimateBatch, EstimateColumns, EstimateRequest,
    EstimateRows, EstimateTable, LimitingResource, MOST_ROWS, Provenance, estimate, estimate_many,
};
