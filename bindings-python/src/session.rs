//! What is kept and come back to: collectors, analyses by batches, and the columns that go there and
//! come back as bytes.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use serde_json::Value;
use sizewell::{Result, api};

use crate::convert::value;
use crate::errors::raised;
use crate::forecast::{done, numbers};

/// Columns apart from the values that they belong to.
#[pyclass(frozen, module = "sizewell._sizewell")]
pub(crate) struct Columns(Mutex<api::Columns>);

#[pymethods]
impl Columns {
    #[new]
    fn new() -> Self {
        Self(Mutex::default())
    }

    fn put_floats(&self, path: String, column: &[u8]) {
        self.locked(|columns| columns.put_floats(path, numbers(column)));
    }

    /// Puts in a column of `uint32`.
    fn put_counts(&self, path: String, column: &[u8]) {
        let counts = column.as_chunks().0.iter().map(|bytes| u32::from_ne_bytes(*bytes));
        self.locked(|columns| columns.put_counts(path, counts.collect()));
    }

    fn float_paths(&self) -> Vec<String> {
        self.locked(|columns| columns.float_paths())
    }

    fn count_paths(&self) -> Vec<String> {
        self.locked(|columns| columns.count_paths())
    }

    fn take_floats<'py>(&self, py: Python<'py>, path: &str) -> PyResult<Bound<'py, PyBytes>> {
        bytes(py, &self.locked(|columns| columns.take_floats(path)).unwrap_or_default(), f64::to_ne_bytes)
    }

    fn take_counts<'py>(&self, py: Python<'py>, path: &str) -> PyResult<Bound<'py, PyBytes>> {
        bytes(py, &self.locked(|columns| columns.take_counts(path)).unwrap_or_default(), u32::to_ne_bytes)
    }

    /// Calls a function of traces with these columns; afterwards they are those of its answer.
    #[pyo3(signature = (function, **argument))]
    fn call<'py>(
        &self,
        py: Python<'py>,
        function: &str,
        argument: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let argument = values(argument)?.pop().unwrap_or_default();
        let columns = &mut self.locked(std::mem::take);
        let answer = answer(py, || api::call_with_columns(function, argument, columns))?;
        self.locked(|own| *own = std::mem::take(columns));
        Ok(answer)
    }
}

impl Columns {
    fn locked<T>(&self, work: impl FnOnce(&mut api::Columns) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A collector or an analysis by batches, which threads may share.
#[pyclass(frozen, module = "sizewell._sizewell")]
pub(crate) struct Session(Mutex<api::Session>);

#[pymethods]
impl Session {
    /// One of the class of a name, with its options.
    #[staticmethod]
    fn of(name: &str, options: &Bound<'_, PyAny>) -> PyResult<Self> {
        let session = api::Session::new(name, value(options, "options")?);
        session.map(|session| Self(Mutex::new(session))).map_err(|error| raised(options.py(), &error))
    }

    /// Calls a method with its arguments in their order, and columns apart, and gives its answer as JSON.
    #[pyo3(signature = (method, columns=None, **arguments))]
    fn call<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        columns: Option<&Columns>,
        arguments: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let arguments = values(arguments)?;
        let columns = &mut columns.map_or_else(Default::default, |columns| columns.locked(std::mem::take));
        // Whoever panicked has changed nothing by halves that the next reading could not bear.
        let session = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answer(py, || session().call_with_columns(method, arguments, columns))
    }
}

/// Arguments in their order; their names are for errors.
fn values(arguments: Option<&Bound<'_, PyDict>>) -> PyResult<Vec<Value>> {
    let arguments = arguments.into_iter().flatten();
    arguments.map(|(name, object)| value(&object, &name.extract::<String>()?)).collect()
}

/// Works without holding the interpreter, then hands the JSON over.
fn answer<'py>(
    py: Python<'py>,
    work: impl FnOnce() -> Result<String> + Send,
) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, done(py, work)?.as_bytes()))
}

/// The bytes of numbers.
pub(crate) fn bytes<'py, T: Copy, const N: usize>(
    py: Python<'py>,
    numbers: &[T],
    of: impl Fn(T) -> [u8; N],
) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, numbers.len() * N, |bytes| {
        for (place, number) in bytes.as_chunks_mut::<N>().0.iter_mut().zip(numbers) {
            *place = of(*number);
        }
        Ok(())
    })
}
