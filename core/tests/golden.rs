//! Replays the golden cases in `tests/golden/`: the same requests and answers that the Python,
//! Node and browser suites replay. `cargo xtask golden` writes them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

use std::fs;
use std::path::Path;

use serde_json::Value;

#[test]
fn every_golden_case_still_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut replayed = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let case: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let function = case["function"].as_str().unwrap();
        let arguments = case["arguments"].as_array().unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        match sizewell::api::call(sizewell_data::catalog(), function, arguments) {
            Ok(result) => assert_same(&format!("{name}: result"), &case["result"], &result),
            Err(error) => {
                let report = serde_json::to_value(error.report()).unwrap();
                assert_same(&format!("{name}: error"), &case["error"], &report);
            }
        }
        replayed += 1;
    }
    assert!(replayed >= 60, "only {replayed} golden cases in {}", folder.display());
}

#[test]
fn every_session_still_goes_as_it_went() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sessions");
    let mut steps = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        let case: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let mut session =
            sizewell::api::Session::new(case["class"].as_str().unwrap(), case["options"].clone()).unwrap();
        for (place, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            let method = step["method"].as_str().unwrap();
            let at = format!("{name}: step {place}, {method}");
            match session.call(method, step["arguments"].as_array().unwrap().clone()) {
                Ok(answer) => assert_same(&at, &step["result"], &serde_json::from_str(&answer).unwrap()),
                Err(error) => {
                    let report = serde_json::to_value(error.report()).unwrap();
                    assert_same(&at, &step["error"], &report);
                }
            }
            steps += 1;
        }
    }
    assert!(steps >= 50, "only {steps} steps in {}", folder.display());
}

/// Equal in every field; numbers to 1e-12 of their size, which leaves room for the last bits of a
/// decimal text and for nothing else.
fn assert_same(path: &str, expected: &Value, got: &Value) {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => {
            let keys = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(expected), keys(got), "{path}: other fields");
            for (field, value) in expected {
                assert_same(&format!("{path}.{field}"), value, &got[field]);
            }
        }
        (Value::Array(expected), Value::Array(got)) => {
            assert_eq!(expected.len(), got.len(), "{path}: other length");
            for (index, (expected, got)) in expected.iter().zip(got).enumerate() {
                assert_same(&format!("{path}[{index}]"), expected, got);
            }
        }
        (Value::Number(expected), Value::Number(got)) => {
            let (expected, got) = (expected.as_f64().unwrap(), got.as_f64().unwrap());
            assert!((expected - got).abs() <= 1e-12 * expected.abs(), "{path}: {expected} and {got}");
        }
        _ => assert_eq!(expected, got, "{path}"),
    }
}
