//! What is on its way to the paper broker. No I/O, no clock.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::OrderId;

use crate::{UnderWay, WireCommand};

/// Commands in the sequence in which they arrive: the sooner first, and of those that arrive together the one that was
/// sent first. Orders on their way count as open, whose number is bounded; so is what they can be sent.
#[derive(Debug, Default)]
pub(super) struct Wire {
    queue: VecDeque<UnderWay>,
}

impl Wire {
    pub(super) fn restore(&mut self, commands: Vec<UnderWay>) {
        self.queue = commands.into();
    }

    pub(super) fn push(&mut self, time: Timestamp, latency: SignedDuration, command: WireCommand) {
        let arrives = time.checked_add(latency).unwrap_or(Timestamp::MAX);
        let at = self.queue.partition_point(|known| known.arrives <= arrives);
        self.queue.insert(at, UnderWay { arrives, command });
    }

    /// Returns when the next command arrives.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.queue.front().map(|first| first.arrives)
    }

    /// Returns when the last command arrives.
    pub(super) fn last(&self) -> Option<Timestamp> {
        self.queue.back().map(|last| last.arrives)
    }

    /// Returns the next command that has arrived at `time`.
    pub(super) fn pop(&mut self, time: Timestamp) -> Option<WireCommand> {
        self.queue.front().filter(|first| first.arrives <= time)?;
        self.queue.pop_front().map(|first| first.command)
    }

    /// Takes a new order off the wire. False when it is not there.
    pub(super) fn remove_order(&mut self, order: &OrderId) -> bool {
        let before = self.queue.len();
        self.queue.retain(|known| known.new_order() != Some(order));
        self.queue.len() < before
    }

    /// Returns what is on its way.
    pub(super) fn commands(&self) -> impl Iterator<Item = &UnderWay> {
        self.queue.iter()
    }
}
