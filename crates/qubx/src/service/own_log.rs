//! The logs of a service's processes, bounded: `service.log` is rotated, `kernel.log` is cut back where it is.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use qubx_home::create_private_file;

use crate::failure::Failure;

/// How large a log may grow, in bytes.
const LARGEST: u64 = 10_000_000;
/// How many old logs of the service are kept, as `.1` (the newest) to `.3`.
const KEPT: u32 = 3;
/// How much of the kernel's log is left when it is cut back, in bytes.
const LEFT: u64 = 5_000_000;
/// How often the kernel's log is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Begins the service's log at `path`; panics go there too.
pub(crate) fn start(path: &Path) -> Result<(), Failure> {
    let filter = tracing_subscriber::EnvFilter::try_from_env("QUBX_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let log = RotatedLog::open(path, LARGEST, true)
        .map_err(Failure::because(format!("cannot open {}", path.display())))?;
    let writer = Mutex::new(log);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(false)
        // It would print to standard error that a line cannot be written, which is the same file: on a full disk that
        // panics, and a service must outlive a full disk.
        .log_internal_errors(false)
        .init();
    Ok(())
}

/// A log that begins anew when it is full.
#[derive(Debug)]
struct RotatedLog {
    path: PathBuf,
    file: File,
    written: u64,
    limit: u64,
    /// Whether standard error follows the log, for what is written past this writer.
    takes_stderr: bool,
}

impl RotatedLog {
    fn open(path: &Path, limit: u64, takes_stderr: bool) -> io::Result<Self> {
        let file = create_private_file(path).map_err(io::Error::other)?;
        let written = file.metadata()?.len();
        let mut log = Self { path: path.to_owned(), file, written, limit, takes_stderr };
        if written >= limit {
            log.rotate()?;
        }
        Ok(log)
    }

    fn rotate(&mut self) -> io::Result<()> {
        // Somebody may have removed the log. Then there is nothing to set aside, and no old log makes room for it.
        if is_there(&self.path)? {
            for number in (1..KEPT).rev() {
                // There may be fewer than are kept.
                let _ = std::fs::rename(self.old(number), self.old(number + 1));
            }
            match std::fs::rename(&self.path, self.old(1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.file = create_private_file(&self.path).map_err(io::Error::other)?;
        self.written = 0;
        if self.takes_stderr {
            rustix::stdio::dup2_stderr(&self.file)?;
        }
        Ok(())
    }

    fn old(&self, number: u32) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(format!(".{number}"));
        path.into()
    }
}

fn is_there(path: &Path) -> io::Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

impl Write for RotatedLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Whole lines are written at once, so none is torn. If the new file cannot be made the old one goes on: a long log is better than none.
        if self.written > 0 && self.written + bytes.len() as u64 > self.limit {
            let _ = self.rotate();
        }
        let written = self.file.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Keeps the log at `path`, which another process appends to, from growing without an end.
pub(crate) async fn keep_short(path: &Path) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if let Err(error) = cut_back(path, LARGEST, LEFT) {
            tracing::warn!(%error, path = %path.display(), "cannot cut the kernel's log back");
        }
    }
}

/// Cuts a log that is larger than `largest` back to its last lines, `left` bytes at most. The file stays the same one,
/// for whoever writes appends to it; what they write in the moment of the cut is lost.
fn cut_back(path: &Path, largest: u64, left: u64) -> io::Result<()> {
    let length = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if length <= largest {
        return Ok(());
    }
    let mut file = create_private_file(path).map_err(io::Error::other)?;
    file.seek(SeekFrom::Start(length.saturating_sub(left)))?;
    let mut tail = Vec::new();
    (&mut file).take(left).read_to_end(&mut tail)?;
    let first_line = tail.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    file.set_len(0)?;
    file.write_all(b"[older output was cut off here]\n")?;
    file.write_all(&tail[first_line..])
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn text(path: &Path) -> String {
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_full_log_begins_anew_and_the_last_three_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("service.log");
        let mut log = RotatedLog::open(&path, 100, false).unwrap();
        for number in 0..20 {
            log.write_all(format!("line {number:02} {}\n", "x".repeat(31)).as_bytes()).unwrap();
        }
        let names = ["service.log", "service.log.1", "service.log.2", "service.log.3"];
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), names.len());
        for (name, lines) in names.iter().zip([[18, 19], [16, 17], [14, 15], [12, 13]]) {
            let path = folder.path().join(name);
            let numbers: Vec<usize> = text(&path).lines().map(|line| line[5..7].parse().unwrap()).collect();
            assert_eq!(numbers, lines, "{name}");
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        // What was too long when it was left is set aside at the next start.
        std::fs::write(&path, "y".repeat(200)).unwrap();
        drop(RotatedLog::open(&path, 100, false).unwrap());
        assert_eq!((text(&path).len(), text(&folder.path().join("service.log.1")).len()), (0, 200));
    }

    #[test]
    fn a_full_log_that_somebody_removed_begins_anew_and_keeps_the_old_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("service.log");
        let old = folder.path().join("service.log.1");
        std::fs::write(&old, "old\n").unwrap();
        let mut log = RotatedLog::open(&path, 10, false).unwrap();
        log.write_all(b"removed\n").unwrap();
        std::fs::remove_file(&path).unwrap();
        for line in ["first\n", "second\n"] {
            log.write_all(line.as_bytes()).unwrap();
            assert_eq!(text(&path), line);
        }
        assert_eq!((text(&old).as_str(), log.old(2).exists()), ("first\n", true));
        assert_eq!(text(&log.old(2)), "old\n");
        assert!(!log.old(3).exists(), "nothing was shifted for a log that was not there");
    }

    #[test]
    fn a_log_that_others_append_to_is_cut_back_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kernel.log");
        cut_back(&path, 100, 50).unwrap();
        let mut writer = create_private_file(&path).unwrap();
        for number in 0..9 {
            writeln!(writer, "line {number}").unwrap();
        }
        cut_back(&path, 100, 50).unwrap();
        assert_eq!(text(&path).lines().count(), 9, "it is not full yet");
        for number in 9..20 {
            writeln!(writer, "line {number}").unwrap();
        }
        cut_back(&path, 100, 50).unwrap();
        writeln!(writer, "and on").unwrap();
        let left = text(&path);
        assert!(left.starts_with("[older output was cut off here]\nline 1"), "{left}");
        assert!(left.ends_with("line 19\nand on\n") && left.len() < 100, "{left}");
    }
}
