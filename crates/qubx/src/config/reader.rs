//! Reads typed values out of a tree and collects what is wrong with them. No I/O.
//!
//! A value that is wrong is reported once and then read as if it were not there, so that the rest is checked too.
//! Whoever uses this must look at the errors before using the values.

use std::fmt::Display;
use std::ops::RangeInclusive;

use qubx_protocol::Timeframe;
use rust_decimal::Decimal;

use super::error::ConfigError;
use super::nearest;
use super::node::{Entries, Node, Value};
use super::origin::Origin;

/// The errors found so far.
#[derive(Default)]
pub(super) struct Reader {
    errors: Vec<ConfigError>,
}

/// A value and the path to it, for messages.
#[derive(Clone)]
pub(super) struct Field<'a> {
    pub(super) path: String,
    pub(super) node: &'a Node,
}

/// A map whose keys are fixed by the schema.
pub(super) struct Section<'a> {
    path: String,
    origin: &'a Origin,
    entries: &'a Entries,
    /// Keys that are written here, but misspelt.
    misspelt: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// Returns the value of `key`; none when the key is not there or has no value.
    pub(super) fn get(&self, key: &str) -> Option<Field<'a>> {
        let node = &self.entries.get(key)?.node;
        (!node.is_null()).then(|| Field { path: join(&self.path, key), node })
    }
}

impl Section<'_> {
    /// Returns the path to `key`, for messages.
    pub(super) fn path_of(&self, key: &str) -> String {
        join(&self.path, key)
    }

    /// Tells whether nothing is written here but the values of `keys`.
    pub(super) fn has_only(&self, keys: &[&str]) -> bool {
        self.entries.iter().all(|(key, entry)| entry.node.is_null() || keys.contains(&key.as_str()))
    }
}

impl<'a> Field<'a> {
    /// Returns the field of an entry or item below this one.
    pub(super) fn below(&self, key: &str, node: &'a Node) -> Field<'a> {
        Field { path: join(&self.path, key), node }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The least amount above zero, 10^-12. With [`MOST`], amounts can be multiplied and divided without leaving the
/// range of decimals.
const LEAST: Decimal = Decimal::from_parts(1, 0, 0, false, 12);
/// The largest amount, 10^12.
const MOST: Decimal = Decimal::from_parts(0xD4A5_1000, 0xE8, 0, false, 0);

impl Reader {
    /// Returns the errors, in the order of the text.
    pub(super) fn into_errors(mut self) -> Vec<ConfigError> {
        self.errors.sort_by_cached_key(|error| error.origin().sort_key());
        self.errors
    }

    pub(super) fn push(&mut self, error: ConfigError) {
        self.errors.push(error);
    }

    /// Notes that `field` is wrong.
    pub(super) fn refuse(&mut self, field: &Field, message: impl Into<String>) {
        self.push(ConfigError::new(&field.node.origin, message));
    }

    /// Returns the map `field`, whose keys must be among `keys`.
    pub(super) fn section<'a>(&mut self, field: &Field<'a>, keys: &[&'static str]) -> Option<Section<'a>> {
        let entries = self.entries(field)?;
        let place =
            if field.path.is_empty() { "at the top level".into() } else { format!("in {}", field.path) };
        let mut misspelt = Vec::new();
        for (key, entry) in entries.iter().filter(|(key, _)| !keys.contains(&key.as_str())) {
            let error = ConfigError::new(&entry.key, format!("unknown key `{key}` {place}"));
            self.push(error.hint(nearest::hint(key, "keys", keys)));
            misspelt.extend(nearest::nearest(key, keys.iter().copied()));
        }
        Some(Section { path: field.path.clone(), origin: &field.node.origin, entries, misspelt })
    }

    /// Returns the value of a key that must be there.
    pub(super) fn required<'a>(&mut self, section: &Section<'a>, key: &'static str) -> Option<Field<'a>> {
        let field = section.get(key);
        if field.is_none() && !section.misspelt.contains(&key) {
            let origin = section.entries.get(key).map_or(section.origin, |entry| &entry.key);
            let place = if section.path.is_empty() { String::new() } else { format!(" in {}", section.path) };
            self.push(ConfigError::new(origin, format!("missing key `{key}`{place}")));
        }
        field
    }

    /// Returns the entries of the map `field`, whose keys are free.
    pub(super) fn entries<'a>(&mut self, field: &Field<'a>) -> Option<&'a Entries> {
        match &field.node.value {
            Value::Map(entries) => Some(entries),
            _ => self.wrong_type(field, "a map"),
        }
    }

    /// Returns the items of the list `field`.
    pub(super) fn items<'a>(&mut self, field: &Field<'a>) -> Option<&'a [Node]> {
        match &field.node.value {
            Value::List(items) => Some(items),
            _ => self.wrong_type(field, "a list"),
        }
    }

