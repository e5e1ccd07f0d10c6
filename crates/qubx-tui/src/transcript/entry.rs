//! One entry: a cell with what it printed, or a line of the log, of trading or of a verb.

use std::collections::VecDeque;
use std::rc::Rc;

use jiff::Timestamp;
use qubx_protocol::{Author, CellStatus, InputId, LogLevel, OutputContent, Seq};

use super::filter::Filter;
use super::output::{Output, Reply};
use super::parts::Cache;
use super::viewpoint::View;
use crate::pictures::Picture;

/// A stream's text is cut to pieces of this size, so that more of it lays out one piece and not the whole.
const PIECE_BYTES: usize = 8 << 10;
/// The text of one cell that is kept here; its oldest output is dropped for more.
const CELL_BYTES: usize = 2 << 20;
/// And the pieces, for output that is short and without end.
const CELL_PIECES: usize = 1_000;

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) body: Body,
    /// The event that it begins with.
    pub(super) seq: Seq,
    /// The last event that it has.
    pub(super) last: Seq,
    /// What the entry begins with.
    pub(super) head: Cache,
    /// What the cell printed, in order.
    pub(super) pieces: VecDeque<Piece>,
    /// What the entry ends with: how the cell ended.
    pub(super) tail: Cache,
    /// Whether somebody unfolded it.
    pub(super) open: bool,
    /// Whether each view's filter shows it, with the generation of the filter that said so; zero when none did.
    verdicts: [std::cell::Cell<(u32, bool)>; 2],
    /// The bytes of the pieces.
    output_bytes: usize,
    /// Whether output was dropped for newer output.
    pub(super) cut: bool,
    /// Whether what is shown goes as soon as something new is shown.
    clear_waits: bool,
    /// Whether something here can be updated under a name.
    has_displays: bool,
}

#[derive(Debug)]
pub(super) enum Body {
    Cell(Cell),
    Line(Line),
    /// An exception of the strategy.
    Error {
        time: Timestamp,
        /// A [`Output::Error`].
        output: Output,
    },
    /// What the strategy's threads showed.
    Output {
        time: Timestamp,
        output: Output,
    },
}

#[derive(Debug)]
pub(super) struct Cell {
    pub(super) code: String,
    pub(super) author: Author,
    pub(super) count: Option<u32>,
    pub(super) phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Queued { place: usize },
    Running { since: Timestamp },
    Finished { status: CellStatus, duration_ms: u64 },
}

/// A line that is not a cell's.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) time: Timestamp,
    pub(super) kind: Kind,
    pub(super) tone: Tone,
    pub(super) text: String,
}

/// What a line tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Log(LogLevel),
    Verb,
    Order,
    /// What became of an order that the strategy gave by itself: accepted, changed, or cancelled by whomever.
    QuietOrder,
    Fill,
    Funding,
    Run,
    Results,
    Unknown,
}

impl Kind {
    pub(super) fn label(self) -> &'static str {
        match self {
            Kind::Log(level) => level_word(level),
            Kind::Verb => "VERB",
            Kind::Order | Kind::QuietOrder => "ORDER",
            Kind::Fill => "FILL",
            Kind::Funding => "FUND",
            Kind::Run => "START",
            Kind::Results => "DONE",
            Kind::Unknown => "?",
        }
    }
}

/// Returns the name of a level as a line shows it.
pub(super) fn level_word(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "DEBUG",
        LogLevel::Info => "INFO",
        LogLevel::Warning => "WARN",
        LogLevel::Error => "ERROR",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Quiet,
    Plain,
    Strong,
    Attention,
    Loss,
}

#[derive(Debug)]
pub(super) struct Piece {
    pub(super) output: Output,
    pub(super) cache: Cache,
}

impl Cell {
    pub(super) fn new(code: &str, author: &Author) -> Self {
        Self { code: code.to_owned(), author: author.clone(), count: None, phase: Phase::Queued { place: 1 } }
    }
}

