//! The handle: how others ask the engine for something.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use qubx_protocol::{
    Author, Bar, By, Command, CommandId, EquitySample, InstrumentId, MarketView, Order, OrderId, Timeframe,
};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    At, Call, CallValue, CancelSummary, CloseSummary, EngineError, EngineSnapshot, FirstQuotes,
    FlattenSummary, Interests, Modification, OrderRequest, Reply,
};

/// Where an answer goes. Whoever does not wait for it any more misses nothing but the answer.
type ReplyTo<T> = oneshot::Sender<T>;

/// What can be asked.
pub(crate) enum Request {
    Call(Option<At>, Call, ReplyTo<Result<Reply, EngineError>>),
    TellStrategy(CommandId, Author, Command, ReplyTo<Result<(), EngineError>>),
    Place(OrderRequest, ReplyTo<Result<Order, EngineError>>),
    Modify(OrderId, Modification, By, ReplyTo<Result<Order, EngineError>>),
    CancelOrder(OrderId, By, ReplyTo<Result<Order, EngineError>>),
    CancelOrders(Option<InstrumentId>, ReplyTo<CancelSummary>),
    Close(InstrumentId, By, ReplyTo<Result<CloseSummary, EngineError>>),
    Flatten(By, ReplyTo<FlattenSummary>),
    Pause(By, ReplyTo<CancelSummary>),
    Resume(By, ReplyTo<Result<(), EngineError>>),
    AttachStrategy(ReplyTo<EngineSnapshot>),
    StartFeed(Interests, ReplyTo<()>),
    Flush(Option<At>, ReplyTo<()>),
    Snapshot(ReplyTo<EngineSnapshot>),
    Equity(Option<Timestamp>, ReplyTo<Vec<EquitySample>>),
    Bars(InstrumentId, Timeframe, Option<Timestamp>, usize, ReplyTo<Result<Vec<Bar>, EngineError>>),
}

/// Talks to a running engine. Clones are cheap and talk to the same one.
///
/// Every method waits for the engine, and the engine waits for its outputs to be taken and for intents to be
/// stored: whoever takes the outputs must not wait for a method here at the same time.
/// All fail with [`EngineError::Stopped`] once the engine has stopped.
#[derive(Clone, Debug)]
pub struct EngineHandle {
    pub(crate) requests: mpsc::Sender<Request>,
    pub(crate) market: watch::Receiver<Arc<MarketView>>,
    pub(crate) first_quotes: watch::Receiver<FirstQuotes>,
    pub(crate) paused: watch::Receiver<bool>,
    pub(crate) backlog: Arc<AtomicU64>,
}

impl EngineHandle {
    /// Does what a strategy, or a cell, asks for. A strategy that works on a batch says where it is: see
    /// [`Reply`] for what it does with the answer. In lockstep a call without a place acts on the state as far as the
    /// strategy is known to be.
    ///
    /// An order comes back as it stands after the broker got it. A rejection is an order with that status and a reason,
    /// not an error.
    ///
    /// # Errors
    /// [`EngineError::UnknownOrder`], [`EngineError::OrderIsFinal`] or [`EngineError::UnknownInstrument`].
    pub async fn call(&self, at: Option<At>, call: Call) -> Result<Reply, EngineError> {
        self.ask(|reply| Request::Call(at, call, reply)).await?
    }

    /// Gives an order without a place in a batch, and returns it: see [`EngineHandle::call`].
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn place(&self, request: OrderRequest) -> Result<Order, EngineError> {
        match self.call(None, Call::Place(request)).await?.value {
            CallValue::Order(order) => Ok(*order),
            _ => Err(EngineError::Stopped),
        }
    }

    /// Hands a command to the strategy, behind what waits for it: [`Command::SetParameter`] or [`Command::Action`]. The
    /// strategy's host answers it. What the strategy does because of it is the author's.
    ///
    /// # Errors
    /// [`EngineError::NoStrategy`] when nobody is there to be told.
    pub async fn tell_strategy(
        &self,
        id: CommandId,
        author: Author,
        command: Command,
    ) -> Result<(), EngineError> {
        self.ask(|reply| Request::TellStrategy(id, author, command, reply)).await?
    }

