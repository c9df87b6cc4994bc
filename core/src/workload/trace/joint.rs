//! Prompts and answers together: a table of cells that are equally wide in the logarithm of both
//! (16 to a power of two), from which classes are told.

use std::collections::BTreeMap;

use super::histogram::Histogram;

/// Lengths below this have cells of their own.
const EXACT: u32 = 32;
/// Cells of each power of two above.
const PARTS: u32 = 16;
/// Cells up to 2²⁴ tokens, which is more than are accepted.
const CELLS: usize = (EXACT + (24 - 5) * PARTS) as usize;

/// How often each cell of prompt and answer was seen.
#[derive(Debug, Clone)]
pub(super) struct JointLengths {
    counts: Vec<u64>,
}

/// A cell that was seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::workload) struct Cell {
    pub input_tokens: f64,
    pub output_tokens: f64,
    pub count: u64,
}

fn cell_of(tokens: u32) -> usize {
    if tokens < EXACT {
        return tokens as usize;
    }
    let octave = tokens.ilog2() - EXACT.ilog2();
    (EXACT + octave * PARTS + (tokens >> (octave + 1)) - PARTS) as usize
}

fn middle_of(cell: usize) -> f64 {
    let cell = cell as u32;
    if cell < EXACT {
        return f64::from(cell);
    }
    let (octave, part) = ((cell - EXACT) / PARTS, (cell - EXACT) % PARTS);
    let least = u64::from(part + PARTS) << (octave + 1);
    least as f64 + ((2_u64 << octave) - 1) as f64 / 2.0
}

impl JointLengths {
    pub(super) fn new() -> Self {
        Self { counts: vec![0; CELLS * CELLS] }
    }

    pub(super) fn add(&mut self, input_tokens: u32, output_tokens: u32) {
        if let Some(slot) = self.counts.get_mut(cell_of(input_tokens) * CELLS + cell_of(output_tokens)) {
            *slot += 1;
        }
    }

    /// The cells that were seen, by prompt, then by answer.
    pub(super) fn cells(&self) -> Vec<Cell> {
        let seen = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        seen.map(|(place, count)| Cell {
            input_tokens: middle_of(place / CELLS),
            output_tokens: middle_of(place % CELLS),
            count: *count,
        })
        .collect()
    }
}

/// The same table for many sources at once, of which each fills few cells.
#[derive(Debug, Clone, Default)]
pub(in crate::workload) struct SparseLengths {
    counts: BTreeMap<u32, u64>,
}

impl SparseLengths {
    pub(in crate::workload) fn add(&mut self, input_tokens: u32, output_tokens: u32) {
        let place = cell_of(input_tokens) * CELLS + cell_of(output_tokens);
        *self.counts.entry(place as u32).or_insert(0) += 1;
    }

    /// The cells that were seen, by prompt, then by answer.
    pub(in crate::workload) fn cells(&self) -> Vec<Cell> {
        let cell = |(place, count): (&u32, &u64)| Cell {
            input_tokens: middle_of(*place as usize / CELLS),
            output_tokens: middle_of(*place as usize % CELLS),
            count: *count,
        };
        self.counts.iter().map(cell).collect()
    }
}

/// Prompts and answers of some cells, each on its own.
pub(in crate::workload) fn marginals(cells: &[Cell]) -> (Histogram, Histogram) {
    let (mut input, mut output) = (Histogram::default(), Histogram::default());
    for cell in cells {
        input.add_many(cell.input_tokens.round() as u64, cell.count);
        output.add_many(cell.output_tokens.round() as u64, cell.count);
    }
    (input, output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn middles_are_near() {
        for tokens in (0..4000).chain([99_999, 9_999_999, 10_000_000]) {
            let middle = middle_of(cell_of(tokens));
            assert!((middle - f64::from(tokens)).abs() <= f64::from(tokens) / 32.0, "{tokens}: {middle}");
        }
        assert!(cell_of(10_000_000) < CELLS);
    }
}
