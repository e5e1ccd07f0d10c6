//! One entry: a cell with what it printed, or a line of the log, of trading or of a verb.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use jiff::Timestamp;
use qubx_protocol::{Author, CellStatus, InputId, OutputContent, Seq};
use ratatui::text;

use super::output::{Output, Reply};
use super::rows;
use crate::theme::Theme;

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
    head: Cache,
    /// What the cell printed, in order.
    pieces: VecDeque<Piece>,
    /// What the entry ends with: how the cell ended.
    tail: Cache,
    /// The bytes of the pieces.
    output_bytes: usize,
    /// Whether output was dropped for newer output.
    cut: bool,
    /// Whether what is shown goes as soon as something new is shown.
    clear_waits: bool,
    /// Whether something here can be updated under a name.
    has_displays: bool,
}

#[derive(Debug)]
pub(super) enum Body {
    Cell(Cell),
    Line(Line),
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
    Running,
    Finished { status: CellStatus, duration_ms: u64 },
}

/// A line that is not a cell's.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) time: Timestamp,
    pub(super) label: &'static str,
    pub(super) tone: Tone,
    pub(super) text: String,
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
struct Piece {
    output: Output,
    cache: Cache,
}

/// Rows of one width, kept until what they show changes.
#[derive(Debug, Default)]
struct Cache(RefCell<Option<(usize, Rows)>>);

pub(super) type Rows = Rc<Vec<text::Line<'static>>>;

impl Cache {
    fn get(&self, columns: usize, make: impl FnOnce() -> Vec<text::Line<'static>>) -> Rows {
        let mut cached = self.0.borrow_mut();
        match &*cached {
            Some((width, rows)) if *width == columns => Rc::clone(rows),
            _ => {
                let rows = Rc::new(make());
                *cached = Some((columns, Rc::clone(&rows)));
                rows
            }
        }
    }

    fn clear(&mut self) {
        *self.0.get_mut() = None;
    }
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
            Body::Output { output, .. } => output.size(),
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
            output_bytes: 0,
            cut: false,
            clear_waits: false,
        }
    }

    pub(super) fn size(&self) -> usize {
        self.body.size() + self.output_bytes
    }

    /// Forgets how everything looks.
    pub(super) fn forget_rows(&mut self) {
        self.head.clear();
        self.tail.clear();
        for piece in &mut self.pieces {
            piece.cache.clear();
        }
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
    pub(super) fn show(&mut self, content: &OutputContent) {
        match content {
            OutputContent::Clear { wait: true } => {
                self.clear_waits = true;
                return;
            }
            OutputContent::Clear { wait: false } => return self.clear(),
            _ if self.clear_waits => self.clear(),
            _ => {}
        }
        match Output::of(content) {
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
    pub(super) fn update(&mut self, name: &str, new: &str) {
        if !self.has_displays {
            return;
        }
        if let Body::Output { output, .. } = &mut self.body
            && output.update(name, new)
        {
            self.head.clear();
        }
        for piece in &mut self.pieces {
            let before = piece.output.size();
            if piece.output.update(name, new) {
                piece.cache.clear();
                self.output_bytes = self.output_bytes - before + piece.output.size();
            }
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

    /// Returns the rows of this entry, part by part.
    pub(super) fn rows(&self, columns: usize, theme: Theme) -> Vec<Rows> {
        let cell = match &self.body {
            Body::Line(line) => return vec![self.head.get(columns, || rows::line(line, columns, theme))],
            Body::Output { time, output } => {
                return vec![self.head.get(columns, || rows::strategy_output(*time, output, columns, theme))];
            }
            Body::Cell(cell) => cell,
        };
        let has_result =
            || self.pieces.iter().any(|piece| matches!(piece.output, Output::Value { result: true, .. }));
        let mut parts = Vec::with_capacity(self.pieces.len() + 3);
        parts.push(self.head.get(columns, || rows::head(cell, columns, theme)));
        if self.cut {
            parts.push(Rc::new(vec![rows::mark(theme)]));
        }
        for piece in &self.pieces {
            parts.push(piece.cache.get(columns, || rows::output(&piece.output, cell, columns, theme)));
        }
        parts.push(self.tail.get(columns, || rows::tail(cell, has_result(), columns, theme)));
        parts
    }

    /// Returns how many rows this entry takes.
    pub(super) fn height(&self, columns: usize, theme: Theme) -> usize {
        self.rows(columns, theme).iter().map(|rows| rows.len()).sum()
    }
}
