//! `cargo xtask check`: everything that can be judged without running the program.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{page, python, repository, step};

/// Runs every check, also after one has failed, so that one run shows all there is to mend.
///
/// # Errors
/// When a check fails; the error names those that did.
pub(crate) fn run() -> Result<()> {
    let python = python::environment(&python::shared_folder(), python::DEVELOPMENT)?;
    page::build()?;
    let caches = repository::target_folder()?;
    let cargo = |arguments: &[&str]| {
        let mut command = repository::cargo();
        command.args(arguments);
        command
    };
    let python = |arguments: &[&str]| {
        let mut command = Command::new(&python);
        command.current_dir(repository::root().join("python"));
        command.env("MYPY_CACHE_DIR", caches.join("mypy")).env("RUFF_CACHE_DIR", caches.join("ruff"));
        command.arg("-m").args(arguments);
        command
    };
    let mut documentation =
        cargo(&["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items"]);
    documentation.env("RUSTDOCFLAGS", "-D warnings");

    let steps = [
        ("format", cargo(&["fmt", "--all", "--check"])),
        ("clippy", cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"])),
        ("documentation", documentation),
        ("architecture", cargo(&["test", "--quiet", "--package", "xtask"])),
        ("page types", page::npm(&["run", "--silent", "check"])),
        ("page tests", page::npm(&["run", "--silent", "test"])),
        ("Python types", python(&["mypy", "--strict"])),
        ("Python lints", python(&["ruff", "check", "--config", "pyproject.toml", ".", "../examples"])),
        (
            "Python format",
            python(&["ruff", "format", "--check", "--config", "pyproject.toml", ".", "../examples"]),
        ),
    ];
    let mut failed = Vec::new();
    for (name, mut command) in steps {
        if let Err(error) = step::run(name, &mut command) {
            eprintln!("{error:#}");
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}
