//! Columns, and what stands in them: the text, and what it is sorted by. No I/O.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::time::Duration;

use rust_decimal::Decimal;

use crate::format::UNKNOWN;

/// A column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) title: Cow<'static, str>,
    /// Its columns on the screen, at the least.
    pub(crate) width: usize,
    /// And at the most, where there is room.
    pub(crate) most: usize,
    /// Whether it has words, which stand to the left; digits stand to the right.
    pub(crate) left: bool,
    /// Columns with the highest number go first where there is no room; those with 0 stay.
    pub(crate) importance: u8,
    /// What it is sorted by, where that is not its title.
    pub(crate) sorts_as: Option<&'static str>,
}

/// Returns a column whose digits stand to the right.
pub(crate) fn right(title: &'static str, width: usize, importance: u8) -> Column {
    Column { title: title.into(), width, most: width, left: false, importance, sorts_as: None }
}

/// Returns a column of words.
pub(crate) fn left(title: &'static str, width: usize, importance: u8) -> Column {
    Column { left: true, ..right(title, width, importance) }
}

/// Returns the column of symbols, which takes what room there is.
pub(crate) fn symbol() -> Column {
    Column { most: 16, ..left("Symbol", 8, 0) }
}

impl Column {
    /// Returns what the title of a table calls the column when it is sorted by it.
    pub(crate) fn sort_name(&self) -> String {
        self.sorts_as.map_or_else(|| self.title.to_lowercase(), str::to_owned)
    }
}

/// How a field is to be taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Gain,
    Loss,
    Quiet,
    Attention,
}

/// What a field is sorted by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rank {
    /// Not known: last, whichever way the table is sorted.
    Unknown,
    Number(Decimal),
    Float(f64),
    Text(String),
}

/// What one place of a row shows.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) text: String,
    pub(crate) tone: Tone,
    pub(crate) rank: Rank,
}

impl Field {
    /// Returns words.
    pub(crate) fn words(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { rank: Rank::Text(text.to_lowercase()), text, tone: Tone::Plain }
    }

    /// Returns a number with its text.
    pub(crate) fn number(value: Decimal, text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Plain, rank: Rank::Number(value) }
    }

    /// Returns what is not known.
    pub(crate) fn unknown() -> Self {
        Self { text: UNKNOWN.to_owned(), tone: Tone::Plain, rank: Rank::Unknown }
    }

    /// Returns a number with its text, or that it is not known.
    pub(crate) fn maybe(value: Option<Decimal>, text: impl FnOnce(Decimal) -> String) -> Self {
        value.map_or_else(Self::unknown, |value| Self::number(value, text(value)))
    }

    /// Returns a length of time with its text: the longest sorts as the largest.
    pub(crate) fn lasting(duration: Duration, text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Plain, rank: Rank::Float(duration.as_secs_f64()) }
    }

    /// Returns the field in a tone.
    pub(crate) fn toned(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }
}

/// Compares two fields of a column; what is unknown comes last either way.
pub(super) fn compare(a: Option<&Field>, b: Option<&Field>, descending: bool) -> Ordering {
    let unknown = Rank::Unknown;
    let rank = |field: Option<&Field>| field.map_or(unknown.clone(), |field| field.rank.clone());
    let (a, b) = (rank(a), rank(b));
    let order = match (&a, &b) {
        (Rank::Unknown, Rank::Unknown) => return Ordering::Equal,
        (Rank::Unknown, _) => return Ordering::Greater,
        (_, Rank::Unknown) => return Ordering::Less,
        (Rank::Number(a), Rank::Number(b)) => a.cmp(b),
        (Rank::Float(a), Rank::Float(b)) => a.total_cmp(b),
        (Rank::Text(a), Rank::Text(b)) => a.cmp(b),
        // Numbers before words, in a published column that has both.
        (Rank::Text(_), _) => Ordering::Greater,
        (_, Rank::Text(_)) => Ordering::Less,
        (Rank::Number(_), Rank::Float(_)) => Ordering::Less,
        (Rank::Float(_), Rank::Number(_)) => Ordering::Greater,
    };
    if descending { order.reverse() } else { order }
}
