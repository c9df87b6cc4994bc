//! Which format is it? By the keys of a JSON document, or the names in a CSV's header.

use serde::{Deserialize, Serialize};

use super::TraceFormat;
use super::csv::CsvColumns;
use super::time::TimeFormat;
use crate::error::{Error, ErrorCode, Result};

/// What a log looks like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DetectedLog {
    /// What [`read_trace`](super::read_trace) reads it as; `None` for the answer of a Prometheus range
    /// query, which [`read_rates`](super::read_rates) reads.
    pub format: Option<TraceFormat>,
    /// Which columns are taken for what, for [`TraceFormat::Csv`], to be looked at and corrected. A
    /// latency whose name does not tell its unit is left out.
    pub columns: Option<CsvColumns>,
}

/// Names of columns, in words, the likeliest first. Units at their ends are taken off before.
const ARRIVAL: &[&str] = &[
    "arrival",
    "arrival time",
    "arrival timestamp",
    "arrived",
    "arrived at",
    "request time",
    "request timestamp",
    "request start time",
    "start time",
    "started at",
    "created at",
    "created",
    "timestamp",
    "time",
    "datetime",
    "date time",
    "date",
    "ts",
];
const INPUT: &[&str] = &[
    "input tokens",
    "prompt tokens",
    "context tokens",
    "request tokens",
    "num prompt tokens",
    "num input tokens",
    "n prompt tokens",
    "n input tokens",
    "tokens in",
    "tokens prompt",
    "tokens input",
    "usage prompt tokens",
    "usage input tokens",
    "gen ai usage input tokens",
    "prompt token count",
    "input token count",
    "prompt length",
    "prompt len",
    "input length",
    "input len",
];
const OUTPUT: &[&str] = &[
    "output tokens",
    "completion tokens",
    "generated tokens",
    "response tokens",
    "num output tokens",
    "num completion tokens",
    "num generated tokens",
    "n output tokens",
    "n completion tokens",
    "tokens out",
    "tokens completion",
    "tokens output",
    "usage completion tokens",
    "usage output tokens",
    "gen ai usage output tokens",
    "output token count",
    "completion token count",
    "response length",
    "output length",
    "output len",
    "completion length",
];
const LATENCY: &[&str] = &[
    "latency",
    "e2e latency",
    "e2e",
    "total latency",
    "request latency",
    "duration",
    "request duration",
    "response time",
    "elapsed time",
    "elapsed",
    "total time",
];
const CACHED: &[&str] = &[
    "cached tokens",
    "cached input tokens",
    "cache read tokens",
    "cache read input tokens",
    "cache hit tokens",
];
const STATUS: &[&str] =
    &["status", "status code", "http status", "http status code", "response code", "code"];
const SESSION: &[&str] = &[
    "session",
    "session id",
    "conversation",
    "conversation id",
    "chat id",
    "thread id",
    "gen ai conversation id",
];
const MODEL: &[&str] = &["model", "model name", "model id", "gen ai request model", "gen ai response model"];
const TENANT: &[&str] = &[
    "tenant",
    "tenant id",
    "customer",
    "customer id",
    "organisation",
    "organization",
    "org id",
    "team",
    "api key",
    "user",
    "user id",
];

/// Says what a log looks like, so that it can be read. The beginning of a CSV or of JSON lines is
/// enough; of one JSON document, as much as has its keys.
///
/// ```
/// use sizewell::workload::trace::readers::{TimeFormat, TraceFormat, detect_log};
/// let detected = detect_log("created_at,promptTokens,completion_tokens,latency_s\n1700000000,812,90,4.1\n")?;
/// assert_eq!(detected.format, Some(TraceFormat::Csv));
/// let columns = detected.columns.expect("a CSV has columns");
/// assert_eq!((columns.input_tokens.as_str(), columns.time), ("promptTokens", TimeFormat::UnixSeconds));
/// assert_eq!((columns.latency.as_deref(), columns.latency_unit_ms), (Some("latency_s"), 1000.0));
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `empty` for a text without words; `invalid_value` at `text` for JSON of no format that is read, and at
/// `columns.time` for times that are written in no way that is read; `missing_field` at
/// `columns.arrival`, `columns.input_tokens` or `columns.output_tokens` for a CSV with no column of a
/// usual name for it.
pub fn detect_log(text: &str) -> Result<DetectedLog> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.is_empty() {
        return Err(Error::new(ErrorCode::Empty, "text", "is empty"));
    }
    if text.starts_with(['{', '[']) {
        let format = of_json(text)?;
        return Ok(DetectedLog { format, columns: None });
    }
    let header = text.lines().next().unwrap_or_default();
    let names: Vec<String> = header.split(',').map(words).collect();
    let has = |name: &str| names.iter().any(|known| known == name);
    let format = if ["timestamp", "context tokens", "generated tokens"].iter().all(|name| has(name)) {
        TraceFormat::AzureLlm
    } else if ["timestamp", "model", "request tokens", "response tokens"].iter().all(|name| has(name)) {
        TraceFormat::BurstGpt
    } else {
        let columns = Some(columns(text, header)?);
        return Ok(DetectedLog { format: Some(TraceFormat::Csv), columns });
    };
    Ok(DetectedLog { format: Some(format), columns: None })
}

