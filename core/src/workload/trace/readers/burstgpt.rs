//! BurstGPT: `Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type`, later releases
//! with `Session ID` and `Elapsed time`. Times are seconds since midnight of an unnamed first day,
//! which stays the trace's zero, so that hours of the day are right with any midnight for a start. A request without
//! an answer failed. `Log Type` (conversation or API) becomes the tenant. Source: the README of
//! github.com/HPMLL/BurstGPT; Wang and others, arXiv 2401.17644.

use super::csv::{self, CsvColumns};
use super::rows::{Row, Rows};
use super::time::TimeFormat;
use crate::error::Result;
use crate::workload::trace::RequestStatus;

pub(super) fn read(text: &str, rows: &mut Rows) -> Result<()> {
    let header = text.lines().next().unwrap_or_default().to_lowercase();
    let there = |name: &str| {
        header.split(',').map(str::trim).any(|found| found == name.to_lowercase()).then(|| name.to_owned())
    };
    let columns = CsvColumns {
        model: there("Model"),
        tenant: there("Log Type"),
        session: there("Session ID").or_else(|| there("SessionID")),
        latency: there("Elapsed time"),
        latency_unit_ms: 1000.0,
        ..CsvColumns::new("Timestamp", TimeFormat::Seconds, "Request tokens", "Response tokens")
    };
    csv::read_with(text, &columns, rows, |row| Row {
        status: Some(if row.output_tokens == 0 { RequestStatus::Failed } else { RequestStatus::Completed }),
        ..row
    })
}
