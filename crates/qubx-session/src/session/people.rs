//! What people ask for, and the owner's end: drafts to store, and effects that wait for them.

use qubx_protocol::{
    Author, CellNumber, CellStatus, Command, CommandId, Fact, KernelState, LogLevel, Ownership, Phase,
    Refusal, VerbOutcome, VerbProgress,
};
use tokio::sync::oneshot;

use super::{Effect, SESSION, Session};
use crate::input::{Input, StopRequest};
use crate::store::{CommandAudit, Draft};

impl Session {
    pub(super) fn take_input(&mut self, input: Input) {
        match input {
            Input::Subscribe { hello, reply } => self.effects.push(Effect::Subscribe(hello, reply)),
            Input::Unsubscribe(id) => self.subscribers.remove(id),
            Input::Command { id, command, author, reply } => self.take_command(id, command, author, reply),
            Input::VerbEnded { command, author, verb, target, outcome, text } => {
                let verb = VerbProgress { command, author, verb: verb.to_owned(), target, outcome, text };
                self.drafts.push(Draft::Verb(verb));
            }
            Input::OwnerGone => self.owner_gone(),
            Input::Stop(StopRequest { by, reason }) => {
                let progress = verb(None, &by, &Command::Stop { flatten: false, keep_orders: false });
                self.stop(progress, by, reason, false, false);
            }
            Input::Stopped { text } => self.stopped(text),
        }
    }

    fn take_command(
        &mut self,
        id: CommandId,
        command: Command,
        author: Author,
        reply: oneshot::Sender<Option<Refusal>>,
    ) {
        let refuse = |reply: oneshot::Sender<Option<Refusal>>, message: String| {
            // Whoever asked may be gone.
            let _ = reply.send(Some(Refusal { command: id.clone(), message }));
        };
        match self.knows(&id) {
            Ok(false) => {}
            // It was done, and its events say so.
            Ok(true) => return drop(reply.send(None)),
            Err(error) => return refuse(reply, error.to_string()),
        }
        if self.is_stopping() {
            return refuse(reply, "the session is stopping".to_owned());
        }
        if matches!(command, Command::Execute { .. }) && self.status.kernel.state == KernelState::Dead {
            return refuse(
                reply,
                "the Python kernel has ended; stop the session and start it again".to_owned(),
            );
        }
        let audit = CommandAudit { id: id.clone(), author: author.clone(), command: command.clone() };
        self.drafts.push(Draft::Command(audit));
        self.effects.push(Effect::Accept(id.clone(), reply));
        match command {
            Command::Execute { code } => {
                let cell = self.cells.submit(code.clone(), author.clone());
                self.fact(Fact::Cell { cell, code, author, command: Some(id) });
                self.effects.push(Effect::RunCells);
            }
            Command::Interrupt { cell } => self.interrupt(id, author, cell),
            Command::Stop { flatten, keep_orders } => {
                let progress = verb(Some(id), &author, &command);
                self.stop(progress, author, "stop".to_owned(), flatten, keep_orders);
            }
            Command::Release => {
                let ended = VerbProgress {
                    outcome: VerbOutcome::Done,
                    text: "the session stays when its owner goes".to_owned(),
                    ..verb(Some(id), &author, &command)
                };
                self.drafts.push(Draft::Verb(ended));
                self.set_ownership(Ownership::Detached);
            }
            Command::Answer { .. } | Command::RestartKernel => {}
            Command::CancelOrder { .. }
            | Command::CancelOrders { .. }
            | Command::Close { .. }
            | Command::Flatten
            | Command::Pause
            | Command::Resume => {
                self.drafts.push(Draft::Verb(verb(Some(id.clone()), &author, &command)));
                self.effects.push(Effect::Verb { command: Some(id), verb: command, author });
            }
        }
    }

    /// Tells whether a command was taken before, also in this very turn.
    fn knows(&self, id: &CommandId) -> Result<bool, crate::store::StoreError> {
        let in_this_turn =
            self.drafts.iter().any(|draft| matches!(draft, Draft::Command(audit) if audit.id == *id));
        if in_this_turn { Ok(true) } else { self.store.knows_command(id) }
    }

    fn interrupt(&mut self, id: CommandId, author: Author, cell: Option<CellNumber>) {
        let command = Command::Interrupt { cell };
        let at_kernel = self.cells.at_kernel();
        let (outcome, text) = match (cell, at_kernel) {
            (Some(cell), _) if self.cells.take_back(cell) => {
                self.fact(Fact::CellFinished { cell, status: CellStatus::Interrupted, duration_ms: 0 });
                (VerbOutcome::Done, format!("cell {cell} was taken out of the queue"))
            }
            (Some(cell), Some(running)) if cell != running => {
                (VerbOutcome::Failed, format!("cell {cell} does not run; cell {running} does"))
            }
            (_, Some(running)) => {
                self.kernel.interrupt();
                (VerbOutcome::Done, format!("interrupt sent to cell {running}"))
            }
            (_, None) => (VerbOutcome::Failed, "no cell runs".to_owned()),
        };
        self.drafts.push(Draft::Verb(VerbProgress { outcome, text, ..verb(Some(id), &author, &command) }));
    }

    fn owner_gone(&mut self) {
        if self.status.ownership != Ownership::Owned || self.is_stopping() {
            return;
        }
        if self.subscribers.anyone_but_the_owner() {
            let text = "the command that started this session is gone; others are attached, so it goes on"
                .to_owned();
            self.log(LogLevel::Warning, SESSION, text);
            self.set_ownership(Ownership::OwnerLost);
        } else {
            let by = Author::from(SESSION);
            let progress = verb(None, &by, &Command::Stop { flatten: false, keep_orders: false });
            self.stop(progress, by, "its owner is gone".to_owned(), false, false);
        }
    }

    fn set_ownership(&mut self, ownership: Ownership) {
        self.status.ownership = ownership;
        self.status_changed();
    }

    fn stop(&mut self, progress: VerbProgress, by: Author, reason: String, flatten: bool, keep_orders: bool) {
        if self.is_stopping() {
            return;
        }
        self.status.phase = Phase::Stopping { by, reason };
        self.status_changed();
        self.drafts.push(Draft::Verb(progress.clone()));
        self.stopping = Some(progress);
        self.effects.push(Effect::Stop { flatten, keep_orders });
    }

    fn stopped(&mut self, text: String) {
        if let Some(progress) = self.stopping.take() {
            let by = progress.author.clone();
            self.drafts.push(Draft::Verb(VerbProgress {
                outcome: VerbOutcome::Done,
                text: text.clone(),
                ..progress
            }));
            self.abandon_cells();
            self.end(format!("stopped by {by}: {text}"), None);
        }
    }

    pub(super) fn abandon_cells(&mut self) {
        for cell in self.cells.abandon() {
            self.fact(Fact::CellFinished { cell, status: CellStatus::KernelDied, duration_ms: 0 });
        }
    }
}

/// Returns the beginning of a verb.
pub(super) fn verb(command: Option<CommandId>, author: &Author, verb: &Command) -> VerbProgress {
    VerbProgress {
        command,
        author: author.clone(),
        verb: verb.verb().to_owned(),
        target: verb.target(),
        outcome: VerbOutcome::Started,
        text: String::new(),
    }
}
