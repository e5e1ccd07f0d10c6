//! History from before the oldest entry that a screen has: asked for page by page, and put before the rest.
//!
//! What is looked at stays where it is. A row above the oldest entry says what is known of what was before. When all
//! room is taken, the newest entries make place for older ones: every entry can be reached, back to the first.

use qubx_protocol::{CellNumber, Event, Fact, History, HistoryKind, OutputContent, Seq, SessionState};
use ratatui::text::Line;

use super::Transcript;
use super::scroll::Anchor;
use super::viewpoint::View;

/// A list of a snapshot with this much text may have dropped its oldest entries; it drops them from 4 MiB on.
const FULL_LIST_BYTES: usize = 3 << 20;

/// Returns the number from which on a snapshot has everything, of each kind.
///
/// What it has from before is left to the pages: shown without what was between, it would be another story.
pub(super) fn seam(history: &History) -> Seq {
    let kinds = [HistoryKind::Session, HistoryKind::Trading, HistoryKind::Log];
    let begins = kinds.into_iter().filter_map(|kind| {
        let entries = history.of(kind).filter(|event| !event.fact.continues_an_entry()).count();
        let is_full = entries >= history.limit()
            || history.of(kind).map(|event| size(&event.fact)).sum::<usize>() >= FULL_LIST_BYTES;
        history.of(kind).next().filter(|_| is_full).map(|event| event.seq)
    });
    begins.max().unwrap_or_default()
}

/// Returns the bytes of text of a fact, near enough.
fn size(fact: &Fact) -> usize {
    const FIXED: usize = 200;
    FIXED
        + match fact {
            Fact::Cell { code, .. } => code.len(),
            Fact::Log { text, .. } | Fact::Output { content: OutputContent::Stream { text, .. }, .. } => {
                text.len()
            }
            Fact::Output { content: OutputContent::Data { data, .. }, .. } => {
                data.values().map(|value| value.as_str().map_or(0, str::len)).sum()
            }
            Fact::Error { evalue, traceback, .. } => {
                evalue.len() + traceback.iter().map(String::len).sum::<usize>()
            }
            _ => 0,
        }
}

/// What is known of the history before the first entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Older {
    /// Nothing: nobody has asked.
    Unasked,
    /// A page is asked for.
    Loading,
    /// There is none.
    Beginning,
    /// It could not be had, and why.
    Failed(String),
}

impl Transcript {
    /// Asks for what is before the first entry, if somebody looks at its top and nothing is asked yet.
    ///
    /// Returns the number before which history is wanted. One page is asked for at a time.
    pub(crate) fn want_older(&mut self, view: View, columns: usize, height: usize) -> Option<Seq> {
        if matches!(self.older, Older::Loading | Older::Beginning)
            || !self.shows_oldest(view, columns, height)
        {
            return None;
        }
        let before = self.entries.front()?.seq;
        if before <= Seq(1) {
            self.know_of_older(Older::Beginning);
            return None;
        }
        self.know_of_older(Older::Loading);
        Some(before)
    }

    /// Takes a page of older history in: whole entries, oldest first.
    pub(crate) fn prepend(
        &mut self,
        events: &[Event],
        complete: bool,
        state: Option<&SessionState>,
        columns: usize,
    ) {
        let was_topmost = View::ALL.map(|view| self.next_shown(view, self.first));
        let looks_at_mark = View::ALL.map(|view| {
            let topmost = was_topmost[view as usize].unwrap_or(self.first);
            self.at(view).top == Some(Anchor { entry: topmost, row: 0 })
        });
        self.know_of_older(Older::Unasked);
        let mut page = Self::new(self.look.theme);
        std::mem::swap(&mut page.names, &mut self.names);
        for event in events.iter().filter(|event| !self.has(event)) {
            page.take(event);
        }
        std::mem::swap(&mut page.names, &mut self.names);
        // A page with too much text has lost its beginning, which can be asked for again.
        let is_whole = page.first == super::FIRST_ENTRY;
        let count = page.entries.len() as u64;
        let was_first = self.first;
        self.first -= count;
        let (shift, page_first) = (self.first, page.first);
        self.cells.extend(page.cells.into_iter().map(|(cell, entry)| (cell, entry - page_first + shift)));
        self.asking.extend(page.asking);
        self.bytes += page.bytes;
        for entry in page.entries.into_iter().rev() {
            self.entries.push_front(entry);
        }
        self.count_since_left();
        if complete && is_whole {
            self.know_of_older(Older::Beginning);
        }
        for view in View::ALL {
            let topmost = was_topmost[view as usize].unwrap_or(was_first);
            if looks_at_mark[view as usize]
                && let Some(entry) = self.previous_shown(view, topmost)
            {
                // The row that said that older history is loading gives its place to the last row of that history.
                let row = self.height_of(view, entry, columns).saturating_sub(1);
                self.at_mut(view).top = Some(Anchor { entry, row });
            }
        }
        if let Some(state) = state {
            self.place_in_queue(state);
        }
        self.trim();
    }

    /// Takes in that older history could not be had; without a reason, that it may be asked for again.
    pub(crate) fn older_failed(&mut self, why: Option<String>) {
        if self.older == Older::Loading {
            self.know_of_older(why.map_or(Older::Unasked, Older::Failed));
        }
    }

    /// Returns the row above the first entry; none while there is nothing to say.
    pub(super) fn mark(&self) -> Option<Line<'static>> {
        let text = match &self.older {
            Older::Unasked => return None,
            Older::Loading => "loading older history …".to_owned(),
            Older::Beginning => "— beginning of the session —".to_owned(),
            Older::Failed(why) => {
                format!("— older history could not be had: {} —", crate::sanitize::plain(why))
            }
        };
        Some(Line::styled(text, self.look.theme.quiet()))
    }

    /// Changes what is known; what is looked at stays, though the row above the first entry comes or goes.
    pub(super) fn know_of_older(&mut self, older: Older) {
        let had_mark = self.older != Older::Unasked;
        let has_mark = older != Older::Unasked;
        self.older = older;
        for view in View::ALL {
            let topmost = self.next_shown(view, self.first);
            if let Some(top) = &mut self.at_mut(view).top
                && Some(top.entry) == topmost
            {
                match (had_mark, has_mark) {
                    (false, true) if top.row > 0 => top.row += 1,
                    (true, false) => top.row = top.row.saturating_sub(1),
                    _ => {}
                }
            }
        }
    }

    /// Tells whether what an event begins or continues is here already.
    fn has(&self, event: &Event) -> bool {
        match cell_of(&event.fact) {
            Some(cell) => self.cells.contains_key(&cell),
            None => self.entries.front().is_some_and(|first| event.seq >= first.seq),
        }
    }
}

fn cell_of(fact: &Fact) -> Option<CellNumber> {
    match fact {
        Fact::Cell { cell, .. }
        | Fact::CellStarted { cell, .. }
        | Fact::CellFinished { cell, .. }
        | Fact::InputRequested { cell, .. } => Some(*cell),
        Fact::Output { cell, .. } | Fact::Error { cell, .. } => *cell,
        _ => None,
    }
}
