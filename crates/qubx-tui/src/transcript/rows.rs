//! The rows of an entry: how cells, output, errors and log lines look at a width.

mod question;
mod raised;

use std::time::Duration;

use jiff::Timestamp;
use qubx_protocol::CellStatus;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use self::question::question;
use self::raised::error;
pub(super) use self::raised::strategy_error;
use super::entry::{Cell, Kind, Phase, Tone};
use super::fold;
use super::output::Output;
use crate::pictures::{self, Picture, Room};
use crate::theme::Theme;
use crate::view::highlight::highlight;
use crate::{format, sanitize, wrap};

/// Columns before printed output, so that it is told from cells.
pub(super) const GUTTER: usize = 2;

/// What rows look like, beside their width.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) theme: Theme,
    pub(super) now: Timestamp,
    /// The room that a picture has; none where images are named only.
    pub(super) room: Option<Room>,
}

impl Look {
    /// Returns the number of the day that it is: entries of another one show theirs.
    pub(super) fn today(self) -> i64 {
        format::day(self.now)
    }
}

/// Returns a cell's author, number and code.
pub(super) fn head(cell: &Cell, columns: usize, Look { theme, .. }: Look) -> Vec<Line<'static>> {
    let author = sanitize::plain(cell.author.as_str());
    let label = format!("In[{}] ", number(cell));
    let indent = wrap::width(&author) + 3 + wrap::width(&label);
    let mut rows = Vec::new();
    for (place, code) in highlight(&cell.code, theme).into_iter().enumerate() {
        let mut spans = if place == 0 {
            vec![
                Span::styled(author.clone(), theme.author()),
                Span::styled(" › ", theme.quiet()),
                Span::styled(label.clone(), theme.label()),
            ]
        } else {
            vec![Span::raw(" ".repeat(indent.min(columns / 2)))]
        };
        spans.extend(code.spans);
        rows.extend(wrap::wrap(&Line::from(spans), columns, indent));
    }
    if let Phase::Queued { place } = cell.phase {
        let text = format!("{}queued ({})", " ".repeat(out_indent(cell, columns)), format::ordinal(place));
        rows.push(Line::styled(text, theme.quiet()));
    }
    rows
}

/// Returns one output of a cell.
pub(super) fn output(
    output: &Output,
    cell: &Cell,
    open: bool,
    columns: usize,
    look: Look,
) -> Vec<Line<'static>> {
    let theme = look.theme;
    if let Output::Value { result, picture, .. } = output
        && let Some(rows) = drawn(picture.as_deref(), columns, look)
    {
        let label =
            result.then(|| with_run_time(Line::from(out_label(cell, columns, theme)), cell, columns, theme));
        return label.into_iter().chain(rows).collect();
    }
    match output {
        Output::Stream { stderr, text } => {
            let base = if *stderr { theme.loss() } else { Style::default() };
            printed(text, base, columns, theme)
        }
        Output::Value { result: false, text, .. } => printed(text, Style::default(), columns, theme),
        Output::Value { result: true, text, .. } => result(text, cell, columns, theme),
        Output::Error { name, value, traceback } => error(name, value, traceback, open, columns, theme),
        Output::Question { prompt, password, reply, .. } => {
            question(prompt, *password, reply, cell, columns, theme)
        }
        Output::Omitted { bytes, file, partial } => {
            printed(&omitted(*bytes, file.as_deref(), *partial), theme.attention(), columns, theme)
        }
        Output::Lost { messages } => {
            printed(&lost(*messages), theme.loss().patch(theme.strong()), columns, theme)
        }
    }
}

/// Returns what the strategy's threads showed, with its time.
pub(super) fn strategy_output(
    time: Timestamp,
    output: &Output,
    columns: usize,
    look: Look,
) -> Vec<Line<'static>> {
    if let Output::Value { picture, .. } = output
        && let Some(rows) = drawn(picture.as_deref(), columns, look)
    {
        let mut all = stamped(time, "OUT", Tone::Plain, vec![Line::default()], columns, look);
        all.extend(rows);
        return all;
    }
    let (tone, text) = match output {
        Output::Stream { text, .. } | Output::Value { text, .. } => (Tone::Plain, text.clone()),
        Output::Omitted { bytes, file, partial } => {
            (Tone::Attention, omitted(*bytes, file.as_deref(), *partial))
        }
        Output::Lost { messages } => (Tone::Loss, lost(*messages)),
        // The strategy's exceptions are lines of the log, and only a cell can ask.
        Output::Error { .. } | Output::Question { .. } => return Vec::new(),
    };
    stamped(time, "OUT", tone, sanitize::styled(&text, Style::default(), look.theme.color), columns, look)
}