    /// Answers when all facts up to now are handed on, and where the feed is. In lockstep they go out in groups; whoever
    /// stores something that belongs to them asks for this before. For a strategy now is where it says it is.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn flush(&self, at: Option<At>) -> Result<(), EngineError> {
        self.ask(|reply| Request::Flush(at, reply)).await
    }

    /// Gives an order by a verb of a person, and returns it as it stands then: it passes what an order of the strategy
    /// passes, and acts at once. A rejection is an order with that status and a reason.
    ///
    /// # Errors
    /// [`EngineError::UnknownInstrument`].
    pub async fn place_at_once(&self, request: OrderRequest) -> Result<Order, EngineError> {
        self.ask(|reply| Request::Place(request, reply)).await?
    }

    /// Changes an order that rests by a verb of a person, at once, and returns it as it stands then.
    ///
    /// # Errors
    /// [`EngineError::UnknownOrder`], or [`EngineError::NotModified`]: the order stays as it is.
    pub async fn modify_at_once(
        &self,
        order: OrderId,
        modification: Modification,
        by: By,
    ) -> Result<Order, EngineError> {
        self.ask(|reply| Request::Modify(order, modification, by, reply)).await?
    }

    /// Cancels one order and returns it.
    ///
    /// # Errors
    /// [`EngineError::UnknownOrder`], or [`EngineError::OrderIsFinal`] when it cannot be cancelled any more.
    pub async fn cancel_order(&self, order: OrderId, by: By) -> Result<Order, EngineError> {
        self.ask(|reply| Request::CancelOrder(order, by, reply)).await?
    }

    /// Cancels the open orders of one instrument, or all.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn cancel_orders(
        &self,
        instrument: Option<InstrumentId>,
    ) -> Result<CancelSummary, EngineError> {
        self.ask(|reply| Request::CancelOrders(instrument, reply)).await
    }

    /// Closes a position at market and answers when it is flat. Limits and a pause do not hold it up.
    ///
    /// # Errors
    /// [`EngineError::UnknownInstrument`], or [`EngineError::NotClosed`] when the order was refused.
    pub async fn close(&self, instrument: InstrumentId, by: By) -> Result<CloseSummary, EngineError> {
        self.ask(|reply| Request::Close(instrument, by, reply)).await?
    }

    /// Pauses, cancels all orders, closes all positions at market, and answers when all that is done.
    /// What could not be done is told in the summary.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn flatten(&self, by: By) -> Result<FlattenSummary, EngineError> {
        self.ask(|reply| Request::Flatten(by, reply)).await
    }

    /// Refuses orders that would increase a position and cancels those that rest; returns how many were cancelled.
    /// Pausing again changes only who paused last.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn pause(&self, by: By) -> Result<CancelSummary, EngineError> {
        self.ask(|reply| Request::Pause(by, reply)).await
    }

    /// Begins anew for a strategy that is about to start: what waited for the one before is forgotten, its bars are
    /// subscribed no more, its timers are gone, and the batch that it worked on counts as done. Returns the book; the newest quotes, and
    /// every fact after the book, are told to the strategy. A feed in lockstep rests until
    /// [`EngineHandle::start_feed`].
    ///
    /// A batch of the strategy before may still be on its way: [`StrategyBatch::is_stale`](crate::StrategyBatch::is_stale)
    /// tells it.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn attach_strategy(&self) -> Result<EngineSnapshot, EngineError> {
        self.ask(Request::AttachStrategy).await
    }

    /// Ends a pause; does nothing when there is none.
    ///
    /// # Errors
    /// [`EngineError::LossLimit`] while the loss of the day is above its limit.
    pub async fn resume(&self, by: By) -> Result<(), EngineError> {
        self.ask(|reply| Request::Resume(by, reply)).await?
    }

    /// Tells whether orders that would increase a position are refused.
    #[must_use]
    pub fn paused(&self) -> bool {
        *self.paused.borrow()
    }

    /// Makes bars of this length of every instrument for the strategy.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn subscribe_bars(&self, timeframe: Timeframe) -> Result<(), EngineError> {
        self.call(None, Call::SubscribeBars(timeframe)).await.map(drop)
    }

    /// Lets the feed run, and tells what the strategy wants. A later call only changes the interests: without
    /// a strategy what waits for it is forgotten, and so is the batch that it works on.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn start_feed(&self, interests: Interests) -> Result<(), EngineError> {
        self.ask(|reply| Request::StartFeed(interests, reply)).await
    }

    /// Returns the book as it is now.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn snapshot(&self) -> Result<EngineSnapshot, EngineError> {
        self.ask(Request::Snapshot).await
    }

    /// Returns what the accounts were worth after a time, oldest first; the last point is now. The older points are, the
    /// farther apart they are.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn equity(&self, after: Option<Timestamp>) -> Result<Vec<EquitySample>, EngineError> {
        self.ask(|reply| Request::Equity(after, reply)).await
    }

    /// Returns the newest bars for a chart, `limit` of those that end after a time, oldest first. The last one may be open.
    ///
    /// # Errors
    /// [`EngineError::UnknownInstrument`], or [`EngineError::NotCharted`] for another timeframe than those of
    /// [`chart_timeframes`](crate::chart_timeframes).
    pub async fn bars(
        &self,
        instrument: InstrumentId,
        timeframe: Timeframe,
        after: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<Bar>, EngineError> {
        self.ask(|reply| Request::Bars(instrument, timeframe, after, limit, reply)).await?
    }

    /// Returns how many inputs wait for the strategy, behind the batch on which it works.
    #[must_use]
    pub fn backlog(&self) -> u64 {
        self.backlog.load(Ordering::Relaxed)
    }

    /// Returns the latest market: at most every 50 ms anew, but never older than the last order event.
    #[must_use]
    pub fn market(&self) -> watch::Receiver<Arc<MarketView>> {
        self.market.clone()
    }

    /// Returns which instruments have had a quote since the feed began.
    #[must_use]
    pub fn first_quotes(&self) -> watch::Receiver<FirstQuotes> {
        self.first_quotes.clone()
    }

    async fn ask<T>(&self, request: impl FnOnce(ReplyTo<T>) -> Request) -> Result<T, EngineError> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.map_err(|_| EngineError::Stopped)?;
        answer.await.map_err(|_| EngineError::Stopped)
    }
}
