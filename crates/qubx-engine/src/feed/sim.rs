//! Simulated quotes: a random walk of each instrument, at the pace that is set.
//!
//! Each instrument has a generator of its own, seeded by the seed and its name, so its prices are the same
//! whatever else is simulated beside it. Only the times of the quotes are of the wall; their sequence is not, so the
//! number of quotes given so far tells where every price is. Going there takes the longer the more there were, so
//! a checkpoint tells the state of each walk as well.

use std::collections::HashSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::Quote;
use tokio::time::{Instant, sleep_until};

use super::Feed;
use super::pace::Pace;
use super::walk::{Walk, WalkState};
use crate::{
    Checkpoint, DataError, EngineError, ExchangeConfig, FeedConfig, InstrumentIndex, MarketEvent, Touch,
};

/// Quotes of all simulated instruments.
pub(crate) struct SimFeed {
    walks: Vec<Walk>,
    pace: Pace,
    clock: WallClock,
}

impl SimFeed {
    /// Returns the feed of all instruments of exchanges that simulate.
    pub(crate) fn new(exchanges: &[ExchangeConfig]) -> Self {
        let mut next = 0;
        let walks = exchanges.iter().flat_map(|exchange| {
            let first = next;
            next += exchange.instruments.len() as u32;
            let FeedConfig::Sim { seed, quotes_per_second, clock_offset } = exchange.feed else {
                return Vec::new();
            };
            let count = exchange.instruments.len() as u32;
            let interval = Duration::from_secs(1) / quotes_per_second.get();
            let instruments = exchange.instruments.iter().zip(0..);
            // The instruments take turns within an interval, so that quotes do not come in clumps.
            instruments
                .map(|(instrument, turn)| {
                    Walk::new(
                        InstrumentIndex(first + turn),
                        instrument,
                        seed,
                        quotes_per_second,
                        interval / count.max(1) * turn,
                        clock_offset,
                    )
                })
                .collect()
        });
        Self { walks: walks.collect(), pace: Pace::default(), clock: WallClock::new() }
    }

    /// Goes on behind the quotes that another feed gave, and returns the last of each instrument.
    ///
    /// What comes is what that one would have given, if seed, rate and instruments are what they were. An instrument
    /// that the checkpoint does not know begins anew. A checkpoint that tells only how many quotes were given is gone
    /// to step by step, which takes the longer the more they were.
    ///
    /// # Errors
    /// [`EngineError::Config`] names what of the checkpoint cannot be right.
    pub(crate) fn restore(&mut self, checkpoint: &Checkpoint) -> Result<Vec<Quote>, EngineError> {
        if let Some(time) = checkpoint.time {
            self.clock.go_on(time);
        }
        if checkpoint.simulation.is_empty() {
            let time = checkpoint.time.unwrap_or_else(|| self.now());
            return Ok(self.skip(checkpoint.place, time));
        }
        self.go_on(&checkpoint.simulation).map_err(|problem| {
            EngineError::Config(format!("the checkpoint to go on from cannot be right: {problem}"))
        })?;
        Ok(self.walks.iter().filter_map(|walk| walk.last.clone()).collect())
    }

    /// Takes over where each walk was.
    fn go_on(&mut self, states: &[WalkState]) -> Result<(), String> {
        let mut known = HashSet::new();
        for state in states {
            if !known.insert(&state.instrument) {
                return Err(format!("{} is simulated twice", state.instrument));
            }
            if let Some(walk) = self.walks.iter_mut().find(|walk| walk.instrument == state.instrument) {
                walk.go_on(state)?;
            }
        }
        Ok(())
    }

    /// Goes on behind the first `place` quotes, and returns the last of each instrument, as of `time`.
    fn skip(&mut self, place: u64, time: Timestamp) -> Vec<Quote> {
        let mut last = vec![None; self.walks.len()];
        for _ in 0..place {
            let Some(turn) = self.turn() else { break };
            last[turn] = Some(self.walks[turn].step());
        }
        // The schedule begins with the quote that comes next, not with the ones that were skipped.
        if let Some(passed) = self.next_offset() {
            self.walks.iter_mut().for_each(|walk| walk.offset = walk.offset.saturating_sub(passed));
        }
        let walks = self.walks.iter_mut().zip(last);
        walks.filter_map(|(walk, touch)| Some(walk.quote(touch?, time))).collect()
    }

    /// Returns when the next quote of all comes, from the beginning.
    fn next_offset(&self) -> Option<Duration> {
        self.walks.iter().map(|walk| walk.offset).min()
    }

    /// Returns whose quote comes next; the first of the config when several are due together.
    fn turn(&self) -> Option<usize> {
        let offsets = self.walks.iter().enumerate().map(|(index, walk)| (walk.offset, index));
        offsets.min().map(|(_, index)| index)
    }
}

impl Feed for SimFeed {
    async fn next(&mut self, into: &mut Vec<MarketEvent>, _limit: usize) -> Result<bool, DataError> {
        let Some(turn) = self.turn() else { return Ok(false) };
        sleep_until(self.pace.due(self.walks[turn].offset)).await;
        let time = self.clock.now();
        let walk = &mut self.walks[turn];
        let touch = walk.step();
        let quote = walk.quote(touch, time);
        into.push(MarketEvent::quote(walk.index, quote.time, Touch::from(&quote)));
        Ok(true)
    }

    fn now(&mut self) -> Timestamp {
        self.clock.now()
    }

    fn is_of_now(&self) -> bool {
        true
    }

    fn simulation(&self) -> Vec<WalkState> {
        let next = self.next_offset().unwrap_or_default();
        self.walks.iter().map(|walk| walk.state(next)).collect()
    }
}

/// Wall time that never goes back, also not in the service that goes on with a checkpoint, and that a test can pause: it
/// is carried on by the runtime's clock.
struct WallClock {
    began: Timestamp,
    instant: Instant,
}

impl WallClock {
    /// When the wall is ahead by this much, the machine slept or its clock was set: follow it.
    const BEHIND: SignedDuration = SignedDuration::from_secs(1);

    fn new() -> Self {
        Self { began: Timestamp::now(), instant: Instant::now() }
    }

    /// Goes on with a time that was told before, if the wall is behind it.
    fn go_on(&mut self, told: Timestamp) {
        if told > self.now() {
            *self = Self { began: told, instant: Instant::now() };
        }
    }

    fn now(&mut self) -> Timestamp {
        let carried = self.began.saturating_add(self.instant.elapsed()).unwrap_or(self.began);
        let wall = Timestamp::now();
        if wall.duration_since(carried) > Self::BEHIND {
            *self = Self { began: wall, instant: Instant::now() };
            return wall;
        }
        carried
    }
}

#[cfg(test)]
mod tests;
