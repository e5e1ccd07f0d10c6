//! The task of one kernel: from the child's start to its end it turns what the sockets bring into events.
//!
//! Every socket has a reader of its own; this task reads their queues and writes the few requests there are.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use qubx_protocol::CellNumber;
use rustix::process::Signal;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use zeromq::ZmqResult;

use crate::bridge::{self, FromPython, Listener};
use crate::cells::{Cells, Replied};
use crate::channels::Channels;
use crate::kernel::{Request, Shared};
use crate::translate::{self, Broadcast};
use crate::wire::{Message, Signer};
use crate::{ConnectionInfo, KernelEvent, StrategyEvent, process};

/// How long a child may take until it answers. A cold disk and a large environment take ten seconds.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long to wait for the proof that output arrives before asking for it again.
const PROBE_INTERVAL: Duration = Duration::from_millis(100);
/// How long a request may wait for a place in the socket; it fills only when the kernel hangs for long.
const SEND_LIMIT: Duration = Duration::from_secs(5);
/// How long the last words of an ended child may take from socket to queue.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// Messages from Python that wait for this task. When it is full, Python waits.
const FROM_PYTHON: usize = 1024;

/// What the task knows from the beginning.
pub(crate) struct Task {
    pub(crate) shared: Arc<Shared>,
    pub(crate) connection: ConnectionInfo,
    pub(crate) token: String,
    pub(crate) output_log: PathBuf,
    pub(crate) events: mpsc::Sender<KernelEvent>,
    pub(crate) tracker: TaskTracker,
}

/// A kernel that answers.
struct Running {
    task: Task,
    channels: Channels,
    python: mpsc::Receiver<FromPython>,
    cells: Cells,
    /// Begins the id of every request, and is the same for none.
    session: String,
    last_request: u64,
}

