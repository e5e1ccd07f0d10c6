//! What the thing at the cursor is: asked of the kernel, shown while its arguments are typed.

use qubx_protocol::{AnswerResult, RequestKind};

use crate::app::{App, PendingSignature};
use crate::facts::Facts;
use crate::message::{Effect, Question};
use crate::signature::{Place, Signature};
use crate::{sanitize, view};

/// Asks what the thing at the cursor is. Nothing waits for the answer.
pub(super) fn ask(app: &mut App) -> Vec<Effect> {
    let before = app.prompt.before_cursor();
    if before.trim().is_empty() {
        app.hint("type a name first: this says what it is");
        return Vec::new();
    }
    if !app.mirror.is_connected() {
        app.hint("no signature without a connection");
        return Vec::new();
    }
    app.pending_signature = Some(PendingSignature { request: None, place: Place::new(&before) });
    let cursor = app.prompt.cursor_characters();
    vec![Effect::Ask(RequestKind::Inspect { code: app.prompt.text(), cursor }, Question::Signature)]
}

/// Takes the answer in, unless the cursor is somewhere else by now.
pub(super) fn take(app: &mut App, place: Place, result: AnswerResult) {
    if !place.holds(&app.prompt.before_cursor()) {
        return;
    }
    match result {
        AnswerResult::Inspection { text: Some(text) } if !text.trim().is_empty() => {
            app.signature = Some(Signature::new(place, &sanitize::printable(&text).replace('\t', "    ")));
        }
        AnswerResult::Inspection { .. } => app.hint("nothing is known about this"),
        AnswerResult::Failed { message } => app.hint(format!("no signature: {}", sanitize::plain(&message))),
        _ => {}
    }
}

/// Shows more of it.
pub(super) fn more(app: &mut App) {
    let room = view::signature_room(app);
    if let Some(signature) = &mut app.signature {
        signature.more(room);
    }
}

/// Closes the box when the cursor has left what it is about.
pub(super) fn follow(app: &mut App) {
    let is_left = |signature: &Signature| !signature.place.holds(&app.prompt.before_cursor());
    if app.signature.as_ref().is_some_and(is_left) {
        app.signature = None;
    }
}
