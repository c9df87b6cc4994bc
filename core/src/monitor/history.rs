//! What is kept of a metric's readings: the latest as they came, and all of the retention as
//! roll-ups of equal length. Both are rings of bounded size, so a collector that runs for years
//! takes no more memory than one that ran for a month.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::units::{check_count, check_range};

/// Most readings and most roll-ups that are kept of one metric.
const MOST_KEPT: u64 = 1_000_000;
/// Longest time that roll-ups are kept: about 100 years.
const MOST_RETENTION_SECONDS: f64 = 3.2e9;

/// What is kept of each metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Readings that are kept as they came, 2 to a million. Default: 1,024.
    pub readings: u32,
    /// Length of a roll-up, in seconds, 1 to 86,400. Default: 300.
    pub rollup_seconds: f64,
    /// For how many seconds roll-ups are kept; at most a million roll-ups. Default: 30 days, as in
    /// the capacity planning guide (§1.1).
    pub seconds: f64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { readings: 1024, rollup_seconds: 300.0, seconds: 30.0 * 86_400.0 }
    }
}

impl Retention {
    /// Checks every value.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a value out of its range.
    pub fn check(&self) -> Result<()> {
        check_count("readings", self.readings.into(), 2, MOST_KEPT)?;
        check_range("rollup_seconds", self.rollup_seconds, 1.0, 86_400.0)?;
        check_range("seconds", self.seconds, self.rollup_seconds, MOST_RETENTION_SECONDS)?;
        if self.rollups() > MOST_KEPT as usize {
            let allowed = format!("at most {MOST_KEPT} roll-ups");
            return Err(Error::invalid("seconds", self.seconds, allowed));
        }
        Ok(())
    }

    fn rollups(&self) -> usize {
        (self.seconds / self.rollup_seconds).ceil() as usize + 1
    }
}

/// A reading as it came.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MetricSample {
    /// When, in seconds since the Unix epoch.
    pub at_seconds: f64,
    /// Usage, in the metric's unit.
    pub usage: f64,
    /// What the thresholds are held against: percent of the capacity, or usage itself.
    pub value: f64,
}

/// The readings of one stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MetricRollup {
    /// Which stretch: its start over its length.
    pub index: i64,
    /// Readings in it.
    pub count: u64,
    /// Sum of their usage.
    pub usage_sum: f64,
    /// Sum of what the thresholds are held against.
    pub value_sum: f64,
    /// Least of that.
    pub value_min: f64,
    /// Greatest of that.
    pub value_max: f64,
}

impl MetricRollup {
    /// Mean of what the thresholds are held against.
    #[must_use]
    pub fn value_mean(&self) -> f64 {
        self.value_sum / self.count.max(1) as f64
    }

    /// Mean usage.
    #[must_use]
    pub fn usage_mean(&self) -> f64 {
        self.usage_sum / self.count.max(1) as f64
    }
}

/// Readings of one metric, oldest first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MetricHistory {
    /// The latest readings.
    pub recent: VecDeque<MetricSample>,
    /// Roll-ups of the whole retention; stretches without readings have none.
    pub rollups: VecDeque<MetricRollup>,
}

impl MetricHistory {
    pub(super) fn push(&mut self, sample: MetricSample, retention: &Retention) {
        if self.recent.len() >= retention.readings as usize {
            self.recent.pop_front();
        }
        self.recent.push_back(sample);
        let index = (sample.at_seconds / retention.rollup_seconds).floor() as i64;
        match self.rollups.back_mut() {
            Some(last) if last.index >= index => {
                last.count += 1;
                last.usage_sum += sample.usage;
                last.value_sum += sample.value;
                last.value_min = last.value_min.min(sample.value);
                last.value_max = last.value_max.max(sample.value);
            }
            _ => {
                let kept = retention.rollups() as i64;
                while self.rollups.front().is_some_and(|first| first.index <= index - kept) {
                    self.rollups.pop_front();
                }
                self.rollups.push_back(MetricRollup {
                    index,
                    count: 1,
                    usage_sum: sample.usage,
                    value_sum: sample.value,
                    value_min: sample.value,
                    value_max: sample.value,
                });
            }
        }
    }

    /// The latest reading.
    #[must_use]
    pub fn last(&self) -> Option<&MetricSample> {
        self.recent.back()
    }

    /// Median gap between the latest readings, up to 33 of them; none of fewer than two.
    #[must_use]
    pub fn usual_gap_seconds(&self) -> Option<f64> {
        let times = self.recent.iter().rev().take(33).map(|sample| sample.at_seconds);
        let mut gaps: Vec<f64> =
            times.clone().zip(times.skip(1)).map(|(later, earlier)| later - earlier).collect();
        gaps.sort_by(f64::total_cmp);
        gaps.get(gaps.len() / 2).copied()
    }

    /// The roll-ups that begin at a time or later.
    pub(super) fn since(
        &self,
        from_seconds: f64,
        rollup_seconds: f64,
    ) -> impl Iterator<Item = &MetricRollup> + Clone {
        let from = (from_seconds / rollup_seconds).ceil() as i64;
        let start = self.rollups.partition_point(|rollup| rollup.index < from);
        self.rollups.range(start..)
    }

    /// Checks what was saved: that a history which is loaded could have been recorded.
    pub(super) fn check(&self, retention: &Retention) -> Result<()> {
        let most = retention.readings as usize;
        check_count("recent", self.recent.len() as u64, 1, most as u64)?;
        check_count("rollups", self.rollups.len() as u64, 1, retention.rollups() as u64)?;
        let mut before = f64::NEG_INFINITY;
        for (index, sample) in self.recent.iter().enumerate() {
            let good = sample.at_seconds > before && super::reading::is_time(sample.at_seconds);
            if !good {
                let path = format!("recent[{index}].at_seconds");
                return Err(Error::invalid(path, sample.at_seconds, "ascending times"));
            }
            before = sample.at_seconds;
            for (name, value) in [("usage", sample.usage), ("value", sample.value)] {
                check_range(&format!("recent[{index}].{name}"), value, 0.0, super::reading::MOST_USAGE)?;
            }
        }
        let kept = retention.rollups() as i64;
        let place = |seconds: f64| (seconds / retention.rollup_seconds).floor() as i64;
        let last = place(self.last().map_or(0.0, |sample| sample.at_seconds));
        let mut before = (last - kept).max(-1);
        for (index, rollup) in self.rollups.iter().enumerate() {
            let (count, most) = (rollup.count as f64, super::reading::MOST_USAGE);
            let values =
                [rollup.value_min, rollup.value_max, rollup.value_sum / count, rollup.usage_sum / count];
            let good = rollup.index > before
                && rollup.index <= last
                && values.iter().all(|value| (0.0..=most * (1.0 + 1e-9)).contains(value))
                && rollup.value_min <= rollup.value_max;
            if !good {
                let path = format!("rollups[{index}]");
                return Err(Error::invalid(path, rollup.index, "ascending roll-ups of readings"));
            }
            before = rollup.index;
        }
        if before != last {
            return Err(Error::invalid("rollups", before, format!("up to that of the last reading, {last}")));
        }
        Ok(())
    }
}
