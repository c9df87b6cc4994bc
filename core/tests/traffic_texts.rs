//! The readers of traces on texts as they should not be: cut short, with a byte order mark, with line ends of
//! other systems, without a header, with impossible numbers. Each is read or refused, and never half believed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use sizewell::ErrorCode;
use sizewell::workload::trace::readers::{CsvColumns, ReadTraceRequest, TimeFormat, TraceFormat, read_trace};

const SAMPLES: [(TraceFormat, &str); 4] = [
    (
        TraceFormat::AzureLlm,
        "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n2023-11-16 18:17:04.0319600,3180,8\n",
    ),
    (
        TraceFormat::BurstGpt,
        "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n45,GPT-4,1087,230,1317,API log\n",
    ),
    (
        TraceFormat::Mooncake,
        "{\"timestamp\": 0, \"input_length\": 900, \"output_length\": 52, \"hash_ids\": [0, 1]}\n{\"timestamp\": 3000, \"input_length\": 500, \"output_length\": 7, \"hash_ids\": [0]}\n",
    ),
    (TraceFormat::Csv, "at,in,out\n1,100,10\n2,200,20\n"),
];

fn request(format: TraceFormat, text: &str) -> ReadTraceRequest {
    let columns =
        (format == TraceFormat::Csv).then(|| CsvColumns::new("at", TimeFormat::Seconds, "in", "out"));
    ReadTraceRequest { columns, ..ReadTraceRequest::new(format, text) }
}

/// A byte order mark and the line ends of Windows change nothing, nor does an end of the file without one.
#[test]
fn marks_and_line_ends_change_nothing() {
    for (format, text) in SAMPLES {
        let plain = read_trace(&request(format, text)).unwrap();
        assert_eq!(plain.trace.len(), 2);
        for other in [format!("\u{feff}{text}"), text.replace('\n', "\r\n"), text.trim_end().to_owned()] {
            assert_eq!(read_trace(&request(format, &other)).unwrap(), plain, "{format:?} {other:?}");
        }
    }
}

/// Whatever is cut off the end, the text is read, or refused with a place; leniently, no whole row is lost.
#[test]
fn cut_short_anywhere() {
    for (format, text) in SAMPLES {
        for end in 0..text.len() {
            let cut = &text[..end];
            for lenient in [false, true] {
                match read_trace(&ReadTraceRequest { lenient, ..request(format, cut) }) {
                    Ok(read) => assert!((1..=2).contains(&read.trace.len()), "{format:?} {cut:?}"),
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
            }
        }
    }
}

/// Numbers that no log has are refused at their line, and left out where that was asked for.
#[test]
fn impossible_numbers() {
    for number in ["-5", "1e300", "nan", "inf", "1.5", "10000001", "0x10", "", "一", "1,000,,"] {
        let text = format!("at,in,out\n1,100,10\n2,{number},20\n3,300,30\n");
        let error = read_trace(&request(TraceFormat::Csv, &text)).unwrap_err();
        assert!(error.path().starts_with("line 3"), "{number}: {error}");
        let lenient = ReadTraceRequest { lenient: true, ..request(TraceFormat::Csv, &text) };
        let read = read_trace(&lenient).unwrap();
        assert_eq!((read.trace.input_tokens, read.report.skipped), (vec![100, 300], 1), "{number}");
    }
    for time in ["-1", "nan", "inf", "1e30", "soon"] {
        let text = format!("at,in,out\n1,100,10\n{time},200,20\n");
        let error = read_trace(&request(TraceFormat::Csv, &text)).unwrap_err();
        assert!(error.path().starts_with("line 3"), "{time}: {error}");
    }
}

#[test]
fn no_header_or_another_format() {
    let bare = "2023-11-16 18:17:03.9799600,4808,10\n2023-11-16 18:17:04.0319600,3180,8\n";
    let error = read_trace(&request(TraceFormat::AzureLlm, bare)).unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::UnknownName, "columns.arrival"));
    for (format, _) in SAMPLES {
        for (other, text) in SAMPLES {
            assert_eq!(
                format == other,
                read_trace(&request(format, text)).is_ok(),
                "{other:?} as {format:?}"
            );
        }
    }
}
