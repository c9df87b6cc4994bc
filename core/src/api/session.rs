//! What other languages keep and come back to, told and asked by the names of its methods: the
//! collector of a service's readings, and the analysis of a trace that comes in batches.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::columns::Columns;
use super::functions::{optional, read};
use crate::error::{Error, Result};
use crate::forecast::{Series, SeriesInput};
use crate::monitor::{Capacities, Collector, CollectorOptions, ForecastQuery, Metric, Reading};
use crate::wire;
use crate::workload::trace::TraceAnalyzer;

/// Methods of a collector, with the number of arguments that each needs at least and takes at most.
const COLLECTOR: &[(&str, usize, usize)] = &[
    ("record", 2, 2),
    ("record_columns", 3, 6),
    ("set_thresholds", 1, 1),
    ("remove", 1, 1),
    ("services", 0, 0),
    ("options", 0, 0),
    ("status", 2, 2),
    ("alerts", 1, 1),
    ("overview", 1, 1),
    ("trend", 4, 5),
    ("details", 3, 4),
    ("all_details", 1, 2),
    ("recommendations", 1, 2),
    ("forecast", 2, 3),
    ("series", 2, 3),
    ("report", 1, 2),
    ("save", 0, 0),
    ("load", 1, 1),
];

/// Methods of an analysis.
const ANALYZER: &[(&str, usize, usize)] = &[("add", 1, 1), ("requests", 0, 0), ("analysis", 0, 0)];

/// A [`Collector`] or a [`TraceAnalyzer`], told and asked in JSON.
///
/// ```
/// use serde_json::json;
/// use sizewell::api::Session;
/// let mut collector = Session::new("Collector", json!({}))?;
/// let reading = json!({"service": "chat", "metric": "gpu", "usage": 15.4, "capacity": 16});
/// collector.call("record", vec![json!(1_763_640_000), reading])?;
/// let alerts = collector.call("alerts", vec![json!(1_763_640_000)])?;
/// assert!(alerts.contains(r#""level":"critical","value":96.25"#));
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Session(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Collector(Box<Collector>),
    Analyzer(Box<TraceAnalyzer>),
}

impl Session {
    /// A `Collector` of `CollectorOptions`, or a `TraceAnalyzer` of `TraceOptions`.
    ///
    /// # Errors
    ///
    /// `unknown_name` at `class` for another; what is wrong with the options.
    pub fn new(class: &str, options: Value) -> Result<Self> {
        Ok(Self(match class {
            "Collector" => {
                let options: CollectorOptions = optional(options, "options")?;
                Kind::Collector(Box::new(Collector::new(options)?))
            }
            "TraceAnalyzer" => Kind::Analyzer(Box::new(TraceAnalyzer::new(optional(options, "options")?)?)),
            other => {
                return Err(Error::unknown_name("class", "class", other, ["Collector", "TraceAnalyzer"]));
            }
        }))
    }

    /// Calls a method and gives its answer as JSON: those of [`Collector`] and [`TraceAnalyzer`], where
    /// [`TraceAnalyzer::add_trace`] is `add` and [`TraceAnalyzer::finish`] is `analysis`; `load` takes in what a collector saved, in place of all
    /// that it knew. Of `record_columns`, `capacity` is null, one number or a list.
    ///
    /// # Errors
    ///
    /// `unknown_name` at `method`, `invalid_value` at `arguments` for a wrong number of them; otherwise
    /// as the method.
    pub fn call(&mut self, method: &str, arguments: Vec<Value>) -> Result<String> {
        self.call_with_columns(method, arguments, &mut Columns::default())
    }

    /// [`call`](Self::call) with columns apart: `at_seconds`, `usage` and `capacity` of
    /// `record_columns`, and the columns of the trace that is added to an analysis.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn call_with_columns(
        &mut self,
        method: &str,
        arguments: Vec<Value>,
        columns: &mut Columns,
    ) -> Result<String> {
        match &mut self.0 {
            Kind::Collector(collector) => {
                ask_collector(collector, method, Arguments::new(COLLECTOR, method, arguments)?, columns)
            }
            Kind::Analyzer(analyzer) => {
                ask_analyzer(analyzer, method, Arguments::new(ANALYZER, method, arguments)?, columns)
            }
        }
    }

    /// [`call_with_columns`](Self::call_with_columns) with the arguments as the text of a JSON list,
    /// which may be of any length.
    ///
    /// # Errors
    ///
    /// `invalid_json` where the arguments are not a JSON list; otherwise as [`call`](Self::call).
    pub fn call_json(&mut self, method: &str, arguments: &str, columns: &mut Columns) -> Result<String> {
        self.call_with_columns(method, wire::from_long_json(arguments, "arguments")?, columns)
    }
}

