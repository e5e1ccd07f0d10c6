//! The page in `web/`: its packages, its checks, its build. It is the only part that needs Node; who lacks that builds qubx
//! without a page, and the program says so where the page would be.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::test::REQUIRE;
use crate::{repository, step};

/// The oldest Node that the page's tools run on.
const OLDEST_NODE: (u32, u32) = (20, 19);

fn folder() -> PathBuf {
    repository::root().join("web")
}

/// Returns what to do to have a page, or nothing when Node is there.
fn missing() -> Option<String> {
    let (major, minor) = OLDEST_NODE;
    let wanted = format!("Node {major}.{minor} or later, with npm (https://nodejs.org)");
    let Ok(output) = Command::new("node").arg("--version").output() else {
        return Some(format!("Node is not there; install {wanted}"));
    };
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut numbers = text.trim_start_matches('v').split('.').map(|number| number.parse().unwrap_or(0));
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found < OLDEST_NODE {
        return Some(format!("this is Node {text}; install {wanted}"));
    }
    let has_npm = npm(&["--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    (!has_npm.is_ok_and(|status| status.success())).then(|| format!("npm is not there; install {wanted}"))
}

/// Returns a command of npm's in the page's folder.
pub(crate) fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder()).args(arguments).env("npm_config_update_notifier", "false");
    command
}

/// What [`REQUIRE`] calls Node.
const NODE: &str = "node";

/// Builds the page, if that can be done; else says what is missing. Tells whether there is a page.
///
/// # Errors
/// When Node is there and a step fails, or it is missing and required.
pub(crate) fn build_if_possible() -> Result<bool> {
    let Some(missing) = missing() else { return build().map(|()| true) };
    let required = std::env::var(REQUIRE).unwrap_or_default();
    ensure!(!required.split(',').any(|need| need == NODE), "{missing}, and {REQUIRE} asks for it");
    println!("skipped: the page is not built, and the program will say so: {missing}");
    Ok(false)
}

/// Builds the page into `web/dist`, from where it is built into the program.
///
/// # Errors
/// When Node is missing, or a step fails.
pub(crate) fn build() -> Result<()> {
    if let Some(missing) = missing() {
        bail!("{missing}");
    }
    install()?;
    step::run("building the page", &mut npm(&["run", "--silent", "build"]))?;
    // What has the gateway built again that was built without a page; see its build script.
    let document = std::fs::File::options().append(true).open(folder().join("index.html"))?;
    document.set_modified(std::time::SystemTime::now()).context("touching the page's document")
}

/// Installs the packages that the lock file names, unless they are those that are there.
fn install() -> Result<()> {
    let (lock, installed) =
        (folder().join("package-lock.json"), folder().join("node_modules/.package-lock.json"));
    let time = |path: &PathBuf| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let lock_time = time(&lock).with_context(|| format!("{} is not there", lock.display()))?;
    if time(&installed).is_some_and(|installed| installed >= lock_time) {
        return Ok(());
    }
    step::run(
        "installing the page's packages",
        &mut npm(&["ci", "--no-audit", "--no-fund", "--loglevel=error"]),
    )?;
    ensure!(installed.is_file(), "npm installed nothing");
    Ok(())
}

/// Tries the page in a real browser, with the program as tests build it and a real kernel. The run itself says when there is
/// no browser, and fails when no test ran.
///
/// # Errors
/// When a test fails.
pub(crate) fn try_in_browser(python: &Path) -> Result<()> {
    step::run("building the program", repository::cargo().args(["build", "--quiet", "--package", "qubx"]))?;
    let program = repository::target_folder()?.join("debug/qubx");
    let mut tests = npm(&["run", "--silent", "e2e"]);
    tests.env("QUBX_PROGRAM", program).env("QUBX_TEST_PYTHON", python);
    step::run("page in Chromium", &mut tests)
}
