//! The answer of an analysis.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::analyzer::TraceAnalyzer;
use super::{
    CalendarPattern, LengthSummary, PrefixSharing, RequestClasses, SessionSummary, Trace, TraceOptions,
    TrafficGrowth, WindowRates,
};
use crate::error::Result;

/// What [`analyze_trace`] is asked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AnalyzeTraceRequest {
    /// The requests.
    pub trace: Trace,
    /// What to look at.
    #[serde(default)]
    pub options: TraceOptions,
}

/// The character of a trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TraceAnalysis {
    /// Number of requests.
    pub requests: u64,
    /// Time of the first arrival in seconds since the Unix epoch, where known.
    pub first_seconds: Option<f64>,
    /// Time from the first to the last arrival, in seconds.
    pub duration_seconds: f64,
    /// Requests after the first over the duration, per second.
    pub mean_qps: f64,
    /// Tokens of prompts over the duration, per second.
    pub input_tokens_per_second: f64,
    /// Tokens of answers over the duration, per second.
    pub output_tokens_per_second: f64,
    /// Share of requests that were completed; `None` where the log does not tell.
    pub completed_fraction: Option<f64>,
    /// Times between arrivals.
    pub gaps: ArrivalGaps,
    /// Rates by window, in the order asked; windows longer than the trace are left out.
    pub windows: Vec<WindowRates>,
    /// Hours of the day and days of the week; `None` where the start is not known.
    pub calendar: Option<CalendarPattern>,
    /// How much more comes with time; `None` for fewer than five whole days.
    pub growth: Option<TrafficGrowth>,
    /// Tokens of the prompts of completed requests.
    pub input: LengthSummary,
    /// Tokens of the answers of completed requests.
    pub output: LengthSummary,
    /// Completed requests sorted into classes; `None` without any.
    pub classes: Option<RequestClasses>,
    /// Share of the prompts' tokens that a prefix cache had; `None` where the log does not tell.
    pub cached_fraction: Option<f64>,
    /// Prompts that begin alike; `None` where the log does not tell.
    pub prefix: Option<PrefixSharing>,
    /// Conversations; `None` where the log does not tell.
    pub sessions: Option<SessionSummary>,
    /// Models, the hundred with the most requests, most first.
    pub models: Vec<LabelShare>,
    /// Tenants, the hundred with the most requests, most first.
    pub tenants: Vec<LabelShare>,
    /// Requests under way at a time; `None` where neither latencies nor a service time are given.
    pub concurrency: Option<Concurrency>,
    /// Rates by step, where asked for.
    pub series: Option<RateSeries>,
}

/// Times between arrivals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ArrivalGaps {
    /// Mean, in seconds.
    pub mean_seconds: f64,
    /// Longest, in seconds.
    pub max_seconds: f64,
    /// Variance over squared mean: 1 for Poisson arrivals at a constant rate.
    pub squared_cv: f64,
}

/// Requests of one name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LabelShare {
    /// Name of the model or tenant.
    pub name: String,
    /// Its requests.
    pub requests: u64,
    /// Share of all requests.
    pub fraction: f64,
    /// Mean tokens of its prompts.
    pub input_tokens_mean: f64,
    /// Mean tokens of its answers.
    pub output_tokens_mean: f64,
}

/// Requests under way at a time, by Little's law: rate × mean latency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Concurrency {
    /// Mean time that a request takes, in seconds.
    pub latency_mean_seconds: f64,
    /// Where that is from.
    pub source: ConcurrencySource,
    /// Mean over the trace.
    pub mean: f64,
    /// At high rates, by window; windows shorter than three mean latencies are left out, since
    /// requests then outlast them and Little's law does not hold within one.
    pub windows: Vec<WindowConcurrency>,
}

/// Where the latency of a [`Concurrency`] is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConcurrencySource {
    /// From the latencies in the trace.
    Measured,
    /// From the service time in the options and the mean answer.
    Assumed,
}

/// Requests under way at high rates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WindowConcurrency {
    /// Length of the window, in seconds.
    pub window_seconds: f64,
    /// At the 95th percentile of the windows' rates.
    pub p95: f64,
    /// In the busiest window.
    pub max: f64,
}

/// Rates at a fixed step: what forecasts are made of.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RateSeries {
    /// What the series is of, by label; empty for a whole trace.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Time of the first value in seconds since the Unix epoch, where known.
    pub start_seconds: Option<f64>,
    /// Seconds from one value to the next.
    pub step_seconds: f64,
    /// The values, oldest first; null where missing. Of a trace: requests per second in each whole
    /// step, steps beginning at whole multiples of their length since the epoch.
    pub values: Vec<Option<f64>>,
}

/// The character of a trace. For more requests than fit into memory, see [`TraceAnalyzer`].
///
/// ```
/// use sizewell::workload::{AnalyzeTraceRequest, Trace, analyze_trace};
/// let trace = Trace {
///     arrival_ms: (0..600).map(|second| f64::from(second) * 1000.0).collect(),
///     input_tokens: vec![100; 600],
///     output_tokens: vec![10; 600],
///     ..Trace::default()
/// };
/// let analysis = analyze_trace(&AnalyzeTraceRequest { trace, ..AnalyzeTraceRequest::default() })?;
/// assert_eq!(analysis.windows[0].dispersion, 0.0);
/// assert_eq!(analysis.input.p95_tokens, 100);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// As [`TraceAnalyzer::new`] under `options`, [`TraceAnalyzer::add`] and [`TraceAnalyzer::finish`]
/// under `trace`.
pub fn analyze_trace(request: &AnalyzeTraceRequest) -> Result<TraceAnalysis> {
    let mut options = request.options.clone();
    options.start_seconds = options.start_seconds.or(request.trace.start_seconds);
    let mut analyzer = TraceAnalyzer::new(options).map_err(|error| error.within("options"))?;
    analyzer.add(request.trace.columns()).map_err(|error| error.within("trace"))?;
    analyzer.finish().map_err(|error| error.within("trace"))
}
