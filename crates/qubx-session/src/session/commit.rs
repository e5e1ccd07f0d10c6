//! Storing what a turn brought, and letting go what waited for that.
//!
//! If the disk refuses, nothing that waited happens, but for what only takes risk away.

use std::sync::Arc;

use jiff::Timestamp;
use qubx_kernel::CallId;
use qubx_protocol::{
    Author, By, Command, CommandId, Event, Fact, Refusal, Seq, StrategyState, VerbOutcome, VerbProgress,
};
use tokio::sync::oneshot;

use super::{Asker, Effect, Session};
use crate::cells::queue::Waiting;
use crate::screens::welcome::SharedWelcome;
use crate::session::input::{Input, Subscription};
use crate::session::rest::{Rest, Stoppable, bring_to_rest};
use crate::session::verbs::Did;
use crate::store::{Draft, Store, StoreError};

/// How many events a screen that resumes gets one by one; a longer gap is a snapshot.
const LONGEST_RESUME: usize = 5_000;
/// How many drafts are kept while the disk refuses them. Above it the oldest text goes; orders and fills stay.
const UNSTORED_DRAFTS: usize = 10_000;
/// The bytes of text that are kept with them.
const UNSTORED_BYTES: usize = 16 << 20;

impl Session {
    /// Stores, applies and sends the drafts of this turn.
    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        if self.drafts.is_empty() && !self.store.has_waiting() {
            return Ok(());
        }
        let result = self.store_drafts();
        self.publish_alarms();
        result
    }

    fn store_drafts(&mut self) -> Result<(), StoreError> {
        let events = self.store.append(&self.drafts, Timestamp::now())?;
        self.drafts.clear();
        // First of all: no order waits until everybody is told of it.
        self.answer_engine(&Ok(()));
        for event in &events {
            self.state.apply(event);
        }
        self.subscribers.send(events);
        Ok(())
    }

    /// Answers the engine, which waits until the intents of orders are stored.
    fn answer_engine(&mut self, stored: &Result<(), String>) {
        for committed in self.intents.drain(..) {
            // It may be stopping.
            let _ = committed.send(stored.clone());
        }
    }

    /// Lets go what waited for the commit.
    pub(super) fn act(&mut self) {
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::RunCells => self.run_cells(),
                // Whoever asked may be gone.
                Effect::Accept(_, reply) => drop(reply.send(None)),
                Effect::Verb { command, verb, author } => self.start_verb(command, verb, author),
                Effect::TellStrategy(id, command, progress) => self.tell_strategy(id, command, progress),
                Effect::Stop(rest) => self.start_stop(rest),
                Effect::Subscribe(hello, reply) => self.subscribe(hello, reply),
                Effect::AnswerInput(line) => {
                    if let Some(kernel) = self.python.kernel() {
                        kernel.answer_input(&line);
                    }
                }
                Effect::StateKept(asker) => self.state_kept(asker, Ok(())),
                Effect::LoadState(asker) => self.load_state(asker),
                Effect::RestartPython => self.python.restart(),
            }
        }
    }

    pub(super) fn reply(&self, call: CallId, answer: Result<serde_json::Value, String>) {
        if let Some(kernel) = self.python.kernel() {
            kernel.reply(call, answer);
        }
    }

    fn load_state(&self, asker: Asker) {
        let state = self.store.strategy_state().map_err(|error| error.to_string());
        match asker {
            Asker::Call(call) => self.reply(call, state.map(Option::unwrap_or_default)),
            // Whoever asked may be gone.
            Asker::Loads(reply) => drop(reply.send(state)),
            Asker::Keeps(reply) => drop(reply.send(Err("nothing was kept".to_owned()))),
        }
    }

    pub(super) fn state_kept(&self, asker: Asker, kept: Result<(), String>) {
        match asker {
            Asker::Call(call) => self.reply(call, kept.map(|()| serde_json::Value::Null)),
            // Whoever asked may be gone.
            Asker::Keeps(reply) => drop(reply.send(kept)),
            Asker::Loads(reply) => drop(reply.send(kept.map(|()| None))),
        }
    }

    /// The disk refused: nothing that waited for it happens. What the engine and the kernel did is kept for the next
    /// attempt, what screens asked for is refused.
    pub(super) fn refuse_all(&mut self, error: &StoreError) {
        tracing::error!(%error, "cannot store");
        let reason = format!("it cannot be written down: {error}");
        let allowed: Vec<CommandId> = self.drafts.iter().filter_map(allowed_without_a_record).collect();
        let mut runs_cells = false;
        self.answer_engine(&Err(reason.clone()));
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Accept(command, reply) => {
                    let refused = !allowed.contains(&command);
                    let refusal = refused.then(|| Refusal { command, message: reason.clone() });
                    drop(reply.send(refusal));
                }
                Effect::Subscribe(hello, reply) => self.subscribe(hello, reply),
                // Stopping must be possible with a full disk.
                Effect::Stop(rest) => self.start_stop(rest),
                Effect::Verb { command, verb, author } => {
                    if command.as_ref().is_none_or(|command| allowed.contains(command)) {
                        self.start_verb(command, verb, author);
                    }
                }
                Effect::StateKept(asker) => self.state_kept(asker, Err(reason.clone())),
                Effect::LoadState(asker) => self.load_state(asker),
                Effect::RestartPython => self.python.restart(),
                // The cells that were taken before wait for nothing but their turn.
                Effect::RunCells => runs_cells = true,
                Effect::AnswerInput(_) => self.prompts.reopen(),
                // Its command is refused above.
                Effect::TellStrategy(..) => {}
            }
        }
        for draft in &self.drafts {
            if let Draft::Session(Fact::Cell { cell, command: Some(_), .. }) = draft {
                self.cells.take_back(*cell);
            }
        }
        self.drafts.retain(|draft| !is_a_wish(draft, &allowed));
        drop_oldest_text(&mut self.drafts, UNSTORED_DRAFTS, UNSTORED_BYTES);
        if runs_cells {
            self.run_cells();
        }
    }

    fn run_cells(&mut self) {
        if !self.kernel_is_ready {
            return;
        }
        let Some(kernel) = self.python.kernel() else { return };
        if let Some(Waiting { cell, code, author, command }) = self.cells.next_for_kernel() {
            self.causes.sent(cell, By { author, cause: Some(command) });
            kernel.execute(cell, &code);
        }
    }

    fn start_verb(&self, command: Option<CommandId>, verb: Command, author: Author) {
        let (engine, inputs) = (self.engine.clone(), self.own_inputs.clone());
        self.tracker.spawn(async move {
            let (name, target) = (verb.verb(), verb.target());
            let by = By { author: author.clone(), cause: command.clone() };
            let Did { outcome, text, was_idle } = crate::session::verbs::run(&engine, verb, by).await;
            let ended = VerbProgress { command, author, verb: name.to_owned(), target, outcome, text };
            // The session is gone only when everything is.
            let _ = inputs.send(Input::VerbEnded { ended, was_idle }).await;
        });
    }

    fn start_stop(&mut self, rest: Rest) {
        let (sender, stopped) = oneshot::channel();
        self.strategy_stopped = Some(sender);
        let (engine, inputs) = (self.engine.clone(), self.own_inputs.clone());
        let kernel = self.python.kernel().filter(|_| self.kernel_is_ready);
        // One that failed has no thread that could say that it stopped.
        let runs = matches!(self.status.strategy.state, StrategyState::Starting | StrategyState::Running);
        let strategy = match &self.rust {
            Some(rust) => rust.handle().filter(|_| runs).cloned().map(Stoppable::Rust),
            None => kernel.map(Stoppable::Python),
        };
        self.python.stay_down();
        self.tracker.spawn(async move {
            let (whole, text) = bring_to_rest(&engine, strategy.as_ref(), stopped, rest).await;
            let _ = inputs.send(Input::Stopped { whole, text }).await;
        });
    }

    fn subscribe(&mut self, hello: qubx_protocol::Hello, reply: oneshot::Sender<Subscription>) {
        let head = self.state.head;
        let resumed = match (&hello.log, hello.after) {
            (Some(log), Some(after)) if *log == self.state.log && after <= head => {
                events_after(&self.store, after, LONGEST_RESUME)
            }
            _ => None,
        };
        let (welcome, backlog) = match resumed {
            Some(events) => (Arc::new(SharedWelcome::new(&self.state, false)), events),
            None => {
                let store = &self.store;
                self.snapshots.give(&self.state, |head, limit| events_after(store, head, limit))
            }
        };
        let (id, frames, cut) = self.subscribers.add(&hello, Timestamp::now());
        let subscription = Subscription { id, welcome, backlog, frames, cut };
        if let Err(left) = reply.send(subscription) {
            self.subscribers.remove(left.id);
        }
    }
}

