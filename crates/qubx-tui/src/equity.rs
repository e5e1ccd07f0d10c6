//! The equity over time, as far as this screen knows of it: what the service remembers, and what it has told since.
//! No I/O.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use qubx_protocol::{Account, EquitySample, RequestId, nearest_f64};

use crate::paced::Paced;

/// The shortest time between two questions about what the service remembers.
const ASK_EVERY: Duration = Duration::from_secs(5);
/// Points that are kept of one account; the oldest go first.
const MOST_POINTS: usize = 50_000;

/// The stretches of time that can be looked at; the last one is everything.
pub(crate) const RANGES: [(&str, Option<i64>); 4] =
    [("1h", Some(3_600_000)), ("4h", Some(14_400_000)), ("1d", Some(86_400_000)), ("all", None)];

/// A time in milliseconds, and the equity then.
type Point = (i64, f64);

/// The equity of the accounts over time.
#[derive(Debug, Default)]
pub(crate) struct EquityLine {
    accounts: BTreeMap<String, Line>,
    /// Until when what the service remembers is known.
    remembered_until: Option<Timestamp>,
    question: Paced,
}

#[derive(Debug, Default)]
struct Line {
    /// What the service remembers.
    remembered: Vec<Point>,
    /// What it has told since.
    told: Vec<Point>,
}

impl EquityLine {
    /// Takes in what the accounts are worth now.
    pub(crate) fn tell(&mut self, accounts: &[Account], time: Timestamp) {
        let second = time.as_second() * 1_000;
        for account in accounts {
            let line = self.accounts.entry(account.exchange.clone()).or_default();
            let value = nearest_f64(account.equity.0);
            match line.told.last_mut() {
                // A point a second is more than an eye can tell apart.
                Some(last) if last.0 >= second => last.1 = value,
                _ => line.told.push((second, value)),
            }
            let surplus = line.told.len().saturating_sub(MOST_POINTS);
            line.told.drain(..surplus);
        }
    }

    /// Tells whether the service was asked what it remembers.
    pub(crate) fn is_asked(&self) -> bool {
        self.question.was_asked()
    }

    /// Tells whether it is time to ask.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.question.is_due(now, ASK_EVERY)
    }

    /// Tells whether it is time to ask, and after which moment; it is asked then.
    pub(crate) fn want(&mut self, now: Instant) -> Option<Option<Timestamp>> {
        if !self.is_due(now) {
            return None;
        }
        self.question.ask(now);
        Some(self.remembered_until)
    }

    /// Notes the question's id.
    pub(crate) fn asked(&mut self, request: RequestId) {
        self.question.asked_as(request);
    }

    /// Tells whether an answer is for what was asked last.
    pub(crate) fn is_for(&self, request: &RequestId) -> bool {
        self.question.is_for(request)
    }

    /// Takes in what the service remembers.
    pub(crate) fn remember(&mut self, samples: &[EquitySample]) {
        self.question.answered();
        for sample in samples.iter().filter(|sample| Some(sample.time) > self.remembered_until) {
            for (exchange, equity) in &sample.equity {
                let line = self.accounts.entry(exchange.clone()).or_default();
                line.remembered.push((sample.time.as_millisecond(), nearest_f64(equity.0)));
            }
        }
        for line in self.accounts.values_mut() {
            // What was told up to there is remembered now.
            let last = line.remembered.last().map_or(i64::MIN, |point| point.0);
            line.told.retain(|point| point.0 > last);
            let surplus = line.remembered.len().saturating_sub(MOST_POINTS);
            line.remembered.drain(..surplus);
        }
        self.remembered_until = samples.last().map(|sample| sample.time).max(self.remembered_until);
    }

    /// Returns the points of all accounts together, oldest first.
    pub(crate) fn points(&self) -> Vec<Point> {
        let mut changes: Vec<(i64, usize, f64)> = Vec::new();
        for (place, line) in self.accounts.values().enumerate() {
            let last = line.remembered.last().map(|point| point.0);
            let told = line.told.iter().filter(|point| last.is_none_or(|last| point.0 > last));
            changes.extend(line.remembered.iter().chain(told).map(|(time, value)| (*time, place, *value)));
        }
        if self.accounts.len() > 1 {
            changes.sort_by_key(|(time, ..)| *time);
        }
        let mut now: Vec<Option<f64>> = vec![None; self.accounts.len()];
        let mut points: Vec<Point> = Vec::with_capacity(changes.len());
        for (time, place, value) in changes {
            now[place] = Some(value);
            // Before all accounts are known there is no sum.
            let Some(sum) = now.iter().copied().sum::<Option<f64>>() else { continue };
            match points.last_mut() {
                Some(last) if last.0 == time => last.1 = sum,
                _ => points.push((time, sum)),
            }
        }
        points
    }

    /// Begins anew: the session does.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Returns the part of the points in a stretch of time that ends with the last one, and its first moment.
