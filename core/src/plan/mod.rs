//! How much of what is needed? The trait [`CapacityPlanner`] with the planners of GPU fleets and of
//! traffic that was seen, the growth model, and how long capacity lasts.

mod growth;
mod runway;
mod traffic;

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

pub use growth::{GrownCapacity, GrowthFactor, GrowthRequest, grown_capacity};
pub use runway::{
    CapacityRunway, Crossing, FirstPassage, RunwayRequest, Urgency, capacity_runway, capacity_runway_with,
};
pub use traffic::{
    PurchaseAdvice, ScalingAdvice, TrafficPlan, TrafficPlanRequest, TrafficPlanner, plan_from_traffic,
};

use crate::error::{Error, Result};
use crate::units::{ceil_forgiving, check_count, check_positive, check_range};
use crate::workload::MAX_QPS;

/// The most GPUs that a plan may come to: more than there are.
const MAX_GPUS: f64 = 1e9;

/// What must be served, by replicas of known capacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CapacityRequest {
    /// Requests per second at the peak.
    pub peak_qps: f64,
    /// Capacity kept free above the peak: 0.2 is 20%.
    pub headroom_fraction: f64,
    /// Requests per second that one replica serves within its targets.
    pub replica_qps: f64,
    /// GPUs of one replica.
    pub gpus_per_replica: u32,
}

/// How much is needed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CapacityPlan {
    /// Replicas.
    pub replicas: u64,
    /// GPUs of one replica.
    pub gpus_per_replica: u32,
    /// GPUs in all.
    pub gpu_count: u64,
    /// Requests per second that one replica serves within its targets.
    pub replica_qps: f64,
    /// Requests per second that the fleet serves within its targets.
    pub capacity_qps: f64,
    /// Requests per second asked for, headroom included.
    pub required_qps: f64,
    /// Peak rate over capacity, 0 to 1.
    pub utilization_at_peak: f64,
}

/// A way to find out how much is needed.
pub trait CapacityPlanner: Debug + Send + Sync {
    /// The plan of each request, in their order.
    ///
    /// # Errors
    ///
    /// For a request of its own: `invalid_value` for rates that are not positive.
    fn plan(&self, requests: &[CapacityRequest]) -> Vec<Result<CapacityPlan>>;
}

impl<T: CapacityPlanner + ?Sized> CapacityPlanner for Box<T> {
    fn plan(&self, requests: &[CapacityRequest]) -> Vec<Result<CapacityPlan>> {
        (**self).plan(requests)
    }
}

/// Replicas side by side, each serving its share: ceil(peak × (1 + headroom) ÷ replica's rate)
/// (Compass architecture, "Capacity Calculation Logic").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReplicaPlanner;

impl ReplicaPlanner {
    /// The plan of one request.
    ///
    /// ```
    /// use sizewell::plan::{CapacityRequest, ReplicaPlanner};
    /// let request = CapacityRequest {
    ///     peak_qps: 10.0, headroom_fraction: 0.2, replica_qps: 4.0, gpus_per_replica: 2,
    /// };
    /// let plan = ReplicaPlanner.plan_one(&request)?;
    /// assert_eq!((plan.replicas, plan.gpu_count), (3, 6));
    /// # Ok::<(), sizewell::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `invalid_value` for rates that are not positive, a headroom outside 0 to 10, or a plan of more
    /// than a billion GPUs.
    pub fn plan_one(&self, request: &CapacityRequest) -> Result<CapacityPlan> {
        check_positive("peak_qps", request.peak_qps, MAX_QPS)?;
        check_range("headroom_fraction", request.headroom_fraction, 0.0, 10.0)?;
        check_range("replica_qps", request.replica_qps, 1e-6, MAX_QPS)?;
        check_count("gpus_per_replica", request.gpus_per_replica.into(), 1, 1_000_000)?;
        let required_qps = request.peak_qps * (1.0 + request.headroom_fraction);
        let replicas = ceil_forgiving(required_qps / request.replica_qps).max(1.0);
        let gpus = replicas * f64::from(request.gpus_per_replica);
        if gpus > MAX_GPUS {
            return Err(Error::invalid(
                "peak_qps",
                request.peak_qps,
                "a rate that needs at most a billion GPUs",
            )
            .help(format!("a replica serves {} requests/s", request.replica_qps)));
        }
        let capacity_qps = replicas * request.replica_qps;
        Ok(CapacityPlan {
            replicas: replicas as u64,
            gpus_per_replica: request.gpus_per_replica,
            gpu_count: gpus as u64,
            replica_qps: request.replica_qps,
            capacity_qps,
            required_qps,
            utilization_at_peak: request.peak_qps / capacity_qps,
        })
    }
}

impl CapacityPlanner for ReplicaPlanner {
    fn plan(&self, requests: &[CapacityRequest]) -> Vec<Result<CapacityPlan>> {
        requests.iter().map(|request| self.plan_one(request)).collect()
    }
}
