//! The cells that run: what they show and ask for, their interrupts and their ends.

use std::time::Instant;

use qubx_kernel::CellRef;
use qubx_protocol::{
    Author, CellNumber, CellStatus, Command, CommandId, Fact, KernelState, LogLevel, OutputContent,
    VerbOutcome, VerbProgress,
};

use super::causes::guest;
use super::people::verb;
use super::{Effect, JUPYTER, SESSION, Session};
use crate::cells::interrupts::Step;
use crate::cells::outputs::{Kept, Outputs};
use crate::cells::printed::Shown;
use crate::store::{CellEnd, Draft};

impl Session {
    /// Notes that a cell began to run. It is heard twice, in either order: from Python itself, and as Jupyter's clients hear it.
    pub(super) fn cell_started(
        &mut self,
        cell: CellRef,
        code: String,
        user: &str,
        execution_count: Option<u32>,
    ) {
        let cell = match cell {
            // It may be over already.
            CellRef::Session(cell) if self.cells.ours(cell).is_some() => cell,
            CellRef::Guest(request) => {
                let Some(cell) = self.cells.guest_started(request) else { return };
                self.fact(Fact::Cell { cell, code, author: guest(user), command: None });
                cell
            }
            CellRef::Session(_) | CellRef::Strategy => return,
        };
        if self.cells.started(cell, Instant::now()) {
            self.fact(Fact::CellStarted { cell, execution_count });
        }
    }

    pub(super) fn output(&mut self, cell: &CellRef, content: OutputContent) {
        match self.number(cell) {
            Some(cell) => {
                let shown = self.cells.show(cell, content, Instant::now());
                self.show(cell, shown);
            }
            None => {
                self.strategy_recent.add(&content);
                self.fact(Fact::Output { cell: None, content });
            }
        }
    }

    /// Notes that messages were lost: in the cell that runs, as they were most likely its.
    pub(super) fn lost(&mut self, messages: u64) {
        let mark = OutputContent::Lost { messages };
        match self.cells.at_kernel() {
            Some(cell) => {
                let shown = self.cells.show(cell, mark, Instant::now());
                self.show(cell, shown);
            }
            None => self.fact(Fact::Output { cell: None, content: mark }),
        }
    }

    pub(super) fn show_what_is_due(&mut self, now: Instant) {
        for (cell, shown) in self.cells.flush(now) {
            self.show(cell, shown);
        }
    }

    fn show(&mut self, cell: CellNumber, shown: Shown) {
        if !shown.file.is_empty() {
            // Writing to a file blocks; the other tasks of this thread move to another one meanwhile.
            tokio::task::block_in_place(|| self.outputs.append(cell, &shown.file));
        }
        for content in shown.log {
            self.fact(Fact::Output { cell: Some(cell), content });
        }
    }

    pub(super) fn input_requested(&mut self, cell: &CellRef, prompt: String, password: bool) {
        let Some(cell) = self.number(cell) else { return };
        let input = self.prompts.open(cell, password).input;
        self.fact(Fact::InputRequested { cell, input, prompt, password });
    }

    /// Notes that a cell does not wait any more although nobody here answered: its Jupyter guest did, or it ends.
    pub(super) fn input_ended(&mut self, cell: &CellRef) {
        let Some(number) = self.number(cell) else { return };
        let author = matches!(cell, CellRef::Guest(_)).then(|| Author::from(JUPYTER));
        if let Some(prompt) = self.prompts.close(number) {
            self.fact(Fact::InputEnded { input: prompt.input, author, text: None, command: None });
        }
    }

    pub(super) fn cell_finished(&mut self, cell: &CellRef, status: CellStatus) {
        if let Some(cell) = self.number(cell) {
            self.finish_cell(cell, status);
            self.effects.push(Effect::RunCells);
        }
    }

    fn finish_cell(&mut self, cell: CellNumber, status: CellStatus) {
        self.note_end(cell, status);
        let now = Instant::now();
        let duration_ms = self.cells.duration_ms(cell, now);
        let printed = self.cells.finished(cell);
        let file = printed.overflows().then(|| Outputs::path_of(cell));
        let has_file = file.is_some();
        let mut shown = printed.finish(now, file);
        if has_file {
            self.finish_file(cell, &mut shown);
        }
        self.show(cell, shown);
        if let Some(prompt) = self.prompts.close(cell) {
            self.fact(Fact::InputEnded { input: prompt.input, author: None, text: None, command: None });
        }
        self.fact(Fact::CellFinished { cell, status, duration_ms });
        for verb in self.interrupts.cell_ended(cell, now) {
            self.drafts.push(Draft::Verb(verb));
        }
    }

