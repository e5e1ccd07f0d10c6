//! How far this user has seen a session: a small file in the session's folder, written when a screen is left.
//!
//! It is a convenience. If it cannot be read or written, a screen does without.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use qubx_home::replace_private_file;
use qubx_protocol::{LogId, Seq};
use qubx_tui::Seen;
use serde::{Deserialize, Serialize};

/// What the file says.
#[derive(Serialize, Deserialize)]
struct Content {
    log: LogId,
    seq: Seq,
    time: Timestamp,
}

fn path(session_dir: &Path) -> PathBuf {
    session_dir.join("left.json")
}

/// Returns how far this user had seen the session when a screen was left last; none when that is not known.
pub(crate) fn read(session_dir: &Path) -> Option<Seen> {
    let content = std::fs::read(path(session_dir)).ok()?;
    let Content { log, seq, time } = serde_json::from_slice(&content).ok()?;
    Some(Seen { log, seq, time })
}

/// Notes how far this user has seen the session. The file is whole at any time.
pub(crate) fn write(session_dir: &Path, seen: Seen) {
    let Seen { log, seq, time } = seen;
    let Ok(content) = serde_json::to_vec(&Content { log, seq, time }) else { return };
    let _ = replace_private_file(&path(session_dir), &content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_found_again_and_nonsense_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), None);
        let seen = Seen { log: LogId::from("log"), seq: Seq(7), time: Timestamp::UNIX_EPOCH };
        for seq in [Seq(7), Seq(9)] {
            write(folder.path(), Seen { seq, ..seen.clone() });
            assert_eq!(read(folder.path()), Some(Seen { seq, ..seen.clone() }));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        std::fs::write(path(folder.path()), "{").unwrap();
        assert_eq!(read(folder.path()), None);
    }
}
