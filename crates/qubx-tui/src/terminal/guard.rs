//! The guard of a screen: a process that gives the terminal back when the screen's own was killed and could not.
//!
//! It is this program, started once more after the first drawing, so it costs the start nothing. It reads a pipe whose
//! end means that the screen is gone; the last byte before that says whether the terminal was taken then. It leads a
//! session of its own, so what is sent to the screen's group does not reach it.

use std::ffi::OsStr;
use std::io::{self, PipeWriter, Read, Write, pipe, stdin, stdout};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use super::mode::Mode;
use super::sequences::LEAVE;
use crate::pictures::FORGET_ALL;

/// The name under which this program is the guard. No command line gives a program this name by chance.
const NAME: &str = "qubx-screen-guard";
/// The program that this process runs, even if its file was replaced or removed meanwhile.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// The word that says that the terminal may keep pictures.
const PICTURES: &str = "pictures";

/// Said when the screen has taken the terminal.
const TAKEN: u8 = b't';
/// Said when it has given it back.
const GIVEN_BACK: u8 = b'g';

/// The screen's side of its guard. The guard ends with this.
pub(super) struct Guard(PipeWriter);

impl Guard {
    /// Starts a guard for a terminal that was in the mode `before` and is in the mode `taken`, and that may keep `pictures`.
    pub(super) fn start(before: Mode, taken: Mode, pictures: bool) -> io::Result<Self> {
        let (reader, writer) = pipe()?;
        let mut guard = Self(writer);
        guard.taken();
        Command::new(OWN_PROGRAM)
            .arg0(NAME)
            .args([before.to_string(), taken.to_string()])
            .args(pictures.then_some(PICTURES))
            .env_clear()
            // Not in a folder that may be removed while the screen is open.
            .current_dir("/")
            .stdin(reader)
            .stdout(Stdio::inherit())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(guard)
    }

    pub(super) fn taken(&mut self) {
        self.say(TAKEN);
    }

    pub(super) fn given_back(&mut self) {
        self.say(GIVEN_BACK);
    }

    fn say(&mut self, byte: u8) {
        // A guard that was killed is nobody's loss as long as the screen lives.
        let _ = self.0.write_all(&[byte]);
    }
}

/// Guards a screen if this process was started for that, and tells whether it was. A program that opens screens calls
/// this before anything else, and ends when it is true.
#[must_use]
pub fn was_a_guard() -> bool {
    let mut words = std::env::args_os();
    if words.next().as_deref() != Some(OsStr::new(NAME)) {
        return false;
    }
    let mut mode = || words.next()?.to_str()?.parse().ok();
    if let (Some(before), Some(taken)) = (mode(), mode()) {
        watch(before, taken, words.next().as_deref() == Some(OsStr::new(PICTURES)));
    }
    true
}

/// Waits for the end of the screen and does what it has left undone. Nobody is there to read an error.
fn watch(before: Mode, taken: Mode, pictures: bool) {
    let _ = rustix::process::setsid();
    let mut said = GIVEN_BACK;
    let mut bytes = [0; 64];
    let mut screen = stdin().lock();
    loop {
        match screen.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => said = bytes[count - 1],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    if said != TAKEN {
        return;
    }
    let terminal = rustix::stdio::stdout();
    // A shell that was quicker has set a mode of its own, for its prompt.
    if Mode::of(terminal).is_ok_and(|mode| mode == taken) {
        let _ = before.put(terminal);
    }
    let mut terminal = stdout().lock();
    if pictures {
        let _ = terminal.write_all(FORGET_ALL);
    }
    let _ = terminal.write_all(LEAVE).and_then(|()| terminal.flush());
}
