//! The quotes, with their age, and which of them are stale.

use std::time::Duration;

use qubx_protocol::{InstrumentId, Quote};
use rust_decimal::Decimal;

use super::{price, quantity};
use crate::app::App;
use crate::facts::{self, Facts};
use crate::format::{self, Sign};
use crate::table::{Field, Row, RowKey, Table, Tone, right, symbol};

pub(crate) fn table(app: &App) -> Table {
    let columns = vec![
        symbol(),
        right("Bid", 10, 0),
        right("Ask", 10, 0),
        right("Spread", 7, 2),
        right("BidSz", 8, 3),
        right("AskSz", 8, 4),
        right("Age", 4, 1),
    ];
    let rows = facts::instruments(&app.mirror).iter().map(|id| row(app, id)).collect();
    Table { columns, rows, empty: "No quotes yet.".to_owned() }
}

fn row(app: &App, id: &InstrumentId) -> Row {
    let quote = app.mirror.quote(id);
    Row {
        key: RowKey::Instrument(id.clone()),
        fields: vec![
            Field::words(app.mirror.label(id)),
            price(app, id, quote.map(|quote| quote.bid.0), 10),
            price(app, id, quote.map(|quote| quote.ask.0), 10),
            Field::maybe(quote.and_then(spread), spread_text),
            quantity(app, id, quote.map(|quote| quote.bid_size.0), 8),
            quantity(app, id, quote.map(|quote| quote.ask_size.0), 8),
            age(app, id),
        ],
        old: app.mirror.is_old(id),
        flash: false,
    }
}

/// Returns the spread of a quote in percent of its middle.
pub(crate) fn spread(quote: &Quote) -> Option<Decimal> {
    ((quote.ask.0 - quote.bid.0) * Decimal::ONE_HUNDRED).checked_div(quote.mid().0)
}

/// Returns a spread in at most seven columns.
pub(crate) fn spread_text(percent: Decimal) -> String {
    format!("{}%", format::fit(percent, 4, Sign::Minus, 6))
}

/// Returns how old the last quote of an instrument is, with a mark when it should not be that old.
pub(super) fn age(app: &App, id: &InstrumentId) -> Field {
    let age = app.mirror.quote(id).and_then(|quote| facts::quote_age(&app.mirror, quote, app.now));
    match (app.mirror.stale_for(id, app.now), age) {
        (Some(silence), _) => {
            Field::lasting(silence, format!("⚠{}", whole_age(silence))).toned(Tone::Attention)
        }
        (None, Some(age)) => Field::lasting(age, format::age(age)),
        (None, None) => Field::unknown(),
    }
}

/// Returns an age without a fraction: the mark takes its room.
fn whole_age(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..10 => format!("{seconds}s"),
        _ => format::age(age),
    }
}
