//! Which instruments get no quotes any more while the feed should give some. No I/O, no clock.
//!
//! What counts is the time of the wall in which nothing came, not how old a quote says that it is: a recorded quote is
//! years old and fresh all the same.

use std::time::Duration;

use indexmap::IndexMap;
use jiff::{Timestamp, Unit};
use qubx_protocol::{InstrumentId, LogLevel, Stale};
use tokio::time::Instant;

use crate::EngineEvent;

/// What happens to several instruments within this time is told in one line.
const GATHER: Duration = Duration::from_millis(200);
/// How many instruments a line names.
const NAMED: usize = 5;

/// Whose silence is a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// That of any instrument: the feed goes at the pace of the market.
    Anybody,
    /// That of all together: the feed goes faster than its market went, so an instrument may be quiet for long.
    Everybody,
    /// Nobody's: the feed waits for the strategy.
    Nobody,
}

/// When quotes of each instrument came last, and which of them are stale.
#[derive(Debug)]
pub(crate) struct Freshness {
    silence: Silence,
    /// How long an instrument may get no quote.
    after: Duration,
    /// The instruments that get quotes; none before the feed begins and after its end.
    heard: IndexMap<InstrumentId, Heard>,
    /// When the newest quote of all came.
    newest: Option<Instant>,
    /// Those that get quotes again, and after how long; told together.
    returned: Vec<(InstrumentId, Duration)>,
    due: Option<Instant>,
}

/// What is known of one instrument.
#[derive(Clone, Copy, Debug)]
struct Heard {
    at: Instant,
    stale_since: Option<Timestamp>,
}

impl Freshness {
    /// Returns what watches a feed whose silence is a fault after a while.
    pub(crate) fn new(silence: Silence, after: Duration) -> Self {
        Self { silence, after, heard: IndexMap::new(), newest: None, returned: Vec::new(), due: None }
    }

    /// Begins to expect quotes.
    pub(crate) fn begin(&mut self, instruments: impl Iterator<Item = InstrumentId>, now: Instant) {
        if self.silence != Silence::Nobody {
            self.heard = instruments.map(|id| (id, Heard { at: now, stale_since: None })).collect();
            self.newest = Some(now);
            self.due = Some(now + self.after + GATHER);
        }
    }

    /// Expects no more quotes, as why there are none is told otherwise; tells what was still to be told.
    pub(crate) fn end(&mut self) -> Vec<EngineEvent> {
        let told = self.tell_returned();
        *self = Self::new(self.silence, self.after);
        told.into_iter().collect()
    }

    /// Notes that a quote of an instrument came.
    pub(crate) fn quote(&mut self, instrument: &InstrumentId, now: Instant) {
        let Some(heard) = self.heard.get_mut(instrument) else { return };
        let away = now.saturating_duration_since(heard.at);
        heard.at = now;
        let was_stale = heard.stale_since.take().is_some();
        self.newest = Some(now);
        if !was_stale {
            return;
        }
        self.returned.push((instrument.clone(), away));
        if self.silence == Silence::Everybody {
            // The feed goes again, whichever comes first.
            for (id, heard) in self.heard.iter_mut().filter(|(_, heard)| heard.stale_since.is_some()) {
                heard.stale_since = None;
                self.returned.push((id.clone(), away));
            }
        }
        let told = now + GATHER;
        self.due = Some(self.due.map_or(told, |due| due.min(told)));
    }

    /// Returns when to look next; none while nothing can become stale.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Looks for what became stale and tells what changed. `wall` is the time of the wall at `now`, and `has_more` tells
    /// whether an instrument will get a quote at all.
    pub(crate) fn look(
        &mut self,
        now: Instant,
        wall: Timestamp,
        has_more: impl Fn(&InstrumentId) -> bool,
    ) -> Vec<EngineEvent> {
        self.heard.retain(|id, heard| heard.stale_since.is_some() || has_more(id));
        let (silence, newest, after) = (self.silence, self.newest.unwrap_or(now), self.after);
        let last = |heard: &Heard| if silence == Silence::Everybody { newest } else { heard.at };
        let mut became = Vec::new();
        for (id, heard) in self.heard.iter_mut().filter(|(_, heard)| heard.stale_since.is_none()) {
            let quiet = now.saturating_duration_since(last(heard));
            if quiet >= after {
                heard.stale_since = Some(wall.checked_sub(quiet).unwrap_or(wall));
                became.push(id.clone());
            }
        }
        // Later quotes only move this away, so nothing is missed by looking no sooner.
        let fresh = self.heard.values().filter(|heard| heard.stale_since.is_none());
        self.due = fresh.map(|heard| last(heard) + after + GATHER).min();
        let mut events: Vec<EngineEvent> = self.tell_returned().into_iter().collect();
        if !became.is_empty() {
            let since = self.stale().into_iter().filter(|stale| became.contains(&stale.instrument));
            let since = since.map(|stale| stale.since).min().unwrap_or(wall);
            let since = since.round(Unit::Second).unwrap_or(since);
            let text = format!("no quote of {} since {since}: stale", names(&became));
            events.push(EngineEvent::log(LogLevel::Warning, text));
        }
        events
    }

