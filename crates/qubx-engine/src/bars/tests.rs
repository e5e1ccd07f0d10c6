//! What bars promise, whatever they are made from.

use proptest::prelude::*;
use qubx_protocol::{Price, Quantity, Side};
use rust_decimal::Decimal;

use super::*;
use crate::Touch;
use crate::testing::{at, decimal, id};

const BTC: InstrumentIndex = InstrumentIndex(0);
const ETH: InstrumentIndex = InstrumentIndex(1);

fn bars(wanted: &[&str]) -> Bars {
    let mut bars = Bars::new(["BTCUSDT", "ETHUSDT"].map(id));
    wanted.iter().for_each(|timeframe| bars.subscribe(timeframe.parse().unwrap()));
    bars
}

fn quote(instrument: InstrumentIndex, time: Timestamp, price: &str) -> MarketEvent {
    let (price, size) = (Price(decimal(price)), Quantity(Decimal::ONE));
    MarketEvent::quote(instrument, time, Touch { bid: price, ask: price, bid_size: size, ask_size: size })
}

fn trade(time: Timestamp, size: &str) -> MarketEvent {
    let (price, size) = (Price(decimal("1")), Quantity(decimal(size)));
    MarketEvent { instrument: BTC, time, data: MarketData::Trade { price, size, side: Side::Buy } }
}

/// Returns a recorded bar of a minute, at its end.
fn minute(end: Timestamp, [open, high, low, close, volume]: [&str; 5]) -> MarketEvent {
    let price = |text| Price(decimal(text));
    let data = MarketData::Bar {
        timeframe: "1m".parse().unwrap(),
        open: price(open),
        high: price(high),
        low: price(low),
        close: price(close),
        volume: Quantity(decimal(volume)),
    };
    MarketEvent { instrument: BTC, time: end, data }
}

/// Takes an event in and returns what it completes: timeframe, time of day, prices, volume and quotes.
fn completed(bars: &mut Bars, event: MarketEvent) -> Vec<String> {
    let closes = bars.closes(&event);
    let mut complete = Vec::new();
    bars.market(&event, &mut complete);
    assert!(closes || complete.is_empty(), "{event:?} was not seen to complete {complete:?}");
    complete.iter().map(written).collect()
}

fn written(bar: &Bar) -> String {
    let Bar { timeframe, time, open, high, low, close, volume, quotes, .. } = bar;
    let time = time.strftime("%H:%M:%S");
    format!("{timeframe} {time} {open} {high} {low} {close} {volume} {quotes}")
}

#[test]
fn a_bar_is_closed_by_the_first_quote_at_or_after_its_end() {
    let mut bars = bars(&["1m"]);
    let mut seen = Vec::new();
    for (time, price) in [
        ("00:00:10", "100"),
        ("00:00:20", "104"),
        ("00:00:50", "98"),
        ("00:00:59.999", "101"),
        ("00:01:00", "110"),
        // Four minutes without quotes give no bar.
        ("00:05:30", "120"),
        // This one is late.
        ("00:05:10", "121"),
        ("00:06:00", "122"),
    ] {
        let closed = completed(&mut bars, quote(BTC, at(time), price));
        seen.extend(closed.into_iter().map(|bar| format!("{time}: {bar}")));
    }
    assert_eq!(
        seen,
        [
            "00:01:00: 1m 00:00:00 100 104 98 101 0 4",
            "00:05:30: 1m 00:01:00 110 110 110 110 0 1",
            "00:06:00: 1m 00:05:00 120 121 120 121 0 2",
        ]
    );
}

#[test]
fn the_middle_between_bid_and_ask_is_exact() {
    let mut bars = bars(&["1m"]);
    let mut event = quote(BTC, at("00:00:10"), "100.1");
    let MarketData::Quote(touch) = &mut event.data else { unreachable!() };
    touch.ask = Price(decimal("100.2"));
    completed(&mut bars, event);
    let closed = completed(&mut bars, quote(BTC, at("00:01:00"), "1"));
    assert_eq!(closed, ["1m 00:00:00 100.15 100.15 100.15 100.15 0 1"]);
}

#[test]
fn a_strategy_that_subscribes_again_gets_the_open_bar_as_a_whole_and_none_that_it_did_not_ask_for() {
    let mut bars = bars(&[]);
    bars.make(&["1m".parse().unwrap(), "1s".parse().unwrap()]);
    assert!(completed(&mut bars, quote(BTC, at("00:00:10"), "1")).is_empty());
    bars.subscribe("1m".parse().unwrap());
    let closed = completed(&mut bars, quote(BTC, at("00:01:00"), "1"));
    assert_eq!(closed, ["1m 00:00:00 1 1 1 1 0 1"]);
    bars.unsubscribe_all();
    assert!(completed(&mut bars, quote(BTC, at("00:02:00"), "1")).is_empty());
}

