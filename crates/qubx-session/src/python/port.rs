//! Between the strategy in Python and the engine: its calls, and the market's news for it.

use qubx_engine::{
    Call, EngineError, EngineHandle, MarketData, MarketEvent, OrderRequest, StrategyBatch, StrategyInput,
};
use qubx_kernel::{KernelHandle, StrategyCall, StrategyMessage};
use qubx_protocol::{By, Instrument, InstrumentId, Order, Price, Quantity, Side};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// The batch of news that the strategy works on.
///
/// It is closed while there is no strategy, or one that has not got its book yet: news wait then.
#[derive(Debug, Default)]
pub(crate) struct Port {
    is_open: bool,
    waiting: Option<StrategyBatch>,
    last: u64,
    in_flight: Option<oneshot::Sender<u32>>,
    instruments: Vec<Instrument>,
}

impl Port {
    /// Returns the way to a strategy that trades these instruments, in the config's order.
    pub(crate) fn new(instruments: Vec<Instrument>) -> Self {
        Self { instruments, ..Self::default() }
    }

    /// Takes news for the strategy. The engine sends the next ones when it says that it is done.
    pub(crate) fn send(&mut self, kernel: Option<&KernelHandle>, batch: StrategyBatch) {
        match kernel {
            Some(kernel) if self.is_open => self.hand_on(kernel, batch),
            _ => self.waiting = Some(batch),
        }
    }

    /// Lets news through, as the strategy has its book.
    pub(crate) fn open(&mut self, kernel: &KernelHandle) {
        self.is_open = true;
        if let Some(batch) = self.waiting.take() {
            self.hand_on(kernel, batch);
        }
    }

    /// Holds news back. A batch under way stays under way, so that a replay in lockstep waits.
    pub(crate) fn close(&mut self) {
        self.is_open = false;
    }

    fn hand_on(&mut self, kernel: &KernelHandle, batch: StrategyBatch) {
        // What was meant for the strategy before is in the book that this one began with.
        if batch.is_stale() {
            return;
        }
        self.last += 1;
        let messages: Vec<StrategyMessage> =
            batch.inputs.into_iter().filter_map(|input| translate(&self.instruments, input)).collect();
        match kernel.send_batch(self.last, &messages) {
            Ok(()) => self.in_flight = Some(batch.done),
            // The engine takes the end of its channel for the end of the batch.
            Err(error) => tracing::warn!(%error, "the strategy misses a batch of news"),
        }
    }

    /// Takes the strategy's word that it is done with a batch.
    pub(crate) fn done(&mut self, batch: u64) {
        if batch == self.last
            && let Some(done) = self.in_flight.take()
        {
            // The engine is gone only when the session ends.
            let _ = done.send(u32::MAX);
        }
    }
}

/// Returns what Python is told; it takes the time from the news themselves.
fn translate(instruments: &[Instrument], input: StrategyInput) -> Option<StrategyMessage> {
    match input {
        StrategyInput::Event(event) | StrategyInput::See(event) => {
            quote(instruments, event).map(StrategyMessage::Quote)
        }
        StrategyInput::Bar(bar) => Some(StrategyMessage::Bar(*bar)),
        StrategyInput::Order(order) => Some(StrategyMessage::Order(*order)),
        StrategyInput::Fill(fill) => {
            let (fill, position) = *fill;
            Some(StrategyMessage::Fill { fill, position })
        }
        StrategyInput::Funding(_) | StrategyInput::Timer { .. } | StrategyInput::Command { .. } => None,
    }
}

fn quote(instruments: &[Instrument], event: MarketEvent) -> Option<qubx_protocol::Quote> {
    let MarketData::Quote(touch) = event.data else { return None };
    Some(touch.quote(instruments.get(event.instrument.place())?.id.clone(), event.time))
}

/// Does what the strategy, or a cell, asks of the engine, and returns what Python gets.
pub(crate) async fn answer(
    engine: &EngineHandle,
    instruments: &[Instrument],
    call: StrategyCall,
    by: By,
) -> Result<Value, String> {
    let text = |error: EngineError| error.to_string();
    match call {
        StrategyCall::Trade { instrument, amount, price } => {
            let instrument = find(instruments, &instrument)?;
            let side = if amount < Decimal::ZERO { Side::Sell } else { Side::Buy };
            let quantity = Quantity(amount.abs());
            let request = OrderRequest::new(instrument, side, quantity, price.map(Price), by);
            engine.place(request).await.map(|order| json!(order)).map_err(text)
        }
        StrategyCall::CancelOrder { order } => {
            engine.cancel_order(order, by).await.map(|order| json!(order)).map_err(text)
        }
        StrategyCall::CancelOrders { instrument } => {
            let instrument = instrument.map(|name| find(instruments, &name)).transpose()?;
            let wanted = |order: &Order| {
                order.status.is_open()
                    && instrument.as_ref().is_none_or(|instrument| *instrument == order.instrument)
            };
            let mut cancelled = Vec::new();
            for order in engine.snapshot().await.map_err(text)?.orders.into_iter().filter(wanted) {
                // An order may be filled before its turn comes; then it is not among the cancelled.
                cancelled.extend(engine.cancel_order(order.id, by.clone()).await.ok());
            }
            Ok(json!(cancelled))
        }
        StrategyCall::ClosePosition { instrument } => {
            let instrument = find(instruments, &instrument)?;
            engine.close(instrument, by).await.map(|summary| json!(summary.order)).map_err(text)
        }
        StrategyCall::ClosePositions => {
            let positions = engine.snapshot().await.map_err(text)?.positions;
            let mut orders = Vec::new();
            for position in positions.into_iter().filter(|position| !position.quantity.is_zero()) {
                let summary = engine.close(position.instrument, by.clone()).await.map_err(text)?;
                orders.extend(summary.order);
            }
            Ok(json!(orders))
        }
        StrategyCall::SubscribeBars { timeframe } => {
            engine.call(None, Call::SubscribeBars(timeframe)).await.map(|_| Value::Null).map_err(text)
        }
        StrategyCall::SaveState { .. } | StrategyCall::LoadState => {
            Err("a state is kept by the session, not by the engine".to_owned())
        }
        StrategyCall::Account { exchange } => {
            let accounts = engine.snapshot().await.map_err(text)?.accounts;
            let names: Vec<String> = accounts.iter().map(|account| account.exchange.clone()).collect();
            let wanted = |name: &String| exchange.as_ref().is_none_or(|exchange| exchange == name);
            let account = accounts.into_iter().find(|account| wanted(&account.exchange));
            account.map(|account| json!(account)).ok_or_else(|| {
                let name = exchange.unwrap_or_default();
                format!("there is no exchange `{name}`; the config has {}", names.join(", "))
            })
        }
    }
}

/// Finds the instrument that `EXCHANGE:SYMBOL`, or a symbol that one exchange alone has, names.
fn find(instruments: &[Instrument], name: &str) -> Result<InstrumentId, String> {
    let all =
        || instruments.iter().map(|instrument| instrument.id.to_string()).collect::<Vec<_>>().join(", ");
    let mut matching = instruments
        .iter()
        .map(|instrument| &instrument.id)
        .filter(|id| id.symbol == name || id.to_string() == name);
    match (matching.next(), matching.next()) {
        (Some(id), None) => Ok(id.clone()),
        (None, _) => Err(format!("there is no instrument `{name}`; the config has {}", all())),
        (Some(_), Some(_)) => Err(format!("several exchanges have `{name}`; name one of {}", all())),
    }
}
