//! What happens by the clock: commands arrive, funding is paid; and what of it outlives a session.

use std::time::Duration;

use qubx_protocol::{InstrumentKind, Order, OrderStatus};

use super::table::{order, told};
use super::*;
use crate::testing::{at, config, decimal, id};
use crate::{FundingConfig, InstrumentIndex, Limits, Modification, Restore, Touch};

fn slow() -> EngineConfig {
    let mut config = config(Limits::default());
    config.exchanges[0].paper.latency = Duration::from_millis(500);
    config
}

/// Returns when the next day begins, which is always due.
fn midnight() -> Timestamp {
    "2026-01-02T00:00:00Z".parse().unwrap()
}

fn event(time: &str, bid: &str, ask: &str) -> MarketEvent {
    let size = Quantity(decimal("3"));
    let touch = Touch { bid: decimal(bid).into(), ask: decimal(ask).into(), bid_size: size, ask_size: size };
    MarketEvent::quote(InstrumentIndex(0), at(time), touch)
}

fn quote(desk: &mut Desk, time: &str, bid: &str, ask: &str) -> Vec<EngineEvent> {
    let mut out = Vec::new();
    desk.market(at(time), &event(time, bid, ask), &mut out);
    out
}

fn send(desk: &mut Desk, time: &str, request: &str) -> Vec<EngineEvent> {
    let mut events = desk.place(at(time), vec![order(request)]);
    events.extend(desk.send(at(time)));
    events
}

fn status(desk: &Desk, id: &str) -> OrderStatus {
    desk.state().order(&id.into()).unwrap().status
}

fn quoted_desk(config: &EngineConfig) -> Desk {
    let mut desk = Desk::new(config);
    quote(&mut desk, "12:00:00", "100.0", "100.2");
    desk
}

#[test]
fn an_order_is_on_its_way_and_finds_the_market_that_is_there_when_it_arrives() {
    let mut desk = quoted_desk(&slow());
    assert_eq!(told(&send(&mut desk, "12:00:00", "BUY 2")), "");
    assert_eq!(status(&desk, "q1"), OrderStatus::Intended);
    assert_eq!(desk.due(), Some(at("12:00:00.500")));
    assert!(desk.intended().is_empty());
    assert!(!desk.is_quiet(at("12:00:00.500"), &event("12:00:00.500", "100.0", "100.2")));
    assert_eq!(told(&quote(&mut desk, "12:00:00.499", "101.0", "101.2")), "");
    // It arrives before the quote of the same time.
    let events = quote(&mut desk, "12:00:02", "105", "106");
    assert_eq!(told(&events), "2@101.2T FILLED");
    let EngineEvent::Fill { fill, .. } = &events[0] else { panic!("{events:?}") };
    assert_eq!(fill.time, at("12:00:00.500"));
    assert_eq!(desk.due(), Some(midnight()));
}

#[test]
fn what_holds_when_an_order_arrives_decides() {
    for (request, bid, ask, expected) in [
        ("BUY 2 @100.1 post", "99.9", "100.1", "REJECTED WouldTake"),
        ("BUY 2 stop=101", "101", "101.2", "REJECTED WouldTrigger"),
        ("BUY 2 @100.1 ioc", "99.9", "100.1", "2@100.1T FILLED"),
        ("BUY 2 @100.3", "100.2", "100.4", "NEW"),
    ] {
        let mut desk = quoted_desk(&slow());
        send(&mut desk, "12:00:00", request);
        quote(&mut desk, "12:00:00.100", bid, ask);
        let mut events = Vec::new();
        desk.advance(at("12:00:01"), &mut events);
        assert_eq!(told(&events), expected, "{request}");
    }
}

