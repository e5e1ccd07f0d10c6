//! What an account needs for what it holds, and what becomes of one that has less.

use qubx_protocol::{Money, Rejection};

use super::table::{happen, order, told};
use super::*;
use crate::Limits;
use crate::testing::{at, config, decimal, id, quote_at, quoted};

const TIME: &str = "12:00:00";

/// An account of 1,000 at a leverage of 10, without fees; a maintenance of 0.5 %.
fn small() -> EngineConfig {
    let mut config = config(Limits::default());
    let exchange = &mut config.exchanges[0];
    exchange.capital = Money(decimal("1000"));
    exchange.leverage = decimal("10");
    exchange.fees = crate::Fees::default();
    config
}

fn desk_of(config: &EngineConfig) -> Desk {
    let mut desk = Desk::new(config);
    quoted(&mut desk, at(TIME), &quote_at("BTCUSDT", TIME, "100", "100"));
    quoted(&mut desk, at(TIME), &quote_at("ETHUSDT", TIME, "10", "10"));
    desk
}

fn send(desk: &mut Desk, request: &str) -> Vec<EngineEvent> {
    let mut events = desk.place(at(TIME), vec![order(request)]);
    events.extend(desk.send(at(TIME)));
    events
}

#[test]
fn an_account_shows_the_margins_of_positions_and_of_orders_that_would_increase_them() {
    let mut desk = desk_of(&small());
    let margins = |desk: &Desk| {
        let account = desk.state().accounts().remove(0);
        (account.initial_margin.unwrap().to_string(), account.maintenance_margin.unwrap().to_string())
    };
    let texts = |initial: &str, maintenance: &str| (initial.to_owned(), maintenance.to_owned());
    assert_eq!(margins(&desk), texts("0", "0"));
    send(&mut desk, "BUY 10");
    assert_eq!(margins(&desk), texts("100", "5"));
    // An order that reduces needs nothing, one that increases does.
    send(&mut desk, "SELL 10 @110");
    assert_eq!(margins(&desk), texts("100", "5"));
    send(&mut desk, "BUY 5 @90");
    assert_eq!(margins(&desk), texts("150", "5"));
    send(&mut desk, "SELL 30 @110 reduce");
    assert_eq!(margins(&desk), texts("150", "5"));
}

#[test]
fn an_order_needs_its_margin() {
    let mut desk = desk_of(&small());
    assert_eq!(told(&send(&mut desk, "BUY 101")), "REJECTED Margin");
    let reason = desk.state().order(&"q1".into()).unwrap().reason.clone().unwrap();
    assert_eq!(reason, "the margin would be 1010 at a leverage of 10, above the equity of 1000");
    assert!(told(&send(&mut desk, "BUY 60")).ends_with("FILLED"));
    assert_eq!(told(&send(&mut desk, "BUY 41 @99")), "REJECTED Margin");
    assert_eq!(told(&send(&mut desk, "BUY 40 @99")), "NEW");
    assert_eq!(told(&send(&mut desk, "BUY 1")), "REJECTED Margin");
    assert!(told(&send(&mut desk, "SELL 60")).ends_with("FILLED"), "a reduction needs none");
}

#[test]
fn what_sales_beyond_the_position_could_open_needs_its_margin() {
    let mut desk = desk_of(&small());
    send(&mut desk, "BUY 60");
    assert_eq!(told(&send(&mut desk, "SELL 60 @110")), "NEW");
    // 110.5 × 90.5 is more than ten times the equity of 1,000.
    assert_eq!(told(&send(&mut desk, "SELL 90.5 @110.5")), "REJECTED Margin");
    assert_eq!(told(&send(&mut desk, "SELL 60 @110.5 reduce")), "NEW", "it can open nothing");
    let decided = desk.close(at(TIME), &[id("BTCUSDT")], &"tester".into());
    assert!(matches!(&decided[..], [EngineEvent::Order(order)] if order.status.is_open()), "{decided:?}");
}

