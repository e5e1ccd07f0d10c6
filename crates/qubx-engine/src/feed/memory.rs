//! Events out of the memory, for benches and tests.

use jiff::Timestamp;

use super::Feed;
use crate::freshness::Silence;
use crate::{DataError, MarketEvent};

/// A feed that gives what an iterator gives, in lockstep with the strategy.
pub(crate) struct MemoryFeed<I> {
    events: I,
    now: Timestamp,
}

impl<I: Iterator<Item = MarketEvent> + Send + 'static> MemoryFeed<I> {
    /// Returns the feed of these events, which are in order.
    pub(crate) fn new(events: impl IntoIterator<IntoIter = I>) -> Self {
        Self { events: events.into_iter(), now: Timestamp::UNIX_EPOCH }
    }
}

impl<I: Iterator<Item = MarketEvent> + Send + 'static> Feed for MemoryFeed<I> {
    async fn next(&mut self, into: &mut Vec<MarketEvent>, limit: usize) -> Result<bool, DataError> {
        let before = into.len();
        into.extend(self.events.by_ref().take(limit));
        if let Some(newest) = into[before..].last() {
            self.now = self.now.max(newest.time);
        }
        Ok(into.len() > before)
    }

    fn now(&mut self) -> Timestamp {
        self.now
    }

    fn silence(&self) -> Silence {
        Silence::Nobody
    }

    fn is_lockstep(&self) -> bool {
        true
    }
}
