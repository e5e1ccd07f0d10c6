//! A row that is looked at closely: all that is known of an order, a fill, an instrument, or what was published.

mod instrument;
mod offered;
mod order;

use qubx_protocol::{Published, PublishedContent};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use self::instrument::instrument_lines;
use self::offered::{action_lines, parameter_lines};
use self::order::{fill_lines, order_lines};
use super::chart;
use super::plot::{self, Point};
use super::table::{self, Focus};
use crate::app::App;
use crate::detail::{Detail, Subject};
use crate::facts::Facts;
use crate::keymap::Context;
use crate::layout::{Room, inside};
use crate::tables::published;
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
