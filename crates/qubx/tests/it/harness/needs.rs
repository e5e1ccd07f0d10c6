//! What a test needs of the machine. Where it is not there, the test says so and passes, unless `QUBX_REQUIRE`, a list
//! with commas, has its name.

use std::path::{Path, PathBuf};

/// The repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Returns a Python with ipykernel: `QUBX_TEST_PYTHON`, else the one of the repository's `.venv`.
pub(crate) fn python() -> Option<PathBuf> {
    let own = || Path::new(ROOT).join(".venv/bin/python");
    present("python", std::env::var_os("QUBX_TEST_PYTHON").map_or_else(own, PathBuf::from))
}

/// Returns the `jupyter-console` of that Python.
pub(crate) fn console(python: &Path) -> Option<PathBuf> {
    present("console", python.with_file_name("jupyter-console"))
}

/// Tells whether a Python has a module that not every environment has.
pub(crate) async fn has_module(python: &Path, module: &str) -> bool {
    let mut command = tokio::process::Command::new(python);
    let asked = command.args(["-c", &format!("import {module}")]).output().await;
    let is_there = asked.is_ok_and(|output| output.status.success());
    has(module, is_there, &format!("{} has no {module}", python.display()))
}

/// Returns a program of this name, as `tmux`.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.exists());
    present(name, found.unwrap_or_else(|| name.into()))
}

/// Returns a file of recorded market data.
pub(crate) fn data_file(name: &str) -> Option<PathBuf> {
    present("data", Path::new(ROOT).join("../shared/data").join(name))
}

fn present(need: &str, path: PathBuf) -> Option<PathBuf> {
    let is_there = path.exists();
    has(need, is_there, &format!("no {need} at {}", path.display())).then_some(path)
}

/// Tells whether the machine has what a need names; if not, the test is skipped and says what lacks.
pub(crate) fn has(need: &str, has: bool, lacks: &str) -> bool {
    if !has {
        let required = std::env::var("QUBX_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|part| part == need), "{need} is required: {lacks}");
        println!("skipped: {lacks}");
    }
    has
}

/// Tells whether this runs as root. What only root can cause is skipped without it, with a word.
pub(crate) fn is_root(what: &str) -> bool {
    has("root", rustix::process::geteuid().is_root(), &format!("only root can {what}"))
}
