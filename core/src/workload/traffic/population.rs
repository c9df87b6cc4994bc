//! What traffic is like beyond its rate and its lengths: who sends it to which model, how it ends, the
//! conversations that requests belong to, and what their prompts share.

use serde::{Deserialize, Serialize};

use super::model::{TrafficClass, check_classes, check_count_of};
use crate::error::{Error, Result};
use crate::units::{check_count, check_positive, check_range, check_text};
use crate::workload::MAX_TOKENS;
use crate::workload::trace::RequestStatus;

/// The most sources, and the most turns, groups of times and cells.
const MOST_SOURCES: usize = 10_000;
const MOST_TURNS: usize = 1000;
const MOST_GROUPS: usize = 1000;
const MOST_CELLS: usize = 10_000;
/// The longest pause or age, in seconds: ten years.
const MOST_SECONDS: f64 = 315_576_000.0;

/// Requests for one model by one tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TrafficSource {
    /// The model that is asked for; `None` where models are not told apart.
    #[serde(default)]
    pub model: Option<String>,
    /// Who asks; `None` where tenants are not told apart.
    #[serde(default)]
    pub tenant: Option<String>,
    /// How often its requests come relative to those of the others; any positive number.
    pub weight: f64,
    /// Its own kinds of requests; empty for those of all traffic.
    #[serde(default)]
    pub classes: Vec<TrafficClass>,
}

/// One way in which requests end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TrafficOutcome {
    /// How they end.
    pub status: RequestStatus,
    /// How often, relative to the other ways; any positive number.
    pub weight: f64,
    /// Tokens of the answer over those that a completed request would have, 0 to 1: 0 for requests
    /// that are refused at once.
    pub answer_fraction: f64,
}

/// A span of times and how often it is met; within it, all times are alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TimeGroup {
    /// The shortest, in seconds.
    pub from_seconds: f64,
    /// The longest, in seconds.
    pub to_seconds: f64,
    /// How often, relative to the other groups; any positive number.
    pub weight: f64,
}

/// Conversations: requests of one session, each with what was said before in its prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConversationModel {
    /// Share of the conversations that go on after the first request, of those the share that go on after the
    /// second, and so on, each 0 to 0.9999; the last holds for all later ones. 1 to 1,000 values: `[0.5]` for
    /// two requests on average.
    pub continues: Vec<f64>,
    /// Time from a request to the next of its conversation, answer and thought together.
    pub pauses: Vec<TimeGroup>,
    /// How long prompts are at the first request, the second, and so on, as mean normal scores among all
    /// prompts of their source: 0.5 is half a standard deviation above the middle. The last holds for all later
    /// ones; empty for prompts that do not grow.
    #[serde(default)]
    pub input_scores: Vec<f64>,
    /// Correlation of the normal scores of a prompt and the next of its conversation, apart from that
    /// growth, −0.999 to 0.999.
    #[serde(default)]
    pub input_correlation: f64,
}

/// What prompts begin with that was asked before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PrefixModel {
    /// Tokens of a block.
    pub block_tokens: u32,
    /// The first requests of conversations, and requests that belong to none.
    pub openings: Vec<PrefixCell>,
    /// Later requests of conversations, which share with the request before them; empty for as
    /// `openings`.
    #[serde(default)]
    pub turns: Vec<PrefixCell>,
}

/// Prompts of a length that share a part with an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PrefixCell {
    /// Blocks of the prompt: this many or more, fewer than twice as many.
    pub prompt_blocks: u32,
    /// Share of the prompt's blocks that was asked before, 0 to 1; for later requests of conversations, of the
    /// blocks of the shorter of this prompt and the one before it.
    pub shared_fraction: f64,
    /// How often, relative to the other cells; any positive number.
    pub weight: f64,
    /// How long ago the last of the shared blocks was asked for before; none for a cell that shares
    /// nothing.
    #[serde(default)]
    pub ages: Vec<TimeGroup>,
}

