//! The table of public functions, and how their arguments are read.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Form;
use super::forecasting::{ForecastOptions, SeriesForecast, series, tested, with_gaps};
#[cfg(feature = "schema")]
use super::table::{Argument, Signature};
use crate::catalog::{Benchmark, Catalog, Gpu, HealthReport, Model};
use crate::engine::{Calibration, CalibrationOptions, MemoryPlan, MemoryRequest, plan_memory};
use crate::error::{Error, Result};
use crate::forecast::{
    AnomalyOptions, AnomalyReport, BacktestOptions, BacktestReport, ChangepointOptions, ChangepointReport,
    DecomposeOptions, Decomposition, ForecastManyRequest, ForecastTable, SeriesTrend, TrendDirectionOptions,
    anomalies, changepoints, decompose, forecast_many, trend_direction,
};
use crate::manifest::{Manifest, ManifestSettings, render_manifests};
use crate::monitor::{
    CapacityReport, CostAnomalies, CostAnomalyRequest, ErrorBudget, ErrorBudgetRequest, OutcomeReport,
    OutcomesRequest, QuarterlyReview, Recalibration, RecalibrationRequest, ReportFormat, ReviewRequest,
    SavingsReport, SavingsRequest, SloCompliance, SloComplianceRequest, Trend, TrendRequest, assess_outcomes,
    cost_anomalies, error_budget, quarterly_review, recalibrate, render_report, savings, slo_compliance,
    trend,
};
use crate::plan::{
    CapacityRunway, GrownCapacity, GrowthRequest, RunwayRequest, TrafficPlan, TrafficPlanRequest,
    capacity_runway, grown_capacity, plan_from_traffic,
};
use crate::queueing::closed_form::{QueueRequest, QueueResult, queue};
use crate::queueing::{
    CalibrateRequest, Estimate, EstimateBatch, EstimateRequest, EstimateTable, FleetMaxRate, FleetPrediction,
    FleetSize, PredictRequest, calibrate_requests, estimate,
};
use crate::recommend::{
    Comparison, DeploymentOption, Recommendation, Scenario, Sensitivity, compare, recommend, sensitivity,
};
use crate::units::Date;
use crate::wire;
use crate::workload::trace::readers::{
    DetectedLog, ReadRatesRequest, ReadTrace, ReadTraceRequest, detect_log, read_rates, read_trace,
};
use crate::workload::traffic::{
    FitTrafficRequest, GenerateTrafficRequest, TrafficModel, fit_traffic, generate_traffic,
};
use crate::workload::{
    AnalyzeRatesRequest, AnalyzeTraceRequest, Intent, IntentPrompt, ParsedIntent, RateAnalysis, RateSeries,
    Specification, Trace, TraceAnalysis, TraceSummary, analyze_rates, analyze_trace, intent_prompt,
    parse_intent, parse_intent_answer, specify,
};

