//! The readers of traces, on rows as the published files and tools write them, and on Azure's files
//! themselves where they are there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use sizewell::workload::trace::readers::{
    CsvColumns, ReadRatesRequest, ReadTrace, ReadTraceRequest, TimeFormat, TraceFormat, read_rates,
    read_trace,
};
use sizewell::workload::{AnalyzeTraceRequest, RequestStatus, TraceOptions, analyze_trace};
use sizewell::{Error, ErrorCode};

fn read(format: TraceFormat, text: &str) -> ReadTrace {
    read_trace(&ReadTraceRequest::new(format, text)).unwrap()
}

fn refused(format: TraceFormat, text: &str) -> (ErrorCode, String) {
    let error: Error = read_trace(&ReadTraceRequest::new(format, text)).unwrap_err();
    (error.code(), error.path().to_owned())
}

/// Requests, first arrival, seconds and tokens of the files as Python's csv module reads them.
#[test]
fn azures_files() {
    for (name, requests, start, seconds, tokens) in [
        ("conv", 19_366, 1_700_158_546.680_59, 3_501.721_937, [22_361_870_u64, 4_088_665]),
        ("code", 8_819, 1_700_158_623.979_96, 3_435.948_056, [18_059_974, 245_896]),
    ] {
        let file = format!("../../shared/data/traffic/AzureLLMInferenceTrace_{name}.csv");
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let Ok(text) = std::fs::read_to_string(&path) else {
            eprintln!("skipped: {} is not there", path.display());
            continue;
        };
        let ReadTrace { trace, report } = read(TraceFormat::AzureLlm, &text);
        assert_eq!((report.rows, report.requests, report.out_of_order), (requests, requests, 0));
        assert!((trace.start_seconds.unwrap() - start).abs() < 1e-5);
        assert!((trace.arrival_ms.last().unwrap() / 1000.0 - seconds).abs() < 1e-6);
        let sum = |column: &[u32]| column.iter().map(|count| u64::from(*count)).sum::<u64>();
        assert_eq!([sum(&trace.input_tokens), sum(&trace.output_tokens)], tokens);
        // 18:15 on a Thursday.
        let request = AnalyzeTraceRequest { trace, options: TraceOptions::default() };
        let calendar = analyze_trace(&request).unwrap().calendar.unwrap();
        assert!(calendar.by_hour_of_week_qps[3 * 24 + 18].is_some() && calendar.by_weekday_qps[4].is_none());
    }
}

#[test]
fn azures_later_times_have_an_offset() {
    let text = "TIMESTAMP,ContextTokens,GeneratedTokens\n\
                2024-05-10 00:00:00.009930+00:00,2162,5\n\
                2024-05-10 02:00:00.509930+02:00,2399,6\n";
    let trace = read(TraceFormat::AzureLlm, text).trace;
    assert_eq!((trace.start_seconds, trace.arrival_ms), (Some(1_715_299_200.009_93), vec![0.0, 500.0]));
}

#[test]
fn burstgpt() {
    let text = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n\
                5,ChatGPT,472,18,490,Conversation log\n\
                45,ChatGPT,1087,230,1317,Conversation log\n\
                118,GPT-4,417,0,417,API log\n";
    let request = ReadTraceRequest {
        start_seconds: Some(1_700_006_400.0),
        ..ReadTraceRequest::new(TraceFormat::BurstGpt, text)
    };
    let trace = read_trace(&request).unwrap().trace;
    assert_eq!(trace.arrival_ms, [5_000.0, 45_000.0, 118_000.0]);
    assert_eq!((trace.start_seconds, trace.status[2]), (Some(1_700_006_400.0), RequestStatus::Failed));
    assert_eq!(
        (trace.model.names.join(" "), trace.tenant.index),
        ("ChatGPT GPT-4".to_owned(), vec![0, 0, 1])
    );
    assert!(trace.session.is_empty() && trace.latency_ms.is_empty());
    let later = "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n\
                 5270405.0,s1,2.5,GPT-4,10,20,30,Conversation log\n\
                 5270406.0,,1.5,GPT-4,10,20,30,API log\n\
                 5270406.5,s1,0.5,GPT-4,10,20,30,Conversation log\n";
    let trace = read(TraceFormat::BurstGpt, later).trace;
    assert_eq!((trace.latency_ms, trace.session.len()), (vec![2500.0, 1500.0, 500.0], 3));
    assert!(trace.session[0] == trace.session[2] && trace.session[0] != trace.session[1]);
}

