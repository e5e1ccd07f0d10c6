//! The newest values for one screen: what changed since it was told last.

use std::sync::Arc;

use qubx_protocol::{Alarm, Latest, MarketView, Presence, StrategyView};
use tokio::sync::watch;

/// The newest values, as far as a screen has not got them yet.
pub(super) struct Newest {
    pub(super) market: watch::Receiver<Arc<MarketView>>,
    pub(super) strategy: watch::Receiver<Arc<StrategyView>>,
    pub(super) presence: watch::Receiver<Vec<Presence>>,
    pub(super) alarms: watch::Receiver<Vec<Alarm>>,
}

impl Newest {
    pub(super) fn mark_changed(&mut self) {
        self.market.mark_changed();
        self.strategy.mark_changed();
        self.presence.mark_changed();
        self.alarms.mark_changed();
    }

    /// Returns what has changed since the last time.
    pub(super) fn take(&mut self) -> Option<Latest> {
        // A sender that is gone leaves its last value.
        let market = self.market.has_changed().unwrap_or(false);
        let strategy = self.strategy.has_changed().unwrap_or(false);
        let presence = self.presence.has_changed().unwrap_or(false);
        let alarms = self.alarms.has_changed().unwrap_or(false);
        (market || strategy || presence || alarms).then(|| Latest {
            market: market.then(|| MarketView::clone(&self.market.borrow_and_update())),
            strategy: strategy.then(|| StrategyView::clone(&self.strategy.borrow_and_update())),
            presence: presence.then(|| self.presence.borrow_and_update().clone()),
            alarms: alarms.then(|| self.alarms.borrow_and_update().clone()),
        })
    }
}
