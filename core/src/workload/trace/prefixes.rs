//! Prefix sharing: how much of the prompts was asked before, so that a prefix cache of sufficient
//! size would have it.

use serde::{Deserialize, Serialize};

use super::columns::PrefixBlocks;
use super::numbers::NumberTable;
use crate::error::{Error, ErrorCode, Result};

/// The most distinct blocks that are remembered.
const MOST_BLOCKS: usize = 20_000_000;
/// How long blocks are kept in the caches that are looked at, in seconds; the last keeps them for ever.
const KEPT_SECONDS: [f64; 4] = [60.0, 600.0, 3600.0, f64::INFINITY];

/// How much of the prompts was asked before. A prompt's share is its leading blocks that an earlier
/// request had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PrefixSharing {
    /// Requests with a known prefix.
    pub requests: u64,
    /// Share of those whose first block an earlier request had.
    pub requests_sharing_fraction: f64,
    /// Share of all prompt tokens that an earlier request had: what a prefix cache without limits
    /// would find.
    pub hit_fraction: f64,
    /// The same for caches that drop a block when it was not asked for so long.
    pub by_age: Vec<PrefixReuse>,
    /// Distinct blocks: the size of a cache without limits.
    pub distinct_blocks: u64,
    /// Tokens of a block.
    pub block_tokens: u32,
}

/// What a cache finds that drops what was not asked for some time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PrefixReuse {
    /// How long a block is kept after it was last asked for, in seconds.
    pub kept_seconds: f64,
    /// Share of all prompt tokens that it finds.
    pub hit_fraction: f64,
}

#[derive(Debug, Clone)]
pub(super) struct PrefixCounter {
    block_tokens: u32,
    /// When each block was last asked for, not a number where never.
    last_ms: NumberTable<f64>,
    distinct: usize,
    requests: u64,
    sharing: u64,
    tokens: u64,
    hits: [u64; KEPT_SECONDS.len()],
}

impl PrefixCounter {
    pub(super) fn new() -> Self {
        Self {
            block_tokens: 0,
            last_ms: NumberTable::new(f64::NAN),
            distinct: 0,
            requests: 0,
            sharing: 0,
            tokens: 0,
            hits: [0; KEPT_SECONDS.len()],
        }
    }

    pub(super) fn add(
        &mut self,
        arrival_ms: &[f64],
        input_tokens: &[u32],
        prefix: &PrefixBlocks,
    ) -> Result<()> {
        if prefix.lengths.is_empty() {
            return Ok(());
        }
        if self.requests > 0 && self.block_tokens != prefix.block_tokens {
            let message = "is not that of the requests before";
            return Err(Error::new(ErrorCode::Contradiction, "prefix.block_tokens", message)
                .given(prefix.block_tokens)
                .allowed(self.block_tokens.to_string()));
        }
        self.block_tokens = prefix.block_tokens;
        let mut rest = prefix.blocks.as_slice();
        for ((arrival, tokens), length) in arrival_ms.iter().zip(input_tokens).zip(&prefix.lengths) {
            let (blocks, later) = rest.split_at_checked(*length as usize).unwrap_or((rest, &[]));
            rest = later;
            self.request(*arrival, *tokens, blocks);
            if self.distinct > MOST_BLOCKS {
                let message = "has too many distinct blocks";
                return Err(Error::new(ErrorCode::TooLarge, "prefix.blocks", message)
                    .allowed(format!("at most {MOST_BLOCKS}")));
            }
        }
        Ok(())
    }

    fn request(&mut self, arrival_ms: f64, tokens: u32, blocks: &[u32]) {
        self.requests += 1;
        self.tokens += u64::from(tokens);
        // Leading blocks found so far in each cache; a cache that lacks one finds none after it.
        let mut found = [0_u64; KEPT_SECONDS.len()];
        let mut open = [true; KEPT_SECONDS.len()];
        for block in blocks {
            let last_ms = self.last_ms.at(*block);
            let age_seconds = (arrival_ms - std::mem::replace(last_ms, arrival_ms)) / 1000.0;
            self.distinct += usize::from(age_seconds.is_nan());
            for ((found, open), kept) in found.iter_mut().zip(&mut open).zip(KEPT_SECONDS) {
                *open = *open && age_seconds <= kept;
                *found += u64::from(*open);
            }
        }
        for (hits, found) in self.hits.iter_mut().zip(found) {
            *hits += (found * u64::from(self.block_tokens)).min(tokens.into());
        }
        self.sharing += u64::from(found.last().is_some_and(|found| *found > 0));
    }

    pub(super) fn sharing(&self) -> Option<PrefixSharing> {
        if self.requests == 0 {
            return None;
        }
        let share = |hits: u64| hits as f64 / self.tokens.max(1) as f64;
        let ages = KEPT_SECONDS.iter().zip(self.hits).filter(|(kept, _)| kept.is_finite());
        Some(PrefixSharing {
            requests: self.requests,
            requests_sharing_fraction: self.sharing as f64 / self.requests as f64,
            hit_fraction: share(self.hits.last().copied().unwrap_or_default()),
            by_age: ages
                .map(|(kept, hits)| PrefixReuse { kept_seconds: *kept, hit_fraction: share(hits) })
                .collect(),
            distinct_blocks: self.distinct as u64,
            block_tokens: self.block_tokens,
        })
    }
}