    /// Writes down how a cell of ours ended.
    fn note_end(&mut self, cell: CellNumber, status: CellStatus) {
        if let Some(ours) = self.cells.ours(cell) {
            let command = ours.command.clone();
            self.drafts.push(Draft::CellEnd(CellEnd { command, status }));
        }
    }

    /// Ends the file with a cell's whole output, and says so when it has not got all of it.
    fn finish_file(&mut self, cell: CellNumber, shown: &mut Shown) {
        let rest = std::mem::take(&mut shown.file);
        let kept = tokio::task::block_in_place(|| {
            self.outputs.append(cell, &rest);
            self.outputs.finish(cell)
        });
        let path = Outputs::path_of(cell);
        let marks = shown.log.iter_mut().filter_map(|content| match content {
            OutputContent::Omitted { file, partial, .. } => Some((file, partial)),
            _ => None,
        });
        match kept {
            Kept::Whole => {}
            Kept::Full => {
                marks.for_each(|(_, partial)| *partial = true);
                let text = format!("cell {cell} wrote more than is kept of a cell; {path} has its beginning");
                self.log(LogLevel::Warning, SESSION, text);
            }
            Kept::Failed(reason) => {
                marks.for_each(|(file, _)| *file = None);
                let text = format!("the whole output of cell {cell} cannot be kept in {path}: {reason}");
                self.log(LogLevel::Warning, SESSION, text);
            }
        }
    }

    /// Ends all cells, as Python is gone. None of them runs again by itself.
    pub(super) fn abandon_cells(&mut self) {
        for cell in self.cells.all() {
            self.finish_cell(cell, CellStatus::KernelDied);
        }
        self.cells.forget_waiting();
        self.abandon_guests();
    }

    pub(super) fn interrupt(&mut self, id: CommandId, author: Author, cell: Option<CellNumber>) {
        let asked = verb(Some(id), &author, &Command::Interrupt { cell });
        let (outcome, text) = match (cell, self.cells.at_kernel()) {
            (Some(cell), _) if self.cells.waits(cell) => {
                self.note_end(cell, CellStatus::Interrupted);
                self.cells.take_back(cell);
                self.fact(Fact::CellFinished { cell, status: CellStatus::Interrupted, duration_ms: 0 });
                (VerbOutcome::Done, format!("cell {cell} was taken out of the queue"))
            }
            (Some(cell), Some(running)) if cell != running => {
                (VerbOutcome::Failed, format!("cell {cell} does not run; cell {running} does"))
            }
            (_, Some(running)) => {
                self.send_interrupt();
                self.interrupts.sent(asked.clone(), running, Instant::now());
                let when = match self.status.kernel.state {
                    KernelState::NotResponding => {
                        "; Python does not respond, so it must wait for a call to return"
                    }
                    _ => "",
                };
                (VerbOutcome::Started, format!("sent to cell {running}{when}"))
            }
            (_, None) => (VerbOutcome::Failed, "no cell runs".to_owned()),
        };
        self.drafts.push(Draft::Verb(VerbProgress { outcome, text, ..asked }));
    }

    pub(super) fn interrupts_due(&mut self, now: Instant) {
        let responds = self.status.kernel.state != KernelState::NotResponding;
        for step in self.interrupts.tick(now, responds) {
            match step {
                Step::Again => self.send_interrupt(),
                Step::Tell(verb) => self.drafts.push(Draft::Verb(verb)),
            }
        }
    }

    fn send_interrupt(&self) {
        if let Some(kernel) = self.python.kernel() {
            kernel.interrupt();
        }
    }

    /// Returns the number of a cell; none for the strategy and for requests of guests that are not cells.
    fn number(&self, cell: &CellRef) -> Option<CellNumber> {
        match cell {
            CellRef::Session(cell) => Some(*cell),
            CellRef::Guest(request) => self.cells.guest(request),
            CellRef::Strategy => None,
        }
    }

    /// Tells the error of a cell, or of the strategy.
    pub(super) fn raised(&mut self, cell: &CellRef, ename: String, evalue: String, traceback: Vec<String>) {
        let cell = self.number(cell);
        if let Some(cell) = cell {
            // What was held back of its output came before.
            self.flush_cell(cell);
        }
        self.fact(Fact::Error { cell, ename, evalue, traceback, market_time: None });
    }

    fn flush_cell(&mut self, cell: CellNumber) {
        let shown = self.cells.release(cell, Instant::now());
        self.show(cell, shown);
    }
}
