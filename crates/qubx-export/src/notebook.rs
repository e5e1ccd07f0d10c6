//! A history as a Jupyter notebook of format 4.5. No I/O.
//!
//! Cells of the session are code cells; everything between them stands in tables of Markdown. A cell stands where it was
//! submitted and waits for its end, and what comes after it waits too, up to a bound: beyond it, what happened while a
//! cell ran stands before that cell.

mod cell;
mod entries;
mod outputs;

use std::collections::VecDeque;

use qubx_protocol::{CellNumber, Event, Fact, InputId, OutputContent, SessionInfo, SessionStatus};
use serde_json::{Value, json};

use cell::Cell;
use entries::Entries;

/// How many rows one table has at most.
const MOST_ROWS: usize = 500;
/// How many tables wait behind a cell that has not ended: some megabytes at most.
const MOST_TABLES: usize = 10;

/// How many things that belong to no cell are shown together.
const MOST_SHOWN: usize = 50;

/// Makes a notebook of events.
#[derive(Debug)]
pub struct Notebook {
    name: String,
    /// What the session is, as it was last told.
    info: Option<SessionInfo>,
    /// How it is, as it was last told.
    status: Option<SessionStatus>,
    /// What is not written yet, oldest first.
    parts: VecDeque<Part>,
    /// How many cells of the notebook were written.
    written: usize,
}

/// One cell of the notebook, or several rows that become one.
#[derive(Debug)]
enum Part {
    /// A cell of the session, or what its strategy showed beside all cells.
    Cell(Box<Cell>),
    Entries(Entries),
}

impl Part {
    /// Tells whether it can still change when others follow.
    fn is_open(&self) -> bool {
        matches!(self, Self::Cell(cell) if !cell.has_ended())
    }

    fn value(&self) -> Value {
        match self {
            Self::Cell(cell) => cell.value(),
            Self::Entries(entries) => entries.value(),
        }
    }
}