/// What is left of the arguments.
struct Arguments(std::vec::IntoIter<Value>);

impl Arguments {
    fn new(methods: &[(&str, usize, usize)], method: &str, arguments: Vec<Value>) -> Result<Self> {
        let Some((_, least, most)) = methods.iter().find(|(name, _, _)| *name == method) else {
            let names = methods.iter().map(|(name, _, _)| *name);
            return Err(Error::unknown_name("method", "method", method, names));
        };
        if !(*least..=*most).contains(&arguments.len()) {
            let allowed = if least == most { least.to_string() } else { format!("{least} to {most}") };
            return Err(Error::invalid("arguments", arguments.len(), format!("{allowed} in number")));
        }
        Ok(Self(arguments.into_iter()))
    }

    fn value(&mut self) -> Value {
        self.0.next().unwrap_or_default()
    }

    fn next<T: DeserializeOwned>(&mut self, name: &str) -> Result<T> {
        read(self.value(), name)
    }

    /// The argument, or its default where it is left out.
    fn optional<T: DeserializeOwned + Default>(&mut self, name: &str) -> Result<T> {
        optional(self.value(), name)
    }

    /// A column, from among those that came apart or as the argument.
    fn column(&mut self, name: &str, columns: &mut Columns) -> Result<Vec<f64>> {
        let given = self.value();
        columns.take_floats(name).map_or_else(|| read(given, name), Ok)
    }
}

fn ask_collector(
    collector: &mut Collector,
    method: &str,
    mut given: Arguments,
    columns: &mut Columns,
) -> Result<String> {
    match method {
        "record" => {
            let (now_seconds, reading): (f64, Reading) = (given.next("now_seconds")?, given.next("reading")?);
            collector.record(now_seconds, &reading)?;
            Ok("null".to_owned())
        }
        "record_columns" => record_columns(collector, given, columns),
        "set_thresholds" => {
            collector.set_thresholds(given.next("rule")?)?;
            Ok("null".to_owned())
        }
        "remove" => wire::to_json(&collector.remove(&given.next::<String>("service")?)),
        "services" => wire::to_json(&collector.services().collect::<Vec<_>>()),
        "options" => wire::to_json(collector.options()),
        "alerts" => wire::to_json(&collector.alerts(given.next("now_seconds")?)?),
        "overview" => wire::to_json(&collector.overview(given.next("now_seconds")?)?),
        "all_details" | "recommendations" | "report" => {
            let now_seconds = given.next("now_seconds")?;
            let options = given.optional("options")?;
            match method {
                "all_details" => wire::to_json(&collector.all_details(now_seconds, &options)?),
                "recommendations" => wire::to_json(&collector.recommendations(now_seconds, &options)?),
                _ => wire::to_json(&collector.report(now_seconds, &options)?),
            }
        }
        "save" => wire::to_json(&collector.save()),
        "load" => {
            *collector = Collector::load(given.next("state")?)?;
            Ok("null".to_owned())
        }
        _ => ask_service(collector, method, given),
    }
}

/// What is asked of one service.
fn ask_service(collector: &Collector, method: &str, mut given: Arguments) -> Result<String> {
    let service: String = given.next("service")?;
    if method == "status" {
        return wire::to_json(&collector.status(&service, given.next("now_seconds")?)?);
    }
    let metric: Metric = given.next("metric")?;
    match method {
        "trend" => {
            let (now_seconds, window_seconds) = (given.next("now_seconds")?, given.next("window_seconds")?);
            let options = given.optional("options")?;
            wire::to_json(&collector.trend(&service, metric, now_seconds, window_seconds, &options)?)
        }
        "details" => {
            let now_seconds = given.next("now_seconds")?;
            wire::to_json(&collector.details(&service, metric, now_seconds, &given.optional("options")?)?)
        }
        "forecast" => {
            let query: ForecastQuery = given.optional("query")?;
            wire::to_json(&collector.forecast(&service, metric, &query, None)?)
        }
        _ => wire::to_json(&as_data(&collector.series(&service, metric, given.optional("step_seconds")?)?)),
    }
}

