//! What a run begins with: a new life of the account or the one before, and an end for what a service left open.

use qubx_engine::{EngineConfig, EngineError, Restore};
use qubx_protocol::{
    CellNumber, CellStatus, Command, CommandId, Epoch, Fact, LogLevel, Order, OrderStatus, Seq, SessionState,
    VerbOutcome, VerbProgress,
};

use crate::config::{ServiceConfig, ServiceError};
use crate::session::verbs;
use crate::store::{Book, CellEnd, CommandAudit, Draft, Left, Store, StoreError};

/// The life of the account that a run belongs to.
pub(crate) struct Life {
    pub(crate) epoch: Epoch,
    /// What it goes on with; none for a new account.
    book: Option<Book>,
}

impl Life {
    /// Returns a new life, or the newest one when the run goes on with it and there is one.
    pub(crate) fn of(store: &Store, restore: bool) -> Result<Self, StoreError> {
        let newest = store.epoch()?;
        if restore && newest > Epoch(0) {
            return Ok(Self { epoch: newest, book: Some(store.book()?) });
        }
        Ok(Self { epoch: newest.next(), book: None })
    }

    /// Returns what the engine is started with.
    pub(crate) fn engine_config(
        &self,
        config: &ServiceConfig,
        store: &Store,
    ) -> Result<EngineConfig, ServiceError> {
        // The prefix is unique for this life of the account, the number in it, so an exchange's record names our row.
        let log = store.log_id().as_str();
        let order_prefix = format!("q{}-{}-", &log[..log.len().min(8)], self.epoch);
        Ok(EngineConfig {
            exchanges: config.exchanges.clone(),
            limits: config.limits.clone(),
            stale_after: config.stale_after,
            order_prefix,
            next_order: self.book.as_ref().map_or(0, |book| book.order_count) + 1,
            restore: self.book.as_ref().map(restore).transpose()?,
        })
    }

    /// Puts the book into the state that the log ends with; its last entries alone do not tell all of it.
    pub(crate) fn put_book_into(&self, state: &mut SessionState) {
        if let Some(book) = &self.book {
            state.orders = book.orders.iter().map(|order| (order.id.clone(), order.clone())).collect();
            state.positions =
                book.positions.iter().map(|held| (held.instrument.clone(), held.clone())).collect();
        }
    }

    /// Returns the events that the run begins with: what was left open is ended, then the run starts.
    ///
    /// A command that was taken is answered, whatever happened since: whoever gave it waits for that. None is done now.
    pub(crate) fn first_drafts(&self, left: Left, last_cell: CellNumber) -> Vec<Draft> {
        let mut drafts: Vec<Draft> =
            left.cells.into_iter().flat_map(|(cell, command)| died(cell, command)).collect();
        drafts.extend(left.guests.into_iter().map(ended));
        if left.lost_rows > 0 {
            let text = format!(
                "the machine stopped before {} rows of the ledger were on the disk; they are lost",
                left.lost_rows
            );
            let (level, source) = (LogLevel::Warning, "session".to_owned());
            drafts.push(Draft::Session(Fact::Log { level, source, text, market_time: None }));
        }
        if let Some(rescued) = left.rescued {
            let (level, source) = (LogLevel::Error, "session".to_owned());
            drafts.push(Draft::Session(Fact::Log {
                level,
                source,
                text: rescued.to_string(),
                market_time: None,
            }));
        }
        let mut cell = last_cell;
        for CommandAudit { id, author, command } in left.commands {
            match command {
                Command::Execute { code } => {
                    cell = cell.next();
                    let command = Some(id.clone());
                    drafts.push(Draft::Session(Fact::Cell { cell, code, author, command }));
                    drafts.extend(died(cell, Some(id)));
                }
                Command::Answer { input, .. } => drafts.push(Draft::Session(Fact::InputEnded {
                    input,
                    author: Some(author),
                    text: None,
                    command: Some(id),
                })),
                // The others have a verb in the ledger.
                _ => {}
            }
        }
        for verb in left.verbs {
            let of_it = |order: &&Order| verb.verb == "place" && order.cause == verb.command;
            let (outcome, text) = match left.orders.iter().find(of_it) {
                // Whoever gave it must not give it again if it came to something.
                Some(order) => order_left_behind(order),
                None => {
                    let text =
                        "the service ended before it was known to be done; look at orders and positions";
                    (VerbOutcome::Failed, text.to_owned())
                }
            };
            drafts.push(Draft::Verb(VerbProgress { outcome, text, ..verb }));
        }
        drafts.push(Draft::Started { epoch: self.epoch, restored: self.book.is_some() });
        drafts
    }
}

/// Tells what became of an order that the service before was given. One that is only intended was never sent.
fn order_left_behind(order: &Order) -> (VerbOutcome, String) {
    match order.status {
        OrderStatus::Intended => {
            (VerbOutcome::Failed, format!("{}: the service ended before it was sent", order.id))
        }
        _ => verbs::outcome_of(order),
    }
}

/// Returns the end of a cell that the service before left open, for everyone and for the ledger.
fn died(cell: CellNumber, command: Option<CommandId>) -> impl Iterator<Item = Draft> {
    let finished = Fact::CellFinished { cell, status: CellStatus::KernelDied, duration_ms: 0 };
    std::iter::once(Draft::Session(finished)).chain(command.map(ended))
}

fn ended(command: CommandId) -> Draft {
    Draft::CellEnd(CellEnd { command, status: CellStatus::KernelDied })
}

/// Returns what the engine goes on with.
fn restore(book: &Book) -> Result<Restore, ServiceError> {
    let checkpoint = book.checkpoint.clone().map(serde_json::from_value).transpose();
    let checkpoint = checkpoint.map_err(|error| {
        EngineError::Config(format!("the engine's checkpoint in the ledger cannot be read: {error}"))
    })?;
    Ok(Restore { positions: book.positions.clone(), orders: book.orders.clone(), checkpoint })
}

/// Returns the number of the newest cell in drafts.
pub(super) fn last_cell(drafts: &[Draft]) -> Option<CellNumber> {
    drafts.iter().rev().find_map(|draft| match draft {
        Draft::Session(Fact::Cell { cell, .. }) => Some(*cell),
        _ => None,
    })
}

/// Returns the state that a log ends with, as far as its last entries tell.
pub(crate) fn load(store: &mut Store, history_limit: usize) -> SessionState {
    let mut state = SessionState::new(store.log_id().clone(), history_limit);
    for event in store.take_newest() {
        // Numbers of lost events are missing for good.
        state.head = Seq(event.seq.0 - 1);
        state.apply(&event);
    }
    state.head = store.head();
    state
}
