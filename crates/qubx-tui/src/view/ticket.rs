//! The ticket: its fields, and below them what its order would do.

use qubx_protocol::{OrderType, Side, TimeInForce};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};
use rust_decimal::Decimal;

use crate::app::App;
use crate::facts::Facts;
use crate::format::{self, Sign, UNKNOWN};
use crate::layout::inside;
use crate::ticket::{Field, Preview, Ticket, Unit, preview};
use crate::{sanitize, wrap};

/// Columns of the box: every line of it fits.
const WIDTH: u16 = 64;
/// Columns of a field's name.
const NAME: usize = 11;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>) {
    let Some(ticket) = &app.ticket else { return };
    let screen = frame.area();
    let width = WIDTH.min(screen.width);
    let preview = preview(ticket, &app.mirror);
    let columns = usize::from(width.saturating_sub(2)).max(1);
    let mut lines = fields(app, ticket, &preview);
    let mut below = effect(app, ticket, &preview);
    // Where there is little room, the fields and what they need stay.
    let room = usize::from(screen.height).saturating_sub(lines.len() + 3);
    below.truncate(room);
    lines.push(Line::default());
    lines.extend(below);
    let lines: Vec<Line<'static>> =
        lines.iter().flat_map(|line| wrap::wrap_words(line, columns, 2)).collect();
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(screen.height);
    let area = Rect::new((screen.width - width) / 2, (screen.height - height) / 2, width, height);
    let is_live = app.mirror.is_live();
    let (border, style) = match is_live {
        true => (app.theme.loss(), app.theme.danger()),
        false => (app.theme.focus(), app.theme.focus()),
    };
    frame.render_widget(Clear, area);
    let block = Block::bordered().border_style(border).title(Line::styled(title(app, ticket), style));
    frame.render_widget(block, area);
    frame.render_widget(Paragraph::new(lines), inside(area));
}

fn title(app: &App, ticket: &Ticket) -> String {
    let verb = if ticket.changes.is_some() { "MODIFY ORDER" } else { "TICKET" };
    match app.mirror.info() {
        Some(info) => {
            let mode = info.mode.to_string().to_uppercase();
            format!(" {verb} — {mode} — {} ", sanitize::plain(&info.name))
        }
        None => format!(" {verb} "),
    }
}

fn fields(app: &App, ticket: &Ticket, preview: &Preview) -> Vec<Line<'static>> {
    let there = ticket.fields();
    let mut lines = vec![instrument(app, ticket)];
    if ticket.changes.is_some() {
        let what = format!("{} {}", ticket.side, ticket.order_type);
        lines.push(Line::from(vec![name(app, "Order"), Span::raw(what)]));
    } else {
        let sides = [(Side::Buy, "BUY"), (Side::Sell, "SELL")];
        lines.push(choice(app, ticket, Field::Side, "Side", &sides, ticket.side));
        let types = [
            (OrderType::Market, "MARKET"),
            (OrderType::Limit, "LIMIT"),
            (OrderType::Stop, "STOP"),
            (OrderType::StopLimit, "STOP LIMIT"),
        ];
        lines.push(choice(app, ticket, Field::Type, "Type", &types, ticket.order_type));
    }
    lines.push(typed(app, ticket, preview, Field::Amount, "Amount", &ticket.amount));
    if there.contains(&Field::Unit) {
        let units = Unit::ALL.map(|unit| (unit, unit.name()));
        lines.push(choice(app, ticket, Field::Unit, "in", &units, ticket.unit));
    }
    if there.contains(&Field::StopPrice) {
        lines.push(typed(app, ticket, preview, Field::StopPrice, "Stop price", &ticket.stop_price));
    }
    if there.contains(&Field::Price) {
        lines.push(typed(app, ticket, preview, Field::Price, "Price", &ticket.price));
    }
    if there.contains(&Field::TimeInForce) {
        let forces = [(TimeInForce::Gtc, "GTC"), (TimeInForce::Ioc, "IOC")];
        lines.push(choice(app, ticket, Field::TimeInForce, "In force", &forces, ticket.time_in_force));
    }
    // The two switches share a row: every row is needed on a small screen.
    let mut switches = Vec::new();
    for (field, text, is_on) in [
        (Field::PostOnly, "Post-only", ticket.post_only),
        (Field::ReduceOnly, "Reduce-only", ticket.reduce_only),
    ] {
        if there.contains(&field) {
            let row = choice(app, ticket, field, text, &[(false, "no"), (true, "yes")], is_on);
            switches.extend(row.spans);
        }
    }
    if !switches.is_empty() {
        lines.push(Line::from(switches));
    }
    lines
}

fn name(app: &App, text: &str) -> Span<'static> {
    Span::styled(format!("  {text:<NAME$} "), app.theme.quiet())
}

/// Returns a field's name, with the mark of the one that has the keys.
fn field_name(app: &App, ticket: &Ticket, field: Field, text: &str) -> Span<'static> {
    let (mark, style) = match ticket.focus == field {
        true => ("›", app.theme.focus()),
        false => (" ", app.theme.quiet()),
    };
    Span::styled(format!(" {mark}{text:<NAME$} "), style)
}

