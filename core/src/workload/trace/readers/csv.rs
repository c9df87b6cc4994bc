//! Any CSV with a header line (RFC 4180), given which of its columns is what.

use serde::{Deserialize, Serialize};

use super::rows::{Row, Rows, tokens};
use super::time::TimeFormat;
use crate::error::{Error, ErrorCode, Result};
use crate::units::check_positive;
use crate::workload::trace::RequestStatus;

/// Which column of a CSV is what, by its name in the header; names are matched without regard to
/// case and blanks around them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CsvColumns {
    /// When requests arrived.
    pub arrival: String,
    /// How that is written.
    #[serde(default)]
    pub time: TimeFormat,
    /// Tokens of the prompts.
    pub input_tokens: String,
    /// Tokens of the answers.
    pub output_tokens: String,
    /// Time from arrival to the last token; an empty cell is not known.
    #[serde(default)]
    pub latency: Option<String>,
    /// Milliseconds of one unit of `latency`: 1000 for seconds.
    #[serde(default = "one")]
    pub latency_unit_ms: f64,
    /// Tokens of the prompt that were found in a prefix cache.
    #[serde(default)]
    pub cached_tokens: Option<String>,
    /// How requests ended: empty, `ok`, `success`, `completed`, `true` and 200 to 299 for completed,
    /// `cancelled`, `canceled`, `aborted` and 499 for cancelled, anything else for failed.
    #[serde(default)]
    pub status: Option<String>,
    /// Conversations, by any name.
    #[serde(default)]
    pub session: Option<String>,
    /// Models.
    #[serde(default)]
    pub model: Option<String>,
    /// Tenants.
    #[serde(default)]
    pub tenant: Option<String>,
    /// What separates cells; one ASCII character.
    #[serde(default = "comma")]
    pub delimiter: char,
}

fn one() -> f64 {
    1.0
}

fn comma() -> char {
    ','
}

impl CsvColumns {
    /// The three columns that must be there, of an ordinary CSV.
    #[must_use]
    pub fn new(arrival: &str, time: TimeFormat, input_tokens: &str, output_tokens: &str) -> Self {
        Self {
            arrival: arrival.to_owned(),
            time,
            input_tokens: input_tokens.to_owned(),
            output_tokens: output_tokens.to_owned(),
            latency: None,
            latency_unit_ms: 1.0,
            cached_tokens: None,
            status: None,
            session: None,
            model: None,
            tenant: None,
            delimiter: ',',
        }
    }
}

/// Where a column is, and its name for errors.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    at: usize,
    name: &'a str,
}

#[derive(Debug, Clone, Copy)]
struct Places<'a> {
    /// Cells of the header.
    cells: usize,
    time: TimeFormat,
    arrival: Place<'a>,
    input_tokens: Place<'a>,
    output_tokens: Place<'a>,
    latency: Option<Place<'a>>,
    latency_unit_ms: f64,
    cached_tokens: Option<Place<'a>>,
    status: Option<Place<'a>>,
    session: Option<Place<'a>>,
    model: Option<Place<'a>>,
    tenant: Option<Place<'a>>,
}

/// Reads all rows.
pub(super) fn read(text: &str, columns: &CsvColumns, rows: &mut Rows) -> Result<()> {
    read_with(text, columns, rows, |row| row)
}

/// Reads all rows, each changed by what the format means beyond its columns.
pub(super) fn read_with(
    text: &str,
    columns: &CsvColumns,
    rows: &mut Rows,
    change: impl for<'a> Fn(Row<'a>) -> Row<'a>,
) -> Result<()> {
    let delimiter = u8::try_from(columns.delimiter)
        .ok()
        .filter(u8::is_ascii)
        .ok_or_else(|| Error::invalid("columns.delimiter", columns.delimiter, "one ASCII character"))?;
    check_positive("columns.latency_unit_ms", columns.latency_unit_ms, 1e9)?;
    let mut reader =
        ::csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| no_csv(&error))?.clone();
    let places = places(&headers, columns)?;
    rows.clock = columns.time.clock();
    let mut record = ::csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let line = record.position().map_or(0, ::csv::Position::line);
                rows.add(row(&record, line, &places).map(&change))?;
            }
            Err(error) => rows.add(Err(no_csv(&error)))?,
        }
    }
}

