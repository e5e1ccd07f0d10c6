//! Orders, limits and pauses, told as short scripts.

use qubx_protocol::{Order, Side};

use super::*;
use crate::testing::{at, config, decimal, id, quote_at, quoted, request};
use crate::{Limits, Restore};
use Side::{Buy, Sell};

const TIME: &str = "12:00:00";

/// Returns a desk whose two instruments are quoted: BTCUSDT at 100.0 / 100.2 and ETHUSDT at 10.00 / 10.10.
fn quoted_desk(limits: Limits) -> Desk {
    let mut desk = Desk::new(&config(limits));
    quoted(&mut desk, at(TIME), &quote_at("BTCUSDT", TIME, "100.0", "100.2"));
    quoted(&mut desk, at(TIME), &quote_at("ETHUSDT", TIME, "10.00", "10.10"));
    desk
}

/// Places an order and sends it if it passes; returns it as it stands then.
fn trade(desk: &mut Desk, symbol: &str, side: Side, quantity: &str, price: Option<&str>) -> Order {
    trade_at(desk, TIME, symbol, side, quantity, price)
}

fn trade_at(
    desk: &mut Desk,
    time: &str,
    symbol: &str,
    side: Side,
    quantity: &str,
    price: Option<&str>,
) -> Order {
    desk.place(at(time), vec![request(symbol, side, quantity, price)]);
    desk.send(at(time));
    desk.state().orders().into_iter().max_by_key(|order| order.id.0[1..].parse::<u64>().unwrap()).unwrap()
}

/// Writes an order's end in short.
fn outcome(order: &Order) -> String {
    match &order.reason {
        Some(reason) => format!("{}: {reason}", order.status),
        None => format!("{} {} of {}", order.status, order.filled, order.quantity),
    }
}

/// Writes events in short.
fn told(events: &[EngineEvent]) -> Vec<String> {
    let word = |event: &EngineEvent| match event {
        EngineEvent::Order(order) => format!("{} {}", order.id, order.status),
        EngineEvent::Fill { fill, position } => format!(
            "{} {} {} at {} fee {} {:?}, now {}",
            fill.order, fill.side, fill.quantity, fill.price, fill.fee, fill.liquidity, position.quantity
        ),
        EngineEvent::Paused { paused, reason, .. } => format!("paused {paused}: {reason}"),
        EngineEvent::Log { text, .. } => text.clone(),
        EngineEvent::Funding { funding, position } => {
            format!("funding {} of {}, now {}", funding.amount, funding.quantity, position.funding)
        }
        EngineEvent::FeedFinished => "finished".to_owned(),
        EngineEvent::Results(_) => "results".to_owned(),
    };
    events.iter().map(word).collect()
}

#[test]
fn orders_are_filled_at_the_touch_or_rest_until_it_comes() {
    for (side, price, bid, ask, expected) in [
        (Buy, None, "100", "101", vec!["q1 BUY 2 at 100.2 fee 0.1002 Taker, now 2", "q1 FILLED"]),
        (Sell, None, "100", "101", vec!["q1 SELL 2 at 100.0 fee 0.1 Taker, now -2", "q1 FILLED"]),
        // Marketable limits take the touch, not their own price.
        (Buy, Some("105"), "100", "101", vec!["q1 BUY 2 at 100.2 fee 0.1002 Taker, now 2", "q1 FILLED"]),
        (Sell, Some("100.0"), "100", "101", vec!["q1 SELL 2 at 100.0 fee 0.1 Taker, now -2", "q1 FILLED"]),
        // Resting ones are filled at their own price, not at the better one that came.
        (Buy, Some("99"), "98", "99", vec!["q1 NEW", "q1 BUY 2 at 99 fee 0.0396 Maker, now 2", "q1 FILLED"]),
        (Buy, Some("99"), "90", "91", vec!["q1 NEW", "q1 BUY 2 at 99 fee 0.0396 Maker, now 2", "q1 FILLED"]),
        (Buy, Some("99"), "98", "99.1", vec!["q1 NEW"]),
        (
            Sell,
            Some("101"),
            "101",
            "102",
            vec!["q1 NEW", "q1 SELL 2 at 101 fee 0.0404 Maker, now -2", "q1 FILLED"],
        ),
        (Sell, Some("101"), "100.9", "101.5", vec!["q1 NEW"]),
        // Off tick: 99.04 is 99.0.
        (
            Buy,
            Some("99.04"),
            "98",
            "99",
            vec!["q1 NEW", "q1 BUY 2 at 99 fee 0.0396 Maker, now 2", "q1 FILLED"],
        ),
    ] {
        let mut desk = quoted_desk(Limits::default());
        assert_eq!(told(&desk.place(at(TIME), vec![request("BTCUSDT", side, "2", price)])), ["q1 SENT"]);
        let mut events = desk.send(at(TIME));
        events.extend(quoted(&mut desk, at(TIME), &quote_at("BTCUSDT", TIME, bid, ask)));
        assert_eq!(told(&events), expected);
    }
}

