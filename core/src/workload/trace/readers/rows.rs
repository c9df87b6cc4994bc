//! Rows become columns: checked, sorted by arrival, names and conversations numbered.

use std::collections::BTreeMap;

use super::{ReadReport, ReadTrace};
use crate::error::{Error, ErrorCode, Result};
use crate::workload::MAX_TOKENS;
use crate::workload::trace::{Labels, PrefixBlocks, RequestStatus, Trace};

/// The most requests of one trace.
const MOST_REQUESTS: usize = 50_000_000;
/// How many errors a report keeps.
const KEPT_ERRORS: usize = 10;
/// Nanoseconds of ten years.
const MOST_SPAN_NS: i128 = 315_576_000_000_000_000;

/// One request as a log has it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row<'a> {
    /// Since the epoch, or since the log's zero.
    pub arrival_ns: i64,
    pub input_tokens: u32,
    pub output_tokens: u32,
    pub latency_ms: Option<f64>,
    /// Taken for not known where more than the prompt has: some count prompts without them.
    pub cached_tokens: Option<u32>,
    pub status: Option<RequestStatus>,
    pub session: Option<&'a str>,
    pub model: Option<&'a str>,
    pub tenant: Option<&'a str>,
    pub blocks: Option<&'a [u32]>,
}

/// Whether the times of a log are since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// Since the Unix epoch: the trace starts with its first request.
    Unix,
    /// Since the log's zero, which stays the trace's.
    Log,
    /// Since some time that means nothing: the trace starts with its first request.
    Unknown,
}

/// A column of names in the making.
#[derive(Debug, Clone, Default)]
struct Names {
    labels: Labels,
    known: BTreeMap<String, u32>,
    given: bool,
}

impl Names {
    fn push(&mut self, name: Option<&str>) {
        self.given |= name.is_some();
        self.labels.push(name.unwrap_or_default(), &mut self.known);
    }
}

/// Rows in the making of a trace.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    lenient: bool,
    pub clock: Clock,
    pub block_tokens: u32,
    pub report: ReadReport,
    arrival_ns: Vec<i64>,
    trace: Trace,
    has: Has,
    sessions: Names,
    models: Names,
    tenants: Names,
}

/// Which of the optional columns any row has had.
#[derive(Debug, Clone, Copy, Default)]
struct Has {
    latency: bool,
    cached: bool,
    status: bool,
    blocks: bool,
}

impl Rows {
    pub(super) fn new(lenient: bool) -> Self {
        Self {
            lenient,
            clock: Clock::Log,
            block_tokens: 0,
            report: ReadReport::default(),
            arrival_ns: Vec::new(),
            trace: Trace::default(),
            has: Has::default(),
            sessions: Names::default(),
            models: Names::default(),
            tenants: Names::default(),
        }
    }

