//! The part of the log that a screen keeps: the last entries of each kind, bounded by count and by bytes.
//!
//! The bounds are part of the reducer, so both ends drop the same entries at the same event.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Event, Fact, OutputContent};

/// The lists that are bounded apart, so that a chatty one never drives the others out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryKind {
    /// Cells and their output.
    Session,
    /// Orders, fills and verbs.
    Trading,
    /// Log lines, runs and unknown kinds.
    Log,
}

/// The bytes that one list keeps at most. A thousand ordinary cells with output are a tenth of it.
const LIST_BYTES: usize = 4 << 20;

/// The last entries of each kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// How many entries each list keeps. A cell with everything that it printed is one entry.
    limit: usize,
    session: List,
    trading: List,
    log: List,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct List {
    /// Shared, so that the copy of a state for a new screen costs little.
    events: VecDeque<Arc<Event>>,
    entries: usize,
    bytes: usize,
}

impl History {
    /// Returns an empty history that keeps `limit` entries of each kind.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, session: List::default(), trading: List::default(), log: List::default() }
    }

    /// Returns how many entries each list keeps.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Returns the kept events of one kind, oldest first.
    pub fn of(&self, kind: HistoryKind) -> impl DoubleEndedIterator<Item = &Event> {
        match kind {
            HistoryKind::Session => &self.session,
            HistoryKind::Trading => &self.trading,
            HistoryKind::Log => &self.log,
        }
        .events
        .iter()
        .map(Arc::as_ref)
    }

    /// Returns all kept events in the order of their numbers.
    #[must_use]
    pub fn all(&self) -> Vec<&Event> {
        let lists = [&self.session, &self.trading, &self.log];
        let mut events: Vec<&Event> = lists.iter().flat_map(|list| &list.events).map(Arc::as_ref).collect();
        events.sort_unstable_by_key(|event| event.seq);
        events
    }

    pub(crate) fn push(&mut self, event: &Event) {
        let Some(kind) = kind(&event.fact) else { return };
        let limit = self.limit;
        match kind {
            HistoryKind::Session => &mut self.session,
            HistoryKind::Trading => &mut self.trading,
            HistoryKind::Log => &mut self.log,
        }
        .push(event, limit);
    }
}

impl List {
    fn push(&mut self, event: &Event, limit: usize) {
        self.entries += usize::from(!belongs_to_an_entry(&event.fact));
        self.bytes += size(&event.fact);
        self.events.push_back(Arc::new(event.clone()));
        // The newest entry stays, however large it is.
        while self.entries > limit || (self.bytes > LIST_BYTES && self.entries > 1) {
            self.drop_oldest_entry();
        }
    }

    fn drop_oldest_entry(&mut self) {
        while let Some(event) = self.events.pop_front() {
            self.bytes -= size(&event.fact);
            self.entries -= usize::from(!belongs_to_an_entry(&event.fact));
            let next_begins_an_entry =
                self.events.front().is_none_or(|next| !belongs_to_an_entry(&next.fact));
            if next_begins_an_entry {
                return;
            }
        }
    }
}

/// Returns the list that a fact belongs to; none for those that live in the state alone.
fn kind(fact: &Fact) -> Option<HistoryKind> {
    match fact {
        Fact::Cell { .. }
        | Fact::CellStarted { .. }
        | Fact::Output { .. }
        | Fact::Error { .. }
        | Fact::CellFinished { .. } => Some(HistoryKind::Session),
        Fact::Order { .. } | Fact::Fill { .. } | Fact::Verb { .. } => Some(HistoryKind::Trading),
        Fact::Log { .. } | Fact::Started { .. } | Fact::Unknown(_) => Some(HistoryKind::Log),
        Fact::Status(_) => None,
    }
}

/// Tells whether a fact continues the entry before it: what a cell printed and how it ended.
fn belongs_to_an_entry(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::CellStarted { .. }
            | Fact::CellFinished { .. }
            | Fact::Output { cell: Some(_), .. }
            | Fact::Error { cell: Some(_), .. }
    )
}

/// Returns the bytes that a fact holds, near enough to bound memory by.
fn size(fact: &Fact) -> usize {
    const FIXED: usize = 200;
    FIXED
        + match fact {
            Fact::Cell { code, .. } => code.len(),
            Fact::Output { content: OutputContent::Stream { text, .. }, .. } | Fact::Log { text, .. } => {
                text.len()
            }
            Fact::Output { content: OutputContent::Data { data, .. }, .. } => {
                data.values().map(|value| value.as_str().map_or(FIXED, str::len)).sum()
            }
            Fact::Error { traceback, evalue, .. } => {
                evalue.len() + traceback.iter().map(String::len).sum::<usize>()
            }
            _ => 0,
        }
}