fn of_json(text: &str) -> Result<Option<TraceFormat>> {
    let first = text.lines().next().unwrap_or_default();
    let keys: [(&str, &str, Option<TraceFormat>); 5] = [
        (text, "\"resourceSpans\"", Some(TraceFormat::OpenTelemetry)),
        (text, "\"resultType\"", None),
        (first, "\"input_length\"", Some(TraceFormat::Mooncake)),
        (text, "\"benchmarks\"", Some(TraceFormat::GuideLlm)),
        (text, "\"request_throughput\"", Some(TraceFormat::VllmBenchmark)),
    ];
    let found = keys.into_iter().find(|(within, key, _)| within.contains(key));
    found.map(|(_, _, format)| format).ok_or_else(|| {
        let allowed = "OpenTelemetry spans, a Prometheus range query, Mooncake's lines, or results of \
                       GuideLLM or of vLLM's benchmark";
        Error::invalid("text", first, allowed)
    })
}

/// A name in words: `promptTokens`, `prompt_tokens` and `Prompt tokens` are one.
fn words(name: &str) -> String {
    let mut words = String::new();
    let mut before = ' ';
    for letter in name.trim().trim_matches('"').chars() {
        if before.is_lowercase() && letter.is_uppercase() {
            words.push(' ');
        }
        let kept = if letter.is_alphanumeric() { letter } else { ' ' };
        words.extend(kept.to_lowercase());
        before = letter;
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name without the unit at its end, and how many milliseconds that is.
fn unit(name: &str) -> (&str, Option<f64>) {
    let Some((stem, last)) = name.rsplit_once(' ') else { return (name, None) };
    let milliseconds = match last {
        "ms" | "msec" | "millis" | "milliseconds" => 1.0,
        "s" | "sec" | "secs" | "seconds" => 1000.0,
        "us" | "micros" | "microseconds" => 1e-3,
        "ns" | "nanos" | "nanoseconds" => 1e-6,
        _ => return (name, None),
    };
    (stem, Some(milliseconds))
}

fn columns(text: &str, header: &str) -> Result<CsvColumns> {
    let separators = [',', ';', '\t', '|'];
    let delimiter =
        separators.into_iter().rev().max_by_key(|mark| header.matches(*mark).count()).unwrap_or(',');
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(u8::try_from(delimiter).unwrap_or(b','))
        .flexible(true)
        .from_reader(text.as_bytes());
    let no_csv =
        |error: ::csv::Error| Error::invalid("text", header, "CSV with a header").help(error.to_string());
    let names: Vec<String> = reader.headers().map_err(no_csv)?.iter().map(ToOwned::to_owned).collect();
    let first = reader.records().next().transpose().map_err(no_csv)?.unwrap_or_default();
    let known: Vec<String> = names.iter().map(|name| words(name)).collect();
    let find = |wanted: &[&str]| {
        wanted
            .iter()
            .find_map(|wanted| known.iter().position(|name| name == wanted || unit(name).0 == *wanted))
    };
    let named = |at: Option<usize>| at.and_then(|at| names.get(at)).map(|name| name.trim().to_owned());
    let needed = |path: &str, wanted: &[&str]| {
        find(wanted).ok_or_else(|| {
            let error = Error::missing(path, "no column has a usual name for it: say which one it is");
            error.given(names.join(", "))
        })
    };
    let arrival = needed("columns.arrival", ARRIVAL)?;
    let input = needed("columns.input_tokens", INPUT)?;
    let output = needed("columns.output_tokens", OUTPUT)?;
    let arrival_unit = known.get(arrival).and_then(|name| unit(name).1);
    let latency = find(LATENCY).and_then(|at| Some((at, unit(known.get(at)?).1?)));
    let required = |at| named(Some(at)).unwrap_or_default();
    Ok(CsvColumns {
        latency: named(latency.map(|(at, _)| at)),
        latency_unit_ms: latency.map_or(1.0, |(_, milliseconds)| milliseconds),
        cached_tokens: named(find(CACHED)),
        status: named(find(STATUS)),
        session: named(find(SESSION)),
        model: named(find(MODEL)),
        tenant: named(find(TENANT)),
        delimiter,
        ..CsvColumns::new(
            &required(arrival),
            time(first.get(arrival).unwrap_or_default().trim(), arrival_unit)?,
            &required(input),
            &required(output),
        )
    })
}

/// How a time is written: numbers by their size (a count of seconds since 1970 has passed 10⁸ in 1973,
/// one of milliseconds 10¹¹), small ones as times since the log's zero in the unit of the name.
fn time(text: &str, unit_ms: Option<f64>) -> Result<TimeFormat> {
    let Ok(number) = text.parse::<f64>() else {
        TimeFormat::Iso.nanoseconds(|| "columns.time".to_owned(), text)?;
        return Ok(TimeFormat::Iso);
    };
    match number {
        0.0..1e8 if unit_ms == Some(1.0) => Ok(TimeFormat::Milliseconds),
        0.0..1e8 if unit_ms.is_none_or(|unit| unit == 1000.0) => Ok(TimeFormat::Seconds),
        1e8..1e11 => Ok(TimeFormat::UnixSeconds),
        1e11..1e14 => Ok(TimeFormat::UnixMilliseconds),
        1e17..1e19 => Ok(TimeFormat::UnixNanoseconds),
        _ => Err(Error::invalid("columns.time", text, "ISO 8601, or seconds, milliseconds or nanoseconds")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    fn csv(text: &str) -> CsvColumns {
        let detected = detect_log(text).unwrap();
        assert_eq!(detected.format, Some(TraceFormat::Csv));
        detected.columns.unwrap()
    }

    #[test]
    fn known_formats_are_told_apart() {
        let of = |text: &str| detect_log(text).unwrap().format;
        assert_eq!(of("TIMESTAMP,ContextTokens,GeneratedTokens\n"), Some(TraceFormat::AzureLlm));
        let burst =
            "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,1,2,3,API\n";
        assert_eq!(of(burst), Some(TraceFormat::BurstGpt));
        let mooncake = "{\"timestamp\": 0, \"input_length\": 5, \"output_length\": 6, \"hash_ids\": [1]}\n";
        assert_eq!(of(mooncake), Some(TraceFormat::Mooncake));
        assert_eq!(of("\u{feff}{\"metadata\": {}, \"benchmarks\": []}"), Some(TraceFormat::GuideLlm));
        assert_eq!(of("{\"date\": \"x\", \"request_throughput\": 3.1}"), Some(TraceFormat::VllmBenchmark));
        assert_eq!(of("{\"resourceSpans\": []}"), Some(TraceFormat::OpenTelemetry));
        assert_eq!(of("{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\"}}"), None);
    }

    #[test]
    fn columns_go_by_their_names() {
        let text = "Session ID;Arrival [ms];inputTokens;OUTPUT_TOKENS;duration_ms;tenant;Model Name;status_code\n\
                    7;1700000000123;5;6;7;a;b;200\n";
        let columns = csv(text);
        assert_eq!((columns.delimiter, columns.time), (';', TimeFormat::UnixMilliseconds));
        assert_eq!(
            (columns.arrival.as_str(), columns.input_tokens.as_str()),
            ("Arrival [ms]", "inputTokens")
        );
        assert_eq!((columns.latency.as_deref(), columns.latency_unit_ms), (Some("duration_ms"), 1.0));
        assert_eq!(
            (columns.tenant.as_deref(), columns.session.as_deref()),
            (Some("tenant"), Some("Session ID"))
        );
        assert_eq!(
            (columns.model.as_deref(), columns.status.as_deref()),
            (Some("Model Name"), Some("status_code"))
        );
    }

    #[test]
    fn times_go_by_how_they_are_written() {
        let of = |name: &str, cell: &str| csv(&format!("{name},prompt_len,output_len\n{cell},1,2\n")).time;
        assert_eq!(of("time", "2026-01-02T03:04:05Z"), TimeFormat::Iso);
        assert_eq!(of("time", "0"), TimeFormat::Seconds);
        assert_eq!(of("arrival_ms", "12.5"), TimeFormat::Milliseconds);
        assert_eq!(of("ts", "1700000000.5"), TimeFormat::UnixSeconds);
        assert_eq!(of("ts", "1700000000123456789"), TimeFormat::UnixNanoseconds);
    }

    #[test]
    fn a_latency_without_a_unit_is_left_out() {
        assert_eq!(csv("ts,prompt_tokens,completion_tokens,latency\n0,1,2,3\n").latency, None);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let refused = |text: &str| {
            let error = detect_log(text).unwrap_err();
            (error.code(), error.path().to_owned())
        };
        assert_eq!(refused(" \n"), (ErrorCode::Empty, "text".to_owned()));
        assert_eq!(refused("{\"a\": 1}"), (ErrorCode::InvalidValue, "text".to_owned()));
        assert_eq!(refused("when,a,b\n"), (ErrorCode::MissingField, "columns.arrival".to_owned()));
        let missing = (ErrorCode::MissingField, "columns.output_tokens".to_owned());
        assert_eq!(refused("time,prompt_tokens,b\n0,1,2\n"), missing);
        let soon = (ErrorCode::InvalidValue, "columns.time".to_owned());
        assert_eq!(refused("time,prompt_tokens,output_tokens\nsoon,1,2\n"), soon);
    }

    /// What is detected can be read.
    #[test]
    fn what_is_detected_is_read() {
        let text =
            "created;prompt tokens;completion tokens\n2026-01-02 03:04:05;100;20\n2026-01-02 03:04:06;50;2\n";
        let request = super::super::ReadTraceRequest {
            columns: Some(csv(text)),
            ..super::super::ReadTraceRequest::new(TraceFormat::Csv, text)
        };
        assert_eq!(super::super::read_trace(&request).unwrap().trace.arrival_ms, [0.0, 1000.0]);
    }
}
