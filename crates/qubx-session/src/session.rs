//! The session task: it alone numbers, stores, applies and sends.
//!
//! Each turn takes what has arrived, turns it into drafts, commits them together, and only then lets the effects go:
//! a cell to the kernel, a verb to the engine, the release of orders. If the commit fails, what waited for it is
//! refused with the reason.

mod kernel;
mod market;
mod people;
mod running;

use jiff::Timestamp;
use std::path::PathBuf;
use std::time::Instant;

use qubx_engine::{EngineHandle, EngineOutput, StrategyBatch};
use qubx_kernel::{CallId, KernelEvent};
use qubx_protocol::{
    Alarm, Author, Command, CommandId, ErrorCode, ErrorMessage, Event, Fact, LogLevel, Phase, Refusal, Seq,
    SessionState, SessionStatus, VerbOutcome, VerbProgress, Welcome,
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::task::TaskTracker;

use crate::cells::{Cells, Waiting};
use crate::clock::Clock;
use crate::config::{KernelLoss, Progress};
use crate::input::{Input, Subscription};
use crate::interrupts::Interrupts;
use crate::outputs::Outputs;
use crate::prompts::Prompts;
use crate::publication::Publication;
use crate::python::Python;
use crate::rest::{Rest, bring_to_rest};
use crate::store::{Draft, Store, StoreError};
use crate::strategy::Port;
use crate::subscribers::Subscribers;

/// Everything that the session task listens to.
pub(crate) struct Sources {
    pub(crate) inputs: mpsc::Receiver<Input>,
    pub(crate) engine: mpsc::Receiver<EngineOutput>,
    pub(crate) kernel: mpsc::Receiver<KernelEvent>,
    pub(crate) strategy: mpsc::Receiver<StrategyBatch>,
}

/// One thing that happened.
enum Turn {
    Input(Input),
    Engine(EngineOutput),
    Kernel(KernelEvent),
    Strategy(StrategyBatch),
    /// Something is due by time.
    Tick,
}

/// What waits for a commit.
enum Effect {
    /// Sends the next cells to the kernel.
    RunCells,
    /// Answers a command: taken.
    Accept(CommandId, oneshot::Sender<Option<Refusal>>),
    /// Lets orders go to the broker.
    Release(oneshot::Sender<Result<(), String>>),
    /// Lets the engine do a verb.
    Verb { command: Option<CommandId>, verb: Command, author: Author },
    /// Brings everything to rest, then ends the session.
    Stop(Rest),
    /// Lets a screen in.
    Subscribe(qubx_protocol::Hello, oneshot::Sender<Subscription>),
    /// Gives a cell the line that it waits for.
    AnswerInput(String),
    /// Answers the strategy that its state is kept.
    StateKept(CallId),
    /// Gives the strategy the state that it kept.
    LoadState(CallId),
    /// Ends Python, so that it is started again.
    RestartPython,
}

/// The session task's state.
pub(crate) struct Session {
    store: Store,
    state: SessionState,
    /// The status as it will be after the next commit.
    status: SessionStatus,
    cells: Cells,
    port: Port,
    subscribers: Subscribers,
    engine: EngineHandle,
    python: Python,
    on_kernel_loss: KernelLoss,
    interrupts: Interrupts,
    prompts: Prompts,
    outputs: Outputs,
    clock: Clock,
    publication: Publication,
    session_dir: PathBuf,
    alarms: watch::Sender<Vec<Alarm>>,
    /// Sends this task inputs from the tasks that it starts.
    own_inputs: mpsc::Sender<Input>,
    progress: mpsc::Sender<Progress>,
    tracker: TaskTracker,
    drafts: Vec<Draft>,
    effects: Vec<Effect>,
    kernel_is_ready: bool,
    /// The verbs that asked for a restart of Python, until it is up again.
    restarting: Vec<VerbProgress>,
    /// The verb that stops the session, to report on when it is done.
    stopping: Option<VerbProgress>,
    /// Why the session ended; the loop ends with the turn that sets it.
    ended: Option<ErrorMessage>,
    /// Told when the strategy's `on_stop` ran.
    strategy_stopped: Option<oneshot::Sender<()>>,
}

/// What a session begins with.
pub(crate) struct Beginning {
    pub(crate) store: Store,
    pub(crate) state: SessionState,
    pub(crate) status: SessionStatus,
    pub(crate) drafts: Vec<Draft>,
    pub(crate) subscribers: Subscribers,
    pub(crate) engine: EngineHandle,
    pub(crate) python: Python,
    pub(crate) on_kernel_loss: KernelLoss,
    pub(crate) outputs: Outputs,
    pub(crate) publication: Publication,
    pub(crate) session_dir: PathBuf,
    pub(crate) alarms: watch::Sender<Vec<Alarm>>,
    pub(crate) own_inputs: mpsc::Sender<Input>,
    pub(crate) progress: mpsc::Sender<Progress>,
    pub(crate) tracker: TaskTracker,
}

/// The author of what the session does by itself.
const SESSION: &str = "session";
/// The author of a Jupyter guest's cells.
const JUPYTER: &str = "jupyter";

/// How many things one commit takes in at most, so that a screen never waits long for its welcome.
const TURNS_PER_COMMIT: usize = 256;
/// How many events a screen that resumes gets one by one; a longer gap is a snapshot.
const LONGEST_RESUME: usize = 5_000;
/// How many drafts are kept while the disk refuses them. Above it the oldest text goes; orders and fills stay.
const UNSTORED_DRAFTS: usize = 10_000;

impl Session {
    /// Begins a session whose first events are `beginning.drafts`.
    pub(crate) fn new(beginning: Beginning) -> Result<Self, StoreError> {
        let cells = Cells::new(beginning.store.last_cell()?);
        let mut session = Self {
            store: beginning.store,
            state: beginning.state,
            status: beginning.status,
            cells,
            port: Port::default(),
            subscribers: beginning.subscribers,
            engine: beginning.engine,
            python: beginning.python,
            on_kernel_loss: beginning.on_kernel_loss,
            interrupts: Interrupts::default(),
            prompts: Prompts::default(),
            outputs: beginning.outputs,
            clock: Clock::new(Instant::now(), Timestamp::now()),
            publication: beginning.publication,
            session_dir: beginning.session_dir,
            alarms: beginning.alarms,
            own_inputs: beginning.own_inputs,
            progress: beginning.progress,
            tracker: beginning.tracker,
            drafts: beginning.drafts,
            effects: Vec::new(),
            kernel_is_ready: false,
            restarting: Vec::new(),
            stopping: None,
            ended: None,
            strategy_stopped: None,
        };
        session.status_changed();
        session.commit()?;
        Ok(session)
    }

    /// Runs until the session ends and returns why it did.
    pub(crate) async fn run(mut self, mut sources: Sources) -> ErrorMessage {
        loop {
            let turn = sources.next(self.due()).await;
            self.take(turn);
            for _ in 1..TURNS_PER_COMMIT {
                let Some(turn) = sources.try_next() else { break };
                self.take(turn);
            }
            // SQLite blocks; the other tasks of this thread move to another one meanwhile.
            match tokio::task::block_in_place(|| self.commit()) {
                Ok(()) => self.act(),
                Err(error) => self.refuse_all(&error),
            }
            if let Some(why) = self.ended.take() {
                self.subscribers.dismiss(&why);
                return why;
            }
        }
    }

    fn take(&mut self, turn: Turn) {
        match turn {
            Turn::Input(input) => self.take_input(input),
            Turn::Engine(output) => self.take_engine(output),
            Turn::Kernel(event) => self.take_kernel(event),
            Turn::Strategy(batch) => self.port.send(self.python.kernel().as_ref(), batch),
            Turn::Tick => self.tick(Instant::now()),
        }
    }

    /// Returns when something is due by time.
    fn due(&self) -> Instant {
        let due = [self.cells.due(), self.interrupts.due(), self.python.due()];
        due.into_iter().flatten().chain([self.clock.due()]).min().unwrap_or_else(Instant::now)
    }

    fn tick(&mut self, now: Instant) {
        self.show_what_is_due(now);
        self.interrupts_due(now);
        if self.python.due().is_some_and(|due| due <= now) {
            self.start_python();
        }
        if self.clock.due() <= now
            && let Some(text) = self.clock.look(now, Timestamp::now())
        {
            self.log(LogLevel::Warning, SESSION, text);
        }
        self.publish_alarms();
    }

    fn publish_alarms(&self) {
        let alarms = self.store.alarms();
        self.alarms.send_if_modified(|shown| {
            let changed = *shown != alarms;
            *shown = alarms;
            changed
        });
    }

    fn fact(&mut self, fact: Fact) {
        self.drafts.push(Draft::Session(fact));
    }

    fn log(&mut self, level: LogLevel, source: &str, text: String) {
        self.fact(Fact::Log { level, source: source.to_owned(), text });
    }

    fn status_changed(&mut self) {
        let status = Box::new(self.status.clone());
        self.fact(Fact::Status(status));
    }

    fn is_stopping(&self) -> bool {
        matches!(self.status.phase, Phase::Stopping { .. })
    }

    /// Stores, applies and sends the drafts of this turn.
    fn commit(&mut self) -> Result<(), StoreError> {
        if self.drafts.is_empty() {
            return Ok(());
        }
        let result = self.store_drafts();
        self.publish_alarms();
        result
    }

    fn store_drafts(&mut self) -> Result<(), StoreError> {
        let events = self.store.append(&self.drafts, Timestamp::now())?;
        self.drafts.clear();
        for event in &events {
            self.state.apply(event);
            self.subscribers.send(event);
        }
        Ok(())
    }

    /// Lets go what waited for the commit.
    fn act(&mut self) {
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::RunCells => self.run_cells(),
                // Whoever asked may be gone.
                Effect::Accept(_, reply) => drop(reply.send(None)),
                Effect::Release(committed) => drop(committed.send(Ok(()))),
                Effect::Verb { command, verb, author } => self.start_verb(command, verb, author),
                Effect::Stop(rest) => self.start_stop(rest),
                Effect::Subscribe(hello, reply) => self.subscribe(hello, reply),
                Effect::AnswerInput(line) => {
                    if let Some(kernel) = self.python.kernel() {
                        kernel.answer_input(&line);
                    }
                }
                Effect::StateKept(call) => self.reply(call, Ok(serde_json::Value::Null)),
                Effect::LoadState(call) => self.load_state(call),
                Effect::RestartPython => self.python.restart(),
            }
        }
    }

    fn reply(&self, call: CallId, answer: Result<serde_json::Value, String>) {
        if let Some(kernel) = self.python.kernel() {
            kernel.reply(call, answer);
        }
    }

    fn load_state(&self, call: CallId) {
        let state = self.store.strategy_state().map(Option::unwrap_or_default);
        self.reply(call, state.map_err(|error| error.to_string()));
    }

    /// The disk refused: nothing that waited for it happens. What the engine and the kernel did is kept for the next
    /// attempt, what screens asked for is refused.
    fn refuse_all(&mut self, error: &StoreError) {
        tracing::error!(%error, "cannot store");
        let reason = format!("it cannot be written down: {error}");
        let allowed: Vec<CommandId> = self.drafts.iter().filter_map(allowed_without_a_record).collect();
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Accept(command, reply) => {
                    let refused = !allowed.contains(&command);
                    let refusal = refused.then(|| Refusal { command, message: reason.clone() });
                    drop(reply.send(refusal));
                }
                Effect::Release(committed) => drop(committed.send(Err(reason.clone()))),
                Effect::Subscribe(hello, reply) => self.subscribe(hello, reply),
                // Stopping must be possible with a full disk.
                Effect::Stop(rest) => self.start_stop(rest),
                Effect::Verb { command, verb, author } => {
                    if command.as_ref().is_none_or(|command| allowed.contains(command)) {
                        self.start_verb(command, verb, author);
                    }
                }
                Effect::StateKept(call) => self.reply(call, Err(reason.clone())),
                Effect::LoadState(call) => self.load_state(call),
                Effect::RestartPython => self.python.restart(),
                Effect::RunCells | Effect::AnswerInput(_) => {}
            }
        }
        for draft in &self.drafts {
            if let Draft::Session(Fact::Cell { cell, command: Some(_), .. }) = draft {
                self.cells.take_back(*cell);
            }
        }
        self.drafts.retain(|draft| !is_a_wish(draft, &allowed));
        drop_oldest_text(&mut self.drafts, UNSTORED_DRAFTS);
    }

    fn run_cells(&mut self) {
        if !self.kernel_is_ready {
            return;
        }
        let Some(kernel) = self.python.kernel() else { return };
        if let Some(Waiting { cell, code, .. }) = self.cells.next_for_kernel() {
            kernel.execute(cell, &code);
        }
    }

    fn start_verb(&self, command: Option<CommandId>, verb: Command, author: Author) {
        let (engine, inputs) = (self.engine.clone(), self.own_inputs.clone());
        self.tracker.spawn(async move {
            let (name, target) = (verb.verb(), verb.target());
            let (outcome, text) = crate::verbs::run(&engine, verb, author.clone()).await;
            // The session is gone only when everything is.
            let _ =
                inputs.send(Input::VerbEnded { command, author, verb: name, target, outcome, text }).await;
        });
    }

    fn start_stop(&mut self, rest: Rest) {
        let (sender, stopped) = oneshot::channel();
        self.strategy_stopped = Some(sender);
        let (engine, inputs) = (self.engine.clone(), self.own_inputs.clone());
        let kernel = self.python.kernel().filter(|_| self.kernel_is_ready);
        self.python.stay_down();
        self.tracker.spawn(async move {
            let text = bring_to_rest(&engine, kernel.as_ref(), stopped, rest).await;
            let _ = inputs.send(Input::Stopped { text }).await;
        });
    }

    fn subscribe(&mut self, hello: qubx_protocol::Hello, reply: oneshot::Sender<Subscription>) {
        let head = self.state.head;
        let resumed = match (&hello.log, hello.after) {
            (Some(log), Some(after)) if *log == self.state.log && after <= head => self.resume(after),
            _ => None,
        };
        let snapshot = resumed.is_none().then(|| Box::new(self.state.clone()));
        let welcome = Welcome { log: self.state.log.clone(), epoch: self.state.epoch, head, snapshot };
        let (id, frames, cut) = self.subscribers.add(&hello, Timestamp::now());
        let subscription = Subscription { id, welcome, backlog: resumed.unwrap_or_default(), frames, cut };
        if let Err(left) = reply.send(subscription) {
            self.subscribers.remove(left.id);
        }
    }

    /// Returns the events after `after`; none when they are too many, are missing or cannot be read.
    fn resume(&self, after: Seq) -> Option<Vec<Event>> {
        match self.store.events_after(after, LONGEST_RESUME + 1) {
            Ok(events) => events.filter(|events| events.len() <= LONGEST_RESUME),
            Err(error) => {
                tracing::error!(%error, "cannot read the events that a screen lacks; it gets a snapshot");
                None
            }
        }
    }

    fn end(&mut self, message: String, hint: Option<String>) {
        self.ended = Some(ErrorMessage { code: ErrorCode::Ended, message, hint });
    }
}

