//! The line that a cell waits for, while it is being typed here. No I/O.
//!
//! It takes the place of the prompt, which keeps its own text. It is deaf for a moment after it appears, so that what
//! was typed ahead for the prompt never becomes an answer.

use std::time::Instant;

use crossterm::event::KeyEvent;
use qubx_protocol::{CommandId, InputId};

use crate::dialog::DEAF;
use crate::prompt::Prompt;

/// An answer being typed.
pub(crate) struct AnswerLine {
    /// The wait that it answers.
    pub(crate) input: InputId,
    pub(crate) text: Prompt,
    sent: Sent,
    deaf_until: Instant,
}

#[derive(Debug, PartialEq, Eq)]
enum Sent {
    /// It is being typed.
    No,
    /// It is given to the connection.
    Given,
    /// It is on its way with this id.
    As(CommandId),
}

impl AnswerLine {
    /// Returns an empty answer to a question that has just appeared.
    pub(crate) fn new(input: InputId, now: Instant) -> Self {
        Self { input, text: Prompt::default(), sent: Sent::No, deaf_until: now + DEAF }
    }

    /// Tells whether keys and pasted text of this moment were meant for something else.
    pub(crate) fn is_deaf(&self, now: Instant) -> bool {
        now < self.deaf_until
    }

    /// Tells whether the answer is on its way and can be changed no more.
    pub(crate) fn is_sent(&self) -> bool {
        self.sent != Sent::No
    }

    /// Gives a key to the editor.
    pub(crate) fn key(&mut self, event: KeyEvent) {
        if !self.is_sent() {
            self.text.key(event);
        }
    }

    /// Takes pasted text in, up to its first line break: an answer is one line.
    pub(crate) fn paste(&mut self, text: &str) {
        if !self.is_sent() {
            self.text.insert(text.lines().next().unwrap_or_default());
        }
    }

    /// Returns the answer, once.
    pub(crate) fn send(&mut self) -> Option<String> {
        if self.is_sent() {
            return None;
        }
        self.sent = Sent::Given;
        Some(self.text.text())
    }

    /// Notes the command that the answer became.
    pub(crate) fn sent_as(&mut self, id: CommandId) {
        if self.sent == Sent::Given {
            self.sent = Sent::As(id);
        }
    }

    /// Notes that a command was refused: if it was the answer, it can be changed and sent again.
    pub(crate) fn refused(&mut self, id: &CommandId) {
        if matches!(&self.sent, Sent::As(sent) if sent == id) {
            self.sent = Sent::No;
        }
    }
}
