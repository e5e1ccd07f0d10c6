//! Every order type × time in force × market situation, with the public rule that its line follows.
//!
//! The market is BTCUSDT, tick 0.1, at 100.0 / 100.2 with 3 on each side. An order is written
//! `BUY 2 @100 stop=101 ioc post reduce`; what the market does next `q 99.0/99.2` (with sizes `q 99.0x1/99.2x1`) or
//! `t 99.5x2 S`, a trade whose taker sold. What comes of it: `2@100.2T` is a fill as taker, `M` one as maker.

use qubx_protocol::{OrderStatus, Price, Quantity, Side, TimeInForce};
use rust_decimal::Decimal;

use super::*;
use crate::testing::{at, config, decimal, id};
use crate::{FeedConfig, InstrumentIndex, Limits, RecordedFile, RecordedKind, Speed, Touch};

const TIME: &str = "12:00:00";

/// Binance Academy, Types of orders: a market order is executed at once at the best price there is.
const MARKET: &str = "Binance: market orders";
/// Binance Academy, Types of orders: a limit order is executed at its limit or better; who rests makes, at its own price.
const LIMIT: &str = "Binance: limit orders";
/// Binance API, Time in force: "IOC - Immediate or Cancel": as much as can be at once, and the rest is cancelled.
const IOC: &str = "Binance: IOC";
/// Binance USD-M API: "GTX - Good Till Crossing (Post Only)", refused with -5022 when it could not be executed as maker.
const POST_ONLY: &str = "Binance: GTX";
/// Binance USD-M API, New Order: a stop is reached when, "BUY: latest price >= stopPrice; SELL: latest price <= stopPrice".
const STOP: &str = "Binance: STOP_MARKET";
/// Binance USD-M API, Error codes: -2021 "Order would immediately trigger."
const WOULD_TRIGGER: &str = "Binance: -2021";
/// Binance Academy, Stop-limit: once its stop is reached it is a limit order.
const STOP_LIMIT: &str = "Binance: STOP";
/// Binance USD-M API, Error codes: -2022 "ReduceOnly Order is rejected."; one larger than the position is cut to it.
const REDUCE_ONLY: &str = "Binance: reduceOnly";
/// Binance USD-M API, Error codes: -1014 "Unsupported order combination.", -4003 "Quantity less than zero."
const COMBINATION: &str = "Binance: -1014";
/// No exchange fills what is not there.
const EMPTY: &str = "nothing there, nothing filled";

pub(super) fn order(text: &str) -> OrderRequest {
    let mut words = text.split(' ');
    let side = if words.next() == Some("BUY") { Side::Buy } else { Side::Sell };
    let quantity = Quantity(decimal(words.next().unwrap()));
    let mut request = OrderRequest::new(id("BTCUSDT"), side, quantity, None, "tester".into());
    for word in words {
        match (word, word.split_once(['@', '='])) {
            ("ioc", _) => request.time_in_force = TimeInForce::Ioc,
            ("post", _) => request.post_only = true,
            ("reduce", _) => request.reduce_only = true,
            (_, Some(("", price))) => request.price = Some(Price(decimal(price))),
            (_, Some(("stop", price))) => request.stop_price = Some(Price(decimal(price))),
            _ => panic!("{word}"),
        }
    }
    request
}

/// Reads `100.0x3`; without a size it is 3.
fn level(text: &str) -> (Price, Quantity) {
    let (price, size) = text.split_once('x').unwrap_or((text, "3"));
    (Price(decimal(price)), Quantity(decimal(size)))
}

fn step(text: &str) -> MarketData {
    let (kind, rest) = text.split_once(' ').unwrap();
    if kind == "q" {
        let ((bid, bid_size), (ask, ask_size)) =
            rest.split_once('/').map(|(bid, ask)| (level(bid), level(ask))).unwrap();
        return MarketData::Quote(Touch { bid, ask, bid_size, ask_size });
    }
    let (what, side) = rest.split_once(' ').unwrap();
    let (price, size) = level(what);
    MarketData::Trade { price, size, side: if side == "B" { Side::Buy } else { Side::Sell } }
}

