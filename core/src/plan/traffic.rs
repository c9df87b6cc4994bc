//! From traffic that was seen to replicas: capacity for a percentile of its rates with headroom,
//! bounds and thresholds for an autoscaler, what to reserve and what to rent by the hour.
//!
//! Source of the rules and defaults (95th percentile, 20% headroom, at least two replicas, p50 and
//! p99 for the bounds, p90/p99 and p50/p99 for the thresholds, burstiness above 3, peaks of eight
//! hours): "Scaling and Load Balancing Skill", solution 5. Its mistakes are corrected where named.

use serde::{Deserialize, Serialize};

use super::{CapacityPlan, CapacityPlanner, CapacityRequest, ReplicaPlanner};
use crate::error::{Error, Result};
use crate::units::{Quantile, ceil_forgiving, check_count, check_positive, check_range};
use crate::workload::MAX_QPS;
use crate::workload::trace::{CalendarPattern, WindowRates};

/// The most replicas that an autoscaler is told.
const MOST_REPLICAS: u64 = 1_000_000_000;
/// Bounds of the scale-up threshold, in percent of capacity.
const SCALE_UP_PERCENT: (f64, f64) = (50.0, 80.0);
/// The least scale-down threshold, in percent of capacity.
const LEAST_SCALE_DOWN_PERCENT: f64 = 30.0;
/// How far below the scale-up threshold the utilisation must stay after a replica went.
const CALM: f64 = 0.9;
/// The busiest window over the median from which scaling must be fast.
const HIGH_BURSTINESS: f64 = 3.0;

/// What [`plan_from_traffic`] is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TrafficPlanRequest {
    /// Rates of the traffic, of windows as long as the service can be late: a minute for chat, an hour
    /// for batches.
    pub rates: WindowRates,
    /// Hours of the day and days of the week, for what to reserve; `None` where they are not known.
    #[serde(default)]
    pub calendar: Option<CalendarPattern>,
    /// Requests per second that one replica serves within its targets.
    pub replica_qps: f64,
    /// GPUs of one replica.
    #[serde(default = "one")]
    pub gpus_per_replica: u32,
    /// The percentile of the windows' rates that is planned for.
    #[serde(default)]
    pub percentile: Quantile,
    /// Capacity kept free above it: 0.2 is 20%.
    #[serde(default = "usual_headroom")]
    pub headroom_fraction: f64,
    /// The fewest replicas: two outlive the loss of one.
    #[serde(default = "two")]
    pub min_replicas: u64,
    /// Replicas that are needed for so many hours a day or more are reserved.
    #[serde(default = "eight")]
    pub reserved_from_hours: f64,
}

fn one() -> u32 {
    1
}

fn two() -> u64 {
    2
}

fn eight() -> f64 {
    8.0
}

fn usual_headroom() -> f64 {
    0.2
}

/// How many replicas traffic needs, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TrafficPlan {
    /// The percentile that is planned for.
    pub percentile: Quantile,
    /// The rate at that percentile, per second.
    pub base_qps: f64,
    /// Replicas for it, headroom included.
    pub capacity: CapacityPlan,
    /// The busiest window's rate over the planned capacity; above 1, requests queue in it.
    pub utilization_in_busiest_window: f64,
    /// Bounds and thresholds for an autoscaler.
    pub scaling: ScalingAdvice,
    /// What to reserve and what to rent by the hour.
    pub purchase: PurchaseAdvice,
    /// What to do, in sentences.
    pub recommendations: Vec<String>,
}

/// Bounds and thresholds for an autoscaler.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TrafficScalingAdvice"))]
#[serde(deny_unknown_fields)]
pub struct ScalingAdvice {
    /// The fewest replicas: those that serve the median rate, and at least the minimum asked.
    pub min_replicas: u64,
    /// The most replicas: those that serve the 99th percentile with headroom.
    pub max_replicas: u64,
    /// Utilisation above which a replica is added, in percent: p90 over p99 of the rates, 50 to 80.
    pub scale_up_percent: f64,
    /// Utilisation below which a replica is removed, in percent: p50 over p99 of the rates, at least
    /// 30, and always so low that the rest stay 10% below the scale-up threshold afterwards, so
    /// that replicas don't come and go (which the reference does not see to).
    pub scale_down_percent: f64,
}

