//! Text of others without what a reader of text would act on. No I/O.

use std::fmt::Write;

/// Returns text without escape sequences, control characters and what reorders or hides its neighbours; ends of lines and
/// tabs stay.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => match characters.next() {
                Some('[') => skip_control_sequence(&mut characters),
                Some(']' | 'P' | 'X' | '^' | '_') => skip_string(&mut characters),
                _ => {}
            },
            '\u{9b}' => skip_control_sequence(&mut characters),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut characters),
            '\n' | '\t' => plain.push(character),
            character if character.is_control() || is_hidden(character) => {}
            character => plain.push(character),
        }
    }
    plain
}

/// Skips up to the letter that ends a sequence like `[31m`.
fn skip_control_sequence(characters: &mut impl Iterator<Item = char>) {
    for character in characters {
        if matches!(character, '\u{40}'..='\u{7e}') {
            return;
        }
    }
}

/// Skips up to BEL or ST.
fn skip_string(characters: &mut impl Iterator<Item = char>) {
    let mut before = ' ';
    for character in characters {
        if matches!(character, '\u{7}' | '\u{9c}') || (before, character) == ('\u{1b}', '\\') {
            return;
        }
        before = character;
    }
}

fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{61c}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Returns text as it can stand in one cell of a table in Markdown, where it shows itself: it makes no markup, formula,
/// link or picture, and fetches nothing.
pub(crate) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (number, line) in plain(text).trim_end().lines().enumerate() {
        if number > 0 {
            escaped.push_str("<br>");
        }
        let inner = line.trim_start_matches([' ', '\t']);
        for indent in line[..line.len() - inner.len()].chars() {
            escaped.push_str(if indent == '\t' { "&nbsp;&nbsp;&nbsp;&nbsp;" } else { "&nbsp;" });
        }
        for character in inner.chars() {
            match character {
                // As entities, they stay themselves also where no Markdown is read: in formulas and HTML.
                '&' | '<' | '>' | '$' | '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '~' | '#' | '!' | '"'
                | ':' | '@' => {
                    let _ = write!(escaped, "&#{};", u32::from(character));
                }
                '\t' => escaped.push(' '),
                character => escaped.push(character),
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_left_that_a_terminal_or_a_pager_acts_on() {
        for (text, expected) in [
            ("a\u{1b}[1;31mred\u{1b}[0m b", "ared b"),
            ("\u{1b}]0;title\u{7}x\u{1b}]8;;http://a\u{1b}\\y", "xy"),
            ("\u{9b}2Jz\r\n\u{202e}\u{0}w\ti", "z\nw\ti"),
            ("end\u{1b}", "end"),
            ("\u{1b}[31", ""),
        ] {
            assert_eq!(plain(text), expected);
        }
    }

    #[test]
    fn text_in_a_table_shows_itself() {
        for (text, expected) in [
            ("1 + 1 = 2 (ok)", "1 + 1 = 2 (ok)"),
            ("a|b", "a&#124;b"),
            ("![x](http&)", "&#33;&#91;x&#93;(http&#38;)"),
            ("<img src=x>", "&#60;img src=x&#62;"),
            ("$x$ \\(y\\)", "&#36;x&#36; &#92;(y&#92;)"),
            ("if x:\n  y\n", "if x&#58;<br>&nbsp;&nbsp;y"),
            ("a\n\nb", "a<br><br>b"),
        ] {
            assert_eq!(markdown(text), expected);
        }
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_cell_or_makes_markup(text in any::<String>()) {
            let cell = markdown(&text).replace("<br>", "");
            let without_entities = cell.replace("&#", "").replace("&nbsp;", "");
            prop_assert!(!without_entities.contains(['|', '\n', '<', '>', '&', '$', '\\', '`', '[', '*', '_']), "{cell:?}");
        }
    }
}
