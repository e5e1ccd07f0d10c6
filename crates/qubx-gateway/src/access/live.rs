//! The permissions as a gateway has them: read again within a quarter of a second after somebody changed the file, so that what
//! was revoked ends at once, on open sockets too.

use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::entry::{Entry, Kind};
use super::secret::SecretHash;
use super::store::{Access, AccessError};

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What tells that the file was replaced: its number, its length and its time.
type Mark = Option<(u64, u64, i64, i64)>;

/// The permissions that hold now.
#[derive(Debug)]
pub(crate) struct LiveAccess {
    access: Access,
    mark: Mutex<Mark>,
    entries: watch::Sender<Arc<Vec<Entry>>>,
}

impl LiveAccess {
    /// Reads them for the first time.
    pub(crate) fn start(access: Access) -> Result<Self, AccessError> {
        let mark = mark(&access);
        let entries = Arc::new(access.entries()?);
        Ok(Self { access, mark: Mutex::new(mark), entries: watch::Sender::new(entries) })
    }

    /// Returns the file's owner, to change it.
    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    /// Returns the permission of a secret, if it is one of these kinds and holds.
    pub(crate) fn find(&self, secret: &str, kinds: &[Kind]) -> Option<Entry> {
        let (hash, now) = (SecretHash::of(secret), Timestamp::now());
        let entries = self.entries.borrow().clone();
        let mut found = None;
        // Each is held against it, wherever the right one stands.
        for entry in entries.iter() {
            if entry.hash.is(&hash) {
                found = Some(entry.clone());
            }
        }
        found.filter(|entry| kinds.contains(&entry.kind) && entry.is_valid(now))
    }

    /// Waits until a permission does not hold any more.
    pub(crate) async fn ended(&self, id: &str) {
        let mut entries = self.entries.subscribe();
        loop {
            let held = entries.borrow_and_update().iter().find(|entry| entry.id == id).cloned();
            let Some(entry) = held.filter(|entry| entry.is_valid(Timestamp::now())) else { return };
            let left = entry.expires_at.map(|end| end.duration_since(Timestamp::now()));
            let expiry = async {
                match left {
                    Some(left) => tokio::time::sleep(left.try_into().unwrap_or_default()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = entries.changed() => if changed.is_err() { return },
                () = expiry => {}
            }
        }
    }

    /// Reads the file again if it was replaced.
    pub(crate) fn refresh(&self) {
        let new = mark(&self.access);
        let mut mark = self.mark.lock().unwrap_or_else(PoisonError::into_inner);
        if *mark == new {
            return;
        }
        match self.access.entries() {
            Ok(entries) => {
                *mark = new;
                self.entries.send_replace(Arc::new(entries));
            }
            // Whoever damaged it may have meant to revoke: nobody has access until it can be read again.
            Err(error) => {
                tracing::error!(%error, "the permissions cannot be read: nobody has access");
                *mark = new;
                self.entries.send_replace(Arc::default());
            }
        }
    }

    /// Keeps them current until it is cancelled.
    pub(crate) async fn watch(&self, cancel: CancellationToken) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        while cancel.run_until_cancelled(look.tick()).await.is_some() {
            self.refresh();
        }
    }
}

fn mark(access: &Access) -> Mark {
    let metadata = std::fs::metadata(access.file()).ok()?;
    Some((metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
}
