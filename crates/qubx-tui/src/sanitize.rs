//! Untrusted text made safe for a terminal: output of cells, names, log lines.
//!
//! SGR colours become styles; every other escape sequence, control character and bidirectional override is
//! dropped here and nowhere else. Nothing that reaches the screen has bypassed this module. No I/O.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

/// Columns between tab stops, as terminals have them.
const TAB: usize = 8;

/// Returns text for one line: what is not printable is dropped, line breaks and tabs become spaces.
pub(crate) fn plain(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for line in styled(text, Style::default(), false) {
        if !result.is_empty() {
            result.push(' ');
        }
        result.extend(line.spans.iter().map(|span| span.content.as_ref()));
    }
    result
}

/// Returns text that is safe to print on a terminal: its lines stay, colours and all other sequences are dropped.
#[must_use]
pub fn printable(text: &str) -> String {
    let lines = styled(text, Style::default(), false);
    let lines =
        lines.iter().map(|line| line.spans.iter().map(|span| span.content.as_ref()).collect::<String>());
    let mut printable = lines.collect::<Vec<_>>().join("\n");
    if text.ends_with('\n') {
        printable.push('\n');
    }
    printable
}

/// Returns text as lines that are safe to draw. A lone carriage return begins its line anew, as progress bars want.
///
/// Without `color`, colours are dropped and bold, dim, italic, underline and reverse stay.
pub(crate) fn styled(text: &str, base: Style, color: bool) -> Vec<Line<'static>> {
    let mut pen =
        Pen { base, style: base, color, lines: Vec::new(), spans: Vec::new(), run: String::new(), column: 0 };
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        rest = match character {
            '\u{1b}' => escape(after, &mut pen),
            '\u{9b}' => control_sequence(after, &mut pen),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(after),
            '\n' => {
                pen.end_line();
                after
            }
            '\r' => {
                if !after.starts_with('\n') && !after.is_empty() {
                    pen.restart_line();
                }
                after
            }
            '\t' => {
                pen.tab();
                after
            }
            _ if is_printable(character) => {
                pen.put(character);
                after
            }
            _ => after,
        };
    }
    // A final line break ends a line; it does not begin another.
    if !(text.ends_with('\n') && pen.is_line_empty() && !pen.lines.is_empty()) {
        pen.end_line();
    }
    pen.lines
}

/// Tells whether a character may reach the terminal: no control, and nothing that reorders or hides its neighbours.
pub(crate) fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            '\u{ad}'                        // soft hyphen
            | '\u{61c}' | '\u{200e}' | '\u{200f}' // direction marks
            | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' // invisible
            | '\u{2028}'..='\u{202e}'       // line separators, embeddings and overrides
            | '\u{2066}'..='\u{206f}'       // isolates and deprecated format characters
            | '\u{fff9}'..='\u{fffb}'       // annotations
            | '\u{e0000}'..='\u{e0fff}'     // tags
        )
}

/// Reads what follows an ESC and returns the rest.
fn escape<'a>(text: &'a str, pen: &mut Pen) -> &'a str {
    let mut characters = text.chars();
    match characters.next() {
        Some('[') => control_sequence(characters.as_str(), pen),
        Some(']' | 'P' | 'X' | '^' | '_') => skip_string(characters.as_str()),
        // Two-character and three-character sequences: intermediates, then one final byte.
        Some(first @ ' '..='~') => {
            let mut last = first;
            while (' '..='/').contains(&last) {
                match characters.clone().next() {
                    Some(next @ ' '..='~') => {
                        last = next;
                        characters.next();
                    }
                    _ => break,
                }
            }
            characters.as_str()
        }
        _ => text,
    }
}

/// Reads a control sequence after its introducer; only `m` (colours) has an effect.
fn control_sequence<'a>(text: &'a str, pen: &mut Pen) -> &'a str {
    let end = text.find(|c| !matches!(c, ' '..='?')).unwrap_or(text.len());
    let (parameters, rest) = text.split_at(end);
    match rest.chars().next() {
        Some('m') if parameters.chars().all(|c| c.is_ascii_digit() || c == ';' || c == ':') => {
            pen.select(parameters);
            &rest[1..]
        }
        Some('@'..='~') => &rest[1..],
        _ => rest,
    }
}

/// Skips an operating-system command or the like: to its terminator, or to the end of the line if there is none.
fn skip_string(text: &str) -> &str {
    for (place, character) in text.char_indices() {
        let after = &text[place + character.len_utf8()..];
        match character {
            '\u{7}' | '\u{9c}' => return after,
            '\u{1b}' => return after.strip_prefix('\\').unwrap_or(&text[place..]),
            '\n' => return &text[place..],
            _ => {}
        }
    }
    ""
}

/// Where the text goes: the lines so far, the line that grows, and the style of what comes next.
struct Pen {
    base: Style,
    style: Style,
    color: bool,
    lines: Vec<Line<'static>>,
    spans: Vec<Span<'static>>,
    run: String,
    column: usize,
}

impl Pen {
    fn put(&mut self, character: char) {
        self.run.push(character);
        self.column += 1;
    }

    fn tab(&mut self) {
        for _ in 0..TAB - self.column % TAB {
            self.put(' ');
        }
    }

    fn end_run(&mut self) {
        if !self.run.is_empty() {
            self.spans.push(Span::styled(std::mem::take(&mut self.run), self.style));
        }
    }

    fn end_line(&mut self) {
        self.end_run();
        self.column = 0;
        self.lines.push(Line::from(std::mem::take(&mut self.spans)));
    }

