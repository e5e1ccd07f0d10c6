//! The user's settings of the screen: `[keys]` and `[screen]`, read from values that somebody else has parsed. No I/O.
//!
//! A mistake in them stops nothing: what it is about keeps its default, and the mistake is told with its place.

use crate::keymap::{self, Keymap};
use crate::notify::{Notifications, Signal};
use crate::pictures;
use crate::theme::ThemeChoice;

/// A value as it is written, and where.
#[derive(Clone, Debug)]
pub struct Written<P> {
    /// What is written.
    pub value: Value<P>,
    /// Where.
    pub place: P,
}

/// What can be written.
#[derive(Clone, Debug)]
pub enum Value<P> {
    /// A text.
    Text(String),
    /// True or false.
    Bool(bool),
    /// A list.
    List(Vec<Written<P>>),
    /// A table.
    Table(Vec<Entry<P>>),
    /// What no setting of the screen is, in words.
    Other(String),
}

/// A key of a table with its value.
#[derive(Clone, Debug)]
pub struct Entry<P> {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub place: P,
    /// Its value.
    pub written: Written<P>,
}

/// Something that is wrong with a setting.
#[derive(Clone, Debug)]
pub struct Mistake<P> {
    /// Where.
    pub place: P,
    /// What.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// The word that nobody knows, and those that could be meant.
    pub misspelt: Option<(String, Vec<&'static str>)>,
}

/// What the user has set.
#[derive(Clone, Debug)]
pub struct ScreenSettings {
    pub(crate) keymap: Keymap,
    pub(crate) theme: ThemeChoice,
    /// How images are shown.
    pub(crate) images: pictures::Choice,
    /// Whether the mouse is taken. The terminal's own selection then needs Shift.
    pub(crate) mouse: bool,
    /// Whether what has just happened flashes once.
    pub(crate) animations: bool,
    /// What somebody who looks elsewhere is called for.
    pub(crate) notifications: Notifications,
}

impl Default for ScreenSettings {
    fn default() -> Self {
        Self {
            keymap: Keymap::default(),
            theme: ThemeChoice::default(),
            images: pictures::Choice::default(),
            mouse: true,
            animations: true,
            notifications: Notifications::default(),
        }
    }
}

impl ScreenSettings {
    /// Reads `[keys]` and `[screen]`, and returns with the settings what is wrong in there.
    pub fn read<P: Clone>(keys: Option<&Written<P>>, screen: Option<&Written<P>>) -> (Self, Vec<Mistake<P>>) {
        let mut mistakes = Vec::new();
        let mut settings = Self::default();
        if let Some(keys) = keys {
            settings.keymap = keymap::read(keys, &mut mistakes);
        }
        if let Some(screen) = screen {
            // A setting is a line here, and a row in docs/screen.md.
            let mut reader = Reader::new("screen", screen, &mut mistakes);
            settings.theme = reader.one_of("theme", &ThemeChoice::ALL).unwrap_or_default();
            settings.images = reader.one_of("images", &pictures::Choice::ALL).unwrap_or_default();
            settings.mouse = reader.truth("mouse").unwrap_or(settings.mouse);
            settings.animations = reader.truth("animations").unwrap_or(settings.animations);
            let calls = &mut settings.notifications;
            for (key, signal) in [
                ("notify_fills", &mut calls.fills),
                ("notify_errors", &mut calls.errors),
                ("notify_end", &mut calls.end),
            ] {
                *signal = reader.one_of(key, &Signal::ALL).unwrap_or(*signal);
            }
            reader.end();
        }
        (settings, mistakes)
    }
}

impl<P: Clone> Mistake<P> {
    pub(crate) fn new(place: &P, message: impl Into<String>) -> Self {
        Self { place: place.clone(), message: message.into(), hint: None, misspelt: None }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn misspelt(self, word: &str, valid: impl Iterator<Item = &'static str>) -> Self {
        Self { misspelt: Some((word.to_owned(), valid.collect())), ..self }
    }
}

/// Takes the keys of a table one by one and says which were never taken.
pub(crate) struct Reader<'w, 'm, P> {
    table: &'static str,
    left: Vec<&'w Entry<P>>,
    known: Vec<&'static str>,
    mistakes: &'m mut Vec<Mistake<P>>,
}

impl<'w, 'm, P: Clone> Reader<'w, 'm, P> {
    pub(crate) fn new(
        table: &'static str,
        written: &'w Written<P>,
        mistakes: &'m mut Vec<Mistake<P>>,
    ) -> Self {
        let left = match &written.value {
            Value::Table(entries) => entries.iter().collect(),
            _ => {
                mistakes.push(Mistake::new(&written.place, format!("{table} must be a table")));
                Vec::new()
            }
        };
        Self { table, left, known: Vec::new(), mistakes }
    }

    /// Returns the value of a key; none when it is not there.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<&'w Written<P>> {
        self.known.push(key);
        let place = self.left.iter().position(|entry| entry.key == key)?;
        Some(&self.left.remove(place).written)
    }

    /// Returns the value of a key that is one of these words.
    pub(crate) fn one_of<T: Copy>(&mut self, key: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        let written = self.take(key)?;
        let word = if let Value::Text(word) = &written.value { word.as_str() } else { "" };
        let found = words.iter().find(|(name, _)| *name == word);
        if found.is_none() {
            let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
            let message = format!("{}.{key} must be one of {}", self.table, names.join(", "));
            self.mistakes.push(Mistake::new(&written.place, message));
        }
        found.map(|(_, value)| *value)
    }

    /// Returns the value of a key that is true or false.
    pub(crate) fn truth(&mut self, key: &'static str) -> Option<bool> {
        let written = self.take(key)?;
        if let Value::Bool(value) = written.value {
            return Some(value);
        }
        let message = format!("{}.{key} must be true or false", self.table);
        self.mistakes.push(Mistake::new(&written.place, message));
        None
    }

    /// Says which keys nobody knows.
    pub(crate) fn end(self) {
        for entry in self.left {
            let message = format!("unknown key `{}` in [{}]", entry.key, self.table);
            self.mistakes
                .push(Mistake::new(&entry.place, message).misspelt(&entry.key, self.known.iter().copied()));
        }
    }
}
