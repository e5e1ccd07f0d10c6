//! Questions to the screen's copy of the session. No I/O.

use std::time::Duration;

use jiff::Timestamp;
use qubx_client::{Link, Mirror};
use qubx_protocol::{
    Account, Author, CellView, ExchangeInfo, Fact, HistoryKind, Instrument, InstrumentId, MarketView, Mode,
    Order, OrderId, Position, PositionMark, Quote, Seq, SessionInfo, SessionStatus, StrategyState,
};

use rust_decimal::Decimal;

use crate::message::Now;
use crate::{format, sanitize};

/// What is asked of a mirror.
pub(crate) trait Facts {
    /// Returns the session's status, once it is known.
    fn status(&self) -> Option<&SessionStatus>;
    /// Returns the market, once it is known.
    fn market(&self) -> Option<&MarketView>;
    /// Tells whether commands get through.
    fn is_connected(&self) -> bool;

    /// Returns what does not change, once it is known.
    fn info(&self) -> Option<&SessionInfo> {
        self.status().map(|status| &status.info)
    }

    /// Tells whether orders are real. Unknown counts as real.
    fn is_live(&self) -> bool {
        self.info().is_none_or(|info| info.mode == Mode::Live)
    }

    /// Returns the rules of an instrument.
    fn instrument(&self, id: &InstrumentId) -> Option<&Instrument> {
        self.info()?.instruments.iter().find(|instrument| instrument.id == *id)
    }

    /// Returns the shortest name of an instrument that nothing else in the session has.
    fn label(&self, id: &InstrumentId) -> String {
        self.info().map_or_else(|| id.symbol.clone(), |info| info.label(id))
    }

    /// Returns the last quote of an instrument.
    fn quote(&self, id: &InstrumentId) -> Option<&Quote> {
        self.market()?.quotes.iter().find(|quote| quote.instrument == *id)
    }

    /// Returns for how long an instrument gets no quotes though it should; none while all is well.
    fn stale_for(&self, id: &InstrumentId, now: Now) -> Option<Duration> {
        Some(format::between(self.market()?.stale_since(id)?, now.wall))
    }

    /// Tells whether what is shown of an instrument's market may be old: it is stale, or nothing comes over the link.
    fn is_old(&self, id: &InstrumentId) -> bool {
        !self.is_connected() || self.market().is_some_and(|market| market.stale_since(id).is_some())
    }

    /// Returns the terms of an exchange.
    fn exchange(&self, name: &str) -> Option<&ExchangeInfo> {
        self.info()?.exchanges.iter().find(|exchange| exchange.name == name)
    }

    /// Returns what an exchange's account is worth.
    fn account(&self, exchange: &str) -> Option<&Account> {
        self.market()?.accounts.iter().find(|account| account.exchange == exchange)
    }

    /// Returns the value of a position at the last quotes.
    fn mark(&self, id: &InstrumentId) -> Option<&PositionMark> {
        self.market()?.marks.iter().find(|mark| mark.instrument == *id)
    }

    /// Returns the digits that prices of an instrument have; `seen` when its rules are not known.
    fn price_decimals(&self, id: &InstrumentId, seen: u32) -> u32 {
        self.instrument(id).map_or(seen, |instrument| instrument.tick_size.0.normalize().scale())
    }

    /// Returns the digits that quantities of an instrument have; `seen` when its rules are not known.
    fn quantity_decimals(&self, id: &InstrumentId, seen: u32) -> u32 {
        self.instrument(id).map_or(seen, |instrument| instrument.lot_size.0.normalize().scale())
    }
}

impl Facts for Mirror {
    fn status(&self) -> Option<&SessionStatus> {
        self.state.as_ref()?.status.as_ref()
    }

    fn market(&self) -> Option<&MarketView> {
        self.latest.market.as_ref()
    }

    fn is_connected(&self) -> bool {
        matches!(self.link, Link::Connected { .. })
    }
}

/// Returns the open positions; their place follows from the instrument alone, so rows never jump.
pub(crate) fn positions(mirror: &Mirror) -> Vec<&Position> {
    mirror.state.iter().flat_map(|state| state.open_positions()).collect()
}

/// Returns the signed value of a position over the equity of its account; none while it cannot be known.
pub(crate) fn leverage(mirror: &Mirror, position: &Position) -> Option<Decimal> {
    let value = mirror.mark(&position.instrument)?.market_value?;
    value.0.checked_div(mirror.account(&position.instrument.exchange)?.equity.0)
}

