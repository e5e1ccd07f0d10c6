//! The signals that ask an owner to end. From the moment on at which there is something to end, none of them is missed.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// Takes SIGINT and SIGTERM, which would otherwise end this process where it stands.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

/// Which signal came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// SIGINT, from the terminal's key as a rule.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl Signals {
    pub(crate) fn take() -> Result<Self, Failure> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the next one. May be dropped half-way.
    pub(crate) async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Interrupt,
            _ = self.terminate.recv() => Asked::Terminate,
        }
    }
}
