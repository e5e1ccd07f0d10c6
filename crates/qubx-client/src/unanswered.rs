//! The commands that were given and not answered yet, in the order in which they were given. No I/O.
//!
//! Every welcome sends all of them from the first on, those given while there was no link too: the service does each
//! id once, and two commands of which one depends on the other are never swapped.

use std::collections::VecDeque;

use indexmap::IndexMap;
use qubx_protocol::{Command, CommandId, Fact};

/// What is still to be answered, and what of it is still to be sent.
#[derive(Debug, Default)]
pub(crate) struct Unanswered {
    /// In the order in which they were given. Bounded by the hands that give them, as the handle's outbox is.
    commands: IndexMap<CommandId, Command>,
    /// What this connection has not sent; one that was answered meanwhile is passed over.
    unsent: VecDeque<CommandId>,
}

impl Unanswered {
    /// Keeps a command behind all others.
    pub(crate) fn give(&mut self, id: CommandId, command: Command) {
        self.unsent.push_back(id.clone());
        self.commands.insert(id, command);
    }

    /// Begins a connection: nothing that waits for an answer was sent on it.
    pub(crate) fn send_again(&mut self) {
        self.unsent = self.commands.keys().cloned().collect();
    }

    /// Takes the next command to send.
    pub(crate) fn next_unsent(&mut self) -> Option<(CommandId, Command)> {
        while let Some(id) = self.unsent.pop_front() {
            if let Some(command) = self.commands.get(&id) {
                return Some((id, command.clone()));
            }
        }
        None
    }

    /// Forgets a command that was refused.
    pub(crate) fn refused(&mut self, id: &CommandId) {
        self.commands.shift_remove(id);
    }

    /// Forgets the commands that a fact answers.
    pub(crate) fn answered(&mut self, fact: &Fact) {
        if let Some(command) = fact.answers() {
            self.commands.shift_remove(command);
        }
        if let Fact::InputEnded { input: ended, .. } = fact {
            // Whoever answered, nothing waits for our line any more.
            self.commands
                .retain(|_, command| !matches!(command, Command::Answer { input, .. } if input == ended));
        }
    }
}