fn no_csv(error: &::csv::Error) -> Error {
    let line = error.position().map_or(1, ::csv::Position::line);
    Error::new(ErrorCode::InvalidValue, format!("line {line}"), "is not CSV").help(error.to_string())
}

fn places<'a>(headers: &::csv::StringRecord, columns: &'a CsvColumns) -> Result<Places<'a>> {
    let plain = |name: &str| name.trim().trim_start_matches('\u{feff}').to_lowercase();
    let known: Vec<String> = headers.iter().map(plain).collect();
    let find = |path: &str, name: &'a str| {
        let wanted = plain(name);
        known.iter().position(|header| *header == wanted).map(|at| Place { at, name }).ok_or_else(|| {
            let listed: Vec<&str> = headers.iter().map(str::trim).take(40).collect();
            Error::unknown_name(format!("columns.{path}"), "column", name, listed.iter().copied())
                .allowed(listed.join(", "))
        })
    };
    let optional = |path: &str, name: &'a Option<String>| {
        name.as_deref().map_or(Ok(None), |name| find(path, name).map(Some))
    };
    Ok(Places {
        cells: headers.len(),
        time: columns.time,
        arrival: find("arrival", &columns.arrival)?,
        input_tokens: find("input_tokens", &columns.input_tokens)?,
        output_tokens: find("output_tokens", &columns.output_tokens)?,
        latency: optional("latency", &columns.latency)?,
        latency_unit_ms: columns.latency_unit_ms,
        cached_tokens: optional("cached_tokens", &columns.cached_tokens)?,
        status: optional("status", &columns.status)?,
        session: optional("session", &columns.session)?,
        model: optional("model", &columns.model)?,
        tenant: optional("tenant", &columns.tenant)?,
    })
}

fn row<'a>(record: &'a ::csv::StringRecord, line: u64, places: &Places<'_>) -> Result<Row<'a>> {
    // A number such as 1,000 without quotation marks would move all cells after it.
    if let Some(extra) = record.iter().skip(places.cells).find(|cell| !cell.trim().is_empty()) {
        let allowed = format!("{} cells, as in the header", places.cells);
        return Err(Error::invalid(format!("line {line}"), extra, allowed));
    }
    let path = |place: Place<'_>| format!("line {line}, {}", place.name);
    let cell = |place: Place<'_>| {
        record
            .get(place.at)
            .map(str::trim)
            .ok_or_else(|| Error::missing(path(place), "the line has too few cells"))
    };
    let number = |place: Place<'_>| {
        let text = cell(place)?;
        text.parse::<f64>().map_err(|_| Error::invalid(path(place), text, "a number"))
    };
    let count = |place: Place<'_>| number(place).and_then(|count| tokens(|| path(place), count));
    let name = |place: Option<Place<'_>>| {
        let text = place.map_or(Ok(""), cell)?;
        Ok::<_, Error>(Some(text).filter(|text| !text.is_empty()))
    };
    let latency_ms = match places.latency {
        Some(place) if !cell(place)?.is_empty() => {
            let milliseconds = number(place)? * places.latency_unit_ms;
            if !(0.0..=3e11).contains(&milliseconds) {
                return Err(Error::invalid(path(place), milliseconds, "0 or more, at most ten years"));
            }
            Some(milliseconds)
        }
        _ => None,
    };
    Ok(Row {
        arrival_ns: places.time.nanoseconds(|| path(places.arrival), cell(places.arrival)?)?,
        input_tokens: count(places.input_tokens)?,
        output_tokens: count(places.output_tokens)?,
        latency_ms,
        cached_tokens: places.cached_tokens.map(count).transpose()?,
        status: places.status.map(|place| cell(place).map(status)).transpose()?,
        session: name(places.session)?,
        model: name(places.model)?,
        tenant: name(places.tenant)?,
        blocks: None,
    })
}

fn status(text: &str) -> RequestStatus {
    match text.to_lowercase().as_str() {
        "" | "ok" | "success" | "completed" | "true" => RequestStatus::Completed,
        "cancelled" | "canceled" | "aborted" | "499" => RequestStatus::Cancelled,
        code if code.parse::<u16>().is_ok_and(|code| (200..300).contains(&code)) => RequestStatus::Completed,
        _ => RequestStatus::Failed,
    }
}
