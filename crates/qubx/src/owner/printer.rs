//! The session on the owner's standard output: line by line, or its results alone.

#[cfg(test)]
mod tests;

use qubx_protocol::{Event, Fact, Seq, SessionState};

use crate::out::print;
use crate::owner::backtest::Backtest;
use crate::plain::render;

/// Tells what happens, each event once.
#[derive(Debug)]
pub(crate) struct Printer {
    audience: Audience,
    has_begun: bool,
    /// The last event that was told.
    printed: Seq,
}

/// Who reads.
#[derive(Debug)]
pub(crate) enum Audience {
    /// Nobody: standard output is somebody else's.
    Nobody,
    /// Whoever watches the session.
    Watcher,
    /// Whoever waits for the results of a replay.
    Backtest(Box<Backtest>),
}

impl Printer {
    pub(crate) fn new(audience: Audience) -> Self {
        Self { audience, has_begun: false, printed: Seq(0) }
    }

    /// Tells what happened while nobody listened; at first this run so far. What happened before it is in `qubx history`.
    pub(crate) fn missed(&mut self, state: &SessionState) {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.printed = end_of_the_run_before(state);
        }
        let printed = self.printed;
        for event in state.history.all().into_iter().filter(|event| event.seq > printed) {
            self.tell(event, state);
        }
        self.printed = state.head;
    }

    /// Tells an event.
    pub(crate) fn event(&mut self, event: &Event, state: &SessionState) {
        self.tell(event, state);
        self.printed = event.seq;
    }

    /// Returns the replay whose results are waited for.
    pub(crate) fn backtest(&mut self) -> Option<&mut Backtest> {
        match &mut self.audience {
            Audience::Backtest(backtest) => Some(backtest),
            Audience::Nobody | Audience::Watcher => None,
        }
    }

    /// Returns the replay whose results were waited for; it tells how the command ends.
    pub(crate) fn into_backtest(self) -> Option<Backtest> {
        match self.audience {
            Audience::Backtest(backtest) => Some(*backtest),
            Audience::Nobody | Audience::Watcher => None,
        }
    }

    fn tell(&mut self, event: &Event, state: &SessionState) {
        match &mut self.audience {
            Audience::Nobody => {}
            Audience::Watcher => {
                if let Some(line) = render(event, state) {
                    // A reader that left does not end the strategy.
                    let _ = print(&format!("{line}\n"));
                }
            }
            Audience::Backtest(backtest) => backtest.event(event, state),
        }
    }
}

/// Returns the last event before this run. A run that wrote many lines has driven its own beginning out of the history,
/// while what an older one traded, or its results, may still be there; the time tells them apart then.
fn end_of_the_run_before(state: &SessionState) -> Seq {
    let mut events = state.history.all().into_iter();
    if let Some(started) = events.clone().rfind(|event| matches!(event.fact, Fact::Started { .. })) {
        return Seq(started.seq.0.saturating_sub(1));
    }
    let Some(status) = &state.status else { return Seq(0) };
    events.rfind(|event| event.time < status.info.started_at).map_or(Seq(0), |event| event.seq)
}
