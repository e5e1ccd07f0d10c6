//! The last line: the keys that matter here, from the table of actions and the user's own keys.

use qubx_protocol::KernelState;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::App;
use crate::facts::Facts;
use crate::keymap::{ACTIONS, Action, Context, Spec};
use crate::panel::Panel;
use crate::wrap;

/// Keys that are shown beside the way out: more are not read.
const MOST: usize = 7;

/// A key and what it does here.
struct Part {
    rank: u8,
    key: String,
    word: &'static str,
}

impl Part {
    fn width(&self) -> usize {
        wrap::width(&self.key) + wrap::width(self.word) + 3
    }
}

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let mut parts: Vec<Part> = ACTIONS.iter().filter_map(|spec| part(app, spec)).collect();
    let quit = Part { rank: 0, key: app.reach(Action::Quit), word: quit_label(app) };
    let room = usize::from(area.width).saturating_sub(quit.width());
    // What matters least goes first; of the same rank, the last.
    while parts.len() > MOST || parts.iter().map(Part::width).sum::<usize>() > room {
        let Some(place) = (0..parts.len()).max_by_key(|place| (parts[*place].rank, *place)) else { break };
        parts.remove(place);
    }
    let mut spans = vec![Span::raw(" ")];
    for part in parts.into_iter().chain([quit]) {
        spans.push(Span::styled(part.key, app.theme.key()));
        spans.push(Span::styled(format!(" {}  ", part.word), app.theme.quiet()));
    }
    frame.render_widget(Line::from(spans), area);
}

/// Returns what the footer says of an action; nothing when it has no key here or no use.
fn part(app: &App, spec: &Spec) -> Option<Part> {
    let (word, rank) = spec.footer?;
    let key = app.keymap.key(context(app), spec.action)?;
    let is_paused = app.mirror.status().is_some_and(|status| status.paused);
    let is_useful = match spec.action {
        Action::CancelOrder | Action::Modify => app.panel == Panel::Orders,
        Action::Close => app.panel == Panel::Positions,
        Action::Search => app.answer.is_none(),
        Action::Sort => !matches!(app.panel, Panel::Session | Panel::Log | Panel::Equity),
        Action::Filter => app.panel != Panel::Equity,
        Action::RestartKernel => app.mirror.status().is_some_and(|status| {
            matches!(status.kernel.state, KernelState::NotResponding | KernelState::Dead)
        }),
        _ => true,
    };
    let (word, rank) = match spec.action {
        Action::PauseOrResume if is_paused => ("resume", 1),
        // What orders are made and changed by stands beside them.
        Action::Ticket if app.panel == Panel::Orders => (word, 3),
        // It stops nothing that these panels show.
        Action::Interrupt if context(app) == Context::Panel && app.panel != Panel::Session => (word, 6),
        _ => (word, rank),
    };
    let is_mine = app.options.role >= spec.role;
    (is_mine && is_useful).then(|| Part { rank, key: key.to_string(), word })
}

/// Returns where keys go first.
fn context(app: &App) -> Context {
    match app.keys_context() {
        Context::Input if app.popup.is_none() && app.signature.is_some() => Context::Signature,
        context => context,
    }
}

/// Returns what leaving this screen does.
fn quit_label(app: &App) -> &'static str {
    match (app.owns(), app.stops_on_quit()) {
        (false, _) => "detach (keeps running)",
        (true, true) => "quit (stops the strategy)",
        (true, false) => "quit…",
    }
}