impl Task {
    /// Runs until the child has ended.
    pub(crate) async fn run(
        self,
        listener: Listener,
        settings: Vec<u8>,
        requests: mpsc::Receiver<Request>,
        frames: mpsc::Receiver<Vec<u8>>,
        cancel: CancellationToken,
    ) {
        let shared = self.shared.clone();
        let (events, output_log) = (self.events.clone(), self.output_log.clone());
        let given_up = tokio::select! {
            () = cancel.cancelled() => None,
            reason = self.live(listener, settings, requests, frames) => reason,
        };
        shared.process.signal(Signal::KILL);
        let ended = shared.process.ended().await;
        let status = given_up.unwrap_or(ended);
        shared.questions().waiting.clear();
        if !cancel.is_cancelled() {
            let last_output = process::last_output(&output_log);
            let _ = events.send(KernelEvent::Died { status, last_output, traceback: String::new() }).await;
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
        let (python_version, ipykernel_version) = loop {
            match python.recv().await {
                Some(FromPython::Bound) => {
                    let connected = Channels::connect(&self.connection, signer.clone(), &self.tracker).await;
                    channels = Some(connected.map_err(std::io::Error::other)?);
                }
                Some(FromPython::Ready { python, ipykernel }) => break (python, ipykernel),
                Some(other) => tracing::warn!(?other, "a message before the kernel is ready"),
                None => return Err(std::io::Error::other("the bridge ended")),
            }
        };
        let channels = channels.ok_or_else(|| std::io::Error::other("ready without sockets"))?;
        let connection = self.connection.clone();
        let mut running =
            Running { task: self, channels, python, cells: Cells::default(), session, last_request: 0 };
        running.wait_for_output().await?;
        running.emit(KernelEvent::Ready { pid, connection, python_version, ipykernel_version }).await;
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

impl Running {
    /// Asks the kernel until the answer's status is heard: from then on nothing of its output is missed.
    async fn wait_for_output(&mut self) -> std::io::Result<()> {
        loop {
            let id = self.next_id();
            self.shell(&id, "kernel_info_request", json!({})).await;
            let again = tokio::time::sleep(PROBE_INTERVAL);
            tokio::pin!(again);
            loop {
                tokio::select! {
                    message = self.channels.output.recv() => match message {
                        None => return Err(std::io::Error::other("the output socket ended")),
                        Some(message) if message.parent.session == self.session
                            && translate::broadcast(&message) == Some(Broadcast::Idle) => return Ok(()),
                        Some(_) => {}
                    },
                    () = &mut again => break,
                }
            }
        }
    }

    async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let process = self.task.shared.process.clone();
        loop {
            let deadline = self.cells.deadline();
            tokio::select! {
                Some(request) = requests.recv() => self.request(request).await,
                message = self.python.recv() => match message {
                    Some(message) => self.python_says(message).await,
                    None => break,
                },
                message = self.channels.replies.recv() => match message {
                    Some(message) => self.replied(&message).await,
                    None => break,
                },
                message = self.channels.output.recv() => match message {
                    Some(message) => self.broadcast(&message).await,
                    None => break,
                },
                () = at(deadline) => self.give_up().await,
                _ = process.ended() => break,
            }
        }
        self.last_words().await;
    }

    async fn request(&mut self, request: Request) {
        match request {
            Request::Execute { cell, code } => self.execute(cell, &code).await,
            Request::Wake => {
                let id = self.next_id();
                self.shell(&id, "kernel_info_request", json!({})).await;
            }
            Request::Shutdown => {
                let id = self.next_id();
                let content = json!({ "restart": false, "qubx_token": self.task.token });
                sent(self.channels.control(&id, "shutdown_request", &content)).await;
            }
        }
    }

    async fn execute(&mut self, cell: CellNumber, code: &str) {
        let id = self.next_id();
        let interrupts = self.task.shared.interrupts.load(Ordering::SeqCst);
        self.cells.submit(id.clone(), cell, code, interrupts);
        let content = json!({
            "code": code,
            "silent": false,
            "store_history": true,
            "user_expressions": {},
            "allow_stdin": false,
            "stop_on_error": false,
        });
        self.shell(&id, "execute_request", content).await;
    }

    async fn replied(&mut self, message: &Message) {
        let Some(reply) = translate::reply(message) else { return };
        let interrupts = self.task.shared.interrupts.load(Ordering::SeqCst);
        match self.cells.reply(&message.parent, reply, interrupts, Instant::now()) {
            Replied::Events(events) => self.emit_all(events).await,
            Replied::Resend { cell, code } => self.execute(cell, &code).await,
        }
    }

    async fn broadcast(&mut self, message: &Message) {
        if let Some(broadcast) = translate::broadcast(message) {
            let events = self.cells.broadcast(&message.parent, broadcast, Instant::now());
            self.emit_all(events).await;
        }
    }

    async fn give_up(&mut self) {
        let events = self.cells.give_up(Instant::now());
        self.emit_all(events).await;
    }

    async fn python_says(&mut self, message: FromPython) {
        let event = match message {
            FromPython::Bound | FromPython::Ready { .. } => return,
            FromPython::Answer { id, result } => {
                if let Some(waiting) = self.task.shared.questions().waiting.remove(&id) {
                    let _ = waiting.send(result);
                }
                return;
            }
            FromPython::Call { call, origin, request } => match serde_json::from_value(request) {
                Ok(request) => StrategyEvent::Call { call, origin, request },
                Err(error) => return self.task.shared.reply(call, Err(error.to_string())),
            },
            FromPython::Constructed => StrategyEvent::Constructed,
            FromPython::Started { callbacks } => StrategyEvent::Started { callbacks },
            FromPython::Failed { stage, ename, evalue, traceback } => {
                StrategyEvent::Failed { stage, ename, evalue, traceback }
            }
            FromPython::CallbackError { callback, ename, evalue, traceback } => {
                StrategyEvent::CallbackError { callback, ename, evalue, traceback }
            }
            FromPython::Stopped => StrategyEvent::Stopped,
            FromPython::Log { level, text } => StrategyEvent::Log { level, text },
            FromPython::BatchDone { batch } => StrategyEvent::BatchDone { batch },
        };
        self.emit(KernelEvent::Strategy(event)).await;
    }

    /// Hands on what an ended child still said: the end of its bridge, and output that is on its way.
    async fn last_words(&mut self) {
        while let Ok(Some(message)) = tokio::time::timeout(LAST_WORDS, self.python.recv()).await {
            self.python_says(message).await;
        }
        while let Ok(message) = self.channels.output.try_recv() {
            self.broadcast(&message).await;
        }
    }

    async fn shell(&mut self, id: &str, kind: &str, content: serde_json::Value) {
        sent(self.channels.shell(id, kind, &content)).await;
    }

    fn next_id(&mut self) -> String {
        self.last_request += 1;
        format!("{}-{}", self.session, self.last_request)
    }

    async fn emit_all(&self, events: Vec<KernelEvent>) {
        for event in events {
            self.emit(event).await;
        }
    }

    /// Tells the owner; an owner that is gone has cancelled already, or is about to.
    async fn emit(&self, event: KernelEvent) {
        let _ = self.task.events.send(event).await;
    }
}

async fn sent(sending: impl Future<Output = ZmqResult<()>>) {
    match tokio::time::timeout(SEND_LIMIT, sending).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "a request to the kernel is lost"),
        Err(_) => tracing::warn!("the kernel takes no requests"),
    }
}

/// Waits until `deadline`; for ever without one.
async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
