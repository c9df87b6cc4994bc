//! Spans of OpenTelemetry's semantic conventions for generative AI (`docs/gen-ai/gen-ai-spans.md` in
//! github.com/open-telemetry/semantic-conventions), in OTLP's JSON encoding
//! (`examples/trace.json` in github.com/open-telemetry/opentelemetry-proto): one document, or one
//! on each line, as the Collector's file exporter writes.
//!
//! Read are `gen_ai.usage.input_tokens` and `output_tokens` (`prompt_tokens` and `completion_tokens`
//! before 2025), `gen_ai.usage.cache_read.input_tokens`, `gen_ai.response.model` or
//! `gen_ai.request.model`, `gen_ai.conversation.id` and `error.type`. Spans of agents and tools, whose
//! tokens are those of the calls within them, embeddings and spans of anything else are counted as
//! ignored.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::rows::{Clock, Row, Rows, tokens};
use crate::error::{Error, Result};
use crate::wire;
use crate::workload::trace::RequestStatus;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Export {
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans {
    #[serde(default)]
    resource: Resource,
    #[serde(default)]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Deserialize, Default)]
struct Resource {
    #[serde(default)]
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
struct ScopeSpans {
    #[serde(default)]
    spans: Vec<Span>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Span {
    #[serde(default)]
    start_time_unix_nano: Value,
    #[serde(default)]
    end_time_unix_nano: Value,
    #[serde(default)]
    attributes: Vec<Attribute>,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize, Default)]
struct Status {
    #[serde(default)]
    code: Value,
}

#[derive(Deserialize)]
struct Attribute {
    key: String,
    #[serde(default)]
    value: Value,
}

/// Operations that are requests to a model which writes.
const OPERATIONS: [&str; 3] = ["chat", "text_completion", "generate_content"];

pub(super) fn read(text: &str, tenant: Option<&str>, rows: &mut Rows) -> Result<()> {
    rows.clock = Clock::Unix;
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let first_is_whole = lines.clone().next().is_some_and(|(_, line)| line.trim_end().ends_with('}'));
    if first_is_whole && lines.clone().nth(1).is_some() {
        return lines
            .try_for_each(|(index, line)| document(line, &format!("line {}", index + 1), tenant, rows));
    }
    document(text, "text", tenant, rows)
}

fn document(text: &str, root: &str, tenant: Option<&str>, rows: &mut Rows) -> Result<()> {
    let export: Export = wire::from_json(text, root)?;
    for (outer, resource) in export.resource_spans.iter().enumerate() {
        let common = attributes(&resource.resource.attributes);
        for (middle, scope) in resource.scope_spans.iter().enumerate() {
            for (inner, span) in scope.spans.iter().enumerate() {
                let own = attributes(&span.attributes);
                let operation = own.get("gen_ai.operation.name").and_then(|value| text_of(value));
                let asked = own.keys().any(|key| key.starts_with("gen_ai.usage."))
                    || own.contains_key("gen_ai.request.model");
                if !asked || operation.is_some_and(|operation| !OPERATIONS.contains(&operation)) {
                    rows.ignore();
                    continue;
                }
                let path = || format!("{root}.resourceSpans[{outer}].scopeSpans[{middle}].spans[{inner}]");
                rows.add(row(span, &own, &common, tenant, &path))?;
            }
        }
    }
    Ok(())
}

type Attributes<'a> = BTreeMap<&'a str, &'a Value>;

fn attributes(list: &[Attribute]) -> Attributes<'_> {
    list.iter().map(|attribute| (attribute.key.as_str(), &attribute.value)).collect()
}

fn text_of(value: &Value) -> Option<&str> {
    value.get("stringValue").and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// 64-bit numbers are texts in OTLP's JSON, but not everywhere.
fn number_of(value: &Value) -> Option<f64> {
    let inner = ["intValue", "doubleValue", "stringValue"].iter().find_map(|kind| value.get(kind))?;
    inner.as_f64().or_else(|| inner.as_str().and_then(|text| text.trim().parse().ok()))
}

fn nanoseconds(value: &Value) -> Option<i64> {
    let whole = value.as_i64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
    whole.filter(|at| *at > 0)
}

fn row<'a>(
    span: &Span,
    own: &Attributes<'a>,
    common: &Attributes<'a>,
    tenant: Option<&str>,
    path: &dyn Fn() -> String,
) -> Result<Row<'a>> {
    let text = |keys: &[&str]| keys.iter().find_map(|key| own.get(key).and_then(|value| text_of(value)));
    let failed = own.contains_key("error.type")
        || span.status.code.as_i64() == Some(2)
        || span.status.code.as_str() == Some("STATUS_CODE_ERROR");
    let count = |keys: [&str; 2]| {
        let named = |key: &str| format!("{}.attributes.{key}", path());
        let found = keys.iter().find_map(|key| own.get(key).map(|value| (*key, *value)));
        match found {
            Some((key, value)) => match number_of(value) {
                Some(count) => tokens(|| named(key), count),
                None => Err(Error::invalid(named(key), value, "a whole number")),
            },
            // What failed may not know its tokens.
            None if failed => Ok(0),
            None => {
                Err(Error::missing(named(keys.first().copied().unwrap_or_default()), "a request has tokens"))
            }
        }
    };
    let cached = own.get("gen_ai.usage.cache_read.input_tokens").and_then(|value| number_of(value));
    let start = nanoseconds(&span.start_time_unix_nano).ok_or_else(|| {
        let place = format!("{}.startTimeUnixNano", path());
        Error::invalid(place, &span.start_time_unix_nano, "nanoseconds since 1970")
    })?;
    let end = nanoseconds(&span.end_time_unix_nano).filter(|end| *end >= start);
    let by_default = || {
        let service = || common.get("service.name").and_then(|value| text_of(value));
        text(&["user.id"]).or_else(service)
    };
    let chosen = |key: &str| own.get(key).or_else(|| common.get(key)).and_then(|value| text_of(value));
    Ok(Row {
        arrival_ns: start,
        input_tokens: count(["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"])?,
        output_tokens: count(["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"])?,
        latency_ms: end.map(|end| (end - start) as f64 / 1e6).filter(|latency| *latency <= 3e11),
        cached_tokens: cached.filter(|count| (0.0..=1e7).contains(count)).map(|count| count as u32),
        status: Some(if failed { RequestStatus::Failed } else { RequestStatus::Completed }),
        session: text(&["gen_ai.conversation.id", "session.id"]),
        model: text(&["gen_ai.response.model", "gen_ai.request.model"]),
        tenant: tenant.map_or_else(by_default, chosen),
        blocks: None,
    })
}
