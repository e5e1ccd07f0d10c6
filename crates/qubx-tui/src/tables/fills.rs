//! The fills, newest first.

use qubx_protocol::{Liquidity, Side};
use rust_decimal::Decimal;

use super::{price, profit, quantity};
use crate::app::App;
use crate::facts::{self, Facts};
use crate::fills::KnownFill;
use crate::format::{self, Sign};
use crate::sanitize;
use crate::table::{Field, Rank, Row, RowKey, Table, left, right, symbol};

pub(super) fn table(app: &App) -> Table {
    let columns = vec![
        left("Time", 8, 1),
        symbol(),
        left("Side", 4, 0),
        right("Qty", 8, 0),
        right("Price", 9, 0),
        right("Fee", 8, 3),
        left("Liq", 5, 4),
        right("Realized", 9, 2),
        left("By", 16, 5),
        left("Order", 20, 6),
    ];
    let rows = app.fills.newest_first().map(|known| row(app, known)).collect();
    Table { columns, rows, empty: "No fills yet.".to_owned() }
}

fn row(app: &App, known: &KnownFill) -> Row {
    let fill = &known.fill;
    let id = &fill.instrument;
    // Ordered by the log, which knows the order also where the clock does not.
    let time = Field {
        text: time(app, known),
        tone: crate::table::Tone::Plain,
        rank: Rank::Number(Decimal::from(known.seq.0)),
    };
    Row {
        key: RowKey::Entry(known.seq),
        fields: vec![
            time,
            Field::words(app.mirror.label(id)),
            Field::words(fill.side.to_string()),
            quantity(app, id, Some(fill.quantity.0), 8),
            price(app, id, Some(fill.price.0), 9),
            Field::number(fill.fee.0, format::fit(fill.fee.0, 2, Sign::Minus, 8)),
            Field::words(liquidity(fill.liquidity)),
            profit(known.realized.map(|value| value.0), 9),
            Field::words(sanitize::plain(fill.author.as_str())),
            Field::words(sanitize::plain(fill.order.as_str())),
        ],
        old: false,
        flash: app.options.settings.animations
            && known.new_until.is_some_and(|until| until > app.now.instant),
    }
}

/// Returns when a fill was: the time of its day, or the day when that is not the engine's.
fn time(app: &App, known: &KnownFill) -> String {
    let day = |time: jiff::Timestamp| time.as_second().div_euclid(86_400);
    let now = facts::engine_time(&app.mirror, app.now);
    if day(known.fill.time) == day(now) {
        format::clock(known.fill.time)
    } else {
        known.fill.time.strftime("%d %H:%M").to_string()
    }
}

/// Returns what a fill did to the book.
pub(crate) fn liquidity(liquidity: Liquidity) -> &'static str {
    match liquidity {
        Liquidity::Maker => "maker",
        Liquidity::Taker => "taker",
    }
}

/// Returns the mark of a fill of ours in a chart.
pub(crate) fn mark(side: Side) -> char {
    match side {
        Side::Buy => '▲',
        Side::Sell => '▼',
    }
}
