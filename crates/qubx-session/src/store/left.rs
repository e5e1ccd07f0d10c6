//! What a service that died left without an answer: commands that were taken and verbs that had begun.

use std::collections::HashSet;

use indexmap::IndexMap;
use qubx_protocol::{CellNumber, CommandId, Order, OrderId, Seq, VerbOutcome, VerbProgress};

use super::draft::{CELL_END, CellEnd, CommandAudit};
use super::ledger::Ledger;
use super::log::Log;
use super::rescue::Rescued;
use super::{StoreError, rows};
use crate::cells::queue::MOST_WAITING;

/// The newest verbs that are looked at. More are never under way at once.
const VERBS: usize = 1_000;
/// The newest cells that are looked at. Those that wait are among them: they run in their order, and guests' cells come
/// between.
const CELLS: usize = 2 * MOST_WAITING;

/// The newest rows that are looked through for what guests ran, and for the orders of verbs.
const ROWS: u64 = 10_000;
/// What the ids of guests' cells begin with.
pub(crate) const GUEST: &str = "jupyter-";

/// What was left without an answer.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Left {
    /// Commands whose events are not in the session log, oldest first.
    pub(crate) commands: Vec<CommandAudit>,
    /// Cells without an end, oldest first, and the commands that they were; a guest's has none.
    pub(crate) cells: Vec<(CellNumber, Option<CommandId>)>,
    /// What guests ran without an end.
    pub(crate) guests: Vec<CommandId>,
    /// How many rows of the ledger a power cut took.
    pub(crate) lost_rows: u64,
    /// What became of a session log that was damaged.
    pub(crate) rescued: Option<Rescued>,
    /// Verbs that began and have no end, oldest first.
    pub(crate) verbs: Vec<VerbProgress>,
    /// The orders that these verbs gave, as they were told last.
    pub(crate) orders: Vec<Order>,
}

/// Reads what was left, before the missing references are appended.
pub(super) fn read(ledger: &Ledger, log: &Log) -> Result<Left, StoreError> {
    let commands = commands(ledger, log.head(), log)?;
    let verbs = verbs(ledger)?;
    Ok(Left {
        commands,
        cells: cells(log)?,
        guests: guests(ledger)?,
        orders: orders(ledger, &verbs)?,
        verbs,
        ..Left::default()
    })
}