#[test]
fn mooncake() {
    let text = r#"{"timestamp": 0, "input_length": 2290, "output_length": 316, "hash_ids": [0, 42, 43, 44, 45]}
{"timestamp": 3000, "input_length": 915, "output_length": 355, "hash_ids": [0, 462]}
"#;
    let trace = read(TraceFormat::Mooncake, text).trace;
    assert_eq!((trace.prefix.block_tokens, trace.prefix.lengths.as_slice()), (512, &[5, 2][..]));
    let request = AnalyzeTraceRequest { trace, options: TraceOptions::default() };
    let prefix = analyze_trace(&request).unwrap().prefix.unwrap();
    assert!((prefix.hit_fraction - 512.0 / 3205.0).abs() < 1e-12);
}

/// As `vllm bench serve --save-result --save-detailed` writes it, generated texts left out.
#[test]
fn vllm() {
    let text = r#"{"date": "20260102-030405", "backend": "openai", "model_id": "meta-llama/Llama-3.1-8B",
        "num_prompts": 3, "request_rate": 10.0, "burstiness": 1.0, "completed": 2, "failed": 1,
        "input_lens": [100, 200, 300], "output_lens": [3, 2, 0], "ttfts": [0.1, 0.2, 0.0],
        "itls": [[0.05, 0.07], [0.1], []], "start_times": [11.5, 10.0, 12.0], "errors": ["", "", "timed out"]}"#;
    let ReadTrace { trace, report } = read(TraceFormat::VllmBenchmark, text);
    assert_eq!((trace.arrival_ms, report.out_of_order), (vec![0.0, 1500.0, 2000.0], 1));
    assert_eq!((trace.input_tokens, trace.output_tokens), (vec![200, 100, 300], vec![2, 3, 0]));
    assert!((trace.latency_ms[1] - 220.0).abs() < 1e-9 && trace.start_seconds.is_none());
    assert_eq!(trace.status[2], RequestStatus::Failed);
    let old = r#"{"input_lens": [100], "output_lens": [3], "ttfts": [0.1], "itls": [[0.05]]}"#;
    assert_eq!(
        refused(TraceFormat::VllmBenchmark, old),
        (ErrorCode::MissingField, "text.start_times".to_owned())
    );
    assert_eq!(refused(TraceFormat::VllmBenchmark, "{}").1, "text.input_lens");
}

#[test]
fn guidellm() {
    let text = r#"{"metadata": {"version": 1}, "benchmarks": [
        {"type_": "generative_benchmark", "requests": {
            "successful": [
                {"request_id": "b", "info": {"status": "completed", "conversation_id": "c1"},
                 "request_start_time": 1760000001.5, "request_end_time": 1760000003.0,
                 "prompt_tokens": 512, "cached_tokens": 128, "output_tokens": 256},
                {"request_id": "a", "info": {"status": "completed", "conversation_id": null},
                 "request_start_time": 1760000000.0, "request_end_time": 1760000002.0,
                 "prompt_tokens": 500, "cached_tokens": null, "output_tokens": 250}],
            "incomplete": [], "errored": [
                {"request_id": "c", "request_start_time": 1760000002.0, "request_end_time": 1760000002.5,
                 "prompt_tokens": null, "output_tokens": null}], "total": null}},
        {"requests": {"successful": [{"start_time": 1760000010.0, "end_time": 1760000011.0,
            "prompt_tokens": 1, "output_tokens": 1}], "incomplete": null, "errored": null}}]}"#;
    let trace = read(TraceFormat::GuideLlm, text).trace;
    assert_eq!(trace.arrival_ms, [0.0, 1500.0, 2000.0, 10_000.0]);
    assert_eq!((trace.start_seconds, &trace.latency_ms[..2]), (Some(1.76e9), &[2000.0, 1500.0][..]));
    assert_eq!((trace.cached_tokens[1], trace.status[2]), (128, RequestStatus::Failed));
    // More than the whole prompt is a count of something else.
    let odd = text.replace("\"cached_tokens\": 128", "\"cached_tokens\": 513");
    assert!(read(TraceFormat::GuideLlm, &odd).trace.cached_tokens.is_empty());
    let second =
        ReadTraceRequest { benchmark: Some(1), ..ReadTraceRequest::new(TraceFormat::GuideLlm, text) };
    assert_eq!(read_trace(&second).unwrap().trace.len(), 1);
    let third = ReadTraceRequest { benchmark: Some(2), ..ReadTraceRequest::new(TraceFormat::GuideLlm, text) };
    assert_eq!(read_trace(&third).unwrap_err().path(), "benchmark");
    let broken = text.replace("\"prompt_tokens\": 500", "\"prompt_tokens\": null");
    let path = "text.benchmarks[0].requests.successful[1].prompt_tokens";
    assert_eq!(refused(TraceFormat::GuideLlm, &broken), (ErrorCode::MissingField, path.to_owned()));
}

