//! The door: it lets clients in, each to a task of its own.
//!
//! It never ends by itself. While the system gives it no descriptor it tries again, says so once in the log, and raises an
//! alarm, for whoever is attached already may be the only one who can mend it.

use std::path::Path;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::screens::connection::{Doors, serve_screen};
use crate::session::input::Input;

/// The pause after an attempt that failed: what the system lacks does not come back at once.
const AGAIN_AFTER: Duration = Duration::from_millis(100);
/// How long no attempt may fail before clients count as let in again.
const QUIET: Duration = Duration::from_secs(5);

/// Binds the socket with mode 0600 in its private folder, for the tasks of a runtime.
///
/// # Errors
/// When the system refuses.
pub(crate) fn bind(path: &Path, runtime: &Handle) -> std::io::Result<UnixListener> {
    let _entered = runtime.enter();
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(listener)
}

/// A time in which attempts fail.
struct Trouble {
    attempts: u64,
    /// It is over then, unless another one fails.
    over_at: Instant,
}

/// Accepts clients until it is cancelled.
pub(crate) async fn listen(listener: UnixListener, doors: Doors, cancel: CancellationToken) {
    let mut trouble: Option<Trouble> = None;
    loop {
        let over_at = trouble.as_ref().map(|trouble| trouble.over_at);
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = sleep_until(over_at.unwrap_or_else(Instant::now)), if over_at.is_some() => {
                if let Some(Trouble { attempts, .. }) = trouble.take() {
                    tracing::info!(attempts, "clients can be accepted again");
                    tell(&doors, None).await;
                }
                continue;
            }
            () = cancel.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let doors = doors.clone();
                let tracker = doors.tracker.clone();
                tracker.spawn(serve_screen(stream, doors));
            }
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionAborted => {
                tracing::debug!("a client left before it was accepted");
            }
            Err(error) => {
                let attempts = trouble.as_ref().map_or(1, |trouble| trouble.attempts + 1);
                trouble = Some(Trouble { attempts, over_at: Instant::now() + QUIET });
                if attempts == 1 {
                    tracing::error!(%error, "clients cannot be accepted; it is tried again until they can");
                    tell(&doors, Some(why(&error))).await;
                }
                tokio::select! {
                    () = tokio::time::sleep(AGAIN_AFTER) => {}
                    () = cancel.cancelled() => return,
                }
            }
        }
    }
}

fn why(error: &std::io::Error) -> String {
    format!(
        "nobody else can attach, and commands from other shells are not heard: {error}. Whoever is attached goes on, \
         and so does the strategy. Close what holds files open on this machine; then it mends itself"
    )
}

async fn tell(doors: &Doors, why: Option<String>) {
    // The session may have ended.
    let _ = doors.inputs.send(Input::Unreachable(why)).await;
}
