//! Who did which verb last, so that somebody who comes a moment too late is told whom he agrees with. No I/O.

use std::collections::VecDeque;

use qubx_protocol::{Author, VerbOutcome, VerbProgress};

/// The verbs that are remembered; of more, the oldest are forgotten.
const REMEMBERED: usize = 64;

/// The verbs that were done last.
#[derive(Debug, Default)]
pub(crate) struct Doers {
    done: VecDeque<(String, String, Author)>,
}

impl Doers {
    /// Takes in how a verb ended, and returns what is told of it. `was_idle` says that it found nothing left to do: when
    /// somebody else did the same before, that is said.
    pub(crate) fn ended(&mut self, ended: VerbProgress, was_idle: bool) -> VerbProgress {
        let same =
            |(verb, target, _): &&(String, String, Author)| *verb == ended.verb && *target == ended.target;
        if was_idle {
            let by = self.done.iter().rev().find(same).map(|(_, _, by)| by);
            let Some(by) = by.filter(|by| **by != ended.author) else { return ended };
            let text = format!("already done by {by}: {}", ended.text);
            return VerbProgress { outcome: VerbOutcome::Done, text, ..ended };
        }
        if ended.outcome == VerbOutcome::Done {
            if self.done.len() == REMEMBERED {
                self.done.pop_front();
            }
            self.done.push_back((ended.verb.clone(), ended.target.clone(), ended.author.clone()));
        }
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(verb: &str, target: &str, author: &str) -> VerbProgress {
        VerbProgress {
            command: None,
            author: author.into(),
            verb: verb.to_owned(),
            target: target.to_owned(),
            outcome: VerbOutcome::Done,
            text: "0 cancelled".to_owned(),
        }
    }

    #[test]
    fn who_comes_too_late_is_told_who_did_it() {
        let mut doers = Doers::default();
        let told = doers.ended(ended("flatten", "", "op1"), true).text;
        assert_eq!(told, "0 cancelled", "nobody did it");
        doers.ended(ended("close", "BTCUSDT", "op2"), false);
        doers.ended(ended("close", "ETHUSDT", "op3"), false);
        for (target, author, told) in [
            ("BTCUSDT", "op1", "already done by op2: 0 cancelled"),
            ("ETHUSDT", "op1", "already done by op3: 0 cancelled"),
            ("ETHUSDT", "op3", "0 cancelled"),
            ("SOLUSDT", "op1", "0 cancelled"),
        ] {
            let late = doers.ended(ended("close", target, author), true);
            assert_eq!((late.text.as_str(), late.outcome), (told, VerbOutcome::Done));
        }
    }

    #[test]
    fn only_the_last_ones_are_remembered() {
        let mut doers = Doers::default();
        for number in 0..=REMEMBERED {
            doers.ended(ended("close", &number.to_string(), "op2"), false);
        }
        assert_eq!(doers.done.len(), REMEMBERED);
        assert_eq!(doers.ended(ended("close", "0", "op1"), true).text, "0 cancelled");
    }
}
