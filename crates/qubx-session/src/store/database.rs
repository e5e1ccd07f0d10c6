//! Opening a SQLite file of ours: mode 0600, write-ahead log, and its tables brought to the newest version.
//!
//! A file only goes forward: each step from one version to the next runs in a transaction, and a file of a version that
//! is not known yet is refused before anything of it is touched.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// How long a writer waits for a reader's short lock.
const BUSY: Duration = Duration::from_secs(5);

/// A higher version than any that there will be: a file that names one is damaged.
const MOST_VERSIONS: i64 = 10_000;

/// The tables of a file: the step at index `n` makes version `n + 1` of version `n`.
pub(super) type Steps = &'static [&'static str];

/// Opens or makes a database for writing.
pub(super) fn open(path: &Path, steps: Steps) -> Result<Connection, StoreError> {
    // SQLite gives its journal files the mode of the database, so the mode is set before SQLite sees the file.
    qubx_home::create_private_file(path)?;
    let open = || StoreError::database("open", path);
    let mut connection = Connection::open(path).map_err(open())?;
    connection.busy_timeout(BUSY).map_err(open())?;
    let found = known_version(&connection, path, steps)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(open())?;
    // A process kill loses nothing, a power cut may cost the last moments.
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(open())?;
    if found < steps.len() {
        let change = || StoreError::database("bring to the newest version", path);
        let transaction = connection.transaction().map_err(change())?;
        for step in &steps[found..] {
            transaction.execute_batch(step).map_err(change())?;
        }
        transaction.pragma_update(None, "user_version", steps.len()).map_err(change())?;
        transaction.commit().map_err(change())?;
    }
    Ok(connection)
}

/// Opens a database that is there, for reading beside its writer, and returns the version of its tables. What a writer that
/// was killed left half-done is undone first.
pub(super) fn open_read_only(path: &Path, steps: Steps) -> Result<(Connection, usize), StoreError> {
    match open_as_it_is(path, steps) {
        Err(StoreError::Database { source, .. }) if waits_for_a_writer(&source) => {
            undo_what_is_half_done(path).map_err(StoreError::database("open", path))?;
            open_as_it_is(path, steps)
        }
        opened => opened,
    }
}

/// Tells whether a file must be mended by somebody who may write before it can be read.
fn waits_for_a_writer(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_READONLY_CANTINIT, SQLITE_READONLY_RECOVERY, SQLITE_READONLY_ROLLBACK};
    let rusqlite::Error::SqliteFailure(error, _) = error else { return false };
    matches!(
        error.extended_code,
        SQLITE_READONLY_ROLLBACK | SQLITE_READONLY_RECOVERY | SQLITE_READONLY_CANTINIT
    )
}

/// SQLite does it when a writer reads. While a living writer is at work there is nothing to do.
fn undo_what_is_half_done(path: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).map(drop)
}

fn open_as_it_is(path: &Path, steps: Steps) -> Result<(Connection, usize), StoreError> {
    let open = || StoreError::database("open", path);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(open())?;
    connection.busy_timeout(BUSY).map_err(open())?;
    let version = known_version(&connection, path, steps)?;
    Ok((connection, version))
}

/// Tells whether a file is as it is before its first version: a kill at the very beginning left it so.
pub(super) fn is_blank(connection: &Connection, version: usize) -> rusqlite::Result<bool> {
    let parts: u64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(version == 0 && parts == 0)
}

/// Checks that a file which is there is of no newer version; whatever else is wrong with it is told by who opens it.
pub(super) fn refuse_newer(path: &Path, steps: Steps) -> Result<(), StoreError> {
    match path.exists().then(|| open_read_only(path, steps)) {
        Some(Err(newer @ StoreError::Newer { .. })) => Err(newer),
        _ => Ok(()),
    }
}

/// Tells what about a file's tables is not as the steps up to its version make it. The text of a table may be set in
/// another way, as another version of the program wrote it.
pub(super) fn schema_findings(
    connection: &Connection,
    steps: Steps,
    version: usize,
) -> rusqlite::Result<Vec<String>> {
    let meant = Connection::open_in_memory()?;
    for step in &steps[..version] {
        meant.execute_batch(step)?;
    }
    let (meant, found) = (schema(&meant)?, schema(connection)?);
    let missing = meant.iter().filter(|part| !found.contains(part));
    let missing =
        missing.map(|[kind, name, ..]| format!("the {kind} {name} is not as version {version} has it"));
    let foreign = found.iter().filter(|[_, name, ..]| !meant.iter().any(|[_, meant, ..]| meant == name));
    let foreign = foreign.map(|[kind, name, ..]| format!("version {version} has no {kind} {name}"));
    Ok(missing.chain(foreign).collect())
}

/// Returns kind, name, table and text of everything that a file has.
fn schema(connection: &Connection) -> rusqlite::Result<Vec<[String; 4]>> {
    let mut statement =
        connection.prepare("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema")?;
    let parts = statement.query_map([], |row| {
        let text: String = row.get(3)?;
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok([row.get(0)?, row.get(1)?, row.get(2)?, text])
    })?;
    parts.collect()
}

fn known_version(connection: &Connection, path: &Path, steps: Steps) -> Result<usize, StoreError> {
    let found: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(StoreError::database("open", path))?;
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    match usize::try_from(found) {
        Ok(version) if found <= known => Ok(version),
        Ok(_) if found <= MOST_VERSIONS => Err(StoreError::Newer { path: path.to_owned(), found, known }),
        _ => {
            let reason = format!("its schema version is {found}");
            Err(StoreError::Damaged { path: path.to_owned(), row: None, reason })
        }
    }
}