#[test]
fn an_order_that_arrives_after_the_loss_of_the_day_is_refused_by_that_name() {
    let mut config = slow();
    config.exchanges[0].fees = crate::Fees::default();
    config.limits.daily_loss = Some(decimal("50").into());
    let mut desk = quoted_desk(&config);
    send(&mut desk, "12:00:00", "BUY 10");
    quote(&mut desk, "12:00:01", "100.0", "100.2");
    send(&mut desk, "12:00:01", "BUY 2");
    assert_eq!(desk.state().open_orders().count(), 1);
    desk.state.apply(at("12:00:01.100"), Input::Pause { reason: "loss".to_owned() }, &mut Vec::new());
    desk.state.note_touch(
        0,
        at("12:00:01.100"),
        Touch::from(&crate::testing::quote_at("BTCUSDT", "12:00:01", "90", "90.2")),
    );
    let mut out = Vec::new();
    desk.arrive(at("12:00:01.500"), &"q2".into(), &mut out);
    assert_eq!(told(&out), "REJECTED DailyLoss");
}

#[test]
fn an_order_passes_the_limits_when_it_arrives_too() {
    let limited = |limit: fn(&mut Limits)| {
        let mut config = slow();
        limit(&mut config.limits);
        config
    };
    let position = limited(|limits| limits.position_notional = Some(decimal("1050").into()));
    let leverage = limited(|limits| limits.gross_leverage = Some(decimal("0.0105")));
    let mut margin = slow();
    margin.exchanges[0].capital = decimal("335").into();
    for (config, request, bid, ask, expected) in [
        (&position, "BUY 10", "104.8", "105", "3@105T 3@105.1T 3@105.2T 1@105.3T FILLED"),
        (&position, "BUY 10", "105", "105.2", "REJECTED PositionNotional"),
        (&leverage, "BUY 10", "105", "105.2", "REJECTED GrossLeverage"),
        (&margin, "BUY 10", "101", "101.2", "REJECTED Margin"),
        (&position, "SELL 10 @90 ioc", "104", "104.2", "3@104T 3@103.9T 3@103.8T 1@103.7T FILLED"),
    ] {
        let mut desk = quoted_desk(config);
        send(&mut desk, "12:00:00", request);
        assert_eq!(status(&desk, "q1"), OrderStatus::Intended);
        let mut events = quote(&mut desk, "12:00:00.100", bid, ask);
        desk.advance(at("12:00:01"), &mut events);
        assert_eq!(told(&events), expected, "{request}");
    }
}

#[test]
fn a_person_cancels_at_once_what_is_still_on_its_way() {
    let mut desk = quoted_desk(&slow());
    send(&mut desk, "12:00:00", "BUY 2");
    assert_eq!(told(&desk.cancel(at("12:00:00.100"), &"q1".into(), "enough").unwrap()), "CANCELLED");
    let mut events = Vec::new();
    desk.advance(at("12:00:01"), &mut events);
    assert!(events.is_empty());

    send(&mut desk, "12:00:01", "BUY 2 @90");
    assert_eq!(told(&desk.pause(at("12:00:01.100"), "lunch".to_owned())), "CANCELLED");
}

#[test]
fn a_persons_close_acts_at_once_and_a_strategys_takes_its_time_and_opens_nothing() {
    let mut desk = quoted_desk(&slow());
    send(&mut desk, "12:00:00", "BUY 2");
    quote(&mut desk, "12:00:01", "100.0", "100.2");
    desk.strategy_close(at("12:00:01"), &[id("BTCUSDT")], &"strategy".into());
    assert!(desk.send(at("12:00:01")).is_empty());
    desk.close(at("12:00:01.100"), &[id("BTCUSDT")], &"tester".into());
    assert_eq!(told(&desk.send(at("12:00:01.100"))), "2@100T FILLED");
    assert_eq!(told(&quote(&mut desk, "12:00:02", "100.0", "100.2")), "REJECTED WouldIncrease");
}

