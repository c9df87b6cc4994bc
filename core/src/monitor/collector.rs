//! The collector: readings in, with bounded memory; status, alerts, trends, forecasts, dashboards
//! and reports out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::history::{MetricHistory, MetricSample, Retention};
use super::level::LevelLatches;
use super::metric::{CapacityUnit, Metric};
use super::reading::{
    MOST_USAGE, Reading, check_capacity, check_each, check_not_after, check_past, check_time, check_usage,
    value_of,
};
use super::threshold::{AlertPolicy, ThresholdBasis, Thresholds};
use super::trend::check_ascending;
use crate::error::{Error, ErrorCode, Result};

/// Most metrics of all services together.
pub const MOST_CHANNELS: usize = 100_000;
const METRICS: usize = Metric::ALL.len();

/// Thresholds of a metric, of all services or of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ThresholdRule {
    /// The metric.
    pub metric: Metric,
    /// The one service that it is for; none for all that have no rule of their own.
    #[serde(default)]
    pub service: Option<String>,
    /// The thresholds.
    pub thresholds: Thresholds,
}

/// How a collector works. Every field has a default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CollectorOptions {
    /// What is kept.
    pub retention: Retention,
    /// When levels change.
    pub policy: AlertPolicy,
    /// Thresholds other than [`Thresholds::default_of`]; of two for the same, the later counts.
    pub thresholds: Vec<ThresholdRule>,
}

impl CollectorOptions {
    /// Checks every value.
    ///
    /// # Errors
    ///
    /// As [`Retention::check`], [`AlertPolicy::check`] and [`Thresholds::check`].
    pub fn check(&self) -> Result<()> {
        self.retention.check().map_err(|error| error.within("retention"))?;
        self.policy.check().map_err(|error| error.within("policy"))?;
        for (index, rule) in self.thresholds.iter().enumerate() {
            let within = |error: Error| error.within(&format!("thresholds[{index}].thresholds"));
            rule.thresholds.check().map_err(within)?;
        }
        Ok(())
    }

    /// The thresholds of a metric of a service.
    #[must_use]
    pub fn thresholds_of(&self, service: &str, metric: Metric) -> Thresholds {
        let rules = || self.thresholds.iter().rev().filter(|rule| rule.metric == metric);
        let own = rules().find(|rule| rule.service.as_deref() == Some(service));
        own.or_else(|| rules().find(|rule| rule.service.is_none()))
            .map_or_else(|| Thresholds::default_of(metric), |rule| rule.thresholds)
    }
}

/// All that is known of one metric of one service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MetricChannel {
    /// The service.
    pub service: String,
    /// The metric.
    pub metric: Metric,
    /// Its unit.
    pub unit: CapacityUnit,
    /// Its capacity; none where it has none.
    pub capacity: Option<f64>,
    /// Of the capacity, what is kept for others.
    pub reserved_capacity: f64,
    /// What capacity can be extended to; none where that is not known.
    pub max_capacity: Option<f64>,
    /// Its thresholds.
    pub thresholds: Thresholds,
    /// Its levels.
    pub latches: LevelLatches,
    /// Its readings.
    pub history: MetricHistory,
}

impl MetricChannel {
    /// Time of the latest reading, in seconds since the Unix epoch.
    pub(super) fn latest_seconds(&self) -> f64 {
        self.history.last().map_or(f64::NEG_INFINITY, |sample| sample.at_seconds)
    }

    fn take(&mut self, sample: MetricSample, options: &CollectorOptions) {
        self.latches.step(sample.at_seconds, sample.value, &self.thresholds, &options.policy);
        self.history.push(sample, &options.retention);
    }
}

/// A column of capacities beside one of usage.
#[derive(Debug, Clone, Copy)]
pub enum Capacities<'a> {
    /// None, or as before.
    Unchanged,
    /// The same for all.
    One(f64),
    /// One for each.
    Each(&'a [f64]),
}

/// Readings of the metrics of many services, with retention, levels that do not flap, and all that
/// can be told from them.
///
/// Time is always given: a reading's own, and the present, which no reading may be after. The
/// readings of a metric come in ascending order of time. Memory is bounded by
/// [`Retention`] and [`MOST_CHANNELS`].
///
/// ```
/// use sizewell::monitor::{Collector, CollectorOptions, AlertLevel, Metric, Reading};
/// let mut collector = Collector::new(CollectorOptions::default())?;
/// let noon = 1_763_640_000.0;
/// collector.record(noon, &Reading::new("chat", Metric::Gpu, 15.4, 16.0))?;
/// let alerts = collector.alerts(noon)?;
/// assert_eq!((alerts[0].level, alerts[0].value), (AlertLevel::Critical, 96.25));
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Collector {
    options: CollectorOptions,
    channels: Vec<MetricChannel>,
    /// Of each service, the places of its metrics in `channels`.
    places: BTreeMap<String, [Option<u32>; METRICS]>,
    /// Time of the latest reading of all.
    latest_seconds: f64,
}

