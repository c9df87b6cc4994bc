//! Latencies, throughput and their error bars of any model on any GPU under any load, from the
//! engine model alone: [`estimate`] for one deployment, [`estimate_many`] for columns of them.

mod batch;
mod columns;
mod prepared;
mod request;
mod result;
mod settings;
mod table;

pub use batch::{EstimateBatch, EstimateRows};
pub use columns::{BatchColumn, MOST_ROWS};
pub use request::EstimateRequest;
pub use result::{Estimate, EstimateTable, LimitingResource, Provenance};
pub use settings::DeploymentRequest;
pub use table::{Column, EstimateColumns, estimate_many};

use crate::catalog::Catalog;
use crate::error::{Error, ErrorCode, Result};
pub(super) use prepared::{Configuration, Load, Prepared};

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
    let load = Load::of(request);
    load.check()?;
    match Configuration::new(catalog, &request.deployment()) {
        Ok(configuration) => configuration.estimate(&load),
        Err(error) => cannot_run(error),
    }
}

/// An answer where an error says that a deployment cannot run, not that the question is wrong.
fn cannot_run(error: Error) -> Result<Estimate> {
    let is_spread = error.path().starts_with("parallelism.");
    let error = by_field(error);
    match is_spread {
        true => Ok(Estimate::none(Some(error.to_string()))),
        false if error.code() == ErrorCode::Contradiction => Ok(Estimate::none(Some(error.to_string()))),
        false => Err(error),
    }
}

/// An error about how a model is spread, at the field of the request.
pub(super) fn by_field(error: Error) -> Error {
    match error.path().strip_prefix("parallelism.") {
        Some(field) => {
            let field = field.to_owned();
            error.at(field)
        }
        None => error,
    }
}