/// What to reserve and what to rent by the hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PurchaseAdvice {
    /// Replicas that are needed long enough each day to be reserved, and the fewest asked for.
    pub reserved_replicas: u64,
    /// The other replicas of the plan: spot, or on demand where interruptions hurt.
    pub spot_replicas: u64,
    /// Hours a day that each replica beyond the fewest is needed, the first of them first, as a mean
    /// over the week; at most a thousand of them, empty where hours of the day are not known.
    pub hours_per_day: Vec<f64>,
    /// Peak hours a day.
    pub peak_hours_per_day: u64,
}

/// Plans service replicas for a percentile of traffic whose shape is known.
///
/// A request's `peak_qps` is the rate of the busiest window of traffic of that shape. Planned is the
/// percentile of the same traffic, raised to the fewest replicas.
///
/// ```
/// use sizewell::plan::{CapacityPlanner, CapacityRequest, TrafficPlanner};
/// use sizewell::workload::{AnalyzeTraceRequest, Trace, analyze_trace};
/// let trace = Trace {
///     arrival_ms: (0..36_000).map(|index| f64::from(index) * 100.0).collect(),
///     input_tokens: vec![100; 36_000],
///     output_tokens: vec![10; 36_000],
///     ..Trace::default()
/// };
/// let analysis = analyze_trace(&AnalyzeTraceRequest { trace, ..AnalyzeTraceRequest::default() })?;
/// let planner = TrafficPlanner::new(&analysis.windows[2]);
/// let request = CapacityRequest { peak_qps: 10.0, headroom_fraction: 0.2, replica_qps: 4.0, gpus_per_replica: 2 };
/// assert_eq!(planner.plan(&[request])[0].as_ref().unwrap().replicas, 3);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrafficPlanner {
    /// The percentile of the windows' rates that is planned for.
    pub percentile: Quantile,
    /// The fewest replicas.
    pub min_replicas: u64,
    /// Rate at the percentile of each kind over that of the busiest window: mean, p50, p90, p95, p99.
    shares: [f64; 5],
}

impl TrafficPlanner {
    /// For traffic of this shape: 95th percentile, at least two replicas.
    #[must_use]
    pub fn new(rates: &WindowRates) -> Self {
        let share = |quantile: Quantile| {
            let share = rate_at(rates, quantile) / rates.max_qps;
            if share.is_finite() { share.clamp(0.0, 1.0) } else { 1.0 }
        };
        Self { percentile: Quantile::P95, min_replicas: 2, shares: Quantile::ALL.map(share) }
    }

    fn plan_one(&self, request: &CapacityRequest) -> Result<CapacityPlan> {
        check_positive("peak_qps", request.peak_qps, MAX_QPS)?;
        check_count("min_replicas", self.min_replicas, 1, MOST_REPLICAS)?;
        let known = Quantile::ALL.iter().zip(self.shares).find(|(quantile, _)| **quantile == self.percentile);
        let base_qps = request.peak_qps * known.map_or(1.0, |(_, share)| share);
        // A percentile of 0 (most windows are empty) still needs the fewest replicas.
        let least = CapacityRequest { peak_qps: base_qps.max(1e-9), ..*request };
        let plan = ReplicaPlanner.plan_one(&least)?;
        let replicas = plan.replicas.max(self.min_replicas);
        let gpu_count =
            replicas.checked_mul(u64::from(plan.gpus_per_replica)).filter(|gpus| *gpus <= MOST_REPLICAS);
        let capacity_qps = replicas as f64 * plan.replica_qps;
        Ok(CapacityPlan {
            replicas,
            gpu_count: gpu_count.ok_or_else(|| {
                Error::invalid(
                    "min_replicas",
                    self.min_replicas,
                    "a number that needs at most a billion GPUs",
                )
            })?,
            capacity_qps,
            utilization_at_peak: base_qps / capacity_qps,
            ..plan
        })
    }
}

