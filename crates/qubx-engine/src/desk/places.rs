//! Who is filled first, after any sequence of changes.

use proptest::prelude::*;
use qubx_protocol::Price;
use rust_decimal::Decimal;

use super::table::{happen, order};
use super::*;
use crate::testing::{at, config};
use crate::{Limits, Modification};

const TIME: &str = "12:00:00";

/// An order as a queue of price and time knows it.
#[derive(Clone, Debug)]
struct Known {
    id: OrderId,
    price: i64,
    quantity: i64,
    place: usize,
}

proptest! {
    #[test]
    fn a_change_never_loses_time_priority_wrongly(
        orders in proptest::collection::vec((95..99_i64, 1..9_i64), 2..8),
        changes in proptest::collection::vec((0..8_usize, 95..99_i64, 1..9_i64), 0..20),
    ) {
        let mut desk = Desk::new(&config(Limits::default()));
        happen(&mut desk, "q 100.0/100.2");
        let mut known = Vec::new();
        for (place, (price, quantity)) in orders.into_iter().enumerate() {
            desk.place(at(TIME), vec![order(&format!("BUY {quantity} @{price}"))]);
            desk.send(at(TIME));
            known.push(Known { id: OrderId(format!("q{}", place + 1)), price, quantity, place });
        }
        let mut next_place = known.len();
        for (which, price, quantity) in changes {
            let which = which % known.len();
            let modification = Modification {
                quantity: Some(Quantity(quantity.into())),
                price: Some(Price(price.into())),
                stop_price: None,
            };
            let known = &mut known[which];
            desk.modify(at(TIME), &known.id, modification, &"tester".into()).unwrap();
            // The rule, said once more: only a quantity that falls keeps the place.
            if price != known.price || quantity > known.quantity {
                known.place = next_place;
                next_place += 1;
            }
            known.price = price;
            known.quantity = quantity;
        }
        known.sort_by_key(|order| (-order.price, order.place));
        let expected: Vec<_> =
            known.iter().flat_map(|order| std::iter::repeat_n(order.id.clone(), order.quantity as usize)).collect();
        // One lot after the other shows the sequence.
        let mut filled = Vec::new();
        for _ in 0..expected.len() {
            for event in happen(&mut desk, "t 90x1 S") {
                if let EngineEvent::Fill { fill, .. } = event {
                    prop_assert_eq!(fill.quantity.0, Decimal::ONE);
                    filled.push(fill.order);
                }
            }
        }
        prop_assert_eq!(filled, expected);
    }
}
