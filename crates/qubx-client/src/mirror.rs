//! What a screen knows of its session. No I/O.

use std::time::{Duration, Instant};

use qubx_protocol::{
    Answer, CellNumber, ErrorMessage, Event, Fact, HistoryKind, Latest, Refusal, SessionState,
};

/// News from the connection, in order.
#[derive(Debug)]
pub enum Update {
    /// The link changed.
    Link(Link),
    /// The state begins anew: the first attach, or too much was missed to send it event by event.
    Snapshot(Box<SessionState>),
    /// The next event.
    Event(Event),
    /// The newest values.
    Latest(Latest),
    /// The answer to a request.
    Answer(Answer),
    /// A command that was not taken.
    Refused(Refusal),
}

/// How the connection is.
#[derive(Clone, Debug, PartialEq)]
pub enum Link {
    /// Not connected yet.
    Connecting,
    /// Connected, with the time that a ping took, once one was answered.
    Connected {
        /// From ping to pong.
        latency: Option<Duration>,
    },
    /// Lost, and tried again.
    Lost {
        /// When it was lost.
        since: Instant,
        /// How often it was tried since.
        attempt: u32,
        /// When it is tried next.
        retry_at: Instant,
        /// What the lock and the process say of the service.
        service: ServiceFate,
    },
    /// Over for good: the session ended, or the service refuses this client.
    Closed(ErrorMessage),
}

/// What became of a service that does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceFate {
    /// It holds its lock: the strategy keeps running.
    Lives,
    /// It said that it has no place for one more client now.
    Full,
    /// Its lock is free: the service has ended without a word, and its owner may start it again.
    Ended,
    /// It cannot be known from here.
    Unknown,
}

/// A screen's copy of a session.
#[derive(Debug)]
pub struct Mirror {
    /// The numbered state; none before the first snapshot.
    pub state: Option<SessionState>,
    /// The newest values.
    pub latest: Latest,
    /// How the connection is.
    pub link: Link,
    /// When the newest values arrived; none before the first.
    pub latest_at: Option<Instant>,
    /// The cell that started last, with the number that the kernel gave to it.
    last_started: Option<(CellNumber, u32)>,
}

impl Default for Mirror {
    fn default() -> Self {
        Self {
            state: None,
            latest: Latest::default(),
            link: Link::Connecting,
            latest_at: None,
            last_started: None,
        }
    }
}

impl Mirror {
    /// Takes an update in. Answers and refusals concern the asker alone and change nothing here.
    pub fn apply(&mut self, update: &Update) {
        match update {
            Update::Link(link) => self.link = link.clone(),
            Update::Snapshot(state) => {
                self.last_started = None;
                state.history.of(HistoryKind::Session).for_each(|event| self.note_start(&event.fact));
                self.state = Some((**state).clone());
            }
            Update::Event(event) => {
                if let Some(state) = &mut self.state {
                    state.apply(event);
                    self.note_start(&event.fact);
                }
            }
            Update::Latest(latest) => {
                self.latest.merge(latest.clone());
                self.latest_at = Some(Instant::now());
            }
            Update::Answer(_) | Update::Refused(_) => {}
        }
    }

    /// Returns the number that the kernel gave to the cell that runs, or ran last.
    #[must_use]
    pub fn count_of(&self, cell: CellNumber) -> Option<u32> {
        self.last_started.filter(|(started, _)| *started == cell).map(|(_, count)| count)
    }

    fn note_start(&mut self, fact: &Fact) {
        match fact {
            Fact::CellStarted { cell, execution_count } => {
                self.last_started = execution_count.map(|count| (*cell, count));
            }
            // A run has a Python of its own.
            Fact::Started { .. } => self.last_started = None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use qubx_protocol::Seq;

    use super::*;

    fn event(seq: u64, fact: Fact) -> Update {
        Update::Event(Event { seq: Seq(seq), time: Timestamp::UNIX_EPOCH, fact })
    }

    fn started(seq: u64, cell: u64, execution_count: Option<u32>) -> Update {
        event(seq, Fact::CellStarted { cell: CellNumber(cell), execution_count })
    }

    #[test]
    fn the_count_of_the_cell_that_runs_is_known_as_events_and_snapshots_come() {
        let mut mirror = Mirror::default();
        let counts = |mirror: &Mirror| [1, 2].map(|cell| mirror.count_of(CellNumber(cell)));
        mirror.apply(&Update::Snapshot(Box::new(SessionState::new("log".into(), 10))));
        mirror.apply(&started(1, 1, Some(7)));
        assert_eq!(counts(&mirror), [Some(7), None]);
        let state = mirror.state.clone().unwrap();
        mirror.apply(&started(2, 2, Some(8)));
        assert_eq!(counts(&mirror), [None, Some(8)]);
        mirror.apply(&Update::Snapshot(Box::new(state)));
        assert_eq!(counts(&mirror), [Some(7), None]);
        mirror.apply(&started(2, 2, None));
        assert_eq!(counts(&mirror), [None, None]);
        mirror.apply(&started(3, 1, Some(9)));
        mirror.apply(&event(4, Fact::Started { epoch: qubx_protocol::Epoch(2), restored: true }));
        assert_eq!(counts(&mirror), [None, None]);
    }
}
