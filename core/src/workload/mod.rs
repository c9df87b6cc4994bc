//! What is asked: from a sentence or a structured [`Intent`] to an editable [`Specification`] of
//! traffic and latency targets; and the traffic that was really seen, as a [`Trace`].
//!
//! The nine use cases, their token lengths, experience classes and latency targets follow the
//! Compass architecture (llm-d-planner's design document), which takes the lengths from the
//! GuideLLM benchmark profiles.

mod arrivals;
mod distribution;
mod intent;
mod parse;
mod prompt;
mod specification;
mod specify;
pub mod trace;
pub mod traffic;
mod use_case;

pub use arrivals::{ArrivalProcess, MAX_DISPERSION, MAX_SLICES, RateSlice};
pub use distribution::{
    MAX_CLASSES, MAX_EMPIRICAL_VALUES, RequestClass, RequestMix, TokenDistribution, TokenQuantiles,
};
pub use intent::{
    Budget, Datacenter, DeploymentModel, Intent, LicencePolicy, LoadAssumptions, NameFilter, Priorities,
    Priority,
};
pub use parse::{Evidence, ParsedIntent, Question, parse_intent};
pub use prompt::{IntentPrompt, intent_prompt, parse_intent_answer};
pub use specification::{Origin, OriginKind, Sizing, SloTargets, Specification, TrafficProfile};
pub use specify::specify;
pub use trace::{
    AnalyzeRatesRequest, AnalyzeTraceRequest, PrefixBlocks, RateAnalysis, RateSeries, RequestStatus, Trace,
    TraceAnalysis, TraceAnalyzer, TraceColumns, TraceOptions, TraceSummary, UtcOffset, analyze_rates,
    analyze_trace,
};
pub use use_case::{Domain, ExperienceClass, TokenLengths, UseCase, UseCaseTemplate};

/// The longest text that is read as an intent, in bytes.
pub const MAX_INTENT_TEXT_BYTES: usize = 65_536;
/// The largest number of users that is accepted: more than there are people.
pub const MAX_USERS: f64 = 1e10;
/// The largest request rate that is accepted, per second.
pub const MAX_QPS: f64 = 1e7;
/// The smallest request rate that is accepted, per second: one request in thirty years.
pub const MIN_QPS: f64 = 1e-9;
/// The smallest latency target that is accepted, in milliseconds.
pub const MIN_LATENCY_MS: f64 = 1e-3;
/// The largest number of tokens of one request's input or output that is accepted.
pub const MAX_TOKENS: u32 = 10_000_000;
/// The largest latency target that is accepted, in milliseconds (one day).
pub const MAX_LATENCY_MS: f64 = 86_400_000.0;
/// The largest amount of money that is accepted, in USD.
pub const MAX_USD: f64 = 1e12;