/// Drops the oldest outputs and log lines while there are more than `limit` drafts; everything else stays.
fn drop_oldest_text(drafts: &mut Vec<Draft>, limit: usize) {
    let mut excess = drafts.len().saturating_sub(limit);
    drafts.retain(|draft| {
        let is_text = matches!(draft, Draft::Session(Fact::Output { .. } | Fact::Log { .. }));
        let goes = excess > 0 && is_text;
        excess -= usize::from(goes);
        !goes
    });
}

/// Returns the id of a command that is done even when it cannot be written down: what only takes risk away. It is
/// written down as soon as that is possible.
fn allowed_without_a_record(draft: &Draft) -> Option<CommandId> {
    match draft {
        Draft::Command(audit) => match audit.command {
            Command::CancelOrder { .. }
            | Command::CancelOrders { .. }
            | Command::Pause
            | Command::Flatten
            | Command::Interrupt { .. }
            | Command::Stop { .. } => Some(audit.id.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Tells whether a draft is what somebody asked for, and not yet what happened.
fn is_a_wish(draft: &Draft, allowed: &[CommandId]) -> bool {
    match draft {
        Draft::Command(audit) => !allowed.contains(&audit.id),
        Draft::Session(Fact::Cell { command: Some(_), .. } | Fact::InputEnded { author: Some(_), .. }) => {
            true
        }
        Draft::StrategyState(_) => true,
        Draft::Verb(verb) => {
            let is_allowed = verb.command.as_ref().is_none_or(|command| allowed.contains(command));
            verb.outcome == VerbOutcome::Started && !is_allowed
        }
        // An order that is intended is refused by the engine, which then says so.
        Draft::Order(order) => order.status == qubx_protocol::OrderStatus::Intended,
        _ => false,
    }
}

impl Sources {
    /// Waits for the next thing, until `due` at most. Engine and kernel come before what people ask, so that an answer shows their news.
    async fn next(&mut self, due: Instant) -> Turn {
        tokio::select! {
            biased;
            () = tokio::time::sleep_until(due.into()) => Turn::Tick,
            Some(output) = self.engine.recv() => Turn::Engine(output),
            Some(event) = self.kernel.recv() => Turn::Kernel(event),
            Some(batch) = self.strategy.recv() => Turn::Strategy(batch),
            Some(input) = self.inputs.recv() => Turn::Input(input),
        }
    }

    fn try_next(&mut self) -> Option<Turn> {
        if let Ok(output) = self.engine.try_recv() {
            return Some(Turn::Engine(output));
        }
        if let Ok(event) = self.kernel.try_recv() {
            return Some(Turn::Kernel(event));
        }
        if let Ok(batch) = self.strategy.try_recv() {
            return Some(Turn::Strategy(batch));
        }
        self.inputs.try_recv().ok().map(Turn::Input)
    }
}

/// Returns the state that a log ends with, as far as its last entries tell.
pub(crate) fn load(store: &Store, history_limit: usize) -> Result<SessionState, StoreError> {
    /// More events than any screen shows at first; older ones stay in the log.
    const LOADED: usize = 5_000;
    let mut state = SessionState::new(store.log_id().clone(), history_limit);
    for event in store.last_events(LOADED)? {
        // Numbers of lost events are missing for good.
        state.head = Seq(event.seq.0 - 1);
        state.apply(&event);
    }
    state.head = store.head();
    Ok(state)
}

#[cfg(test)]
mod tests {
    use qubx_protocol::Epoch;

    use super::*;

    #[test]
    fn a_full_disk_costs_the_oldest_text_and_no_fact_of_money() {
        let log = |text: &str| {
            let (level, source) = (LogLevel::Info, "kernel".to_owned());
            Draft::Session(Fact::Log { level, source, text: text.to_owned() })
        };
        let money = Draft::Started { epoch: Epoch(1), restored: false };
        for (limit, expected) in [
            (9, vec![money.clone(), log("old"), money.clone(), log("new")]),
            (3, vec![money.clone(), money.clone(), log("new")]),
            (1, vec![money.clone(), money.clone()]),
        ] {
            let mut drafts = vec![money.clone(), log("old"), money.clone(), log("new")];
            drop_oldest_text(&mut drafts, limit);
            assert_eq!(drafts, expected, "{limit}");
        }
    }
}
