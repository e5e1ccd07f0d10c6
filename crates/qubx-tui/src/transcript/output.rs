//! What a cell or the strategy has shown, as a terminal can show it. No I/O.

use std::rc::Rc;

use qubx_protocol::{Author, InputId, OutputContent, StreamName};

use crate::pictures::{Picture, text_of};

/// One thing that was shown, or that stands between such things.
#[derive(Debug)]
pub(super) enum Output {
    Stream {
        stderr: bool,
        text: String,
    },
    Value {
        result: bool,
        text: String,
        /// Its image, if it has one that can be drawn; the text has its name.
        picture: Option<Rc<Picture>>,
        /// The name under which it can be updated.
        display: Option<String>,
    },
    Error {
        name: String,
        value: String,
        traceback: String,
    },
    /// A line that the cell asked for.
    Question {
        input: InputId,
        prompt: String,
        password: bool,
        reply: Reply,
    },
    /// Text that the log does not have.
    Omitted {
        bytes: u64,
        file: Option<String>,
        partial: bool,
    },
    /// Messages that nobody has.
    Lost {
        messages: u64,
    },
}

/// What became of a question.
#[derive(Debug)]
pub(super) enum Reply {
    /// The cell waits.
    Awaited,
    /// Somebody answered; the text of a password is not known.
    Given { author: Author, text: Option<String> },
    /// The cell was interrupted, or ended.
    Never,
}

impl Output {
    /// Returns what `content` shows, with the `picture` of it. To clear is not to show: it has no text.
    pub(super) fn of(content: &OutputContent, picture: Option<Rc<Picture>>) -> Self {
        match content {
            OutputContent::Stream { stream, text } => {
                Output::Stream { stderr: *stream == StreamName::Stderr, text: text.clone() }
            }
            OutputContent::Omitted { bytes, file, partial } => {
                Output::Omitted { bytes: *bytes, file: file.clone(), partial: *partial }
            }
            OutputContent::Lost { messages } => Output::Lost { messages: *messages },
            OutputContent::Data { result, display, .. } => {
                Output::Value { result: *result, text: text_of(content), picture, display: display.clone() }
            }
            OutputContent::Clear { .. } => {
                Output::Value { result: false, text: text_of(content), picture: None, display: None }
            }
        }
    }

    /// Returns the bytes of text that it holds.
    pub(super) fn size(&self) -> usize {
        match self {
            Output::Stream { text, .. } | Output::Value { text, .. } => text.len(),
            Output::Error { value, traceback, .. } => value.len() + traceback.len(),
            Output::Question { prompt, reply, .. } => {
                let given = match reply {
                    Reply::Given { text: Some(text), .. } => text.len(),
                    _ => 0,
                };
                prompt.len() + given
            }
            Output::Omitted { .. } | Output::Lost { .. } => 0,
        }
    }

    /// Returns how many lines it has, about.
    pub(super) fn lines(&self) -> usize {
        match self {
            Output::Stream { text, .. } | Output::Value { text, .. } => text.lines().count(),
            Output::Error { .. } | Output::Question { .. } | Output::Omitted { .. } | Output::Lost { .. } => {
                1
            }
        }
    }

    /// Tells whether any of its texts is as wanted.
    pub(super) fn any_text(&self, is_wanted: &mut impl FnMut(&str) -> bool) -> bool {
        match self {
            Output::Stream { text, .. } | Output::Value { text, .. } => is_wanted(text),
            Output::Error { name, value, traceback } => {
                is_wanted(name) || is_wanted(value) || is_wanted(traceback)
            }
            Output::Question { prompt, .. } => is_wanted(prompt),
            Output::Omitted { .. } | Output::Lost { .. } => false,
        }
    }

    /// Tells whether a cell that clears its output clears this.
    pub(super) fn can_be_cleared(&self) -> bool {
        !matches!(self, Output::Error { .. } | Output::Question { .. })
    }

    /// Tells whether it shows the image of this number.
    pub(super) fn shows(&self, number: u16) -> bool {
        matches!(self, Output::Value { picture: Some(picture), .. } if picture.number == number)
    }

    /// Puts something new in the place of what is shown under a name, and tells whether it is shown here.
    pub(super) fn update(&mut self, name: &str, new: &str, shown: Option<&Rc<Picture>>) -> bool {
        match self {
            Output::Value { text, picture, display: Some(display), .. } if display == name => {
                new.clone_into(text);
                *picture = shown.cloned();
                true
            }
            _ => false,
        }
    }
}
