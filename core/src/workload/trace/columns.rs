//! Columns of requests: what a batch is made of, and what is refused.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Result};
use crate::units::check_count;
use crate::workload::MAX_TOKENS;

/// The longest time that a trace may span, in milliseconds: ten years.
pub(super) const MOST_SPAN_MS: f64 = 10.0 * 365.25 * 86_400_000.0;
/// The longest latency of a request, in milliseconds: ten years.
const MOST_LATENCY_MS: f64 = MOST_SPAN_MS;
/// The most names of models or tenants.
pub(super) const MOST_LABELS: usize = 1_000_000;

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RequestStatus {
    /// It was answered.
    #[default]
    Completed,
    /// It was refused or broke off.
    Failed,
    /// Whoever asked went away, or the log ended before the answer did.
    Cancelled,
}

/// A column of names: each name once, and which of them each request has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Labels {
    /// The names, at most a million.
    pub names: Vec<String>,
    /// Position in `names` of each request's; empty where the log has no such column.
    pub index: Vec<u32>,
}

/// A column of prefixes: for each request the blocks that its prompt begins with. A block's number
/// stands for all tokens up to its end, so two prompts with the same number share that much.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct PrefixBlocks {
    /// Tokens of a block; the last of a prompt may have fewer.
    pub block_tokens: u32,
    /// Number of blocks of each request; empty where the log has no such column.
    pub lengths: Vec<u32>,
    /// The blocks of all requests, one request after the other.
    pub blocks: Vec<u32>,
}

/// A batch of requests in order of arrival, as slices of equal length; those that a log does not
/// have are empty or `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TraceColumns<'a> {
    /// See [`Trace::arrival_ms`](super::Trace::arrival_ms).
    pub arrival_ms: &'a [f64],
    /// Tokens of each prompt.
    pub input_tokens: &'a [u32],
    /// Tokens of each answer.
    pub output_tokens: &'a [u32],
    /// Time from arrival to the last token, in milliseconds; 0 where not known.
    pub latency_ms: &'a [f64],
    /// Tokens of each prompt that were found in a prefix cache.
    pub cached_tokens: &'a [u32],
    /// How each request ended.
    pub status: &'a [RequestStatus],
    /// The conversation that each request belongs to.
    pub session: &'a [u32],
    /// The model that each request asked for.
    pub model: Option<&'a Labels>,
    /// Who sent each request.
    pub tenant: Option<&'a Labels>,
    /// What each prompt begins with.
    pub prefix: Option<&'a PrefixBlocks>,
}

