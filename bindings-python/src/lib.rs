//! The extension module `sizewell._sizewell`: converts, calls the core, maps errors. What users
//! see is the Python package around it; nothing here is a copy of a type of the core.
//!
//! Objects come in as they are and are read by the core (see `convert`); answers go out as JSON,
//! of which Pydantic makes the generated models faster than of Python objects.

mod catalog;
mod convert;
mod errors;
mod estimates;
mod forecast;
mod session;

/// The extension module.
#[pyo3::pymodule]
mod _sizewell {
    use pyo3::prelude::*;
    use pyo3::types::PyString;
    use sizewell::queueing::{Estimate, LimitingResource, Provenance};
    use sizewell::units::Quantile;

    #[pymodule_export]
    use crate::catalog::CatalogIndex;
    use crate::convert::argument;
    #[pymodule_export]
    use crate::forecast::{FittedSeries, ForecastTable};
    #[pymodule_export]
    use crate::session::{Columns, Session};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("ESTIMATE_NUMBERS", Estimate::NUMBERS)?;
        module.add("LIMITING_RESOURCES", LimitingResource::ALL.map(LimitingResource::as_str))?;
        module.add("PROVENANCES", Provenance::ALL.map(Provenance::as_str))?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }

    /// The stable spelling of a quantile, from any of its spellings.
    #[pyfunction]
    fn read_quantile<'py>(percentile: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        // Pydantic asks this for every quantile of an answer, and those are spelt so already.
        let stable = |text: &str| Quantile::ALL.iter().any(|quantile| quantile.as_str() == text);
        if percentile.cast::<PyString>().is_ok_and(|text| text.to_cow().is_ok_and(|text| stable(&text))) {
            return Ok(percentile.clone());
        }
        let quantile: Quantile = argument(percentile, "percentile")?;
        Ok(PyString::new(percentile.py(), quantile.as_str()).into_any())
    }
}
