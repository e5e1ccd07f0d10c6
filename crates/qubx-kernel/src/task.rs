//! The task of one kernel: it waits for the child's start, lets it run, and tells how it ended.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bridge::{self, FromPython, Listener};
use crate::channels::Channels;
use crate::kernel::{Request, Shared};
use crate::process::{CrashFile, Process};
use crate::running::Running;
use crate::wire::Signer;
use crate::{ConnectionInfo, KernelEvent, StrategyEvent, process};

/// How long a child may take until it answers. A cold disk and a large environment take ten seconds.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long the last words of an ended child may take from socket to queue.
pub(crate) const LAST_WORDS: Duration = Duration::from_millis(200);
/// Messages from Python that wait for this task. When it is full, Python waits.
const FROM_PYTHON: usize = 1024;

/// What the task knows from the beginning.
pub(crate) struct Task {
    pub(crate) shared: Arc<Shared>,
    pub(crate) connection: ConnectionInfo,
    pub(crate) token: String,
    pub(crate) output_log: PathBuf,
    pub(crate) crash_file: CrashFile,
    pub(crate) events: mpsc::Sender<KernelEvent>,
    pub(crate) tracker: TaskTracker,
}

/// Runs a task until the child has ended. A defect that ends the task ends the child as well, and is told as any other
/// end: nobody else would notice that nobody reads from Python any more.
pub(crate) async fn run(
    task: Task,
    listener: Listener,
    settings: Vec<u8>,
    requests: mpsc::Receiver<Request>,
    frames: mpsc::Receiver<Vec<u8>>,
    cancel: CancellationToken,
) {
    let (process, events) = (task.shared.process.clone(), task.events.clone());
    let tracker = task.tracker.clone();
    let running = tracker.spawn(task.run(listener, settings, requests, frames, cancel.clone()));
    tell_of_a_defect(running, process, events, cancel).await;
}

async fn tell_of_a_defect(
    running: JoinHandle<()>,
    process: Process,
    events: mpsc::Sender<KernelEvent>,
    cancel: CancellationToken,
) {
    let Err(defect) = running.await else { return };
    tracing::error!(%defect, "what serves the kernel has ended by itself, which is a defect");
    process.signal(Signal::KILL);
    process.ended().await;
    let status = format!("what serves it failed: {defect}");
    let died = KernelEvent::Died { status, last_output: String::new(), traceback: String::new() };
    if !cancel.is_cancelled() {
        let _ = events.send(died).await;
    }
}

impl Task {
    /// Runs until the child has ended.
    async fn run(
        self,
        listener: Listener,
        settings: Vec<u8>,
        requests: mpsc::Receiver<Request>,
        frames: mpsc::Receiver<Vec<u8>>,
        cancel: CancellationToken,
    ) {
        let shared = self.shared.clone();
        let (events, output_log, crash_file) =
            (self.events.clone(), self.output_log.clone(), self.crash_file.clone());
        let given_up = tokio::select! {
            () = cancel.cancelled() => None,
            reason = self.live(listener, settings, requests, frames) => reason,
        };
        shared.process.signal(Signal::KILL);
        let ended = shared.process.ended().await;
        let status = given_up.unwrap_or(ended);
        shared.questions().waiting.clear();
        let traceback = crash_file.take();
        if !cancel.is_cancelled() {
            let last_output = process::last_output(&output_log);
            let _ = events.send(KernelEvent::Died { status, last_output, traceback }).await;
        }
    }

    /// Returns when the child has ended, or why it has to.
    async fn live(
        self,
        listener: Listener,
        settings: Vec<u8>,
        requests: mpsc::Receiver<Request>,
        frames: mpsc::Receiver<Vec<u8>>,
    ) -> Option<String> {
        let process = self.shared.process.clone();
        let started = tokio::select! {
            started = tokio::time::timeout(START_LIMIT, self.start(listener, settings, frames)) => started,
            _ = process.ended() => return None,
        };
        match started {
            Ok(Ok(running)) => {
                running.run(requests).await;
                None
            }
            // A child that ends takes its sockets with it; then its own end says more.
            Ok(Err(error)) => match tokio::time::timeout(LAST_WORDS, process.ended()).await {
                Ok(_) => None,
                Err(_) => Some(format!("not started: {error}")),
            },
            Err(_) => Some(format!("not started in {} s", START_LIMIT.as_secs())),
        }
    }

    /// Waits for the bridge and the sockets, and until a kernel's answer proves that its output arrives.
    async fn start(
        self,
        listener: Listener,
        settings: Vec<u8>,
        frames: mpsc::Receiver<Vec<u8>>,
    ) -> std::io::Result<Running> {
        let pid = self.shared.process.pid();
        let (input, mut output) = listener.accept(pid).await?.into_split();
        tokio::io::AsyncWriteExt::write_all(&mut output, &settings).await?;
        let (send, mut python) = mpsc::channel(FROM_PYTHON);
        self.tracker.spawn(bridge::read(input, send));
        self.tracker.spawn(until_ended(self.shared.clone(), bridge::write(output, frames)));

        let session = format!("qubx-{}", &self.token[..8]);
        let signer = Signer::new(&self.connection.key, session.as_str());
        let mut channels = None;
        // What Python says of its own start, a few lines of the log; it is heard once the owner knows the kernel.
        let mut early = Vec::new();
        let (python_version, ipykernel_version) = loop {
            match python.recv().await {
                Some(FromPython::Bound) => {
                    let connected = Channels::connect(&self.connection, signer.clone(), &self.tracker).await;
                    channels = Some(connected.map_err(std::io::Error::other)?);
                }
                Some(FromPython::Ready { python, ipykernel }) => break (python, ipykernel),
                Some(message @ FromPython::Strategy(StrategyEvent::Log { .. })) => early.push(message),
                Some(other) => tracing::warn!(?other, "a message before the kernel is ready"),
                None => return Err(std::io::Error::other("the bridge ended")),
            }
        };
        let channels = channels.ok_or_else(|| std::io::Error::other("ready without sockets"))?;
        let connection = self.connection.clone();
        let mut running = Running::new(self, channels, python, session);
        running.wait_for_output().await?;
        running.emit(KernelEvent::Ready { pid, connection, python_version, ipykernel_version }).await;
        for message in early {
            running.python_says(message).await;
        }
        Ok(running)
    }
}

/// Runs `work` until the child has ended.
async fn until_ended(shared: Arc<Shared>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        _ = shared.process.ended() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_defect_of_the_task_ends_the_child_and_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut sleeping = std::process::Command::new("sleep");
        sleeping.arg("1000");
        let process = Process::start(sleeping, &folder.path().join("output.log")).unwrap();
        let (send, mut events) = mpsc::channel(1);
        let running = TaskTracker::new().spawn(async { panic!("a defect") });
        tell_of_a_defect(running, process.clone(), send, CancellationToken::new()).await;
        assert!(process.has_ended());
        let told = events.recv().await;
        assert!(
            matches!(&told, Some(KernelEvent::Died { status, .. }) if status.contains("a defect")),
            "{told:?}"
        );
    }
}
