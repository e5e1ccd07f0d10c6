//! What is asked of the service because somebody looks at it: points of lines, bars, the equity.

use qubx_protocol::RequestKind;

use crate::app::App;
use crate::candles::{self, MOST_BARS};
use crate::detail::Subject;
use crate::facts::Facts;
use crate::layout::Room;
use crate::message::{Effect, Question};
use crate::panel::Panel;
use crate::tables::published;
use crate::view;

/// Returns the questions that are due.
pub(super) fn wants(app: &mut App) -> Vec<Effect> {
    if !app.mirror.is_connected() || app.mirror.state.is_none() {
        return Vec::new();
    }
    let mut effects = Vec::new();
    effects.extend(series(app));
    effects.extend(bars(app));
    effects.extend(equity(app));
    effects
}

/// Asks for the bars of the chart that is seen, and has the last one move with the quotes meanwhile.
fn bars(app: &mut App) -> Option<Effect> {
    let Some(Subject::Instrument(id)) = app.detail.as_ref().map(|detail| &detail.subject) else {
        return None;
    };
    let timeframe = candles::timeframe(&app.mirror, app.timeframe)?;
    app.candles.look_at(id, timeframe);
    let after = app.candles.want(app.now.instant);
    if let Some(quote) = app.mirror.quote(id) {
        app.candles.quote(quote.time, quote.mid());
    }
    let (instrument, limit) = (id.clone(), MOST_BARS);
    after.map(|after| Effect::Ask(RequestKind::Bars { instrument, timeframe, after, limit }, Question::Bars))
}

/// Asks for the equity: once for the account's line, and again and again while its chart is seen.
fn equity(app: &mut App) -> Option<Effect> {
    // Where things are is asked last: it lays the screen out, and every message comes by here.
    if !app.equity.is_due(app.now.instant) {
        return None;
    }
    let in_line = app.room() == Room::Wide && !app.equity.is_asked();
    if !in_line && (app.detail.is_some() || !sees(app, Panel::Equity)) {
        return None;
    }
    let after = app.equity.want(app.now.instant)?;
    Some(Effect::Ask(RequestKind::Equity { after }, Question::Equity))
}

/// Asks for the lines that are seen.
fn series(app: &mut App) -> Vec<Effect> {
    let now = app.now.instant;
    let is_due = |shown: &&qubx_protocol::Published| app.series.is_due(shown, now);
    let due: Vec<_> = published::published(app).iter().filter(is_due).cloned().collect();
    if due.is_empty() {
        return Vec::new();
    }
    let shows_all = app.detail.is_none() && sees(app, Panel::Strategy);
    let is_seen = |shown: &qubx_protocol::Published| match app.detail.as_ref().map(|detail| &detail.subject) {
        Some(Subject::Published(name, instrument)) => shown.name == *name && shown.instrument == *instrument,
        Some(Subject::Instrument(id)) => shown.instrument.as_ref() == Some(id),
        _ => shows_all,
    };
    let seen: Vec<_> = due.into_iter().filter(is_seen).collect();
    let wants = seen.iter().filter_map(|shown| app.series.want(shown, now));
    wants.map(|(place, kind)| Effect::Ask(kind, Question::Series(place))).collect()
}

/// Tells whether a panel is on the screen.
fn sees(app: &App, panel: Panel) -> bool {
    view::panes::panes(app).iter().any(|pane| pane.panel == panel)
}
