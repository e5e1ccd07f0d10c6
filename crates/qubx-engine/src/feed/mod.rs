//! Feeds: where quotes, trades and bars come from, and what time it is.
//!
//! A file goes through these: `rows`, `record` (with `columns`, `number` and `time`), `source` (with `stand_in`), `merge`,
//! `reader` and `replay`.

mod columns;
mod memory;
mod merge;
mod number;
mod pace;
mod reader;
mod record;
mod replay;
mod rows;
mod sim;
mod source;
mod stand_in;
mod time;
mod walk;

use std::future::Future;

use jiff::Timestamp;
use qubx_protocol::ReplayProgress;

use crate::freshness::Silence;
use crate::{DataError, InstrumentIndex, MarketEvent};

pub(crate) use memory::MemoryFeed;
pub(crate) use replay::ReplayFeed;
pub use replay::check_files;
pub(crate) use sim::SimFeed;
pub use walk::WalkState;

/// A source of what a market says. It owns the engine's clock, because a replay has another one than the wall.
pub(crate) trait Feed: Send + 'static {
    /// Waits until something is due, and appends what comes next: at least one event and at most `limit`, in order. Tells
    /// whether it did; when there will be no more it does not, and is not asked again.
    ///
    /// Dropping the future half-way loses nothing.
    ///
    /// # Errors
    /// The data cannot be used any further. The feed is at its end then.
    fn next(
        &mut self,
        into: &mut Vec<MarketEvent>,
        limit: usize,
    ) -> impl Future<Output = Result<bool, DataError>> + Send;

    /// Returns the engine's time. It never goes back. Of several events that were given at once it is that of the newest:
    /// whoever takes them in one by one counts the time of each, as long as it does not go back.
    fn now(&mut self) -> Timestamp;

    /// Tells whose silence is a fault.
    fn silence(&self) -> Silence {
        Silence::Anybody
    }

    /// Tells whether an instrument will get another quote or trade, so that its silence may be a fault.
    fn has_more(&self, _instrument: InstrumentIndex) -> bool {
        true
    }

    /// Tells whether its events have the time of now by the exchange's clock, and not a recorded one.
    fn is_of_now(&self) -> bool {
        false
    }

    /// Tells whether the market waits for the strategy, so that results do not depend on the machine.
    fn is_lockstep(&self) -> bool {
        false
    }

    /// Tells how many times as fast as its market was it goes.
    fn times(&self) -> u32 {
        1
    }

    /// Tells where each simulated price is; nothing for prices that are not simulated.
    fn simulation(&self) -> Vec<WalkState> {
        Vec::new()
    }

    /// Tells how far a replay is.
    fn progress(&self) -> Option<ReplayProgress> {
        None
    }
}