/// A cell may have shown much, so its beginning may be far back.
fn cells(log: &Log) -> Result<Vec<(CellNumber, Option<CommandId>)>, StoreError> {
    type Columns = (u64, u64, Option<String>);
    let read = || StoreError::database("read", log.path());
    let numbers = |sql: &str, argument: u64| -> rusqlite::Result<Vec<Columns>> {
        let mut statement = log.connection.prepare(sql)?;
        statement.query_map([argument], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
    };
    let begun = "SELECT seq, json_extract(body, '$.cell.cell'), json_extract(body, '$.cell.command') \
                 FROM events WHERE kind = 'cell' \
                 AND json_valid(body) ORDER BY seq DESC LIMIT ?1";
    let begun = numbers(begun, CELLS as u64).map_err(read())?;
    let Some((oldest, ..)) = begun.last() else { return Ok(Vec::new()) };
    let ended = "SELECT seq, json_extract(body, '$.cell_finished.cell'), NULL FROM events \
                 WHERE list = 1 AND seq > ?1 AND kind = 'cell_finished' AND json_valid(body)";
    let ended = numbers(ended, *oldest).map_err(read())?;
    let ended: HashSet<u64> = ended.into_iter().map(|(_, cell, _)| cell).collect();
    let left = begun.into_iter().rev().filter(|(_, cell, _)| !ended.contains(cell));
    Ok(left.map(|(_, cell, command)| (CellNumber(cell), command.map(CommandId))).collect())
}

/// What a guest runs may hide from the history, so the ledger alone tells.
fn guests(ledger: &Ledger) -> Result<Vec<CommandId>, StoreError> {
    let mut open: Vec<CommandId> = Vec::new();
    let newest = ledger.end().row.0;
    rows::for_each(ledger.connection(), ledger.path(), newest.saturating_sub(ROWS), |columns, _| {
        match (columns.kind, columns.command) {
            ("command", Some(id)) if id.starts_with(GUEST) => open.push(id.into()),
            (CELL_END, _) => {
                let number = qubx_protocol::LedgerRow(columns.row);
                let end: CellEnd = serde_json::from_str(columns.body)
                    .map_err(|error| StoreError::damaged(ledger.path(), number, error.to_string()))?;
                open.retain(|id| *id != end.command);
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(open)
}

/// A command has the number of the event that follows it; one above the log's was never written.
fn commands(ledger: &Ledger, head: Seq, log: &Log) -> Result<Vec<CommandAudit>, StoreError> {
    let mut left = Vec::new();
    rows::for_each(ledger.connection(), ledger.path(), log.last_row()?.0, |columns, _| {
        let is_guests = columns.command.is_some_and(|id| id.starts_with(GUEST));
        if columns.kind == "command" && columns.seq > head.0 && !is_guests {
            let number = qubx_protocol::LedgerRow(columns.row);
            let audit = serde_json::from_str(columns.body);
            left.push(audit.map_err(|error| StoreError::damaged(ledger.path(), number, error.to_string()))?);
        }
        Ok(())
    })?;
    Ok(left)
}

/// Returns the stop that was done, or failed in part, after the newest beginning of a run: the service ends with it.
pub(super) fn stop_of_newest_run(ledger: &Ledger) -> Result<Option<VerbProgress>, StoreError> {
    let read = || StoreError::database("read", ledger.path());
    let sql = "SELECT kind, body FROM rows WHERE kind IN ('started', 'verb') ORDER BY row DESC";
    let mut statement = ledger.connection().prepare(sql).map_err(read())?;
    let mut rows = statement.query([]).map_err(read())?;
    while let Some(row) = rows.next().map_err(read())? {
        let (kind, body): (String, String) =
            row.get(0).and_then(|kind| Ok((kind, row.get(1)?))).map_err(read())?;
        if kind == "started" {
            break;
        }
        let verb = read_verb(ledger, &body)?;
        if verb.verb == "stop" && verb.outcome != VerbOutcome::Started {
            return Ok(Some(verb));
        }
    }
    Ok(None)
}

fn read_verb(ledger: &Ledger, body: &str) -> Result<VerbProgress, StoreError> {
    serde_json::from_str(body).map_err(|error| StoreError::Damaged {
        path: ledger.path().to_owned(),
        row: None,
        reason: format!("a verb cannot be read: {error}"),
    })
}

fn verbs(ledger: &Ledger) -> Result<Vec<VerbProgress>, StoreError> {
    let read = || StoreError::database("read", ledger.path());
    let sql = "SELECT body FROM rows WHERE kind = 'verb' ORDER BY row DESC LIMIT ?1";
    let mut statement = ledger.connection().prepare(sql).map_err(read())?;
    let bodies = statement.query_map([VERBS], |row| row.get::<_, String>(0)).map_err(read())?;
    let mut ended: HashSet<Option<CommandId>> = HashSet::new();
    let mut left = Vec::new();
    for body in bodies {
        let body = body.map_err(read())?;
        let verb = read_verb(ledger, &body)?;
        // Newest first: an end comes before its beginning. What the session did by itself has no command.
        match verb.outcome {
            VerbOutcome::Done | VerbOutcome::Failed => drop(ended.insert(verb.command)),
            VerbOutcome::Started if verb.command.is_some() && ended.insert(verb.command.clone()) => {
                left.push(verb);
            }
            VerbOutcome::Started => {}
        }
    }
    left.reverse();
    Ok(left)
}

/// Returns the newest form of each order that one of these verbs gave: what it was given for may be done already.
fn orders(ledger: &Ledger, verbs: &[VerbProgress]) -> Result<Vec<Order>, StoreError> {
    let commands: HashSet<&CommandId> = verbs.iter().filter_map(|verb| verb.command.as_ref()).collect();
    let mut orders: IndexMap<OrderId, Order> = IndexMap::new();
    if commands.is_empty() {
        return Ok(Vec::new());
    }
    let newest = ledger.end().row.0;
    rows::for_each(ledger.connection(), ledger.path(), newest.saturating_sub(ROWS), |columns, _| {
        if columns.kind == "order" {
            let number = qubx_protocol::LedgerRow(columns.row);
            let order: Order = serde_json::from_str(columns.body)
                .map_err(|error| StoreError::damaged(ledger.path(), number, error.to_string()))?;
            if order.cause.as_ref().is_some_and(|cause| commands.contains(cause)) {
                orders.insert(order.id.clone(), order);
            }
        }
        Ok(())
    })?;
    Ok(orders.into_values().collect())
}
