//! How many lines of each level there were: in the log, and with the quiet orders in the session. No I/O.

use qubx_protocol::LogLevel;

use super::viewpoint::View;

/// Lines by level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    log: [usize; 4],
    quiet_orders: usize,
}

impl Counts {
    pub(super) fn add(&mut self, level: LogLevel) {
        self.log[level as usize] += 1;
    }

    pub(super) fn add_quiet_order(&mut self) {
        self.quiet_orders += 1;
    }

    /// Returns the lines of one level that a panel has.
    pub(crate) fn of(self, view: View, level: LogLevel) -> usize {
        let orders = if (view, level) == (View::Session, LogLevel::Debug) { self.quiet_orders } else { 0 };
        self.log[level as usize] + orders
    }

    /// Returns the lines to look at: warnings and errors.
    pub(crate) fn warnings(self) -> usize {
        self.of(View::Log, LogLevel::Warning) + self.of(View::Log, LogLevel::Error)
    }
}
