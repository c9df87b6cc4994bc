//! The metrics collector that Python's `Collector` stands on; columns cross as bytes.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde::Serialize;
use sizewell::monitor::{
    Capacities, Collector, CollectorOptions, CollectorState, DashboardOptions, ForecastQuery, Metric,
    Reading, ThresholdRule,
};
use sizewell::{Error, ErrorCode, Result, wire};

use crate::convert::argument;
use crate::errors::raised;
use crate::forecast::numbers;

/// A collector of readings, which threads may share.
#[pyclass(frozen, module = "sizewell._sizewell")]
pub(crate) struct Readings(Mutex<Collector>);

#[pymethods]
impl Readings {
    /// A collector without readings.
    #[staticmethod]
    fn with_options(options: &Bound<'_, PyAny>) -> PyResult<Self> {
        let made = Collector::new(argument::<CollectorOptions>(options, "options")?);
        made.map(|collector| Self(Mutex::new(collector))).map_err(|error| raised(options.py(), &error))
    }

    /// What was saved.
    #[staticmethod]
    fn load(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        let made = Collector::load(argument::<CollectorState>(state, "state")?);
        made.map(|collector| Self(Mutex::new(collector))).map_err(|error| raised(state.py(), &error))
    }

    fn record(&self, now_seconds: f64, reading: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = reading.py();
        let reading: Reading = argument(reading, "reading")?;
        self.with(py, |collector| collector.record(now_seconds, &reading))
    }

    /// Readings of one metric; no bytes of capacities stand for those of before, one for all.
    fn record_columns(
        &self,
        now_seconds: f64,
        service: &str,
        metric: &Bound<'_, PyAny>,
        at_seconds: &[u8],
        usage: &[u8],
        capacity: &[u8],
    ) -> PyResult<()> {
        let py = metric.py();
        let metric: Metric = argument(metric, "metric")?;
        let (at_seconds, usage, capacity) = (numbers(at_seconds), numbers(usage), numbers(capacity));
        let capacities = match capacity.as_slice() {
            [] => Capacities::Unchanged,
            [one] => Capacities::One(*one),
            each => Capacities::Each(each),
        };
        self.with(py, |collector| {
            collector.record_columns(now_seconds, service, metric, &at_seconds, &usage, capacities)
        })
    }

    fn set_thresholds(&self, rule: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = rule.py();
        let rule: ThresholdRule = argument(rule, "rule")?;
        self.with(py, |collector| collector.set_thresholds(rule))
    }

    fn remove(&self, py: Python<'_>, service: &str) -> PyResult<bool> {
        self.with(py, |collector| Ok(collector.remove(service)))
    }

    /// What a method without arguments of its own but the present answers, as JSON.
    fn ask<'py>(&self, py: Python<'py>, what: &str, now_seconds: f64) -> PyResult<Bound<'py, PyBytes>> {
        let options = DashboardOptions::default();
        self.json(py, |collector| match what {
            "alerts" => json(&collector.alerts(now_seconds)?),
            "overview" => json(&collector.overview(now_seconds)?),
            "recommendations" => json(&collector.recommendations(now_seconds, &options)?),
            "report" => json(&collector.report(now_seconds, &options)?),
            "save" => json(&collector.save()),
            other => Err(Error::new(ErrorCode::UnknownName, "what", "no such answer").given(other)),
        })
    }

    fn status<'py>(&self, py: Python<'py>, service: &str, now_seconds: f64) -> PyResult<Bound<'py, PyBytes>> {
        self.json(py, |collector| json(&collector.status(service, now_seconds)?))
    }

    fn details<'py>(
        &self,
        service: &str,
        metric: &Bound<'py, PyAny>,
        now_seconds: f64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let kind: Metric = argument(metric, "metric")?;
        let options = DashboardOptions::default();
        self.json(metric.py(), |collector| json(&collector.details(service, kind, now_seconds, &options)?))
    }

    fn forecast<'py>(
        &self,
        service: &str,
        metric: &Bound<'py, PyAny>,
        query: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let (kind, query): (Metric, ForecastQuery) = (argument(metric, "metric")?, argument(query, "query")?);
        self.json(metric.py(), |collector| json(&collector.forecast(service, kind, &query, None)?))
    }
}

impl Readings {
    /// Works without holding the interpreter.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Collector) -> Result<T> + Send,
    ) -> PyResult<T> {
        // Whoever panicked has changed nothing by halves that the next reading could not bear.
        let done = py.detach(|| work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)));
        done.map_err(|error| raised(py, &error))
    }

    fn json<'py>(
        &self,
        py: Python<'py>,
        work: impl FnOnce(&Collector) -> Result<String> + Send,
    ) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.with(py, |collector| work(collector))?.as_bytes()))
    }
}

fn json<T: Serialize>(answer: &T) -> Result<String> {
    wire::to_json(answer)
}
