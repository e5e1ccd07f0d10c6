//! What comes into the screen and what goes out of it. No I/O.

use std::time::Instant;

use crossterm::event::{KeyEvent, MouseEvent};
use jiff::Timestamp;
use qubx_client::Update;
use qubx_protocol::{Command, CommandId, RequestId, RequestKind};

use crate::Exit;
use crate::layout::Size;
use crate::notify::Call;
use crate::pictures;

/// The time of a message, by both clocks. Deadlines use the first, what is shown the second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// The clock that never jumps.
    pub(crate) instant: Instant,
    /// The time of day.
    pub(crate) wall: Timestamp,
}

/// What comes in.
#[expect(
    clippy::large_enum_variant,
    reason = "moved once and never kept; a box for every update would cost more"
)]
#[derive(Debug)]
pub(crate) enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Text was pasted; it is text and never a key.
    Paste(String),
    /// The terminal has another size.
    Resize(Size),
    /// The terminal has got the focus of its window system, or lost it. Those that do not say so have it.
    Focus(bool),
    /// News from the connection.
    Update(Update),
    /// The connection's task ended.
    ConnectionOver,
    /// An [`Effect::Send`] was done; the command has this id.
    Sent(CommandId, Purpose),
    /// An [`Effect::Ask`] was done; the request has this id.
    Asked(RequestId, Question),
    /// An [`Effect::Edit`] was done: the text that the user's editor left, or for people why there is none.
    Edited(Result<String, String>),
    /// A picture that a drawing lacked was made.
    Made(pictures::Made),
    /// Time went on.
    Tick,
}

/// What the driver does for the screen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Sends a command, and says so with [`Message::Sent`].
    Send(Command, Purpose),
    /// Asks the kernel, and says so with [`Message::Asked`].
    Ask(RequestKind, Question),
    /// Gives the terminal to the user's own editor with this text, and says what came of it with [`Message::Edited`].
    Edit(String),
    /// Tries the lost connection now.
    Reconnect,
    /// Leaves the screen.
    Leave(Exit),
    /// Draws everything anew, also what seems unchanged.
    Redraw,
    /// Gives a text to the clipboard of the terminal's user. It has lines, and else nothing that is not printable.
    Copy(String),
    /// Calls somebody who looks elsewhere.
    Notify(Call),
}

/// What a command is for, so that its result is shown in the right place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A cell: its result is the cell itself.
    Cell,
    /// The answer to a cell that asks: its result is in the cell.
    Answer,
    /// The verb of this name: its progress is shown until dismissed.
    Verb(&'static str),
    /// The end of the session, asked by its owner.
    Stop,
    /// Giving the session up, then leaving.
    Release,
}

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Whether Enter runs the prompt.
    Enter,
    /// How the word at the cursor goes on.
    Completion,
    /// What the thing at the cursor is.
    Signature,
    /// Which older cells have what is looked for.
    Cells,
    /// What was before the oldest entry.
    Older,
    /// What was before the oldest fill.
    Fills,
    /// What the accounts were worth.
    Equity,
    /// The bars of the chart.
    Bars,
    /// The points of the line at this place among those that are known.
    Series(usize),
}
