//! What outlives the state: taken over at the start, and told in each checkpoint. No I/O.

use jiff::Timestamp;
use qubx_protocol::{OrderStatus, Quote};

use super::checks::RATE_WINDOW;
use super::state::State;
use crate::{Checkpoint, EngineEvent, Restore, Touch};

/// Why an order that was only intended does not go on.
const NEVER_SENT: &str = "the session ended before it was known to have been sent; on paper it never was";

impl State {
    /// Takes over what a stored session left, and rejects the orders that were only intended. Every instrument must
    /// be known.
    pub(crate) fn restore(&mut self, restore: Restore) -> Vec<EngineEvent> {
        for position in restore.positions {
            if let Some(book) = self.books.get_mut(&position.instrument) {
                book.position = position;
                book.traded = true;
            }
        }
        if let Some(checkpoint) = restore.checkpoint {
            self.paused = checkpoint.paused;
            self.day = checkpoint.day;
            self.accepted = checkpoint.accepted.into();
            for (exchange, equity) in checkpoint.equity_at_midnight {
                // An exchange that is gone was never traded, else its instruments would be missing.
                if let Some(terms) = self.exchanges.get_mut(&exchange) {
                    terms.equity_at_midnight = equity;
                }
            }
        }
        let mut events = Vec::new();
        for order in restore.orders {
            let (id, status) = (order.id.clone(), order.status);
            self.open.insert(id.clone(), order);
            if status == OrderStatus::Intended {
                events.extend(self.finish(&id, OrderStatus::Rejected, Some(NEVER_SENT.to_owned())));
            }
        }
        events
    }

    /// Takes over a quote that was seen before the session ended, which does nothing anew.
    pub(crate) fn restore_quote(&mut self, quote: Quote) {
        if let Some(book) = self.books.get_mut(&quote.instrument) {
            book.touch = Some((quote.time, Touch::from(&quote)));
        }
    }

    /// Returns what must be remembered of the state at `time`; the feed and the bars are not its own.
    pub(crate) fn checkpoint(&self, time: Timestamp) -> Checkpoint {
        let exchanges = self.exchanges.iter();
        let recent = |accepted: &&Timestamp| time.duration_since(**accepted) < RATE_WINDOW;
        Checkpoint {
            place: 0,
            time: Some(time),
            clock: None,
            paused: self.paused.clone(),
            day: self.day,
            equity_at_midnight: exchanges
                .map(|(name, terms)| (name.clone(), terms.equity_at_midnight))
                .collect(),
            accepted: self.accepted.iter().filter(recent).copied().collect(),
            timeframes: Vec::new(),
            simulation: Vec::new(),
        }
    }
}
