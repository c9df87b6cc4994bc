//! Traffic that was really seen: when each request arrived and how long it was, with what else a
//! log says of it; [`TraceAnalyzer`] tells its character in one pass, and [`readers`] make traces of
//! what gateways, benchmark tools and public data sets write.
//!
//! A trace is columns, so that it crosses into other languages as arrays. Who has more requests
//! than memory gives them to the analyser in batches of [`TraceColumns`].

mod analysis;
mod analyzer;
mod calendar;
mod classes;
mod columns;
mod counts;
mod growth;
mod histogram;
mod joint;
mod lengths;
mod numbers;
mod options;
mod prefixes;
mod rates;
pub mod readers;
mod sessions;
mod shares;
mod summary;
mod windows;
mod zone;

use serde::{Deserialize, Serialize};

pub use analysis::{
    AnalyzeTraceRequest, ArrivalGaps, Concurrency, ConcurrencySource, LabelShare, RateSeries, TraceAnalysis,
    WindowConcurrency, analyze_trace,
};
pub use analyzer::TraceAnalyzer;
pub use calendar::CalendarPattern;
pub(super) use calendar::hour_of_week;
pub(super) use classes::classes;
pub use classes::{ClassCriterion, RequestClassSummary, RequestClasses};
pub use columns::{Labels, PrefixBlocks, RequestStatus, TraceColumns};
pub use growth::TrafficGrowth;
pub(super) use histogram::Histogram;
pub(super) use joint::{Cell, SparseLengths, marginals};
pub use lengths::{LengthSummary, LognormalFit};
pub(super) use numbers::NumberTable;
pub use options::{ServiceTime, TraceOptions};
pub use prefixes::{PrefixReuse, PrefixSharing};
pub use rates::{AnalyzeRatesRequest, RateAnalysis, analyze_rates};
pub use sessions::SessionSummary;
pub use summary::TraceSummary;
pub use windows::{LagCorrelation, WindowRates};
pub(crate) use zone::LocalClock;
pub use zone::UtcOffset;

/// Requests in order of arrival, as columns of equal length. Columns that a log does not have are
/// empty.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// Arrival of each request in milliseconds since the trace's start, ascending.
    pub arrival_ms: Vec<f64>,
    /// Tokens of each prompt.
    pub input_tokens: Vec<u32>,
    /// Tokens of each answer.
    pub output_tokens: Vec<u32>,
    /// The trace's start in seconds since the Unix epoch; `None` where the log does not tell, and
    /// then nothing is said of hours of the day and days of the week.
    #[serde(default)]
    pub start_seconds: Option<f64>,
    /// Time from arrival to the last token of each request, in milliseconds; 0 where not known.
    #[serde(default)]
    pub latency_ms: Vec<f64>,
    /// Tokens of each prompt that were found in a prefix cache.
    #[serde(default)]
    pub cached_tokens: Vec<u32>,
    /// How each request ended.
    #[serde(default)]
    pub status: Vec<RequestStatus>,
    /// The conversation that each request belongs to, numbered from 0 in any order.
    #[serde(default)]
    pub session: Vec<u32>,
    /// The model that each request asked for.
    #[serde(default)]
    pub model: Labels,
    /// Who sent each request.
    #[serde(default)]
    pub tenant: Labels,
    /// What each prompt begins with, as blocks that stand for whole prefixes.
    #[serde(default)]
    pub prefix: PrefixBlocks,
}

impl Trace {
    /// Number of requests.
    #[must_use]
    pub fn len(&self) -> usize {
        self.arrival_ms.len()
    }

    /// Whether there are no requests.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.arrival_ms.is_empty()
    }

    /// The columns, to be given to a [`TraceAnalyzer`].
    #[must_use]
    pub fn columns(&self) -> TraceColumns<'_> {
        TraceColumns {
            arrival_ms: &self.arrival_ms,
            input_tokens: &self.input_tokens,
            output_tokens: &self.output_tokens,
            latency_ms: &self.latency_ms,
            cached_tokens: &self.cached_tokens,
            status: &self.status,
            session: &self.session,
            model: Some(&self.model),
            tenant: Some(&self.tenant),
            prefix: Some(&self.prefix),
        }
    }
}
