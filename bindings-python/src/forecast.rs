//! Forecasts: fitted models and what they forecast; numbers cross as bytes.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use sizewell::api::{self, ForecastOptions};
use sizewell::forecast::{self, ForecastManyRequest};
use sizewell::{Error, Result, wire};
use sizewell_threads::forecast_many;

use crate::convert::argument;
use crate::errors::raised;
use crate::session::bytes;

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

    fn mean<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        floats(py, self.0.forecast().mean())
    }

    fn lower<'py>(&self, py: Python<'py>, level: f64) -> PyResult<Bound<'py, PyBytes>> {
        floats(py, &done(py, || self.0.forecast().lower(level))?)
    }

    fn upper<'py>(&self, py: Python<'py>, level: f64) -> PyResult<Bound<'py, PyBytes>> {
        floats(py, &done(py, || self.0.forecast().upper(level))?)
    }

    /// Paths one after the other.
    fn paths<'py>(&self, py: Python<'py>, count: usize, seed: u64) -> PyResult<Bound<'py, PyBytes>> {
        floats(py, done(py, || self.0.forecast().paths(count, seed))?.values())
    }

    /// A `SeriesForecast` as JSON.
    fn report<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, done(py, || wire::to_json(&self.0.report()))?.as_bytes()))
    }
}

/// Forecasts of many series, one after the other.
#[pyclass(frozen, module = "sizewell._sizewell")]
pub(crate) struct ForecastTable(forecast::ForecastTable);

#[pymethods]
impl ForecastTable {
    /// Forecasts of values (NaN where missing) at times, of which there may be none; each series begins at
    /// its offset. `options` is a `ForecastManyRequest` of no values.
    #[staticmethod]
    fn of(
        py: Python<'_>,
        values: &[u8],
        offsets: Vec<usize>,
        times: &[u8],
        options: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let options: ForecastManyRequest = argument(options, "options")?;
        let (values, times) = (numbers(values), numbers(times));
        done(py, || forecast_many(options.with_columns(&values, offsets, times))).map(Self)
    }

    fn mean<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        cells(py, &self.0.mean)
    }

    fn lower<'py>(&self, py: Python<'py>, level: f64) -> PyResult<Bound<'py, PyBytes>> {
        cells(py, &done(py, || self.0.interval(level))?.lower)
    }

    fn upper<'py>(&self, py: Python<'py>, level: f64) -> PyResult<Bound<'py, PyBytes>> {
        cells(py, &done(py, || self.0.interval(level))?.upper)
    }

    #[getter]
    fn horizon(&self) -> usize {
        self.0.horizon
    }

    #[getter]
    fn levels(&self) -> Vec<f64> {
        self.0.intervals.iter().map(|columns| columns.level).collect()
    }

    #[getter]
    fn models(&self) -> Vec<Option<String>> {
        self.0.models.clone()
    }

    /// When each forecast begins, and its step.
    #[getter]
    fn clocks(&self) -> Vec<Option<(f64, f64)>> {
        self.0
            .clocks
            .iter()
            .map(|clock| clock.map(|clock| (clock.start_seconds, clock.step_seconds)))
            .collect()
    }

    /// The rows that can't be forecast, and why.
    #[getter]
    fn errors(&self, py: Python<'_>) -> Vec<(usize, Py<PyAny>)> {
        let rows = self.0.errors.iter().enumerate();
        let exception = |report| raised(py, &Error::from(report)).into_value(py).into_any();
        rows.filter_map(|(row, error)| Some((row, exception(error.clone()?)))).collect()
    }

    /// A `ForecastTable` as JSON.
    fn report<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, done(py, || wire::to_json(&self.0))?.as_bytes()))
    }
}

/// Works without holding the interpreter.
pub(crate) fn done<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T> + Send) -> PyResult<T> {
    py.detach(work).map_err(|error| raised(py, &error))
}

/// The numbers that bytes stand for.
pub(crate) fn numbers(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks().0.iter().map(|bytes| f64::from_ne_bytes(*bytes)).collect()
}

fn cells<'py>(py: Python<'py>, cells: &[Option<f64>]) -> PyResult<Bound<'py, PyBytes>> {
    floats(py, &cells.iter().map(|cell| cell.unwrap_or(f64::NAN)).collect::<Vec<f64>>())
}

fn floats<'py>(py: Python<'py>, numbers: &[f64]) -> PyResult<Bound<'py, PyBytes>> {
    bytes(py, numbers, f64::to_ne_bytes)
}
