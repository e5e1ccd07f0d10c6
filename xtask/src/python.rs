//! Finds a Python and keeps the virtual environments of the tasks.
//!
//! An environment is made once: a stamp in it lists what was installed, and only what is missing there is added.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{repository, step};

/// What the demo needs in `.venv`: the newest ipykernel that works with its Python, and the console to attach with.
pub(crate) const DEMO: &[&str] = &["ipykernel>=6.29,!=7.0.*,!=7.1.*,!=7.2.*,!=7.3.*", "jupyter-console>=6.6"];
/// What the tests and checks need in `.venv`; the tools that judge sources are pinned, so that they judge alike
/// everywhere.
pub(crate) const DEVELOPMENT: &[&str] = &[
    DEMO[0],
    DEMO[1],
    MATPLOTLIB,
    NBFORMAT,
    "numpy>=2",
    "pandas>=2",
    "pytest>=9",
    "mypy==2.4.1",
    "ruff==0.17.6",
];
/// Draws what a cell shows in a test.
const MATPLOTLIB: &str = "matplotlib>=3.10";
/// Judges a notebook in a test.
const NBFORMAT: &str = "nbformat>=5.10";
/// The newer line of ipykernel, which needs Python 3.11, and the console.
pub(crate) const NEW_IPYKERNEL: &[&str] = &["ipykernel>=7.4", DEMO[1], MATPLOTLIB, NBFORMAT];
/// The older line of ipykernel, which the framework Qubx needs, and the console.
pub(crate) const OLD_IPYKERNEL: &[&str] = &["ipykernel==6.31.*", DEMO[1], MATPLOTLIB, NBFORMAT];

/// The file in an environment that lists what was installed, one requirement a line.
const STAMP: &str = "qubx-requirements.txt";
/// The Pythons that are looked for, best first.
const NAMES: [&str; 6] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];
/// Prints the interpreter's minor version and real path. Fails before Python 3.10 and where environments cannot be made
/// (Debian has a package of its own for that).
const PROBE: &str = "import sys, venv, ensurepip\nassert sys.version_info >= (3, 10)\nprint(sys.version_info[1], sys.executable)";

/// A Python that is good enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Python {
    /// 12 of Python 3.12.
    pub(crate) minor: u32,
    /// The interpreter.
    pub(crate) path: PathBuf,
}

/// Returns the Python of the environment in `folder`, after making it of the best Python there is and installing
/// `requirements` as far as needed.
///
/// # Errors
/// When there is no usable Python, or pip cannot install the requirements.
pub(crate) fn environment(folder: &Path, requirements: &[&str]) -> Result<PathBuf> {
    environment_of(None, folder, requirements)
}

/// As [`environment`], of `base` instead of the best Python.
///
/// # Errors
/// When pip cannot install the requirements.
pub(crate) fn environment_of(base: Option<&Python>, folder: &Path, requirements: &[&str]) -> Result<PathBuf> {
    let python = folder.join("bin/python");
    let stamp = folder.join(STAMP);
    let mut installed: Vec<String> = Vec::new();
    if probe(&python).is_some() {
        installed = fs::read_to_string(&stamp).unwrap_or_default().lines().map(str::to_owned).collect();
    } else {
        let base = base.map_or_else(find, |base| Ok(base.path.clone()))?;
        let name = format!("making {} with {}", folder.display(), base.display());
        step::run(&name, Command::new(base).args(["-m", "venv", "--clear"]).arg(folder))?;
    }
    let missing: Vec<&str> =
        requirements.iter().copied().filter(|wanted| !installed.iter().any(|have| have == wanted)).collect();
    if !missing.is_empty() {
        step::run(
            &format!("installing {} into {}", missing.join(", "), folder.display()),
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
                .args(&missing),
        )?;
        installed.extend(missing.iter().map(|&requirement| requirement.to_owned()));
        fs::write(&stamp, installed.join("\n")).with_context(|| format!("writing {}", stamp.display()))?;
    }
    Ok(python)
}

/// Returns the folder of the environment that demo, tests and developers share.
pub(crate) fn shared_folder() -> PathBuf {
    repository::root().join(".venv")
}

/// Returns a Python of each minor version from 3.10 on that this machine has, the oldest first.
pub(crate) fn every() -> Vec<Python> {
    let mut found: Vec<Python> = Vec::new();
    for python in installed().filter_map(|python| probe(&python)) {
        if found.iter().all(|known| known.minor != python.minor) {
            found.push(python);
        }
    }
    found.sort_by_key(|python| python.minor);
    found
}

fn installed() -> impl Iterator<Item = PathBuf> {
    NAMES.iter().map(PathBuf::from).chain(pyenv_pythons())
}

/// Returns a Python of at least 3.10: from the path, else one that pyenv installed.
fn find() -> Result<PathBuf> {
    match installed().find_map(|python| probe(&python)) {
        Some(python) => Ok(python.path),
        None => bail!(
            "no Python of at least 3.10 that can make virtual environments was found\n  hint: install one (on Debian: apt install python3 python3-venv) so that `python3` runs it"
        ),
    }
}

/// Returns what `python` is if it runs and is good enough. A name on the path proves nothing: it may be the shim of a
/// version that is not active.
pub(crate) fn probe(python: &Path) -> Option<Python> {
    let output = Command::new(python).args(["-c", PROBE]).output().ok()?;
    let line = String::from_utf8(output.stdout).ok()?;
    let (minor, path) = line.trim().split_once(' ')?;
    output.status.success().then_some(Python { minor: minor.parse().ok()?, path: path.into() })
}

/// Returns the Pythons that pyenv installed, whether they are active or not.
fn pyenv_pythons() -> Vec<PathBuf> {
    let root = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
    let Some(root) = root.or_else(|| Some(std::env::home_dir()?.join(".pyenv"))) else { return Vec::new() };
    let Ok(versions) = fs::read_dir(root.join("versions")) else { return Vec::new() };
    let mut pythons: Vec<PathBuf> =
        versions.flatten().map(|version| version.path().join("bin/python3")).collect();
    pythons.sort();
    pythons.reverse();
    pythons
}
