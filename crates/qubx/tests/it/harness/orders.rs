//! Orders that people give.

use qubx_protocol::{InstrumentId, NewOrder, Side, TimeInForce};

/// Returns an order in BTCUSDT: at market without a price.
pub(crate) fn order(side: Side, quantity: &str, price: Option<&str>) -> NewOrder {
    NewOrder {
        instrument: InstrumentId::new("SIM", "BTCUSDT"),
        side,
        quantity: quantity.parse().unwrap(),
        price: price.map(|price| price.parse().unwrap()),
        stop_price: None,
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
    }
}
