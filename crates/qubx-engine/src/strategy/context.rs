//! What a strategy can see and do: the methods of Python's `ctx`, with decimals.

use std::collections::VecDeque;

use jiff::Timestamp;
use qubx_protocol::{
    Account, Bar, By, Instrument, LogLevel, Order, OrderId, Position, Price, Quantity, Side, TimeInForce,
    Timeframe,
};
use rust_decimal::Decimal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::mirror::Mirror;
use super::{Content, HostEvent, StrategyError};
use crate::{
    At, Call, CallValue, EngineError, EngineHandle, InstrumentIndex, Modification, OrderRequest,
    StrategyInput, Touch,
};

/// What a strategy can see and do.
///
/// In each callback it sees the market and the book as they were at that event, and nothing newer. What it does waits for
/// the engine, and what came of it is seen when it returns.
pub struct Context {
    pub(super) engine: EngineHandle,
    pub(super) runtime: Handle,
    pub(super) events: mpsc::Sender<HostEvent>,
    pub(super) mirror: Mirror,
    /// Where in its batch the strategy is; none between two.
    pub(super) at: Option<At>,
    /// How many inputs of the batch count.
    pub(super) end: u32,
    /// What calls caused, and still has its callbacks.
    pub(super) pending: VecDeque<StrategyInput>,
    pub(super) by: By,
    /// Whether the callback that runs, or ran last, is the strategy's own.
    pub(super) has_run: bool,
}

/// How an order is to be executed, beside how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    price: Option<Price>,
    stop_price: Option<Price>,
    time_in_force: TimeInForce,
    post_only: bool,
    reduce_only: bool,
}

impl Terms {
    /// At the best price there is, now.
    #[must_use]
    pub fn market() -> Self {
        Self::default()
    }

    /// At this price or a better one.
    #[must_use]
    pub fn limit(price: impl Into<Price>) -> Self {
        Self { price: Some(price.into()), ..Self::default() }
    }

    /// Not before the market has reached this price.
    #[must_use]
    pub fn stop(self, price: impl Into<Price>) -> Self {
        Self { stop_price: Some(price.into()), ..self }
    }

    /// What is not filled at once is cancelled.
    #[must_use]
    pub fn ioc(self) -> Self {
        Self { time_in_force: TimeInForce::Ioc, ..self }
    }

    /// It is refused rather than filled at once.
    #[must_use]
    pub fn post_only(self) -> Self {
        Self { post_only: true, ..self }
    }

    /// It is cut down, or cancelled, rather than ever increase a position.
    #[must_use]
    pub fn reduce_only(self) -> Self {
        Self { reduce_only: true, ..self }
    }
}

