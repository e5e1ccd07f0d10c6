//! `qubx setup`: a Python environment for sessions, `$QUBX_HOME/venv`.
//!
//! It is made in a folder of its own, and `venv`, a link, is turned to it when it is whole. So a half-made environment
//! is never found by a session, and one that runs keeps its own until the next start.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use qubx_home::{Home, HomeError, SessionLock, ensure_private_dir};
use qubx_kernel::find_python;
use tokio::process::Command;

use crate::arguments::SetupArguments;
use crate::failure::{Failure, Outcome};
use crate::find::home;
use crate::out::outln;
use crate::owner::steps::Steps;

/// Asks for the versions, and fails where there is no ipykernel.
const VERSIONS: &str =
    "import sys, ipykernel; print('%d.%d.%d' % sys.version_info[:3], ipykernel.__version__)";
/// Fails where Python is too old.
const OLD: &str = "import sys; sys.exit(sys.version_info < (3, 10))";
/// What the folders of environments begin with.
const PREFIX: &str = "venv-";

/// `qubx setup`
pub(crate) async fn setup(arguments: SetupArguments) -> Result<Outcome, Failure> {
    let home = home()?;
    let base = base_python(arguments.python.as_deref(), &home).await?;
    home.create()?;
    let _alone = match SessionLock::acquire(&home.root().join("setup.lock")) {
        Err(HomeError::Locked { pid }) => {
            return Err(Failure::new(format!("another `qubx setup` is running (process {pid})")));
        }
        lock => lock?,
    };
    let mut steps = Steps::new(true);
    let venv = home.root().join("venv");
    remove_all_but(&home, std::fs::read_link(&venv).ok().as_deref());
    // A new Python is wanted only where one is named; else what works stays, and is brought up to date.
    if arguments.python.is_none() && versions(&venv.join("bin/python")).await.is_ok() {
        install(&venv, &mut steps).await?;
    } else {
        let made = make(&home, &base, &mut steps).await?;
        turn(&venv, &made)?;
        remove_all_but(&home, Some(&made));
    }
    let versions = versions(&venv.join("bin/python")).await?;
    steps.done(&format!("Python and ipykernel work: {versions}"));
    outln!("{}", venv.join("bin/python").display());
    Ok(Outcome::Done)
}

/// Finds the Python to make an environment with: the one that is named, else `python3` on the path.
async fn base_python(explicit: Option<&Path>, home: &Home) -> Result<PathBuf, Failure> {
    let wanted = explicit.unwrap_or(Path::new("python3"));
    let python = find_python(Some(wanted), Path::new("/"), home.root()).map_err(|_| {
        Failure::usage(format!("{} is not a program that can be run", wanted.display()))
            .hint("name a Python 3.10 or newer with --python")
    })?;
    let status = Command::new(&python)
        .args(["-c", OLD])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await
        .map_err(Failure::because(format!("cannot run {}", python.display())))?;
    if status.success() {
        return Ok(python);
    }
    Err(Failure::usage(format!("{} is no Python 3.10 or newer", python.display()))
        .hint("name another one with --python"))
}

/// Makes an environment in a folder of its own; when that fails nothing of it is left.
async fn make(home: &Home, base: &Path, steps: &mut Steps) -> Result<PathBuf, Failure> {
    let folder = tempfile::Builder::new()
        .prefix(PREFIX)
        .tempdir_in(home.root())
        .map_err(Failure::because(format!("cannot make a folder in {}", home.root().display())))?;
    ensure_private_dir(folder.path())?;
    let mut command = Command::new(base);
    command.args(["-m", "venv", "--clear"]).arg(folder.path());
    run(command, "make an environment")
        .await
        .map_err(|failure| failure.hint("Debian and Ubuntu have `venv` in the package python3-venv"))?;
    steps.done(&format!("environment made with {}", base.display()));
    install(folder.path(), steps).await?;
    versions(&folder.path().join("bin/python")).await?;
    Ok(folder.keep())
}

async fn install(venv: &Path, steps: &mut Steps) -> Result<(), Failure> {
    let mut command = Command::new(venv.join("bin/python"));
    command.args([
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--upgrade",
        qubx_kernel::IPYKERNEL_REQUIREMENT,
    ]);
    run(command, "install ipykernel")
        .await
        .map_err(|failure| failure.hint("pip needs its package index; its last words are above"))?;
    steps.done("ipykernel installed");
    Ok(())
}

/// Runs a command whose words go to standard error, as progress.
async fn run(mut command: Command, what: &str) -> Result<(), Failure> {
    let told = rustix::io::dup(std::io::stderr()).map_err(std::io::Error::from)?;
    let status = command
        .env_remove("PYTHONHOME")
        .env_remove("PYTHONPATH")
        .stdin(Stdio::null())
        .stdout(Stdio::from(told))
        .kill_on_drop(true)
        .status()
        .await
        .map_err(Failure::because(format!("cannot {what}")))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("cannot {what} ({status})"))) }
}

/// Returns the versions of a Python and its ipykernel.
async fn versions(python: &Path) -> Result<String, Failure> {
    let output = Command::new(python)
        .args(["-c", VERSIONS])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(Failure::because(format!("cannot run {}", python.display())))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let last = words.trim_end().lines().last().unwrap_or("it says nothing").to_owned();
    Err(Failure::new(format!("{} cannot import ipykernel: {last}", python.display())))
}

/// Turns the link `venv` to the environment `made`, at once; a folder in its place is set aside and removed.
fn turn(venv: &Path, made: &Path) -> Result<(), Failure> {
    let failed = || Failure::because(format!("cannot put the environment to {}", venv.display()));
    let is_folder = std::fs::symlink_metadata(venv).is_ok_and(|metadata| metadata.is_dir());
    if is_folder {
        // From here on it has a name of those that are removed.
        let aside = venv.with_file_name(format!("{PREFIX}old{}", std::process::id()));
        std::fs::rename(venv, aside).map_err(failed())?;
    }
    let name = made.file_name().unwrap_or_default();
    let link = made.with_extension("link");
    std::os::unix::fs::symlink(name, &link).map_err(failed())?;
    std::fs::rename(&link, venv).map_err(failed())
}

/// Removes the environments that `venv` does not point to: older ones, and what an interrupted setup left.
fn remove_all_but(home: &Home, kept: Option<&Path>) {
    let kept = kept.and_then(Path::file_name);
    for entry in std::fs::read_dir(home.root()).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name();
        let is_environment = name.to_str().is_some_and(|name| name.starts_with(PREFIX));
        if is_environment && Some(name.as_os_str()) != kept {
            // What cannot be removed now is removed by the next setup.
            let _ = std::fs::remove_dir_all(entry.path()).or_else(|_| std::fs::remove_file(entry.path()));
        }
    }
}