#[test]
fn the_next_end_is_that_of_the_shortest_bars_that_are_wanted() {
    assert_eq!(bars(&[]).next_end(at("00:00:10")), None);
    let mut bars = bars(&["1h", "5m"]);
    assert_eq!(bars.next_end(at("00:03:10")), Some(at("00:05:00")));
    assert_eq!(bars.next_end(at("00:05:00")), Some(at("00:10:00")));
    bars.unsubscribe_all();
    assert_eq!(bars.next_end(at("00:03:10")), None);
}

#[test]
fn each_timeframe_and_each_instrument_has_its_own_bars_and_the_shortest_come_first() {
    let mut bars = bars(&["1m", "1s", "1s"]);
    assert_eq!(bars.timeframes().iter().map(ToString::to_string).collect::<Vec<_>>(), ["1s", "1m"]);
    assert!(completed(&mut bars, quote(BTC, at("00:00:10"), "1")).is_empty());
    assert!(completed(&mut bars, quote(ETH, at("00:00:11"), "2")).is_empty());
    let closed = completed(&mut bars, quote(BTC, at("00:01:00"), "3"));
    assert_eq!(closed, ["1s 00:00:10 1 1 1 1 0 1", "1m 00:00:00 1 1 1 1 0 1"]);
    assert!(!bars.closes(&quote(InstrumentIndex(7), at("00:01:00"), "1")), "nobody knows it");
}

#[test]
fn trades_add_their_volume_and_close_bars_and_make_no_price() {
    let mut bars = bars(&["1m"]);
    completed(&mut bars, quote(BTC, at("00:00:10"), "100"));
    completed(&mut bars, trade(at("00:00:20"), "0.25"));
    completed(&mut bars, trade(at("00:00:30"), "0.5"));
    let closed = completed(&mut bars, trade(at("00:01:10"), "2"));
    assert_eq!(closed, ["1m 00:00:00 100 100 100 100 0.75 1"]);
    // The trade before the first quote counts; a minute without quotes gives no bar.
    completed(&mut bars, quote(BTC, at("00:01:20"), "90"));
    let closed = completed(&mut bars, trade(at("00:02:00"), "4"));
    assert_eq!(closed, ["1m 00:01:00 90 90 90 90 2 1"]);
    assert!(completed(&mut bars, quote(BTC, at("00:03:00"), "80")).is_empty());
}

#[test]
fn recorded_bars_are_told_to_the_digit_put_together_and_refined_by_quotes() {
    let mut bars = bars(&["30s", "1m", "2m"]);
    let mut seen = Vec::new();
    for event in [
        quote(BTC, at("00:00:00"), "10.0"),
        quote(BTC, at("00:00:45"), "12"),
        minute(at("00:01:00"), ["10.0", "12.0", "9.50", "11", "3.5"]),
        quote(BTC, at("00:01:00"), "11"),
        minute(at("00:02:00"), ["11", "14", "10", "13", "1"]),
        // The recording has a gap here, which the next quote finds.
        quote(BTC, at("00:02:00"), "13"),
        minute(at("00:03:00"), ["13", "13", "13", "13", "1"]),
        quote(BTC, at("00:06:00"), "20"),
        // No quote finds this one.
        minute(at("00:07:00"), ["20", "21", "20", "21", "2"]),
        minute(at("00:10:00"), ["30", "31", "30", "31", "5"]),
        // It is late: told as it is, and part of nothing.
        minute(at("00:09:00"), ["7", "7", "7", "7", "7"]),
    ] {
        let time = event.time.strftime("%M:%S").to_string();
        let closed = completed(&mut bars, event);
        seen.extend(closed.into_iter().map(|bar| format!("{time}: {bar}")));
    }
    assert_eq!(
        seen,
        [
            "00:45: 30s 00:00:00 10 10 10 10 0 1",
            "01:00: 30s 00:00:30 12 12 12 12 0 1",
            "01:00: 1m 00:00:00 10.0 12.0 9.50 11 3.5 0",
            "02:00: 30s 00:01:00 11 11 11 11 0 1",
            "02:00: 1m 00:01:00 11 14 10 13 1 0",
            "02:00: 2m 00:00:00 10.0 14 9.50 13 4.5 0",
            "03:00: 30s 00:02:00 13 13 13 13 0 1",
            "03:00: 1m 00:02:00 13 13 13 13 1 0",
            "06:00: 2m 00:02:00 13 13 13 13 1 0",
            "07:00: 30s 00:06:00 20 20 20 20 0 1",
            "07:00: 1m 00:06:00 20 21 20 21 2 0",
            "10:00: 1m 00:09:00 30 31 30 31 5 0",
            "10:00: 2m 00:06:00 20 21 20 21 2 0",
            "10:00: 2m 00:08:00 30 31 30 31 5 0",
            "09:00: 1m 00:08:00 7 7 7 7 7 0",
        ]
    );
}

