//! The lines over time that the strategy published, as far as this screen has asked for their points. No I/O.
//!
//! Points are asked for while somebody looks at them, at most once a second, and only those that are new.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use qubx_protocol::{
    AnswerResult, InstrumentId, Published, PublishedContent, RequestId, RequestKind, SeriesPoint,
};

use crate::paced::Paced;

/// The shortest time between two questions about one line.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// Points that are kept of a line; the oldest go first.
const MOST_POINTS: usize = 20_000;

/// The lines.
#[derive(Debug, Default)]
pub(crate) struct SeriesLines {
    lines: Vec<SeriesLine>,
}

#[derive(Debug)]
struct SeriesLine {
    name: String,
    instrument: Option<InstrumentId>,
    points: Vec<SeriesPoint>,
    /// How many points there were when it was asked for last.
    known: Option<u64>,
    question: Paced,
}

impl SeriesLine {
    fn is_due(&self, count: u64, now: Instant) -> bool {
        self.known != Some(count) && self.question.is_due(now, ASK_EVERY)
    }
}

impl SeriesLines {
    /// Returns the points of a line, oldest first.
    pub(crate) fn points(&self, name: &str, instrument: Option<&InstrumentId>) -> &[SeriesPoint] {
        let line = self.lines.iter().find(|line| line.name == name && line.instrument.as_ref() == instrument);
        line.map_or(&[], |line| &line.points)
    }

    /// Tells whether there is something new in a line, and it is time to ask for it.
    pub(crate) fn is_due(&self, shown: &Published, now: Instant) -> bool {
        let PublishedContent::Series { points: count, .. } = shown.content else { return false };
        self.place(shown).is_none_or(|place| self.lines[place].is_due(count, now))
    }

    fn place(&self, shown: &Published) -> Option<usize> {
        self.lines.iter().position(|line| line.name == shown.name && line.instrument == shown.instrument)
    }

    /// Asks for what is new in a line: returns its place here and the question.
    pub(crate) fn want(&mut self, shown: &Published, now: Instant) -> Option<(usize, RequestKind)> {
        let PublishedContent::Series { points: count, .. } = shown.content else { return None };
        let place = self.place(shown).unwrap_or_else(|| {
            self.lines.push(SeriesLine {
                name: shown.name.clone(),
                instrument: shown.instrument.clone(),
                points: Vec::new(),
                known: None,
                question: Paced::default(),
            });
            self.lines.len() - 1
        });
        let line = &mut self.lines[place];
        if !line.is_due(count, now) {
            return None;
        }
        // A strategy that was created anew begins its lines anew.
        if line.known.is_some_and(|known| known > count) {
            line.points.clear();
        }
        line.question.ask(now);
        line.known = Some(count);
        let after: Option<Timestamp> = line.points.last().map(|point| point.time);
        let kind =
            RequestKind::Series { name: line.name.clone(), instrument: line.instrument.clone(), after };
        Some((place, kind))
    }

    /// Notes the question's id.
    pub(crate) fn asked(&mut self, place: usize, request: RequestId) {
        if let Some(line) = self.lines.get_mut(place) {
            line.question.asked_as(request);
        }
    }

    /// Takes an answer in; tells whether it was for one of these questions.
    pub(crate) fn answer(&mut self, request: &RequestId, result: &AnswerResult) -> bool {
        let Some(line) = self.lines.iter_mut().find(|line| line.question.is_for(request)) else {
            return false;
        };
        line.question.answered();
        match result {
            AnswerResult::Series { points } => {
                let last = line.points.last().map(|point| point.time);
                line.points.extend(points.iter().filter(|point| last.is_none_or(|last| point.time > last)));
                let surplus = line.points.len().saturating_sub(MOST_POINTS);
                line.points.drain(..surplus);
            }
            // It is asked again.
            _ => line.known = None,
        }
        true
    }

    /// Forgets what was asked: the connection was lost, or the session begins anew.
    pub(crate) fn forget(&mut self) {
        self.lines.clear();
    }
}
