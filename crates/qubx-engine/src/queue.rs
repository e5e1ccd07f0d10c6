//! What waits to be told to the strategy, while it works on the batch before. No I/O. Not for lockstep.
//!
//! Orders, fills, bars, trades and timers are never dropped; there are as many as somebody trades and as time passes.
//! Quotes are conflated per instrument, the newest wins, when the strategy does not react to quotes anyway
//! or when more than [`MAX_WAITING_INPUTS`] inputs wait. A fill stays behind the quote that caused it.

use std::collections::BTreeMap;

use crate::lockstep::input_of;
use crate::{EngineEvent, Interests, MarketData, MarketEvent, StrategyInput};

/// From here on a new quote takes the place of the older one of its instrument.
const MAX_WAITING_INPUTS: usize = 1_000;

/// Inputs that wait, in order.
#[derive(Debug)]
pub(crate) struct StrategyQueue {
    interests: Interests,
    /// Waiting inputs by their number, so that one in the middle can be taken out.
    inputs: BTreeMap<u64, StrategyInput>,
    next: u64,
    /// The number of the newest quote of each instrument.
    newest_quotes: Vec<Option<u64>>,
    numbers: u64,
}

impl StrategyQueue {
    /// Returns an empty queue for nobody.
    pub(crate) fn new() -> Self {
        Self {
            interests: Interests::NONE,
            inputs: BTreeMap::new(),
            next: 0,
            newest_quotes: Vec::new(),
            numbers: 0,
        }
    }

    /// Tells whether somebody is told.
    pub(crate) fn has_strategy(&self) -> bool {
        self.interests.strategy
    }

    /// Changes what the strategy wants. Without a strategy, what waits is forgotten.
    pub(crate) fn set_interests(&mut self, interests: Interests) {
        self.interests = interests;
        if !interests.strategy {
            self.clear();
        }
    }

    /// Begins anew for a strategy that knows nothing of what waits. Until it says what it wants, it gets the newest
    /// quotes.
    pub(crate) fn begin(&mut self) {
        self.clear();
        self.interests = Interests::FACTS;
    }

    /// Tells whether there is something to see.
    pub(crate) fn is_due(&self) -> bool {
        !self.inputs.is_empty()
    }

    /// Returns how many inputs wait.
    pub(crate) fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Adds the quote that an event is, before what it caused.
    pub(crate) fn see(&mut self, event: MarketEvent) {
        if matches!(event.data, MarketData::Quote(_)) {
            self.quote(event, StrategyInput::See(event));
        }
    }

    /// Adds an event, behind what it caused: to be reacted to, or only to be seen. Nothing is added when it is seen
    /// already.
    pub(crate) fn event(&mut self, event: MarketEvent, is_seen: bool) {
        match event.data {
            MarketData::Quote(_) if self.interests.quotes => {
                self.quote(event, StrategyInput::Event(event));
            }
            MarketData::Quote(_) if !is_seen => self.see(event),
            MarketData::Trade { .. } if self.interests.trades => self.fact(StrategyInput::Event(event)),
            _ => {}
        }
    }

    /// Adds the events that concern the strategy.
    pub(crate) fn events(&mut self, events: &[EngineEvent]) {
        events.iter().filter_map(input_of).for_each(|input| self.fact(input));
    }

    /// Adds what is never dropped.
    pub(crate) fn fact(&mut self, input: StrategyInput) {
        if self.interests.strategy {
            self.inputs.insert(self.next, input);
            self.next += 1;
        }
    }

    /// Takes everything that waits, as the inputs of one batch, and its number.
    pub(crate) fn take(&mut self) -> (u64, Vec<StrategyInput>) {
        let inputs = std::mem::take(&mut self.inputs);
        self.clear();
        self.numbers += 1;
        (self.numbers, inputs.into_values().collect())
    }

