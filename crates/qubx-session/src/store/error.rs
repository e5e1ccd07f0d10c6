//! What can be wrong with a session's files.

use std::path::{Path, PathBuf};

use qubx_protocol::{LedgerRow, Seq};
use rusqlite::ErrorCode;

/// A database that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("cannot {action} {path}: {source}")]
    Database {
        /// What we were trying to do.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// A file cannot be made.
    #[error(transparent)]
    File(#[from] qubx_home::HomeError),
    /// A sample was to be written where something is already.
    #[error("{path} is not empty; a sample of a session is written into an empty folder only")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A file does not hold what was written.
    #[error(
        "{path}{}: {reason}; `qubx verify` tells more; put back a copy of the session's folder, or set the folder \
         aside and begin a new session", at_row(.row)
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// The row of the ledger; none when the file as a whole is concerned.
        row: Option<LedgerRow>,
        /// What does not fit.
        reason: String,
    },
    /// A row holds what this version cannot read.
    #[error("{path}: entry {seq} cannot be read: {reason}")]
    Unreadable {
        /// The database.
        path: PathBuf,
        /// The event.
        seq: Seq,
        /// What does not fit.
        reason: String,
    },
    /// The file was written by a newer version.
    #[error("{path} has schema version {found}, and this version of qubx knows {known}; use the newer qubx")]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
}

/// Tells whether an error of SQLite comes from what is in the file. Our statements are fixed, so one that makes no sense
/// to SQLite, or a value of another type than was written, says so too.
fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error;
    match error {
        Error::SqliteFailure(..) | Error::SqlInputError { .. } => matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown)
        ),
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => true,
        _ => false,
    }
}

fn at_row(row: &Option<LedgerRow>) -> String {
    row.map_or_else(|| " is damaged".to_owned(), |row| format!(": row {row} is damaged"))
}

impl StoreError {
    /// Returns what makes an error of SQLite one of ours: the damage that SQLite itself notices is damage.
    pub(super) fn database(action: &'static str, path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        let path = path.to_owned();
        move |source| {
            if is_damage(&source) {
                Self::Damaged { path, row: None, reason: source.to_string() }
            } else {
                Self::Database { action, path, source }
            }
        }
    }

    /// Tells whether this says that the file at `path` does not hold what was written.
    pub(super) fn is_damage_of(&self, path: &Path) -> bool {
        matches!(self, Self::Damaged { path: damaged, .. } if damaged == path)
    }

    /// Returns the error of a row of the ledger that is not what was written.
    pub(super) fn damaged(path: &Path, row: LedgerRow, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), row: Some(row), reason: reason.into() }
    }

    /// Tells whether SQLite found no room. It says so in two ways: its shared memory cannot grow either.
    pub(super) fn lacks_room(&self) -> bool {
        let Self::Database { source: rusqlite::Error::SqliteFailure(error, _), .. } = self else {
            return false;
        };
        error.code == ErrorCode::DiskFull || error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE
    }
}
