//! What is replaced instead of added to: the engine's checkpoint and the strategy's state, one each for every life of
//! the account, in the ledger's file and in the same transaction as the rows beside them.

use std::path::Path;

use qubx_protocol::Epoch;
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::StoreError;
use super::chain::Hash;

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Checkpoint,
    StrategyState,
}

/// One thing that is kept.
pub(super) struct Kept {
    pub(super) kind: Kind,
    pub(super) epoch: Epoch,
    /// JSON.
    pub(super) body: String,
}

/// Both kinds; the first row of each is written when a life of the account begins, so that a row that is missing
/// later was lost.
pub(super) const KINDS: [Kind; 2] = [Kind::Checkpoint, Kind::StrategyState];
/// What that first row holds.
const NOTHING: &str = "null";

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Checkpoint => "checkpoint",
            Kind::StrategyState => "strategy_state",
        }
    }
}

fn hash(kind: &str, epoch: u32, body: &str) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update((kind.len() as u64).to_be_bytes());
    hasher.update(kind);
    hasher.update(epoch.to_be_bytes());
    hasher.update(body);
    hasher.finalize().into()
}

/// Writes the first rows of a life of the account, unless it has them already.
pub(super) fn begin(connection: &Connection, epoch: Epoch) -> rusqlite::Result<()> {
    let sql = "INSERT INTO kept (kind, epoch, body, hash) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    let mut statement = connection.prepare_cached(sql)?;
    for kind in KINDS.map(Kind::as_str) {
        statement.execute(params![kind, epoch.0, NOTHING, hash(kind, epoch.0, NOTHING).as_slice()])?;
    }
    Ok(())
}

/// Writes one thing in the place of what was there.
pub(super) fn write(connection: &Connection, kept: &Kept) -> rusqlite::Result<()> {
    let sql = "INSERT INTO kept (kind, epoch, body, hash) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO UPDATE SET body = ?3, hash = ?4";
    let (kind, epoch) = (kept.kind.as_str(), kept.epoch.0);
    let hash = hash(kind, epoch, &kept.body);
    connection.prepare_cached(sql)?.execute(params![kind, epoch, kept.body, hash.as_slice()])?;
    Ok(())
}

/// Reads what is kept of a kind. That there is no row is damage when `must_be_there`.
pub(super) fn read(
    connection: &Connection,
    path: &Path,
    kind: Kind,
    epoch: Epoch,
    must_be_there: bool,
) -> Result<Option<serde_json::Value>, StoreError> {
    let kind = kind.as_str();
    let damaged = |reason: &str| StoreError::Damaged {
        path: path.to_owned(),
        row: None,
        reason: format!("the {} of epoch {epoch} {reason}", kind.replace('_', " ")),
    };
    let row: Option<(String, Vec<u8>)> = connection
        .prepare_cached("SELECT body, hash FROM kept WHERE kind = ?1 AND epoch = ?2")
        .and_then(|mut statement| {
            statement.query_row(params![kind, epoch.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .map_err(StoreError::database("read", path))?;
    let Some((body, stored)) = row else {
        return if must_be_there { Err(damaged("is missing")) } else { Ok(None) };
    };
    if stored != hash(kind, epoch.0, &body) {
        return Err(damaged("does not fit its hash"));
    }
    let value: serde_json::Value =
        serde_json::from_str(&body).map_err(|error| damaged(&error.to_string()))?;
    Ok(Some(value).filter(|value| !value.is_null()))
}

/// Returns the newest life of the account of which something is kept.
pub(super) fn newest_epoch(connection: &Connection, path: &Path) -> Result<Option<Epoch>, StoreError> {
    let newest: Option<u32> = connection
        .query_row("SELECT max(epoch) FROM kept", [], |row| row.get(0))
        .map_err(StoreError::database("read", path))?;
    Ok(newest.map(Epoch))
}

/// Returns what is wrong with the rows, one sentence each.
pub(super) fn findings(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement =
        connection.prepare("SELECT kind, epoch, body, hash FROM kept ORDER BY epoch, kind")?;
    let mut rows = statement.query([])?;
    let mut findings = Vec::new();
    while let Some(row) = rows.next()? {
        let (kind, epoch, body): (String, u32, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let stored: Vec<u8> = row.get(3)?;
        if stored != hash(&kind, epoch, &body) {
            findings.push(format!("the {} of epoch {epoch} does not fit its hash", kind.replace('_', " ")));
        }
    }
    Ok(findings)
}
