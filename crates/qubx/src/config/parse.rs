//! From YAML text to a tree with origins.
//!
//! The only place that knows the YAML library. YAML's own tags (`!!str`) mean what they say, all others are
//! refused; depth, size and what aliases may expand to are limited, so a hostile file costs little.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{MessageFormatter, Spanned, UserMessageFormatter};

use super::error::ConfigError;
use super::node::{Entries, Entry, Node, Value};
use super::origin::{Origin, Source};

/// The largest config file, in bytes: a thousand instruments with all their rules fit several times.
pub(super) const MAX_BYTES: u64 = 1 << 20;
/// How deep maps and lists may nest: the schema needs eight, the rest is for parameters.
pub(super) const MAX_DEPTH: usize = 32;
/// How many values a config may have after its aliases are expanded.
const MAX_NODES: usize = 100_000;

/// Returns the value that the text of `source` is.
///
/// # Errors
/// When it is not one YAML document within the limits, or has a key twice.
pub(super) fn parse(source: &Arc<Source>) -> Result<Node, ConfigError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: MAX_DEPTH, max_nodes: MAX_NODES },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_NODES },
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::Error,
        strict_booleans: true,
        reject_unsupported_tags: true,
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::Reject,
        with_snippet: false,
    };
    let raw: Spanned<Raw> = serde_saphyr::from_str_with_options(&source.text, options).map_err(|error| {
        let origin = match error.location() {
            Some(location) => Origin::at(source, location.line(), location.column()),
            None => Origin::whole(source),
        };
        ConfigError::new(&origin, UserMessageFormatter.format_message(error.without_snippet()))
    })?;
    Ok(node(raw, source))
}

/// A value as the library hands it over.
enum Raw {
    Null,
    Bool(bool),
    Integer(i128),
    /// Only its place in the text counts: a double is not what was written.
    Float(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

fn node(raw: Spanned<Raw>, source: &Arc<Source>) -> Node {
    let here = |location: serde_saphyr::Location| Origin::at(source, location.line(), location.column());
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Bool(value) => Value::Bool(value),
        Raw::Integer(value) => Value::Number(value.to_string()),
        Raw::Float(value) => Value::Number(as_written(value, raw.defined.span(), &source.text)),
        Raw::Text(text) => Value::Text(text),
        Raw::List(items) => Value::List(items.into_iter().map(|item| node(item, source)).collect()),
        Raw::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let entry = Entry { key: here(key.referenced), node: node(value, source) };
                    (key.value, entry)
                })
                .collect::<Entries>(),
        ),
    };
    Node { value, origin: here(raw.referenced) }
}

/// Returns the digits of `value` as they stand in the text; its own shortest digits where they cannot be found.
fn as_written(value: f64, span: serde_saphyr::Span, text: &str) -> String {
    let digits = || {
        let start = usize::try_from(span.byte_offset()?).ok()?;
        let end = start.checked_add(usize::try_from(span.byte_len()?).ok()?)?;
        let written = text.get(start..end)?.trim().replace('_', "");
        (written.parse::<f64>() == Ok(value)).then_some(written)
    };
    digits().unwrap_or_else(|| value.to_string())
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Float(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}
