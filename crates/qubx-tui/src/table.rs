//! Tables as the facts give them, and how one screen looks at each: sorting, filter, columns, selection. No I/O.
//!
//! Nothing jumps: a sorted table keeps its order while numbers change, and is sorted anew only by a key, or at most
//! every two seconds while nobody has the cursor in it. A selected row is known by what it is about, so it stays
//! selected wherever it moves, and when it is gone nothing else is selected in its place.

mod field;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use qubx_protocol::{InstrumentId, OrderId, Seq};

use self::field::compare;
pub(crate) use self::field::{Column, Field, Rank, Tone, left, right, symbol};

/// How long a sorted table keeps its order at the least.
const SORT_EVERY: Duration = Duration::from_secs(2);

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
            // Where there is room for none, it is as if there were room for one.
            Some(row) if !self.scrolled => top.clamp((row + 1).saturating_sub(height.max(1)), row),
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

#[cfg(test)]
mod tests;
