//! The dialog: what is about to happen, in numbers, and the keys for it.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use crate::app::App;
use crate::dialog::Dialog;
use crate::layout::inside;
use crate::{format, sanitize, wrap};

pub(super) fn draw(app: &App, frame: &mut Frame<'_>) {
    let Some(dialog) = &app.dialog else { return };
    let screen = frame.area();
    let title = format!(" {} ", sanitize::plain(&dialog.title(&app.mirror)));
    let said = dialog.lines(&app.mirror, &app.options.identity);
    let is_danger = dialog.is_danger(&app.mirror);
    let mut lines: Vec<Line<'static>> =
        said.iter().map(|line| Line::raw(format!(" {}", sanitize::plain(line)))).collect();
    let choices = choices(app, dialog);
    let widest = lines.iter().chain(&choices).map(Line::width).max().unwrap_or_default();
    let width = (widest.max(wrap::width(&title) + 2) + 4).clamp(20, 76).min(usize::from(screen.width));
    let columns = width.saturating_sub(2).max(1);
    lines = lines.iter().flat_map(|line| wrap::wrap_words(line, columns, 3)).collect();
    let choices: Vec<Line<'static>> = choices.iter().flat_map(|line| wrap::wrap(line, columns, 1)).collect();
    // The choices stay in view, however much there is to list.
    let room = usize::from(screen.height).saturating_sub(choices.len() + 3);
    if lines.len() > room {
        let kept = room.saturating_sub(1);
        let hidden = lines.len() - kept;
        lines.truncate(kept);
        lines.push(Line::styled(format!("   … and {}", format::count(hidden, "line")), app.theme.quiet()));
    }
    lines.push(Line::default());
    lines.extend(choices);
    let height = (lines.len() + 2).min(usize::from(screen.height));
    let area = Rect::new(
        (screen.width - width as u16) / 2,
        (screen.height - height as u16) / 2,
        width as u16,
        height as u16,
    );
    let style = if is_danger { app.theme.danger() } else { app.theme.focus() };
    frame.render_widget(Clear, area);
    let border = if is_danger { app.theme.loss() } else { app.theme.focus() };
    frame.render_widget(Block::bordered().border_style(border).title(Line::styled(title, style)), area);
    frame.render_widget(Paragraph::new(lines), inside(area));
}

fn choices(app: &App, dialog: &Dialog) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if let Some(word) = &dialog.word {
        lines.push(Line::from(vec![
            Span::raw(" type "),
            Span::styled(format!(" {} ", word.word), app.theme.key()),
            Span::raw(format!(" to confirm: {}▌", sanitize::plain(&word.typed))),
        ]));
    }
    for choice in &dialog.choices {
        lines.push(Line::from(vec![
            Span::raw(" "),
            Span::styled(choice.key.to_string(), app.theme.key()),
            Span::raw(format!("    {}", choice.label)),
        ]));
    }
    lines.push(Line::from(vec![Span::raw(" "), Span::styled("[Esc] cancel", app.theme.selected())]));
    lines
}
