//! What waits to be told to the strategy, while it works on the batch before. No I/O. Not for lockstep.
//!
//! Orders, fills, bars and timers are never dropped; there are as many as somebody trades and as time passes.
//! Quotes are conflated per instrument, the newest wins, while the strategy works, when it does not react to quotes anyway
//! or when more than [`MAX_WAITING_INPUTS`] inputs wait. A fill stays behind the quote that caused it. Trades are kept while
//! fewer than [`MAX_WAITING_TRADES`] inputs wait: a strategy that hangs must not take all memory from the program that
//! holds its positions.
//!
//! What a call of the strategy caused does not wait: its answer brings it, after all that happened to the book before and
//! is still to be told, and the batch ends there if some of that was in it.

use std::collections::BTreeMap;

use crate::lockstep::is_fact;
use crate::{At, CallValue, EngineEvent, Interests, MarketData, MarketEvent, Reply, StrategyInput};

/// From here on a new quote takes the place of the older one of its instrument.
const MAX_WAITING_INPUTS: usize = 1_000;
/// From here on trades are dropped until the strategy takes what waits.
pub(crate) const MAX_WAITING_TRADES: usize = 200_000;
/// The number of the first input that waits; those before it are for what a batch did not get to.
const FIRST: u64 = 1 << 32;

/// Inputs that wait, in order.
#[derive(Debug)]
pub(crate) struct StrategyQueue {
    interests: Interests,
    /// Waiting inputs by their number, so that one in the middle can be taken out.
    inputs: BTreeMap<u64, StrategyInput>,
    next: u64,
    /// The number of the newest quote of each instrument.
    newest_quotes: Vec<Option<u64>>,
    /// The number of the newest batch.
    numbers: u64,
    /// What is in the batch on which the strategy works; none when it works on none.
    flight: Option<Vec<StrategyInput>>,
    /// Whether trades were dropped since it took what waited.
    drops: bool,
}

