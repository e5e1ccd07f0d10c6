//! The part of the log that a screen keeps: the last entries of each kind, bounded by count and by bytes.
//!
//! The bounds are part of the reducer, so both ends drop the same entries at the same event. So is what a cell does to
//! its own output: what it cleared is gone, and what it updated stands where it stood.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{CellNumber, Event, Fact, OutputContent};

/// The lists that are bounded apart, so that a chatty one never drives the others out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
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
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct History {
    /// How many entries each list keeps. A cell with everything that it printed is one entry.
    limit: usize,
    session: List,
    trading: List,
    log: List,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
struct List {
    /// Shared, so that the copy of a state for a new screen costs little.
    #[cfg_attr(test, ts(as = "Vec<Event>"))]
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
        let Some(kind) = event.fact.history_kind() else { return };
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
        if let Fact::Output { cell, content } = &event.fact {
            match content {
                OutputContent::Clear { wait: false } => return self.clear(*cell),
                OutputContent::Data { display: Some(display), data, update: true, .. } => {
                    return self.update(display, data);
                }
                OutputContent::Clear { wait: true } => {}
                _ if self.waits_for_new_output(*cell) => self.clear(*cell),
                _ => {}
            }
        }
        self.entries += usize::from(!event.fact.continues_an_entry());
        self.bytes += event.fact.size();
        self.events.push_back(Arc::new(event.clone()));
        // The newest entry stays, however large it is.
        while self.entries > limit || (self.bytes > LIST_BYTES && self.entries > 1) {
            self.drop_oldest_entry();
        }
    }

    /// Drops what a cell has shown.
    fn clear(&mut self, cell: Option<CellNumber>) {
        let bytes = &mut self.bytes;
        let entries = &mut self.entries;
        self.events.retain(|event| {
            let goes = matches!(&event.fact, Fact::Output { cell: of, .. } if *of == cell);
            if goes {
                *bytes -= event.fact.size();
                *entries -= usize::from(!event.fact.continues_an_entry());
            }
            !goes
        });
    }

    /// Tells whether the newest thing that a cell did to its output was to clear it as soon as something new comes.
    fn waits_for_new_output(&self, cell: Option<CellNumber>) -> bool {
        let newest = self.events.iter().rev().find_map(|event| match &event.fact {
            Fact::Output { cell: of, content } if *of == cell => Some(content),
            _ => None,
        });
        matches!(newest, Some(OutputContent::Clear { wait: true }))
    }

    /// Puts new forms in the place of what is shown under a name. There may be several places, or none any more.
    fn update(&mut self, name: &str, forms: &BTreeMap<String, serde_json::Value>) {
        for event in &mut self.events {
            let is_meant = matches!(
                &event.fact,
                Fact::Output { content: OutputContent::Data { display: Some(display), .. }, .. } if display == name
            );
            if !is_meant {
                continue;
            }
            self.bytes -= event.fact.size();
            if let Fact::Output { content: OutputContent::Data { data, .. }, .. } =
                &mut Arc::make_mut(event).fact
            {
                data.clone_from(forms);
            }
            self.bytes += event.fact.size();
        }
    }

    fn drop_oldest_entry(&mut self) {
        while let Some(event) = self.events.pop_front() {
            self.bytes -= event.fact.size();
            self.entries -= usize::from(!event.fact.continues_an_entry());
            let next_begins_an_entry = self.events.front().is_none_or(|next| !next.fact.continues_an_entry());
            if next_begins_an_entry {
                return;
            }
        }
    }
}

impl Fact {
    /// Returns the list that the fact belongs to; none for those that live in the state alone.
    #[must_use]
    pub fn history_kind(&self) -> Option<HistoryKind> {
        match self {
            Fact::Cell { .. }
            | Fact::CellStarted { .. }
            | Fact::Output { .. }
            | Fact::InputRequested { .. }
            | Fact::InputEnded { .. }
            | Fact::Error { .. }
            | Fact::CellFinished { .. } => Some(HistoryKind::Session),
            Fact::Order { .. }
            | Fact::Fill { .. }
            | Fact::Funding { .. }
            | Fact::Results(_)
            | Fact::Verb { .. } => Some(HistoryKind::Trading),
            Fact::Log { .. } | Fact::Started { .. } | Fact::Unknown(_) => Some(HistoryKind::Log),
            Fact::Status(_) => None,
        }
    }

    /// Tells whether the fact continues the entry before it: what a cell printed and how it ended.
    #[must_use]
    pub fn continues_an_entry(&self) -> bool {
        matches!(
            self,
            Fact::CellStarted { .. }
                | Fact::CellFinished { .. }
                | Fact::InputRequested { .. }
                | Fact::InputEnded { .. }
                | Fact::Output { cell: Some(_), .. }
                | Fact::Error { cell: Some(_), .. }
        )
    }
}

impl Fact {
    /// Returns the bytes that the fact holds, near enough to bound memory by.
    #[must_use]
    pub fn size(&self) -> usize {
        const FIXED: usize = 200;
        FIXED
            + match self {
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
}
