//! The session on the owner's standard output: line by line, or its results alone.

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
            let mut events = state.history.all().into_iter();
            let started = events.rfind(|event| matches!(event.fact, Fact::Started { .. }));
            self.printed = Seq(started.map_or(0, |event| event.seq.0.saturating_sub(1)));
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
