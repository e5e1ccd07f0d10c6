//! The terminal on standard output, and the memory of how it was before a screen took it.
//!
//! There is one for the whole process, because a panic of any thread must be able to give it back.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ratatui::layout::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::tcgetwinsize;

use super::Taken;
use super::guard::Guard;
use super::mode::Mode;
use super::output::Device;
use super::sequences::{ENTER, LEAVE, MOUSE};
use crate::pictures::{CellPixels, FORGET_ALL};

/// The size of a terminal that does not know its own.
const UNKNOWN_SIZE: Size = Size { width: 80, height: 24 };

/// What a screen holds of the terminal.
static HELD: Mutex<Held> = Mutex::new(Held { before: None, pictures: false, guard: None });

struct Held {
    /// How the terminal was; none while nobody has taken it.
    before: Option<Mode>,
    /// Whether the terminal may keep pictures of ours.
    pictures: bool,
    /// Gives the terminal back when this process cannot.
    guard: Option<Guard>,
}

/// The terminal on standard output.
pub(crate) struct Tty;

impl Device for Tty {
    fn size(&self) -> io::Result<Size> {
        let size = tcgetwinsize(stdout())?;
        if size.ws_col == 0 || size.ws_row == 0 {
            return Ok(UNKNOWN_SIZE);
        }
        Ok(Size { width: size.ws_col, height: size.ws_row })
    }

    fn cell(&self) -> Option<CellPixels> {
        let size = tcgetwinsize(stdout()).ok()?;
        CellPixels::of((size.ws_xpixel, size.ws_ypixel), (size.ws_col, size.ws_row))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        write_all(bytes)
    }
}

/// Takes the terminal with what is wanted of it, or takes it anew when somebody else has changed it meanwhile.
pub(super) fn take(taken: Taken) -> io::Result<()> {
    let mut held = held();
    if held.before.is_none() {
        held.before = Some(Mode::of(stdout())?);
        if let Some(guard) = &mut held.guard {
            guard.taken();
        }
    }
    held.pictures = taken.pictures;
    Mode::put_raw(stdout())?;
    write_all(ENTER)?;
    if taken.mouse { write_all(MOUSE) } else { Ok(()) }
}

/// Puts the terminal back into a mode that somebody who had it meanwhile may have left it without.
pub(super) fn put_back(mode: Mode) {
    let _ = mode.put(stdout());
}

/// Gives the terminal back if it is taken, and returns the mode that it has then. Errors are ignored: it may be gone.
pub(super) fn give_back() -> Option<Mode> {
    let mut held = held();
    let before = held.before.take()?;
    if held.pictures {
        // They belong to the screen that is left.
        let _ = write_all(FORGET_ALL);
    }
    let _ = write_all(LEAVE);
    let _ = before.put(stdout());
    if let Some(guard) = &mut held.guard {
        guard.given_back();
    }
    Some(before)
}

/// Has the terminal given back also when this process is killed. Without that the screen works all the same.
pub(super) fn guard() {
    let mut held = held();
    if let (Some(before), None) = (held.before, &held.guard) {
        let pictures = held.pictures;
        held.guard = Mode::of(stdout()).and_then(|taken| Guard::start(before, taken, pictures)).ok();
    }
}

/// Ends the guard: nothing is taken any more.
pub(super) fn unguard() {
    held().guard = None;
}

/// Tells whether nobody has the other side of the terminal any more.
pub(super) fn is_gone() -> bool {
    let stdout = stdout();
    let mut terminal = [PollFd::new(&stdout, PollFlags::empty())];
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    poll(&mut terminal, Some(&Timespec::default())).is_ok_and(|_| terminal[0].revents().intersects(gone))
}

fn held() -> MutexGuard<'static, Held> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stdout() -> BorrowedFd<'static> {
    rustix::stdio::stdout()
}

/// Writes past the standard library's buffer, which a thread that has panicked may hold.
fn write_all(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(stdout(), bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            // Somebody who shares the terminal has made it answer at once.
            Err(Errno::AGAIN) => {
                poll(&mut [PollFd::new(&stdout(), PollFlags::OUT)], None)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
