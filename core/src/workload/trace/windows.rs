//! Rates by window: requests of each whole window of a length, counted in one pass.

use serde::{Deserialize, Serialize};

use super::counts::Counts;

/// How many requests come in windows of one length, counted from the first arrival on; the last,
/// unfinished window is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WindowRates {
    /// Length of a window, in seconds.
    pub window_seconds: f64,
    /// Number of whole windows.
    pub windows: u64,
    /// Mean requests per second over the whole windows.
    pub mean_qps: f64,
    /// Median of the windows' rates, per second. Percentiles are interpolated as NumPy does.
    pub p50_qps: f64,
    /// 90th percentile of the windows' rates, per second.
    pub p90_qps: f64,
    /// 95th percentile of the windows' rates, per second.
    pub p95_qps: f64,
    /// 99th percentile of the windows' rates, per second.
    pub p99_qps: f64,
    /// Rate of the busiest window, per second.
    pub max_qps: f64,
    /// The busiest window's rate over the mean.
    pub peak_to_mean: f64,
    /// The busiest window's rate over the median ("burstiness" of the capacity planning guide for
    /// LLM serving: above 3 it asks for aggressive scaling); `None` where the median is 0.
    pub burstiness: Option<f64>,
    /// Index of dispersion: variance over mean of the windows' counts. 1 for Poisson arrivals at a
    /// constant rate, above 1 for bursts.
    pub dispersion: f64,
    /// How much a window's count goes with that of the windows before it, at the lags asked for
    /// that half of the windows exceed.
    pub autocorrelation: Vec<LagCorrelation>,
}

/// Autocorrelation of the windows' counts at a lag.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LagCorrelation {
    /// Windows between the two.
    pub lag: u32,
    /// Sample autocorrelation, −1 to 1.
    pub correlation: f64,
}

/// Counts requests by windows of one length from an origin on.
#[derive(Debug, Clone)]
pub(super) struct WindowCounter {
    width_ms: f64,
    origin_ms: f64,
    /// Where the current window ends.
    end_ms: f64,
    current: u64,
    within: u64,
    counts: Counts,
}

impl WindowCounter {
    pub(super) fn new(window_seconds: f64, origin_ms: f64, lags: &[u32]) -> Self {
        let width_ms = window_seconds * 1000.0;
        Self {
            width_ms,
            origin_ms,
            end_ms: origin_ms + width_ms,
            current: 0,
            within: 0,
            counts: Counts::new(lags),
        }
    }

    pub(super) fn add(&mut self, arrival_ms: &[f64]) {
        for &arrival in arrival_ms {
            if arrival >= self.end_ms {
                self.advance(arrival);
            }
            self.within += 1;
        }
    }

    fn advance(&mut self, arrival_ms: f64) {
        let window = (((arrival_ms - self.origin_ms) / self.width_ms) as u64).max(self.current + 1);
        self.counts.add(self.within);
        self.counts.add_zeros(window - self.current - 1);
        self.current = window;
        self.within = 0;
        self.end_ms = self.origin_ms + (window + 1) as f64 * self.width_ms;
    }

    pub(super) fn window_seconds(&self) -> f64 {
        self.width_ms / 1000.0
    }

    /// `None` where no window is whole or none has a request.
    pub(super) fn rates(&self) -> Option<WindowRates> {
        rates_of(&self.counts, self.window_seconds(), 1.0)
    }
}

/// Rates of windows of a length by their counts, each one of so many requests; `None` where there are no
/// windows or none has a request.
pub(super) fn rates_of(counts: &Counts, seconds: f64, requests: f64) -> Option<WindowRates> {
    if counts.windows() == 0 || counts.mean() <= 0.0 {
        return None;
    }
    let [p50, p90, p95, p99] = counts.quantiles([0.5, 0.9, 0.95, 0.99]);
    let (mean, most) = (counts.mean(), counts.most() as f64);
    let qps = |count: f64| count * requests / seconds;
    Some(WindowRates {
        window_seconds: seconds,
        windows: counts.windows(),
        mean_qps: qps(mean),
        p50_qps: qps(p50),
        p90_qps: qps(p90),
        p95_qps: qps(p95),
        p99_qps: qps(p99),
        max_qps: qps(most),
        peak_to_mean: most / mean,
        burstiness: (p50 > 0.0).then(|| most / p50),
        dispersion: counts.variance() * requests / mean,
        autocorrelation: counts.autocorrelation(),
    })
}