const SPANS: &str = r#"{"resourceSpans": [{
    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
    "scopeSpans": [{"scope": {"name": "openai"}, "spans": [
        {"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174", "name": "chat gpt-4.1",
         "kind": 3, "startTimeUnixNano": "1760000001000000000", "endTimeUnixNano": "1760000003500000000",
         "attributes": [
            {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
            {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4.1"}},
            {"key": "gen_ai.response.model", "value": {"stringValue": "gpt-4.1-2025-04-14"}},
            {"key": "gen_ai.conversation.id", "value": {"stringValue": "conv_1"}},
            {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "811"}},
            {"key": "gen_ai.usage.cache_read.input_tokens", "value": {"intValue": "640"}},
            {"key": "gen_ai.usage.output_tokens", "value": {"intValue": 92}}]},
        {"name": "execute_tool search", "startTimeUnixNano": "1760000000000000000", "attributes": [
            {"key": "gen_ai.operation.name", "value": {"stringValue": "execute_tool"}},
            {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "1"}}]},
        {"name": "GET /", "startTimeUnixNano": 1760000000000000000},
        {"name": "chat gpt-4.1", "startTimeUnixNano": 1760000000000000000, "status": {"code": 2}, "attributes": [
            {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4.1"}},
            {"key": "error.type", "value": {"stringValue": "timeout"}}]}]}]}]}"#;

#[test]
fn opentelemetry() {
    let ReadTrace { trace, report } = read(TraceFormat::OpenTelemetry, SPANS);
    assert_eq!((report.rows, report.ignored, report.requests, report.out_of_order), (4, 2, 2, 1));
    assert_eq!((trace.start_seconds, trace.arrival_ms), (Some(1.76e9), vec![0.0, 1000.0]));
    assert_eq!((trace.input_tokens, trace.output_tokens), (vec![0, 811], vec![0, 92]));
    assert_eq!((trace.latency_ms, trace.cached_tokens), (vec![0.0, 2500.0], vec![0, 640]));
    assert_eq!(trace.status, [RequestStatus::Failed, RequestStatus::Completed]);
    assert_eq!(trace.tenant.names, ["shop"]);
    let model = |request: usize| trace.model.names[trace.model.index[request] as usize].as_str();
    assert_eq!((model(0), model(1)), ("gpt-4.1", "gpt-4.1-2025-04-14"));
    // The Collector's file exporter writes one document a line.
    let line = SPANS.replace('\n', " ");
    assert_eq!(read(TraceFormat::OpenTelemetry, &format!("{line}\n{line}\n")).report.requests, 4);
    let broken = SPANS.replace("{\"intValue\": \"811\"}", "{\"stringValue\": \"many\"}");
    let path = "text.resourceSpans[0].scopeSpans[0].spans[0].attributes.gen_ai.usage.input_tokens";
    assert_eq!(refused(TraceFormat::OpenTelemetry, &broken), (ErrorCode::InvalidValue, path.to_owned()));
}

#[test]
fn any_csv() {
    let text = "when;who;in;out;seconds;code\n\
                1760000000.25;\"a; b\";5;7;1.5;200\n\
                1760000000.75;;6;8;;500\n\
                1760000000.50;c;6;8;2;499\n";
    let columns = CsvColumns {
        delimiter: ';',
        tenant: Some("who".to_owned()),
        latency: Some("seconds".to_owned()),
        latency_unit_ms: 1000.0,
        status: Some("CODE".to_owned()),
        ..CsvColumns::new("when", TimeFormat::UnixSeconds, "in", "out")
    };
    let request =
        ReadTraceRequest { columns: Some(columns.clone()), ..ReadTraceRequest::new(TraceFormat::Csv, text) };
    let trace = read_trace(&request).unwrap().trace;
    assert_eq!((trace.arrival_ms, trace.latency_ms), (vec![0.0, 250.0, 500.0], vec![1500.0, 2000.0, 0.0]));
    assert_eq!(trace.status, [RequestStatus::Completed, RequestStatus::Cancelled, RequestStatus::Failed]);
    assert_eq!(trace.tenant.names[trace.tenant.index[0] as usize], "a; b");
    assert_eq!(refused(TraceFormat::Csv, text).1, "columns");
    let missing = CsvColumns { arrival: "wehn".to_owned(), ..columns };
    let request = ReadTraceRequest { columns: Some(missing), ..request };
    let error = read_trace(&request).unwrap_err();
    assert_eq!((error.path(), error.suggestions()[0].as_str()), ("columns.arrival", "when"));
}

