//! The text of an entry as it is copied: whole, also where it is folded, and without decoration. No I/O.

use super::Transcript;
use super::entry::{Body, Entry};
use super::output::{Output, Reply};
use super::viewpoint::View;
use crate::format;

/// What is copied of a cell. Of all else it is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Copied {
    /// What it printed, showed and raised.
    Output,
    /// Its code.
    Code,
}

impl Transcript {
    /// Returns the text of the chosen entry; empty when there is none.
    pub(crate) fn copied(&self, view: View, copied: Copied, columns: usize, height: usize) -> String {
        let Some(entry) = self.chosen_entry(view, columns, height) else { return String::new() };
        let line = |time, label: &str, text: &str| {
            format!("{} {label:<5} {text}", format::stamp(time, self.look.today()))
        };
        match (&entry.body, copied) {
            (Body::Cell(cell), Copied::Code) => cell.code.clone(),
            (Body::Cell(_), Copied::Output) => output_of(entry),
            (Body::Line(entry), _) => line(entry.time, entry.kind.label(), &entry.text),
            (Body::Error { time, output }, _) => line(*time, "ERROR", &text_of(output)),
            (Body::Output { output, .. }, _) => text_of(output),
        }
    }
}

fn output_of(entry: &Entry) -> String {
    let mut text = String::new();
    for piece in &entry.pieces {
        let is_stream = matches!(piece.output, Output::Stream { .. });
        // What a stream has not ended goes on in its next piece; a value stands on lines of its own.
        if !is_stream && !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&text_of(&piece.output));
        if !is_stream && !text.ends_with('\n') {
            text.push('\n');
        }
    }
    text
}

fn text_of(output: &Output) -> String {
    match output {
        Output::Stream { text, .. } | Output::Value { text, .. } => text.clone(),
        Output::Error { name, value, traceback } if traceback.is_empty() => format!("{name}: {value}"),
        Output::Error { name, value, traceback } => {
            let headline = format!("{name}: {value}");
            let says_it = traceback.lines().last().is_some_and(|last| last.contains(name.as_str()));
            if says_it { traceback.clone() } else { format!("{traceback}\n{headline}") }
        }
        Output::Question { prompt, password, reply: Reply::Given { text: Some(text), .. }, .. }
            if !password =>
        {
            format!("{prompt}{text}")
        }
        Output::Question { prompt, .. } => prompt.clone(),
        Output::Omitted { .. } | Output::Lost { .. } => String::new(),
    }
}
