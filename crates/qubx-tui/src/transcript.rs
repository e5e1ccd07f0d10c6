//! What the session's panel shows: the log's events, put together to entries that a person reads.
//!
//! A cell and everything that it printed is one entry, in the place where it was submitted. Rows are made when
//! an entry is first seen and kept until it or the width changes, so one event never lays out the others anew.

mod entry;
mod rows;
mod scroll;

use std::collections::{HashMap, VecDeque};

use qubx_protocol::{
    Author, CellNumber, Event, Fact, LogLevel, OrderStatus, OutputContent, SessionState, StreamName,
    VerbOutcome,
};

use self::entry::{Body, Cell, Entry, Line, Phase, Tone};
use self::scroll::Anchor;
use crate::format::{self, Sign};
use crate::theme::Theme;

/// Entries kept here; the oldest is dropped for a new one. Three lists of a thousand are what a service sends.
const MOST_ENTRIES: usize = 3_000;
/// Bytes of text kept here, over all entries; the oldest entry is dropped for more.
const MOST_BYTES: usize = 16 << 20;

/// The entries and the place that is looked at.
#[derive(Debug)]
pub(crate) struct Transcript {
    theme: Theme,
    entries: VecDeque<Entry>,
    /// The number of the first entry; each has the next one, so a number stays right when others are dropped.
    first: u64,
    cells: HashMap<CellNumber, u64>,
    bytes: usize,
    warnings: usize,
    last_count: Option<u32>,
    /// Entries before this one are hidden by a cleared view.
    floor: u64,
    /// What is looked at; none follows the end.
    top: Option<Anchor>,
}

impl Transcript {
    /// Returns an empty transcript.
    pub(crate) fn new(theme: Theme) -> Self {
        Self {
            theme,
            entries: VecDeque::new(),
            first: 0,
            cells: HashMap::new(),
            bytes: 0,
            warnings: 0,
            last_count: None,
            floor: 0,
            top: None,
        }
    }

    /// Begins anew with what a snapshot holds.
    pub(crate) fn rebuild(&mut self, state: &SessionState) {
        *self = Self::new(self.theme);
        for event in state.history.all() {
            self.take(event);
        }
        self.place_in_queue(state);
    }

    /// Takes an event in that `state` has applied.
    pub(crate) fn apply(&mut self, event: &Event, state: &SessionState) {
        self.take(event);
        self.place_in_queue(state);
    }

    /// Returns the number of warnings and errors seen in the log.
    pub(crate) fn warnings(&self) -> usize {
        self.warnings
    }

    /// Tells whether anybody has run anything.
    pub(crate) fn has_cells(&self) -> bool {
        !self.cells.is_empty()
    }

    /// Returns the number that the kernel gave to the last cell that ran.
    pub(crate) fn last_count(&self) -> Option<u32> {
        self.last_count
    }

    /// Returns the number that the kernel gave to a cell.
    pub(crate) fn count_of(&self, cell: CellNumber) -> Option<u32> {
        self.cell(cell).and_then(|cell| cell.count)
    }

    /// Returns the code of the cells of one author, oldest first.
    pub(crate) fn code_of<'a>(&'a self, author: &'a Author) -> impl DoubleEndedIterator<Item = &'a str> {
        self.entries.iter().filter_map(move |entry| match &entry.body {
            Body::Cell(cell) if cell.author == *author => Some(cell.code.as_str()),
            _ => None,
        })
    }