impl CapacityPlanner for TrafficPlanner {
    fn plan(&self, requests: &[CapacityRequest]) -> Vec<Result<CapacityPlan>> {
        requests.iter().map(|request| self.plan_one(request)).collect()
    }
}

fn rate_at(rates: &WindowRates, percentile: Quantile) -> f64 {
    match percentile {
        Quantile::Mean => rates.mean_qps,
        Quantile::P50 => rates.p50_qps,
        Quantile::P90 => rates.p90_qps,
        Quantile::P95 => rates.p95_qps,
        Quantile::P99 => rates.p99_qps,
    }
}

/// Replicas for traffic that was seen.
///
/// # Errors
///
/// `invalid_value` for rates that are not finite, negative or fall with the percentile, a replica's rate
/// that is not positive, headroom outside 0 to 10, fewer than one replica, hours outside 0 to 24, or a plan
/// of over a billion GPUs.
pub fn plan_from_traffic(request: &TrafficPlanRequest) -> Result<TrafficPlan> {
    check(request)?;
    let rates = &request.rates;
    let planner = TrafficPlanner {
        percentile: request.percentile,
        min_replicas: request.min_replicas,
        ..TrafficPlanner::new(rates)
    };
    let capacity = planner.plan_one(&CapacityRequest {
        peak_qps: rates.max_qps,
        headroom_fraction: request.headroom_fraction,
        replica_qps: request.replica_qps,
        gpus_per_replica: request.gpus_per_replica,
    })?;
    let scaling = scaling(request);
    let purchase = purchase(request, capacity.replicas);
    let utilization = rates.max_qps / capacity.capacity_qps;
    Ok(TrafficPlan {
        percentile: request.percentile,
        base_qps: rate_at(rates, request.percentile),
        utilization_in_busiest_window: utilization,
        recommendations: recommendations(request, &capacity, &purchase, utilization),
        capacity,
        scaling,
        purchase,
    })
}

fn check(request: &TrafficPlanRequest) -> Result<()> {
    let rates = &request.rates;
    check_positive("rates.window_seconds", rates.window_seconds, 1e9)?;
    check_positive("rates.max_qps", rates.max_qps, MAX_QPS)?;
    let mut least = 0.0;
    for (name, rate) in
        [("p50", rates.p50_qps), ("p90", rates.p90_qps), ("p95", rates.p95_qps), ("p99", rates.p99_qps)]
    {
        check_range(&format!("rates.{name}_qps"), rate, least, rates.max_qps)?;
        least = rate;
    }
    check_range("rates.mean_qps", rates.mean_qps, 0.0, rates.max_qps)?;
    check_range("replica_qps", request.replica_qps, 1e-6, MAX_QPS)?;
    check_range("headroom_fraction", request.headroom_fraction, 0.0, 10.0)?;
    check_range("reserved_from_hours", request.reserved_from_hours, 0.0, 24.0)?;
    check_count("min_replicas", request.min_replicas, 1, MOST_REPLICAS)?;
    let hours = request.calendar.iter().flat_map(|calendar| &calendar.by_hour_of_week_qps);
    for (index, rate) in hours.enumerate() {
        let path = format!("calendar.by_hour_of_week_qps[{index}]");
        check_range(&path, rate.unwrap_or_default(), 0.0, MAX_QPS)?;
    }
    Ok(())
}

fn replicas(qps: f64, request: &TrafficPlanRequest) -> u64 {
    (ceil_forgiving(qps / request.replica_qps) as u64).min(MOST_REPLICAS)
}

fn scaling(request: &TrafficPlanRequest) -> ScalingAdvice {
    let rates = &request.rates;
    let min_replicas = replicas(rates.p50_qps, request).max(request.min_replicas);
    let with_headroom = rates.p99_qps * (1.0 + request.headroom_fraction);
    let percent =
        |rate: f64| if rates.p99_qps > 0.0 { (100.0 * rate / rates.p99_qps).floor() } else { 100.0 };
    let scale_up_percent = percent(rates.p90_qps).clamp(SCALE_UP_PERCENT.0, SCALE_UP_PERCENT.1);
    // One of n replicas less raises the utilisation of the others by n/(n − 1); the smallest fleet that loses one is
    // one above the fewest.
    let smallest = (min_replicas + 1) as f64;
    let calm = scale_up_percent * CALM * (smallest - 1.0) / smallest;
    ScalingAdvice {
        min_replicas,
        max_replicas: replicas(with_headroom, request).max(min_replicas),
        scale_up_percent,
        scale_down_percent: percent(rates.p50_qps).max(LEAST_SCALE_DOWN_PERCENT).min(calm.floor()),
    }
}