#[test]
fn quantities_are_rounded_to_the_lot() {
    let mut desk = quoted_desk(Limits::default());
    assert_eq!(outcome(&trade(&mut desk, "BTCUSDT", Buy, "0.12349", None)), "FILLED 0.123 of 0.123");
}

#[test]
fn orders_that_make_no_sense_are_rejected_with_the_reason() {
    let huge = "79228162514264337593543950335";
    for (symbol, quantity, price, expected) in [
        ("BTCUSDT", "0", None, "the quantity must be positive, not 0"),
        ("BTCUSDT", "-1", None, "the quantity must be positive, not -1"),
        ("BTCUSDT", "0.0004", None, "the quantity 0.0004 is less than half a lot of 0.001"),
        ("BTCUSDT", huge, None, &format!("the quantity {huge} is absurd")),
        ("BTCUSDT", "1", Some(huge), &format!("the price {huge} is absurd")),
        ("BTCUSDT", "1", Some("0"), "the price must be positive, not 0"),
        ("BTCUSDT", "1", Some("-5"), "the price must be positive, not -5"),
        ("BTCUSDT", "1", Some("0.01"), "the price rounds to zero at a tick of 0.1"),
        ("BTCUSDT", "0.01", None, "the value 1.002 is below the least of SIM:BTCUSDT, 5"),
        (
            "BTCUSDT",
            "1000000000000",
            None,
            "the margin would be 33400000000000 at a leverage of 3, above the equity of 100000",
        ),
        ("DOGEUSDT", "1", None, "unknown instrument SIM:DOGEUSDT"),
    ] {
        let mut desk = quoted_desk(Limits::default());
        let order = trade(&mut desk, symbol, Buy, quantity, price);
        assert_eq!(outcome(&order), format!("REJECTED: {expected}"));
    }
    let mut unquoted = Desk::new(&config(Limits::default()));
    let order = trade(&mut unquoted, "BTCUSDT", Buy, "1", None);
    assert_eq!(outcome(&order), "REJECTED: SIM:BTCUSDT has no quote yet");
}

#[test]
fn a_reduction_may_be_below_the_least_value() {
    let mut desk = quoted_desk(Limits::default());
    trade(&mut desk, "BTCUSDT", Buy, "1", None);
    assert_eq!(outcome(&trade(&mut desk, "BTCUSDT", Sell, "0.01", None)), "FILLED 0.01 of 0.01");
}

#[test]
fn a_rejected_order_is_told_and_keeps_its_number() {
    let mut desk = quoted_desk(Limits::default());
    let events =
        desk.place(at(TIME), vec![request("BTCUSDT", Buy, "0", None), request("BTCUSDT", Buy, "1", None)]);
    assert_eq!(told(&events), ["q1 REJECTED", "q2 SENT"]);
}

#[test]
fn an_order_whose_intent_is_not_stored_is_rejected_and_fills_nothing() {
    let mut desk = quoted_desk(Limits::default());
    desk.place(at(TIME), vec![request("BTCUSDT", Buy, "1", None)]);
    let events = desk.refuse(at(TIME), "the disk is full");
    assert_eq!(told(&events), ["q1 REJECTED"]);
    assert!(desk.send(at(TIME)).is_empty());
    assert!(desk.state().positions().is_empty());
}

