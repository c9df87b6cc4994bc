//! An engine by its measured iteration times: one table of decoding batches, one of prompts.
//!
//! Between measured points times are interpolated, so that every measured point is met and a time
//! never falls when a batch grows; [`TabulatedEngine`] says how, and what happens beyond them.

mod surface;

use serde::{Deserialize, Serialize};

use super::model::{Batch, EngineLimits, EngineModel, IterationTime, attended_tokens};
use crate::error::{Error, ErrorCode, Result};
use crate::units::check_range;
use surface::{Point, Surface};

/// Most rows of one table.
const MOST_ROWS: usize = 10_000;

/// One measured iteration in which sequences decode, and no prompt is in work.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DecodeRow {
    /// Sequences that decode, one token each: 1 to 1,000,000.
    pub sequences: f64,
    /// Tokens that each has in the KV cache, 0 to 10 million.
    pub context_tokens: f64,
    /// Time of the iteration, in milliseconds.
    pub iteration_ms: f64,
}

/// One measured iteration over a prompt, or a part of one, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PrefillRow {
    /// Tokens of the prompt that are processed: 1 to 10 million.
    pub tokens: f64,
    /// Tokens of the same prompt that are in the KV cache already, 0 to 10 million.
    pub context_tokens: f64,
    /// Time of the iteration, in milliseconds.
    pub iteration_ms: f64,
}

/// An engine by tables of measured iteration times.
///
/// - A batch that decodes has a number of sequences and a total of context; at each measured number
///   the time is linear in the total between measured points, and between numbers it is linear at
///   the same total. (Drafted tokens count as sequences without context.) A prompt has a number of
///   tokens and a total of tokens that they attend to, and is interpolated likewise.
/// - Beyond the greatest measured total, times go on along their last slope, but no further than
///   what more sequences (or tokens) with the same total take. Below the least, they go down along
///   the first slope, to half of the first time at most. Fewer sequences than measured take as long
///   as the fewest; more, the slope between the last two numbers further.
/// - Where a larger batch was measured to be faster than a smaller one, by noise or by a change of
///   kernel, it counts as slow as that: a time never falls when a batch grows.
/// - Prompts and answers in one iteration take the answers' time and what the prompt takes beyond
///   the shortest iteration in either table, which is what any iteration takes; at least the
///   prompt's time.
///
/// Time over answers is told as bandwidth, time over prompts as compute: a table does not say more.
///
/// ```
/// use sizewell::engine::{Batch, DecodeRow, EngineLimits, EngineModel, PrefillRow, TabulatedEngine};
/// let decode = |sequences, context_tokens, iteration_ms| DecodeRow { sequences, context_tokens, iteration_ms };
/// let prefill = |tokens, context_tokens, iteration_ms| PrefillRow { tokens, context_tokens, iteration_ms };
/// let limits = EngineLimits {
///     max_num_seqs: 256,
///     max_num_batched_tokens: 8192,
///     kv_tokens: 400_000,
///     scheduling: Default::default(),
/// };
/// let engine = TabulatedEngine::new(
///     &[decode(1.0, 1000.0, 8.0), decode(1.0, 4000.0, 8.2), decode(64.0, 1000.0, 11.0), decode(64.0, 4000.0, 20.0)],
///     &[prefill(128.0, 0.0, 9.0), prefill(2048.0, 0.0, 60.0)],
///     limits,
///     12.0,
/// )?;
/// assert_eq!(engine.iteration_ms(&Batch::decode(64.0, 2500.0)), 15.5);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TabulatedEngine {
    decode: Surface,
    prefill: Surface,
    /// What any iteration takes.
    shortest_ms: f64,
    limits: EngineLimits,
    request_overhead_ms: f64,
}

impl TabulatedEngine {
    /// An engine from rows in any order; `request_overhead_ms` is the time of a request outside
    /// iterations, in milliseconds, 0 to 10⁹.
    ///
    /// # Errors
    ///
    /// `empty` at `decode` or `prefill` for a table without rows; `too_large` for more than 10,000
    /// rows; `invalid_value` with the row's path (`decode[3].iteration_ms`) for a value out of its
    /// range, and at the table for a single number of sequences or tokens; `duplicate` for a row of
    /// the same batch as another; `contradiction` for one that is less than two thirds as long as
    /// that of a smaller batch, which no kernel explains.
    pub fn new(
        decode: &[DecodeRow],
        prefill: &[PrefillRow],
        limits: EngineLimits,
        request_overhead_ms: f64,
    ) -> Result<Self> {
        check_range("request_overhead_ms", request_overhead_ms, 0.0, 1e9)?;
        let most = f64::from(crate::workload::MAX_TOKENS);
        let of_decode = table("decode", decode, |row| {
            check_range("sequences", row.sequences, 1.0, 1e6)?;
            check_range("context_tokens", row.context_tokens, 0.0, most)?;
            check_time(row.iteration_ms)?;
            let total = row.sequences * row.context_tokens;
            Ok(Point { size: row.sequences, total, ms: row.iteration_ms })
        })?;
        let of_prefill = table("prefill", prefill, |row| {
            check_range("tokens", row.tokens, 1.0, most)?;
            check_range("context_tokens", row.context_tokens, 0.0, most)?;
            check_time(row.iteration_ms)?;
            let total = attended_tokens(row.context_tokens, row.tokens);
            Ok(Point { size: row.tokens, total, ms: row.iteration_ms })
        })?;
        let decodes = decode.iter().map(|row| row.iteration_ms);
        let prefills = prefill.iter().map(|row| row.iteration_ms);
        let shortest_ms = decodes.chain(prefills).fold(f64::INFINITY, f64::min);
        Ok(Self { decode: of_decode, prefill: of_prefill, shortest_ms, limits, request_overhead_ms })
    }
}

fn check_time(iteration_ms: f64) -> Result<()> {
    crate::units::check_positive("iteration_ms", iteration_ms, 1e9)
}

fn table<Row>(path: &str, rows: &[Row], point: impl Fn(&Row) -> Result<Point>) -> Result<Surface> {
    if rows.is_empty() {
        return Err(
            Error::new(ErrorCode::Empty, path, "has no rows").help("measure iterations of several sizes")
        );
    }
    if rows.len() > MOST_ROWS {
        let error = Error::new(ErrorCode::TooLarge, path, "has too many rows").given(rows.len());
        return Err(error.allowed(format!("at most {MOST_ROWS}")));
    }
    let points: Result<Vec<Point>> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| point(row).map_err(|error| error.within(&format!("{path}[{index}]"))))
        .collect();
    Surface::new(path, &points?)
}

impl EngineModel for TabulatedEngine {
    fn iteration(&self, batch: &Batch) -> IterationTime {
        let sequences = batch.decode_sequences.max(batch.decode_tokens);
        let decodes = sequences > 0.0 || batch.decode_context_tokens > 0.0;
        let prompts = batch.prefill_tokens > 0.0 || batch.prefill_attended_tokens > 0.0;
        let answers = if decodes { self.decode.at(sequences, batch.decode_context_tokens) } else { 0.0 };
        let added = if prompts {
            let alone = self.prefill.at(batch.prefill_tokens, batch.prefill_attended_tokens);
            (alone - self.shortest_ms).max(alone - answers).max(0.0)
        } else {
            0.0
        };
        IterationTime { bandwidth_ms: answers, compute_ms: added, ..IterationTime::default() }
    }

    fn limits(&self) -> EngineLimits {
        self.limits
    }

    fn request_overhead_ms(&self) -> f64 {
        self.request_overhead_ms
    }
}