#[test]
fn changes_and_cancels_of_a_strategy_take_their_time() {
    let mut desk = quoted_desk(&slow());
    send(&mut desk, "12:00:00", "BUY 2 @99");
    quote(&mut desk, "12:00:01", "100.0", "100.2");
    let modification = Modification { price: Some(decimal("98").into()), ..Modification::default() };
    let id = OrderId::from("q1");
    assert!(desk.modify(at("12:00:01"), &id, modification, &"strategy".into()).unwrap().is_empty());
    assert!(desk.strategy_cancel(at("12:00:01.100"), &id, "enough").unwrap().is_empty());
    assert_eq!(told(&quote(&mut desk, "12:00:01.550", "100.0", "100.2")), "NEW");
    assert_eq!(desk.state().order(&id).unwrap().price, Some(decimal("98").into()));
    assert_eq!(told(&quote(&mut desk, "12:00:01.650", "97", "98")), "CANCELLED");

    // A change that is sent right after its order arrives right after it.
    send(&mut desk, "12:00:01.700", "BUY 2 @96");
    let modification = Modification { price: Some(decimal("95").into()), ..Modification::default() };
    assert!(
        desk.modify(at("12:00:01.700"), &"q2".into(), modification, &"strategy".into()).unwrap().is_empty()
    );
    let events = quote(&mut desk, "12:00:01.999", "98", "98.1");
    assert!(events.is_empty());
    let mut events = Vec::new();
    desk.advance(at("12:00:02.300"), &mut events);
    assert_eq!(told(&events), "NEW NEW");
    assert_eq!(desk.state().order(&"q2".into()).unwrap().price, Some(decimal("95").into()));

    // What comes too late is told.
    send(&mut desk, "12:00:02.300", "BUY 1 @97.5");
    quote(&mut desk, "12:00:03", "97", "98.1");
    desk.strategy_cancel(at("12:00:03"), &"q3".into(), "enough").unwrap();
    quote(&mut desk, "12:00:03.100", "97", "97.5");
    let events = quote(&mut desk, "12:00:04", "97", "98.1");
    assert!(
        matches!(&events[..], [EngineEvent::Log { text, .. }] if text == "the cancel of q3 came too late: it is filled")
    );
}

#[test]
fn slippage_makes_the_price_of_whoever_takes_worse_but_never_beyond_the_limit() {
    let mut config = config(Limits::default());
    config.exchanges[0].paper.slippage_bps = decimal("10");
    for (request, expected) in [
        ("BUY 2", "2@100.4T FILLED"),
        ("SELL 2", "2@99.9T FILLED"),
        ("BUY 2 @100.3", "2@100.3T FILLED"),
        ("BUY 5", "3@100.4T 2@100.5T FILLED"),
    ] {
        assert_eq!(told(&send(&mut quoted_desk(&config), "12:00:00", request)), expected);
    }
    // Who makes gets its own price.
    let mut desk = quoted_desk(&config);
    send(&mut desk, "12:00:00", "BUY 2 @99");
    assert_eq!(told(&quote(&mut desk, "12:00:01", "98", "99")), "2@99M FILLED");
}

fn funded() -> EngineConfig {
    let mut config = config(Limits::default());
    config.exchanges[0].funding =
        Some(FundingConfig { every: Some("8h".parse().unwrap()), rate_bps: decimal("1") });
    config
}

fn payments(events: &[EngineEvent]) -> Vec<String> {
    let payment = |event: &EngineEvent| match event {
        EngineEvent::Funding { funding, position } => Some(format!(
            "{} pays {} for {} at {}, so far {}",
            funding.time, funding.amount, funding.quantity, funding.price, position.funding
        )),
        _ => None,
    };
    events.iter().filter_map(payment).collect()
}

