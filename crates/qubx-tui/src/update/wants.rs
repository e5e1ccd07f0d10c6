//! What is asked of the service because somebody looks at it: points of lines, bars, the equity.

use qubx_protocol::PublishedContent;

use crate::app::App;
use crate::candles;
use crate::detail::Subject;
use crate::facts::Facts;
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
    follow_bars(app);
    effects
}

/// Has the last bar of the chart that is seen move with the quotes.
fn follow_bars(app: &mut App) {
    let Some(Subject::Instrument(id)) = app.detail.as_ref().map(|detail| &detail.subject) else { return };
    let Some(timeframe) = candles::timeframe(app.timeframe) else { return };
    app.candles.look_at(id, timeframe);
    if let Some(quote) = app.mirror.quote(id) {
        app.candles.quote(quote.time, quote.mid());
    }
}

/// Asks for the lines that are seen.
fn series(app: &mut App) -> Vec<Effect> {
    let has_series = published::published(app)
        .iter()
        .any(|shown| matches!(shown.content, PublishedContent::Series { .. }));
    if !has_series {
        return Vec::new();
    }
    let shows_all = app.detail.is_none() && sees(app, Panel::Strategy);
    let now = app.now.instant;
    let is_seen = |shown: &qubx_protocol::Published| match app.detail.as_ref().map(|detail| &detail.subject) {
        Some(Subject::Published(name, instrument)) => shown.name == *name && shown.instrument == *instrument,
        Some(Subject::Instrument(id)) => shown.instrument.as_ref() == Some(id),
        _ => shows_all,
    };
    let seen: Vec<_> = published::published(app)
        .iter()
        .filter(|shown| matches!(shown.content, PublishedContent::Series { .. }) && is_seen(shown))
        .cloned()
        .collect();
    let wants = seen.iter().filter_map(|shown| app.series.want(shown, now));
    wants.map(|(place, kind)| Effect::Ask(kind, Question::Series(place))).collect()
}

/// Tells whether a panel is on the screen.
fn sees(app: &App, panel: Panel) -> bool {
    view::panes::panes(app).iter().any(|pane| pane.panel == panel)
}
