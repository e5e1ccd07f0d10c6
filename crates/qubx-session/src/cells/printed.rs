//! What a cell shows, bounded: how much of it goes to the log, and how often. No I/O.
//!
//! A huge output keeps its head and its tail in the log; what is between them is in a file only. What is cleared or
//! updated many times a second, as progress bars are, goes to the log four times a second and in its last state.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use qubx_protocol::{OutputContent, StreamName};

/// The bytes of a cell's output that go to the log as they come. A new screen is sent about as much of all cells
/// together.
const HEAD_BYTES: usize = 4 << 20;
/// The bytes of the end of a cell's output that go to the log when it ends.
const TAIL_BYTES: usize = 256 << 10;
/// The shortest time between two changes of what is shown already.
const CHANGE_EVERY: Duration = Duration::from_millis(250);
/// The bytes that are held back at most until the next change is due.
const HELD_BYTES: usize = 64 << 10;
/// The names under which a cell shows things that are remembered; a cell with more of them is not paced.
const MOST_DISPLAYS: usize = 1_000;

/// What a cell has shown.
#[derive(Debug, Default)]
pub(crate) struct Printed {
    head: usize,
    /// What of the output went to the log, until a file needs it to begin with; none once the file has it.
    beginning: Vec<String>,
    /// The end of what did not fit any more, and the stream it came on.
    tail: Option<(StreamName, String)>,
    left_out: usize,
    overflows: bool,
    cleared_at: Option<Instant>,
    /// What came since a clear that is not due yet, beginning with it.
    held: Vec<OutputContent>,
    updated_at: BTreeMap<String, Instant>,
    /// The newest update of each name that is not due yet.
    updates: BTreeMap<String, OutputContent>,
}

/// Where an output goes.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Shown {
    /// To the log, now.
    pub(crate) log: Vec<OutputContent>,
    /// To the file with the whole output; empty while the log has all of it.
    pub(crate) file: String,
}

impl Printed {
    /// Takes an output and tells where it goes.
    pub(crate) fn take(&mut self, content: OutputContent, now: Instant) -> Shown {
        match content {
            OutputContent::Clear { .. } => {
                if self.cleared_at.is_some_and(|at| now < at + CHANGE_EVERY) {
                    self.held = vec![content];
                    return Shown::default();
                }
                self.clear(now);
                Shown { log: vec![content], file: String::new() }
            }
            OutputContent::Data { display: Some(ref display), update: true, .. } => {
                let display = display.clone();
                let last = self.updated_at.get(&display);
                if last.is_some_and(|at| now < *at + CHANGE_EVERY) {
                    self.updates.insert(display, content);
                    return Shown::default();
                }
                if self.updated_at.len() < MOST_DISPLAYS {
                    self.updated_at.insert(display, now);
                }
                Shown { log: vec![content], file: String::new() }
            }
            OutputContent::Lost { .. } => self.lost(content, now),
            content if self.held.is_empty() => self.bound(content),
            content => {
                self.held.push(content);
                let too_much = self.held.iter().map(size).sum::<usize>() > HELD_BYTES;
                if too_much { self.release(now) } else { Shown::default() }
            }
        }
    }

    /// Returns when [`Printed::flush`] has something to do.
    pub(crate) fn due(&self) -> Option<Instant> {
        let cleared = self.cleared_at.filter(|_| !self.held.is_empty());
        let updated = self.updates.keys().filter_map(|display| self.updated_at.get(display)).min().copied();
        cleared.into_iter().chain(updated).min().map(|at| at + CHANGE_EVERY)
    }

    /// Returns the changes that are due.
    pub(crate) fn flush(&mut self, now: Instant) -> Shown {
        let mut shown = Shown::default();
        if self.cleared_at.is_some_and(|at| now >= at + CHANGE_EVERY) {
            shown = self.release(now);
        }
        for display in self.updates.keys().cloned().collect::<Vec<_>>() {
            if self.updated_at.get(&display).is_none_or(|at| now >= *at + CHANGE_EVERY) {
                shown.log.extend(self.updates.remove(&display));
                self.updated_at.insert(display, now);
            }
        }
        shown
    }

