//! A feed that follows a clock: events are taken in as they come, and what the clock brings when it is due.

use std::time::Duration;

use jiff::Timestamp;
use qubx_protocol::{InstrumentId, LogLevel, WrongClock};
use tokio::time::Instant;

use super::{FeedPhase, Task};
use crate::feed::Feed;
use crate::floor::Due;
use crate::queue::MAX_WAITING_TRADES;
use crate::{DataError, EngineEvent, Interests, MarketEvent, StrategyInput};

/// A moment of the wall and the engine's time at it, from which later ones are reckoned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchor {
    at: Instant,
    time: Timestamp,
}

impl Anchor {
    /// Returns the anchor of now.
    pub(super) fn now(time: Timestamp) -> Self {
        Self { at: Instant::now(), time }
    }

    /// Returns when it is `time` for a feed that goes so many times as fast as its market.
    fn when(self, time: Timestamp, times: u32) -> Instant {
        let ahead = Duration::try_from(time.duration_since(self.time)).unwrap_or_default();
        self.at + ahead / times
    }
}

impl<F: Feed> Task<F> {
    /// Takes what the feed gave.
    pub(super) async fn take(&mut self, taken: Result<bool, DataError>) {
        if !matches!(taken, Ok(true)) {
            let returned = self.freshness.end();
            self.tell(returned).await;
        }
        self.first_quotes.send_if_modified(|first| {
            first.ended = !matches!(taken, Ok(true));
            first.see(&self.events) || first.ended
        });
        match taken {
            Ok(true) => match &mut self.lockstep {
                Some(lockstep) => lockstep.give(&mut self.events),
                None => {
                    for event in std::mem::take(&mut self.events) {
                        self.market(event).await;
                    }
                }
            },
            Err(error) => {
                self.feed_phase = FeedPhase::Ended;
                let text = format!("the feed ended: {error}");
                self.feed_error = Some(error);
                self.tell(vec![EngineEvent::log(LogLevel::Error, text)]).await;
                self.flush().await;
            }
            Ok(false) => {
                self.feed_phase = FeedPhase::Ending;
                self.publish();
            }
        }
    }

    /// Takes an event in. The strategy sees a quote, then what it filled, then the bars that it closed, then reacts to it.
    async fn market(&mut self, event: MarketEvent) {
        self.look_if_quotes_are_due().await;
        let id = self.floor.desk.state().id(event.instrument);
        self.freshness.quote(id, Instant::now());
        let now = self.now();
        self.anchor = Anchor::now(now);
        self.compare_clocks(&event, now).await;
        self.act(now).await;
        let mut events = Vec::new();
        let bars = self.floor.market(&event, &mut events);
        let causes = !events.is_empty() || !bars.is_empty();
        if causes {
            self.queue.see(event);
        }
        self.view.changed();
        self.commit(events).await;
        bars.into_iter().for_each(|bar| self.queue.fact(StrategyInput::Bar(Box::new(bar), now)));
        if self.queue.event(event, causes) {
            let text = format!(
                "{MAX_WAITING_TRADES} events wait for the strategy: it is told no more trades until it takes them"
            );
            self.tell(vec![EngineEvent::log(LogLevel::Error, text)]).await;
        }
        // A feed that is always ready would not let others run on this thread.
        tokio::task::consume_budget().await;
    }

    /// Does all that the clock brings until `time`.
    async fn act(&mut self, time: Timestamp) {
        while let Some(due) = self.floor.act(time) {
            match due {
                Due::Desk(events) => self.commit(events).await,
                Due::Timer(name, time) => self.queue.fact(StrategyInput::Timer { name, time }),
            }
        }
    }

    /// Returns when the clock brings something; none while it does not run, and in lockstep.
    pub(super) fn clock_is_due(&self) -> Option<Instant> {
        let runs = self.lockstep.is_none() && self.feed_phase == FeedPhase::Running;
        runs.then(|| Some(self.anchor.when(self.floor.due()?, self.feed.times())))?
    }

    /// Does what is due.
    pub(super) async fn act_by_the_clock(&mut self) {
        let Some(due) = self.floor.due() else { return };
        // A machine that slept may be far behind it.
        let now = self.now().max(due);
        self.anchor = Anchor::now(now);
        self.act(now).await;
        self.view.changed();
    }

    /// Sends what waits for the strategy, as its channel has room; or forgets it, as nobody reads it.
    pub(super) fn send_queue(&mut self, open: bool) {
        let (number, inputs) = self.queue.take();
        let batch = self.batch(number, inputs);
        if !open || self.strategy.try_send(batch).is_err() {
            self.set_interests(Interests::NONE);
        }
    }

    /// Compares the engine's clock with that of the exchange that an event is of.
    async fn compare_clocks(&mut self, event: &MarketEvent, now: Timestamp) {
        let Some(clocks) = &mut self.clocks else { return };
        let state = self.floor.desk.state();
        let exchange = state.exchange_of(event.instrument.place());
        let lag = now.duration_since(event.time);
        let told = clocks.quote(exchange, state.exchange_name(exchange), lag, Instant::now());
        if let Some(told) = told {
            // Whoever hears of it finds it in the market.
            self.publish();
            self.tell(vec![told]).await;
        }
    }

    /// Returns the exchanges whose clocks differ from the engine's.
    pub(super) fn wrong_clocks(&self) -> Vec<WrongClock> {
        let state = self.floor.desk.state();
        let wrong = self.clocks.iter().flat_map(|clocks| clocks.wrong(Instant::now()));
        let named = wrong.map(|(exchange, ahead)| WrongClock {
            exchange: state.exchange_name(exchange).to_owned(),
            ahead_ms: i64::try_from(ahead.as_millis()).unwrap_or_default(),
        });
        named.collect()
    }

    /// Looks for stale quotes when it is time: after a standstill everything is due at once, and nothing is ordered or
    /// filled at quotes of before until it is said that they are.
    pub(super) async fn look_if_quotes_are_due(&mut self) {
        if self.freshness.due().is_some_and(|due| due <= Instant::now()) {
            self.look_for_stale_quotes().await;
        }
    }

    /// Shows and tells which quotes are stale, and which come again.
    pub(super) async fn look_for_stale_quotes(&mut self) {
        let has_more = |instrument: &InstrumentId| {
            self.floor.desk.state().index(instrument).is_some_and(|index| self.feed.has_more(index))
        };
        let events = self.freshness.look(Instant::now(), Timestamp::now(), has_more);
        if !events.is_empty() {
            // Whoever hears of it finds it in the market.
            self.publish();
            self.tell(events).await;
        }
    }
}
