//! The state and its one entrance, [`State::apply`]. No I/O.

use std::collections::VecDeque;

use indexmap::IndexMap;
use jiff::Timestamp;
use qubx_protocol::{
    Fill, Instrument, InstrumentId, LogLevel, Money, Order, OrderId, OrderStatus, OrderType, Position,
    Quantity,
};
use rust_decimal::Decimal;

use super::{check_touch, position};
use crate::broker::{BrokerEvent, Execution};
use crate::{
    EngineConfig, EngineEvent, InstrumentIndex, Limits, MarketData, MarketEvent, OrderRequest, Touch,
};

/// How many final orders are remembered, to answer what became of them; the ledger has all.
const REMEMBERED_ORDERS: usize = 1_000;

/// Everything that the engine knows about orders, positions and accounts.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) books: IndexMap<InstrumentId, Book>,
    pub(super) exchanges: IndexMap<String, Terms>,
    pub(super) limits: Limits,
    /// Orders that can still be filled, oldest first.
    pub(super) open: IndexMap<OrderId, Order>,
    /// Why trading is paused; none while it is not.
    pub(super) paused: Option<String>,
    /// When the orders of the last minute were accepted; kept only if their number is limited.
    pub(super) accepted: VecDeque<Timestamp>,
    /// The current day, counted from the Unix epoch.
    pub(super) day: Option<i64>,
    /// The newest orders that are final. When it is full the oldest one is forgotten.
    finished: VecDeque<Order>,
    order_prefix: String,
    next_order: u64,
}

/// What is known about one instrument.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) instrument: Instrument,
    /// The best bid and ask, and since when.
    pub(super) touch: Option<(Timestamp, Touch)>,
    pub(super) position: Position,
    pub(super) traded: bool,
}

/// An exchange's account: what does not follow from its positions.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) currency: String,
    pub(super) capital: Money,
    pub(super) leverage: Decimal,
    pub(super) equity_at_midnight: Money,
}

/// What the order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Whatever its author wants.
    Trade,
    /// To close a position, by a verb.
    Close,
}

/// What can happen to the state.
#[derive(Debug)]
pub(crate) enum Input {
    /// Somebody wants an order. One order event comes out: intended or rejected.
    Place(OrderRequest, Purpose),
    /// An intended order could not be stored and is not sent.
    Refused { order: OrderId, reason: String },
    /// The broker did something with an order.
    Broker(BrokerEvent),
    /// Trading pauses.
    Pause { reason: String },
    /// Trading goes on.
    Resume { reason: String },
}

impl State {
    /// Returns the state at the beginning of an account's life.
    pub(crate) fn new(config: &EngineConfig) -> Self {
        let instruments = config.exchanges.iter().flat_map(|exchange| &exchange.instruments);
        let books = instruments.map(|instrument| {
            let position = Position::flat(instrument.id.clone());
            let book = Book { instrument: instrument.clone(), touch: None, position, traded: false };
            (instrument.id.clone(), book)
        });
        let exchanges = config.exchanges.iter().map(|exchange| {
            let terms = Terms {
                currency: exchange.currency.clone(),
                capital: exchange.capital,
                leverage: exchange.leverage,
                equity_at_midnight: exchange.capital,
            };
            (exchange.name.clone(), terms)
        });
        Self {
            books: books.collect(),
            exchanges: exchanges.collect(),
            limits: config.limits.clone(),
            open: IndexMap::new(),
            paused: None,
            accepted: VecDeque::new(),
            day: None,
            finished: VecDeque::new(),
            order_prefix: config.order_prefix.clone(),
            next_order: config.next_order,
        }
    }

    /// Takes in what a market said and appends what happened. Tells whether it is taken for true.
    pub(crate) fn market(
        &mut self,
        time: Timestamp,
        event: &MarketEvent,
        out: &mut Vec<EngineEvent>,
    ) -> bool {
        self.roll_day(time);
        let Some((id, book)) = self.books.get_index_mut(event.instrument.place()) else { return false };
        let MarketData::Quote(touch) = event.data else { return true };
        if let Err((field, problem)) = check_touch(&touch) {
            let text = format!("a quote of {id} is ignored: {field}: {problem}");
            out.push(EngineEvent::Log { level: LogLevel::Warning, text });
            return false;
        }
        book.touch = Some((event.time, touch));
        if !book.position.quantity.is_zero() {
            out.extend(self.pause_on_loss());
        }
        true
    }

    /// Takes an input in and returns what happened, in order.
    pub(crate) fn apply(&mut self, time: Timestamp, input: Input) -> Vec<EngineEvent> {
        self.roll_day(time);
        match input {
            Input::Place(request, purpose) => self.place(request, purpose, time),
            Input::Refused { order, reason } => self.finish(&order, OrderStatus::Rejected, Some(reason)),
            Input::Broker(event) => self.broker(event, time),
            Input::Pause { reason } => {
                self.paused = Some(reason.clone());
                vec![EngineEvent::Paused { paused: true, reason }]
            }
            Input::Resume { reason } => {
                self.paused = None;
                vec![EngineEvent::Paused { paused: false, reason }]
            }
        }
    }

    /// Tells whether an event would change nothing but the market's own numbers; false when unsure.
    pub(crate) fn is_quiet(&self, _time: Timestamp, event: &MarketEvent) -> bool {
        let is_watched = self.limits.daily_loss.is_some();
        let MarketData::Quote(touch) = &event.data else { return true };
        self.open.is_empty()
            && (!is_watched || self.books.values().all(|book| book.position.quantity.is_zero()))
            && check_touch(touch).is_ok()
    }

