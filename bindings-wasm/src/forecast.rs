//! Forecasts: a fitted model and what it forecasts; numbers cross as typed arrays.

use sizewell::api::{self, ForecastOptions};
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
