//! The life of the Python process: up, not responding, ended, and up again.

use std::time::Instant;

use jiff::Timestamp;
use qubx_engine::EngineSnapshot;
use qubx_kernel::{ConnectionInfo, KernelEvent};
use qubx_protocol::{
    Author, CellNumber, Command, CommandId, Fact, KernelState, KernelStatus, LogLevel, StrategyState,
    VerbOutcome, VerbProgress,
};

use super::causes::random_id;
use super::people::verb;
use super::{Effect, SESSION, Session};
use crate::cells::recent::Recent;
use crate::config::{KernelLoss, Progress};
use crate::python::crash::CrashRecord;
use crate::python::process::AfterEnd;
use crate::session::input::Input;
use crate::store::{CommandAudit, Draft};

/// How a process ended, as the kernel tells it.
struct End {
    status: String,
    last_output: String,
    traceback: String,
}

impl Session {
    pub(super) fn take_kernel(&mut self, event: KernelEvent) {
        match event {
            KernelEvent::Ready { pid, connection, .. } => self.kernel_ready(pid, &connection),
            KernelEvent::Responding(responds) => self.responding(responds),
            KernelEvent::CellStarted { cell, code, user, execution_count } => {
                self.cell_started(cell, code, &user, execution_count);
            }
            KernelEvent::Begins { run, cell, code, user, execution_count, stored } => {
                self.run_begins(run, &cell, &code, &user);
                // What tells Jupyter's clients may be held back by the cell itself, or it came first.
                if stored {
                    self.cell_started(cell, code, &user, execution_count);
                }
            }
            KernelEvent::Ends { run, status } => self.run_ends(run, status),
            KernelEvent::Output { cell, content } => self.output(&cell, content),
            KernelEvent::OutputEnds { number } => {
                if let Some(kernel) = self.python.kernel() {
                    kernel.has_read(number);
                }
            }
            KernelEvent::Lost { messages } => self.lost(messages),
            KernelEvent::InputRequested { cell, prompt, password } => {
                self.input_requested(&cell, prompt, password);
            }
            KernelEvent::InputEnded { cell } => self.input_ended(&cell),
            KernelEvent::Error { cell, ename, evalue, traceback } => {
                self.raised(&cell, ename, evalue, traceback);
            }
            KernelEvent::CellFinished { cell, status } => self.cell_finished(&cell, status),
            KernelEvent::Strategy(event) => self.take_strategy(event),
            KernelEvent::Died { status, last_output, traceback } => {
                self.kernel_died(&End { status, last_output, traceback });
            }
        }
    }

    /// Starts Python, again or for the first time.
    pub(super) fn start_python(&mut self) {
        if self.is_stopping() {
            return self.python.stay_down();
        }
        if let Err(error) = self.python.start() {
            let status = error.to_string();
            return self.kernel_died(&End { status, last_output: String::new(), traceback: String::new() });
        }
        if self.rust.is_none() {
            self.watch.begin(Instant::now());
            self.status.strategy.state = StrategyState::Starting;
            self.status.strategy.error = None;
        }
        self.set_kernel(KernelState::Starting, None);
    }

    fn kernel_ready(&mut self, pid: u32, connection: &ConnectionInfo) {
        match self.publication.publish(connection, pid) {
            Ok(path) => self.status.info.connection_file = path.display().to_string(),
            Err(error) if self.publication.is_there() => {
                // The file of the process before serves as well: ports and key are the same.
                let text = format!("the connection file cannot be written anew: {error}");
                self.log(LogLevel::Warning, "kernel", text);
            }
            Err(error) => {
                let message = format!("the connection file cannot be written: {error}");
                self.report(Progress::Failed { message: message.clone(), last_output: String::new() });
                return self.end(message, None);
            }
        }
        self.kernel_is_ready = true;
        self.python.ready();
        self.status.kernel.pid = Some(pid);
        self.set_kernel(KernelState::Ready, None);
        self.report(Progress::KernelReady { connection_file: self.status.info.connection_file.clone() });
        for asked in std::mem::take(&mut self.restarting) {
            let text = format!("the Python kernel is up again (process {pid})");
            self.drafts.push(Draft::Verb(VerbProgress { outcome: VerbOutcome::Done, text, ..asked }));
        }
        self.begin_strategy();
        self.effects.push(Effect::RunCells);
    }

