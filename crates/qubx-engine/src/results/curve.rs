//! The equity of one account over time: points for a picture, the greatest fall, and the hours' returns. No I/O.

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::{EquityPoint, Money};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::grid::Grid;
use super::hourly::Hourly;
use super::ratio;

/// The equity over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Curve {
    /// The beginning.
    first: EquityPoint,
    /// The minute since the Unix epoch whose sample is due.
    due: i64,
    grid: Grid,
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
            first: EquityPoint { time, equity },
            due,
            grid: Grid::new(due),
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
            self.grid.keep_until(end - 1, equity);
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
        let on_grid =
            self.grid.points().map(|(minute, equity)| EquityPoint { time: time_of(minute), equity });
        // All may have happened in one moment.
        let begin = std::iter::once(self.first).filter(|point| point.time < time);
        let mut points: Vec<EquityPoint> =
            begin.chain(on_grid.filter(|point| point.time > self.first.time && point.time < time)).collect();
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
}

/// Returns the first whole minute at or after a time.
fn minute_from(time: Timestamp) -> i64 {
    let minute = time.as_second().div_euclid(60);
    minute + i64::from(time > time_of(minute))
}

fn time_of(minute: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH.saturating_add(SignedDuration::from_mins(minute)).unwrap_or(Timestamp::MAX)
}
