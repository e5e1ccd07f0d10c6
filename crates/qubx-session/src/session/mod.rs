//! The session task: it alone numbers, stores, applies and sends.
//!
//! Each turn takes what has arrived, turns it into drafts, commits them together, and only then lets the effects go:
//! a cell to the kernel, a verb to the engine, the release of orders. If the commit fails, what waited for it is
//! refused with the reason.

mod alarms;
pub(crate) mod beginning;
pub(crate) mod bound;
mod causes;
mod clock;
mod commit;
mod doers;
mod host;
pub(crate) mod input;
mod kernel;
mod market;
mod people;
pub(crate) mod publication;
pub(crate) mod rest;
mod running;
mod sources;
mod strategy;
mod verbs;
mod warm_up;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use jiff::Timestamp;
use qubx_engine::EngineHandle;
use qubx_kernel::CallId;
use qubx_protocol::{
    Alarm, Author, Command, CommandId, ErrorCode, ErrorMessage, Fact, LogLevel, Phase, Refusal, SessionState,
    SessionStatus, StrategyView, VerbProgress, market_time,
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::task::TaskTracker;

use crate::cells::causes::Causes;
use crate::cells::interrupts::Interrupts;
use crate::cells::outputs::Outputs;
use crate::cells::prompts::Prompts;
use crate::cells::queue::Cells;
use crate::cells::recent::Recent;
use crate::config::{KernelLoss, Progress};
use crate::python::process::Python;
use crate::screens::subscribers::Subscribers;
use crate::screens::welcome::Snapshots;
use crate::session::bound::bound;
use crate::session::clock::{Clock, Moment};
use crate::session::doers::Doers;
use crate::session::input::{Input, Subscription};
use crate::session::publication::Publication;
use crate::session::rest::Rest;
use crate::store::{Draft, Store, StoreError};
use crate::strategy::port::{InstrumentPlaces, Port};
use crate::strategy::rust::RustStrategy;
use crate::strategy::watch::StrategyWatch;

pub(crate) use sources::Sources;
use sources::Turn;

/// What waits for a commit.
enum Effect {
    /// Sends the next cells to the kernel.
    RunCells,
    /// Answers a command: taken.
    Accept(CommandId, oneshot::Sender<Option<Refusal>>),
    /// Lets the engine do a verb.
    Verb { command: Option<CommandId>, verb: Command, author: Author },
    /// Brings everything to rest, then ends the session.
    Stop(Rest),
    /// Lets a screen in.
    Subscribe(qubx_protocol::Hello, oneshot::Sender<Subscription>),
    /// Gives a cell the line that it waits for.
    AnswerInput(String),
    /// Has the strategy do something.
    TellStrategy(CommandId, Command, VerbProgress),
    /// Answers the strategy that its state is kept.
    StateKept(Asker),
    /// Gives the strategy the state that it kept.
    LoadState(Asker),
    /// Ends Python, so that it is started again.
    RestartPython,
}

/// Who waits for a state, or for its being kept.
#[derive(Debug)]
pub(crate) enum Asker {
    /// Python, in a call.
    Call(CallId),
    /// A strategy in Rust that keeps one.
    Keeps(oneshot::Sender<Result<(), String>>),
    /// A strategy in Rust that wants what it kept.
    Loads(oneshot::Sender<Result<Option<serde_json::Value>, String>>),
}

/// The session task's state.
pub(crate) struct Session {
    store: Store,
    state: SessionState,
    /// The status as it will be after the next commit.
    status: SessionStatus,
    cells: Cells,
    causes: Causes,
    port: Port,
    places: InstrumentPlaces,
    watch: StrategyWatch,
    /// The strategy, if it is one in Rust.
    rust: Option<RustStrategy>,
    /// The verbs that the strategy was told to do, until it says what came of them.
    told: IndexMap<CommandId, VerbProgress>,
    doers: Doers,
    subscribers: Subscribers,
    snapshots: Snapshots,
    engine: EngineHandle,
    python: Python,
    on_kernel_loss: KernelLoss,
    interrupts: Interrupts,
    prompts: Prompts,
    outputs: Outputs,
    /// The end of what Python has shown outside of cells, as the strategy does.
    strategy_recent: Recent,
    clock: Clock,
    publication: Publication,
    session_dir: PathBuf,
    alarms: watch::Sender<Vec<Alarm>>,
    /// What the strategy shows of itself.
    strategy_view: watch::Sender<Arc<StrategyView>>,
    /// The alarm while nobody can come in.
    unreachable: Option<Alarm>,
    /// Sends this task inputs from the tasks that it starts.
    own_inputs: mpsc::Sender<Input>,
    progress: mpsc::Sender<Progress>,
    tracker: TaskTracker,
    drafts: Vec<Draft>,
    effects: Vec<Effect>,
    /// The engine's orders that go to the broker once their intents are stored.
    intents: Vec<oneshot::Sender<Result<(), String>>>,
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
    pub(crate) strategy_view: watch::Sender<Arc<StrategyView>>,
    pub(crate) places: InstrumentPlaces,
    pub(crate) watch: StrategyWatch,
    pub(crate) rust: Option<RustStrategy>,
    pub(crate) own_inputs: mpsc::Sender<Input>,
    pub(crate) progress: mpsc::Sender<Progress>,
    pub(crate) tracker: TaskTracker,
}

/// The author of what the session does by itself.
const SESSION: &str = "session";
/// The author of a Jupyter guest's cells.
const JUPYTER: &str = "jupyter";
/// The author of what the strategy does.
const STRATEGY: &str = "strategy";

/// How many things one commit takes in at most, so that a screen never waits long for its welcome.
const TURNS_PER_COMMIT: usize = 256;
/// How long a session that ends tries to store what the disk refuses.
const LAST_ATTEMPTS: Duration = Duration::from_secs(2);

/// Returns a time of the engine if its clock is another one than the wall's.
fn in_market(time: Option<Timestamp>) -> Option<Timestamp> {
    market_time(time?, Timestamp::now())
}

impl Session {
    /// Begins a session whose first events are `beginning.drafts`.
    pub(crate) fn new(beginning: Beginning) -> Result<Self, StoreError> {
        let cells =
            Cells::new(beginning::last_cell(&beginning.drafts).unwrap_or(beginning.store.last_cell()?));
        let mut session = Self {
            store: beginning.store,
            state: beginning.state,
            status: beginning.status,
            cells,
            causes: Causes::default(),
            port: Port::new(beginning.places.clone()),
            places: beginning.places,
            watch: beginning.watch,
            rust: beginning.rust,
            told: IndexMap::new(),
            doers: Doers::default(),
            subscribers: beginning.subscribers,
            snapshots: Snapshots::default(),
            engine: beginning.engine,
            python: beginning.python,
            on_kernel_loss: beginning.on_kernel_loss,
            interrupts: Interrupts::default(),
            prompts: Prompts::default(),
            outputs: beginning.outputs,
            clock: Clock::new(Moment::now()),
            strategy_recent: Recent::default(),
            publication: beginning.publication,
            session_dir: beginning.session_dir,
            alarms: beginning.alarms,
            strategy_view: beginning.strategy_view,
            unreachable: None,
            own_inputs: beginning.own_inputs,
            progress: beginning.progress,
            tracker: beginning.tracker,
            drafts: beginning.drafts,
            effects: Vec::new(),
            intents: Vec::new(),
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
            for turn in sources.waiting(TURNS_PER_COMMIT) {
                self.take(turn);
            }
            // SQLite blocks; the other tasks of this thread move to another one meanwhile.
            tokio::task::block_in_place(|| match self.commit() {
                Ok(()) => self.act(),
                Err(error) => self.refuse_all(&error),
            });
            if let Some(mut why) = self.ended.take() {
                if let Err(error) = tokio::task::block_in_place(|| self.store_at_last()) {
                    let facts = self.drafts.len();
                    why.message += &format!("; {facts} facts of the end could not be written down: {error}");
                }
                self.subscribers.dismiss(why.clone());
                return why;
            }
        }
    }

    fn take(&mut self, turn: Turn) {
        match turn {
            Turn::Input(input) => self.take_input(input),
            Turn::Engine(output) => self.take_engine(*output),
            Turn::EngineGone => end_without_engine(),
            Turn::Kernel(event) => self.take_kernel(event),
            Turn::Strategy(batch) => self.news(batch),
            Turn::Host(event) => self.take_host(event),
            Turn::Tick => self.tick(Instant::now()),
        }
    }

    /// Returns when something is due by time.
    fn due(&self) -> Instant {
        let due =
            [self.cells.due(), self.interrupts.due(), self.python.due(), self.watch.due(), self.rust_due()];
        due.into_iter().flatten().chain([self.clock.due()]).min().unwrap_or_else(Instant::now)
    }

    /// Stores what the disk has refused so far, as there will be no other time for it.
    fn store_at_last(&mut self) -> Result<(), StoreError> {
        let began = Instant::now();
        while let Err(error) = self.commit() {
            if began.elapsed() >= LAST_ATTEMPTS {
                return Err(error);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn tick(&mut self, now: Instant) {
        self.show_what_is_due(now);
        self.interrupts_due(now);
        self.show_market(now);
        self.look_at_host(now);
        if let Some(view) = self.watch.take_due(now, Timestamp::now()) {
            self.strategy_view.send_replace(Arc::new(view));
        }
        if self.python.due().is_some_and(|due| due <= now) {
            self.start_python();
        }
        if self.clock.due() <= now {
            for text in self.clock.look(Moment::now()) {
                self.log(LogLevel::Warning, SESSION, text);
            }
        }
        self.publish_alarms();
    }

    fn fact(&mut self, mut fact: Fact) {
        bound(&mut fact);
        self.drafts.push(Draft::Session(fact));
    }

    fn log(&mut self, level: LogLevel, source: &str, text: String) {
        self.log_at(level, source, text, None);
    }

    /// Writes to the log what happened at a time of the engine.
    fn log_at(&mut self, level: LogLevel, source: &str, text: String, time: Option<Timestamp>) {
        let market_time = in_market(time);
        self.fact(Fact::Log { level, source: source.to_owned(), text, market_time });
    }

    fn status_changed(&mut self) {
        let status = Box::new(self.status.clone());
        self.fact(Fact::Status(status));
    }

    fn is_stopping(&self) -> bool {
        matches!(self.status.phase, Phase::Stopping { .. })
    }

    fn end(&mut self, message: String, hint: Option<String>) {
        self.ended = Some(ErrorMessage { code: ErrorCode::Ended, message, hint });
    }
}

/// Ends the process: without an engine nothing that screens show is true, and no verb works. The next service goes on from
/// the ledger.
fn end_without_engine() -> ! {
    /// `EX_SOFTWARE` of `sysexits.h`.
    const DEFECT: i32 = 70;
    tracing::error!("the engine has ended by itself, which is a defect; this service ends, too");
    std::process::exit(DEFECT)
}