    /// Asks the engine for the book that the strategy begins with; beside a strategy in Rust, that Python is shown.
    fn begin_strategy(&mut self) {
        if self.rust.is_some() {
            self.start_rust();
            return self.ask_for_book();
        }
        let (engine, inputs) = (self.engine.clone(), self.own_inputs.clone());
        self.tracker.spawn(async move {
            match engine.attach_strategy().await {
                // The session is gone only when everything is.
                Ok(book) => drop(inputs.send(Input::StrategyAttached(Box::new(book))).await),
                Err(error) => tracing::error!(%error, "the strategy cannot begin"),
            }
        });
    }

    /// Starts the strategy with the book, and then gives it what happened since.
    pub(super) fn start_strategy(&mut self, book: &EngineSnapshot) {
        let Some(kernel) = self.python.kernel() else { return };
        kernel.start_strategy(book.time, &book.positions, &book.open_orders());
        if self.port.open(&kernel) {
            self.watch.got_batch(Instant::now(), 0);
        }
    }

    fn responding(&mut self, responds: bool) {
        if !self.kernel_is_ready {
            return;
        }
        let (state, level, text) = if responds {
            (KernelState::Ready, LogLevel::Info, "Python responds again")
        } else {
            let text = "Python does not respond: something holds it in a call that lets nothing else run. \
                        Orders and verbs go on in the engine; an interrupt has no effect until the call returns";
            (KernelState::NotResponding, LogLevel::Warning, text)
        };
        if state != self.status.kernel.state {
            self.set_kernel(state, None);
            self.log(level, "kernel", text.to_owned());
        }
    }

    /// Tells the starter; it listens only until the session is ready, and then this is ignored.
    pub(super) fn report(&self, progress: Progress) {
        let _ = self.progress.try_send(progress);
    }

    fn set_kernel(&mut self, state: KernelState, ended: Option<String>) {
        let pid =
            self.status.kernel.pid.filter(|_| !matches!(state, KernelState::Dead | KernelState::Starting));
        let restarts = self.python.restarts();
        let next_start = self.python.due().map(|due| {
            let pause = due.saturating_duration_since(Instant::now());
            Timestamp::now() + jiff::SignedDuration::try_from(pause).unwrap_or_default()
        });
        self.status.kernel =
            KernelStatus { state, since: Timestamp::now(), pid, restarts, ended, next_start };
        self.status_changed();
    }

    /// Takes the wish for another Python process.
    pub(super) fn ask_for_restart(&mut self, id: CommandId, author: Author) {
        let asked = verb(Some(id), &author, &Command::RestartKernel);
        self.drafts.push(Draft::Verb(asked.clone()));
        if self.status.kernel.state == KernelState::Starting {
            let text = "the Python kernel is starting already".to_owned();
            return self.drafts.push(Draft::Verb(VerbProgress { outcome: VerbOutcome::Done, text, ..asked }));
        }
        self.restarting.push(asked);
        if self.status.kernel.state == KernelState::Dead {
            self.python.start_now(Instant::now());
        } else {
            self.effects.push(Effect::RestartPython);
        }
    }

    fn kernel_died(&mut self, end: &End) {
        self.kernel_is_ready = false;
        self.port.close();
        let asked_for = self.python.end_was_asked_for();
        let after = self.python.ended(Instant::now());
        let record = if asked_for || self.is_stopping() { None } else { Some(self.record_crash(end)) };
        self.strategy_recent = Recent::default();
        self.strategy_lost(&end.status);
        if self.rust.is_none() {
            self.forget_told(&format!("the Python kernel ended ({})", end.status));
        }
        self.set_kernel(KernelState::Dead, Some(end.status.clone()));
        self.abandon_cells();
        if self.rust.is_none() {
            // Its `on_stop` cannot run any more.
            self.release_stop();
        }
        if self.is_stopping() {
            return self.python.stay_down();
        }
        match after {
            AfterEnd::NeverCameUp => return self.never_came_up(end),
            AfterEnd::StaysDown => self.stays_down(),
            AfterEnd::StartsAgain(_) => {}
        }
        let Some(record) = record else { return };
        let next = match after {
            AfterEnd::StartsAgain(pause) => format!("it is started again in {} s", pause.as_secs()),
            _ => {
                let crashes = match self.python.crashes() {
                    1 => "a crash".to_owned(),
                    more => format!("{more} crashes"),
                };
                let name = &self.status.info.name;
                format!(
                    "after {crashes} in ten minutes it stays down; restart it: qubx kernel restart {name}"
                )
            }
        };
        let text = format!(
            "the Python kernel ended ({}); {}; {next}{record}",
            end.status,
            what_becomes_of_the_book(self.on_loss())
        );
        self.log(LogLevel::Error, "kernel", text);
        for part in [&end.traceback, &end.last_output].into_iter().filter(|part| !part.trim().is_empty()) {
            self.log(LogLevel::Error, "kernel", part.trim_end().to_owned());
        }
        self.act_on_loss();
    }

