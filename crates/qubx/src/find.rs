//! Which session a NAME means.

use std::io::IsTerminal;

use qubx_home::{Found, Home, list_sessions};

use crate::failure::Failure;

/// Said wherever a session is needed and none runs.
pub(crate) const NONE_RUNS: &str = "no session is running";
/// What to do about that.
pub(crate) const START_ONE: &str = "start one: qubx run config.yml --paper";

/// Finds the running session that `name` means: its name, its connection file's stem, or that file's path.
pub(crate) fn find(name: &str) -> Result<Found, Failure> {
    let sessions = list_sessions(&Home::locate()?)?;
    let mut named: Vec<Found> = sessions.iter().filter(|session| session.is_named(name)).cloned().collect();
    let died = named.iter().any(|session| !session.alive);
    named.retain(|session| session.alive);
    match named.len() {
        1 => Ok(named.remove(0)),
        0 if died => {
            Err(Failure::new(format!("session `{name}` has ended without a word; its files are removed now")))
        }
        0 => {
            let alive: Vec<Found> = sessions.into_iter().filter(|session| session.alive).collect();
            let failure = Failure::new(format!("no session `{name}` is running"));
            Err(if alive.is_empty() { failure.hint(START_ONE) } else { failure.hint(running(&alive)) })
        }
        _ => Err(Failure::usage(format!("several sessions are named `{name}`"))
            .hint(format!("name the connection file instead: {}", paths(&named)))),
    }
}

/// Finds the session that `name` means, or the only one that runs.
pub(crate) fn find_or_only(name: Option<&str>) -> Result<Found, Failure> {
    if let Some(name) = name {
        return find(name);
    }
    let mut alive: Vec<Found> =
        list_sessions(&Home::locate()?)?.into_iter().filter(|session| session.alive).collect();
    match alive.len() {
        0 => Err(Failure::new(NONE_RUNS).hint(START_ONE)),
        1 => Ok(alive.remove(0)),
        _ if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() => pick(alive),
        _ => Err(Failure::usage("several sessions are running, so one must be named").hint(running(&alive))),
    }
}

/// Lets a person choose by number.
fn pick(mut alive: Vec<Found>) -> Result<Found, Failure> {
    for (session, number) in alive.iter().zip(1..) {
        let qubx = &session.file.qubx;
        eprintln!(
            "  {number}  {}  ({}, since {})",
            qubx.name,
            qubx.mode,
            qubx.started_at.strftime("%F %T UTC")
        );
    }
    eprint!("which session? ");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    match line.trim().parse::<usize>() {
        Ok(number @ 1..) if number <= alive.len() => Ok(alive.remove(number - 1)),
        _ => Err(Failure::usage(format!("`{}` is not a number of the list", line.trim()))),
    }
}

fn running(alive: &[Found]) -> String {
    let names: Vec<&str> = alive.iter().map(|session| session.file.qubx.name.as_str()).collect();
    format!("running: {}", names.join(", "))
}

fn paths(sessions: &[Found]) -> String {
    sessions.iter().map(|session| session.path.display().to_string()).collect::<Vec<_>>().join(", ")
}
