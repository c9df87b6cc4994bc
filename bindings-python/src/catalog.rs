//! The catalog that Python's `Catalog` stands on: rows stay in Rust until they are asked for.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use serde::Serialize;
use serde_json::Value;
use sizewell::catalog::{Benchmark, Catalog, CatalogData};
use sizewell::{Error, ErrorCode, Result, api, wire};

use crate::convert::{argument, value};
use crate::errors::raised;
use crate::estimates::{Answers, estimate_many};

/// A catalog, indexed, and the functions that it can answer.
#[pyclass(frozen, module = "sizewell._sizewell")]
pub(crate) struct CatalogIndex {
    catalog: Catalog,
    /// Whether the rows are the embedded ones, which a copy elsewhere has already.
    #[pyo3(get)]
    is_embedded: bool,
    /// The records laid over the rows, the lowest layer first.
    layers: Vec<Vec<Benchmark>>,
}

#[pymethods]
impl CatalogIndex {
    /// The curated catalog, read at the first call.
    #[staticmethod]
    fn embedded(py: Python<'_>) -> Self {
        let catalog = py.detach(|| sizewell_data::catalog().clone());
        Self { catalog, is_embedded: true, layers: Vec::new() }
    }

    /// A catalog of the caller's rows.
    #[staticmethod]
    fn from_data(data: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = data.py();
        let data: CatalogData = argument(data, "data")?;
        let catalog = py.detach(|| Catalog::new(data)).map_err(|error| raised(py, &error))?;
        Ok(Self { catalog, is_embedded: false, layers: Vec::new() })
    }

    /// This catalog with the caller's benchmarks laid over its own.
    fn with_benchmarks(&self, records: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = records.py();
        let records = wire::read::<Vec<Benchmark>, _>(value(records, "benchmarks")?, "benchmarks");
        let records = records.map_err(|error| raised(py, &error))?;
        let mut layers = self.layers.clone();
        layers.push(records.clone());
        let catalog = py.detach(|| self.catalog.with_benchmark_records(records));
        let catalog = catalog.map_err(|error| raised(py, &error))?;
        Ok(Self { catalog, is_embedded: self.is_embedded, layers })
    }

    /// This catalog with the caller's rows laid over its own.
    fn with_rows(&self, rows: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = rows.py();
        let mut rows: CatalogData = argument(rows, "rows")?;
        // Benchmarks are a layer of their own, of which a copy elsewhere is made again.
        let records = std::mem::take(&mut rows.benchmarks);
        let changed = rows != CatalogData::default();
        let catalog = py.detach(|| self.catalog.with_rows(rows)?.with_benchmark_records(records.clone()));
        let catalog = catalog.map_err(|error| raised(py, &error))?;
        let layers = self.layers.iter().cloned().chain([records].into_iter().filter(|new| !new.is_empty()));
        Ok(Self { catalog, is_embedded: self.is_embedded && !changed, layers: layers.collect() })
    }

    /// Calls a public function of the core by its name, and gives its answer as JSON.
    #[pyo3(signature = (function, **arguments))]
    fn call<'py>(
        &self,
        py: Python<'py>,
        function: &str,
        arguments: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let mut values: Vec<Value> = Vec::new();
        for (name, object) in arguments.into_iter().flatten() {
            values.push(value(&object, &name.extract::<String>()?)?);
        }
        answer(py, || Ok(api::call_to_json(&self.catalog, function, &values)?.into_bytes()))
    }

    /// Estimates by columns: see `estimates`.
    fn estimate_many<'py>(
        &self,
        values: &Bound<'py, PyDict>,
        places: Vec<(String, String, usize, usize)>,
        numbers: &[u8],
        codes: &[u8],
        as_lists: bool,
    ) -> PyResult<Answers<'py>> {
        estimate_many(values.py(), &self.catalog, values, places, numbers, codes, as_lists)
    }

    /// The rows of one list, or all of them by list where none is named, as JSON.
    #[pyo3(signature = (of=None))]
    fn rows<'py>(&self, py: Python<'py>, of: Option<&str>) -> PyResult<Bound<'py, PyBytes>> {
        let catalog = &self.catalog;
        answer(py, || match of {
            None => json(&catalog.to_data()),
            Some("models") => json(catalog.models()),
            Some("gpus") => json(catalog.gpus()),
            Some("prices") => json(catalog.prices()),
            Some("instances") => json(catalog.instances()),
            Some("benchmarks") => json(&catalog.to_data().benchmarks),
            Some("quality") => json(catalog.quality()),
            Some(other) => Err(Error::new(ErrorCode::UnknownName, "of", "no such list").given(other)),
        })
    }

    /// The records laid over the rows, the lowest layer first, as JSON.
    fn layers<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        self.layers.iter().map(|layer| answer(py, || json(layer))).collect()
    }
}

/// Works without holding the interpreter, then hands the JSON over.
fn answer<'py>(
    py: Python<'py>,
    work: impl FnOnce() -> Result<Vec<u8>> + Send,
) -> PyResult<Bound<'py, PyBytes>> {
    let bytes = py.detach(work).map_err(|error| raised(py, &error))?;
    Ok(PyBytes::new(py, &bytes))
}

fn json<T: Serialize + ?Sized>(rows: &T) -> Result<Vec<u8>> {
    Ok(wire::to_json(rows)?.into_bytes())
}
