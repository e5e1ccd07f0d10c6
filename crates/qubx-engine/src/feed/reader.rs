//! A thread that reads recorded files ahead of the engine, so that parsing runs beside it and blocks no runtime.

use std::thread::{self, JoinHandle};

use tokio::sync::mpsc;

use super::merge::{Batch, Merge};

/// How many events travel together: enough that handing them over costs nothing, few enough that a cache holds them.
pub(super) const BATCH: usize = 4_096;

/// Batches that wait, of half a megabyte each. When it is full the thread waits.
const AHEAD: usize = 4;

/// What a thread reads. Dropping it ends the thread, which takes as long as one batch does.
pub(super) struct Reader {
    batches: mpsc::Receiver<Batch>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// Reads on from where the files are.
    ///
    /// # Errors
    /// The machine has no room for a thread.
    pub(super) fn start(mut merge: Merge) -> std::io::Result<Self> {
        let (sender, batches) = mpsc::channel(AHEAD);
        let read = move || {
            loop {
                let batch = merge.batch(BATCH);
                let is_last = batch.end.is_some();
                if sender.blocking_send(batch).is_err() || is_last {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("qubx-replay".to_owned()).spawn(read)?;
        Ok(Self { batches, thread: Some(thread) })
    }

    /// Waits for the next batch; none after the last one. Dropping the future half-way loses nothing.
    pub(super) async fn next(&mut self) -> Option<Batch> {
        self.batches.recv().await
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // The thread cannot send any more, and is at the end of its batch at the latest.
        self.batches.close();
        if let Some(thread) = self.thread.take() {
            let _: thread::Result<()> = thread.join();
        }
    }
}
