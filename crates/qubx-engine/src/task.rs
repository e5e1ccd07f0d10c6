//! The engine task: one loop that owns the floor, the feed and what waits for the strategy.
//!
//! Requests are served between events, and while the strategy works. In lockstep (a replay at full speed)
//! the feed rests while the strategy has something to see, so the result depends on the data alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use qubx_protocol::MarketView;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use self::checkpoint::Told;
use self::realtime::Anchor;
use crate::clocks::Clocks;
use crate::desk::Desk;
use crate::feed::Feed;
use crate::floor::Floor;
use crate::freshness::Freshness;
use crate::handle::Request;
use crate::lockstep::Lockstep;
use crate::queue::StrategyQueue;
use crate::view::ViewPublisher;
use crate::{
    DataError, EngineEvent, EngineOutput, FirstQuotes, Interests, MarketEvent, StrategyBatch, StrategyInput,
};

mod checkpoint;
mod outputs;
mod realtime;
mod replay;
mod serve;
mod start;
mod verbs;

pub use start::{start, start_in_memory};

/// How many events a feed gives at once in lockstep.
const CHUNK: usize = 4_096;

/// Where the feed is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FeedPhase {
    /// Nobody started it.
    Waiting,
    /// It is asked for events.
    Running,
    /// It is at its end, and that is still to be told.
    Ending,
    /// It is at its end.
    Ended,
}

struct Task<F> {
    floor: Floor,
    /// In lockstep.
    lockstep: Option<Lockstep>,
    /// Not in lockstep.
    queue: StrategyQueue,
    feed: F,
    feed_phase: FeedPhase,
    feed_error: Option<DataError>,
    /// What the feed gave and is still to be taken in.
    events: Vec<MarketEvent>,
    anchor: Anchor,
    told: Told,
    /// Since when facts wait to be handed on, in lockstep.
    unsent_since: Option<Instant>,
    /// Whether facts were left out because the engine stops. What is stored ends there: a later fact or checkpoint
    /// would not fit to it.
    is_cut_off: bool,
    /// What became of orders when the book was restored; told first.
    restored: Vec<EngineEvent>,
    /// Fires when the strategy has worked through the batch that it got.
    in_flight: Option<oneshot::Receiver<u32>>,
    /// The batch that the strategy's channel has no room for, in lockstep.
    outgoing: Option<StrategyBatch>,
    requests: mpsc::Receiver<Request>,
    outputs: mpsc::Sender<EngineOutput>,
    strategy: mpsc::Sender<StrategyBatch>,
    backlog: Arc<AtomicU64>,
    view: ViewPublisher,
    freshness: Freshness,
    first_quotes: watch::Sender<FirstQuotes>,
    /// While the feed is of now.
    clocks: Option<Clocks>,
    paused: watch::Sender<bool>,
    cancel: CancellationToken,
}

