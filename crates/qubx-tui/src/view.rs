//! The screen as a function of its state. It draws and decides nothing.

mod account;
mod bars;
mod chart;
mod completions;
mod detail;
mod dialog;
mod equity;
mod footer;
mod form;
mod grid;
pub(crate) mod help;
pub(crate) mod highlight;
pub(crate) mod hit;
pub(crate) mod market;
mod palette;
pub(crate) mod panes;
mod picker;
mod plot;
mod prompt;
mod search;
mod session;
mod signature;
mod status;
pub(crate) mod strategy;
pub(crate) mod table;
pub(crate) mod tabs;
mod ticket;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use self::table::Focus;
use crate::app::App;
use crate::facts::{self, Facts};
use crate::keymap::{Action, Context};
use crate::layout::{self, Regions, Room};
use crate::panel::Panel;
use crate::tables;
use crate::transcript::View;

pub(crate) use prompt::code::{CodeRows, shape as code_shape};
pub(crate) use signature::room as signature_room;
pub(crate) use status::title;

/// Draws the screen.
pub(crate) fn view(app: &App, frame: &mut Frame<'_>) {
    let columns = usize::from(app.size.columns);
    let prompt = prompt::rows(app, columns);
    let bars = bars::rows(app, columns);
    let regions = regions_for(app, prompt.rows.len(), bars.len());
    status::draw(app, frame, regions.status);
    account::draw(app, frame, regions.account);
    tabs::draw(app, frame, regions.tabs);
    if app.room() == Room::Minimal {
        draw_too_small(app, frame, regions.main);
    } else if app.detail.is_some() {
        detail::draw(app, frame, panes::middle(regions));
    } else {
        let panes = panes::panes(app);
        panes::draw_frames(app, frame, &panes);
        for pane in panes {
            draw_panel(app, frame, pane.panel, pane.inner);
        }
    }
    if !app.mirror.is_connected() && app.mirror.state.is_some() {
        // What is shown may be old: all of it steps back.
        for area in [regions.account, regions.main, regions.tables] {
            frame.buffer_mut().set_style(area, app.theme.quiet());
        }
    }
    picker::draw(app, frame, panes::middle(regions));
    frame.render_widget(Paragraph::new(bars), regions.bars);
    let cursor = prompt::draw(app, frame, regions.prompt, prompt);
    footer::draw(app, frame, regions.footer);
    signature::draw(app, frame, regions.prompt, cursor);
    completions::draw(app, frame, cursor);
    search::draw(app, frame, regions.prompt);
    ticket::draw(app, frame);
    help::draw(app, frame);
    palette::draw(app, frame);
    form::draw(app, frame);
    dialog::draw(app, frame);
    app.pictures.paint(app.transcript.gallery(), app.theme, app.options.colors.depth, frame.buffer_mut());
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

/// Returns the columns and rows that the session's lines have, or would have.
pub(crate) fn session_size(app: &App) -> (usize, usize) {
    let here = |pane: &panes::Pane| matches!(pane.panel, Panel::Session | Panel::Log);
    let pane = panes::panes(app).into_iter().find(here);
    let area = pane.map_or_else(|| layout::session_lines(app.room(), regions(app).main), |pane| pane.inner);
    let head = session::head(app, app.reading(), usize::from(area.width)).len();
    (usize::from(area.width), usize::from(area.height).saturating_sub(head))
}

/// Returns the place of the table that has the keys; none while it is not seen.
pub(crate) fn table_area(app: &App) -> Option<Rect> {
    if app.detail.is_some() {
        return Some(detail::inner(app, panes::middle(regions(app))));
    }
    let pane = panes::panes(app).into_iter().find(|pane| pane.panel == app.panel)?;
    Some(match app.panel {
        Panel::Market => market::places(app, pane.inner)[1],
        _ => pane.inner,
    })
}

/// Returns how many rows of a panel are in view, how many there are, and the first one in view; none where it is not
/// seen or has no rows.
pub(crate) fn rows_in_view(app: &App, panel: Panel) -> Option<(usize, usize, usize)> {
    let pane = panes::panes(app).into_iter().find(|pane| pane.panel == panel)?;
    let table = tables::of(app, panel)?;
    let view = app.view(panel);
    let area = if panel == Panel::Market { market::places(app, pane.inner)[1] } else { pane.inner };
    let places = table::places(area, &view, app.filtering && app.panel == panel);
    if panel == Panel::Strategy && view.sort.is_none() {
        let focus = Focus { keys: false, typing: false };
        let items = strategy::items(app, &view, focus, usize::from(area.width));
        let height = usize::from(area.height - places.filter.height);
        return Some((height, items.len(), strategy::first(&view, &items, height)));
    }
    let rows = view.rows(&table);
    let height = usize::from(places.rows.height);
    Some((height, rows.len(), view.first(rows.len(), view.selected_place(&rows), height)))
}

/// Returns how far the words of a close look can be scrolled.
pub(crate) fn last_detail_line(app: &App) -> usize {
    detail::last_line(app, panes::middle(regions(app)))
}

fn draw_panel(app: &App, frame: &mut Frame<'_>, panel: Panel, area: Rect) {
    let focus = Focus {
        keys: has_keys(app, panel),
        typing: app.filtering && app.panel == panel && app.detail.is_none(),
    };
    match panel {
        Panel::Session => session::draw(app, frame, area, View::Session),
        Panel::Log => session::draw(app, frame, area, View::Log),
        Panel::Strategy => strategy::draw(app, frame, area, focus),
        Panel::Equity => equity::draw(app, frame, area),
        Panel::Market => {
            let [error, area] = market::places(app, area);
            market::draw_error(app, frame, error);
            table::draw(app, frame, area, &tables::market::table(app), &app.view(panel), focus);
        }
        Panel::Positions | Panel::Orders | Panel::Fills | Panel::Peers => {
            if let Some(table) = tables::of(app, panel) {
                table::draw(app, frame, area, &table, &app.view(panel), focus);
            }
        }
    }
}

fn draw_too_small(app: &App, frame: &mut Frame<'_>, area: Rect) {
    frame.render_widget(Paragraph::new("widen for more").style(app.theme.quiet()), area);
}

/// Returns what stands in the upper line of a panel's frame, to the left and to the right.
fn pane_title(app: &App, panel: Panel, style: Style) -> (Line<'static>, Line<'static>) {
    let mut spans = vec![Span::styled(format!(" {} ", label(app, panel, false)), style)];
    if let (Panel::Session | Panel::Log, false) = (panel, app.zoomed) {
        // What stands in the same place.
        let other = if panel == Panel::Log { Panel::Session } else { Panel::Log };
        spans.push(Span::styled(format!(" {} ", label(app, other, false)), app.theme.quiet()));
    }
    let quiet = app.theme.quiet();
    if let Some(table) = tables::of(app, panel) {
        let view = app.view(panel);
        if !view.filter.is_empty() {
            let (shown, all) = (view.rows(&table).len(), table.rows.len());
            spans.push(Span::styled(format!("· {shown} of {all} "), app.theme.attention()));
        }
        if let Some(column) = view.sort.and_then(|sort| table.columns.get(sort.column)) {
            spans.push(Span::styled(format!("· sort: {} ", column.sort_name()), quiet));
        }
    }
    if panel == Panel::Equity {
        spans.extend(equity::ranges(app).spans);
    }
    let right = match panel {
        Panel::Equity => equity::fall(app),
        _ if app.zoomed => Line::styled(format!("{} back ", app.reach(Action::Zoom)), quiet),
        _ => Line::default(),
    };
    (Line::from(spans), right)
}

fn has_keys(app: &App, panel: Panel) -> bool {
    app.context == Context::Panel && app.panel == panel
}

fn title_style(app: &App, panel: Panel) -> Style {
    if has_keys(app, panel) { app.theme.focus() } else { app.theme.strong() }
}

/// Returns the number and the name of a panel, with how much is in it where that is worth a look.
fn label(app: &App, panel: Panel, short: bool) -> String {
    let (long, brief) = panel.name();
    let count = match panel {
        Panel::Positions => facts::positions(&app.mirror).len(),
        Panel::Orders => facts::orders(&app.mirror).len(),
        Panel::Peers => app.mirror.latest.screens().unwrap_or(0),
        _ => 0,
    };
    let count = if count == 0 { String::new() } else { format!(" {count}") };
    format!("{} {}{count}", panel.number(), if short { brief } else { long })
}
