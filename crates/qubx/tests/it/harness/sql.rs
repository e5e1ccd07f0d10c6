//! A look into a session's databases that is none of the program's own.

use std::path::Path;
use std::process::Command as Process;

use serde_json::Value;

use super::Place;

/// Runs SQL on a database with Python's own SQLite and returns the rows.
pub(crate) fn sql(place: &Place, database: &Path, statement: &str) -> Vec<Vec<Value>> {
    let script = "
import json, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
rows = connection.execute(sys.argv[2]).fetchall()
connection.commit()
print(json.dumps(rows, default=lambda value: value.hex()))
";
    let output =
        Process::new(&place.python).args(["-c", script]).arg(database).arg(statement).output().unwrap();
    assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
