//! From what was seen to a model of it.

use serde::{Deserialize, Serialize};

use super::fluctuation;
use super::model::{RhythmKind, TrafficClass, TrafficModel, WEEK};
use super::survey::Survey;
use crate::error::{Error, Result};
use crate::units::DAY_SECONDS;
use crate::workload::trace::{Trace, TraceAnalysis, TraceAnalyzer, TraceColumns, TraceOptions, UtcOffset};
use crate::workload::{MAX_QPS, MIN_QPS};

/// Windows whose dispersion tells fluctuations: two to a decade from a tenth of a second to an hour.
const WINDOWS: [f64; 10] = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3600.0];
/// Values of a length distribution: more than there are cells of the joint table, so that none is
/// merged.
const SKETCH_POINTS: u32 = 512;

/// What [`fit_traffic`] is asked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FitTrafficRequest {
    /// The requests.
    pub trace: Trace,
    /// Time of `arrival_ms` 0 in seconds since the Unix epoch, where the trace does not tell it.
    #[serde(default)]
    pub start_seconds: Option<f64>,
    /// Local time less UTC, in minutes: rhythms go by local hours.
    #[serde(default)]
    pub utc_offset_minutes: i32,
    /// For a zone whose offset changes, the offsets that held, oldest first, instead of
    /// `utc_offset_minutes`.
    #[serde(default)]
    pub utc_offsets: Vec<UtcOffset>,
}

impl TraceOptions {
    /// What a [`TraceAnalyzer`] must look at for [`TrafficModel::from_analysis`].
    #[must_use]
    pub fn for_fit() -> Self {
        Self { windows_seconds: WINDOWS.to_vec(), sketch_points: SKETCH_POINTS, ..Self::default() }
    }
}

/// A model of the traffic that was seen.
///
/// The rhythm is that of every hour of the week for traces of two weeks or more, of hours of the day
/// times days of the week from a week on, of hours of the day from a day on. Bursts come from
/// the dispersion in windows from a tenth of a second to an hour (at least twenty of each), lengths from the
/// classes and what was seen in each. Arrivals more regular than Poisson are generated as Poisson.
///
/// Where the trace has the columns: models and tenants with their shares, the thousand most frequent pairs by
/// name, with lengths of their own where those differ by 5% of the distribution function or more; how requests
/// end; conversations with their requests, pauses and growing prompts; what prompts share, by their length.
///
/// ```
/// use sizewell::workload::Trace;
/// use sizewell::workload::traffic::{FitTrafficRequest, GenerateTrafficRequest, fit_traffic, generate_traffic};
/// let trace = Trace {
///     arrival_ms: (0..600).map(|second| f64::from(second) * 1000.0).collect(),
///     input_tokens: vec![100; 600],
///     output_tokens: vec![10; 600],
///     ..Trace::default()
/// };
/// let model = fit_traffic(&FitTrafficRequest { trace, ..FitTrafficRequest::default() })?;
/// let tenfold = GenerateTrafficRequest { rate_factor: 10.0, ..GenerateTrafficRequest::new(model, 7, 3600.0) };
/// assert!(generate_traffic(&tenfold)?.len() > 30_000);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// As [`TraceAnalyzer::add`] and [`TraceAnalyzer::finish`] under `trace`; `invalid_value` for a start
/// or an offset out of its range, or a trace without a completed request.
pub fn fit_traffic(request: &FitTrafficRequest) -> Result<TrafficModel> {
    let options = TraceOptions {
        start_seconds: request.start_seconds.or(request.trace.start_seconds),
        utc_offset_minutes: request.utc_offset_minutes,
        utc_offsets: request.utc_offsets.clone(),
        ..TraceOptions::for_fit()
    };
    let mut fitter = TrafficFitter::new(options)?;
    fitter.add(request.trace.columns()).map_err(|error| error.within("trace"))?;
    fitter.finish().map_err(|error| error.within("trace"))
}

/// [`fit_traffic`] for traces that are taken in batch by batch; with memory that grows with conversations,
/// sources and prefix blocks, not with requests.
///
/// ```
/// use sizewell::workload::{TraceColumns, TraceOptions};
/// use sizewell::workload::traffic::TrafficFitter;
/// let mut fitter = TrafficFitter::new(TraceOptions::for_fit())?;
/// for minute in 0..10 {
///     let arrival_ms: Vec<f64> = (0..60).map(|second| f64::from(minute * 60 + second) * 1000.0).collect();
///     let tokens = vec![100; 60];
///     fitter.add(TraceColumns {
///         arrival_ms: &arrival_ms,
///         input_tokens: &tokens,
///         output_tokens: &tokens,
///         ..TraceColumns::default()
///     })?;
/// }
/// assert!((fitter.finish()?.mean_qps - 1.0).abs() < 0.01);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TrafficFitter {
    options: TraceOptions,
    analyzer: TraceAnalyzer,
    survey: Survey,
}

