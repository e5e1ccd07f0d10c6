//! Starting a kernel, and the handle through which its owner speaks to it.
//!
//! No method of the handle waits for a running cell. Interrupts and the end of the child go to the process
//! itself, so they work whatever the kernel and its task are doing.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use qubx_protocol::{AnswerResult, CellNumber, Instrument, Order, Position};
use rustix::process::Signal;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bridge::Listener;
use crate::process::{CrashFile, Process};
use crate::task::Task;
use crate::{
    Batch, CallId, ConnectionInfo, Facts, KernelError, KernelEvent, StrategySource, connection, encode,
    package,
};

/// As in the probe: the caller's folder is taken off the path while ipykernel loads.
const PROGRAM: &str = "\
import sys
sys.path[:] = [sys.argv[1], *filter(None, sys.path)]
sys.dont_write_bytecode = True
arguments, sys.argv[1:] = sys.argv[2:], []
from qubx_strategy.launcher import main
main(*arguments)
";
/// Requests that wait for the kernel's task; the owner runs one cell at a time. When it is full a request is
/// refused.
const REQUESTS: usize = 256;
/// Frames that wait for Python to read them. The owner keeps few batches under way, so it fills only when
/// Python hangs; then a frame is refused.
const FRAMES: usize = 1024;
/// How long a completion may take. A busy interpreter answers in a tenth of a second; the very first one beside a cell
/// that never lets go imports for several seconds, and late is better than never: nobody's typing waits for it.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// What a kernel needs.
#[derive(Clone, Debug)]
pub struct KernelConfig {
    /// The interpreter.
    pub python: PathBuf,
    /// An existing folder that only this user may enter, with a short path: sockets, the package and
    /// `kernel.json` live there. A `kernel.json` that is there keeps its ports and key.
    pub runtime_dir: PathBuf,
    /// The folder that is searched first for modules: the config's.
    pub folder: PathBuf,
    /// The strategy that runs in it; none when the strategy is not one in Python.
    pub source: Option<StrategySource>,
    /// What it may trade.
    pub instruments: Vec<Instrument>,
    /// Gets all that the child writes to its real standard output and error.
    pub output_log: PathBuf,
    /// What the child may use at most.
    pub limits: ChildLimits,
    /// More variables of its environment.
    pub environment: Vec<(OsString, OsString)>,
}

/// What a child may use at most. None leaves the system's own limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChildLimits {
    /// Bytes of memory of its own (`RLIMIT_DATA`); above it Python raises `MemoryError`.
    pub memory: Option<u64>,
    /// Processes and threads, beyond those that the user has when it starts (`RLIMIT_NPROC`).
    pub processes: Option<u64>,
    /// Open files (`RLIMIT_NOFILE`).
    pub open_files: Option<u64>,
    /// The open files that it may raise its limit above by itself (the soft limit), when `open_files` sets none: those of
    /// whoever started a service that raised its own. What waits with `select` cannot do with more than 1,024.
    pub open_files_at_first: Option<u64>,
}

/// Starts a kernel; its events begin with [`KernelEvent::Ready`] and end with [`KernelEvent::Died`].
///
/// When `events` is full the kernel's task waits, and then Python does. Cancelling kills the child without an
/// event. It must be called in a tokio runtime.
///
/// # Errors
/// What can be seen before the child runs: its folder, its files, its interpreter.
pub fn start(
    config: KernelConfig,
    events: mpsc::Sender<KernelEvent>,
    tracker: &TaskTracker,
    cancel: CancellationToken,
) -> Result<KernelHandle, KernelError> {
    let connection = ConnectionInfo::open(&config.runtime_dir)?;
    let package = package::write(&config.runtime_dir)?;
    let listener = Listener::bind(&config.runtime_dir)?;
    let mut command = Command::new(&config.python);
    command
        .args(["-c", PROGRAM])
        .arg(package)
        .arg(&config.runtime_dir)
        .arg(std::process::id().to_string())
        .arg(encode::limits(&config.limits))
        // They would tie the kernel to the Jupyter in whose terminal the service happened to be started.
        .env_remove("JPY_PARENT_PID")
        .env_remove("JPY_INTERRUPT_EVENT")
        .env_remove("JPY_SESSION_NAME")
        // By this, what it starts is known to be its own, should nobody be left to end that with it.
        .envs(config.environment);
    let token = connection::random_hex()?;
    let settings = encode::settings(&config.folder, config.source.as_ref(), &config.instruments, &token);
    let crash_file = CrashFile::new(&config.runtime_dir)?;
    let process = Process::start(command, &config.output_log)?;

    let (send_request, requests) = mpsc::channel(REQUESTS);
    let (send_frame, frames) = mpsc::channel(FRAMES);
    let handle = KernelHandle {
        shared: Arc::new(Shared {
            process,
            requests: send_request,
            frames: send_frame,
            questions: Mutex::default(),
            interrupts: AtomicU64::new(0),
            wake: Notify::new(),
            input: AtomicU64::new(0),
        }),
    };
    let task = Task {
        shared: handle.shared.clone(),
        connection,
        token,
        output_log: config.output_log,
        crash_file,
        events,
        tracker: tracker.clone(),
    };
    tracker.spawn(crate::task::run(task, listener, settings, requests, frames, cancel));
    Ok(handle)
}

