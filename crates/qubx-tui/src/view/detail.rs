//! A row that is looked at closely: all that is known of an order, a fill, an instrument, or what was published.

use qubx_protocol::{
    Action, Fact, HistoryKind, InstrumentId, Order, OrderId, Parameter, Published, PublishedContent, Seq,
};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::chart;
use super::plot::{self, Point};
use super::table::{self, Focus};
use crate::app::App;
use crate::detail::{Detail, Subject};
use crate::facts::{self, Facts};
use crate::fills::KnownFill;
use crate::format::{self, Sign, UNKNOWN};
use crate::keymap::Context;
use crate::layout::{Room, inside};
use crate::tables::{self, published};
use crate::{sanitize, wrap};

/// Columns for the words about an instrument beside its chart.
const WORDS: u16 = 46;
/// Columns for the names of what is told.
const NAMES: usize = 16;

/// Draws the close look over the panels.
pub(super) fn draw(app: &App, frame: &mut Frame<'_>, middle: Rect) {
    let Some(detail) = &app.detail else { return };
    let has_keys = app.context != Context::Input && app.context != Context::Answer;
    let style = if has_keys { app.theme.focus() } else { app.theme.strong() };
    let area = inner(app, middle);
    let title = Line::styled(format!(" {} ", title(app, &detail.subject)), style);
    let mut back = match detail.subject {
        Subject::Instrument(_) => chart::timeframes(app),
        _ => Line::default(),
    };
    back.push_span(Span::styled("esc back ", app.theme.quiet()));
    let back = back.right_aligned();
    if app.room() >= Room::Medium {
        let border = if has_keys { style } else { app.theme.quiet() };
        let block = Block::bordered().border_style(border).title(title).title(back);
        frame.render_widget(block, middle);
    } else {
        let line = Rect { height: middle.height.min(1), ..middle };
        let left = line.width.saturating_sub(u16::try_from(back.width()).unwrap_or(u16::MAX));
        frame.render_widget(back, line);
        frame.render_widget(title, Rect { width: left, ..line });
    }
    let focus = Focus { keys: has_keys, typing: app.filtering };
    match &detail.subject {
        Subject::Published(name, instrument) => {
            let Some(shown) = published::find(app, name, instrument.as_ref()) else {
                return say(app, frame, area, "It is not published any more.");
            };
            match published::table(&shown.content) {
                Some(table) => table::draw(app, frame, area, &table, &detail.view, focus),
                None if matches!(shown.content, PublishedContent::Series { .. }) => {
                    draw_series(app, frame, area, shown);
                }
                None => draw_lines(frame, area, detail, value_lines(app, shown)),
            }
        }
        Subject::Instrument(id) => {
            let [chart, words] = chart_places(app, detail, area);
            chart::draw(app, frame, chart, id);
            draw_lines(frame, words, detail, lines(app, &detail.subject, usize::from(words.width)));
        }
        subject => {
            let lines = lines(app, subject, usize::from(area.width));
            draw_lines(frame, area, detail, lines);
        }
    }
}

/// Returns what the frame, or the title alone, leaves.
pub(crate) fn inner(app: &App, middle: Rect) -> Rect {
    if app.room() >= Room::Medium {
        return inside(middle);
    }
    let title = middle.height.min(1);
    Rect { y: middle.y + title, height: middle.height - title, ..middle }
}

/// Returns how far the words about the subject can be scrolled.
pub(crate) fn last_line(app: &App, middle: Rect) -> usize {
    let Some(detail) = &app.detail else { return 0 };
    let area = match detail.subject {
        Subject::Instrument(_) => chart_places(app, detail, inner(app, middle))[1],
        _ => inner(app, middle),
    };
    lines(app, &detail.subject, usize::from(area.width)).len().saturating_sub(usize::from(area.height))
}

/// Returns the place of a chart and of the words about its instrument: beside it where there is room, else below it.
fn chart_places(app: &App, detail: &Detail, area: Rect) -> [Rect; 2] {
    match app.room() {
        _ if detail.chart_alone => Layout::vertical([Constraint::Fill(1), Constraint::Length(0)]).areas(area),
        Room::Wide => Layout::horizontal([Constraint::Fill(1), Constraint::Length(WORDS)]).areas(area),
        _ => Layout::vertical([Constraint::Fill(2), Constraint::Fill(1)]).areas(area),
    }
}

