//! The terminal screen of a session.
//!
//! Owns the terminal while it runs, and what is private to one screen: scroll, focus, dialogs and typed text.
//! It never owns a fact: everything shown comes from the connection, and every act is a command to the service.
//!
//! `update` turns a message into effects and is pure; `view` draws the state and decides nothing; the driver
//! alone touches the terminal, the connection and the clock.

#![forbid(unsafe_code)]

mod answer;
mod app;
mod candles;
mod clipboard;
mod detail;
mod dialog;
mod driver;
mod editor;
mod equity;
mod facts;
mod fills;
mod form;
mod format;
mod fuzzy;
mod keymap;
mod layout;
mod message;
mod notify;
mod paced;
mod palette;
mod panel;
mod pick;
mod pictures;
mod progress;
mod prompt;
mod python;
mod recall;
mod sanitize;
mod search;
mod series;
mod settings;
mod signals;
mod signature;
mod table;
mod tables;
mod terminal;
mod theme;
mod ticket;
mod transcript;
mod update;
mod view;
mod wrap;

#[cfg(test)]
mod tests;

pub use pick::{Choice, pick};
pub use pictures::Graphics;
pub use sanitize::{is_printable, printable, printable_message};
pub use settings::{Entry, Mistake, ScreenSettings, Value, Written};
pub use terminal::was_a_guard;
pub use theme::Colors;

use jiff::Timestamp;
use qubx_client::{ClientHandle, Update};
use qubx_protocol::{Author, LogId, Role, Seq};
use tokio::sync::mpsc;

/// What a screen must know that the session does not tell it.
#[derive(Clone, Debug)]
pub struct ScreenOptions {
    /// Whether this is the screen of the command that started the session: leaving it may stop the strategy.
    pub owner: bool,
    /// Who this screen is; the identity that the connection was made with.
    pub identity: Author,
    /// What this screen may do, as its connection was made: a viewer watches, a trader has the verbs that trade, an
    /// admin the prompt too. The service holds everyone to it; here it decides what is offered.
    pub role: Role,
    /// Whether colours are left out (`NO_COLOR`, `--no-color`). Bold, dim and reverse stay.
    pub no_color: bool,
    /// How far this user had seen the session when a screen was left last.
    pub seen: Option<Seen>,
    /// Which colours the terminal has.
    pub colors: Colors,
    /// Which graphics it has.
    pub graphics: Graphics,
    /// What the user has set.
    pub settings: ScreenSettings,
    /// What is wrong with the user's settings, each with its place; the screen names it when it opens.
    pub mistakes: Vec<String>,
}

/// How far a user has seen a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The log whose numbers are meant.
    pub log: LogId,
    /// The last event that was there to be seen.
    pub seq: Seq,
    /// When that was.
    pub time: Timestamp,
}

/// How a screen was left, and how far its user has seen the session; none when there was nothing to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// How.
    pub exit: Exit,
    /// How far.
    pub seen: Option<Seen>,
}

/// How a screen was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// An attached screen was left; the session goes on.
    Detached,
    /// The owner asked for the end of the session, and it ended.
    Stopped,
    /// The owner gave the session up; it goes on by itself.
    LeftRunning,
    /// The session ended, or refused this screen; the text says why and is for people.
    Ended(String),
    /// The screen ended by a signal, by the loss of its terminal, or was left while the service did not answer.
    /// What becomes of the session is the service's decision.
    Terminated,
}

/// A screen that cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// The terminal could not be taken, drawn on or read.
    #[error("cannot use the terminal")]
    Terminal(#[from] std::io::Error),
}

/// Takes the terminal, shows the session until it is left or ends, and gives the terminal back.
///
/// The future is not `Send`: run it with `block_on`, not in a spawned task. The connection stays open; closing
/// it is the caller's.
///
/// # Errors
/// When the terminal fails. It is restored all the same.
pub async fn run(
    options: ScreenOptions,
    client: ClientHandle,
    updates: mpsc::Receiver<Update>,
) -> Result<Left, TuiError> {
    driver::run(options, client, updates).await
}