pub(super) fn happen(desk: &mut Desk, text: &str) -> Vec<EngineEvent> {
    let mut out = Vec::new();
    let event = MarketEvent { instrument: InstrumentIndex(0), time: at(TIME), data: step(text) };
    desk.market(at(TIME), &event, &mut out);
    out
}

/// Writes what became of an order.
pub(super) fn told(events: &[EngineEvent]) -> String {
    let word = |event: &EngineEvent| match event {
        EngineEvent::Fill { fill, .. } => {
            let liquidity = format!("{:?}", fill.liquidity);
            Some(format!("{}@{}{}", fill.quantity, fill.price.0.normalize(), &liquidity[..1]))
        }
        EngineEvent::Order(order) => match order.status {
            OrderStatus::Intended | OrderStatus::PartiallyFilled => None,
            OrderStatus::New if order.triggered => Some("TRIGGERED".to_owned()),
            OrderStatus::Rejected => Some(format!("REJECTED {:?}", order.rejection.unwrap())),
            status => Some(status.to_string()),
        },
        _ => None,
    };
    events.iter().filter_map(word).collect::<Vec<_>>().join(" ")
}

/// Returns what becomes of an order when the market then does these steps. The account holds `held` before.
fn outcome(held: Decimal, request: &str, steps: &[&str]) -> String {
    let mut desk = Desk::new(&config(Limits::default()));
    happen(&mut desk, "q 100.0x50/100.2x50");
    if !held.is_zero() {
        let side = if held.is_sign_positive() { "BUY" } else { "SELL" };
        desk.place(at(TIME), vec![order(&format!("{side} {}", held.abs()))]);
        desk.send(at(TIME));
    }
    happen(&mut desk, "q 100.0/100.2");
    let mut events = desk.place(at(TIME), vec![order(request)]);
    events.extend(desk.send(at(TIME)));
    for step in steps {
        events.extend(happen(&mut desk, step));
    }
    told(&events)
}

type Line = (&'static str, &'static str, &'static [&'static str], &'static str);

fn check(held: &str, lines: &[Line]) {
    for (source, request, steps, expected) in lines {
        let outcome = outcome(decimal(held), request, steps);
        assert_eq!(outcome, *expected, "{request} with {held} held, then {steps:?} ({source})");
    }
}

#[test]
fn market_orders() {
    check(
        "0",
        &[
            (MARKET, "BUY 2", &[], "2@100.2T FILLED"),
            (MARKET, "SELL 2", &[], "2@100T FILLED"),
            // What is not at the touch is there a tick further on, and again: a model, and so a rule of ours.
            (MARKET, "BUY 7", &[], "3@100.2T 3@100.3T 1@100.4T FILLED"),
            (MARKET, "SELL 7", &[], "3@100T 3@99.9T 1@99.8T FILLED"),
            (IOC, "BUY 7 ioc", &[], "3@100.2T 3@100.3T 1@100.4T FILLED"),
            (COMBINATION, "BUY 2 post", &[], "REJECTED BadOption"),
            (COMBINATION, "BUY 2 ioc post", &[], "REJECTED BadOption"),
            (COMBINATION, "BUY -2", &[], "REJECTED BadQuantity"),
            (COMBINATION, "BUY 0.0001", &[], "REJECTED BadQuantity"),
            (REDUCE_ONLY, "BUY 2 reduce", &[], "REJECTED WouldIncrease"),
        ],
    );
}

