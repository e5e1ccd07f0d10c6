//! What the strategy published: the newest values and tables, and the points of its lines. No I/O.
//!
//! All of it is bounded, and nothing of it is stored: a strategy that starts again publishes again.

use std::collections::HashSet;

use indexmap::IndexMap;
use jiff::Timestamp;
use qubx_kernel::PublishedPart;
use qubx_protocol::{InstrumentId, Published, PublishedContent, SeriesPoint};

/// How many names a strategy may publish under; each one of an instrument counts.
const MOST_NAMES: usize = 500;

/// How many bytes of values and tables are kept together, as JSON: all of it goes to every screen that changes.
const MOST_BYTES: usize = 1 << 20;

/// How many points of one line are kept. Beyond them every second one of the older half goes.
const MOST_POINTS: usize = 10_000;

/// How many points of all lines together are kept: 64 MiB. Beyond them the longest line is thinned in the same way.
const MOST_POINTS_OF_ALL: usize = 2_000_000;

/// What the strategy published so far, in the order in which it first did.
#[derive(Debug, Default)]
pub(crate) struct PublishedBoard {
    entries: IndexMap<(String, Option<InstrumentId>), Entry>,
    bytes: usize,
    points: usize,
    /// The names under which something was refused, [`MOST_NAMES`] at most.
    refused: HashSet<String>,
}

#[derive(Debug)]
struct Entry {
    time: Timestamp,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Newest { content: PublishedContent, bytes: usize },
    Series(Series),
}

/// A line over time.
#[derive(Debug, Default)]
struct Series {
    points: Vec<SeriesPoint>,
    /// How many points there ever were.
    count: u64,
}

impl PublishedBoard {
    /// Takes over what was published.
    ///
    /// # Errors
    /// The reason, in words, why there is no room for it; nothing is changed then.
    pub(crate) fn publish(
        &mut self,
        name: String,
        instrument: Option<InstrumentId>,
        time: Timestamp,
        part: PublishedPart,
    ) -> Result<(), String> {
        let key = (name, instrument);
        if self.entries.len() >= MOST_NAMES && !self.entries.contains_key(&key) {
            return Err(format!("`{}` is one name too many: {MOST_NAMES} can be published", key.0));
        }
        let content = match part {
            PublishedPart::Point(value) => {
                self.add_point(key, SeriesPoint { time, value });
                return Ok(());
            }
            PublishedPart::Value(value) => PublishedContent::Value(value),
            PublishedPart::Table { columns, rows } => PublishedContent::Table { columns, rows },
        };
        let bytes = serde_json::to_vec(&content).map_or(0, |json| json.len());
        let before = self.entries.get(&key).map_or(0, Entry::bytes);
        if self.bytes - before + bytes > MOST_BYTES {
            return Err(format!(
                "`{}` has {bytes} bytes; all values and tables together may have {MOST_BYTES}",
                key.0
            ));
        }
        self.points -= self.entries.get(&key).map_or(0, Entry::points);
        self.bytes = self.bytes - before + bytes;
        self.entries.insert(key, Entry { time, content: Content::Newest { content, bytes } });
        Ok(())
    }

    /// Notes that something under this name was refused, and tells whether to warn of it: once of each name, and of no
    /// more names than there can be.
    pub(crate) fn warns_of(&mut self, name: &str) -> bool {
        self.refused.len() < MOST_NAMES && self.refused.insert(name.to_owned())
    }

    fn add_point(&mut self, key: (String, Option<InstrumentId>), point: SeriesPoint) {
        if self.points >= MOST_POINTS_OF_ALL {
            self.thin_longest();
        }
        let fresh = || Entry { time: point.time, content: Content::Series(Series::default()) };
        let entry = self.entries.entry(key).or_insert_with(fresh);
        if let Content::Newest { bytes, .. } = entry.content {
            self.bytes -= bytes;
            *entry = fresh();
        }
        entry.time = point.time;
        if let Content::Series(series) = &mut entry.content {
            let before = series.points.len();
            series.add(point);
            self.points = self.points - before + series.points.len();
        }
    }

    fn thin_longest(&mut self) {
        let all = self.entries.values_mut().filter_map(|entry| match &mut entry.content {
            Content::Series(series) => Some(series),
            Content::Newest { .. } => None,
        });
        if let Some(longest) = all.max_by_key(|series| series.points.len()) {
            let before = longest.points.len();
            longest.thin();
            self.points -= before - longest.points.len();
        }
    }

    /// Returns what screens are shown.
    pub(crate) fn view(&self) -> Vec<Published> {
        let entries = self.entries.iter().map(|((name, instrument), entry)| Published {
            name: name.clone(),
            instrument: instrument.clone(),
            time: entry.time,
            content: match &entry.content {
                Content::Newest { content, .. } => content.clone(),
                Content::Series(series) => PublishedContent::Series {
                    value: series.points.last().and_then(|point| point.value),
                    points: series.count,
                },
            },
        });
        entries.collect()
    }

