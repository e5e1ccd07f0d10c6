//! The cell queue and the bounds of a cell's output. No I/O.
//!
//! One of our cells is at the kernel at a time; the others wait here, where they can still be taken back.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;
use qubx_protocol::{Author, CellNumber, OutputContent, StreamName};

/// A cell that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) cell: CellNumber,
    pub(crate) code: String,
    pub(crate) author: Author,
}

/// The cells that wait, the one that runs, and what each has printed.
#[derive(Debug)]
pub(crate) struct Cells {
    last: CellNumber,
    waiting: VecDeque<Waiting>,
    at_kernel: Option<Waiting>,
    /// The cells of Jupyter guests that run, by the id of the guest's request.
    guests: HashMap<String, CellNumber>,
    started: HashMap<CellNumber, Timestamp>,
    printed: HashMap<CellNumber, Printed>,
}

/// The bytes of a cell's output that go to the log as they come.
const HEAD_BYTES: usize = 512 << 10;
/// The bytes of the end of a cell's output that go to the log when it ends.
const TAIL_BYTES: usize = 64 << 10;

/// What a cell has printed.
#[derive(Debug, Default)]
struct Printed {
    head: usize,
    /// The end of what did not fit any more, and the stream it came on.
    tail: Option<(StreamName, String)>,
    left_out: usize,
}

impl Cells {
    /// Returns an empty queue; the next cell's number follows `last`.
    pub(crate) fn new(last: CellNumber) -> Self {
        Self {
            last,
            waiting: VecDeque::new(),
            at_kernel: None,
            guests: HashMap::new(),
            started: HashMap::new(),
            printed: HashMap::new(),
        }
    }

    fn number(&mut self) -> CellNumber {
        self.last = self.last.next();
        self.last
    }

    /// Queues a cell and returns its number.
    pub(crate) fn submit(&mut self, code: String, author: Author) -> CellNumber {
        let cell = self.number();
        self.waiting.push_back(Waiting { cell, code, author });
        cell
    }

    /// Takes the next cell for the kernel; none while one of ours is there.
    pub(crate) fn next_for_kernel(&mut self) -> Option<Waiting> {
        if self.at_kernel.is_none() {
            self.at_kernel = self.waiting.pop_front();
            return self.at_kernel.clone();
        }
        None
    }

    /// Takes a cell back that waits; tells whether it did.
    pub(crate) fn take_back(&mut self, cell: CellNumber) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|waiting| waiting.cell != cell);
        self.waiting.len() < before
    }

    /// Numbers a guest's cell.
    pub(crate) fn guest_started(&mut self, request: String) -> CellNumber {
        let cell = self.number();
        self.guests.insert(request, cell);
        cell
    }

    /// Returns the number of a guest's cell that runs.
    pub(crate) fn guest(&self, request: &str) -> Option<CellNumber> {
        self.guests.get(request).copied()
    }

    /// Notes when a cell began to run.
    pub(crate) fn started(&mut self, cell: CellNumber, now: Timestamp) {
        self.started.insert(cell, now);
    }

    /// Returns how long a cell has run.
    pub(crate) fn duration_ms(&self, cell: CellNumber, now: Timestamp) -> u64 {
        let milliseconds =
            self.started.get(&cell).map_or(0, |started| now.duration_since(*started).as_millis());
        u64::try_from(milliseconds).unwrap_or(0)
    }

    /// Returns the author of our cell at the kernel.
    pub(crate) fn author_at_kernel(&self) -> Option<&Author> {
        self.at_kernel.as_ref().map(|waiting| &waiting.author)
    }

    /// Returns the cell that the kernel has: ours, or a guest's.
    pub(crate) fn at_kernel(&self) -> Option<CellNumber> {
        self.at_kernel.as_ref().map(|waiting| waiting.cell).or_else(|| self.guests.values().min().copied())
    }

    /// Forgets a cell that ended and returns the end of its output that was held back.
    pub(crate) fn finished(&mut self, cell: CellNumber) -> Option<OutputContent> {
        if self.at_kernel.as_ref().is_some_and(|waiting| waiting.cell == cell) {
            self.at_kernel = None;
        }
        self.guests.retain(|_, guest| *guest != cell);
        self.started.remove(&cell);
        let printed = self.printed.remove(&cell)?;
        let (stream, tail) = printed.tail?;
        let left_out = printed.left_out - tail.len();
        let text = format!("\n[… {left_out} bytes of output are left out here …]\n{tail}");
        Some(OutputContent::Stream { stream, text })
    }

    /// Forgets all cells, as their kernel is gone, and returns them, the running ones first.
    pub(crate) fn abandon(&mut self) -> Vec<CellNumber> {
        let mut cells: Vec<CellNumber> =
            self.at_kernel.take().map(|waiting| waiting.cell).into_iter().collect();
        cells.extend(self.guests.drain().map(|(_, cell)| cell));
        cells.extend(self.waiting.drain(..).map(|waiting| waiting.cell));
        self.started.clear();
        self.printed.clear();
        cells
    }

    /// Returns what of an output goes to the log now. A huge output keeps its head and its tail.
    pub(crate) fn bound(&mut self, cell: CellNumber, content: OutputContent) -> Option<OutputContent> {
        let printed = self.printed.entry(cell).or_default();
        let size = size(&content);
        if printed.head + size <= HEAD_BYTES {
            printed.head += size;
            return Some(content);
        }
        // From here on everything goes to the tail, so that the order of the lines stays.
        printed.left_out += size;
        let (stream, text) = match content {
            OutputContent::Stream { stream, text } => (stream, text),
            OutputContent::Clear { .. } | OutputContent::Omitted { .. } | OutputContent::Lost { .. } => {
                return Some(content);
            }
            OutputContent::Data { data, .. } => {
                let kinds: Vec<&str> = data.keys().map(String::as_str).collect();
                (StreamName::Stderr, format!("[{} of {size} bytes is left out]\n", kinds.join(", ")))
            }
        };
        if printed.head < HEAD_BYTES {
            // The head is filled up to its bound, so that one huge print shows its beginning.
            let room = floor_char_boundary(&text, HEAD_BYTES - printed.head);
            printed.head = HEAD_BYTES;
            printed.left_out = printed.left_out.saturating_sub(room);
            printed.append_tail(stream, &text[room..]);
            return Some(OutputContent::Stream { stream, text: text[..room].to_owned() });
        }
        printed.append_tail(stream, &text);
        None
    }
}