#[test]
fn limit_orders_that_cross() {
    check(
        "0",
        &[
            (LIMIT, "BUY 2 @100.2", &[], "2@100.2T FILLED"),
            (LIMIT, "BUY 2 @105", &[], "2@100.2T FILLED"),
            (LIMIT, "SELL 2 @100", &[], "2@100T FILLED"),
            (LIMIT, "SELL 2 @90", &[], "2@100T FILLED"),
            // The rest rests at its limit, and makes there.
            (LIMIT, "BUY 5 @100.2", &[], "3@100.2T"),
            (LIMIT, "BUY 5 @100.2", &["q 100.0/100.2x1"], "3@100.2T 1@100.2M"),
            (LIMIT, "BUY 5 @100.2", &["q 99.0/99.5"], "3@100.2T 2@100.2M FILLED"),
            (LIMIT, "SELL 5 @99.9", &["q 99.8/100.2", "q 99.9/100.2"], "3@100T 2@99.9T FILLED"),
            (LIMIT, "SELL 8 @99.9", &["q 99.8/100.2", "q 99.9/100.2"], "3@100T 3@99.9T 2@99.9M FILLED"),
            (IOC, "BUY 2 @100.2 ioc", &[], "2@100.2T FILLED"),
            (IOC, "BUY 5 @100.2 ioc", &["q 99.0/99.5"], "3@100.2T CANCELLED"),
            (IOC, "SELL 5 @99.9 ioc", &[], "3@100T 2@99.9T FILLED"),
            (IOC, "SELL 7 @99.9 ioc", &[], "3@100T 3@99.9T CANCELLED"),
            (POST_ONLY, "BUY 2 @100.2 post", &[], "REJECTED WouldTake"),
            (POST_ONLY, "SELL 2 @100 post", &[], "REJECTED WouldTake"),
            (COMBINATION, "BUY 2 @100.2 ioc post", &[], "REJECTED BadOption"),
            (COMBINATION, "BUY 2 @-1", &[], "REJECTED BadPrice"),
            (COMBINATION, "BUY 2 @0.04", &[], "REJECTED BadPrice"),
            (REDUCE_ONLY, "BUY 2 @100.2 reduce", &[], "REJECTED WouldIncrease"),
        ],
    );
}

#[test]
fn limit_orders_that_rest() {
    check(
        "0",
        &[
            (LIMIT, "BUY 2 @99.5", &[], "NEW"),
            (LIMIT, "BUY 2 @99.5", &["q 99.4/99.6"], "NEW"),
            (LIMIT, "BUY 2 @99.5", &["q 99.4/99.5"], "NEW 2@99.5M FILLED"),
            (LIMIT, "BUY 2 @99.5", &["q 90/91"], "NEW 2@99.5M FILLED"),
            (LIMIT, "BUY 2 @99.5", &["q 99.4/99.5x1"], "NEW 1@99.5M"),
            (LIMIT, "BUY 2 @99.5", &["q 99.4/99.5x1", "q 99.4/99.5x1"], "NEW 1@99.5M 1@99.5M FILLED"),
            (LIMIT, "SELL 2 @101", &["q 100.9/101.2"], "NEW"),
            (LIMIT, "SELL 2 @101", &["q 101/101.2"], "NEW 2@101M FILLED"),
            (LIMIT, "SELL 2 @101", &["q 101x0.5/101.2"], "NEW 0.5@101M"),
            // A trade of others at or through the limit would have been ours, if its taker came to our side.
            (LIMIT, "BUY 2 @99.5", &["t 99.6x9 S"], "NEW"),
            (LIMIT, "BUY 2 @99.5", &["t 99.5x1 S"], "NEW 1@99.5M"),
            (LIMIT, "BUY 2 @99.5", &["t 99.0x9 S"], "NEW 2@99.5M FILLED"),
            (LIMIT, "BUY 2 @99.5", &["t 99.0x9 B"], "NEW"),
            (LIMIT, "SELL 2 @101", &["t 101x1 B", "t 102x1 B"], "NEW 1@101M 1@101M FILLED"),
            (LIMIT, "SELL 2 @101", &["t 102x9 S"], "NEW"),
            (IOC, "BUY 2 @99.5 ioc", &["q 90/91"], "CANCELLED"),
            (IOC, "SELL 2 @101 ioc", &["q 110/111"], "CANCELLED"),
            (POST_ONLY, "BUY 2 @99.5 post", &[], "NEW"),
            (POST_ONLY, "BUY 2 @99.5 post", &["q 99.4/99.5"], "NEW 2@99.5M FILLED"),
            (POST_ONLY, "SELL 2 @100.1 post", &["t 100.1x2 B"], "NEW 2@100.1M FILLED"),
        ],
    );
}

