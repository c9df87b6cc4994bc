//! Hours of the day and days of the week: requests by local hour, and the rates that they make
//! over the time that was observed.

use serde::{Deserialize, Serialize};

use super::counts::Counts;
use super::zone::LocalClock;
use crate::units::HOUR_SECONDS;

/// Share of the busiest hour's rate that peak hours reach.
const PEAK_SHARE: f64 = 0.8;
/// Rate of peak hours over the mean, at least.
const PEAK_OVER_MEAN: f64 = 1.1;

/// How the rate goes by the local clock. Rates are requests over the time that was observed of an
/// hour, parts of hours at either end of the trace counted; `None` for hours never observed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CalendarPattern {
    /// Mean rate of each of the 24 hours of the day, per second; midnight to one o'clock first.
    pub by_hour_qps: Vec<Option<f64>>,
    /// Mean rate of each of the seven days of the week, per second; Monday first.
    pub by_weekday_qps: Vec<Option<f64>>,
    /// Mean rate of each of the 168 hours of the week, per second; Monday, midnight to one o'clock,
    /// first.
    pub by_hour_of_week_qps: Vec<Option<f64>>,
    /// Hours of the day whose mean rate is at least 80% of that of the busiest hour and 10% above the
    /// mean of all, ascending; empty for flat traffic and for a trace with fewer than 24 whole
    /// hours. (The capacity planning guide for LLM serving compares the means of hours with the
    /// 90th percentile of single readings, which quiet weekends put out of reach.)
    pub peak_hours: Vec<u8>,
    /// Whole local hours in the trace.
    pub whole_hours: u64,
}

/// Requests by local hour.
#[derive(Debug, Clone)]
pub(super) struct HourCounter {
    clock: LocalClock,
    /// Time of `arrival_ms` 0, in seconds since the epoch.
    start_seconds: f64,
    end_ms: f64,
    /// When a local hour began, in seconds since the epoch, and its requests; hours without
    /// requests are left out.
    hours: Vec<(f64, u64)>,
}

/// Time observed and requests of a part of the week.
#[derive(Debug, Clone, Copy, Default)]
struct Observed {
    seconds: f64,
    requests: f64,
}

impl Observed {
    fn rate(self) -> Option<f64> {
        // Less than a minute is no observation of an hour.
        (self.seconds >= 60.0).then(|| self.requests / self.seconds)
    }

    fn add(&mut self, other: Self) {
        self.seconds += other.seconds;
        self.requests += other.requests;
    }
}

/// One local hour that was observed, wholly or in part; an hour in which the clock is changed counts
/// as two, before and after.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hour {
    pub hour: i64,
    /// What was observed of it.
    pub seconds: f64,
    /// What there is of it: an hour, but for changes of the clock.
    pub whole_seconds: f64,
    pub requests: u64,
}

impl HourCounter {
    pub(super) fn new(clock: LocalClock, start_seconds: f64) -> Self {
        Self { clock, start_seconds, end_ms: f64::NEG_INFINITY, hours: Vec::new() }
    }

    pub(super) fn add(&mut self, arrival_ms: &[f64]) {
        let mut within = 0;
        for &arrival in arrival_ms {
            if arrival >= self.end_ms {
                self.flush(within);
                within = 0;
                let hour = self.clock.hour(self.start_seconds + arrival / 1000.0);
                self.end_ms = (hour.to_seconds - self.start_seconds) * 1000.0;
                if self.hours.last().is_none_or(|last| last.0 < hour.from_seconds) {
                    self.hours.push((hour.from_seconds, 0));
                }
            }
            within += 1;
        }
        self.flush(within);
    }

    fn flush(&mut self, within: u64) {
        if let Some(last) = self.hours.last_mut() {
            last.1 += within;
        }
    }

    /// Every local hour from the first arrival to the last, in order; at most those of ten years.
    pub(super) fn observed(&self, first_ms: f64, last_ms: f64) -> Vec<Hour> {
        const TEN_YEARS_HOURS: usize = 87_661 + 2 * 1000;
        let (from, to) = (self.start_seconds + first_ms / 1000.0, self.start_seconds + last_ms / 1000.0);
        let mut counted = self.hours.iter().peekable();
        std::iter::successors(Some(self.clock.hour(from)), |last| Some(self.clock.hour(last.to_seconds)))
            .take_while(|hour| hour.from_seconds <= to)
            .take(TEN_YEARS_HOURS)
            .map(|hour| {
                let of_hour = counted.next_if(|entry| entry.0 <= hour.from_seconds);
                Hour {
                    hour: hour.hour,
                    seconds: (hour.to_seconds.min(to) - hour.from_seconds.max(from)).max(0.0),
                    whole_seconds: hour.to_seconds - hour.from_seconds,
                    requests: of_hour.map_or(0, |entry| entry.1),
                }
            })
            .collect()
    }
}

/// Hour of the week, Monday first: the epoch was a Thursday.
pub(in crate::workload) fn hour_of_week(local_hour: i64) -> usize {
    (local_hour + 72).rem_euclid(168) as usize
}

impl Hour {
    /// Whether all that there is of the hour was observed.
    pub(super) fn is_whole(&self) -> bool {
        self.seconds >= self.whole_seconds - 1e-6
    }
}

pub(super) fn pattern(hours: &[Hour]) -> CalendarPattern {
    let mut week = [Observed::default(); 168];
    let mut counts = Counts::new(&[]);
    for hour in hours {
        if let Some(slot) = week.get_mut(hour_of_week(hour.hour)) {
            slot.add(Observed { seconds: hour.seconds, requests: hour.requests as f64 });
        }
        if hour.is_whole() && hour.whole_seconds >= HOUR_SECONDS - 1e-6 {
            counts.add(hour.requests);
        }
    }
    let (mut day, mut weekdays) = ([Observed::default(); 24], [Observed::default(); 7]);
    for (index, observed) in week.iter().enumerate() {
        let places = day.get_mut(index % 24).into_iter().chain(weekdays.get_mut(index / 24));
        places.for_each(|slot| slot.add(*observed));
    }
    let by_hour_qps: Vec<Option<f64>> = day.iter().map(|observed| observed.rate()).collect();
    let busiest = by_hour_qps.iter().flatten().fold(0.0, |most: f64, rate| most.max(*rate));
    let busy = (PEAK_SHARE * busiest).max(PEAK_OVER_MEAN * counts.mean() / 3600.0);
    let is_peak = |rate: &Option<f64>| rate.is_some_and(|rate| rate >= busy);
    let peak_hours = if counts.windows() < 24 {
        Vec::new()
    } else {
        (0..24_u8).zip(&by_hour_qps).filter(|(_, rate)| is_peak(rate)).map(|(hour, _)| hour).collect()
    };
    CalendarPattern {
        by_hour_qps,
        by_weekday_qps: weekdays.iter().map(|observed| observed.rate()).collect(),
        by_hour_of_week_qps: week.iter().map(|observed| observed.rate()).collect(),
        peak_hours,
        whole_hours: counts.windows(),
    }
}
