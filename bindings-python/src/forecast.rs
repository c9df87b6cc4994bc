//! Forecasts: a fitted model and what it forecasts; numbers cross as bytes.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use sizewell::api::{self, ForecastOptions};
use sizewell::{Result, wire};

use crate::convert::argument;
use crate::errors::raised;

/// A model that was fitted to a series, and its forecast.
#[pyclass(frozen, module = "sizewell._sizewell")]
pub(crate) struct FittedSeries(api::FittedSeries);

#[pymethods]
impl FittedSeries {
    /// The model of `options`, fitted to values (NaN where missing) at times, of which there may be none.
    #[staticmethod]
    fn fit(py: Python<'_>, values: &[u8], times: &[u8], options: &Bound<'_, PyAny>) -> PyResult<Self> {
        let options: ForecastOptions = argument(options, "options")?;
        let (values, times) = (numbers(values), numbers(times));
        done(py, || options.forecast(values, &times)).map(Self)
    }

    /// The same after the values that follow, without fitting anew.
    fn updated(&self, py: Python<'_>, values: &[u8]) -> PyResult<Self> {
        let values = numbers(values);
        done(py, || self.0.updated(&values)).map(Self)
    }

    fn mean<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        bytes(py, self.0.forecast().mean())
    }

    fn lower<'py>(&self, py: Python<'py>, level: f64) -> PyResult<Bound<'py, PyBytes>> {
        Ok(bytes(py, &done(py, || self.0.forecast().lower(level))?))
    }

    fn upper<'py>(&self, py: Python<'py>, level: f64) -> PyResult<Bound<'py, PyBytes>> {
        Ok(bytes(py, &done(py, || self.0.forecast().upper(level))?))
    }

    /// Paths one after the other.
    fn paths<'py>(&self, py: Python<'py>, count: usize, seed: u64) -> PyResult<Bound<'py, PyBytes>> {
        Ok(bytes(py, done(py, || self.0.forecast().paths(count, seed))?.values()))
    }

    /// A `SeriesForecast` as JSON.
    fn report<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, done(py, || wire::to_json(&self.0.report()))?.as_bytes()))
    }
}

/// Works without holding the interpreter.
fn done<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T> + Send) -> PyResult<T> {
    py.detach(work).map_err(|error| raised(py, &error))
}

/// The numbers that bytes stand for.
pub(crate) fn numbers(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks().0.iter().map(|bytes| f64::from_ne_bytes(*bytes)).collect()
}

fn bytes<'py>(py: Python<'py>, numbers: &[f64]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &numbers.iter().flat_map(|number| number.to_ne_bytes()).collect::<Vec<u8>>())
}
