//! As much Python as a prompt needs: what to colour, whether a text is whole, how the next line begins. No I/O.
//!
//! The kernel knows better whether a text is whole; this answers when it does not answer in time.

use std::ops::Range;

/// What a piece of source is, as far as colours care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Keyword,
    String,
    Number,
    Comment,
    /// `(`, `[` or `{`.
    Open,
    /// `)`, `]` or `}`.
    Close,
    /// Any other name.
    Name,
    /// Any other character that is not a space.
    Other,
}

/// A piece of source. Spaces between tokens are no tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: TokenKind,
    /// Where it is, in bytes.
    pub(crate) range: Range<usize>,
    /// Whether it is a string that its text does not end.
    pub(crate) open_end: bool,
}

/// Columns of one level of indentation.
pub(crate) const INDENT: usize = 4;

const KEYWORDS: [&str; 38] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "match", "nonlocal", "not", "or", "pass", "raise", "return", "try", "type", "while", "with",
    "yield", "case",
];

/// Returns the tokens of a source, in order.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut place = 0;
    while let Some(character) = source[place..].chars().next() {
        if character.is_whitespace() {
            place += character.len_utf8();
            continue;
        }
        let token = token_at(source, place, character);
        place = token.range.end;
        tokens.push(token);
    }
    tokens
}

/// Returns the bracket at a place, or else the one that ends there, and the one that belongs to it: first the opening.
pub(crate) fn brackets(source: &str, tokens: &[Token], at: usize) -> Option<(usize, usize)> {
    let is_bracket = |token: &&Token| matches!(token.kind, TokenKind::Open | TokenKind::Close);
    let place =
        |wanted: usize| tokens.iter().filter(is_bracket).position(|token| token.range.start == wanted);
    let place = place(at).or_else(|| place(at.checked_sub(1)?))?;
    let all: Vec<&Token> = tokens.iter().filter(is_bracket).collect();
    let opens = all[place].kind == TokenKind::Open;
    let mut depth = 0usize;
    let ends = |found: &&&Token| {
        if (found.kind == TokenKind::Open) == opens {
            depth += 1;
            return false;
        }
        depth -= 1;
        depth == 0
    };
    let here = all[place].range.start;
    let (first, last) = if opens {
        (here, all[place..].iter().find(ends)?.range.start)
    } else {
        (all[..=place].iter().rev().find(ends)?.range.start, here)
    };
    matches!(&source[first..first + 1], open if closes(open) == source.get(last..last + 1))
        .then_some((first, last))
}

fn closes(open: &str) -> Option<&'static str> {
    match open {
        "(" => Some(")"),
        "[" => Some("]"),
        "{" => Some("}"),
        _ => None,
    }
}

/// Returns the place after the innermost round bracket that is open at the end of a source.
pub(crate) fn open_call(before: &str) -> Option<usize> {
    let mut open = Vec::new();
    for token in tokens(before) {
        match token.kind {
            TokenKind::Open => open.push(token.range.end),
            TokenKind::Close => {
                open.pop();
            }
            _ => {}
        }
    }
    open.into_iter().rfind(|end| before[..*end].ends_with('('))
}

/// Returns how many brackets a source opens more than it closes; none when it closes one that was open before it, or all
/// that it opened.
pub(crate) fn depth_within(source: &str, mut depth: usize) -> Option<usize> {
    for token in tokens(source) {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close if depth <= 1 => return None,
            TokenKind::Close => depth -= 1,
            _ => {}
        }
    }
    Some(depth)
}

/// Tells whether a source looks like a whole statement.
pub(crate) fn is_complete(source: &str) -> bool {
    let tokens = tokens(source);
    let depth: i32 = tokens
        .iter()
        .map(|token| match token.kind {
            TokenKind::Open => 1,
            TokenKind::Close => -1,
            _ => 0,
        })
        .sum();
    let code = || tokens.iter().filter(|token| token.kind != TokenKind::Comment);
    let ends_with = |text: &str| code().next_back().is_some_and(|token| &source[token.range.clone()] == text);
    // A block goes on until a line without indentation, an empty one included.
    let in_block = source.contains('\n')
        && source
            .rsplit('\n')
            .next()
            .is_some_and(|line| line.starts_with([' ', '\t']) && !line.trim().is_empty());
    depth <= 0
        && !tokens.iter().any(|token| token.open_end)
        && !ends_with(":")
        && !ends_with("\\")
        && !in_block
}

/// Returns what the line after `before` begins with.
pub(crate) fn indent_after(before: &str) -> String {
    let line = before.rsplit('\n').next().unwrap_or_default();
    let indent = line.len() - line.trim_start().len();
    let tokens = tokens(line);
    let last = tokens.iter().rfind(|token| token.kind != TokenKind::Comment);
    let opens = last.is_some_and(|token| token.kind == TokenKind::Open || &line[token.range.clone()] == ":");
    let leaves = tokens.first().is_some_and(|token| {
        matches!(&line[token.range.clone()], "return" | "pass" | "break" | "continue" | "raise")
    });
    let columns = match (opens, leaves) {
        (true, _) => indent + INDENT,
        (false, true) => indent.saturating_sub(INDENT),
        (false, false) => indent,
    };
    " ".repeat(columns)
}

