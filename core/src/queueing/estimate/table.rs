//! Columns of deployments in, columns of estimates out.

use serde::{Deserialize, Serialize};

#[cfg(doc)]
use super::EstimateRequest;
use super::batch::EstimateBatch;
use super::result::EstimateTable;
use super::settings::with_settings;
use crate::catalog::{Catalog, WeightFormat};
use crate::engine::{FittedFactors, KvDtype, Speculation};
use crate::error::{Error, ErrorCode, Result};
use crate::queueing::Balancer;

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

macro_rules! estimate_columns {
    ($($(#[$doc:meta])* $name:ident: $kind:ty;)*) => {
        /// Columns of [`EstimateRequest`]s. Each is one value for all rows or a list with one for
        /// each; optional columns may be left out, and hold `null` where a row has none.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields)]
        pub struct EstimateColumns {
            /// [`EstimateRequest::model`].
            pub model: Column<String>,
            /// [`EstimateRequest::gpu`].
            pub gpu: Column<String>,
            $($(#[$doc])* #[serde(default)] pub $name: Option<Column<Option<$kind>>>,)*
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
                    $($name: None,)*
                    input_tokens,
                    output_tokens,
                    concurrency: None,
                    qps: None,
                    dispersion: None,
                    benchmark: None,
                    prefix_hit_fraction: None,
                }
            }
        }
    };
}
with_settings!(estimate_columns);

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