    /// Takes in a row, or what was wrong with it: left out where that is allowed.
    pub(super) fn add(&mut self, row: Result<Row<'_>>) -> Result<()> {
        self.report.rows += 1;
        match row {
            Ok(row) => self.push(&row),
            Err(error) if self.lenient => {
                self.report.skipped += 1;
                if self.report.errors.len() < KEPT_ERRORS {
                    self.report.errors.push(error.report().clone());
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Counts a row that is no request.
    pub(super) fn ignore(&mut self) {
        self.report.rows += 1;
        self.report.ignored += 1;
    }

    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        if self.arrival_ns.len() >= MOST_REQUESTS {
            return Err(Error::new(ErrorCode::TooLarge, "text", "has too many requests")
                .allowed(format!("at most {MOST_REQUESTS}")));
        }
        self.report.out_of_order +=
            u64::from(self.arrival_ns.last().is_some_and(|last| *last > row.arrival_ns));
        self.arrival_ns.push(row.arrival_ns);
        self.trace.input_tokens.push(row.input_tokens);
        self.trace.output_tokens.push(row.output_tokens);
        self.has.latency |= row.latency_ms.is_some();
        self.trace.latency_ms.push(row.latency_ms.unwrap_or_default());
        let cached = row.cached_tokens.filter(|cached| *cached <= row.input_tokens);
        self.has.cached |= cached.is_some();
        self.trace.cached_tokens.push(cached.unwrap_or_default());
        self.has.status |= row.status.is_some();
        self.trace.status.push(row.status.unwrap_or_default());
        self.has.blocks |= row.blocks.is_some();
        let blocks = row.blocks.unwrap_or_default();
        self.trace.prefix.lengths.push(blocks.len() as u32);
        self.trace.prefix.blocks.extend_from_slice(blocks);
        self.sessions.push(row.session);
        self.models.push(row.model);
        self.tenants.push(row.tenant);
        Ok(())
    }

    /// The trace, its times since `start_seconds` where the log's are relative.
    pub(super) fn finish(mut self, start_seconds: Option<f64>) -> Result<ReadTrace> {
        let (Some(first), Some(last)) = (self.arrival_ns.iter().min(), self.arrival_ns.iter().max()) else {
            return Err(Error::new(ErrorCode::Empty, "text", "has no requests")
                .given(format!("{} rows", self.report.rows)));
        };
        let (first, last) = (*first, *last);
        let zero = if self.clock == Clock::Log { 0 } else { first };
        if i128::from(last) - i128::from(zero) > MOST_SPAN_NS {
            return Err(Error::new(ErrorCode::InvalidValue, "text", "spans too long a time")
                .allowed("at most ten years")
                .help("is the unit of its times as expected?"));
        }
        self.trace.arrival_ms = self.arrival_ns.iter().map(|at| (at - zero) as f64 / 1e6).collect();
        self.trace.start_seconds = match self.clock {
            Clock::Unix => Some(first as f64 / 1e9),
            Clock::Log => start_seconds,
            Clock::Unknown => start_seconds,
        };
        if !self.has.latency {
            self.trace.latency_ms = Vec::new();
        }
        if !self.has.cached {
            self.trace.cached_tokens = Vec::new();
        }
        if !self.has.status {
            self.trace.status = Vec::new();
        }
        if self.has.blocks {
            self.trace.prefix.block_tokens = self.block_tokens;
        } else {
            self.trace.prefix = PrefixBlocks::default();
        }
        if self.sessions.given {
            // A request without a conversation is one of its own.
            let mut next = self.sessions.labels.names.len() as u32;
            let nameless = self.sessions.known.get("").copied();
            let number = |index: &u32| {
                if Some(*index) == nameless {
                    next += 1;
                    return next - 1;
                }
                *index
            };
            self.trace.session = self.sessions.labels.index.iter().map(number).collect();
        }
        if self.models.given {
            self.trace.model = self.models.labels;
        }
        if self.tenants.given {
            self.trace.tenant = self.tenants.labels;
        }
        if self.report.out_of_order > 0 {
            sort(&mut self.trace);
        }
        self.report.requests = self.trace.len() as u64;
        Ok(ReadTrace { trace: self.trace, report: self.report })
    }
}

/// Brings the requests into the order of their arrival; those at the same time keep theirs.
fn sort(trace: &mut Trace) {
    let mut order: Vec<u32> = (0..trace.arrival_ms.len() as u32).collect();
    let arrival = |index: &u32| trace.arrival_ms.get(*index as usize).copied().unwrap_or_default();
    order.sort_by(|left, right| arrival(left).total_cmp(&arrival(right)));
    fn arrange<T: Copy>(column: &mut Vec<T>, order: &[u32]) {
        if !column.is_empty() {
            *column = order.iter().filter_map(|index| column.get(*index as usize).copied()).collect();
        }
    }
    let mut ends = Vec::with_capacity(trace.prefix.lengths.len());
    let mut end = 0;
    for length in &trace.prefix.lengths {
        end += *length as usize;
        ends.push(end);
    }
    let blocks = order.iter().flat_map(|index| {
        let place = *index as usize;
        let end = ends.get(place).copied().unwrap_or_default();
        let length = trace.prefix.lengths.get(place).copied().unwrap_or_default() as usize;
        trace.prefix.blocks.get(end - length..end).unwrap_or_default().iter().copied()
    });
    trace.prefix.blocks = blocks.collect();
    arrange(&mut trace.prefix.lengths, &order);
    arrange(&mut trace.arrival_ms, &order);
    arrange(&mut trace.input_tokens, &order);
    arrange(&mut trace.output_tokens, &order);
    arrange(&mut trace.latency_ms, &order);
    arrange(&mut trace.cached_tokens, &order);
    arrange(&mut trace.status, &order);
    arrange(&mut trace.session, &order);
    arrange(&mut trace.model.index, &order);
    arrange(&mut trace.tenant.index, &order);
}

/// A number of tokens from a number of any kind.
pub(super) fn tokens(path: impl Fn() -> String, count: f64) -> Result<u32> {
    if count >= 0.0 && count <= f64::from(MAX_TOKENS) && count.fract() == 0.0 {
        Ok(count as u32)
    } else {
        Err(Error::invalid(path(), count, format!("a whole number from 0 to {MAX_TOKENS}")))
    }
}
