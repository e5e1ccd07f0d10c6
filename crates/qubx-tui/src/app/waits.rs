//! What a screen waits for: answers to its questions, a choice, the end of a way out. No I/O.

use std::time::Instant;

use jiff::Timestamp;
use qubx_protocol::{CommandId, Completion, RequestId};

use crate::signature::Place;

/// The completions to choose from.
#[derive(Clone, Debug)]
pub(crate) struct Popup {
    /// The characters that a completion replaces.
    pub(crate) range: (usize, usize),
    pub(crate) matches: Vec<Completion>,
    pub(crate) selected: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct PendingEnter {
    pub(crate) request: Option<RequestId>,
    pub(crate) deadline: Instant,
}

#[derive(Clone, Debug)]
pub(crate) struct PendingCompletion {
    pub(crate) request: Option<RequestId>,
    pub(crate) text: String,
    pub(crate) cursor: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct PendingSignature {
    pub(crate) request: Option<RequestId>,
    pub(crate) place: Place,
}

/// A connection that is back.
#[derive(Clone, Debug)]
pub(crate) struct Back {
    /// How long it was away, in words.
    pub(crate) away: String,
    /// When it came back: what happened before was missed.
    pub(crate) at: Timestamp,
    /// How many messages that were missed have come since.
    pub(crate) replayed: usize,
}

/// A way out that waits for the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// The session is asked to stop; it is left when it has ended.
    Stopping { command: Option<CommandId> },
    /// The ownership is given up; the screen is left when that is acknowledged.
    Releasing { command: Option<CommandId> },
}