impl Collector {
    /// A collector without readings.
    ///
    /// # Errors
    ///
    /// As [`CollectorOptions::check`].
    pub fn new(options: CollectorOptions) -> Result<Self> {
        options.check()?;
        Ok(Self { options, channels: Vec::new(), places: BTreeMap::new(), latest_seconds: f64::NEG_INFINITY })
    }

    /// How it works.
    #[must_use]
    pub fn options(&self) -> &CollectorOptions {
        &self.options
    }

    /// Names of the services, in order.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// Takes in a reading. Nothing is taken in where there is an error. 100,000 a second and more
    /// on one core.
    ///
    /// # Errors
    ///
    /// `invalid_value` at `at_seconds` for a time that is after the present or not after the
    /// metric's last, at `usage` or a capacity for one out of range or not finite; `missing_field`
    /// at `capacity` where the thresholds are in percent of one and none was ever given;
    /// `contradiction` for a unit that is not the metric's, or another than before;
    /// `too_large` at `service` for over [`MOST_CHANNELS`] metrics.
    pub fn record(&mut self, now_seconds: f64, reading: &Reading) -> Result<()> {
        check_time("now_seconds", now_seconds)?;
        reading.check()?;
        let at_seconds = reading.at_seconds.unwrap_or(now_seconds);
        check_time("at_seconds", at_seconds)?;
        check_not_after("at_seconds", at_seconds, Some(now_seconds))?;
        let existing = self.place(&reading.service, reading.metric);
        let known = existing.and_then(|place| self.channels.get(place));
        let thresholds = match known {
            Some(channel) => channel.thresholds,
            None => self.options.thresholds_of(&reading.service, reading.metric),
        };
        let unit = match (known, reading.unit) {
            (Some(channel), Some(unit)) if unit != channel.unit => {
                let error = Error::new(ErrorCode::Contradiction, "unit", "is another than before");
                return Err(error.given(unit.as_str()).allowed(channel.unit.as_str()));
            }
            (Some(channel), _) => channel.unit,
            (None, given) => reading.metric.unit(given)?,
        };
        if let Some(latest) = known.map(MetricChannel::latest_seconds).filter(|latest| at_seconds <= *latest)
        {
            return Err(not_after("at_seconds", at_seconds, latest));
        }
        let capacity = reading.capacity.or_else(|| known.and_then(|channel| channel.capacity));
        let value = value_of(reading.usage, capacity, thresholds.basis, reading.metric)?;
        let reserved_capacity =
            reading.reserved_capacity.or(known.map(|channel| channel.reserved_capacity)).unwrap_or_default();
        let max_capacity = reading.max_capacity.or(known.and_then(|channel| channel.max_capacity));
        check_around(capacity, reading.reserved_capacity, reading.max_capacity)?;
        let place = match existing {
            Some(place) => place,
            None => self.add(MetricChannel {
                service: reading.service.clone(),
                metric: reading.metric,
                unit,
                capacity,
                reserved_capacity,
                max_capacity,
                thresholds,
                latches: LevelLatches::default(),
                history: MetricHistory::default(),
            })?,
        };
        if let Some(channel) = self.channels.get_mut(place) {
            channel.capacity = capacity;
            channel.reserved_capacity = reserved_capacity;
            channel.max_capacity = max_capacity;
            channel.take(MetricSample { at_seconds, usage: reading.usage, value }, &self.options);
            self.latest_seconds = self.latest_seconds.max(at_seconds);
        }
        Ok(())
    }

