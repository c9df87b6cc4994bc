//! A trace's character in a few figures.

use serde::{Deserialize, Serialize};

use super::Trace;
use crate::error::{Error, ErrorCode, Result};

/// A trace's character in a few figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TraceSummary {
    /// Number of requests.
    pub requests: u64,
    /// Time from the first to the last arrival, in seconds.
    pub duration_seconds: f64,
    /// Requests after the first over the duration, per second.
    pub mean_qps: f64,
    /// Requests per second in the busiest 60 seconds, wherever they begin; the mean of a trace that
    /// is shorter.
    pub peak_minute_qps: f64,
    /// The busiest minute's rate over the mean rate.
    pub peak_to_mean_per_minute: f64,
    /// Variance over mean of the requests in each second: 1 for Poisson arrivals, above 1 for bursts.
    pub dispersion_per_second: f64,
    /// Mean tokens of the prompts.
    pub input_tokens_mean: f64,
    /// Median tokens of the prompts.
    pub input_tokens_p50: u32,
    /// 95th percentile of the prompts' tokens.
    pub input_tokens_p95: u32,
    /// Mean tokens of the answers.
    pub output_tokens_mean: f64,
    /// Median tokens of the answers.
    pub output_tokens_p50: u32,
    /// 95th percentile of the answers' tokens.
    pub output_tokens_p95: u32,
}

impl Trace {
    /// The trace's character. Percentiles are nearest-rank.
    ///
    /// ```
    /// use sizewell::workload::Trace;
    /// let trace = Trace {
    ///     arrival_ms: (0..600).map(|second| f64::from(second) * 1000.0).collect(),
    ///     input_tokens: vec![100; 600],
    ///     output_tokens: vec![10; 600],
    ///     ..Trace::default()
    /// };
    /// let summary = trace.summary()?;
    /// assert_eq!(summary.peak_to_mean_per_minute, 1.0);
    /// assert_eq!(summary.dispersion_per_second, 0.0);
    /// # Ok::<(), sizewell::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `empty` for fewer than two requests; `contradiction` for columns of different lengths;
    /// `invalid_value` for times that are not finite, negative, descending, or that span less
    /// than a second or more than ten years, and for more than ten million tokens.
    pub fn summary(&self) -> Result<TraceSummary> {
        self.check()?;
        let (Some(first), Some(last)) = (self.arrival_ms.first(), self.arrival_ms.last()) else {
            return Err(Error::new(ErrorCode::Empty, "arrival_ms", "has no requests"));
        };
        let duration_seconds = (last - first) / 1000.0;
        // The first request opens the time that is counted, so it does not count itself.
        let mean_qps = (self.arrival_ms.len() - 1) as f64 / duration_seconds;
        // Of a trace shorter than a minute the whole is its busiest stretch.
        let busiest = if duration_seconds < 60.0 { 0.0 } else { self.most_within(60_000.0) as f64 / 60.0 };
        let peak_minute_qps = busiest.max(mean_qps);
        let input = sorted(&self.input_tokens);
        let output = sorted(&self.output_tokens);
        Ok(TraceSummary {
            requests: self.arrival_ms.len() as u64,
            duration_seconds,
            mean_qps,
            peak_minute_qps,
            peak_to_mean_per_minute: peak_minute_qps / mean_qps,
            dispersion_per_second: self.dispersion(1000.0),
            input_tokens_mean: mean(&input),
            input_tokens_p50: nearest_rank(&input, 0.5),
            input_tokens_p95: nearest_rank(&input, 0.95),
            output_tokens_mean: mean(&output),
            output_tokens_p50: nearest_rank(&output, 0.5),
            output_tokens_p95: nearest_rank(&output, 0.95),
        })
    }

    fn check(&self) -> Result<()> {
        let requests = self.arrival_ms.len();
        if requests < 2 {
            return Err(
                Error::new(ErrorCode::Empty, "arrival_ms", "has fewer than two requests").given(requests)
            );
        }
        self.columns().check(0.0)?;
        let (first, last) = (self.arrival_ms.first().copied(), self.arrival_ms.last().copied());
        let span_ms = last.unwrap_or_default() - first.unwrap_or_default();
        if span_ms < 1000.0 {
            return Err(Error::new(
                ErrorCode::InvalidValue,
                "arrival_ms",
                "spans too little time for a rate",
            )
            .given(format!("{span_ms} ms"))
            .allowed("one second or more"));
        }
        Ok(())
    }

    /// Most requests that arrived within any stretch of `window_ms`.
    fn most_within(&self, window_ms: f64) -> usize {
        let mut most = 0;
        let mut left = self.arrival_ms.iter().peekable();
        let mut within = 0;
        for arrival in &self.arrival_ms {
            within += 1;
            while left.next_if(|earliest| arrival - **earliest >= window_ms).is_some() {
                within -= 1;
            }
            most = most.max(within);
        }
        most
    }

    /// Variance over mean of the requests in each whole window of `window_ms` since the first
    /// arrival. Windows without requests count; nothing is stored for them.
    fn dispersion(&self, window_ms: f64) -> f64 {
        let (Some(first), Some(last)) = (self.arrival_ms.first(), self.arrival_ms.last()) else { return 0.0 };
        let windows = ((last - first) / window_ms).floor().max(1.0);
        let (mut total, mut squares, mut current, mut count) = (0.0, 0.0, 0.0, 0.0);
        for arrival in &self.arrival_ms {
            let window = ((arrival - first) / window_ms).floor();
            if window >= windows {
                break;
            }
            if window != current {
                squares += count * count;
                (current, count) = (window, 0.0);
            }
            count += 1.0;
            total += 1.0;
        }
        squares += count * count;
        let mean: f64 = total / windows;
        (squares / windows - mean * mean).max(0.0) / mean
    }
}

fn sorted(values: &[u32]) -> Vec<u32> {
    let mut values = values.to_vec();
    values.sort_unstable();
    values
}

fn mean(values: &[u32]) -> f64 {
    values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len().max(1) as f64
}

fn nearest_rank(sorted: &[u32], fraction: f64) -> u32 {
    let rank = (sorted.len() as f64 * fraction).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}
