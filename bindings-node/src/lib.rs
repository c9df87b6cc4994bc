//! The native half of the npm package `sizewell`: JSON text in, JSON text out.
//!
//! Text, because V8 reads and writes JSON several times faster than a native module can walk or
//! build objects property by property. `lib/api.js` makes objects and errors of it.
//!
//! Every function that fails throws an `Error` whose message is the JSON of a [`Refusal`].

pub mod forecast;
mod session;

use napi::bindgen_prelude::{AsyncTask, Float64Array, Int32Array, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;
use serde::Serialize;
use serde_json::json;
use sizewell::catalog::CatalogData;
use sizewell::error::{Error, ErrorCode, ErrorReport};
use sizewell::queueing::{Estimate, EstimateBatch, LimitingResource, Provenance};
use sizewell::{api, wire};

/// An error as it crosses to JavaScript.
#[derive(Serialize)]
struct Refusal<'a> {
    report: &'a ErrorReport,
    message: String,
}

fn refused(error: Error) -> napi::Error {
    let refusal = Refusal { report: error.report(), message: error.to_string() };
    napi::Error::new(napi::Status::InvalidArg, wire::to_json(&refusal).unwrap_or(refusal.message))
}

fn answer(result: sizewell::Result<impl Serialize>) -> napi::Result<String> {
    result.and_then(|value| wire::to_json(&value)).map_err(refused)
}

/// Calls a public function of the core by its name; `arguments` is the JSON of their list.
#[napi]
pub fn call(function: String, arguments: String, catalog: &Catalog) -> napi::Result<String> {
    api::call_json(&catalog.0, &function, &arguments).map_err(refused)
}

/// As [`call`], on libuv's thread pool.
#[napi]
pub fn call_async(function: String, arguments: String, catalog: &Catalog) -> AsyncTask<Later> {
    let catalog = catalog.0.clone();
    AsyncTask::new(Later(Some(Box::new(move || api::call_json(&catalog, &function, &arguments)))))
}

/// Estimates by columns.
#[napi(object)]
pub struct EstimateColumns {
    /// JSON of the numbers' names, of what the codes stand for, and of the rows that cannot run.
    pub labels: String,
    /// The numbers, column after column.
    pub numbers: Float64Array,
    /// The place of each row's provenance.
    pub provenance: Uint8Array,
    /// The place of each row's limiting resource; 255 where there is none.
    pub limiting_resource: Uint8Array,
}

/// Estimates of packed columns: see `EstimateBatch::packed`.
#[napi]
pub fn estimate_many(
    header: String,
    numbers: Float64Array,
    codes: Int32Array,
    catalog: &Catalog,
) -> napi::Result<EstimateColumns> {
    let answers = wire::from_json(&header, "columns").and_then(|header| {
        let batch = EstimateBatch::packed(&catalog.0, header, &numbers, &codes)?;
        batch.estimate(0..batch.rows())
    });
    let answers = answers.map_err(refused)?;
    let code = |limiting: &Option<LimitingResource>| limiting.map_or(u8::MAX, |limiting| limiting as u8);
    Ok(EstimateColumns {
        labels: answer(Ok(json!({
            "numbers": Estimate::NUMBERS,
            "provenance": Provenance::ALL,
            "limiting_resource": LimitingResource::ALL,
            "reasons": answers.reasons,
        })))?,
        numbers: answers.numbers.into(),
        provenance: answers.provenance.iter().map(|provenance| *provenance as u8).collect::<Vec<_>>().into(),
        limiting_resource: answers.limiting_resource.iter().map(code).collect::<Vec<_>>().into(),
    })
}

/// A catalog; its lists as JSON text.
#[napi]
pub struct Catalog(sizewell::catalog::Catalog);

#[napi]
impl Catalog {
    /// The curated catalog that is part of the package.
    #[napi(factory)]
    pub fn embedded() -> Self {
        Self(sizewell_data::catalog().clone())
    }

    /// A catalog of the rows of a `CatalogData`.
    #[napi(factory)]
    pub fn from_data(data: String) -> napi::Result<Self> {
        wire::read_json_argument::<CatalogData>(&data, "data")
            .and_then(sizewell::catalog::Catalog::new)
            .map(Self)
            .map_err(refused)
    }

    /// This catalog with a list of `Benchmark`s laid over it.
    #[napi]
    pub fn with_benchmarks(&self, records: String) -> napi::Result<Self> {
        wire::from_json(&records, "benchmarks")
            .and_then(|records| self.0.with_benchmark_records(records))
            .map(Self)
            .map_err(refused)
    }

    /// This catalog with the rows of a `CatalogData` laid over its own.
    #[napi]
    pub fn with_rows(&self, rows: String) -> napi::Result<Self> {
        wire::read_json_argument::<CatalogData>(&rows, "rows")
            .and_then(|rows| self.0.with_rows(rows))
            .map(Self)
            .map_err(refused)
    }

    /// One of the lists.
    #[napi]
    pub fn list(&self, name: String) -> napi::Result<String> {
        let rows = &self.0;
        match name.as_str() {
            "models" => answer(Ok(rows.models())),
            "gpus" => answer(Ok(rows.gpus())),
            "prices" => answer(Ok(rows.prices())),
            "instances" => answer(Ok(rows.instances())),
            "quality" => answer(Ok(rows.quality())),
            _ => answer(Ok(rows.benchmarks().iter().map(AsRef::as_ref).collect::<Vec<_>>())),
        }
    }
}

fn computed() -> Error {
    Error::new(ErrorCode::InvalidValue, "", "was already computed")
}

type Work = Box<dyn FnOnce() -> sizewell::Result<String> + Send>;

/// Work for libuv's thread pool, which is done once.
pub struct Later(Option<Work>);

impl Task for Later {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> napi::Result<String> {
        self.0.take().map_or_else(|| Err(computed()), |work| work()).map_err(refused)
    }

    fn resolve(&mut self, _: Env, output: String) -> napi::Result<String> {
        Ok(output)
    }
}
