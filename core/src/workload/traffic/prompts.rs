//! Prompts as blocks: each begins with blocks of an earlier prompt that was asked for as long ago as the model says.

use std::collections::BTreeMap;

use super::conversations::Times;
use super::draw::Choice;
use super::population::{PrefixCell, PrefixModel};
use crate::error::{Error, ErrorCode, Result};
use crate::units::{Random, ln};
use crate::workload::trace::PrefixBlocks;

/// The most blocks of all prompts together.
const MOST_BLOCKS: usize = 200_000_000;
/// Earlier prompts that are looked at on either side of the wanted age, in each class of lengths.
const NEIGHBOURS: usize = 3;
/// Classes of lengths: powers of two of the blocks.
const POWERS: usize = 25;

/// Cells of one class of lengths.
#[derive(Debug, Clone)]
struct Row {
    choice: Choice,
    cells: Vec<(f64, Times)>,
}

/// Prompts drawn so far.
#[derive(Debug, Clone)]
pub(super) struct Prompts {
    block_tokens: u32,
    openings: BTreeMap<u32, Row>,
    turns: BTreeMap<u32, Row>,
    arrivals_ms: Vec<f64>,
    /// Where each prompt's blocks begin.
    begins: Vec<usize>,
    /// When each block was last asked for.
    asked_ms: Vec<f64>,
    /// Prompts of each source by the power of two of their blocks, in order.
    known: Vec<[Vec<u32>; POWERS]>,
    column: PrefixBlocks,
}

fn rows(cells: &[PrefixCell]) -> BTreeMap<u32, Row> {
    let mut groups: BTreeMap<u32, Vec<&PrefixCell>> = BTreeMap::new();
    for cell in cells {
        groups.entry(cell.prompt_blocks.max(1).ilog2()).or_default().push(cell);
    }
    let row = |cells: Vec<&PrefixCell>| Row {
        choice: Choice::new(cells.iter().map(|cell| cell.weight)),
        cells: cells.iter().map(|cell| (cell.shared_fraction, Times::new(&cell.ages))).collect(),
    };
    groups.into_iter().map(|(power, cells)| (power, row(cells))).collect()
}

impl Prompts {
    pub(super) fn new(model: &PrefixModel) -> Self {
        Self {
            block_tokens: model.block_tokens,
            openings: rows(&model.openings),
            turns: rows(&model.turns),
            arrivals_ms: Vec::new(),
            begins: Vec::new(),
            asked_ms: Vec::new(),
            known: Vec::new(),
            column: PrefixBlocks { block_tokens: model.block_tokens, ..PrefixBlocks::default() },
        }
    }

    /// The column of what was drawn.
    pub(super) fn column(self) -> PrefixBlocks {
        self.column
    }

    /// Adds the prompt of the next request; `last` is the request before it in its conversation.
    pub(super) fn add(
        &mut self,
        arrival_ms: f64,
        input_tokens: u32,
        source: u32,
        (last, goes_on): (Option<u32>, bool),
        random: &mut Random,
    ) -> Result<()> {
        let place = self.arrivals_ms.len() as u32;
        let length = input_tokens.div_ceil(self.block_tokens);
        let at_most = last.map_or(length, |last| length.min(self.length(last)));
        let (shared, age_seconds) = self.wanted(length, at_most, goes_on, random);
        let parent = last.or_else(|| self.parent(arrival_ms, shared, age_seconds, source));
        let first = self.column.blocks.len();
        if first + length as usize > MOST_BLOCKS {
            return Err(Error::new(ErrorCode::TooLarge, "duration_seconds", "makes too many prefix blocks")
                .allowed(format!("at most {MOST_BLOCKS} blocks"))
                .help("generate shorter stretches, or leave out `prefixes` of the model"));
        }
        if let Some(begin) = parent.and_then(|parent| self.begins.get(parent as usize).copied()) {
            self.column.blocks.extend_from_within(begin..begin + shared as usize);
        }
        while self.column.blocks.len() < first + length as usize {
            self.column.blocks.push(self.asked_ms.len() as u32);
            self.asked_ms.push(arrival_ms);
        }
        for block in self.column.blocks.iter().skip(first) {
            if let Some(asked) = self.asked_ms.get_mut(*block as usize) {
                *asked = arrival_ms;
            }
        }
        self.arrivals_ms.push(arrival_ms);
        self.begins.push(first);
        self.column.lengths.push(length);
        if let Some(power) = length.checked_ilog2() {
            let wanted = source as usize + 1;
            if self.known.len() < wanted {
                self.known.resize_with(wanted, Default::default);
            }
            let lists = self.known.get_mut(source as usize);
            if let Some(list) = lists.and_then(|lists| lists.get_mut((power as usize).min(POWERS - 1))) {
                list.push(place);
            }
        }
        Ok(())
    }

    /// Blocks to share of at most so many, and how long ago the last of them was asked for, in seconds.
    fn wanted(&self, length: u32, at_most: u32, goes_on: bool, random: &mut Random) -> (u32, f64) {
        let rows = if goes_on && !self.turns.is_empty() { &self.turns } else { &self.openings };
        let Some(power) = length.checked_ilog2() else { return (0, 0.0) };
        // The nearest class of lengths that is known.
        let above = rows.range(power..).next();
        let below = rows.range(..power).next_back();
        let nearest = match (below, above) {
            (Some(below), Some(above)) if above.0 - power > power - below.0 => Some(below),
            (below, None) => below,
            (_, above) => above,
        };
        let Some((fraction, ages)) =
            nearest.and_then(|(_, row)| row.cells.get(row.choice.at(random.uniform())))
        else {
            return (0, 0.0);
        };
        if *fraction <= 0.0 {
            return (0, 0.0);
        }
        let blocks = (fraction * f64::from(at_most) + random.uniform()).floor() as u32;
        (blocks.max(1).min(at_most), ages.draw(random))
    }

    fn length(&self, place: u32) -> u32 {
        self.column.lengths.get(place as usize).copied().unwrap_or_default()
    }

    /// An earlier prompt with so many blocks, the last of which was asked for about so long ago.
    fn parent(&self, arrival_ms: f64, shared: u32, age_seconds: f64, source: u32) -> Option<u32> {
        let power = shared.checked_ilog2()? as usize;
        let lists = self.known.get(source as usize)?.get(power..)?;
        let wanted_ms = arrival_ms - age_seconds * 1000.0;
        let mut best: Option<(f64, u32)> = None;
        for list in lists {
            let arrived = |place: &u32| self.arrivals_ms.get(*place as usize).copied().unwrap_or_default();
            let middle = list.partition_point(|place| arrived(place) < wanted_ms);
            let from = middle.saturating_sub(NEIGHBOURS);
            for place in list.iter().skip(from).take(2 * NEIGHBOURS) {
                if self.length(*place) < shared {
                    continue;
                }
                let Some(asked) = self.asked(*place, shared) else { continue };
                let miss = ln((arrival_ms - asked + 1000.0) / (age_seconds * 1000.0 + 1000.0)).abs();
                if best.is_none_or(|(least, _)| miss < least) {
                    best = Some((miss, *place));
                }
            }
        }
        best.map(|(_, place)| place)
    }

    /// When the last of the first so many blocks of a prompt was last asked for.
    fn asked(&self, place: u32, blocks: u32) -> Option<f64> {
        let begin = self.begins.get(place as usize)?;
        let block = self.column.blocks.get(begin + (blocks as usize).checked_sub(1)?)?;
        self.asked_ms.get(*block as usize).copied()
    }
}
