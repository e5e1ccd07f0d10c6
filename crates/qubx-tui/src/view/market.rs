//! The quotes, with their age, and which of them are stale.

use std::time::Duration;

use qubx_protocol::InstrumentId;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use rust_decimal::Decimal;

use super::has_keys;
use super::table::{self, Column, Field, Row, right};
use crate::app::App;
use crate::facts::{self, Facts};
use crate::format::{self, Sign, UNKNOWN};
use crate::keymap::Panel;
use crate::sanitize;

const COLUMNS: [Column; 5] = [
    right("Bid", 10, 0),
    right("Ask", 10, 0),
    right("BidSz", 8, 2),
    right("AskSz", 8, 3),
    right("Age", 4, 1),
];

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let error = app.mirror.market().and_then(|market| market.feed_error.as_deref());
    let [error_area, area] =
        Layout::vertical([Constraint::Length(u16::from(error.is_some())), Constraint::Fill(1)]).areas(area);
    if let Some(error) = error {
        frame.render_widget(
            Line::styled(format!(" ⚠ {}", sanitize::plain(error)), app.theme.attention()),
            error_area,
        );
    }
    let instruments = facts::instruments(&app.mirror);
    let selected = app.selection.instrument.as_ref().filter(|_| has_keys(app, Panel::Market));
    let selected = selected.and_then(|id| instruments.iter().position(|instrument| instrument == id));
    let rows: Vec<Row> = instruments.iter().map(|id| row(app, id)).collect();
    table::draw(frame, area, &COLUMNS, &rows, selected, "No quotes yet.", app.theme);
}

fn row(app: &App, id: &InstrumentId) -> Row {
    let quote = app.mirror.quote(id);
    let unknown = || UNKNOWN.to_owned();
    let price = |price: Option<Decimal>| {
        let decimals = |price: Decimal| app.mirror.price_decimals(id, price.scale());
        Field::new(price.map_or_else(unknown, |price| format::fit(price, decimals(price), Sign::Minus, 10)))
    };
    let size = |size: Option<Decimal>| {
        let decimals = |size: Decimal| app.mirror.quantity_decimals(id, size.scale());
        Field::new(size.map_or_else(unknown, |size| format::fit(size, decimals(size), Sign::Minus, 8)))
    };
    let age = quote.and_then(|quote| facts::quote_age(&app.mirror, quote, app.now));
    let stale = app.mirror.stale_for(id, app.now);
    Row {
        symbol: app.mirror.label(id),
        fields: vec![
            price(quote.map(|quote| quote.bid.0)),
            price(quote.map(|quote| quote.ask.0)),
            size(quote.map(|quote| quote.bid_size.0)),
            size(quote.map(|quote| quote.ask_size.0)),
            Field::new(match stale {
                Some(silence) => format!("⚠{}", whole_age(silence)),
                None => age.map_or_else(unknown, format::age),
            }),
        ],
        stale: app.mirror.is_old(id),
    }
}

/// Returns an age without a fraction: the mark takes its room.
fn whole_age(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..10 => format!("{seconds}s"),
        _ => format::age(age),
    }
}
