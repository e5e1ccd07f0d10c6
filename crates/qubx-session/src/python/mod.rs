//! Python as the session sees it: its lives, and the records of its crashes.

pub(crate) mod crash;
pub(crate) mod process;
pub(crate) mod restarts;
