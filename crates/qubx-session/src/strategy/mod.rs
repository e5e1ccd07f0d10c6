//! The strategy as the session sees it: news to it, calls from it, and what it shows of itself.

pub(crate) mod calls;
pub(crate) mod port;
pub(crate) mod published;
pub(crate) mod rust;
pub(crate) mod shown;
pub(crate) mod watch;
