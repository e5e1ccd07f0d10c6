//! Data on standard output, and messages on standard error.
//!
//! Neither ends a command: a reader that has enough, like `head`, must not leave half of what was asked for undone, and
//! nobody who reads the messages of an owner may end its session by leaving. Only the exit code tells that standard
//! output could not be written.
//!
//! Errors, names and lines of a log are others' words and may be meant to command a terminal, so text is sanitised here,
//! also on its way to a pipe or a file, which is shown on a terminal later; ends of lines and tabs stay. What passes by
//! is only what a program asked for as it is: a cell's output that `exec` gives to a pipe, what pip says in `setup`, and
//! completions.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use qubx_tui::printable_message;

/// Prints to standard output.
macro_rules! out {
    ($($argument:tt)*) => { $crate::out::write(format_args!($($argument)*)) };
}

/// Prints a line to standard output.
macro_rules! outln {
    ($($argument:tt)*) => { $crate::out::write(format_args!("{}\n", format_args!($($argument)*))) };
}

/// Says a line on standard error, if that can be written.
macro_rules! say {
    ($($argument:tt)*) => { $crate::out::tell(format_args!($($argument)*)) };
}

pub(crate) use {out, outln, say};

/// Whether standard output takes nothing any more; what is written later goes nowhere.
static CLOSED: AtomicBool = AtomicBool::new(false);
/// Whether it takes nothing for another reason than that its reader left.
static FAILED: AtomicBool = AtomicBool::new(false);

/// Writes to standard output, until that is not possible any more.
pub(crate) fn write(text: Arguments<'_>) {
    if CLOSED.load(Ordering::Relaxed) {
        return;
    }
    if let Err(error) = print(&text.to_string()) {
        CLOSED.store(true, Ordering::Relaxed);
        if error.kind() != ErrorKind::BrokenPipe {
            FAILED.store(true, Ordering::Relaxed);
            say!("error: cannot write to standard output: {error}");
        }
    }
}

/// Writes text to standard output, for what ends when its reader leaves.
pub(crate) fn print(text: &str) -> std::io::Result<()> {
    put("", text)
}

/// Takes a terminal for pictures that are drawn one over another; dropping it shows again what was there before.
pub(crate) struct Pictures(());

impl Pictures {
    /// Takes it: another screen, and no cursor.
    pub(crate) fn begin() -> std::io::Result<Self> {
        put("\x1b[?1049h\x1b[?25l", "")?;
        Ok(Self(()))
    }

    /// Draws lines over those before. Nothing is cleared first, so nothing flickers.
    pub(crate) fn draw(&self, lines: &[String]) -> std::io::Result<()> {
        let lines: Vec<String> = lines.iter().map(|line| printable_message(line)).collect();
        let _ = self;
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(format!("\x1b[H{}\x1b[K\x1b[J", lines.join("\x1b[K\r\n")).as_bytes())?;
        stdout.flush()
    }
}

impl Drop for Pictures {
    fn drop(&mut self) {
        let _ = put("\x1b[?25h\x1b[?1049l", "");
    }
}

/// Writes a line to standard output with a mark of ours before it, in a colour as SGR numbers them.
pub(crate) fn print_marked((colour, mark): (&str, &str), text: &str) -> std::io::Result<()> {
    put(&format!("\x1b[{colour}m{mark}\x1b[0m "), &format!("{text}\n"))
}

fn put(own: &str, text: &str) -> std::io::Result<()> {
    end_progress();
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(format!("{own}{}", printable_message(text)).as_bytes())?;
    stdout.flush()
}

/// Tells whether something is missing on standard output that its reader waited for.
pub(crate) fn has_failed() -> bool {
    FAILED.load(Ordering::Relaxed)
}

/// Writes a line to standard error. `eprintln!` would panic when its reader left or its disk is full.
pub(crate) fn tell(text: Arguments<'_>) {
    put_message("", &format!("{text}\n"), "");
}

/// As [`tell`], with a mark of ours before the text, in a colour as SGR numbers them, and a note of ours dimly behind it.
pub(crate) fn tell_marked((colour, mark): (&str, &str), text: &str, note: &str) {
    put_message(&format!("\x1b[{colour}m{mark}\x1b[0m "), text, &format!(" \x1b[2m{note}\x1b[0m\n"));
}

/// Writes a question to standard error, whose answer is typed behind it.
pub(crate) fn ask(text: &str) {
    put_message("", text, "");
}

/// Whether the terminal's last line tells how far something is.
static PROGRESS: AtomicBool = AtomicBool::new(false);
/// To the beginning of a line, which is then empty.
const CLEAR_LINE: &str = "\r\x1b[K";

/// Writes a line to a terminal on standard error in the place of the one before, until anything else is said.
pub(crate) fn progress(text: &str) {
    put_message(CLEAR_LINE, text, "");
    PROGRESS.store(true, Ordering::Relaxed);
}

/// Removes the line that tells how far something is.
pub(crate) fn end_progress() {
    if PROGRESS.load(Ordering::Relaxed) {
        put_message("", "", "");
    }
}

fn put_message(own: &str, text: &str, end: &str) {
    let before = if PROGRESS.swap(false, Ordering::Relaxed) { CLEAR_LINE } else { "" };
    // In one piece, so that lines of several writers are not mixed.
    let message = format!("{before}{own}{}{end}", printable_message(text));
    let _ = std::io::stderr().lock().write_all(message.as_bytes());
}
