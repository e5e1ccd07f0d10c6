//! What each thing that happens means: drafts to store, and effects that wait for them.

use jiff::Timestamp;
use qubx_engine::{EngineEvent, EngineOutput, Interests};
use qubx_kernel::{CallOrigin, CellRef, ConnectionInfo, KernelEvent, StrategyEvent};
use qubx_protocol::{
    Author, CellNumber, CellStatus, Command, CommandId, Fact, KernelState, KernelStatus, LogLevel, Ownership,
    Phase, Refusal, StrategyState, VerbOutcome, VerbProgress,
};
use tokio::sync::oneshot;

use super::{Effect, Session};
use crate::input::{Input, StopRequest};
use crate::service::{KernelLoss, Progress};
use crate::store::{CommandAudit, Draft};

/// The author of what the session does by itself.
const SESSION: &str = "session";
/// The author of what the strategy does.
const STRATEGY: &str = "strategy";
/// The author of a Jupyter guest's cells.
const JUPYTER: &str = "jupyter";

impl Session {
    pub(super) fn take_input(&mut self, input: Input) {
        match input {
            Input::Subscribe { hello, reply } => self.effects.push(Effect::Subscribe(hello, reply)),
            Input::Unsubscribe(id) => self.subscribers.remove(id),
            Input::Command { id, command, author, reply } => self.take_command(id, command, author, reply),
            Input::VerbEnded { command, author, verb, target, outcome, text } => {
                let verb = VerbProgress { command, author, verb: verb.to_owned(), target, outcome, text };
                self.drafts.push(Draft::Verb(verb));
            }
            Input::OwnerGone => self.owner_gone(),
            Input::Stop(StopRequest { by, reason }) => {
                let progress = verb(None, &by, &Command::Stop { flatten: false, keep_orders: false });
                self.stop(progress, by, reason, false, false);
            }
            Input::Stopped { text } => self.stopped(text),
        }
    }

    fn take_command(
        &mut self,
        id: CommandId,
        command: Command,
        author: Author,
        reply: oneshot::Sender<Option<Refusal>>,
    ) {
        let refuse = |reply: oneshot::Sender<Option<Refusal>>, message: String| {
            // Whoever asked may be gone.
            let _ = reply.send(Some(Refusal { command: id.clone(), message }));
        };
        match self.knows(&id) {
            Ok(false) => {}
            // It was done, and its events say so.
            Ok(true) => return drop(reply.send(None)),
            Err(error) => return refuse(reply, error.to_string()),
        }
        if self.is_stopping() {
            return refuse(reply, "the session is stopping".to_owned());
        }
        if matches!(command, Command::Execute { .. }) && self.status.kernel.state == KernelState::Dead {
            return refuse(
                reply,
                "the Python kernel has ended; stop the session and start it again".to_owned(),
            );
        }
        let audit = CommandAudit { id: id.clone(), author: author.clone(), command: command.clone() };
        self.drafts.push(Draft::Command(audit));
        self.effects.push(Effect::Accept(id.clone(), reply));
        match command {
            Command::Execute { code } => {
                let cell = self.cells.submit(code.clone(), author.clone());
                self.fact(Fact::Cell { cell, code, author, command: Some(id) });
                self.effects.push(Effect::RunCells);
            }
            Command::Interrupt { cell } => self.interrupt(id, author, cell),
            Command::Stop { flatten, keep_orders } => {
                let progress = verb(Some(id), &author, &command);
                self.stop(progress, author, "stop".to_owned(), flatten, keep_orders);
            }
            Command::Release => {
                let ended = VerbProgress {
                    outcome: VerbOutcome::Done,
                    text: "the session stays when its owner goes".to_owned(),
                    ..verb(Some(id), &author, &command)
                };
                self.drafts.push(Draft::Verb(ended));
                self.set_ownership(Ownership::Detached);
            }
            Command::CancelOrder { .. }
            | Command::CancelOrders { .. }
            | Command::Close { .. }
            | Command::Flatten
            | Command::Resume => {
                self.drafts.push(Draft::Verb(verb(Some(id.clone()), &author, &command)));
                self.effects.push(Effect::Verb { command: Some(id), verb: command, author });
            }
        }
    }

