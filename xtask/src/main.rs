//! The tasks of the sizewell repository: `cargo xtask <task>`.

mod accuracy;
mod bench;
mod calculator;
mod codegen;
mod demo;
mod golden;
mod installs;
mod m4;
mod prerequisites;
mod shell;
mod steps;
mod test;
mod wasm;

use std::process::ExitCode;

/// A task that `cargo xtask` knows.
struct Task {
    name: &'static str,
    /// What may follow the name, as the usage text shows it.
    arguments: &'static str,
    summary: &'static str,
    run: fn(&[String]) -> anyhow::Result<()>,
}

const TASKS: &[Task] = &[
    Task {
        name: "demo",
        arguments: "[SENTENCE]",
        summary: "from a sentence to ranked options and manifests",
        run: demo::run,
    },
    Task {
        name: "test",
        arguments: "[--list] [--only STEP,…] [--from STEP]",
        summary: "every check of the repository, and all that it needs installed",
        run: test::run,
    },
    Task {
        name: "calculator",
        arguments: "[--port N] [--build-only]",
        summary: "build the page and serve it on this machine",
        run: calculator::run,
    },
    Task { name: "wasm", arguments: "", summary: "build the WebAssembly package", run: wasm::run },
    Task {
        name: "bench",
        arguments: "[ARGUMENTS]",
        summary: "the criterion benches; arguments go to cargo bench",
        run: bench::run,
    },
    Task {
        name: "accuracy",
        arguments: "[--fit] [--residuals FILE]",
        summary: "how well the engine predicts what was measured: docs/ACCURACY.md",
        run: accuracy::run,
    },
    Task {
        name: "m4",
        arguments: "[--tuning [--earlier N]]",
        summary: "how well the forecasting models do on the M4 series: docs/FORECASTING.md",
        run: m4::run,
    },
    Task {
        name: "codegen",
        arguments: "[--check]",
        summary: "write the TypeScript, Python and JSON schema files that follow from the Rust types",
        run: codegen::run,
    },
    Task {
        name: "golden",
        arguments: "[--check] [NAME…]",
        summary: "answer the requests in core/tests/golden anew",
        run: golden::run,
    },
];

/// The repository's root.
fn root() -> &'static std::path::Path {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        eprint!("{}", usage());
        return ExitCode::from(2);
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        print!("{}", usage());
        return ExitCode::SUCCESS;
    }
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        eprint!("xtask: no task `{name}`\n\n{}", usage());
        return ExitCode::from(2);
    };
    match (task.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    let call = |task: &Task| format!("{} {}", task.name, task.arguments);
    let width = TASKS.iter().map(|task| call(task).len()).max().unwrap_or_default();
    let mut text = "Usage: cargo xtask <task>\n\nTasks:\n".to_owned();
    for task in TASKS {
        text.push_str(&format!("  {:width$}  {}\n", call(task), task.summary));
    }
    text
}
