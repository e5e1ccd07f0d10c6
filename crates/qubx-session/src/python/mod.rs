//! Python as the session sees it: its lives, the records of its crashes, and the strategy in it.

pub(crate) mod crash;
pub(crate) mod port;
pub(crate) mod process;
pub(crate) mod restarts;
