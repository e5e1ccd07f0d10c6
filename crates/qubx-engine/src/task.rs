//! The engine task: one loop that owns the desk, the feed and the strategy's queue.
//!
//! Requests are served between quotes, and while the strategy works. In lockstep (a replay at full speed)
//! the feed rests while the strategy has something to see, so the result depends on the data alone.

use jiff::Timestamp;
use qubx_protocol::{InstrumentId, LogLevel, MarketView};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use self::checkpoint::Told;
use crate::bars::Bars;
use crate::desk::Desk;
use crate::feed::Feed;
use crate::freshness::Freshness;
use crate::handle::Request;
use crate::queue::StrategyQueue;
use crate::view::ViewPublisher;
use crate::{DataError, EngineEvent, EngineOutput, Interests, MarketData, MarketEvent, StrategyBatch};

mod checkpoint;
mod serve;
mod start;

pub use start::{start, start_in_memory};

/// Where the feed is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FeedPhase {
    /// Nobody started it.
    Waiting,
    /// It is asked for quotes.
    Running,
    /// It is at its end, and that is still to be told.
    Ending,
    /// It is at its end.
    Ended,
}

struct Task<F> {
    desk: Desk,
    bars: Bars,
    queue: StrategyQueue,
    feed: F,
    feed_phase: FeedPhase,
    feed_error: Option<DataError>,
    lockstep: bool,
    /// What the feed gave and is still to be taken in.
    events: Vec<MarketEvent>,
    /// How many quotes the feed gave.
    place: u64,
    told: Told,
    /// Whether facts were left out because the engine stops. What is stored ends there: a later fact or checkpoint
    /// would not fit to it.
    is_cut_off: bool,
    /// What became of orders when the book was restored; told first.
    restored: Vec<EngineEvent>,
    /// Fires when the strategy has worked through the batch that it got.
    in_flight: Option<oneshot::Receiver<()>>,
    requests: mpsc::Receiver<Request>,
    outputs: mpsc::Sender<EngineOutput>,
    strategy: mpsc::Sender<StrategyBatch>,
    view: ViewPublisher,
    freshness: Freshness,
    paused: watch::Sender<bool>,
    cancel: CancellationToken,
}

