//! The last line: the keys that matter here, from the table of keys.

use qubx_protocol::KernelState;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::App;
use crate::facts::Facts;
use crate::keymap::{self, Action, BINDINGS, Binding, Context, Panel};
use crate::layout::Room;
use crate::wrap;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let quit = quit_label(app);
    let mut left = usize::from(area.width).saturating_sub(wrap::width("^Q ") + wrap::width(quit) + 1);
    let mut spans = vec![Span::raw(" ")];
    if app.keys_context() == Context::Chord {
        let begun = "^X… ";
        left = left.saturating_sub(wrap::width(begun));
        spans.push(Span::styled(begun, app.theme.attention()));
    }
    for binding in BINDINGS.iter().filter(|binding| is_shown(app, binding)) {
        let name = keymap::name(&binding.key);
        let label = label(app, binding);
        let wide = wrap::width(&name) + wrap::width(label) + 3;
        if wide > left {
            break;
        }
        left -= wide;
        spans.push(Span::styled(name, app.theme.key()));
        spans.push(Span::styled(format!(" {label}  "), app.theme.quiet()));
    }
    spans.push(Span::styled("^Q", app.theme.key()));
    spans.push(Span::styled(format!(" {quit}"), app.theme.quiet()));
    frame.render_widget(Line::from(spans), area);
}

/// Tells whether the key does something where the screen is.
fn is_shown(app: &App, binding: &Binding) -> bool {
    let here = match binding.action {
        Action::CancelOrder | Action::Modify => app.panel == Panel::Orders,
        Action::Close => app.panel == Panel::Positions,
        // On a narrow line the way to the help is worth more.
        Action::PauseOrResume => {
            app.room() > Room::Compact || app.mirror.status().is_some_and(|status| status.paused)
        }
        Action::Search => app.answer.is_none(),
        Action::Sort => {
            app.room() > Room::Compact && !matches!(app.panel, Panel::Session | Panel::Log | Panel::Equity)
        }
        Action::Filter => app.room() > Room::Compact && app.panel != Panel::Equity,
        Action::Zoom => app.room() > Room::Compact,
        Action::RestartKernel => app.mirror.status().is_some_and(|status| {
            matches!(status.kernel.state, KernelState::NotResponding | KernelState::Dead)
        }),
        _ => true,
    };
    let is_mine = app.options.role >= keymap::needs(binding);
    here && is_mine && !binding.footer.is_empty() && keymap::applies(binding.context, context(app))
}

/// Returns where keys go first.
fn context(app: &App) -> Context {
    match app.keys_context() {
        Context::Input if app.popup.is_none() && app.signature.is_some() => Context::Signature,
        context => context,
    }
}

/// Returns what the key does now.
fn label(app: &App, binding: &Binding) -> &'static str {
    match binding.action {
        Action::PauseOrResume if app.mirror.status().is_some_and(|status| status.paused) => "resume",
        _ => binding.footer,
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

/// Returns the name of a context in the help.
pub(super) fn context_name(context: Context) -> &'static str {
    match context {
        Context::Both => "Everywhere",
        Context::Input => "In the prompt",
        Context::Answer => "When a cell asks for a line",
        Context::Popup => "In the list of completions",
        Context::Search => "In the search (^R)",
        Context::Signature => "While a signature is shown (shift+tab)",
        Context::Chord => "After ^X",
        Context::Panel => "In the panels (esc)",
        Context::Filter => "In a filter (/)",
        Context::Columns => "In the list of columns",
    }
}