    /// Takes in a column of readings of one metric of one service, all of them or none.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record), at `at_seconds[i]`, `usage[i]` and `capacity[i]`;
    /// `contradiction` for columns of different lengths.
    pub fn record_columns(
        &mut self,
        now_seconds: f64,
        service: &str,
        metric: Metric,
        at_seconds: &[f64],
        usage: &[f64],
        capacities: Capacities<'_>,
    ) -> Result<()> {
        for (path, length) in [
            ("usage", usage.len()),
            ("capacity", if let Capacities::Each(each) = capacities { each.len() } else { usage.len() }),
        ] {
            if length != at_seconds.len() {
                let error =
                    Error::new(ErrorCode::Contradiction, path, "has another length than `at_seconds`");
                return Err(error.given(length).allowed(at_seconds.len().to_string()));
            }
        }
        let (Some(first_at), Some(first_usage)) = (at_seconds.first(), usage.first()) else { return Ok(()) };
        let capacity_at = |index: usize| match capacities {
            Capacities::Unchanged => None,
            Capacities::One(capacity) => Some(capacity),
            Capacities::Each(each) => each.get(index).copied(),
        };
        check_time("now_seconds", now_seconds)?;
        let known = self.place(service, metric).and_then(|place| self.channels.get(place));
        let known = known.and_then(|channel| channel.capacity);
        check_ascending("at_seconds", at_seconds)?;
        check_past("at_seconds", at_seconds, Some(now_seconds))?;
        check_each("usage", usage, 0.0, MOST_USAGE)?;
        if let Capacities::Each(each) = capacities {
            check_each("capacity", each, f64::MIN_POSITIVE, MOST_USAGE)?;
        }
        for (index, usage) in usage.iter().enumerate() {
            let Some(capacity) = capacity_at(index).or(known) else { break };
            value_of(*usage, Some(capacity), ThresholdBasis::Utilization, metric)
                .map_err(|error| error.at(format!("capacity[{index}]")))?;
        }
        // The first goes the long way: it makes the channel, and is held against what is there.
        let first = Reading {
            capacity: capacity_at(0),
            ..Reading::signal(service, metric, *first_usage).at(*first_at)
        };
        let indexed = |error: Error| {
            let path = error.path().to_owned();
            if path == "at_seconds" || path == "usage" { error.at(format!("{path}[0]")) } else { error }
        };
        self.record(now_seconds, &first).map_err(indexed)?;
        let place = self.place(service, metric);
        let Some(channel) = place.and_then(|place| self.channels.get_mut(place)) else { return Ok(()) };
        for (index, (at, usage)) in at_seconds.iter().zip(usage).enumerate().skip(1) {
            channel.capacity = capacity_at(index).or(channel.capacity);
            let value = value_of(*usage, channel.capacity, channel.thresholds.basis, metric)?;
            channel.take(MetricSample { at_seconds: *at, usage: *usage, value }, &self.options);
            self.latest_seconds = self.latest_seconds.max(*at);
        }
        Ok(())
    }

    /// Sets thresholds of a metric, of all services that have none of their own or of one. Levels
    /// are held against them from the next reading on.
    ///
    /// # Errors
    ///
    /// As [`Thresholds::check`]; `contradiction` at `basis` when readings on another basis are
    /// there.
    pub fn set_thresholds(&mut self, rule: ThresholdRule) -> Result<()> {
        rule.thresholds.check()?;
        let meant = |channel: &MetricChannel| {
            channel.metric == rule.metric && rule.service.as_ref().is_none_or(|name| *name == channel.service)
        };
        if self.channels.iter().any(|one| meant(one) && one.thresholds.basis != rule.thresholds.basis) {
            let message = "can't change once there are readings";
            return Err(Error::new(ErrorCode::Contradiction, "basis", message));
        }
        self.options.thresholds.retain(|old| old.metric != rule.metric || old.service != rule.service);
        self.options.thresholds.push(rule.clone());
        for channel in &mut self.channels {
            let (metric, service) = (rule.metric, rule.service.as_ref());
            if channel.metric == metric && service.is_none_or(|name| *name == channel.service) {
                channel.thresholds = self.options.thresholds_of(&channel.service, metric);
            }
        }
        Ok(())
    }

    /// Forgets a service; says whether it was known.
    pub fn remove(&mut self, service: &str) -> bool {
        let known = self.places.contains_key(service);
        if known {
            self.channels.retain(|channel| channel.service != service);
            self.index();
            self.latest_seconds =
                self.channels.iter().map(MetricChannel::latest_seconds).fold(f64::NEG_INFINITY, f64::max);
        }
        known
    }

    /// Everything that is known, to be saved and loaded.
    #[must_use]
    pub fn save(&self) -> CollectorState {
        CollectorState { options: self.options.clone(), channels: self.channels.clone() }
    }

    /// What was saved.
    ///
    /// # Errors
    ///
    /// As [`CollectorOptions::check`]; `duplicate` at `channels[i]` for a metric that is there
    /// twice; `invalid_value` for readings that could not have been recorded; `too_large`.
    pub fn load(state: CollectorState) -> Result<Self> {
        state.options.check().map_err(|error| error.within("options"))?;
        let mut collector = Self::new(state.options)?;
        for (index, channel) in state.channels.into_iter().enumerate() {
            let within = |error: Error| error.within(&format!("channels[{index}]"));
            channel.check(&collector.options).map_err(within)?;
            if collector.place(&channel.service, channel.metric).is_some() {
                let error = Error::new(ErrorCode::Duplicate, "", "is there twice");
                return Err(within(error.given(format!("{} {}", channel.service, channel.metric.as_str()))));
            }
            collector.add(channel).map_err(within)?;
        }
        Ok(collector)
    }

    fn place(&self, service: &str, metric: Metric) -> Option<usize> {
        let places = self.places.get(service)?;
        places.get(metric as usize).copied().flatten().map(|place| place as usize)
    }

