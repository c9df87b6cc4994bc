//! One pass over the requests, in batches, with memory that does not grow with their number (but for
//! conversations and prefixes, which are remembered).

use super::Trace;
use super::analysis::{
    ArrivalGaps, Concurrency, ConcurrencySource, RateSeries, TraceAnalysis, WindowConcurrency,
};
use super::calendar::{HourCounter, pattern};
use super::classes::classes;
use super::columns::{RequestStatus, TraceColumns};
use super::growth::growth;
use super::histogram::Histogram;
use super::joint::JointLengths;
use super::lengths::summary;
use super::options::{TraceOptions, check_start};
use super::prefixes::PrefixCounter;
use super::sessions::SessionCounter;
use super::shares::ShareCounter;
use super::windows::{WindowCounter, WindowRates};
use crate::error::{Error, ErrorCode, Result};

/// The most steps of a series.
const MOST_STEPS: usize = 1_000_000;

/// Tells the character of traffic in one pass over batches of columns.
///
/// ```
/// use sizewell::workload::{TraceAnalyzer, TraceColumns, TraceOptions};
/// let mut analyzer = TraceAnalyzer::new(TraceOptions::default())?;
/// for minute in 0..10 {
///     let arrival_ms: Vec<f64> = (0..60).map(|second| f64::from(minute * 60 + second) * 1000.0).collect();
///     let tokens = vec![100; 60];
///     analyzer.add(TraceColumns {
///         arrival_ms: &arrival_ms,
///         input_tokens: &tokens,
///         output_tokens: &tokens,
///         ..TraceColumns::default()
///     })?;
/// }
/// assert_eq!(analyzer.finish()?.requests, 600);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TraceAnalyzer {
    options: TraceOptions,
    requests: u64,
    first_ms: f64,
    last_ms: f64,
    gaps: Gaps,
    windows: Vec<WindowCounter>,
    hours: HourCounter,
    series: Option<Steps>,
    has_status: bool,
    completed: u64,
    input_tokens: u64,
    output_tokens: u64,
    input: Histogram,
    output: Histogram,
    joint: JointLengths,
    latency_ms: f64,
    latencies: u64,
    cached: Option<(u64, u64)>,
    prefix: PrefixCounter,
    sessions: SessionCounter,
    models: ShareCounter,
    tenants: ShareCounter,
}

#[derive(Debug, Clone, Copy, Default)]
struct Gaps {
    squares: f64,
    longest: f64,
}

/// Requests by step of a series.
#[derive(Debug, Clone)]
struct Steps {
    step_ms: f64,
    origin_ms: f64,
    counts: Vec<u64>,
}

impl Steps {
    fn add(&mut self, arrival_ms: &[f64]) -> Result<()> {
        for arrival in arrival_ms {
            let step = ((arrival - self.origin_ms) / self.step_ms).max(0.0) as usize;
            if step >= self.counts.len() {
                if step >= MOST_STEPS {
                    return Err(Error::new(ErrorCode::TooLarge, "series_seconds", "makes too many steps")
                        .given(self.step_ms / 1000.0)
                        .allowed(format!("at most {MOST_STEPS} steps")));
                }
                self.counts.resize(step + 1, 0);
            }
            if let Some(slot) = self.counts.get_mut(step) {
                *slot += 1;
            }
        }
        Ok(())
    }

    /// The whole steps between the first and the last arrival.
    fn series(&self, first_ms: f64, start_seconds: Option<f64>) -> RateSeries {
        let skipped = usize::from(first_ms > self.origin_ms);
        let whole = self.counts.len().saturating_sub(1).saturating_sub(skipped);
        let seconds = self.step_ms / 1000.0;
        let counts = self.counts.iter().skip(skipped).take(whole);
        let begin_ms = self.origin_ms + skipped as f64 * self.step_ms;
        RateSeries {
            start_seconds: start_seconds.map(|start| start + begin_ms / 1000.0),
            step_seconds: seconds,
            values: counts.map(|count| Some(*count as f64 / seconds)).collect(),
            ..RateSeries::default()
        }
    }
}