    /// Tells whether a command was taken before, also in this very turn.
    fn knows(&self, id: &CommandId) -> Result<bool, crate::store::StoreError> {
        let in_this_turn =
            self.drafts.iter().any(|draft| matches!(draft, Draft::Command(audit) if audit.id == *id));
        if in_this_turn { Ok(true) } else { self.store.knows_command(id) }
    }

    fn interrupt(&mut self, id: CommandId, author: Author, cell: Option<CellNumber>) {
        let command = Command::Interrupt { cell };
        let at_kernel = self.cells.at_kernel();
        let (outcome, text) = match (cell, at_kernel) {
            (Some(cell), _) if self.cells.take_back(cell) => {
                self.fact(Fact::CellFinished { cell, status: CellStatus::Interrupted, duration_ms: 0 });
                (VerbOutcome::Done, format!("cell {cell} was taken out of the queue"))
            }
            (Some(cell), Some(running)) if cell != running => {
                (VerbOutcome::Failed, format!("cell {cell} does not run; cell {running} does"))
            }
            (_, Some(running)) => {
                self.kernel.interrupt();
                (VerbOutcome::Done, format!("interrupt sent to cell {running}"))
            }
            (_, None) => (VerbOutcome::Failed, "no cell runs".to_owned()),
        };
        self.drafts.push(Draft::Verb(VerbProgress { outcome, text, ..verb(Some(id), &author, &command) }));
    }

    fn owner_gone(&mut self) {
        if self.status.ownership != Ownership::Owned || self.is_stopping() {
            return;
        }
        if self.subscribers.anyone_but_the_owner() {
            let text = "the command that started this session is gone; others are attached, so it goes on"
                .to_owned();
            self.log(LogLevel::Warning, SESSION, text);
            self.set_ownership(Ownership::OwnerLost);
        } else {
            let by = Author::from(SESSION);
            let progress = verb(None, &by, &Command::Stop { flatten: false, keep_orders: false });
            self.stop(progress, by, "its owner is gone".to_owned(), false, false);
        }
    }

    fn set_ownership(&mut self, ownership: Ownership) {
        self.status.ownership = ownership;
        self.status_changed();
    }

    fn stop(&mut self, progress: VerbProgress, by: Author, reason: String, flatten: bool, keep_orders: bool) {
        if self.is_stopping() {
            return;
        }
        self.status.phase = Phase::Stopping { by, reason };
        self.status_changed();
        self.drafts.push(Draft::Verb(progress.clone()));
        self.stopping = Some(progress);
        self.effects.push(Effect::Stop { flatten, keep_orders });
    }

    fn stopped(&mut self, text: String) {
        if let Some(progress) = self.stopping.take() {
            let by = progress.author.clone();
            self.drafts.push(Draft::Verb(VerbProgress {
                outcome: VerbOutcome::Done,
                text: text.clone(),
                ..progress
            }));
            self.abandon_cells();
            self.end(format!("stopped by {by}: {text}"), None);
        }
    }

    fn abandon_cells(&mut self) {
        for cell in self.cells.abandon() {
            self.fact(Fact::CellFinished { cell, status: CellStatus::KernelDied, duration_ms: 0 });
        }
    }

    pub(super) fn take_engine(&mut self, output: EngineOutput) {
        for event in output.events {
            match event {
                EngineEvent::Order(order) => self.drafts.push(Draft::Order(order)),
                EngineEvent::Fill { fill, position } => self.drafts.push(Draft::Fill { fill, position }),
                EngineEvent::Paused { paused, reason } => {
                    self.status.paused = paused;
                    self.status_changed();
                    let level = if paused { LogLevel::Warning } else { LogLevel::Info };
                    self.log(level, "engine", reason);
                }
                EngineEvent::Log { level, text } => self.log(level, "engine", text),
                EngineEvent::FeedFinished => {
                    self.log(LogLevel::Info, "engine", "the replay is at its end".to_owned());
                }
            }
        }
        self.effects.extend(output.committed.map(Effect::Release));
    }

