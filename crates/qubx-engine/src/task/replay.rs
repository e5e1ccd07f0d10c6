//! A replay in lockstep, as the task drives it.

use super::{FeedPhase, Task};
use crate::feed::Feed;
use crate::lockstep::Lockstep;
use crate::{Interests, StrategyBatch};
use tokio::sync::mpsc::error::TrySendError;

impl<F: Feed> Task<F> {
    /// Tells whether the replay can go on by itself now.
    pub(super) fn replay_may_step(&self) -> bool {
        let Some(lockstep) = &self.lockstep else { return false };
        self.in_flight.is_none() && self.outgoing.is_none() && self.has_step(lockstep)
    }

    /// Tells whether something is left to be done before the end can be told.
    pub(super) fn replay_goes_on(&self) -> bool {
        let Some(lockstep) = &self.lockstep else { return false };
        self.in_flight.is_some() || self.outgoing.is_some() || self.has_step(lockstep)
    }

    fn has_step(&self, lockstep: &Lockstep) -> bool {
        let (feed, last) = self.replay_phase();
        let is_left = last && (lockstep.has_unseen() || lockstep.has_arrivals(&self.floor));
        lockstep.is_busy() || (feed && !lockstep.is_empty()) || is_left
    }

    /// Tells whether the feed goes, and whether it gave all that it has.
    fn replay_phase(&self) -> (bool, bool) {
        let last = matches!(self.feed_phase, FeedPhase::Ending | FeedPhase::Ended);
        (last || self.feed_phase == FeedPhase::Running, last)
    }

    /// Goes on until the strategy has something to see or all is applied that the feed gave.
    pub(super) async fn step_replay(&mut self) {
        let (feed, last) = self.replay_phase();
        let Some(lockstep) = &mut self.lockstep else { return };
        let next = lockstep.next(&mut self.floor, feed, last);
        let (_, is_full) = lockstep.unsent();
        self.view.changed();
        self.facts_wait();
        if let Some((number, inputs)) = next {
            let batch = self.batch(number, inputs);
            self.send_batch(batch);
        }
        if is_full {
            self.flush().await;
        }
        // A feed that is always ready would not let others run on this thread.
        tokio::task::consume_budget().await;
    }

    fn send_batch(&mut self, batch: StrategyBatch) {
        match self.strategy.try_send(batch) {
            Ok(()) => {}
            Err(TrySendError::Full(batch)) => self.outgoing = Some(batch),
            Err(TrySendError::Closed(_)) => self.set_interests(Interests::NONE),
        }
    }

    /// Sends the batch that waits, as its channel has room; or forgets it, as nobody reads it.
    pub(super) fn send_outgoing(&mut self, open: bool) {
        match self.outgoing.take() {
            Some(batch) if open => self.send_batch(batch),
            _ => self.set_interests(Interests::NONE),
        }
    }
}
