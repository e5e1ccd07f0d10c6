//! What a strategy is told in lockstep, and when.

use jiff::Timestamp;
use qubx_protocol::{Side, Timeframe};

use super::Lockstep;
use crate::bars::Bars;
use crate::desk::Desk;
use crate::floor::Floor;
use crate::testing::{config, event, request};
use crate::{At, Call, CallValue, Interests, Limits, MarketData, MarketEvent, Reply, StrategyInput};

const DAY: i64 = 1_767_225_600;

/// A replay of quotes of one instrument, a second apart.
struct Replay {
    lockstep: Lockstep,
    floor: Floor,
    batch: u64,
}

impl Replay {
    fn new(interests: Interests, bids: &[i64]) -> Self {
        Self::with_latency(interests, bids, 0)
    }

    fn with_latency(interests: Interests, bids: &[i64], seconds: u64) -> Self {
        let mut config = config(Limits::default());
        config.exchanges[0].paper.latency = std::time::Duration::from_secs(seconds);
        let desk = Desk::new(&config);
        let bars = Bars::new(desk.state().instruments());
        let mut floor = Floor::new(desk, bars, time(0), 0);
        floor.timers.tell_each();
        let mut lockstep = Lockstep::new();
        lockstep.set_interests(interests);
        lockstep.give(&mut quotes(bids));
        Self { lockstep, floor, batch: 0 }
    }

    /// Returns the next batch in short.
    fn next(&mut self) -> Option<String> {
        self.next_of(false)
    }

    /// Returns the next batch in short, when the feed gave its last.
    fn last(&mut self) -> Option<String> {
        self.next_of(true)
    }

    fn next_of(&mut self, last: bool) -> Option<String> {
        let (number, inputs) = self.lockstep.next(&mut self.floor, true, last)?;
        self.batch = number;
        Some(short(&inputs))
    }

    fn call(&mut self, record: u32, call: Call) -> Reply {
        let at = At { batch: self.batch, record };
        self.lockstep.call(&mut self.floor, Some(at), call).unwrap()
    }

    fn place(&mut self, record: u32, side: Side, price: Option<&str>) -> (String, Option<u32>) {
        let Reply { value, facts, end } =
            self.call(record, Call::Place(request("BTCUSDT", side, "0.5", price)));
        assert!(matches!(value, CallValue::Order(_)));
        (short(&facts), end)
    }

    fn done(&mut self, reached: u32) -> u64 {
        self.lockstep.done(&mut self.floor, reached);
        self.floor.place()
    }
}

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(DAY + second).unwrap()
}

fn quotes(bids: &[i64]) -> Vec<MarketEvent> {
    let quote = |(second, bid): (i64, &i64)| event(0, time(second), &bid.to_string(), &(bid + 1).to_string());
    (0..).zip(bids).map(quote).collect()
}

