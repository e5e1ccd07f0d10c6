//! `cargo xtask test`: all tests. That none ran is a failure too.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::{python, repository, step};

/// The integration test binaries, one a crate; those that need a Python take it from the environment. All of them
/// run twice, because a choice of crates would have to be built again, with other features of their dependencies.
const INTEGRATION_TESTS: [&str; 3] = ["--workspace", "--test", "it"];

/// The variable that lists, with commas, what tests must not miss: who lacks it fails instead of being skipped.
const REQUIRE: &str = "QUBX_REQUIRE";
/// What this task prepares itself, so that its absence is a mistake.
const PREPARED: &str = "python,console";

/// Prepares the Python environments and runs Rust's tests, the integration tests once more with the older ipykernel,
/// and Python's tests.
///
/// # Errors
/// When a step fails or has no test.
pub(crate) fn run() -> Result<()> {
    let newest = python::environment(&python::shared_folder(), python::DEVELOPMENT)?;
    let old_folder = repository::target_folder()?.join("venv-ipykernel6");
    let old = python::environment(&old_folder, python::OLD_IPYKERNEL)?;

    step::run("building the tests", repository::cargo().args(["test", "--workspace", "--no-run"]))?;
    cargo_test("Rust tests", &["--workspace"], &newest)?;
    cargo_test("integration tests, ipykernel 6.31", &INTEGRATION_TESTS, &old)?;

    // pytest ends with 5 when it finds no test.
    step::run(
        "Python tests",
        Command::new(newest).current_dir(repository::root().join("python")).args([
            "-B",
            "-m",
            "pytest",
            "--quiet",
            "-p",
            "no:cacheprovider",
        ]),
    )
}

/// Runs `cargo test`; tests with a real kernel run `python`.
fn cargo_test(name: &str, arguments: &[&str], python: &Path) -> Result<()> {
    let mut passed = 0;
    let mut command = repository::cargo();
    command.args(["test", "--no-fail-fast"]).args(arguments).env("QUBX_TEST_PYTHON", python);
    if std::env::var_os(REQUIRE).is_none() {
        command.env(REQUIRE, PREPARED);
    }
    let result = step::run_reading(name, &mut command, |line| passed += passed_in(line));
    println!("{name}: {passed} passed");
    result?;
    ensure!(passed > 0, "{name}: no test ran");
    Ok(())
}

/// Returns how many tests passed if `line` is the last of a test binary's, else 0.
pub(crate) fn passed_in(line: &str) -> usize {
    let passed =
        || line.strip_prefix("test result: ")?.split_once(". ")?.1.split_once(" passed;")?.0.parse().ok();
    passed().unwrap_or(0)
}
