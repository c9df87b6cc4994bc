//! Prefix sharing: how much of the prompts was asked before, so that a prefix cache of sufficient
//! size would have it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use serde::{Deserialize, Serialize};

use super::columns::PrefixBlocks;
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

/// A hasher of one whole number, the same everywhere: multiplication by 2⁶⁴ over the golden ratio
/// (Knuth, The Art of Computer Programming 3, 6.4), the upper half mixed into the lower.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        let mixed = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

/// A map from numbers, in no order that anything may rest on.
pub(super) type NumberMap<T> = HashMap<u32, T, BuildHasherDefault<NumberHasher>>;

#[derive(Debug, Clone, Default)]
pub(super) struct PrefixCounter {
    block_tokens: u32,
    /// When each block was last asked for.
    last_ms: NumberMap<f64>,
    requests: u64,
    sharing: u64,
    tokens: u64,
    hits: [u64; KEPT_SECONDS.len()],
}

impl PrefixCounter {
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
            if self.last_ms.len() > MOST_BLOCKS {
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
            let before = self.last_ms.insert(*block, arrival_ms);
            let age_seconds = before.map(|before| (arrival_ms - before) / 1000.0);
            for ((found, open), kept) in found.iter_mut().zip(&mut open).zip(KEPT_SECONDS) {
                *open = *open && age_seconds.is_some_and(|age| age <= kept);
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
            distinct_blocks: self.last_ms.len() as u64,
            block_tokens: self.block_tokens,
        })
    }
}
