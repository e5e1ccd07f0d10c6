//! What people ask for, and the owner's end: drafts to store, and effects that wait for them.

use qubx_protocol::{
    Author, Command, CommandId, Fact, InputId, KernelState, LogLevel, Mode, Ownership, Phase, Refusal,
    VerbOutcome, VerbProgress,
};
use tokio::sync::oneshot;

use super::{Effect, SESSION, Session};
use crate::cells::queue::{MOST_WAITING, MOST_WAITING_BYTES};
use crate::session::input::{Input, StopRequest};
use crate::session::rest::{self, Rest};
use crate::store::{CommandAudit, Draft};

impl Session {
    pub(super) fn take_input(&mut self, input: Input) {
        match input {
            Input::Subscribe { hello, reply } => self.effects.push(Effect::Subscribe(hello, reply)),
            Input::Unsubscribe(id) => self.subscribers.remove(id),
            Input::Command { id, command, author, reply } => self.take_command(id, command, author, reply),
            Input::VerbEnded { ended, was_idle } => {
                let told = self.doers.ended(ended, was_idle);
                self.drafts.push(Draft::Verb(told));
            }
            Input::OwnerGone => self.owner_gone(),
            Input::Unreachable(why) => self.unreachable(why),
            Input::Stop(StopRequest { by, reason }) => {
                let progress = verb(None, &by, &Command::Stop { flatten: false, keep_orders: false });
                self.stop(progress, reason, Rest::usual(rest::HURRIED));
            }
            Input::Stopped { whole, text } => self.stopped(whole, text),
            Input::StrategyAttached(book) => self.start_strategy(&book),
            Input::Book(number, book) => self.show_book(number, &book),
            Input::KeepState(call, state) => self.keep_state(call, state),
            Input::StrategyCannotDo(command, why) => self.strategy_did(&command, Err(why)),
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
        if self.waits_for_commit(&id) {
            // Whatever becomes of the first one becomes of this one.
            return self.effects.push(Effect::Accept(id, reply));
        }
        match self.store.knows_command(&id) {
            Ok(false) => {}
            // It was done, and its events say so.
            Ok(true) => return drop(reply.send(None)),
            Err(error) => return refuse(reply, error.to_string()),
        }
        if self.is_stopping() {
            return refuse(reply, "the session is stopping".to_owned());
        }
        if matches!(command, Command::Execute { .. }) && self.status.kernel.state == KernelState::Dead {
            let when = match self.status.kernel.next_start {
                Some(_) => "it is started again in a moment",
                None => "restart it: qubx kernel restart NAME",
            };
            return refuse(reply, format!("the Python kernel has ended; {when}"));
        }
        if let Command::Execute { code } = &command
            && !self.cells.has_room_for(code)
        {
            let message = format!(
                "too many cells wait already ({MOST_WAITING} may, with {} MiB of source); wait, or interrupt some of them",
                MOST_WAITING_BYTES >> 20
            );
            return refuse(reply, message);
        }
        if let Command::Answer { input, text } = command {
            return self.answer_input(id, input, text, author, reply);
        }
        let audit = CommandAudit { id: id.clone(), author: author.clone(), command: command.clone() };
        self.drafts.push(Draft::Command(audit));
        self.effects.push(Effect::Accept(id.clone(), reply));
        match command {
            Command::Execute { code } => {
                let cell = self.cells.submit(code.clone(), author.clone(), id.clone());
                self.fact(Fact::Cell { cell, code, author, command: Some(id) });
                self.effects.push(Effect::RunCells);
            }
            Command::Interrupt { cell } => self.interrupt(id, author, cell),
            Command::Stop { flatten, keep_orders } => {
                let progress = verb(Some(id), &author, &command);
                let rest = Rest { flatten, keep_orders, patience: rest::PATIENT };
                self.stop(progress, "stop".to_owned(), rest);
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
            Command::Answer { .. } => {}
            Command::SetParameter { .. } | Command::Action { .. } => {
                let progress = verb(Some(id.clone()), &author, &command);
                self.drafts.push(Draft::Verb(progress.clone()));
                self.effects.push(Effect::TellStrategy(id, command, progress));
            }
            Command::RestartKernel => self.ask_for_restart(id, author),
            Command::Place(_)
            | Command::Modify { .. }
            | Command::CancelOrder { .. }
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

    /// Tells whether a command was taken and is not written down yet.
    fn waits_for_commit(&self, id: &CommandId) -> bool {
        self.drafts.iter().any(|draft| matches!(draft, Draft::Command(audit) if audit.id == *id))
    }

    /// Takes the line that a cell waits for. A password is written down nowhere.
    fn answer_input(
        &mut self,
        id: CommandId,
        input: InputId,
        line: String,
        author: Author,
        reply: oneshot::Sender<Option<Refusal>>,
    ) {
        let is_password = self.prompts.is_password(&input);
        if let Err(message) = self.prompts.answer(&input, &author) {
            // Whoever asked may be gone.
            return drop(reply.send(Some(Refusal { command: id, message })));
        }
        let text = (!is_password).then(|| line.clone());
        let recorded = Command::Answer { input: input.clone(), text: text.clone().unwrap_or_default() };
        self.drafts.push(Draft::Command(CommandAudit {
            id: id.clone(),
            author: author.clone(),
            command: recorded,
        }));
        self.fact(Fact::InputEnded { input, author: Some(author), text, command: Some(id.clone()) });
        self.effects.push(Effect::Accept(id, reply));
        self.effects.push(Effect::AnswerInput(line));
    }

    fn owner_gone(&mut self) {
        if self.status.ownership != Ownership::Owned || self.is_stopping() {
            return;
        }
        let is_live = self.status.info.mode == Mode::Live;
        if is_live || self.subscribers.anyone_but_the_owner() {
            let why = if is_live { "it trades live" } else { "others are attached" };
            let text = format!("the command that started this session is gone; {why}, so it goes on");
            self.log(LogLevel::Warning, SESSION, text);
            self.set_ownership(Ownership::OwnerLost);
        } else {
            let by = Author::from(SESSION);
            let progress = verb(None, &by, &Command::Stop { flatten: false, keep_orders: false });
            self.stop(progress, "its owner is gone".to_owned(), Rest::usual(rest::PATIENT));
        }
    }

    fn set_ownership(&mut self, ownership: Ownership) {
        self.status.ownership = ownership;
        self.status_changed();
    }

    fn stop(&mut self, progress: VerbProgress, reason: String, rest: Rest) {
        if self.is_stopping() {
            return;
        }
        self.status.phase = Phase::Stopping { by: progress.author.clone(), reason };
        self.status_changed();
        self.drafts.push(Draft::Verb(progress.clone()));
        self.stopping = Some(progress);
        self.effects.push(Effect::Stop(rest));
    }

    fn stopped(&mut self, whole: bool, text: String) {
        if let Some(progress) = self.stopping.take() {
            let by = progress.author.clone();
            self.drafts.push(Draft::Verb(VerbProgress {
                outcome: if whole { VerbOutcome::Done } else { VerbOutcome::Failed },
                text: text.clone(),
                ..progress
            }));
            self.abandon_cells();
            self.end(format!("stopped by {by}: {text}"), None);
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
