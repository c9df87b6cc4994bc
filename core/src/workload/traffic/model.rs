//! What generated traffic is like.

use serde::{Deserialize, Serialize};

use super::population::{ConversationModel, PrefixModel, TrafficOutcome, TrafficSource, check_sources};
use crate::error::{Error, ErrorCode, Result};
use crate::units::{check_positive, check_range};
use crate::workload::trace::{LocalClock, RequestClassSummary, UtcOffset};
use crate::workload::{MAX_CLASSES, MAX_QPS, MIN_QPS, RequestClass, RequestMix, TokenDistribution};

/// Hours of a week.
pub(super) const WEEK: usize = 168;
/// The most components of a fluctuation.
const MOST_COMPONENTS: usize = 32;

/// The character of traffic, from which traces are drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TrafficModel {
    /// Mean requests per second over a week.
    pub mean_qps: f64,
    /// Rate of each of the 168 hours of the local week over the mean; Monday, midnight to one o'clock,
    /// first. Empty for a rate that does not go by the clock.
    #[serde(default)]
    pub hour_of_week: Vec<f64>,
    /// How the rhythm was told.
    #[serde(default)]
    pub rhythm: RhythmKind,
    /// Local time less UTC, in minutes.
    #[serde(default)]
    pub utc_offset_minutes: i32,
    /// For a zone whose offset changes, the offsets, oldest first, instead of `utc_offset_minutes`; they
    /// must reach over the time that is generated: after the last change the last offset stays.
    #[serde(default)]
    pub utc_offsets: Vec<UtcOffset>,
    /// Fluctuations about the rhythm, at most 32; empty for Poisson arrivals.
    #[serde(default)]
    pub fluctuations: Vec<Fluctuation>,
    /// Kinds of requests, at least one.
    pub classes: Vec<TrafficClass>,
    /// Models and tenants, at most 10,000; empty where they are not told apart. A conversation stays with
    /// one of them.
    #[serde(default)]
    pub sources: Vec<TrafficSource>,
    /// How requests end; empty for all completed. Each ends by chance on its own: failures that come in rows
    /// are not told.
    #[serde(default)]
    pub outcomes: Vec<TrafficOutcome>,
    /// Conversations; `None` for requests that are strangers to each other.
    #[serde(default)]
    pub conversations: Option<ConversationModel>,
    /// What prompts share with earlier ones; `None` where that is not told.
    #[serde(default)]
    pub prefixes: Option<PrefixModel>,
    /// What was noticed when the model was fitted, in sentences.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// How the rhythm of a [`TrafficModel`] was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RhythmKind {
    /// There is none: less than a day was seen, or its time is not known.
    #[default]
    Flat,
    /// From the hours of the day: from a day on.
    HourOfDay,
    /// From the hours of the day and the days of the week: from a week on.
    HourAndWeekday,
    /// From every hour of the week on its own: from two weeks on.
    HourOfWeek,
}

/// One component of how the rate fluctuates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Fluctuation {
    /// How long it lasts: its correlation falls to 1/e in so many seconds.
    pub seconds: f64,
    /// Its part of the variance of the relative rate (rate over its mean); 50 for all together at most.
    pub variance: f64,
}

/// Requests of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TrafficClass {
    /// How often the class comes relative to the others; any positive number.
    pub weight: f64,
    /// Tokens of the prompts.
    pub input: TokenDistribution,
    /// Tokens of the answers.
    pub output: TokenDistribution,
    /// How prompt and answer go together: the correlation of their normal scores, −1 to 1 (a
    /// Gaussian copula).
    #[serde(default)]
    pub correlation: f64,
}

impl TrafficClass {
    /// A class that was seen.
    pub(super) fn of(seen: &RequestClassSummary) -> Self {
        Self {
            weight: seen.fraction,
            input: seen.input.clone(),
            output: seen.output.clone(),
            correlation: seen.correlation,
        }
    }
}

/// Refuses lists that are too long.
pub(super) fn check_count_of(path: &str, length: usize, most: usize) -> Result<()> {
    if length > most {
        return Err(Error::new(ErrorCode::TooLarge, path, "has too many parts")
            .given(length)
            .allowed(format!("at most {most}")));
    }
    Ok(())
}

pub(super) fn check_classes(list: &str, classes: &[TrafficClass]) -> Result<()> {
    check_count_of(list, classes.len(), MAX_CLASSES)?;
    for (index, class) in classes.iter().enumerate() {
        let path = |field: &str| format!("{list}[{index}].{field}");
        check_positive(&path("weight"), class.weight, 1e12)?;
        check_range(&path("correlation"), class.correlation, -1.0, 1.0)?;
        class.input.check().map_err(|error| error.within(&path("input")))?;
        class.output.check().map_err(|error| error.within(&path("output")))?;
    }
    Ok(())
}

impl TrafficModel {
    /// What the clock on the wall shows.
    pub(super) fn clock(&self) -> Result<LocalClock> {
        LocalClock::new(self.utc_offset_minutes, &self.utc_offsets)
    }

    /// Checks every value.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a rate, factor, variance or correlation out of its range, or hours that
    /// are neither none nor 168; `empty` for no classes; `too_large` for too many classes,
    /// components, sources, turns, groups or cells; `missing_field` for conversations without pauses and
    /// shared prefixes without ages; what [`TokenDistribution::check`] finds.
    pub fn check(&self) -> Result<()> {
        check_range("mean_qps", self.mean_qps, MIN_QPS, MAX_QPS)?;
        if ![0, WEEK].contains(&self.hour_of_week.len()) {
            let allowed = "none, or 168 values";
            return Err(Error::invalid("hour_of_week", self.hour_of_week.len(), allowed));
        }
        for (index, factor) in self.hour_of_week.iter().enumerate() {
            check_range(&format!("hour_of_week[{index}]"), *factor, 0.0, 1e6)?;
        }
        self.clock()?;
        check_count_of("fluctuations", self.fluctuations.len(), MOST_COMPONENTS)?;
        for (index, part) in self.fluctuations.iter().enumerate() {
            check_range(&format!("fluctuations[{index}].seconds"), part.seconds, 0.01, 1e8)?;
            check_range(&format!("fluctuations[{index}].variance"), part.variance, 0.0, 50.0)?;
        }
        check_range("fluctuations", self.fluctuations.iter().map(|part| part.variance).sum(), 0.0, 50.0)?;
        if self.classes.is_empty() {
            return Err(Error::new(ErrorCode::Empty, "classes", "has no classes"));
        }
        check_classes("classes", &self.classes)?;
        check_sources(&self.sources)?;
        check_count_of("outcomes", self.outcomes.len(), MOST_COMPONENTS)?;
        for (index, outcome) in self.outcomes.iter().enumerate() {
            outcome.check().map_err(|error| error.within(&format!("outcomes[{index}]")))?;
        }
        if let Some(conversations) = &self.conversations {
            conversations.check().map_err(|error| error.within("conversations"))?;
        }
        self.prefixes.as_ref().map_or(Ok(()), PrefixModel::check).map_err(|error| error.within("prefixes"))
    }

    /// The classes as the mix that queueing works with; within a class, prompts and answers are
    /// independent of one another there.
    #[must_use]
    pub fn mix(&self, prefix_hit_fraction: f64) -> RequestMix {
        let class = |class: &TrafficClass| RequestClass {
            weight: class.weight,
            input: class.input.clone(),
            output: class.output.clone(),
        };
        RequestMix { classes: self.classes.iter().map(class).collect(), prefix_hit_fraction }
    }
}
