//! Traces from what gateways, benchmark tools and public data sets write. Text in, [`Trace`] out:
//! whoever has a file reads it first. Each reader's file names where its format is described.
//!
//! Requests may come in any order and are sorted by arrival. A row that can't be read is an error
//! that names its line (or its place, in JSON); with `lenient` it is left out and counted.

mod azure;
mod burstgpt;
mod csv;
mod detect;
mod guidellm;
mod mooncake;
mod opentelemetry;
mod prometheus;
mod rows;
mod time;
mod vllm;

use serde::{Deserialize, Serialize};

pub use csv::CsvColumns;
pub use detect::{DetectedLog, detect_log};
pub use prometheus::{ReadRatesRequest, read_rates};
pub use time::TimeFormat;

use super::Trace;
use super::options::check_start;
use crate::error::{Error, ErrorReport, Result};
use rows::Rows;

/// What a trace is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TraceFormat {
    /// Azure's LLM inference traces of 2023 and 2024 (CSV).
    AzureLlm,
    /// BurstGPT (CSV).
    BurstGpt,
    /// Mooncake's traces (JSON lines), with prefixes.
    Mooncake,
    /// What GuideLLM saves (JSON).
    GuideLlm,
    /// What `vllm bench serve` and `benchmark_serving.py` save with `--save-detailed` (JSON).
    VllmBenchmark,
    /// Spans of OpenTelemetry's conventions for generative AI, as OTLP JSON: one document, or one
    /// on each line.
    OpenTelemetry,
    /// Any CSV, with a map of its columns.
    Csv,
}

/// What [`read_trace`] is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReadTraceRequest {
    /// What the text is; by default what [`detect_log`] takes it for.
    #[serde(default)]
    pub format: Option<TraceFormat>,
    /// The file's contents.
    pub text: String,
    /// Leave out rows that can't be read, and count them, instead of refusing the whole.
    #[serde(default)]
    pub lenient: bool,
    /// Time of the log's zero in seconds since the Unix epoch, for logs whose times are relative.
    #[serde(default)]
    pub start_seconds: Option<f64>,
    /// Where what is, for [`TraceFormat::Csv`]; alone, it says that the text is CSV.
    #[serde(default)]
    pub columns: Option<CsvColumns>,
    /// Which of GuideLLM's benchmarks, from 0; `None` for all.
    #[serde(default)]
    pub benchmark: Option<u32>,
    /// The attribute of a span or its resource that names the tenant, for
    /// [`TraceFormat::OpenTelemetry`]; by default `user.id`, and `service.name` where there is none.
    #[serde(default)]
    pub tenant_attribute: Option<String>,
}

impl ReadTraceRequest {
    /// Strict reading of a text.
    #[must_use]
    pub fn new(format: impl Into<Option<TraceFormat>>, text: impl Into<String>) -> Self {
        Self {
            format: format.into(),
            text: text.into(),
            lenient: false,
            start_seconds: None,
            columns: None,
            benchmark: None,
            tenant_attribute: None,
        }
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReadTrace {
    /// The requests.
    pub trace: Trace,
    /// What became of the rows.
    pub report: ReadReport,
}

/// What became of the rows of a log.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReadReport {
    /// Rows, spans or requests in the text.
    pub rows: u64,
    /// Requests in the trace.
    pub requests: u64,
    /// Rows that could not be read and were left out.
    pub skipped: u64,
    /// Rows that are no requests, such as spans of tools.
    pub ignored: u64,
    /// Requests that came before the one in the row above and were sorted.
    pub out_of_order: u64,
    /// Why the first ten rows that were left out could not be read.
    pub errors: Vec<ErrorReport>,
}

/// Reads a trace from a text.
///
/// ```
/// use sizewell::workload::trace::readers::{ReadTraceRequest, TraceFormat, read_trace};
/// let text = "TIMESTAMP,ContextTokens,GeneratedTokens\n\
///             2023-11-16 18:17:03.9799600,4808,10\n\
///             2023-11-16 18:17:04.0319600,3180,8\n";
/// let read = read_trace(&ReadTraceRequest::new(TraceFormat::AzureLlm, text))?;
/// assert_eq!(read.trace.arrival_ms, [0.0, 52.0]);
/// assert_eq!(read.trace.input_tokens, [4808, 3180]);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `invalid_json` and `missing_field` for a text that is not of the format; `invalid_value` at
/// `line 17, ContextTokens` or a JSON path for a row that can't be read, unless `lenient`;
/// `missing_field` at `columns` for `format` [`TraceFormat::Csv`] without a map; `empty` where no request
/// is left; `too_large` for JSON above 64 MiB and for over fifty million requests; without a format as
/// [`detect_log`], and `invalid_value` at `text` for what [`read_rates`] reads.
pub fn read_trace(request: &ReadTraceRequest) -> Result<ReadTrace> {
    if let Some(start) = request.start_seconds {
        check_start(start)?;
    }
    let mut rows = Rows::new(request.lenient);
    // Tools on Windows begin their files with a byte order mark.
    let text = request.text.trim_start_matches('\u{feff}');
    let (format, detected) = match (request.format, &request.columns) {
        (Some(format), _) => (format, None),
        (None, Some(_)) => (TraceFormat::Csv, None),
        (None, None) => {
            let detected = detect_log(text)?;
            let format = detected.format.ok_or_else(|| {
                let error = Error::invalid("text", "the answer of a Prometheus range query", "requests");
                error.help("read rates with `read_rates`")
            })?;
            (format, detected.columns)
        }
    };
    match format {
        TraceFormat::AzureLlm => azure::read(text, &mut rows)?,
        TraceFormat::BurstGpt => burstgpt::read(text, &mut rows)?,
        TraceFormat::Mooncake => mooncake::read(text, &mut rows)?,
        TraceFormat::GuideLlm => guidellm::read(text, request.benchmark, &mut rows)?,
        TraceFormat::VllmBenchmark => vllm::read(text, &mut rows)?,
        TraceFormat::OpenTelemetry => {
            opentelemetry::read(text, request.tenant_attribute.as_deref(), &mut rows)?;
        }
        TraceFormat::Csv => {
            let columns = request.columns.as_ref().or(detected.as_ref()).ok_or_else(|| {
                Error::missing("columns", "say which columns have the arrival and the tokens")
            })?;
            csv::read(text, columns, &mut rows)?;
        }
    }
    rows.finish(request.start_seconds)
}
