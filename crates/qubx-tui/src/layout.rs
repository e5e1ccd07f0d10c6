//! Where things are on a screen of a given size. No I/O.

use ratatui::layout::{Constraint, Layout, Rect};

/// The columns and rows of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
}

/// How much fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Room {
    /// Status line and prompt.
    Minimal,
    /// And the session, or the panel that was gone to in its place.
    Narrow,
    /// One panel at a time, without frames, and their names.
    Compact,
    /// The session, and one of the other panels beside it.
    Medium,
    /// The session, and a stack of panels beside it.
    Wide,
}

/// Fewer rows than this hold no framed tables.
const FRAMED_ROWS: u16 = 20;
/// The columns of the tables beside the session at the least.
const TABLES_COLUMNS: u16 = 54;
/// And at the most: more would not show more.
const TABLES_COLUMNS_MOST: u16 = 90;
/// Fewer rows than this hold no equity in the stack.
const EQUITY_ROWS: u16 = 26;

impl Size {
    /// Tells how much fits.
    pub(crate) fn room(self) -> Room {
        match (self.columns, self.rows) {
            (..40, _) | (_, ..8) => Room::Minimal,
            (..60, _) | (_, ..16) => Room::Narrow,
            (..=80, _) | (_, ..FRAMED_ROWS) => Room::Compact,
            (..110, _) => Room::Medium,
            _ => Room::Wide,
        }
    }

    pub(crate) fn area(self) -> Rect {
        Rect::new(0, 0, self.columns, self.rows)
    }
}

/// The parts of a screen. A part without room is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Regions {
    pub(crate) status: Rect,
    /// The account's line.
    pub(crate) account: Rect,
    /// The names of the panels, where only one is shown.
    pub(crate) tabs: Rect,
    /// The session; in a compact screen, whichever panel is shown.
    pub(crate) main: Rect,
    /// The tables beside the session.
    pub(crate) tables: Rect,
    /// What needs attention now.
    pub(crate) bars: Rect,
    pub(crate) prompt: Rect,
    pub(crate) footer: Rect,
}

/// Returns the parts of a screen whose prompt and bars want that many rows.
pub(crate) fn regions(size: Size, prompt_rows: u16, bar_rows: u16) -> Regions {
    let room = size.room();
    let one_if = |wanted: bool| u16::from(wanted);
    let prompt_rows = prompt_rows.clamp(1, most_prompt_rows(size));
    let bar_rows = if room == Room::Minimal { bar_rows.min(1) } else { bar_rows.min(size.rows / 3) };
    let [status, account, tabs, middle, bars, prompt, footer] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(one_if(room >= Room::Medium)),
        Constraint::Length(one_if(room == Room::Compact)),
        Constraint::Fill(1),
        Constraint::Length(bar_rows),
        Constraint::Length(prompt_rows),
        Constraint::Length(one_if(room >= Room::Narrow)),
    ])
    .areas(size.area());
    let tables_columns = match room {
        Room::Wide => (size.columns * 9 / 20).clamp(TABLES_COLUMNS, TABLES_COLUMNS_MOST),
        Room::Medium => size.columns * 9 / 20,
        _ => 0,
    };
    let [main, tables] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(tables_columns)]).areas(middle);
    Regions { status, account, tabs, main, tables, bars, prompt, footer }
}

/// Returns the rows that the prompt has at most: it grows into the session, but never over more than a third of the screen.
pub(crate) fn most_prompt_rows(size: Size) -> u16 {
    (size.rows / 3).max(1)
}

/// Returns the rows that the panels of the stack have inside their frames, positions and orders first: those two, the
/// market with that many instruments, and the equity, which has none where there is no room.
///
/// Frames that touch are one line, so four panels take five rows for them.
pub(crate) fn stack(rows: u16, instruments: usize) -> [u16; 4] {
    let equity = if rows < EQUITY_ROWS { 0 } else { (rows / 5).clamp(4, 9) };
    let frames = if equity == 0 { 4 } else { 5 };
    let inside = rows.saturating_sub(frames + equity);
    let wanted = u16::try_from(instruments + 1).unwrap_or(u16::MAX);
    let market = wanted.clamp(2, (rows / 4).max(2)).min(inside);
    let left = inside - market;
    [left - left / 2, left / 2, market, equity]
}

/// Returns the part of the session's panel that its lines are drawn in.
pub(crate) fn session_lines(room: Room, main: Rect) -> Rect {
    if room >= Room::Medium { inside(main) } else { main }
}

/// Returns what a frame leaves.
pub(crate) fn inside(area: Rect) -> Rect {
    Rect::new(
        area.x.saturating_add(1),
        area.y.saturating_add(1),
        area.width.saturating_sub(2),
        area.height.saturating_sub(2),
    )
}

/// Tells whether a place on the screen is in an area.
pub(crate) fn contains(area: Rect, column: u16, row: u16) -> bool {
    area.contains(ratatui::layout::Position::new(column, row))
}
