//! The state and its one entrance, [`State::apply`]. No I/O.

use std::collections::VecDeque;

use indexmap::IndexMap;
use jiff::Timestamp;
use qubx_protocol::{
    Instrument, InstrumentId, InstrumentKind, LogLevel, Money, Order, OrderId, OrderStatus, Position, Price,
    Side,
};
use rust_decimal::Decimal;

use super::orders::Working;
use super::risk::Band;
use super::{Refusal, check_size, check_touch};
use crate::broker::BrokerEvent;
use crate::restore::Owed;
use crate::{
    EngineConfig, EngineEvent, FeedConfig, FundingConfig, InstrumentIndex, Limits, MarketData, MarketEvent,
    OrderRequest, RecordedKind, Touch,
};

/// Everything that the engine knows about orders, positions and accounts.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) books: IndexMap<InstrumentId, Book>,
    pub(super) exchanges: IndexMap<String, Terms>,
    pub(super) limits: Limits,
    /// Orders that can still be filled, oldest first.
    pub(super) open: IndexMap<OrderId, Working>,
    /// Why trading is paused; none while it is not.
    pub(super) paused: Option<String>,
    /// When the orders of the last minute were accepted; kept only if their number is limited.
    pub(super) accepted: VecDeque<Timestamp>,
    /// The current day, counted from the Unix epoch.
    pub(super) day: Option<i64>,
    /// The newest orders that are final. When it is full the oldest one is forgotten.
    pub(super) finished: VecDeque<Working>,
    pub(super) order_prefix: String,
    pub(super) next_order: u64,
    /// Where the open orders of a side only reduced a position, and do not any more.
    pub(super) uncovered: Vec<(usize, Side)>,
    /// Whether what is held was taken over with quotes that nobody looked at yet.
    pub(super) unassessed: bool,
    /// Whether the first event was taken in.
    pub(super) has_begun: bool,
}

/// What is known about one instrument.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) instrument: Instrument,
    /// The place of its exchange.
    pub(super) exchange: usize,
    /// The best bid and ask, and since when.
    pub(super) touch: Option<(Timestamp, Touch)>,
    pub(super) position: Position,
    pub(super) traded: bool,
    /// Within which prices what is held endangers nothing.
    pub(super) band: Band,
    /// The newest rate of funding that the market told.
    pub(super) funding_rate: Option<Decimal>,
    /// When funding is paid next; none while nothing is held, or nothing is paid.
    pub(super) funding_due: Option<Timestamp>,
    /// What is owed and waits for its rate.
    pub(super) owed: Option<Owed>,
    /// Whether a file tells the rates.
    pub(super) has_recorded_rates: bool,
}

/// An exchange's account: what does not follow from its positions.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) currency: String,
    pub(super) capital: Money,
    pub(super) leverage: Decimal,
    pub(super) funding: Option<FundingConfig>,
    pub(super) equity_at_midnight: Money,
    /// Whether the equity is at the maintenance margin, or below it.
    pub(super) is_under_water: bool,
}

/// What the order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Whatever its author wants.
    Trade,
    /// To be the new form of an order that is there.
    Change,
    /// To close a position, by a verb.
    Close,
}

