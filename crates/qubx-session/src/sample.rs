//! A session of any size, made at once: for benches, which need histories that nobody has the time to trade.
//!
//! It goes through the store's own append, so the files are what a service would have left at a kill. What is in them
//! was never traded: prices follow a pattern, not a market.

use std::io::ErrorKind;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use qubx_engine::{Checkpoint, WalkState};
use qubx_home::{HomeError, ensure_private_dir};
use qubx_protocol::{
    Author, CellNumber, CellStatus, Command, CommandId, Epoch, Fact, Fill, InstrumentId, Liquidity, LogLevel,
    Money, Order, OrderId, OrderStatus, OrderType, OutputContent, Position, Price, Quantity, Side,
    StreamName, TimeInForce,
};
use rust_decimal::Decimal;
use serde_json::json;

use crate::store::{CommandAudit, Draft, Store, StoreError};

/// The exchange of everything in a sample.
const EXCHANGE: &str = "SIM";
/// The symbols that a sample trades in turn, each with the price it moves around.
const SYMBOLS: [(&str, i64); 3] = [("BTCUSDT", 60_000), ("ETHUSDT", 3_000), ("SOLUSDT", 150)];
/// The orders that rest at the end, so far from any price that nothing fills them.
const RESTING: u64 = 20;
/// The least drafts that are committed together.
const BATCH: usize = 4_000;
/// The lines that a cell prints, and those of the log after it.
const LINES: u64 = 4;
/// The events of a cell with the lines after it: it is submitted, begins, prints and ends.
const TALK: u64 = 3 + 2 * LINES;
/// The events of an order that is filled: intended, the fill, filled.
const TRADE: u64 = 3;
/// How many words a random generator gives for one quote, about.
const WORDS: u64 = 80;
/// The events before the trading: the start, and two of every order that rests.
const BEGINNING: u64 = 1 + 2 * RESTING;

/// Writes a session of `entries` events with `fills` fills into `session_dir`, as a service that was killed would have
/// left it: cells with what they printed, log lines, orders, fills, positions, 20 orders that rest, a checkpoint
/// of a simulation that gave so many `quotes`, and a state of the strategy. It trades BTCUSDT, ETHUSDT and SOLUSDT on
/// the exchange SIM. If `entries` are fewer than the fills need, there are as many as they need. `progress` is told
/// after every commit how many events are written.
///
/// This is for benches. Never point it at a session of one's own: it refuses a folder in which there is anything.
///
/// # Errors
/// When the folder is not empty or cannot be made, or SQLite refuses; what was written until then stays.
pub fn sample(
    session_dir: &Path,
    entries: u64,
    fills: u64,
    quotes: u64,
    mut progress: impl FnMut(u64),
) -> Result<(), StoreError> {
    check_that_it_is_empty(session_dir)?;
    ensure_private_dir(session_dir)?;
    let mut store = Store::open(session_dir)?;
    let text = entries.saturating_sub(BEGINNING + TRADE * fills);
    let mut writer = Writer::new(store.log_id().as_str(), entries, quotes);
    writer.begin();
    let mut said = 0;
    while said < text || writer.fills < fills {
        // Trades and talk are spread evenly over the session.
        let is_ahead = u128::from(said) * u128::from(fills) >= u128::from(writer.fills) * u128::from(text);
        if writer.fills < fills && is_ahead {
            writer.trade();
        } else {
            said += writer.talk(text - said);
        }
        if writer.drafts.len() >= BATCH {
            progress(writer.commit(&mut store)?);
        }
    }
    progress(writer.commit(&mut store)?);
    Ok(())
}

fn check_that_it_is_empty(session_dir: &Path) -> Result<(), StoreError> {
    let found = std::fs::read_dir(session_dir).and_then(|mut entries| entries.next().transpose());
    match found {
        Ok(None) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Ok(Some(_)) => Err(StoreError::NotEmpty { path: session_dir.to_owned() }),
        Err(source) => {
            Err(HomeError::Io { action: "look into", path: session_dir.to_owned(), source }.into())
        }
    }
}

/// What is written next, and where the session is.
struct Writer {
    drafts: Vec<Draft>,
    time: Timestamp,
    /// How many quotes the simulation gave.
    quotes: u64,
    /// How many were written.
    written: u64,
    /// What the ids of orders begin with.
    prefix: String,
    orders: u64,
    fills: u64,
    cell: CellNumber,
    positions: Vec<Position>,
}

