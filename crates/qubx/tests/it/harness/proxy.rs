//! A way to a session's socket that can be cut, also in the middle of a frame.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A socket that leads to another one.
pub(crate) struct Proxy {
    pub(crate) socket: PathBuf,
    tracker: TaskTracker,
    all: CancellationToken,
    /// The connections of now.
    current: Arc<Mutex<CancellationToken>>,
    /// Whether new connections end at once.
    is_down: Arc<AtomicBool>,
}

/// What is passed on at once: less than a frame, so that a cut falls inside one.
const CHUNK_BYTES: usize = 300;

impl Proxy {
    /// Listens on `socket` and leads to `target`.
    pub(crate) fn start(socket: PathBuf, target: &Path) -> Self {
        let listener = UnixListener::bind(&socket).unwrap();
        let (tracker, all) = (TaskTracker::new(), CancellationToken::new());
        let current = Arc::new(Mutex::new(all.child_token()));
        let proxy = Self { socket, tracker, all, current, is_down: Arc::default() };
        let (tracker, all, current) = (proxy.tracker.clone(), proxy.all.clone(), proxy.current.clone());
        let is_down = proxy.is_down.clone();
        let target = target.to_owned();
        proxy.tracker.spawn(async move {
            while let Some(Ok((inner, _))) = all.run_until_cancelled(listener.accept()).await {
                if is_down.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(outer) = UnixStream::connect(&target).await else { continue };
                let cut = current.lock().unwrap().clone();
                let (inner, outer) = (inner.into_split(), outer.into_split());
                tracker.spawn(cut.clone().run_until_cancelled_owned(pass_on(inner.0, outer.1)));
                tracker.spawn(cut.run_until_cancelled_owned(pass_on(outer.0, inner.1)));
            }
        });
        proxy
    }

    /// Cuts every connection; new ones are let through.
    pub(crate) fn cut(&self) {
        let fresh = self.all.child_token();
        std::mem::replace(&mut *self.current.lock().unwrap(), fresh).cancel();
    }

    /// Cuts every connection, and lets no new one through.
    pub(crate) fn down(&self) {
        self.is_down.store(true, Ordering::SeqCst);
        self.cut();
    }

    /// Lets new connections through again.
    pub(crate) fn up(&self) {
        self.is_down.store(false, Ordering::SeqCst);
    }

    pub(crate) async fn end(self) {
        self.all.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

async fn pass_on(mut from: impl AsyncReadExt + Unpin, mut to: impl AsyncWriteExt + Unpin) {
    let mut chunk = [0; CHUNK_BYTES];
    while let Ok(read @ 1..) = from.read(&mut chunk).await {
        if to.write_all(&chunk[..read]).await.is_err() {
            return;
        }
    }
}
