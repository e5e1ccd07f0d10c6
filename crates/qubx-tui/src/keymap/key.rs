//! Keys: as terminals report them, as settings write them, and as the screen shows them. No I/O.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The highest function key that a setting may name.
const MOST_FUNCTION_KEYS: u8 = 24;
/// Keys that settings call by a name, and how the screen shows them.
const NAMED: &[(&str, KeyCode, &str)] = &[
    ("enter", KeyCode::Enter, "⏎"),
    ("esc", KeyCode::Esc, "esc"),
    ("tab", KeyCode::Tab, "tab"),
    ("space", KeyCode::Char(' '), "space"),
    ("backspace", KeyCode::Backspace, "backspace"),
    ("delete", KeyCode::Delete, "delete"),
    ("insert", KeyCode::Insert, "insert"),
    ("up", KeyCode::Up, "↑"),
    ("down", KeyCode::Down, "↓"),
    ("left", KeyCode::Left, "←"),
    ("right", KeyCode::Right, "→"),
    ("pageup", KeyCode::PageUp, "pgup"),
    ("pagedown", KeyCode::PageDown, "pgdn"),
    ("home", KeyCode::Home, "home"),
    ("end", KeyCode::End, "end"),
];
const MODIFIERS: &[(&str, KeyModifiers)] =
    &[("ctrl+", KeyModifiers::CONTROL), ("alt+", KeyModifiers::ALT), ("shift+", KeyModifiers::SHIFT)];

/// A key with its modifiers, without what terminals disagree about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) modifiers: KeyModifiers,
    pub(crate) code: KeyCode,
}

/// One key, or two that are pressed one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keys(Vec<Key>);

impl Key {
    /// Returns the key of an event: without a capital's shift, with a back tab's.
    pub(crate) fn of(event: KeyEvent) -> Self {
        Self::normal(event.modifiers, event.code)
    }

    fn normal(modifiers: KeyModifiers, code: KeyCode) -> Self {
        let known = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        let modifiers = modifiers & known;
        let (modifiers, code) = match code {
            KeyCode::Char(letter) if modifiers.contains(KeyModifiers::CONTROL) => {
                (modifiers - KeyModifiers::SHIFT, KeyCode::Char(letter.to_ascii_lowercase()))
            }
            KeyCode::Char(_) => (modifiers - KeyModifiers::SHIFT, code),
            KeyCode::BackTab => (modifiers | KeyModifiers::SHIFT, code),
            _ => (modifiers, code),
        };
        Self { modifiers, code }
    }

    /// Tells whether the key types a character.
    pub(crate) fn types(self) -> bool {
        matches!(self.code, KeyCode::Char(_))
            && !self.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
    }

    /// Reads a key as settings write it: `F`, `ctrl+x`, `shift+tab`, `f5`.
    fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text;
        let mut modifiers = KeyModifiers::NONE;
        let prefix = |rest: &str| {
            let lower = rest.to_lowercase();
            let found = MODIFIERS.iter().find(|(name, _)| lower.starts_with(name) && rest.len() > name.len());
            found.map(|(name, modifier)| (name.len(), *modifier))
        };
        while let Some((length, modifier)) = prefix(rest) {
            modifiers |= modifier;
            rest = &rest[length..];
        }
        let code = code(rest).ok_or_else(|| format!("`{text}` is no key"))?;
        let (modifiers, code) = match code {
            KeyCode::Tab if modifiers.contains(KeyModifiers::SHIFT) => (modifiers, KeyCode::BackTab),
            KeyCode::Char(letter) if modifiers == KeyModifiers::SHIFT && letter.is_alphabetic() => {
                (KeyModifiers::NONE, letter.to_uppercase().next().map_or(code, KeyCode::Char))
            }
            _ => (modifiers, code),
        };
        let twin = match code {
            KeyCode::Char('i' | 'I') => "tab",
            KeyCode::Char('m' | 'M') => "enter",
            KeyCode::Char('[') => "esc",
            _ => "",
        };
        if modifiers.contains(KeyModifiers::CONTROL) && !twin.is_empty() {
            return Err(format!("terminals send `{text}` as `{twin}`"));
        }
        Ok(Self::normal(modifiers, code))
    }
}

