//! Tables as the facts give them, and how one screen looks at each: sorting, filter, columns, selection. No I/O.
//!
//! Nothing jumps: a sorted table keeps its order while numbers change, and is sorted anew only by a key, or at most
//! every two seconds while nobody has the cursor in it. A selected row is known by what it is about, so it stays
//! selected wherever it moves, and when it is gone nothing else is selected in its place.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use qubx_protocol::{InstrumentId, OrderId, Seq};
use rust_decimal::Decimal;

use crate::format::UNKNOWN;

/// How long a sorted table keeps its order at the least.
const SORT_EVERY: Duration = Duration::from_secs(2);

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

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RowKey {
    Instrument(InstrumentId),
    Order(OrderId),
    /// The entry of the log that tells of it.
    Entry(Seq),
    Peer(String),
    /// A row of a published table, by its place.
    Place(usize),
    Published(String, Option<InstrumentId>),
    Parameter(String),
    Action(String),
    Callback(String),
}

/// A row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) key: RowKey,
    pub(crate) fields: Vec<Field>,
    /// Whether it is older than it should be: it steps back.
    pub(crate) old: bool,
    /// Whether something has just happened to it.
    pub(crate) flash: bool,
}

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    /// What stands there when it has no rows.
    pub(crate) empty: String,
}

/// By what a table is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) column: usize,
    pub(crate) descending: bool,
}

/// How one screen looks at a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableView {
    pub(crate) sort: Option<Sort>,
    /// Rows without this text are left out.
    pub(crate) filter: String,
    /// The columns that are left out.
    pub(crate) hidden: BTreeSet<usize>,
    pub(crate) selected: Option<RowKey>,
    /// The first row in view, when the selected one need not be in view.
    pub(crate) top: usize,
    /// Whether the rows were moved without the selection.
    pub(crate) scrolled: bool,
    /// The order that is kept.
    order: Vec<RowKey>,
    sorted_at: Option<Instant>,
}

impl TableView {
    /// Returns a view that is sorted from the start.
    pub(crate) fn sorted_by(column: usize, descending: bool) -> Self {
        Self { sort: Some(Sort { column, descending }), ..Self::default() }
    }

    /// Returns the rows that are shown, in their order.
    pub(crate) fn rows<'a>(&self, table: &'a Table) -> Vec<&'a Row> {
        let filter = self.filter.to_lowercase();
        let mut rows: Vec<&Row> = table.rows.iter().filter(|row| row.has(&filter)).collect();
        if self.sort.is_some() {
            let places: BTreeMap<&RowKey, usize> =
                self.order.iter().enumerate().map(|(place, key)| (key, place)).collect();
            // What is new stands at the end until the table is sorted again.
            rows.sort_by_key(|row| places.get(&row.key).copied().unwrap_or(usize::MAX));
        }
        rows
    }

    /// Returns the place of the selected row among those that are shown.
    pub(crate) fn selected_place(&self, rows: &[&Row]) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        rows.iter().position(|row| row.key == *selected)
    }

    /// Selects a row that is shown; the last one when there are fewer.
    pub(crate) fn select(&mut self, rows: &[&Row], place: usize) {
        self.selected = rows.get(place.min(rows.len().saturating_sub(1))).map(|row| row.key.clone());
        self.scrolled = false;
    }

    /// Returns the first row in view of a table with that many rows and room for `height`.
    pub(crate) fn first(&self, count: usize, selected: Option<usize>, height: usize) -> usize {
        let top = self.top.min(count.saturating_sub(height));
        match selected {
            Some(row) if !self.scrolled => top.clamp((row + 1).saturating_sub(height), row),
            _ => top,
        }
    }

    /// Sorts the rows anew.
    pub(crate) fn sort_now(&mut self, table: &Table, now: Instant) {
        let Some(sort) = self.sort else { return };
        let mut rows: Vec<&Row> = table.rows.iter().collect();
        rows.sort_by(|a, b| compare(a.fields.get(sort.column), b.fields.get(sort.column), sort.descending));
        self.order = rows.into_iter().map(|row| row.key.clone()).collect();
        self.sorted_at = Some(now);
    }

    /// Tells whether it is time to sort the rows anew.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.sort.is_some() && self.sorted_at.is_none_or(|at| now.saturating_duration_since(at) >= SORT_EVERY)
    }

    /// Sorts by the next column that is not hidden; after the last one, by none.
    pub(crate) fn sort_next(&mut self, table: &Table, now: Instant) {
        let from = self.sort.map_or(0, |sort| sort.column + 1);
        let next = (from..table.columns.len()).find(|column| !self.hidden.contains(column));
        self.sort = next.map(|column| Sort { column, descending: !table.columns[column].left });
        self.sort_now(table, now);
    }

    /// Turns the order around.
    pub(crate) fn reverse(&mut self, table: &Table, now: Instant) {
        let sort = self.sort.get_or_insert(Sort { column: 0, descending: false });
        sort.descending = !sort.descending;
        self.sort_now(table, now);
    }

    /// Sorts by a column, or turns the order around when that is the case already.
    pub(crate) fn sort_by(&mut self, column: usize, table: &Table, now: Instant) {
        match self.sort {
            Some(sort) if sort.column == column => self.reverse(table, now),
            _ => {
                let descending = table.columns.get(column).is_some_and(|column| !column.left);
                self.sort = Some(Sort { column, descending });
                self.sort_now(table, now);
            }
        }
    }

    /// Leaves a column out, or takes it in again; one column always stays.
    pub(crate) fn toggle(&mut self, column: usize, table: &Table) {
        if !self.hidden.remove(&column) && self.hidden.len() + 1 < table.columns.len() {
            self.hidden.insert(column);
        }
    }

    /// Returns the columns that are shown in that much room, each with its first column on the screen and its width.
    pub(crate) fn columns(&self, table: &Table, room: usize) -> Vec<(usize, usize, usize)> {
        let mut kept: Vec<usize> =
            (0..table.columns.len()).filter(|column| !self.hidden.contains(column)).collect();
        let used = |kept: &[usize]| kept.iter().map(|column| table.columns[*column].width + 1).sum::<usize>();
        while used(&kept) > room {
            let last = kept.iter().copied().max_by_key(|column| (table.columns[*column].importance, *column));
            match last {
                Some(column) if table.columns[column].importance > 0 => kept.retain(|kept| *kept != column),
                _ => break,
            }
        }
        let mut left = room.saturating_sub(used(&kept));
        let mut start = 1;
        let mut places = Vec::with_capacity(kept.len());
        for column in kept {
            let Column { width, most, .. } = table.columns[column];
            let more = left.min(most.saturating_sub(width));
            left -= more;
            places.push((column, start, width + more));
            start += width + more + 1;
        }
        places
    }
}

