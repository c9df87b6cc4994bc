//! What GuideLLM saves as JSON: `benchmarks[].requests` with the lists `successful`, `incomplete` and
//! `errored`. Of each request `request_start_time` and `request_end_time` (Unix seconds; `start_time`
//! and `end_time` up to version 0.3), `prompt_tokens`, `output_tokens`, and since 2026
//! `cached_tokens`. Source: `GenerativeRequestStats` in `src/guidellm/schemas` of
//! github.com/vllm-project/guidellm. GuideLLM may keep a sample of requests only; then
//! rates are those of the sample.

use serde::Deserialize;

use super::rows::{Clock, Row, Rows, tokens};
use super::time::scaled;
use crate::error::{Error, Result};
use crate::wire;
use crate::workload::trace::RequestStatus;

#[derive(Deserialize)]
struct Saved {
    benchmarks: Vec<Benchmark>,
}

#[derive(Deserialize)]
struct Benchmark {
    requests: Requests,
}

#[derive(Deserialize)]
struct Requests {
    #[serde(default)]
    successful: Option<Vec<Request>>,
    #[serde(default)]
    incomplete: Option<Vec<Request>>,
    #[serde(default)]
    errored: Option<Vec<Request>>,
}

#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    request_start_time: Option<f64>,
    #[serde(default)]
    request_end_time: Option<f64>,
    #[serde(default)]
    start_time: Option<f64>,
    #[serde(default)]
    end_time: Option<f64>,
    #[serde(default)]
    prompt_tokens: Option<f64>,
    #[serde(default)]
    output_tokens: Option<f64>,
    #[serde(default)]
    cached_tokens: Option<f64>,
    #[serde(default)]
    info: Option<Info>,
}

#[derive(Deserialize)]
struct Info {
    #[serde(default)]
    conversation_id: Option<String>,
}

pub(super) fn read(text: &str, benchmark: Option<u32>, rows: &mut Rows) -> Result<()> {
    let saved: Saved = wire::from_json(text, "text")?;
    rows.clock = Clock::Unix;
    if let Some(index) = benchmark.filter(|index| *index as usize >= saved.benchmarks.len()) {
        let allowed = format!("below {}, the number of benchmarks", saved.benchmarks.len());
        return Err(Error::invalid("benchmark", index, allowed));
    }
    let chosen = saved
        .benchmarks
        .iter()
        .enumerate()
        .filter(|(index, _)| benchmark.is_none_or(|wanted| wanted as usize == *index));
    for (place, Benchmark { requests }) in chosen {
        for (list, name, status) in [
            (&requests.successful, "successful", RequestStatus::Completed),
            (&requests.incomplete, "incomplete", RequestStatus::Cancelled),
            (&requests.errored, "errored", RequestStatus::Failed),
        ] {
            for (index, request) in list.iter().flatten().enumerate() {
                let path = format!("text.benchmarks[{place}].requests.{name}[{index}]");
                rows.add(row(request, status, &path))?;
            }
        }
    }
    Ok(())
}

fn row<'a>(request: &'a Request, status: RequestStatus, path: &str) -> Result<Row<'a>> {
    let start = request.request_start_time.or(request.start_time);
    let end = request.request_end_time.or(request.end_time);
    let start_path = || format!("{path}.request_start_time");
    let start = start.ok_or_else(|| Error::missing(start_path(), "a request needs a time of arrival"))?;
    // Requests that were not completed may not know their tokens.
    let count = |field: &str, given: Option<f64>| match given {
        Some(count) => tokens(|| format!("{path}.{field}"), count),
        None if status == RequestStatus::Completed => {
            Err(Error::missing(format!("{path}.{field}"), "a completed request has tokens"))
        }
        None => Ok(0),
    };
    Ok(Row {
        arrival_ns: scaled(start, 1e9)
            .ok_or_else(|| Error::invalid(start_path(), start, "seconds since 1970"))?,
        input_tokens: count("prompt_tokens", request.prompt_tokens)?,
        output_tokens: count("output_tokens", request.output_tokens)?,
        latency_ms: end.map(|end| (end - start) * 1000.0).filter(|latency| (0.0..=3e11).contains(latency)),
        cached_tokens: request
            .cached_tokens
            .map(|count| tokens(|| format!("{path}.cached_tokens"), count))
            .transpose()?,
        status: Some(status),
        session: request.info.as_ref().and_then(|info| info.conversation_id.as_deref()),
        ..Row::default()
    })
}
