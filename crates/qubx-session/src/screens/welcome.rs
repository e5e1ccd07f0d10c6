//! The first message to a screen, encoded once for all that come at about the same time.
//!
//! With a full history it has several megabytes. A hundred screens that come back after a loss would otherwise make a
//! hundred copies of it.

use std::sync::{Arc, OnceLock, Weak};

use qubx_protocol::{Event, Seq, ServerMessage, SessionState, Welcome, encode_frame};

/// How many events a snapshot may be behind: they follow it one by one, which costs less than another snapshot.
const EVENTS_BEHIND: usize = 500;

/// A welcome and, once somebody needed it, its frame.
#[derive(Debug)]
pub(crate) struct SharedWelcome {
    welcome: Welcome,
    frame: OnceLock<Arc<[u8]>>,
}

impl SharedWelcome {
    /// Returns a welcome of the state as it is; with all of it, or for a screen that has it.
    pub(crate) fn new(state: &SessionState, whole: bool) -> Self {
        let snapshot = whole.then(|| Box::new(state.clone()));
        let welcome = Welcome { log: state.log.clone(), epoch: state.epoch, head: state.head, snapshot };
        Self { welcome, frame: OnceLock::new() }
    }

    /// Returns the frame. Encoding it blocks for some milliseconds; whoever else asks waits for it.
    pub(crate) fn frame(&self) -> Arc<[u8]> {
        let encode = || encode_frame(&ServerMessage::Welcome(self.welcome.clone())).into();
        self.frame.get_or_init(encode).clone()
    }
}

/// The snapshot that was given last, as long as a screen is being sent it.
#[derive(Debug, Default)]
pub(crate) struct Snapshots {
    last: Weak<SharedWelcome>,
}

impl Snapshots {
    /// Returns a snapshot and the events after it. `events_after` gives those after a number; none when it cannot.
    pub(crate) fn give(
        &mut self,
        state: &SessionState,
        events_after: impl FnOnce(Seq, usize) -> Option<Vec<Event>>,
    ) -> (Arc<SharedWelcome>, Vec<Event>) {
        if let Some(last) = self.last.upgrade()
            && last.welcome.log == state.log
            && let Some(events) = events_after(last.welcome.head, EVENTS_BEHIND)
        {
            return (last, events);
        }
        let fresh = Arc::new(SharedWelcome::new(state, true));
        self.last = Arc::downgrade(&fresh);
        (fresh, Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use qubx_protocol::{Fact, LogLevel};

    use super::*;

    #[test]
    fn screens_that_come_together_share_a_snapshot_and_a_later_one_gets_what_followed() {
        let mut state = SessionState::new("log".into(), 10);
        let mut snapshots = Snapshots::default();
        let (first, after) = snapshots.give(&state, |_, _| panic!("there is none before it"));
        assert_eq!(after, []);

        let fact = Fact::Log {
            level: LogLevel::Info,
            source: "session".to_owned(),
            text: "x".to_owned(),
            market_time: None,
        };
        let event = Event { seq: Seq(1), time: Timestamp::UNIX_EPOCH, fact };
        state.apply(&event);
        let (second, after) = snapshots.give(&state, |head, _| (head == Seq(0)).then(|| vec![event.clone()]));
        assert_eq!(after, [event]);
        assert!(Arc::ptr_eq(&first.frame(), &second.frame()));

        let (fresh, _) = snapshots.give(&state, |_, _| None);
        assert_eq!(fresh.welcome.head, Seq(1));
        drop((first, second, fresh));
        snapshots.give(&state, |_, _| panic!("nobody is being sent one"));
    }
}