#[test]
fn bars_of_quotes_before_the_first_recorded_one_are_told_too() {
    let mut bars = bars(&["1m", "5m"]);
    let closed: Vec<String> =
        [quote(BTC, at("00:00:10"), "5"), minute(at("00:07:00"), ["6", "6", "6", "6", "1"])]
            .into_iter()
            .flat_map(|event| completed(&mut bars, event))
            .collect();
    assert_eq!(closed, ["1m 00:00:00 5 5 5 5 0 1", "1m 00:06:00 6 6 6 6 1 0", "5m 00:00:00 5 5 5 5 0 1"]);
}

#[test]
fn a_rate_of_funding_closes_nothing() {
    let mut bars = bars(&["1m"]);
    completed(&mut bars, quote(BTC, at("00:00:10"), "5"));
    let rate = MarketData::FundingRate(Decimal::ONE);
    let event = MarketEvent { instrument: BTC, time: at("00:01:00"), data: rate };
    assert!(completed(&mut bars, event).is_empty());
}

#[test]
fn history_is_the_newest_bars_with_the_open_one_at_its_end() {
    let mut bars = bars(&[]);
    let minute_long: Timeframe = "1m".parse().unwrap();
    let history = |bars: &mut Bars, length| {
        bars.history(BTC, minute_long, length).iter().map(written).collect::<Vec<_>>()
    };
    assert!(history(&mut bars, 3).is_empty(), "it begins when it is first asked for");
    assert_eq!(bars.timeframes(), [minute_long]);
    for number in 0..10_020 {
        let time = Timestamp::from_second(60 * number + 5).unwrap();
        bars.market(&quote(BTC, time, &(number + 1).to_string()), &mut Vec::new());
    }
    assert_eq!(
        history(&mut bars, 2),
        ["1m 22:58:00 10019 10019 10019 10019 0 1", "1m 22:59:00 10020 10020 10020 10020 0 1"]
    );
    assert!(history(&mut bars, 0).is_empty());
    let all = history(&mut bars, 1_000_000);
    assert_eq!((all.len(), all[0].as_str()), (10_001, "1m 00:19:00 20 20 20 20 0 1"));
    assert!(bars.history(InstrumentIndex(7), minute_long, 1).is_empty());
}

#[test]
fn the_open_one_of_recorded_bars_shows_what_quotes_tell_of_it() {
    let mut bars = bars(&["2m"]);
    let mut open = |event| {
        completed(&mut bars, event);
        bars.history(BTC, "2m".parse().unwrap(), 1).iter().map(written).collect::<String>()
    };
    assert_eq!(open(quote(BTC, at("00:00:00"), "10")), "2m 00:00:00 10 10 10 10 0 1");
    assert_eq!(open(minute(at("00:01:00"), ["10", "12", "9", "11", "3"])), "2m 00:00:00 10 12 9 10 3 0");
    assert_eq!(open(quote(BTC, at("00:01:30"), "13")), "2m 00:00:00 10 13 9 13 3 0");
    assert_eq!(open(minute(at("00:02:00"), ["11", "14", "10", "13", "1"])), "2m 00:00:00 10 14 9 13 4 0");
}

proptest! {
    #[test]
    fn what_closes_nothing_gives_no_bar_and_bars_are_what_a_slow_way_makes_of_the_quotes(
        steps in proptest::collection::vec((0..90_000_i64, 1..50_i64, 0..4_u8), 1..200),
        wanted in proptest::sample::subsequence(vec!["1s", "7s", "1m", "2m", "1h"], 0..5),
    ) {
        let mut bars = bars(&wanted);
        let mut time = at("00:00:00");
        let mut seen = Vec::new();
        let mut quotes: Vec<(Timestamp, Decimal)> = Vec::new();
        for (wait, price, kind) in steps {
            time += SignedDuration::from_millis(wait);
            let event = if kind == 0 { trade(time, "1") } else { quote(BTC, time, &price.to_string()) };
            if kind > 0 {
                quotes.push((time, Decimal::from(price)));
            }
            seen.extend(completed(&mut bars, event));
        }
        for timeframe in wanted {
            let timeframe: Timeframe = timeframe.parse().unwrap();
            let prefix = format!("{timeframe} ");
            let told: Vec<_> = seen.iter().filter(|bar| bar.starts_with(&prefix)).collect();
            let whole: Vec<_> = quotes
                .chunk_by(|one, next| timeframe.start_of(one.0) == timeframe.start_of(next.0))
                .filter(|chunk| timeframe.start_of(chunk[0].0) < timeframe.start_of(time))
                .collect();
            prop_assert_eq!(told.len(), whole.len());
            for (told, quotes) in told.into_iter().zip(whole) {
                let prices = || quotes.iter().map(|quote| quote.1);
                let (start, count) = (timeframe.start_of(quotes[0].0).strftime("%H:%M:%S"), quotes.len());
                let (open, close) = (quotes[0].1, quotes[count - 1].1);
                let (high, low) = (prices().max().unwrap(), prices().min().unwrap());
                let beginning = format!("{timeframe} {start} {open} {high} {low} {close} ");
                prop_assert!(told.starts_with(&beginning) && told.ends_with(&format!(" {count}")), "{}", told);
            }
        }
    }
}