/// Returns the events after `after`; none when they are more than `limit`, are missing or cannot be read.
fn events_after(store: &Store, after: Seq, limit: usize) -> Option<Vec<Event>> {
    match store.events_after(after, limit + 1) {
        Ok(events) => events.filter(|events| events.len() <= limit),
        Err(error) => {
            tracing::error!(%error, "cannot read the events that a screen lacks; it gets a snapshot");
            None
        }
    }
}

/// Drops the oldest texts while there are more than `limit` drafts or `bytes` of text, and all statuses but the newest;
/// everything else stays.
fn drop_oldest_text(drafts: &mut Vec<Draft>, limit: usize, bytes: usize) {
    let is_status = |draft: &Draft| matches!(draft, Draft::Session(Fact::Status(_)));
    let mut statuses = drafts.iter().filter(|draft| is_status(draft)).count();
    drafts.retain(|draft| {
        let goes = is_status(draft) && statuses > 1;
        statuses -= usize::from(is_status(draft));
        !goes
    });
    let mut excess = drafts.len().saturating_sub(limit);
    let mut excess_bytes = drafts.iter().map(text_bytes).sum::<usize>().saturating_sub(bytes);
    drafts.retain(|draft| {
        let size = text_bytes(draft);
        let goes = size > 0 && (excess > 0 || excess_bytes > 0);
        if goes {
            excess = excess.saturating_sub(1);
            excess_bytes = excess_bytes.saturating_sub(size);
        }
        !goes
    });
}

