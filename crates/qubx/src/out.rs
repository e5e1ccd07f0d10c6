//! Data on standard output, and messages on standard error.
//!
//! Neither ends a command: a reader that has enough, like `head`, must not leave half of what was asked for undone, and
//! nobody who reads the messages of an owner may end its session by leaving. Only the exit code tells that standard
//! output could not be written.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

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
    let mut stdout = std::io::stdout().lock();
    if let Err(error) = stdout.write_fmt(text).and_then(|()| stdout.flush()) {
        CLOSED.store(true, Ordering::Relaxed);
        if error.kind() != ErrorKind::BrokenPipe {
            FAILED.store(true, Ordering::Relaxed);
            say!("error: cannot write to standard output: {error}");
        }
    }
}

/// Tells whether something is missing on standard output that its reader waited for.
pub(crate) fn has_failed() -> bool {
    FAILED.load(Ordering::Relaxed)
}

/// Writes a line to standard error. `eprintln!` would panic when its reader left or its disk is full.
pub(crate) fn tell(text: Arguments<'_>) {
    // In one piece, so that lines of several writers are not mixed.
    let _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}