    /// Returns what was held back, as the cell has ended. `file` has its whole output.
    pub(crate) fn finish(mut self, now: Instant, file: Option<String>) -> Shown {
        let mut shown = self.release(now);
        shown.log.extend(std::mem::take(&mut self.updates).into_values());
        if let Some((stream, tail)) = self.tail.take() {
            let bytes = (self.left_out - tail.len()) as u64;
            // What is a little too much for the head may be in the tail wholly.
            if bytes > 0 {
                shown.log.push(OutputContent::Omitted { bytes, file, partial: false });
            }
            shown.log.push(OutputContent::Stream { stream, text: tail });
        }
        shown
    }

    /// Tells whether the log has not got all of the output.
    pub(crate) fn overflows(&self) -> bool {
        self.overflows
    }

    fn clear(&mut self, now: Instant) {
        let updated_at = std::mem::take(&mut self.updated_at);
        let overflows = self.overflows;
        *self = Self { cleared_at: Some(now), updated_at, overflows, ..Self::default() };
    }

    /// Returns what came since a clear that is not due yet.
    pub(crate) fn release(&mut self, now: Instant) -> Shown {
        let mut shown = Shown::default();
        for content in std::mem::take(&mut self.held) {
            if matches!(content, OutputContent::Clear { .. }) {
                self.clear(now);
                shown.log.push(content);
            } else {
                let bounded = self.bound(content);
                shown.log.extend(bounded.log);
                shown.file += &bounded.file;
            }
        }
        shown
    }

    /// Takes the mark of a loss. It is told at once and is never left out, and stands in the file where the loss was.
    fn lost(&mut self, mark: OutputContent, now: Instant) -> Shown {
        let mut shown = self.release(now);
        let text = text_of(&mark);
        if self.overflows {
            shown.file += &text;
        } else {
            self.beginning.push(text);
        }
        shown.log.push(mark);
        shown
    }

    /// Returns what of an output goes to the log, and what to the file.
    fn bound(&mut self, content: OutputContent) -> Shown {
        let size = size(&content);
        if self.head + size <= HEAD_BYTES && self.left_out == 0 {
            self.head += size;
            let text = text_of(&content);
            let mut file = String::new();
            if self.overflows {
                file = text;
            } else {
                self.beginning.push(text);
            }
            return Shown { log: vec![content], file };
        }
        self.overflows = true;
        // An output may be huge: its text is moved, not copied.
        let (stream, text) = match content {
            OutputContent::Stream { stream, text } => (stream, text),
            content => (StreamName::Stderr, text_of(&content)),
        };
        // From here on everything goes to the tail, so that the order of the lines stays.
        self.left_out += text.len();
        let mut log = Vec::new();
        let mut rest = text.as_str();
        if self.head < HEAD_BYTES {
            // The head is filled up to its bound, so that one huge print shows its beginning.
            let room = floor_char_boundary(&text, HEAD_BYTES - self.head);
            self.head = HEAD_BYTES;
            self.left_out -= room;
            log.push(OutputContent::Stream { stream, text: text[..room].to_owned() });
            rest = &text[room..];
        }
        self.append_tail(stream, rest);
        let file = match std::mem::take(&mut self.beginning) {
            beginning if beginning.is_empty() => text,
            beginning => beginning.concat() + &text,
        };
        Shown { log, file }
    }

    fn append_tail(&mut self, stream: StreamName, text: &str) {
        let (last_stream, tail) = self.tail.get_or_insert((stream, String::new()));
        *last_stream = stream;
        if text.len() > 2 * TAIL_BYTES {
            // Nothing before it, and not all of it, can stay.
            tail.clear();
        }
        let from = ceil_char_boundary(text, text.len().saturating_sub(2 * TAIL_BYTES));
        tail.push_str(&text[from..]);
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
        OutputContent::Data { data, .. } => {
            data.values().map(|value| value.as_str().map_or_else(|| value.to_string().len(), str::len)).sum()
        }
        OutputContent::Clear { .. } | OutputContent::Omitted { .. } | OutputContent::Lost { .. } => 0,
    }
}

/// Returns an output as it stands in a file of text: forms that are no text by their names.
fn text_of(content: &OutputContent) -> String {
    match content {
        OutputContent::Stream { text, .. } => text.clone(),
        OutputContent::Data { data, .. } => match data.get("text/plain").and_then(|text| text.as_str()) {
            Some(text) => format!("{text}\n"),
            None => format!("[{}]\n", data.keys().map(String::as_str).collect::<Vec<_>>().join(", ")),
        },
        OutputContent::Lost { messages } => format!("[{messages} messages of the kernel were lost here]\n"),
        OutputContent::Clear { .. } | OutputContent::Omitted { .. } => String::new(),
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
mod tests;