impl StrategyQueue {
    /// Returns an empty queue for nobody.
    pub(crate) fn new() -> Self {
        Self {
            interests: Interests::NONE,
            inputs: BTreeMap::new(),
            next: FIRST,
            newest_quotes: Vec::new(),
            numbers: 0,
            flight: None,
            drops: false,
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

    /// Adds the quote that an event is, before what it caused; no newer one takes its place.
    pub(crate) fn see(&mut self, event: MarketEvent) {
        if matches!(event.data, MarketData::Quote(_)) {
            self.quote(event, StrategyInput::See(event));
            self.newest_quotes[event.instrument.place()] = None;
        }
    }

    /// Adds an event, behind what it caused: to be reacted to, or only to be seen. Nothing is added when it is seen
    /// already. Tells whether it is the first trade that is dropped.
    pub(crate) fn event(&mut self, event: MarketEvent, is_seen: bool) -> bool {
        match event.data {
            MarketData::Quote(_) if self.interests.quotes => {
                self.quote(event, StrategyInput::Event(event));
            }
            MarketData::Quote(_) if !is_seen => self.quote(event, StrategyInput::See(event)),
            MarketData::Trade { .. } if self.interests.trades && self.inputs.len() >= MAX_WAITING_TRADES => {
                return !std::mem::replace(&mut self.drops, true);
            }
            MarketData::Trade { .. } if self.interests.trades => self.fact(StrategyInput::Event(event)),
            _ => {}
        }
        false
    }

    /// Adds the events that concern the strategy.
    pub(crate) fn events(&mut self, events: &[EngineEvent]) {
        events.iter().filter_map(StrategyInput::of).for_each(|input| self.fact(input));
    }

    /// Adds what is never dropped.
    pub(crate) fn fact(&mut self, input: StrategyInput) {
        if self.interests.strategy {
            self.inputs.insert(self.next, input);
            self.next += 1;
        }
    }

    /// Takes everything that waits, as the inputs of one batch, and its number. The strategy works on it until
    /// [`StrategyQueue::done`].
    pub(crate) fn take(&mut self) -> (u64, Vec<StrategyInput>) {
        let inputs: Vec<_> = std::mem::take(&mut self.inputs).into_values().collect();
        self.clear();
        self.numbers += 1;
        self.flight = Some(inputs.clone());
        (self.numbers, inputs)
    }

    /// Notes that the strategy is done with its batch.
    pub(crate) fn done(&mut self) {
        self.flight = None;
    }

    /// Answers a call that the strategy made at a place of its batch: with the facts that came after the first `before` of
    /// those that wait, and with all facts before them. None but its own are not told out of turn.
    pub(crate) fn reply(&mut self, at: Option<At>, before: usize, value: CallValue) -> Reply {
        let is_own = |at: &At| at.batch == self.numbers && at.record > 0;
        let caused = self.inputs.len() > before && self.inputs.values().skip(before).any(is_fact);
        let (Some(at), Some(flight), true) = (at.filter(is_own), &mut self.flight, caused) else {
            return Reply::of(value);
        };
        let begun = flight.len().min(at.record as usize);
        let mut facts = Vec::new();
        let mut end = None;
        if flight[begun..].iter().any(is_fact) {
            let (told, rest): (Vec<_>, Vec<_>) = flight.drain(begun..).partition(is_fact);
            facts = told;
            end = Some(at.record);
            self.put_back(rest);
        }
        let inputs = std::mem::take(&mut self.inputs);
        for (number, input) in inputs {
            if is_fact(&input) {
                facts.push(input);
            } else {
                self.inputs.insert(number, input);
            }
        }
        Reply { value, facts, end }
    }

    /// Puts what the strategy does not get to before all that waits.
    fn put_back(&mut self, inputs: Vec<StrategyInput>) {
        let mut first = self.inputs.keys().next().map_or(FIRST, |first| *first);
        for input in inputs.into_iter().rev() {
            first -= 1;
            self.inputs.insert(first, input);
        }
    }

    fn quote(&mut self, event: MarketEvent, input: StrategyInput) {
        let place = event.instrument.place();
        if self.newest_quotes.len() <= place {
            self.newest_quotes.resize(place + 1, None);
        }
        let older = self.newest_quotes[place].replace(self.next);
        let is_slow = self.flight.is_some() || self.inputs.len() >= MAX_WAITING_INPUTS;
        if let Some(older) = older
            && (is_slow || !self.interests.quotes)
        {
            self.inputs.remove(&older);
        }
        self.fact(input);
    }

    fn clear(&mut self) {
        self.inputs.clear();
        self.newest_quotes.clear();
        self.flight = None;
        self.drops = false;
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
    fn while_the_strategy_works_only_the_newest_quotes_wait() {
        let mut queue = queue(Interests::ALL);
        queue.event(quote(0, 1), false);
        assert_eq!(take(&mut queue), "0:1");
        for bid in [2, 3] {
            queue.event(quote(0, bid), false);
        }
        queue.see(quote(0, 4));
        queue.events(&[fill_event()]);
        queue.event(quote(0, 4), true);
        queue.event(quote(0, 5), false);
        assert_eq!(take(&mut queue), "(0:4) fill 0:5");
        queue.done();
        queue.event(quote(0, 6), false);
        queue.event(quote(0, 7), false);
        assert_eq!(take(&mut queue), "0:6 0:7");
    }

    #[test]
    fn a_quote_that_filled_is_shown_before_its_fill_although_newer_ones_came() {
        let mut queue = queue(Interests::FACTS);
        queue.event(quote(0, 1), false);
        queue.see(quote(0, 2));
        queue.events(&[fill_event()]);
        queue.event(quote(0, 2), true);
        queue.event(quote(0, 3), false);
        queue.event(quote(0, 4), false);
        assert_eq!(take(&mut queue), "(0:2) fill (0:4)");
    }

    /// Has a call made at a record of the newest batch cause a fill, and returns how many facts come with its answer and
    /// where the batch ends.
    fn call(queue: &mut StrategyQueue, record: u32) -> (usize, Option<u32>) {
        let before = queue.len();
        queue.events(&[fill_event()]);
        let reply = queue.reply(Some(At { batch: queue.numbers, record }), before, CallValue::Done);
        assert!(reply.facts.iter().all(is_fact));
        (reply.facts.len(), reply.end)
    }

    #[test]
    fn what_a_call_caused_comes_with_its_answer() {
        let mut queue = queue(Interests::ALL);
        queue.event(quote(0, 1), false);
        queue.event(quote(0, 2), false);
        assert_eq!(take(&mut queue), "0:1 0:2");
        queue.event(quote(1, 3), false);
        assert_eq!(call(&mut queue, 1), (1, None));
        // With it comes what waits and was before it.
        queue.events(&[fill_event()]);
        assert_eq!(call(&mut queue, 2), (2, None));
        assert_eq!(take(&mut queue), "1:3");
    }

    #[test]
    fn a_call_ends_a_batch_in_which_more_happened_to_the_book() {
        let mut queue = queue(Interests::ALL);
        for bid in [1, 2, 3] {
            queue.event(quote(0, bid), false);
            queue.events(&[fill_event()]);
        }
        assert_eq!(take(&mut queue), "0:1 fill 0:2 fill 0:3 fill");
        queue.event(quote(0, 4), false);
        assert_eq!(call(&mut queue, 3), (3, Some(3)));
        assert_eq!(call(&mut queue, 3), (1, None));
        queue.done();
        assert_eq!(take(&mut queue), "0:3 0:4");
    }

    #[test]
    fn what_others_caused_waits_for_the_next_batch() {
        let mut queue = queue(Interests::ALL);
        queue.event(quote(0, 1), false);
        let (number, _) = queue.take();
        queue.events(&[fill_event()]);
        let before = queue.len();
        let at = At { batch: number, record: 1 };
        assert_eq!(queue.reply(Some(at), before, CallValue::Done).facts, []);
        queue.events(&[fill_event()]);
        assert_eq!(queue.reply(None, before, CallValue::Done).facts, []);
        let stale = At { batch: number - 1, record: 1 };
        assert_eq!(queue.reply(Some(stale), before, CallValue::Done).facts, []);
        assert_eq!(take(&mut queue), "fill fill");
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
    fn trades_are_kept_until_the_strategy_is_hopelessly_behind() {
        let mut queue = queue(Interests::ALL);
        let (price, size, side) =
            (qubx_protocol::Price(1.into()), qubx_protocol::Quantity(1.into()), qubx_protocol::Side::Buy);
        let trade = MarketEvent { data: MarketData::Trade { price, size, side }, ..quote(0, 1) };
        for _ in 0..MAX_WAITING_TRADES {
            assert!(!queue.event(trade, false));
        }
        assert!(queue.event(trade, false), "the first that is dropped is told");
        assert!(!queue.event(trade, false));
        queue.events(&[fill_event()]);
        assert_eq!(queue.len(), MAX_WAITING_TRADES + 1);
        queue.take();
        assert!(!queue.event(trade, false));
        assert_eq!(queue.len(), 1);
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
