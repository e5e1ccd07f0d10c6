//! `cargo xtask test`: all tests. That none ran is a failure too.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::python::{self, Python};
use crate::{repository, step};

/// The integration test binaries, one a crate; those that need a Python take it from the environment. All of them
/// run twice, because a choice of crates would have to be built again, with other features of their dependencies.
const INTEGRATION_TESTS: [&str; 3] = ["--workspace", "--test", "it"];
/// The crate whose tests try everything that depends on the version of Python or of ipykernel.
const KERNEL: &str = "qubx-kernel";

/// The variable that lists, with commas, what tests must not miss: who lacks it fails instead of being skipped.
const REQUIRE: &str = "QUBX_REQUIRE";
/// What this task prepares itself, so that its absence is a mistake.
const PREPARED: &str = "python,console,matplotlib";

/// Prepares the Python environments and runs Rust's tests, the integration tests once more with the oldest Python and
/// the older ipykernel, the kernel's with each other Python that is there and both ipykernels, and Python's tests.
///
/// # Errors
/// When a step fails or has no test.
pub(crate) fn run() -> Result<()> {
    let newest = python::environment(&python::shared_folder(), python::DEVELOPMENT)?;
    let own = python::probe(&newest).context("the environment that was just made has no Python")?;
    let pythons = python::every();
    let oldest = pythons.first().unwrap_or(&own);
    let old = environment(oldest, "6.31", python::OLD_IPYKERNEL)?;

    let kernel_tests = build()?;
    run_tests(&format!("Rust tests, Python 3.{}", own.minor), &mut cargo_test(&["--workspace"]), &newest)?;
    let integration = format!("integration tests, {}", name(oldest, "6.31"));
    run_tests(&integration, &mut cargo_test(&INTEGRATION_TESTS), &old)?;
    let newer = pythons.iter().filter(|python| python.minor >= 11 && python.minor != own.minor);
    let newer = newer.map(|python| (python, "7", python::NEW_IPYKERNEL));
    let older = pythons.iter().filter(|python| *python != oldest);
    let older = older.map(|python| (python, "6.31", python::OLD_IPYKERNEL));
    for (python, line, requirements) in newer.chain(older) {
        let environment = environment(python, line, requirements)?;
        let mut tests = Command::new(&kernel_tests);
        tests.current_dir(repository::root().join("crates").join(KERNEL));
        run_tests(&format!("kernel tests, {}", name(python, line)), &mut tests, &environment)?;
    }

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

fn name(python: &Python, ipykernel: &str) -> String {
    format!("Python 3.{}, ipykernel {ipykernel}", python.minor)
}

/// Returns the Python of an environment that is for tests only.
fn environment(base: &Python, ipykernel: &str, requirements: &[&str]) -> Result<PathBuf> {
    let folder = format!("venv-3.{}-ipykernel-{ipykernel}", base.minor);
    python::environment_of(Some(base), &repository::target_folder()?.join(folder), requirements)
}

/// Builds all tests and returns the program of the kernel's integration tests.
fn build() -> Result<PathBuf> {
    step::timed("building the tests", || {
        let mut command = repository::cargo();
        command.args(["test", "--workspace", "--no-run", "--message-format=json-render-diagnostics"]);
        let output = command.stderr(Stdio::inherit()).output().context("running cargo test --no-run")?;
        ensure!(output.status.success(), "the tests cannot be built");
        let messages = String::from_utf8_lossy(&output.stdout);
        let found =
            messages.lines().filter_map(|line| serde_json::from_str(line).ok()).find_map(kernel_tests);
        found.with_context(|| format!("{KERNEL} has no integration tests"))
    })
}

/// Returns the program that a message of Cargo's tells of, if it is the kernel's integration tests.
/// <https://doc.rust-lang.org/cargo/reference/external-tools.html#artifact-messages>
#[allow(clippy::needless_pass_by_value)] // It is the last use of a message.
fn kernel_tests(message: Value) -> Option<PathBuf> {
    let is_kernel = message["package_id"].as_str()?.contains(&format!("/{KERNEL}#"));
    let is_it = is_kernel && message["target"]["name"] == "it";
    message["executable"].as_str().filter(|_| is_it).map(PathBuf::from)
}

fn cargo_test(arguments: &[&str]) -> Command {
    let mut command = repository::cargo();
    command.args(["test", "--no-fail-fast"]).args(arguments);
    command
}

/// Runs tests; those with a real kernel run `python`.
fn run_tests(name: &str, command: &mut Command, python: &Path) -> Result<()> {
    let mut passed = 0;
    command.env("QUBX_TEST_PYTHON", python);
    if std::env::var_os(REQUIRE).is_none() {
        command.env(REQUIRE, PREPARED);
    }
    let result = step::run_reading(name, command, |line| passed += passed_in(line));
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
