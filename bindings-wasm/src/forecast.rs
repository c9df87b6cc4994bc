//! Forecasts: a fitted model and what it forecasts; numbers cross as typed arrays.

use sizewell::api::{ForecastOptions, SeriesForecast};
use sizewell::forecast::{FittedForecaster, Forecast};
use sizewell::{Result, wire};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::{answer, refused};

/// A model that was fitted to a series, and its forecast.
#[wasm_bindgen]
pub struct FittedSeries {
    fitted: Box<dyn FittedForecaster>,
    forecast: Forecast,
}

fn made(
    fitted: Result<Box<dyn FittedForecaster>>,
    horizon: usize,
    levels: &[f64],
) -> std::result::Result<FittedSeries, JsValue> {
    let both = fitted.and_then(|fitted| Ok((fitted.forecast(horizon, levels)?, fitted)));
    both.map(|(forecast, fitted)| FittedSeries { fitted, forecast }).map_err(refused)
}

#[wasm_bindgen]
impl FittedSeries {
    /// The model of the JSON of `ForecastOptions`, fitted to values at times, of which there may be none.
    pub fn fit(values: Vec<f64>, times: &[f64], options: &str) -> std::result::Result<Self, JsValue> {
        let options: ForecastOptions = wire::read_json_argument(options, "options").map_err(refused)?;
        made(options.fit(values, times), options.horizon, &options.levels)
    }

    /// The same after the values that follow, without fitting anew.
    pub fn updated(&self, values: &[f64]) -> std::result::Result<Self, JsValue> {
        let mut fitted = self.fitted.boxed_clone();
        let updated = fitted.update(values).map(|()| fitted);
        made(updated, self.forecast.horizon(), self.forecast.levels())
    }

    /// The mean of each step.
    pub fn mean(&self) -> Vec<f64> {
        self.forecast.mean().to_vec()
    }

    /// Lower ends of intervals.
    pub fn lower(&self, level: f64) -> std::result::Result<Vec<f64>, JsValue> {
        self.forecast.lower(level).map_err(refused)
    }

    /// Upper ends of intervals.
    pub fn upper(&self, level: f64) -> std::result::Result<Vec<f64>, JsValue> {
        self.forecast.upper(level).map_err(refused)
    }

    /// Paths one after the other.
    pub fn paths(&self, count: u32, seed: u32) -> std::result::Result<Vec<f64>, JsValue> {
        let paths = self.forecast.paths(count as usize, seed.into()).map_err(refused)?;
        Ok(paths.values().to_vec())
    }

    /// A `SeriesForecast`.
    pub fn report(&self) -> std::result::Result<String, JsValue> {
        answer(Ok(SeriesForecast { forecast: self.forecast.report(), explanation: self.fitted.explain() }))
    }
}
