//! An order and a fill.

use qubx_protocol::{Fact, HistoryKind, Order, OrderId, Seq};
use ratatui::text::{Line, Span};

use super::{heading, moment, named};
use crate::app::App;
use crate::facts;
use crate::fills::KnownFill;
use crate::format::{self, Sign, UNKNOWN};
use crate::sanitize;
use crate::tables;
use crate::view::table;

pub(super) fn order_lines(app: &App, id: &OrderId) -> Vec<Line<'static>> {
    let Some(order) = facts::order(&app.mirror, id) else {
        return vec![Line::styled(" Nothing is known of this order any more.", app.theme.quiet())];
    };
    let price = |price: qubx_protocol::Price| tables::price(app, &order.instrument, Some(price.0), 16).text;
    let quantity = |value| tables::quantity(app, &order.instrument, Some(value), 16).text;
    let mut lines = vec![
        named(app, "instrument", order.instrument.to_string()),
        named(app, "side", order.side.to_string()),
        named(app, "type", order.order_type.to_string()),
        named(app, "state", state(order)),
        named(app, "quantity", quantity(order.quantity.0)),
        named(app, "filled", quantity(order.filled.0)),
        named(app, "price", order.price.map_or_else(|| "market".to_owned(), price)),
    ];
    if let Some(stop) = order.stop_price {
        let reached = if order.triggered { "  (reached)" } else { "" };
        lines.push(named(app, "stop price", format!("{}{reached}", price(stop))));
    }
    let average = order.avg_price.map_or_else(|| UNKNOWN.to_owned(), price);
    lines.push(named(app, "average price", average));
    lines.push(named(app, "time in force", order.time_in_force.to_string()));
    let only = match (order.post_only, order.reduce_only) {
        (true, true) => "post only, reduce only",
        (true, false) => "post only",
        (false, true) => "reduce only",
        (false, false) => "nothing",
    };
    lines.push(named(app, "bound to", only));
    lines.push(named(app, "author", order.author.as_str()));
    if let Some(cause) = &order.cause {
        lines.push(named(app, "cause", cause.as_str()));
    }
    lines.push(named(app, "given", moment(order.created_at)));
    if let Some(changed) = order.changed_at {
        lines.push(named(app, "changed", moment(changed)));
    }
    if let Some(reason) = &order.reason {
        lines.push(named(app, "reason", reason.clone()));
    }
    let fills: Vec<&KnownFill> = app.fills.newest_first().filter(|known| known.fill.order == *id).collect();
    lines.push(Line::default());
    lines.push(heading(app, &format!("Fills {}", fills.len())));
    lines.extend(fills.into_iter().map(|known| fill_line(app, known)));
    lines.push(Line::default());
    lines.push(heading(app, "History"));
    lines.extend(order_history(app, id));
    lines
}

/// Returns what was told of an order, oldest first.
fn order_history(app: &App, id: &OrderId) -> Vec<Line<'static>> {
    let events = app.mirror.state.iter().flat_map(|state| state.history.of(HistoryKind::Trading));
    let told = events.filter_map(|event| match &event.fact {
        Fact::Order { order, .. } if order.id == *id => Some((event.time, order)),
        _ => None,
    });
    told.map(|(time, order)| {
        let quantity = |value| tables::quantity(app, &order.instrument, Some(value), 16).text;
        let price = order.price.map_or_else(String::new, |price| {
            format!(" @ {}", tables::price(app, &order.instrument, Some(price.0), 16).text)
        });
        let text = format!(
            "{}  {} of {}{price}",
            state(order),
            quantity(order.filled.0),
            quantity(order.quantity.0)
        );
        Line::from(vec![
            Span::styled(format!("  {}  ", format::clock(time)), app.theme.quiet()),
            Span::raw(sanitize::plain(&text)),
        ])
    })
    .collect()
}

fn state(order: &Order) -> String {
    match &order.reason {
        Some(reason) => format!("{} ({reason})", order.status),
        None => order.status.to_string(),
    }
}

pub(super) fn fill_line(app: &App, known: &KnownFill) -> Line<'static> {
    let fill = &known.fill;
    let id = &fill.instrument;
    let realized = tables::profit(known.realized.map(|value| value.0), 12);
    Line::from(vec![
        Span::styled(format!("  {}  ", format::clock(fill.time)), app.theme.quiet()),
        Span::raw(format!(
            "{:<4} {:>9} @ {:<10} fee {:<8} {:<5}  realized ",
            fill.side.to_string(),
            tables::quantity(app, id, Some(fill.quantity.0), 9).text,
            tables::price(app, id, Some(fill.price.0), 10).text,
            format::fit(fill.fee.0, 2, Sign::Minus, 8),
            tables::fills::liquidity(fill.liquidity),
        )),
        Span::styled(realized.text, table::style(realized.tone, app.theme)),
    ])
}

pub(super) fn fill_lines(app: &App, seq: Seq) -> Vec<Line<'static>> {
    let Some(known) = app.fills.newest_first().find(|known| known.seq == seq) else {
        return vec![Line::styled(" Nothing is known of this fill any more.", app.theme.quiet())];
    };
    let fill = &known.fill;
    let id = &fill.instrument;
    let after = known.position.quantity.0;
    let mut lines = vec![
        named(app, "instrument", id.to_string()),
        named(app, "side", fill.side.to_string()),
        named(app, "quantity", tables::quantity(app, id, Some(fill.quantity.0), 16).text),
        named(app, "price", tables::price(app, id, Some(fill.price.0), 16).text),
        named(app, "fee", fill.fee.0.to_string()),
        named(app, "liquidity", tables::fills::liquidity(fill.liquidity)),
        named(app, "realized", tables::profit(known.realized.map(|value| value.0), 16).text),
        named(app, "position after", tables::quantity(app, id, Some(after), 16).text),
        named(app, "time", moment(fill.time)),
        named(app, "author", fill.author.as_str()),
        named(app, "trade", fill.trade_id.clone()),
        named(app, "order", fill.order.as_str()),
        Line::default(),
        heading(app, "Its order"),
    ];
    lines.extend(order_history(app, &fill.order));
    lines
}
