//! `cargo xtask golden`: answers every request in `core/tests/golden/` anew and writes the answers
//! beside the requests, for a person to review in the diff; with names, only those that begin so. In
//! `sessions` are things that are told and asked step by step.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use sizewell::api::Session;

/// Fewest cases that the suites of all languages accept.
const LEAST_CASES: usize = 60;

pub fn run(arguments: &[String]) -> Result<()> {
    let (check, names) = match arguments {
        [flag, names @ ..] if flag == "--check" => (true, names),
        names => (false, names),
    };
    if names.iter().any(|name| name.starts_with('-')) {
        bail!("usage: cargo xtask golden [--check] [NAME…]");
    }
    let folder = crate::root().join("core/tests/golden");
    let mut stale = Vec::new();
    let mut cases = 0;
    for path in cases_in(&folder)?.into_iter().chain(cases_in(&folder.join("sessions"))?) {
        cases += 1;
        let asked =
            |name: &String| path.file_stem().is_some_and(|stem| stem.to_string_lossy().starts_with(name));
        if !names.is_empty() && !names.iter().any(asked) {
            continue;
        }
        let before = fs::read_to_string(&path)?;
        let after = answered(&before).with_context(|| path.display().to_string())?;
        if before != after {
            if !check {
                fs::write(&path, after)?;
            }
            stale.push(path);
        }
    }
    if cases < LEAST_CASES {
        bail!("only {cases} golden cases in {}", folder.display());
    }
    if check && !stale.is_empty() {
        let names: Vec<String> = stale.iter().map(|path| path.display().to_string()).collect();
        bail!("stale: {}; run `cargo xtask golden` and review the difference", names.join(", "));
    }
    println!("{cases} golden cases, {} {}", stale.len(), if check { "stale" } else { "rewritten" });
    Ok(())
}

fn cases_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The case with a fresh answer.
fn answered(text: &str) -> Result<String> {
    let case: Map<String, Value> = serde_json::from_str(text)?;
    if case.contains_key("steps") {
        return retold(case);
    }
    let field = |name: &str| case.get(name).with_context(|| format!("no `{name}`"));
    let function = field("function")?.as_str().context("`function` is no text")?;
    let arguments = field("arguments")?.as_array().context("`arguments` is no list")?;
    let (outcome, value) = match sizewell::api::call(sizewell_data::catalog(), function, arguments) {
        Ok(result) => ("result", result),
        Err(error) => ("error", serde_json::to_value(error.report())?),
    };
    let mut fresh = Map::new();
    for name in ["name", "function", "arguments"] {
        fresh.insert(name.to_owned(), field(name)?.clone());
    }
    fresh.insert(outcome.to_owned(), value);
    Ok(serde_json::to_string_pretty(&fresh)? + "\n")
}

/// The session with fresh answers of all its steps.
fn retold(mut case: Map<String, Value>) -> Result<String> {
    let class = case.get("class").and_then(Value::as_str).context("no `class`")?;
    let mut session = Session::new(class, case.get("options").cloned().unwrap_or_default())?;
    let steps = case.get_mut("steps").and_then(Value::as_array_mut).context("`steps` is no list")?;
    for step in steps {
        let method = step.get("method").and_then(Value::as_str).context("no `method`")?.to_owned();
        let arguments = step.get("arguments").and_then(Value::as_array).context("no `arguments`")?.clone();
        let answer = session.call(&method, arguments.clone());
        let (name, value) = match answer {
            Ok(json) => ("result", serde_json::from_str(&json)?),
            Err(error) => ("error", serde_json::to_value(error.report())?),
        };
        *step = json!({"method": method, "arguments": arguments, name: value});
    }
    Ok(serde_json::to_string_pretty(&case)? + "\n")
}
