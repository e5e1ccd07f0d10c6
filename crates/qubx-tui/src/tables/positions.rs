//! The open positions.

use qubx_protocol::Position;
use rust_decimal::Decimal;

use super::{price, profit, quantity};
use crate::app::App;
use crate::facts::{self, Facts};
use crate::format::{self, Sign};
use crate::table::{Column, Field, Row, RowKey, Table, left, right, symbol};

/// The column that positions are sorted by at first.
pub(crate) const LEVERAGE: usize = 6;

const EMPTY: &str = "Flat. No open positions.";

/// Returns what stands where there is no position: also when the strategy looks at the market next, if that is known.
fn empty(app: &App) -> String {
    let market = app.mirror.latest.market.as_ref();
    let next = market.filter(|market| !market.replay.as_ref().is_some_and(|replay| replay.finished));
    match next.and_then(|market| market.next_bar).filter(|_| facts::is_strategy_at_work(&app.mirror)) {
        Some(end) => {
            let left = format::stopwatch(format::between(facts::engine_time(&app.mirror, app.now), end));
            format!("{EMPTY} The strategy decides on the next bar (in {left}).")
        }
        None => EMPTY.to_owned(),
    }
}

pub(super) fn table(app: &App) -> Table {
    let columns = vec![
        symbol(),
        left("S", 1, 0),
        right("Qty", 9, 0),
        right("Avg", 9, 2),
        right("Last", 9, 1),
        right("uPnL", 10, 0),
        Column { sorts_as: Some("|lev|"), ..right("Lev", 7, 4) },
        right("rPnL", 10, 5),
        right("Value", 10, 6),
        right("Age", 4, 3),
        right("Fees", 8, 7),
    ];
    let rows = facts::positions(&app.mirror).into_iter().map(|position| row(app, position)).collect();
    Table { columns, rows, empty: empty(app) }
}

fn row(app: &App, position: &Position) -> Row {
    let id = &position.instrument;
    let held = position.quantity.0;
    let mark = app.mirror.mark(id);
    let last = mark.and_then(|mark| mark.last_price).map(|price| price.0);
    let value = mark.and_then(|mark| mark.market_value).map(|value| value.0);
    let leverage = facts::leverage(&app.mirror, position);
    let by_size = |leverage: Decimal| Field::number(leverage.abs(), times(leverage));
    Row {
        key: RowKey::Instrument(id.clone()),
        fields: vec![
            Field::words(app.mirror.label(id)),
            Field::words(if held.is_sign_negative() { "S" } else { "L" }),
            quantity(app, id, Some(held), 9),
            price(app, id, position.avg_price.map(|price| price.0), 9),
            price(app, id, last, 9),
            profit(mark.and_then(|mark| mark.unrealized_pnl).map(|value| value.0), 10),
            leverage.map_or_else(Field::unknown, by_size),
            profit(Some(position.realized_pnl.0), 10),
            Field::maybe(value, |value| format::fit(value, 0, Sign::Both, 10)),
            super::market::age(app, id),
            Field::number(position.fees.0, format::fit(position.fees.0, 2, Sign::Minus, 8)),
        ],
        old: app.mirror.is_old(id),
        flash: app.flashes(id),
    }
}

fn times(leverage: Decimal) -> String {
    format!("{}×", format::fit(leverage, 2, Sign::Both, 6))
}
