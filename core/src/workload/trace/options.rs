//! What an analysis is to look at.

use serde::{Deserialize, Serialize};

use super::zone::{LocalClock, UtcOffset};
use crate::error::{Error, ErrorCode, Result};
use crate::units::{check_count, check_range};

/// The most lengths of windows.
const MOST_WINDOWS: usize = 32;
/// The windows and lags that are looked at where none are given.
const USUAL_WINDOWS: [f64; 5] = [1.0, 10.0, 60.0, 300.0, 3600.0];
const USUAL_LAGS: [u32; 6] = [1, 2, 5, 10, 24, 60];
/// The most lags, and the longest.
const MOST_LAGS: usize = 64;
const LONGEST_LAG: u32 = 10_000;
/// The longest window, step and series.
pub(super) const TEN_YEARS_SECONDS: f64 = 315_576_000.0;

/// What an analysis is to look at; the default suits most traces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct TraceOptions {
    /// Lengths of the windows whose rates are told, in seconds, at most 32; those longer than the
    /// trace are left out of the answer. Empty for the usual: a second, ten, a minute, five and an
    /// hour.
    pub windows_seconds: Vec<f64>,
    /// Lags of the autocorrelation, in windows, at most 64; empty for the usual: 1, 2, 5, 10, 24 and
    /// 60.
    pub lags: Vec<u32>,
    /// Time of `arrival_ms` 0 in seconds since the Unix epoch, where the trace does not tell it or
    /// another is meant.
    pub start_seconds: Option<f64>,
    /// Local time less UTC, in minutes, −1,080 to 1,080: hours of the day and days of the week
    /// are local.
    pub utc_offset_minutes: i32,
    /// For a zone whose offset changes (daylight saving), the offsets that held, oldest first, instead
    /// of `utc_offset_minutes`; at most a thousand.
    pub utc_offsets: Vec<UtcOffset>,
    /// Length of the steps of the series of rates in the answer, in seconds; `None` for no series.
    pub series_seconds: Option<f64>,
    /// The most classes that requests are sorted into, 1 to 16; 1 for no clustering.
    pub max_classes: u32,
    /// The most values of each empirical length distribution, 2 to 4,096.
    pub sketch_points: u32,
    /// How long requests take, for concurrency, where the trace has no latencies.
    pub service: Option<ServiceTime>,
}

impl Default for TraceOptions {
    fn default() -> Self {
        Self {
            windows_seconds: Vec::new(),
            lags: Vec::new(),
            start_seconds: None,
            utc_offset_minutes: 0,
            utc_offsets: Vec::new(),
            series_seconds: None,
            max_classes: 8,
            sketch_points: 64,
            service: None,
        }
    }
}

/// How long a request takes: TTFT + ITL × (tokens of the answer − 1).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ServiceTime {
    /// Mean time to first token, in milliseconds.
    pub ttft_ms: f64,
    /// Mean inter-token latency, in milliseconds.
    pub itl_ms: f64,
}

impl TraceOptions {
    /// What the clock on the wall shows.
    pub(super) fn clock(&self) -> Result<LocalClock> {
        LocalClock::new(self.utc_offset_minutes, &self.utc_offsets)
    }

    /// The windows asked for, or the usual.
    pub(super) fn windows(&self) -> &[f64] {
        if self.windows_seconds.is_empty() { &USUAL_WINDOWS } else { &self.windows_seconds }
    }

    /// The lags asked for, or the usual.
    pub(super) fn all_lags(&self) -> &[u32] {
        all_lags(&self.lags)
    }

    /// Checks every value.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a window or step not from a millisecond to ten years, a lag not from 1
    /// to 10,000, or another value out of its range; `too_large` for too many windows, lags or
    /// offsets; `contradiction` for a fixed offset and a list of them.
    pub fn check(&self) -> Result<()> {
        check_windows_and_lags(&self.windows_seconds, &self.lags)?;
        if let Some(start) = self.start_seconds {
            check_start(start)?;
        }
        self.clock()?;
        if let Some(step) = self.series_seconds {
            check_range("series_seconds", step, 1e-3, TEN_YEARS_SECONDS)?;
        }
        check_count("max_classes", self.max_classes.into(), 1, 16)?;
        check_count("sketch_points", self.sketch_points.into(), 2, 4096)?;
        if let Some(service) = &self.service {
            check_range("service.ttft_ms", service.ttft_ms, 0.0, 1e9)?;
            check_range("service.itl_ms", service.itl_ms, 0.0, 1e9)?;
        }
        Ok(())
    }
}

/// Refuses too many windows and lags, and those out of range.
pub(super) fn check_windows_and_lags(windows_seconds: &[f64], lags: &[u32]) -> Result<()> {
    for (path, length, most) in
        [("windows_seconds", windows_seconds.len(), MOST_WINDOWS), ("lags", lags.len(), MOST_LAGS)]
    {
        if length > most {
            return Err(Error::new(ErrorCode::TooLarge, path, "has too many values")
                .given(length)
                .allowed(format!("at most {most}")));
        }
    }
    for (index, window) in windows_seconds.iter().enumerate() {
        check_range(&format!("windows_seconds[{index}]"), *window, 1e-3, TEN_YEARS_SECONDS)?;
    }
    for (index, lag) in lags.iter().enumerate() {
        check_count(&format!("lags[{index}]"), (*lag).into(), 1, LONGEST_LAG.into())?;
    }
    Ok(())
}

/// The lags asked for, or the usual.
pub(super) fn all_lags(lags: &[u32]) -> &[u32] {
    if lags.is_empty() { &USUAL_LAGS } else { lags }
}

/// Refuses a start that is not within 30,000 years of the epoch.
pub(super) fn check_start(start_seconds: f64) -> Result<()> {
    check_range("start_seconds", start_seconds, -1e12, 1e12)
}
