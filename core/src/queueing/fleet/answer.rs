//! What is said of a fleet.

use serde::{Deserialize, Serialize};

use crate::engine::ErrorModel;
use crate::queueing::{BindingTarget, LatencyKnee, LatencyPrediction, MaxRate, Provenance, ReplicaCount};

/// The fleet that figures are of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FleetDeployment {
    /// All replicas, the spare ones included.
    pub replicas: u32,
    /// Of these, the ones that may be gone: the figures are those of the others alone.
    pub spare_replicas: u32,
    /// GPUs of one replica.
    pub gpus_per_replica: u32,
    /// GPUs of all replicas.
    pub gpus: u64,
    /// GPUs over which attention and dense layers are sliced.
    pub tensor_parallel: u32,
    /// Tokens that the KV cache of a replica holds.
    pub kv_tokens: u64,
    /// What the figures rest on.
    pub provenance: Provenance,
    /// How far off they may be: 90% intervals of ln(measured ÷ predicted).
    pub errors: ErrorModel,
}

/// How much of a target is used.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TargetUse {
    /// The target.
    pub target: BindingTarget,
    /// The predicted latency over its bound: above 1 the target is missed.
    pub used_fraction: f64,
}

/// How a fleet behaves under its traffic.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FleetPrediction {
    /// The fleet.
    pub deployment: FleetDeployment,
    /// Latencies, utilisation, stability, and the share of requests within all targets.
    pub prediction: LatencyPrediction,
    /// The target that is missed most, or met most narrowly; `None` without targets, and where the
    /// arrivals are not sustained.
    pub binding: Option<TargetUse>,
    /// Where latency begins to rise steeply; `None` for clients in a loop, and where there is no
    /// such place.
    pub knee: Option<LatencyKnee>,
}

/// The most that a fleet bears.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FleetMaxRate {
    /// The fleet.
    pub deployment: FleetDeployment,
    /// The highest rate at which every target holds, and what keeps it from being higher.
    pub max_rate: MaxRate,
}

/// How many replicas a rate needs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FleetSize {
    /// The fleet, with what is needed and what may be gone.
    pub deployment: FleetDeployment,
    /// The replicas that the targets need, and what one less would miss.
    pub needed: ReplicaCount,
}
