//! The search through what was run before: newest first, each text once. No I/O.
//!
//! It looks at a copy of the history that is taken when it begins, so nothing moves under the fingers; older cells are
//! added behind it as the service finds them. One question is on its way at a time, for what is looked for then.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::ops::Range;

use qubx_protocol::{Author, PastCell, RequestId, RequestKind, Seq};

use crate::facts;
use crate::prompt::Prompt;

/// Cells that are offered at most; nobody goes on to the next.
const MOST_FOUND: usize = 1_000;

/// Cells that the service is asked for at once: several screens of them, and no long wait.
const PAGE: usize = 100;

/// A cell that was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Past {
    pub(crate) seq: Seq,
    pub(crate) author: Author,
    pub(crate) code: String,
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    query: String,
    scope: Scope,
}

/// What is known of the cells before those that this screen has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Older {
    /// There may be some.
    Unknown,
    /// The service looks for them.
    Asked,
    /// There is none that is looked for.
    None,
    /// They could not be had, and why.
    Failed(String),
}

/// Whose cells are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Mine,
    All,
}

/// A search, from its key until a cell is taken or it is left.
pub(crate) struct Search {
    /// What is looked for; it is typed like any text.
    pub(crate) query: Prompt,
    pub(crate) scope: Scope,
    me: Author,
    /// What is looked at, newest first.
    cells: Vec<Past>,
    /// The places among them of what was found, newest first.
    found: Vec<usize>,
    selected: usize,
    /// The oldest number that this screen had when the search began.
    first: Seq,
    /// The number before which older cells that are looked for were not seen yet.
    before: Seq,
    older: Older,
    /// What the service is asked for, and the question's id once it has one.
    asked: Option<(Wanted, Option<RequestId>)>,
}

impl Search {
    /// Begins a search of somebody through cells, newest first; `next` is the number that the next event will have.
    pub(crate) fn new(me: Author, cells: Vec<Past>, next: Seq) -> Self {
        let first = cells.last().map_or(next, |cell| cell.seq);
        let mut search = Self {
            query: Prompt::default(),
            scope: Scope::Mine,
            me,
            cells,
            found: Vec::new(),
            selected: 0,
            first,
            before: first,
            older: Older::Unknown,
            asked: None,
        };
        search.look();
        search
    }

    /// Looks anew, after the query has changed; the newest cell that was found is selected.
    pub(crate) fn look(&mut self) {
        self.selected = 0;
        self.before = self.first;
        self.older = Older::Unknown;
        self.find();
    }

    fn wanted(&self) -> Wanted {
        Wanted { query: self.query.text(), scope: self.scope }
    }

    /// Returns what the service is to be asked, if it is not looking yet, there may be more, and the end of what was
    /// found is near.
    pub(crate) fn ask(&mut self) -> Option<RequestKind> {
        let is_near = self.selected + PAGE / 2 >= self.found.len();
        if self.asked.is_some() || self.older != Older::Unknown || !is_near || self.found.len() >= MOST_FOUND
        {
            return None;
        }
        let wanted = self.wanted();
        let contains = Some(wanted.query.clone()).filter(|query| !query.is_empty());
        let author = (self.scope == Scope::Mine).then(|| Author::from(facts::user(&self.me)));
        self.asked = Some((wanted, None));
        Some(RequestKind::Cells { before: self.before, contains, author, limit: PAGE })
    }

    /// Notes the id of the question.
    pub(crate) fn asked_as(&mut self, id: RequestId) {
        if let Some((_, request)) = &mut self.asked {
            *request = Some(id);
        }
    }

    /// Tells whether an answer is to this search's question.
    pub(crate) fn is_asked(&self, id: &RequestId) -> bool {
        matches!(&self.asked, Some((_, Some(request))) if request == id)
    }

    /// Forgets the question, with a connection that is lost.
    pub(crate) fn forget(&mut self) {
        if self.asked.take().is_some() {
            self.older = Older::Unknown;
        }
    }

    /// Takes in what the service found, newest first, or why it found nothing. What is selected stays.
    pub(crate) fn answered(&mut self, result: Result<(Vec<PastCell>, bool), String>) {
        let Some((wanted, _)) = self.asked.take() else { return };
        let is_wanted = wanted == self.wanted();
        let chosen = self.chosen().map(|cell| cell.seq);
        let older = match result {
            Ok((cells, complete)) => {
                let oldest = cells.iter().map(|cell| cell.seq).min();
                if let Some(oldest) = oldest.filter(|_| is_wanted) {
                    self.before = oldest;
                }
                // What was found for something else is a cell all the same.
                let past = |cell: PastCell| Past { seq: cell.seq, author: cell.author, code: cell.code };
                self.cells.extend(cells.into_iter().map(past));
                self.cells.sort_by_key(|cell| Reverse(cell.seq));
                self.cells.dedup_by_key(|cell| cell.seq);
                if complete || oldest.is_none() { Older::None } else { Older::Unknown }
            }
            Err(why) => Older::Failed(why),
        };
        self.older = if is_wanted { older } else { Older::Unknown };
        self.find();
        let place = self.found.iter().position(|place| Some(self.cells[*place].seq) == chosen);
        self.selected = place.unwrap_or(self.selected);
    }

    /// Returns what is known of older cells.
    pub(crate) fn older(&self) -> &Older {
        // Also while the answer is to what was looked for before.
        if self.asked.is_some() { &Older::Asked } else { &self.older }
    }

    /// Looks at my cells after all, or at all after mine.
    pub(crate) fn toggle(&mut self) {
        self.scope = if self.scope == Scope::Mine { Scope::All } else { Scope::Mine };
        self.look();
    }

