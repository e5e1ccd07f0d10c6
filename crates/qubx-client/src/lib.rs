//! A screen's connection to a session: connect, resume, reconnect; and the screen's copy of the state.
//!
//! The connection is one task. It resumes from the last event that it handed on, so a screen sees every event
//! once and in order, however often the connection breaks. Commands that were not answered are sent again after
//! a reconnect, with their id and in their order; the service does each id once. A service that crashed may come back for a minute.

#![forbid(unsafe_code)]

mod connection;
mod frame;
mod glance;
mod handle;
mod mirror;
mod talk;
mod unanswered;

pub use glance::{Glance, glances};
pub use handle::{ClientError, ClientHandle, Options, start};
pub use mirror::{Link, Mirror, ServiceFate, Update};
pub use talk::{ANSWER_WITHIN, CommandOutcome, Talk, TalkError, TalkErrorKind};