/// Returns an order as it is, or as it was last told of.
pub(crate) fn order<'a>(mirror: &'a Mirror, id: &OrderId) -> Option<&'a Order> {
    let state = mirror.state.as_ref()?;
    state.orders.get(id).or_else(|| {
        state.history.of(HistoryKind::Trading).rev().find_map(|event| match &event.fact {
            Fact::Order { order, .. } if order.id == *id => Some(order),
            _ => None,
        })
    })
}

/// Returns the open orders, by instrument and then by id.
pub(crate) fn orders(mirror: &Mirror) -> Vec<&Order> {
    let mut orders: Vec<&Order> = mirror.state.iter().flat_map(|state| state.orders.values()).collect();
    orders.sort_by(|a, b| (&a.instrument, &a.id).cmp(&(&b.instrument, &b.id)));
    orders
}

/// Returns what may be traded: with a quote or without.
pub(crate) fn instruments(mirror: &Mirror) -> Vec<InstrumentId> {
    let known = mirror.info().into_iter().flat_map(|info| &info.instruments).map(|instrument| &instrument.id);
    let quoted = mirror.market().into_iter().flat_map(|market| &market.quotes).map(|quote| &quote.instrument);
    let mut all: Vec<InstrumentId> = Vec::new();
    for id in known.chain(quoted) {
        if !all.contains(id) {
            all.push(id.clone());
        }
    }
    all
}

/// Returns the cell that runs.
pub(crate) fn running(mirror: &Mirror) -> Option<&CellView> {
    mirror.state.as_ref()?.running.as_ref()
}

/// Returns a running cell as people call it: `my In[3]`, `op2's In[*]`.
pub(crate) fn cell_label(mirror: &Mirror, cell: &CellView, me: &Author) -> String {
    let count = mirror.count_of(cell.cell).map_or_else(|| "*".to_owned(), |count| count.to_string());
    let whose = if cell.author == *me {
        "my".to_owned()
    } else {
        format!("{}'s", sanitize::plain(cell.author.as_str()))
    };
    format!("{whose} In[{count}]")
}

/// Returns the user that an author is, wherever they are.
pub(crate) fn user(author: &Author) -> &str {
    author.as_str().split('@').next().unwrap_or_default()
}

/// Tells whether an author is the same user as `me`, perhaps at another screen.
pub(crate) fn is_mine(author: &Author, me: &Author) -> bool {
    user(author) == user(me)
}

/// Returns the code of the cells of one user, oldest first.
pub(crate) fn code_of<'a>(
    mirror: &'a Mirror,
    author: &'a Author,
) -> impl DoubleEndedIterator<Item = &'a str> {
    cells(mirror).filter_map(move |(_, by, code)| is_mine(by, author).then_some(code))
}

/// Returns every cell that is known with its number and its author, oldest first.
pub(crate) fn cells(mirror: &Mirror) -> impl DoubleEndedIterator<Item = (Seq, &Author, &str)> {
    let events = mirror.state.iter().flat_map(|state| state.history.of(HistoryKind::Session));
    events.filter_map(|event| match &event.fact {
        Fact::Cell { code, author, .. } => Some((event.seq, author, code.as_str())),
        _ => None,
    })
}

/// Returns the engine's time now: what it last said, and the time since; in a replay, what it last said.
pub(crate) fn engine_time(mirror: &Mirror, now: Now) -> Timestamp {
    let Some(market) = mirror.market() else { return now.wall };
    let Some(time) = market.time else { return now.wall };
    if market.replay.is_some() {
        return time;
    }
    let since = mirror.latest_at.map_or(Duration::ZERO, |at| now.instant.saturating_duration_since(at));
    time.checked_add(since).unwrap_or(time)
}

/// Tells whether the strategy gets market data.
pub(crate) fn is_strategy_at_work(mirror: &Mirror) -> bool {
    mirror.status().is_some_and(|status| status.strategy.state == StrategyState::Running)
}

/// Returns how old a quote is; none in a replay, whose quotes are as old as its clock says.
pub(crate) fn quote_age(mirror: &Mirror, quote: &Quote, now: Now) -> Option<Duration> {
    let is_replay = mirror.market().is_some_and(|market| market.replay.is_some());
    (!is_replay).then(|| format::between(quote.time, engine_time(mirror, now)))
}

/// Tells whether this is the only screen. Not known counts as no.
pub(crate) fn is_alone(mirror: &Mirror) -> bool {
    mirror.latest.screens().is_some_and(|screens| screens <= 1)
}