#[test]
fn limits_hold_for_every_order() {
    let limit = |text: &str| Some(decimal(text).into());
    let order = Limits { order_notional: limit("1000"), ..Limits::default() };
    let position = Limits { position_notional: limit("1000"), ..Limits::default() };
    let leverage = Limits { gross_leverage: Some(decimal("0.01")), ..Limits::default() };
    for (limits, script, expected) in [
        (&order, vec![("BTCUSDT", Buy, "9.9", None)], "FILLED 9.9 of 9.9"),
        (
            &order,
            vec![("BTCUSDT", Buy, "10", None)],
            "REJECTED: the value 1002 is above the limit of an order, 1000",
        ),
        // A sale at a low limit takes the bid, and is worth that.
        (
            &order,
            vec![("BTCUSDT", Sell, "11", Some("1"))],
            "REJECTED: the value 1100 is above the limit of an order, 1000",
        ),
        (&position, vec![("BTCUSDT", Buy, "9", None), ("ETHUSDT", Buy, "9", None)], "FILLED 9 of 9"),
        (
            &position,
            vec![("BTCUSDT", Buy, "9", None), ("BTCUSDT", Buy, "1", None)],
            "REJECTED: the position would be worth 1002, above the limit of 1000",
        ),
        // Orders that rest count as if they were filled.
        (
            &position,
            vec![("BTCUSDT", Buy, "9", Some("99")), ("BTCUSDT", Buy, "1", None)],
            "REJECTED: the position would be worth 1002, above the limit of 1000",
        ),
        (&position, vec![("BTCUSDT", Buy, "9", None), ("BTCUSDT", Sell, "18", None)], "FILLED 18 of 18"),
        (
            &position,
            vec![("BTCUSDT", Buy, "9", None), ("BTCUSDT", Sell, "19.5", None)],
            "REJECTED: the position would be worth 1050, above the limit of 1000",
        ),
        // Of two sales that each would only close what is held, the second would open a short.
        (
            &position,
            vec![
                ("BTCUSDT", Buy, "9", None),
                ("BTCUSDT", Sell, "9", Some("110")),
                ("BTCUSDT", Sell, "9", Some("111")),
            ],
            "NEW 0 of 9",
        ),
        (
            &position,
            vec![
                ("BTCUSDT", Buy, "9", None),
                ("BTCUSDT", Sell, "9", Some("110")),
                ("BTCUSDT", Sell, "10", Some("111")),
            ],
            "REJECTED: the position would be worth 1110, above the limit of 1000",
        ),
        (
            &position,
            vec![
                ("BTCUSDT", Buy, "9", None),
                ("BTCUSDT", Sell, "9", Some("110")),
                ("BTCUSDT", Sell, "0.01", Some("111")),
            ],
            "REJECTED: the value 1.11 is below the least of SIM:BTCUSDT, 5",
        ),
        (
            &leverage,
            vec![("BTCUSDT", Buy, "9", None), ("ETHUSDT", Buy, "10", None)],
            "REJECTED: gross leverage would be 0.01, above the limit of 0.01",
        ),
        (&leverage, vec![("BTCUSDT", Buy, "9", None), ("ETHUSDT", Buy, "9", None)], "FILLED 9 of 9"),
    ] {
        let mut desk = quoted_desk(limits.clone());
        let orders: Vec<_> = script
            .into_iter()
            .map(|(symbol, side, quantity, price)| trade(&mut desk, symbol, side, quantity, price))
            .collect();
        assert_eq!(outcome(orders.last().unwrap()), expected);
    }
}

#[test]
fn no_more_orders_pass_in_a_minute_than_are_allowed() {
    let mut desk = quoted_desk(Limits { orders_per_minute: Some(2), ..Limits::default() });
    for (time, passes) in [
        ("12:00:00", true),
        ("12:00:30", true),
        ("12:00:59", false),
        ("12:01:00", true),
        ("12:01:29", false),
        ("12:01:30", true),
    ] {
        let order = trade_at(&mut desk, time, "BTCUSDT", Buy, "0.1", None);
        assert_eq!(order.filled == order.quantity, passes, "{time} {}", outcome(&order));
    }
}

#[test]
fn a_close_passes_every_limit() {
    let mut desk = quoted_desk(Limits {
        order_notional: Some(decimal("1000").into()),
        orders_per_minute: Some(2),
        ..Limits::default()
    });
    trade(&mut desk, "BTCUSDT", Buy, "9", None);
    trade(&mut desk, "BTCUSDT", Buy, "9", None);
    let decided = desk.close(at(TIME), &[id("BTCUSDT"), id("ETHUSDT")], &"tester".into());
    assert_eq!(told(&decided), ["q3 SENT"]);
    assert_eq!(told(&desk.send(at(TIME)))[1], "q3 FILLED");
    assert!(desk.close(at(TIME), &[id("BTCUSDT")], &"tester".into()).is_empty());
}

