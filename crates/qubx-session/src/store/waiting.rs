//! Entries of the session log that could not be written yet. No I/O.
//!
//! They count as stored: everyone was told. When there are too many, the oldest text is given up and leaves a hole in the
//! numbers; a reference to the ledger never is, because the ledger has its fact.

use std::collections::VecDeque;

use super::entries::Entry;

/// How many entries wait at most. Above it the oldest output and log lines go, then the oldest of whatever is not a
/// reference.
const ENTRIES: usize = 10_000;
/// How many bytes wait at most; the same goes then. References count little and stay: one is a number and a kind.
const BYTES: usize = 16 << 20;

/// The entries that wait, oldest first.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// How many were given up since there was nothing that waits.
    lost: u64,
}

impl Waiting {
    /// Adds entries after the last one, and gives up what is too much.
    pub(super) fn extend(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            self.bytes += size(&entry);
            self.entries.push_back(entry);
        }
        self.give_up(|entry| entry.body.is_some() && is_text(&entry.kind));
        self.give_up(|entry| entry.body.is_some());
    }

    fn give_up(&mut self, may_go: impl Fn(&Entry) -> bool) {
        let mut excess = self.entries.len().saturating_sub(ENTRIES);
        if excess == 0 && self.bytes <= BYTES {
            return;
        }
        let Self { entries, bytes, lost } = self;
        entries.retain(|entry| {
            let goes = (excess > 0 || *bytes > BYTES) && may_go(entry);
            if goes {
                excess = excess.saturating_sub(1);
                *bytes -= size(entry);
                *lost += 1;
            }
            !goes
        });
    }

    /// Takes the `count` oldest entries out: they are written.
    pub(super) fn remove(&mut self, count: usize) {
        for entry in self.entries.drain(..count) {
            self.bytes -= size(&entry);
        }
        if self.entries.is_empty() {
            self.lost = 0;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    /// Returns the entries, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.iter()
    }
}

/// Tells whether entries of a kind are text, which goes first when there is no room.
pub(super) fn is_text(kind: &str) -> bool {
    super::log::TEXT_KINDS.contains(&kind)
}

fn size(entry: &Entry) -> usize {
    size_of::<Entry>() + entry.kind.len() + entry.body.as_ref().map_or(0, String::len)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use qubx_protocol::{LedgerRow, Seq};

    use super::*;

    fn entry(seq: u64, kind: &str, body: Option<usize>) -> Entry {
        let row = body.is_none().then_some(LedgerRow(seq));
        let body = body.map(|length| "x".repeat(length));
        Entry { seq: Seq(seq), time: Timestamp::UNIX_EPOCH, kind: kind.to_owned(), row, body }
    }

    #[test]
    fn the_oldest_text_goes_first_and_references_never() {
        let mut waiting = Waiting::default();
        waiting.extend(vec![
            entry(1, "cell", Some(10)),
            entry(2, "order", None),
            entry(3, "output", Some(10)),
        ]);
        waiting.extend((4..ENTRIES as u64 + 4).map(|seq| entry(seq, "order", None)).collect());
        // Three too many: the text goes, then the cell, and all references stay.
        assert_eq!((waiting.len(), waiting.lost()), (ENTRIES + 1, 2));
        assert!(waiting.iter().all(|entry| entry.row.is_some()));
    }

    #[test]
    fn many_bytes_are_given_up_as_well() {
        let mut waiting = Waiting::default();
        waiting.extend((1..=40).map(|seq| entry(seq, "output", Some(1 << 20))).collect());
        assert!(waiting.bytes <= BYTES && waiting.len() == 15, "{}", waiting.len());
        assert_eq!(waiting.iter().next().unwrap().seq, Seq(26), "the oldest went");
        let all = waiting.len();
        waiting.remove(all);
        assert_eq!((waiting.bytes, waiting.lost(), waiting.is_empty()), (0, 0, true));
    }
}
