//! The connection: lost, back, and over, and what the screen says of each.

use std::time::Instant;

use qubx_client::Link;
use qubx_protocol::{ErrorCode, ErrorMessage, Event};

use crate::Exit;
use crate::app::{App, Back, Leaving, Notice, NoticeState};
use crate::facts::Facts;
use crate::format;
use crate::message::Effect;

/// Takes in how the connection is now.
pub(super) fn follow(app: &mut App, link: Link) -> Vec<Effect> {
    match (link, app.lost_since) {
        (Link::Connected { .. }, Some(since)) => back(app, since),
        (Link::Lost { since, .. }, _) => lost(app, since),
        (Link::Closed(error), _) => return closed(app, error),
        (Link::Connecting | Link::Connected { .. }, _) => {}
    }
    Vec::new()
}

/// A connection that is back says how long it was away. What was missed follows, event by event or all at once.
fn back(app: &mut App, since: Instant) {
    app.lost_since = None;
    let away = format::stopwatch(app.now.instant.saturating_duration_since(since));
    if std::mem::take(&mut app.reloaded) {
        app.hint(format!("Back after {away}. History before {} reloaded.", format::clock(app.now.wall)));
        return;
    }
    app.hint(format!("Back after {away}."));
    app.back = Some(Back { away, at: app.now.wall, replayed: 0 });
}

/// Counts what was missed, as it comes. The first event of after the return ends that.
pub(super) fn replayed(app: &mut App, event: &Event) {
    let Some(back) = app.back.as_mut().filter(|back| event.time <= back.at) else {
        app.back = None;
        return;
    };
    back.replayed += 1;
    let text = format!("Back after {}. {} replayed.", back.away, format::count(back.replayed, "message"));
    app.hint(text);
}

/// Says, once, that the service is of another version: it may have what this screen does not show, and the reverse.
pub(super) fn compare_versions(app: &mut App) {
    const OWN: &str = env!("CARGO_PKG_VERSION");
    let Some(info) = app.mirror.info().filter(|_| !app.knows_version) else { return };
    let other = (info.version != OWN).then(|| info.version.clone());
    app.knows_version = true;
    if let Some(other) = other {
        let text = format!("Session runs {other}, this client {OWN}: some panels may be missing.");
        app.notice(Notice { command: None, text, state: NoticeState::Failed, legs: Vec::new() });
    }
}

/// A lost connection takes with it what was asked, and the dialogs that could not be carried out.
fn lost(app: &mut App, since: Instant) {
    app.lost_since = Some(since);
    app.back = None;
    if app.dialog.as_ref().is_some_and(crate::dialog::Dialog::needs_link) {
        app.dialog = None;
    }
    app.pending_completion = None;
    app.pending_signature = None;
    if let Some(search) = &mut app.search {
        search.forget();
    }
    app.pending_enter = None;
    app.pending_older = None;
    app.pending_fills = None;
    app.transcript.older_failed(None);
    app.fills.older_failed();
    app.series.forget();
    app.candles.forget();
}

/// A connection that is over for good says why, and calls somebody who looks elsewhere.
fn closed(app: &mut App, error: ErrorMessage) -> Vec<Effect> {
    app.dialog = None;
    app.pending_enter = None;
    app.lost_since = None;
    app.closed_at = Some(app.now.wall);
    match app.leaving {
        Some(Leaving::Stopping { .. }) if error.code == ErrorCode::Ended => {
            vec![Effect::Leave(Exit::Stopped)]
        }
        _ if app.is_away() => {
            let name = app.mirror.info().map_or_else(String::new, |info| info.name.clone());
            let call = app.notifier.ended(&name, &error.message, app.options.settings.notifications);
            call.map(Effect::Notify).into_iter().collect()
        }
        _ => Vec::new(),
    }
}
