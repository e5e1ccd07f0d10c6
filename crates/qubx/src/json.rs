//! What `--json` prints: every value goes through here.
//!
//! JSON lets C1 controls, DEL and letters that reorder their neighbours stand in a string as they are, and a terminal
//! acts on them. They are escaped, which any reader of JSON undoes. No I/O.

#[cfg(test)]
pub(crate) mod documented;

use std::fmt::Write;

use qubx_tui::is_printable;
use serde::Serialize;

/// Returns a value in one line.
pub(crate) fn line(value: &impl Serialize) -> String {
    escaped(&serde_json::to_string(value).expect(KEYS))
}

/// Returns a value in lines for people.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    escaped(&serde_json::to_string_pretty(value).expect(KEYS))
}

/// Why a value of ours can be written.
const KEYS: &str = "every map of ours has string keys";

/// Escapes what a terminal may not get. Outside of strings there is nothing of the kind but the ends of lines.
pub(crate) fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || is_printable(character) {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_a_terminal_may_not_get_is_escaped() {
        for (text, expected) in [
            ("é ↑ 😀", r#"["é ↑ 😀"]"#),
            ("\u{1b}]0;x\u{7}\t\n", r#"["\u001b]0;x\u0007\t\n"]"#),
            ("\u{9b}2J\u{9d}\u{85}\u{7f}", r#"["\u009b2J\u009d\u0085\u007f"]"#),
            ("\u{2028}\u{2029}\u{202e}\u{2066}", r#"["\u2028\u2029\u202e\u2066"]"#),
            ("\u{e0041}", r#"["\udb40\udc41"]"#),
        ] {
            assert_eq!(line(&[text]), expected);
        }
        assert_eq!(pretty(&[1]), "[\n  1\n]");
    }

    proptest! {
        #[test]
        fn a_reader_gets_what_was_written_and_a_terminal_nothing_else(text in any::<String>()) {
            let value = json!({text.clone(): text});
            for json in [line(&value), pretty(&value)] {
                prop_assert!(json.chars().all(|c| c == '\n' || is_printable(c)), "{json:?}");
                prop_assert_eq!(&serde_json::from_str::<Value>(&json).unwrap(), &value);
                // So printing it changes nothing.
                prop_assert_eq!(&qubx_tui::printable_message(&json), &json);
            }
        }
    }
}
