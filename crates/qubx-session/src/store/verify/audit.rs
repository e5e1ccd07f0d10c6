//! What the rows of a ledger say, one after the other: that each reads, and that every order has a cause before it.

use std::collections::HashSet;

use jiff::Timestamp;
use qubx_protocol::{CommandId, Fact, LedgerRow};

use crate::store::chain::Columns;
use crate::store::draft::{CELL_END, CellEnd, CommandAudit, UNLOGGED, has_event, ledger_fact};

/// The kind of a row, small because there may be millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Missing,
    NoEvent,
    Started,
    Order,
    Fill,
    Funding,
    Verb,
}

/// What was read so far.
#[derive(Default)]
pub(super) struct Audit {
    epochs: HashSet<u32>,
    commands: HashSet<CommandId>,
}

impl Audit {
    /// Returns how many lives of the account there are.
    pub(super) fn epochs(&self) -> u64 {
        self.epochs.len() as u64
    }

    /// Reads the next row: its kind, and what is wrong with it.
    pub(super) fn read(&mut self, columns: &Columns<'_>) -> (Kind, Option<String>) {
        match Kind::of(columns.kind) {
            Some(kind) => (kind, self.check(columns).err()),
            None => (Kind::NoEvent, Some(format!("its kind `{}` is not known", columns.kind))),
        }
    }

    fn check(&mut self, columns: &Columns<'_>) -> Result<(), String> {
        let text = |error: serde_json::Error| error.to_string();
        columns.time.parse::<Timestamp>().map_err(|error| format!("its time: {error}"))?;
        match columns.kind {
            "command" => {
                let audit: CommandAudit = serde_json::from_str(columns.body).map_err(text)?;
                if columns.command != Some(audit.id.as_str()) {
                    return Err("its command is not the one in its body".to_owned());
                }
                self.commands.insert(audit.id);
            }
            UNLOGGED => {}
            CELL_END => {
                let CellEnd { command, .. } = serde_json::from_str(columns.body).map_err(text)?;
                self.check_cause("a cell", &command)?;
            }
            _ => match ledger_fact(LedgerRow(columns.row), columns.kind, columns.body)? {
                Fact::Started { epoch, .. } => drop(self.epochs.insert(epoch.0)),
                Fact::Order { order, .. } => {
                    if let Some(cause) = &order.cause {
                        self.check_cause("an order", cause)?;
                    }
                }
                _ => {}
            },
        }
        Ok(())
    }

    fn check_cause(&self, what: &str, cause: &CommandId) -> Result<(), String> {
        if self.commands.contains(cause) {
            return Ok(());
        }
        Err(format!("{what} is said to come from the command {cause}, and no row before has it"))
    }
}

impl Kind {
    pub(super) fn of(kind: &str) -> Option<Self> {
        Some(match kind {
            "started" => Self::Started,
            "order" => Self::Order,
            "fill" => Self::Fill,
            "funding" => Self::Funding,
            "verb" => Self::Verb,
            kind if !has_event(kind) => Self::NoEvent,
            _ => return None,
        })
    }
}
