//! The bundled production trace.

use serde::Deserialize;
use sizewell::error::Result;
use sizewell::workload::Trace;

use crate::rows::read_csv;

#[derive(Deserialize)]
struct Row {
    arrival_ms: f64,
    input_tokens: u32,
    output_tokens: u32,
}

/// One hour of production traffic of a conversation service, 19,366 requests (Azure Public Dataset,
/// LLM inference trace 2023, CC BY 4.0); arrival times rounded to the millisecond.
///
/// # Errors
///
/// Never with the file as published.
pub fn azure_conversation_2023() -> Result<Trace> {
    let file = "traces/azure_llm_2023_conversation.csv";
    let rows: Vec<Row> = read_csv(file, include_str!("../traces/azure_llm_2023_conversation.csv"))?;
    Ok(Trace {
        arrival_ms: rows.iter().map(|row| row.arrival_ms).collect(),
        input_tokens: rows.iter().map(|row| row.input_tokens).collect(),
        output_tokens: rows.iter().map(|row| row.output_tokens).collect(),
        ..Trace::default()
    })
}
