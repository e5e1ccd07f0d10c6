//! The screen as a function of its state. It draws and decides nothing.

mod account;
mod bars;
mod dialog;
mod footer;
mod form;
pub(crate) mod help;
pub(crate) mod highlight;
mod market;
mod orders;
mod palette;
mod positions;
mod prompt;
mod session;
mod status;
mod table;
mod ticket;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use crate::app::App;
use crate::facts::{self, Facts};
use crate::keymap::{Action, Context, Panel};
use crate::layout::{self, Regions, Room};
use crate::wrap;

pub(crate) use status::title;

/// Draws the screen.
pub(crate) fn view(app: &App, frame: &mut Frame<'_>) {
    let columns = usize::from(app.size.columns);
    let prompt = prompt::rows(app, columns);
    let bars = bars::rows(app, columns);
    let regions = regions_for(app, prompt.rows.len(), bars.len());
    status::draw(app, frame, regions.status);
    account::draw(app, frame, regions.account);
    draw_tabs(app, frame, regions.tabs);
    match app.room() {
        Room::Minimal => draw_too_small(app, frame, regions.main),
        Room::Narrow | Room::Compact => draw_panel(app, frame, app.shown_panel(), regions.main),
        Room::Medium => {
            let inner = draw_frame(app, frame, Panel::Session, regions.main);
            session::draw(app, frame, inner);
            let inner = draw_tabbed_frame(app, frame, regions.tables);
            draw_panel(app, frame, app.table, inner);
        }
        Room::Wide => {
            let inner = draw_frame(app, frame, Panel::Session, regions.main);
            session::draw(app, frame, inner);
            draw_stack(app, frame, regions.tables);
        }
    }
    if !app.mirror.is_connected() && app.mirror.state.is_some() {
        // What is shown may be old: all of it steps back.
        for area in [regions.account, regions.main, regions.tables] {
            frame.buffer_mut().set_style(area, app.theme.quiet());
        }
    }
    frame.render_widget(Paragraph::new(bars), regions.bars);
    let cursor = prompt::draw(app, frame, regions.prompt, prompt);
    footer::draw(app, frame, regions.footer);
    prompt::draw_popup(app, frame, cursor);
    ticket::draw(app, frame);
    help::draw(app, frame);
    palette::draw(app, frame);
    form::draw(app, frame);
    dialog::draw(app, frame);
    app.theme.paint(frame.buffer_mut());
}

/// Returns where things are, with as many rows for the prompt and the bars as they want.
pub(crate) fn regions(app: &App) -> Regions {
    let columns = usize::from(app.size.columns);
    regions_for(app, prompt::rows(app, columns).rows.len(), bars::rows(app, columns).len())
}

fn regions_for(app: &App, prompt_rows: usize, bar_rows: usize) -> Regions {
    let rows = |rows: usize| u16::try_from(rows).unwrap_or(u16::MAX);
    layout::regions(app.size, rows(prompt_rows), rows(bar_rows))
}

/// Returns the columns and rows that the session's lines have.
pub(crate) fn session_size(app: &App) -> (usize, usize) {
    let area = layout::session_lines(app.room(), regions(app).main);
    (usize::from(area.width), usize::from(area.height))
}

fn draw_panel(app: &App, frame: &mut Frame<'_>, panel: Panel, area: Rect) {
    match panel {
        Panel::Session => session::draw(app, frame, area),
        Panel::Positions => positions::draw(app, frame, area),
        Panel::Orders => orders::draw(app, frame, area),
        Panel::Market => market::draw(app, frame, area),
    }
}

fn draw_stack(app: &App, frame: &mut Frame<'_>, area: Rect) {
    // A header, a frame, and a row for each instrument; the rest is for positions and orders.
    let quotes =
        u16::try_from(facts::instruments(&app.mirror).len()).unwrap_or(u16::MAX).clamp(1, area.height / 4);
    let areas = Layout::vertical([Constraint::Fill(1), Constraint::Fill(1), Constraint::Length(quotes + 3)])
        .split(area);
    for (panel, area) in [Panel::Positions, Panel::Orders, Panel::Market].into_iter().zip(areas.iter()) {
        let inner = draw_frame(app, frame, panel, *area);
        draw_panel(app, frame, panel, inner);
    }
}

fn draw_frame(app: &App, frame: &mut Frame<'_>, panel: Panel, area: Rect) -> Rect {
    let style = title_style(app, panel);
    let border = if has_keys(app, panel) { style } else { app.theme.quiet() };
    let mut block =
        Block::bordered().border_style(border).title(Line::styled(format!(" {} ", name(app, panel)), style));
    if panel == Panel::Session {
        block = block.title(Line::styled(following(app), app.theme.quiet()).right_aligned());
    }
    frame.render_widget(block, area);
    layout::inside(area)
}

fn draw_tabbed_frame(app: &App, frame: &mut Frame<'_>, area: Rect) -> Rect {
    let focused = app.context == Context::Panel && app.panel != Panel::Session;
    let border = if focused { app.theme.focus() } else { app.theme.quiet() };
    let tabs = tabs(app, &[Panel::Positions, Panel::Orders, Panel::Market], app.table);
    frame.render_widget(Block::bordered().border_style(border).title(tabs), area);
    layout::inside(area)
}

fn draw_tabs(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let tabs = tabs(app, &Panel::ALL, app.shown_panel());
    let room = usize::from(area.width).saturating_sub(tabs.width());
    frame.render_widget(tabs, area);
    let right = match status::kernel(app) {
        _ if !app.transcript.follows() => Line::styled(following(app), app.theme.quiet()),
        Some((kernel, style)) => {
            Line::styled(format!("{} ", wrap::cut(&kernel, room.saturating_sub(1))), style)
        }
        None => Line::default(),
    };
    frame.render_widget(right.right_aligned(), area);
}

fn draw_too_small(app: &App, frame: &mut Frame<'_>, area: Rect) {
    frame.render_widget(Paragraph::new("widen for more").style(app.theme.quiet()), area);
}

fn tabs(app: &App, panels: &[Panel], shown: Panel) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    for panel in panels {
        let text = name(app, *panel);
        let (text, style) = if *panel == shown {
            (format!("[{text}] "), title_style(app, *panel))
        } else {
            (format!("{text}  "), app.theme.quiet())
        };
        spans.push(Span::styled(text, style));
    }
    Line::from(spans)
}

fn following(app: &App) -> String {
    if app.transcript.follows() {
        "↧ following ".to_owned()
    } else {
        format!("scrolled up · {} follows ", app.reach(Action::Last))
    }
}

fn has_keys(app: &App, panel: Panel) -> bool {
    app.context == Context::Panel && app.panel == panel
}

fn title_style(app: &App, panel: Panel) -> Style {
    if has_keys(app, panel) { app.theme.focus() } else { app.theme.strong() }
}

fn name(app: &App, panel: Panel) -> String {
    let count = |number: usize| if number == 0 { String::new() } else { format!(" {number}") };
    let long = app.room() > Room::Compact;
    match panel {
        Panel::Session => if long { "1 Session" } else { "1 Sess" }.to_owned(),
        Panel::Positions => {
            let name = if long { "2 Positions" } else { "2 Pos" };
            format!("{name}{}", count(facts::positions(&app.mirror).len()))
        }
        Panel::Orders => {
            let name = if long { "3 Orders" } else { "3 Ord" };
            format!("{name}{}", count(facts::orders(&app.mirror).len()))
        }
        Panel::Market => if long { "4 Market" } else { "4 Mkt" }.to_owned(),
    }
}
