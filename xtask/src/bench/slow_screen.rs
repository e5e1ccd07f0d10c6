//! A screen that reads one byte a second.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::bench::watchers;

/// The time between two bytes.
const PAUSE: Duration = Duration::from_secs(1);

/// The screen. It leaves when this is dropped.
pub(crate) struct SlowScreen {
    stream: UnixStream,
    /// Its end is the reader's; none only while this is being dropped.
    end: Option<mpsc::Sender<()>>,
    reader: Option<JoinHandle<()>>,
}

impl SlowScreen {
    /// Attaches it.
    ///
    /// # Errors
    /// When the service takes no connection.
    pub(crate) fn attach(socket: &Path) -> Result<Self> {
        let stream = watchers::attach(socket)?;
        let mut source = stream.try_clone()?;
        source.set_read_timeout(Some(PAUSE))?;
        let (end, ended) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            while ended.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                // Silence and the end alike are nothing to this screen.
                let _ = source.read(&mut [0]);
            }
        });
        Ok(Self { stream, end: Some(end), reader: Some(reader) })
    }

    /// Tells whether the service has ended the connection, whatever of it is not read yet.
    ///
    /// # Errors
    /// When the system does not tell.
    pub(crate) fn is_cut_off(&self) -> Result<bool> {
        let mut polled = [PollFd::new(&self.stream, PollFlags::empty())];
        poll(&mut polled, Some(&Timespec::default()))?;
        Ok(polled[0].revents().contains(PollFlags::HUP))
    }
}

impl Drop for SlowScreen {
    fn drop(&mut self) {
        self.end = None;
        if let Some(reader) = self.reader.take() {
            // It has nothing to tell.
            let _ = reader.join();
        }
    }
}
