//! On whose behalf Python acts: each request that ran a cell, and the command that it was. No I/O.

use std::collections::{HashMap, VecDeque};

use qubx_kernel::RunId;
use qubx_protocol::{By, CellNumber, CommandId};

/// How many ended requests are remembered: a task or a thread that one left behind may still act.
const REMEMBERED: usize = 10_000;

/// The requests that ran cells in this Python process.
#[derive(Debug, Default)]
pub(crate) struct Causes {
    /// Our cells that were sent, until Python says that they begin.
    sent: HashMap<CellNumber, By>,
    runs: HashMap<RunId, By>,
    ended: VecDeque<RunId>,
    /// Guests' requests that run.
    guests: HashMap<RunId, CommandId>,
}

impl Causes {
    /// Notes that a cell of ours is sent.
    pub(crate) fn sent(&mut self, cell: CellNumber, by: By) {
        self.sent.insert(cell, by);
    }

    /// Notes the request that runs a cell of ours; tells whether the cell was sent.
    pub(crate) fn began(&mut self, run: RunId, cell: CellNumber) -> bool {
        let by = self.sent.remove(&cell);
        let was_sent = by.is_some();
        self.runs.extend(by.map(|by| (run, by)));
        was_sent
    }

    /// Notes a request of a guest, under the id that it has in the ledger.
    pub(crate) fn guest_began(&mut self, run: RunId, by: By) {
        self.guests.extend(by.cause.clone().map(|command| (run, command)));
        self.runs.insert(run, by);
    }

    /// Notes the end of a request, and returns its id in the ledger when it is a guest's.
    pub(crate) fn ended(&mut self, run: RunId) -> Option<CommandId> {
        self.ended.push_back(run);
        if self.ended.len() > REMEMBERED {
            let oldest = self.ended.pop_front();
            oldest.and_then(|oldest| self.runs.remove(&oldest));
        }
        self.guests.remove(&run)
    }

    /// Returns who sent the cell; none when that is forgotten.
    pub(crate) fn of(&self, run: RunId) -> Option<&By> {
        self.runs.get(&run)
    }

    /// Forgets everything, as the process is gone, and returns the guests' requests that it ended.
    pub(crate) fn take_all(&mut self) -> Vec<CommandId> {
        let mut guests: Vec<_> = std::mem::take(self).guests.into_iter().collect();
        guests.sort();
        guests.into_iter().map(|(_, command)| command).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_long_after_its_cell_is_still_known_and_memory_is_bounded() {
        let mut causes = Causes::default();
        for number in 0..REMEMBERED as u64 + 5 {
            let run = RunId(number);
            causes.sent(CellNumber(number), "op1".into());
            assert!(causes.began(run, CellNumber(number)));
            assert_eq!(causes.ended(run), None);
        }
        assert_eq!((causes.of(RunId(4)), causes.runs.len()), (None, REMEMBERED));
        assert_eq!(causes.of(RunId(5)), Some(&"op1".into()));
        let by = By { author: "jupyter".into(), cause: Some("j1".into()) };
        causes.guest_began(RunId(1_000_000), by.clone());
        causes.guest_began(RunId(1_000_001), By { cause: Some("j2".into()), ..by });
        assert_eq!(causes.ended(RunId(1_000_001)), Some("j2".into()));
        assert_eq!(causes.take_all(), [CommandId::from("j1")]);
        assert!(causes.runs.is_empty());
    }
}
