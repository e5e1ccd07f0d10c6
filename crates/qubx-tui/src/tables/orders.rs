//! The open orders.

use qubx_protocol::{Order, OrderType, Role};

use super::{price, quantity};
use crate::app::App;
use crate::facts::{self, Facts};
use crate::format;
use crate::sanitize;
use crate::table::{Field, Row, RowKey, Table, left, right, symbol};

pub(super) fn table(app: &App) -> Table {
    let columns = vec![
        symbol(),
        left("Side", 4, 0),
        left("Type", 6, 2),
        right("Qty", 8, 0),
        right("Price", 9, 0),
        right("Filled", 6, 4),
        left("State", 5, 1),
        right("Age", 4, 3),
        right("Stop", 9, 6),
        left("TIF", 3, 7),
        left("Only", 11, 8),
        left("By", 16, 5),
        left("Id", 20, 9),
    ];
    let rows = facts::orders(&app.mirror).into_iter().map(|order| row(app, order)).collect();
    let empty = match app.options.role {
        Role::Viewer => "No open orders.",
        _ => "No open orders. `t` opens a ticket.",
    };
    Table { columns, rows, empty: empty.to_owned() }
}

fn row(app: &App, order: &Order) -> Row {
    let id = &order.instrument;
    // While it waits for its stop price, that is what matters.
    let stop = order.stop_price.filter(|_| !order.triggered);
    let at = stop.or(order.price).map(|price| price.0);
    let at = if at.is_none() { Field::words("market") } else { price(app, id, at, 9) };
    let age = format::between(order.created_at, facts::engine_time(&app.mirror, app.now));
    Row {
        key: RowKey::Order(order.id.clone()),
        fields: vec![
            Field::words(app.mirror.label(id)),
            Field::words(order.side.to_string()),
            Field::words(short_type(order.order_type)),
            quantity(app, id, Some(order.quantity.0), 8),
            at,
            quantity(app, id, Some(order.filled.0), 6),
            Field::words(order.status.to_string()),
            Field::lasting(age, format::age(age)),
            match order.stop_price {
                Some(stop) => price(app, id, Some(stop.0), 9),
                None => Field::words(""),
            },
            Field::words(order.time_in_force.to_string()),
            Field::words(only(order)),
            Field::words(sanitize::plain(order.author.as_str())),
            Field::words(sanitize::plain(order.id.as_str())),
        ],
        old: false,
        flash: false,
    }
}

/// Returns what an order is bound to, in a word.
pub(crate) fn only(order: &Order) -> &'static str {
    match (order.post_only, order.reduce_only) {
        (true, true) => "post+reduce",
        (true, false) => "post",
        (false, true) => "reduce",
        (false, false) => "",
    }
}

/// Returns a type in at most six characters.
fn short_type(order_type: OrderType) -> &'static str {
    match order_type {
        OrderType::Market => "MARKET",
        OrderType::Limit => "LIMIT",
        OrderType::Stop => "STOP",
        OrderType::StopLimit => "STOP-L",
    }
}