    /// Returns the points of a line after a time.
    ///
    /// # Errors
    /// There is no such line; the text names those that there are.
    pub(crate) fn series(
        &self,
        name: &str,
        instrument: Option<&InstrumentId>,
        after: Option<Timestamp>,
    ) -> Result<Vec<SeriesPoint>, String> {
        let entry = self.entries.iter().find(|((of, on), _)| of == name && on.as_ref() == instrument);
        let Some((_, Entry { content: Content::Series(series), .. })) = entry else {
            let lines = self.entries.iter().filter(|(_, entry)| matches!(entry.content, Content::Series(_)));
            let names: Vec<&str> = lines.map(|((name, _), _)| name.as_str()).collect();
            let known = if names.is_empty() { "there is none".to_owned() } else { names.join(", ") };
            return Err(format!("the strategy has published no line `{name}`; of lines {known}"));
        };
        let first = after.map_or(0, |after| series.points.partition_point(|point| point.time <= after));
        Ok(series.points[first..].to_vec())
    }

    /// Forgets everything: another strategy begins.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Entry {
    fn bytes(&self) -> usize {
        match &self.content {
            Content::Newest { bytes, .. } => *bytes,
            Content::Series(_) => 0,
        }
    }

    fn points(&self) -> usize {
        match &self.content {
            Content::Newest { .. } => 0,
            Content::Series(series) => series.points.len(),
        }
    }
}

impl Series {
    fn add(&mut self, point: SeriesPoint) {
        if self.points.len() == MOST_POINTS {
            self.thin();
        }
        self.points.push(point);
        self.count += 1;
    }

    /// Drops every second point of the older half.
    fn thin(&mut self) {
        let half = self.points.len() / 2;
        let mut place = 0;
        self.points.retain(|_| {
            place += 1;
            place > half || place % 2 == 1
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn values_are_replaced_and_points_are_added() {
        let mut board = PublishedBoard::default();
        let btc = InstrumentId::new("SIM", "BTCUSDT");
        let point = |value| PublishedPart::Point(Some(value));
        board.publish("regime".into(), None, at(1), PublishedPart::Value("calm".into())).unwrap();
        board.publish("fast".into(), Some(btc.clone()), at(1), point(1.0)).unwrap();
        board.publish("fast".into(), Some(btc.clone()), at(2), point(2.0)).unwrap();
        board.publish("regime".into(), None, at(3), PublishedPart::Value("wild".into())).unwrap();
        let view = board.view();
        assert_eq!(view[0].content, PublishedContent::Value("wild".into()));
        assert_eq!(view[1].content, PublishedContent::Series { value: Some(2.0), points: 2 });
        let points = board.series("fast", Some(&btc), Some(at(1))).unwrap();
        assert_eq!(points, [SeriesPoint { time: at(2), value: Some(2.0) }]);
        let missing = board.series("fast", None, None).unwrap_err();
        assert_eq!(missing, "the strategy has published no line `fast`; of lines fast");
    }

    #[test]
    fn a_line_of_any_length_keeps_its_beginning_and_its_end() {
        let mut board = PublishedBoard::default();
        for second in 0..50_000 {
            board.publish("pnl".into(), None, at(second), PublishedPart::Point(None)).unwrap();
        }
        let points = board.series("pnl", None, None).unwrap();
        assert!(points.len() <= MOST_POINTS && points.len() > MOST_POINTS / 2);
        assert!(points[0].time == at(0) && points.last().unwrap().time == at(49_999));
        assert!(points.windows(2).all(|pair| pair[0].time < pair[1].time));
        assert_eq!(board.points, points.len());
    }

    #[test]
    fn too_many_points_thin_the_longest_line_and_none_is_refused() {
        let mut board = PublishedBoard::default();
        for (name, length) in [("short", 9), ("long", MOST_POINTS as i64 - 1)] {
            for second in 0..length {
                board.publish(name.into(), None, at(second), PublishedPart::Point(None)).unwrap();
            }
        }
        // Many other lines have the rest.
        let rest = MOST_POINTS_OF_ALL - board.points;
        board.points += rest;
        board.publish("short".into(), None, at(10_000), PublishedPart::Point(None)).unwrap();
        let long = board.series("long", None, None).unwrap();
        assert_eq!(long.len(), MOST_POINTS - MOST_POINTS / 4);
        assert_eq!(long.last().unwrap().time, at(MOST_POINTS as i64 - 2));
        assert_eq!(board.series("short", None, None).unwrap().len(), 10);
        assert_eq!(board.points, long.len() + 10 + rest);
    }

    #[test]
    fn of_what_is_refused_each_name_is_warned_of_once_until_another_strategy_begins() {
        let mut board = PublishedBoard::default();
        assert_eq!(["a", "b", "a"].map(|name| board.warns_of(name)), [true, true, false]);
        for number in 0..MOST_NAMES {
            board.warns_of(&number.to_string());
        }
        assert!(!board.warns_of("one more"));
        board.clear();
        assert!(board.warns_of("a"));
    }

    #[test]
    fn what_has_no_room_is_refused_and_changes_nothing() {
        let mut board = PublishedBoard::default();
        let large = PublishedPart::Value("x".repeat(MOST_BYTES).into());
        assert!(board.publish("large".into(), None, at(1), large).unwrap_err().contains("all values"));
        for number in 0..MOST_NAMES {
            board.publish(number.to_string(), None, at(1), PublishedPart::Value(1.into())).unwrap();
        }
        let one_more = board.publish("more".into(), None, at(1), PublishedPart::Value(1.into()));
        assert_eq!(
            one_more.unwrap_err(),
            format!("`more` is one name too many: {MOST_NAMES} can be published")
        );
        assert_eq!(board.view().len(), MOST_NAMES);
    }
}