#[test]
fn stops() {
    check(
        "0",
        &[
            (STOP, "BUY 2 stop=101", &[], "NEW"),
            (STOP, "BUY 2 stop=101", &["q 100.7/100.9"], "NEW"),
            (STOP, "BUY 2 stop=101", &["q 100.8/101"], "NEW TRIGGERED 2@101T FILLED"),
            (STOP, "BUY 2 stop=101", &["q 104/105"], "NEW TRIGGERED 2@105T FILLED"),
            (STOP, "BUY 5 stop=101", &["q 104/105"], "NEW TRIGGERED 3@105T 2@105.1T FILLED"),
            (STOP, "SELL 2 stop=99", &["q 99.1/99.2"], "NEW"),
            (STOP, "SELL 2 stop=99", &["q 99/99.2"], "NEW TRIGGERED 2@99T FILLED"),
            (STOP, "SELL 2 stop=99", &["q 95/96"], "NEW TRIGGERED 2@95T FILLED"),
            // A trade is a price too; what it triggers takes at its price, or what is quoted where that is worse.
            (STOP, "BUY 2 stop=101", &["t 100.9x9 B"], "NEW"),
            (STOP, "BUY 2 stop=101", &["t 101x9 S"], "NEW TRIGGERED 2@101T FILLED"),
            (STOP, "BUY 5 stop=101", &["t 102x9 B"], "NEW TRIGGERED 3@102T 2@102.1T FILLED"),
            (STOP, "SELL 2 stop=99", &["t 98x9 S"], "NEW TRIGGERED 2@98T FILLED"),
            (IOC, "BUY 5 stop=101 ioc", &["q 104/105"], "NEW TRIGGERED 3@105T 2@105.1T FILLED"),
            (WOULD_TRIGGER, "BUY 2 stop=100.2", &[], "REJECTED WouldTrigger"),
            (WOULD_TRIGGER, "BUY 2 stop=90", &[], "REJECTED WouldTrigger"),
            (WOULD_TRIGGER, "SELL 2 stop=100", &[], "REJECTED WouldTrigger"),
            (COMBINATION, "BUY 2 stop=101 post", &[], "REJECTED BadOption"),
            (COMBINATION, "BUY 2 stop=-1", &[], "REJECTED BadPrice"),
            (REDUCE_ONLY, "SELL 2 stop=99 reduce", &[], "REJECTED WouldIncrease"),
        ],
    );
}

#[test]
fn stop_limits() {
    check(
        "0",
        &[
            (STOP_LIMIT, "BUY 2 @101.5 stop=101", &["q 100.7/100.9"], "NEW"),
            // Triggered and crossing: it takes, up to its limit.
            (STOP_LIMIT, "BUY 2 @101.5 stop=101", &["q 100.8/101"], "NEW TRIGGERED 2@101T FILLED"),
            (STOP_LIMIT, "BUY 7 @101.1 stop=101", &["q 100.8/101"], "NEW TRIGGERED 3@101T 3@101.1T"),
            (
                STOP_LIMIT,
                "BUY 7 @101.1 stop=101",
                &["q 100.8/101", "q 101/101.1"],
                "NEW TRIGGERED 3@101T 3@101.1T 1@101.1M FILLED",
            ),
            // Triggered and not crossing: it rests.
            (STOP_LIMIT, "BUY 2 @101.5 stop=101", &["q 104/105"], "NEW TRIGGERED"),
            (
                STOP_LIMIT,
                "BUY 2 @101.5 stop=101",
                &["q 104/105", "q 101/101.5"],
                "NEW TRIGGERED 2@101.5M FILLED",
            ),
            (STOP_LIMIT, "SELL 2 @98.5 stop=99", &["q 99/99.2"], "NEW TRIGGERED 2@99T FILLED"),
            (STOP_LIMIT, "SELL 2 @98.5 stop=99", &["q 97/97.2"], "NEW TRIGGERED"),
            (STOP_LIMIT, "SELL 2 @98.5 stop=99", &["t 99x1 S"], "NEW TRIGGERED 2@99T FILLED"),
            (STOP_LIMIT, "SELL 2 @98.5 stop=99", &["t 98x1 S"], "NEW TRIGGERED"),
            // Its limit does not matter before its stop is reached.
            (STOP_LIMIT, "BUY 2 @102 stop=101", &["t 100.5x9 S"], "NEW"),
            (STOP_LIMIT, "SELL 2 @98 stop=99", &["q 99.5/99.7"], "NEW"),
            (IOC, "BUY 7 @101.1 stop=101 ioc", &["q 100.8/101"], "NEW TRIGGERED 3@101T 3@101.1T CANCELLED"),
            (IOC, "BUY 2 @101.5 stop=101 ioc", &["q 104/105"], "NEW TRIGGERED CANCELLED"),
            (WOULD_TRIGGER, "BUY 2 @101.5 stop=100", &[], "REJECTED WouldTrigger"),
            (POST_ONLY, "BUY 2 @101.5 stop=101 post", &["q 100.8/101"], "NEW TRIGGERED CANCELLED"),
            (POST_ONLY, "BUY 2 @101.5 stop=101 post", &["q 104/105"], "NEW TRIGGERED"),
            (COMBINATION, "BUY 2 @101.5 stop=101 ioc post", &[], "REJECTED BadOption"),
        ],
    );
}

