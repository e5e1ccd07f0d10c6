//! A bounded number of values, evenly in time: when there is no room for one more, every second one goes. No I/O.

use qubx_protocol::Money;
use serde::{Deserialize, Serialize};

/// The values at most: with the beginning and the end, which are not on the grid, results have a thousand points.
const MOST: usize = 998;
/// The digits of a value, after the decimal point; it is looked at.
const DECIMALS: u32 = 8;

/// Values at whole minutes, without a gap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Grid {
    /// They are so many minutes apart, on multiples of it since the Unix epoch; a power of two.
    spacing: i64,
    /// The minute of the first one.
    begins: i64,
    length: usize,
    /// The values, each with a space behind it: a checkpoint, of which there are far more than values, copies them as
    /// they are.
    values: String,
}

impl Grid {
    /// Begins at a minute.
    pub(super) fn new(minute: i64) -> Self {
        Self { spacing: 1, begins: minute, length: 0, values: String::new() }
    }

    /// Keeps what the value is from the minute behind the last one up to this one.
    pub(super) fn keep_until(&mut self, last: i64, value: Money) {
        let text = format!("{} ", value.0.round_dp(DECIMALS).normalize());
        while self.minute(self.length) <= last {
            if self.length == MOST {
                self.thin_out();
            } else {
                self.values.push_str(&text);
                self.length += 1;
            }
        }
    }

    /// Returns the values with their minutes.
    pub(super) fn points(&self) -> impl Iterator<Item = (i64, Money)> {
        let minutes = (0..).map(|place| self.minute(place));
        minutes.zip(self.values.split_terminator(' ').map(|value| value.parse().unwrap_or_default()))
    }

    fn minute(&self, place: usize) -> i64 {
        self.begins + i64::try_from(place).unwrap_or(i64::MAX) * self.spacing
    }

    fn thin_out(&mut self) {
        self.spacing *= 2;
        let skipped = usize::from(self.begins % self.spacing != 0);
        self.begins += i64::try_from(skipped).unwrap_or_default() * self.spacing / 2;
        let kept: Vec<&str> = self.values.split_inclusive(' ').skip(skipped).step_by(2).collect();
        (self.length, self.values) = (kept.len(), kept.concat());
    }
}