fn record_columns(collector: &mut Collector, mut given: Arguments, columns: &mut Columns) -> Result<String> {
    let now_seconds = given.next("now_seconds")?;
    let (service, metric): (String, Metric) = (given.next("service")?, given.next("metric")?);
    let at_seconds = given.column("at_seconds", columns)?;
    let usage = given.column("usage", columns)?;
    let capacity = match (columns.take_floats("capacity"), given.value()) {
        (Some(each), _) => Some(each),
        (None, Value::Null) => None,
        (None, one @ Value::Number(_)) => Some(vec![read(one, "capacity")?]),
        (None, each) => Some(read(each, "capacity")?),
    };
    let capacities = match capacity.as_deref() {
        None => Capacities::Unchanged,
        Some([one]) => Capacities::One(*one),
        Some(each) => Capacities::Each(each),
    };
    collector.record_columns(now_seconds, &service, metric, &at_seconds, &usage, capacities)?;
    Ok("null".to_owned())
}

fn as_data(series: &Series) -> SeriesInput {
    let clock = series.clock();
    SeriesInput {
        values: series.values().iter().map(|value| (!value.is_nan()).then_some(*value)).collect(),
        start_seconds: clock.map(|clock| clock.start_seconds),
        step_seconds: clock.map(|clock| clock.step_seconds),
        non_negative: series.is_non_negative(),
    }
}

