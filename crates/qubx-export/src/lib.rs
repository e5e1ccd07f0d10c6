//! A session for other programs: its history as a Jupyter notebook, as tables for spreadsheets, as the text of its log; its
//! entries and its state as JSON.
//!
//! It is pure: events go in one by one, oldest first, and pieces of text come out whose concatenation is the file. So a
//! history of any length needs little memory, and whoever serves it (a command, a gateway) decides where the pieces go.
//! What others wrote, in cells, log lines and names, is made harmless for what will read it: a renderer of Markdown, a
//! spreadsheet, a pager.

#![forbid(unsafe_code)]

mod csv;
mod entry;
mod log;
mod notebook;
mod status;
mod tables;
mod text;

pub use entry::CellEnds;
pub use log::LogLine;
pub use notebook::Notebook;
pub use status::status_object;
pub use tables::{Table, Tables};
