//! The equity of one account over time: points for a picture, the greatest fall, and the hours' returns. No I/O.

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::{EquityPoint, Money};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::hourly::Hourly;
use super::ratio;

/// The points that results have at most.
const MOST_POINTS: usize = 1_000;
/// Those that are on the grid: the beginning and the end are not.
const MOST_ON_GRID: usize = MOST_POINTS - 2;
/// The digits of a point on the way, after the decimal point; it is looked at. The end has all of its digits.
const POINT_DECIMALS: u32 = 8;

/// The equity over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Curve {
    /// The beginning.
    first: EquityPoint,
    /// The minute since the Unix epoch whose sample is due.
    due: i64,
    /// The points on the grid are so many minutes apart, on multiples of it; a power of two.
    spacing: i64,
    /// The minute of the first of them.
    grid_begins: i64,
    /// The equity on the grid, without a gap.
    grid: Vec<Money>,
    /// The highest equity so far.
    peak: Money,
    max_drawdown: Money,
    max_drawdown_part: Decimal,
    hourly: Hourly,
}

impl Curve {
    /// Begins with the equity just before the first event of the market.
    pub(super) fn new(time: Timestamp, capital: Money, equity: Money) -> Self {
        let due = minute_from(time);
        let mut curve = Self {
            first: EquityPoint { time, equity: point(equity) },
            due,
            spacing: 1,
            grid_begins: due,
            grid: Vec::new(),
            peak: capital,
            max_drawdown: Money::ZERO,
            max_drawdown_part: Decimal::ZERO,
            hourly: Hourly::new(due),
        };
        curve.fall(equity);
        curve
    }

    pub(super) fn due(&self) -> Timestamp {
        time_of(self.due)
    }

    /// Takes in the equity since the last event, just before what happens at `time`.
    pub(super) fn sample(&mut self, time: Timestamp, equity: Money) {
        self.fall(equity);
        let end = minute_from(time);
        if end > self.due {
            self.hourly.until(end - 1, equity);
            self.keep_until(end - 1, equity);
            self.due = end;
        }
    }

    pub(super) fn max_drawdown(&self) -> Money {
        self.max_drawdown
    }

    pub(super) fn max_drawdown_part(&self) -> Decimal {
        self.max_drawdown_part
    }

    /// Returns the Sharpe ratio of what ends at `time` with this equity.
    pub(super) fn sharpe(&self, time: Timestamp, equity: Money) -> Option<Decimal> {
        let mut hourly = self.hourly.clone();
        hourly.until(time.as_second().div_euclid(60), equity);
        hourly.sharpe()
    }

    /// Returns the points, with the end at `time`.
    pub(super) fn points(&self, time: Timestamp, equity: Money) -> Vec<EquityPoint> {
        let minutes = (0..).map(|place: i64| self.grid_begins + place * self.spacing);
        let grid =
            minutes.zip(&self.grid).map(|(minute, &equity)| EquityPoint { time: time_of(minute), equity });
        let mut points = vec![self.first];
        points.extend(grid.filter(|point| point.time > self.first.time && point.time < time));
        // All may have happened in one moment.
        points.retain(|point| point.time < time);
        points.push(EquityPoint { time, equity });
        points
    }

    fn fall(&mut self, equity: Money) {
        self.peak = self.peak.max(equity);
        let fall = self.peak - equity;
        self.max_drawdown = self.max_drawdown.max(fall);
        if fall > Money::ZERO
            && let Some(part) = ratio(fall, self.peak)
        {
            self.max_drawdown_part = self.max_drawdown_part.max(part);
        }
    }

    /// Keeps the equity at each place of the grid from the minute that was due to `last`.
    fn keep_until(&mut self, last: i64, equity: Money) {
        loop {
            let next = if self.grid.is_empty() {
                self.grid_begins = next_multiple(self.due, self.spacing);
                self.grid_begins
            } else {
                self.grid_begins + i64::try_from(self.grid.len()).unwrap_or(i64::MAX) * self.spacing
            };
            if next > last {
                return;
            }
            if self.grid.len() == MOST_ON_GRID {
                self.thin_out();
            } else {
                self.grid.push(point(equity));
            }
        }
    }

    /// Leaves every second point out.
    fn thin_out(&mut self) {
        self.spacing *= 2;
        let skipped = usize::from(self.grid_begins % self.spacing != 0);
        self.grid_begins = next_multiple(self.grid_begins, self.spacing);
        self.grid = self.grid.iter().copied().skip(skipped).step_by(2).collect();
    }
}

fn point(equity: Money) -> Money {
    Money(equity.0.round_dp(POINT_DECIMALS).normalize())
}

/// Returns the first whole minute at or after a time.
fn minute_from(time: Timestamp) -> i64 {
    let minute = time.as_second().div_euclid(60);
    minute + i64::from(time > time_of(minute))
}

fn time_of(minute: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH.saturating_add(SignedDuration::from_mins(minute)).unwrap_or(Timestamp::MAX)
}

fn next_multiple(value: i64, of: i64) -> i64 {
    value + (-value).rem_euclid(of)
}
