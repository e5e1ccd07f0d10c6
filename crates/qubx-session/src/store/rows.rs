//! Reading the ledger's rows, in order or one by one. No row is handed out whose link is wrong.

use std::path::Path;

use qubx_protocol::LedgerRow;
use rusqlite::{Connection, OptionalExtension, Row};

use super::StoreError;
use super::chain::{Columns, Follower, GENESIS, Hash};

/// What the ledger keeps of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) kind: String,
    pub(super) body: String,
}

/// Reads the rows after `after` in order, without checking them, up to the first for which `visit` fails.
pub(super) fn for_each(
    connection: &Connection,
    path: &Path,
    after: u64,
    mut visit: impl FnMut(&Columns<'_>, &[u8]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let read = || StoreError::database("read", path);
    let sql = "SELECT row, seq, time, kind, command, body, hash FROM rows WHERE row > ?1 ORDER BY row";
    let mut statement = connection.prepare(sql).map_err(read())?;
    let mut rows = statement.query([after]).map_err(read())?;
    let mut expected = after;
    while let Some(row) = rows.next().map_err(read())? {
        expected += 1;
        let (columns, hash) =
            columns(row).map_err(|reason| StoreError::damaged(path, LedgerRow(expected), reason))?;
        expected = columns.row;
        visit(&columns, hash)?;
    }
    Ok(())
}

/// Reads the rows after `follower`'s in order and checks each of them before `visit` sees it.
pub(super) fn check_each(
    connection: &Connection,
    path: &Path,
    follower: &mut Follower,
    mut visit: impl FnMut(&Columns<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    for_each(connection, path, follower.row, |columns, hash| {
        let expected = LedgerRow(follower.row + 1);
        follower.follow(columns, hash).map_err(|reason| StoreError::damaged(path, expected, reason))?;
        visit(columns)
    })
}

/// Returns the link that is stored with a row; that of no row is the beginning of the chain.
pub(super) fn hash_of(connection: &Connection, path: &Path, row: LedgerRow) -> Result<Hash, StoreError> {
    if row == LedgerRow(0) {
        return Ok(GENESIS);
    }
    let hash: Option<Vec<u8>> = connection
        .prepare_cached("SELECT hash FROM rows WHERE row = ?1")
        .and_then(|mut statement| statement.query_row([row.0], |row| row.get(0)).optional())
        .map_err(StoreError::database("read", path))?;
    hash.and_then(|hash| hash.try_into().ok())
        .ok_or_else(|| StoreError::damaged(path, row, "it is missing or has no hash"))
}

/// Reads one row, and checks that it follows from the row before it; none when there is none.
pub(super) fn read(
    connection: &Connection,
    path: &Path,
    row: LedgerRow,
) -> Result<Option<Stored>, StoreError> {
    let read = || StoreError::database("read", path);
    if row == LedgerRow(0) {
        return Ok(None);
    }
    let sql = "SELECT row, seq, time, kind, command, body, hash FROM rows WHERE row = ?1";
    let mut statement = connection.prepare_cached(sql).map_err(read())?;
    let mut rows = statement.query([row.0]).map_err(read())?;
    let Some(found) = rows.next().map_err(read())? else { return Ok(None) };
    let damaged = |reason| StoreError::damaged(path, row, reason);
    let (columns, hash) = columns(found).map_err(damaged)?;
    let before = LedgerRow(row.0 - 1);
    let mut follower = Follower { row: before.0, hash: hash_of(connection, path, before)? };
    follower.follow(&columns, hash).map_err(damaged)?;
    Ok(Some(Stored { kind: columns.kind.to_owned(), body: columns.body.to_owned() }))
}

/// Returns the columns of a row and its link as they are stored.
fn columns<'a>(row: &'a Row<'_>) -> Result<(Columns<'a>, &'a [u8]), String> {
    let number = |index| row.get::<_, u64>(index).map_err(unreadable);
    let text = |index| row.get_ref(index).map_err(unreadable)?.as_str().map_err(unreadable);
    let columns = Columns {
        row: number(0)?,
        seq: number(1)?,
        time: text(2)?,
        kind: text(3)?,
        command: row.get_ref(4).map_err(unreadable)?.as_str_or_null().map_err(unreadable)?,
        body: text(5)?,
    };
    let hash = row.get_ref(6).map_err(unreadable)?.as_blob().map_err(unreadable)?;
    Ok((columns, hash))
}

fn unreadable(error: impl std::fmt::Display) -> String {
    format!("it cannot be read: {error}")
}
