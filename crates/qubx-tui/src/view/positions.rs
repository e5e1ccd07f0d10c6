//! The open positions.

use qubx_protocol::Position;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use rust_decimal::Decimal;

use super::has_keys;
use super::table::{self, Column, Field, Row, left, right};
use crate::app::App;
use crate::facts::{self, Facts};
use crate::format::{self, Sign, UNKNOWN};
use crate::keymap::Panel;

const COLUMNS: [Column; 7] = [
    left("S", 1, 0),
    right("Qty", 9, 0),
    right("Avg", 9, 2),
    right("Last", 9, 1),
    right("uPnL", 10, 0),
    right("rPnL", 10, 3),
    right("Value", 10, 4),
];

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let positions = facts::positions(&app.mirror);
    let selected = app.selection.position.as_ref().filter(|_| has_keys(app, Panel::Positions));
    let selected = selected.and_then(|id| positions.iter().position(|position| position.instrument == *id));
    let rows: Vec<Row> = positions.iter().map(|position| row(app, position)).collect();
    table::draw(frame, area, &COLUMNS, &rows, selected, "Flat. No open positions.", app.theme);
}

fn row(app: &App, position: &Position) -> Row {
    let id = &position.instrument;
    let quantity = position.quantity.0;
    let mark = app.mirror.mark(id);
    let price = |price: Option<Decimal>| {
        price.map_or_else(
            || UNKNOWN.to_owned(),
            |price| format::fit(price, app.mirror.price_decimals(id, price.scale()), Sign::Minus, 9),
        )
    };
    // Profit is money: less than half a cent is none.
    let pnl = |value: Option<Decimal>| match value.map(|value| value.round_dp(2)) {
        Some(value) => {
            let text = format!("{}{}", format::arrow(value), format::fit(value, 2, Sign::Both, 9));
            let style = match value {
                value if value.is_zero() => Style::default(),
                value if value.is_sign_negative() => app.theme.loss(),
                _ => app.theme.gain(),
            };
            Field::styled(text.trim_start().to_owned(), style)
        }
        None => Field::new(UNKNOWN),
    };
    let last = mark.and_then(|mark| mark.last_price).map(|price| price.0);
    let value = mark.and_then(|mark| mark.market_value).map(|value| value.0);
    Row {
        symbol: app.mirror.label(id),
        fields: vec![
            Field::new(if quantity.is_sign_negative() { "S" } else { "L" }),
            Field::new(format::fit(
                quantity,
                app.mirror.quantity_decimals(id, quantity.scale()),
                Sign::Minus,
                9,
            )),
            Field::new(price(position.avg_price.map(|price| price.0))),
            Field::new(price(last)),
            pnl(mark.and_then(|mark| mark.unrealized_pnl).map(|value| value.0)),
            pnl(Some(position.realized_pnl.0)),
            Field::new(
                value.map_or_else(|| UNKNOWN.to_owned(), |value| format::fit(value, 0, Sign::Both, 10)),
            ),
        ],
        stale: app.mirror.is_old(id),
    }
}
