//! Where the measures were taken: machine, versions, commit.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::repository;

/// Prints the versions that matter, as one line.
const VERSIONS: &str = "import platform, ipykernel, jupyter_client\n\
    print(f'Python {platform.python_version()}, ipykernel {ipykernel.__version__}, \
    jupyter_client {jupyter_client.__version__}')";

/// Returns names and values of all that a reader must know to compare the measures.
///
/// # Errors
/// When Python, git or the system does not tell.
pub(crate) fn describe(python: &Path) -> Result<Vec<(&'static str, String)>> {
    let cores = std::thread::available_parallelism().context("counting the cores")?;
    let mut git = Command::new("git");
    git.current_dir(repository::root());
    Ok(vec![
        ("cpu", processor()?),
        ("cores", cores.to_string()),
        ("kernel", read("/proc/sys/kernel/osrelease")?),
        ("load before", read("/proc/loadavg")?),
        ("python", output(Command::new(python).args(["-c", VERSIONS]))?),
        ("rustc", output(Command::new("rustc").arg("--version"))?),
        ("commit", output(git.args(["describe", "--always", "--dirty", "--abbrev=12"]))?),
    ])
}

fn processor() -> Result<String> {
    let text = read("/proc/cpuinfo")?;
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    Ok(name.map_or("unknown", |(_, name)| name).to_owned())
}

fn read(path: &str) -> Result<String> {
    Ok(std::fs::read_to_string(path).with_context(|| format!("reading {path}"))?.trim().to_owned())
}

fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_owned();
    let output = command.output().with_context(|| format!("running {}", program.display()))?;
    ensure!(
        output.status.success(),
        "{} failed:\n{}",
        program.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
