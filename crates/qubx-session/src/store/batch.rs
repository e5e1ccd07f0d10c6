//! Rows of the ledger that are chained and not written yet, and what is kept with them. No I/O.

use jiff::Timestamp;
use qubx_protocol::{Epoch, LedgerRow, Seq};

use super::chain::{self, Columns, Hash};
use super::draft::{NewRow, StartedRow};
use super::kept::{self, Kept};
use super::ledger::End;

/// Rows that are chained, and what is to be kept, not written yet.
pub(super) struct Batch {
    pub(super) rows: Vec<Row>,
    pub(super) kept: Vec<Kept>,
    /// What the ledger ends with once it is written.
    pub(super) end: End,
}

/// One of the rows.
pub(super) struct Row {
    pub(super) number: LedgerRow,
    pub(super) seq: Seq,
    pub(super) time: String,
    pub(super) kind: &'static str,
    pub(super) command: Option<String>,
    pub(super) body: String,
    pub(super) hash: Hash,
}

impl Batch {
    /// Returns an empty batch behind what the ledger ends with.
    pub(super) fn after(end: End) -> Self {
        Self { rows: Vec::new(), kept: Vec::new(), end }
    }

    /// Chains a row and returns its number.
    pub(super) fn add(&mut self, seq: Seq, time: Timestamp, row: NewRow<'_>) -> LedgerRow {
        let NewRow { kind, command, body } = row;
        let number = self.end.row.next();
        let (time, command) = (time.to_string(), command.map(|id| id.0.clone()));
        let columns = Columns {
            row: number.0,
            seq: seq.0,
            time: &time,
            kind,
            command: command.as_deref(),
            body: &body,
        };
        let hash = chain::link(&self.end.hash, &columns);
        self.end.row = number;
        self.end.hash = hash;
        if kind != "command" {
            self.end.seq = seq;
        }
        self.rows.push(Row { number, seq, time, kind, command, body, hash });
        number
    }

    /// Begins a run; what is kept from here on belongs to its life of the account.
    pub(super) fn start(&mut self, epoch: Epoch, restored: bool) {
        self.end.started = StartedRow { epoch, restored, is_old: false };
    }

    /// Replaces what is kept of a kind.
    pub(super) fn keep(&mut self, kind: kept::Kind, value: &serde_json::Value) {
        self.kept.push(Kept { kind, epoch: self.end.started.epoch, body: value.to_string() });
    }

    /// Tells whether there is a row to write.
    pub(super) fn has_rows(&self) -> bool {
        !self.rows.is_empty()
    }
}
