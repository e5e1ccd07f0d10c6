//! The open orders.

use qubx_protocol::{Order, OrderType};
use ratatui::Frame;
use ratatui::layout::Rect;

use super::has_keys;
use super::table::{self, Column, Field, Row, left, right};
use crate::app::App;
use crate::facts::{self, Facts};
use crate::format::{self, Sign};
use crate::keymap::Panel;
use crate::sanitize;

const COLUMNS: [Column; 8] = [
    left("Side", 4, 0),
    left("Type", 6, 2),
    right("Qty", 8, 0),
    right("Price", 9, 0),
    right("Filled", 6, 4),
    left("State", 5, 1),
    right("Age", 4, 3),
    left("By", 10, 5),
];

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let orders = facts::orders(&app.mirror);
    let selected = app.selection.order.as_ref().filter(|_| has_keys(app, Panel::Orders));
    let selected = selected.and_then(|id| orders.iter().position(|order| order.id == *id));
    let rows: Vec<Row> = orders.iter().map(|order| row(app, order)).collect();
    table::draw(frame, area, &COLUMNS, &rows, selected, "No open orders.", app.theme);
}

fn row(app: &App, order: &Order) -> Row {
    let id = &order.instrument;
    let quantity = |value: rust_decimal::Decimal, columns| {
        format::fit(value, app.mirror.quantity_decimals(id, value.scale()), Sign::Minus, columns)
    };
    // While it waits for its stop price, that is what matters.
    let stop = order.stop_price.filter(|_| !order.triggered);
    let price = stop.or(order.price).map_or_else(
        || "market".to_owned(),
        |price| format::fit(price.0, app.mirror.price_decimals(id, price.0.scale()), Sign::Minus, 9),
    );
    let age = format::between(order.created_at, facts::engine_time(&app.mirror, app.now));
    Row {
        symbol: app.mirror.label(id),
        fields: vec![
            Field::new(order.side.to_string()),
            Field::new(short_type(order.order_type)),
            Field::new(quantity(order.quantity.0, 8)),
            Field::new(price),
            Field::new(quantity(order.filled.0, 6)),
            Field::new(order.status.to_string()),
            Field::new(format::age(age)),
            Field::new(sanitize::plain(order.author.as_str())),
        ],
        stale: false,
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