impl TrafficFitter {
    /// A fit that has seen nothing yet; options made by [`TraceOptions::for_fit`].
    ///
    /// # Errors
    ///
    /// As [`TraceOptions::check`].
    pub fn new(options: TraceOptions) -> Result<Self> {
        Ok(Self { analyzer: TraceAnalyzer::new(options.clone())?, options, survey: Survey::new() })
    }

    /// Takes in a batch that comes after those before it.
    ///
    /// # Errors
    ///
    /// As [`TraceAnalyzer::add`].
    pub fn add(&mut self, columns: TraceColumns<'_>) -> Result<()> {
        self.analyzer.add(columns)?;
        self.survey.add(&columns);
        Ok(())
    }

    /// The model of what was taken in; more may be taken in afterwards.
    ///
    /// # Errors
    ///
    /// As [`TraceAnalyzer::finish`], and `invalid_value` where no request was completed.
    pub fn finish(&self) -> Result<TrafficModel> {
        let mut model = TrafficModel::from_analysis(&self.analyzer.finish()?, &self.options)?;
        model.sources = self.survey.sources();
        model.outcomes = self.survey.outcomes();
        model.conversations = self.survey.conversations();
        model.prefixes = self.survey.prefixes();
        model.check()?;
        Ok(model)
    }
}

impl TrafficModel {
    /// A model of traffic that was analysed with these options, made by [`TraceOptions::for_fit`]: its
    /// rate and lengths only, since an analysis does not keep the rest.
    ///
    /// # Errors
    ///
    /// `invalid_value` where no request was completed.
    pub fn from_analysis(analysis: &TraceAnalysis, options: &TraceOptions) -> Result<Self> {
        let classes = analysis.classes.as_ref().ok_or_else(|| {
            Error::invalid("status", "no completed request", "at least one completed request")
        })?;
        let (rhythm, rates) = rhythm(analysis);
        let mean_qps = mean(&rates).filter(|mean| *mean > 0.0);
        let (rhythm, hour_of_week) = match mean_qps {
            Some(mean) => (rhythm, rates.iter().map(|rate| rate / mean).collect()),
            None => (RhythmKind::Flat, Vec::new()),
        };
        let squares: Vec<f64> = hour_of_week.iter().map(|factor: &f64| factor * factor).collect();
        let rhythm_variance = mean(&squares).map_or(0.0, |square| (square - 1.0).max(0.0));
        let mut notes = Vec::new();
        if rhythm == RhythmKind::Flat {
            notes.push("a rhythm of the day needs a day or more at known times".to_owned());
        }
        let regular = |excess: f64| excess < 0.5;
        if analysis.windows.iter().take(3).any(|window| regular(window.dispersion)) {
            notes.push("arrivals are more regular than Poisson; they are generated as Poisson".to_owned());
        }
        let model = Self {
            mean_qps: mean_qps.unwrap_or(analysis.mean_qps).clamp(MIN_QPS, MAX_QPS),
            hour_of_week,
            rhythm,
            utc_offset_minutes: options.utc_offset_minutes,
            utc_offsets: options.utc_offsets.clone(),
            fluctuations: fluctuation::fit(&analysis.windows, rhythm_variance),
            classes: classes.classes.iter().map(TrafficClass::of).collect(),
            sources: Vec::new(),
            outcomes: Vec::new(),
            conversations: None,
            prefixes: None,
            notes,
        };
        model.check()?;
        Ok(model)
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Rates of the 168 hours of the week, and how they were told; none where there is no rhythm.
fn rhythm(analysis: &TraceAnalysis) -> (RhythmKind, Vec<f64>) {
    let Some(calendar) = &analysis.calendar else { return (RhythmKind::Flat, Vec::new()) };
    let days = analysis.duration_seconds / DAY_SECONDS;
    let known = |rates: &[Option<f64>]| rates.iter().copied().collect::<Option<Vec<f64>>>();
    let of_week = known(&calendar.by_hour_of_week_qps).filter(|_| days >= 14.0);
    let of_day = known(&calendar.by_hour_qps).filter(|_| days >= 1.0);
    let weekdays = known(&calendar.by_weekday_qps).filter(|_| days >= 7.0);
    let at = |rates: &[f64], place: usize| rates.get(place).copied().unwrap_or_default();
    match (of_week, of_day, weekdays) {
        (Some(rates), _, _) => (RhythmKind::HourOfWeek, rates),
        (None, Some(hours), Some(weekdays)) => {
            let whole = mean(&weekdays).filter(|mean| *mean > 0.0).unwrap_or(1.0);
            let rate = |hour: usize| at(&hours, hour % 24) * at(&weekdays, hour / 24) / whole;
            (RhythmKind::HourAndWeekday, (0..WEEK).map(rate).collect())
        }
        (None, Some(hours), None) => {
            (RhythmKind::HourOfDay, (0..WEEK).map(|hour| at(&hours, hour % 24)).collect())
        }
        _ => (RhythmKind::Flat, Vec::new()),
    }
}