    /// Tells whether orders that would increase a position are refused.
    pub(crate) fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// Returns the best bid and ask of an instrument.
    pub(crate) fn touch(&self, instrument: &InstrumentId) -> Option<Touch> {
        self.books.get(instrument)?.touch.map(|(_, touch)| touch)
    }

    /// Returns the place of an instrument.
    pub(crate) fn index(&self, instrument: &InstrumentId) -> Option<InstrumentIndex> {
        let place = self.books.get_index_of(instrument)?;
        Some(InstrumentIndex(u32::try_from(place).expect("a config has fewer than 4 billion instruments")))
    }

    /// Returns the name of an instrument.
    pub(crate) fn id(&self, instrument: InstrumentIndex) -> &InstrumentId {
        &self.books[instrument.place()].instrument.id
    }

    /// Returns an instrument's position; none when the instrument is unknown.
    pub(crate) fn position(&self, instrument: &InstrumentId) -> Option<&Position> {
        self.books.get(instrument).map(|book| &book.position)
    }

    /// Returns an order that is open or ended not long ago.
    pub(crate) fn order(&self, id: &OrderId) -> Option<&Order> {
        self.open.get(id).or_else(|| self.finished.iter().rev().find(|order| order.id == *id))
    }

    /// Returns the open orders, oldest first.
    pub(crate) fn open_orders(&self) -> impl Iterator<Item = &Order> {
        self.open.values()
    }

    /// Returns the final orders that are remembered, then the open ones, oldest first within each.
    pub(crate) fn orders(&self) -> Vec<Order> {
        self.finished.iter().chain(self.open.values()).cloned().collect()
    }

    fn place(&mut self, request: OrderRequest, purpose: Purpose, time: Timestamp) -> Vec<EngineEvent> {
        let mut events: Vec<_> = self.pause_on_loss().into_iter().collect();
        let checked = self.check(&request, purpose, time);
        let id = OrderId(format!("{}{}", self.order_prefix, self.next_order));
        self.next_order += 1;
        let (quantity, price, status, reason) = match checked {
            Ok(checked) => (checked.quantity, checked.price, OrderStatus::Intended, None),
            Err(reason) => (request.quantity, request.price, OrderStatus::Rejected, Some(reason)),
        };
        let order = Order {
            id: id.clone(),
            instrument: request.instrument,
            side: request.side,
            order_type: OrderType::of(price, request.stop_price),
            quantity,
            filled: Quantity::ZERO,
            price,
            stop_price: request.stop_price,
            triggered: false,
            time_in_force: request.time_in_force,
            post_only: request.post_only,
            reduce_only: request.reduce_only,
            avg_price: None,
            status,
            author: request.by.author,
            cause: request.by.cause,
            created_at: time,
            reason,
            rejection: None,
        };
        events.push(EngineEvent::Order(order.clone()));
        if order.status.is_open() {
            self.open.insert(id, order);
        } else {
            self.remember(order);
        }
        events
    }

    fn broker(&mut self, event: BrokerEvent, time: Timestamp) -> Vec<EngineEvent> {
        match event {
            BrokerEvent::Accepted(id) => self.open.get_mut(&id).map_or_else(Vec::new, |order| {
                order.status = OrderStatus::New;
                vec![EngineEvent::Order(order.clone())]
            }),
            BrokerEvent::Cancelled { order, reason } => {
                self.finish(&order, OrderStatus::Cancelled, Some(reason))
            }
            BrokerEvent::Filled(execution) => self.fill(execution, time),
        }
    }

    /// Books an execution. One of an order that is not open is told and changes nothing.
    fn fill(&mut self, execution: Execution, time: Timestamp) -> Vec<EngineEvent> {
        let Some(order) = self.open.get_mut(&execution.order) else {
            let text = format!("trade {} of {} is not booked", execution.trade_id, execution.order);
            return vec![EngineEvent::Log { level: LogLevel::Error, text }];
        };
        order.filled += execution.quantity;
        let order = order.clone();
        let fill = Fill {
            trade_id: execution.trade_id,
            order: order.id.clone(),
            instrument: order.instrument.clone(),
            side: order.side,
            quantity: execution.quantity,
            price: execution.price,
            fee: execution.fee,
            liquidity: execution.liquidity,
            time,
            author: order.author.clone(),
        };
        let book = &mut self.books[&order.instrument];
        position::apply_fill(&mut book.position, &fill);
        book.traded = true;
        let mut events = vec![EngineEvent::Fill { fill, position: book.position.clone() }];
        if order.remaining().is_zero() {
            events.extend(self.finish(&order.id, OrderStatus::Filled, None));
        } else {
            self.open[&order.id].status = OrderStatus::PartiallyFilled;
            events.push(EngineEvent::Order(self.open[&order.id].clone()));
        }
        events.extend(self.pause_on_loss());
        events
    }

    pub(super) fn finish(
        &mut self,
        id: &OrderId,
        status: OrderStatus,
        reason: Option<String>,
    ) -> Vec<EngineEvent> {
        let Some(mut order) = self.open.shift_remove(id) else { return Vec::new() };
        order.status = status;
        order.reason = reason;
        self.remember(order.clone());
        vec![EngineEvent::Order(order)]
    }

    fn remember(&mut self, order: Order) {
        if self.finished.len() == REMEMBERED_ORDERS {
            self.finished.pop_front();
        }
        self.finished.push_back(order);
    }
}