fn purchase(request: &TrafficPlanRequest, planned: u64) -> PurchaseAdvice {
    /// How many replicas' hours are listed.
    const LISTED: u64 = 1000;
    let known: Vec<f64> = request
        .calendar
        .iter()
        .flat_map(|calendar| calendar.by_hour_of_week_qps.iter().flatten())
        .map(|rate| rate * (1.0 + request.headroom_fraction))
        .collect();
    let needed: Vec<u64> = known.iter().map(|rate| replicas(*rate, request)).collect();
    let most = needed.iter().copied().max().unwrap_or_default().min(planned);
    let hours = |replica: u64| {
        let times = needed.iter().filter(|count| **count >= replica).count();
        24.0 * times as f64 / needed.len().max(1) as f64
    };
    // Each further replica is needed no longer than the one before it, so the last that is worth
    // reserving can be found by halving.
    let (mut low, mut high) = (request.min_replicas, most.max(request.min_replicas));
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if hours(middle) >= request.reserved_from_hours {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    let reserved = if needed.is_empty() { request.min_replicas } else { low }.min(planned);
    let further =
        request.min_replicas.saturating_add(1)..=most.min(request.min_replicas.saturating_add(LISTED));
    PurchaseAdvice {
        reserved_replicas: reserved,
        spot_replicas: planned - reserved,
        hours_per_day: further.map(hours).collect(),
        peak_hours_per_day: request.calendar.as_ref().map_or(0, |calendar| calendar.peak_hours.len() as u64),
    }
}

fn recommendations(
    request: &TrafficPlanRequest,
    capacity: &CapacityPlan,
    purchase: &PurchaseAdvice,
    utilization: f64,
) -> Vec<String> {
    let rates = &request.rates;
    let mut texts = Vec::new();
    match rates.burstiness {
        None => texts.push(
            "most windows have no request: scale to few replicas, and let requests wait for more".to_owned(),
        ),
        Some(times) if times > HIGH_BURSTINESS => texts.push(format!(
            "high burstiness: the busiest window has {times:.1} times the median rate; scale up within a minute, by the \
             length of the queue rather than by utilisation"
        )),
        Some(times) => texts.push(format!(
            "moderate burstiness: the busiest window has {times:.1} times the median rate; standard autoscaling suits"
        )),
    }
    if utilization > 1.0 {
        texts.push(format!(
            "the busiest window exceeds the planned capacity by {:.0}%: requests queue in it, or the autoscaler adds replicas",
            (utilization - 1.0) * 100.0
        ));
    }
    if capacity.replicas == request.min_replicas && capacity.utilization_at_peak < 0.5 {
        texts.push(format!(
            "the fewest replicas decide: {} are used to {:.0}% at the planned rate; consider a smaller GPU",
            capacity.replicas,
            capacity.utilization_at_peak * 100.0
        ));
    }
    let (reserved, spot) = (purchase.reserved_replicas, purchase.spot_replicas);
    if request.calendar.is_none() {
        texts.push(
            "hours of the day are not known: analyse a trace with its start to tell what to reserve"
                .to_owned(),
        );
    } else if spot == 0 {
        texts.push(format!(
            "all {reserved} replicas are needed for {} hours a day or more: reserve them",
            request.reserved_from_hours
        ));
    } else {
        let peak = purchase.peak_hours_per_day;
        let length = if peak as f64 >= request.reserved_from_hours { "long" } else { "short" };
        texts.push(format!(
            "{length} peaks ({peak} hours a day): reserve {reserved} replicas for the baseline, and take up to {spot} on spot \
             or on demand for the rest"
        ));
    }
    texts
}
