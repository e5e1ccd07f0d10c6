//! The disk that the home is on: can it be written to, does it keep what it is given, and is there room?

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{statfs, statvfs};

use super::finding::Finding;
use super::within;

const CHECK: &str = "disk";

/// Every order waits until the disk has it.
const SLOW: Duration = Duration::from_millis(100);
/// With less, a session would soon refuse orders: its ledger keeps a reserve of 16 MiB, and the log grows beside it.
const LEAST: u64 = 64 << 20;
/// With less, a few busy days fill it.
const LITTLE: u64 = 1 << 30;
/// A session has some dozens of files.
const FEW_FILES: u64 = 1_000;

/// What there is.
#[derive(Clone, Debug)]
struct Facts {
    /// The home, or the nearest folder above it that is there.
    folder: PathBuf,
    /// How long a write took to be on the disk, or why it failed.
    sync: Result<Duration, String>,
    /// The bytes that are free for this user.
    free: Option<u64>,
    /// How many files may still be made; none where the file system does not count them.
    files: Option<u64>,
    /// What kind of file system it is, when that matters.
    kind: Option<Kind>,
}

/// File systems that do not keep what a session relies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Memory,
    Network,
}

/// Looks at the disk of a home.
pub(super) async fn check(root: &Path) -> Vec<Finding> {
    let root = root.to_owned();
    match within::disk(within::DISK, move || gather(&root)).await {
        Some(facts) => judge(&facts),
        None => vec![does_not_answer()],
    }
}

/// Says that the disk hangs.
pub(super) fn does_not_answer() -> Finding {
    Finding::error(
        CHECK,
        format!("the disk of the home does not answer within {} s", within::DISK.as_secs()),
        "set QUBX_HOME to a folder on a disk of this machine",
    )
}

fn gather(root: &Path) -> Facts {
    let folder = root.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/")).to_owned();
    let space = statvfs(&folder).ok();
    Facts {
        sync: synced(&folder).map_err(|error| error.to_string()),
        free: space.as_ref().map(|space| space.f_bavail.saturating_mul(space.f_frsize)),
        files: space.filter(|space| space.f_files > 0).map(|space| space.f_favail),
        kind: statfs(&folder).ok().and_then(|found| kind(found.f_type as u64 & 0xffff_ffff)),
        folder,
    }
}

/// Writes to a file without a name, which is gone when it is closed, and returns how long that took.
fn synced(folder: &Path) -> std::io::Result<Duration> {
    let mut file = tempfile::tempfile_in(folder)?;
    let began = Instant::now();
    file.write_all(&[0; 4_096])?;
    file.sync_all()?;
    Ok(began.elapsed())
}

/// Returns the kind of a file system by its number in linux/magic.h.
fn kind(magic: u64) -> Option<Kind> {
    match magic {
        0x0102_1994 | 0x8584_58f6 => Some(Kind::Memory),
        0x6969 | 0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some(Kind::Network),
        _ => None,
    }
}

fn judge(facts: &Facts) -> Vec<Finding> {
    let folder = facts.folder.display();
    let took = match &facts.sync {
        Ok(took) => *took,
        Err(error) => {
            let text = format!("{folder} cannot be written to: {error}");
            return vec![Finding::error(
                CHECK,
                text,
                "make room or take the fault away, or set QUBX_HOME to another disk",
            )];
        }
    };
    let milliseconds = took.as_secs_f64() * 1_000.0;
    let free = facts.free.map(bytes);
    let mut findings = Vec::new();
    if took > SLOW {
        let text = format!(
            "a write to {folder} takes {milliseconds:.0} ms to be on the disk, and every order waits for one"
        );
        findings.push(Finding::warning(CHECK, text, "set QUBX_HOME to a folder on a faster disk"));
    }
    if let (Some(left), Some(free)) = (facts.free, &free) {
        let text = format!("{free} are free at {folder}");
        let hint = "make room: on a full disk, new orders are refused";
        if left < LEAST {
            findings.push(Finding::error(CHECK, text, hint));
        } else if left < LITTLE {
            findings.push(Finding::warning(CHECK, text, hint));
        }
    }
    if let Some(files) = facts.files.filter(|files| *files < FEW_FILES) {
        let text = format!("only {files} more files can be made at {folder}");
        findings.push(Finding::warning(
            CHECK,
            text,
            "remove files that are not needed: their number is limited, too",
        ));
    }
    match facts.kind {
        Some(Kind::Memory) => findings.push(Finding::warning(
            CHECK,
            format!("{folder} is kept in memory: sessions in it are gone after a restart of the machine"),
            "set QUBX_HOME to a folder on a disk",
        )),
        Some(Kind::Network) => findings.push(Finding::warning(
            CHECK,
            format!("{folder} is on a network: its locks and its syncs may not hold what they promise"),
            "set QUBX_HOME to a folder on a disk of this machine",
        )),
        None => {}
    }
    if findings.is_empty() {
        let room = free.map_or_else(String::new, |free| format!(", {free} free"));
        findings.push(Finding::ok(
            CHECK,
            format!("{folder} takes writes, on the disk after {milliseconds:.1} ms{room}"),
        ));
    }
    findings
}

/// Returns a size as people read it.
fn bytes(bytes: u64) -> String {
    let mebibytes = bytes >> 20;
    if mebibytes >= 10_240 { format!("{} GiB", mebibytes >> 10) } else { format!("{mebibytes} MiB") }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    #[test]
    fn a_disk_takes_writes_quickly_keeps_them_and_has_room() {
        let good = Facts {
            folder: "/h".into(),
            sync: Ok(Duration::from_millis(2)),
            free: Some(50 << 30),
            files: Some(1 << 20),
            kind: None,
        };
        let (ok, warning, error) = (Status::Ok, Status::Warning, Status::Error);
        for (facts, expected) in [
            (good.clone(), vec![ok]),
            (Facts { free: None, files: None, ..good.clone() }, vec![ok]),
            (Facts { sync: Ok(Duration::from_millis(300)), ..good.clone() }, vec![warning]),
            (Facts { sync: Err("read-only".to_owned()), free: Some(0), ..good.clone() }, vec![error]),
            (Facts { free: Some(LITTLE - 1), ..good.clone() }, vec![warning]),
            (Facts { free: Some(LEAST - 1), files: Some(3), ..good.clone() }, vec![error, warning]),
            (Facts { kind: Some(Kind::Memory), ..good.clone() }, vec![warning]),
            (Facts { kind: Some(Kind::Network), ..good.clone() }, vec![warning]),
        ] {
            let found: Vec<_> = judge(&facts).iter().map(|finding| finding.status).collect();
            assert_eq!(found, expected, "{facts:?}");
        }
        assert_eq!(judge(&good)[0].text, "/h takes writes, on the disk after 2.0 ms, 50 GiB free");
    }

    #[test]
    fn looking_at_a_disk_leaves_nothing_and_begins_above_a_home_that_is_not_there() {
        let root = tempfile::tempdir().unwrap();
        let facts = gather(&root.path().join("not/there"));
        assert_eq!(facts.folder, root.path());
        assert!(facts.sync.is_ok() && facts.free.is_some(), "{facts:?}");
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
        assert_eq!(bytes(64 << 20), "64 MiB");
    }
}