impl TraceAnalyzer {
    /// An analysis that has seen nothing yet.
    ///
    /// # Errors
    ///
    /// As [`TraceOptions::check`].
    pub fn new(options: TraceOptions) -> Result<Self> {
        options.check()?;
        let start_seconds = options.start_seconds.unwrap_or_default();
        Ok(Self {
            requests: 0,
            first_ms: 0.0,
            last_ms: 0.0,
            gaps: Gaps::default(),
            windows: Vec::new(),
            hours: HourCounter::new(options.clock()?, start_seconds),
            series: None,
            has_status: false,
            completed: 0,
            input_tokens: 0,
            output_tokens: 0,
            input: Histogram::default(),
            output: Histogram::default(),
            joint: JointLengths::new(),
            latency_ms: 0.0,
            latencies: 0,
            cached: None,
            prefix: PrefixCounter::new(),
            sessions: SessionCounter::new(),
            models: ShareCounter::default(),
            tenants: ShareCounter::default(),
            options,
        })
    }

    /// Takes in a batch that comes after those before it.
    ///
    /// # Errors
    ///
    /// `contradiction` for columns of different lengths; `invalid_value` for times that are not
    /// finite, negative, descending (also against the batch before) or beyond ten years, and other
    /// values out of their range: nothing is taken in then. `too_large` for a series of over a
    /// million steps, over twenty million distinct prefix blocks or over a million names, and
    /// `contradiction` for prefix blocks of another size than before: the analysis is of no use
    /// after those.
    pub fn add(&mut self, columns: TraceColumns<'_>) -> Result<()> {
        columns.check(self.last_ms)?;
        let (Some(first), Some(last)) = (columns.arrival_ms.first(), columns.arrival_ms.last()) else {
            return Ok(());
        };
        if self.requests == 0 {
            self.open(*first);
        }
        let mut before = self.last_ms;
        for arrival in columns.arrival_ms {
            let gap = arrival - before;
            self.gaps.squares += gap * gap;
            self.gaps.longest = self.gaps.longest.max(gap);
            before = *arrival;
        }
        self.windows.iter_mut().for_each(|window| window.add(columns.arrival_ms));
        self.hours.add(columns.arrival_ms);
        if let Some(series) = &mut self.series {
            series.add(columns.arrival_ms).map_err(|error| error.within("options"))?;
        }
        self.add_lengths(&columns);
        for latency in columns.latency_ms.iter().filter(|latency| **latency > 0.0) {
            self.latency_ms += latency;
            self.latencies += 1;
        }
        if !columns.cached_tokens.is_empty() {
            let sum = |tokens: &[u32]| tokens.iter().map(|count| u64::from(*count)).sum::<u64>();
            let (cached, asked) = self.cached.unwrap_or_default();
            self.cached = Some((cached + sum(columns.cached_tokens), asked + sum(columns.input_tokens)));
        }
        self.sessions.add(columns.arrival_ms, columns.session);
        if let Some(labels) = columns.model {
            self.models.add(&columns, labels, "model")?;
        }
        if let Some(labels) = columns.tenant {
            self.tenants.add(&columns, labels, "tenant")?;
        }
        if let Some(prefix) = columns.prefix {
            self.prefix.add(columns.arrival_ms, columns.input_tokens, prefix)?;
        }
        self.requests += columns.arrival_ms.len() as u64;
        self.last_ms = *last;
        Ok(())
    }

    /// [`add`](Self::add) for a trace, whose times count from its own start where it has one: that of the
    /// first batch is the analysis', unless its options say another.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add); `contradiction` at `start_seconds` where the batches before had no start;
    /// `invalid_value` for one that is out of range.
    pub fn add_trace(&mut self, mut trace: Trace) -> Result<()> {
        if let Some(own) = trace.start_seconds {
            check_start(own)?;
            match self.options.start_seconds {
                Some(start) => {
                    let shift_ms = (own - start) * 1000.0;
                    trace.arrival_ms.iter_mut().for_each(|arrival| *arrival += shift_ms);
                }
                None if self.requests == 0 => {
                    let options = TraceOptions { start_seconds: Some(own), ..self.options.clone() };
                    let mut fresh = Self::new(options)?;
                    fresh.add(trace.columns())?;
                    *self = fresh;
                    return Ok(());
                }
                None => {
                    let message = "is given, and the batches before had none";
                    return Err(Error::new(ErrorCode::Contradiction, "start_seconds", message).given(own));
                }
            }
        }
        self.add(trace.columns())
    }

    fn open(&mut self, first_ms: f64) {
        (self.first_ms, self.last_ms) = (first_ms, first_ms);
        let counter = |window: &f64| WindowCounter::new(*window, first_ms, self.options.all_lags());
        self.windows = self.options.windows().iter().map(counter).collect();
        self.series = self.options.series_seconds.map(|step| {
            let start = self.options.start_seconds.unwrap_or_default();
            let first_seconds = start + first_ms / 1000.0;
            let origin_seconds = (first_seconds / step).floor() * step;
            Steps { step_ms: step * 1000.0, origin_ms: (origin_seconds - start) * 1000.0, counts: Vec::new() }
        });
    }