/// Returns the bytes of a draft that is text; 0 for a fact that must not be dropped.
fn text_bytes(draft: &Draft) -> usize {
    match draft {
        Draft::Session(fact @ (Fact::Output { .. } | Fact::Log { .. } | Fact::Error { .. })) => fact.size(),
        _ => 0,
    }
}

/// Returns the id of a command that is done even when it cannot be written down: what only takes risk away. It is
/// written down as soon as that is possible.
fn allowed_without_a_record(draft: &Draft) -> Option<CommandId> {
    match draft {
        Draft::Command(audit) => match audit.command {
            Command::CancelOrder { .. }
            | Command::CancelOrders { .. }
            | Command::Pause
            | Command::Flatten
            | Command::Interrupt { .. }
            // These have no order in them, and have had their effect already.
            | Command::RestartKernel
            | Command::Release
            | Command::Stop { .. } => Some(audit.id.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Tells whether a draft is what somebody asked for, and not yet what happened.
fn is_a_wish(draft: &Draft, allowed: &[CommandId]) -> bool {
    match draft {
        Draft::Command(audit) => !allowed.contains(&audit.id),
        Draft::Session(Fact::Cell { command: Some(_), .. } | Fact::InputEnded { command: Some(_), .. }) => {
            true
        }
        Draft::StrategyState(_) => true,
        Draft::Verb(verb) => {
            let is_allowed = verb.command.as_ref().is_none_or(|command| allowed.contains(command));
            verb.outcome == VerbOutcome::Started && !is_allowed
        }
        // An order that is intended is refused by the engine, which then says so.
        Draft::Order(order) => order.status == qubx_protocol::OrderStatus::Intended,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use qubx_protocol::Epoch;

    use qubx_protocol::LogLevel;

    use super::*;

    #[test]
    fn a_full_disk_costs_the_oldest_text_and_no_fact_of_money() {
        let log = |text: &str| {
            let (level, source) = (LogLevel::Info, "kernel".to_owned());
            Draft::Session(Fact::Log { level, source, text: text.to_owned(), market_time: None })
        };
        let money = Draft::Started { epoch: Epoch(1), restored: false };
        for (limit, expected) in [
            (9, vec![money.clone(), log("old"), money.clone(), log("new")]),
            (3, vec![money.clone(), money.clone(), log("new")]),
            (1, vec![money.clone(), money.clone()]),
        ] {
            let mut drafts = vec![money.clone(), log("old"), money.clone(), log("new")];
            drop_oldest_text(&mut drafts, limit, UNSTORED_BYTES);
            assert_eq!(drafts, expected, "{limit}");
        }
    }
}
