//! What a session's log says, line by line. No I/O.

use jiff::Timestamp;
use qubx_protocol::{Fact, LogLevel};

use crate::text::plain;

/// A line of the log: what strategy, engine, kernel and session wrote, and the strategy's errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How grave.
    pub level: LogLevel,
    /// Who.
    pub source: String,
    /// What, one line or more.
    pub text: String,
}

impl LogLine {
    /// Returns what a fact says in the log; none for what is no part of it. A cell's error belongs to its cell.
    #[must_use]
    pub fn of(fact: &Fact) -> Option<Self> {
        match fact {
            Fact::Log { level, source, text, .. } => {
                Some(Self { level: *level, source: source.clone(), text: text.clone() })
            }
            Fact::Error { cell: None, ename, evalue, traceback, .. } => Some(Self {
                level: LogLevel::Error,
                source: "strategy".to_owned(),
                text: error_text(ename, evalue, traceback),
            }),
            _ => None,
        }
    }

    /// Returns the line as text, with the time at which it was written.
    #[must_use]
    pub fn text(&self, time: Timestamp) -> String {
        let Self { level, source, text } = self;
        format!("{} {:<7} {} {}", time.strftime("%F %T%.3fZ"), word(*level), plain(source), plain(text))
    }
}

/// Returns an error as Python shows it; without a traceback the last line of one.
pub(crate) fn error_text(ename: &str, evalue: &str, traceback: &[String]) -> String {
    if traceback.is_empty() { format!("{ename}: {evalue}") } else { traceback.join("\n") }
}

/// Returns a level in the word that the log has for it.
pub(crate) fn word(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "DEBUG",
        LogLevel::Info => "INFO",
        LogLevel::Warning => "WARNING",
        LogLevel::Error => "ERROR",
    }
}
