//! The extension point: what a forecaster must be able to do.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use super::outcome::Forecast;
use super::series::Series;
use crate::error::Result;

/// A way to forecast, not yet fitted to anything.
///
/// ```
/// use sizewell::forecast::{Forecaster, SeasonalNaive, Series};
/// let hourly = Series::new((0..96).map(|hour| f64::from(hour % 24)).collect())?;
/// let model: Box<dyn Forecaster> = Box::new(SeasonalNaive::new(24));
/// let forecast = model.fit(&hourly)?.forecast(24, &[0.8, 0.95])?;
/// assert_eq!(forecast.mean()[5], 5.0);
/// # Ok::<(), sizewell::Error>(())
/// ```
pub trait Forecaster: Debug + Send + Sync {
    /// Short name, such as `seasonal_naive`.
    fn name(&self) -> String;

    /// Fits the model to a series.
    ///
    /// # Errors
    ///
    /// `empty` at `values` when all points are missing, `invalid_value` when they are too few or a
    /// parameter of the model is not allowed.
    fn fit(&self, series: &Series) -> Result<Box<dyn FittedForecaster>>;
}

/// A model that was fitted to a series.
pub trait FittedForecaster: Debug + Send + Sync {
    /// Name of the model as it was fitted, such as `ets(A,Ad,M)`.
    fn model(&self) -> String;

    /// Why it forecasts what it does.
    fn explain(&self) -> Explanation;

    /// The `horizon` steps after the last point that the model has seen, with intervals at `levels`.
    ///
    /// # Errors
    ///
    /// As [`check_horizon`](super::check_horizon) and [`check_levels`](super::check_levels).
    fn forecast(&self, horizon: usize, levels: &[f64]) -> Result<Forecast>;

    /// Takes in the points that follow what the model has seen, `NaN` where missing: states move
    /// on, parameters stay as fitted.
    ///
    /// # Errors
    ///
    /// As [`Series::new`] for each value, but for no values, which change nothing; nothing is taken
    /// in then.
    fn update(&mut self, values: &[f64]) -> Result<()>;

    /// The model as it is now.
    fn boxed_clone(&self) -> Box<dyn FittedForecaster>;
}

impl<T: Forecaster + ?Sized> Forecaster for Box<T> {
    fn name(&self) -> String {
        (**self).name()
    }

    fn fit(&self, series: &Series) -> Result<Box<dyn FittedForecaster>> {
        (**self).fit(series)
    }
}

impl<T: FittedForecaster + ?Sized> FittedForecaster for Box<T> {
    fn model(&self) -> String {
        (**self).model()
    }

    fn explain(&self) -> Explanation {
        (**self).explain()
    }

    fn forecast(&self, horizon: usize, levels: &[f64]) -> Result<Forecast> {
        (**self).forecast(horizon, levels)
    }

    fn update(&mut self, values: &[f64]) -> Result<()> {
        (**self).update(values)
    }

    fn boxed_clone(&self) -> Box<dyn FittedForecaster> {
        (**self).boxed_clone()
    }
}

impl Clone for Box<dyn FittedForecaster> {
    fn clone(&self) -> Self {
        (**self).boxed_clone()
    }
}

/// Why a model forecasts what it does.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    /// Name of the model.
    pub model: String,
    /// Seasonal periods that it follows, in steps.
    pub seasonal_periods: Vec<usize>,
    /// Scale on which it works: `none`, `log` or `Box–Cox` with its exponent.
    pub transform: String,
    /// Its parameters by name, such as `alpha`.
    pub parameters: BTreeMap<String, f64>,
    /// Models that it is made of, with their weights; empty for a single model.
    pub weights: BTreeMap<String, f64>,
    /// What was noticed and done, in sentences.
    pub notes: Vec<String>,
}
