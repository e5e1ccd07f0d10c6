//! Untrusted text made safe for a terminal: output of cells, names, log lines.
//!
//! SGR colours become styles; every other escape sequence, control character and bidirectional override is
//! dropped here and nowhere else. Nothing that reaches the screen has bypassed this module. No I/O.

mod pen;

use ratatui::style::Style;
use ratatui::text::Line;

use self::pen::Pen;

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

/// Returns what somebody types into one line: what is not printable is dropped, line breaks and tabs are one space each.
pub(crate) fn line(text: &str) -> String {
    let space = |character| if matches!(character, '\n' | '\t') { ' ' } else { character };
    text.chars().map(space).filter(|character| is_printable(*character)).collect()
}

/// Returns text that is safe to print on a terminal: its lines and tabs stay, colours and all other sequences are
/// dropped.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut pen = Pen::new(Style::default(), false);
    pen.expands_tabs = false;
    read(text, &mut pen);
    let lines = pen.lines.iter();
    let lines = lines.map(|line| line.spans.iter().map(|span| span.content.as_ref()).collect::<String>());
    let mut printable = lines.collect::<Vec<_>>().join("\n");
    if text.ends_with('\n') {
        printable.push('\n');
    }
    printable
}

/// As [`printable`], for what a program itself says around text of others: a carriage return in there does not take
/// back the words before it.
#[must_use]
pub fn printable_message(text: &str) -> String {
    printable(&text.replace('\r', ""))
}

/// Returns text as lines that are safe to draw. A lone carriage return begins its line anew, as progress bars want.
///
/// Without `color`, colours are dropped and bold, dim, italic, underline and reverse stay.
pub(crate) fn styled(text: &str, base: Style, color: bool) -> Vec<Line<'static>> {
    let mut pen = Pen::new(base, color);
    read(text, &mut pen);
    pen.lines
}

/// Tells whether a character may reach the terminal: no control, and nothing that reorders or hides its neighbours.
#[must_use]
pub fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            '\u{ad}'                        // soft hyphen
            | '\u{61c}' | '\u{200e}' | '\u{200f}' // direction marks
            | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' // invisible
            | '\u{2028}'..='\u{202e}'       // line separators, embeddings and overrides
            | '\u{2066}'..='\u{206f}'       // isolates and deprecated format characters
            | '\u{fff9}'..='\u{fffb}'       // annotations
            | '\u{e0000}'..='\u{e0fff}'     // tags
            | '\u{10eeee}'                  // stands for a part of a picture
        )
}

/// Reads text and gives what may be shown to the pen.
fn read(text: &str, pen: &mut Pen) {
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        rest = match character {
            '\u{1b}' => escape(after, pen),
            '\u{9b}' => control_sequence(after, pen),
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
            ("a\tb\n\tc", "a\tb\n\tc"),
        ] {
            assert_eq!(super::printable(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_message_keeps_the_words_before_a_carriage_return() {
        assert_eq!(super::printable_message("failed: \rall is well\r\n"), "failed: all is well\n");
    }

    use proptest::prelude::*;
    use ratatui::style::{Color, Modifier};

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
