//! What the system knows of a process: the memory that it holds and the time that it computed.

use std::fmt::Display;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::bench::report::Row;

/// The bytes of what the system calls a kB.
const KIBIBYTE: f64 = 1024.0;
/// What makes the system forget the most that a process held, when written to its `clear_refs`.
const FORGET_PEAK: &str = "5";

/// A process, by its number.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Process(pub(crate) u32);

/// The time from which on the most that a process held is of interest.
pub(crate) struct Peak {
    process: Process,
    /// Whether the system forgot what was before.
    from_here: bool,
}

impl Process {
    /// Returns what it holds in memory, in megabytes.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn resident(self) -> Result<f64> {
        self.megabytes("smaps_rollup", "Rss")
    }

    /// Returns the same, with what it shares with others divided among them.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn proportional(self) -> Result<f64> {
        self.megabytes("smaps_rollup", "Pss")
    }

    /// Returns the most that it ever held, as a row about `what`.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn ever(self, what: impl Display) -> Result<Row> {
        Peak { process: self, from_here: false }.row(what)
    }

    /// Returns the most that it ever held in memory, in megabytes.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn most(self) -> Result<f64> {
        self.megabytes("status", "VmHWM")
    }

    /// Tells whether it has ended; one that nobody has taken note of yet holds no memory either.
    pub(crate) fn has_ended(self) -> bool {
        self.resident().is_err()
    }

    /// Begins to look for the most that it holds.
    pub(crate) fn watch_peak(self) -> Peak {
        // Some containers forbid it; then the most that it ever held is told, and told so.
        let from_here = std::fs::write(self.file("clear_refs"), FORGET_PEAK).is_ok();
        Peak { process: self, from_here }
    }

    /// Returns the time that its threads computed so far, those that have ended too.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn computed(self) -> Result<Duration> {
        let path = self.file("stat");
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
        // The name of the program is in parentheses and may hold anything; the fields after it are numbers.
        let (_, fields) = text.rsplit_once(')').with_context(|| format!("{path} has no name"))?;
        let ticks: Vec<u64> =
            fields.split_whitespace().skip(11).take(2).map_while(|field| field.parse().ok()).collect();
        let [user, system] = ticks[..] else { anyhow::bail!("{path} has no times") };
        let a_second = rustix::param::clock_ticks_per_second();
        Ok(Duration::from_secs(user + system) / u32::try_from(a_second)?)
    }

    /// Reads a line like `Rss:  1234 kB`.
    fn megabytes(self, file: &str, name: &str) -> Result<f64> {
        let path = self.file(file);
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
        let value =
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.strip_suffix("kB"));
        let value = value.with_context(|| format!("{path} has no {name}"))?;
        let kibibytes: f64 = value.trim().parse().with_context(|| format!("reading {name} of {path}"))?;
        Ok(kibibytes * KIBIBYTE / 1e6)
    }

    fn file(self, name: &str) -> String {
        format!("/proc/{}/{name}", self.0)
    }
}

impl Peak {
    /// Returns the most that it held since, as a row about `what`.
    ///
    /// # Errors
    /// When the process has ended.
    pub(crate) fn row(&self, what: impl Display) -> Result<Row> {
        let since = if self.from_here { "" } else { " (ever)" };
        Ok(Row::megabytes(&format!("{what}: peak{since}"), self.process.most()?))
    }
}
