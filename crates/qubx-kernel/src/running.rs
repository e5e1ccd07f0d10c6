//! A kernel that answers: what its sockets bring becomes events, and requests go out.
//!
//! Every socket has a reader of its own; this reads their queues and writes the few requests there are.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use qubx_protocol::{CellNumber, CellStatus};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use zeromq::ZmqResult;

use crate::bridge::{FromPython, RunStatus};
use crate::cells::{Cells, Replied};
use crate::channels::Channels;
use crate::health::{Health, LOOK_INTERVAL};
use crate::inputs::{Inputs, Wait};
use crate::kernel::Request;
use crate::task::{LAST_WORDS, Task};
use crate::translate::{self, Broadcast};
use crate::wire::Message;
use crate::{CallId, CellRef, Facts, KernelEvent, StrategyEvent};

/// How long to wait for the proof that output arrives before asking for it again.
const PROBE_INTERVAL: Duration = Duration::from_millis(100);
/// How long a request may wait for a place in the socket; it fills only when the kernel hangs for long.
const SEND_LIMIT: Duration = Duration::from_secs(5);
/// How long what a strategy printed at its end is waited for. It is missing only when the child dropped messages.
const LATEST_PRINTS: Duration = Duration::from_secs(2);

/// After how many bytes of output Python is told what was read of it, much less than what it may be ahead.
const TOLD_EVERY: usize = 2_000_000;
/// After how many messages it is told, too.
const TOLD_EVERY_MESSAGES: u64 = 500;

/// A kernel that answers.
pub(crate) struct Running {
    task: Task,
    channels: Channels,
    python: mpsc::Receiver<FromPython>,
    cells: Cells,
    inputs: Inputs,
    health: Health,
    /// The number of the last broadcast that was read; none before the first.
    heard: Option<u64>,
    /// The bytes of output since Python was told what was read.
    untold: usize,
    /// The newest message that Python was told of.
    told: u64,
    /// The strategy's word that it has stopped, behind the broadcast of this number; it is told at this time at the latest.
    stopped: Option<(u64, Instant)>,
    /// Whether the kernel was asked to end: from then on its silence is no news.
    ending: bool,
    /// Begins the id of every request, and is the same for none.
    session: String,
    last_request: u64,
}

impl Running {
    pub(crate) fn new(
        task: Task,
        channels: Channels,
        python: mpsc::Receiver<FromPython>,
        session: String,
    ) -> Self {
        Self {
            task,
            channels,
            python,
            cells: Cells::default(),
            inputs: Inputs::default(),
            health: Health::new(Instant::now()),
            heard: None,
            untold: 0,
            told: 0,
            stopped: None,
            ending: false,
            session,
            last_request: 0,
        }
    }

    /// Asks the kernel until the answer's status is heard: from then on nothing of its output is missed.
    pub(crate) async fn wait_for_output(&mut self) -> std::io::Result<()> {
        loop {
            let id = self.next_id();
            self.shell(&id, "kernel_info_request", json!({})).await;
            let again = tokio::time::sleep(PROBE_INTERVAL);
            tokio::pin!(again);
            loop {
                tokio::select! {
                    message = self.channels.output.recv() => match message {
                        None => return Err(std::io::Error::other("the output socket ended")),
                        Some(message) => {
                            self.heard = message.number.or(self.heard);
                            if message.parent.session == self.session
                                && translate::broadcast(&message) == Some(Broadcast::Idle)
                            {
                                self.health = Health::new(Instant::now());
                                return Ok(());
                            }
                        }
                    },
                    () = &mut again => break,
                }
            }
        }
    }