functions! {
    /// Reads an intent from a sentence, offline: what was understood, from which words, what was
    /// assumed, and what to ask next. `text` is at most 65,536 bytes long.
    ///
    /// # Errors
    ///
    /// `empty` for a text without words, `too_large` for one that is too long.
    parse_intent(text: String) -> ParsedIntent = parse_intent(&text)?;

    /// What to send to a language model of yours to get an intent from a text of at most 65,536 bytes.
    /// Nothing is sent from here.
    ///
    /// # Errors
    ///
    /// `empty` for a text without words, `too_large` for one that is too long.
    intent_prompt(text: String) -> IntentPrompt = intent_prompt(&text)?;

    /// Reads a language model's answer to [`intent_prompt`]: JSON, alone, in a fenced block or inside
    /// prose.
    ///
    /// # Errors
    ///
    /// `invalid_json` where there is no JSON object in it; what is wrong with the intent.
    parse_intent_answer(answer: String) -> Intent = parse_intent_answer(&answer)?;

    /// Completes an intent to a specification: traffic, lengths, latency targets and constraints, each
    /// with its origin, free to be edited.
    ///
    /// # Errors
    ///
    /// `missing_field` without `users` or `qps`, or without `use_case` and token lengths;
    /// `contradiction` for targets that contradict one another; what is out of range.
    specify(intent: Intent) -> Specification = specify(&intent)?;

    /// Finds the best deployments for a specification: options that meet every target, ranked; near
    /// misses; what was rejected, and why. That nothing fits is no error.
    ///
    /// # Errors
    ///
    /// `unknown_name` for a model, GPU or provider that the catalog does not have; what is wrong with
    /// the specification.
    recommend(specification: Specification; catalog + rows) -> Recommendation =
        recommend(catalog, &specification)?;

    /// Recommends for every scenario and says how each differs from the first. There are 1 to 100, the
    /// baseline first.
    ///
    /// # Errors
    ///
    /// As [`recommend`], with the scenario in the path (`scenarios[1].specification.slo.ttft_ms`).
    compare(scenarios: Vec<Scenario>; catalog + rows) -> Comparison = compare(catalog, &scenarios)?;

    /// Which input moves the cost of the cheapest deployment most: the specification planned again with
    /// one value changed at a time.
    ///
    /// # Errors
    ///
    /// As [`recommend`].
    sensitivity(specification: Specification; catalog + rows) -> Sensitivity =
        sensitivity(catalog, &specification)?;

    /// The Kubernetes manifests of an option, as data and as YAML. The catalog is the one that the
    /// option is from.
    ///
    /// # Errors
    ///
    /// `unknown_name` when the catalog does not have the option's model or GPU, `invalid_value` for
    /// names that Kubernetes refuses.
    render_manifests(option: DeploymentOption, settings: ManifestSettings = default; catalog) -> Vec<Manifest> =
        render_manifests(catalog, &option, &settings)?;

    /// The character of traffic that was really seen: request rates, burstiness, token lengths. The
    /// trace's columns may be arrays of numbers.
    ///
    /// # Errors
    ///
    /// `empty` for fewer than two requests, `contradiction` for columns of different lengths,
    /// `invalid_value` for times that descend.
    summarize_trace(trace: Trace) -> TraceSummary = trace.summary()?;

    /// Says what a log looks like: its format, and of a CSV which columns are taken for what. Its first
    /// lines are enough, unless it is one JSON document.
    ///
    /// # Errors
    ///
    /// `invalid_value` at `text` for what is not known, and at `columns.time` for times that are written
    /// in no known way; `missing_field` for a CSV with no column of a usual name for the arrival or the
    /// tokens.
    detect_log(text: String) -> DetectedLog = detect_log(&text)?;

    /// Reads a trace from the text of a log: Azure's LLM traces, BurstGPT, Mooncake, results of GuideLLM
    /// and of vLLM's benchmark, OpenTelemetry spans, or any CSV with a map of its columns; its format
    /// is found by [`detect_log`] unless given.
    ///
    /// # Errors
    ///
    /// `invalid_json` and `missing_field` for a text that is not of the format, `invalid_value` at the
    /// row (`line 17, ContextTokens`) unless `lenient`, `empty` where no request is left.
    read_trace(request: ReadTraceRequest) -> ReadTrace = read_trace(&request)?;

    /// Reads request rates from the JSON of a Prometheus range query.
    ///
    /// # Errors
    ///
    /// `invalid_json` and `missing_field` for a text that is not of the format; what is wrong with the
    /// request.
    read_rates(request: ReadRatesRequest) -> Vec<RateSeries> = read_rates(&request)?;

    /// The character of traffic in depth: rates by window, hours and days, bursts, token lengths and
    /// their fits, classes of requests, sessions, shared prefixes, concurrency and growth.
    ///
    /// # Errors
    ///
    /// `empty`, `contradiction` and `invalid_value` at the columns of `trace`; what is out of range in
    /// `options`.
    analyze_trace(request: AnalyzeTraceRequest) -> TraceAnalysis = analyze_trace(&request)?;

    /// The character of request rates that a monitoring system has, where there is no log of requests: by
    /// window, hours and days, and growth; what [`plan_from_traffic`] takes.
    ///
    /// # Errors
    ///
    /// `empty` for a series without a rate above 0; `invalid_value` at `series.values[3]` or for an option
    /// that is out of range.
    analyze_rates(request: AnalyzeRatesRequest) -> RateAnalysis = analyze_rates(&request)?;

    /// A model of traffic that was seen: its rhythm of the day and the week, its bursts at every scale
    /// and its lengths, to be kept, edited and given to [`generate_traffic`].
    ///
    /// # Errors
    ///
    /// As [`analyze_trace`]; for a trace that is too short to tell.
    fit_traffic(request: FitTrafficRequest) -> TrafficModel = fit_traffic(&request)?;

    /// Synthetic traffic of a model, at its own rate or another; the same at every call with one seed.
    ///
    /// # Errors
    ///
    /// What is out of range; `too_large` for too many requests.
    generate_traffic(request: GenerateTrafficRequest) -> Trace = generate_traffic(&request)?;

    /// From traffic that was seen to a plan: the capacity for a percentile with headroom, replicas at
    /// least and at most, thresholds of scaling, and what to reserve.
    ///
    /// # Errors
    ///
    /// What is out of range.
    plan_from_traffic(request: TrafficPlanRequest) -> TrafficPlan = plan_from_traffic(&request)?;

    /// Capacity for a load that grows: load × growth × peak × safety, with every factor.
    ///
    /// # Errors
    ///
    /// What is out of range.
    grown_capacity(request: GrowthRequest) -> GrownCapacity = grown_capacity(&request)?;

    /// Forecasts a series of values at a fixed step: the mean and intervals of the steps to come, by a model
    /// that is chosen and combined unless one is named. Values may be missing; times in seconds since
    /// the Unix epoch, where given, are made regular.
    ///
    /// # Errors
    ///
    /// `empty` for a series without values, `invalid_value` at a value, a time or an option,
    /// `missing_field` at `seasonal_periods` for a model that is made of seasons, `too_large` for a
    /// horizon of over 100,000 steps.
    forecast(values: Vec<Option<f64>>, options: ForecastOptions, times: Vec<f64> = default) -> SeriesForecast =
        options.forecast(with_gaps(values), &times)?.report();

    /// How well a model would have forecast a series, from `folds` earlier origins: sMAPE, MASE, RMSSE,
    /// pinball loss, and coverage and MSIS of intervals, by step.
    ///
    /// # Errors
    ///
    /// As [`forecast`]; `invalid_value` at `folds` or `values` for more than the series has points for.
    backtest(
        values: Vec<Option<f64>>, options: ForecastOptions, folds: usize, settings: BacktestOptions = default,
        times: Vec<f64> = default
    ) -> BacktestReport = tested(values, &options, folds, &settings, &times)?;

    /// Forecasts many series at once, columns in and columns out. A series that can't be forecast has
    /// nulls and its error; the others are answered all the same.
    ///
    /// # Errors
    ///
    /// `invalid_value` at `offsets` that are not in order, `contradiction` for columns of different
    /// lengths; at `horizon`, `levels`, `model` and `seasonal_periods` as [`forecast`]; `too_large` for
    /// more than 50 million numbers in the answer.
    forecast_many(request: ForecastManyRequest) -> ForecastTable = forecast_many(request)?;

    /// Takes a series apart into its trend, a part for each season, and what remains. Times in seconds
    /// since the Unix epoch, where given, are made regular, as [`forecast`] does it.
    ///
    /// # Errors
    ///
    /// `empty` for a series without values, `invalid_value` at a value, a time or an option, and at
    /// `values` for fewer than three, or a season that is not seen twice; `too_large` for over 100,000
    /// points.
    decompose(
        values: Vec<Option<f64>>, options: DecomposeOptions = default, times: Vec<f64> = default
    ) -> Decomposition = decompose(&series(values, &times)?, &options)?;

    /// Which points of a series are out of the ordinary, how far, and the band that was expected of each.
    /// Times in seconds since the Unix epoch, where given, are made regular, as [`forecast`] does it.
    ///
    /// # Errors
    ///
    /// As [`decompose`], but that a season must be seen three times.
    anomalies(
        values: Vec<Option<f64>>, options: AnomalyOptions = default, times: Vec<f64> = default
    ) -> AnomalyReport = anomalies(&series(values, &times)?, &options)?;

    /// Where the level of a series shifted for good. Times in seconds since the Unix epoch, where given,
    /// are made regular, as [`forecast`] does it.
    ///
    /// # Errors
    ///
    /// As [`anomalies`], for up to a million points.
    changepoints(
        values: Vec<Option<f64>>, options: ChangepointOptions = default, times: Vec<f64> = default
    ) -> ChangepointReport = changepoints(&series(values, &times)?, &options)?;

    /// Whether a series rises or falls, how fast, and how sure that is. Times in seconds since the Unix
    /// epoch, where given, are made regular, as [`forecast`] does it; see [`trend`] for readings as they come.
    ///
    /// # Errors
    ///
    /// As [`decompose`], for up to a million points; of fewer than eight nothing is known.
    trend_direction(
        values: Vec<Option<f64>>, options: TrendDirectionOptions = default, times: Vec<f64> = default
    ) -> SeriesTrend = trend_direction(&series(values, &times)?, &options)?;

    /// How long capacity lasts: when the forecast of a load, its mean and a quantile, crosses a share of
    /// the capacity, with an interval on the date, what is needed at the horizon, how urgent it is, and
    /// by when to buy.
    ///
    /// # Errors
    ///
    /// `missing_field` for a series without times; what is out of range; for a series that cannot be
    /// forecast.
    capacity_runway(request: RunwayRequest) -> CapacityRunway = capacity_runway(&request)?;

    /// Whether readings rise or fall, how fast, and whether that is more than chance.
    ///
    /// # Errors
    ///
    /// `contradiction` for columns of different lengths; what is out of range.
    trend(request: TrendRequest) -> Trend = trend(&request)?;

    /// How latencies and errors did against service-level objectives.
    ///
    /// # Errors
    ///
    /// `contradiction` for columns of different lengths; what is out of range.
    slo_compliance(request: SloComplianceRequest) -> SloCompliance = slo_compliance(&request)?;

    /// What is left of an error budget, how fast it burns by several windows, and who to wake.
    ///
    /// # Errors
    ///
    /// `contradiction` for columns of different lengths; what is out of range.
    error_budget(request: ErrorBudgetRequest) -> ErrorBudget = error_budget(&request)?;

    /// What deployments really did against what was predicted: bias by model and GPU, drift, and what
    /// is over- or under-provisioned.
    ///
    /// # Errors
    ///
    /// With the outcome in the path (`outcomes[3].observed`); `unknown_name` for a model or GPU that the
    /// catalog does not have.
    assess_outcomes(request: OutcomesRequest; catalog + rows) -> OutcomeReport =
        assess_outcomes(catalog, &request)?;

    /// The engine calibrated anew to what deployments really did.
    ///
    /// # Errors
    ///
    /// As [`calibrate`], with the outcome in the path.
    recalibrate(request: RecalibrationRequest; catalog + rows) -> Recalibration =
        recalibrate(catalog, &request)?;

    /// What would make a deployment cheaper, and by how much: other sizes, formats, GPUs.
    ///
    /// # Errors
    ///
    /// `unknown_name` for a model or GPU that the catalog does not have; what is wrong with the request.
    savings(request: SavingsRequest; catalog + rows) -> SavingsReport = savings(catalog, &request)?;

    /// Costs that are out of the ordinary, with how sure that is.
    ///
    /// # Errors
    ///
    /// `contradiction` for columns of different lengths; what is out of range.
    cost_anomalies(request: CostAnomalyRequest) -> CostAnomalies = cost_anomalies(&request)?;

    /// The quarterly capacity review: its checklist, filled with figures.
    ///
    /// # Errors
    ///
    /// What is out of range.
    quarterly_review(request: ReviewRequest) -> QuarterlyReview = quarterly_review(&request)?;

    /// Writes a report of a metrics collector as Markdown (unless asked otherwise), JSON, or one HTML
    /// page that needs nothing else.
    ///
    /// # Errors
    ///
    /// What is wrong with the report.
    render_report(report: CapacityReport, format: ReportFormat = default) -> String =
        render_report(&report, format)?;

    /// How a model on a GPU behaves under a load, with 90% prediction intervals, from the data sheet
    /// and the model's configuration alone. What cannot run is no error: its `reason` says why. See
    /// [`estimate_many`] for many at once.
    ///
    /// # Errors
    ///
    /// `unknown_name` for a model or GPU that the catalog does not have; `missing_field` or
    /// `contradiction` for neither or both of `qps` and `concurrency`; what is wrong with the request.
    estimate(request: EstimateRequest; catalog + rows) -> Estimate = estimate(catalog, &request)?;

    /// [`estimate`] for every row of columns; a column may be one value for all rows.
    ///
    /// # Errors
    ///
    /// As [`estimate`], with the row in the path (`qps[17]`); `contradiction` for columns of different
    /// lengths.
    estimate_many(columns: Value; catalog + rows) -> EstimateTable =
        EstimateBatch::read(catalog, columns)?.table()?;

    /// How a fleet behaves under its traffic: percentiles of waiting, time to first token, inter-token
    /// latency and the whole request for lengths as distributions and arrivals with bursts or over the
    /// day, with the narrowest target and the knee of the latency curve. That arrivals are not
    /// sustained is no error: see `prediction.stable`.
    ///
    /// # Errors
    ///
    /// `missing_field` without `arrivals` or `clients`, `does_not_fit` with the arithmetic; what is
    /// wrong with the request.
    predict(request: PredictRequest; catalog + rows) -> FleetPrediction = request.predict(catalog)?;

    /// The highest rate at which every target holds, and which one keeps it from being higher.
    ///
    /// # Errors
    ///
    /// As [`predict`].
    max_rate(request: PredictRequest; catalog + rows) -> FleetMaxRate = request.max_rate(catalog)?;

    /// The smallest number of replicas that meets every target, with those that may be gone on top.
    ///
    /// # Errors
    ///
    /// As [`predict`]; `contradiction` for targets that no number meets.
    replicas_for(request: PredictRequest; catalog + rows) -> FleetSize = request.replicas_for(catalog)?;

    /// What benchmark points and logs of requests say of an engine beyond public measurements: factors
    /// with standard errors, residuals, and `fitted`, to be given to estimates and predictions as
    /// `calibration`. Points, and the requests of a log, may come as columns.
    ///
    /// # Errors
    ///
    /// What is wrong, with the measurement in the path (`deployments[0].points[3].itl_ms`);
    /// `invalid_value` at `deployments` for data that say nothing.
    calibrate(
        deployments: Vec<CalibrateRequest> [measurements], options: CalibrationOptions = default; catalog
    ) -> Calibration = calibrate_requests(catalog, &deployments, &options)?;

    /// The steady state of a queue in closed form: Erlang B and C, M/M/1, M/M/c, with limited room,
    /// M/D/1, M/G/1, Allen–Cunneen, birth–death chains, Little's law.
    ///
    /// # Errors
    ///
    /// `unstable` for more work than can be served; what is out of range.
    queue(request: QueueRequest) -> QueueResult = queue(&request)?;

    /// Whether a model fits a GPU, with how much room for the KV cache, and why not. Without
    /// `tensor_parallel`, on the smallest of 1, 2, 4, 8 GPUs at which it does.
    ///
    /// # Errors
    ///
    /// `unknown_name` for a model or GPU that the catalog does not have; what is wrong with the request.
    memory_plan(request: MemoryRequest; catalog + rows) -> MemoryPlan = plan_memory(catalog, &request)?;

    /// A model from its Hugging Face `config.json`, as text or as what it holds, for a catalog's rows.
    /// Its id is of the caller's choice, such as `me/my-8b`, and its date the day on which it is read.
    ///
    /// # Errors
    ///
    /// `missing_field` or `invalid_value` with the configuration's key.
    model_from_huggingface_config(config: Value, id: String, as_of: Date) -> Model = {
        let config = match config {
            Value::Object(_) => config.to_string(),
            text => read(text, "config")?,
        };
        Model::from_huggingface_config(&config, &id, as_of)?
    };

    /// Whether the catalog is in order on a given day: missing cross-references, prices older than 180
    /// days, benchmarks older than 365, duplicates, figures that cannot be true.
    ///
    /// # Errors
    ///
    /// `invalid_value` for what is no day.
    catalog_health(as_of: Date; catalog) -> HealthReport = catalog.health(as_of);

    /// The model of any of its names, in any case, with or without the organisation.
    ///
    /// # Errors
    ///
    /// `unknown_name`, with the nearest names as suggestions.
    catalog_model(model: String; catalog) -> Model = catalog.model(&model)?.clone();

    /// The GPU of any of its names: `H100`, `h100_sxm`, `NVIDIA-H100-80GB-HBM3`.
    ///
    /// # Errors
    ///
    /// `unknown_name`, with the nearest names as suggestions.
    catalog_gpu(gpu: String; catalog) -> Gpu = catalog.gpu(&gpu)?.clone();
}

