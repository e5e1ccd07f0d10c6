//! A strategy that is a script, and what it sees: for the tests of lockstep.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;

use jiff::Timestamp;
use qubx_protocol::{Order, OrderId, Quantity, Side, TimeInForce};
use rust_decimal::Decimal;

use super::Lockstep;
use crate::bars::Bars;
use crate::desk::Desk;
use crate::floor::Floor;
use crate::testing::id;
use crate::{
    At, Call, CallValue, EngineConfig, EngineEvent, Interests, MarketData, MarketEvent, Modification,
    OrderRequest, StrategyInput, Touch,
};

pub(super) const SYMBOLS: [&str; 2] = ["BTCUSDT", "ETHUSDT"];

/// What the strategy does in a callback.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Nothing,
    Market {
        instrument: usize,
        buys: bool,
        lots: u32,
    },
    /// So far away from the bid; it stays, or is a thing of the moment, or only rests, or only reduces.
    Limit {
        instrument: usize,
        buys: bool,
        lots: u32,
        away: i64,
        kind: usize,
    },
    /// Waits until the market is so far away from the bid; then it is at market, or has a limit there.
    Stop {
        instrument: usize,
        buys: bool,
        lots: u32,
        away: i64,
        has_limit: bool,
    },
    /// Moves the oldest order.
    Modify {
        away: i64,
    },
    CancelOldest,
    CancelAll,
    CloseAll,
    Timer {
        name: usize,
        every: Option<u32>,
    },
    Bars {
        every: u32,
    },
    History {
        every: u32,
    },
    Accounts,
}

/// The strategy: its steps come one after the other, some in each callback, and again from the beginning.
pub(super) struct Script {
    steps: Vec<Step>,
    next: usize,
    time: Timestamp,
    quotes: BTreeMap<usize, Touch>,
    positions: BTreeMap<String, Quantity>,
    orders: BTreeMap<String, Order>,
    /// The callbacks of what calls caused.
    pending: VecDeque<StrategyInput>,
    /// Each callback with all that the strategy saw in it, and each answer.
    pub(super) log: Vec<String>,
}

/// A replay and its strategy.
pub(super) struct Run {
    pub(super) lockstep: Lockstep,
    pub(super) floor: Floor,
    pub(super) script: Script,
    pub(super) facts: Vec<EngineEvent>,
    /// How many events each batch had.
    pub(super) batches: Vec<usize>,
    number: u64,
    record: u32,
    end: u32,
}

impl Run {
    pub(super) fn new(
        steps: Vec<Step>,
        interests: Interests,
        config: &EngineConfig,
        begin: Timestamp,
        largest: usize,
    ) -> Self {
        let desk = Desk::new(config);
        let bars = Bars::new(desk.state().instruments());
        let mut floor = Floor::new(desk, bars, begin, 0);
        floor.timers.tell_each();
        let mut lockstep = Lockstep::with_largest(largest);
        lockstep.begin();
        lockstep.set_interests(interests);
        let script = Script {
            steps,
            next: 0,
            time: Timestamp::UNIX_EPOCH,
            quotes: BTreeMap::new(),
            positions: BTreeMap::new(),
            orders: BTreeMap::new(),
            pending: VecDeque::new(),
            log: Vec::new(),
        };
        Self { lockstep, floor, script, facts: Vec::new(), batches: Vec::new(), number: 0, record: 0, end: 0 }
    }

    /// Replays events, which the feed gives in pieces of this size.
    pub(super) fn replay(&mut self, events: &[MarketEvent], piece: usize) {
        for piece in events.chunks(piece) {
            self.lockstep.give(&mut piece.to_vec());
            self.go_on(false);
        }
        self.go_on(true);
        assert_eq!(self.floor.place(), events.len() as u64);
    }

    fn go_on(&mut self, last: bool) {
        loop {
            let next = self.lockstep.next(&mut self.floor, true, last);
            self.facts.extend(self.lockstep.take_unsent());
            match next {
                Some((number, inputs)) => self.work(number, inputs),
                None if self.lockstep.is_empty() => break,
                None => {}
            }
        }
    }

