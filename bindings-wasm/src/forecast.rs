//! Forecasts: fitted models and what they forecast; numbers cross as typed arrays.

use sizewell::api::{self, ForecastOptions};
use sizewell::forecast::{self, ForecastManyRequest, ForecastTable};
use sizewell::wire;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::{answer, refused};

/// A model that was fitted to a series, and its forecast.
#[wasm_bindgen]
pub struct FittedSeries(api::FittedSeries);

#[wasm_bindgen]
impl FittedSeries {
    /// The model of the JSON of `ForecastOptions`, fitted to values at times, of which there may be none.
    pub fn fit(values: Vec<f64>, times: &[f64], options: &str) -> Result<Self, JsValue> {
        let options: ForecastOptions = wire::read_json_argument(options, "options").map_err(refused)?;
        options.forecast(values, times).map(Self).map_err(refused)
    }

    /// The same after the values that follow, without fitting anew.
    pub fn updated(&self, values: &[f64]) -> Result<Self, JsValue> {
        self.0.updated(values).map(Self).map_err(refused)
    }

    /// The mean of each step.
    pub fn mean(&self) -> Vec<f64> {
        self.0.forecast().mean().to_vec()
    }

    /// Lower ends of intervals.
    pub fn lower(&self, level: f64) -> Result<Vec<f64>, JsValue> {
        self.0.forecast().lower(level).map_err(refused)
    }

    /// Upper ends of intervals.
    pub fn upper(&self, level: f64) -> Result<Vec<f64>, JsValue> {
        self.0.forecast().upper(level).map_err(refused)
    }

    /// Paths one after the other.
    pub fn paths(&self, count: u32, seed: u32) -> Result<Vec<f64>, JsValue> {
        let paths = self.0.forecast().paths(count as usize, seed.into()).map_err(refused)?;
        Ok(paths.values().to_vec())
    }

    /// A `SeriesForecast`.
    pub fn report(&self) -> Result<String, JsValue> {
        answer(Ok(self.0.report()))
    }
}

/// Forecasts of many series by columns.
#[wasm_bindgen]
pub struct ForecastColumns(ForecastTable);

#[wasm_bindgen]
impl ForecastColumns {
    /// JSON of the fields that are no numbers, and of the levels.
    #[wasm_bindgen(getter)]
    pub fn labels(&self) -> Result<String, JsValue> {
        answer(Ok(self.0.labels()))
    }

    /// Means, then lower and upper ends of each level, all steps of all series each; NaN for none.
    #[wasm_bindgen(getter)]
    pub fn numbers(&self) -> Vec<f64> {
        self.0.numbers()
    }
}

/// Forecasts of values (NaN where missing) at times, of which there may be none; `options` is the JSON of
/// a `ForecastManyRequest` of no values.
#[wasm_bindgen(js_name = forecastMany)]
pub fn forecast_many(
    values: &[f64],
    offsets: &[u32],
    times: Vec<f64>,
    options: &str,
) -> Result<ForecastColumns, JsValue> {
    let options: ForecastManyRequest = wire::read_json_argument(options, "options").map_err(refused)?;
    let offsets = offsets.iter().map(|offset| *offset as usize).collect();
    forecast::forecast_many(options.with_columns(values, offsets, times))
        .map(ForecastColumns)
        .map_err(refused)
}