/// Writes inputs in short: a quote is its bid, in brackets if it is only seen.
fn short(inputs: &[StrategyInput]) -> String {
    let bid = |event: &MarketEvent| match event.data {
        MarketData::Quote(touch) => touch.bid.to_string(),
        other => format!("{other:?}"),
    };
    let words = inputs.iter().map(|input| match input {
        StrategyInput::Event(event) => bid(event),
        StrategyInput::See(event) => format!("({})", bid(event)),
        StrategyInput::Bar(bar, _) => format!("bar:{}", bar.close),
        StrategyInput::Order(order) => format!("{}:{}", order.id, order.status),
        StrategyInput::Fill(fill) => format!("fill:{}", fill.0.price),
        StrategyInput::Funding(_) => "funding".to_owned(),
        StrategyInput::Timer { name, time } => format!("{name}:{}", time.as_second() - DAY),
        StrategyInput::Command { id, .. } => format!("command:{id}"),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn timeframe(text: &str) -> Timeframe {
    text.parse().unwrap()
}

#[test]
fn quiet_quotes_go_out_together_and_are_applied_as_the_strategy_gets_to_them() {
    let mut replay = Replay::new(Interests::QUOTES, &[100, 101, 102, 103, 104]);
    // The first one begins everything, so it is alone.
    assert_eq!(replay.next().unwrap(), "100");
    assert_eq!(replay.done(1), 1);
    assert_eq!(replay.next().unwrap(), "101 102 103 104");
    assert_eq!(replay.floor.place(), 1, "nothing is applied yet");
    replay.call(3, Call::Accounts);
    assert_eq!((replay.floor.place(), replay.floor.clock()), (4, time(3)));
    assert_eq!(replay.done(4), 5);
    assert_eq!(replay.next(), None);
}

#[test]
fn an_order_ends_the_batch_where_it_will_be_filled() {
    let mut replay = Replay::new(Interests::QUOTES, &[110, 110, 109, 108, 105, 104, 103]);
    replay.next().unwrap();
    replay.done(1);
    assert_eq!(replay.next().unwrap(), "110 109 108 105 104 103");
    // It rests at 107, which the fourth quote of the batch reaches with its ask of 106.
    assert_eq!(replay.place(1, Side::Buy, Some("107")), ("q1:NEW".to_owned(), Some(3)));
    assert_eq!(replay.done(3), 4);
    // Then it is alone: seen, then what it filled, then its own callback.
    assert_eq!(replay.next().unwrap(), "(105) fill:107 q1:FILLED 105");
    replay.done(4);
    assert_eq!(replay.next().unwrap(), "104 103");
    // What is filled at once ends nothing.
    assert_eq!(replay.place(2, Side::Sell, None), ("fill:103 q2:FILLED".to_owned(), None));
    assert_eq!(replay.done(2), 7);
}

#[test]
fn timers_come_first_then_bars_then_the_quote_itself() {
    let mut replay = Replay::new(Interests::QUOTES, &[100, 101, 102, 103, 104]);
    replay.next().unwrap();
    replay.call(1, Call::SubscribeBars(timeframe("2s")));
    replay.call(1, Call::SetTimer("three".to_owned(), Some(timeframe("3s"))));
    replay.call(1, Call::SetTimer("four".to_owned(), Some(timeframe("4s"))));
    replay.done(1);
    let expected = "101 (102) bar:101.5 102 three:3 103 four:4 (104) bar:103.5 104";
    assert_eq!(replay.next().unwrap(), expected);
    for (record, place, clock) in
        [(1, 2, 1), (2, 3, 2), (4, 3, 2), (5, 3, 3), (6, 4, 3), (7, 4, 4), (10, 5, 4)]
    {
        replay.call(record, Call::Accounts);
        assert_eq!((replay.floor.place(), replay.floor.clock()), (place, time(clock)), "record {record}");
    }
    assert_eq!(replay.done(10), 5);
    assert_eq!(replay.next(), None);
}

#[test]
fn another_timer_or_timeframe_ends_a_batch_behind_what_happened() {
    let timer = Call::SetTimer("two".to_owned(), Some(timeframe("2s")));
    let bars = Call::SubscribeBars(timeframe("1s"));
    for (call, expected) in
        [(timer, "103 two:4 (104) bar:103.5 104"), (bars, "103 (104) bar:103.5 bar:103.5 104")]
    {
        let mut replay = Replay::new(Interests::QUOTES, &[100, 101, 102, 103, 104]);
        replay.next().unwrap();
        replay.call(1, Call::SubscribeBars(timeframe("2s")));
        replay.done(1);
        assert_eq!(replay.next().unwrap(), "101 (102) bar:101.5 102 103 (104) bar:103.5 104");
        // In the callback of the bar; the quote that closed it happened, too.
        assert_eq!(replay.call(3, call).end, Some(4));
        replay.done(4);
        assert_eq!(replay.next().unwrap(), expected);
    }
}

#[test]
fn what_a_call_causes_is_told_behind_what_happened_before_it() {
    let mut replay = Replay::new(Interests::QUOTES, &[100, 100, 90, 90]);
    replay.next().unwrap();
    replay.place(1, Side::Buy, Some("97"));
    replay.place(1, Side::Buy, Some("95"));
    replay.done(1);
    replay.next().unwrap();
    replay.done(1);
    assert_eq!(replay.next().unwrap(), "(90) fill:97 q1:FILLED fill:95 q2:FILLED 90");
    // In the first fill's callback the strategy sells; the rest of the batch is told anew, in its order.
    let (facts, end) = replay.place(2, Side::Sell, None);
    assert_eq!((facts.as_str(), end), ("q1:FILLED fill:95 q2:FILLED fill:90 q3:FILLED", Some(2)));
    replay.done(2);
    assert_eq!(replay.next().unwrap(), "90");
}

#[test]
fn without_an_interest_in_quotes_only_the_newest_are_shown_and_only_with_something_else() {
    let mut replay = Replay::new(Interests::FACTS, &[100, 101, 102, 103, 104, 105]);
    replay.floor.bars.subscribe(timeframe("3s"));
    assert_eq!(replay.next().unwrap(), "(103) bar:102.5");
    assert_eq!(replay.done(2), 4);
    assert_eq!(replay.next(), None);
    assert_eq!(replay.floor.place(), 6);
    let (_, last) = replay.lockstep.next(&mut replay.floor, true, true).unwrap();
    assert_eq!(short(&last), "(105)", "nothing else comes");
}

#[test]
fn what_a_person_does_is_told_with_the_next_answer_and_makes_events_loud() {
    let mut replay = Replay::new(Interests::QUOTES, &[100, 101, 102, 103, 110, 111]);
    replay.next().unwrap();
    replay.done(1);
    assert_eq!(replay.next().unwrap(), "101 102 103 110 111");
    // It acts on the state as far as the strategy is known to be, which is the first quote.
    let cell = Call::Place(request("BTCUSDT", Side::Sell, "0.5", Some("105")));
    assert_eq!(replay.lockstep.call(&mut replay.floor, None, cell).unwrap().facts, []);
    let reply = replay.call(2, Call::Accounts);
    assert_eq!((short(&reply.facts).as_str(), reply.end), ("q1:NEW", Some(3)));
    replay.done(3);
    assert_eq!(replay.next().unwrap(), "(110) fill:105 q1:FILLED 110");
}

#[test]
fn batches_grow_while_nothing_cuts_them_and_shrink_to_where_they_are_cut() {
    let bids: Vec<i64> = (0..20_000).map(|number| 1_000 + number % 3).collect();
    let mut replay = Replay::new(Interests::QUOTES, &bids);
    let mut sizes = Vec::new();
    for _ in 0..9 {
        let (number, inputs) = replay.lockstep.next(&mut replay.floor, true, false).unwrap();
        replay.batch = number;
        sizes.push(inputs.len());
        replay.done(inputs.len() as u32);
    }
    assert_eq!(sizes, [1, 64, 128, 256, 512, 1_024, 2_048, 4_096, 4_096]);
    replay.next().unwrap();
    // In two seconds it will be filled.
    let (_, end) = replay.place(31, Side::Sell, Some("1002"));
    assert_eq!(end, Some(32));
    replay.done(32);
    replay.next().unwrap();
    replay.done(u32::MAX);
    let (_, inputs) = replay.lockstep.next(&mut replay.floor, true, false).unwrap();
    assert_eq!(inputs.len(), 2 * 32);
}

#[test]
fn a_strategy_that_ends_is_forgotten_and_one_that_begins_gets_what_was_not_applied() {
    let mut replay = Replay::new(Interests::QUOTES, &[100, 101, 102, 103]);
    replay.next().unwrap();
    replay.done(1);
    assert_eq!(replay.next().unwrap(), "101 102 103");
    replay.call(1, Call::Accounts);
    replay.lockstep.begin();
    replay.lockstep.set_interests(Interests::QUOTES);
    let at = At { batch: replay.batch, record: 3 };
    replay.lockstep.call(&mut replay.floor, Some(at), Call::Accounts).unwrap();
    assert_eq!(replay.floor.place(), 2, "who is gone has no place any more");
    assert_eq!(replay.next().unwrap(), "102 103");
    replay.lockstep.set_interests(Interests::NONE);
    assert_eq!((replay.next(), replay.floor.place()), (None, 4));
}

#[test]
fn what_was_sent_before_the_market_ended_arrives_and_what_answers_that_does_not() {
    let mut replay = Replay::with_latency(Interests::QUOTES, &[100, 101], 5);
    assert_eq!(replay.next().unwrap(), "100");
    replay.done(1);
    assert_eq!(replay.next().unwrap(), "101");
    replay.place(1, Side::Buy, None);
    replay.done(1);
    assert_eq!(replay.next(), None, "more may come");
    assert_eq!(replay.last().unwrap(), "fill:102 q1:FILLED");
    assert_eq!(replay.floor.clock(), time(6));
    replay.place(2, Side::Sell, None);
    replay.done(2);
    assert!(!replay.lockstep.has_arrivals(&replay.floor));
    assert_eq!(replay.last(), None);
    // What a person sends then arrives with what is on its way.
    replay.lockstep.call(&mut replay.floor, None, Call::Accounts).unwrap();
    assert!(replay.lockstep.has_arrivals(&replay.floor));
    assert!(replay.last().unwrap().contains("fill:101"));
}