#[test]
fn orders_that_may_only_reduce() {
    check(
        "2",
        &[
            (REDUCE_ONLY, "SELL 1 reduce", &[], "1@100T FILLED"),
            (REDUCE_ONLY, "SELL 5 reduce", &[], "2@100T CANCELLED"),
            (REDUCE_ONLY, "BUY 1 reduce", &[], "REJECTED WouldIncrease"),
            (REDUCE_ONLY, "SELL 5 @100 reduce", &[], "2@100T CANCELLED"),
            (REDUCE_ONLY, "SELL 5 @100 ioc reduce", &[], "2@100T CANCELLED"),
            (REDUCE_ONLY, "SELL 5 @101 reduce", &[], "NEW"),
            (REDUCE_ONLY, "SELL 5 @101 reduce", &["q 101/101.2"], "NEW 2@101M CANCELLED"),
            (REDUCE_ONLY, "SELL 5 @101 reduce", &["q 101x1/101.2"], "NEW 1@101M"),
            (REDUCE_ONLY, "SELL 5 @101 reduce", &["t 101x9 B"], "NEW 2@101M CANCELLED"),
            (REDUCE_ONLY, "SELL 5 @101 post reduce", &["q 101/101.2"], "NEW 2@101M CANCELLED"),
            (REDUCE_ONLY, "SELL 5 stop=99 reduce", &["q 98/99"], "NEW TRIGGERED 2@98T CANCELLED"),
            (REDUCE_ONLY, "SELL 5 @97 stop=99 reduce", &["q 98/99"], "NEW TRIGGERED 2@98T CANCELLED"),
            // Below the least value of an order (error -4164: "unless you choose reduce only").
            (REDUCE_ONLY, "SELL 0.01 reduce", &[], "0.01@100T FILLED"),
        ],
    );
    check(
        "-2",
        &[
            (REDUCE_ONLY, "BUY 5 reduce", &[], "2@100.2T CANCELLED"),
            (REDUCE_ONLY, "SELL 1 reduce", &[], "REJECTED WouldIncrease"),
            (REDUCE_ONLY, "BUY 5 stop=101 reduce", &["q 101/102"], "NEW TRIGGERED 2@102T CANCELLED"),
        ],
    );
}

#[test]
fn a_side_without_a_size_has_nothing_to_take() {
    let empty = "q 100.0x0/100.2x0";
    for (source, request, steps, expected) in [
        (EMPTY, "BUY 2", vec![], "REJECTED NoQuote"),
        (EMPTY, "SELL 2", vec![], "REJECTED NoQuote"),
        (EMPTY, "BUY 2 @105", vec![], "NEW"),
        (EMPTY, "BUY 2 @105", vec!["q 100/101"], "NEW 2@105M FILLED"),
        (EMPTY, "BUY 2 @105 ioc", vec![], "CANCELLED"),
        (EMPTY, "BUY 2 stop=101 ioc", vec!["q 101/101.2x0", "q 99/100"], "NEW TRIGGERED CANCELLED"),
        // Triggered, it waits for the first size that comes.
        (EMPTY, "BUY 2 stop=101", vec!["q 101/101.2x0"], "NEW TRIGGERED"),
        (EMPTY, "BUY 2 stop=101", vec!["q 101/101.2x0", "q 99/100"], "NEW TRIGGERED 2@100T FILLED"),
        (EMPTY, "BUY 2 @102 stop=101", vec!["q 101/101.2x0", "q 99/100"], "NEW TRIGGERED 2@102M FILLED"),
    ] {
        let mut desk = Desk::new(&config(Limits::default()));
        happen(&mut desk, empty);
        let mut events = desk.place(at(TIME), vec![order(request)]);
        events.extend(desk.send(at(TIME)));
        for step in &steps {
            events.extend(happen(&mut desk, step));
        }
        assert_eq!(told(&events), expected, "{request} then {steps:?} ({source})");
    }
}

