//! `cargo xtask golden`: answers every request in `core/tests/golden/` anew and writes the answers
//! beside the requests, for a person to review in the diff; with names, only those that begin so.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

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
    for path in cases_in(&folder)? {
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
    let mut text = serde_json::to_string_pretty(&fresh)?;
    text.push('\n');
    Ok(text)
}
