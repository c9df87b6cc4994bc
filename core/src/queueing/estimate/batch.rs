//! Columns of deployments as plain numbers and codes, in which a million rows take seconds.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::{Map, Value};

use super::columns::{BatchColumn, Columns};
use super::prepared::{Configuration, Load};
use super::result::{Estimate, EstimateTable, LimitingResource, Provenance};
use super::{cannot_run, estimate};
use crate::catalog::Catalog;
use crate::error::Result;

/// Fields of a request that make no other engine necessary.
const LOAD: [&str; 8] = [
    "input_tokens",
    "output_tokens",
    "concurrency",
    "qps",
    "dispersion",
    "benchmark",
    "prefix_hit_fraction",
    "replicas",
];
/// Most engines that are kept ready; those of other rows are made for each row.
const MOST_READY: usize = 4096;

/// Many deployments, ready to be estimated: what rows share is prepared once, and rows are
/// independent, so that several threads may each take a range of them.
///
/// ```
/// use sizewell::queueing::{BatchColumn, Estimate, EstimateBatch};
/// let rates = [1.0, 2.0, 4.0];
/// let one = |value: serde_json::Value| BatchColumn::One(value);
/// let batch = EstimateBatch::new(sizewell_data::catalog(), [
///     ("model".to_owned(), one("Qwen3-32B".into())),
///     ("gpu".to_owned(), one("H200".into())),
///     ("input_tokens".to_owned(), one(1024.into())),
///     ("output_tokens".to_owned(), one(256.into())),
///     ("qps".to_owned(), BatchColumn::Numbers(rates.as_slice().into())),
/// ])?;
/// let answers = batch.estimate(1..3)?;
/// assert_eq!(answers.numbers.len(), 2 * Estimate::NUMBERS.len());
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug)]
pub struct EstimateBatch<'a> {
    catalog: &'a Catalog,
    columns: Columns<'a>,
    /// The place of each row's engine in `ready`, if it has one there; empty where all have the
    /// first.
    engines: Vec<u32>,
    ready: Vec<Result<Configuration<'a>>>,
    loads: [LoadColumn; LOAD.len()],
}

/// A field of the load: one number for all rows, one for each, or to be read row by row.
#[derive(Debug, Clone, Copy, PartialEq)]
enum LoadColumn {
    One(f64),
    Numbers,
    Other,
}

/// Answers to a range of rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EstimateRows {
    /// The numbers of [`Estimate::NUMBERS`], one column after another; NaN where a row has none.
    pub numbers: Vec<f64>,
    /// What the figures of each row rest on.
    pub provenance: Vec<Provenance>,
    /// What limits each row; `None` where it cannot run.
    pub limiting_resource: Vec<Option<LimitingResource>>,
    /// Rows, counted from the range's start, that cannot run or have no steady state, with why.
    pub reasons: Vec<(usize, String)>,
}

impl<'a> EstimateBatch<'a> {
    /// Columns by the names of [`EstimateRequest`](super::EstimateRequest)'s fields.
    ///
    /// # Errors
    ///
    /// `unknown_field` for other names, `contradiction` for columns of different lengths,
    /// `too_large` for more than [`MOST_ROWS`](super::MOST_ROWS). What is wrong with a row is said
    /// by [`estimate`](Self::estimate).
    pub fn new(
        catalog: &'a Catalog,
        columns: impl IntoIterator<Item = (String, BatchColumn<'a>)>,
    ) -> Result<Self> {
        Ok(Self::of(catalog, Columns::new(columns)?))
    }

    /// Of a JSON object of values for all rows and lists with one for each.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn read(catalog: &'a Catalog, columns: Value) -> Result<Self> {
        Ok(Self::of(catalog, Columns::read(columns)?))
    }

    /// Of packed columns, as other languages hand them over. `header` has for each column
    /// `{"one": value}`, `{"numbers": [start, rows]}` in `numbers` or
    /// `{"codes": [start, rows, values]}` in `codes`.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new); `invalid_value` for a column that ends after `numbers` or `codes`.
    pub fn packed(catalog: &'a Catalog, header: Value, numbers: &'a [f64], codes: &'a [i32]) -> Result<Self> {
        Ok(Self::of(catalog, Columns::packed(header, numbers, codes)?))
    }

    fn of(catalog: &'a Catalog, columns: Columns<'a>) -> Self {
        let (engines, firsts) = distinct(&columns);
        let ready = firsts.into_iter().take(MOST_READY).map(|row| configuration(catalog, &columns, row));
        let ready = ready.collect();
        let loads = LOAD.map(|name| LoadColumn::of(name, columns.get(name)));
        Self { catalog, columns, engines, ready, loads }
    }