impl Body {
    pub(super) fn size(&self) -> usize {
        match self {
            Body::Cell(cell) => cell.code.len(),
            Body::Line(line) => line.text.len(),
            Body::Output { output, .. } | Body::Error { output, .. } => output.size(),
        }
    }
}

impl Entry {
    pub(super) fn new(seq: Seq, body: Body) -> Self {
        Self {
            has_displays: matches!(
                &body,
                Body::Output { output: Output::Value { display: Some(_), .. }, .. }
            ),
            body,
            seq,
            last: seq,
            head: Cache::default(),
            pieces: VecDeque::new(),
            tail: Cache::default(),
            open: false,
            verdicts: Default::default(),
            output_bytes: 0,
            cut: false,
            clear_waits: false,
        }
    }

    pub(super) fn size(&self) -> usize {
        self.body.size() + self.output_bytes
    }

    /// Returns the level of a line of the log, and that of a quiet order; none for what is always shown.
    pub(super) fn level(&self) -> Option<LogLevel> {
        match &self.body {
            Body::Line(Line { kind: Kind::Log(level), .. }) => Some(*level),
            Body::Line(Line { kind: Kind::QuietOrder, .. }) => Some(LogLevel::Debug),
            Body::Error { .. } => Some(LogLevel::Error),
            _ => None,
        }
    }

    /// Tells whether something went wrong here.
    pub(super) fn is_error(&self) -> bool {
        match &self.body {
            Body::Cell(Cell { phase: Phase::Finished { status, .. }, .. }) => {
                matches!(status, CellStatus::Error | CellStatus::KernelDied)
            }
            Body::Line(line) => line.tone == Tone::Loss,
            Body::Error { .. } => true,
            Body::Cell(_) | Body::Output { .. } => false,
        }
    }

    /// Tells whether the log's panel has it: lines of the log, verbs, runs, and what went wrong without a cell.
    pub(super) fn is_of_the_log(&self) -> bool {
        match &self.body {
            Body::Line(line) => {
                matches!(line.kind, Kind::Log(_) | Kind::Verb | Kind::Run) || line.tone == Tone::Loss
            }
            Body::Error { .. } => true,
            Body::Cell(_) | Body::Output { .. } => false,
        }
    }

    /// Returns who it comes from: the source of a line, the author of a cell.
    pub(super) fn source(&self) -> &str {
        match &self.body {
            Body::Cell(cell) => cell.author.as_str(),
            Body::Line(Line { kind: Kind::Log(_), text, .. }) => {
                text.split_once("  ").map_or("", |(source, _)| source)
            }
            Body::Line(_) => "",
            Body::Error { .. } | Body::Output { .. } => "strategy",
        }
    }

    /// Tells whether any of its texts is as wanted.
    pub(super) fn any_text(&self, mut is_wanted: impl FnMut(&str) -> bool) -> bool {
        let own = match &self.body {
            Body::Cell(cell) => is_wanted(&cell.code) || is_wanted(cell.author.as_str()),
            Body::Line(line) => is_wanted(&line.text) || is_wanted(line.kind.label()),
            Body::Error { output, .. } => output.any_text(&mut is_wanted) || is_wanted("ERROR strategy"),
            Body::Output { output, .. } => output.any_text(&mut is_wanted),
        };
        own || self.pieces.iter().any(|piece| piece.output.any_text(&mut is_wanted))
    }

    /// Tells whether a view's filter shows it. What was found is kept until the filter or the entry changes.
    pub(super) fn passes(&self, view: View, filter: &Filter) -> bool {
        let verdict = &self.verdicts[view as usize];
        match verdict.get() {
            (generation, shown) if generation == filter.generation() => shown,
            _ => {
                let shown = filter.shows(self);
                verdict.set((filter.generation(), shown));
                shown
            }
        }
    }

    /// Forgets what filters said of it.
    pub(super) fn forget_verdicts(&mut self) {
        self.verdicts = Default::default();
    }

    pub(super) fn change_cell(&mut self, change: impl FnOnce(&mut Cell)) {
        if let Body::Cell(cell) = &mut self.body {
            change(cell);
        }
        self.head.clear();
        self.tail.clear();
        // The result's label has the cell's number and its time; a question waits as long as the cell runs.
        for piece in &mut self.pieces {
            if matches!(piece.output, Output::Value { result: true, .. } | Output::Question { .. }) {
                piece.cache.clear();
            }
        }
    }