/// Speaks to a kernel. Clones speak to the same one.
#[derive(Clone, Debug)]
pub struct KernelHandle {
    shared: Arc<Shared>,
}

/// What the handles and the task have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) process: Process,
    requests: mpsc::Sender<Request>,
    frames: mpsc::Sender<Vec<u8>>,
    questions: Mutex<Questions>,
    /// How often the kernel was interrupted.
    pub(crate) interrupts: AtomicU64,
    /// Wakes an `await` in Python; many at once are one.
    pub(crate) wake: Notify,
    /// The wait that the next answer is for; 0 when no cell waits.
    pub(crate) input: AtomicU64,
}

/// The questions that Python has not answered, and the number of the last one.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    last: u64,
    pub(crate) waiting: HashMap<u64, oneshot::Sender<AnswerResult>>,
}

/// What the kernel's task is asked for.
#[derive(Debug)]
pub(crate) enum Request {
    Execute { cell: CellNumber, code: String },
    Shutdown,
}

impl KernelHandle {
    /// Runs a cell after those that wait already; before [`KernelEvent::Ready`] it waits for that.
    pub fn execute(&self, cell: CellNumber, code: &str) {
        self.request(Request::Execute { cell, code: code.to_owned() });
    }

    /// Interrupts the cell that runs, if any. A call into C ends first.
    pub fn interrupt(&self) {
        self.shared.interrupts.fetch_add(1, Ordering::SeqCst);
        self.shared.process.signal(Signal::INT);
        // An `await` notices the signal only when a message wakes its loop.
        self.shared.wake.notify_one();
    }

    /// Returns how the text at the cursor (in Unicode characters) could go on; it works while a cell runs.
    ///
    /// # Errors
    /// [`KernelError::Ended`], [`KernelError::TimedOut`] or [`KernelError::Busy`].
    pub async fn complete(&self, code: &str, cursor: usize) -> Result<AnswerResult, KernelError> {
        self.ask(serde_json::json!({ "type": "complete", "code": code, "cursor": cursor })).await
    }

    /// Tells whether a text is a whole statement; it works while a cell runs.
    ///
    /// # Errors
    /// [`KernelError::Ended`], [`KernelError::TimedOut`] or [`KernelError::Busy`].
    pub async fn is_complete(&self, code: &str) -> Result<AnswerResult, KernelError> {
        self.ask(serde_json::json!({ "type": "is_complete", "code": code })).await
    }

    /// Returns the signature and the documentation of what is at the cursor (in Unicode characters), as plain text; it
    /// works while a cell runs.
    ///
    /// # Errors
    /// [`KernelError::Ended`], [`KernelError::TimedOut`] or [`KernelError::Busy`].
    pub async fn inspect(&self, code: &str, cursor: usize) -> Result<AnswerResult, KernelError> {
        self.ask(serde_json::json!({ "type": "inspect", "code": code, "cursor": cursor })).await
    }

