//! Estimates by columns: numbers and codes cross as bytes, rows are worked on by all processors.

use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyDict, PyList};
use serde_json::{Map, Value, json};
use sizewell::Result;
use sizewell::catalog::Catalog;
use sizewell::queueing::{Estimate, EstimateBatch, EstimateRows};
use sizewell_threads::each;

use crate::convert::value;
use crate::errors::raised;

/// Rows that a thread takes at a time.
const ROWS: usize = 1000;
const BYTES: usize = size_of::<f64>();
/// What stands for no limiting resource.
const NONE: u8 = u8::MAX;

/// The number of rows; the numbers of [`Estimate::NUMBERS`], as bytes column after column, or as a
/// list of lists; the places of each row's provenance and limiting resource in their lists; and the
/// rows that cannot run, with why.
pub(crate) type Answers<'py> = (usize, Bound<'py, PyAny>, Vec<u8>, Vec<u8>, Vec<(usize, String)>);

/// Estimates of columns: `values` has for each either the one value for all rows, or, where
/// `places` says that it is in `codes`, the values that they are of.
pub(crate) fn estimate_many<'py>(
    py: Python<'py>,
    catalog: &Catalog,
    values: &Bound<'py, PyDict>,
    places: Vec<(String, String, usize, usize)>,
    numbers: &[u8],
    codes: &[u8],
    as_lists: bool,
) -> PyResult<Answers<'py>> {
    let header = header(value(values.as_any(), "columns")?, places);
    let numbers = crate::forecast::numbers(numbers);
    let codes: Vec<i32> = codes.as_chunks().0.iter().map(|bytes| i32::from_ne_bytes(*bytes)).collect();
    let batch = py.detach(|| EstimateBatch::packed(catalog, header, &numbers, &codes));
    let batch = batch.map_err(|error| raised(py, &error))?;
    let rows = batch.rows();
    let (mut provenance, mut limiting) = (vec![0; rows], vec![NONE; rows]);
    let (mut reasons, mut lists) = (Vec::new(), None);
    let table = PyByteArray::new_with(py, rows * Estimate::NUMBERS.len() * BYTES, |table| {
        let done = py.detach(|| estimate_all(&batch, table, &mut provenance, &mut limiting));
        reasons = done.map_err(|error| raised(py, &error))?;
        if as_lists {
            lists = Some(columns(py, table, rows)?);
        }
        Ok(())
    })?;
    Ok((rows, lists.unwrap_or_else(|| table.into_any()), provenance, limiting, reasons))
}

/// The columns as a list of lists, `None` where a row has no number.
fn columns<'py>(py: Python<'py>, table: &[u8], rows: usize) -> PyResult<Bound<'py, PyAny>> {
    let column = |place: usize| {
        let bytes = table.get(place * rows * BYTES..(place + 1) * rows * BYTES).unwrap_or_default();
        let numbers = bytes.as_chunks().0.iter().map(|bytes| f64::from_ne_bytes(*bytes));
        PyList::new(py, numbers.map(|number| (!number.is_nan()).then_some(number)))
    };
    let columns = (0..Estimate::NUMBERS.len()).map(column).collect::<PyResult<Vec<_>>>()?;
    Ok(PyList::new(py, columns)?.into_any())
}

fn header(values: Value, places: Vec<(String, String, usize, usize)>) -> Value {
    let Value::Object(mut values) = values else { return values };
    let mut header = Map::new();
    for (name, kind, start, rows) in places {
        let column = match values.remove(&name) {
            Some(values) => json!([start, rows, values]),
            None => json!([start, rows]),
        };
        header.insert(name, json!({ kind: column }));
    }
    header.extend(values.into_iter().map(|(name, value)| (name, json!({ "one": value }))));
    Value::Object(header)
}

/// Some rows, and where their answers go.
struct Job<'a> {
    first: usize,
    columns: Vec<&'a mut [u8]>,
    provenance: &'a mut [u8],
    limiting: &'a mut [u8],
}

impl Job<'_> {
    fn fill(self, answers: EstimateRows) -> Vec<(usize, String)> {
        let rows = self.limiting.len().max(1);
        for (bytes, numbers) in self.columns.into_iter().zip(answers.numbers.chunks(rows)) {
            for (place, number) in bytes.as_chunks_mut::<BYTES>().0.iter_mut().zip(numbers) {
                *place = number.to_ne_bytes();
            }
        }
        for (place, provenance) in self.provenance.iter_mut().zip(answers.provenance) {
            *place = provenance as u8;
        }
        for (place, limiting) in self.limiting.iter_mut().zip(answers.limiting_resource) {
            *place = limiting.map_or(NONE, |limiting| limiting as u8);
        }
        answers.reasons.into_iter().map(|(row, reason)| (self.first + row, reason)).collect()
    }
}

/// All rows, on all processors; the error is that of the first row that is refused.
fn estimate_all(
    batch: &EstimateBatch<'_>,
    table: &mut [u8],
    provenance: &mut [u8],
    limiting: &mut [u8],
) -> Result<Vec<(usize, String)>> {
    let rows = batch.rows();
    let mut jobs: Vec<Job<'_>> = provenance
        .chunks_mut(ROWS)
        .zip(limiting.chunks_mut(ROWS))
        .enumerate()
        .map(|(place, (provenance, limiting))| Job {
            first: place * ROWS,
            columns: Vec::new(),
            provenance,
            limiting,
        })
        .collect();
    for column in table.chunks_mut((rows * BYTES).max(1)) {
        for (job, bytes) in jobs.iter_mut().zip(column.chunks_mut(ROWS * BYTES)) {
            job.columns.push(bytes);
        }
    }
    let reasons = each(jobs, |job| {
        let first = job.first;
        batch.estimate(first..first + ROWS).map(|answers| job.fill(answers))
    })?;
    Ok(reasons.into_iter().flatten().collect())
}