#[test]
fn bad_rows_are_named_or_counted() {
    let text = "TIMESTAMP,ContextTokens,GeneratedTokens\n\
                2023-11-16 18:17:03.9799600,4808,10\n\
                2023-11-16 18:17:04,many,10\n\
                2023-11-16 18:17:05,-1,10\n\
                2023-11-16 18:17:06,1.5,10\n\
                2023-11-16 18:17:07,3\n\
                2023-11-31 18:17:08,3,3\n\
                2023-11-16 18:17:09,99999999,3\n\
                2023-11-16 18:17:10,2,3\n";
    assert_eq!(
        refused(TraceFormat::AzureLlm, text),
        (ErrorCode::InvalidValue, "line 3, ContextTokens".to_owned())
    );
    let lenient = ReadTraceRequest { lenient: true, ..ReadTraceRequest::new(TraceFormat::AzureLlm, text) };
    let ReadTrace { trace, report } = read_trace(&lenient).unwrap();
    assert_eq!((report.rows, report.skipped, report.requests, trace.len()), (8, 6, 2, 2));
    let paths: Vec<&str> = report.errors.iter().map(|error| error.path.as_str()).collect();
    let named = ["3, ContextTokens", "4, ContextTokens", "5, ContextTokens", "6, GeneratedTokens"];
    assert_eq!(paths[..4], named.map(|place| format!("line {place}")));
    assert_eq!(paths[4..], ["line 7, TIMESTAMP", "line 8, ContextTokens"]);
    let line = "{\"timestamp\": 0, \"input_length\": 1}";
    assert_eq!(refused(TraceFormat::Mooncake, line).1, "line 1, output_length");
    assert_eq!(refused(TraceFormat::Mooncake, "\n{\n").1, "line 2");
}

#[test]
fn texts_of_nothing_are_refused() {
    for format in [
        TraceFormat::AzureLlm,
        TraceFormat::BurstGpt,
        TraceFormat::Mooncake,
        TraceFormat::GuideLlm,
        TraceFormat::VllmBenchmark,
        TraceFormat::OpenTelemetry,
    ] {
        for text in ["", "\n", "null", "[]", "{}", "{\"a\": 1}", "a,b\n1,2\n", "\u{feff}", "\u{0}"] {
            let request = ReadTraceRequest { lenient: true, ..ReadTraceRequest::new(format, text) };
            assert!(read_trace(&request).is_err(), "{format:?}: {text:?}");
        }
    }
    // Milliseconds taken for seconds: the trace would span thousands of years.
    let text = "t,i,o\n0,1,1\n1760000000000,1,1\n";
    let columns = Some(CsvColumns::new("t", TimeFormat::Seconds, "i", "o"));
    let request = ReadTraceRequest { columns, ..ReadTraceRequest::new(TraceFormat::Csv, text) };
    assert!(read_trace(&request).is_err());
}

#[test]
fn prometheus() {
    let rates = |result: &str| {
        let text =
            format!(r#"{{"status": "success", "data": {{"resultType": "matrix", "result": {result}}}}}"#);
        read_rates(&ReadRatesRequest { text, step_seconds: None })
    };
    let two = rates(
        r#"[{"metric": {"__name__": "up", "job": "vllm"}, "values": [[1435781430.781, "1"], [1435781445.781, "1.5"]]},
            {"metric": {}, "values": [[1435781430.781, "NaN"], [1435781475.781, "2e0"]]}]"#,
    )
    .unwrap();
    assert_eq!((two[0].labels["job"].as_str(), two[0].step_seconds), ("vllm", 15.0));
    assert_eq!(two[0].start_seconds, Some(1_435_781_430.781));
    assert_eq!(two[1].values, [None, None, None, Some(2.0)]);
    for (result, path) in [
        ("[]", "text.data.result"),
        (r#"[{"metric": {}, "values": [[1, "1"]]}]"#, "step_seconds"),
        (r#"[{"metric": {}, "values": [[1, "1"], [2, "+Inf"]]}]"#, "text.data.result[0].values[1][1]"),
        (r#"[{"metric": {}, "values": [[1, "1"], [2, "1"], [1, "1"]]}]"#, "text.data.result[0].values[2][0]"),
        (
            r#"[{"metric": {}, "values": [[1, "1"], [2, "1"], [3.4, "1"]]}]"#,
            "text.data.result[0].values[2][0]",
        ),
        (r#"[{"metric": {}, "values": [[1, "1"], [2, "1"], [1e12, "1"]]}]"#, "text.data.result[0].values"),
    ] {
        assert_eq!(rates(result).unwrap_err().path(), path, "{result}");
    }
    let error = r#"{"status": "error", "errorType": "bad_data", "error": "parse error"}"#;
    let answer = read_rates(&ReadRatesRequest { text: error.to_owned(), step_seconds: None }).unwrap_err();
    assert_eq!((answer.path(), answer.report().help.as_deref()), ("text.status", Some("parse error")));
    let vector = r#"{"status": "success", "data": {"resultType": "vector", "result": []}}"#;
    let answer = read_rates(&ReadRatesRequest { text: vector.to_owned(), step_seconds: None }).unwrap_err();
    assert_eq!(answer.path(), "text.data.resultType");
}
