//! Columns of an [`EstimateBatch`](super::EstimateBatch): read, checked, and looked into.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::{Map, Number, Value};

use super::EstimateRequest;
use crate::error::{Error, ErrorCode, Result};
use crate::wire;

/// Most rows of one batch.
pub const MOST_ROWS: usize = 50_000_000;

/// Integers up to here are whole in a float.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A column of an [`EstimateBatch`](super::EstimateBatch).
#[derive(Debug, Clone, PartialEq)]
pub enum BatchColumn<'a> {
    /// The same JSON value for all rows.
    One(Value),
    /// A number for each row; NaN where none is given.
    Numbers(Cow<'a, [f64]>),
    /// One of a few JSON values for each row: its place in the list, or −1 where none is given.
    Codes {
        /// The values.
        values: Vec<Value>,
        /// A place in `values` for each row, or −1.
        codes: Cow<'a, [i32]>,
    },
}

impl BatchColumn<'_> {
    /// Rows; `None` for a value that stands for all.
    pub(super) fn rows(&self) -> Option<usize> {
        match self {
            Self::One(_) => None,
            Self::Numbers(numbers) => Some(numbers.len()),
            Self::Codes { codes, .. } => Some(codes.len()),
        }
    }

    /// The value of a row as JSON; null where none is given. `Err` for what JSON cannot hold.
    fn cell(&self, row: usize) -> std::result::Result<Value, f64> {
        match self {
            Self::One(value) => Ok(value.clone()),
            Self::Numbers(numbers) => number(numbers.get(row).copied().unwrap_or(f64::NAN)),
            Self::Codes { values, codes } => {
                let code = codes.get(row).and_then(|code| usize::try_from(*code).ok());
                Ok(code.and_then(|code| values.get(code)).cloned().unwrap_or_default())
            }
        }
    }

    /// A list as a column: numbers where all are, else codes.
    fn list(list: Vec<Value>) -> Self {
        if list.iter().all(|value| value.is_number() || value.is_null()) {
            return Self::Numbers(list.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect());
        }
        let (mut known, mut values): (HashMap<String, i32>, Vec<Value>) = Default::default();
        let code = |value: Value| {
            if value.is_null() {
                return -1;
            }
            let text = value.to_string();
            if let Some(code) = known.get(&text) {
                return *code;
            }
            let code = i32::try_from(values.len()).unwrap_or(-1);
            known.insert(text, code);
            values.push(value);
            code
        };
        let codes = list.into_iter().map(code).collect();
        Self::Codes { values, codes }
    }
}

fn number(number: f64) -> std::result::Result<Value, f64> {
    if number.is_nan() {
        Ok(Value::Null)
    } else if number.trunc() == number && number.abs() < EXACT {
        // Counts are read from whole numbers alone.
        Ok((number as i64).into())
    } else {
        Number::from_f64(number).map(Value::Number).ok_or(number)
    }
}

/// Columns by the names of [`EstimateRequest`]'s fields, all of one length.
#[derive(Debug)]
pub(super) struct Columns<'a> {
    by_name: BTreeMap<String, BatchColumn<'a>>,
    pub rows: usize,
}

/// Where a column is in packed numbers and codes, from a start and of a length.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Packed {
    One(Value),
    Numbers(usize, usize),
    Codes(usize, usize, Vec<Value>),
}