    /// Runs until the child has ended.
    pub(crate) async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let shared = self.task.shared.clone();
        let process = shared.process.clone();
        let mut looks = tokio::time::interval(LOOK_INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let now = Instant::now();
            self.announce_input(now).await;
            self.tell_stopped(now).await;
            let stopped = self.stopped.map(|(_, latest)| latest);
            let deadline =
                [self.cells.deadline(), self.inputs.deadline(now), stopped].into_iter().flatten().min();
            tokio::select! {
                Some(request) = requests.recv() => self.request(request).await,
                () = shared.wake.notified() => self.wake().await,
                message = self.python.recv() => match message {
                    Some(message) => self.python_says(message).await,
                    None => break,
                },
                message = self.channels.replies.recv() => match message {
                    Some(message) => self.replied(&message).await,
                    None => break,
                },
                message = self.channels.output.recv() => match message {
                    Some(message) => self.broadcast(message).await,
                    None => break,
                },
                () = at(deadline) => self.give_up().await,
                _ = looks.tick(), if !self.ending => self.look().await,
                _ = process.ended() => break,
            }
        }
        self.last_words().await;
    }

    async fn request(&mut self, request: Request) {
        match request {
            Request::Execute { cell, code } => self.execute(cell, &code).await,
            Request::Shutdown => {
                self.ending = true;
                let id = self.next_id();
                let content = json!({ "restart": false, "qubx_token": self.task.token });
                sent(self.channels.control(&id, "shutdown_request", &content)).await;
            }
        }
    }

    /// Sends a message that asks nothing.
    async fn wake(&mut self) {
        let id = self.next_id();
        self.shell(&id, "kernel_info_request", json!({})).await;
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
            "allow_stdin": true,
            "stop_on_error": false,
        });
        self.shell(&id, "execute_request", content).await;
    }

    async fn replied(&mut self, message: &Message) {
        if self.health.answered() {
            self.emit(KernelEvent::Responding(true)).await;
        }
        let Some(reply) = translate::reply(message) else { return };
        let interrupts = self.task.shared.interrupts.load(Ordering::SeqCst);
        match self.cells.reply(&message.parent, reply, interrupts, Instant::now()) {
            Replied::Events(events) => self.emit_all(events).await,
            Replied::Resend { cell, code } => self.execute(cell, &code).await,
        }
    }

    async fn broadcast(&mut self, message: Message) {
        if let Some(number) = message.number {
            let lost = self.heard.map_or(0, |heard| number.saturating_sub(heard + 1));
            self.heard = Some(number);
            if lost > 0 {
                self.emit(KernelEvent::Lost { messages: lost }).await;
            }
        }
        let size = message.size;
        if let Some(broadcast) = translate::broadcast(&message) {
            let events = self.cells.broadcast(&message.parent, broadcast, Instant::now());
            // An output may have many megabytes, and the session may take its time.
            drop(message);
            self.emit_all(events).await;
        }
        self.untold += size;
        if let Some(number) = self.heard
            && (self.untold >= TOLD_EVERY || number >= self.told + TOLD_EVERY_MESSAGES)
        {
            (self.untold, self.told) = (0, number);
            self.emit(KernelEvent::OutputEnds { number }).await;
        }
    }

    async fn give_up(&mut self) {
        let events = self.cells.give_up(Instant::now());
        self.emit_all(events).await;
    }

    /// Asks for a sign of life when it is time, and tells when there was none for too long.
    async fn look(&mut self) {
        while let Ok(message) = self.channels.replies.try_recv() {
            self.replied(&message).await;
        }
        let look = self.health.look(Instant::now());
        if look.fell_silent {
            self.emit(KernelEvent::Responding(false)).await;
        }
        if look.ping {
            let id = self.next_id();
            sent(self.channels.control(&id, "kernel_info_request", &json!({}))).await;
        }
    }

    async fn announce_input(&mut self, now: Instant) {
        let heard = self.heard.unwrap_or_default();
        if let Some((number, event)) = self.inputs.announce(heard, now, |request| self.cells.cell(request)) {
            self.task.shared.input.store(number, Ordering::SeqCst);
            self.emit(event).await;
        }
    }

    /// Tells that the strategy has stopped, once all that it printed was heard.
    async fn tell_stopped(&mut self, now: Instant) {
        let heard = self.heard.unwrap_or_default();
        if let Some((after, _)) = self.stopped.take_if(|(after, latest)| heard >= *after || now >= *latest) {
            self.emit(KernelEvent::Strategy(StrategyEvent::Stopped { after })).await;
        }
    }

    pub(crate) async fn python_says(&mut self, message: FromPython) {
        let event = match message {
            FromPython::Bound | FromPython::Ready { .. } => return,
            FromPython::Answer { id, result } => {
                if let Some(waiting) = self.task.shared.questions().waiting.remove(&id) {
                    let _ = waiting.send(result);
                }
                return;
            }
            FromPython::CellBegins { cell: run, request, user, code, execution_count, stored } => {
                let (cell, code) = match self.cells.claim(&request) {
                    Some(ours) => (CellRef::Session(ours), String::new()),
                    None => (CellRef::Guest(request), code),
                };
                let begins = KernelEvent::Begins { run, cell, code, user, execution_count, stored };
                return self.emit(begins).await;
            }
            FromPython::CellEnds { cell: run, status } => {
                let status = match status {
                    RunStatus::Ok => CellStatus::Ok,
                    RunStatus::Interrupted => CellStatus::Interrupted,
                    RunStatus::Error => CellStatus::Error,
                };
                return self.emit(KernelEvent::Ends { run, status }).await;
            }
            FromPython::InputBegins { input: number, request, prompt, password, after } => {
                return self.inputs.begin(Wait { number, request, prompt, password, after }, Instant::now());
            }
            FromPython::InputEnds { input } => {
                let ended = self.inputs.end(input);
                return self.input_ended(ended).await;
            }
            FromPython::Call { call, origin, at, request } => match serde_json::from_value(request) {
                Ok(request) => StrategyEvent::Call { call, origin, at, request },
                Err(error) => return self.refuse(call, error.to_string()),
            },
            FromPython::UnreadableCall { call, error } => return self.refuse(call, error),
            FromPython::Strategy(StrategyEvent::Stopped { after }) => {
                self.stopped = Some((after, Instant::now() + LATEST_PRINTS));
                return;
            }
            FromPython::Strategy(event) => event,
        };
        self.emit(KernelEvent::Strategy(event)).await;
    }

    fn refuse(&self, call: CallId, error: String) {
        self.task.shared.reply(call, Err(error), Facts::default(), None);
    }

    /// Hands on what an ended child still said: the end of its bridge, and output that is on its way.
    async fn last_words(&mut self) {
        while let Ok(Some(message)) = tokio::time::timeout(LAST_WORDS, self.python.recv()).await {
            self.python_says(message).await;
        }
        while let Ok(message) = self.channels.output.try_recv() {
            self.broadcast(message).await;
        }
        if let Some((_, latest)) = self.stopped {
            self.tell_stopped(latest).await;
        }
    }

    async fn shell(&mut self, id: &str, kind: &str, content: serde_json::Value) {
        sent(self.channels.shell(id, kind, &content)).await;
    }

    fn next_id(&mut self) -> String {
        self.last_request += 1;
        format!("{}-{}", self.session, self.last_request)
    }

    async fn emit_all(&mut self, events: Vec<KernelEvent>) {
        for event in events {
            if let KernelEvent::CellFinished { cell, .. } = &event {
                let ended = self.inputs.end_cell(cell);
                self.input_ended(ended).await;
            }
            self.emit(event).await;
        }
    }

    async fn input_ended(&self, ended: Option<KernelEvent>) {
        if let Some(event) = ended {
            self.task.shared.input.store(0, Ordering::SeqCst);
            self.emit(event).await;
        }
    }

    /// Tells the owner; an owner that is gone has cancelled already, or is about to.
    pub(crate) async fn emit(&self, event: KernelEvent) {
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
