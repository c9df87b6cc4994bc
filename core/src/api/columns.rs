//! Traces whose columns cross as arrays: a log of ten million requests as a list in JSON would take
//! longer to read than to analyse, and more memory than both.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::functions::read;
use crate::error::{Error, ErrorCode, Result};
use crate::wire;
use crate::workload::trace::readers::{ReadTraceRequest, read_trace};
use crate::workload::traffic::{FitTrafficRequest, GenerateTrafficRequest, fit_traffic, generate_traffic};
use crate::workload::{AnalyzeTraceRequest, RequestStatus, Trace, analyze_trace};

/// How requests end, in the order of the codes that stand for it in a column.
const STATUSES: [RequestStatus; 3] =
    [RequestStatus::Completed, RequestStatus::Failed, RequestStatus::Cancelled];

/// Columns that cross apart from the JSON that they belong to, by their paths in it: `arrival_ms`,
/// `model.index`, `prefix.blocks`. Any column may come as floats or as counts; a `status` is a code:
/// 0 `completed`, 1 `failed`, 2 `cancelled`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Columns {
    floats: BTreeMap<String, Vec<f64>>,
    counts: BTreeMap<String, Vec<u32>>,
    texts: BTreeMap<String, String>,
}

impl Columns {
    /// Puts in a column of floats; missing values are `NaN`.
    pub fn put_floats(&mut self, path: impl Into<String>, column: Vec<f64>) {
        self.floats.insert(path.into(), column);
    }

    /// Puts in a column of whole numbers.
    pub fn put_counts(&mut self, path: impl Into<String>, column: Vec<u32>) {
        self.counts.insert(path.into(), column);
    }

    /// Puts in a text that is too long for JSON: the `text` that [`read_trace`] reads.
    pub fn put_text(&mut self, path: impl Into<String>, text: String) {
        self.texts.insert(path.into(), text);
    }

    /// Paths of the columns of floats.
    #[must_use]
    pub fn float_paths(&self) -> Vec<String> {
        self.floats.keys().cloned().collect()
    }

    /// Paths of the columns of whole numbers.
    #[must_use]
    pub fn count_paths(&self) -> Vec<String> {
        self.counts.keys().cloned().collect()
    }

    /// Takes out a column of floats; none where it is not there.
    pub fn take_floats(&mut self, path: &str) -> Option<Vec<f64>> {
        self.floats.remove(path)
    }

    /// Takes out a column of whole numbers; none where it is not there.
    pub fn take_counts(&mut self, path: &str) -> Option<Vec<u32>> {
        self.counts.remove(path)
    }

    /// The trace of these columns and the rest of its fields; its errors have no path where all of
    /// `rest` is at fault.
    pub(super) fn trace(&mut self, mut rest: Value) -> Result<Trace> {
        if let Value::Object(fields) = &mut rest {
            self.floats.keys().chain(self.counts.keys()).for_each(|path| hold_place(fields, path));
        }
        let mut trace: Trace = wire::read(rest, "")?;
        for (path, slot) in slots(&mut trace) {
            let (floats, counts) = (self.take_floats(path), self.take_counts(path));
            match slot {
                Slot::Floats(column) => {
                    let widened = counts.map(|counts| counts.into_iter().map(f64::from).collect());
                    *column = floats.or(widened).unwrap_or(std::mem::take(column));
                }
                Slot::Counts(column) => {
                    if let Some(given) = whole(path, floats, counts)? {
                        *column = given;
                    }
                }
                Slot::Statuses(column) => {
                    if let Some(codes) = whole(path, floats, counts)? {
                        *column = statuses(&codes)?;
                    }
                }
            }
        }
        match self.floats.keys().chain(self.counts.keys()).next() {
            None => Ok(trace),
            Some(path) => {
                let error = Error::new(ErrorCode::InvalidType, path.as_str(), "has the wrong type");
                Err(error.given("a column of numbers"))
            }
        }
    }

