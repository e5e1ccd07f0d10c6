//! One entry: a cell with what it printed, or a line of the log, of trading or of a verb.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use jiff::Timestamp;
use qubx_protocol::{Author, CellStatus, OutputContent};
use ratatui::text;

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
}

#[derive(Debug)]
pub(super) enum Body {
    Cell(Cell),
    Line(Line),
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

#[derive(Debug)]
pub(super) enum Output {
    Stream { stderr: bool, text: String },
    Value { result: bool, text: String },
    Error { name: String, value: String, traceback: String },
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
        }
    }
}

impl Entry {
    pub(super) fn new(body: Body) -> Self {
        Self {
            body,
            head: Cache::default(),
            pieces: VecDeque::new(),
            tail: Cache::default(),
            output_bytes: 0,
            cut: false,
        }
    }

    pub(super) fn size(&self) -> usize {
        self.body.size() + self.output_bytes
    }

    pub(super) fn change_cell(&mut self, change: impl FnOnce(&mut Cell)) {
        if let Body::Cell(cell) = &mut self.body {
            change(cell);
        }
        self.head.clear();
        self.tail.clear();
        // The result's label has the cell's number and its time.
        for piece in &mut self.pieces {
            if matches!(piece.output, Output::Value { result: true, .. }) {
                piece.cache.clear();
            }
        }
    }

    pub(super) fn push_stream(&mut self, stderr: bool, more: &str) {
        if let Some(Piece { output: Output::Stream { stderr: same, text }, cache }) = self.pieces.back_mut()
            && *same == stderr
            && !(text.len() > PIECE_BYTES && text.ends_with('\n'))
        {
            text.push_str(more);
            cache.clear();
            self.output_bytes += more.len();
        } else {
            self.push(Output::Stream { stderr, text: more.to_owned() });
        }
    }

    pub(super) fn push_value(&mut self, result: bool, text: String) {
        self.push(Output::Value { result, text });
        self.tail.clear();
    }

    pub(super) fn push_error(&mut self, name: &str, value: &str, traceback: String) {
        self.push(Output::Error { name: name.to_owned(), value: value.to_owned(), traceback });
    }

    fn push(&mut self, output: Output) {
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

impl Output {
    fn size(&self) -> usize {
        match self {
            Output::Stream { text, .. } | Output::Value { text, .. } => text.len(),
            Output::Error { value, traceback, .. } => value.len() + traceback.len(),
        }
    }
}

/// Returns what a terminal can show of an output: its plain text, and the names of the forms that it cannot show.
pub(super) fn text_of(content: &OutputContent) -> String {
    let data = match content {
        OutputContent::Stream { text, .. } => return text.clone(),
        OutputContent::Clear { .. } | OutputContent::Omitted { .. } | OutputContent::Lost { .. } => {
            return String::new();
        }
        OutputContent::Data { data, .. } => data,
    };
    let plain = data.get("text/plain").map(|value| match value.as_str() {
        Some(text) => text.to_owned(),
        // Jupyter also allows a list of lines.
        None => value.as_array().into_iter().flatten().filter_map(|line| line.as_str()).collect(),
    });
    let image = data.keys().find(|kind| kind.starts_with("image/"));
    match (plain, image) {
        (Some(text), None) => text,
        (Some(text), Some(image)) => format!("{text} [{image}]"),
        (None, Some(image)) => format!("[{image}]"),
        (None, None) => format!("[{}]", data.keys().map(String::as_str).collect::<Vec<_>>().join(", ")),
    }
}
