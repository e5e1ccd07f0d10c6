//! The chart of an instrument: candles with the fills of ours, lines for open orders and the average price, volume,
//! and the lines that the strategy published for it.

use qubx_protocol::{Bar, InstrumentId, PublishedContent, Side, nearest_f64};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::grid::Grid;
use super::plot::{self, Point, Window};
use crate::app::App;
use crate::candles;
use crate::facts::{self, Facts};
use crate::tables::{self, published};
use crate::{sanitize, wrap};

/// Columns from one candle to the next.
const STEP: usize = 2;
/// Fewer rows than this hold no volume below the candles, and fewer than the second no lines of the strategy.
const VOLUME_ROWS: u16 = 16;
const LINES_ROWS: u16 = 20;
/// Lines of the strategy that have a place of their own.
const MOST_LINES: usize = 2;
/// A price that is this part of the candles' height away from them is still taken into the chart.
const REACH: f64 = 0.35;

/// A price that is marked by a line across the chart.
struct Mark {
    price: f64,
    label: String,
    style: Style,
    dash: char,
}

/// Returns the timeframes to choose from.
pub(super) fn timeframes(app: &App) -> Line<'static> {
    let choice = candles::timeframes(&app.mirror);
    let chosen = app.timeframe.min(choice.len().saturating_sub(1));
    let mut spans = Vec::with_capacity(choice.len());
    for (place, name) in choice.iter().enumerate() {
        let (text, style) = if place == chosen {
            (format!("[{name}] "), Style::default())
        } else {
            (format!("{name} "), app.theme.quiet())
        };
        spans.push(Span::styled(text, style));
    }
    Line::from(spans)
}

/// Draws the chart.
pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, id: &InstrumentId) {
    let Some(timeframe) = candles::timeframe(&app.mirror, app.timeframe) else { return };
    let bars = app.candles.bars(id, timeframe);
    if bars.is_empty() || area.width < 24 || area.height < 4 {
        let text = match app.candles.failed() {
            Some(why) => format!(" There are no bars: {}", sanitize::plain(why)),
            None if !app.mirror.is_connected() => {
                " There are no bars while the connection is lost.".to_owned()
            }
            None => " Bars are asked for.".to_owned(),
        };
        frame.render_widget(Paragraph::new(text).style(app.theme.quiet()), area);
        return;
    }
    let price = |value: f64| {
        let exact = rust_decimal::Decimal::try_from(value).unwrap_or_default();
        tables::price(app, id, Some(exact), 12).text
    };
    let margin = bars.iter().map(|bar| wrap::width(&price(nearest_f64(bar.high.0)))).max().unwrap_or(8) + 2;
    let plot_columns = usize::from(area.width).saturating_sub(margin).max(STEP);
    let shown = &bars[bars.len().saturating_sub(plot_columns / STEP)..];
    let lines = series(app, id);
    let has_volume = area.height >= VOLUME_ROWS && shown.iter().any(|bar| !bar.volume.is_zero());
    let line_count = if area.height >= LINES_ROWS { lines.len().min(MOST_LINES) } else { 0 };
    let mut constraints = vec![Constraint::Fill(1)];
    constraints.extend(has_volume.then_some(Constraint::Length((area.height / 8).clamp(2, 5))));
    constraints.extend((0..line_count).map(|_| Constraint::Length((area.height / 7).clamp(3, 7))));
    constraints.push(Constraint::Length(1));
    let parts = Layout::vertical(constraints).split(area);
    let mut parts = parts.iter().copied();
    if let Some(part) = parts.next() {
        draw_candles(app, frame, part, id, shown, plot_columns, &price);
    }
    if has_volume && let Some(part) = parts.next() {
        draw_volume(app, frame, part, shown);
    }
    for (name, points) in lines.iter().take(line_count) {
        if let Some(part) = parts.next() {
            draw_series(app, frame, part, shown, plot_columns, name, points);
        }
    }
    if let Some(part) = parts.next() {
        draw_times(app, frame, part, shown, plot_columns);
    }
}

