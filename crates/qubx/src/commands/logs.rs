//! `qubx kernel logs`: what strategy, engine, kernel and session wrote to the log, and the strategy's errors.
//!
//! The past comes from the session's databases, what happens now from its service. A service that is started again is
//! found again, and what happened in between is read from the databases.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use qubx_client::{Options, Update};
use qubx_export::LogLine;
use qubx_home::{Found, owner_holder, service_holder};
use qubx_protocol::{Event, LogLevel, Role, Seq};
use qubx_session::read_history;
use serde_json::{Value, json};

use crate::arguments::{Level, LogsArguments, Since};
use crate::failure::{Failure, Outcome};
use crate::find::{home, session_dir, sessions};
use crate::json;
use crate::out::{print, say};
use crate::talk::{Talk, screen};

/// How many lines are read at most, counted from the end.
const LONGEST: usize = 100_000;

/// `qubx kernel logs NAME`
pub(crate) async fn logs(arguments: LogsArguments) -> Result<Outcome, Failure> {
    let session_dir = session_dir(&arguments.name)?;
    let mut printer = Printer { wanted: Wanted::new(&arguments)?, json: arguments.json, printed: Seq(0) };
    let result = if arguments.follow {
        follow(&session_dir, &mut printer).await
    } else {
        printer.print_stored(&session_dir)
    };
    match result {
        Err(Stop::ReaderLeft) | Ok(()) => Ok(Outcome::Done),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

/// Why printing ends early.
enum Stop {
    /// `qubx kernel logs NAME | head` is no error.
    ReaderLeft,
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// How often a session without a service is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long a service may take to let a reader in; it may just be ending.
const LET_IN_WITHIN: Duration = Duration::from_secs(2);

/// Prints until the session has neither a service nor an owner that starts one again.
async fn follow(session_dir: &Path, printer: &mut Printer) -> Result<(), Stop> {
    loop {
        printer.print_stored(session_dir)?;
        match running(session_dir)? {
            Some(found) => follow_service(&found, printer).await?,
            None if is_over(session_dir) => break,
            None => {}
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    printer.print_stored(session_dir)?;
    say!("the session has ended");
    Ok(())
}

fn running(session_dir: &Path) -> Result<Option<Found>, Failure> {
    let mut sessions = sessions(&home()?)?.into_iter().rev();
    Ok(sessions.find(|found| found.alive && found.file.qubx.session_dir == session_dir))
}

fn is_over(session_dir: &Path) -> bool {
    // What cannot be asked about is not known to be over.
    let is_free = |holder| matches!(holder, Ok(None));
    is_free(service_holder(session_dir)) && is_free(owner_holder(session_dir))
}

/// Prints what happens until the connection ends, whatever the reason.
async fn follow_service(found: &Found, printer: &mut Printer) -> Result<(), Stop> {
    let options = Options { role: Role::Viewer, ..screen(found, false, LET_IN_WITHIN) };
    let Ok(mut talk) = Talk::open(options).await else { return Ok(()) };
    // What was stored before the connection stood is not sent by it.
    printer.print_stored(&found.file.qubx.session_dir)?;
    while let Ok(update) = talk.next().await {
        if let Update::Event(event) = update {
            printer.print(&event)?;
        }
    }
    talk.client.close().await;
    Ok(())
}

struct Printer {
    wanted: Wanted,
    json: bool,
    /// The last event that was printed or passed over.
    printed: Seq,
}

impl Printer {
    /// Prints what the databases have after what was printed.
    fn print_stored(&mut self, session_dir: &Path) -> Result<(), Stop> {
        let events = read_history(session_dir, LONGEST, |fact| LogLine::of(fact).is_some())
            .map_err(Failure::because(format!("cannot read the log in {}", session_dir.display())))?;
        events.iter().try_for_each(|event| self.print(event))
    }

    fn print(&mut self, event: &Event) -> Result<(), Stop> {
        if event.seq <= self.printed {
            return Ok(());
        }
        self.printed = event.seq;
        let Some(line) = LogLine::of(&event.fact).filter(|line| self.wanted.takes(event.time, line)) else {
            return Ok(());
        };
        let text = if self.json { json::line(&object(event, &line)) } else { line.text(event.time) };
        match print(&format!("{text}\n")) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Stop::ReaderLeft),
            Err(error) => Err(Failure::from(error).into()),
        }
    }
}

/// Returns a line as the documented object.
fn object(event: &Event, line: &LogLine) -> Value {
    json!({
        "seq": event.seq, "time": event.time, "level": line.level, "source": line.source, "text": line.text,
    })
}

/// Which lines are wanted.
struct Wanted {
    level: LogLevel,
    since: Option<Timestamp>,
    grep: Option<regex::Regex>,
}

impl Wanted {
    fn new(arguments: &LogsArguments) -> Result<Self, Failure> {
        let since = match arguments.since {
            None => None,
            Some(Since::Time(time)) => Some(time),
            Some(Since::Ago(ago)) => Some(
                SignedDuration::try_from(ago)
                    .ok()
                    .and_then(|ago| Timestamp::now().checked_sub(ago).ok())
                    .ok_or_else(|| Failure::usage("--since is longer ago than time is known"))?,
            ),
        };
        let level = match arguments.level {
            Level::Debug => LogLevel::Debug,
            Level::Info => LogLevel::Info,
            Level::Warning => LogLevel::Warning,
            Level::Error => LogLevel::Error,
        };
        Ok(Self { level, since, grep: arguments.grep.clone() })
    }

    fn takes(&self, time: Timestamp, line: &LogLine) -> bool {
        line.level >= self.level
            && self.since.is_none_or(|since| time >= since)
            && self.grep.as_ref().is_none_or(|grep| grep.is_match(&line.text) || grep.is_match(&line.source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::documented::{check, golden};

    #[test]
    fn a_line_is_as_documented() {
        let (events, _) = golden();
        let lines = events.iter().filter_map(|event| Some(object(event, &LogLine::of(&event.fact)?)));
        check("qubx kernel logs", &lines.collect::<Vec<_>>());
    }
}