    /// Takes a trace's columns out of it; the paths begin with `prefix`.
    fn take_from(&mut self, trace: &mut Trace, prefix: &str) {
        for (path, slot) in slots(trace) {
            let path = format!("{prefix}{path}");
            match slot {
                Slot::Floats(column) => self.put_floats(path, std::mem::take(column)),
                Slot::Counts(column) => self.put_counts(path, std::mem::take(column)),
                Slot::Statuses(column) => {
                    let codes = std::mem::take(column).into_iter().map(|status| status as u32);
                    self.put_counts(path, codes.collect());
                }
            }
        }
    }
}

/// An empty list in place of a column, so that the rest is read as if it were whole.
fn hold_place(fields: &mut Map<String, Value>, path: &str) {
    match path.split_once('.') {
        None => {
            fields.insert(path.to_owned(), json!([]));
        }
        Some((field, inner)) => {
            let field = fields.entry(field).or_insert_with(|| json!({}));
            if let Value::Object(inners) = field {
                hold_place(inners, inner);
            }
        }
    }
}

/// A column of a trace.
enum Slot<'a> {
    Floats(&'a mut Vec<f64>),
    Counts(&'a mut Vec<u32>),
    Statuses(&'a mut Vec<RequestStatus>),
}

fn slots(trace: &mut Trace) -> [(&'static str, Slot<'_>); 11] {
    [
        ("arrival_ms", Slot::Floats(&mut trace.arrival_ms)),
        ("input_tokens", Slot::Counts(&mut trace.input_tokens)),
        ("output_tokens", Slot::Counts(&mut trace.output_tokens)),
        ("latency_ms", Slot::Floats(&mut trace.latency_ms)),
        ("cached_tokens", Slot::Counts(&mut trace.cached_tokens)),
        ("status", Slot::Statuses(&mut trace.status)),
        ("session", Slot::Counts(&mut trace.session)),
        ("model.index", Slot::Counts(&mut trace.model.index)),
        ("tenant.index", Slot::Counts(&mut trace.tenant.index)),
        ("prefix.lengths", Slot::Counts(&mut trace.prefix.lengths)),
        ("prefix.blocks", Slot::Counts(&mut trace.prefix.blocks)),
    ]
}

fn whole(path: &str, floats: Option<Vec<f64>>, counts: Option<Vec<u32>>) -> Result<Option<Vec<u32>>> {
    let Some(floats) = floats else { return Ok(counts) };
    let is_whole = |number: &f64| (0.0..=f64::from(u32::MAX)).contains(number) && number.fract() == 0.0;
    match floats.iter().position(|number| !is_whole(number)) {
        None => Ok(Some(floats.into_iter().map(|number| number as u32).collect())),
        Some(place) => {
            let given = floats.get(place).copied().unwrap_or_default();
            let allowed = format!("a whole number from 0 to {}", u32::MAX);
            Err(Error::invalid(format!("{path}[{place}]"), given, allowed))
        }
    }
}

fn statuses(codes: &[u32]) -> Result<Vec<RequestStatus>> {
    let status = |(place, code): (usize, &u32)| {
        let known = STATUSES.get(*code as usize).copied();
        known.ok_or_else(|| Error::invalid(format!("status[{place}]"), code, "a whole number from 0 to 2"))
    };
    codes.iter().enumerate().map(status).collect()
}

/// Calls a function of the table whose argument or answer holds a trace (`summarize_trace`,
/// `analyze_trace`, `fit_traffic`, `generate_traffic`, `read_trace`) with the trace's columns apart.
///
/// The columns belong into `argument`; afterwards they are those of the answer, with their paths in it,
/// and the answer has empty lists in their place. A text to be read may be a column too.
///
/// ```
/// use serde_json::json;
/// use sizewell::api::{Columns, call_with_columns};
/// let mut columns = Columns::default();
/// columns.put_floats("arrival_ms", (0..600).map(|second| f64::from(second) * 1000.0).collect());
/// columns.put_counts("input_tokens", vec![100; 600]);
/// columns.put_counts("output_tokens", vec![10; 600]);
/// let analysis = call_with_columns("analyze_trace", json!({"trace": {}}), &mut columns)?;
/// assert!(analysis.contains(r#""requests":600"#));
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `unknown_name` for another function; `invalid_value` at a column (`trace.input_tokens[3]`) for what is
/// no whole number; otherwise as the function.
pub fn call_with_columns(function: &str, mut argument: Value, columns: &mut Columns) -> Result<String> {
    match function {
        "summarize_trace" => {
            let trace = columns.trace(argument);
            let within = |error: Error| if error.path().is_empty() { error.within("trace") } else { error };
            wire::to_json(&trace.map_err(within)?.summary()?)
        }
        "analyze_trace" => {
            let trace = trace_within(&mut argument, columns)?;
            let request: AnalyzeTraceRequest = read(argument, "request")?;
            wire::to_json(&analyze_trace(&AnalyzeTraceRequest {
                trace: trace.unwrap_or(request.trace),
                ..request
            })?)
        }
        "fit_traffic" => {
            let trace = trace_within(&mut argument, columns)?;
            let request: FitTrafficRequest = read(argument, "request")?;
            wire::to_json(&fit_traffic(&FitTrafficRequest {
                trace: trace.unwrap_or(request.trace),
                ..request
            })?)
        }
        "generate_traffic" => {
            let request: GenerateTrafficRequest = read(argument, "request")?;
            let mut trace = generate_traffic(&request)?;
            columns.take_from(&mut trace, "");
            wire::to_json(&trace)
        }
        "read_trace" => {
            if let (Value::Object(fields), Some(text)) = (&mut argument, columns.texts.remove("text")) {
                fields.insert("text".to_owned(), Value::String(text));
            }
            let request: ReadTraceRequest = read(argument, "request")?;
            let mut answer = read_trace(&request)?;
            columns.take_from(&mut answer.trace, "trace.");
            wire::to_json(&answer)
        }
        other => Err(Error::unknown_name("function", "function of traces", other, WITH_COLUMNS)),
    }
}

/// The functions that [`call_with_columns`] knows.
pub const WITH_COLUMNS: [&str; 5] =
    ["analyze_trace", "fit_traffic", "generate_traffic", "read_trace", "summarize_trace"];

/// The trace of a request, whose place an empty one takes; none where the request has none.
fn trace_within(request: &mut Value, columns: &mut Columns) -> Result<Option<Trace>> {
    let Some(rest) = request.get_mut("trace") else { return Ok(None) };
    let empty = json!({"arrival_ms": [], "input_tokens": [], "output_tokens": []});
    let rest = std::mem::replace(rest, empty);
    columns.trace(rest).map(Some).map_err(|error| error.within("trace"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::call;
    use crate::catalog::{Catalog, CatalogData};

    fn requests() -> Value {
        json!({
            "arrival_ms": [0.0, 500.0, 2500.0], "input_tokens": [7, 8, 9], "output_tokens": [1, 2, 3],
            "start_seconds": 1e9, "latency_ms": [10.0, 0.0, 30.0], "cached_tokens": [1, 0, 2],
            "status": ["completed", "cancelled", "failed"], "session": [0, 1, 0],
            "model": {"names": ["a", "b"], "index": [0, 1, 1]}, "tenant": {"names": ["t"], "index": [0, 0, 0]},
            "prefix": {"block_tokens": 4, "lengths": [1, 2, 1], "blocks": [5, 5, 6, 5]},
        })
    }

    /// The columns of [`requests`], all as floats or, where they can be, as counts.
    fn apart(as_floats: bool) -> (Value, Columns) {
        let mut trace: Trace = serde_json::from_value(requests()).unwrap();
        let mut columns = Columns::default();
        columns.take_from(&mut trace, "");
        if as_floats {
            for (path, counts) in std::mem::take(&mut columns.counts) {
                columns.put_floats(path, counts.into_iter().map(f64::from).collect());
            }
        }
        (serde_json::to_value(&trace).unwrap(), columns)
    }

    fn plainly(function: &str, argument: Value) -> String {
        let catalog = Catalog::new(CatalogData::default()).unwrap();
        call(&catalog, function, &[argument])
            .map_or_else(|error| error.to_string(), |answer| answer.to_string())
    }

    fn with_columns(function: &str, argument: Value, columns: &mut Columns) -> String {
        let answer = call_with_columns(function, argument, columns);
        let value = |text: String| serde_json::from_str::<Value>(&text).unwrap().to_string();
        answer.map_or_else(|error| error.to_string(), value)
    }

    #[test]
    fn every_column_crosses_and_the_answer_is_the_same() {
        for as_floats in [false, true] {
            let (rest, mut columns) = apart(as_floats);
            assert_eq!(rest["model"]["index"], json!([]));
            let whole = columns.clone().trace(rest.clone()).unwrap();
            assert_eq!(serde_json::to_value(&whole).unwrap(), requests());
            let asked = json!({"trace": rest, "options": {"max_classes": 1}});
            let got = with_columns("analyze_trace", asked, &mut columns);
            let plain = json!({"trace": requests(), "options": {"max_classes": 1}});
            assert_eq!(got, plainly("analyze_trace", plain));
        }
        let (rest, mut columns) = apart(false);
        assert_eq!(
            with_columns("summarize_trace", rest, &mut columns),
            plainly("summarize_trace", requests())
        );
        let (rest, mut columns) = apart(true);
        assert_eq!(
            with_columns("fit_traffic", json!({"trace": rest, "start_seconds": 5}), &mut columns),
            plainly("fit_traffic", json!({"trace": requests(), "start_seconds": 5}))
        );
    }

    #[test]
    fn answers_come_as_columns() {
        let text = "at,input_tokens,output_tokens\n0.5,7,8\n1.5,9,10\n";
        let how = json!({"arrival": "at", "time": "seconds", "input_tokens": "input_tokens", "output_tokens": "output_tokens"});
        let mut request = json!({"text": text, "columns": how});
        let plain: Value = serde_json::from_str(&plainly("read_trace", request.clone())).unwrap();
        request.as_object_mut().unwrap().remove("text");
        let mut columns = Columns::default();
        columns.put_text("text", text.to_owned());
        let answer = with_columns("read_trace", request, &mut columns);
        let mut answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["trace"]["arrival_ms"], json!([]));
        assert_eq!(columns.take_floats("trace.arrival_ms").unwrap(), [500.0, 1500.0]);
        assert_eq!(columns.take_counts("trace.input_tokens").unwrap(), [7, 9]);
        for name in ["arrival_ms", "input_tokens", "output_tokens"] {
            answer["trace"][name] = plain["trace"][name].clone();
        }
        assert_eq!(answer, plain);
    }

    #[test]
    fn refusals_are_those_of_lists() {
        for (column, value, path) in [
            ("input_tokens", -1.0, "input_tokens[1]"),
            ("input_tokens", 0.5, "input_tokens[1]"),
            ("session", f64::NAN, "session[1]"),
            ("output_tokens", 1e8, "output_tokens[1]"),
            ("status", 3.0, "status[1]"),
            ("arrival_ms", f64::NAN, "arrival_ms[1]"),
            ("model.index", 2.0, "model.index[1]"),
            ("tokens", 1.0, "tokens"),
            ("start_seconds", 1.0, "start_seconds"),
            ("model.names", 1.0, "model.names"),
        ] {
            let (rest, mut columns) = apart(false);
            columns.counts.remove(column);
            columns.put_floats(column, vec![0.0, value, 1.0]);
            let within = json!({"trace": rest});
            let error = call_with_columns("analyze_trace", within, &mut columns.clone()).unwrap_err();
            assert_eq!(error.path(), format!("trace.{path}"), "{error}");
            let error = call_with_columns("summarize_trace", rest, &mut columns).unwrap_err();
            assert_eq!(error.path(), path, "{error}");
        }
        let mut columns = Columns::default();
        for (function, argument, path) in [
            ("analyze_trace", json!({}), "trace"),
            ("analyze_trace", json!({"trace": 5}), "trace"),
            ("summarize_trace", json!(5), "trace"),
            ("fit_traffic", json!({"trace": {"arrival_ms": []}}), "trace.input_tokens"),
            ("read_trace", json!({}), "text"),
            ("recommend", json!({}), "function"),
        ] {
            let error = call_with_columns(function, argument, &mut columns).unwrap_err();
            assert_eq!(error.path(), path, "{error}");
        }
    }
}
