//! The code in the prompt as rows: labels, colours, matching brackets, the suggestion behind the cursor.
//!
//! Only rows that can be seen are made, and once for each change: a screen draws many times a second, and a pasted file
//! has thousands of lines.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::App;
use crate::layout::{self, Size};
use crate::prompt::rows::Shape;
use crate::python::{self, Token};
use crate::theme::Theme;
use crate::{view, wrap};

/// The rows that were made last, and of what.
#[derive(Default)]
pub(crate) struct CodeRows(RefCell<Option<(Made, Rc<Rows>)>>);

/// All that the rows are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Made {
    revision: u64,
    cursor: (usize, usize),
    size: Size,
    label: String,
    theme: Theme,
    suggestion: Option<String>,
}

/// The rows of the code that can be seen.
pub(super) struct Rows {
    pub(super) lines: Vec<Line<'static>>,
    /// The row among them and the column of the cursor.
    pub(super) cursor: (usize, usize),
}

/// Returns the shape of the rows of the code.
pub(crate) fn shape(app: &App) -> Shape {
    Shape::new(usize::from(app.size.columns), wrap::width(&label(app)))
}

fn label(app: &App) -> String {
    let number = app.transcript.last_count().map_or_else(|| "·".to_owned(), |count| (count + 1).to_string());
    format!(" {}In[{number}] ", app.prompt.mode())
}

/// Returns the rows of the code around the cursor, as many as there is ever room for.
pub(super) fn rows(app: &App) -> Rc<Rows> {
    let made = Made {
        revision: app.prompt.revision(),
        cursor: app.prompt.cursor(),
        size: app.size,
        label: label(app),
        theme: app.theme,
        suggestion: app.suggestion().map(str::to_owned),
    };
    let mut last = app.code_rows.0.borrow_mut();
    if let Some((of, rows)) = &*last
        && *of == made
    {
        return Rc::clone(rows);
    }
    let rows = Rc::new(make(app, &made));
    *last = Some((made, Rc::clone(&rows)));
    rows
}

/// A row: its line, and the characters of it.
struct Row {
    line: usize,
    characters: Range<usize>,
}

fn make(app: &App, made: &Made) -> Rows {
    let shape = shape(app);
    let lines: Vec<&[char]> = app.prompt.rows().collect();
    let most = usize::from(layout::most_prompt_rows(made.size));
    let (rows, cursor) = window(&lines, made.cursor, shape, most);
    let code = Code::new(app.prompt.text(), &lines, made.cursor, app.theme);
    let mut drawn: Vec<Line<'static>> = rows
        .iter()
        .map(|row| {
            let mut spans = vec![prefix(row, &made.label, shape.indent, app.theme)];
            code.push(&mut spans, lines[row.line], row);
            Line::from(spans)
        })
        .collect();
    if let (Some(rest), Some(line)) = (&made.suggestion, drawn.get_mut(cursor.0)) {
        let (first, more) = rest.split_once('\n').map_or((rest.as_str(), ""), |(first, _)| (first, "…"));
        let room = usize::from(made.size.columns).saturating_sub(cursor.1);
        line.push_span(Span::styled(wrap::cut(&format!("{first}{more}"), room), app.theme.suggestion()));
    }
    Rows { lines: drawn, cursor }
}

/// Returns at most `most` rows: from the first, or so that the cursor's is the last; and the place of the cursor.
fn window(
    lines: &[&[char]],
    (line, at): (usize, usize),
    shape: Shape,
    most: usize,
) -> (Vec<Row>, (usize, usize)) {
    let (row, column) = shape.place(lines[line], at);
    let of = |line: usize| {
        let ranges = shape.rows(lines[line]);
        let is_first = |range: &Range<usize>| range.start == 0;
        // The row behind a full one is there for a cursor alone.
        let ranges = ranges.into_iter().filter(move |range| is_first(range) || !range.is_empty());
        ranges.map(move |characters| Row { line, characters })
    };
    let mut rows: Vec<Row> = shape
        .rows(lines[line])
        .into_iter()
        .take(row + 1)
        .rev()
        .map(|characters| Row { line, characters })
        .collect();
    for line in (0..line).rev() {
        if rows.len() >= most {
            break;
        }
        rows.extend(of(line).collect::<Vec<_>>().into_iter().rev());
    }
    rows.truncate(most);
    rows.reverse();
    let cursor = (rows.len().saturating_sub(1), column.min(shape.columns() - 1));
    let rest = of(line).skip(row + 1).chain((line + 1..lines.len()).flat_map(of));
    let left = most - rows.len();
    rows.extend(rest.take(left));
    (rows, cursor)
}

