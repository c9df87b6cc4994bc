//! What is kept of a metric's readings: the latest as they came, the last days as roll-ups of equal
//! length, and all of the retention as longer ones. All are rings of bounded size, so a collector
//! that runs for years takes no more memory than one that ran for a month.

use std::collections::VecDeque;
use std::mem::size_of;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::units::{DAY_SECONDS, HOUR_SECONDS, check_count, check_range};

/// Most readings and most roll-ups that are kept of one metric.
const MOST_KEPT: u64 = 1_000_000;
/// Longest time that roll-ups are kept: about 100 years.
const MOST_RETENTION_SECONDS: f64 = 3.2e9;

/// What is kept of each metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Readings that are kept as they came, 2 to a million. Default: 512.
    pub readings: u32,
    /// Length of a roll-up, in seconds, 1 to 86,400. Default: 300.
    pub rollup_seconds: f64,
    /// For how many seconds these are kept; at most a million. Default: 2 days.
    pub fine_seconds: f64,
    /// Length of the longer roll-ups that tell what is older, in seconds, from `rollup_seconds` to
    /// 86,400. Default: 3,600.
    pub coarse_seconds: f64,
    /// For how many seconds those are kept; at most a million. None are made where this is not over
    /// `fine_seconds`. Default: 30 days of hours, as in the capacity planning guide (§1.1).
    pub seconds: f64,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            readings: 512,
            rollup_seconds: 300.0,
            fine_seconds: 2.0 * DAY_SECONDS,
            coarse_seconds: HOUR_SECONDS,
            seconds: 30.0 * DAY_SECONDS,
        }
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
        check_range("rollup_seconds", self.rollup_seconds, 1.0, DAY_SECONDS)?;
        check_range("coarse_seconds", self.coarse_seconds, self.rollup_seconds, DAY_SECONDS)?;
        check_range("fine_seconds", self.fine_seconds, self.rollup_seconds, MOST_RETENTION_SECONDS)?;
        check_range("seconds", self.seconds, self.rollup_seconds, MOST_RETENTION_SECONDS)?;
        let rings =
            [("fine_seconds", self.fine_seconds, self.fine()), ("seconds", self.seconds, self.coarse())];
        for (path, given, ring) in rings {
            if ring.most > MOST_KEPT as usize {
                return Err(Error::invalid(path, given, format!("at most {MOST_KEPT} roll-ups")));
            }
        }
        Ok(())
    }

    /// Most bytes that the readings and roll-ups of one metric take: about 75 thousand by default, so
    /// 0.7 GB for nine metrics of a thousand services.
    #[must_use]
    pub fn bytes_per_metric(&self) -> u64 {
        let rollups = (self.fine().most + self.coarse().most) as u64;
        u64::from(self.readings) * size_of::<MetricSample>() as u64
            + rollups * size_of::<MetricRollup>() as u64
    }

    fn fine(&self) -> RingSize {
        RingSize::new(self.rollup_seconds, self.fine_seconds.min(self.seconds))
    }

    fn coarse(&self) -> RingSize {
        match self.seconds > self.fine_seconds {
            true => RingSize::new(self.coarse_seconds, self.seconds),
            false => RingSize { step_seconds: self.coarse_seconds, most: 0 },
        }
    }
}

/// Length of roll-ups, and how many are kept.
#[derive(Debug, Clone, Copy)]
struct RingSize {
    step_seconds: f64,
    most: usize,
}

impl RingSize {
    fn new(step_seconds: f64, seconds: f64) -> Self {
        Self { step_seconds, most: (seconds / step_seconds).ceil() as usize + 1 }
    }

    fn index(&self, at_seconds: f64) -> i64 {
        (at_seconds / self.step_seconds).floor() as i64
    }
}

/// Roll-ups of one length, oldest first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rollups<'a> {
    pub step_seconds: f64,
    pub ring: &'a VecDeque<MetricRollup>,
}

impl<'a> Rollups<'a> {
    /// Those that begin at a time or later.
    pub fn since(self, from_seconds: f64) -> impl Iterator<Item = &'a MetricRollup> + Clone {
        let from = (from_seconds / self.step_seconds).ceil() as i64;
        self.ring.range(self.ring.partition_point(|rollup| rollup.index < from)..)
    }

    /// When the oldest begins; without any, never.
    fn start_seconds(self) -> f64 {
        self.ring.front().map_or(f64::INFINITY, |first| first.index as f64 * self.step_seconds)
    }
}