    pub(super) fn take_kernel(&mut self, event: KernelEvent) {
        match event {
            KernelEvent::Ready { pid, connection, .. } => self.kernel_ready(pid, &connection),
            KernelEvent::CellStarted { cell, code, user, execution_count } => {
                self.cell_started(cell, code, &user, execution_count);
            }
            KernelEvent::Output { cell, content } => {
                let number = self.number(&cell);
                let content = match number {
                    Some(number) => self.cells.bound(number, content),
                    None => Some(content),
                };
                if let Some(content) = content {
                    self.fact(Fact::Output { cell: number, content });
                }
            }
            KernelEvent::Error { cell, ename, evalue, traceback } => {
                let cell = self.number(&cell);
                self.fact(Fact::Error { cell, ename, evalue, traceback });
            }
            KernelEvent::CellFinished { cell, status } => self.cell_finished(&cell, status),
            KernelEvent::Strategy(event) => self.take_strategy(event),
            KernelEvent::Died { status, last_output } => self.kernel_died(&status, &last_output),
        }
    }

    fn kernel_ready(&mut self, pid: u32, connection: &ConnectionInfo) {
        match self.publication.publish(connection, pid) {
            Ok(path) => self.status.info.connection_file = path.display().to_string(),
            Err(error) => {
                let message = format!("the connection file cannot be written: {error}");
                self.report(Progress::Failed { message: message.clone(), last_output: String::new() });
                return self.end(message, None);
            }
        }
        self.kernel_is_ready = true;
        let restarts = self.status.kernel.restarts;
        self.status.kernel = KernelStatus {
            state: KernelState::Ready,
            since: Timestamp::now(),
            pid: Some(pid),
            restarts,
            ended: None,
        };
        self.status_changed();
        self.report(Progress::KernelReady { connection_file: self.status.info.connection_file.clone() });
        self.kernel.start_strategy(Timestamp::now(), &[], &[]);
        self.effects.push(Effect::RunCells);
    }

    /// Tells the starter; it listens only until the session is ready, and then this is ignored.
    fn report(&self, progress: Progress) {
        let _ = self.progress.try_send(progress);
    }

    /// Returns the number of a cell; none for the strategy and for requests of guests that are not cells.
    fn number(&self, cell: &CellRef) -> Option<CellNumber> {
        match cell {
            CellRef::Session(cell) => Some(*cell),
            CellRef::Guest(request) => self.cells.guest(request),
            CellRef::Strategy => None,
        }
    }

    fn cell_started(&mut self, cell: CellRef, code: String, user: &str, execution_count: Option<u32>) {
        let cell = match cell {
            CellRef::Session(cell) => cell,
            CellRef::Guest(request) => {
                let cell = self.cells.guest_started(request);
                // `username` is what Jupyter's clients say when they know no name.
                let is_named = !matches!(user, "" | "username");
                let author = if is_named { format!("{user}@{JUPYTER}") } else { JUPYTER.to_owned() };
                self.fact(Fact::Cell { cell, code, author: author.into(), command: None });
                cell
            }
            CellRef::Strategy => return,
        };
        self.cells.started(cell, Timestamp::now());
        self.fact(Fact::CellStarted { cell, execution_count });
    }

    fn cell_finished(&mut self, cell: &CellRef, status: CellStatus) {
        let Some(cell) = self.number(cell) else { return };
        let duration_ms = self.cells.duration_ms(cell, Timestamp::now());
        if let Some(content) = self.cells.finished(cell) {
            self.fact(Fact::Output { cell: Some(cell), content });
        }
        self.fact(Fact::CellFinished { cell, status, duration_ms });
        self.effects.push(Effect::RunCells);
    }