    fn quote(&mut self, event: MarketEvent, input: StrategyInput) {
        let place = event.instrument.place();
        if self.newest_quotes.len() <= place {
            self.newest_quotes.resize(place + 1, None);
        }
        let older = self.newest_quotes[place].replace(self.next);
        let conflate = !self.interests.quotes || self.inputs.len() >= MAX_WAITING_INPUTS;
        if let Some(older) = older
            && conflate
        {
            self.inputs.remove(&older);
        }
        self.fact(input);
    }

    fn clear(&mut self) {
        self.inputs.clear();
        self.newest_quotes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, event, fill, id};

    fn queue(interests: Interests) -> StrategyQueue {
        let mut queue = StrategyQueue::new();
        queue.set_interests(interests);
        queue
    }

    fn fill_event() -> EngineEvent {
        let fill = fill("BTCUSDT", qubx_protocol::Side::Buy, "1", "100", "0");
        EngineEvent::Fill { fill, position: qubx_protocol::Position::flat(id("BTCUSDT")) }
    }

    fn quote(instrument: u32, bid: u32) -> MarketEvent {
        event(instrument, at("00:00:00"), &bid.to_string(), "9999")
    }

    /// Writes each input in short: `0:101` is a quote of the first instrument at 101, in brackets if it is only seen.
    fn take(queue: &mut StrategyQueue) -> String {
        let quote = |event: MarketEvent| match event.data {
            MarketData::Quote(touch) => format!("{}:{}", event.instrument.0, touch.bid),
            _ => "trade".to_owned(),
        };
        let words = queue.take().1.into_iter().map(|input| match input {
            StrategyInput::Event(event) => quote(event),
            StrategyInput::See(event) => format!("({})", quote(event)),
            StrategyInput::Fill(_) => "fill".to_owned(),
            other => format!("{other:?}"),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_strategy_that_reacts_to_quotes_gets_all_of_them_in_order() {
        let mut queue = queue(Interests::ALL);
        assert!(!queue.is_due());
        for (instrument, bid) in [(0, 1), (1, 2), (0, 3)] {
            queue.event(quote(instrument, bid), false);
        }
        queue.see(quote(0, 4));
        queue.events(&[fill_event()]);
        queue.event(quote(0, 4), true);
        assert!(queue.is_due());
        assert_eq!(take(&mut queue), "0:1 1:2 0:3 (0:4) fill 0:4");
        assert!(!queue.is_due());
    }

    #[test]
    fn of_quotes_that_nobody_reacts_to_only_the_newest_are_shown() {
        let mut queue = queue(Interests::FACTS);
        for (instrument, bid) in [(0, 1), (1, 2), (0, 3)] {
            queue.event(quote(instrument, bid), false);
        }
        queue.see(quote(0, 4));
        queue.events(&[fill_event()]);
        queue.event(quote(0, 4), true);
        assert_eq!(take(&mut queue), "(1:2) (0:4) fill");
    }

    #[test]
    fn a_long_queue_conflates_quotes_and_keeps_every_fact() {
        let mut queue = queue(Interests::ALL);
        for number in 0..2_000 {
            queue.event(quote(0, number), false);
            queue.events(&[fill_event()]);
        }
        let (_, inputs) = queue.take();
        let fills = inputs.iter().filter(|input| matches!(input, StrategyInput::Fill(_))).count();
        let quotes = inputs.iter().filter(|input| matches!(input, StrategyInput::Event(_))).count();
        assert_eq!(fills, 2_000);
        assert!(quotes <= MAX_WAITING_INPUTS, "{quotes}");
        // The newest quote is there, and its fill comes after it.
        assert_eq!(inputs[inputs.len() - 2], StrategyInput::Event(quote(0, 1_999)));
    }

    #[test]
    fn without_a_strategy_nothing_waits() {
        let mut queue = queue(Interests::ALL);
        queue.events(&[fill_event()]);
        queue.set_interests(Interests::NONE);
        queue.event(quote(0, 1), false);
        queue.events(&[fill_event()]);
        assert!(!queue.is_due());
    }
}
