//! How an engine starts, from nothing or where another one stopped.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Anchor, FeedPhase, Task, Told, market_view};
use crate::bars::Bars;
use crate::clocks::Clocks;
use crate::desk::Desk;
use crate::feed::{Feed, MemoryFeed, ReplayFeed, SimFeed};
use crate::floor::Floor;
use crate::freshness::Freshness;
use crate::lockstep::Lockstep;
use crate::queue::StrategyQueue;
use crate::view::ViewPublisher;
use crate::{
    EngineConfig, EngineError, EngineEvent, EngineHandle, EngineOutput, FirstQuotes, MarketData, MarketEvent,
    ResultsCollector, StrategyBatch,
};

/// Requests that wait; when it is full, whoever asks waits.
const REQUESTS: usize = 64;

/// Starts an engine on `tracker`, and returns the handle to it. It runs until `cancel`.
///
/// Facts go to `outputs`; when that is full the engine waits, so no fact is dropped. News for the strategy
/// goes to `strategy`, one batch at a time. Quotes begin with [`EngineHandle::start_feed`].
///
/// With [`EngineConfig::restore`] it goes on where another one stopped: with its book, its pause and its day, and
/// behind the quotes that were given, which takes a replay a moment. Resting orders rest again; one that was only intended
/// is rejected in the first output. No quote is filled twice, and none is left out.
///
/// # Errors
/// [`EngineError::Config`] for a config that makes no sense or lacks an instrument that was traded, and for a
/// checkpoint that cannot be right,
/// [`EngineError::Data`] for a file that cannot be replayed, or whose quotes are not those that were given before.
pub fn start(
    config: EngineConfig,
    outputs: mpsc::Sender<EngineOutput>,
    strategy: mpsc::Sender<StrategyBatch>,
    tracker: &TaskTracker,
    cancel: CancellationToken,
) -> Result<EngineHandle, EngineError> {
    config.check()?;
    let mut begun = Begun::new(&config);
    let checkpoint = config.restore.as_ref().and_then(|restore| restore.checkpoint.clone());
    let channels = (outputs, strategy);
    match ReplayFeed::open(&config.exchanges)? {
        Some(mut feed) => {
            if let Some(checkpoint) = checkpoint {
                begun.bars.make(&checkpoint.timeframes);
                feed.skip(checkpoint.place, checkpoint.time, |event| {
                    // Bars that close on the way were told before.
                    begun.bars.market(event, &mut Vec::new());
                    let id = begun.desk.state().id(event.instrument).clone();
                    if let MarketData::Quote(touch) = event.data {
                        begun.desk.restore_quote(touch.quote(id, event.time));
                    }
                })?;
                begun.place = checkpoint.place;
                begun.clock = checkpoint.clock;
                begun.collect(&config, checkpoint.results);
            } else {
                begun.collect(&config, None);
            }
            Ok(begun.run(feed, channels, tracker, cancel))
        }
        None => {
            let mut feed = SimFeed::new(&config.exchanges);
            if let Some(checkpoint) = checkpoint {
                let newest = feed.restore(&checkpoint)?;
                newest.into_iter().for_each(|quote| begun.desk.restore_quote(quote));
                begun.place = checkpoint.place;
            }
            Ok(begun.run(feed, channels, tracker, cancel))
        }
    }
}

/// Starts an engine as [`start`] does, in lockstep with events out of the memory instead of a feed of the config. It is for
/// benches and tests, and restores nothing.
///
/// # Errors
/// [`EngineError::Config`] for a config that makes no sense.
#[doc(hidden)]
pub fn start_in_memory<E>(
    config: EngineConfig,
    events: E,
    outputs: mpsc::Sender<EngineOutput>,
    strategy: mpsc::Sender<StrategyBatch>,
    tracker: &TaskTracker,
    cancel: CancellationToken,
) -> Result<EngineHandle, EngineError>
where
    E: IntoIterator<Item = MarketEvent, IntoIter: Send + 'static>,
{
    config.check()?;
    let feed = MemoryFeed::new(events);
    Ok(Begun::new(&config).run(feed, (outputs, strategy), tracker, cancel))
}

/// An engine that has no feed yet.
struct Begun {
    stale_after: Duration,
    desk: Desk,
    bars: Bars,
    place: u64,
    /// The engine's clock, where it is later than the feed's.
    clock: Option<Timestamp>,
    /// Collects what comes of a replay.
    results: Option<ResultsCollector>,
    restored: Vec<EngineEvent>,
}

impl Begun {
    fn new(config: &EngineConfig) -> Self {
        let mut desk = Desk::new(config);
        let restored = config.restore.clone().map_or_else(Vec::new, |restore| desk.restore(restore));
        let bars = Bars::new(desk.state().instruments());
        Self { stale_after: config.stale_after, desk, bars, place: 0, clock: None, results: None, restored }
    }

    /// Collects what comes of a replay, from the beginning or on from what was collected.
    fn collect(&mut self, config: &EngineConfig, collected: Option<ResultsCollector>) {
        let mut results = collected.unwrap_or_default();
        let instruments = config.exchanges.iter().flat_map(|exchange| &exchange.instruments);
        results.begin(instruments, &self.desk.state().positions());
        self.results = Some(results);
    }

    /// Starts the engine with any feed, which is at `place`.
    fn run<F: Feed>(
        self,
        mut feed: F,
        (outputs, strategy): (mpsc::Sender<EngineOutput>, mpsc::Sender<StrategyBatch>),
        tracker: &TaskTracker,
        cancel: CancellationToken,
    ) -> EngineHandle {
        let Self { stale_after, desk, bars, place, clock, results, restored } = self;
        let clocks = feed.is_of_now().then(Clocks::default);
        let freshness = Freshness::new(feed.silence(), stale_after);
        let (request_sender, requests) = mpsc::channel(REQUESTS);
        let now = feed.now();
        let backlog = Arc::new(AtomicU64::new(0));
        // Before the first quote of all there is no time to show.
        let time: Option<Timestamp> = (place > 0).then_some(now);
        let view = ViewPublisher::new(market_view(&desk, time, &feed, None));
        let (first_quotes_sender, first_quotes) = watch::channel(FirstQuotes::default());
        let (paused_sender, paused) = watch::channel(desk.state().is_paused());
        let handle = EngineHandle {
            requests: request_sender,
            market: view.subscribe(),
            first_quotes,
            paused,
            backlog: Arc::clone(&backlog),
        };
        let mut floor = Floor::new(desk, bars, now, place);
        if feed.is_lockstep() {
            floor.timers.tell_each();
        } else {
            floor.equity.each_minute();
        }
        results.into_iter().for_each(|results| floor.collect(results));
        floor.see_time(clock.unwrap_or(now));
        let task = Task {
            floor,
            lockstep: feed.is_lockstep().then(Lockstep::new),
            queue: StrategyQueue::new(),
            feed,
            feed_phase: FeedPhase::Waiting,
            feed_error: None,
            events: Vec::new(),
            anchor: Anchor::now(now),
            told: Told::now(place),
            unsent_since: None,
            is_cut_off: false,
            restored,
            in_flight: None,
            outgoing: None,
            requests,
            outputs,
            strategy,
            backlog,
            view,
            freshness,
            first_quotes: first_quotes_sender,
            clocks,
            paused: paused_sender,
            cancel,
        };
        tracker.spawn(task.run());
        handle
    }
}