    /// Returns the text `field`.
    pub(super) fn text<'a>(&mut self, field: &Field<'a>) -> Option<&'a str> {
        match &field.node.value {
            Value::Text(text) => Some(text),
            Value::Number(number) => {
                let message = format!("{} must be a text, not the number {number}", field.path);
                self.push(ConfigError::new(&field.node.origin, message).hint(format!("write \"{number}\"")));
                None
            }
            _ => self.wrong_type(field, "a text"),
        }
    }

    /// Returns the text `field`, which must be one of `choices`, with what it stands for.
    pub(super) fn choice<T: Copy>(&mut self, field: &Field, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(field)?;
        let found = choices.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.push(
                ConfigError::new(&field.node.origin, format!("{} cannot be `{text}`", field.path))
                    .hint(nearest::hint(text, "values", &names)),
            );
        }
        found.map(|(_, value)| *value)
    }

    /// Returns the length of time `field`: a text like `10s`, of a second to a day.
    pub(super) fn time(&mut self, field: &Field) -> Option<Timeframe> {
        let parsed = match &field.node.value {
            Value::Text(text) => text.parse().ok(),
            _ => None,
        };
        if parsed.is_none() {
            let message = format!("{} cannot be {}", field.path, field.node.describe());
            self.push(ConfigError::new(&field.node.origin, message).hint(
                "write a whole number and s, m, h or d, from a second to a day, for example 10s or 2m",
            ));
        }
        parsed
    }

    /// Returns the whole number `field`, which must lie in `range`.
    pub(super) fn whole<T>(&mut self, field: &Field, range: RangeInclusive<T>) -> Option<T>
    where
        T: Copy + Display + PartialOrd + TryFrom<Decimal>,
    {
        let decimal = self.number(field)?;
        let whole = if decimal.fract().is_zero() { T::try_from(decimal).ok() } else { None };
        let whole = whole.filter(|number| range.contains(number));
        if whole.is_none() {
            let (least, most) = range.into_inner();
            self.out_of_range(field, &format!("a whole number from {least} to {most}"));
        }
        whole
    }

    /// Returns the number `field`, which must lie in `range`.
    pub(super) fn decimal(&mut self, field: &Field, range: RangeInclusive<Decimal>) -> Option<Decimal> {
        let decimal = self.number(field)?;
        let inside = range.contains(&decimal);
        if !inside {
            let (least, most) = range.into_inner();
            self.out_of_range(field, &format!("from {least} to {most}"));
        }
        inside.then_some(decimal)
    }

    /// Returns the number `field`, which must be greater than zero.
    pub(super) fn positive(&mut self, field: &Field) -> Option<Decimal> {
        self.positive_to(field, MOST)
    }

    /// Returns the number `field`, which must be greater than zero and at most `most`.
    pub(super) fn positive_to(&mut self, field: &Field, most: Decimal) -> Option<Decimal> {
        if self.number(field)? <= Decimal::ZERO {
            self.out_of_range(field, "greater than 0");
            return None;
        }
        self.decimal(field, LEAST..=most)
    }

    /// Returns the number `field`, which must be zero or greater.
    pub(super) fn not_negative(&mut self, field: &Field) -> Option<Decimal> {
        self.decimal(field, Decimal::ZERO..=MOST)
    }

    fn number(&mut self, field: &Field) -> Option<Decimal> {
        let Value::Number(text) = &field.node.value else { return self.wrong_type(field, "a number") };
        let exact = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
        if exact.is_err() {
            self.refuse(field, format!("{} has too many digits: {}", field.path, field.node.describe()));
        }
        exact.ok()
    }

    fn out_of_range(&mut self, field: &Field, rule: &str) {
        self.refuse(field, format!("{} must be {rule}, not {}", field.path, field.node.describe()));
    }

    fn wrong_type<T>(&mut self, field: &Field, expected: &str) -> Option<T> {
        self.refuse(field, format!("{} must be {expected}, not {}", field.path, field.node.describe()));
        None
    }
}
