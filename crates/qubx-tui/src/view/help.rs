//! The help: every key that this screen has, from the table of actions and the user's own keys, in as many columns as fit.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use crate::app::App;
use crate::keymap::{ACTIONS, Action, Context, Preset, READLINE};
use crate::layout::inside;
use crate::wrap;

/// Columns for the names of keys.
const KEYS: usize = 13;
/// A column of the help is at least this wide.
const COLUMN: usize = 38;

/// Lines that stay together.
type Lines = Vec<Line<'static>>;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>) {
    let Some(first) = app.help else { return };
    let area = frame.area();
    let inner = inside(area);
    let lines = lines(app, usize::from(inner.width), usize::from(inner.height));
    let seen = (first + usize::from(inner.height)).min(lines.len());
    let place = if lines.len() > usize::from(inner.height) {
        format!(" {}–{seen} of {} · j k scroll", first + 1, lines.len())
    } else {
        String::new()
    };
    let close = Line::styled(format!("{place} · esc closes ").replacen("  ·", " ", 1), app.theme.quiet());
    let title = Line::styled(" Help ", app.theme.focus());
    frame.render_widget(Clear, area);
    let block = Block::bordered().border_style(app.theme.quiet());
    frame.render_widget(block.title(title).title_bottom(close.right_aligned()), area);
    let shown: Lines = lines.into_iter().skip(first).take(usize::from(inner.height)).collect();
    frame.render_widget(Paragraph::new(shown), inner);
}

/// Returns the furthest line that the help can begin with.
pub(crate) fn last_line(app: &App) -> usize {
    let inner = inside(Rect::new(0, 0, app.size.columns, app.size.rows));
    let (columns, rows) = (usize::from(inner.width), usize::from(inner.height));
    lines(app, columns, rows).len().saturating_sub(rows)
}

/// Returns all lines, laid out in columns that are read one after the other.
fn lines(app: &App, columns: usize, rows: usize) -> Lines {
    let count = (columns / COLUMN).max(1);
    let width = (columns / count).max(1);
    let blocks = blocks(app, width.saturating_sub(1).max(1));
    let total: usize = blocks.iter().map(Vec::len).sum();
    // What fits without scrolling is not spread further than it must be.
    let target = total.div_ceil(count).max(if total <= rows { rows } else { 0 });
    let mut stacks: Vec<Lines> = vec![Vec::new()];
    for block in blocks {
        let is_full = stacks.last().is_some_and(|stack| stack.len() + block.len() > target);
        if is_full && stacks.len() < count {
            stacks.push(Vec::new());
        }
        if let Some(stack) = stacks.last_mut() {
            let is_gap = stack.is_empty() && block.len() == 1 && block[0].width() == 0;
            stack.extend(if is_gap { Vec::new() } else { block });
        }
    }
    let height = stacks.iter().map(Vec::len).max().unwrap_or_default();
    let row = |row: usize| {
        let mut spans = Vec::new();
        for stack in &stacks {
            let line = stack.get(row).cloned().unwrap_or_default();
            let padding = width.saturating_sub(line.width());
            let style = line.style;
            spans.extend(line.spans.into_iter().map(|span| span.patch_style(style)));
            spans.push(Span::raw(" ".repeat(padding)));
        }
        Line::from(spans)
    };
    (0..height).map(row).collect()
}

/// Returns what stays together: a heading with its first key, each other key, and the gaps.
fn blocks(app: &App, width: usize) -> Vec<Lines> {
    let mut blocks: Vec<Lines> = Vec::new();
    for (_, context) in Context::ALL {
        let mut entries: Vec<Lines> = Vec::new();
        for spec in ACTIONS.iter().filter(|spec| app.options.role >= spec.role) {
            let keys: Vec<String> = app.keymap.keys(context, spec.action).map(ToString::to_string).collect();
            if !keys.is_empty() {
                entries.push(entry(app, &keys.join(" "), spec.help, width));
            }
        }
        if context == Context::Input && !entries.is_empty() {
            let editing = match app.keymap.preset {
                Preset::Emacs => READLINE,
                Preset::Vim => "by vi's keys; esc leads to the normal mode, and there to the panels",
            };
            entries.push(entry(app, "edit", editing, width));
        }
        if let Some(first) = entries.first_mut() {
            first.insert(0, Line::styled(format!(" {}", heading(app, context)), app.theme.strong()));
            blocks.extend(entries);
            blocks.push(vec![Line::default()]);
        }
    }
    if app.options.settings.mouse {
        let text = "A click gives a panel the keys and selects a row, a click on a title sorts, the wheel moves what is \
                    under the pointer. With Shift, the terminal selects text as without a screen.";
        let mut mouse = vec![Line::styled(" The mouse", app.theme.strong())];
        mouse.extend(wrap::wrap_words(&Line::raw(format!("  {text}")), width, 2));
        blocks.push(mouse);
        blocks.push(vec![Line::default()]);
    }
    let quit = app.reach(Action::Quit);
    let text = format!(
        "Leaving an attached screen changes nothing. In the screen that started the session, {quit} stops it \
         on paper with nobody else attached; otherwise it asks. In the list of who is here, * owns the session."
    );
    let mut last = vec![Line::styled(" Who stops the strategy", app.theme.strong())];
    last.extend(wrap::wrap_words(&Line::raw(format!("  {text}")), width, 2));
    blocks.push(last);
    blocks
}

fn heading(app: &App, context: Context) -> String {
    match context {
        Context::Everywhere => "Everywhere".to_owned(),
        Context::Input => "In the prompt".to_owned(),
        Context::Search => "In the search".to_owned(),
        Context::Signature => "While a signature is shown".to_owned(),
        Context::Filter => "In a filter".to_owned(),
        Context::Columns => "In the list of columns".to_owned(),
        Context::Answer => "When a cell asks for a line".to_owned(),
        Context::Popup => "In the list of completions".to_owned(),
        Context::Panel => match app.keymap.key(Context::Input, Action::LeavePrompt) {
            Some(key) if app.has_prompt() => format!("In the panels ({key})"),
            _ => "In the panels".to_owned(),
        },
    }
}

fn entry(app: &App, keys: &str, help: &str, width: usize) -> Lines {
    let padding = " ".repeat(KEYS.saturating_sub(wrap::width(keys)).max(1));
    let line = Line::from(vec![
        Span::raw("  "),
        Span::styled(keys.to_owned(), app.theme.key()),
        Span::raw(padding),
        Span::raw(help.to_owned()),
    ]);
    wrap::wrap_words(&line, width, KEYS + 2)
}
