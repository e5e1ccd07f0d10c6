//! What is copied: text as it is shown, in a size that terminals take.

use super::panels;
use crate::app::App;
use crate::message::Effect;
use crate::transcript::Copied;
use crate::{format, sanitize, view};

/// Bytes that are copied at once. Terminals and multiplexers drop a longer sequence as a whole, some from 100,000
/// characters on, which are 75,000 bytes.
const MOST_BYTES: usize = 74_000;

/// Copies the chosen entry.
pub(super) fn entry(app: &mut App, what: Copied) -> Vec<Effect> {
    let (columns, rows) = view::session_size(app);
    let text = app.transcript.copied(app.reading(), what, columns, rows);
    let otherwise = match what {
        Copied::Output => "there is no output to copy; Y copies the code",
        Copied::Code => "there is nothing to copy",
    };
    copy(app, &text, otherwise)
}

/// Copies the selected row of a table, its fields with tabs between them.
pub(super) fn row(app: &mut App) -> Vec<Effect> {
    let text = panels::selected_text(app).unwrap_or_default();
    copy(app, &text, "select a row to copy first")
}

/// Copies a text without what commands a terminal, and says how much that was; when it is empty, says `otherwise`.
pub(super) fn copy(app: &mut App, text: &str, otherwise: &str) -> Vec<Effect> {
    let whole = sanitize::printable(text);
    if whole.trim().is_empty() {
        app.hint(otherwise);
        return Vec::new();
    }
    let end = (0..=MOST_BYTES.min(whole.len())).rfind(|end| whole.is_char_boundary(*end)).unwrap_or_default();
    let text = &whole[..end];
    let size = |text: &str| format::bytes(text.len() as u64);
    app.hint(if text.len() < whole.len() {
        format!("copied the first {} of {}: terminals take no more", size(text), size(&whole))
    } else {
        format!("copied {}", size(text))
    });
    vec![Effect::Copy(text.to_owned())]
}