fn prefix(row: &Row, label: &str, indent: usize, theme: Theme) -> Span<'static> {
    match row {
        _ if indent == 0 => Span::raw(""),
        Row { line: 0, characters } if characters.start == 0 => Span::styled(label.to_owned(), theme.label()),
        Row { characters, .. } if characters.start == 0 => {
            Span::styled(format!("{:>indent$}", "…: "), theme.quiet())
        }
        _ => Span::raw(" ".repeat(indent)),
    }
}

/// A source with what its bytes look like.
struct Code {
    source: String,
    tokens: Vec<Token>,
    /// The byte at which each line begins.
    starts: Vec<usize>,
    brackets: Option<(usize, usize)>,
    theme: Theme,
}

impl Code {
    fn new(source: String, lines: &[&[char]], (row, column): (usize, usize), theme: Theme) -> Self {
        let tokens = python::tokens(&source);
        let bytes =
            |characters: &[char]| characters.iter().map(|character| character.len_utf8()).sum::<usize>();
        let mut starts = Vec::with_capacity(lines.len());
        let mut start = 0;
        for line in lines {
            starts.push(start);
            start += bytes(line) + 1;
        }
        let cursor = starts[row] + bytes(&lines[row][..column]);
        let brackets = python::brackets(&source, &tokens, cursor);
        Self { source, tokens, starts, brackets, theme }
    }

    /// Adds what a row shows of its line, a span for each style.
    fn push(&self, spans: &mut Vec<Span<'static>>, line: &[char], row: &Row) {
        let mut at = self.starts[row.line];
        at += line[..row.characters.start].iter().map(|character| character.len_utf8()).sum::<usize>();
        let mut style = None;
        for character in &line[row.characters.clone()] {
            let here = self.style(at);
            match spans.last_mut() {
                Some(last) if style == Some(here) => last.content.to_mut().push(*character),
                _ => spans.push(Span::styled(character.to_string(), here)),
            }
            style = Some(here);
            at += character.len_utf8();
        }
    }

    fn style(&self, at: usize) -> Style {
        if self.brackets.is_some_and(|(first, last)| at == first || at == last) {
            return self.theme.bracket();
        }
        let after = self.tokens.partition_point(|token| token.range.start <= at);
        let token = after.checked_sub(1).map(|place| &self.tokens[place]);
        let token = token.filter(|token| token.range.end > at && self.source.len() >= token.range.end);
        token.map_or_else(Style::default, |token| view::highlight::style(token.kind, self.theme))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_ends_with_the_cursor_or_begins_with_the_first_row() {
        let text: Vec<Vec<char>> = ["abcdefghij", "k", "l", "m"].map(|line| line.chars().collect()).to_vec();
        let lines: Vec<&[char]> = text.iter().map(Vec::as_slice).collect();
        let shape = Shape::new(10, 2);
        for (cursor, most, rows, place) in [
            ((0, 0), 3, vec![(0, 0..8), (0, 8..10), (1, 0..1)], (0, 2)),
            ((0, 9), 3, vec![(0, 0..8), (0, 8..10), (1, 0..1)], (1, 3)),
            ((3, 1), 2, vec![(2, 0..1), (3, 0..1)], (1, 3)),
            ((1, 1), 2, vec![(0, 8..10), (1, 0..1)], (1, 3)),
        ] {
            let (found, at) = window(&lines, cursor, shape, most);
            let found: Vec<_> = found.into_iter().map(|row| (row.line, row.characters)).collect();
            assert_eq!((found, at), (rows, place), "{cursor:?}");
        }
    }
}
