//! How many lines of each level the log had. No I/O.

use qubx_protocol::LogLevel;

/// Lines by level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts([usize; 4]);

impl Counts {
    pub(super) fn add(&mut self, level: LogLevel) {
        self.0[level as usize] += 1;
    }

    /// Returns the lines of one level.
    pub(crate) fn of(self, level: LogLevel) -> usize {
        self.0[level as usize]
    }

    /// Returns the lines to look at: warnings and errors.
    pub(crate) fn warnings(self) -> usize {
        self.of(LogLevel::Warning) + self.of(LogLevel::Error)
    }
}
