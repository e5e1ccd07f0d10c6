//! The steps of something that takes a while, as lines on standard error.

use std::io::IsTerminal;
use std::time::Instant;

use crate::out::{say, tell_marked};

/// Lines with a mark and the time since the beginning.
pub(crate) struct Steps {
    shown: bool,
    began: Instant,
    colour: bool,
}

impl Steps {
    pub(crate) fn new(shown: bool) -> Self {
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { shown, began: Instant::now(), colour }
    }

    pub(crate) fn done(&mut self, step: &str) {
        self.line("✓", "32", step);
    }

    pub(crate) fn failed(&mut self, step: &str) {
        self.line("✗", "31", step);
    }

    fn line(&self, mark: &str, colour: &str, step: &str) {
        if !self.shown {
            return;
        }
        let seconds = self.began.elapsed().as_secs_f64();
        if self.colour {
            tell_marked((colour, mark), step, &format!("{seconds:.1} s"));
        } else {
            say!("{mark} {step} ({seconds:.1} s)");
        }
    }
}
