//! Every public function by its name, JSON in and JSON out: one boundary for callers in other
//! languages, for golden cases and for fuzzing.
//!
//! The table in `functions` is the only list of them: other languages' functions, with their types and
//! their documentation, are generated from it.

#[macro_use]
mod table;
mod columns;
mod forecasting;
mod functions;
mod session;

use serde::Serialize;
use serde_json::Value;

pub use crate::forecast::ForecastModel;
pub use columns::{Columns, WITH_COLUMNS, call_with_columns};
pub use forecasting::{FittedSeries, ForecastOptions, SeriesForecast};
pub use functions::FUNCTIONS;
#[cfg(feature = "schema")]
pub use functions::signatures;
pub use session::Session;
#[cfg(feature = "schema")]
pub use table::{Argument, Signature};

use crate::catalog::Catalog;
use crate::error::{Error, ErrorCode, Result};
use crate::wire;
use functions::dispatch;

/// Calls a public function by its name.
///
/// What looks into the catalog takes rows of the caller's as second argument, which are laid over
/// the catalog's: an object of lists of models, GPUs, prices and so on, or a list of benchmarks. The
/// second argument of `render_manifests` and of `calibrate` are their settings. To `calibrate`,
/// points and logs may come as columns: see [`wire::columns_to_rows`].
///
/// ```
/// use serde_json::json;
/// let catalog = sizewell_data::catalog();
/// let intent = json!({"use_case": "translation", "users": 5000});
/// let specification = sizewell::api::call(catalog, "specify", &[intent])?;
/// assert_eq!(specification["slo"]["ttft_ms"], 400.0);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `unknown_name` for a function that does not exist, `missing_field` or `invalid_value` for a
/// wrong number of arguments; otherwise what the function itself refuses.
pub fn call(catalog: &Catalog, function: &str, arguments: &[Value]) -> Result<Value> {
    dispatch(catalog, function, arguments, AsValue)
}

/// [`call`] with the result as JSON text, which is several times faster to write.
///
/// # Errors
///
/// As [`call`].
pub fn call_to_json(catalog: &Catalog, function: &str, arguments: &[Value]) -> Result<String> {
    dispatch(catalog, function, arguments, AsJson)
}

/// [`call`] with the arguments as the text of a JSON list and the result as JSON text.
///
/// # Errors
///
/// `invalid_json` where the arguments are not a JSON list; otherwise as [`call`].
pub fn call_json(catalog: &Catalog, function: &str, arguments: &str) -> Result<String> {
    let arguments: Vec<Value> = wire::from_json(arguments, "arguments")?;
    call_to_json(catalog, function, &arguments)
}

/// How a result is written, whatever its type.
trait Form {
    type Written;
    fn write(&self, result: impl Serialize) -> Result<Self::Written>;
}

struct AsValue;

impl Form for AsValue {
    type Written = Value;
    fn write(&self, result: impl Serialize) -> Result<Value> {
        serde_json::to_value(result).map_err(|error| no_json(&error))
    }
}

struct AsJson;

impl Form for AsJson {
    type Written = String;
    fn write(&self, result: impl Serialize) -> Result<String> {
        wire::to_json(&result)
    }
}

fn no_json(error: &serde_json::Error) -> Error {
    Error::new(ErrorCode::InvalidValue, "", format!("the result is no JSON: {error}"))
}
