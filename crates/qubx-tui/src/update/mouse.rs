//! The mouse: a click gives a panel the keys and selects a row, a click on a title sorts, the wheel moves what is
//! under the pointer. It never acts on orders or positions, and never answers a dialog.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::panels;
use crate::app::App;
use crate::message::Effect;
use crate::panel::Panel;
use crate::view::hit::{self, Hit, Inside};

/// Rows that one step of the wheel moves.
const WHEEL: isize = 3;

pub(super) fn mouse(app: &mut App, event: MouseEvent) -> Vec<Effect> {
    let covered = app.dialog.is_some() || app.help.is_some() || app.picker.is_some();
    if covered || app.over().is_some() || app.now.instant < app.deaf_until {
        return Vec::new();
    }
    let Some(hit) = hit::at(app, event.column, event.row) else { return Vec::new() };
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => {
            click(app, hit);
            Vec::new()
        }
        MouseEventKind::ScrollUp => wheel(app, &hit, -WHEEL),
        MouseEventKind::ScrollDown => wheel(app, &hit, WHEEL),
        _ => Vec::new(),
    }
}

fn click(app: &mut App, hit: Hit) {
    app.popup = None;
    let inside = match hit {
        Hit::Tab(panel) => return panels::go_to(app, panel),
        // The prompt keeps the keys while somebody reads the session.
        Hit::Panel(panel @ (Panel::Session | Panel::Log), _) if app.has_prompt() && app.panel == panel => {
            return;
        }
        Hit::Panel(panel, inside) => {
            if !(app.panel == panel && app.context == crate::keymap::Context::Panel) {
                panels::go_to(app, panel);
            }
            inside
        }
        Hit::Detail(inside) => inside,
    };
    let now = app.now.instant;
    match inside {
        Inside::Title(column) => {
            if let Some(table) = app.current_table() {
                app.current_view().sort_by(column, &table, now);
            }
        }
        Inside::Row(key) => {
            let view = app.current_view();
            view.selected = Some(key);
            view.scrolled = false;
        }
        Inside::Nothing => {}
    }
}

/// Moves what is under the pointer, whoever has the keys.
fn wheel(app: &mut App, hit: &Hit, by: isize) -> Vec<Effect> {
    let panel = match hit {
        Hit::Tab(_) => return Vec::new(),
        Hit::Panel(Panel::Session | Panel::Log, _) => return panels::scroll(app, by),
        Hit::Panel(panel, _) => *panel,
        Hit::Detail(_) => {
            if app.current_table().is_some() {
                return panels::step(app, by);
            }
            panels::scroll_detail(app, by);
            return Vec::new();
        }
    };
    panels::roll(app, panel, by)
}
