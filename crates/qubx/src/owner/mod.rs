//! The owner of a session, which is the command that starts it: it prepares and launches the service, watches over it, and
//! ends it.

pub(crate) mod backtest;
pub(crate) mod console;
pub(crate) mod foreground;
pub(crate) mod launch;
mod look;
pub(crate) mod page;
mod parties;
pub(crate) mod prepare;
pub(crate) mod printer;
pub(crate) mod ready;
pub(crate) mod signals;
pub(crate) mod steps;
pub(crate) mod supervise;