    /// Works through a batch as a host of a strategy does.
    pub(super) fn work(&mut self, number: u64, inputs: Vec<StrategyInput>) {
        self.batches.push(inputs.len());
        (self.number, self.record, self.end) = (number, 0, inputs.len() as u32);
        self.script.time = self.script.time.max(self.floor.clock());
        for input in inputs {
            if self.record >= self.end {
                break;
            }
            self.record += 1;
            self.script.see(&input);
            self.react(&input);
            while let Some(fact) = self.script.pending.pop_front() {
                self.react(&fact);
            }
        }
        self.lockstep.done(&mut self.floor, self.record);
        self.facts.extend(self.lockstep.take_unsent());
    }

    fn react(&mut self, input: &StrategyInput) {
        let is_of_market = match input {
            StrategyInput::Event(_) | StrategyInput::Bar(..) | StrategyInput::Timer { .. } => true,
            StrategyInput::Order(_) | StrategyInput::Fill(_) => false,
            _ => return,
        };
        if is_of_market {
            self.check_book();
        }
        let line = self.script.line(input);
        self.script.log.push(line);
        // An order that causes an order would never come to an end.
        let steps = if is_of_market { 2 } else { usize::from(self.script.next.is_multiple_of(3)) };
        for _ in 0..steps {
            let step = self.script.steps[self.script.next % self.script.steps.len()].clone();
            self.script.next += 1;
            if let Some(call) = self.script.call(step) {
                self.call(call);
            }
        }
    }

    fn call(&mut self, call: Call) {
        let at = At { batch: self.number, record: self.record };
        let line = match self.lockstep.call(&mut self.floor, Some(at), call) {
            Ok(reply) => {
                reply.facts.iter().for_each(|fact| self.script.see(fact));
                self.script.pending.extend(reply.facts);
                if let Some(end) = reply.end {
                    assert!(self.record <= end && end <= self.end, "{} {end} {}", self.record, self.end);
                    self.end = end;
                }
                if let CallValue::Order(order) = &reply.value {
                    // One that is only on its way is told by the answer alone.
                    self.script.see(&StrategyInput::Order(order.clone()));
                }
                if let CallValue::Orders(orders) = &reply.value {
                    let see = |order: &Order| self.script.see(&StrategyInput::Order(Box::new(order.clone())));
                    orders.iter().for_each(see);
                }
                match reply.value {
                    CallValue::Accounts(accounts) => format!("= {}", accounts[0].equity),
                    CallValue::Bars(bars) => {
                        format!("= {:?}", bars.last().map(|bar| (bar.close, bar.quotes)))
                    }
                    value => format!("= {value:?}"),
                }
            }
            Err(error) => format!("= {error}"),
        };
        // The engine is where the strategy is.
        for (place, touch) in &self.script.quotes {
            assert_eq!(self.floor.desk.state().touch(*place).as_ref(), Some(touch));
        }
        self.script.log.push(line);
    }

    /// Checks that the strategy sees the book as it is.
    fn check_book(&self) {
        let state = self.floor.desk.state();
        let open: Vec<&OrderId> = state.open_orders().map(|order| &order.id).collect();
        let mut seen: Vec<&OrderId> = self.script.orders.values().map(|order| &order.id).collect();
        seen.sort_by_key(|id| open.iter().position(|open| open == id));
        assert_eq!(seen, open);
        for position in state.positions() {
            let seen = self.script.positions.get(&position.instrument.symbol).copied().unwrap_or_default();
            assert_eq!(seen, position.quantity);
        }
    }
}

impl Script {
    /// Takes an input into the picture of market and book.
    fn see(&mut self, input: &StrategyInput) {
        match input {
            StrategyInput::Event(event) | StrategyInput::See(event) => {
                self.time = self.time.max(event.time);
                if let MarketData::Quote(touch) = event.data {
                    self.quotes.insert(event.instrument.place(), touch);
                }
            }
            StrategyInput::Order(order) if order.status.is_open() => {
                self.orders.insert(order.id.to_string(), Order::clone(order));
            }
            StrategyInput::Order(order) => drop(self.orders.remove(order.id.as_str())),
            StrategyInput::Fill(fill) => {
                let (fill, position) = &**fill;
                self.time = self.time.max(fill.time);
                self.positions.insert(fill.instrument.symbol.clone(), position.quantity);
            }
            StrategyInput::Timer { time, .. } | StrategyInput::Bar(_, time) => {
                self.time = self.time.max(*time);
            }
            StrategyInput::Funding(_) | StrategyInput::Command { .. } => {}
        }
    }

