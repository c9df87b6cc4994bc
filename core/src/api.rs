//! Every public function by its name, JSON in and JSON out: one boundary for callers in other
//! languages, for golden cases and for fuzzing.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::catalog::{Benchmark, Catalog, Model};
use crate::engine::{CalibrationOptions, MemoryRequest, plan_memory};
use crate::error::{Error, ErrorCode, Result};
use crate::manifest::{ManifestSettings, render_manifests};
use crate::queueing::closed_form::{QueueRequest, queue};
use crate::queueing::{
    CalibrateRequest, EstimateBatch, EstimateRequest, PredictRequest, calibrate_requests, estimate,
};
use crate::recommend::{DeploymentOption, Scenario, compare, recommend, sensitivity};
use crate::units::Date;
use crate::wire;
use crate::workload::{Intent, Trace, intent_prompt, parse_intent, parse_intent_answer, specify};

/// The functions that [`call`] knows, with the number of arguments that each needs at least and
/// takes at most.
pub const FUNCTIONS: [(&str, usize, usize); 21] = [
    ("parse_intent", 1, 1),
    ("intent_prompt", 1, 1),
    ("parse_intent_answer", 1, 1),
    ("specify", 1, 1),
    ("recommend", 1, 2),
    ("compare", 1, 2),
    ("sensitivity", 1, 2),
    ("render_manifests", 1, 2),
    ("summarize_trace", 1, 1),
    ("estimate", 1, 2),
    ("estimate_many", 1, 2),
    ("predict", 1, 2),
    ("max_rate", 1, 2),
    ("replicas_for", 1, 2),
    ("calibrate", 1, 2),
    ("queue", 1, 1),
    ("memory_plan", 1, 2),
    ("model_from_huggingface_config", 3, 3),
    ("catalog_health", 1, 1),
    ("catalog_model", 1, 1),
    ("catalog_gpu", 1, 1),
];

/// Calls a public function by its name.
///
/// What looks into the catalog takes rows of the caller's as second argument, which are laid over
/// the catalog's: an object of lists of models, GPUs, prices and so on, or a list of benchmarks. The
/// second argument of `render_manifests` and of `calibrate` are their settings. To `calibrate`,
/// points and logs may come as columns: see [`wire::columns_to_rows`].
///
/// ```
/// use serde_json::json;
/// let catalog = sizewell_data::catalog();
/// let intent = json!({"use_case": "translation", "users": 5000});
/// let specification = sizewell::api::call(catalog, "specify", &[intent])?;
/// assert_eq!(specification["slo"]["ttft_ms"], 400.0);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `unknown_name` for a function that does not exist, `missing_field` or `invalid_value` for a
/// wrong number of arguments; otherwise what the function itself refuses.
pub fn call(catalog: &Catalog, function: &str, arguments: &[Value]) -> Result<Value> {
    dispatch(catalog, function, arguments, AsValue)
}

/// [`call`] with the result as JSON text, which is several times faster to write.
///
/// # Errors
///
/// As [`call`].
pub fn call_to_json(catalog: &Catalog, function: &str, arguments: &[Value]) -> Result<String> {
    dispatch(catalog, function, arguments, AsJson)
}

/// [`call`] with the arguments as the text of a JSON list and the result as JSON text.
///
/// # Errors
///
/// `invalid_json` where the arguments are not a JSON list; otherwise as [`call`].
pub fn call_json(catalog: &Catalog, function: &str, arguments: &str) -> Result<String> {
    let arguments: Vec<Value> = wire::from_json(arguments, "arguments")?;
    call_to_json(catalog, function, &arguments)
}

/// How a result is written, whatever its type.
trait Form {
    type Written;
    fn write(&self, result: impl Serialize) -> Result<Self::Written>;
}

struct AsValue;

impl Form for AsValue {
    type Written = Value;
    fn write(&self, result: impl Serialize) -> Result<Value> {
        serde_json::to_value(result).map_err(|error| no_json(&error))
    }
}

struct AsJson;

impl Form for AsJson {
    type Written = String;
    fn write(&self, result: impl Serialize) -> Result<String> {
        wire::to_json(&result)
    }
}

fn no_json(error: &serde_json::Error) -> Error {
    Error::new(ErrorCode::InvalidValue, "", format!("the result is no JSON: {error}"))
}