fn token_at(source: &str, start: usize, first: char) -> Token {
    let rest = &source[start..];
    let until = |test: fn(char) -> bool| start + rest.find(test).unwrap_or(rest.len());
    let whole = |kind, end| Token { kind, range: start..end, open_end: false };
    match first {
        '#' => whole(TokenKind::Comment, until(|c| c == '\n')),
        '"' | '\'' => string(source, start, start),
        '0'..='9' => whole(TokenKind::Number, until(|c| !(c.is_alphanumeric() || c == '_' || c == '.'))),
        '(' | '[' | '{' => whole(TokenKind::Open, start + 1),
        ')' | ']' | '}' => whole(TokenKind::Close, start + 1),
        c if c.is_alphabetic() || c == '_' => {
            let end = until(|c| !(c.is_alphanumeric() || c == '_'));
            let word = &source[start..end];
            let is_prefix = word.len() <= 2 && word.chars().all(|c| "rRbBuUfFtT".contains(c));
            if is_prefix && source[end..].starts_with(['"', '\'']) {
                return string(source, start, end);
            }
            whole(if KEYWORDS.contains(&word) { TokenKind::Keyword } else { TokenKind::Name }, end)
        }
        c => whole(TokenKind::Other, start + c.len_utf8()),
    }
}

/// Reads a string whose quote is at `quote_at`. One of single quotes ends with its line at the latest.
fn string(source: &str, start: usize, quote_at: usize) -> Token {
    let quote = &source[quote_at..=quote_at];
    let triple = source[quote_at..].starts_with(&quote.repeat(3));
    let closing = if triple { quote.repeat(3) } else { quote.to_owned() };
    let mut place = quote_at + closing.len();
    while let Some(character) = source[place..].chars().next() {
        if source[place..].starts_with(&closing) {
            return Token { kind: TokenKind::String, range: start..place + closing.len(), open_end: false };
        }
        if character == '\n' && !triple {
            return Token { kind: TokenKind::String, range: start..place, open_end: false };
        }
        place += character.len_utf8();
        // An escaped quote does not end a string, not even a raw one.
        if character == '\\' {
            place += source[place..].chars().next().map_or(0, char::len_utf8);
        }
    }
    Token { kind: TokenKind::String, range: start..source.len(), open_end: triple }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sources_are_coloured_by_what_they_are() {
        use TokenKind::{Close, Comment, Keyword, Name, Number, Open, Other, String};
        for (source, expected) in [
            ("for x in y:", vec![Keyword, Name, Keyword, Name, Other]),
            ("f'a' + rb\"\\\"\" # c", vec![String, Other, String, Comment]),
            ("'''a\nb'''", vec![String]),
            ("f(1.5e3)", vec![Name, Open, Number, Close]),
            ("'open\nx", vec![String, Name]),
        ] {
            assert_eq!(
                tokens(source).into_iter().map(|token| token.kind).collect::<Vec<_>>(),
                expected,
                "{source}"
            );
        }
    }

    #[test]
    fn the_bracket_at_the_cursor_finds_the_other() {
        for (source, at, expected) in [
            ("f(a[1])", 1, Some((1, 6))),
            ("f(a[1])", 7, Some((1, 6))),
            ("f(a[1])", 3, Some((3, 5))),
            ("f(a[1])", 0, None),
            ("f(')')", 1, Some((1, 5))),
            ("f(", 2, None),
            ("(]", 0, None),
            (")(", 0, None),
        ] {
            assert_eq!(brackets(source, &tokens(source), at), expected, "{source} {at}");
        }
    }

    #[test]
    fn the_call_that_is_typed_is_the_innermost_open_one() {
        for (before, expected) in [
            ("f(", Some(2)),
            ("f(a, g(b), ", Some(2)),
            ("f(a, g(", Some(7)),
            ("f([1, ", Some(2)),
            ("f(a)", None),
            ("'f('", None),
        ] {
            assert_eq!(open_call(before), expected, "{before}");
        }
    }

    #[test]
    fn a_text_that_goes_on_is_not_complete() {
        for (source, expected) in [
            ("1 + 1", true),
            ("", true),
            ("f(1,", false),
            ("'''abc", false),
            ("'abc", true),
            ("if x:", false),
            ("if x: # why", false),
            ("if x:\n    y", false),
            ("if x:\n    y\n", true),
            ("if x:\n    y\n    ", true),
            ("x = 1\ny = 2", true),
            ("a = \\", false),
            ("')'", true),
            ("x)", true),
        ] {
            assert_eq!(is_complete(source), expected, "{source:?}");
        }
    }

    #[test]
    fn the_next_line_begins_where_the_block_is() {
        for (before, expected) in [
            ("x", 0),
            ("if x:", 4),
            ("  y", 2),
            ("if x:\n    return 1", 0),
            ("f(", 4),
            ("    if y: # c", 8),
            ("pass", 0),
        ] {
            assert_eq!(indent_after(before).len(), expected, "{before:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_tokens_in_order(source in "(\\PC|\n|'|\"|\\\\|#){0,80}") {
            let mut end = 0;
            for token in tokens(&source) {
                prop_assert!(token.range.start >= end && token.range.end > token.range.start);
                end = token.range.end;
            }
            prop_assert!(end <= source.len());
        }
    }
}
