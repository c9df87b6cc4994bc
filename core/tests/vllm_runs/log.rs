//! Where the logs of real runs are.

use std::path::PathBuf;

use sizewell::engine::RequestLog;

/// The log of a run; `None`, and a word on standard error, where the data are not there.
pub fn read(run: &str) -> Option<RequestLog> {
    let parts = [env!("CARGO_MANIFEST_DIR"), "../../shared/data/vllm_runs", run, "requests.jsonl"];
    let path: PathBuf = parts.iter().collect();
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    };
    Some(RequestLog::from_json_lines(&text).unwrap())
}
