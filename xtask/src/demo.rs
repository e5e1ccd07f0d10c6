//! `cargo xtask demo`: from a clone to a running strategy with one command.

use std::process::Command;

use anyhow::Result;

use crate::{page, python, repository, step};

/// The config that the demo runs.
const CONFIG: &str = "examples/ema_cross.yml";

/// Builds qubx and runs the example in this terminal or in the browser, with further `arguments` of `qubx run`.
///
/// # Errors
/// When a step fails, qubx included.
pub(crate) fn run(web: bool, arguments: &[String]) -> Result<()> {
    let python = python::environment(&python::shared_folder(), python::DEMO)?;
    page::build_if_possible()?;
    step::run("building qubx", repository::cargo().args(["build", "--release", "--package", "qubx"]))?;
    let program = repository::target_folder()?.join("release/qubx");
    step::run(
        "running the example",
        Command::new(program)
            .current_dir(repository::root())
            .args(["run", CONFIG, "--paper", if web { "--textual-web" } else { "--textual" }, "--python"])
            .arg(python)
            .args(arguments),
    )
}
