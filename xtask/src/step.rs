//! Commands as steps: each is announced, runs with its output in view, and tells how long it took.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Runs `command` as the step `name`.
///
/// # Errors
/// When the command cannot be run or fails.
pub(crate) fn run(name: &str, command: &mut Command) -> Result<()> {
    timed(name, || {
        let status = command.status().with_context(|| format!("running {}", words(command)))?;
        require_success(status, command)
    })
}

/// Runs `command` as the step `name` and hands each line of its output to `line`, after showing it.
///
/// # Errors
/// When the command cannot be run or fails.
pub(crate) fn run_reading(name: &str, command: &mut Command, mut line: impl FnMut(&str)) -> Result<()> {
    timed(name, || {
        let mut child =
            command.stdout(Stdio::piped()).spawn().with_context(|| format!("running {}", words(command)))?;
        let output = child.stdout.take().expect("stdout is piped one line above");
        for text in BufReader::new(output).split(b'\n') {
            let text = text.with_context(|| format!("reading the output of {}", words(command)))?;
            let text = String::from_utf8_lossy(&text);
            println!("{text}");
            line(&text);
        }
        require_success(child.wait()?, command)
    })
}

/// Does `work` as the step `name`.
///
/// # Errors
/// Those of `work`.
pub(crate) fn timed<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("==> {name}");
    let start = Instant::now();
    let result = work();
    let outcome = if result.is_ok() { "done" } else { "FAILED" };
    println!("<== {name}: {outcome} in {:.1} s", start.elapsed().as_secs_f64());
    result
}

fn require_success(status: ExitStatus, command: &Command) -> Result<()> {
    if !status.success() {
        bail!("{} ended with {status}", words(command));
    }
    Ok(())
}

/// Returns the command as one would type it.
fn words(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
