//! Forecasts: a fitted model and what it forecasts; numbers cross as typed arrays.

use napi::bindgen_prelude::Float64Array;
use napi_derive::napi;
use sizewell::api::{self, ForecastOptions};
use sizewell::wire;

use crate::{answer, refused};

/// A model that was fitted to a series, and its forecast.
#[napi]
pub struct FittedSeries(api::FittedSeries);

#[napi]
impl FittedSeries {
    /// The model of the JSON of `ForecastOptions`, fitted to values at times, of which there may be none.
    #[napi(factory)]
    pub fn fit(values: Float64Array, times: Float64Array, options: String) -> napi::Result<Self> {
        let options: ForecastOptions = wire::read_json_argument(&options, "options").map_err(refused)?;
        options.forecast(values.to_vec(), &times).map(Self).map_err(refused)
    }

    /// The same after the values that follow, without fitting anew.
    #[napi]
    pub fn updated(&self, values: Float64Array) -> napi::Result<Self> {
        self.0.updated(&values).map(Self).map_err(refused)
    }

    /// The mean of each step.
    #[napi]
    pub fn mean(&self) -> Float64Array {
        self.0.forecast().mean().to_vec().into()
    }

    /// Lower ends of intervals.
    #[napi]
    pub fn lower(&self, level: f64) -> napi::Result<Float64Array> {
        self.0.forecast().lower(level).map(Into::into).map_err(refused)
    }

    /// Upper ends of intervals.
    #[napi]
    pub fn upper(&self, level: f64) -> napi::Result<Float64Array> {
        self.0.forecast().upper(level).map(Into::into).map_err(refused)
    }

    /// Paths one after the other.
    #[napi]
    pub fn paths(&self, count: u32, seed: u32) -> napi::Result<Float64Array> {
        let paths = self.0.forecast().paths(count as usize, seed.into()).map_err(refused)?;
        Ok(paths.values().to_vec().into())
    }

    /// A `SeriesForecast`.
    #[napi]
    pub fn report(&self) -> napi::Result<String> {
        answer(Ok(self.0.report()))
    }
}
