//! Predictions asked for by names: what a fleet of replicas of a model on a GPU does under its
//! traffic, the most that it bears, and how many replicas a rate needs, replicas that may be gone
//! counted.

mod answer;
mod request;

pub use answer::{FleetDeployment, FleetMaxRate, FleetPrediction, FleetSize, TargetUse};
pub use request::PredictRequest;
