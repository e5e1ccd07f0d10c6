//! What a screen knows of its session. No I/O.

use std::time::{Duration, Instant};

use qubx_protocol::{Answer, ErrorMessage, Event, Latest, Refusal, SessionState};

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
}

impl Default for Mirror {
    fn default() -> Self {
        Self { state: None, latest: Latest::default(), link: Link::Connecting, latest_at: None }
    }
}

impl Mirror {
    /// Takes an update in. Answers and refusals concern the asker alone and change nothing here.
    pub fn apply(&mut self, update: &Update) {
        match update {
            Update::Link(link) => self.link = link.clone(),
            Update::Snapshot(state) => self.state = Some((**state).clone()),
            Update::Event(event) => {
                if let Some(state) = &mut self.state {
                    state.apply(event);
                }
            }
            Update::Latest(latest) => {
                self.latest.merge(latest.clone());
                self.latest_at = Some(Instant::now());
            }
            Update::Answer(_) | Update::Refused(_) => {}
        }
    }
}
