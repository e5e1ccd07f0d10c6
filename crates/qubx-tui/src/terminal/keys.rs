//! What is typed, read on a thread of its own.
//!
//! crossterm reads a terminal that has gone for ever, in whatever thread happens to ask it then. So the screen never asks
//! it: this thread does, and the process ends without it.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

/// Keys that are read before they are taken at the most.
const MOST_WAITING: usize = 1_024;
/// How long the thread may take to stop. One that reads a terminal that has gone never does.
const PATIENCE: Duration = Duration::from_millis(500);

/// The keys of the terminal while this lives; then they are for another program.
pub(super) struct Keys {
    events: mpsc::Receiver<io::Result<Event>>,
    stop: Option<oneshot::Sender<()>>,
    /// Ends when the thread has stopped reading.
    stopped: Receiver<()>,
}

impl Keys {
    /// Begins to read, from within the runtime.
    pub(super) fn begin() -> io::Result<Self> {
        let (sender, events) = mpsc::channel(MOST_WAITING);
        let (stop, asked) = oneshot::channel();
        let (reads, stopped) = channel();
        let runtime = Handle::current();
        thread::Builder::new().name("keys".to_owned()).spawn(move || {
            let _reads: Sender<()> = reads;
            runtime.block_on(read(sender, asked));
        })?;
        Ok(Self { events, stop: Some(stop), stopped })
    }

    /// Waits for the next; none when nothing more will come. May be dropped half-way.
    pub(super) async fn next(&mut self) -> Option<io::Result<Event>> {
        self.events.recv().await
    }

    /// Returns the next if it is there already.
    pub(super) fn next_now(&mut self) -> Option<io::Result<Event>> {
        self.events.try_recv().ok()
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = self.stopped.recv_timeout(PATIENCE);
    }
}

async fn read(sender: mpsc::Sender<io::Result<Event>>, mut asked: oneshot::Receiver<()>) {
    let mut stream = EventStream::new();
    loop {
        let event = tokio::select! {
            biased;
            _ = &mut asked => return,
            event = stream.next() => event,
        };
        let Some(event) = event else { return };
        tokio::select! {
            biased;
            _ = &mut asked => return,
            sent = sender.send(event) => if sent.is_err() { return },
        }
    }
}