    /// The number of rows; 1 where no column is a list.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.rows
    }

    /// Estimates a range of rows; those beyond the last are left out.
    ///
    /// # Errors
    ///
    /// That of the first row that is refused, as [`estimate`](super::estimate()), the path with the
    /// row where the column is a list.
    pub fn estimate(&self, rows: Range<usize>) -> Result<EstimateRows> {
        let rows = rows.start.min(self.rows())..rows.end.min(self.rows());
        let count = rows.len();
        let mut answers = EstimateRows {
            numbers: vec![f64::NAN; count * Estimate::NUMBERS.len()],
            provenance: Vec::with_capacity(count),
            limiting_resource: Vec::with_capacity(count),
            reasons: Vec::new(),
        };
        for (place, row) in rows.enumerate() {
            let estimate = self.row(row)?;
            for (column, number) in answers.numbers.chunks_exact_mut(count).zip(estimate.numbers()) {
                if let (Some(cell), Some(number)) = (column.get_mut(place), number) {
                    *cell = number;
                }
            }
            answers.provenance.push(estimate.provenance);
            answers.limiting_resource.push(estimate.limiting_resource);
            answers.reasons.extend(estimate.reason.map(|reason| (place, reason)));
        }
        Ok(answers)
    }

    /// All rows as a table.
    ///
    /// # Errors
    ///
    /// As [`estimate`](Self::estimate).
    pub fn table(&self) -> Result<EstimateTable> {
        let mut table = EstimateTable::default();
        for row in 0..self.rows() {
            table.push(self.row(row)?);
        }
        Ok(table)
    }

    fn row(&self, row: usize) -> Result<Estimate> {
        let engine = self.engines.get(row).map_or(0, |engine| *engine as usize);
        match (self.load(row), self.ready.get(engine)) {
            (Some(load), Some(ready)) => load.check().and_then(|()| match ready {
                Ok(configuration) => configuration.estimate(&load),
                Err(error) => cannot_run(error.clone()),
            }),
            // What is unusual goes the way of a single request, and is refused in its words.
            _ => self.columns.request(row, Map::new(), |_| true).and_then(|row| estimate(self.catalog, &row)),
        }
        .map_err(|error| self.columns.at_row(error, row))
    }

    /// The load of a row; `None` where it has to be read with the whole row.
    fn load(&self, row: usize) -> Option<Load> {
        let mut values = [f64::NAN; LOAD.len()];
        for ((name, column), value) in LOAD.iter().zip(self.loads).zip(&mut values) {
            *value = match (column, self.columns.get(name)) {
                (LoadColumn::One(value), _) => value,
                (LoadColumn::Numbers, Some(BatchColumn::Numbers(numbers))) => *numbers.get(row)?,
                _ => return None,
            };
        }
        let [input_tokens, output_tokens, concurrency, qps, dispersion, benchmark, hit, replicas] = values;
        let given = |value: f64| (!value.is_nan()).then_some(value);
        let count = given(replicas).unwrap_or(1.0);
        let truth = given(benchmark).unwrap_or(0.0);
        let usual = (truth == 0.0 || truth == 1.0)
            && count.trunc() == count
            && (0.0..=f64::from(u32::MAX)).contains(&count)
            && !(input_tokens.is_nan() || output_tokens.is_nan());
        usual.then(|| Load {
            input_tokens,
            output_tokens,
            concurrency: given(concurrency),
            qps: given(qps),
            dispersion: given(dispersion).unwrap_or(1.0),
            benchmark: truth == 1.0,
            prefix_hit_fraction: given(hit).unwrap_or(0.0),
            replicas: count as u32,
        })
    }
}

impl LoadColumn {
    fn of(name: &str, column: Option<&BatchColumn<'_>>) -> Self {
        match column {
            None => Self::One(f64::NAN),
            Some(BatchColumn::Numbers(_)) => Self::Numbers,
            Some(BatchColumn::One(Value::Bool(truth))) if name == "benchmark" => {
                Self::One(f64::from(u8::from(*truth)))
            }
            // Counts are read from whole numbers alone.
            Some(BatchColumn::One(Value::Number(number)))
                if name != "benchmark" && (name != "replicas" || number.is_u64()) =>
            {
                number.as_f64().map_or(Self::Other, Self::One)
            }
            Some(_) => Self::Other,
        }
    }
}

/// The engine of a row, whatever its load.
fn configuration<'a>(catalog: &'a Catalog, columns: &Columns<'_>, row: usize) -> Result<Configuration<'a>> {
    let fields = ["input_tokens", "output_tokens"].map(|name| (name.to_owned(), Value::from(1)));
    let request = columns.request(row, Map::from_iter(fields), |name| !LOAD.contains(&name))?;
    Configuration::new(catalog, &request.deployment())
}

/// Numbers the distinct engines in the order in which rows have them: the number of each row, and
/// the first row of each.
fn distinct(columns: &Columns<'_>) -> (Vec<u32>, Vec<usize>) {
    let mut engines: Vec<u32> = Vec::new();
    let mut firsts = vec![0];
    for (_, column) in columns.iter().filter(|(name, column)| !LOAD.contains(name) && column.rows().is_some())
    {
        engines.resize(columns.rows, 0);
        firsts.clear();
        let mut known: HashMap<(u32, u64), u32> = HashMap::new();
        let mut last = None;
        for (row, engine) in engines.iter_mut().enumerate() {
            let value = match column {
                BatchColumn::One(_) => 0,
                // Whatever NaN it is, none is given.
                BatchColumn::Numbers(numbers) => numbers
                    .get(row)
                    .filter(|number| !number.is_nan())
                    .map_or(u64::MAX, |number| number.to_bits()),
                BatchColumn::Codes { codes, .. } => codes.get(row).map_or(u64::MAX, |code| *code as u64),
            };
            let key = (*engine, value);
            *engine = match last {
                Some((same, engine)) if same == key => engine,
                _ => *known.entry(key).or_insert_with(|| {
                    firsts.push(row);
                    firsts.len() as u32 - 1
                }),
            };
            last = Some((key, *engine));
        }
    }
    (engines, firsts)
}
