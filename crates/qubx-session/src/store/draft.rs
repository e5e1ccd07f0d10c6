//! What is stored before it is stored, and the forms that the ledger keeps it in. No I/O.

use qubx_protocol::{
    Author, CellStatus, CommandId, Epoch, Fact, Fill, Funding, LedgerRow, Order, Position, VerbProgress,
};
use serde::{Deserialize, Serialize};

/// A fact before it is stored: the ledger's row numbers are not given yet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Draft {
    /// A fact that the session log holds itself.
    Session(Fact),
    /// A run begins.
    Started {
        /// The account's life.
        epoch: Epoch,
        /// Whether it goes on with the book of the run before.
        restored: bool,
    },
    /// Where the engine is, in place of the one before. It has no event.
    Checkpoint(serde_json::Value),
    /// What the strategy keeps for its next start, in place of what it kept before. It has no event.
    StrategyState(serde_json::Value),
    /// Somebody gave a command. It has no event of its own: what it causes has.
    Command(CommandAudit),
    /// A Jupyter guest runs a cell. It is written down like a command, but nobody here could refuse it.
    GuestCell(CommandAudit),
    /// A cell ended. It has no event: the session log has its own.
    CellEnd(CellEnd),
    /// An order changed.
    Order(Order),
    /// An order was filled.
    Fill {
        /// The fill.
        fill: Fill,
        /// The position that results.
        position: Position,
    },
    /// Funding was paid or received.
    Funding {
        /// The payment.
        funding: Funding,
        /// The position that results.
        position: Position,
    },
    /// A verb's progress.
    Verb(VerbProgress),
}

/// Who gave which command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CommandAudit {
    /// The command's id.
    pub id: CommandId,
    /// Who gave it.
    pub author: Author,
    /// The command, with a cell's code.
    pub command: qubx_protocol::Command,
}

/// How a cell ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CellEnd {
    /// The command that it was.
    pub command: CommandId,
    /// How it ended.
    pub status: CellStatus,
}

/// A payment of funding and the position that results, as the ledger keeps them.
#[derive(Serialize, Deserialize)]
pub(super) struct FundingRow {
    pub(super) funding: Funding,
    pub(super) position: Position,
}

/// A fill and the position that results, as the ledger keeps them.
#[derive(Serialize, Deserialize)]
pub(super) struct FillRow {
    pub(super) fill: Fill,
    pub(super) position: Position,
}

/// The beginning of a run, as the ledger keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct StartedRow {
    pub(super) epoch: Epoch,
    pub(super) restored: bool,
    /// Whether the row is of schema version 1, which kept a bare number, and neither checkpoints nor strategy state.
    #[serde(skip)]
    pub(super) is_old: bool,
}

impl StartedRow {
    /// Reads either form.
    pub(super) fn read(body: &str) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Old(Epoch),
            New { epoch: Epoch, restored: bool },
        }
        Ok(match serde_json::from_str(body)? {
            Form::Old(epoch) => Self { epoch, restored: false, is_old: true },
            Form::New { epoch, restored } => Self { epoch, restored, is_old: false },
        })
    }
}

/// The kind of a row that only says up to which number history was given out without being written down.
pub(super) const UNLOGGED: &str = "unlogged";

/// The kind of a row that says how a cell ended.
pub(super) const CELL_END: &str = "cell_end";

/// A row of the ledger before it has its number.
pub(super) struct NewRow<'a> {
    pub(super) kind: &'static str,
    pub(super) command: Option<&'a CommandId>,
    pub(super) body: String,
}

impl Draft {
    /// Returns what the chained rows of the ledger keep of this; none when they keep nothing.
    pub(super) fn ledger_row(&self) -> Option<NewRow<'_>> {
        let (kind, command, body) = match self {
            Draft::Session(_) | Draft::Checkpoint(_) | Draft::StrategyState(_) => return None,
            Draft::Started { epoch, restored } => {
                let row = StartedRow { epoch: *epoch, restored: *restored, is_old: false };
                ("started", None, serde_json::to_string(&row))
            }
            Draft::Command(audit) | Draft::GuestCell(audit) => {
                ("command", Some(&audit.id), serde_json::to_string(audit))
            }
            Draft::CellEnd(end) => (CELL_END, None, serde_json::to_string(end)),
            Draft::Order(order) => ("order", None, serde_json::to_string(order)),
            Draft::Fill { fill, position } => {
                let row = FillRow { fill: fill.clone(), position: position.clone() };
                ("fill", None, serde_json::to_string(&row))
            }
            Draft::Funding { funding, position } => {
                let row = FundingRow { funding: funding.clone(), position: position.clone() };
                ("funding", None, serde_json::to_string(&row))
            }
            Draft::Verb(verb) => ("verb", None, serde_json::to_string(verb)),
        };
        Some(NewRow { kind, command, body: body.expect("ledger rows have string keys") })
    }

    /// Returns the fact that everyone is told; none for what has no event.
    pub(super) fn fact(&self, row: Option<LedgerRow>) -> Option<Fact> {
        let row = row.unwrap_or_default();
        match self.clone() {
            Draft::Session(fact) => Some(fact),
            Draft::Checkpoint(_)
            | Draft::StrategyState(_)
            | Draft::Command(_)
            | Draft::GuestCell(_)
            | Draft::CellEnd(_) => None,
            Draft::Started { epoch, restored } => Some(Fact::Started { epoch, restored }),
            Draft::Order(order) => Some(Fact::Order { row, order }),
            Draft::Fill { fill, position } => Some(Fact::Fill { row, fill, position }),
            Draft::Funding { funding, position } => Some(Fact::Funding { row, funding, position }),
            Draft::Verb(verb) => Some(Fact::Verb { row, verb }),
        }
    }
}

/// Tells whether rows of a kind have an event, to which the session log refers.
pub(super) fn has_event(kind: &str) -> bool {
    !matches!(kind, "command" | CELL_END | UNLOGGED)
}

/// Makes the fact of a row of the ledger.
pub(super) fn ledger_fact(row: LedgerRow, kind: &str, body: &str) -> Result<Fact, String> {
    let read = |error: serde_json::Error| error.to_string();
    match kind {
        "started" => {
            let StartedRow { epoch, restored, .. } = StartedRow::read(body).map_err(read)?;
            Ok(Fact::Started { epoch, restored })
        }
        "order" => Ok(Fact::Order { row, order: serde_json::from_str(body).map_err(read)? }),
        "fill" => {
            let FillRow { fill, position } = serde_json::from_str(body).map_err(read)?;
            Ok(Fact::Fill { row, fill, position })
        }
        "funding" => {
            let FundingRow { funding, position } = serde_json::from_str(body).map_err(read)?;
            Ok(Fact::Funding { row, funding, position })
        }
        "verb" => Ok(Fact::Verb { row, verb: serde_json::from_str(body).map_err(read)? }),
        other => Err(format!("a row of kind `{other}` has no event")),
    }
}