    fn find(&mut self) {
        let query = self.query.text();
        let mut known = HashSet::new();
        let cells = self.cells.iter().enumerate();
        let found = cells.filter(|(_, cell)| {
            let is_meant = self.scope == Scope::All || facts::is_mine(&cell.author, &self.me);
            is_meant && find(&cell.code, &query).is_some() && known.insert(cell.code.as_str())
        });
        self.found = found.map(|(place, _)| place).take(MOST_FOUND).collect();
    }

    /// Selects an older cell, or a newer one; there is no way around the ends.
    pub(crate) fn step(&mut self, older: isize) {
        let last = self.found.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(older).min(last);
    }

    /// Returns what was found, newest first.
    pub(crate) fn found(&self) -> impl ExactSizeIterator<Item = &Past> {
        self.found.iter().map(|place| &self.cells[*place])
    }

    /// Returns the place of the selected cell among what was found.
    pub(crate) fn selected(&self) -> usize {
        self.selected
    }

    /// Returns the selected cell; none when nothing was found.
    pub(crate) fn chosen(&self) -> Option<&Past> {
        self.found.get(self.selected).map(|place| &self.cells[*place])
    }
}

/// Returns where a query first is in a text. A query without capitals finds them too.
pub(crate) fn find(text: &str, query: &str) -> Option<Range<usize>> {
    if query.chars().any(char::is_uppercase) {
        return text.find(query).map(|start| start..start + query.len());
    }
    let first = query.chars().next();
    let begins = |(start, character): (usize, char)| {
        if first.is_some_and(|first| !alike(character, first)) {
            return None;
        }
        let mut rest = text[start..].char_indices();
        for wanted in query.chars() {
            if !rest.next().is_some_and(|(_, character)| alike(character, wanted)) {
                return None;
            }
        }
        Some(start..start + rest.offset())
    };
    if query.is_empty() { Some(0..0) } else { text.char_indices().find_map(begins) }
}

fn alike(character: char, wanted: char) -> bool {
    character == wanted || character.to_lowercase().eq(std::iter::once(wanted))
}

#[cfg(test)]
mod tests {
    use qubx_protocol::CellNumber;

    use super::*;

    fn search(cells: &[(&str, &str)]) -> Search {
        let count = cells.len() as u64;
        let past = |(place, (author, code)): (usize, &(&str, &str))| Past {
            seq: Seq(100 + count - place as u64),
            author: Author::from(*author),
            code: (*code).to_owned(),
        };
        let cells = cells.iter().enumerate().map(past).collect();
        Search::new(Author::from("me@pts/1"), cells, Seq(101 + count))
    }

    fn codes(search: &Search) -> Vec<&str> {
        search.found().map(|cell| cell.code.as_str()).collect()
    }

    #[test]
    fn mine_and_all_are_found_newest_first_and_once() {
        let mut search = search(&[("me", "b"), ("op2", "c"), ("me", "a"), ("op2", "b"), ("me", "a")]);
        assert_eq!(codes(&search), ["b", "a"]);
        search.toggle();
        assert_eq!(codes(&search), ["b", "c", "a"]);
        search.query.insert("c");
        search.look();
        assert_eq!(codes(&search), ["c"]);
    }

    fn older(seq: u64, author: &str, code: &str) -> PastCell {
        let time = "2026-03-02T12:00:00Z".parse().unwrap();
        PastCell {
            seq: Seq(seq),
            cell: CellNumber(seq),
            code: code.to_owned(),
            author: Author::from(author),
            time,
        }
    }

    fn question(before: u64, contains: Option<&str>, author: Option<&str>) -> Option<RequestKind> {
        let (contains, author) = (contains.map(str::to_owned), author.map(Author::from));
        Some(RequestKind::Cells { before: Seq(before), contains, author, limit: PAGE })
    }

    #[test]
    fn what_is_selected_stays_when_older_cells_come() {
        let mut search = search(&[("me@pts/1", "b"), ("me@web", "a")]);
        assert_eq!(search.ask(), question(101, None, Some("me")));
        assert_eq!(search.ask(), None, "one at a time");
        search.step(5);
        search.answered(Ok((vec![older(9, "me@pts/3", "z"), older(4, "me", "y")], false)));
        assert_eq!(search.chosen().map(|cell| cell.code.as_str()), Some("a"));
        assert_eq!(codes(&search), ["b", "a", "z", "y"]);
        assert_eq!(search.ask(), question(4, None, Some("me")));
        search.answered(Ok((Vec::new(), true)));
        assert_eq!((search.ask(), search.older()), (None, &Older::None));
    }

    #[test]
    fn an_answer_for_something_else_asks_for_what_is_looked_for_now() {
        let mut search = search(&[("me", "b")]);
        search.ask();
        search.toggle();
        search.query.insert("z");
        search.look();
        assert_eq!(search.ask(), None, "the first answer is still to come");
        search.answered(Ok((vec![older(9, "me", "z9")], true)));
        assert_eq!(codes(&search), ["z9"]);
        assert_eq!(search.ask(), question(101, Some("z"), None));
        search.answered(Err("gone".to_owned()));
        assert_eq!((search.ask(), search.older()), (None, &Older::Failed("gone".to_owned())));
    }

    #[test]
    fn capitals_matter_when_they_are_asked_for() {
        for (text, query, expected) in [
            ("Portfolio()", "port", Some(0..4)),
            ("portfolio()", "Port", None),
            ("éÉa", "éa", Some(2..5)),
            ("İx", "x", Some(2..3)),
            ("abc", "", Some(0..0)),
            ("abc", "d", None),
        ] {
            assert_eq!(find(text, query), expected, "{text} {query}");
        }
    }
}