impl Notebook {
    /// Begins the notebook of a session.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), info: None, status: None, parts: VecDeque::new(), written: 0 }
    }

    /// Returns the beginning of the file.
    pub fn begin(&mut self) -> String {
        let title = format!(
            "# {}\n\nThe history of a session of qubx. All times are UTC.",
            crate::text::markdown(&self.name)
        );
        let title = json!({
            "cell_type": "markdown", "id": "title", "metadata": {}, "source": outputs::lines(&title),
        });
        format!("{{\"cells\": [\n{}", self.piece(&title))
    }

    /// Takes the next event and returns what can be written now.
    pub fn take(&mut self, event: &Event) -> String {
        self.apply(event);
        let mut text = String::new();
        // The last one may get more.
        while self.parts.len() > 1 && self.parts.front().is_some_and(|part| !part.is_open()) {
            text += &self.write(0);
        }
        while self.tables() > MOST_TABLES {
            let oldest = self.parts.iter().position(|part| matches!(part, Part::Entries(_)));
            text += &self.write(oldest.unwrap_or_default());
        }
        text
    }

    /// Returns the end of the file.
    #[must_use]
    pub fn finish(mut self) -> String {
        let mut text = String::new();
        while !self.parts.is_empty() {
            text += &self.write(0);
        }
        let session = self.info.as_ref().map(|info| {
            json!({"strategy": info.strategy, "mode": info.mode, "config": info.config, "version": info.version})
        });
        let metadata = json!({
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
            "qubx": {"name": self.name, "session": session},
        });
        format!(
            "{text}\n],\n\"metadata\": {},\n\"nbformat\": 4,\n\"nbformat_minor\": 5}}\n",
            pretty(&metadata)
        )
    }

    fn tables(&self) -> usize {
        self.parts.iter().filter(|part| matches!(part, Part::Entries(_))).count()
    }

    /// Takes a part out and returns it as text.
    fn write(&mut self, place: usize) -> String {
        let part = self.parts.remove(place);
        part.map(|part| self.piece(&part.value())).unwrap_or_default()
    }

    fn piece(&mut self, cell: &Value) -> String {
        self.written += 1;
        let comma = if self.written > 1 { ",\n" } else { "" };
        format!("{comma}{}", pretty(cell))
    }

    fn apply(&mut self, event: &Event) {
        match &event.fact {
            Fact::Cell { cell, code, author, .. } => {
                let cell = Cell::new(event, Some(*cell), code.clone(), author.clone());
                self.parts.push_back(Part::Cell(Box::new(cell)));
            }
            Fact::CellStarted { cell, execution_count } => {
                if let Some(cell) = self.cell(*cell) {
                    cell.start(*execution_count, event.time);
                }
            }
            Fact::CellFinished { cell, status, duration_ms } => {
                if let Some(cell) = self.cell(*cell) {
                    cell.end(*status, *duration_ms, event.time);
                }
            }
            Fact::Output { cell, content } => self.output(event, *cell, content),
            Fact::Error { cell: Some(number), ename, evalue, traceback, .. } => match self.cell(*number) {
                Some(cell) => cell.outputs.error(ename, evalue, traceback),
                None => self.entry(event),
            },
            Fact::InputRequested { cell, input, prompt, .. } => {
                if let Some(cell) = self.cell(*cell) {
                    cell.ask(input.clone(), prompt.clone());
                }
            }
            Fact::InputEnded { input, author, text, .. } => {
                if let (Some(cell), Some(_)) = (self.asking(input), author) {
                    cell.answer(text.as_deref());
                }
            }
            Fact::Started { .. } => {
                self.cells().for_each(Cell::leave);
                self.entry(event);
            }
            Fact::Status(status) => {
                if self.status.as_ref().is_none_or(|before| entries::state(before) != entries::state(status))
                {
                    self.entry(event);
                }
                self.info = Some(status.info.clone());
                self.status = Some((**status).clone());
            }
            _ => self.entry(event),
        }
    }

    fn output(&mut self, event: &Event, cell: Option<CellNumber>, content: &OutputContent) {
        if let OutputContent::Data { display: Some(display), data, update: true, .. } = content
            && self.cells().any(|cell| cell.outputs.update(display, data))
        {
            return;
        }
        if let Some(cell) = cell.and_then(|number| self.cell(number)) {
            return cell.outputs.take(content);
        }
        // What a cell shows after the next one has begun, and what the strategy shows, belongs to no cell here.
        match content {
            OutputContent::Data { .. } => self.shown(event).outputs.take(content),
            OutputContent::Clear { .. } => {}
            _ => self.entry(event),
        }
    }

    /// Returns the cell without source that has what was shown last beside the session's cells.
    fn shown(&mut self, event: &Event) -> &mut Cell {
        if !matches!(self.parts.back(), Some(Part::Cell(cell)) if cell.is_beside() && cell.outputs.len() < MOST_SHOWN)
        {
            self.parts.push_back(Part::Cell(Box::new(Cell::beside(event))));
        }
        match self.parts.back_mut() {
            Some(Part::Cell(cell)) => cell,
            _ => unreachable!("it was put there two lines above"),
        }
    }

    fn entry(&mut self, event: &Event) {
        let Some(entry) = entries::entry(event) else { return };
        match self.parts.back_mut() {
            Some(Part::Entries(entries)) if entries.len() < MOST_ROWS => entries.push(entry),
            _ => self.parts.push_back(Part::Entries(Entries::new(event.seq, entry))),
        }
    }

    fn cells(&mut self) -> impl Iterator<Item = &mut Cell> {
        self.parts.iter_mut().filter_map(|part| match part {
            Part::Cell(cell) => Some(&mut **cell),
            Part::Entries(_) => None,
        })
    }

    fn cell(&mut self, number: CellNumber) -> Option<&mut Cell> {
        self.cells().find(|cell| cell.number() == Some(number))
    }

    fn asking(&mut self, input: &InputId) -> Option<&mut Cell> {
        self.cells().find(|cell| cell.asks(input))
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("a value has string keys")
}

#[cfg(test)]
mod tests;