/// What can happen to the state.
#[derive(Debug)]
pub(crate) enum Input {
    /// Somebody wants an order. One order event comes out: intended or rejected.
    Place(OrderRequest, Purpose),
    /// An intended order is not sent.
    Refused(OrderId, Refusal),
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
        let books = config.exchanges.iter().zip(0..).flat_map(|(exchange, place)| {
            exchange.instruments.iter().map(move |instrument| {
                let recorded = match &exchange.feed {
                    FeedConfig::Replay { files, .. } => files
                        .iter()
                        .any(|file| file.kind == RecordedKind::Funding && file.instrument == instrument.id),
                    FeedConfig::Sim { .. } => false,
                };
                let book = Book {
                    instrument: instrument.clone(),
                    exchange: place,
                    touch: None,
                    position: Position::flat(instrument.id.clone()),
                    traded: false,
                    band: Band::OPEN,
                    funding_rate: None,
                    funding_due: None,
                    owed: None,
                    has_recorded_rates: recorded,
                };
                (instrument.id.clone(), book)
            })
        });
        let exchanges = config.exchanges.iter().map(|exchange| {
            let terms = Terms {
                currency: exchange.currency.clone(),
                capital: exchange.capital,
                leverage: exchange.leverage,
                funding: exchange.funding,
                equity_at_midnight: exchange.capital,
                is_under_water: false,
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
            uncovered: Vec::new(),
            unassessed: false,
            has_begun: false,
        }
    }

    /// Takes in a quote that changes nothing else: it is sound, and within the band of what is held.
    pub(crate) fn note_touch(&mut self, place: usize, time: Timestamp, touch: Touch) {
        self.books[place].touch = Some((time, touch));
    }

    /// Takes in what a market said and appends what happened. Tells whether it is taken for true.
    pub(crate) fn market(
        &mut self,
        time: Timestamp,
        event: &MarketEvent,
        out: &mut Vec<EngineEvent>,
    ) -> bool {
        let Some((id, book)) = self.books.get_index_mut(event.instrument.place()) else { return false };
        let problem = match &event.data {
            MarketData::Quote(touch) => check_touch(touch).err(),
            MarketData::Trade { price, size, .. } => check_size("price", price.0)
                .and_then(|()| if price.is_zero() { Err(("price", "it is zero".to_owned())) } else { Ok(()) })
                .and_then(|()| check_size("size", size.0))
                .err(),
            MarketData::Bar { .. } | MarketData::FundingRate(_) => None,
        };
        if let Some((field, problem)) = problem {
            let what = if matches!(event.data, MarketData::Quote(_)) { "quote" } else { "trade" };
            let text = format!("a {what} of {id} is ignored: {field}: {problem}");
            out.push(EngineEvent::log(LogLevel::Warning, text));
            return false;
        }
        match event.data {
            MarketData::Quote(touch) => {
                book.touch = Some((event.time, touch));
                if !book.position.quantity.is_zero() && !book.band.holds(&touch) {
                    let account = book.exchange;
                    self.assess(account, out);
                }
            }
            MarketData::FundingRate(rate) => {
                return self.note_rate(event.instrument.place(), rate, time, out);
            }
            MarketData::Trade { .. } | MarketData::Bar { .. } => {}
        }
        true
    }

    /// Takes an input in and appends what happened, in order.
    pub(crate) fn apply(&mut self, time: Timestamp, input: Input, out: &mut Vec<EngineEvent>) {
        match input {
            Input::Place(request, purpose) => self.place(request, purpose, time, out),
            Input::Refused(order, refusal) => self.reject(&order, refusal, out),
            Input::Broker(event) => self.broker(event, time, out),
            Input::Pause { reason } => {
                self.paused = Some(reason.clone());
                out.push(EngineEvent::paused(true, reason));
            }
            Input::Resume { reason } => {
                self.paused = None;
                out.push(EngineEvent::paused(false, reason));
                self.assess_all(out);
            }
        }
    }

    /// Tells whether orders that would increase a position are refused.
    pub(crate) fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// Returns why trading is paused; none while it is not.
    pub(crate) fn paused_because(&self) -> Option<&str> {
        self.paused.as_deref()
    }

    /// Looks at what was taken over, and begins the day and the payments of funding, if that was not done yet.
    pub(crate) fn begin(&mut self, time: Timestamp, out: &mut Vec<EngineEvent>) {
        if self.unassessed || !self.has_begun {
            self.has_begun = true;
            if self.day.is_none() {
                self.roll_day(time, out);
            }
            self.schedule_all_funding(time);
            self.assess_all(out);
        }
    }

    /// Tells whether there is nothing to begin with.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun && !self.unassessed
    }

    /// Returns the best bid and ask of the instrument at a place.
    pub(crate) fn touch(&self, place: usize) -> Option<Touch> {
        self.books[place].touch.map(|(_, touch)| touch)
    }

    /// Returns the instrument at a place.
    pub(crate) fn instrument(&self, place: usize) -> &Instrument {
        &self.books[place].instrument
    }

    /// Returns the tick of the instrument at a place.
    pub(crate) fn tick(&self, place: usize) -> Price {
        self.books[place].instrument.tick_size
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
        let finished = || self.finished.iter().rev().find(|working| working.order.id == *id);
        self.open.get(id).or_else(finished).map(|working| &working.order)
    }

    /// Returns the place of an open order's instrument.
    pub(crate) fn place_of(&self, id: &OrderId) -> Option<usize> {
        self.open.get(id).map(|working| working.book)
    }

    /// Returns the open orders, oldest first.
    pub(crate) fn open_orders(&self) -> impl Iterator<Item = &Order> {
        self.open.values().map(|working| &working.order)
    }

    /// Returns the final orders that are remembered, then the open ones, oldest first within each.
    pub(crate) fn orders(&self) -> Vec<Order> {
        self.finished.iter().chain(self.open.values()).map(|working| working.order.clone()).collect()
    }

    /// Tells whether an order is decided and the broker said nothing of it yet.
    pub(crate) fn is_intended(&self, id: &OrderId) -> bool {
        self.open.get(id).is_some_and(|working| working.order.status == OrderStatus::Intended)
    }

    /// Returns the number of instruments.
    pub(crate) fn len(&self) -> usize {
        self.books.len()
    }

    /// Returns the place of the exchange of the instrument at a place.
    pub(crate) fn exchange_of(&self, place: usize) -> usize {
        self.books[place].exchange
    }

    /// Returns the name of the exchange at a place.
    pub(crate) fn exchange_name(&self, exchange: usize) -> &str {
        self.exchanges.get_index(exchange).map_or("", |(name, _)| name)
    }
}

impl Book {
    /// Tells whether funding is paid for what is held.
    pub(super) fn pays_funding(&self, terms: &Terms) -> bool {
        terms.funding.is_some() && self.instrument.kind == InstrumentKind::Perpetual
    }
}