    fn take(&mut self, event: &Event) {
        let line = |label, tone, text: String| Body::Line(Line { time: event.time, label, tone, text });
        match &event.fact {
            Fact::Started { epoch, .. } => {
                // A run has a Python of its own, which counts from 1.
                self.last_count = Some(0);
                self.push(line("START", Tone::Quiet, format!("a run begins; account epoch {epoch}")));
            }
            Fact::Cell { cell, code, author, .. } => {
                self.cells.insert(*cell, self.next());
                self.push(Body::Cell(Cell::new(code, author)));
            }
            Fact::CellStarted { cell, execution_count } => {
                self.last_count = execution_count.or(self.last_count);
                self.change_cell(*cell, |cell| {
                    cell.count = *execution_count;
                    cell.phase = Phase::Running;
                });
            }
            Fact::CellFinished { cell, status, duration_ms } => self.change_cell(*cell, |cell| {
                cell.phase = Phase::Finished { status: *status, duration_ms: *duration_ms };
            }),
            Fact::Output { cell: Some(cell), content } => self.output(*cell, content),
            Fact::Output { cell: None, content } => {
                self.push(line("OUT", Tone::Plain, entry::text_of(content)));
            }
            Fact::Error { cell: Some(cell), ename, evalue, traceback } => {
                let traceback = traceback.join("\n");
                self.change_entry(*cell, |entry| entry.push_error(ename, evalue, traceback));
            }
            Fact::Error { cell: None, ename, evalue, traceback } => {
                let text = format!("strategy: {}\n{ename}: {evalue}", traceback.join("\n"));
                self.push(line("ERROR", Tone::Loss, text));
                self.warnings += 1;
            }
            Fact::Log { level, source, text } => {
                let (label, tone) = match level {
                    LogLevel::Debug => ("DEBUG", Tone::Quiet),
                    LogLevel::Info => ("INFO", Tone::Plain),
                    LogLevel::Warning => ("WARN", Tone::Attention),
                    LogLevel::Error => ("ERROR", Tone::Loss),
                };
                self.warnings += usize::from(*level >= LogLevel::Warning);
                self.push(line(label, tone, format!("{source}  {text}")));
            }
            Fact::Order { order, .. } => {
                // Sent, filled in part and filled are told by what follows them.
                let tone = match order.status {
                    OrderStatus::Intended | OrderStatus::PartiallyFilled | OrderStatus::Filled => return,
                    OrderStatus::New | OrderStatus::Cancelled => Tone::Quiet,
                    OrderStatus::Rejected => Tone::Loss,
                };
                let price = order.price.map_or_else(String::new, |price| format!(" @ {}", exact(price.0)));
                let reason = order.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
                let text = format!(
                    "{}  {} {} {}{price}  {}{reason}  ({})",
                    order.instrument.symbol,
                    order.side,
                    order.order_type,
                    exact(order.quantity.0),
                    order.status,
                    order.author
                );
                self.push(line("ORDER", tone, text));
            }
            Fact::Fill { fill, .. } => {
                let text = format!(
                    "{}  {} {} @ {}  ({})",
                    fill.instrument.symbol,
                    fill.side,
                    exact(fill.quantity.0),
                    exact(fill.price.0),
                    fill.author
                );
                self.push(line("FILL", Tone::Strong, text));
            }
            Fact::Verb { verb, .. } => {
                let (outcome, tone) = match verb.outcome {
                    VerbOutcome::Started => ("…", Tone::Attention),
                    VerbOutcome::Done => ("done", Tone::Attention),
                    VerbOutcome::Failed => ("failed", Tone::Loss),
                };
                let words = [verb.verb.as_str(), &verb.target, outcome, &verb.text];
                let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
                self.push(line("VERB", tone, format!("{}  ({})", words.join(" "), verb.author)));
            }
            Fact::Status(_) | Fact::InputRequested { .. } | Fact::InputEnded { .. } => {}
            Fact::Unknown(fields) => {
                let kind = fields.get("kind").and_then(|kind| kind.as_str()).unwrap_or("without a kind");
                self.push(line("?", Tone::Quiet, format!("an event of a newer version: {kind}")));
            }
        }
    }

    fn output(&mut self, cell: CellNumber, content: &OutputContent) {
        self.change_entry(cell, |entry| match content {
            OutputContent::Stream { stream, text } => entry.push_stream(*stream == StreamName::Stderr, text),
            OutputContent::Data { result, .. } => entry.push_value(*result, entry::text_of(content)),
            OutputContent::Clear { .. } | OutputContent::Omitted { .. } | OutputContent::Lost { .. } => {}
        });
    }

    fn push(&mut self, body: Body) {
        self.bytes += body.size();
        self.entries.push_back(Entry::new(body));
        self.trim();
    }

    fn trim(&mut self) {
        while self.entries.len() > MOST_ENTRIES || (self.bytes > MOST_BYTES && self.entries.len() > 1) {
            let dropped = self.entries.pop_front().map_or(0, |entry| entry.size());
            self.bytes = self.bytes.saturating_sub(dropped);
            self.first += 1;
            let first = self.first;
            self.cells.retain(|_, entry| *entry >= first);
        }
    }

    fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    fn entry_mut(&mut self, cell: CellNumber) -> Option<&mut Entry> {
        let place = self.cells.get(&cell)?.checked_sub(self.first)?;
        self.entries.get_mut(usize::try_from(place).ok()?)
    }

    fn cell(&self, cell: CellNumber) -> Option<&Cell> {
        let place = self.cells.get(&cell)?.checked_sub(self.first)?;
        match &self.entries.get(usize::try_from(place).ok()?)?.body {
            Body::Cell(cell) => Some(cell),
            Body::Line(_) => None,
        }
    }

    /// Changes a cell's entry. What belongs to a cell that is no longer kept is not shown.
    fn change_entry(&mut self, cell: CellNumber, change: impl FnOnce(&mut Entry)) {
        let Some(entry) = self.entry_mut(cell) else { return };
        let before = entry.size();
        change(entry);
        let after = entry.size();
        self.bytes = self.bytes - before + after;
        self.trim();
    }

    fn change_cell(&mut self, cell: CellNumber, change: impl FnOnce(&mut Cell)) {
        self.change_entry(cell, |entry| entry.change_cell(change));
    }

    /// Tells the cells that wait which place they have.
    fn place_in_queue(&mut self, state: &SessionState) {
        for (place, waiting) in state.queue.iter().enumerate() {
            let phase = Phase::Queued { place: place + 1 };
            if self.cell(waiting.cell).is_some_and(|cell| cell.phase != phase) {
                self.change_cell(waiting.cell, |cell| cell.phase = phase);
            }
        }
    }
}

fn exact(value: rust_decimal::Decimal) -> String {
    format::number(value, value.scale(), Sign::Minus)
}
