//! The keys of the palette, and of the form for what an action of the strategy takes.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{keys, verbs};
use crate::app::App;
use crate::keymap::{Context, Found, Key};
use crate::message::Effect;
use crate::palette::{self, Palette, Run};

/// A key of a box that lies over the screen and takes text.
enum Typed {
    Character(char),
    Back,
    BackAll,
    Next,
    Previous,
    Enter,
    Close,
    Nothing,
}

/// Opens the palette.
pub(super) fn open(app: &mut App) {
    app.palette = Some(Palette::new(app.now.instant));
}

/// Gives a key to the palette.
pub(super) fn palette(app: &mut App, event: KeyEvent) -> Vec<Effect> {
    let key = Key::of(event);
    let opens = Found::Action(crate::keymap::Action::Palette);
    // The key that opened it goes on to the next command, unless it types.
    let opened_it = !key.types() && app.keymap.find(Context::Input, app.options.role, &[key]) == opens;
    let Some(palette) = &mut app.palette else { return Vec::new() };
    match typed(event) {
        _ if opened_it => step(app, 1),
        Typed::Character(character) => palette.push(character.encode_utf8(&mut [0; 4])),
        Typed::Back => palette.pop(),
        Typed::BackAll => palette.clear(),
        Typed::Next => step(app, 1),
        Typed::Previous => step(app, -1),
        Typed::Close => app.palette = None,
        Typed::Enter if palette.is_deaf(app.now.instant) => {}
        Typed::Enter => return run(app, event),
        Typed::Nothing => {}
    }
    Vec::new()
}

fn step(app: &mut App, by: isize) {
    let Some(typed) = app.palette.as_ref().map(|palette| palette.typed.clone()) else { return };
    let count = palette::items(app, &typed).len() as isize;
    if let Some(palette) = &mut app.palette {
        palette.selected = (palette.selected as isize + by).rem_euclid(count.max(1)) as usize;
    }
}

fn run(app: &mut App, event: KeyEvent) -> Vec<Effect> {
    let Some(palette) = &app.palette else { return Vec::new() };
    let Some(item) = palette::items(app, &palette.typed).into_iter().nth(palette.selected) else {
        return Vec::new();
    };
    app.palette = None;
    match item.run {
        Run::Action(action) => keys::act(app, action, event),
        Run::Theme(choice) => {
            app.set_theme(choice);
            vec![Effect::Redraw]
        }
        Run::Strategy(name) => verbs::strategy_action(app, &name),
        Run::Parameter(name) => verbs::parameter(app, &name),
    }
}

/// Gives a key to the form.
pub(super) fn form(app: &mut App, event: KeyEvent) -> Vec<Effect> {
    let Some(form) = &mut app.form else { return Vec::new() };
    match typed(event) {
        Typed::Character(character) => form.push(character.encode_utf8(&mut [0; 4])),
        Typed::Back => form.pop(),
        Typed::BackAll => {
            if let Some(value) = form.values.get_mut(form.field) {
                value.clear();
            }
        }
        Typed::Next => form.step(1),
        Typed::Previous => form.step(-1),
        Typed::Close => app.form = None,
        Typed::Enter if form.is_deaf(app.now.instant) => {}
        Typed::Enter if !form.is_at_end() => form.step(1),
        Typed::Enter => {
            if let Some(form) = app.form.take() {
                return verbs::submit(app, form);
            }
        }
        Typed::Nothing => {}
    }
    Vec::new()
}

fn typed(event: KeyEvent) -> Typed {
    let has_ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    match event.code {
        KeyCode::Esc => Typed::Close,
        KeyCode::Enter => Typed::Enter,
        KeyCode::Backspace => Typed::Back,
        KeyCode::Down | KeyCode::Tab => Typed::Next,
        KeyCode::Up | KeyCode::BackTab => Typed::Previous,
        KeyCode::Char('c' | 'q' | 'g') if has_ctrl => Typed::Close,
        KeyCode::Char('u' | 'w') if has_ctrl => Typed::BackAll,
        KeyCode::Char('h') if has_ctrl => Typed::Back,
        KeyCode::Char('n' | 'j') if has_ctrl => Typed::Next,
        KeyCode::Char('p' | 'k') if has_ctrl => Typed::Previous,
        KeyCode::Char(character) if Key::of(event).types() => Typed::Character(character),
        _ => Typed::Nothing,
    }
}