impl Writer {
    fn new(log: &str, entries: u64, quotes: u64) -> Self {
        // An event takes a millisecond.
        let length = SignedDuration::from_millis(i64::try_from(entries).unwrap_or(i64::MAX));
        let instruments = SYMBOLS.map(|(symbol, _)| InstrumentId::new(EXCHANGE, symbol));
        Self {
            drafts: Vec::new(),
            time: Timestamp::now().checked_sub(length).unwrap_or(Timestamp::UNIX_EPOCH),
            quotes,
            written: 0,
            prefix: format!("q{}-1-", &log[..log.len().min(8)]),
            orders: 0,
            fills: 0,
            cell: CellNumber(0),
            positions: instruments.map(Position::flat).into(),
        }
    }

    /// Starts the run and gives the orders that rest.
    fn begin(&mut self) {
        self.drafts.push(Draft::Started { epoch: Epoch(1), restored: false });
        for _ in 0..RESTING {
            let order = self.order(0, Side::Buy, Some(Price(Decimal::ONE_THOUSAND)));
            self.drafts.push(Draft::Order(Order { status: OrderStatus::New, ..order }));
        }
    }

    /// Intends an order: a hundredth of the first symbol, and ten times as much of each one after it.
    fn order(&mut self, symbol: usize, side: Side, price: Option<Price>) -> Order {
        self.orders += 1;
        let order = Order {
            id: OrderId(format!("{}{}", self.prefix, self.orders)),
            instrument: self.positions[symbol].instrument.clone(),
            side,
            order_type: if price.is_some() { OrderType::Limit } else { OrderType::Market },
            quantity: Quantity(Decimal::new(10_i64.pow(symbol as u32), 2)),
            filled: Quantity::ZERO,
            price,
            stop_price: None,
            triggered: false,
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            avg_price: None,
            status: OrderStatus::Intended,
            author: "strategy".into(),
            cause: None,
            created_at: self.time,
            changed_at: None,
            reason: None,
            rejection: None,
        };
        self.drafts.push(Draft::Order(order.clone()));
        order
    }

    /// Opens or closes the position of the next symbol.
    fn trade(&mut self) {
        let symbol = (self.fills % SYMBOLS.len() as u64) as usize;
        self.fills += 1;
        // Hundredths of a percent around the usual price.
        let step = (self.fills * 7_919 % 200) as i64 - 100;
        let price = Price(Decimal::new(SYMBOLS[symbol].1 * (10_000 + step), 4));
        let opens = self.positions[symbol].quantity.is_zero();
        let order = self.order(symbol, if opens { Side::Buy } else { Side::Sell }, None);
        let fee = Money((price * order.quantity).0 * Decimal::new(5, 4));
        let position = &mut self.positions[symbol];
        position.realized_pnl += position.unrealized_pnl(price, Decimal::ONE);
        position.fees += fee;
        position.quantity = if opens { order.quantity } else { Quantity::ZERO };
        position.avg_price = opens.then_some(price);
        let fill = Fill {
            trade_id: format!("{}-1", order.id),
            order: order.id.clone(),
            instrument: order.instrument.clone(),
            side: order.side,
            quantity: order.quantity,
            price,
            fee,
            liquidity: Liquidity::Taker,
            time: self.time,
            author: order.author.clone(),
        };
        self.drafts.push(Draft::Fill { fill, position: position.clone() });
        let filled = order.quantity;
        self.drafts.push(Draft::Order(Order { status: OrderStatus::Filled, filled, ..order }));
    }

    /// Writes a cell and some lines of the log, or one line when there is `room` for no more; returns the events.
    fn talk(&mut self, room: u64) -> u64 {
        if room < TALK {
            self.log(room);
            return 1;
        }
        self.cell = self.cell.next();
        let (cell, author) = (self.cell, Author::from("trader@pts/0"));
        let id = CommandId(format!("sample-{cell}"));
        let code = format!("for line in range({LINES}):\n    print('cell', {cell}, 'line', line)");
        let command = Command::Execute { code: code.clone() };
        self.drafts.push(Draft::Command(CommandAudit { id: id.clone(), author: author.clone(), command }));
        self.fact(Fact::Cell { cell, code, author, command: Some(id) });
        self.fact(Fact::CellStarted { cell, execution_count: u32::try_from(cell.0).ok() });
        for line in 0..LINES {
            let text = format!("cell {cell} line {line}\n");
            let content = OutputContent::Stream { stream: StreamName::Stdout, text };
            self.fact(Fact::Output { cell: Some(cell), content });
        }
        self.fact(Fact::CellFinished { cell, status: CellStatus::Ok, duration_ms: 2 });
        (0..LINES).for_each(|line| self.log(line));
        TALK
    }

