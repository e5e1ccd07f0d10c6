//! Which cell waits for a line of text. No I/O.
//!
//! Python tells the wait over the bridge and the cell's output over a socket, so the two may overtake each other: a
//! wait is announced only when all output from before it was heard, and it ends before its cell does.

use std::time::{Duration, Instant};

use crate::{CellRef, KernelEvent};

/// How long the output from before a wait may take. It is missing only when the child dropped messages.
const LATEST_OUTPUT: Duration = Duration::from_millis(500);

/// A wait, as Python tells it.
#[derive(Debug)]
pub(crate) struct Wait {
    /// Unique in one kernel.
    pub(crate) number: u64,
    /// The id of the request whose cell waits.
    pub(crate) request: String,
    pub(crate) prompt: String,
    pub(crate) password: bool,
    /// The number of the last broadcast before it.
    pub(crate) after: u64,
}

/// The wait that there is. There is one at most: cells wait on Python's one main thread.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    waiting: Option<(Wait, Instant)>,
    announced: Option<(u64, CellRef)>,
}

impl Inputs {
    /// Takes a wait; [`Inputs::announce`] tells it when it is time.
    pub(crate) fn begin(&mut self, wait: Wait, now: Instant) {
        self.waiting = Some((wait, now + LATEST_OUTPUT));
    }

    /// Returns the number of a wait that is to be announced now, and its event. `find` returns a request's cell, none
    /// for one that is not known yet or belongs in no history.
    pub(crate) fn announce(
        &mut self,
        heard: u64,
        now: Instant,
        find: impl FnOnce(&str) -> Option<CellRef>,
    ) -> Option<(u64, KernelEvent)> {
        let (wait, latest) = self.waiting.as_mut()?;
        if heard < wait.after && now < *latest {
            return None;
        }
        let cell = find(&wait.request)?;
        let (wait, _) = self.waiting.take()?;
        self.announced = Some((wait.number, cell.clone()));
        let (prompt, password) = (wait.prompt, wait.password);
        Some((wait.number, KernelEvent::InputRequested { cell, prompt, password }))
    }

    /// Returns when [`Inputs::announce`] has something to do at the latest.
    pub(crate) fn deadline(&self, now: Instant) -> Option<Instant> {
        // After it, only the cell itself can be missing, and that comes as a message.
        self.waiting.as_ref().map(|(_, latest)| *latest).filter(|latest| *latest > now)
    }

    /// Takes the end of a wait.
    pub(crate) fn end(&mut self, number: u64) -> Option<KernelEvent> {
        self.waiting.take_if(|(wait, _)| wait.number == number);
        let (_, cell) = self.announced.take_if(|(announced, _)| *announced == number)?;
        Some(KernelEvent::InputEnded { cell })
    }

    /// Takes the end of a cell, which ends its wait.
    pub(crate) fn end_cell(&mut self, ended: &CellRef) -> Option<KernelEvent> {
        let (_, cell) = self.announced.take_if(|(_, cell)| cell == ended)?;
        Some(KernelEvent::InputEnded { cell })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(number: u64, after: u64) -> Wait {
        Wait { number, request: "r".into(), prompt: "? ".into(), password: false, after }
    }

    fn cell() -> CellRef {
        CellRef::Guest("r".into())
    }

    #[test]
    fn a_wait_is_told_after_the_output_before_it_and_when_its_cell_is_known() {
        let now = Instant::now();
        let mut inputs = Inputs::default();
        inputs.begin(wait(1, 5), now);
        assert_eq!(inputs.announce(4, now, |_| Some(cell())), None);
        assert_eq!(inputs.announce(5, now, |_| None), None);
        let requested = KernelEvent::InputRequested { cell: cell(), prompt: "? ".into(), password: false };
        assert_eq!(inputs.announce(5, now, |_| Some(cell())), Some((1, requested)));
        assert_eq!(inputs.end(2), None);
        assert_eq!(inputs.end(1), Some(KernelEvent::InputEnded { cell: cell() }));
        assert_eq!(inputs.end(1), None);
    }

    #[test]
    fn a_wait_is_told_although_output_before_it_was_lost() {
        let now = Instant::now();
        let mut inputs = Inputs::default();
        inputs.begin(wait(1, 5), now);
        let deadline = inputs.deadline(now).unwrap();
        assert!(inputs.announce(4, deadline, |_| Some(cell())).is_some());
        assert_eq!(inputs.deadline(deadline), None);
    }

    #[test]
    fn a_wait_ends_with_its_cell_and_one_that_nobody_heard_of_ends_silently() {
        let now = Instant::now();
        let mut inputs = Inputs::default();
        inputs.begin(wait(1, 0), now);
        inputs.announce(0, now, |_| Some(cell()));
        assert_eq!(inputs.end_cell(&CellRef::Strategy), None);
        assert_eq!(inputs.end_cell(&cell()), Some(KernelEvent::InputEnded { cell: cell() }));
        assert_eq!(inputs.end(1), None);
        inputs.begin(wait(2, 9), now);
        assert_eq!(inputs.end(2), None);
        assert_eq!(inputs.announce(9, now, |_| Some(cell())), None);
    }
}
