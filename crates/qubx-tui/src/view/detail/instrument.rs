//! An instrument: its quote, its rules, the position in it and its fills.

use qubx_protocol::InstrumentId;
use ratatui::text::Line;

use super::order::fill_line;
use super::{heading, named};
use crate::app::App;
use crate::facts::{self, Facts};
use crate::fills::KnownFill;
use crate::format::{self, Sign, UNKNOWN};
use crate::tables;

/// Returns what is known of an instrument: its quote, its rules, the position in it and its fills.
pub(super) fn instrument_lines(app: &App, id: &InstrumentId) -> Vec<Line<'static>> {
    let mut lines = vec![heading(app, "Quote")];
    match app.mirror.quote(id) {
        Some(quote) => {
            let price = |value| tables::price(app, id, Some(value), 14).text;
            let size = |value| tables::quantity(app, id, Some(value), 12).text;
            lines.push(named(app, "bid", format!("{} × {}", price(quote.bid.0), size(quote.bid_size.0))));
            lines.push(named(app, "ask", format!("{} × {}", price(quote.ask.0), size(quote.ask_size.0))));
            let spread =
                tables::market::spread(quote).map_or_else(|| UNKNOWN.to_owned(), tables::market::spread_text);
            lines.push(named(app, "spread", spread));
            let age =
                facts::quote_age(&app.mirror, quote, app.now).map_or_else(|| UNKNOWN.to_owned(), format::age);
            lines.push(named(app, "age", age));
        }
        None => lines.push(named(app, "quote", UNKNOWN)),
    }
    if let Some(rules) = app.mirror.instrument(id) {
        let sizes =
            format!("tick {} · lot {} · least {}", rules.tick_size, rules.lot_size, rules.min_notional);
        lines.push(named(app, "rules", sizes));
    }
    lines.push(Line::default());
    lines.extend(position_lines(app, id));
    let fills: Vec<&KnownFill> =
        app.fills.newest_first().filter(|known| known.fill.instrument == *id).take(200).collect();
    lines.push(Line::default());
    lines.push(heading(app, &format!("Fills {}", fills.len())));
    lines.extend(fills.into_iter().map(|known| fill_line(app, known)));
    lines
}

fn position_lines(app: &App, id: &InstrumentId) -> Vec<Line<'static>> {
    let position = app.mirror.state.as_ref().and_then(|state| state.positions.get(id));
    let mut lines = vec![heading(app, "Position")];
    let Some(position) = position else {
        lines.push(named(app, "held", "never"));
        return lines;
    };
    let money = |value| format::number(value, 2, Sign::Both);
    let mark = app.mirror.mark(id);
    let known = |value: Option<qubx_protocol::Money>| {
        value.map_or_else(|| UNKNOWN.to_owned(), |value| money(value.0))
    };
    lines.push(named(app, "held", tables::quantity(app, id, Some(position.quantity.0), 14).text));
    lines.push(named(
        app,
        "average",
        tables::price(app, id, position.avg_price.map(|price| price.0), 14).text,
    ));
    let unrealized = tables::profit(mark.and_then(|mark| mark.unrealized_pnl).map(|value| value.0), 14);
    lines.push(named(app, "unrealized", unrealized.text));
    lines.push(named(app, "realized", tables::profit(Some(position.realized_pnl.0), 14).text));
    lines.push(named(app, "fees", format::number(position.fees.0, 2, Sign::Minus)));
    lines.push(named(app, "funding paid", money(position.funding.0)));
    lines.push(named(app, "value", known(mark.and_then(|mark| mark.market_value))));
    let leverage = facts::leverage(&app.mirror, position)
        .map_or_else(|| UNKNOWN.to_owned(), |value| format!("{}×", format::number(value, 2, Sign::Both)));
    lines.push(named(app, "leverage", leverage));
    if let Some(rules) = app.mirror.instrument(id) {
        let value = mark.and_then(|mark| mark.market_value);
        let margin = value.map(|value| (value.0.abs() * rules.maintenance_rate).round_dp(2));
        let margin =
            margin.map_or_else(|| UNKNOWN.to_owned(), |margin| format::number(margin, 2, Sign::Minus));
        lines.push(named(app, "maintenance", margin));
    }
    if let Some(account) = app.mirror.account(&id.exchange) {
        lines.push(named(app, "account margin", known(account.initial_margin)));
    }
    lines
}
