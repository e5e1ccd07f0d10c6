//! Quotes that stand for what was recorded of an instrument without quotes. No I/O.
//!
//! An order is filled at quotes alone, so there must be some. None of them is earlier than what it tells could be known.

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::{Price, Quantity, Timeframe};
use rust_decimal::Decimal;

use super::record::RecordedBar;
use crate::{MarketData, Touch};

/// How long before its end a bar's close is quoted.
const BEFORE_END: SignedDuration = SignedDuration::from_millis(1);

/// Returns a quote that bids and asks one price.
pub(super) fn at_price(price: Price, size: Quantity) -> MarketData {
    MarketData::Quote(Touch { bid: price, ask: price, bid_size: size, ask_size: size })
}

/// Returns the quotes that stand for the prices of a bar, in order, each with its time: the open when the bar begins, the
/// high and the low after a quarter and three quarters of it, and the close a millisecond before its end.
///
/// Which of the high and the low comes first a bar does not tell. The one that is nearer to the open does here, which is
/// what NautilusTrader does with `bar_adaptive_high_low_ordering` (its documentation, "Backtesting", "Bar execution":
/// open, high, low, close if the open is closer to the high; open, low, high, close if it is closer to the low). When both
/// are as near, the low comes first.
///
/// Each has a quarter of the bar's volume, in whole lots, but at least a lot.
pub(super) fn of_bar(bar: &RecordedBar, timeframe: Timeframe, lot: Quantity) -> [(Timestamp, MarketData); 4] {
    let size = quarter(bar.volume, lot);
    let length = SignedDuration::from_secs(i64::from(timeframe.seconds()));
    let high_is_first = bar.high.0 - bar.open.0 < bar.open.0 - bar.low.0;
    let (first, second) = if high_is_first { (bar.high, bar.low) } else { (bar.low, bar.high) };
    let after = |wait: SignedDuration| bar.start.saturating_add(wait).unwrap_or(Timestamp::MAX);
    [
        (bar.start, at_price(bar.open, size)),
        (after(length / 4), at_price(first, size)),
        (after(length / 4 * 3), at_price(second, size)),
        (after(length - BEFORE_END), at_price(bar.close, size)),
    ]
}

fn quarter(volume: Quantity, lot: Quantity) -> Quantity {
    let lots = (volume.0 / Decimal::from(4) / lot.0).floor();
    Quantity((lots * lot.0).max(lot.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, decimal};

    /// Returns the times of day, prices and sizes of the quotes that stand for a bar of this length at 12:00.
    fn check(timeframe: &str, [open, high, low, close, volume]: [&str; 5], expected: [&str; 4]) {
        let price = |text| Price(decimal(text));
        let bar = RecordedBar {
            start: at("12:00:00"),
            open: price(open),
            high: price(high),
            low: price(low),
            close: price(close),
            volume: Quantity(decimal(volume)),
        };
        let quotes = of_bar(&bar, timeframe.parse().unwrap(), Quantity(decimal("0.001")));
        let written = quotes.map(|(time, data)| {
            let MarketData::Quote(touch) = data else { panic!("{data:?}") };
            assert_eq!((touch.bid, touch.bid_size), (touch.ask, touch.ask_size));
            format!("{} {} {}", time.strftime("%H:%M:%S%.f"), touch.bid, touch.bid_size)
        });
        assert_eq!(written, expected);
    }

    #[test]
    fn a_bar_is_quoted_over_its_whole_time_the_nearer_extreme_first() {
        check(
            "1m",
            ["100.0", "101.5", "98", "99", "4"],
            ["12:00:00 100.0 1.000", "12:00:15 101.5 1.000", "12:00:45 98 1.000", "12:00:59.999 99 1.000"],
        );
        check(
            "1s",
            ["100", "103", "99", "102", "0.0039"],
            ["12:00:00 100 0.001", "12:00:00.25 99 0.001", "12:00:00.75 103 0.001", "12:00:00.999 102 0.001"],
        );
        check(
            "4h",
            ["100", "101", "99", "100", "0.0139"],
            ["12:00:00 100 0.003", "13:00:00 99 0.003", "15:00:00 101 0.003", "15:59:59.999 100 0.003"],
        );
    }
}