impl<F: Feed> Task<F> {
    async fn run(mut self) {
        let restored = std::mem::take(&mut self.restored);
        self.tell(restored).await;
        loop {
            if self.feed_phase == FeedPhase::Ending && !(self.lockstep && self.strategy_is_busy()) {
                self.feed_phase = FeedPhase::Ended;
                self.tell(vec![EngineEvent::FeedFinished]).await;
            }
            let batch_is_due = self.in_flight.is_none() && self.queue.is_due();
            let feed_may_go =
                self.feed_phase == FeedPhase::Running && !(self.lockstep && self.strategy_is_busy());
            // In this order: a feed at full speed is always ready, and must not keep the others waiting.
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => break,
                Some(request) = self.requests.recv() => self.serve(request).await,
                () = is_done(&mut self.in_flight), if self.in_flight.is_some() => self.in_flight = None,
                open = has_room(&self.strategy), if batch_is_due => self.send_batch(open),
                () = sleep_until(self.view.due()), if self.view.is_stale() => self.publish(),
                () = sleep_until(self.told.due()), if self.checkpoint_is_stale() => self.tell_checkpoint(),
                () = is_due(self.freshness.due()) => self.look_for_stale_quotes().await,
                taken = self.feed.next(&mut self.events, 1), if feed_may_go => self.take(taken).await,
            }
        }
        self.tell_checkpoint();
    }

    /// Takes what the feed gave.
    async fn take(&mut self, taken: Result<bool, DataError>) {
        if !matches!(taken, Ok(true)) {
            let returned = self.freshness.end();
            self.tell(returned).await;
        }
        match taken {
            Ok(true) => {
                for event in std::mem::take(&mut self.events) {
                    self.market(event).await;
                }
            }
            Err(error) => {
                self.queue.release_quotes();
                self.feed_phase = FeedPhase::Ended;
                let text = format!("the feed ended: {error}");
                self.feed_error = Some(error);
                self.tell(vec![EngineEvent::Log { level: LogLevel::Error, text }]).await;
            }
            Ok(false) => {
                self.queue.release_quotes();
                self.feed_phase = FeedPhase::Ending;
                self.publish();
            }
        }
    }

    /// Takes a quote in. The strategy sees the quote, then what it filled, then the bars that it closed, so
    /// that positions are right in each callback.
    async fn market(&mut self, event: MarketEvent) {
        self.place += 1;
        let id = self.desk.state().id(event.instrument).clone();
        self.freshness.quote(&id, Instant::now());
        let time = self.feed.now();
        let mut events = Vec::new();
        self.desk.market(time, &event, &mut events);
        if let MarketData::Quote(touch) = event.data {
            self.queue.quote(&touch.quote(id, event.time));
            self.view.changed();
        }
        self.tell(events).await;
        let mut closed = Vec::new();
        self.bars.market(&event, &mut closed);
        closed.into_iter().for_each(|bar| self.queue.bar(bar));
        // A feed that is always ready would not let others run on this thread.
        tokio::task::consume_budget().await;
    }

    /// Shows and tells which quotes are stale, and which come again.
    async fn look_for_stale_quotes(&mut self) {
        let has_more = |instrument: &InstrumentId| {
            self.desk.state().index(instrument).is_some_and(|index| self.feed.has_more(index))
        };
        let events = self.freshness.look(Instant::now(), Timestamp::now(), has_more);
        if !events.is_empty() {
            // Whoever hears of it finds it in the market.
            self.publish();
            self.tell(events).await;
        }
    }

    /// Tells facts to the session and to the strategy, and shows what they changed.
    async fn tell(&mut self, events: Vec<EngineEvent>) {
        if !events.is_empty() {
            self.output(events, None).await;
            self.publish();
        }
    }

    /// Has the orders that were just decided stored, then sends them; or rejects them if they cannot be.
    async fn commit(&mut self, decided: Vec<EngineEvent>) {
        if self.desk.intended().is_empty() {
            return self.tell(decided).await;
        }
        let (committed, answer) = oneshot::channel();
        self.output(decided, Some(committed)).await;
        let stored = tokio::select! {
            biased;
            stored = answer => stored.unwrap_or_else(|_| Err("the session did not store it".to_owned())),
            () = self.cancel.cancelled() => Err("the engine is stopping".to_owned()),
        };
        let time = self.feed.now();
        let events = match stored {
            Ok(()) => self.desk.send(time),
            Err(reason) => self.desk.refuse(time, &reason),
        };
        self.tell(events).await;
    }

    async fn output(
        &mut self,
        events: Vec<EngineEvent>,
        committed: Option<oneshot::Sender<Result<(), String>>>,
    ) {
        self.queue.events(&events);
        self.paused
            .send_if_modified(|paused| std::mem::replace(paused, self.desk.state().is_paused()) != *paused);
        let output = EngineOutput { events, committed, checkpoint: self.checkpoint() };
        tokio::select! {
            biased;
            room = self.outputs.reserve(), if !self.is_cut_off => match room {
                Ok(room) => {
                    room.send(output);
                    self.told = Told::now(self.place);
                }
                Err(_) => tracing::warn!(?output, "nobody takes facts any more"),
            },
            () = self.cancel.cancelled() => {
                tracing::warn!(?output, "stopped before facts were taken");
                self.is_cut_off = true;
            }
        }
    }

    fn strategy_is_busy(&self) -> bool {
        self.in_flight.is_some() || self.queue.is_due()
    }

    fn send_batch(&mut self, open: bool) {
        let (done, in_flight) = oneshot::channel();
        let inputs = self.queue.take(self.feed.now());
        if open && self.strategy.try_send(StrategyBatch { inputs, done }).is_ok() {
            self.in_flight = Some(in_flight);
        } else {
            self.queue.set_interests(Interests { strategy: false, quotes: false });
        }
    }

    fn publish(&mut self) {
        let time = self.feed.now();
        let error = self.feed_error.as_ref();
        self.view.publish(MarketView {
            stale: self.freshness.stale(),
            ..market_view(&self.desk, Some(time), &self.feed, error)
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
    }
}

/// Waits until the strategy is done with its batch; forgetting the batch counts as done.
async fn is_done(in_flight: &mut Option<oneshot::Receiver<()>>) {
    if let Some(done) = in_flight {
        let _: Result<(), _> = done.await;
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