    /// Shows what the cell printed or showed, or clears what it has shown.
    pub(super) fn show(&mut self, content: &OutputContent, picture: Option<Rc<Picture>>) {
        match content {
            OutputContent::Clear { wait: true } => {
                self.clear_waits = true;
                return;
            }
            OutputContent::Clear { wait: false } => return self.clear(),
            _ if self.clear_waits => self.clear(),
            _ => {}
        }
        match Output::of(content, picture) {
            Output::Stream { stderr, text } => self.push_stream(stderr, text),
            output => self.push(output),
        }
    }

    fn clear(&mut self) {
        self.pieces.retain(|piece| !piece.output.can_be_cleared());
        self.output_bytes = self.pieces.iter().map(|piece| piece.output.size()).sum();
        self.clear_waits = false;
        self.cut = false;
        self.tail.clear();
    }

    fn push_stream(&mut self, stderr: bool, more: String) {
        if let Some(Piece { output: Output::Stream { stderr: same, text }, cache }) = self.pieces.back_mut()
            && *same == stderr
            && !(text.len() > PIECE_BYTES && text.ends_with('\n'))
        {
            text.push_str(&more);
            cache.clear();
            self.output_bytes += more.len();
        } else {
            self.push(Output::Stream { stderr, text: more });
        }
    }

    /// Puts a new text in the place of what is shown under a name.
    pub(super) fn update(&mut self, name: &str, new: &str, picture: Option<&Rc<Picture>>) {
        if !self.has_displays {
            return;
        }
        if let Body::Output { output, .. } = &mut self.body
            && output.update(name, new, picture)
        {
            self.head.clear();
        }
        for piece in &mut self.pieces {
            let before = piece.output.size();
            if piece.output.update(name, new, picture) {
                piece.cache.clear();
                self.output_bytes = self.output_bytes - before + piece.output.size();
            }
        }
    }

    /// Lays out anew what shows an image that is not drawn any more.
    pub(super) fn forget_picture(&mut self, number: u16) {
        if matches!(&self.body, Body::Output { output, .. } if output.shows(number)) {
            self.head.clear();
        }
        for piece in self.pieces.iter_mut().filter(|piece| piece.output.shows(number)) {
            piece.cache.clear();
        }
    }

    pub(super) fn push_error(&mut self, name: &str, value: &str, traceback: String) {
        self.push(Output::Error { name: name.to_owned(), value: value.to_owned(), traceback });
    }

    /// Shows that the cell asks for a line.
    pub(super) fn ask(&mut self, input: &InputId, prompt: &str, password: bool) {
        let (input, prompt) = (input.clone(), prompt.to_owned());
        self.push(Output::Question { input, prompt, password, reply: Reply::Awaited });
    }

    /// Shows what became of a line that the cell asked for.
    pub(super) fn end_asking(&mut self, ended: &InputId, author: Option<Author>, text: Option<String>) {
        for piece in self.pieces.iter_mut().rev() {
            let before = piece.output.size();
            if let Output::Question { input, reply, .. } = &mut piece.output
                && input == ended
            {
                *reply = author.map_or(Reply::Never, |author| Reply::Given { author, text });
                piece.cache.clear();
                self.output_bytes = self.output_bytes - before + piece.output.size();
                return;
            }
        }
    }

    fn push(&mut self, output: Output) {
        if let Output::Value { display, .. } = &output {
            self.has_displays |= display.is_some();
            self.tail.clear();
        }
        self.output_bytes += output.size();
        self.pieces.push_back(Piece { output, cache: Cache::default() });
        while self.pieces.len() > CELL_PIECES || (self.pieces.len() > 1 && self.output_bytes > CELL_BYTES) {
            let dropped = self.pieces.pop_front().map_or(0, |piece| piece.output.size());
            self.output_bytes -= dropped;
            self.cut = true;
        }
    }
}
