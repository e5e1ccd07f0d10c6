//! The session on the owner's standard output, line by line.

use qubx_protocol::{Event, Fact, Seq, SessionState};

use crate::out::print;
use crate::plain::render;

/// Prints what happens, each event once.
#[derive(Debug)]
pub(crate) struct Printer {
    is_silent: bool,
    has_begun: bool,
    /// The last event that was printed.
    printed: Seq,
}

impl Printer {
    /// Returns a printer; a silent one leaves standard output to somebody else.
    pub(crate) fn new(is_silent: bool) -> Self {
        Self { is_silent, has_begun: false, printed: Seq(0) }
    }

    /// Prints what happened while nobody listened; at first this run so far. What happened before it is in `qubx history`.
    pub(crate) fn missed(&mut self, state: &SessionState) {
        if !std::mem::replace(&mut self.has_begun, true) {
            let mut events = state.history.all().into_iter();
            let started = events.rfind(|event| matches!(event.fact, Fact::Started { .. }));
            self.printed = Seq(started.map_or(0, |event| event.seq.0.saturating_sub(1)));
        }
        for event in state.history.all().into_iter().filter(|event| event.seq > self.printed) {
            self.line(event, state);
        }
        self.printed = state.head;
    }

    /// Prints an event.
    pub(crate) fn event(&mut self, event: &Event, state: &SessionState) {
        self.line(event, state);
        self.printed = event.seq;
    }

    fn line(&self, event: &Event, state: &SessionState) {
        if !self.is_silent
            && let Some(line) = render(event, state)
        {
            // A reader that left does not end the strategy.
            let _ = print(&format!("{line}\n"));
        }
    }
}
