//! Moving among the panels and in them.

use qubx_protocol::{InstrumentId, Order, OrderId, Position, RequestKind};

use crate::app::App;
use crate::candles;
use crate::detail::{Detail, Subject};
use crate::equity::RANGES;
use crate::facts::{self, Facts};
use crate::keymap::Context;
use crate::layout::Room;
use crate::message::{Effect, Question};
use crate::panel::Panel;
use crate::table::RowKey;
use crate::{tables, view};

/// Entries of older history asked for at once: several screens of them, and no long wait.
const PAGE: usize = 200;

/// Gives a panel the keys.
pub(super) fn go_to(app: &mut App, panel: Panel) {
    if !matches!(panel, Panel::Session | Panel::Log) && app.room() == Room::Minimal {
        app.hint("the screen is too small for this panel");
        return;
    }
    app.context = Context::Panel;
    app.detail = None;
    app.filtering = false;
    app.picker = None;
    app.panel = panel;
    match panel {
        Panel::Session | Panel::Log => app.main = panel,
        Panel::Positions | Panel::Orders => app.table = panel,
        _ => {
            app.table = panel;
            app.lower = panel;
        }
    }
    let now = app.now.instant;
    let Some(table) = tables::of(app, panel) else { return };
    let view = app.view_mut(panel);
    view.sort_now(&table, now);
    // The first row, so that a verb has something to act on; never another row than the one that was chosen.
    let rows = view.rows(&table);
    if view.selected_place(&rows).is_none() {
        view.select(&rows, 0);
    }
}

/// Tells whether the panel that has the keys shows entries.
pub(super) fn shows_entries(app: &App) -> bool {
    app.detail.is_none() && matches!(app.shown_panel(), Panel::Session | Panel::Log)
}

/// Moves by entries or rows of a table.
pub(super) fn step(app: &mut App, by: isize) -> Vec<Effect> {
    if shows_entries(app) {
        let (columns, rows) = view::session_size(app);
        app.transcript.step(app.reading(), by, columns, rows, app.mirror.state.as_ref());
        return if by < 0 { look_further_back(app) } else { Vec::new() };
    }
    let Some(table) = app.current_table() else {
        scroll_detail(app, by);
        return Vec::new();
    };
    let height = table_height(app);
    let view = app.current_view();
    let rows = view.rows(&table);
    let place = match view.selected_place(&rows) {
        Some(row) => row.saturating_add_signed(by),
        None => 0,
    };
    // Where the rows stand now is where they go on from.
    view.top = view.first(rows.len(), view.selected_place(&rows), height);
    view.select(&rows, place);
    view.top = view.first(rows.len(), Some(place.min(rows.len().saturating_sub(1))), height);
    if place.saturating_add(1) >= rows.len() { look_for_older_fills(app) } else { Vec::new() }
}

/// Moves by most of a panel; from the prompt, always among the entries.
pub(super) fn page(app: &mut App, by: isize) -> Vec<Effect> {
    if app.context == Context::Input || shows_entries(app) {
        let (columns, rows) = view::session_size(app);
        app.transcript.page(app.reading(), by, columns, rows, app.mirror.state.as_ref());
        return if by < 0 { look_further_back(app) } else { Vec::new() };
    }
    let rows = table_height(app).saturating_sub(1).max(1) as isize;
    step(app, by * rows)
}

pub(super) fn to_first(app: &mut App) -> Vec<Effect> {
    if shows_entries(app) {
        app.transcript.choose_first(app.reading());
        return look_further_back(app);
    }
    step(app, -(isize::MAX / 2))
}

pub(super) fn to_last(app: &mut App) -> Vec<Effect> {
    if shows_entries(app) {
        app.transcript.follow(app.reading(), app.mirror.state.as_ref());
        return Vec::new();
    }
    step(app, isize::MAX / 2)
}