fn omitted(bytes: u64, file: Option<&str>, partial: bool) -> String {
    let size = format::bytes(bytes);
    match file {
        Some(file) => {
            let part = if partial { "more of it" } else { "all of it" };
            format!("[… {size} left out; {part} in {} …]", sanitize::plain(file))
        }
        None => format!("[… {size} left out; the file for it could not be written …]"),
    }
}

fn lost(messages: u64) -> String {
    let count = format::count(usize::try_from(messages).unwrap_or(usize::MAX), "message");
    format!("!! OUTPUT LOST HERE: {count} of the kernel; there were more than it keeps")
}

/// Returns that a cell runs, and for how long.
pub(super) fn running(cell: &Cell, since: Timestamp, columns: usize, look: Look) -> Line<'static> {
    const TURNS: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
    let seconds = format::between(since, look.now).as_secs();
    let time =
        if seconds < 60 { format!("{seconds} s") } else { format::stopwatch(Duration::from_secs(seconds)) };
    let turn = TURNS[usize::try_from(seconds).unwrap_or_default() % TURNS.len()];
    let text = format!("{}running", " ".repeat(out_indent(cell, columns)));
    let spans = vec![Span::styled(text, look.theme.attention())];
    at_right_end(Line::from(spans), &format!("{time} {turn}"), columns, look.theme)
}

/// Returns how a cell ended; nothing while it has not, or when its result says it.
pub(super) fn tail(
    cell: &Cell,
    has_result: bool,
    columns: usize,
    Look { theme, .. }: Look,
) -> Vec<Line<'static>> {
    let Phase::Finished { status, .. } = cell.phase else { return Vec::new() };
    let (text, style) = match status {
        CellStatus::Ok if has_result => return Vec::new(),
        CellStatus::Ok => ("done", theme.quiet()),
        CellStatus::Error => ("failed", theme.loss()),
        CellStatus::Interrupted => ("interrupted", theme.attention()),
        CellStatus::KernelDied => ("the kernel ended; not run again", theme.loss()),
    };
    let spans = vec![out_label(cell, columns, theme), Span::styled(text, style)];
    vec![with_run_time(Line::from(spans), cell, columns, theme)]
}

/// Returns the row that stands for output that was dropped.
pub(super) fn mark(theme: Theme) -> Line<'static> {
    Line::styled("  … earlier output is not kept on this screen", theme.quiet())
}

/// Returns a line of the log, of trading or of a verb.
pub(super) fn line(line: &super::entry::Line, open: bool, columns: usize, look: Look) -> Vec<Line<'static>> {
    let mut lines = sanitize::styled(&line.text, Style::default(), look.theme.color);
    if let (Kind::Log(_), false) = (line.kind, open)
        && let Some(folded) = fold::around_traceback(&texts(&lines))
    {
        let mut shown: Vec<_> = folded.shown.iter().map(|place| lines[*place].clone()).collect();
        shown.insert(folded.mark_at, fold::mark(folded.hidden, 0, look.theme));
        lines = shown;
    }
    stamped(line.time, line.kind.label(), line.tone, lines, columns, look)
}