#[test]
fn holders_of_perpetuals_pay_funding_at_multiples_of_the_interval() {
    let mut desk = quoted_desk(&funded());
    assert_eq!(desk.due(), Some(midnight()), "nothing is held");
    send(&mut desk, "12:00:00", "BUY 2");
    assert_eq!(desk.due(), Some(at("16:00:00")));
    assert!(quote(&mut desk, "15:59:59", "110", "111").is_empty());
    assert!(!desk.is_quiet(at("16:00:00"), &event("16:00:00", "110", "111")));
    // 221 × 1 bp, at the middle of before; a quote at the same time comes after.
    assert_eq!(
        payments(&quote(&mut desk, "16:00:00", "120", "121")),
        ["2026-01-01T16:00:00Z pays 0.0221 for 2 at 110.5, so far 0.0221"]
    );
    let rate = MarketData::FundingRate(decimal("-0.001"));
    let told_rate = MarketEvent { data: rate, ..event("23:00:00", "1", "1") };
    assert!(desk.is_quiet(at("23:00:00"), &told_rate));
    let mut events = Vec::new();
    desk.market(at("23:00:00"), &told_rate, &mut events);
    let tomorrow = "2026-01-02T00:00:01Z".parse().unwrap();
    desk.advance(tomorrow, &mut events);
    assert_eq!(payments(&events), ["2026-01-02T00:00:00Z pays -0.241 for 2 at 120.5, so far -0.2189"]);
    let account = &desk.state().accounts()[0];
    assert_eq!(account.funding.to_string(), "-0.2189");
    assert_eq!(
        account.equity,
        account.capital + account.realized_pnl + account.unrealized_pnl.unwrap()
            - account.fees
            - account.funding
    );
}

#[test]
fn neither_futures_nor_the_flat_pay_funding() {
    let mut config = funded();
    config.exchanges[0].instruments[0].kind = InstrumentKind::Future;
    let mut desk = quoted_desk(&config);
    send(&mut desk, "12:00:00", "BUY 2");
    assert_eq!(desk.due(), Some(midnight()));
    let mut desk = quoted_desk(&funded());
    send(&mut desk, "12:00:00", "BUY 2");
    send(&mut desk, "12:00:00", "SELL 2");
    assert_eq!(desk.due(), Some(midnight()));
}

/// Returns `config` with a file of rates of funding.
fn with_file_of_rates(mut config: EngineConfig) -> EngineConfig {
    let file = crate::RecordedFile {
        instrument: id("BTCUSDT"),
        kind: crate::RecordedKind::Funding,
        path: "funding.csv".into(),
    };
    config.exchanges[0].feed = crate::FeedConfig::Replay { speed: crate::Speed::Max, files: vec![file] };
    config
}

/// Lets a rate come that is not quiet, and returns the payments that it brought.
fn tell_rate(desk: &mut Desk, time: &str, rate: &str) -> Vec<String> {
    let rate = MarketEvent { data: MarketData::FundingRate(decimal(rate)), ..event(time, "1", "1") };
    assert!(!desk.is_quiet(at(time), &rate));
    let mut events = Vec::new();
    desk.market(at(time), &rate, &mut events);
    payments(&events)
}

#[test]
fn a_payment_waits_a_minute_for_the_rate_that_a_file_has_of_it() {
    let mut desk = quoted_desk(&with_file_of_rates(funded()));
    send(&mut desk, "12:00:00", "SELL 1");
    assert!(quote(&mut desk, "16:00:00", "100", "100").is_empty());
    assert_eq!(
        tell_rate(&mut desk, "16:00:00.003", "0.01"),
        ["2026-01-01T16:00:00.003Z pays -1.001 for -1 at 100.1, so far -1.001"]
    );
    let mut events = Vec::new();
    desk.advance("2026-01-02T00:02:00Z".parse().unwrap(), &mut events);
    // The next one is not in the file: the newest is taken, a minute later.
    assert_eq!(payments(&events), ["2026-01-02T00:01:00Z pays -1 for -1 at 100, so far -2.001"]);
}

