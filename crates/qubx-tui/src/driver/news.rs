//! News from the connection, in pieces that a key can wait for.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use qubx_client::Update;
use tokio::sync::mpsc;

/// News taken off the connection in one go. What is not taken in in its turn waits here for the next.
const MOST_NEWS: usize = 256;
/// How long one turn may take: a key that is pressed meanwhile waits for it, and for a drawing.
const TURN: Duration = Duration::from_millis(4);

/// What the connection tells.
pub(super) struct News {
    updates: mpsc::Receiver<Update>,
    waiting: VecDeque<Update>,
    arrived: Vec<Update>,
    /// Whether the connection's task has ended, and whether that was told.
    has_ended: bool,
    is_told: bool,
}

impl News {
    pub(super) fn new(updates: mpsc::Receiver<Update>) -> Self {
        let arrived = Vec::with_capacity(MOST_NEWS);
        Self { updates, waiting: VecDeque::new(), arrived, has_ended: false, is_told: false }
    }

    /// Waits until something can be taken. May be dropped half-way.
    pub(super) async fn arrive(&mut self) {
        if !self.waiting.is_empty() {
            return;
        }
        if self.has_ended {
            return std::future::pending().await;
        }
        let count = self.updates.recv_many(&mut self.arrived, MOST_NEWS).await;
        self.has_ended = count == 0;
        self.waiting.extend(self.arrived.drain(..));
    }

    /// Returns the next of a turn that began at that time; none when the turn is over.
    pub(super) fn next(&mut self, turn: Instant) -> Option<Update> {
        if turn.elapsed() > TURN { None } else { self.waiting.pop_front() }
    }

    /// Tells, once, that nothing comes any more.
    pub(super) fn are_over(&mut self) -> bool {
        self.has_ended && self.waiting.is_empty() && !std::mem::replace(&mut self.is_told, true)
    }
}