fn draw_lines(frame: &mut Frame<'_>, area: Rect, detail: &Detail, lines: Vec<Line<'static>>) {
    let height = usize::from(area.height);
    let first = detail.scroll.min(lines.len().saturating_sub(height));
    let lines: Vec<Line<'static>> = lines.into_iter().skip(first).take(height).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

fn say(app: &App, frame: &mut Frame<'_>, area: Rect, text: &str) {
    frame.render_widget(Paragraph::new(format!(" {text}")).style(app.theme.quiet()), area);
}

fn title(app: &App, subject: &Subject) -> String {
    match subject {
        Subject::Instrument(id) => app.mirror.label(id),
        Subject::Order(id) => format!("Order {}", sanitize::plain(id.as_str())),
        Subject::Fill(_) => "Fill".to_owned(),
        Subject::Published(name, None) => sanitize::plain(name),
        Subject::Published(name, Some(id)) => format!("{} · {}", sanitize::plain(name), app.mirror.label(id)),
        Subject::Parameter(name) => format!("Parameter {}", sanitize::plain(name)),
        Subject::Action(name) => format!("Action {}", sanitize::plain(name)),
    }
}

fn lines(app: &App, subject: &Subject, columns: usize) -> Vec<Line<'static>> {
    let lines = match subject {
        Subject::Order(id) => order_lines(app, id),
        Subject::Fill(seq) => fill_lines(app, *seq),
        Subject::Instrument(id) => instrument_lines(app, id),
        Subject::Parameter(name) => parameter_lines(app, name),
        Subject::Action(name) => action_lines(app, name),
        Subject::Published(..) => Vec::new(),
    };
    lines.iter().flat_map(|line| wrap::wrap_words(line, columns.max(1), NAMES + 3)).collect()
}

/// Returns a line with a name and what it is.
fn named(app: &App, name: &str, text: impl Into<String>) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!("  {name:<NAMES$} "), app.theme.quiet()),
        Span::raw(sanitize::plain(&text.into())),
    ])
}

fn heading(app: &App, text: &str) -> Line<'static> {
    Line::styled(format!(" {text}"), app.theme.strong())
}

fn order_lines(app: &App, id: &OrderId) -> Vec<Line<'static>> {
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

fn fill_line(app: &App, known: &KnownFill) -> Line<'static> {
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

fn fill_lines(app: &App, seq: Seq) -> Vec<Line<'static>> {
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

/// Returns what is known of an instrument: its quote, its rules, the position in it and its fills.
fn instrument_lines(app: &App, id: &InstrumentId) -> Vec<Line<'static>> {
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

fn parameter_lines(app: &App, name: &str) -> Vec<Line<'static>> {
    let parameters = app.mirror.status().map_or(&[][..], |status| &status.strategy.parameters);
    let Some(Parameter { kind, value, default, .. }) =
        parameters.iter().find(|parameter| parameter.name == name)
    else {
        return vec![Line::styled(" The strategy has no such parameter any more.", app.theme.quiet())];
    };
    vec![
        named(app, "kind", kind.clone()),
        named(app, "now", published::json(value)),
        named(app, "by itself", published::json(default)),
        Line::default(),
        Line::styled(
            format!("  qubx set {} {}=VALUE", session(app), sanitize::plain(name)),
            app.theme.label(),
        ),
    ]
}

fn action_lines(app: &App, name: &str) -> Vec<Line<'static>> {
    let actions = app.mirror.status().map_or(&[][..], |status| &status.strategy.actions);
    let Some(Action { description, dangerous, parameters, .. }) =
        actions.iter().find(|action| action.name == name)
    else {
        return vec![Line::styled(" The strategy has no such action any more.", app.theme.quiet())];
    };
    let mut lines = vec![named(app, "does", description.clone())];
    lines.push(named(app, "asks first", if *dangerous { "yes" } else { "no" }));
    for parameter in parameters {
        let default = match &parameter.default {
            Some(default) => format!("{}, else {}", parameter.kind, published::json(default)),
            None => format!("{}, must be given", parameter.kind),
        };
        lines.push(named(app, &sanitize::plain(&parameter.name), default));
    }
    lines.push(Line::default());
    lines.push(Line::styled(
        format!("  qubx action {} {}", session(app), sanitize::plain(name)),
        app.theme.label(),
    ));
    lines
}

fn session(app: &App) -> String {
    app.mirror.info().map_or_else(|| "NAME".to_owned(), |info| sanitize::plain(&info.strategy_name))
}

fn value_lines(app: &App, shown: &Published) -> Vec<Line<'static>> {
    let PublishedContent::Value(value) = &shown.content else { return Vec::new() };
    vec![named(app, "value", published::json(value)), named(app, "published", moment(shown.time))]
}

fn draw_series(app: &App, frame: &mut Frame<'_>, area: Rect, shown: &Published) {
    let points = app.series.points(&shown.name, shown.instrument.as_ref());
    let points: Vec<Point> = points.iter().map(|point| (point.time.as_millisecond(), point.value)).collect();
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return say(app, frame, area, "Its points are asked for.");
    };
    plot::draw(app, frame, area, &points, (first.0, last.0));
}

fn moment(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
