//! Where its user left this session the last time: a row between what was there then and what came while they were away.
//! No I/O.

use jiff::Timestamp;
use qubx_protocol::{LogLevel, Seq};
use ratatui::text::Line;

use super::Transcript;
use super::entry::{Body, Kind};
use super::viewpoint::View;
use crate::format;

/// The place, and what came behind it before this screen opened.
#[derive(Clone, Debug)]
pub(super) struct Left {
    seq: Seq,
    time: Timestamp,
    /// The last event before this screen opened.
    until: Seq,
    /// What came in between, in words, as far as it is here.
    came: String,
}

impl Transcript {
    /// Takes in where this user left the session, when it had come as far as `until`.
    pub(crate) fn left_at(&mut self, seq: Seq, time: Timestamp, until: Seq) {
        self.left = (seq < until).then(|| Left { seq, time, until, came: String::new() });
        self.count_since_left();
    }

    /// Counts anew what came since, after entries have been added before others.
    pub(super) fn count_since_left(&mut self) {
        let Some(left) = &self.left else { return };
        let (mut lines, mut cells, mut fills, mut errors) = (0, 0, 0, 0);
        let from = self.entries.partition_point(|entry| entry.seq <= left.seq);
        for entry in self.entries.range(from..).take_while(|entry| entry.seq <= left.until) {
            match &entry.body {
                Body::Cell(_) => cells += 1,
                Body::Line(line) if line.kind == Kind::Fill => fills += 1,
                // Nobody is told of lines that they would not see.
                Body::Line(_) if entry.level() == Some(LogLevel::Debug) => {}
                Body::Line(_) | Body::Output { .. } => lines += 1,
                Body::Error { .. } => {}
            }
            errors += usize::from(entry.is_error() || entry.level() == Some(LogLevel::Error));
        }
        let counts = [(lines, "line"), (cells, "cell"), (fills, "fill"), (errors, "error")];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let came: Vec<String> = counts.map(|(count, noun)| format::count(count, noun)).collect();
        if let Some(left) = &mut self.left {
            left.came = came.join(" · ");
        }
    }

    /// Returns the row above the first entry that came since the user left; none above any other.
    pub(super) fn left_mark(&self, view: View, number: u64) -> Option<Line<'static>> {
        let left = self.left.as_ref().filter(|left| !left.came.is_empty())?;
        let entry = self.entries.get(self.place(number))?;
        // It is this place only if something from before it is here too.
        let is_place = entry.seq > left.seq
            && entry.seq <= left.until
            && self.entries.front().is_some_and(|first| first.seq <= left.seq)
            && self
                .previous_shown(view, number)
                .is_none_or(|previous| self.entries[self.place(previous)].seq <= left.seq);
        let time = format::stamp(left.time, self.look.today());
        // Nobody knows the second at which they left.
        let time = time.rsplit_once(':').map_or(time.as_str(), |(minute, _)| minute);
        let text = format!("─── you left here {time} · {} since ───", left.came);
        is_place.then(|| Line::styled(text, self.look.theme.attention()))
    }
}
