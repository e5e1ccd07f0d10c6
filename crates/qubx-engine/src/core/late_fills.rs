//! What an exchange tells twice, late or in another sequence gives the same book.

use proptest::prelude::*;
use qubx_protocol::{Liquidity, Money, OrderId, OrderStatus, Price, Quantity, Side};
use rust_decimal::Decimal;

use super::state::{Input, Purpose, State};
use crate::broker::{BrokerEvent, Execution};
use crate::testing::{at, config, decimal, id, quote_at, request};
use crate::{EngineEvent, Limits, MarketEvent, Touch};

const TIME: &str = "12:00:00";
const SYMBOLS: [&str; 2] = ["BTCUSDT", "ETHUSDT"];

/// Returns a state with so many intended orders, to buy and to sell in turns.
fn state_with(orders: usize) -> State {
    let mut state = State::new(&config(Limits::default()));
    let mut out = Vec::new();
    for symbol in SYMBOLS {
        let quote = quote_at(symbol, TIME, "100", "100");
        let index = state.index(&id(symbol)).unwrap();
        state.market(at(TIME), &MarketEvent::quote(index, at(TIME), Touch::from(&quote)), &mut out);
    }
    for number in 0..orders {
        let side = if number % 2 == 0 { Side::Buy } else { Side::Sell };
        let request = request(SYMBOLS[number / 2 % 2], side, "10", Some("100"));
        state.apply(at(TIME), Input::Place(request, Purpose::Trade), &mut out);
    }
    state
}

fn name(number: usize) -> OrderId {
    OrderId(format!("q{}", number + 1))
}

fn filled(number: usize, trade: usize, quantity: i64, price: i64) -> BrokerEvent {
    BrokerEvent::Filled(Execution {
        trade_id: format!("t{trade}"),
        order: name(number),
        quantity: Quantity(quantity.into()),
        price: Price(price.into()),
        fee: Money(Decimal::new(quantity, 2)),
        liquidity: Liquidity::Maker,
    })
}

/// What must not depend on the sequence: what is held, what it cost, and how far each order is filled.
#[derive(Debug, PartialEq)]
struct Outcome {
    held: Vec<(Decimal, Money)>,
    filled: Vec<(Quantity, Option<Decimal>)>,
    equity: Decimal,
    trades: usize,
}

fn outcome(orders: usize, told: &[BrokerEvent]) -> Outcome {
    let mut state = state_with(orders);
    let mut out = Vec::new();
    for event in told {
        state.apply(at(TIME), Input::Broker(event.clone()), &mut out);
    }
    let mut ended: Vec<Option<OrderStatus>> = vec![None; orders];
    for event in &out {
        let EngineEvent::Order(order) = event else { continue };
        let number: usize = order.id.0[1..].parse::<usize>().unwrap() - 1;
        if let Some(status) = ended[number] {
            assert_eq!(order.status, status, "an order leaves no final state");
        }
        ended[number] = (!order.status.is_open()).then_some(order.status);
    }
    let order = |number| state.order(&name(number)).unwrap();
    Outcome {
        held: SYMBOLS
            .map(|symbol| state.position(&id(symbol)).unwrap())
            .map(|position| (position.quantity.0, position.fees))
            .to_vec(),
        filled: (0..orders)
            .map(order)
            .map(|order| (order.filled, order.avg_price.map(|price| price.0.round_dp(6))))
            .collect(),
        equity: state.accounts()[0].equity.0.round_dp(6),
        trades: out.iter().filter(|event| matches!(event, EngineEvent::Fill { .. })).count(),
    }
}

proptest! {
    #[test]
    fn fills_that_come_twice_late_or_in_another_sequence_give_the_same_book(
        fills in proptest::collection::vec((0..4_usize, 1..3_i64, 90..110_i64), 1..12),
        cancelled in proptest::collection::vec(0..4_usize, 0..3),
        twice in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        seed in proptest::collection::vec(any::<u32>(), 64),
    ) {
        let orders = 4;
        let mut told: Vec<BrokerEvent> = (0..orders).map(|number| BrokerEvent::Accepted(name(number))).collect();
        let mut left = [10; 4];
        for (trade, (number, quantity, price)) in fills.into_iter().enumerate() {
            let quantity = quantity.min(left[number]);
            left[number] -= quantity;
            if quantity > 0 {
                told.push(filled(number, trade, quantity, price));
            }
        }
        let expected = outcome(orders, &told);
        let cancels = cancelled
            .into_iter()
            .map(|number| BrokerEvent::Cancelled { order: name(number), reason: "enough".to_owned() });
        told.extend(cancels);
        let again: Vec<_> = twice.iter().map(|index| index.get(&told).clone()).collect();
        told.extend(again);
        let mut keyed: Vec<_> = told.into_iter().zip(seed).collect();
        keyed.sort_by_key(|(_, key)| *key);
        let shuffled: Vec<_> = keyed.into_iter().map(|(event, _)| event).collect();
        prop_assert_eq!(outcome(orders, &shuffled), expected);
    }
}

#[test]
fn an_order_ends_as_it_ended_and_a_late_fill_only_adds_to_what_is_filled() {
    let cancel = || BrokerEvent::Cancelled { order: name(0), reason: "enough".to_owned() };
    for (told, status, expected) in [
        // Filled before it is known to rest.
        (vec![filled(0, 1, 10, 100), BrokerEvent::Accepted(name(0))], OrderStatus::Filled, "10"),
        (vec![filled(0, 1, 4, 100), BrokerEvent::Accepted(name(0))], OrderStatus::PartiallyFilled, "4"),
        (vec![cancel(), filled(0, 1, 4, 100)], OrderStatus::Cancelled, "4"),
        (vec![cancel(), filled(0, 1, 4, 100), filled(0, 2, 6, 100)], OrderStatus::Cancelled, "10"),
        (vec![filled(0, 1, 10, 100), cancel()], OrderStatus::Filled, "10"),
        (vec![filled(0, 1, 4, 100), filled(0, 1, 4, 100)], OrderStatus::PartiallyFilled, "4"),
        // More than was wanted is held all the same.
        (vec![filled(0, 1, 10, 100), filled(0, 2, 1, 100)], OrderStatus::Filled, "11"),
    ] {
        let mut state = state_with(1);
        let mut out = Vec::new();
        for event in told {
            state.apply(at(TIME), Input::Broker(event), &mut out);
        }
        let order = state.order(&name(0)).unwrap();
        assert_eq!((order.status, order.filled.to_string()), (status, expected.to_owned()));
        assert_eq!(state.position(&id("BTCUSDT")).unwrap().quantity.0, decimal(expected));
    }
}

#[test]
fn a_trade_of_an_order_that_nobody_knows_is_told_and_not_booked() {
    let mut state = state_with(1);
    let mut out = Vec::new();
    state.apply(at(TIME), Input::Broker(filled(7, 1, 1, 100)), &mut out);
    assert!(
        matches!(&out[..], [EngineEvent::Log { text, .. }] if text == "trade t1 of q8 is not booked: nobody knows the order")
    );
    assert!(state.positions().is_empty());
}
