//! When the engine tells where it is.
//!
//! Every output carries a checkpoint. While none goes out, one without facts does about once a second, if quotes passed.
//! Such an output waits for nobody: without room the next one tells.

use std::time::Duration;

use tokio::time::Instant;

use super::Task;
use crate::feed::Feed;
use crate::lockstep::Lockstep;
use crate::{At, Checkpoint, EngineOutput};

/// What passes again after a crash, at the most, in the time of the wall.
const INTERVAL: Duration = Duration::from_secs(1);

/// The newest checkpoint that went out.
#[derive(Debug)]
pub(super) struct Told {
    place: u64,
    at: Instant,
}

impl Told {
    /// Notes that a checkpoint of this place goes out now.
    pub(super) fn now(place: u64) -> Self {
        Self { place, at: Instant::now() }
    }

    /// Returns when the next checkpoint is due.
    pub(super) fn due(&self) -> Instant {
        self.at + INTERVAL
    }
}

impl<F: Feed> Task<F> {
    /// Returns what an engine needs to go on from here.
    pub(super) fn checkpoint(&mut self) -> Checkpoint {
        let clock = self.now();
        let is_replayed = self.lockstep.is_some();
        let time = if is_replayed { self.floor.market_time() } else { self.feed.now() };
        Checkpoint {
            place: self.floor.place(),
            time: Some(time),
            clock: (clock > time).then_some(clock),
            timeframes: self.floor.bars.timeframes(),
            simulation: self.feed.simulation(),
            results: self.floor.collected().cloned(),
            ..self.floor.desk.checkpoint(clock)
        }
    }

    /// Tells whether events passed since the newest checkpoint. All else that is in one changes with facts.
    ///
    /// In lockstep facts may wait; then the checkpoint goes out with them. And while the strategy is at work, what it makes
    /// of the events that are applied is not known: a replay that went on behind them would never know.
    pub(super) fn checkpoint_is_stale(&self) -> bool {
        let is_at_work = self.lockstep.as_ref().is_some_and(Lockstep::is_at_work);
        self.told.place != self.floor.place() && self.unsent_since.is_none() && !is_at_work
    }

    /// Hands on where the feed is, for a strategy that is there and keeps what it made of it.
    pub(super) async fn hand_on_checkpoint(&mut self, at: Option<At>) {
        if at.is_some() && self.told.place != self.floor.place() {
            self.output(Vec::new(), None).await;
        }
    }

    /// Tells where the feed is, if that is not known and there is room. At the end of all there is nothing to wait for.
    pub(super) fn tell_checkpoint(&mut self) {
        if self.is_cut_off || self.told.place == self.floor.place() {
            return;
        }
        let checkpoint = self.checkpoint();
        let output = EngineOutput { events: Vec::new(), committed: None, checkpoint };
        let is_told = self.outputs.try_send(output).is_ok();
        let place = if is_told { self.floor.place() } else { self.told.place };
        self.told = Told::now(place);
    }
}