fn code(text: &str) -> Option<KeyCode> {
    let mut characters = text.chars();
    if let (Some(only), None) = (characters.next(), characters.next()) {
        return crate::sanitize::is_printable(only).then_some(KeyCode::Char(only));
    }
    let lower = text.to_lowercase();
    if let Some((_, code, _)) = NAMED.iter().find(|(name, ..)| *name == lower) {
        return Some(*code);
    }
    let number: u8 = lower.strip_prefix('f')?.parse().ok()?;
    (1..=MOST_FUNCTION_KEYS).contains(&number).then_some(KeyCode::F(number))
}

impl fmt::Display for Key {
    /// Writes the key as the screen shows it: `^C`, `alt+⏎`, `esc`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut modifiers = self.modifiers;
        if let (KeyCode::Char(letter), KeyModifiers::CONTROL) = (self.code, modifiers) {
            return write!(f, "^{}", letter.to_ascii_uppercase());
        }
        for (name, modifier) in MODIFIERS {
            if modifiers.contains(*modifier) {
                f.write_str(name)?;
                modifiers -= *modifier;
            }
        }
        let named = NAMED.iter().find(|(_, code, _)| *code == self.code);
        match (self.code, named) {
            (_, Some((_, _, shown))) => f.write_str(shown),
            (KeyCode::BackTab, _) => f.write_str("tab"),
            (KeyCode::Char(letter), _) => write!(f, "{letter}"),
            (KeyCode::F(number), _) => write!(f, "F{number}"),
            (other, _) => f.write_str(&format!("{other:?}").to_lowercase()),
        }
    }
}

impl Keys {
    /// Reads one key, or two with a space between them.
    ///
    /// # Errors
    /// What cannot be read.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let keys = text.split_whitespace().map(Key::parse).collect::<Result<Vec<_>, _>>()?;
        match keys.len() {
            0 => Err("there is no key in it".to_owned()),
            1 | 2 => Ok(Self(keys)),
            _ => Err(format!("`{text}` is more than two keys")),
        }
    }

    /// Returns the first key.
    pub(crate) fn first(&self) -> Key {
        self.0[0]
    }

    /// Tells whether it is one key alone.
    pub(crate) fn is_single(&self) -> bool {
        self.0.len() == 1
    }

    /// Tells whether what was pressed is all of it.
    pub(crate) fn is(&self, pressed: &[Key]) -> bool {
        self.0 == pressed
    }

    /// Tells whether what was pressed is the beginning of it, but not all of it.
    pub(crate) fn goes_on_from(&self, pressed: &[Key]) -> bool {
        self.0.len() > pressed.len() && self.0.starts_with(pressed)
    }

    /// Tells whether one of the two cannot be told from the other, or from its beginning.
    pub(crate) fn collides(&self, other: &Keys) -> bool {
        self.0.starts_with(&other.0) || other.0.starts_with(&self.0)
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, key) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(" ")?;
            }
            key.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_shown() {
        for (text, expected) in [
            ("F", Ok("F")),
            ("shift+f", Ok("F")),
            ("f1", Ok("F1")),
            ("ctrl+x", Ok("^X")),
            ("Ctrl+X Ctrl+E", Ok("^X ^E")),
            ("alt+enter", Ok("alt+⏎")),
            ("shift+tab", Ok("shift+tab")),
            ("ctrl++", Ok("^+")),
            ("+", Ok("+")),
            ("space", Ok("space")),
            ("ctrl+alt+d", Ok("ctrl+alt+d")),
            ("", Err("there is no key in it")),
            ("hyper+x", Err("`hyper+x` is no key")),
            ("ctrl+", Err("`ctrl+` is no key")),
            ("f99", Err("`f99` is no key")),
            ("a b c", Err("`a b c` is more than two keys")),
            ("ctrl+i", Err("terminals send `ctrl+i` as `tab`")),
        ] {
            let found = Keys::parse(text).map(|keys| keys.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{text}");
        }
    }

    #[test]
    fn a_capital_is_the_same_with_and_without_its_shift() {
        let key = |modifiers| Key::of(KeyEvent::new(KeyCode::Char('F'), modifiers));
        assert_eq!(key(KeyModifiers::NONE), key(KeyModifiers::SHIFT));
        assert_eq!(Keys::parse("F").unwrap().first(), key(KeyModifiers::SHIFT));
    }
}
