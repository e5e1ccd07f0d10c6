//! The help: every key, from the table of keys.

use ratatui::Frame;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::footer::context_name;
use crate::app::App;
use crate::keymap::{self, BINDINGS, Binding, Context, READLINE};
use crate::layout::inside;
use crate::wrap;

/// Columns for the names of keys.
const KEYS: usize = 16;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>) {
    let Some(first) = app.help else { return };
    let area = frame.area();
    let inner = inside(area);
    let lines: Vec<Line<'static>> = lines(app, usize::from(inner.width))
        .into_iter()
        .skip(first)
        .take(usize::from(inner.height))
        .collect();
    let title = Line::styled(" Help ", app.theme.focus());
    let close = Line::styled(" j k scroll · esc closes ", app.theme.quiet()).right_aligned();
    frame.render_widget(Clear, area);
    frame.render_widget(
        Block::bordered().border_style(app.theme.quiet()).title(title).title_bottom(close),
        area,
    );
    frame.render_widget(Paragraph::new(lines), inner);
}

/// Returns the furthest line that the help can begin with.
pub(crate) fn last_line(app: &App) -> usize {
    let inner = inside(ratatui::layout::Rect::new(0, 0, app.size.columns, app.size.rows));
    lines(app, usize::from(inner.width)).len().saturating_sub(usize::from(inner.height))
}

fn lines(app: &App, columns: usize) -> Vec<Line<'static>> {
    const SHOWN: [Context; 10] = [
        Context::Both,
        Context::Input,
        Context::Chord,
        Context::Search,
        Context::Signature,
        Context::Answer,
        Context::Popup,
        Context::Panel,
        Context::Filter,
        Context::Columns,
    ];
    let mut lines = Vec::new();
    for context in SHOWN {
        let is_here =
            |binding: &&Binding| binding.context == context && app.options.role >= keymap::needs(binding);
        let bindings: Vec<_> = BINDINGS.iter().filter(is_here).collect();
        if bindings.is_empty() {
            continue;
        }
        let name = match context {
            Context::Panel if !app.has_prompt() => "In the panels",
            context => context_name(context),
        };
        lines.push(Line::styled(format!(" {name}"), app.theme.strong()));
        for (place, binding) in bindings.iter().enumerate() {
            if binding.help.is_empty() {
                continue;
            }
            // The keys after this one that have no help of their own do the same.
            let also = bindings[place + 1..]
                .iter()
                .take_while(|next| next.help.is_empty() && next.action == binding.action);
            let names: Vec<String> =
                std::iter::once(&binding.key).chain(also.map(|next| &next.key)).map(keymap::name).collect();
            lines.extend(line(app, &names.join(" "), binding.help, columns));
        }
        if context == Context::Input {
            lines.extend(line(app, "readline", READLINE, columns));
        }
        lines.push(Line::default());
    }
    if app.options.mouse {
        lines.push(Line::styled(" The mouse", app.theme.strong()));
        let text = "A click gives a panel the keys and selects a row, a click on a title sorts, the wheel moves what is \
                    under the pointer. With Shift, the terminal selects text as without a screen.";
        lines.extend(wrap::wrap_words(&Line::raw(format!("   {text}")), columns.max(1), 3));
        lines.push(Line::default());
    }
    lines.push(Line::styled(" Who stops the strategy", app.theme.strong()));
    let text = "Leaving an attached screen changes nothing. In the screen that started the session, ^Q stops it \
                on paper with nobody else attached; otherwise it asks. In the list of who is here, * owns the session.";
    lines.extend(wrap::wrap_words(&Line::raw(format!("   {text}")), columns.max(1), 3));
    lines
}

fn line(app: &App, keys: &str, help: &str, columns: usize) -> Vec<Line<'static>> {
    let padding = " ".repeat(KEYS.saturating_sub(wrap::width(keys)).max(1));
    let line = Line::from(vec![
        Span::raw("   "),
        Span::styled(keys.to_owned(), app.theme.key()),
        Span::raw(padding),
        Span::raw(help.to_owned()),
    ]);
    wrap::wrap_words(&line, columns.max(1), KEYS + 3)
}