impl Context {
    /// Returns the engine's time, as of this callback.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.mirror.time
    }

    /// Returns the instruments, in the config's order; their places in it are what all else takes.
    #[must_use]
    pub fn instruments(&self) -> &[Instrument] {
        &self.mirror.instruments
    }

    /// Returns the places of all instruments.
    pub fn indices(&self) -> impl Iterator<Item = InstrumentIndex> + use<> {
        (0..self.mirror.instruments.len()).map(|place| {
            InstrumentIndex(u32::try_from(place).expect("a config has fewer than 4 billion instruments"))
        })
    }

    /// Returns an instrument.
    #[must_use]
    pub fn instrument(&self, index: InstrumentIndex) -> &Instrument {
        &self.mirror.instruments[index.place()]
    }

    /// Returns the place of the instrument with this symbol, or `EXCHANGE:SYMBOL`; none when there is none, or a symbol
    /// of several exchanges.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<InstrumentIndex> {
        let mut found = self.indices().filter(|index| {
            let id = &self.instrument(*index).id;
            id.symbol == name || id.to_string() == name
        });
        found.next().filter(|_| found.next().is_none())
    }

    /// Returns the best bid and ask; none before the first quote.
    #[must_use]
    pub fn quote(&self, instrument: InstrumentIndex) -> Option<&Touch> {
        self.mirror.quotes[instrument.place()].as_ref()
    }

    /// Returns what is held.
    #[must_use]
    pub fn get_position(&self, instrument: InstrumentIndex) -> &Position {
        &self.mirror.positions[instrument.place()]
    }

    /// Returns what is held of each instrument, flat ones too.
    #[must_use]
    pub fn get_positions(&self) -> &[Position] {
        &self.mirror.positions
    }

    /// Returns the open orders, oldest first, of one instrument or all.
    pub fn get_orders(&self, instrument: Option<InstrumentIndex>) -> impl Iterator<Item = &Order> {
        let id = instrument.map(|index| &self.instrument(index).id);
        self.mirror.orders.values().filter(move |order| id.is_none_or(|id| order.instrument == *id))
    }

    /// Gives an order and returns it as it then stands: it may rest, be filled, be on its way or be rejected. A positive
    /// amount buys, a negative one sells.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub fn trade(
        &mut self,
        instrument: InstrumentIndex,
        amount: Decimal,
        terms: Terms,
    ) -> Result<Order, EngineError> {
        let Terms { price, stop_price, time_in_force, post_only, reduce_only } = terms;
        let request = OrderRequest {
            instrument: self.instrument(instrument).id.clone(),
            side: if amount.is_sign_negative() { Side::Sell } else { Side::Buy },
            quantity: Quantity(amount.abs()),
            price,
            stop_price,
            time_in_force,
            post_only,
            reduce_only,
            by: self.by.clone(),
        };
        self.one(Call::Place(request))
    }

    /// Changes an open order, and returns it as it then stands.
    ///
    /// # Errors
    /// There is no such order, or it is over, or the change is refused.
    pub fn modify_order(&mut self, order: &OrderId, change: Modification) -> Result<Order, EngineError> {
        self.one(Call::Modify(order.clone(), change, self.by.clone()))
    }

    /// Cancels an order, and returns it as it then stands.
    ///
    /// # Errors
    /// There is no such order, or it is over.
    pub fn cancel_order(&mut self, order: &OrderId) -> Result<Order, EngineError> {
        self.one(Call::CancelOrder(order.clone(), self.by.clone()))
    }

    /// Cancels the open orders of one instrument, or all, and returns them as they then stand.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub fn cancel_orders(&mut self, instrument: Option<InstrumentIndex>) -> Result<Vec<Order>, EngineError> {
        let instrument = instrument.map(|index| self.instrument(index).id.clone());
        self.all(Call::CancelOrders(instrument, self.by.clone()))
    }

    /// Closes a position at market, and returns the order; none when it is flat.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub fn close_position(&mut self, instrument: InstrumentIndex) -> Result<Option<Order>, EngineError> {
        let id = self.instrument(instrument).id.clone();
        self.all(Call::Close(id, self.by.clone())).map(|mut orders| orders.pop())
    }

    /// Closes all positions at market, and returns the orders.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub fn close_positions(&mut self) -> Result<Vec<Order>, EngineError> {
        self.all(Call::CloseAll(self.by.clone()))
    }

    /// Returns the account of an exchange; of the only one without a name.
    ///
    /// # Errors
    /// There is no such exchange, or the engine has stopped.
    pub fn account(&mut self, exchange: Option<&str>) -> Result<Account, StrategyError> {
        let CallValue::Accounts(accounts) = self.call(Call::Accounts)? else { return Err(unexpected()) };
        let mut wanted = accounts
            .into_iter()
            .filter(|account| exchange.is_none_or(|exchange| exchange == account.exchange));
        let account = wanted.next();
        account.filter(|_| wanted.next().is_none()).ok_or_else(|| match exchange {
            Some(exchange) => format!("there is no exchange `{exchange}`").into(),
            None => "there are several exchanges: name one".into(),
        })
    }

    /// Returns the newest bars, oldest first, the open one last.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub fn ohlc(
        &mut self,
        instrument: InstrumentIndex,
        timeframe: Timeframe,
        length: usize,
    ) -> Result<Vec<Bar>, EngineError> {
        let instrument = self.instrument(instrument).id.clone();
        match self.call(Call::History { instrument, timeframe, length })? {
            CallValue::Bars(bars) => Ok(bars),
            _ => Err(EngineError::Stopped),
        }
    }

    /// Asks for bars of this length of every instrument, from now on.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub fn subscribe_bars(&mut self, timeframe: Timeframe) -> Result<(), EngineError> {
        self.call(Call::SubscribeBars(timeframe)).map(drop)
    }

    /// Sets a timer that is due at whole multiples of `every` since 1970, or takes it away.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub fn set_timer(&mut self, name: &str, every: Option<Timeframe>) -> Result<(), EngineError> {
        self.call(Call::SetTimer(name.to_owned(), every)).map(drop)
    }

    /// Writes a line into the session's log.
    pub fn log(&mut self, level: LogLevel, text: impl Into<String>) {
        let time = self.time();
        self.tell(HostEvent::Log { level, text: text.into(), time });
    }

    /// Shows a value under a name.
    pub fn publish(&mut self, name: &str, value: impl Into<Value>) {
        self.show(name, None, Content::Value(value.into()));
    }

    /// Shows a table under a name.
    pub fn publish_table(&mut self, name: &str, columns: Vec<String>, rows: Vec<Vec<Value>>) {
        self.show(name, None, Content::Table { columns, rows });
    }

    /// Adds a point to a line under a name, on the chart of an instrument if it belongs to one. None breaks the line.
    pub fn plot(
        &mut self,
        name: &str,
        value: impl Into<Option<f64>>,
        instrument: impl Into<Option<InstrumentIndex>>,
    ) {
        self.show(name, instrument.into(), Content::Point(value.into()));
    }

    /// Keeps an object for the strategy's next start in this account, and waits until it is stored.
    ///
    /// # Errors
    /// It is no JSON, or cannot be stored.
    pub fn save_state(&mut self, state: &impl Serialize) -> Result<(), StrategyError> {
        let state = serde_json::to_value(state)?;
        let (reply, answer) = oneshot::channel();
        self.tell(HostEvent::SaveState(state, self.at, reply));
        Ok(answer.blocking_recv().map_err(|_| EngineError::Stopped)??)
    }

    /// Returns the object that was kept last; none when there is none.
    ///
    /// # Errors
    /// It is of another shape, or cannot be read.
    pub fn load_state<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StrategyError> {
        let (reply, answer) = oneshot::channel();
        self.tell(HostEvent::LoadState(reply));
        let state = answer.blocking_recv().map_err(|_| EngineError::Stopped)??;
        Ok(state.map(serde_json::from_value).transpose()?)
    }

    /// Notes that the strategy has no callback of its own for this: none ran, so none ended well.
    pub(super) fn is_not_written(&mut self) {
        self.has_run = false;
    }

    /// Pauses trading; an engine that has stopped trades no more anyway.
    pub(super) fn pause_on_failures(&mut self) {
        if let Err(error) = self.call(Call::PauseOnFailures) {
            tracing::debug!(%error, "trading is not paused");
        }
    }

    fn show(&mut self, name: &str, instrument: Option<InstrumentIndex>, content: Content) {
        let time = self.time();
        self.tell(HostEvent::Published { name: name.to_owned(), instrument, time, content });
    }

    /// Tells the session something. When much waits there already, this waits, too.
    pub(super) fn tell(&mut self, event: HostEvent) {
        // Without a session nobody needs to know.
        let _ = self.events.blocking_send(event);
    }

    fn one(&mut self, call: Call) -> Result<Order, EngineError> {
        match self.call(call)? {
            CallValue::Order(order) => {
                // One that is only on its way is told by the answer alone.
                self.mirror.order(&order);
                Ok(*order)
            }
            _ => Err(EngineError::Stopped),
        }
    }

    fn all(&mut self, call: Call) -> Result<Vec<Order>, EngineError> {
        match self.call(call)? {
            CallValue::Orders(orders) => {
                orders.iter().for_each(|order| self.mirror.order(order));
                Ok(orders)
            }
            _ => Err(EngineError::Stopped),
        }
    }

    /// Has the engine do something, and sees what it caused.
    fn call(&mut self, call: Call) -> Result<CallValue, EngineError> {
        let reply = self.runtime.block_on(self.engine.call(self.at, call))?;
        reply.facts.iter().for_each(|fact| self.mirror.see(fact));
        self.pending.extend(reply.facts);
        self.end = reply.end.unwrap_or(self.end);
        Ok(reply.value)
    }
}

fn unexpected() -> StrategyError {
    "the engine gave another answer".into()
}
