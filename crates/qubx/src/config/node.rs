//! The tree of a config: values with their origins. No I/O.

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::error::ConfigError;
use super::origin::Origin;

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// What YAML can say.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Nothing: `key:`, `null` or `~`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written, so that decimals stay exact.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file.
    Map(Entries),
}

/// The entries of a map.
pub(super) type Entries = IndexMap<String, Entry>;

/// The value of a key, and where the key was written.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: Origin,
    pub(super) node: Node,
}

impl Node {
    /// Puts `other` over this node: maps are merged key by key, everything else is replaced.
    pub(super) fn merge(&mut self, other: Node) {
        match (&mut self.value, other.value) {
            (Value::Map(mine), Value::Map(theirs)) => {
                for (key, entry) in theirs {
                    match mine.get_mut(&key) {
                        Some(present) => present.node.merge(entry.node),
                        None => {
                            mine.insert(key, entry);
                        }
                    }
                }
            }
            (_, value) => *self = Node { value, origin: other.origin },
        }
    }

    /// Puts `value` at the path `keys` under this node, making the maps that are missing on the way.
    ///
    /// # Errors
    /// When the path leads through something that is not a map; the message names it.
    pub(super) fn set(&mut self, keys: &[&str], value: Node) -> Result<(), ConfigError> {
        let mut place = self;
        for (depth, key) in keys.iter().enumerate() {
            if matches!(place.value, Value::Null) {
                place.value = Value::Map(Entries::new());
            }
            let found = place.describe();
            let Value::Map(entries) = &mut place.value else {
                let path = keys[..depth].join(".");
                return Err(ConfigError::new(
                    &value.origin,
                    format!("`{path}` is {found}, so nothing can be set under it"),
                ));
            };
            let origin = &value.origin;
            let missing =
                || Entry { key: origin.clone(), node: Node { value: Value::Null, origin: origin.clone() } };
            place = &mut entries.entry((*key).to_owned()).or_insert_with(missing).node;
        }
        *place = value;
        Ok(())
    }

    /// Returns the node at the path `keys`; else the nearest one above it that exists.
    pub(super) fn nearest_at(&self, keys: &[&str]) -> &Node {
        let mut place = self;
        for key in keys {
            match &place.value {
                Value::Map(entries) if entries.contains_key(*key) => place = &entries[*key].node,
                _ => break,
            }
        }
        place
    }

    /// Returns the value of `key`, unless this is no map, has no such key or has nothing there.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.get(key).map(|entry| &entry.node).filter(|node| !node.is_null()),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// Returns what this is, in the words of an error message.
    pub(super) fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".into(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Number(text) => format!("the number {}", shortened(text)),
            Value::Text(text) => format!("the text `{}`", shortened(text)),
            Value::List(_) => "a list".into(),
            Value::Map(_) => "a map".into(),
        }
    }

    /// Returns the value as JSON.
    pub(super) fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            // Without a feature of its own, serde_json keeps integers of 64 bits and doubles, as Python's `float` does.
            Value::Number(text) => text.parse().map_or_else(|_| Json::String(text.clone()), Json::Number),
            Value::Text(text) => Json::String(text.clone()),
            Value::List(items) => items.iter().map(Node::to_json).collect(),
            Value::Map(entries) => Json::Object(json_map(entries)),
        }
    }
}

/// Returns the entries as a JSON object.
pub(super) fn json_map(entries: &Entries) -> serde_json::Map<String, Json> {
    entries.iter().map(|(key, entry)| (key.clone(), entry.node.to_json())).collect()
}

/// The longest value that a message quotes, in characters.
const LONGEST_QUOTE: usize = 60;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