/// Makes room for one more without the half of a ring that doubling leaves empty.
fn make_room<T>(ring: &mut VecDeque<T>, most: usize) {
    if ring.len() >= most {
        ring.drain(..=ring.len() - most);
    } else if ring.len() == ring.capacity() {
        ring.reserve_exact((ring.len() / 2).max(8).min(most - ring.len()));
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
    /// Roll-ups of the last days; stretches without readings have none.
    pub rollups: VecDeque<MetricRollup>,
    /// Longer ones of the whole retention.
    #[serde(default)]
    pub coarse: VecDeque<MetricRollup>,
}

impl MetricHistory {
    pub(super) fn push(&mut self, sample: MetricSample, retention: &Retention) {
        make_room(&mut self.recent, retention.readings as usize);
        self.recent.push_back(sample);
        roll_up(&mut self.rollups, sample, retention.fine());
        roll_up(&mut self.coarse, sample, retention.coarse());
    }

    /// The latest reading.
    #[must_use]
    pub fn last(&self) -> Option<&MetricSample> {
        self.recent.back()
    }

    /// Median gap between the latest readings, up to 33 of them; none of fewer than two.
    #[must_use]
    pub fn usual_gap_seconds(&self) -> Option<f64> {
        let times = || self.recent.iter().rev().map(|sample| sample.at_seconds);
        // Every status asks: no allocation.
        let mut gaps = [0.0; 32];
        let mut count = 0;
        for (slot, (later, earlier)) in gaps.iter_mut().zip(times().zip(times().skip(1))) {
            *slot = later - earlier;
            count += 1;
        }
        let gaps = gaps.get_mut(..count).filter(|gaps| !gaps.is_empty())?;
        Some(*gaps.select_nth_unstable_by(count / 2, f64::total_cmp).1)
    }

    /// The shortest roll-ups that go back to a time, or as far as any do.
    pub(super) fn covering(&self, from_seconds: f64, retention: &Retention) -> Rollups<'_> {
        let fine = self.fine(retention);
        let coarse = Rollups { step_seconds: retention.coarse_seconds, ring: &self.coarse };
        // What begins within the oldest of the longer ones has lost nothing beside them.
        let from = from_seconds.max(coarse.start_seconds());
        if fine.start_seconds() < from + coarse.step_seconds || self.coarse.is_empty() {
            fine
        } else {
            coarse
        }
    }

    pub(super) fn fine(&self, retention: &Retention) -> Rollups<'_> {
        Rollups { step_seconds: retention.rollup_seconds, ring: &self.rollups }
    }

    /// Checks what was saved: that a history which is loaded could have been recorded.
    pub(super) fn check(&self, retention: &Retention) -> Result<()> {
        let most = retention.readings as usize;
        check_count("recent", self.recent.len() as u64, 1, most as u64)?;
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
        let last = self.last().map_or(0.0, |sample| sample.at_seconds);
        check_ring("rollups", &self.rollups, retention.fine(), last)?;
        check_ring("coarse", &self.coarse, retention.coarse(), last)
    }
}

/// Takes a reading into the roll-up of its time.
fn roll_up(ring: &mut VecDeque<MetricRollup>, sample: MetricSample, size: RingSize) {
    if size.most == 0 {
        return;
    }
    let index = size.index(sample.at_seconds);
    match ring.back_mut() {
        Some(last) if last.index >= index => {
            last.count += 1;
            last.usage_sum += sample.usage;
            last.value_sum += sample.value;
            last.value_min = last.value_min.min(sample.value);
            last.value_max = last.value_max.max(sample.value);
        }
        _ => {
            let most = size.most as i64;
            while ring.front().is_some_and(|first| first.index <= index - most) {
                ring.pop_front();
            }
            make_room(ring, size.most);
            ring.push_back(MetricRollup {
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

/// Checks that a ring could have been recorded up to a time.
fn check_ring(name: &str, ring: &VecDeque<MetricRollup>, size: RingSize, last_seconds: f64) -> Result<()> {
    check_count(name, ring.len() as u64, u64::from(size.most > 0), size.most as u64)?;
    if size.most == 0 {
        return Ok(());
    }
    let last = size.index(last_seconds);
    let mut before = (last - size.most as i64).max(-1);
    for (index, rollup) in ring.iter().enumerate() {
        let (count, most) = (rollup.count as f64, super::reading::MOST_USAGE);
        let values = [rollup.value_min, rollup.value_max, rollup.value_sum / count, rollup.usage_sum / count];
        let good = rollup.index > before
            && rollup.index <= last
            && values.iter().all(|value| (0.0..=most * (1.0 + 1e-9)).contains(value))
            && rollup.value_min <= rollup.value_max;
        if !good {
            let path = format!("{name}[{index}]");
            return Err(Error::invalid(path, rollup.index, "ascending roll-ups of readings"));
        }
        before = rollup.index;
    }
    if before != last {
        return Err(Error::invalid(name, before, format!("up to that of the last reading, {last}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is allocated is what is said, whatever the rings grew through.
    #[test]
    fn bytes_are_bounded() {
        let retention = Retention {
            readings: 100,
            rollup_seconds: 60.0,
            fine_seconds: 7200.0,
            coarse_seconds: 600.0,
            seconds: DAY_SECONDS,
        };
        let mut history = MetricHistory::default();
        for minute in 0..5000 {
            let at_seconds = 1.76e9 + 60.0 * f64::from(minute);
            history.push(MetricSample { at_seconds, usage: 1.0, value: 1.0 }, &retention);
            let rollups = history.rollups.capacity() + history.coarse.capacity();
            let bytes =
                history.recent.capacity() * size_of::<MetricSample>() + rollups * size_of::<MetricRollup>();
            assert!(bytes as u64 <= retention.bytes_per_metric(), "{minute}: {bytes}");
        }
        assert_eq!((history.recent.len(), history.rollups.len(), history.coarse.len()), (100, 121, 145));
        history.check(&retention).unwrap();
        assert_eq!(Retention::default().bytes_per_metric(), 512 * 24 + (577 + 721) * 48);
    }

    #[test]
    fn the_shortest_rollups_that_go_back_so_far() {
        let retention = Retention::default();
        let mut history = MetricHistory::default();
        let mut push = |hours: std::ops::Range<u32>| {
            for step in hours.start * 12..hours.end * 12 {
                let sample =
                    MetricSample { at_seconds: 1.76e9 + 300.0 * f64::from(step), usage: 1.0, value: 1.0 };
                history.push(sample, &retention);
            }
            let step = |from: f64| history.covering(from, &retention).step_seconds;
            (step(f64::NEG_INFINITY), step(1.76e9 + 3600.0 * f64::from(hours.end - 47)))
        };
        assert_eq!(push(0..47), (300.0, 300.0));
        assert_eq!(push(47..100), (3600.0, 300.0));
    }
}
