//! A session's history as files that other programs read: a Jupyter notebook, tables for spreadsheets, a log as text.
//!
//! It is pure: events go in one by one, oldest first, and pieces of text come out whose concatenation is the file. So a
//! history of any length needs little memory, and whoever serves it (a command, a gateway) decides where the pieces go.
//! What others wrote, in cells, log lines and names, is made harmless for what will read it: a renderer of Markdown, a
//! spreadsheet, a pager.

#![forbid(unsafe_code)]

mod csv;
mod log;
mod notebook;
mod tables;
mod text;

pub use log::LogLine;
pub use notebook::Notebook;
pub use tables::{Table, Tables};
