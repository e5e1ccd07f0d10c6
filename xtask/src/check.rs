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
    let has_page = page::build_if_possible()?;
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
        ("Python types", python(&["mypy", "--strict"])),
        ("Python lints", python(&["ruff", "check", "--config", "pyproject.toml", ".", "../examples"])),
        (
            "Python format",
            python(&["ruff", "format", "--check", "--config", "pyproject.toml", ".", "../examples"]),
        ),
    ];
    let page_steps = [
        ("page types", page::npm(&["run", "--silent", "check"])),
        ("page tests", page::npm(&["run", "--silent", "test"])),
    ];
    let page_steps = page_steps.into_iter().filter(|_| has_page);
    let mut failed = Vec::new();
    for (name, mut command) in steps.into_iter().chain(page_steps) {
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
