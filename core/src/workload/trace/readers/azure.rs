//! Azure's LLM inference traces: `TIMESTAMP,ContextTokens,GeneratedTokens`, times in UTC with up to
//! seven decimals (2023) or with an offset (2024). Source: `AzureLLMInferenceDataset2023.md` and
//! `AzureLLMInferenceDataset2024.md` in github.com/Azure/AzurePublicDataset.

use super::csv::{self, CsvColumns};
use super::rows::Rows;
use super::time::TimeFormat;
use crate::error::Result;

pub(super) fn read(text: &str, rows: &mut Rows) -> Result<()> {
    csv::read(text, &CsvColumns::new("TIMESTAMP", TimeFormat::Iso, "ContextTokens", "GeneratedTokens"), rows)
}