impl<F: Feed> Task<F> {
    async fn run(mut self) {
        let restored = std::mem::take(&mut self.restored);
        self.tell(restored).await;
        loop {
            if self.feed_phase == FeedPhase::Ending && !self.replay_goes_on() {
                self.finish().await;
            }
            self.backlog.store(self.waiting_inputs() as u64, Ordering::Relaxed);
            let batch_is_due = self.in_flight.is_none() && self.queue.is_due();
            let replay_may_step = self.replay_may_step();
            let feed_may_go = self.feed_may_go();
            let (flush_due, clock_due) = (self.flush_is_due(), self.clock_is_due());
            let limit = if self.lockstep.is_some() { CHUNK } else { 1 };
            // In this order: a feed at full speed is always ready, and must not keep the others waiting.
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => break,
                Some(request) = self.requests.recv() => self.serve(request).await,
                reached = is_done(&mut self.in_flight), if self.in_flight.is_some() => self.batch_is_done(reached),
                open = has_room(&self.strategy), if batch_is_due => self.send_queue(open),
                open = has_room(&self.strategy), if self.outgoing.is_some() => self.send_outgoing(open),
                () = sleep_until(self.view.due()), if self.view.is_stale() => self.publish(),
                () = sleep_until(self.told.due()), if self.checkpoint_is_stale() => self.tell_checkpoint(),
                () = is_due(flush_due) => self.flush().await,
                () = is_due(self.freshness.due()) => self.look_for_stale_quotes().await,
                () = is_due(clock_due) => self.act_by_the_clock().await,
                () = std::future::ready(()), if replay_may_step => self.step_replay().await,
                taken = self.feed.next(&mut self.events, limit), if feed_may_go => self.take(taken).await,
            }
        }
        self.flush().await;
        self.tell_checkpoint();
    }

    /// Tells whether the feed is to be asked for more.
    fn feed_may_go(&self) -> bool {
        let rests = |lockstep: &Lockstep| !lockstep.is_empty() || lockstep.is_busy();
        self.feed_phase == FeedPhase::Running && !self.lockstep.as_ref().is_some_and(rests)
    }

    /// Says that the feed is at its end, once all that it gave is taken in.
    async fn finish(&mut self) {
        self.feed_phase = FeedPhase::Ended;
        let time = self.now();
        let paid = self.floor.desk.end_market(time);
        self.tell(paid).await;
        self.flush().await;
        let results = self.floor.take_results().map(|results| EngineEvent::Results(Box::new(results)));
        self.output([EngineEvent::FeedFinished].into_iter().chain(results).collect(), None).await;
        self.publish();
    }

    /// Tells what came of a replay once more, if something was traded since its end: by a strategy that closed its
    /// positions as it stopped.
    async fn finish_again(&mut self) {
        if self.feed_phase == FeedPhase::Ended
            && let Some(results) = self.floor.take_results()
        {
            self.output(vec![EngineEvent::Results(Box::new(results))], None).await;
        }
    }

    /// Returns the engine's time.
    fn now(&mut self) -> Timestamp {
        if self.lockstep.is_none() {
            let time = self.feed.now();
            self.floor.see_time(time);
        }
        self.floor.clock()
    }

    fn waiting_inputs(&self) -> usize {
        self.lockstep.as_ref().map_or(self.queue.len(), Lockstep::backlog)
    }

    fn has_strategy(&self) -> bool {
        self.lockstep.as_ref().map_or(self.queue.has_strategy(), Lockstep::has_strategy)
    }

    fn set_interests(&mut self, interests: Interests) {
        match &mut self.lockstep {
            Some(lockstep) => lockstep.set_interests(interests),
            None => self.queue.set_interests(interests),
        }
        if !interests.strategy {
            self.in_flight = None;
            self.outgoing = None;
        }
    }

    /// Makes a batch, and notes that the strategy works on it.
    fn batch(&mut self, number: u64, inputs: Vec<StrategyInput>) -> StrategyBatch {
        let (done, in_flight) = oneshot::channel();
        self.in_flight = Some(in_flight);
        StrategyBatch { number, time: self.now(), inputs, done }
    }

    /// Takes the strategy's word that it is done with its batch.
    fn batch_is_done(&mut self, reached: u32) {
        self.in_flight = None;
        match &mut self.lockstep {
            Some(lockstep) => {
                lockstep.done(&mut self.floor, reached);
                self.view.changed();
            }
            None => self.queue.done(),
        }
    }

    fn publish(&mut self) {
        let time = self.now();
        let error = self.feed_error.as_ref();
        self.view.publish(MarketView {
            stale: self.freshness.stale(),
            clocks: self.wrong_clocks(),
            next_bar: self.floor.bars.next_end(time),
            ..market_view(&self.floor.desk, Some(time), &self.feed, error)
        });
    }
}

fn market_view(
    desk: &Desk,
    time: Option<Timestamp>,
    feed: &impl Feed,
    error: Option<&DataError>,
) -> MarketView {
    let state = desk.state();
    MarketView {
        time,
        quotes: state.quotes(),
        marks: state.marks(),
        accounts: state.accounts(),
        replay: feed.progress(),
        feed_error: error.map(ToString::to_string),
        stale: Vec::new(),
        clocks: Vec::new(),
        next_bar: None,
    }
}

/// Waits until the strategy is done with its batch, and returns how many inputs it worked through; forgetting the batch
/// stands for all.
async fn is_done(in_flight: &mut Option<oneshot::Receiver<u32>>) -> u32 {
    match in_flight {
        Some(done) => done.await.unwrap_or(u32::MAX),
        None => std::future::pending().await,
    }
}

/// Waits until a moment; for ever when there is none.
async fn is_due(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Waits until the strategy's channel has room; false when nobody reads it.
async fn has_room(strategy: &mpsc::Sender<StrategyBatch>) -> bool {
    strategy.reserve().await.is_ok()
}
