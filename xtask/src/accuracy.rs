//! `cargo xtask accuracy`: fits the engine's coefficients to the measured points and writes
//! `docs/ACCURACY.md`.

use crate::shell;

pub fn run(arguments: &[String]) -> anyhow::Result<()> {
    let mut command = shell::cargo();
    command.args(["run", "--release", "--package", "sizewell-benches", "--bin", "accuracy", "--"]);
    shell::run(command.args(arguments))
}
