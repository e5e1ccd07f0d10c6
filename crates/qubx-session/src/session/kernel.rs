//! What the Python process says: its life, and the cells in it.

use jiff::Timestamp;
use qubx_kernel::{CellRef, ConnectionInfo, KernelEvent};
use qubx_protocol::{
    Author, CellNumber, CellStatus, Command, Fact, KernelState, KernelStatus, LogLevel, StrategyState,
};

use super::people::verb;
use super::{Effect, JUPYTER, SESSION, Session};
use crate::config::{KernelLoss, Progress};
use crate::store::Draft;

impl Session {
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
            KernelEvent::InputRequested { .. }
            | KernelEvent::InputEnded { .. }
            | KernelEvent::Lost { .. }
            | KernelEvent::Responding(_) => {}
            KernelEvent::Strategy(event) => self.take_strategy(event),
            KernelEvent::Died { status, last_output, .. } => self.kernel_died(&status, &last_output),
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
            next_start: None,
        };
        self.status_changed();
        self.report(Progress::KernelReady { connection_file: self.status.info.connection_file.clone() });
        self.kernel.start_strategy(Timestamp::now(), &[], &[]);
        self.effects.push(Effect::RunCells);
    }

    /// Tells the starter; it listens only until the session is ready, and then this is ignored.
    pub(super) fn report(&self, progress: Progress) {
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
        let ended = Some(status.to_owned());
        self.status.kernel = KernelStatus {
            state: KernelState::Dead,
            since: Timestamp::now(),
            pid: None,
            restarts,
            ended,
            next_start: None,
        };
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
}