fn ask_analyzer(
    analyzer: &mut TraceAnalyzer,
    method: &str,
    mut given: Arguments,
    columns: &mut Columns,
) -> Result<String> {
    match method {
        "add" => {
            let within = |error: Error| if error.path().is_empty() { error.within("trace") } else { error };
            analyzer.add_trace(columns.trace(given.value()).map_err(within)?)?;
            Ok("null".to_owned())
        }
        "requests" => wire::to_json(&analyzer.requests()),
        _ => wire::to_json(&analyzer.finish()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;
    use serde_json::json;

    fn session(class: &str) -> Session {
        Session::new(class, Value::Null).unwrap()
    }

    fn answer(session: &mut Session, method: &str, arguments: Value) -> Value {
        let arguments = arguments.as_array().unwrap().clone();
        serde_json::from_str(&session.call(method, arguments).unwrap()).unwrap()
    }

    fn refused(session: &mut Session, method: &str, arguments: Value) -> (ErrorCode, String) {
        let error = session.call(method, arguments.as_array().unwrap().clone()).unwrap_err();
        (error.code(), error.path().to_owned())
    }

    #[test]
    fn every_method_is_known_to_the_dispatch() {
        for (class, methods) in [("Collector", COLLECTOR), ("TraceAnalyzer", ANALYZER)] {
            for (method, least, _) in methods {
                let mut session = session(class);
                let reading = json!({"service": "chat", "metric": "gpu", "usage": 1, "capacity": 2});
                if class == "Collector" {
                    answer(&mut session, "record", json!([1e9, reading]));
                } else {
                    let batch =
                        json!({"arrival_ms": [0, 5000], "input_tokens": [1, 2], "output_tokens": [1, 2]});
                    answer(&mut session, "add", json!([batch]));
                }
                let given: &[Value] = &match *method {
                    "record" => vec![json!(1e9 + 1.0), reading],
                    "record_columns" => {
                        vec![json!(2e9), json!("chat"), json!("gpu"), json!([1.5e9]), json!([1])]
                    }
                    "set_thresholds" => {
                        vec![
                            json!({"metric": "gpu", "thresholds": {"basis": "utilization", "warning": 1, "critical": 2}}),
                        ]
                    }
                    "remove" => vec![json!("chat")],
                    "status" => vec![json!("chat"), json!(1e9)],
                    "trend" => vec![json!("chat"), json!("gpu"), json!(1e9), json!(60)],
                    "details" => vec![json!("chat"), json!("gpu"), json!(1e9)],
                    "series" => vec![json!("chat"), json!("gpu")],
                    "load" => vec![answer(&mut session, "save", json!([]))],
                    "add" => vec![json!({"arrival_ms": [], "input_tokens": [], "output_tokens": []})],
                    "forecast" => {
                        let few = refused(&mut session, "forecast", json!(["chat", "gpu"]));
                        assert_eq!(few.1, "values");
                        continue;
                    }
                    _ => vec![json!(1e9); *least],
                };
                session.call(method, given.to_vec()).unwrap_or_else(|error| panic!("{method}: {error}"));
            }
        }
    }

    #[test]
    fn columns_may_be_lists_or_come_apart() {
        let (mut lists, mut apart) = (session("Collector"), session("Collector"));
        answer(&mut lists, "record_columns", json!([2e9, "chat", "gpu", [1e9, 1.5e9], [1, 2], [4, 5]]));
        let mut columns = Columns::default();
        columns.put_floats("at_seconds", vec![1e9, 1.5e9]);
        columns.put_floats("usage", vec![1.0, 2.0]);
        columns.put_floats("capacity", vec![4.0, 5.0]);
        apart.call_json("record_columns", r#"[2e9, "chat", "gpu"]"#, &mut columns).unwrap();
        let saved = answer(&mut lists, "save", json!([]));
        assert_eq!(saved, answer(&mut apart, "save", json!([])));
        assert_eq!(saved["channels"][0]["capacity"], 5.0);
        let one = json!([2e9, "chat", "gpu", [1.6e9], [2], 8]);
        answer(&mut lists, "record_columns", one);
        answer(&mut lists, "record_columns", json!([2e9, "chat", "gpu", [1.7e9], [2]]));
        assert_eq!(answer(&mut lists, "save", json!([]))["channels"][0]["capacity"], 8.0);
    }

    #[test]
    fn refusals_name_the_field() {
        let mut collector = session("Collector");
        assert_eq!(
            refused(&mut collector, "forget", json!([])),
            (ErrorCode::UnknownName, "method".to_owned())
        );
        assert_eq!(refused(&mut collector, "alerts", json!([])).1, "arguments");
        assert_eq!(refused(&mut collector, "alerts", json!(["noon"])).1, "now_seconds");
        let reading = json!({"service": "chat", "metric": "gpus", "usage": 1});
        assert_eq!(refused(&mut collector, "record", json!([1, reading])).1, "metric");
        assert_eq!(refused(&mut collector, "load", json!([{"options": {}}])).1, "channels");
        assert_eq!(refused(&mut session("TraceAnalyzer"), "add", json!([3])).1, "trace");
        assert_eq!(Session::new("Oracle", Value::Null).unwrap_err().path(), "class");
        assert_eq!(Session::new("Collector", json!({"hours": 1})).unwrap_err().path(), "hours");
        assert_eq!(
            Session::new("TraceAnalyzer", json!({"max_classes": 0})).unwrap_err().path(),
            "max_classes"
        );
    }

    #[test]
    fn batches_may_have_starts_of_their_own() {
        let batch = |start: f64| {
            let arrivals: Vec<f64> = (0..120).map(|second| f64::from(second) * 1000.0).collect();
            let tokens = vec![5; 120];
            json!([{"arrival_ms": arrivals, "input_tokens": tokens, "output_tokens": tokens, "start_seconds": start}])
        };
        let mut analyzer = session("TraceAnalyzer");
        answer(&mut analyzer, "add", batch(1e9));
        answer(&mut analyzer, "add", batch(1e9 + 120.0));
        assert_eq!(answer(&mut analyzer, "requests", json!([])), 240);
        let analysis = answer(&mut analyzer, "analysis", json!([]));
        assert_eq!(
            (analysis["duration_seconds"].as_f64(), analysis["first_seconds"].as_f64()),
            (Some(239.0), Some(1e9))
        );
        assert_eq!(refused(&mut analyzer, "add", batch(1e9 - 9.0)).1, "arrival_ms[0]");
        let mut analyzer = session("TraceAnalyzer");
        let descending = json!([{"arrival_ms": [5, 0], "input_tokens": [1, 1], "output_tokens": [1, 1], "start_seconds": 1e9}]);
        assert_eq!(refused(&mut analyzer, "add", descending).1, "arrival_ms[1]");
        let timeless = json!([{"arrival_ms": [0, 5000], "input_tokens": [1, 1], "output_tokens": [1, 1]}]);
        answer(&mut analyzer, "add", timeless);
        assert!(answer(&mut analyzer, "analysis", json!([]))["first_seconds"].is_null());
    }
}
