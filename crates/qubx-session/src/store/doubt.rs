//! A sync of the ledger that the disk failed: nobody knows what of it is there, so the process ends at once.
//!
//! Trying again would prove nothing. A system may forget the pages that it could not write, and report success the next
//! time (<https://wiki.postgresql.org/wiki/Fsync_Errors>). What the disk has is told by reading the ledger anew, which the
//! next start does, with every row checked, before anything is traded.

use std::path::Path;

use rusqlite::ffi::{SQLITE_IOERR_DIR_FSYNC, SQLITE_IOERR_FSYNC};

/// The exit code of a service whose ledger the disk did not take: `EX_IOERR` of `sysexits.h`.
pub const DISK_FAILED: i32 = 74;

/// Tells whether the system could not bring to the disk what it had taken.
pub(super) fn is_failed_sync(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(SQLITE_IOERR_FSYNC | SQLITE_IOERR_DIR_FSYNC))
}

/// Ends the process without another word to the disk: closing the database would sync it again.
pub(super) fn end(ledger: &Path, error: &rusqlite::Error) -> ! {
    let path = ledger.display();
    tracing::error!(%error, "the disk did not take {path}; this service ends, and the next one reads what is there");
    std::process::exit(DISK_FAILED)
}
