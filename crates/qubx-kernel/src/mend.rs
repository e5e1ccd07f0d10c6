//! JSON whose texts are not Unicode, made valid. No I/O.
//!
//! Python's strings can hold halves of surrogate pairs, and its writers of JSON pass them on: as an escape that
//! stands alone, or as a byte that is no UTF-8. Neither can be read strictly, and neither is a reason to lose
//! what was said beside it.

/// Escapes that are read as U+FFFD.
const REPLACEMENT: &str = r"\ufffd";
/// The bytes of an escape: `\u` and four digits.
const ESCAPE: usize = 6;

/// Returns `json` with U+FFFD for whatever in its texts is half of a character.
pub(crate) fn mended(json: &[u8]) -> String {
    let json = String::from_utf8_lossy(json);
    let mut whole = String::with_capacity(json.len());
    let mut rest = &*json;
    while let Some(start) = rest.find('\\') {
        whole.push_str(&rest[..start]);
        rest = &rest[start..];
        let length = match (unit(rest), rest.get(ESCAPE..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 2 * ESCAPE,
            (Some(0xd800..=0xdfff), _) => {
                whole.push_str(REPLACEMENT);
                rest = &rest[ESCAPE..];
                continue;
            }
            // A backslash, and the character that it escapes.
            _ => rest.chars().take(2).map(char::len_utf8).sum(),
        };
        whole.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    whole.push_str(rest);
    whole
}

/// Returns the number of an escape at the beginning of `text`.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix(r"\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_characters_are_replaced_and_all_else_stays() {
        for (json, expected) in [
            (&br#""a\n\u00e9\\""#[..], r#""a\n\u00e9\\""#),
            (br#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (br#""\udcffb""#, r#""\ufffdb""#),
            (br#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (br#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            // The backslash itself is escaped here, so what follows is plain text.
            (br#""\\udcff""#, r#""\\udcff""#),
            (b"\"\xff\"", "\"\u{fffd}\""),
            (br"\", r"\"),
            (br"\ud8", r"\ud8"),
        ] {
            assert_eq!(mended(json), expected);
        }
    }
}