    fn log(&mut self, number: u64) {
        let text = format!("after cell {} and {} fills: line {number} of the log", self.cell, self.fills);
        self.fact(Fact::Log {
            level: LogLevel::Info,
            source: "strategy".to_owned(),
            text,
            market_time: None,
        });
    }

    fn fact(&mut self, fact: Fact) {
        self.drafts.push(Draft::Session(fact));
    }

    /// Stores what there is, with a checkpoint and the strategy's state, and returns how many events are written.
    fn commit(&mut self, store: &mut Store) -> Result<u64, StoreError> {
        self.drafts.push(Draft::Checkpoint(json!(self.checkpoint())));
        self.drafts.push(Draft::StrategyState(json!({ "fills": self.fills })));
        let events = store.append(&self.drafts, self.time)?.len() as u64;
        self.drafts.clear();
        self.written += events;
        let passed = SignedDuration::from_millis(i64::try_from(events).unwrap_or(0));
        self.time = self.time.checked_add(passed).unwrap_or(self.time);
        Ok(self.written)
    }

    fn checkpoint(&self) -> Checkpoint {
        let walk = |(_, price): (_, i64), position: &Position| WalkState {
            instrument: position.instrument.clone(),
            words: self.quotes / SYMBOLS.len() as u64 * WORDS,
            price: price as f64,
            trend: 0.0,
            trend_left: 0,
            wait_ns: 0,
            quote: None,
        };
        let simulation = SYMBOLS.into_iter().zip(&self.positions);
        Checkpoint {
            place: self.quotes,
            time: Some(self.time),
            simulation: simulation.map(|(symbol, position)| walk(symbol, position)).collect(),
            ..Checkpoint::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::verify;

    #[test]
    fn a_sample_has_what_was_asked_for_and_its_files_are_whole() {
        for (entries, fills, expected) in [(9_999, 500, 9_999), (100, 50, BEGINNING + 150), (0, 0, BEGINNING)]
        {
            let folder = tempfile::tempdir().unwrap();
            let mut told = 0;
            sample(folder.path(), entries, fills, 0, |events| told = events).unwrap();
            let found = verify(folder.path(), |_, _| {}).unwrap();
            assert_eq!(found.findings, [], "{entries} {fills}");
            assert_eq!((found.events, found.fills, told), (expected, fills, expected));
            assert_eq!(found.orders, 2 * RESTING + 2 * fills);
        }
    }

    #[test]
    fn a_sample_ends_with_a_book_that_can_be_restored() {
        let folder = tempfile::tempdir().unwrap();
        sample(folder.path(), 2_000, 100, 50_000_000, |_| {}).unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let book = store.book().unwrap();
        assert_eq!((book.orders.len() as u64, book.order_count), (RESTING, RESTING + 100));
        // 34 fills of the first close what they opened, 33 of each other leave one open.
        let held: Vec<bool> = book.positions.iter().map(|held| !held.quantity.is_zero()).collect();
        assert_eq!(held, [false, true, true]);
        let checkpoint: Checkpoint = serde_json::from_value(book.checkpoint.unwrap()).unwrap();
        assert_eq!((checkpoint.place, checkpoint.simulation.len()), (50_000_000, 3));
        assert_eq!(store.strategy_state().unwrap(), Some(json!({ "fills": 100 })));
        assert_eq!(store.take_left(), crate::store::Left::default());
    }

    #[test]
    fn a_folder_with_anything_in_it_is_refused_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ledger.db"), "mine").unwrap();
        let error = sample(folder.path(), 10, 1, 1, |_| {}).unwrap_err();
        assert!(matches!(error, StoreError::NotEmpty { .. }), "{error}");
        assert_eq!(std::fs::read_to_string(folder.path().join("ledger.db")).unwrap(), "mine");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
