//! A screen in a pseudo terminal, with an emulator that keeps what is to be seen of it.
//!
//! The program does not get it as its controlling terminal, so no signal comes from it: [`Pty::resize`] sends its own.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{SpecialCodeIndex, Winsize, tcgetattr, tcsetwinsize};
use tokio::process::{Child, Command};

use super::{AGAIN, LIMIT, Place, send_signal};

/// What stands in the terminal before a program takes it.
pub(crate) const BEFORE: &str = "typed before";

/// A terminal and the program on it.
pub(crate) struct Pty {
    child: Child,
    pid: u32,
    master: File,
    emulator: vt100::Parser,
    /// Held, as a shell does: the terminal outlives the program.
    _shell: OwnedFd,
}

impl Pty {
    /// Starts the program on a new terminal.
    pub(crate) fn open(place: &Place, columns: u16, rows: u16, arguments: &[&str]) -> Self {
        Self::open_with(place, columns, rows, arguments, &[])
    }

    /// Starts the program on a new terminal, with these variables.
    pub(crate) fn open_with(
        place: &Place,
        columns: u16,
        rows: u16,
        arguments: &[&str],
        variables: &[(&str, &OsStr)],
    ) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).unwrap();
        grantpt(&master).and_then(|()| unlockpt(&master)).unwrap();
        set_size(&master, columns, rows);
        let side = ioctl_tiocgptpeer(&master, flags).unwrap();
        let mut command: Command = place.command(arguments);
        place.prepare(&mut command);
        command.env("TERM", "xterm-256color").envs(variables.iter().copied());
        command.stdin(side.try_clone().unwrap()).stdout(side.try_clone().unwrap());
        let child = command.stderr(side.try_clone().unwrap()).spawn().unwrap();
        let pid = child.id().unwrap();
        let mut emulator = vt100::Parser::new(rows, columns, 0);
        emulator.process(BEFORE.as_bytes());
        Self { child, pid, master: File::from(master), emulator, _shell: side }
    }

    /// Returns the modes of the terminal, as its users have set them.
    pub(crate) fn modes(&self) -> impl PartialEq + std::fmt::Debug + use<> {
        let modes = tcgetattr(&self.master).unwrap();
        (
            (modes.input_modes, modes.output_modes, modes.control_modes, modes.local_modes),
            (modes.special_codes[SpecialCodeIndex::VMIN], modes.special_codes[SpecialCodeIndex::VTIME]),
        )
    }

    pub(crate) fn screen(&self) -> &vt100::Screen {
        self.emulator.screen()
    }

    /// Puts an emulator that has seen nothing in the place of this one, and returns what this one shows.
    pub(crate) fn forget(&mut self) -> Vec<String> {
        let (rows, columns) = self.screen().size();
        let seen = self.screen().rows(0, columns).collect();
        self.emulator = vt100::Parser::new(rows, columns, 0);
        seen
    }

    pub(crate) fn types(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    /// Types keys again and again until the terminal shows a text.
    pub(crate) fn presses(&mut self, keys: &str, text: &str) {
        let began = Instant::now();
        while !self.screen().contents().contains(text) {
            assert!(began.elapsed() < LIMIT, "{text}: not seen on\n{}", self.screen().contents());
            self.types(keys);
            let pressed = Instant::now();
            while pressed.elapsed() < AGAIN && !self.screen().contents().contains(text) {
                self.read(Duration::from_millis(20));
            }
        }
    }

    /// Closes the terminal under the program, as a window that is closed does, and waits for the program's end.
    pub(crate) async fn vanishes(self) {
        let Self { mut child, master, _shell: shell, .. } = self;
        drop((master, shell));
        tokio::time::timeout(LIMIT, child.wait()).await.expect("the program ends").unwrap();
    }

    /// Gives the terminal another size, and says so.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        set_size(&self.master, columns, rows);
        // The emulator fails on some sizes that are made smaller. Whoever draws must draw all anew at each size anyway.
        self.emulator = vt100::Parser::new(rows, columns, 0);
        self.signal(Signal::WINCH);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        send_signal(self.pid, signal);
    }

    /// Waits until the terminal is as wanted.
    pub(crate) fn shows(&mut self, what: &str, is_there: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !is_there(self) {
            assert!(began.elapsed() < LIMIT, "{what}: not seen on\n{}", self.screen().contents());
            self.read(Duration::from_millis(20));
        }
    }

    /// Reads what is drawn, for this long.
    pub(crate) fn read(&mut self, time: Duration) {
        let end = Instant::now() + time;
        let mut bytes = [0; 16 << 10];
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let mut readable = [PollFd::new(&self.master, PollFlags::IN)];
            match poll(&mut readable, Some(&left.try_into().unwrap())) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => assert_eq!(error.kind(), ErrorKind::Interrupted),
            }
            match self.master.read(&mut bytes) {
                Ok(count) => self.emulator.process(&bytes[..count]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Interrupted),
            }
        }
    }

    /// Waits until a process guards the screen.
    pub(crate) fn is_guarded(&mut self) {
        let children = format!("/proc/{0}/task/{0}/children", self.pid);
        let name = |pid: &str| std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        self.shows("a guard", |_| {
            let children = std::fs::read_to_string(&children).unwrap_or_default();
            children.split_whitespace().any(|pid| name(pid).starts_with(b"qubx-screen-guard"))
        });
    }

    /// Waits for the program's end and returns its exit code; none when a signal ended it.
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        tokio::time::timeout(LIMIT, self.child.wait()).await.expect("the program ends").unwrap().code()
    }
}

fn set_size(master: impl std::os::fd::AsFd, columns: u16, rows: u16) {
    tcsetwinsize(master, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
}
