//! Mooncake's traces: JSON lines with `timestamp` (milliseconds since the start), `input_length`,
//! `output_length` and `hash_ids`, the prefix in blocks of 512 tokens: equal numbers mean equal
//! tokens up to the end of the block. Source: `FAST25-release/traces` in
//! github.com/kvcache-ai/Mooncake; Qin and others, "Mooncake" (FAST 2025), section 6.

use serde::Deserialize;

use super::rows::{Clock, Row, Rows, tokens};
use super::time::scaled;
use crate::error::{Error, Result};
use crate::wire;

/// Tokens of a block of `hash_ids`.
const BLOCK_TOKENS: u32 = 512;

#[derive(Deserialize)]
struct Line {
    timestamp: f64,
    input_length: f64,
    output_length: f64,
    #[serde(default)]
    hash_ids: Vec<u32>,
}

pub(super) fn read(text: &str, rows: &mut Rows) -> Result<()> {
    (rows.clock, rows.block_tokens) = (Clock::Log, BLOCK_TOKENS);
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let place = format!("line {}", index + 1);
        let read = wire::from_json::<Line>(line, "").map_err(|error| named(error, &place));
        match &read {
            Ok(line) => rows.add(row(line, &place))?,
            Err(error) => rows.add(Err(error.clone()))?,
        }
    }
    Ok(())
}

/// The error with the line before its field.
fn named(error: Error, place: &str) -> Error {
    let path = if error.path().is_empty() { place.to_owned() } else { format!("{place}, {}", error.path()) };
    error.at(path)
}

fn row<'a>(line: &'a Line, place: &str) -> Result<Row<'a>> {
    let path = |field: &str| format!("{place}, {field}");
    let arrival = scaled(line.timestamp, 1e6).filter(|at| *at >= 0);
    Ok(Row {
        arrival_ns: arrival
            .ok_or_else(|| Error::invalid(path("timestamp"), line.timestamp, "milliseconds from 0"))?,
        input_tokens: tokens(|| path("input_length"), line.input_length)?,
        output_tokens: tokens(|| path("output_length"), line.output_length)?,
        blocks: Some(&line.hash_ids),
        ..Row::default()
    })
}
