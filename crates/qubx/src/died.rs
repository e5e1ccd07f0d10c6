//! The news that a session was found dead. Whoever looks around first gets it, once, and the files of the dead go; a
//! command that is about something else passes it on.

use std::path::Path;

use jiff::Timestamp;
use qubx_home::Found;

use crate::out::say;

/// Says which sessions were found dead just now, but those that the command tells of in its own words.
pub(crate) fn say_dead(sessions: &[Found], is_told: impl Fn(&Found) -> bool) {
    for dead in sessions.iter().filter(|found| found.is_dead() && !is_told(found)) {
        say!("{}", news(dead, sessions));
    }
}

/// Returns the news of one that died, in a line.
pub(crate) fn news(dead: &Found, all: &[Found]) -> String {
    let qubx = &dead.file.qubx;
    let (name, pid) = (&qubx.name, qubx.service.pid);
    let died = format!("session `{name}` died: its service, process {pid}, ended without a word");
    let again = all.iter().find(|found| found.alive && found.file.qubx.session_dir == qubx.session_dir);
    if let Some(again) = again {
        return format!("{died}; it runs again by now, as process {}", again.file.qubx.service.pid);
    }
    let last = last_write(&qubx.session_dir)
        .map(|time| format!(", and last wrote at {}", time.strftime("%F %T UTC")));
    format!(
        "{died}{}; `qubx history {name}` shows what it did, and the command that started it goes on with it when \
         --restore is added",
        last.unwrap_or_default()
    )
}

/// Returns when anything was last written to the databases of a session.
fn last_write(session_dir: &Path) -> Option<Timestamp> {
    let files = ["ledger.db", "ledger.db-wal", "session.db", "session.db-wal"];
    let times = files.into_iter().filter_map(|file| {
        let modified = std::fs::symlink_metadata(session_dir.join(file)).ok()?.modified().ok()?;
        Timestamp::try_from(modified).ok()
    });
    times.max()
}
