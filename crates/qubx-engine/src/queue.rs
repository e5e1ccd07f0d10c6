//! What waits to be told to the strategy, while it works on the batch before. No I/O.
//!
//! Orders, fills and bars are never dropped; there are as many as somebody trades and as time passes.
//! Quotes are conflated per instrument, the newest wins, when the strategy does not react to quotes anyway
//! or when more than [`MAX_WAITING_INPUTS`] inputs wait. A fill stays behind the quote that caused it.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use qubx_protocol::{Bar, InstrumentId, OrderStatus, Quote};

use crate::{EngineEvent, Interests, StrategyInput};

/// From here on a new quote takes the place of the older one of its instrument.
const MAX_WAITING_INPUTS: usize = 1_000;

/// Inputs that wait, in order.
#[derive(Debug)]
pub(crate) struct StrategyQueue {
    interests: Interests,
    /// Whether quotes that nobody reacts to wait for something else.
    hold_quotes: bool,
    /// Waiting inputs by their number, so that one in the middle can be taken out.
    inputs: BTreeMap<u64, StrategyInput>,
    next: u64,
    newest_quotes: HashMap<InstrumentId, u64>,
    /// How many of the inputs are not quotes.
    facts: usize,
}

impl StrategyQueue {
    /// Returns an empty queue for nobody. In lockstep, quotes alone make no batch.
    pub(crate) fn new(lockstep: bool) -> Self {
        Self {
            interests: Interests { strategy: false, quotes: false },
            hold_quotes: lockstep,
            inputs: BTreeMap::new(),
            next: 0,
            newest_quotes: HashMap::new(),
            facts: 0,
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
        self.interests = Interests { strategy: true, quotes: false };
    }

    /// Lets quotes make a batch by themselves from now on: no others will come.
    pub(crate) fn release_quotes(&mut self) {
        self.hold_quotes = false;
    }

    /// Tells whether there is something that the strategy must see now.
    pub(crate) fn is_due(&self) -> bool {
        self.facts > 0 || (!self.inputs.is_empty() && (self.interests.quotes || !self.hold_quotes))
    }

    /// Adds a quote.
    pub(crate) fn quote(&mut self, quote: &Quote) {
        if !self.interests.strategy {
            return;
        }
        let older = self.newest_quotes.insert(quote.instrument.clone(), self.next);
        let conflate = !self.interests.quotes || self.inputs.len() >= MAX_WAITING_INPUTS;
        if let Some(older) = older
            && conflate
        {
            self.inputs.remove(&older);
        }
        self.push(StrategyInput::Quote(quote.clone()));
    }

    /// Adds a bar.
    pub(crate) fn bar(&mut self, bar: Bar) {
        self.fact(StrategyInput::Bar(bar));
    }

    /// Adds the events that concern the strategy.
    pub(crate) fn events(&mut self, events: &[EngineEvent]) {
        for event in events {
            match event {
                EngineEvent::Order(order) if order.status != OrderStatus::Intended => {
                    self.fact(StrategyInput::Order(order.clone()));
                }
                EngineEvent::Fill { fill, position } => {
                    self.fact(StrategyInput::Fill { fill: fill.clone(), position: position.clone() });
                }
                EngineEvent::Order(_)
                | EngineEvent::Funding { .. }
                | EngineEvent::Results(_)
                | EngineEvent::Paused { .. }
                | EngineEvent::Log { .. }
                | EngineEvent::FeedFinished => {}
            }
        }
    }

    /// Takes everything that waits, as the inputs of one batch made at `time`.
    pub(crate) fn take(&mut self, time: Timestamp) -> Vec<StrategyInput> {
        let inputs = std::mem::take(&mut self.inputs);
        self.clear();
        std::iter::once(StrategyInput::Time(time)).chain(inputs.into_values()).collect()
    }

    fn fact(&mut self, input: StrategyInput) {
        if self.interests.strategy {
            self.facts += 1;
            self.push(input);
        }
    }

    fn push(&mut self, input: StrategyInput) {
        self.inputs.insert(self.next, input);
        self.next += 1;
    }

    fn clear(&mut self) {
        self.inputs.clear();
        self.newest_quotes.clear();
        self.facts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, fill, id, quote_at};

    fn queue(lockstep: bool, quotes: bool) -> StrategyQueue {
        let mut queue = StrategyQueue::new(lockstep);
        queue.set_interests(Interests { strategy: true, quotes });
        queue
    }

    fn fill_event() -> EngineEvent {
        let fill = fill("BTCUSDT", qubx_protocol::Side::Buy, "1", "100", "0");
        EngineEvent::Fill { fill, position: qubx_protocol::Position::flat(id("BTCUSDT")) }
    }

    /// Writes each input in short: `B101` is a quote of BTC at 101.
    fn take(queue: &mut StrategyQueue) -> String {
        let words = queue.take(at("00:00:00")).into_iter().map(|input| match input {
            StrategyInput::Time(_) => "time".to_owned(),
            StrategyInput::Quote(quote) => format!("{}{}", &quote.instrument.symbol[..1], quote.bid),
            StrategyInput::Fill { .. } => "fill".to_owned(),
            StrategyInput::Bar(_) => "bar".to_owned(),
            StrategyInput::Order(_) => "order".to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_strategy_that_reacts_to_quotes_gets_all_of_them_in_order() {
        let mut queue = queue(true, true);
        assert!(!queue.is_due());
        for (symbol, bid) in [("BTCUSDT", "1"), ("ETHUSDT", "2"), ("BTCUSDT", "3")] {
            queue.quote(&quote_at(symbol, "00:00:00", bid, bid));
        }
        queue.events(&[fill_event()]);
        assert!(queue.is_due());
        assert_eq!(take(&mut queue), "time B1 E2 B3 fill");
        assert!(!queue.is_due());
    }

    #[test]
    fn in_lockstep_quotes_that_nobody_needs_wait_for_a_fact_and_only_the_newest_travel() {
        let mut queue = queue(true, false);
        for (symbol, bid) in [("BTCUSDT", "1"), ("ETHUSDT", "2"), ("BTCUSDT", "3")] {
            queue.quote(&quote_at(symbol, "00:00:00", bid, bid));
        }
        assert!(!queue.is_due());
        queue.events(&[fill_event()]);
        assert!(queue.is_due());
        assert_eq!(take(&mut queue), "time E2 B3 fill");
        queue.quote(&quote_at("BTCUSDT", "00:00:00", "4", "4"));
        assert!(!queue.is_due());
        queue.release_quotes();
        assert!(queue.is_due());
    }

    #[test]
    fn a_long_queue_conflates_quotes_and_keeps_every_fact() {
        let mut queue = queue(false, true);
        for number in 0..2_000 {
            queue.quote(&quote_at("BTCUSDT", "00:00:00", &number.to_string(), "9999"));
            queue.events(&[fill_event()]);
        }
        let inputs = queue.take(at("00:00:00"));
        let fills = inputs.iter().filter(|input| matches!(input, StrategyInput::Fill { .. })).count();
        let quotes = inputs.iter().filter(|input| matches!(input, StrategyInput::Quote(_))).count();
        assert_eq!(fills, 2_000);
        assert!(quotes <= MAX_WAITING_INPUTS, "{quotes}");
        // The newest quote is there, and its fill comes after it.
        assert!(
            matches!(&inputs[inputs.len() - 2], StrategyInput::Quote(quote) if quote.bid.to_string() == "1999")
        );
    }

    #[test]
    fn without_a_strategy_nothing_waits() {
        let mut queue = queue(false, true);
        queue.events(&[fill_event()]);
        queue.set_interests(Interests { strategy: false, quotes: false });
        queue.quote(&quote_at("BTCUSDT", "00:00:00", "1", "1"));
        queue.events(&[fill_event()]);
        assert!(!queue.is_due());
    }
}