#[test]
fn quotes_that_stand_for_trades_fill_nothing_that_rests_but_trigger_stops() {
    let mut config = config(Limits::default());
    let recorded = |symbol, kind| RecordedFile { instrument: id(symbol), kind, path: "data.csv".into() };
    config.exchanges[0].feed = FeedConfig::Replay {
        speed: Speed::Max,
        files: vec![recorded("BTCUSDT", RecordedKind::Trades), recorded("ETHUSDT", RecordedKind::Quotes)],
    };
    for (request, steps, expected) in [
        // Each trade comes behind the quote that stands for it, and fills once, and only whom its taker came to.
        ("BUY 5 @99.5", vec!["q 99x2/99x2", "t 99x2 S"], "NEW 2@99.5M"),
        ("BUY 5 @99.5", vec!["q 99x2/99x2", "t 99x2 B"], "NEW"),
        ("SELL 5 @101", vec!["q 102x2/102x2", "t 102x2 B"], "NEW 2@101M"),
        ("SELL 2 stop=99", vec!["q 98x2/98x2", "t 98x2 S"], "NEW TRIGGERED 2@98T FILLED"),
        // What a triggered order took of the quote is what its trade gave.
        ("BUY 5 @101 stop=101", vec!["q 101x2/101x2", "t 101x2 S"], "NEW TRIGGERED 2@101T"),
        ("BUY 5 @101 stop=101", vec!["q 101x2/101x2", "t 101x3 S"], "NEW TRIGGERED 2@101T 1@101M"),
    ] {
        let mut desk = Desk::new(&config);
        happen(&mut desk, "q 100.0/100.2");
        let mut events = desk.place(at(TIME), vec![order(request)]);
        events.extend(desk.send(at(TIME)));
        for step in &steps {
            events.extend(happen(&mut desk, step));
        }
        assert_eq!(told(&events), expected, "{request} then {steps:?}");
    }
}

#[test]
fn the_better_limit_comes_first_and_then_the_older_order_and_they_share_what_is_there() {
    let mut desk = Desk::new(&config(Limits::default()));
    happen(&mut desk, "q 100.0/100.2");
    for request in ["BUY 2 @99", "BUY 2 @99.5", "BUY 2 @99.5", "BUY 2 @98"] {
        desk.place(at(TIME), vec![order(request)]);
    }
    desk.send(at(TIME));
    let filled = |desk: &Desk| {
        ["q1", "q2", "q3", "q4"].map(|id| desk.state().order(&id.into()).unwrap().filled.to_string())
    };
    happen(&mut desk, "q 97/97.5x3");
    assert_eq!(filled(&desk), ["0", "2", "1", "0"]);
    // What rests took all of the quote: who comes now finds what lies a tick behind it.
    let mut events = desk.place(at(TIME), vec![order("BUY 1")]);
    events.extend(desk.send(at(TIME)));
    assert_eq!(told(&events), "1@97.6T FILLED");
    happen(&mut desk, "t 98.5x2 S");
    assert_eq!(filled(&desk), ["1", "2", "2", "0"]);
}

#[test]
fn many_small_orders_get_what_one_large_order_gets() {
    let fills = |requests: &[&str]| {
        let mut desk = Desk::new(&config(Limits::default()));
        happen(&mut desk, "q 100.0/100.2");
        let mut cost = Decimal::ZERO;
        for request in requests {
            desk.place(at(TIME), vec![order(request)]);
            for event in desk.send(at(TIME)) {
                if let EngineEvent::Fill { fill, .. } = event {
                    cost += (fill.price * fill.quantity).0;
                }
            }
        }
        (cost, desk.state().position(&id("BTCUSDT")).unwrap().quantity)
    };
    assert_eq!(fills(&["BUY 8"]), fills(&["BUY 1", "BUY 2", "BUY 2", "BUY 3"]));
}
