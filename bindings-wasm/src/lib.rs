//! The WebAssembly half of the npm package `sizewell-wasm`: JSON text in, JSON text out.
//!
//! Text, because a JavaScript engine reads and writes JSON several times faster than WebAssembly
//! can build objects property by property. The package's JavaScript, the same as in the Node
//! package, makes objects and errors of it.
//!
//! Every function that fails throws the JSON of a [`Refusal`].

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use sizewell::catalog::CatalogData;
use sizewell::engine::plan_memory;
use sizewell::error::{Error, ErrorReport};
use sizewell::queueing::{Estimate, EstimateBatch, EstimateRows, LimitingResource, Provenance};
use sizewell::units::Date;
use sizewell::workload::Trace;
use sizewell::{manifest, queueing, recommend, wire, workload};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// An error as it crosses to JavaScript.
#[derive(Serialize)]
struct Refusal<'a> {
    report: &'a ErrorReport,
    message: String,
}

fn refused(error: Error) -> JsValue {
    let refusal = Refusal { report: error.report(), message: error.to_string() };
    JsValue::from_str(&wire::to_json(&refusal).unwrap_or(refusal.message))
}

fn answer(result: sizewell::Result<impl Serialize>) -> Result<String, JsValue> {
    result.and_then(|value| wire::to_json(&value)).map_err(refused)
}

/// An argument, with its name as the path of an error about the whole of it.
fn read<T: DeserializeOwned>(json: &str, name: &str) -> sizewell::Result<T> {
    wire::from_json(json, "")
        .map_err(|error| if error.path().is_empty() { error.within(name) } else { error })
}

fn read_text(json: &str, name: &str) -> sizewell::Result<String> {
    read(json, name)
}

/// A `ParsedIntent` of a sentence.
#[wasm_bindgen(js_name = parseIntent)]
pub fn parse_intent(text: &str) -> Result<String, JsValue> {
    answer(read_text(text, "text").and_then(|text| workload::parse_intent(&text)))
}

/// The `IntentPrompt` of a sentence.
#[wasm_bindgen(js_name = intentPrompt)]
pub fn intent_prompt(text: &str) -> Result<String, JsValue> {
    answer(read_text(text, "text").and_then(|text| workload::intent_prompt(&text)))
}

/// The `Intent` in a language model's answer.
#[wasm_bindgen(js_name = parseIntentAnswer)]
pub fn parse_intent_answer(text: &str) -> Result<String, JsValue> {
    answer(read_text(text, "answer").and_then(|text| workload::parse_intent_answer(&text)))
}

/// The `Specification` of an `Intent`.
#[wasm_bindgen]
pub fn specify(intent: &str) -> Result<String, JsValue> {
    answer(read(intent, "intent").and_then(|intent| workload::specify(&intent)))
}

/// The `Recommendation` for a `Specification`.
#[wasm_bindgen]
pub fn recommend(specification: &str, catalog: &Catalog) -> Result<String, JsValue> {
    answer(
        read(specification, "specification")
            .and_then(|specification| recommend::recommend(&catalog.0, &specification)),
    )
}

/// The `Comparison` of a list of `Scenario`s.
#[wasm_bindgen]
pub fn compare(scenarios: &str, catalog: &Catalog) -> Result<String, JsValue> {
    let scenarios = wire::from_json::<Vec<recommend::Scenario>>(scenarios, "scenarios");
    answer(scenarios.and_then(|scenarios| recommend::compare(&catalog.0, &scenarios)))
}

/// The `Manifest`s of a `DeploymentOption` with `ManifestSettings`.
#[wasm_bindgen(js_name = renderManifests)]
pub fn render_manifests(option: &str, settings: &str, catalog: &Catalog) -> Result<String, JsValue> {
    answer(
        read(option, "option")
            .and_then(|option| manifest::render_manifests(&catalog.0, &option, &read(settings, "settings")?)),
    )
}

/// The `TraceSummary` of a `Trace`.
#[wasm_bindgen(js_name = summarizeTrace)]
pub fn summarize_trace(trace: &str) -> Result<String, JsValue> {
    answer(read(trace, "trace").and_then(|trace: Trace| trace.summary()))
}

/// The `TraceSummary` of a trace whose columns are typed arrays.
#[wasm_bindgen(js_name = summarizeColumns)]
pub fn summarize_columns(
    arrival_ms: Vec<f64>,
    input_tokens: Vec<u32>,
    output_tokens: Vec<u32>,
) -> Result<String, JsValue> {
    answer(Trace { arrival_ms, input_tokens, output_tokens }.summary())
}