#[test]
fn what_was_held_when_funding_was_due_pays_it_whatever_is_done_until_its_rate_comes() {
    let config = with_file_of_rates(funded());
    let mut desk = quoted_desk(&config);
    send(&mut desk, "12:00:00", "BUY 2");
    quote(&mut desk, "16:00:00", "200", "200");
    // All is closed, and then sold short, before the rate is told.
    for (time, request) in [("16:00:01", "SELL 2"), ("16:00:02", "SELL 3")] {
        send(&mut desk, time, request);
    }
    let mut again = restored(&config, &desk, "16:00:02");
    for desk in [&mut desk, &mut again] {
        assert_eq!(
            tell_rate(desk, "16:00:05", "0.01"),
            ["2026-01-01T16:00:05Z pays 2.002 for 2 at 100.1, so far 2.002"]
        );
        assert_eq!(desk.due(), Some(midnight()));
    }
    // Who comes after it was due owes nothing of it.
    let mut late = quoted_desk(&config);
    late.advance(at("16:00:00"), &mut Vec::new());
    send(&mut late, "16:00:00.500", "BUY 2");
    let rate = MarketEvent { data: MarketData::FundingRate(decimal("0.01")), ..event("16:00:05", "1", "1") };
    assert!(late.is_quiet(at("16:00:05"), &rate));
}

#[test]
fn what_is_owed_is_paid_when_the_market_ends_and_never_when_nothing_pays_any_more() {
    let config = with_file_of_rates(funded());
    let mut desk = quoted_desk(&config);
    send(&mut desk, "12:00:00", "BUY 2");
    quote(&mut desk, "16:00:00", "200", "200");
    assert_eq!(
        payments(&desk.end_market(at("16:00:10"))),
        ["2026-01-01T16:00:10Z pays 0.02002 for 2 at 100.1, so far 0.02002"]
    );
    let mut desk = quoted_desk(&config);
    send(&mut desk, "12:00:00", "BUY 2");
    quote(&mut desk, "16:00:00", "200", "200");
    let mut other = config.clone();
    other.exchanges[0].instruments[0].kind = InstrumentKind::Future;
    let mut again = restored(&other, &desk, "16:00:01");
    let mut events = Vec::new();
    again.advance(at("18:00:00"), &mut events);
    assert_eq!((payments(&events), again.due()), (Vec::new(), Some(midnight())));
}

#[test]
fn without_an_interval_each_rate_of_a_file_is_a_payment() {
    let mut config = with_file_of_rates(funded());
    config.exchanges[0].funding = Some(FundingConfig { every: None, rate_bps: decimal("1") });
    let mut desk = quoted_desk(&config);
    send(&mut desk, "12:00:00", "BUY 1");
    assert_eq!(desk.due(), Some(midnight()), "the file tells when");
    for (time, so_far) in [("13:00:00.001", "0.1001"), ("17:00:00.002", "0.2002")] {
        let expected = format!("2026-01-01T{time}Z pays 0.1001 for 1 at 100.1, so far {so_far}");
        assert_eq!(tell_rate(&mut desk, time, "0.001"), [expected]);
    }
    // Where no file tells, it is every eight hours.
    config.exchanges[0].feed = funded().exchanges[0].feed.clone();
    let mut desk = quoted_desk(&config);
    send(&mut desk, "12:00:00", "BUY 1");
    assert_eq!(desk.due(), Some(at("16:00:00")));
}

/// Does with events what a ledger does, and returns a desk that goes on.
fn restored(config: &EngineConfig, desk: &Desk, time: &str) -> Desk {
    let checkpoint = serde_json::to_string(&desk.checkpoint(at(time))).unwrap();
    let restore = Restore {
        positions: desk.state().positions(),
        orders: desk.state().open_orders().cloned().collect(),
        checkpoint: Some(serde_json::from_str(&checkpoint).unwrap()),
    };
    let config = EngineConfig { next_order: 100, ..config.clone() };
    let mut again = Desk::new(&config);
    assert_eq!(again.restore(restore), []);
    desk.state().quotes().into_iter().for_each(|quote| again.restore_quote(quote));
    again
}

