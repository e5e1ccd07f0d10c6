//! What the rows of a recorded file say, checked.

use jiff::Timestamp;
use qubx_protocol::{Price, Quantity, Side};
use rust_decimal::Decimal;

use super::columns::{Columns, TIME, bars, funding, quotes, trades};
use super::rows::Rows;
use super::{number, time};
use crate::core::MAX_AMOUNT;
use crate::{DataError, MarketData, RecordedFile, RecordedKind, Touch};

/// An amount up to this many units of its last digit is not above [`MAX_AMOUNT`], wherever its point is.
const SURELY_SMALL: i128 = 1_000_000_000_000;

const CORRECT_IT: &str = "correct or remove the row";

/// A file of records of one kind.
pub(super) struct Records {
    kind: RecordedKind,
    rows: Rows,
    columns: Columns,
    /// Whether the side of a trade is told by who did not take.
    side_is_maker: bool,
    times: time::Times,
}

/// A bar as its row tells it, which is not how long it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RecordedBar {
    pub(super) start: Timestamp,
    pub(super) open: Price,
    pub(super) high: Price,
    pub(super) low: Price,
    pub(super) close: Price,
    pub(super) volume: Quantity,
}

impl Records {
    /// Opens a file and finds its columns.
    ///
    /// # Errors
    /// The file cannot be read, or its header lacks a column.
    pub(super) fn open(file: &RecordedFile) -> Result<Self, DataError> {
        let rows = Rows::open(&file.path)?;
        let columns = Columns::find(file.kind, rows.header())
            .map_err(|(problem, hint)| rows.bad_file(Some(1), problem, &hint))?;
        let side = rows.header().get(columns.place(trades::SIDE)).unwrap_or_default();
        let side_is_maker = side.to_ascii_lowercase().contains("maker");
        Ok(Self { kind: file.kind, rows, columns, side_is_maker, times: time::Times::default() })
    }

    pub(super) fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Returns the error of a file that has no row at all.
    pub(super) fn empty(&self) -> DataError {
        let what = match self.kind {
            RecordedKind::Quotes => "quotes",
            RecordedKind::Trades => "trades",
            RecordedKind::Bars => "bars",
            RecordedKind::Funding => "funding rates",
        };
        let problem = "there is no row below the header".to_owned();
        self.rows.bad_file(None, problem, &format!("name a file that holds {what}"))
    }

