//! Columns of deployments in, columns of estimates out.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::prepared::{Load, Prepared};
use super::request::EstimateRequest;
use super::result::{Estimate, LimitingResource, Provenance};
use crate::catalog::{Catalog, WeightFormat};
use crate::engine::{KvDtype, Speculation};
use crate::error::{Error, ErrorCode, Result};

/// Most rows of one call.
pub const MOST_ROWS: usize = 50_000_000;

/// One value for all rows, or one for each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Column<T> {
    /// The same for all rows.
    One(T),
    /// One for each row.
    Many(Vec<T>),
}

impl<T> Column<T> {
    fn rows(&self) -> Option<usize> {
        match self {
            Self::One(_) => None,
            Self::Many(values) => Some(values.len()),
        }
    }

    fn at(&self, row: usize) -> Option<&T> {
        match self {
            Self::One(value) => Some(value),
            Self::Many(values) => values.get(row),
        }
    }
}

/// Columns of [`EstimateRequest`]s. Each is one value for all rows or a list with one for each;
/// optional columns may be left out, and hold `null` where a row has none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EstimateColumns {
    /// [`EstimateRequest::model`].
    pub model: Column<String>,
    /// [`EstimateRequest::gpu`].
    pub gpu: Column<String>,
    /// [`EstimateRequest::backend`].
    #[serde(default)]
    pub backend: Option<Column<Option<String>>>,
    /// [`EstimateRequest::precision`].
    #[serde(default)]
    pub precision: Option<Column<Option<WeightFormat>>>,
    /// [`EstimateRequest::kv_dtype`].
    #[serde(default)]
    pub kv_dtype: Option<Column<Option<KvDtype>>>,
    /// [`EstimateRequest::tensor_parallel`].
    #[serde(default)]
    pub tensor_parallel: Option<Column<Option<u32>>>,
    /// [`EstimateRequest::pipeline_parallel`].
    #[serde(default)]
    pub pipeline_parallel: Option<Column<Option<u32>>>,
    /// [`EstimateRequest::data_parallel`].
    #[serde(default)]
    pub data_parallel: Option<Column<Option<u32>>>,
    /// [`EstimateRequest::expert_parallel`].
    #[serde(default)]
    pub expert_parallel: Option<Column<Option<u32>>>,
    /// [`EstimateRequest::replicas`].
    #[serde(default)]
    pub replicas: Option<Column<Option<u32>>>,
    /// [`EstimateRequest::input_tokens`].
    pub input_tokens: Column<f64>,
    /// [`EstimateRequest::output_tokens`].
    pub output_tokens: Column<f64>,
    /// [`EstimateRequest::concurrency`].
    #[serde(default)]
    pub concurrency: Option<Column<Option<f64>>>,
    /// [`EstimateRequest::qps`].
    #[serde(default)]
    pub qps: Option<Column<Option<f64>>>,
    /// [`EstimateRequest::dispersion`].
    #[serde(default)]
    pub dispersion: Option<Column<Option<f64>>>,
    /// [`EstimateRequest::benchmark`].
    #[serde(default)]
    pub benchmark: Option<Column<Option<bool>>>,
    /// [`EstimateRequest::prefix_hit_fraction`].
    #[serde(default)]
    pub prefix_hit_fraction: Option<Column<Option<f64>>>,
    /// [`EstimateRequest::speculation`].
    #[serde(default)]
    pub speculation: Option<Column<Option<Speculation>>>,
    /// [`EstimateRequest::gpu_memory_utilization`].
    #[serde(default)]
    pub gpu_memory_utilization: Option<Column<Option<f64>>>,
    /// [`EstimateRequest::max_num_seqs`].
    #[serde(default)]
    pub max_num_seqs: Option<Column<Option<u32>>>,
    /// [`EstimateRequest::max_num_batched_tokens`].
    #[serde(default)]
    pub max_num_batched_tokens: Option<Column<Option<u32>>>,
}

fn optional<T: Clone>(column: Option<&Column<Option<T>>>, row: usize) -> Option<T> {
    column.and_then(|column| column.at(row).cloned().flatten())
}

