//! What a change of an order does, and when it is refused.

use qubx_protocol::{Order, OrderStatus};

use super::table::{happen, order, told};
use super::*;
use crate::testing::{at, config, decimal};
use crate::{Limits, Modification};

const TIME: &str = "12:00:00";

/// Returns a desk with these orders, named q1, q2 and so on.
fn desk_with(limits: Limits, orders: &[&str]) -> Desk {
    let mut desk = Desk::new(&config(limits));
    happen(&mut desk, "q 100.0/100.2");
    for request in orders {
        desk.place(at(TIME), vec![order(request)]);
        desk.send(at(TIME));
    }
    desk
}

/// Reads `qty 3 price 99 stop 101`.
fn modification(text: &str) -> Modification {
    let mut words = text.split(' ');
    let mut wanted = Modification::default();
    while let (Some(what), Some(value)) = (words.next(), words.next()) {
        let value = decimal(value);
        match what {
            "qty" => wanted.quantity = Some(value.into()),
            "price" => wanted.price = Some(value.into()),
            "stop" => wanted.stop_price = Some(value.into()),
            _ => panic!("{what}"),
        }
    }
    wanted
}

fn modify(desk: &mut Desk, id: &str, text: &str) -> String {
    match desk.modify(at(TIME), &id.into(), modification(text), &"tester".into()) {
        Ok(events) => told(&events),
        Err(EngineError::NotModified { rejection, reason, .. }) => format!("{rejection:?}: {reason}"),
        Err(error) => error.to_string(),
    }
}

fn numbers(order: &Order) -> String {
    let text = |price: Option<qubx_protocol::Price>| price.map_or("-".to_owned(), |price| price.to_string());
    format!("{} of {} @{} stop {}", order.filled, order.quantity, text(order.price), text(order.stop_price))
}

#[test]
fn an_order_that_is_changed_is_another_order_under_the_same_name() {
    for (request, steps, change, expected, becomes) in [
        ("BUY 2 @99", vec![], "qty 3", "NEW", "0 of 3 @99 stop -"),
        ("BUY 2 @99", vec![], "qty 1.2344", "NEW", "0 of 1.234 @99 stop -"),
        ("BUY 2 @99", vec![], "price 99.46", "NEW", "0 of 2 @99.5 stop -"),
        // A limit that crosses takes, like that of a new order.
        ("BUY 2 @99", vec![], "price 100.2", "NEW 2@100.2T FILLED", "2 of 2 @100.2 stop -"),
        ("BUY 2 @99", vec![], "qty 5 price 100.2", "NEW 3@100.2T", "3 of 5 @100.2 stop -"),
        ("SELL 2 @101", vec![], "price 99.9", "NEW 2@100T FILLED", "2 of 2 @99.9 stop -"),
        ("BUY 5 @100.2", vec![], "qty 4", "", "3 of 4 @100.2 stop -"),
        ("BUY 5 @100.2", vec![], "qty 9", "", "3 of 9 @100.2 stop -"),
        // The whole of it is worth enough, not only what is left.
        ("BUY 3.01 @100.2", vec![], "price 99", "", "3 of 3.01 @99 stop -"),
        ("BUY 2 stop=101", vec![], "stop 102", "NEW", "0 of 2 @- stop 102"),
        ("BUY 2 @103 stop=101", vec![], "stop 102 price 102.5 qty 1", "NEW", "0 of 1 @102.5 stop 102"),
        (
            "BUY 2 @103 stop=101",
            vec!["q 103.4/103.5"],
            "price 104",
            "TRIGGERED 2@103.5T FILLED",
            "2 of 2 @104 stop 101",
        ),
    ] {
        let mut desk = desk_with(Limits::default(), &[request]);
        for step in steps {
            happen(&mut desk, step);
        }
        assert_eq!(modify(&mut desk, "q1", change), expected, "{request}, {change}");
        assert_eq!(numbers(desk.state().order(&"q1".into()).unwrap()), becomes, "{request}, {change}");
    }
}

