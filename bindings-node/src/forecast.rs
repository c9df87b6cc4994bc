//! Forecasts: a fitted model and what it forecasts; numbers cross as typed arrays.

use napi::bindgen_prelude::Float64Array;
use napi_derive::napi;
use sizewell::api::{ForecastOptions, SeriesForecast};
use sizewell::forecast::{FittedForecaster, Forecast};
use sizewell::{Result, wire};

use crate::{answer, refused};

/// A model that was fitted to a series, and its forecast.
#[napi]
pub struct FittedSeries {
    fitted: Box<dyn FittedForecaster>,
    forecast: Forecast,
}

fn made(
    fitted: Result<Box<dyn FittedForecaster>>,
    horizon: usize,
    levels: &[f64],
) -> napi::Result<FittedSeries> {
    let both = fitted.and_then(|fitted| Ok((fitted.forecast(horizon, levels)?, fitted)));
    both.map(|(forecast, fitted)| FittedSeries { fitted, forecast }).map_err(refused)
}

#[napi]
impl FittedSeries {
    /// The model of the JSON of `ForecastOptions`, fitted to values at times, of which there may be none.
    #[napi(factory)]
    pub fn fit(values: Float64Array, times: Float64Array, options: String) -> napi::Result<Self> {
        let options: ForecastOptions = wire::read_json_argument(&options, "options").map_err(refused)?;
        made(options.fit(values.to_vec(), &times), options.horizon, &options.levels)
    }

    /// The same after the values that follow, without fitting anew.
    #[napi]
    pub fn updated(&self, values: Float64Array) -> napi::Result<Self> {
        let mut fitted = self.fitted.boxed_clone();
        let updated = fitted.update(&values).map(|()| fitted);
        made(updated, self.forecast.horizon(), self.forecast.levels())
    }

    /// The mean of each step.
    #[napi]
    pub fn mean(&self) -> Float64Array {
        self.forecast.mean().to_vec().into()
    }

    /// Lower ends of intervals.
    #[napi]
    pub fn lower(&self, level: f64) -> napi::Result<Float64Array> {
        self.forecast.lower(level).map(Into::into).map_err(refused)
    }

    /// Upper ends of intervals.
    #[napi]
    pub fn upper(&self, level: f64) -> napi::Result<Float64Array> {
        self.forecast.upper(level).map(Into::into).map_err(refused)
    }

    /// Paths one after the other.
    #[napi]
    pub fn paths(&self, count: u32, seed: u32) -> napi::Result<Float64Array> {
        let paths = self.forecast.paths(count as usize, seed.into()).map_err(refused)?;
        Ok(paths.values().to_vec().into())
    }

    /// A `SeriesForecast`.
    #[napi]
    pub fn report(&self) -> napi::Result<String> {
        answer(Ok(SeriesForecast { forecast: self.forecast.report(), explanation: self.fitted.explain() }))
    }
}
