//! `cargo xtask m4`: forecasts the M4 competition's hourly and weekly series and writes
//! `docs/FORECASTING.md`.

use crate::shell;

pub fn run(arguments: &[String]) -> anyhow::Result<()> {
    let mut command = shell::cargo();
    command.args(["run", "--release", "--package", "sizewell-benches", "--bin", "m4", "--"]);
    shell::run(command.args(arguments))
}