/// Looks closely at the selected row; unfolds the chosen entry, or folds it again.
pub(super) fn open(app: &mut App) {
    if shows_entries(app) {
        let (columns, rows) = view::session_size(app);
        if !app.transcript.toggle_fold(app.reading(), columns, rows) {
            app.hint("there is nothing to unfold here");
        }
        return;
    }
    if app.detail.is_some() || app.room() == Room::Minimal {
        return;
    }
    match selected_key(app) {
        Some(key) => match Detail::of(&key) {
            Some(detail) => app.detail = Some(detail),
            None => app.hint("the row says all there is"),
        },
        None if app.current_table().is_some() => app.hint("select a row first"),
        None => {}
    }
}

/// Shows the panel that has the keys on the whole screen, or as before; of a chart, the chart alone.
pub(super) fn zoom(app: &mut App) {
    match &mut app.detail {
        Some(detail) if matches!(detail.subject, Subject::Instrument(_)) => {
            detail.chart_alone = !detail.chart_alone;
        }
        Some(_) => {}
        None => app.zoomed = !app.zoomed,
    }
}

/// Shows a shorter or a longer stretch of time in a chart.
pub(super) fn turn(app: &mut App, by: isize) {
    let step = |place: usize, count: usize| place.saturating_add_signed(by).min(count - 1);
    if app.detail.is_none() && app.shown_panel() == Panel::Equity {
        app.range = step(app.range, RANGES.len());
    } else if matches!(&app.detail, Some(Detail { subject: Subject::Instrument(_), .. })) {
        let choice = candles::timeframes(&app.mirror).len();
        app.timeframe = step(app.timeframe.min(choice.saturating_sub(1)), choice.max(1));
    }
}

/// Scrolls the entries.
pub(super) fn scroll(app: &mut App, by: isize) -> Vec<Effect> {
    let (columns, rows) = view::session_size(app);
    let state = app.mirror.state.as_ref();
    if by < 0 {
        app.transcript.scroll_up(app.reading(), by.unsigned_abs(), columns, rows);
        return look_further_back(app);
    }
    app.transcript.scroll_down(app.reading(), by.unsigned_abs(), columns, rows, state);
    Vec::new()
}

/// Stops at what is in view, or follows the end again.
pub(super) fn pause(app: &mut App) {
    if !shows_entries(app) {
        return;
    }
    if app.transcript.follows(app.reading()) {
        let (columns, rows) = view::session_size(app);
        app.transcript.pause(app.reading(), columns, rows);
    } else {
        app.transcript.follow(app.reading(), app.mirror.state.as_ref());
    }
}

/// Goes to the next thing that went wrong, or to the one before.
pub(super) fn to_error(app: &mut App, forward: bool) -> Vec<Effect> {
    if !shows_entries(app) {
        return Vec::new();
    }
    let (columns, rows) = view::session_size(app);
    if !app.transcript.choose_error(app.reading(), forward, columns, rows) {
        app.hint(if forward { "no error after this" } else { "no error before this, as far as it is here" });
    }
    Vec::new()
}

/// Moves the rows of a panel, without the selection.
pub(super) fn roll(app: &mut App, panel: Panel, by: isize) -> Vec<Effect> {
    let Some((height, count, first)) = view::rows_in_view(app, panel) else { return Vec::new() };
    let top = first.saturating_add_signed(by).min(count.saturating_sub(height));
    let view = app.view_mut(panel);
    view.top = top;
    view.scrolled = true;
    if panel == app.panel && top + height >= count { look_for_older_fills(app) } else { Vec::new() }
}

/// Scrolls the words of a close look.
pub(super) fn scroll_detail(app: &mut App, by: isize) {
    let last = view::last_detail_line(app);
    if let Some(detail) = &mut app.detail {
        detail.scroll = detail.scroll.min(last).saturating_add_signed(by).min(last);
    }
}

/// Returns the rows of a table that are in view.
fn table_height(app: &mut App) -> usize {
    let area = view::table_area(app);
    let typing = app.filtering;
    let view = app.current_view().clone();
    area.map_or(1, |area| usize::from(view::table::places(area, &view, typing).rows.height))
}