    /// Reads the next quote, trade or rate of funding; none at the end of the file. Bars are read by [`Self::bar`].
    ///
    /// # Errors
    /// The row cannot be read, or makes no sense.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<(Timestamp, MarketData)>, DataError> {
        if !self.rows.next()? {
            return Ok(None);
        }
        let time = self.time()?;
        let data = match self.kind {
            RecordedKind::Quotes => MarketData::Quote(self.quote()?),
            RecordedKind::Funding => MarketData::FundingRate(self.rate()?),
            RecordedKind::Trades | RecordedKind::Bars => MarketData::Trade {
                price: self.price(trades::PRICE)?,
                size: self.size(trades::SIZE)?,
                side: self.side()?,
            },
        };
        Ok(Some((time, data)))
    }

    /// Reads the next bar; none at the end of the file.
    ///
    /// # Errors
    /// The row cannot be read, or makes no sense.
    pub(super) fn bar(&mut self) -> Result<Option<RecordedBar>, DataError> {
        if !self.rows.next()? {
            return Ok(None);
        }
        let bar = RecordedBar {
            start: self.time()?,
            open: self.price(bars::OPEN)?,
            high: self.price(bars::HIGH)?,
            low: self.price(bars::LOW)?,
            close: self.price(bars::CLOSE)?,
            volume: self.size(bars::VOLUME)?,
        };
        for (name, price) in [("open", bar.open), ("low", bar.low), ("close", bar.close)] {
            if bar.high < price {
                let problem = format!("the high {} is below the {name} {price}", bar.high);
                return Err(self.bad(bars::HIGH, problem, CORRECT_IT));
            }
            if bar.low > price {
                let problem = format!("the low {} is above the {name} {price}", bar.low);
                return Err(self.bad(bars::LOW, problem, CORRECT_IT));
            }
        }
        Ok(Some(bar))
    }

    fn quote(&self) -> Result<Touch, DataError> {
        let touch = Touch {
            bid: self.price(quotes::BID)?,
            ask: self.price(quotes::ASK)?,
            bid_size: self.size(quotes::BID_SIZE)?,
            ask_size: self.size(quotes::ASK_SIZE)?,
        };
        if touch.bid > touch.ask {
            let problem = format!("the bid {} is above the ask {}", touch.bid, touch.ask);
            return Err(self.bad(quotes::BID, problem, CORRECT_IT));
        }
        Ok(touch)
    }

    fn rate(&self) -> Result<Decimal, DataError> {
        let rate = self.number(funding::RATE)?;
        if rate.abs() > Decimal::ONE {
            let problem = format!("the rate {rate} is not between -1 and 1");
            return Err(self.bad(
                funding::RATE,
                problem,
                "write it as a part of the value: 0.0001 for a basis point",
            ));
        }
        Ok(rate)
    }

    fn side(&self) -> Result<Side, DataError> {
        let text = self.text(trades::SIDE)?;
        let is = |names: &[&str]| names.iter().any(|name| text.eq_ignore_ascii_case(name.as_bytes()));
        let (buys, sells): (&[&str], &[&str]) = if self.side_is_maker {
            (&["false", "0"], &["true", "1"])
        } else {
            (&["1", "buy", "b"], &["-1", "sell", "s"])
        };
        if is(buys) {
            return Ok(Side::Buy);
        }
        if is(sells) {
            return Ok(Side::Sell);
        }
        let (problem, hint) = if self.side_is_maker {
            ("does not tell whether the buyer is the maker", "write true or false")
        } else {
            ("is not a side", "write 1 or buy when a buyer took what rested, -1 or sell when a seller did")
        };
        Err(self.bad(trades::SIDE, format!("`{}` {problem}", String::from_utf8_lossy(text)), hint))
    }

    #[inline]
    fn time(&mut self) -> Result<Timestamp, DataError> {
        let text = self.rows.column(self.columns.place(TIME))?;
        self.times.read(text).ok_or_else(|| {
            let text = String::from_utf8_lossy(text.trim_ascii());
            self.bad(TIME, format!("`{text}` is not a time"), time::HINT)
        })
    }

    #[inline]
    fn price(&self, column: usize) -> Result<Price, DataError> {
        let number = self.number(column)?;
        let mantissa = number.mantissa();
        if mantissa <= 0 || (mantissa > SURELY_SMALL && number > MAX_AMOUNT) {
            let problem = format!("the price {number} is not between 0 and {MAX_AMOUNT}");
            return Err(self.bad(column, problem, CORRECT_IT));
        }
        Ok(Price(number))
    }

    #[inline]
    fn size(&self, column: usize) -> Result<Quantity, DataError> {
        let number = self.number(column)?;
        let mantissa = number.mantissa();
        if mantissa < 0 || (mantissa > SURELY_SMALL && number > MAX_AMOUNT) {
            let problem = format!("the size {number} is not between 0 and {MAX_AMOUNT}");
            return Err(self.bad(column, problem, CORRECT_IT));
        }
        Ok(Quantity(number))
    }

    #[inline]
    fn number(&self, column: usize) -> Result<Decimal, DataError> {
        let text = self.rows.column(self.columns.place(column))?;
        number::parse(text).ok_or_else(|| {
            let text = String::from_utf8_lossy(text.trim_ascii());
            self.bad(column, format!("`{text}` is not a number"), "write a decimal number such as 87608.2")
        })
    }

    fn text(&self, column: usize) -> Result<&[u8], DataError> {
        Ok(self.rows.column(self.columns.place(column))?.trim_ascii())
    }

    #[cold]
    fn bad(&self, column: usize, problem: String, hint: &str) -> DataError {
        self.rows.bad(self.columns.place(column), problem, hint)
    }
}