    fn restart_line(&mut self) {
        self.run.clear();
        self.spans.clear();
        self.column = 0;
    }

    fn is_line_empty(&self) -> bool {
        self.run.is_empty() && self.spans.is_empty()
    }

    /// Applies the parameters of an SGR sequence. What it does not know, blinking and hiding included, is ignored.
    fn select(&mut self, parameters: &str) {
        self.end_run();
        let mut codes = parameters.split([';', ':']).map(|code| code.parse::<u16>().unwrap_or(0));
        while let Some(code) = codes.next() {
            let style = self.style;
            self.style = match code {
                0 => self.base,
                1 => style.add_modifier(Modifier::BOLD),
                2 => style.add_modifier(Modifier::DIM),
                3 => style.add_modifier(Modifier::ITALIC),
                4 => style.add_modifier(Modifier::UNDERLINED),
                7 => style.add_modifier(Modifier::REVERSED),
                9 => style.add_modifier(Modifier::CROSSED_OUT),
                22 => style.remove_modifier(Modifier::BOLD | Modifier::DIM),
                23 => style.remove_modifier(Modifier::ITALIC),
                24 => style.remove_modifier(Modifier::UNDERLINED),
                27 => style.remove_modifier(Modifier::REVERSED),
                29 => style.remove_modifier(Modifier::CROSSED_OUT),
                30..=37 => self.foreground(Some(Color::Indexed((code - 30) as u8))),
                90..=97 => self.foreground(Some(Color::Indexed((code - 90) as u8 + 8))),
                40..=47 => self.background(Some(Color::Indexed((code - 40) as u8))),
                100..=107 => self.background(Some(Color::Indexed((code - 100) as u8 + 8))),
                38 => match extended(&mut codes) {
                    Some(color) => self.foreground(Some(color)),
                    None => style,
                },
                48 => match extended(&mut codes) {
                    Some(color) => self.background(Some(color)),
                    None => style,
                },
                39 => self.foreground(self.base.fg),
                49 => self.background(self.base.bg),
                _ => style,
            };
        }
    }

    fn foreground(&self, color: Option<Color>) -> Style {
        if self.color { Style { fg: color, ..self.style } } else { self.style }
    }

    fn background(&self, color: Option<Color>) -> Style {
        if self.color { Style { bg: color, ..self.style } } else { self.style }
    }
}

/// Reads `5;n` or `2;r;g;b` after 38 or 48.
fn extended(codes: &mut impl Iterator<Item = u16>) -> Option<Color> {
    let mut byte = || codes.next().and_then(|code| u8::try_from(code).ok());
    match byte()? {
        5 => byte().map(Color::Indexed),
        2 => Some(Color::Rgb(byte()?, byte()?, byte()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn printed_text_keeps_its_lines_and_nothing_else() {
        for (text, expected) in [
            ("a\nb", "a\nb"),
            ("a\n", "a\n"),
            ("", ""),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]52;c;aGk=\u{7}x\u{1b}[2J", "x"),
            ("10%\r20%\n", "20%\n"),
        ] {
            assert_eq!(super::printable(text), expected, "{text:?}");
        }
    }

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_printable_text_survives() {
        for (text, expected) in [
            ("plain", "plain"),
            ("\x1b[31mred\x1b[0m", "red"),
            ("a\x1b[2Jb\x1b[10;10Hc", "abc"),
            ("a\x1b]0;title\x07b", "ab"),
            ("a\x1b]52;c;ZXZpbA==\x1b\\b", "ab"),
            ("a\u{9d}52;c;x\u{9c}b\u{9b}2Jc", "abc"),
            ("a\x1bPq#0\x1b\\b", "ab"),
            ("a\x1b]unterminated\nb", "a b"),
            ("a\x1b(0b\x1b7c\x1b=d", "abcd"),
            ("a\x07\x08\x7f\u{85}b", "ab"),
            ("a\u{202e}b\u{2066}c\u{200f}d", "abcd"),
            ("a\x1b", "a"),
            ("a\x1b[", "a"),
            ("a\x1b[31", "a"),
            ("a\tb", "a       b"),
            ("a\x1b\x1b[31mb", "ab"),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_progress_bar_shows_its_last_state() {
        let lines: Vec<String> =
            styled("10%\r20%\r30%\r\nnext\r", Style::default(), true).iter().map(Line::to_string).collect();
        assert_eq!(lines, ["30%", "next"]);
    }

    #[test]
    fn colours_are_kept_when_wanted() {
        let red = |color| styled("\x1b[1;38;5;9mx\x1b[39;22my", Style::default(), color)[0].spans.clone();
        assert_eq!(red(true)[0].style.fg, Some(Color::Indexed(9)));
        assert!(red(true)[0].style.add_modifier.contains(Modifier::BOLD));
        assert_eq!(red(true)[1].style.fg, None);
        assert_eq!(red(false)[0].style.fg, None);
        assert!(red(false)[0].style.add_modifier.contains(Modifier::BOLD));
    }

    proptest! {
        #[test]
        fn no_control_character_survives_whatever_comes(text in "(\\PC|\\x1b|\\[|\\]|;|m|\\x07|\\x9b|\\x9d|\u{202e}|.|\n|\r|\t){0,60}") {
            for line in styled(&text, Style::default(), true) {
                for span in &line.spans {
                    prop_assert!(span.content.chars().all(is_printable), "{:?}", span.content);
                }
            }
        }
    }
}
