//! What the accounts were worth, over the engine's time: a line for screens, bounded however long it goes on. No I/O, no
//! clock.
//!
//! It is not part of a checkpoint: an engine that goes on begins a new line.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::{Account, EquitySample, Money};

/// How many points are kept. Beyond them every second one of the older half goes.
const MOST_POINTS: usize = 8_000;
/// Two points are a second apart, or this part of all the time so far when that is longer: a year at full speed costs no
/// more points than an hour, times a few.
const PARTS: i32 = 4_000;
/// The shortest time between two points.
const SHORTEST_STEP: SignedDuration = SignedDuration::from_secs(1);
/// The longest time between two points where the market goes with the wall.
const A_MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// The line.
#[derive(Debug)]
pub(crate) struct EquityLine {
    /// The equity of each account, in the order of the config.
    points: Vec<(Timestamp, Box<[Money]>)>,
    /// Before this time no point is due.
    due: Timestamp,
    begun: Option<Timestamp>,
    longest_step: SignedDuration,
}

impl EquityLine {
    /// Returns an empty line of a replay at full speed.
    pub(crate) fn new() -> Self {
        Self { points: Vec::new(), due: Timestamp::MIN, begun: None, longest_step: SignedDuration::MAX }
    }

    /// Has at least one point a minute.
    pub(crate) fn each_minute(&mut self) {
        self.longest_step = A_MINUTE;
    }

    /// Returns when the next point is due.
    #[inline]
    pub(crate) fn due(&self) -> Timestamp {
        self.due
    }

    /// Adds a point.
    pub(crate) fn add(&mut self, time: Timestamp, accounts: &[Account]) {
        let begun = *self.begun.get_or_insert(time);
        let step = (time.duration_since(begun) / PARTS).clamp(SHORTEST_STEP, self.longest_step);
        self.due = time.saturating_add(step).unwrap_or(Timestamp::MAX);
        if self.points.len() == MOST_POINTS {
            let mut place = 0;
            self.points.retain(|_| {
                place += 1;
                place > MOST_POINTS / 2 || place % 2 == 1
            });
        }
        self.points.push((time, accounts.iter().map(|account| account.equity).collect()));
    }

    /// Returns the points after a time, oldest first, with the accounts as they are now as the last one.
    pub(crate) fn after(
        &self,
        after: Option<Timestamp>,
        now: Timestamp,
        accounts: &[Account],
    ) -> Vec<EquitySample> {
        // Before the first point there is no time to show.
        let Some((newest, _)) = self.points.last() else { return Vec::new() };
        let sample = |time: Timestamp, equity: &mut dyn Iterator<Item = Money>| {
            let names = accounts.iter().map(|account| account.exchange.clone());
            EquitySample { time, equity: names.zip(equity).collect::<BTreeMap<_, _>>() }
        };
        let first = after.map_or(0, |after| self.points.partition_point(|(time, _)| *time <= after));
        let mut samples: Vec<EquitySample> = self.points[first..]
            .iter()
            .map(|(time, equity)| sample(*time, &mut equity.iter().copied()))
            .collect();
        if now > *newest && after.is_none_or(|after| now > after) {
            samples.push(sample(now, &mut accounts.iter().map(|account| account.equity)));
        }
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::State;
    use crate::testing::{at, config};

    fn worth(equity: i64) -> Vec<Account> {
        let mut accounts = State::new(&config(crate::Limits::default())).accounts();
        accounts[0].equity = Money(equity.into());
        accounts
    }

    /// Samples whenever a point is due, for so many seconds.
    fn sampled(line: &mut EquityLine, seconds: i64) -> usize {
        let begin = at("00:00:00");
        let mut samples = 0;
        for second in 0..seconds {
            let time = begin + SignedDuration::from_secs(second);
            if time >= line.due() {
                line.add(time, &worth(second));
                samples += 1;
            }
        }
        samples
    }

    #[test]
    fn there_is_a_point_a_second_and_the_last_one_is_now() {
        let mut line = EquityLine::new();
        assert!(line.after(None, at("00:00:00"), &worth(1)).is_empty());
        assert_eq!(sampled(&mut line, 100), 100);
        let points = line.after(Some(at("00:01:37")), at("00:01:40"), &worth(7));
        let told: Vec<String> = points
            .iter()
            .map(|point| format!("{} {:?}", point.time.strftime("%M:%S"), point.equity))
            .collect();
        assert_eq!(
            told,
            [r#"01:38 {"SIM": Money(98)}"#, r#"01:39 {"SIM": Money(99)}"#, r#"01:40 {"SIM": Money(7)}"#]
        );
        assert!(line.after(Some(at("00:01:40")), at("00:01:40"), &worth(7)).is_empty());
    }

    #[test]
    fn it_is_bounded_and_keeps_its_beginning_and_its_end() {
        for (longest, most_samples) in [(false, 25_000), (true, 30_000)] {
            let mut line = EquityLine::new();
            if longest {
                line.each_minute();
            }
            let week = 7 * 86_400;
            let samples = sampled(&mut line, week);
            assert!(samples < most_samples, "{samples}");
            let end = at("00:00:00") + SignedDuration::from_secs(week);
            let points = line.after(None, end, &worth(0));
            assert!(points.len() > MOST_POINTS / 2 && points.len() <= MOST_POINTS + 1, "{}", points.len());
            assert_eq!((points[0].time, points.last().unwrap().time), (at("00:00:00"), end));
            assert!(points.windows(2).all(|pair| pair[0].time < pair[1].time));
            let gap = points[points.len() - 2].time.duration_since(points[points.len() - 3].time);
            assert!(!longest || gap <= A_MINUTE, "{gap:?}");
        }
    }
}
