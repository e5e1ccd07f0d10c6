//! `cargo xtask test`: all tests. That none ran is a failure too.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::python::{self, Python};
use crate::{page, repository, step};

/// The integration test binaries, one a crate; those that need a Python take it from the environment. All of them
/// run twice, because a choice of crates would have to be built again, with other features of their dependencies.
const INTEGRATION_TESTS: [&str; 3] = ["--workspace", "--test", "it"];
/// Those of them in which it is Python that may differ.
const PYTHON_TESTS: [&str; 10] = [
    "causes::",
    "cells::",
    "input::",
    "jupyter::",
    "kernel_death::",
    "kernel_restart::",
    "output::",
    "shared::",
    "strategies::",
    "trading::",
];
/// The crate whose tests try everything that depends on the version of Python or of ipykernel.
const KERNEL: &str = "qubx-kernel";

/// The variable that lists, with commas, what tests must not miss: who lacks it fails instead of being skipped.
pub(crate) const REQUIRE: &str = "QUBX_REQUIRE";
/// What this task prepares itself, so that its absence is a mistake.
const PREPARED: &str = "python,console,matplotlib,nbformat";

/// The Pythons that are supported, by their minor versions.
const SUPPORTED: std::ops::RangeInclusive<u32> = 10..=13;
/// What [`REQUIRE`] calls them.
const PYTHONS: &str = "pythons";

/// Prepares the Python environments and runs Rust's tests, the integration tests once more with the oldest Python and the
/// older ipykernel, those of the program that depend on Python with each other one, the older and the newer ipykernel in
/// turn, the kernel's with the ipykernels that are left, Python's tests, and the page in a real browser.
///
/// # Errors
/// When a step fails or has no test.
pub(crate) fn run() -> Result<()> {
    let newest = python::environment(&python::shared_folder(), python::DEVELOPMENT)?;
    let own = python::probe(&newest).context("the environment that was just made has no Python")?;
    let pythons = python::every();
    check_pythons(&pythons)?;

    let has_page = page::build_if_possible()?;
    let kernel_tests = build()?;
    run_tests(&format!("Rust tests, Python 3.{}", own.minor), &mut cargo_test(&["--workspace"]), &newest)?;
    for (python, line, tests) in plan(&pythons, own.minor) {
        let environment = environment(python, line)?;
        let mut command = match tests {
            Tests::Integration => cargo_test(&INTEGRATION_TESTS),
            Tests::Program => {
                let mut command = cargo_test(&INTEGRATION_TESTS);
                command.arg("--").args(PYTHON_TESTS);
                command
            }
            Tests::Kernel => Command::new(&kernel_tests),
        };
        if tests == Tests::Kernel {
            command.current_dir(repository::root().join("crates").join(KERNEL));
        }
        let name = format!("{tests:?} tests, Python 3.{}, ipykernel {}", python.minor, line.name());
        run_tests(&name, &mut command, &environment)?;
    }

    // pytest ends with 5 when it finds no test.
    step::run(
        "Python tests",
        Command::new(&newest).current_dir(repository::root().join("python")).args([
            "-B",
            "-m",
            "pytest",
            "--quiet",
            "-p",
            "no:cacheprovider",
        ]),
    )?;
    if has_page { page::try_in_browser(&newest) } else { Ok(()) }
}

/// Which tests run once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tests {
    /// Those of the whole program, and of each crate that runs Python.
    Integration,
    /// Those of the whole program in which it is Python that may differ.
    Program,
    /// Those of the kernel alone.
    Kernel,
}

/// A line of ipykernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Old,
    New,
}

impl Line {
    fn name(self) -> &'static str {
        match self {
            Line::Old => "6.31",
            Line::New => "7",
        }
    }
}

/// Returns which Python and which line of ipykernel runs what, beside the environment of version `own` and the newer line,
/// which runs everything: the oldest all that is integrated, each other version the program with one line, both in turn,
/// and each the kernel's with the line that is left.
fn plan(pythons: &[Python], own: u32) -> Vec<(&Python, Line, Tests)> {
    let mut plan = Vec::new();
    let mut turn = [Line::Old, Line::New].into_iter().cycle();
    for python in pythons {
        match python.minor {
            minor if minor == own => plan.push((python, Line::Old, Tests::Kernel)),
            // The newer line needs a newer one.
            10 => plan.push((python, Line::Old, Tests::Integration)),
            _ => {
                let (program, kernel) = match turn.next() {
                    Some(Line::New) => (Line::New, Line::Old),
                    _ => (Line::Old, Line::New),
                };
                plan.extend([(python, program, Tests::Program), (python, kernel, Tests::Kernel)]);
            }
        }
    }
    plan
}

/// Tells which supported Pythons are missing, or fails when they are required.
fn check_pythons(found: &[Python]) -> Result<()> {
    let has = |minor: u32| found.iter().any(|python| python.minor == minor);
    let missing: Vec<String> =
        SUPPORTED.filter(|minor| !has(*minor)).map(|minor| format!("3.{minor}")).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let what = format!("Python {} is not there", missing.join(", "));
    let required = std::env::var(REQUIRE).unwrap_or_default();
    ensure!(!required.split(',').any(|need| need == PYTHONS), "{what}, and {REQUIRE} asks for it");
    println!("skipped: {what}, so nothing is tested with it");
    Ok(())
}

/// Returns the Python of an environment that is for tests only.
fn environment(base: &Python, line: Line) -> Result<PathBuf> {
    let folder = format!("venv-3.{}-ipykernel-{}", base.minor, line.name());
    let requirements = match line {
        Line::Old => python::OLD_IPYKERNEL,
        Line::New => python::NEW_IPYKERNEL,
    };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_supported_python_runs_the_whole_program_and_both_lines_are_among_them() {
        let pythons: Vec<Python> = SUPPORTED.map(|minor| Python { minor, path: "python3".into() }).collect();
        let plan = plan(&pythons, 11);
        let of = |tests: Tests| -> Vec<(u32, Line)> {
            plan.iter()
                .filter(|(.., what)| *what == tests)
                .map(|(python, line, _)| (python.minor, *line))
                .collect()
        };
        assert_eq!(of(Tests::Integration), [(10, Line::Old)]);
        assert_eq!(of(Tests::Program), [(12, Line::Old), (13, Line::New)]);
        assert_eq!(of(Tests::Kernel), [(11, Line::Old), (12, Line::New), (13, Line::Old)]);
    }
}
