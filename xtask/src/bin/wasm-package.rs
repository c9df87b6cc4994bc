//! Makes the npm package `sizewell-wasm` complete: compiles the crate, and writes into
//! `bindings-wasm/pkg` the module, its glue, and the functions that it shares with the Node package.
//!
//! A program of its own, so that the other tasks need not wait for its dependencies to compile.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

const MODULE: &str = "sizewell_bg.wasm";
/// What the package shares with the Node package: code, which becomes ES modules, and its types.
const SHARED: [&str; 5] = ["api", "forecast", "session", "traces", "values"];
const DECLARED: [&str; 5] = ["api", "forecast", "functions", "session", "traces"];

fn main() -> Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.parent().unwrap_or(here);
    let package = root.join("bindings-wasm/pkg");
    let shared = root.join("bindings-node/lib");
    let compiled = compile(root)?;
    let code = SHARED.map(|name| format!("{name}.js"));
    let declared = DECLARED.map(|name| format!("{name}.d.ts"));
    let mut inputs = vec![compiled.clone(), std::env::current_exe()?];
    inputs.extend(code.iter().chain(&declared).map(|file| shared.join(file)));
    if is_current(&package, &inputs) {
        println!("bindings-wasm/pkg is up to date");
        return Ok(());
    }
    if package.exists() {
        std::fs::remove_dir_all(&package)?;
    }
    std::fs::create_dir_all(&package)?;
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(&compiled)
        .out_name("sizewell")
        .web(true)?
        .typescript(false)
        .omit_default_module_path(false);
    bindgen.remove_name_section(true).remove_producers_section(true);
    bindgen.generate(&package).context("wasm-bindgen refuses the module")?;
    for file in &code {
        let module = es_module(file, &std::fs::read_to_string(shared.join(file))?)?;
        std::fs::write(package.join(file), module)?;
    }
    for file in &declared {
        std::fs::copy(shared.join(file), package.join(file))?;
    }
    let size = std::fs::metadata(package.join(MODULE))?.len();
    println!("built bindings-wasm/pkg ({:.2} MB of WebAssembly)", size as f64 / 1e6);
    Ok(())
}

/// Compiles the crate and says where the module is.
fn compile(root: &Path) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "build",
            "--package",
            "sizewell-wasm",
            "--target",
            "wasm32-unknown-unknown",
            "--profile",
            "wasm",
        ])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .context("cargo could not be started")?;
    if !output.status.success() {
        bail!("the crate sizewell-wasm does not compile");
    }
    for line in String::from_utf8_lossy(&output.stdout).lines().rev() {
        let message: serde_json::Value = serde_json::from_str(line)?;
        let name = message.pointer("/target/name").and_then(|name| name.as_str());
        let files = message.get("filenames").and_then(|files| files.as_array()).into_iter().flatten();
        let module = files.filter_map(|file| file.as_str()).find(|file| file.ends_with(".wasm"));
        if let (Some("sizewell_wasm"), Some(module)) = (name, module) {
            return Ok(module.into());
        }
    }
    bail!("cargo built no module for sizewell-wasm")
}

/// A CommonJS file of the Node package as an ES module: each `require` is a statement of its own, and
/// what is exported is at the end.
fn es_module(file: &str, common_js: &str) -> Result<String> {
    let mut text = format!("// Made of bindings-node/lib/{file}.\n");
    for line in common_js.lines().skip_while(|line| *line == "'use strict';") {
        let import = line.strip_prefix("const ").and_then(|rest| rest.split_once(" = require("));
        let line = match import {
            Some((names, from)) => format!("import {names} from {};", from.trim_end_matches(");")),
            None => line.replace("module.exports = ", "export "),
        };
        if line.contains("require(") || line.contains("module.") {
            bail!("bindings-node/lib/{file} has a line that no ES module can have: {line}");
        }
        text.push_str(&line);
        text.push('\n');
    }
    Ok(text)
}

/// Whether the package was written after the last change of what it is made of.
fn is_current(package: &Path, inputs: &[PathBuf]) -> bool {
    let changed = |path: &PathBuf| path.metadata().and_then(|file| file.modified()).ok();
    let written =
        ["api.js", "functions.d.ts", "sizewell.js", MODULE].map(|name| changed(&package.join(name)));
    let newest = inputs.iter().map(changed).map(|time| time.unwrap_or_else(SystemTime::now)).max();
    written.iter().all(|time| time.is_some() && *time >= newest)
}
