//! `cargo xtask demo`: from a clone to a running strategy with one command.

use std::process::Command;

use anyhow::Result;

use crate::{python, repository, step};

/// The config that the demo runs.
const CONFIG: &str = "examples/ema_cross.yml";

/// Builds qubx and runs the example in this terminal, with further `arguments` of `qubx run`.
///
/// # Errors
/// When a step fails, qubx included.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let python = python::environment(&python::shared_folder(), python::DEMO)?;
    step::run("building qubx", repository::cargo().args(["build", "--release", "--package", "qubx"]))?;
    let program = repository::target_folder()?.join("release/qubx");
    step::run(
        "running the example",
        Command::new(program)
            .current_dir(repository::root())
            .args(["run", CONFIG, "--paper", "--textual", "--python"])
            .arg(python)
            .args(arguments),
    )
}
