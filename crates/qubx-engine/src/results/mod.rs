//! What comes of a replay, collected on the way: counts of orders and fills, round trips, and the equity over time. No I/O.
//!
//! It is told what happened and, on a grid of whole minutes of the engine's clock, what the accounts are worth; it never
//! computes a price or a profit of its own. Its size is bounded, as a checkpoint carries it: a replay that is restored in
//! the middle ends with the results of one that was not.

mod curve;
mod grid;
mod hourly;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
mod trips;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;
use qubx_protocol::{
    Account, AccountResults, Fill, Instrument, InstrumentId, Money, Order, OrderId, OrderStatus, Position,
    Results,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::EngineEvent;
use crate::core::rounded;
use curve::Curve;
use trips::{Profits, Trip};

/// Ratios are to look at and to compare; more digits say nothing.
const RATIO_DECIMALS: u32 = 6;

/// Collects what comes of a replay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResultsCollector {
    /// The time of the first event of the market; none before it.
    from: Option<Timestamp>,
    /// When the next sample is due; none before the first one.
    due: Option<Timestamp>,
    /// The counts of each account, by exchange.
    counts: BTreeMap<String, Counts>,
    /// The equity of each account, by exchange. Shared, because a checkpoint is made far more often than it changes.
    curves: Arc<IndexMap<String, Curve>>,
    /// The round trip of each instrument that was traded; it is flat between two.
    trips: BTreeMap<InstrumentId, Trip>,
    /// The orders that are accepted and not final, so that each counts once.
    open: BTreeSet<OrderId>,
    /// The multipliers that are not 1.
    multipliers: BTreeMap<InstrumentId, Decimal>,
}

/// What is counted for one account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counts {
    orders: u64,
    rejected: u64,
    fills: u64,
    turnover: Money,
    profits: Profits,
}

impl ResultsCollector {
    /// Takes in what may be traded, and what a restored engine holds already. To be called once when an engine starts,
    /// also with a collector out of a checkpoint, which knows the positions better.
    pub fn begin<'a>(
        &mut self,
        instruments: impl IntoIterator<Item = &'a Instrument>,
        positions: impl IntoIterator<Item = &'a Position>,
    ) {
        let unusual = instruments.into_iter().filter(|instrument| instrument.multiplier != Decimal::ONE);
        self.multipliers = unusual.map(|instrument| (instrument.id.clone(), instrument.multiplier)).collect();
        for position in positions {
            self.trips.entry(position.instrument.clone()).or_insert_with(|| Trip::holding(position));
        }
    }

    /// Takes in what happened, in order.
    pub fn events(&mut self, events: &[EngineEvent]) {
        for event in events {
            match event {
                EngineEvent::Order(order) => self.order(order),
                EngineEvent::Fill { fill, position } => self.fill(fill, position),
                EngineEvent::Funding { position, .. } => self.trip(&position.instrument).fund(position),
                _ => {}
            }
        }
    }

    /// Returns the time of the next sample: before an event of a later time is taken in, and not before, the accounts are
    /// to be told. It is a whole minute; at first any time is due.
    #[must_use]
    pub fn due(&self) -> Timestamp {
        self.due.unwrap_or(Timestamp::MIN)
    }

    /// Takes in what the accounts are worth just before what happens at `time`, so at every moment since the last event.
    ///
    /// Between two times that are due it changes no more than the greatest fall.
    pub fn sample(&mut self, time: Timestamp, accounts: &[Account]) {
        self.from.get_or_insert(time);
        let curves = Arc::make_mut(&mut self.curves);
        for account in accounts {
            match curves.get_mut(&account.exchange) {
                Some(curve) => curve.sample(time, account.equity),
                None => {
                    curves
                        .insert(account.exchange.clone(), Curve::new(time, account.capital, account.equity));
                }
            }
        }
        self.due = self.curves.values().map(Curve::due).min();
    }

    /// Returns what came of it: `time` is that of the last event of the market, `accounts` are as they are after it, and
    /// `events` is how many there were. It may be asked at any time.
    #[must_use]
    pub fn finish(&self, time: Timestamp, accounts: &[Account], events: u64) -> Results {
        let mut end = self.clone();
        end.sample(time, accounts);
        let results = accounts.iter().map(|account| {
            let counts = self.counts.get(&account.exchange).cloned().unwrap_or_default();
            account_results(account, &counts, &end.curves[&account.exchange], time)
        });
        Results { from: end.from.unwrap_or(time), to: time, events, accounts: results.collect() }
    }

    fn order(&mut self, order: &Order) {
        let counts = self.counts.entry(order.instrument.exchange.clone()).or_default();
        let id = &order.id;
        if order.status == OrderStatus::Rejected {
            counts.rejected += 1;
            counts.orders -= u64::from(self.open.remove(id));
            return;
        }
        // Intended is not accepted yet, and a change of an open order is no new one.
        if order.status != OrderStatus::Intended && !self.open.contains(id) {
            counts.orders += 1;
            self.open.insert(id.clone());
        }
        if !order.status.is_open() {
            self.open.remove(id);
        }
    }

    fn fill(&mut self, fill: &Fill, position: &Position) {
        let profits = self.trip(&fill.instrument).fill(fill, position);
        let multiplier = self.multipliers.get(&fill.instrument).copied().unwrap_or(Decimal::ONE);
        let counts = self.counts.entry(fill.instrument.exchange.clone()).or_default();
        counts.fills += 1;
        let value = (fill.price * fill.quantity).0 * multiplier;
        counts.turnover = Money(rounded(counts.turnover.0 + value));
        if let Some(profit) = profits {
            counts.profits.add(profit);
        }
    }

    fn trip(&mut self, instrument: &InstrumentId) -> &mut Trip {
        if !self.trips.contains_key(instrument) {
            self.trips.insert(instrument.clone(), Trip::default());
        }
        self.trips.get_mut(instrument).expect("it was put in")
    }
}

fn account_results(account: &Account, counts: &Counts, curve: &Curve, time: Timestamp) -> AccountResults {
    let profit = account.equity - account.capital;
    let Counts { orders, rejected, fills, turnover, profits } = counts;
    AccountResults {
        account: account.clone(),
        profit,
        return_on_capital: ratio(profit, account.capital).unwrap_or_default(),
        orders: *orders,
        rejected: *rejected,
        fills: *fills,
        turnover: *turnover,
        trades: profits.trades,
        winning_trades: profits.winning,
        profit_factor: ratio(profits.won, profits.lost),
        max_drawdown: curve.max_drawdown(),
        max_drawdown_part: curve.max_drawdown_part(),
        sharpe: curve.sharpe(time, account.equity),
        equity: curve.points(time, account.equity),
    }
}

/// Returns a part of a whole; none when the whole is not positive.
fn ratio(part: Money, whole: Money) -> Option<Decimal> {
    if whole.0 <= Decimal::ZERO {
        return None;
    }
    part.0.checked_div(whole.0).map(|ratio| ratio.round_dp(RATIO_DECIMALS).normalize())
}
