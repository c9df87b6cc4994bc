//! The WebAssembly half of the npm package `sizewell-wasm`: JSON text in, JSON text out.
//!
//! Text, because a JavaScript engine reads and writes JSON several times faster than WebAssembly
//! can build objects property by property. The package's JavaScript, the same as in the Node
//! package, makes objects and errors of it.
//!
//! Every function that fails throws the JSON of a [`Refusal`].

mod forecast;
mod session;

use serde::Serialize;
use serde_json::json;
use sizewell::catalog::CatalogData;
use sizewell::error::{Error, ErrorReport};
use sizewell::queueing::{Estimate, EstimateBatch, EstimateRows, LimitingResource, Provenance};
use sizewell::{api, wire};
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

/// Calls a public function of the core by its name; `arguments` is the JSON of their list.
#[wasm_bindgen]
pub fn call(function: &str, arguments: &str, catalog: &Catalog) -> Result<String, JsValue> {
    api::call_json(&catalog.0, function, arguments).map_err(refused)
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
        wire::read_json_argument::<CatalogData>(data, "data")
            .and_then(sizewell::catalog::Catalog::new)
            .map(Self)
            .map_err(refused)
    }

    /// This catalog with a list of `Benchmark`s laid over it.
    #[wasm_bindgen(js_name = withBenchmarks)]
    pub fn with_benchmarks(&self, records: &str) -> Result<Self, JsValue> {
        wire::from_json(records, "benchmarks")
            .and_then(|records| self.0.with_benchmark_records(records))
            .map(Self)
            .map_err(refused)
    }

    /// This catalog with the rows of a `CatalogData` laid over its own.
    #[wasm_bindgen(js_name = withRows)]
    pub fn with_rows(&self, rows: &str) -> Result<Self, JsValue> {
        wire::read_json_argument::<CatalogData>(rows, "rows")
            .and_then(|rows| self.0.with_rows(rows))
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
}