    fn add(&mut self, channel: MetricChannel) -> Result<usize> {
        let place = self.channels.len();
        self.latest_seconds = self.latest_seconds.max(channel.latest_seconds());
        if place >= MOST_CHANNELS {
            return Err(Error::new(ErrorCode::TooLarge, "service", "is one too many")
                .given(&channel.service)
                .allowed(format!("at most {MOST_CHANNELS} metrics of all services")));
        }
        self.channels.push(channel);
        self.index_one(place);
        Ok(place)
    }

    fn index(&mut self) {
        self.places.clear();
        (0..self.channels.len()).for_each(|place| self.index_one(place));
    }

    fn index_one(&mut self, place: usize) {
        let Some(channel) = self.channels.get(place) else { return };
        let places = self.places.entry(channel.service.clone()).or_insert([None; METRICS]);
        if let Some(slot) = places.get_mut(channel.metric as usize) {
            *slot = Some(place as u32);
        }
    }

    /// The metrics of a service, in the order of [`Metric::ALL`].
    pub(super) fn channels_of(&self, service: &str) -> Result<impl Iterator<Item = &MetricChannel>> {
        let places = self.places.get(service).ok_or_else(|| {
            Error::unknown_name("service", "service", service, self.places.keys().map(String::as_str))
        })?;
        Ok(places.iter().flatten().filter_map(|place| self.channels.get(*place as usize)))
    }

    pub(super) fn channel(&self, service: &str, metric: Metric) -> Result<&MetricChannel> {
        let mut channels = self.channels_of(service)?;
        channels.find(|channel| channel.metric == metric).ok_or_else(|| {
            let known = self.channels_of(service).into_iter().flatten();
            let known: Vec<&str> = known.map(|channel| channel.metric.as_str()).collect();
            Error::unknown_name("metric", "metric of this service", metric.as_str(), Vec::new())
                .allowed(known.join(", "))
        })
    }

    /// Every metric, by service and then in the order of [`Metric::ALL`].
    pub(super) fn all_channels(&self) -> impl Iterator<Item = &MetricChannel> {
        let places = self.places.values().flat_map(|places| places.iter().flatten());
        places.filter_map(|place| self.channels.get(*place as usize))
    }

    /// Refuses a present that some reading is after.
    pub(super) fn check_now(&self, now_seconds: f64) -> Result<()> {
        check_time("now_seconds", now_seconds)?;
        if self.latest_seconds > now_seconds {
            let mut channels = self.channels.iter();
            let ahead = channels.find(|channel| channel.latest_seconds() >= self.latest_seconds);
            let service = ahead.map_or("", |channel| channel.service.as_str());
            let allowed = format!("not before the latest reading, at {}", self.latest_seconds);
            let help = format!("if the clock was wrong when `{service}` was recorded, remove that service");
            return Err(Error::invalid("now_seconds", now_seconds, allowed).help(help));
        }
        Ok(())
    }
}

/// A collector as data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CollectorState {
    /// How it works.
    pub options: CollectorOptions,
    /// Every metric of every service.
    pub channels: Vec<MetricChannel>,
}

impl MetricChannel {
    fn check(&self, options: &CollectorOptions) -> Result<()> {
        Reading::signal(self.service.clone(), self.metric, 0.0).check()?;
        self.metric.unit(Some(self.unit))?;
        self.thresholds.check().map_err(|error| error.within("thresholds"))?;
        self.capacity.map_or(Ok(()), |capacity| check_capacity("capacity", capacity))?;
        value_of(0.0, self.capacity, self.thresholds.basis, self.metric)?;
        check_usage("reserved_capacity", self.reserved_capacity)?;
        self.max_capacity.map_or(Ok(()), |most| check_capacity("max_capacity", most))?;
        self.latches.check().map_err(|error| error.within("latches"))?;
        self.history.check(&options.retention).map_err(|error| error.within("history"))
    }
}

fn check_around(capacity: Option<f64>, reserved: Option<f64>, most: Option<f64>) -> Result<()> {
    let Some(capacity) = capacity else { return Ok(()) };
    if let Some(reserved) = reserved.filter(|reserved| *reserved > capacity) {
        let error = Error::new(ErrorCode::Contradiction, "reserved_capacity", "is more than the capacity");
        return Err(error.given(reserved).allowed(capacity.to_string()));
    }
    if let Some(most) = most.filter(|most| *most < capacity) {
        let error = Error::new(ErrorCode::Contradiction, "max_capacity", "is less than the capacity");
        return Err(error.given(most).allowed(capacity.to_string()));
    }
    Ok(())
}

fn not_after(path: &str, given: f64, before: f64) -> Error {
    Error::invalid(path, given, format!("after the one before, {before}"))
}
