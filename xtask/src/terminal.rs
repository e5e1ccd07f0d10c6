//! A program on a terminal of its own: a pseudo terminal that it draws on, and an emulator that keeps its screen.
//!
//! The program does not get it as its controlling terminal, which would need `unsafe`; it sees a terminal on its
//! three streams, and that is what qubx asks for. No signal comes from here: keys arrive as bytes.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// The bytes read in one go; a whole frame of a large screen fits.
const CHUNK: usize = 64 << 10;
/// How long a program may take to end after it was asked to.
const ENDS_WITHIN: Duration = Duration::from_secs(30);
/// How often the end of a program is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// A program and the screen that it draws.
pub(crate) struct Terminal {
    child: Child,
    master: File,
    emulator: vt100::Parser,
    chunk: Vec<u8>,
    written: usize,
}

impl Terminal {
    /// Starts `command` on a new terminal.
    ///
    /// # Errors
    /// When the system has no terminal left or the program cannot be started.
    pub(crate) fn start(mut command: Command, columns: u16, rows: u16) -> Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).context("opening a pseudo terminal")?;
        grantpt(&master).and_then(|()| unlockpt(&master)).context("preparing a pseudo terminal")?;
        tcsetwinsize(&master, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 })?;
        let program_side = ioctl_tiocgptpeer(&master, flags).context("opening a pseudo terminal")?;
        let child = command
            .env("TERM", "xterm-256color")
            .env("COLORTERM", "truecolor")
            .stdin(program_side.try_clone()?)
            .stdout(program_side.try_clone()?)
            .stderr(program_side)
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().display()))?;
        let emulator = vt100::Parser::new(rows, columns, 0);
        Ok(Self { child, master: master.into(), emulator, chunk: vec![0; CHUNK], written: 0 })
    }

    /// Waits until the screen is as `is_there` wants it, and returns when the last byte needed for that was read.
    ///
    /// # Errors
    /// When that does not happen `within` the time, or the program ends; the error shows the screen.
    pub(crate) fn wait_for(
        &mut self,
        what: &str,
        within: Duration,
        is_there: impl Fn(&vt100::Screen) -> bool,
    ) -> Result<Instant> {
        let deadline = Instant::now() + within;
        let mut read_at = Instant::now();
        while !is_there(self.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("{what}: not seen within {} s on\n{}", within.as_secs(), self.screen().contents());
            }
            let read = self.read(left);
            if let Some(at) = read.with_context(|| format!("{what}: not seen before the end"))? {
                read_at = at;
            }
        }
        Ok(read_at)
    }

    /// Reads what the program draws, for this long.
    ///
    /// # Errors
    /// When the program ends.
    pub(crate) fn watch_for(&mut self, time: Duration) -> Result<()> {
        let deadline = Instant::now() + time;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.read(left)?;
        }
    }

    /// Reads what is there, or what comes within this time, and returns when it was read; none when nothing came.
    fn read(&mut self, within: Duration) -> Result<Option<Instant>> {
        let mut readable = [PollFd::new(&self.master, PollFlags::IN)];
        if poll(&mut readable, Some(&within.try_into()?))? == 0 {
            return Ok(None);
        }
        match self.master.read(&mut self.chunk) {
            Ok(count) if count > 0 => {
                let at = Instant::now();
                self.written += count;
                self.emulator.process(&self.chunk[..count]);
                Ok(Some(at))
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(None),
            // The other side is closed.
            Ok(_) | Err(_) => bail!("the program ended, on\n{}", self.screen().contents()),
        }
    }

    /// Returns the bytes that the program has written, as far as they were read.
    pub(crate) fn written(&self) -> usize {
        self.written
    }

    /// Returns the program's process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Types `keys`.
    ///
    /// # Errors
    /// When the program is gone.
    pub(crate) fn type_keys(&mut self, keys: &str) -> Result<()> {
        self.master.write_all(keys.as_bytes()).context("typing")
    }

    /// Returns the screen as far as it was read.
    pub(crate) fn screen(&self) -> &vt100::Screen {
        self.emulator.screen()
    }

    /// Asks the program to end and waits until it has.
    ///
    /// # Errors
    /// When it does not end in time.
    pub(crate) fn end(mut self) -> Result<()> {
        terminate(&mut self.child)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Both fail when it has ended, which is the usual case.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks `child` to end and waits until it has.
///
/// # Errors
/// When it does not end in time.
pub(crate) fn terminate(child: &mut Child) -> Result<()> {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw)
        && child.try_wait()?.is_none()
    {
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
    }
    wait_for_end(child)
}

/// Waits until `child` has ended.
///
/// # Errors
/// When it does not end in time.
pub(crate) fn wait_for_end(child: &mut Child) -> Result<()> {
    let deadline = Instant::now() + ENDS_WITHIN;
    while child.try_wait()?.is_none() {
        if Instant::now() > deadline {
            bail!("process {} has not ended after {} s", child.id(), ENDS_WITHIN.as_secs());
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(())
}