impl EstimateColumns {
    /// Columns of requests that are all of one model and GPU.
    #[must_use]
    pub fn new(
        model: impl Into<String>,
        gpu: impl Into<String>,
        input_tokens: Column<f64>,
        output_tokens: Column<f64>,
    ) -> Self {
        Self {
            model: Column::One(model.into()),
            gpu: Column::One(gpu.into()),
            backend: None,
            precision: None,
            kv_dtype: None,
            tensor_parallel: None,
            pipeline_parallel: None,
            data_parallel: None,
            expert_parallel: None,
            replicas: None,
            input_tokens,
            output_tokens,
            concurrency: None,
            qps: None,
            dispersion: None,
            benchmark: None,
            prefix_hit_fraction: None,
            speculation: None,
            gpu_memory_utilization: None,
            max_num_seqs: None,
            max_num_batched_tokens: None,
        }
    }

    /// The number of rows: that of the lists, which must agree; 1 where there is none.
    ///
    /// # Errors
    ///
    /// `contradiction` at the first list that has another length than those before it;
    /// `too_large` for more than [`MOST_ROWS`].
    pub fn rows(&self) -> Result<usize> {
        let rows = |column: Option<usize>, name: &'static str| column.map(|rows| (name, rows));
        macro_rules! of {
            ($($name:ident),*) => {
                [$(rows(self.$name.as_ref().and_then(Column::rows), stringify!($name))),*]
            };
        }
        let found = [
            [
                rows(self.model.rows(), "model"),
                rows(self.gpu.rows(), "gpu"),
                rows(self.input_tokens.rows(), "input_tokens"),
                rows(self.output_tokens.rows(), "output_tokens"),
            ]
            .as_slice(),
            of!(
                backend, precision, kv_dtype, tensor_parallel, pipeline_parallel, data_parallel,
                expert_parallel, replicas, concurrency, qps, dispersion, benchmark, prefix_hit_fraction,
                speculation, gpu_memory_utilization, max_num_seqs, max_num_batched_tokens
            )
            .as_slice(),
        ]
        .concat();
        let mut known: Option<(&str, usize)> = None;
        for (name, rows) in found.into_iter().flatten() {
            if rows > MOST_ROWS {
                return Err(Error::new(ErrorCode::TooLarge, name, format!("more than {MOST_ROWS} rows")));
            }
            match known {
                None => known = Some((name, rows)),
                Some((first, others)) if others != rows => {
                    let message = format!("`{name}` has {rows} rows, `{first}` has {others}");
                    return Err(Error::new(ErrorCode::Contradiction, name, message));
                }
                Some(_) => {}
            }
        }
        Ok(known.map_or(1, |(_, rows)| rows))
    }

    /// One row as a request; `None` beyond the last.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<EstimateRequest> {
        Some(EstimateRequest {
            model: self.model.at(row)?.clone(),
            gpu: self.gpu.at(row)?.clone(),
            backend: optional(self.backend.as_ref(), row),
            precision: optional(self.precision.as_ref(), row),
            kv_dtype: optional(self.kv_dtype.as_ref(), row),
            tensor_parallel: optional(self.tensor_parallel.as_ref(), row),
            pipeline_parallel: optional(self.pipeline_parallel.as_ref(), row),
            data_parallel: optional(self.data_parallel.as_ref(), row),
            expert_parallel: optional(self.expert_parallel.as_ref(), row),
            replicas: optional(self.replicas.as_ref(), row),
            input_tokens: *self.input_tokens.at(row)?,
            output_tokens: *self.output_tokens.at(row)?,
            concurrency: optional(self.concurrency.as_ref(), row),
            qps: optional(self.qps.as_ref(), row),
            dispersion: optional(self.dispersion.as_ref(), row),
            benchmark: optional(self.benchmark.as_ref(), row),
            prefix_hit_fraction: optional(self.prefix_hit_fraction.as_ref(), row),
            speculation: optional(self.speculation.as_ref(), row),
            gpu_memory_utilization: optional(self.gpu_memory_utilization.as_ref(), row),
            max_num_seqs: optional(self.max_num_seqs.as_ref(), row),
            max_num_batched_tokens: optional(self.max_num_batched_tokens.as_ref(), row),
        })
    }
}

