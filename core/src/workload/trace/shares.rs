//! Shares of models and tenants.

use std::collections::BTreeMap;

use super::analysis::LabelShare;
use super::columns::{Labels, MOST_LABELS, TraceColumns};
use crate::error::{Error, ErrorCode, Result};

/// How many names an answer lists.
const LISTED: usize = 100;

#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    requests: u64,
    input_tokens: u64,
    output_tokens: u64,
}

/// Requests and tokens by name, over batches with dictionaries of their own.
#[derive(Debug, Clone, Default)]
pub(super) struct ShareCounter {
    known: BTreeMap<String, usize>,
    tallies: Vec<Tally>,
}

impl ShareCounter {
    pub(super) fn add(&mut self, columns: &TraceColumns<'_>, labels: &Labels, path: &str) -> Result<()> {
        if labels.index.is_empty() {
            return Ok(());
        }
        let mut batch = vec![Tally::default(); labels.names.len()];
        let lengths = columns.input_tokens.iter().zip(columns.output_tokens);
        for (index, (input, output)) in labels.index.iter().zip(lengths) {
            if let Some(tally) = batch.get_mut(*index as usize) {
                tally.requests += 1;
                tally.input_tokens += u64::from(*input);
                tally.output_tokens += u64::from(*output);
            }
        }
        for (name, found) in labels.names.iter().zip(batch).filter(|(_, tally)| tally.requests > 0) {
            let next = self.tallies.len();
            let place = *self.known.entry(name.clone()).or_insert(next);
            if place == next {
                self.tallies.push(Tally::default());
            }
            if let Some(tally) = self.tallies.get_mut(place) {
                tally.requests += found.requests;
                tally.input_tokens += found.input_tokens;
                tally.output_tokens += found.output_tokens;
            }
        }
        if self.tallies.len() > MOST_LABELS {
            return Err(Error::new(ErrorCode::TooLarge, format!("{path}.names"), "has too many names")
                .allowed(format!("at most {MOST_LABELS}")));
        }
        Ok(())
    }

    /// The hundred with the most requests, most first.
    pub(super) fn shares(&self) -> Vec<LabelShare> {
        let total: u64 = self.tallies.iter().map(|tally| tally.requests).sum();
        let mut shares: Vec<LabelShare> = self
            .known
            .iter()
            .filter_map(|(name, place)| {
                let tally = self.tallies.get(*place)?;
                let count = tally.requests.max(1) as f64;
                Some(LabelShare {
                    name: name.clone(),
                    requests: tally.requests,
                    fraction: tally.requests as f64 / total.max(1) as f64,
                    input_tokens_mean: tally.input_tokens as f64 / count,
                    output_tokens_mean: tally.output_tokens as f64 / count,
                })
            })
            .collect();
        shares.sort_by_key(|share| std::cmp::Reverse(share.requests));
        shares.truncate(LISTED);
        shares
    }
}