#[test]
fn a_multiplier_counts_in_values_profits_and_fees() {
    let mut config = small();
    config.exchanges[0].fees.taker_bps = decimal("10");
    config.exchanges[0].instruments[0].multiplier = decimal("0.1");
    let mut desk = desk_of(&config);
    send(&mut desk, "BUY 100");
    quoted(&mut desk, at(TIME), &quote_at("BTCUSDT", TIME, "110", "110"));
    let account = desk.state().accounts().remove(0);
    // Worth 100 × 100 × 0.1, so a fee of 1.
    assert_eq!(account.fees.to_string(), "1");
    assert_eq!(account.unrealized_pnl.unwrap().to_string(), "100");
    assert_eq!(account.initial_margin.unwrap().to_string(), "110");
    assert_eq!(desk.state().marks()[0].market_value.unwrap().to_string(), "1100");
    send(&mut desk, "SELL 100");
    assert_eq!(desk.state().accounts()[0].realized_pnl.to_string(), "100");
}

#[test]
fn an_account_at_its_maintenance_margin_loses_its_orders_and_positions_and_trading_pauses() {
    let mut desk = desk_of(&small());
    send(&mut desk, "BUY 90");
    send(&mut desk, "BUY 5 @80");
    // 90 × 10.56 are lost, and 49.6 are left; 0.5 % of 8,049.6 are 40.2.
    assert!(quoted(&mut desk, at(TIME), &quote_at("BTCUSDT", TIME, "89.44", "89.44")).is_empty());
    let events = quoted(&mut desk, at(TIME), &quote_at("BTCUSDT", TIME, "89.3", "89.3"));
    let words: Vec<_> = events
        .iter()
        .map(|event| match event {
            EngineEvent::Log { text, .. } => text.clone(),
            EngineEvent::Paused { reason, .. } => format!("paused: {reason}"),
            EngineEvent::Fill { fill, position } => {
                format!(
                    "{} {} at {} by {}, now {}",
                    fill.side, fill.quantity, fill.price, fill.author, position.quantity
                )
            }
            EngineEvent::Order(order) => format!("{} {}", order.id, order.status),
            _ => String::new(),
        })
        .collect();
    assert_eq!(
        words,
        [
            "q2 CANCELLED",
            "the account of SIM is liquidated: its equity of 37 is not above the maintenance margin of 40.185",
            "q3 SENT",
            "SELL 90 at 89.3 by liquidation, now 0",
            "q3 FILLED",
            "paused: liquidation of the account of SIM",
        ]
    );
    assert_eq!(told(&send(&mut desk, "BUY 0.1")), "REJECTED Paused");
    desk.resume(at(TIME), &"tester".into()).unwrap();
    assert_eq!(told(&send(&mut desk, "BUY 0.1")), "0.1@89.3T FILLED");
    assert_eq!(desk.state().accounts()[0].equity.to_string(), "37");
}

#[test]
fn a_short_is_liquidated_when_the_price_rises() {
    let mut desk = desk_of(&small());
    send(&mut desk, "SELL 90");
    assert!(quoted(&mut desk, at(TIME), &quote_at("BTCUSDT", TIME, "110", "110")).is_empty());
    let events = quoted(&mut desk, at(TIME), &quote_at("BTCUSDT", TIME, "110.8", "110.8"));
    assert_eq!(told(&events), "90@110.8T FILLED");
    assert!(desk.state().is_paused());
}

#[test]
fn what_rests_adds_nothing_to_an_account_that_a_quote_sinks_but_may_still_reduce() {
    let mut desk = desk_of(&small());
    send(&mut desk, "BUY 90");
    send(&mut desk, "BUY 5 @89.8");
    let events = happen(&mut desk, "q 89.2x500/89.3x500");
    assert_eq!(told(&events), "CANCELLED 90@89.2T FILLED");
    assert!(desk.state().is_paused());
    // A stop that the same quote reaches closes it as well, and nothing is left to liquidate.
    let mut desk = desk_of(&small());
    send(&mut desk, "BUY 90");
    send(&mut desk, "SELL 90 stop=95 reduce");
    let events = happen(&mut desk, "q 89.2x500/89.3x500");
    assert_eq!(told(&events), "TRIGGERED 90@89.2T FILLED");
    assert!(!desk.state().is_paused());
}

