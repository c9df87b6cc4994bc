//! Answers of Prometheus's range queries (`/api/v1/query_range`): a matrix of series with labels and
//! values at a fixed step. Source: prometheus.io/docs/prometheus/latest/querying/api, "Range queries"
//! and "Range vectors". A query such as `sum(rate(vllm:request_success_total[5m]))` gives rates.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Result};
use crate::wire;
use crate::workload::trace::RateSeries;

/// The most values of a series.
const MOST_VALUES: f64 = 1e6;

/// What [`read_rates`] is asked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReadRatesRequest {
    /// The answer of a range query, as JSON.
    pub text: String,
    /// The query's step, in seconds; by default the shortest time between two values of a series.
    #[serde(default)]
    pub step_seconds: Option<f64>,
}

#[derive(Deserialize)]
struct Answer {
    status: String,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    data: Option<Data>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    #[serde(default)]
    result: serde_json::Value,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(f64, String)>,
}

/// Reads the series of a range query; steps without a value, and `NaN`, become missing.
///
/// ```
/// use sizewell::workload::trace::readers::{ReadRatesRequest, read_rates};
/// let text = r#"{"status": "success", "data": {"resultType": "matrix", "result": [
///     {"metric": {"model": "llama"}, "values": [[60, "1.5"], [120, "2"], [240, "NaN"], [300, "4"]]}]}}"#;
/// let series = read_rates(&ReadRatesRequest { text: text.to_owned(), step_seconds: None })?;
/// assert_eq!(series[0].values, [Some(1.5), Some(2.0), None, None, Some(4.0)]);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `invalid_json` and `missing_field` for a text that is no answer of Prometheus; `invalid_value` for
/// an answer that reports an error or is no matrix, for values that are no numbers or infinite,
/// times that don't ascend or don't lie on steps; `empty` without a value; `missing_field` at
/// `step_seconds` where every series has one value; `too_large` for over a million steps.
pub fn read_rates(request: &ReadRatesRequest) -> Result<Vec<RateSeries>> {
    let answer: Answer = wire::from_json(request.text.trim_start_matches('\u{feff}'), "text")?;
    if answer.status != "success" {
        let error = Error::invalid("text.status", &answer.status, "success");
        return Err(answer.error.map_or(error.clone(), |why| error.help(why)));
    }
    let data =
        answer.data.ok_or_else(|| Error::missing("text.data", "the answer of a range query has it"))?;
    if data.result_type != "matrix" {
        return Err(Error::invalid("text.data.resultType", data.result_type, "matrix")
            .help("ask /api/v1/query_range, not /api/v1/query"));
    }
    let found: Vec<Found> = wire::read(data.result, "text.data.result")?;
    if found.iter().all(|series| series.values.is_empty()) {
        return Err(Error::new(ErrorCode::Empty, "text.data.result", "has no values")
            .help("histograms are not read: ask for their rate or count"));
    }
    let step = match request.step_seconds {
        Some(step) => step,
        None => shortest_gap(&found)
            .ok_or_else(|| Error::missing("step_seconds", "it can't be told from a single value"))?,
    };
    if !(1e-3..=3e8).contains(&step) {
        return Err(Error::invalid("step_seconds", step, "from a millisecond to ten years"));
    }
    let with_values = found.iter().enumerate().filter(|(_, series)| !series.values.is_empty());
    with_values.map(|(index, series)| regular(series, step, &format!("text.data.result[{index}]"))).collect()
}

fn shortest_gap(found: &[Found]) -> Option<f64> {
    let gaps = found.iter().flat_map(|series| {
        series.values.iter().zip(series.values.iter().skip(1)).map(|(before, after)| after.0 - before.0)
    });
    gaps.filter(|gap| *gap > 0.0).min_by(f64::total_cmp)
}

fn regular(series: &Found, step: f64, path: &str) -> Result<RateSeries> {
    let start = series.values.first().map_or(0.0, |first| first.0);
    let mut values: Vec<Option<f64>> = Vec::with_capacity(series.values.len());
    for (index, (time, text)) in series.values.iter().enumerate() {
        let place = ((time - start) / step).round();
        // Prometheus rounds times to the millisecond.
        let off = (time - start - place * step).abs();
        if !time.is_finite() || place < values.len() as f64 || off > 2e-3 {
            let allowed = format!("ascending, a whole number of steps of {step} s after the first");
            return Err(Error::invalid(format!("{path}.values[{index}][0]"), time, allowed));
        }
        if place >= MOST_VALUES {
            return Err(Error::new(ErrorCode::TooLarge, format!("{path}.values"), "span too many steps")
                .given(place)
                .allowed(format!("at most {MOST_VALUES}")));
        }
        values.resize(place as usize, None);
        let value = text.parse::<f64>().ok().filter(|value| !value.is_infinite()).ok_or_else(|| {
            Error::invalid(format!("{path}.values[{index}][1]"), text, "a finite number or NaN")
        })?;
        values.push(Some(value).filter(|value| !value.is_nan()));
    }
    Ok(RateSeries { labels: series.metric.clone(), start_seconds: Some(start), step_seconds: step, values })
}
