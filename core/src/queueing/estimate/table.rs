//! Columns of deployments in, columns of estimates out.

use serde::{Deserialize, Serialize};

#[cfg(doc)]
use super::EstimateRequest;
use super::batch::EstimateBatch;
use super::result::EstimateTable;
use crate::catalog::{Catalog, WeightFormat};
use crate::engine::{KvDtype, Speculation};
use crate::error::{Error, ErrorCode, Result};

/// One value for all rows, or one for each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(untagged)]
pub enum Column<T> {
    /// The same for all rows.
    One(T),
    /// One for each row.
    Many(Vec<T>),
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
}

/// Estimates of many deployments: [`estimate`](super::estimate()) by columns. Engines are prepared
/// once for all rows that share one; for millions of rows, [`EstimateBatch`] takes plain numbers.
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
/// assert_eq!(table.ttft_p95_ms.len(), 8);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// As [`estimate`](super::estimate()), the path with the row where the column is a list, such as
/// `qps[3]`; `contradiction` for lists of different lengths; `too_large` for more than
/// [`MOST_ROWS`](super::MOST_ROWS).
pub fn estimate_many(catalog: &Catalog, columns: &EstimateColumns) -> Result<EstimateTable> {
    let columns = serde_json::to_value(columns)
        .map_err(|error| Error::new(ErrorCode::InvalidValue, "columns", error.to_string()))?;
    EstimateBatch::read(catalog, columns)?.table()
}
