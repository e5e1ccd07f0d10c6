//! The last line: the keys that matter here, from the table of keys.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::App;
use crate::keymap::{self, Action, BINDINGS, Binding, Context, Panel};
use crate::wrap;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let quit = quit_label(app);
    let mut left = usize::from(area.width).saturating_sub(wrap::width("^Q ") + wrap::width(quit) + 1);
    let mut spans = vec![Span::raw(" ")];
    for binding in BINDINGS.iter().filter(|binding| is_shown(app, binding)) {
        let name = keymap::name(&binding.key);
        let wide = wrap::width(&name) + wrap::width(binding.footer) + 3;
        if wide > left {
            break;
        }
        left -= wide;
        spans.push(Span::styled(name, app.theme.key()));
        spans.push(Span::styled(format!(" {}  ", binding.footer), app.theme.quiet()));
    }
    spans.push(Span::styled("^Q", app.theme.key()));
    spans.push(Span::styled(format!(" {quit}"), app.theme.quiet()));
    frame.render_widget(Line::from(spans), area);
}

/// Tells whether the key does something where the screen is.
fn is_shown(app: &App, binding: &Binding) -> bool {
    let here = match binding.action {
        Action::CancelOrder => app.panel == Panel::Orders,
        Action::Close => app.panel == Panel::Positions,
        _ => true,
    };
    here && !binding.footer.is_empty() && keymap::applies(binding.context, app.context)
}

/// Returns what leaving this screen does.
fn quit_label(app: &App) -> &'static str {
    match (app.options.owner, app.stops_on_quit()) {
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
        Context::Popup => "In the list of completions",
        Context::Panel => "In the panels (esc)",
    }
}