#[test]
fn a_pause_lets_reductions_pass_and_cancels_what_would_increase() {
    let mut desk = quoted_desk(Limits::default());
    trade(&mut desk, "BTCUSDT", Buy, "2", None);
    trade(&mut desk, "BTCUSDT", Buy, "1", Some("90"));
    trade(&mut desk, "BTCUSDT", Sell, "1.5", Some("110"));
    trade(&mut desk, "BTCUSDT", Sell, "1", Some("120"));
    // Either of the two sales reduces; which of them is filled first nobody knows.
    assert_eq!(told(&desk.pause(at(TIME), "lunch".to_owned())), ["paused true: lunch", "q2 CANCELLED"]);
    let paused = "REJECTED: paused (lunch): only orders that reduce a position pass";
    for (symbol, side, quantity, expected) in [
        ("BTCUSDT", Buy, "1", paused),
        ("ETHUSDT", Sell, "1", paused),
        ("BTCUSDT", Sell, "2.001", paused),
        ("BTCUSDT", Sell, "1", "FILLED 1 of 1"),
    ] {
        assert_eq!(outcome(&trade(&mut desk, symbol, side, quantity, None)), expected);
    }
    // One is left, so the resting sale of 1.5 would go short, and went; that of 1 closes it.
    assert_eq!(desk.state().open_orders().map(|order| order.id.0.as_str()).collect::<Vec<_>>(), ["q4"]);
    desk.resume(at(TIME), &"tester".into()).unwrap();
    assert_eq!(outcome(&trade(&mut desk, "ETHUSDT", Sell, "1", None)), "FILLED 1 of 1");
}

#[test]
fn both_exits_of_a_bracket_outlive_a_pause_and_one_of_them_the_fill_of_the_other() {
    for (bid, ask, filled) in [("120", "121", "q2"), ("80", "81", "q3")] {
        let mut desk = quoted_desk(Limits::default());
        trade(&mut desk, "BTCUSDT", Buy, "2", None);
        trade(&mut desk, "BTCUSDT", Sell, "2", Some("120"));
        let stop =
            OrderRequest { stop_price: Some(decimal("90").into()), ..request("BTCUSDT", Sell, "2", None) };
        desk.place(at(TIME), vec![stop]);
        desk.send(at(TIME));
        assert_eq!(told(&desk.pause(at(TIME), "lunch".to_owned())), ["paused true: lunch"]);
        quoted(&mut desk, at(TIME), &quote_at("BTCUSDT", TIME, bid, ask));
        assert!(desk.state().position(&id("BTCUSDT")).unwrap().quantity.is_zero());
        assert_eq!(desk.state().open_orders().count(), 0);
        let order = desk.state().order(&filled.into()).unwrap();
        assert_eq!(order.status, qubx_protocol::OrderStatus::Filled);
    }
}

#[test]
fn orders_of_one_request_cannot_go_through_zero_together_in_a_pause() {
    let mut desk = quoted_desk(Limits::default());
    trade(&mut desk, "BTCUSDT", Buy, "1", None);
    desk.pause(at(TIME), "lunch".to_owned());
    let sale = request("BTCUSDT", Sell, "0.6", None);
    assert_eq!(told(&desk.place(at(TIME), vec![sale.clone(), sale])), ["q2 SENT", "q3 REJECTED"]);
}

#[test]
fn the_loss_of_the_day_pauses_until_the_next_one() {
    let mut desk = quoted_desk(Limits { daily_loss: Some(decimal("50").into()), ..Limits::default() });
    trade(&mut desk, "BTCUSDT", Buy, "10", None);
    // 10 at 100.2, fee 0.501, the middle at 95.3: 49.5 are lost.
    assert!(told(&quoted(&mut desk, at("13:00:00"), &quote_at("BTCUSDT", TIME, "95.2", "95.4"))).is_empty());
    assert_eq!(
        told(&quoted(&mut desk, at("13:00:01"), &quote_at("BTCUSDT", TIME, "95.1", "95.2"))),
        ["paused true: SIM lost 51.00 USDT since 00:00 UTC, the limit is 50"]
    );
    assert!(outcome(&trade(&mut desk, "ETHUSDT", Buy, "1", None)).starts_with("REJECTED: paused (SIM lost"));
    assert!(matches!(desk.resume(at("13:00:02"), &"tester".into()), Err(EngineError::LossLimit(_))));
    let tomorrow = "2026-01-02T00:00:00Z".parse().unwrap();
    quoted(&mut desk, tomorrow, &quote_at("BTCUSDT", TIME, "95.1", "95.2"));
    assert!(desk.state().is_paused());
    desk.resume(tomorrow, &"tester".into()).unwrap();
    assert!(!desk.state().is_paused());
}