impl TrafficSource {
    pub(super) fn check(&self) -> Result<()> {
        for (path, name) in [("model", &self.model), ("tenant", &self.tenant)] {
            name.as_ref().map_or(Ok(()), |name| check_text(path, name, 10_000))?;
        }
        check_positive("weight", self.weight, 1e15)?;
        check_classes("classes", &self.classes)
    }
}

impl TrafficOutcome {
    pub(super) fn check(&self) -> Result<()> {
        check_positive("weight", self.weight, 1e15)?;
        check_range("answer_fraction", self.answer_fraction, 0.0, 1.0)
    }
}

fn check_times(path: &str, groups: &[TimeGroup]) -> Result<()> {
    check_count_of(path, groups.len(), MOST_GROUPS)?;
    for (index, group) in groups.iter().enumerate() {
        let path = |field: &str| format!("{path}[{index}].{field}");
        check_range(&path("from_seconds"), group.from_seconds, 0.0, MOST_SECONDS)?;
        check_range(&path("to_seconds"), group.to_seconds, group.from_seconds, MOST_SECONDS)?;
        check_positive(&path("weight"), group.weight, 1e15)?;
    }
    Ok(())
}

impl ConversationModel {
    pub(super) fn check(&self) -> Result<()> {
        check_count("continues", self.continues.len() as u64, 1, MOST_TURNS as u64)?;
        for (index, share) in self.continues.iter().enumerate() {
            check_range(&format!("continues[{index}]"), *share, 0.0, 0.9999)?;
        }
        check_times("pauses", &self.pauses)?;
        if self.pauses.is_empty() && self.continues.first().is_some_and(|share| *share > 0.0) {
            return Err(Error::missing("pauses", "conversations that go on pause between their requests"));
        }
        check_count_of("input_scores", self.input_scores.len(), MOST_TURNS)?;
        for (index, score) in self.input_scores.iter().enumerate() {
            check_range(&format!("input_scores[{index}]"), *score, -10.0, 10.0)?;
        }
        check_range("input_correlation", self.input_correlation, -0.999, 0.999)
    }

    /// Share of the conversations that reach each request, the first first, until fewer than one in a billion.
    pub(super) fn reach(&self) -> Vec<f64> {
        const MOST: usize = 250_000;
        let last = self.continues.last().copied().unwrap_or_default();
        let shares = self.continues.iter().copied().chain(std::iter::repeat(last));
        std::iter::once(1.0)
            .chain(shares.scan(1.0, |reached, share| {
                *reached *= share;
                Some(*reached)
            }))
            .take_while(|reached| *reached > 1e-9)
            .take(MOST)
            .collect()
    }
}

impl PrefixModel {
    pub(super) fn check(&self) -> Result<()> {
        check_count("block_tokens", self.block_tokens.into(), 1, MAX_TOKENS.into())?;
        check_count("openings", self.openings.len() as u64, 1, MOST_CELLS as u64)?;
        check_count_of("turns", self.turns.len(), MOST_CELLS)?;
        for (list, cells) in [("openings", &self.openings), ("turns", &self.turns)] {
            for (index, cell) in cells.iter().enumerate() {
                let path = |field: &str| format!("{list}[{index}].{field}");
                check_count(&path("prompt_blocks"), cell.prompt_blocks.into(), 1, MAX_TOKENS.into())?;
                check_range(&path("shared_fraction"), cell.shared_fraction, 0.0, 1.0)?;
                check_positive(&path("weight"), cell.weight, 1e15)?;
                check_times(&path("ages"), &cell.ages)?;
                if cell.shared_fraction > 0.0 && cell.ages.is_empty() {
                    return Err(Error::missing(path("ages"), "what is shared was asked for at some time"));
                }
            }
        }
        Ok(())
    }
}

pub(super) fn check_sources(sources: &[TrafficSource]) -> Result<()> {
    check_count_of("sources", sources.len(), MOST_SOURCES)?;
    for (index, source) in sources.iter().enumerate() {
        source.check().map_err(|error| error.within(&format!("sources[{index}]")))?;
    }
    Ok(())
}