fn unknown(function: &str) -> Error {
    Error::unknown_name("function", "function", function, FUNCTIONS.iter().map(|(name, _, _)| *name))
}

/// What is left of the arguments.
struct Arguments<'a>(std::slice::Iter<'a, Value>);

impl<'a> Arguments<'a> {
    fn new(function: &str, arguments: &'a [Value]) -> Result<Self> {
        let Some((_, least, most)) = FUNCTIONS.iter().find(|(name, _, _)| *name == function) else {
            return Err(unknown(function));
        };
        if !(*least..=*most).contains(&arguments.len()) {
            let allowed = if least == most { least.to_string() } else { format!("{least} or {most}") };
            return Err(Error::invalid("arguments", arguments.len(), format!("{allowed} in number")));
        }
        Ok(Self(arguments.iter()))
    }

    /// The next one; nothing where it was left out.
    fn next(&mut self) -> Value {
        self.0.next().cloned().unwrap_or_default()
    }
}

/// An argument, with the paths of its own fields; the items of a list have its name before them.
pub(super) fn read<T: DeserializeOwned>(given: Value, name: &str) -> Result<T> {
    match given {
        Value::Array(_) => wire::read(given, name),
        _ => wire::read_argument(given, name),
    }
}

/// The argument, or its default where it is left out.
pub(super) fn optional<T: DeserializeOwned + Default>(given: Value, name: &str) -> Result<T> {
    if given.is_null() { Ok(T::default()) } else { read(given, name) }
}

fn layered(catalog: &Catalog, rows: Value) -> Result<Catalog> {
    match rows {
        Value::Null => Ok(catalog.clone()),
        Value::Object(_) => catalog.with_rows(read(rows, "rows")?),
        _ => {
            let records: Vec<Benchmark> = read(rows, "benchmarks")?;
            catalog.with_benchmark_records(records)
        }
    }
}

/// Measurements by columns as the rows that they stand for.
fn measurements(mut deployments: Value) -> Result<Value> {
    for (index, deployment) in deployments.as_array_mut().into_iter().flatten().enumerate() {
        let within = |error: Error, path: &str| error.within(&format!("deployments[{index}].{path}"));
        if let Some(points) = deployment.get_mut("points") {
            wire::columns_to_rows(points).map_err(|error| within(error, "points"))?;
        }
        let logs = deployment.get_mut("logs").and_then(Value::as_array_mut);
        for (log, requests) in logs.into_iter().flatten().enumerate() {
            if let Some(requests) = requests.get_mut("requests") {
                let path = format!("logs[{log}].requests");
                wire::columns_to_rows(requests).map_err(|error| within(error, &path))?;
            }
        }
    }
    Ok(deployments)
}
