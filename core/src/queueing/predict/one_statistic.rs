//! One statistic of the time to first token and of inter-token latency: what a search over many
//! deployments asks, for a quarter of the time that all percentiles take.

use super::mixture::statistic;
use super::{Mood, Predictor};
use crate::units::Quantile;

impl Predictor<'_> {
    /// A statistic of the time to first token and of inter-token latency under Poisson arrivals, in
    /// milliseconds; `None` where the rate is not sustained. In a cautious mood those of
    /// [`planning_latencies`](Self::planning_latencies).
    pub(crate) fn statistic(&self, requests_per_second: f64, at: Quantile, mood: Mood) -> Option<(f64, f64)> {
        let slice = self.slice(requests_per_second, 1.0, mood)?;
        let first = statistic(slice.ttft(), at);
        let answered = self.replica.workload.with_later > 0.0;
        let gap = if answered { statistic(slice.itl(), at) } else { 0.0 };
        if mood == Mood::Expected {
            return Some((first, gap));
        }
        let busy = requests_per_second / self.stable_requests_per_second();
        let [ttft, itl, _] = self.reserves(busy, 1.0);
        Some((first * ttft, gap * itl))
    }
}