#[test]
fn a_restored_desk_goes_on_as_the_one_before_would_have() {
    let mut config = funded();
    config.exchanges[0].paper.latency = Duration::from_millis(500);
    let mut desk = quoted_desk(&config);
    for request in ["BUY 5", "BUY 5 @99", "BUY 5 @99", "SELL 1 stop=98 reduce"] {
        send(&mut desk, "12:00:00", request);
    }
    quote(&mut desk, "12:00:01", "100.0", "100.2");
    // q2 is filled in part; q3 gives its place up and takes it again behind.
    quote(&mut desk, "12:00:02", "98.9", "99");
    let by = By::from("tester");
    let change = |price: &str| Modification { price: Some(decimal(price).into()), ..Modification::default() };
    desk.modify(at("12:00:02"), &"q2".into(), change("98.5"), &by).unwrap();
    desk.advance(at("12:00:02.500"), &mut Vec::new());
    desk.modify(at("12:00:02.600"), &"q2".into(), change("99"), &by).unwrap();
    send(&mut desk, "12:00:02.700", "SELL 4");
    desk.strategy_cancel(at("12:00:02.800"), &"q4".into(), "enough").unwrap();
    let rate =
        MarketEvent { data: MarketData::FundingRate(decimal("0.002")), ..event("12:00:02.900", "1", "1") };
    desk.market(at("12:00:02.900"), &rate, &mut Vec::new());

    let mut again = restored(&config, &desk, "12:00:02.900");
    for desk in [&mut desk, &mut again] {
        // Whatever is numbered from here has the number of its own desk.
        desk.pause(at("12:00:02.900"), "none".to_owned());
        desk.resume(at("12:00:02.900"), &by).unwrap();
    }
    for (time, bid, ask) in [
        ("12:00:03", "98.9", "99.1"),
        ("12:00:03.250", "98.9", "99.1"),
        ("12:00:04", "98.8", "99.0"),
        ("12:00:05", "97", "97.5"),
        ("16:00:00", "97", "97.5"),
    ] {
        let expected = quote(&mut desk, time, bid, ask);
        assert_eq!(quote(&mut again, time, bid, ask), expected, "{time}");
        let checkpoint = |desk: &Desk| desk.checkpoint(at(time));
        assert_eq!(checkpoint(&again), checkpoint(&desk), "{time}");
    }
    let open = |desk: &Desk| desk.state().open_orders().cloned().collect::<Vec<Order>>();
    assert_eq!(open(&again), open(&desk));
    assert_eq!(again.state().positions(), desk.state().positions());
}

#[test]
fn an_order_that_gave_its_place_up_stands_behind_the_others_after_a_restore_too() {
    let config = config(Limits::default());
    let mut desk = quoted_desk(&config);
    for request in ["BUY 2 @99", "BUY 2 @99", "BUY 2 @99"] {
        send(&mut desk, "12:00:00", request);
    }
    let grown = Modification { quantity: Some(Quantity(decimal("3"))), ..Modification::default() };
    desk.modify(at("12:00:01"), &"q1".into(), grown, &"tester".into()).unwrap();
    let mut again = restored(&config, &desk, "12:00:01");
    for desk in [&mut desk, &mut again] {
        let events = quote(desk, "12:00:02", "98", "99");
        let filled: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                EngineEvent::Fill { fill, .. } => Some(format!("{} {}", fill.order, fill.quantity)),
                _ => None,
            })
            .collect();
        assert_eq!(filled, ["q2 2", "q3 1"]);
    }
}

#[test]
fn a_checkpoint_of_an_older_version_is_read() {
    let old = r#"{"place":7,"time":"2026-01-01T00:00:00Z","paused":null,"day":null,"equity_at_midnight":{}}"#;
    let read: crate::Checkpoint = serde_json::from_str(old).unwrap();
    assert_eq!((read.place, read.under_way.len(), read.markets.len()), (7, 0, 0));
}
