//! What vLLM's serving benchmark saves with `--save-result --save-detailed`: one object with
//! `input_lens`, `output_lens`, `ttfts`, `itls` (seconds), `errors` and, since the autumn of 2025,
//! `start_times` (seconds of a clock without a date). Source: `vllm/benchmarks/serve.py` in
//! github.com/vllm-project/vllm. Without start times nothing is known of arrivals.

use serde::Deserialize;

use super::rows::{Clock, Row, Rows, tokens};
use super::time::scaled;
use crate::error::{Error, ErrorCode, Result};
use crate::wire;
use crate::workload::trace::RequestStatus;

#[derive(Deserialize)]
struct Saved {
    #[serde(default)]
    model_id: Option<String>,
    #[serde(default)]
    input_lens: Vec<f64>,
    #[serde(default)]
    output_lens: Vec<f64>,
    #[serde(default)]
    start_times: Vec<f64>,
    #[serde(default)]
    ttfts: Vec<f64>,
    #[serde(default)]
    itls: Vec<Vec<f64>>,
    #[serde(default)]
    errors: Vec<Option<String>>,
}

pub(super) fn read(text: &str, rows: &mut Rows) -> Result<()> {
    let saved: Saved = wire::from_json(text, "text")?;
    rows.clock = Clock::Unknown;
    let requests = saved.input_lens.len();
    for (field, length) in [
        ("start_times", saved.start_times.len()),
        ("output_lens", saved.output_lens.len()),
        ("ttfts", saved.ttfts.len()),
        ("itls", saved.itls.len()),
        ("errors", saved.errors.len()),
    ] {
        let needed = ["start_times", "output_lens"].contains(&field);
        if length == 0 && needed && requests > 0 {
            return Err(Error::missing(
                format!("text.{field}"),
                "save the result with --save-detailed, with a vLLM from the autumn of 2025 or later",
            ));
        }
        if length != requests && (needed || length > 0) {
            let message = "has another length than `input_lens`";
            return Err(Error::new(ErrorCode::Contradiction, format!("text.{field}"), message)
                .given(length)
                .allowed(requests.to_string()));
        }
    }
    if requests == 0 {
        return Err(Error::missing("text.input_lens", "save the result with --save-detailed"));
    }
    for index in 0..requests {
        rows.add(row(&saved, index))?;
    }
    Ok(())
}

fn row(saved: &Saved, index: usize) -> Result<Row<'_>> {
    let path = |field: &str| format!("text.{field}[{index}]");
    let of = |values: &[f64]| values.get(index).copied();
    let start = of(&saved.start_times).unwrap_or_default();
    let gaps: f64 = saved.itls.get(index).map_or(0.0, |gaps| gaps.iter().sum());
    let latency_ms = of(&saved.ttfts).map(|ttft| (ttft + gaps) * 1000.0);
    let failed = saved.errors.get(index).and_then(Option::as_deref).is_some_and(|error| !error.is_empty());
    Ok(Row {
        arrival_ns: scaled(start, 1e9)
            .ok_or_else(|| Error::invalid(path("start_times"), start, "seconds"))?,
        input_tokens: tokens(|| path("input_lens"), of(&saved.input_lens).unwrap_or_default())?,
        output_tokens: tokens(|| path("output_lens"), of(&saved.output_lens).unwrap_or_default())?,
        latency_ms: latency_ms.filter(|latency| (0.0..=3e11).contains(latency)),
        status: Some(if failed { RequestStatus::Failed } else { RequestStatus::Completed }),
        model: saved.model_id.as_deref(),
        ..Row::default()
    })
}