#[test]
fn an_account_says_what_it_was_worth_when_the_day_began_also_without_a_limit() {
    let mut desk = quoted_desk(Limits::default());
    let begun = |desk: &Desk| desk.state().accounts()[0].day_start_equity.unwrap().0;
    trade(&mut desk, "BTCUSDT", Buy, "10", None);
    quoted(&mut desk, at("23:00:00"), &quote_at("BTCUSDT", TIME, "95.1", "95.3"));
    assert_eq!(begun(&desk), decimal("100000"));
    // What the first quote of a day changes is of that day.
    let tomorrow = "2026-01-02T00:00:01Z".parse().unwrap();
    quoted(&mut desk, tomorrow, &quote_at("BTCUSDT", TIME, "99.1", "99.3"));
    assert_eq!(begun(&desk), decimal("99949.499"));
    let checkpoint = Some(desk.checkpoint(tomorrow));
    let mut restored = Desk::new(&config(Limits::default()));
    restored.restore(Restore { positions: desk.state().positions(), orders: Vec::new(), checkpoint });
    assert_eq!(begun(&restored), decimal("99949.499"));
}

#[test]
fn the_quote_that_reaches_the_loss_of_the_day_fills_nothing_that_would_increase() {
    let mut desk = quoted_desk(Limits { daily_loss: Some(decimal("50").into()), ..Limits::default() });
    trade(&mut desk, "BTCUSDT", Buy, "10", None);
    trade(&mut desk, "BTCUSDT", Buy, "1", Some("96"));
    assert_eq!(
        told(&quoted(&mut desk, at("13:00:01"), &quote_at("BTCUSDT", TIME, "95.1", "95.2"))),
        ["paused true: SIM lost 51.00 USDT since 00:00 UTC, the limit is 50", "q2 CANCELLED"]
    );
    assert_eq!(desk.state().position(&id("BTCUSDT")).unwrap().quantity.to_string(), "10");
}

#[test]
fn a_restored_desk_counts_the_loss_from_the_same_midnight() {
    let limits = Limits { daily_loss: Some(decimal("50").into()), ..Limits::default() };
    let mut desk = quoted_desk(limits.clone());
    trade(&mut desk, "BTCUSDT", Buy, "10", None);
    // 30.5 are lost when the day begins, and 20 more when the session ends.
    let day = |time: &str| format!("2026-01-02T{time}Z").parse().unwrap();
    quoted(&mut desk, at("23:00:00"), &quote_at("BTCUSDT", TIME, "97.1", "97.3"));
    quoted(&mut desk, day("00:00:00"), &quote_at("BTCUSDT", TIME, "95.1", "95.3"));

    let restore = Restore {
        positions: desk.state().positions(),
        orders: Vec::new(),
        checkpoint: Some(desk.checkpoint(day("00:00:00"))),
    };
    let mut desk = Desk::new(&config(limits));
    assert!(desk.restore(restore).is_empty());
    desk.restore_quote(quote_at("BTCUSDT", TIME, "95.1", "95.3"));
    assert!(told(&quoted(&mut desk, day("01:00:00"), &quote_at("BTCUSDT", TIME, "92.2", "92.4"))).is_empty());
    assert_eq!(
        told(&quoted(&mut desk, day("01:00:01"), &quote_at("BTCUSDT", TIME, "92.1", "92.3"))),
        ["paused true: SIM lost 50.00 USDT since 00:00 UTC, the limit is 50"]
    );
}

#[test]
fn only_an_open_order_can_be_cancelled() {
    let mut desk = quoted_desk(Limits::default());
    trade(&mut desk, "BTCUSDT", Buy, "1", Some("90"));
    assert_eq!(told(&desk.cancel(at(TIME), &"q1".into(), "enough").unwrap()), ["q1 CANCELLED"]);
    let again = desk.cancel(at(TIME), &"q1".into(), "enough").unwrap_err();
    assert_eq!(again.to_string(), "order q1 is cancelled already");
    let unknown = desk.cancel(at(TIME), &"q9".into(), "enough").unwrap_err();
    assert_eq!(unknown.to_string(), "unknown order q9");
}

#[test]
fn accounts_show_profit_fees_and_leverage() {
    let mut desk = quoted_desk(Limits::default());
    trade(&mut desk, "BTCUSDT", Buy, "100", None);
    trade(&mut desk, "ETHUSDT", Sell, "1000", None);
    quoted(&mut desk, at(TIME), &quote_at("BTCUSDT", TIME, "110", "110"));
    let account = &desk.state().accounts()[0];
    // Fees: 100 × 100.2 and 1000 × 10, five basis points each; ETH is marked at 10.05.
    assert_eq!(account.fees.to_string(), "10.01");
    assert_eq!(account.realized_pnl.to_string(), "0");
    assert_eq!(account.unrealized_pnl.unwrap().to_string(), "930");
    assert_eq!(account.equity.to_string(), "100919.99");
    assert_eq!(account.net_leverage.unwrap().to_string(), "0.009413");
    assert_eq!(account.gross_leverage.unwrap().to_string(), "0.208581");
}