impl Row {
    fn has(&self, filter: &str) -> bool {
        filter.is_empty() || self.fields.iter().any(|field| field.text.to_lowercase().contains(filter))
    }

    /// Returns the row as text with tabs between its fields.
    pub(crate) fn tab_separated(&self) -> String {
        self.fields.iter().map(|field| field.text.trim()).collect::<Vec<_>>().join("\t")
    }
}

fn compare(a: Option<&Field>, b: Option<&Field>, descending: bool) -> Ordering {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn table(values: &[(usize, Option<i64>)]) -> Table {
        let row = |(key, value): &(usize, Option<i64>)| Row {
            key: RowKey::Place(*key),
            fields: vec![
                Field::words(format!("row {key}")),
                Field::maybe(value.map(Decimal::from), |value| value.to_string()),
            ],
            old: false,
            flash: false,
        };
        Table {
            columns: vec![symbol(), right("N", 4, 1)],
            rows: values.iter().map(row).collect(),
            empty: String::new(),
        }
    }

    fn keys(view: &TableView, table: &Table) -> Vec<usize> {
        let key = |row: &&Row| match row.key {
            RowKey::Place(place) => place,
            _ => usize::MAX,
        };
        view.rows(table).iter().map(key).collect()
    }

    #[test]
    fn sorted_rows_keep_their_place_until_they_are_sorted_again() {
        let now = Instant::now();
        let mut view = TableView::sorted_by(1, true);
        view.sort_now(&table(&[(1, Some(5)), (2, None), (3, Some(9))]), now);
        assert_eq!(keys(&view, &table(&[(1, Some(5)), (2, None), (3, Some(9))])), [3, 1, 2]);
        let changed = table(&[(1, Some(50)), (2, Some(7)), (3, Some(9)), (4, Some(99))]);
        assert_eq!(keys(&view, &changed), [3, 1, 2, 4]);
        assert!(!view.is_due(now + Duration::from_millis(1_900)));
        assert!(view.is_due(now + SORT_EVERY));
        view.sort_now(&changed, now + SORT_EVERY);
        assert_eq!(keys(&view, &changed), [4, 1, 3, 2]);
        view.reverse(&changed, now);
        assert_eq!(keys(&view, &changed), [2, 3, 1, 4]);
    }

    #[test]
    fn a_selected_row_is_followed_and_one_that_is_gone_selects_no_other() {
        let now = Instant::now();
        let mut view = TableView::sorted_by(1, true);
        let before = table(&[(1, Some(5)), (2, Some(6))]);
        view.sort_now(&before, now);
        view.select(&view.clone().rows(&before), 1);
        assert_eq!(view.selected, Some(RowKey::Place(1)));
        let after = table(&[(1, Some(7)), (2, Some(6))]);
        view.sort_now(&after, now);
        assert_eq!(view.selected_place(&view.rows(&after)), Some(0));
        let without = table(&[(2, Some(6))]);
        assert_eq!(view.selected_place(&view.rows(&without)), None);
    }

    #[test]
    fn a_filter_leaves_rows_out_and_unknown_comes_last_either_way() {
        let rows = table(&[(1, None), (12, Some(2)), (3, Some(1))]);
        let mut view = TableView { filter: "ROW 1".to_owned(), ..TableView::default() };
        assert_eq!(keys(&view, &rows), [1, 12]);
        view.filter.clear();
        for (descending, expected) in [(true, [12, 3, 1]), (false, [3, 12, 1])] {
            view.sort = Some(Sort { column: 1, descending });
            view.sort_now(&rows, Instant::now());
            assert_eq!(keys(&view, &rows), expected);
        }
    }

    #[test]
    fn columns_go_by_importance_and_by_choice_but_never_all() {
        let rows = table(&[]);
        let mut view = TableView::default();
        assert_eq!(view.columns(&rows, 40), [(0, 1, 16), (1, 18, 4)]);
        assert_eq!(view.columns(&rows, 12), [(0, 1, 11)]);
        view.toggle(0, &rows);
        view.toggle(1, &rows);
        assert_eq!(view.columns(&rows, 40), [(1, 1, 4)]);
        view.toggle(0, &rows);
        assert_eq!(view.columns(&rows, 40).len(), 2);
    }

    #[test]
    fn the_selected_row_stays_in_view_until_the_rows_are_moved_apart() {
        let mut view = TableView::default();
        assert_eq!(view.first(100, Some(50), 10), 41);
        view.top = 45;
        assert_eq!(view.first(100, Some(50), 10), 45);
        view.scrolled = true;
        view.top = 99;
        assert_eq!(view.first(100, Some(50), 10), 90);
    }
}
