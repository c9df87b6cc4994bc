//! Forecasts: fitted models and what they forecast; numbers cross as typed arrays.

use napi::bindgen_prelude::{AsyncTask, Float64Array, Uint32Array};
use napi::{Env, Task};
use napi_derive::napi;
use sizewell::api::{self, ForecastOptions};
use sizewell::forecast::{ForecastManyRequest, ForecastTable};
use sizewell::wire;
use sizewell_threads::forecast_many as on_all_processors;

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

/// Forecasts of many series by columns.
#[napi(object)]
pub struct ForecastColumns {
    /// JSON of the fields that are no numbers, and of the levels.
    pub labels: String,
    /// Means, then lower and upper ends of each level, all steps of all series each; NaN for none.
    pub numbers: Float64Array,
}

/// Forecasts of values (NaN where missing) at times, of which there may be none; `options` is the JSON of
/// a `ForecastManyRequest` of no values.
#[napi]
pub fn forecast_many(
    values: Float64Array,
    offsets: Uint32Array,
    times: Float64Array,
    options: String,
) -> napi::Result<ForecastColumns> {
    many(&values, &offsets, &times, &options).and_then(on_all_processors).map_err(refused).and_then(columns)
}

/// As [`forecast_many`], on libuv's thread pool.
#[napi]
pub fn forecast_many_async(
    values: Float64Array,
    offsets: Uint32Array,
    times: Float64Array,
    options: String,
) -> AsyncTask<LaterForecasts> {
    AsyncTask::new(LaterForecasts(Some(many(&values, &offsets, &times, &options))))
}

/// Forecasts for libuv's thread pool, which are made once.
pub struct LaterForecasts(Option<sizewell::Result<ForecastManyRequest>>);

impl Task for LaterForecasts {
    type Output = ForecastTable;
    type JsValue = ForecastColumns;

    fn compute(&mut self) -> napi::Result<ForecastTable> {
        let request = self.0.take().unwrap_or_else(|| Err(crate::computed()));
        request.and_then(on_all_processors).map_err(refused)
    }

    fn resolve(&mut self, _: Env, table: ForecastTable) -> napi::Result<ForecastColumns> {
        columns(table)
    }
}

fn many(
    values: &[f64],
    offsets: &[u32],
    times: &[f64],
    options: &str,
) -> sizewell::Result<ForecastManyRequest> {
    let options: ForecastManyRequest = wire::read_json_argument(options, "options")?;
    Ok(options.with_columns(values, offsets.iter().map(|offset| *offset as usize).collect(), times.to_vec()))
}

fn columns(table: ForecastTable) -> napi::Result<ForecastColumns> {
    Ok(ForecastColumns { labels: answer(Ok(table.labels()))?, numbers: table.numbers().into() })
}
