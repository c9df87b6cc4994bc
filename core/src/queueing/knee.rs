//! The knee of the latency curve: where more load begins to cost much.

use serde::{Deserialize, Serialize};

use super::predict::{Mood, Predictor};
use super::prediction::Latencies;
use crate::error::Result;
use crate::units::Quantile;
use crate::workload::ArrivalProcess;

/// Where latency begins to rise steeply.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LatencyKnee {
    /// The rate at the knee, in requests per second.
    pub requests_per_second: f64,
    /// The same over the stable rate.
    pub utilization: f64,
    /// Latencies at the knee.
    pub latencies: Latencies,
}

/// Loads between which the curve is drawn, as shares of the stable rate: the curve has a pole at 1,
/// so that its end has to be chosen.
const FIRST_LOAD: f64 = 0.02;
const LAST_LOAD: f64 = 0.95;
const POINTS: u32 = 47;

impl Predictor<'_> {
    /// The knee of the curve of the time to first token at `quantile` over the rate, by Kneedle
    /// (Satopää, Albrecht, Irwin and Raghavan, *Finding a "Kneedle" in a Haystack*, 2011): with the
    /// rate (from 2% to 95% of the stable one, at 47 points) and the latency both scaled to 0 to 1,
    /// the point furthest below the diagonal. Burstiness and slices are those of `arrivals`; its
    /// rate does not count.
    ///
    /// `None` where the busiest slice is not sustained at any of the rates but the lowest.
    ///
    /// # Errors
    ///
    /// As [`ArrivalProcess::check`].
    pub fn knee(&self, arrivals: &ArrivalProcess, quantile: Quantile) -> Result<Option<LatencyKnee>> {
        arrivals.check()?;
        let stable = self.stable_requests_per_second();
        let curve: Vec<(f64, Latencies)> = (0..POINTS)
            .filter_map(|index| {
                let way = f64::from(index) / f64::from(POINTS - 1);
                let load = FIRST_LOAD + (LAST_LOAD - FIRST_LOAD) * way;
                let arrivals = ArrivalProcess { requests_per_second: stable * load, ..arrivals.clone() };
                self.evaluate(&arrivals, None, Mood::Expected).latencies.map(|latencies| (load, latencies))
            })
            .collect();
        let (Some(first), Some(last)) = (curve.first(), curve.last()) else { return Ok(None) };
        let latency = |latencies: &Latencies| latencies.ttft.at(quantile);
        let width = last.0 - first.0;
        let height = latency(&last.1) - latency(&first.1);
        if width <= 0.0 || height <= 0.0 {
            return Ok(None);
        }
        let below = |point: &(f64, Latencies)| {
            (point.0 - first.0) / width - (latency(&point.1) - latency(&first.1)) / height
        };
        Ok(curve.iter().max_by(|left, right| below(left).total_cmp(&below(right))).map(|knee| LatencyKnee {
            requests_per_second: knee.0 * stable,
            utilization: knee.0,
            latencies: knee.1,
        }))
    }
}
