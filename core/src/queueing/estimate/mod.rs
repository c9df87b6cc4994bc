//! Latencies, throughput and their error bars of any model on any GPU under any load, from the
//! engine model alone: [`estimate`] for one deployment, [`estimate_many`] for columns of them.

mod prepared;
mod request;
mod result;
mod table;

pub use request::EstimateRequest;
pub use result::{Estimate, LimitingResource, Provenance};
pub use table::{Column, EstimateColumns, EstimateTable, MOST_ROWS, estimate_many};

use crate::catalog::Catalog;
use crate::error::{ErrorCode, Result};
use prepared::{Load, Prepared};

/// How a deployment behaves under a load.
///
/// An open loop (`qps`) is the steady state of [`predict`](super::predict()); a closed loop
/// (`concurrency`) has the means of [`closed_loop`](super::closed_loop()), whose coefficients are
/// fitted to measured closed loops, and the spread of
/// [`Predictor::predict_clients`](super::Predictor::predict_clients).
///
/// # Errors
///
/// `unknown_name` for a model or GPU that the catalog does not have; `missing_field` or
/// `contradiction` at `qps` for no load or two; `invalid_value` with the field's path. A deployment
/// that cannot run is no error: its `reason` says why.
pub fn estimate(catalog: &Catalog, request: &EstimateRequest) -> Result<Estimate> {
    request.check()?;
    let prepared = match Prepared::new(catalog, request) {
        Ok(prepared) => prepared,
        Err(error) if cannot_run(error.code(), error.path()) => return Ok(Estimate::none(Some(error.to_string()))),
        Err(error) => return Err(error),
    };
    prepared.estimate(&Load::of(request))
}

/// Whether an error says that a deployment cannot run, not that the question is wrong.
fn cannot_run(code: ErrorCode, path: &str) -> bool {
    code == ErrorCode::DoesNotFit || path.starts_with("parallelism.") || path == "request_tokens"
}