/// The `Estimate` of an `EstimateRequest`.
#[wasm_bindgen]
pub fn estimate(request: &str, catalog: &Catalog) -> Result<String, JsValue> {
    answer(read(request, "request").and_then(|request| queueing::estimate(&catalog.0, &request)))
}

/// Estimates of packed columns: see `EstimateBatch::packed`.
#[wasm_bindgen(js_name = estimateMany)]
pub fn estimate_many(
    header: &str,
    numbers: &[f64],
    codes: &[i32],
    catalog: &Catalog,
) -> Result<EstimateColumns, JsValue> {
    let answers = wire::from_json(header, "columns").and_then(|header| {
        let batch = EstimateBatch::packed(&catalog.0, header, numbers, codes)?;
        batch.estimate(0..batch.rows())
    });
    answers.map(EstimateColumns).map_err(refused)
}

/// Estimates by columns.
#[wasm_bindgen]
pub struct EstimateColumns(EstimateRows);

#[wasm_bindgen]
impl EstimateColumns {
    /// JSON of the numbers' names, of what the codes stand for, and of the rows that cannot run.
    #[wasm_bindgen(getter)]
    pub fn labels(&self) -> Result<String, JsValue> {
        answer(Ok(json!({
            "numbers": Estimate::NUMBERS,
            "provenance": Provenance::ALL,
            "limiting_resource": LimitingResource::ALL,
            "reasons": self.0.reasons,
        })))
    }

    /// The numbers, column after column.
    #[wasm_bindgen(getter)]
    pub fn numbers(&self) -> Vec<f64> {
        self.0.numbers.clone()
    }

    /// The place of each row's provenance.
    #[wasm_bindgen(getter)]
    pub fn provenance(&self) -> Vec<u8> {
        self.0.provenance.iter().map(|provenance| *provenance as u8).collect()
    }

    /// The place of each row's limiting resource; 255 where there is none.
    #[wasm_bindgen(getter, js_name = limitingResource)]
    pub fn limiting_resource(&self) -> Vec<u8> {
        let code = |limiting: &Option<LimitingResource>| limiting.map_or(u8::MAX, |limiting| limiting as u8);
        self.0.limiting_resource.iter().map(code).collect()
    }
}

/// The `MemoryPlan` of a `MemoryRequest`.
#[wasm_bindgen(js_name = memoryPlan)]
pub fn memory_plan(request: &str, catalog: &Catalog) -> Result<String, JsValue> {
    answer(read(request, "request").and_then(|request| plan_memory(&catalog.0, &request)))
}

/// A catalog; its lists as JSON text.
#[wasm_bindgen]
pub struct Catalog(sizewell::catalog::Catalog);

#[wasm_bindgen]
impl Catalog {
    /// The curated catalog that is part of the package.
    pub fn embedded() -> Self {
        Self(sizewell_data::catalog().clone())
    }

    /// A catalog of the rows of a `CatalogData`.
    #[wasm_bindgen(js_name = fromData)]
    pub fn from_data(data: &str) -> Result<Self, JsValue> {
        read::<CatalogData>(data, "data").and_then(sizewell::catalog::Catalog::new).map(Self).map_err(refused)
    }

    /// This catalog with a list of `Benchmark`s laid over it.
    #[wasm_bindgen(js_name = withBenchmarks)]
    pub fn with_benchmarks(&self, records: &str) -> Result<Self, JsValue> {
        wire::from_json(records, "benchmarks")
            .and_then(|records| self.0.with_benchmark_records(records))
            .map(Self)
            .map_err(refused)
    }

    /// One of the lists.
    pub fn list(&self, name: &str) -> Result<String, JsValue> {
        let rows = &self.0;
        match name {
            "models" => answer(Ok(rows.models())),
            "gpus" => answer(Ok(rows.gpus())),
            "prices" => answer(Ok(rows.prices())),
            "instances" => answer(Ok(rows.instances())),
            "quality" => answer(Ok(rows.quality())),
            _ => answer(Ok(rows.benchmarks().iter().map(AsRef::as_ref).collect::<Vec<_>>())),
        }
    }

    /// The `Model` of that name.
    pub fn model(&self, name: &str) -> Result<String, JsValue> {
        answer(read_text(name, "model").and_then(|name| self.0.model(&name)))
    }

    /// The `Gpu` of that name.
    pub fn gpu(&self, name: &str) -> Result<String, JsValue> {
        answer(read_text(name, "gpu").and_then(|name| self.0.gpu(&name)))
    }

    /// The `HealthReport` on a day.
    pub fn health(&self, as_of: &str) -> Result<String, JsValue> {
        let as_of = read_text(as_of, "as_of")
            .and_then(|day| Date::parse(&day).map_err(|error| error.within("as_of")));
        answer(as_of.map(|day| self.0.health(day)))
    }
}