pub(crate) fn within(points: &[Point], range: Option<i64>) -> &[Point] {
    let Some(last) = points.last() else { return points };
    let from = range.map_or(i64::MIN, |range| last.0 - range);
    &points[points.partition_point(|point| point.0 < from)..]
}

/// Returns the deepest fall from a top, in percent; none where there is nothing to fall from.
pub(crate) fn drawdown(points: &[Point]) -> Option<f64> {
    let mut top = f64::MIN;
    let mut deepest: f64 = 0.0;
    for (_, value) in points {
        top = top.max(*value);
        if top > 0.0 {
            deepest = deepest.min((value / top - 1.0) * 100.0);
        }
    }
    (!points.is_empty()).then_some(deepest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(exchange: &str, equity: &str) -> Account {
        Account {
            exchange: exchange.to_owned(),
            currency: "USDT".to_owned(),
            equity: equity.parse().unwrap(),
            ..serde_json::from_value(serde_json::json!({
                "exchange": "", "currency": "", "capital": "0", "equity": "0", "realized_pnl": "0",
                "unrealized_pnl": null, "fees": "0", "net_leverage": null, "gross_leverage": null,
            }))
            .unwrap()
        }
    }

    #[test]
    fn accounts_are_summed_from_when_all_are_known_and_a_second_has_one_point() {
        let at = |millisecond| Timestamp::from_millisecond(millisecond).unwrap();
        let mut line = EquityLine::default();
        line.tell(&[account("A", "100")], at(1_000));
        line.tell(&[account("A", "101"), account("B", "50")], at(2_100));
        line.tell(&[account("A", "102"), account("B", "50")], at(2_900));
        line.tell(&[account("A", "90")], at(4_000));
        assert_eq!(line.points(), [(2_000, 152.0), (4_000, 140.0)]);
    }

    #[test]
    fn what_the_service_remembers_comes_before_what_it_has_told_since() {
        let at = |millisecond| Timestamp::from_millisecond(millisecond).unwrap();
        let sample = |time, equity: &str| EquitySample {
            time: at(time),
            equity: [("A".to_owned(), equity.parse().unwrap())].into(),
        };
        let mut line = EquityLine::default();
        line.tell(&[account("A", "102")], at(3_000));
        line.tell(&[account("A", "103")], at(5_000));
        assert_eq!(line.want(Instant::now()), Some(None));
        line.remember(&[sample(1_500, "100"), sample(3_500, "102.5")]);
        assert_eq!(line.points(), [(1_500, 100.0), (3_500, 102.5), (5_000, 103.0)]);
        assert_eq!(line.want(Instant::now() + ASK_EVERY), Some(Some(at(3_500))));
        // One that comes again changes nothing.
        line.remember(&[sample(3_500, "1"), sample(6_000, "104")]);
        assert_eq!(line.points(), [(1_500, 100.0), (3_500, 102.5), (6_000, 104.0)]);
    }

    #[test]
    fn the_drawdown_is_the_deepest_fall_of_the_stretch() {
        let points = [(0, 100.0), (1_000, 120.0), (2_000, 90.0), (3_000, 110.0), (4_000, 99.0)];
        assert_eq!(drawdown(&points), Some(-25.0));
        let last = within(&points, Some(1_500));
        assert_eq!(last, &points[3..]);
        assert!((drawdown(last).unwrap() + 10.0).abs() < 1e-9);
        assert_eq!(drawdown(&[]), None);
    }
}