    /// Writes what is known of a crash into a file, and returns a remark that names it.
    fn record_crash(&self, end: &End) -> String {
        let cell = self.cells.at_kernel();
        let source = cell.and_then(|cell| self.source_of(cell));
        let record = CrashRecord {
            time: Timestamp::now(),
            pid: self.status.kernel.pid,
            status: &end.status,
            cell: cell.map(|cell| (cell, source.unwrap_or_default())),
            traceback: &end.traceback,
            cell_output: cell.map_or("", |cell| self.cells.recent(cell)),
            strategy_output: self.strategy_recent.text(),
            last_output: &end.last_output,
        };
        match tokio::task::block_in_place(|| record.write(&self.session_dir)) {
            Ok(path) => format!("; its record: {}", path.display()),
            Err(error) => format!("; its record cannot be written: {error}"),
        }
    }

    /// Returns the author of a cell that runs, and its code.
    fn source_of(&self, cell: CellNumber) -> Option<(Author, String)> {
        if let Some(ours) = self.cells.ours(cell) {
            return Some((ours.author.clone(), ours.code.clone()));
        }
        // A guest's is in the history alone, as long as it has not shown too much since.
        let history = self.state.history.of(qubx_protocol::HistoryKind::Session).rev();
        history.into_iter().find_map(|event| match &event.fact {
            Fact::Cell { cell: of, code, author, .. } if *of == cell => Some((author.clone(), code.clone())),
            _ => None,
        })
    }

    /// Notes that the strategy has no Python. One that stopped by itself keeps what it says of itself.
    fn strategy_lost(&mut self, status: &str) {
        if let Some(rust) = &mut self.rust {
            return rust.hide();
        }
        if self.status.strategy.state != StrategyState::Stopped {
            self.status.strategy.state = StrategyState::Failed;
            self.status.strategy.error = Some(format!("the Python kernel ended ({status})"));
        }
    }

    /// Python stays down: whoever waits for it is told, and the market goes on without a strategy.
    fn stays_down(&mut self) {
        if self.rust.is_none() {
            self.start_feed(qubx_engine::Interests::NONE);
        }
        for asked in std::mem::take(&mut self.restarting) {
            let text = "the Python kernel did not come up".to_owned();
            self.drafts.push(Draft::Verb(VerbProgress { outcome: VerbOutcome::Failed, text, ..asked }));
        }
    }

    fn never_came_up(&mut self, end: &End) {
        let message = format!("the Python kernel did not start, twice ({})", end.status);
        self.report(Progress::Failed { message: message.clone(), last_output: end.last_output.clone() });
        let hint = (!end.last_output.is_empty()).then(|| format!("its last output:\n{}", end.last_output));
        self.end(message, hint);
    }

    /// Returns what happens to orders and positions when Python ends: nothing while the strategy lives on in Rust.
    fn on_loss(&self) -> KernelLoss {
        if self.rust.is_some() { KernelLoss::Hold } else { self.on_kernel_loss }
    }

    fn act_on_loss(&mut self) {
        let command = match self.on_loss() {
            KernelLoss::Hold => return,
            KernelLoss::Cancel => Command::CancelOrders { instrument: None },
            KernelLoss::Flatten => Command::Flatten,
        };
        let (id, author) = (random_id("session-"), Author::from(SESSION));
        let audit = CommandAudit { id: id.clone(), author: author.clone(), command: command.clone() };
        self.drafts.push(Draft::Command(audit));
        self.drafts.push(Draft::Verb(verb(Some(id.clone()), &author, &command)));
        self.effects.push(Effect::Verb { command: Some(id), verb: command, author });
    }
}

/// Returns what happens to orders and positions when Python ends, in words.
fn what_becomes_of_the_book(on_loss: KernelLoss) -> &'static str {
    match on_loss {
        KernelLoss::Hold => "orders and positions are untouched",
        KernelLoss::Cancel => "open orders are cancelled, positions are untouched (on_kernel_loss)",
        KernelLoss::Flatten => "open orders are cancelled, positions are closed (on_kernel_loss)",
    }
}
