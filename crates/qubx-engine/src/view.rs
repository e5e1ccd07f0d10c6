//! The latest market, for screens: refreshed often enough to look at, not with every quote.

use std::sync::Arc;
use std::time::Duration;

use qubx_protocol::MarketView;
use tokio::sync::watch;
use tokio::time::Instant;

/// Twenty refreshes a second are as much as an eye can use.
const REFRESH: Duration = Duration::from_millis(50);

/// When the view was published, and whether it is out of date.
#[derive(Debug)]
pub(crate) struct ViewPublisher {
    sender: watch::Sender<Arc<MarketView>>,
    published: Instant,
    stale: bool,
}

impl ViewPublisher {
    /// Returns a publisher whose first view is `view`. Readers that are slow miss all but the newest.
    pub(crate) fn new(view: MarketView) -> Self {
        Self { sender: watch::Sender::new(Arc::new(view)), published: Instant::now(), stale: false }
    }

    /// Returns a reader.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<MarketView>> {
        self.sender.subscribe()
    }

    /// Notes that something changed.
    pub(crate) fn changed(&mut self) {
        self.stale = true;
    }

    /// Tells whether the view is out of date.
    pub(crate) fn is_stale(&self) -> bool {
        self.stale
    }

    /// Waits until a view that is out of date may be refreshed.
    pub(crate) fn due(&self) -> Instant {
        self.published + REFRESH
    }

    /// Publishes the newest view.
    pub(crate) fn publish(&mut self, view: MarketView) {
        self.published = Instant::now();
        self.stale = false;
        self.sender.send_replace(Arc::new(view));
    }
}