impl TraceColumns<'_> {
    /// Checks lengths and values; arrivals must not be before `earliest_ms`.
    ///
    /// # Errors
    ///
    /// `contradiction` for columns of different lengths; `invalid_value` for times that are not
    /// finite, negative, descending or beyond ten years, more than ten million tokens, more
    /// tokens from a cache than the prompt has, latencies that are negative or not finite, or a position in a dictionary that it does not have.
    pub(super) fn check(&self, earliest_ms: f64) -> Result<()> {
        let requests = self.arrival_ms.len();
        let needed = [("input_tokens", self.input_tokens.len()), ("output_tokens", self.output_tokens.len())];
        let optional = [
            ("latency_ms", self.latency_ms.len()),
            ("cached_tokens", self.cached_tokens.len()),
            ("status", self.status.len()),
            ("session", self.session.len()),
            ("model.index", self.model.map_or(0, |labels| labels.index.len())),
            ("tenant.index", self.tenant.map_or(0, |labels| labels.index.len())),
            ("prefix.lengths", self.prefix.map_or(0, |prefix| prefix.lengths.len())),
        ];
        let of_other_length = needed
            .into_iter()
            .chain(optional.into_iter().filter(|(_, length)| *length > 0))
            .find(|(_, length)| *length != requests);
        if let Some((path, length)) = of_other_length {
            let message = "has another length than `arrival_ms`";
            return Err(Error::new(ErrorCode::Contradiction, path, message)
                .given(length)
                .allowed(requests.to_string()));
        }
        check_arrivals(self.arrival_ms, earliest_ms)?;
        for (path, tokens) in [
            ("input_tokens", self.input_tokens),
            ("output_tokens", self.output_tokens),
            ("cached_tokens", self.cached_tokens),
        ] {
            if let Some(index) = tokens.iter().position(|count| *count > MAX_TOKENS) {
                let count = tokens.get(index).copied().unwrap_or_default();
                check_count(&format!("{path}[{index}]"), count.into(), 0, MAX_TOKENS.into())?;
            }
        }
        let mut both = self.cached_tokens.iter().zip(self.input_tokens);
        if let Some(index) = both.position(|(cached, input)| cached > input) {
            let at = |tokens: &[u32]| tokens.get(index).copied().unwrap_or_default();
            let allowed = format!("at most the prompt's tokens, {}", at(self.input_tokens));
            let path = format!("cached_tokens[{index}]");
            return Err(Error::invalid(path, at(self.cached_tokens), allowed));
        }
        let fits = |latency: &f64| (0.0..=MOST_LATENCY_MS).contains(latency);
        if let Some(index) = self.latency_ms.iter().position(|latency| !fits(latency)) {
            let given = self.latency_ms.get(index).copied().unwrap_or_default();
            return Err(Error::invalid(format!("latency_ms[{index}]"), given, "finite, from 0 to ten years"));
        }
        for (path, labels) in [("model", self.model), ("tenant", self.tenant)] {
            if let Some(labels) = labels {
                labels.check().map_err(|error| error.within(path))?;
            }
        }
        self.prefix.map_or(Ok(()), |prefix| prefix.check().map_err(|error| error.within("prefix")))
    }
}

/// Refuses times that do not ascend from `earliest_ms` to ten years.
pub(super) fn check_arrivals(arrival_ms: &[f64], earliest_ms: f64) -> Result<()> {
    let mut before = earliest_ms;
    for (index, &arrival) in arrival_ms.iter().enumerate() {
        if !(arrival >= before && arrival <= MOST_SPAN_MS) {
            return Err(Error::invalid(
                format!("arrival_ms[{index}]"),
                arrival,
                "finite, ascending, from 0 to ten years",
            ));
        }
        before = arrival;
    }
    Ok(())
}

impl Labels {
    fn check(&self) -> Result<()> {
        if self.names.len() > MOST_LABELS {
            return Err(Error::new(ErrorCode::TooLarge, "names", "has too many names")
                .given(self.names.len())
                .allowed(format!("at most {MOST_LABELS}")));
        }
        let unknown = self.index.iter().position(|index| *index as usize >= self.names.len());
        unknown.map_or(Ok(()), |place| {
            let given = self.index.get(place).copied().unwrap_or_default();
            let allowed = format!("a position in `names`, which has {}", self.names.len());
            Err(Error::invalid(format!("index[{place}]"), given, allowed))
        })
    }

    /// Appends one request's name.
    pub(super) fn push(&mut self, name: &str, known: &mut std::collections::BTreeMap<String, u32>) {
        let index = match known.get(name) {
            Some(index) => *index,
            None => {
                let index = self.names.len() as u32;
                self.names.push(name.to_owned());
                known.insert(name.to_owned(), index);
                index
            }
        };
        self.index.push(index);
    }
}

impl PrefixBlocks {
    fn check(&self) -> Result<()> {
        if self.lengths.is_empty() && self.blocks.is_empty() {
            return Ok(());
        }
        check_count("block_tokens", self.block_tokens.into(), 1, MAX_TOKENS.into())?;
        let listed: u64 = self.lengths.iter().map(|length| u64::from(*length)).sum();
        if listed != self.blocks.len() as u64 {
            return Err(Error::new(ErrorCode::Contradiction, "blocks", "are not as many as `lengths` says")
                .given(self.blocks.len())
                .allowed(listed.to_string()));
        }
        Ok(())
    }
}