    fn tell_returned(&mut self) -> Option<EngineEvent> {
        let mut returned = std::mem::take(&mut self.returned);
        returned.sort_by_key(|(id, _)| self.heard.get_index_of(id));
        let longest = returned.iter().map(|(_, away)| *away).max()?;
        let returned: Vec<_> = returned.into_iter().map(|(id, _)| id).collect();
        let text = format!("quotes of {} come again, after {} s", names(&returned), longest.as_secs());
        Some(EngineEvent::log(LogLevel::Info, text))
    }

    /// Returns what is stale, in the config's order.
    pub(crate) fn stale(&self) -> Vec<Stale> {
        let stale = |(id, heard): (&InstrumentId, &Heard)| {
            Some(Stale { instrument: id.clone(), since: heard.stale_since? })
        };
        self.heard.iter().filter_map(stale).collect()
    }
}

/// Names the first few.
fn names(instruments: &[InstrumentId]) -> String {
    let named: Vec<String> = instruments.iter().take(NAMED).map(ToString::to_string).collect();
    match instruments.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, id};

    const AFTER: Duration = Duration::from_secs(10);

    /// A freshness of three instruments, and the seconds since the feed began.
    struct Watched {
        freshness: Freshness,
        began: Instant,
    }

    impl Watched {
        fn new(silence: Silence) -> Self {
            let mut freshness = Freshness::new(silence, AFTER);
            let began = Instant::now();
            freshness.begin(["A", "B", "C"].map(id).into_iter(), began);
            Self { freshness, began }
        }

        fn quote(&mut self, symbol: &str, second: f64) {
            self.freshness.quote(&id(symbol), self.began + Duration::from_secs_f64(second));
        }

        /// Looks at a second and returns what is told.
        fn look(&mut self, second: f64) -> Vec<String> {
            let passed = Duration::from_secs_f64(second);
            let wall = at("00:00:00").checked_add(passed).unwrap();
            // C is over after a quarter of a minute.
            let has_more = |instrument: &InstrumentId| *instrument != id("C") || second < 15.0;
            let events = self.freshness.look(self.began + passed, wall, has_more);
            let text = |event| match event {
                EngineEvent::Log { level, text, .. } => format!("{level:?} {text}"),
                other => panic!("{other:?}"),
            };
            events.into_iter().map(text).collect()
        }

        fn due(&self) -> Option<f64> {
            Some(self.freshness.due()?.duration_since(self.began).as_secs_f64())
        }

        fn stale(&self) -> String {
            self.freshness.stale().iter().map(|stale| stale.instrument.symbol.clone()).collect()
        }
    }

    #[test]
    fn an_instrument_without_quotes_becomes_stale_and_its_next_quote_ends_that() {
        let mut watched = Watched::new(Silence::Anybody);
        assert_eq!((watched.due(), watched.stale().as_str()), (Some(10.2), ""));
        watched.quote("A", 4.0);
        watched.quote("C", 9.0);
        assert_eq!(watched.look(10.2), ["Warning no quote of SIM:B since 2026-01-01T00:00:00Z: stale"]);
        assert_eq!((watched.due(), watched.stale().as_str()), (Some(14.2), "B"));
        assert_eq!(watched.freshness.stale()[0].since, at("00:00:00"));
        watched.quote("A", 14.0);
        assert_eq!(watched.look(14.2), [""; 0]);
        watched.quote("B", 17.0);
        assert_eq!((watched.due(), watched.stale().as_str()), (Some(17.2), ""));
        assert_eq!(watched.look(17.2), ["Info quotes of SIM:B come again, after 17 s"]);
        // The last quote of C was its last one of all.
        assert_eq!(watched.due(), Some(24.2));
        let told = "Warning no quote of SIM:A, SIM:B since 2026-01-01T00:00:14Z: stale";
        assert_eq!(watched.look(60.0), [told]);
        assert_eq!((watched.due(), watched.stale().as_str()), (None, "AB"));
        watched.quote("A", 70.0);
        assert_eq!(watched.freshness.end().len(), 1, "it is told at the end at the latest");
        assert_eq!((watched.due(), watched.stale().as_str()), (None, ""));
        assert_eq!(watched.look(90.0), [""; 0]);
    }

    #[test]
    fn a_feed_that_is_faster_than_its_market_is_stale_as_a_whole_or_not_at_all() {
        let mut watched = Watched::new(Silence::Everybody);
        watched.quote("A", 9.0);
        watched.quote("B", 9.0);
        assert_eq!(watched.look(14.0), [""; 0], "C is quiet, the feed is not");
        assert_eq!(watched.due(), Some(19.2));
        assert_eq!(watched.look(20.0).len(), 1);
        assert_eq!((watched.due(), watched.stale().as_str()), (None, "AB"));
        watched.quote("B", 30.0);
        assert_eq!((watched.due(), watched.stale().as_str()), (Some(30.2), ""));
        assert_eq!(watched.look(30.2), ["Info quotes of SIM:A, SIM:B come again, after 21 s"]);
    }

    #[test]
    fn a_feed_that_waits_for_the_strategy_is_never_stale() {
        let mut watched = Watched::new(Silence::Nobody);
        watched.quote("A", 1.0);
        assert_eq!((watched.due(), watched.look(1_000.0)), (None, Vec::new()));
    }

    #[test]
    fn many_instruments_are_counted() {
        let ids: Vec<InstrumentId> = (0..8).map(|number| id(&number.to_string())).collect();
        assert_eq!(names(&ids), "SIM:0, SIM:1, SIM:2, SIM:3, SIM:4 and 3 more");
        assert_eq!(names(&ids[..2]), "SIM:0, SIM:1");
    }
}