#[test]
fn a_change_that_is_refused_leaves_the_order_as_it_is() {
    let limits = Limits { order_notional: Some(decimal("1000").into()), ..Limits::default() };
    for (request, steps, change, expected) in [
        ("BUY 2 @99", vec![], "qty 0", "BadQuantity: 0 is filled already, so 0 cannot be the whole"),
        ("BUY 5 @100.2", vec![], "qty 3", "BadQuantity: 3 is filled already, so 3 cannot be the whole"),
        (
            "BUY 5 @100.2",
            vec![],
            "qty 3.0001",
            "BadQuantity: the quantity 0.0001 is less than half a lot of 0.001",
        ),
        ("BUY 2 @99", vec![], "price 0", "BadPrice: the price must be positive, not 0"),
        ("BUY 2 @99", vec![], "stop 101", "BadOption: it has no stop price"),
        ("BUY 2 stop=101", vec![], "price 101", "BadOption: it has no limit"),
        ("BUY 2 stop=101", vec![], "stop 100", "WouldTrigger: the ask 100.2 is not below the stop price 100"),
        (
            "BUY 2 @103 stop=101",
            vec!["q 103.4/103.5"],
            "stop 104",
            "BadOption: its stop price is reached already",
        ),
        (
            "BUY 2 @99 post",
            vec![],
            "price 100.2",
            "WouldTake: post-only, and 100.2 takes what is there at 100.2",
        ),
        ("BUY 2 @99", vec![], "qty 11", "OrderNotional: the value 1089 is above the limit of an order, 1000"),
        ("BUY 2 @99", vec![], "qty 0.02", "MinNotional: the value 1.98 is below the least of SIM:BTCUSDT, 5"),
        ("BUY 2 @99", vec!["q 98/99"], "qty 3", "NotOpen: order q1 is not open"),
    ] {
        let mut desk = desk_with(limits.clone(), &[request]);
        for step in steps {
            happen(&mut desk, step);
        }
        let before = desk.state().order(&"q1".into()).unwrap().clone();
        assert_eq!(modify(&mut desk, "q1", change), expected, "{request}, {change}");
        assert_eq!(*desk.state().order(&"q1".into()).unwrap(), before, "{request}, {change}");
    }
    let mut desk = desk_with(limits, &[]);
    assert_eq!(modify(&mut desk, "q7", "qty 1"), "unknown order q7");
}

#[test]
fn a_change_that_is_refused_leaves_what_is_to_come_of_something_else_to_whatever_comes_next() {
    let mut desk = desk_with(Limits::default(), &["BUY 2 @99", "BUY 1000"]);
    let mut restored = Desk::new(&config(Limits::default()));
    restored.restore(crate::Restore {
        positions: desk.state().positions(),
        orders: desk.state().open_orders().cloned().collect(),
        checkpoint: Some(desk.checkpoint(at(TIME))),
    });
    restored.restore_quote(crate::testing::quote_at("BTCUSDT", TIME, "1", "1.1"));
    desk = restored;
    desk.place(at(TIME), vec![order("BUY 1")]);
    assert!(modify(&mut desk, "q1", "qty 0").starts_with("BadQuantity"));
    assert!(told(&desk.send(at(TIME))).contains("1000@1T FILLED"), "it is liquidated, and that is told");
}

#[test]
fn an_order_keeps_its_place_only_when_its_quantity_falls() {
    for (change, first) in [
        ("qty 1", "q1"),
        ("price 99", "q1"),
        ("qty 1 price 99", "q1"),
        ("qty 3", "q2"),
        // Away and back again.
        ("price 98", "q2"),
    ] {
        let mut desk = desk_with(Limits::default(), &["BUY 2 @99", "BUY 2 @99"]);
        modify(&mut desk, "q1", change);
        modify(&mut desk, "q1", "price 99");
        let events: Vec<_> = happen(&mut desk, "q 98/99x0.5");
        let filled = events.iter().find_map(|event| match event {
            EngineEvent::Fill { fill, .. } => Some(fill.order.to_string()),
            _ => None,
        });
        assert_eq!(filled.unwrap(), first, "{change}");
    }
}

#[test]
fn changes_count_among_the_orders_of_a_minute_unless_the_quantity_falls() {
    let mut desk = desk_with(Limits { orders_per_minute: Some(2), ..Limits::default() }, &["BUY 2 @99"]);
    assert_eq!(modify(&mut desk, "q1", "qty 1.5"), "NEW");
    assert_eq!(modify(&mut desk, "q1", "price 98"), "NEW");
    assert_eq!(
        modify(&mut desk, "q1", "price 97"),
        "OrderRate: 2 orders were given within a minute, which is the limit"
    );
    assert_eq!(modify(&mut desk, "q1", "qty 1"), "NEW");
}

#[test]
fn a_stop_that_was_triggered_keeps_its_place_before_what_came_after_it() {
    let mut desk = desk_with(Limits::default(), &["SELL 1"]);
    for request in ["BUY 1 @100 stop=101 reduce", "BUY 1 @98 reduce"] {
        desk.place(at(TIME), vec![order(request)]);
        desk.send(at(TIME));
    }
    happen(&mut desk, "q 101.0/101.2");
    desk.place(at(TIME), vec![order("BUY 1")]);
    let closed = desk.send(at(TIME));
    let cancelled: Vec<_> = closed
        .iter()
        .filter_map(|event| match event {
            EngineEvent::Order(order) if order.status == OrderStatus::Cancelled => Some(order.id.0.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(cancelled, ["q2", "q3"]);
}