fn draw_candles(
    app: &App,
    frame: &mut Frame<'_>,
    area: Rect,
    id: &InstrumentId,
    bars: &[Bar],
    columns: usize,
    price: &dyn Fn(f64) -> String,
) {
    let number = |price: qubx_protocol::Price| nearest_f64(price.0);
    let highs_and_lows = bars.iter().flat_map(|bar| [number(bar.high), number(bar.low)]);
    let Some((low, high)) = plot::bounds(highs_and_lows) else { return };
    let marks = marks(app, id, price);
    let reach = (high - low).max(high.abs() * 1e-6) * REACH;
    let near = marks.iter().map(|mark| mark.price).filter(|mark| (low - reach..=high + reach).contains(mark));
    let Some((low, high)) = plot::bounds(near.chain([low, high])) else { return };
    let rows = usize::from(area.height);
    // Air for the marks of fills above and below.
    let air = ((high - low) / rows.max(1) as f64).max(high.abs() * 1e-7);
    let (low, high) = (low - air, high + air);
    let mut grid = Grid::new(columns, rows, low, high);
    for (place, bar) in bars.iter().enumerate() {
        let style = if bar.close >= bar.open { app.theme.gain() } else { app.theme.loss() };
        let (open, close) = (number(bar.open), number(bar.close));
        grid.candle(place * STEP, [open, number(bar.high), number(bar.low), close], style, app.theme.color);
    }
    for mark in &marks {
        grid.line(mark.price, mark.dash, &mark.label, mark.style);
    }
    for known in app.fills.newest_first().filter(|known| known.fill.instrument == *id) {
        let Some(start) = bars.first().map(|bar| bar.timeframe.start_of(known.fill.time)) else { break };
        let Ok(place) = bars.binary_search_by_key(&start, |bar| bar.time) else { continue };
        let bar = &bars[place];
        let glyph = tables::fills::mark(known.fill.side);
        let style = app.theme.attention().patch(app.theme.strong());
        match known.fill.side {
            Side::Buy => grid.below(place * STEP, number(bar.low), glyph, style),
            Side::Sell => grid.above(place * STEP, number(bar.high), glyph, style),
        }
    }
    let last = bars.last().map(|bar| number(bar.close));
    let last_row = last.map(|last| grid.row(last));
    let every = (rows / 6).clamp(2, 6);
    let mut lines: Vec<Line<'static>> = Vec::with_capacity(rows);
    for (row, mut spans) in grid.into_lines().into_iter().enumerate() {
        if let (Some(last), true) = (last, last_row == Some(row)) {
            spans.push(Span::styled("◂", app.theme.strong()));
            spans.push(Span::styled(price(last), app.theme.selected()));
        } else if row.is_multiple_of(every) {
            let window = Window { from: 0, to: 1, low, high };
            spans.push(Span::styled(format!(" {}", price(window.value_at(row, rows))), app.theme.quiet()));
        }
        lines.push(Line::from(spans));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// Returns the open orders and the average price of an instrument.
fn marks(app: &App, id: &InstrumentId, price: &dyn Fn(f64) -> String) -> Vec<Mark> {
    let mut marks = Vec::new();
    let position = app.mirror.state.as_ref().and_then(|state| state.positions.get(id));
    if let Some(average) = position.and_then(|position| position.avg_price) {
        let value = nearest_f64(average.0);
        let label = format!("avg {}", price(value));
        marks.push(Mark { price: value, label, style: app.theme.label(), dash: '─' });
    }
    for order in facts::orders(&app.mirror).into_iter().filter(|order| order.instrument == *id) {
        let stop = order.stop_price.filter(|_| !order.triggered);
        let Some(at) = stop.or(order.price) else { continue };
        let value = nearest_f64(at.0);
        let quantity = tables::quantity(app, id, Some(order.remaining().0), 9).text;
        let stop = if stop.is_some() { "stop " } else { "" };
        let label = format!("{stop}{} {quantity} @ {}", order.side, price(value));
        marks.push(Mark { price: value, label, style: app.theme.attention(), dash: '╌' });
    }
    marks
}

fn draw_volume(app: &App, frame: &mut Frame<'_>, area: Rect, bars: &[Bar]) {
    const BLOCKS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let volumes: Vec<f64> = bars.iter().map(|bar| nearest_f64(bar.volume.0)).collect();
    let most = volumes.iter().copied().fold(0.0, f64::max);
    let rows = usize::from(area.height);
    let lines = (0..rows).map(|row| {
        let below = (rows - 1 - row) * 8;
        let mut spans: Vec<Span<'static>> = Vec::with_capacity(bars.len() + 1);
        for (bar, volume) in bars.iter().zip(&volumes) {
            let eighths = (volume / most * (rows * 8) as f64).ceil() as usize;
            let style = if bar.close >= bar.open { app.theme.gain() } else { app.theme.loss() };
            let block = BLOCKS[eighths.saturating_sub(below).min(8)];
            spans.push(Span::styled(format!("{block:<STEP$}"), style));
        }
        if row == 0 {
            spans.push(Span::styled(format!(" vol {}", plot::axis(most, most / 100.0)), app.theme.quiet()));
        }
        Line::from(spans)
    });
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), area);
}