/// Asks for what was before the oldest entry, when that is what somebody looks for.
pub(super) fn look_further_back(app: &mut App) -> Vec<Effect> {
    if !app.mirror.is_connected() || app.pending_older.is_some() {
        return Vec::new();
    }
    let (columns, rows) = view::session_size(app);
    let Some(before) = app.transcript.want_older(app.reading(), columns, rows) else { return Vec::new() };
    vec![Effect::Ask(RequestKind::History { before, kind: None, limit: PAGE }, Question::Older)]
}

/// Asks for older fills, when somebody is at the end of those that are known.
pub(super) fn look_for_older_fills(app: &mut App) -> Vec<Effect> {
    if app.panel != Panel::Fills || app.detail.is_some() || !app.mirror.is_connected() {
        return Vec::new();
    }
    let Some(before) = app.fills.want_older() else { return Vec::new() };
    let kind = Some(qubx_protocol::HistoryKind::Trading);
    vec![Effect::Ask(RequestKind::History { before, kind, limit: PAGE }, Question::Fills)]
}

/// Returns what the selected row of the panel that has the keys is about, if it is still there.
pub(crate) fn selected_key(app: &App) -> Option<RowKey> {
    let table = tables::of(app, app.panel)?;
    let view = app.view(app.panel);
    let rows = view.rows(&table);
    rows.get(view.selected_place(&rows)?).map(|row| row.key.clone())
}

/// Returns the selected row with tabs between its fields, to be copied.
pub(crate) fn selected_text(app: &App) -> Option<String> {
    let (table, view) = match &app.detail {
        Some(detail) => (detail.table(app)?, detail.view.clone()),
        None => (tables::of(app, app.panel)?, app.view(app.panel)),
    };
    let rows = view.rows(&table);
    rows.get(view.selected_place(&rows)?).map(|row| row.tab_separated())
}

/// Returns the order that is selected or looked at closely.
pub(crate) fn selected_order(app: &App) -> Option<OrderId> {
    if let Some(Detail { subject: Subject::Order(id), .. }) = &app.detail {
        return Some(id.clone());
    }
    match selected_key(app)? {
        RowKey::Order(id) => Some(id),
        _ => None,
    }
}

/// Returns the order that is selected or looked at closely, while it is open.
pub(crate) fn selected_open_order(app: &App) -> Option<&Order> {
    app.mirror.state.as_ref()?.orders.get(&selected_order(app)?)
}

/// Returns the position that is selected, or looked at closely from there.
pub(crate) fn selected_position(app: &App) -> Option<&Position> {
    let id = selected_instrument(app).filter(|_| app.panel == Panel::Positions)?;
    facts::positions(&app.mirror).into_iter().find(|position| position.instrument == id)
}

/// Returns the instrument of what is selected or looked at closely.
pub(crate) fn selected_instrument(app: &App) -> Option<InstrumentId> {
    let of_order = |id: &OrderId| facts::order(&app.mirror, id).map(|order| order.instrument.clone());
    let of_fill = |seq| {
        app.fills.newest_first().find(|known| known.seq == seq).map(|known| known.fill.instrument.clone())
    };
    if let Some(detail) = &app.detail {
        return match &detail.subject {
            Subject::Instrument(id) => Some(id.clone()),
            Subject::Order(id) => of_order(id),
            Subject::Fill(seq) => of_fill(*seq),
            Subject::Published(_, instrument) => instrument.clone(),
            Subject::Parameter(_) | Subject::Action(_) => None,
        };
    }
    match selected_key(app)? {
        RowKey::Instrument(id) => Some(id),
        RowKey::Order(id) => of_order(&id),
        RowKey::Entry(seq) => of_fill(seq),
        RowKey::Published(_, instrument) => instrument,
        RowKey::Peer(_)
        | RowKey::Place(_)
        | RowKey::Parameter(_)
        | RowKey::Action(_)
        | RowKey::Callback(_) => None,
    }
}
