//! What outlives the state: taken over at the start, and told in each checkpoint. No I/O.

use std::collections::HashSet;

use jiff::Timestamp;
use qubx_protocol::{OrderStatus, Quantity, Quote, Rejection};

use super::checks::RATE_WINDOW;
use super::orders::Working;
use super::state::{Book, State};
use super::{Refusal, check_touch};
use crate::restore::MarketCheckpoint;
use crate::{Checkpoint, EngineEvent, Restore, Touch};

/// Why an order that was only intended does not go on.
const NEVER_SENT: &str = "the session ended before it was known to have been sent; on paper it never was";

impl State {
    /// Takes over what a stored session left, and rejects the orders that were only intended and are not on their way.
    /// Every instrument must be known.
    pub(crate) fn restore(&mut self, restore: Restore) -> Vec<EngineEvent> {
        let mut out = Vec::new();
        for position in restore.positions {
            if let Some(book) = self.books.get_mut(&position.instrument) {
                book.position = position;
                book.traded = true;
            }
        }
        let mut under_way = HashSet::new();
        if let Some(checkpoint) = restore.checkpoint {
            under_way.extend(checkpoint.under_way.iter().filter_map(|command| command.new_order().cloned()));
            self.take_over(checkpoint);
        }
        for order in restore.orders {
            let Some(book) = self.books.get_index_of(&order.instrument) else { continue };
            let (id, status) = (order.id.clone(), order.status);
            self.open.insert(id.clone(), Working { order, book, trades: HashSet::new() });
            if status == OrderStatus::Intended && !under_way.contains(&id) {
                self.reject(&id, Refusal::new(Rejection::NotSent, NEVER_SENT), &mut out);
            }
        }
        self.unassessed = true;
        out
    }

    fn take_over(&mut self, checkpoint: Checkpoint) {
        self.paused = checkpoint.paused;
        self.day = checkpoint.day;
        self.accepted = checkpoint.accepted.into();
        for (exchange, equity) in checkpoint.equity_at_midnight {
            // An exchange that is gone was never traded, else its instruments would be missing.
            if let Some(terms) = self.exchanges.get_mut(&exchange) {
                terms.equity_at_midnight = equity;
            }
        }
        for market in checkpoint.markets {
            if let Some(book) = self.books.get_mut(&market.instrument) {
                book.funding_rate = market.funding_rate;
                book.funding_due = market.funding_due;
                book.owed = market.funding_owed;
            }
        }
        if let Some(time) = checkpoint.time {
            self.schedule_all_funding(time);
        }
    }

    /// Takes over a quote that was seen before the session ended, which does nothing anew.
    pub(crate) fn restore_quote(&mut self, quote: Quote) {
        let touch = Touch::from(&quote);
        if let Some(book) = self.books.get_mut(&quote.instrument)
            && check_touch(&touch).is_ok()
        {
            book.touch = Some((quote.time, touch));
            self.unassessed = true;
        }
    }

    /// Returns what must be remembered of the state at `time`. The rest of a checkpoint is not its own.
    pub(crate) fn book_checkpoint(&self, time: Timestamp) -> Checkpoint {
        let exchanges = self.exchanges.iter();
        let recent = |accepted: &&Timestamp| time.duration_since(**accepted) < RATE_WINDOW;
        Checkpoint {
            time: Some(time),
            clock: None,
            paused: self.paused.clone(),
            day: self.day,
            equity_at_midnight: exchanges
                .map(|(name, terms)| (name.clone(), terms.equity_at_midnight))
                .collect(),
            accepted: self.accepted.iter().filter(recent).copied().collect(),
            ..Checkpoint::default()
        }
    }

    /// Returns what must be remembered of the market of the instrument at a place, beside what was taken of its quote;
    /// none when that is nothing.
    pub(crate) fn market_checkpoint(
        &self,
        place: usize,
        [bought, sold]: [Quantity; 2],
    ) -> Option<MarketCheckpoint> {
        let Book { instrument, funding_rate, funding_due, owed, .. } = &self.books[place];
        let has_funding = funding_rate.is_some() || funding_due.is_some() || owed.is_some();
        let is_empty = bought.is_zero() && sold.is_zero() && !has_funding;
        (!is_empty).then(|| MarketCheckpoint {
            instrument: instrument.id.clone(),
            bought,
            sold,
            funding_rate: *funding_rate,
            funding_due: *funding_due,
            funding_owed: owed.clone(),
        })
    }
}
