//! Conversations: how many requests each has, and how long it pauses between them.

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;
use super::numbers::NumberTable;

/// Conversations of a trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SessionSummary {
    /// Number of conversations.
    pub sessions: u64,
    /// Mean requests of a conversation.
    pub requests_mean: f64,
    /// 95th percentile of the requests of a conversation.
    pub requests_p95: u64,
    /// Mean time between a conversation's request and its next, in seconds; `None` where none has
    /// two.
    pub gap_mean_seconds: Option<f64>,
    /// Median of that time, in seconds, within one part in 1,024.
    pub gap_p50_seconds: Option<f64>,
}

#[derive(Debug, Clone)]
pub(super) struct SessionCounter {
    /// Requests and time of the last of each conversation.
    open: NumberTable<(u32, f64)>,
    gaps_ms: Histogram,
}

impl SessionCounter {
    pub(super) fn new() -> Self {
        Self { open: NumberTable::new((0, 0.0)), gaps_ms: Histogram::default() }
    }

    pub(super) fn add(&mut self, arrival_ms: &[f64], session: &[u32]) {
        for (arrival, session) in arrival_ms.iter().zip(session) {
            let entry = self.open.at(*session);
            if entry.0 > 0 {
                self.gaps_ms.add((arrival - entry.1).max(0.0) as u64);
            }
            *entry = (entry.0.saturating_add(1), *arrival);
        }
    }

    pub(super) fn summary(&self) -> Option<SessionSummary> {
        let mut requests = Histogram::default();
        let seen = self.open.values().filter(|(count, _)| *count > 0);
        seen.for_each(|(count, _)| requests.add((*count).into()));
        let paused = self.gaps_ms.total() > 0;
        (requests.total() > 0).then(|| SessionSummary {
            sessions: requests.total(),
            requests_mean: requests.mean(),
            requests_p95: requests.quantile(0.95),
            gap_mean_seconds: paused.then(|| self.gaps_ms.mean() / 1000.0),
            gap_p50_seconds: paused.then(|| self.gaps_ms.quantile(0.5) as f64 / 1000.0),
        })
    }
}