impl Printed {
    fn append_tail(&mut self, stream: StreamName, text: &str) {
        let (last_stream, tail) = self.tail.get_or_insert((stream, String::new()));
        *last_stream = stream;
        tail.push_str(text);
        // The tail may grow to twice its bound before it is cut, so that cutting does not copy at every line.
        if tail.len() > 2 * TAIL_BYTES {
            let cut = ceil_char_boundary(tail, tail.len() - TAIL_BYTES);
            tail.drain(..cut);
        }
    }
}

fn size(content: &OutputContent) -> usize {
    match content {
        OutputContent::Stream { text, .. } => text.len(),
        OutputContent::Clear { .. } | OutputContent::Omitted { .. } | OutputContent::Lost { .. } => 0,
        OutputContent::Data { data, .. } => {
            data.values().map(|value| value.as_str().map_or_else(|| value.to_string().len(), str::len)).sum()
        }
    }
}

fn floor_char_boundary(text: &str, mut index: usize) -> usize {
    index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

fn ceil_char_boundary(text: &str, mut index: usize) -> usize {
    while !text.is_char_boundary(index) {
        index += 1;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> OutputContent {
        OutputContent::Stream { stream: StreamName::Stdout, text: text.to_owned() }
    }

    fn shown(content: Option<OutputContent>) -> String {
        match content {
            Some(OutputContent::Stream { text, .. }) => text,
            _ => String::new(),
        }
    }

    #[test]
    fn one_cell_is_at_the_kernel_and_the_others_can_be_taken_back() {
        let mut cells = Cells::new(CellNumber(7));
        let first = cells.submit("1".to_owned(), "op1".into());
        let second = cells.submit("2".to_owned(), "op2".into());
        let third = cells.submit("3".to_owned(), "op1".into());
        assert_eq!(first, CellNumber(8));
        assert_eq!(cells.next_for_kernel().map(|waiting| waiting.cell), Some(first));
        assert_eq!(cells.next_for_kernel(), None);
        assert!(!cells.take_back(first));
        assert!(cells.take_back(second));
        cells.finished(first);
        assert_eq!(cells.next_for_kernel().map(|waiting| waiting.cell), Some(third));
    }

    #[test]
    fn a_huge_output_keeps_head_and_tail() {
        let mut cells = Cells::new(CellNumber(0));
        let cell = cells.submit(String::new(), "op1".into());
        let mut logged = String::new();
        let mut total = 0;
        for line in 0..200_000 {
            let line = format!("line {line} ä\n");
            total += line.len();
            logged += &shown(cells.bound(cell, text(&line)));
        }
        logged += &shown(cells.finished(cell));
        assert!(logged.starts_with("line 0 ä\nline 1 ä\n"), "{}", &logged[..100]);
        assert!(logged.ends_with("line 199999 ä\n"));
        assert!(logged.len() < HEAD_BYTES + 2 * TAIL_BYTES + 100);
        let (head, rest) = logged.split_once("\n[… ").unwrap();
        let (left_out, tail) = rest.split_once(" bytes of output are left out here …]\n").unwrap();
        assert_eq!(head.len() + left_out.parse::<usize>().unwrap() + tail.len(), total);
    }

    #[test]
    fn a_single_huge_print_shows_its_beginning_and_its_end() {
        let mut cells = Cells::new(CellNumber(0));
        let cell = cells.submit(String::new(), "op1".into());
        let head = shown(cells.bound(cell, text(&("a".to_owned() + &"ä".repeat(3 << 20) + "z"))));
        assert!(head.starts_with("aä") && head.len() <= HEAD_BYTES);
        assert!(shown(cells.finished(cell)).ends_with("äz"));
    }
}
