//! The user's own settings, `$QUBX_HOME/config.toml`: what every session begins with. There being none is no error.
//!
//! Its `[session]` has the keys of a config's `session:`, and becomes the same tree, so both are held against one
//! schema and each value is told where it was written.

use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use qubx_tui::Written;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::{folder_of, read_text};
use super::error::ConfigError;
use super::nearest;
use super::node::{Entries, Entry, Node, Value};
use super::origin::{Origin, Source};
use super::parse::MAX_DEPTH;

/// What of the settings is for the screen, and what is wrong with it.
pub(crate) type ForTheScreen = (qubx_tui::ScreenSettings, Vec<ConfigError>);

/// What `config.toml` says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// Its `[session]`.
    pub(super) session: Option<Node>,
    /// Its `[keys]` and `[screen]`, which are the screen's to read.
    keys: Option<Node>,
    screen: Option<Node>,
}

/// The tables that `config.toml` may have.
const TABLES: [&str; 3] = ["session", "keys", "screen"];

impl Settings {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it is there and cannot be read, is not TOML, or has a table that nobody knows.
    pub(crate) fn load(path: &Path) -> Result<Self, ConfigError> {
        let label = path.display().to_string();
        let source = |text| Arc::new(Source { label, folder: folder_of(path), text, has_lines: true });
        // Anything that stands there and cannot be read is an error: settings that are passed over could cost money.
        if let Err(error) = std::fs::symlink_metadata(path)
            && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
        {
            return Ok(Self::default());
        }
        match read_text(path) {
            Ok(text) => Self::parse(&source(text)),
            Err(message) => Err(ConfigError::new(&Origin::whole(&source(String::new())), message)),
        }
    }

    fn parse(source: &Arc<Source>) -> Result<Self, ConfigError> {
        let table = DeTable::parse(&source.text).map_err(|error| {
            let origin = match error.span() {
                Some(span) => place(source, &span),
                None => Origin::whole(source),
            };
            ConfigError::new(&origin, error.message().replace('\n', ", "))
        })?;
        let mut entries = entries(table.get_ref(), source, 0)?;
        if let Some((key, entry)) = entries.iter().find(|(key, _)| !TABLES.contains(&key.as_str())) {
            return Err(ConfigError::new(&entry.key, format!("unknown key `{key}` at the top level"))
                .hint(nearest::hint(key, "keys", &TABLES)));
        }
        let mut take = |table| entries.shift_remove(table).map(|entry| entry.node);
        Ok(Self { session: take("session"), keys: take("keys"), screen: take("screen") })
    }

    /// Returns what is for the screen. A mistake in there stops nothing: what it is about keeps its default.
    pub(crate) fn for_the_screen(&self) -> ForTheScreen {
        let (keys, screen) = (self.keys.as_ref().map(written), self.screen.as_ref().map(written));
        let (settings, mistakes) = qubx_tui::ScreenSettings::read(keys.as_ref(), screen.as_ref());
        let mut mistakes: Vec<ConfigError> = mistakes.into_iter().map(mistake).collect();
        mistakes.sort_by_key(|mistake| mistake.origin().sort_key());
        (settings, mistakes)
    }
}

/// Returns a value as the screen reads it.
fn written(node: &Node) -> Written<Origin> {
    let value = match &node.value {
        Value::Text(text) => qubx_tui::Value::Text(text.clone()),
        Value::Bool(value) => qubx_tui::Value::Bool(*value),
        Value::List(items) => qubx_tui::Value::List(items.iter().map(written).collect()),
        Value::Map(entries) => {
            let entry = |(key, entry): (&String, &Entry)| qubx_tui::Entry {
                key: key.clone(),
                place: entry.key.clone(),
                written: written(&entry.node),
            };
            qubx_tui::Value::Table(entries.iter().map(entry).collect())
        }
        Value::Null | Value::Number(_) => qubx_tui::Value::Other(node.describe()),
    };
    Written { value, place: node.origin.clone() }
}

fn mistake(mistake: qubx_tui::Mistake<Origin>) -> ConfigError {
    let error = ConfigError::new(&mistake.place, mistake.message);
    // All actions would be a long list; docs/screen.md has it.
    let guess = mistake.misspelt.and_then(|(word, valid)| nearest::nearest(&word, valid));
    match mistake.hint.or_else(|| guess.map(|guess| format!("did you mean `{guess}`?"))) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

fn entries(table: &DeTable<'_>, source: &Arc<Source>, depth: usize) -> Result<Entries, ConfigError> {
    table
        .iter()
        .map(|(key, value)| {
            let entry = Entry { key: place(source, &key.span()), node: node(value, source, depth + 1)? };
            Ok((key.get_ref().to_string(), entry))
        })
        .collect()
}

fn node(value: &Spanned<DeValue<'_>>, source: &Arc<Source>, depth: usize) -> Result<Node, ConfigError> {
    let origin = place(source, &value.span());
    if depth > MAX_DEPTH {
        return Err(ConfigError::new(&origin, format!("values nest deeper than {MAX_DEPTH}")));
    }
    let value = match value.get_ref() {
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Integer(number) if number.radix() == 10 => Value::Number(number.as_str().to_owned()),
        DeValue::Integer(number) => {
            let decimal = i64::from_str_radix(number.as_str(), number.radix());
            let message = "the number is too large";
            Value::Number(decimal.map_err(|_| ConfigError::new(&origin, message))?.to_string())
        }
        DeValue::Float(number) => Value::Number(number.as_str().to_owned()),
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Datetime(time) => Value::Text(time.to_string()),
        DeValue::Array(items) => {
            Value::List(items.iter().map(|item| node(item, source, depth + 1)).collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => Value::Map(entries(table, source, depth)?),
    };
    Ok(Node { value, origin })
}

/// Returns the line and the column where a range of bytes begins.
fn place(source: &Arc<Source>, span: &Range<usize>) -> Origin {
    let before = source.text.get(..span.start).unwrap_or(&source.text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Origin::at(source, line as u64, column as u64)
}