/// Columns of [`Estimate`]s, a value for each row.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EstimateTable {
    /// Why a row cannot run; `None` where it can.
    pub reason: Vec<Option<String>>,
    /// What each row rests on.
    pub provenance: Vec<Provenance>,
    /// What limits each row.
    pub limiting_resource: Vec<Option<LimitingResource>>,
    /// The numbers of [`Estimate::NUMBERS`] by name, `None` where a row has none.
    pub numbers: std::collections::BTreeMap<String, Vec<Option<f64>>>,
}

/// Estimates of many deployments: [`estimate`](super::estimate()) by columns. Engines are prepared
/// once for all rows that share one.
///
/// ```
/// use sizewell::queueing::{Column, EstimateColumns, estimate_many};
/// let catalog = sizewell_data::catalog();
/// let rates = (1..=8).map(|rate| Some(f64::from(rate))).collect();
/// let columns = EstimateColumns {
///     qps: Some(Column::Many(rates)),
///     ..EstimateColumns::new("Qwen3-32B", "H200", Column::One(1024.0), Column::One(256.0))
/// };
/// let table = estimate_many(catalog, &columns)?;
/// assert_eq!(table.numbers["ttft_p95_ms"].len(), 8);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// As [`estimate`](super::estimate()), the path with the row, such as `qps[3]`; `contradiction` for
/// lists of different lengths.
pub fn estimate_many(catalog: &Catalog, columns: &EstimateColumns) -> Result<EstimateTable> {
    let mut table = EstimateTable::default();
    let mut numbers = vec![Vec::new(); Estimate::NUMBERS.len()];
    estimate_rows(catalog, columns, &mut |estimate| {
        for (column, number) in numbers.iter_mut().zip(estimate.numbers()) {
            column.push(number);
        }
        table.reason.push(estimate.reason);
        table.provenance.push(estimate.provenance);
        table.limiting_resource.push(estimate.limiting_resource);
    })?;
    table.numbers = Estimate::NUMBERS.iter().map(|name| (*name).to_owned()).zip(numbers).collect();
    Ok(table)
}

/// The same row by row, in order.
fn estimate_rows(catalog: &Catalog, columns: &EstimateColumns, take: &mut dyn FnMut(Estimate)) -> Result<()> {
    let mut engines: HashMap<String, std::result::Result<Prepared, String>> = HashMap::new();
    for row in 0..columns.rows()? {
        let Some(request) = columns.row(row) else { break };
        let at_row = |error: Error| {
            let path = error.path().to_owned();
            error.at(format!("{path}[{row}]"))
        };
        request.check().map_err(at_row)?;
        let key = key(&request);
        if !engines.contains_key(&key) {
            let prepared = match Prepared::new(catalog, &request) {
                Ok(prepared) => Ok(prepared),
                Err(error) if super::cannot_run(error.code(), error.path()) => Err(error.to_string()),
                Err(error) => return Err(at_row(error)),
            };
            engines.insert(key.clone(), prepared);
        }
        match engines.get(&key) {
            Some(Ok(prepared)) => take(prepared.estimate(&Load::of(&request))?),
            Some(Err(reason)) => take(Estimate::none(Some(reason.clone()))),
            None => {}
        }
    }
    Ok(())
}

/// What tells one prepared engine from another: all of a request but its load.
fn key(request: &EstimateRequest) -> String {
    format!(
        "{}\u{0}{}\u{0}{:?}{:?}{:?}{:?}{:?}{:?}{:?}{:?}{:?}{:?}{:?}{:?}{}",
        request.model,
        request.gpu,
        request.backend,
        request.precision,
        request.kv_dtype,
        request.tensor_parallel,
        request.pipeline_parallel,
        request.data_parallel,
        request.expert_parallel,
        request.replicas,
        request.speculation,
        request.gpu_memory_utilization,
        request.max_num_seqs,
        request.max_num_batched_tokens,
        (request.input_tokens + request.output_tokens).ceil(),
    )
}