    /// Writes a callback with all that is seen in it.
    fn line(&self, input: &StrategyInput) -> String {
        let mut line = match input {
            StrategyInput::Event(event) => match event.data {
                MarketData::Quote(_) => format!("quote {}", event.instrument.0),
                MarketData::Trade { price, .. } => format!("trade {price}"),
                other => panic!("{other:?}"),
            },
            StrategyInput::Bar(bar, _) => {
                format!("bar {} {} {} {}", bar.timeframe, bar.time, bar.close, bar.quotes)
            }
            StrategyInput::Order(order) => format!("order {} {:?} {}", order.id, order.status, order.filled),
            StrategyInput::Fill(fill) => format!("fill {} {}", fill.0.quantity, fill.0.price),
            StrategyInput::Timer { name, time } => format!("timer {name} {time}"),
            other => format!("{other:?}"),
        };
        write!(line, " | {}", self.time).unwrap();
        // Between two callbacks of one that reacts to no quotes only the newest one counts.
        self.quotes.iter().for_each(|(place, touch)| write!(line, " {place}:{}", touch.bid).unwrap());
        self.positions.iter().for_each(|(symbol, held)| write!(line, " {symbol}:{held}").unwrap());
        self.orders.iter().for_each(|(id, order)| write!(line, " {id}:{:?}", order.price).unwrap());
        line
    }

    fn call(&self, step: Step) -> Option<Call> {
        let side = |buys| if buys { Side::Buy } else { Side::Sell };
        let lots = |lots| Quantity(Decimal::new(i64::from(lots) * 100, 3));
        let bid = |place: usize| self.quotes.get(&place).map(|touch| touch.bid.0);
        let oldest = || self.orders.values().min_by_key(|order| (order.created_at, order.id.0.len()));
        let every = |seconds: u32| format!("{seconds}s").parse().unwrap();
        let by = || "strategy".into();
        Some(match step {
            Step::Nothing => return None,
            Step::Market { instrument, buys, lots: count } => {
                Call::Place(OrderRequest::new(id(SYMBOLS[instrument]), side(buys), lots(count), None, by()))
            }
            Step::Limit { instrument, buys, lots: count, away, kind } => Call::Place(OrderRequest {
                price: Some((bid(instrument)? + Decimal::from(away)).into()),
                time_in_force: if kind == 1 { TimeInForce::Ioc } else { TimeInForce::Gtc },
                post_only: kind == 2,
                reduce_only: kind == 3,
                ..OrderRequest::new(id(SYMBOLS[instrument]), side(buys), lots(count), None, by())
            }),
            Step::Stop { instrument, buys, lots: count, away, has_limit } => {
                let stop = (bid(instrument)? + Decimal::from(away)).into();
                Call::Place(OrderRequest {
                    price: has_limit.then_some(stop),
                    stop_price: Some(stop),
                    ..OrderRequest::new(id(SYMBOLS[instrument]), side(buys), lots(count), None, by())
                })
            }
            Step::Modify { away } => {
                let order = oldest()?;
                let price = Some((order.price?.0 + Decimal::from(away)).into());
                Call::Modify(order.id.clone(), Modification { price, ..Modification::default() }, by())
            }
            Step::CancelOldest => Call::CancelOrder(oldest()?.id.clone(), by()),
            Step::CancelAll => Call::CancelOrders(None, by()),
            Step::CloseAll => Call::CloseAll(by()),
            Step::Timer { name, every: seconds } => {
                Call::SetTimer(["one", "two"][name].to_owned(), seconds.map(every))
            }
            Step::Bars { every: seconds } => Call::SubscribeBars(every(seconds)),
            Step::History { every: seconds } => {
                Call::History { instrument: id(SYMBOLS[0]), timeframe: every(seconds), length: 3 }
            }
            Step::Accounts => Call::Accounts,
        })
    }
}
