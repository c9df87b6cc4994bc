//! The native half of the npm package `sizewell`: JSON text in, JSON text out.
//!
//! Text, because V8 reads and writes JSON several times faster than a native module can walk or
//! build objects property by property. `lib/api.js` makes objects and errors of it.
//!
//! Every function that fails throws an `Error` whose message is the JSON of a [`Refusal`].

use napi::bindgen_prelude::{AsyncTask, Float64Array, Int32Array, Uint8Array, Uint32Array};
use napi::{Env, Task};
use napi_derive::napi;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use sizewell::catalog::CatalogData;
use sizewell::engine::plan_memory;
use sizewell::error::{Error, ErrorCode, ErrorReport};
use sizewell::queueing::{Estimate, EstimateBatch, LimitingResource, Provenance};
use sizewell::units::Date;
use sizewell::workload::Trace;
use sizewell::{manifest, queueing, recommend, wire, workload};

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

fn write(result: sizewell::Result<impl Serialize>) -> sizewell::Result<String> {
    wire::to_json(&result?)
}

/// An argument, with its name as the path of an error about the whole of it.
fn read<T: DeserializeOwned>(json: &str, name: &str) -> sizewell::Result<T> {
    wire::from_json(json, "")
        .map_err(|error| if error.path().is_empty() { error.within(name) } else { error })
}

fn read_text(json: &str, name: &str) -> sizewell::Result<String> {
    read(json, name)
}

fn answer(result: sizewell::Result<impl Serialize>) -> napi::Result<String> {
    write(result).map_err(refused)
}

/// A `ParsedIntent` of a sentence.
#[napi]
pub fn parse_intent(text: String) -> napi::Result<String> {
    answer(read_text(&text, "text").and_then(|text| workload::parse_intent(&text)))
}

/// The `IntentPrompt` of a sentence.
#[napi]
pub fn intent_prompt(text: String) -> napi::Result<String> {
    answer(read_text(&text, "text").and_then(|text| workload::intent_prompt(&text)))
}

/// The `Intent` in a language model's answer.
#[napi]
pub fn parse_intent_answer(text: String) -> napi::Result<String> {
    answer(read_text(&text, "answer").and_then(|text| workload::parse_intent_answer(&text)))
}

/// The `Specification` of an `Intent`.
#[napi]
pub fn specify(intent: String) -> napi::Result<String> {
    answer(read(&intent, "intent").and_then(|intent| workload::specify(&intent)))
}

/// The `Recommendation` for a `Specification`.
#[napi]
pub fn recommend(specification: String, catalog: &Catalog) -> napi::Result<String> {
    recommended(&specification, &catalog.0).map_err(refused)
}

/// As [`recommend`], on libuv's thread pool.
#[napi]
pub fn recommend_async(specification: String, catalog: &Catalog) -> AsyncTask<Later> {
    let catalog = catalog.0.clone();
    later(move || recommended(&specification, &catalog))
}

fn recommended(specification: &str, catalog: &sizewell::catalog::Catalog) -> sizewell::Result<String> {
    write(
        read(specification, "specification")
            .and_then(|specification| recommend::recommend(catalog, &specification)),
    )
}

/// The `Comparison` of a list of `Scenario`s.
#[napi]
pub fn compare(scenarios: String, catalog: &Catalog) -> napi::Result<String> {
    compared(&scenarios, &catalog.0).map_err(refused)
}

/// As [`compare`], on libuv's thread pool.
#[napi]
pub fn compare_async(scenarios: String, catalog: &Catalog) -> AsyncTask<Later> {
    let catalog = catalog.0.clone();
    later(move || compared(&scenarios, &catalog))
}

fn compared(scenarios: &str, catalog: &sizewell::catalog::Catalog) -> sizewell::Result<String> {
    let scenarios: Vec<recommend::Scenario> = wire::from_json(scenarios, "scenarios")?;
    write(recommend::compare(catalog, &scenarios))
}

/// The `Manifest`s of a `DeploymentOption` with `ManifestSettings`.
#[napi]
pub fn render_manifests(option: String, settings: String, catalog: &Catalog) -> napi::Result<String> {
    answer(
        read(&option, "option").and_then(|option| {
            manifest::render_manifests(&catalog.0, &option, &read(&settings, "settings")?)
        }),
    )
}

/// The `TraceSummary` of a `Trace`.
#[napi]
pub fn summarize_trace(trace: String) -> napi::Result<String> {
    answer(read(&trace, "trace").and_then(|trace: Trace| trace.summary()))
}

/// The `TraceSummary` of a trace whose columns are typed arrays.
#[napi]
pub fn summarize_columns(
    arrival_ms: Float64Array,
    input_tokens: Uint32Array,
    output_tokens: Uint32Array,
) -> napi::Result<String> {
    let trace = Trace {
        arrival_ms: arrival_ms.to_vec(),
        input_tokens: input_tokens.to_vec(),
        output_tokens: output_tokens.to_vec(),
    };
    answer(trace.summary())
}

/// The `Estimate` of an `EstimateRequest`.
#[napi]
pub fn estimate(request: String, catalog: &Catalog) -> napi::Result<String> {
    answer(read(&request, "request").and_then(|request| queueing::estimate(&catalog.0, &request)))
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

/// The `MemoryPlan` of a `MemoryRequest`.
#[napi]
pub fn memory_plan(request: String, catalog: &Catalog) -> napi::Result<String> {
    answer(read(&request, "request").and_then(|request| plan_memory(&catalog.0, &request)))
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
        read::<CatalogData>(&data, "data")
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

    /// The `Model` of that name.
    #[napi]
    pub fn model(&self, name: String) -> napi::Result<String> {
        answer(read_text(&name, "model").and_then(|name| self.0.model(&name)))
    }

    /// The `Gpu` of that name.
    #[napi]
    pub fn gpu(&self, name: String) -> napi::Result<String> {
        answer(read_text(&name, "gpu").and_then(|name| self.0.gpu(&name)))
    }

    /// The `HealthReport` on a day.
    #[napi]
    pub fn health(&self, as_of: String) -> napi::Result<String> {
        health(&self.0, &as_of).map_err(refused)
    }

    /// As [`health`](Self::health), on libuv's thread pool.
    #[napi]
    pub fn health_async(&self, as_of: String) -> AsyncTask<Later> {
        let catalog = self.0.clone();
        later(move || health(&catalog, &as_of))
    }
}

fn health(catalog: &sizewell::catalog::Catalog, as_of: &str) -> sizewell::Result<String> {
    let as_of =
        read_text(as_of, "as_of").and_then(|day| Date::parse(&day).map_err(|error| error.within("as_of")));
    write(as_of.map(|day| catalog.health(day)))
}

type Work = Box<dyn FnOnce() -> sizewell::Result<String> + Send>;

/// Work for libuv's thread pool, which is done once.
pub struct Later(Option<Work>);

fn later(work: impl FnOnce() -> sizewell::Result<String> + Send + 'static) -> AsyncTask<Later> {
    AsyncTask::new(Later(Some(Box::new(work))))
}

impl Task for Later {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> napi::Result<String> {
        let done = || Error::new(ErrorCode::InvalidValue, "", "was already computed");
        self.0.take().map_or_else(|| Err(done()), |work| work()).map_err(refused)
    }

    fn resolve(&mut self, _: Env, output: String) -> napi::Result<String> {
        Ok(output)
    }
}