    /// Gives the line that the running cell waits for since [`KernelEvent::InputRequested`]. One answer is taken;
    /// what comes after it, or when no cell waits, goes nowhere.
    pub fn answer_input(&self, text: &str) {
        let number = self.shared.input.swap(0, Ordering::SeqCst);
        if number == 0 {
            tracing::info!("no cell waits for the line that was given");
        } else if let Err(error) = self.shared.send(encode::input(number, text)) {
            tracing::warn!(%error, "an answer for a cell is lost");
            // It may be given again, unless another wait has begun.
            let _ = self.shared.input.compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst);
        }
    }

    /// Tells Python that its output was worked through, up to the number of a [`KernelEvent::OutputEnds`]; it waits before
    /// it prints too far ahead.
    pub fn has_read(&self, number: u64) {
        self.send_or_say(encode::read(number));
    }

    /// Answers a call; [`crate::StrategyCall`] says with which value.
    pub fn reply(&self, call: CallId, result: Result<serde_json::Value, String>) {
        self.shared.reply(call, result, Facts::default(), None);
    }

    /// Answers a call of a strategy in lockstep: with what it caused, and how many records of the batch still count.
    pub fn reply_in_lockstep(
        &self,
        call: CallId,
        result: Result<serde_json::Value, String>,
        facts: Facts,
        end: Option<u32>,
    ) {
        self.shared.reply(call, result, facts, end);
    }

    /// Gives the strategy what happened, in order; [`crate::StrategyEvent::BatchDone`] names the batch when
    /// all of its callbacks ran. Keep few batches under way.
    ///
    /// # Errors
    /// [`KernelError::Busy`] when a thousand frames wait for Python, [`KernelError::Ended`] when it is gone.
    pub fn send_batch(&self, batch: Batch) -> Result<(), KernelError> {
        self.shared.send(batch.into_frame())
    }

    /// Tells whether Python reads its frames: at most half of those that may wait for it do.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.shared.frames.capacity() >= FRAMES / 2
    }

    /// Imports, constructs and starts the strategy, with the engine's time and what the account holds now.
    pub fn start_strategy(&self, time: jiff::Timestamp, positions: &[Position], orders: &[Order]) {
        self.send_or_say(encode::start(time, positions, orders));
    }

    /// Runs `on_stop` after the batches that wait already; [`crate::StrategyEvent::Stopped`] follows.
    pub fn stop_strategy(&self) {
        self.send_or_say(encode::stop());
    }

    /// Ends the child: by a request, after half of `grace` by SIGTERM, after all of it by SIGKILL. Returns
    /// when it is reaped and its process group is killed.
    pub async fn shutdown(&self, grace: Duration) {
        self.request(Request::Shutdown);
        for signal in [Signal::TERM, Signal::KILL] {
            if tokio::time::timeout(grace / 2, self.shared.process.ended()).await.is_ok() {
                return;
            }
            self.shared.process.signal(signal);
        }
        self.shared.process.ended().await;
    }

    /// Returns the child's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.shared.process.pid()
    }

    async fn ask(&self, mut question: serde_json::Value) -> Result<AnswerResult, KernelError> {
        let (answer, wait) = oneshot::channel();
        let id = {
            let mut questions = self.shared.questions();
            questions.last += 1;
            let id = questions.last;
            questions.waiting.insert(id, answer);
            id
        };
        question["id"] = id.into();
        let sent = self.shared.send(qubx_protocol::encode_frame(&question));
        let answer = match sent {
            Ok(()) => tokio::time::timeout(ANSWER_LIMIT, wait).await,
            Err(error) => {
                self.shared.questions().waiting.remove(&id);
                return Err(error);
            }
        };
        self.shared.questions().waiting.remove(&id);
        match answer {
            Ok(Ok(AnswerResult::Failed { message })) => Err(KernelError::Failed(message)),
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(KernelError::Ended),
            Err(_) => Err(KernelError::TimedOut),
        }
    }

    /// The queue is never full, as one cell of the session is at the kernel at a time; when it has ended, the child is dead
    /// or about to be, and [`KernelEvent::Died`] tells what became of the cell.
    fn request(&self, request: Request) {
        if let Err(error) = self.shared.requests.try_send(request) {
            tracing::warn!(%error, "the kernel takes no request");
        }
    }

    fn send_or_say(&self, frame: Vec<u8>) {
        if let Err(error) = self.shared.send(frame) {
            tracing::warn!(%error, "a frame for Python is lost");
        }
    }
}

impl Shared {
    pub(crate) fn reply(
        &self,
        call: CallId,
        result: Result<serde_json::Value, String>,
        facts: Facts,
        end: Option<u32>,
    ) {
        if let Err(error) = self.send(encode::reply(call, result, facts, end)) {
            tracing::warn!(%error, call = call.0, "a reply is lost");
        }
    }

    /// Returns the open questions. A poisoned lock is taken all the same: every change is a single step.
    pub(crate) fn questions(&self) -> MutexGuard<'_, Questions> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, frame: Vec<u8>) -> Result<(), KernelError> {
        if self.process.has_ended() {
            return Err(KernelError::Ended);
        }
        self.frames.try_send(frame).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => KernelError::Busy,
            mpsc::error::TrySendError::Closed(_) => KernelError::Ended,
        })
    }
}
