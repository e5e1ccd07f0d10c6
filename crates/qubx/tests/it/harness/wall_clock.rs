//! A wall clock that is set while a session runs, by way of libfaketime. Monotonic clocks go on as they are.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::{Place, needs};

/// The wall clock of the program, and not of its Python, whose `time.sleep` the library breaks. It is right until it is
/// set.
pub(crate) struct WallClock {
    library: PathBuf,
    offset: PathBuf,
    python: PathBuf,
}

impl WallClock {
    /// Makes a clock; none without `faketime`.
    pub(crate) async fn new(place: &Place) -> Option<Self> {
        // The program knows where its library for programs with threads is.
        let mut faketime = Command::new(needs::program("faketime")?);
        let answer = faketime.args(["-m", "-f", "+0", "printenv", "LD_PRELOAD"]).output().await.unwrap();
        let library = String::from_utf8(answer.stdout).unwrap().trim().into();
        let python = place.write(
            "right-python",
            &format!("#!/bin/sh\nexec env -u LD_PRELOAD '{}' \"$@\"\n", place.python.display()),
        );
        std::fs::set_permissions(&python, PermissionsExt::from_mode(0o700)).unwrap();
        let clock = Self { library, offset: place.path("wall-clock"), python };
        clock.set("+0");
        Some(clock)
    }

    /// Has a command of the program, and its services, go by this clock.
    pub(crate) fn rule(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.library).env("FAKETIME_TIMESTAMP_FILE", &self.offset);
        command.env("QUBX_PYTHON", &self.python);
        // The clock is set at once, others are left as they are, and so are the times of files.
        command
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1");
    }

    /// Sets the clock to another difference from the right time, as `-1h` or `+1d`.
    pub(crate) fn set(&self, offset: &str) {
        // A reader sees one or the other.
        let next: &Path = &self.offset.with_extension("next");
        std::fs::write(next, offset).unwrap();
        std::fs::rename(next, &self.offset).unwrap();
    }
}