    fn kernel_died(&mut self, status: &str, last_output: &str) {
        let was_ready = std::mem::replace(&mut self.kernel_is_ready, false);
        let restarts = self.status.kernel.restarts;
        let ended = Some(format!("Python kernel ended ({status})"));
        self.status.kernel =
            KernelStatus { state: KernelState::Dead, since: Timestamp::now(), pid: None, restarts, ended };
        // A strategy that never started, or stopped by itself, keeps what it says of itself.
        if matches!(self.status.strategy.state, StrategyState::Running | StrategyState::Starting) {
            self.status.strategy.state = StrategyState::Failed;
            self.status.strategy.error = Some(format!("the Python kernel ended ({status})"));
        }
        self.status_changed();
        self.abandon_cells();
        if let Some(stopped) = self.strategy_stopped.take() {
            // Its `on_stop` cannot run any more.
            let _ = stopped.send(());
        }
        if self.is_stopping() {
            return;
        }
        if !was_ready {
            self.report(Progress::Failed {
                message: format!("the Python kernel did not start ({status})"),
                last_output: last_output.to_owned(),
            });
            let hint = (!last_output.is_empty()).then(|| format!("its last output:\n{last_output}"));
            return self.end(format!("the Python kernel did not start ({status})"), hint);
        }
        let text = format!("the Python kernel ended ({status}); engine, orders and positions are untouched");
        self.log(LogLevel::Error, "kernel", text);
        if !last_output.is_empty() {
            self.log(LogLevel::Error, "kernel", format!("its last output:\n{last_output}"));
        }
        let command = match self.on_kernel_loss {
            KernelLoss::Hold => return,
            KernelLoss::Cancel => Command::CancelOrders { instrument: None },
            KernelLoss::Flatten => Command::Flatten,
        };
        let author = Author::from(SESSION);
        self.drafts.push(Draft::Verb(verb(None, &author, &command)));
        self.effects.push(Effect::Verb { command: None, verb: command, author });
    }

    fn take_strategy(&mut self, event: StrategyEvent) {
        match event {
            StrategyEvent::Constructed => {}
            StrategyEvent::Started { callbacks } => {
                self.set_strategy(StrategyState::Running, None);
                let quotes = callbacks.iter().any(|callback| callback == "on_quote");
                self.start_feed(Interests { strategy: true, quotes });
                self.report(Progress::StrategyStarted);
            }
            StrategyEvent::Failed { stage, ename, evalue, traceback } => {
                let error = format!("{ename} in {stage}: {evalue}");
                self.fact(Fact::Error { cell: None, ename, evalue, traceback });
                self.set_strategy(StrategyState::Failed, Some(error.clone()));
                self.start_feed(Interests { strategy: false, quotes: false });
                self.report(Progress::StrategyFailed { error });
            }
            StrategyEvent::CallbackError { callback, ename, evalue, traceback } => {
                self.status.strategy.callback_errors += 1;
                let error = format!("{ename} in {callback}: {evalue}");
                self.fact(Fact::Error { cell: None, ename, evalue, traceback });
                self.set_strategy(self.status.strategy.state, Some(error));
            }
            StrategyEvent::Stopped => {
                self.set_strategy(StrategyState::Stopped, None);
                if let Some(stopped) = self.strategy_stopped.take() {
                    let _ = stopped.send(());
                }
            }
            StrategyEvent::Log { level, text } => self.log(level, STRATEGY, text),
            StrategyEvent::BatchDone { batch } => self.port.done(batch),
            StrategyEvent::Call { call, origin, request } => {
                let author = match origin {
                    CallOrigin::Strategy => Author::from(STRATEGY),
                    CallOrigin::Repl => {
                        self.cells.author_at_kernel().cloned().unwrap_or_else(|| Author::from(JUPYTER))
                    }
                };
                let (engine, kernel) = (self.engine.clone(), self.kernel.clone());
                let instruments = self.status.info.instruments.clone();
                self.tracker.spawn(async move {
                    let answer = crate::strategy::answer(&engine, &instruments, request, author).await;
                    kernel.reply(call, answer);
                });
            }
        }
    }

    fn start_feed(&self, interests: Interests) {
        let engine = self.engine.clone();
        self.tracker.spawn(async move {
            if let Err(error) = engine.start_feed(interests).await {
                tracing::error!(%error, "the feed does not start");
            }
        });
    }

    fn set_strategy(&mut self, state: StrategyState, error: Option<String>) {
        self.status.strategy.state = state;
        self.status.strategy.error = error;
        self.status_changed();
    }
}

/// Returns the beginning of a verb.
fn verb(command: Option<CommandId>, author: &Author, verb: &Command) -> VerbProgress {
    VerbProgress {
        command,
        author: author.clone(),
        verb: verb.verb().to_owned(),
        target: verb.target(),
        outcome: VerbOutcome::Started,
        text: String::new(),
    }
}
