//! The filter of the panel that has the keys: what is typed narrows at once what is shown, entries or rows of a table.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{panels, sorting};
use crate::app::App;
use crate::message::Effect;
use crate::{sanitize, view};

/// Characters of a filter; nobody types more, and a paste is no filter.
const MOST_CHARACTERS: usize = 200;

/// Begins to type, after the words that are there.
pub(super) fn begin(app: &mut App) {
    if panels::shows_entries(app) || app.current_table().is_some() {
        app.filtering = true;
    } else {
        app.hint("there are no rows to filter here");
    }
}

/// Ends the typing; the filter stays.
pub(super) fn keep(app: &mut App) {
    if panels::shows_entries(app) {
        app.filtering = false;
    } else {
        sorting::end_filter(app, true);
    }
}

/// Gives a key to the words.
pub(super) fn edit(app: &mut App, event: KeyEvent) -> Vec<Effect> {
    if !panels::shows_entries(app) {
        sorting::type_filter(app, event);
        return Vec::new();
    }
    let mut text = app.transcript.filter(app.reading()).text().to_owned();
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    match event.code {
        KeyCode::Char('u') if control => text.clear(),
        KeyCode::Char('w') if control => {
            let kept = text.trim_end().rfind(' ').map_or(0, |space| space + 1);
            text.truncate(kept);
        }
        KeyCode::Backspace => {
            text.pop();
        }
        KeyCode::Char(letter) if !event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {
            text.push(letter);
        }
        _ => return Vec::new(),
    }
    set(app, &text)
}

/// Pasted words are typed words.
pub(super) fn paste(app: &mut App, pasted: &str) {
    if !panels::shows_entries(app) {
        return sorting::paste_filter(app, pasted);
    }
    let text = format!("{}{pasted}", app.transcript.filter(app.reading()).text());
    set(app, &text);
}

/// Ends the filter of the panel that has the keys.
pub(super) fn clear(app: &mut App) {
    if !panels::shows_entries(app) {
        return sorting::end_filter(app, false);
    }
    app.filtering = false;
    if !app.transcript.filter(app.reading()).text().is_empty() {
        set(app, "");
    }
}

/// Leaves lines of one level more out.
pub(super) fn raise_least(app: &mut App) {
    if !panels::shows_entries(app) {
        return app.hint("the session (1) and the log (7) have levels");
    }
    let (columns, rows) = view::session_size(app);
    app.transcript.raise_least(app.reading(), columns, rows);
}

fn set(app: &mut App, text: &str) -> Vec<Effect> {
    let text: String = sanitize::line(text).chars().take(MOST_CHARACTERS).collect();
    let (columns, rows) = view::session_size(app);
    app.transcript.set_filter(app.reading(), text, columns, rows);
    panels::look_further_back(app)
}