#[test]
fn a_fill_that_sinks_an_account_is_the_last_of_its_quote_that_adds_to_it() {
    let mut config = small();
    config.exchanges[0].fees.maker_bps = decimal("1000");
    let mut desk = desk_of(&config);
    for request in ["BUY 45 @99", "BUY 45 @98.9"] {
        assert_eq!(told(&send(&mut desk, request)), "NEW");
    }
    // The first costs 445.5 of fees and 450 of its price; what is left does not bear it.
    let events = happen(&mut desk, "q 87x500/87.2x500");
    assert_eq!(told(&events), "45@99M FILLED CANCELLED 45@87T FILLED");
}

#[test]
fn an_order_that_only_reduced_opens_nothing_too_large_once_the_position_is_closed() {
    let limits = Limits { position_notional: Some(Money(decimal("5200"))), ..Limits::default() };
    for (rests, closed_by, expected) in [
        ("SELL 50 @110", "SELL 50 reduce", "CANCELLED"),
        // Small enough to be opened.
        ("SELL 50 @110", "SELL 30", "NEW"),
        ("SELL 20 @110", "SELL 50 reduce", "NEW"),
        // It still only reduces.
        ("SELL 20 @110", "SELL 30", "NEW"),
    ] {
        let mut config = small();
        config.limits = limits.clone();
        let mut desk = desk_of(&config);
        send(&mut desk, "BUY 50");
        assert_eq!(told(&send(&mut desk, rests)), "NEW");
        let fills = told(&send(&mut desk, closed_by));
        let order = desk.state().orders().into_iter().find(|order| order.id.0 == "q2").unwrap();
        assert_eq!(order.status.to_string(), expected, "{rests}, {closed_by}: {fills}");
        if expected == "CANCELLED" {
            let reason = order.reason.unwrap();
            assert!(
                reason.starts_with("what it would have reduced is closed, and the position would be worth")
            );
        }
    }
}

#[test]
fn an_order_that_is_sent_together_with_a_close_is_judged_after_it() {
    let mut config = small();
    config.limits.position_notional = Some(Money(decimal("5500")));
    let mut desk = desk_of(&config);
    send(&mut desk, "BUY 50");
    let close = order("SELL 50 reduce");
    let mut events = desk.place(at(TIME), vec![close, order("SELL 50 @110.1")]);
    events.extend(desk.send(at(TIME)));
    assert_eq!(told(&events), "50@100T FILLED REJECTED PositionNotional");
}

#[test]
fn what_nobody_takes_is_liquidated_by_a_later_quote_and_until_then_nothing_is_added() {
    let mut desk = desk_of(&small());
    send(&mut desk, "BUY 90");
    assert!(happen(&mut desk, "q 89.0x0/89.2x9").is_empty());
    let refused = send(&mut desk, "BUY 0.1");
    assert!(
        matches!(&refused[0], EngineEvent::Order(order) if order.rejection == Some(Rejection::Liquidation))
    );
    let events = happen(&mut desk, "q 89.0x50/89.2x9");
    assert_eq!(told(&events), "50@89T 40@88.9T FILLED");
}

#[test]
fn one_account_is_liquidated_and_the_other_is_not() {
    let mut config = small();
    let mut other = config.exchanges[0].clone();
    other.name = "ALT".to_owned();
    for instrument in &mut other.instruments {
        instrument.id.exchange = "ALT".to_owned();
    }
    config.exchanges.push(other);
    let mut desk = desk_of(&config);
    let mut alt = quote_at("BTCUSDT", TIME, "100", "100");
    alt.instrument.exchange = "ALT".to_owned();
    quoted(&mut desk, at(TIME), &alt);
    send(&mut desk, "BUY 90");
    let mut there = order("BUY 90");
    there.instrument.exchange = "ALT".to_owned();
    desk.place(at(TIME), vec![there]);
    desk.send(at(TIME));
    happen(&mut desk, "q 89.0x50/89.2x50");
    assert!(desk.state().position(&id("BTCUSDT")).unwrap().quantity.is_zero());
    assert_eq!(desk.state().position(&alt.instrument).unwrap().quantity.to_string(), "90");
}
