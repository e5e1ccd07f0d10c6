//! What the tests share: a place with its own home, the program run in it, and the peers that talk to its sessions.
//!
//! Every wait names what it waits for and has a limit. A [`Place`] is left only through [`Place::finish`], which
//! asserts that nothing of its sessions is left.

mod cgroup;
mod disks;
mod faults;
mod guest;
mod listeners;
mod needs;
mod orders;
mod place;
mod processes;
mod program;
mod proxy;
mod pty;
mod raw;
mod recording;
mod screen;
mod script;
mod sql;
mod stand_in;
mod strategies;
mod tap;
mod terminal;
mod user;
mod wall_clock;

use std::time::{Duration, Instant};

pub(crate) use cgroup::MemoryGroup;
pub(crate) use disks::{FailingDisk, SlowDisk, SmallDisk};
pub(crate) use faults::{Chance, assert_kept, check_book, end_by_kill, kill_service, service_of, written};
pub(crate) use guest::Guest;
pub(crate) use listeners::listeners_of;
pub(crate) use needs::{console, data_file, has_module, is_root, program};
pub(crate) use orders::order;
pub(crate) use place::Place;
pub(crate) use processes::{is_alive, leader_of, of as processes_of, send_signal};
pub(crate) use program::{Finished, Running};
pub(crate) use proxy::Proxy;
pub(crate) use pty::Pty;
pub(crate) use raw::{Raw, hello};
pub(crate) use screen::{Screen, text_of};
pub(crate) use script::Given;
pub(crate) use sql::sql;
pub(crate) use stand_in::{LIVE, StandIn};
pub(crate) use strategies::{CROSS, IDLE, KEEPS, STEPS, WITNESS, config};
pub(crate) use tap::Tap;
pub(crate) use terminal::Terminal;
pub(crate) use wall_clock::WallClock;

/// The longest wait for anything. A loaded machine takes a few seconds to start a kernel.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// How long a key that is pressed until something is seen may take to show it, before it is pressed again.
pub(crate) const AGAIN: Duration = Duration::from_millis(500);

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Waits until `probe` finds what is named, at most [`LIMIT`].
pub(crate) async fn wait_for<T>(what: &str, probe: impl AsyncFnMut() -> Option<T>) -> T {
    wait_at_most(LIMIT, what, probe).await
}

/// Waits until `probe` finds what is named.
pub(crate) async fn wait_at_most<T>(
    limit: Duration,
    what: &str,
    mut probe: impl AsyncFnMut() -> Option<T>,
) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(began.elapsed() < limit, "not within {} s: {what}", limit.as_secs_f64());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