fn dispatch<F: Form>(catalog: &Catalog, function: &str, arguments: &[Value], form: F) -> Result<F::Written> {
    let Some((_, least, most)) = FUNCTIONS.iter().find(|(name, _, _)| *name == function) else {
        let known = FUNCTIONS.iter().map(|(name, _, _)| *name);
        return Err(Error::unknown_name("function", "function", function, known));
    };
    if !(*least..=*most).contains(&arguments.len()) {
        let allowed = if least == most { least.to_string() } else { format!("{least} or {most}") };
        return Err(Error::invalid("arguments", arguments.len(), format!("{allowed} in number")));
    }
    match function {
        "parse_intent" => form.write(parse_intent(&text(arguments, 0, "text")?)?),
        "intent_prompt" => form.write(intent_prompt(&text(arguments, 0, "text")?)?),
        "parse_intent_answer" => form.write(parse_intent_answer(&text(arguments, 0, "answer")?)?),
        "specify" => form.write(specify(&read::<Intent>(arguments, 0, "intent")?)?),
        "recommend" => {
            form.write(recommend(&layered(catalog, arguments)?, &read(arguments, 0, "specification")?)?)
        }
        "compare" => {
            form.write(compare(&layered(catalog, arguments)?, &list::<Scenario>(arguments, 0, "scenarios")?)?)
        }
        "sensitivity" => {
            form.write(sensitivity(&layered(catalog, arguments)?, &read(arguments, 0, "specification")?)?)
        }
        "render_manifests" => {
            let settings: ManifestSettings = optional(arguments, 1, "settings")?;
            form.write(render_manifests(
                catalog,
                &read::<DeploymentOption>(arguments, 0, "option")?,
                &settings,
            )?)
        }
        "summarize_trace" => form.write(read::<Trace>(arguments, 0, "trace")?.summary()?),
        "estimate" => {
            let request = read::<EstimateRequest>(arguments, 0, "request")?;
            form.write(estimate(&layered(catalog, arguments)?, &request)?)
        }
        "estimate_many" => {
            let columns = arguments.first().cloned().unwrap_or_default();
            form.write(EstimateBatch::read(&layered(catalog, arguments)?, columns)?.table()?)
        }
        "predict" | "max_rate" | "replicas_for" => {
            let request = read::<PredictRequest>(arguments, 0, "request")?;
            let catalog = &layered(catalog, arguments)?;
            match function {
                "predict" => form.write(request.predict(catalog)?),
                "max_rate" => form.write(request.max_rate(catalog)?),
                _ => form.write(request.replicas_for(catalog)?),
            }
        }
        "calibrate" => {
            let deployments: Vec<CalibrateRequest> =
                wire::read(measurements(arguments.first().cloned().unwrap_or_default())?, "deployments")?;
            let options: CalibrationOptions = optional(arguments, 1, "options")?;
            form.write(calibrate_requests(catalog, &deployments, &options)?)
        }
        "queue" => form.write(queue(&read::<QueueRequest>(arguments, 0, "request")?)?),
        "memory_plan" => {
            let request = read::<MemoryRequest>(arguments, 0, "request")?;
            form.write(plan_memory(&layered(catalog, arguments)?, &request)?)
        }
        "model_from_huggingface_config" => {
            let config = match arguments.first() {
                // A configuration that was read already.
                Some(Value::Object(config)) => Value::Object(config.clone()).to_string(),
                _ => text(arguments, 0, "config")?,
            };
            let as_of = day(arguments, 2)?;
            form.write(Model::from_huggingface_config(&config, &text(arguments, 1, "id")?, as_of)?)
        }
        "catalog_health" => form.write(catalog.health(day(arguments, 0)?)),
        "catalog_model" => form.write(catalog.model(&text(arguments, 0, "model")?)?),
        _ => form.write(catalog.gpu(&text(arguments, 0, "gpu")?)?),
    }
}

fn layered(catalog: &Catalog, arguments: &[Value]) -> Result<Catalog> {
    match arguments.get(1) {
        None | Some(Value::Null) => Ok(catalog.clone()),
        Some(Value::Object(_)) => catalog.with_rows(read(arguments, 1, "rows")?),
        Some(_) => {
            let records: Vec<Benchmark> = list(arguments, 1, "benchmarks")?;
            catalog.with_benchmark_records(records)
        }
    }
}

/// Measurements by columns as the rows that they stand for.
fn measurements(mut deployments: Value) -> Result<Value> {
    for (index, deployment) in deployments.as_array_mut().into_iter().flatten().enumerate() {
        let within = |error: Error, path: &str| error.within(&format!("deployments[{index}].{path}"));
        if let Some(points) = deployment.get_mut("points") {
            wire::columns_to_rows(points).map_err(|error| within(error, "points"))?;
        }
        let logs = deployment.get_mut("logs").and_then(Value::as_array_mut);
        for (log, requests) in logs.into_iter().flatten().enumerate() {
            if let Some(requests) = requests.get_mut("requests") {
                let path = format!("logs[{log}].requests");
                wire::columns_to_rows(requests).map_err(|error| within(error, &path))?;
            }
        }
    }
    Ok(deployments)
}

fn day(arguments: &[Value], position: usize) -> Result<Date> {
    Date::parse(&text(arguments, position, "as_of")?).map_err(|error| error.within("as_of"))
}

/// The argument, or its default where it is left out.
fn optional<T: DeserializeOwned + Default>(arguments: &[Value], position: usize, name: &str) -> Result<T> {
    match arguments.get(position) {
        None | Some(Value::Null) => Ok(T::default()),
        Some(_) => read(arguments, position, name),
    }
}

fn text(arguments: &[Value], position: usize, name: &str) -> Result<String> {
    read(arguments, position, name)
}

/// The argument, with the paths of its own fields.
fn read<T: DeserializeOwned>(arguments: &[Value], position: usize, name: &str) -> Result<T> {
    wire::read_argument(arguments.get(position).cloned().unwrap_or_default(), name)
}

/// The argument that is a list, with its name before the paths of its items.
fn list<T: DeserializeOwned>(arguments: &[Value], position: usize, name: &str) -> Result<Vec<T>> {
    wire::read(arguments.get(position).cloned().unwrap_or_default(), name)
}
