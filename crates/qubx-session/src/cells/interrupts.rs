//! Interrupts until they have had their effect, or it is clear that they will not. No I/O.
//!
//! An interrupt is a signal that Python turns into an exception at its next step. A call into C takes no step, and code
//! may catch the exception. So it is sent once more, and then whoever asked is told what it can and cannot do.

use std::time::{Duration, Instant};

use qubx_protocol::{CellNumber, VerbOutcome, VerbProgress};

/// When a cell that goes on is interrupted once more.
const AGAIN_AFTER: Duration = Duration::from_secs(2);
/// When a cell that still goes on is taken for one that cannot be interrupted.
const GIVE_UP_AFTER: Duration = Duration::from_secs(5);

/// The interrupts that have not had their effect yet.
#[derive(Debug, Default)]
pub(crate) struct Interrupts {
    pending: Vec<Pending>,
}

#[derive(Debug)]
struct Pending {
    verb: VerbProgress,
    cell: CellNumber,
    asked: Instant,
    sent_again: bool,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// Send the interrupt once more.
    Again,
    /// Tell how the verb ended.
    Tell(VerbProgress),
}

impl Interrupts {
    /// Notes an interrupt that was sent to a cell.
    pub(crate) fn sent(&mut self, verb: VerbProgress, cell: CellNumber, now: Instant) {
        self.pending.push(Pending { verb, cell, asked: now, sent_again: false });
    }

    /// Returns how the interrupts of a cell that ended are to be told.
    pub(crate) fn cell_ended(&mut self, cell: CellNumber, now: Instant) -> Vec<VerbProgress> {
        let ended = self.pending.extract_if(.., |pending| pending.cell == cell);
        ended
            .map(|pending| {
                let milliseconds = now.duration_since(pending.asked).as_millis();
                let text = format!("cell {cell} ended after {milliseconds} ms");
                VerbProgress { outcome: VerbOutcome::Done, text, ..pending.verb }
            })
            .collect()
    }

    /// Returns when [`Interrupts::tick`] has something to do.
    pub(crate) fn due(&self) -> Option<Instant> {
        let due =
            |pending: &Pending| pending.asked + if pending.sent_again { GIVE_UP_AFTER } else { AGAIN_AFTER };
        self.pending.iter().map(due).min()
    }

    /// Returns what is due; `responds` tells whether Python answers beside the running cell.
    pub(crate) fn tick(&mut self, now: Instant, responds: bool) -> Vec<Step> {
        let mut steps = Vec::new();
        for pending in &mut self.pending {
            if !pending.sent_again && now >= pending.asked + AGAIN_AFTER {
                pending.sent_again = true;
                steps.push(Step::Again);
            }
        }
        let given_up = self.pending.extract_if(.., |pending| now >= pending.asked + GIVE_UP_AFTER);
        steps.extend(given_up.map(|pending| {
            let cell = pending.cell;
            let why = if responds {
                "it catches the interrupt, or is in a call that does not return to Python"
            } else {
                "Python is in a call that does not return and lets nothing else run"
            };
            let text = format!(
                "cell {cell} goes on: {why}. The interrupt takes effect when the call returns; a restart of the kernel \
                 ends it at once and leaves orders and positions as they are"
            );
            Step::Tell(VerbProgress { outcome: VerbOutcome::Failed, text, ..pending.verb })
        }));
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verb() -> VerbProgress {
        VerbProgress {
            command: Some("c".into()),
            author: "op".into(),
            verb: "interrupt".to_owned(),
            target: String::new(),
            outcome: VerbOutcome::Started,
            text: String::new(),
        }
    }

    #[test]
    fn an_interrupt_is_told_when_its_cell_ends() {
        let now = Instant::now();
        let mut interrupts = Interrupts::default();
        interrupts.sent(verb(), CellNumber(1), now);
        assert_eq!(interrupts.cell_ended(CellNumber(2), now), []);
        let told = interrupts.cell_ended(CellNumber(1), now + Duration::from_millis(40));
        assert_eq!(told[0].text, "cell 1 ended after 40 ms");
        assert_eq!(interrupts.due(), None);
    }

    #[test]
    fn an_interrupt_without_effect_is_sent_once_more_and_then_given_up_in_words() {
        let now = Instant::now();
        let mut interrupts = Interrupts::default();
        interrupts.sent(verb(), CellNumber(1), now);
        assert_eq!(interrupts.tick(now, true), []);
        assert_eq!(interrupts.tick(interrupts.due().unwrap(), true), [Step::Again]);
        let steps = interrupts.tick(interrupts.due().unwrap(), false);
        let [Step::Tell(verb)] = &steps[..] else { panic!("{steps:?}") };
        assert!(verb.outcome == VerbOutcome::Failed && verb.text.contains("restart"), "{verb:?}");
        assert_eq!(interrupts.due(), None);
    }
}
