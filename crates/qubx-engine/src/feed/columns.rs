//! Which column of a file holds what: headers differ from source to source. No I/O.

use csv::StringRecord;

use crate::RecordedKind;

/// A column that a file must have: the names under which it is found, the usual one first.
type Names = &'static [&'static str];

/// Where [`Columns::place`] finds each column of a file of quotes.
pub(super) mod quotes {
    pub(in crate::feed) const BID: usize = 1;
    pub(in crate::feed) const ASK: usize = 2;
    pub(in crate::feed) const BID_SIZE: usize = 3;
    pub(in crate::feed) const ASK_SIZE: usize = 4;
}

/// Of a file of trades.
pub(super) mod trades {
    pub(in crate::feed) const PRICE: usize = 1;
    pub(in crate::feed) const SIZE: usize = 2;
    pub(in crate::feed) const SIDE: usize = 3;
}

/// Of a file of bars.
pub(super) mod bars {
    pub(in crate::feed) const OPEN: usize = 1;
    pub(in crate::feed) const HIGH: usize = 2;
    pub(in crate::feed) const LOW: usize = 3;
    pub(in crate::feed) const CLOSE: usize = 4;
    pub(in crate::feed) const VOLUME: usize = 5;
}

/// Of a file of rates of funding.
pub(super) mod funding {
    pub(in crate::feed) const RATE: usize = 1;
}

/// Every file has one, in the first place.
pub(super) const TIME: usize = 0;

/// Most columns are those of bars.
const MOST: usize = 6;

/// The names that sources give: Tardis, Binance's public data, and what people write by hand.
const QUOTES: &[Names] = &[
    &["timestamp", "time", "ts", "datetime", "transaction_time", "event_time"],
    &["bid_price", "bid", "best_bid_price"],
    &["ask_price", "ask", "best_ask_price"],
    &["bid_amount", "bid_size", "bid_qty", "best_bid_qty"],
    &["ask_amount", "ask_size", "ask_qty", "best_ask_qty"],
];
const TRADES: &[Names] = &[
    &["timestamp", "time", "ts", "datetime", "transact_time"],
    &["price"],
    &["size", "amount", "qty", "quantity"],
    &["side", "is_buyer_maker", "isbuyermaker"],
];
const BARS: &[Names] = &[
    &["timestamp", "time", "ts", "datetime", "date", "open_time"],
    &["open"],
    &["high"],
    &["low"],
    &["close"],
    &["volume", "amount", "qty", "quantity", "size"],
];
const FUNDING: &[Names] = &[
    &["timestamp", "time", "ts", "datetime", "funding_time", "calc_time"],
    &["rate", "funding_rate", "last_funding_rate"],
];

/// The place of each column, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    places: [usize; MOST],
}

impl Columns {
    /// Finds the columns by the header.
    ///
    /// # Errors
    /// The problem, and what to do about it.
    pub(super) fn find(kind: RecordedKind, header: &StringRecord) -> Result<Self, (String, String)> {
        let (what, wanted) = match kind {
            RecordedKind::Quotes => ("quotes", QUOTES),
            RecordedKind::Trades => ("trades", TRADES),
            RecordedKind::Bars => ("bars", BARS),
            RecordedKind::Funding => ("funding rates", FUNDING),
        };
        let header: Vec<String> = header.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
        let mut places = [0; MOST];
        for (place, names) in places.iter_mut().zip(wanted) {
            let found = names.iter().find_map(|name| header.iter().position(|there| there == name));
            *place = found.ok_or_else(|| {
                (
                    format!("there is no column for the {}; the header is `{}`", names[0], header.join(",")),
                    format!("a file of {what} needs one that is named `{}`", names.join("`, `")),
                )
            })?;
        }
        Ok(Self { places })
    }

    /// Returns the place of a column.
    pub(super) fn place(&self, column: usize) -> usize {
        self.places[column]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_any_of_their_names_in_any_order() {
        for (kind, header, expected) in [
            (
                RecordedKind::Quotes,
                "timestamp,bid_price,ask_price,bid_amount,ask_amount",
                &[0, 1, 2, 3, 4][..],
            ),
            (RecordedKind::Quotes, "ts,bid,ask,bid_size,ask_size", &[0, 1, 2, 3, 4]),
            (RecordedKind::Quotes, " Time ,BID,Ask_Price,bid_qty,ask_qty", &[0, 1, 2, 3, 4]),
            (RecordedKind::Quotes, "ask,extra,ask_size,bid,time,bid_size", &[4, 3, 0, 5, 2]),
            (RecordedKind::Trades, "time,price,size,side", &[0, 1, 2, 3]),
            (RecordedKind::Trades, "id,price,qty,quote_qty,time,is_buyer_maker", &[4, 1, 2, 5]),
            (RecordedKind::Trades, "is_buyer_maker,side,amount,price,ts", &[4, 3, 2, 1]),
            (RecordedKind::Bars, "open_time,open,high,low,close,volume,close_time", &[0, 1, 2, 3, 4, 5]),
            (RecordedKind::Funding, "calc_time,funding_interval_hours,last_funding_rate", &[0, 2]),
            (RecordedKind::Funding, "funding_rate,time", &[1, 0]),
        ] {
            let header = StringRecord::from(header.split(',').collect::<Vec<_>>());
            let columns = Columns::find(kind, &header).unwrap();
            assert_eq!(columns.places[..expected.len()], *expected, "{header:?}");
        }
    }

    #[test]
    fn a_missing_column_is_named_with_what_there_is() {
        for (kind, problem, hint) in [
            (
                RecordedKind::Quotes,
                "bid_price",
                "quotes needs one that is named `bid_price`, `bid`, `best_bid_price`",
            ),
            (RecordedKind::Trades, "price", "trades needs one that is named `price`"),
            (RecordedKind::Bars, "high", "bars needs one that is named `high`"),
            (
                RecordedKind::Funding,
                "rate",
                "funding rates needs one that is named `rate`, `funding_rate`, `last_funding_rate`",
            ),
        ] {
            let header = StringRecord::from(vec!["time", "open", "close"]);
            let error = Columns::find(kind, &header).unwrap_err();
            let problem = format!("there is no column for the {problem}; the header is `time,open,close`");
            assert_eq!(error, (problem, format!("a file of {hint}")));
        }
    }
}
