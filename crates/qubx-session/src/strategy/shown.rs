//! What Python knows of the book beside a strategy in Rust. No I/O.
//!
//! It is given the book once, and then what happens, in order: also what happened since the book was asked for. When
//! something does not reach it, nothing follows that would not fit; it is given the book anew.

use std::time::{Duration, Instant};

use qubx_engine::StrategyInput;

/// How often Python is shown the newest quotes.
const QUOTES_EVERY: Duration = Duration::from_millis(100);

/// How often it is tried whether a Python that missed something takes frames again.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// How much is kept while the book is on its way. The engine answers at once, so that it fills only when the book does
/// not come for long; then the book is asked for anew.
const MOST_INPUTS: usize = 10_000;

/// What Python knows of the book.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    state: State,
    /// How often the book was asked for.
    asked: u64,
}

#[derive(Debug, Default)]
enum State {
    /// There is no Python.
    #[default]
    Nobody,
    /// The book is asked for; this happened since.
    Asked(Vec<StrategyInput>),
    /// It knows the book, and is shown quotes next at this time.
    Follows(Instant),
    /// It missed something; it is tried again at this time.
    Missed(Instant),
}

/// What is due by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// The newest quotes.
    Quotes,
    /// A look whether Python takes frames, and then the book.
    Book,
}

impl Shown {
    /// Notes that the book is asked for, and returns the number of the question.
    pub(crate) fn ask(&mut self) -> u64 {
        self.asked += 1;
        self.state = State::Asked(Vec::new());
        self.asked
    }

    /// Takes the answer to a question: returns what is to be told behind the book, or none when Python does not wait for
    /// this book any more.
    pub(crate) fn follow(&mut self, number: u64, now: Instant) -> Option<Vec<StrategyInput>> {
        if number != self.asked {
            return None;
        }
        let State::Asked(since) = &mut self.state else { return None };
        let since = std::mem::take(since);
        self.state = State::Follows(now);
        Some(since)
    }

    /// Takes what happened, and returns what Python is to be told now.
    pub(crate) fn happened(&mut self, inputs: Vec<StrategyInput>, now: Instant) -> Vec<StrategyInput> {
        match &mut self.state {
            State::Asked(since) if since.len() + inputs.len() > MOST_INPUTS => self.missed(now),
            State::Asked(since) => since.extend(inputs),
            State::Follows(_) => return inputs,
            State::Nobody | State::Missed(_) => {}
        }
        Vec::new()
    }

    /// Notes that something did not reach Python.
    pub(crate) fn missed(&mut self, now: Instant) {
        self.state = State::Missed(now + TRY_EVERY);
    }

    /// Notes that there is no Python.
    pub(crate) fn leave(&mut self) {
        self.state = State::Nobody;
    }

    /// Returns when something is due by time.
    pub(crate) fn due(&self) -> Option<Instant> {
        match self.state {
            State::Nobody | State::Asked(_) => None,
            State::Follows(due) | State::Missed(due) => Some(due),
        }
    }

    /// Returns what is due by now, and when it is due again.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Due> {
        match &mut self.state {
            State::Follows(due) if *due <= now => {
                *due = now + QUOTES_EVERY;
                Some(Due::Quotes)
            }
            State::Missed(due) if *due <= now => {
                *due = now + TRY_EVERY;
                Some(Due::Book)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timers(names: &[&str]) -> Vec<StrategyInput> {
        let time = jiff::Timestamp::UNIX_EPOCH;
        names.iter().map(|name| StrategyInput::Timer { name: (*name).into(), time }).collect()
    }

    #[test]
    fn what_happens_while_the_book_is_on_its_way_is_told_behind_it() {
        let now = Instant::now();
        let mut shown = Shown::default();
        assert_eq!(shown.happened(timers(&["before"]), now), []);
        let asked = shown.ask();
        assert_eq!(shown.happened(timers(&["a"]), now), []);
        assert_eq!(shown.happened(timers(&["b", "c"]), now), []);
        assert_eq!(shown.due(), None);
        assert_eq!(shown.follow(asked, now), Some(timers(&["a", "b", "c"])));
        assert_eq!(shown.happened(timers(&["d"]), now), timers(&["d"]));
        assert_eq!(shown.take_due(now), Some(Due::Quotes));
        assert_eq!(shown.take_due(now), None);
        assert_eq!(shown.follow(asked, now), None);
    }

    #[test]
    fn a_python_that_missed_something_is_told_nothing_until_it_has_the_book_again() {
        let now = Instant::now();
        let mut shown = Shown::default();
        let asked = shown.ask();
        shown.follow(asked, now).unwrap();
        shown.missed(now);
        assert_eq!(shown.happened(timers(&["lost"]), now), []);
        assert_eq!(shown.take_due(now), None);
        assert_eq!(shown.take_due(now + TRY_EVERY), Some(Due::Book));
        assert_eq!(shown.due(), Some(now + TRY_EVERY * 2));
        let asked = shown.ask();
        assert_eq!(shown.happened(timers(&["a"]), now), []);
        assert_eq!(shown.follow(asked, now), Some(timers(&["a"])));
    }

    #[test]
    fn a_book_for_the_python_before_is_not_for_the_next_one() {
        let now = Instant::now();
        let mut shown = Shown::default();
        let before = shown.ask();
        shown.leave();
        assert_eq!(shown.follow(before, now), None);
        let asked = shown.ask();
        assert_eq!(shown.follow(before, now), None);
        assert_eq!(shown.follow(asked, now), Some(Vec::new()));
    }

    #[test]
    fn too_much_on_the_way_of_the_book_has_it_asked_for_anew() {
        let now = Instant::now();
        let mut shown = Shown::default();
        let asked = shown.ask();
        shown.happened(timers(&["a"; MOST_INPUTS]), now);
        shown.happened(timers(&["b"]), now);
        assert_eq!(shown.follow(asked, now), None);
        assert_eq!(shown.take_due(now + TRY_EVERY), Some(Due::Book));
    }
}