/// Returns the lines that the strategy published for an instrument, with their names.
fn series<'a>(app: &'a App, id: &InstrumentId) -> Vec<(&'a str, Vec<Point>)> {
    let shown = published::published(app).iter().filter(|shown| {
        shown.instrument.as_ref() == Some(id) && matches!(shown.content, PublishedContent::Series { .. })
    });
    shown
        .map(|shown| {
            let points = app.series.points(&shown.name, Some(id));
            let points = points.iter().map(|point| (point.time.as_millisecond(), point.value)).collect();
            (shown.name.as_str(), points)
        })
        .collect()
}

/// Draws a line of the strategy below its candles: each point stands under the candle of its time.
fn draw_series(
    app: &App,
    frame: &mut Frame<'_>,
    area: Rect,
    bars: &[Bar],
    columns: usize,
    name: &str,
    points: &[Point],
) {
    let length = bars.first().map_or(1, |bar| i64::from(bar.timeframe.seconds()) * 1_000);
    let under = |&(time, value): &Point| {
        let place = bars.partition_point(|bar| bar.time.as_millisecond() <= time).checked_sub(1)?;
        let within = (time - bars[place].time.as_millisecond()).min(length - 1);
        // In dots: two for each column.
        let dots = (STEP * 2) as i64;
        Some((place as i64 * dots + within * dots / length, value))
    };
    let points: Vec<Point> = points.iter().filter_map(under).collect();
    let to = (columns * 2) as i64 - 1;
    let rows = usize::from(area.height);
    let Some(window) = Window::around(&points, 0, to) else {
        let text = format!(" {}: no points in this time", sanitize::plain(name));
        frame.render_widget(Line::styled(text, app.theme.quiet()), area);
        return;
    };
    let cells = plot::braille(&points, window, columns, rows);
    let step = (window.high - window.low) / rows.max(1) as f64;
    let lines = cells.into_iter().enumerate().map(|(row, cells)| {
        let value = plot::axis(window.value_at(row, rows), step);
        let label = if row == 0 || row + 1 == rows { format!(" {value}") } else { String::new() };
        Line::from(vec![
            Span::styled(cells.into_iter().collect::<String>(), app.theme.label()),
            Span::styled(label, app.theme.quiet()),
        ])
    });
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), area);
    let last = points.iter().rev().find_map(|(_, value)| *value).map(published::float).unwrap_or_default();
    let title = wrap::cut(&format!("{} {last}", sanitize::plain(name)), columns);
    let width = u16::try_from(wrap::width(&title)).unwrap_or(u16::MAX).min(area.width);
    frame.render_widget(Line::styled(title, app.theme.strong()), Rect { width, height: 1, ..area });
}

/// Draws the times below the candles, in UTC.
fn draw_times(app: &App, frame: &mut Frame<'_>, area: Rect, bars: &[Bar], columns: usize) {
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else { return };
    let span = last.time.as_millisecond() - first.time.as_millisecond();
    let mut line = String::new();
    let mut column = 0;
    while let Some(bar) = bars.get(column / STEP) {
        let text = plot::axis_time(bar.time.as_millisecond(), span.max(1));
        let used = wrap::width(&line);
        if column + wrap::width(&text) > columns {
            break;
        }
        line.push_str(&" ".repeat(column - used));
        line.push_str(&text);
        column += (wrap::width(&text) + 6).next_multiple_of(STEP);
    }
    let padding = columns.saturating_sub(wrap::width(&line));
    line.push_str(&format!("{} UTC", " ".repeat(padding)));
    frame.render_widget(Line::styled(line, app.theme.quiet()), area);
}