/// Returns lines behind their time and label.
fn stamped(
    time: Timestamp,
    label: &str,
    tone: Tone,
    lines: Vec<Line<'static>>,
    columns: usize,
    look: Look,
) -> Vec<Line<'static>> {
    let theme = look.theme;
    let time = format::stamp(time, look.today());
    let label = format!(" {label:<5} ");
    // What wraps is put under the text.
    let indent = (wrap::width(&time) + wrap::width(&label)).min(columns / 4);
    let style = match tone {
        Tone::Quiet => theme.quiet(),
        Tone::Plain => Style::default(),
        Tone::Strong => theme.strong(),
        Tone::Attention => theme.attention(),
        Tone::Loss => theme.loss(),
    };
    let mut rows = Vec::new();
    for (place, text) in lines.into_iter().enumerate() {
        let mut spans = if place == 0 {
            vec![Span::styled(time.clone(), theme.quiet()), Span::styled(label.clone(), style)]
        } else {
            vec![Span::raw(" ".repeat(indent))]
        };
        let text_style = if tone == Tone::Quiet { style } else { Style::default() }.patch(text.style);
        spans.extend(
            text.spans.into_iter().map(|span| Span::styled(span.content, text_style.patch(span.style))),
        );
        rows.extend(wrap::wrap_words(&Line::from(spans), columns, indent));
    }
    rows
}

fn texts(lines: &[Line<'static>]) -> Vec<String> {
    lines.iter().map(Line::to_string).collect()
}

fn printed(text: &str, base: Style, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let room = columns.saturating_sub(GUTTER).max(1);
    let mut rows = Vec::new();
    for line in sanitize::styled(text, base, theme.color) {
        for row in wrap::wrap(&line, room, 0) {
            let mut spans = vec![Span::raw(" ".repeat(GUTTER.min(columns)))];
            spans.extend(row.spans);
            rows.push(Line::from(spans));
        }
    }
    rows
}

/// Returns the rows of an image; none when it is named only.
fn drawn(picture: Option<&Picture>, columns: usize, look: Look) -> Option<Vec<Line<'static>>> {
    let picture = picture.filter(|picture| picture.is_there())?;
    let fitted = look.room?.fit(picture.pixels, columns.checked_sub(GUTTER).filter(|columns| *columns > 0)?);
    let row = |row| {
        let marks = pictures::mark_row(picture.number, fitted, row);
        Line::from(vec![Span::raw(" ".repeat(GUTTER)), Span::raw(marks)])
    };
    Some((0..fitted.rows).map(row).collect())
}

/// Returns a value: beside its label when it is one line, below it otherwise, so that its columns stay aligned.
fn result(text: &str, cell: &Cell, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let label = out_label(cell, columns, theme);
    let mut lines = sanitize::styled(text, Style::default(), theme.color);
    if lines.len() > 1 {
        let mut rows = vec![with_run_time(Line::from(label), cell, columns, theme)];
        rows.extend(printed(text, Style::default(), columns, theme));
        return rows;
    }
    let indent = label.width();
    let mut spans = vec![label];
    spans.extend(lines.pop().unwrap_or_default().spans);
    let mut rows = wrap::wrap(&Line::from(spans), columns, indent);
    if rows.len() == 1 {
        rows = rows.into_iter().map(|row| with_run_time(row, cell, columns, theme)).collect();
    }
    rows
}

fn number(cell: &Cell) -> String {
    match (cell.count, cell.phase) {
        (_, Phase::Queued { .. }) => "·".to_owned(),
        (_, Phase::Running { .. }) => "*".to_owned(),
        (Some(count), _) => count.to_string(),
        (None, _) => "–".to_owned(),
    }
}

fn out_indent(cell: &Cell, columns: usize) -> usize {
    (wrap::width(&sanitize::plain(cell.author.as_str())) + 2).min(columns / 4)
}

fn out_label(cell: &Cell, columns: usize, theme: Theme) -> Span<'static> {
    Span::styled(format!("{}Out[{}] ", " ".repeat(out_indent(cell, columns)), number(cell)), theme.label())
}

/// Puts the time that a cell took at the right end of a row, if there is room.
fn with_run_time(row: Line<'static>, cell: &Cell, columns: usize, theme: Theme) -> Line<'static> {
    let Phase::Finished { duration_ms, .. } = cell.phase else { return row };
    at_right_end(row, &format::run_time(duration_ms), columns, theme)
}

fn at_right_end(row: Line<'static>, text: &str, columns: usize, theme: Theme) -> Line<'static> {
    let gap = columns.saturating_sub(row.width() + wrap::width(text));
    if gap < 2 {
        return row;
    }
    let mut spans = row.spans;
    spans.push(Span::raw(" ".repeat(gap)));
    spans.push(Span::styled(text.to_owned(), theme.quiet()));
    Line::from(spans)
}
