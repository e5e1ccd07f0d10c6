//! Looking at what may hang: a disk, or another program.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// How long a disk may take to answer.
pub(super) const DISK: Duration = Duration::from_secs(10);

/// Returns what a look at a disk finds; none when the disk does not answer in time.
pub(super) async fn disk<T: Send + 'static>(
    limit: Duration,
    look: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    // A thread that hangs ends with the process.
    tokio::time::timeout(limit, tokio::task::spawn_blocking(look)).await.ok()?.ok()
}

/// What a program wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) is_success: bool,
    pub(super) stdout: String,
    /// The last line on standard error.
    pub(super) complaint: String,
}

/// Runs a program to its end; none when it cannot be run, or does not end in time: then it is killed.
pub(super) async fn program(program: &Path, arguments: &[&str], limit: Duration) -> Option<Said> {
    let output = Command::new(program)
        .args(arguments)
        // In the folder of a user, a file there could stand in for a part of the program.
        .current_dir("/")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(limit, output).await.ok()?.ok()?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    Some(Said {
        is_success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        complaint: complaint.trim_end().lines().last().unwrap_or("it says nothing").to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn what_hangs_is_left_after_its_limit() {
        let (limit, began) = (Duration::from_millis(50), Instant::now());
        assert_eq!(program(Path::new("/bin/sh"), &["-c", "exec sleep 30"], limit).await, None);
        let (release, released) = std::sync::mpsc::channel::<()>();
        assert_eq!(disk(limit, move || released.recv().is_ok()).await, None);
        assert!(began.elapsed() < Duration::from_secs(20));
        drop(release);
        assert_eq!(program(Path::new("/nowhere/at/all"), &[], limit).await, None);
        let said =
            program(Path::new("/bin/sh"), &["-c", "echo out; echo err >&2; exit 3"], Duration::from_secs(20));
        let expected = Said { is_success: false, stdout: "out".to_owned(), complaint: "err".to_owned() };
        assert_eq!(said.await, Some(expected));
    }
}