impl<'a> Columns<'a> {
    pub(super) fn new(columns: impl IntoIterator<Item = (String, BatchColumn<'a>)>) -> Result<Self> {
        let given = |column: &BatchColumn<'_>| !matches!(column, BatchColumn::One(Value::Null));
        let by_name: BTreeMap<_, _> = columns.into_iter().filter(|(_, column)| given(column)).collect();
        known(&by_name)?;
        let mut first: Option<(&str, usize)> = None;
        for (name, column) in &by_name {
            let Some(rows) = column.rows() else { continue };
            if rows > MOST_ROWS {
                return Err(Error::new(ErrorCode::TooLarge, name, "has too many rows")
                    .given(rows)
                    .allowed(format!("at most {MOST_ROWS}")));
            }
            match first {
                None => first = Some((name, rows)),
                Some((other, others)) if others != rows => {
                    let message = format!("has another number of rows than `{other}`, which has {others}");
                    return Err(Error::new(ErrorCode::Contradiction, name, message).given(rows));
                }
                Some(_) => {}
            }
        }
        let rows = first.map_or(1, |(_, rows)| rows);
        Ok(Self { by_name, rows })
    }

    /// Of a JSON object of values and lists.
    pub(super) fn read(columns: Value) -> Result<Self> {
        let columns: Map<String, Value> = wire::read(columns, "columns")?;
        Self::new(columns.into_iter().map(|(name, column)| match column {
            Value::Array(list) => (name, BatchColumn::list(list)),
            value => (name, BatchColumn::One(value)),
        }))
    }

    /// Of a JSON object that says for each column where it is in `numbers` or `codes`.
    pub(super) fn packed(header: Value, numbers: &'a [f64], codes: &'a [i32]) -> Result<Self> {
        fn part<T>(all: &[T], start: usize, rows: usize) -> Result<&[T]> {
            let end = start.saturating_add(rows);
            all.get(start..end).ok_or_else(|| Error::invalid("columns", end, format!("up to {}", all.len())))
        }
        let header: BTreeMap<String, Packed> = wire::read(header, "columns")?;
        let columns = header.into_iter().map(|(name, packed)| {
            let column = match packed {
                Packed::One(value) => BatchColumn::One(value),
                Packed::Numbers(start, rows) => BatchColumn::Numbers(part(numbers, start, rows)?.into()),
                Packed::Codes(start, rows, values) => {
                    BatchColumn::Codes { values, codes: part(codes, start, rows)?.into() }
                }
            };
            Ok((name, column))
        });
        Self::new(columns.collect::<Result<Vec<_>>>()?)
    }

    pub(super) fn get(&self, name: &str) -> Option<&BatchColumn<'a>> {
        self.by_name.get(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &BatchColumn<'a>)> {
        self.by_name.iter().map(|(name, column)| (name.as_str(), column))
    }

    /// A row as a request, of the columns that `which` accepts, the others as in `fields`. Paths of
    /// errors are without the row.
    pub(super) fn request(
        &self,
        row: usize,
        mut fields: Map<String, Value>,
        which: impl Fn(&str) -> bool,
    ) -> Result<EstimateRequest> {
        for (name, column) in self.iter().filter(|(name, _)| which(name)) {
            let cell = column.cell(row).map_err(|cell| Error::invalid(name, cell, "a finite number"))?;
            let cell = match (name, cell.as_u64(), column) {
                // A truth crosses as a number where all of its column do.
                ("benchmark", Some(truth @ 0..=1), BatchColumn::Numbers(_)) => Value::Bool(truth == 1),
                _ => cell,
            };
            if !cell.is_null() {
                fields.insert(name.to_owned(), cell);
            }
        }
        wire::read_argument(Value::Object(fields), "columns")
    }

    /// The error with the row in its path, where the row's column is a list.
    pub(super) fn at_row(&self, error: Error, row: usize) -> Error {
        let path = error.path();
        let (field, rest) = path.split_at(path.find(['.', '[']).unwrap_or(path.len()));
        if self.get(field).is_some_and(|column| column.rows().is_some()) {
            let path = format!("{field}[{row}]{rest}");
            error.at(path)
        } else {
            error
        }
    }
}

/// Refuses a column that no field has the name of.
fn known(columns: &BTreeMap<String, BatchColumn<'_>>) -> Result<()> {
    let mut fields = Map::new();
    for name in columns.keys() {
        fields.insert(name.clone(), Value::Null);
    }
    for (name, value) in
        [("model", "".into()), ("gpu", "".into()), ("input_tokens", 1.into()), ("output_tokens", 1.into())]
    {
        fields.insert(name.to_owned(), value);
    }
    wire::read_argument::<EstimateRequest, _>(Value::Object(fields), "columns").map(|_| ())
}