fn instrument(app: &App, ticket: &Ticket) -> Line<'static> {
    let label = sanitize::plain(&app.mirror.label(&ticket.instrument));
    let mut spans = vec![field_name(app, ticket, Field::Instrument, "Instrument")];
    spans.push(Span::styled(label, app.theme.strong()));
    if let Some(quote) = app.mirror.quote(&ticket.instrument) {
        let price = |price: Decimal| price_of(app, ticket, price);
        let text = format!("    bid {}   ask {}", price(quote.bid.0), price(quote.ask.0));
        let style =
            if app.mirror.is_old(&ticket.instrument) { app.theme.attention() } else { Style::default() };
        spans.push(Span::styled(text, style));
    }
    Line::from(spans)
}

fn choice<T: PartialEq>(
    app: &App,
    ticket: &Ticket,
    field: Field,
    text: &str,
    all: &[(T, &str)],
    chosen: T,
) -> Line<'static> {
    let mut spans = vec![field_name(app, ticket, field, text)];
    for (value, name) in all {
        let (text, style) = match *value == chosen {
            true if ticket.focus == field => (format!("[{name}]"), app.theme.focus()),
            true => (format!("[{name}]"), app.theme.strong()),
            false => (format!(" {name} "), app.theme.quiet()),
        };
        spans.push(Span::styled(text, style));
        spans.push(Span::raw(" "));
    }
    Line::from(spans)
}

fn typed(
    app: &App,
    ticket: &Ticket,
    preview: &Preview,
    field: Field,
    text: &str,
    value: &str,
) -> Line<'static> {
    let mut spans = vec![field_name(app, ticket, field, text)];
    let has_focus = ticket.focus == field;
    let style = if has_focus && ticket.is_fresh { app.theme.selected() } else { app.theme.strong() };
    spans.push(Span::styled(value.to_owned(), style));
    if has_focus {
        spans.push(Span::raw("▌"));
    }
    if let Err(problem) = &preview.command
        && problem.field == field
    {
        spans.push(Span::styled(format!("  {}", problem.text), app.theme.attention()));
    }
    Line::from(spans)
}

fn price_of(app: &App, ticket: &Ticket, price: Decimal) -> String {
    let decimals =
        app.mirror.price_decimals(&ticket.instrument, price.scale()).max(price.normalize().scale());
    format::number(price, decimals, Sign::Minus)
}

/// Returns what the order would do, and the keys.
fn effect(app: &App, ticket: &Ticket, preview: &Preview) -> Vec<Line<'static>> {
    let unknown = || UNKNOWN.to_owned();
    let money = |value: Option<Decimal>, decimals| {
        value.map_or_else(unknown, |value| format::number(value, decimals, Sign::Minus))
    };
    let quantity = |value: Decimal| {
        let decimals = app.mirror.quantity_decimals(&ticket.instrument, value.scale());
        let text = format::number(value.abs(), decimals.max(value.normalize().scale()), Sign::Minus);
        match value {
            value if value.is_zero() => "flat".to_owned(),
            value if value.is_sign_negative() => format!("{text} S"),
            _ => format!("{text} L"),
        }
    };
    let times = |value: Option<Decimal>| match value {
        Some(value) => format!("{}×", format::number(value, 2, Sign::Minus)),
        None => unknown(),
    };
    let currency = app.mirror.instrument(&ticket.instrument).map_or("", |rules| rules.currency.as_str());
    let percent = preview.part.map(|part| part.saturating_mul(Decimal::ONE_HUNDRED));
    let decimals = app.mirror.quantity_decimals(&ticket.instrument, preview.quantity.scale());
    let mut lines = vec![
        Line::raw(format!(
            " {} {}  ~{} {} = {}% of equity",
            ticket.side,
            format::number(preview.quantity, decimals, Sign::Minus),
            money(preview.notional, 0),
            sanitize::plain(currency),
            money(percent, 1)
        )),
        Line::raw(format!(
            " → position {} → {}   gross {} → {}",
            quantity(preview.position.0),
            quantity(preview.position.1),
            times(preview.gross.0),
            times(preview.gross.1)
        )),
        Line::raw(format!(
            " fee ~{} ({})   margin {}",
            money(preview.fee, 2),
            if preview.rests { "maker" } else { "taker" },
            preview.margin.map_or_else(|| "none".to_owned(), |margin| format::number(margin, 0, Sign::Minus))
        )),
    ];
    lines.extend(
        preview
            .warnings
            .iter()
            .map(|warning| Line::styled(format!(" ⚠ {}", sanitize::plain(warning)), app.theme.attention())),
    );
    lines.push(Line::default());
    let mut keys = Vec::new();
    for (key, what) in [("⏎", "send"), ("tab", "next"), ("←→", "choose"), ("b s", "side"), ("esc", "cancel")]
    {
        if key == "b s" && ticket.changes.is_some() {
            continue;
        }
        keys.push(Span::styled(format!(" {key}"), app.theme.key()));
        keys.push(Span::styled(format!(" {what} "), app.theme.quiet()));
    }
    lines.push(Line::from(keys));
    lines
}