    fn add_lengths(&mut self, columns: &TraceColumns<'_>) {
        let lengths = || columns.input_tokens.iter().copied().zip(columns.output_tokens.iter().copied());
        for (input, output) in lengths() {
            self.input_tokens += u64::from(input);
            self.output_tokens += u64::from(output);
        }
        let mut add = |input: u32, output: u32| {
            self.input.add(input.into());
            self.output.add(output.into());
            self.joint.add(input, output);
            self.completed += 1;
        };
        if columns.status.is_empty() {
            lengths().for_each(|(input, output)| add(input, output));
        } else {
            self.has_status = true;
            let completed =
                lengths().zip(columns.status).filter(|(_, status)| **status == RequestStatus::Completed);
            completed.for_each(|((input, output), _)| add(input, output));
        }
    }

    /// Number of requests taken in.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// The character of what was taken in; more may be taken in afterwards.
    ///
    /// # Errors
    ///
    /// `empty` for fewer than two requests; `invalid_value` where they span less than a second.
    pub fn finish(&self) -> Result<TraceAnalysis> {
        if self.requests < 2 {
            return Err(Error::new(ErrorCode::Empty, "arrival_ms", "has fewer than two requests")
                .given(self.requests));
        }
        let span_ms = self.last_ms - self.first_ms;
        if span_ms < 1000.0 {
            let message = "spans too little time for a rate";
            return Err(Error::new(ErrorCode::InvalidValue, "arrival_ms", message)
                .given(format!("{span_ms} ms"))
                .allowed("one second or more"));
        }
        let options = &self.options;
        let duration_seconds = span_ms / 1000.0;
        let gaps = (self.requests - 1) as f64;
        let mean_gap_ms = span_ms / gaps;
        let variance = (self.gaps.squares / gaps - mean_gap_ms * mean_gap_ms).max(0.0);
        let hours = self.hours.observed(self.first_ms, self.last_ms);
        let windows: Vec<WindowRates> = self.windows.iter().filter_map(WindowCounter::rates).collect();
        let mean_qps = gaps / duration_seconds;
        Ok(TraceAnalysis {
            requests: self.requests,
            first_seconds: options.start_seconds.map(|start| start + self.first_ms / 1000.0),
            duration_seconds,
            mean_qps,
            input_tokens_per_second: self.input_tokens as f64 / duration_seconds,
            output_tokens_per_second: self.output_tokens as f64 / duration_seconds,
            completed_fraction: self.has_status.then(|| self.completed as f64 / self.requests as f64),
            gaps: ArrivalGaps {
                mean_seconds: mean_gap_ms / 1000.0,
                max_seconds: self.gaps.longest / 1000.0,
                squared_cv: variance / (mean_gap_ms * mean_gap_ms),
            },
            concurrency: self.concurrency(mean_qps, &windows),
            windows,
            calendar: options.start_seconds.map(|_| pattern(&hours)),
            growth: growth(&hours),
            input: summary(&self.input, options.sketch_points),
            output: summary(&self.output, options.sketch_points),
            classes: classes(&self.joint.cells(), options.max_classes, options.sketch_points),
            cached_fraction: self.cached.map(|(cached, asked)| cached as f64 / asked.max(1) as f64),
            prefix: self.prefix.sharing(),
            sessions: self.sessions.summary(),
            models: self.models.shares(),
            tenants: self.tenants.shares(),
            series: self.series.as_ref().map(|steps| steps.series(self.first_ms, options.start_seconds)),
        })
    }

    fn concurrency(&self, mean_qps: f64, windows: &[WindowRates]) -> Option<Concurrency> {
        let measured = (self.latencies > 0).then(|| self.latency_ms / self.latencies as f64);
        let assumed = self
            .options
            .service
            .map(|service| service.ttft_ms + service.itl_ms * (self.output.mean() - 1.0).max(0.0));
        let seconds = measured.or(assumed)? / 1000.0;
        Some(Concurrency {
            latency_mean_seconds: seconds,
            source: if measured.is_some() { ConcurrencySource::Measured } else { ConcurrencySource::Assumed },
            mean: mean_qps * seconds,
            windows: windows
                .iter()
                .filter(|window| window.window_seconds >= 3.0 * seconds)
                .map(|window| WindowConcurrency {
                    window_seconds: window.window_seconds,
                    p95: window.p95_qps * seconds,
                    max: window.max_qps * seconds,
                })
                .collect(),
        })
    }
}
