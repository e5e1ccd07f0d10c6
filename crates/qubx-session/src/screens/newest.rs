//! The newest values on their way to the screens: what changed is encoded once, however many are told.

use std::sync::Arc;
use std::time::Duration;

use qubx_protocol::{Alarm, Latest, MarketView, Presence, ServerMessage, StrategyView, encode_frame};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// The shortest time between two frames of newest values.
const EVERY: Duration = Duration::from_millis(50);

/// Where the newest values are, and what has been seen of them.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    pub(crate) market: watch::Receiver<Arc<MarketView>>,
    pub(crate) strategy: watch::Receiver<Arc<StrategyView>>,
    pub(crate) presence: watch::Receiver<Vec<Presence>>,
    pub(crate) alarms: watch::Receiver<Vec<Alarm>>,
}

impl Values {
    fn mark_changed(&mut self) {
        self.market.mark_changed();
        self.strategy.mark_changed();
        self.presence.mark_changed();
        self.alarms.mark_changed();
    }

    /// Waits until one of them changes, and takes that for seen.
    async fn changed(&mut self) -> Result<(), watch::error::RecvError> {
        tokio::select! {
            changed = self.market.changed() => changed,
            changed = self.strategy.changed() => changed,
            changed = self.presence.changed() => changed,
            changed = self.alarms.changed() => changed,
        }
    }

    /// Returns what has changed since the last time.
    fn take(&mut self) -> Latest {
        // A sender that is gone leaves its last value.
        let market = self.market.has_changed().unwrap_or(false);
        let strategy = self.strategy.has_changed().unwrap_or(false);
        let presence = self.presence.has_changed().unwrap_or(false);
        let alarms = self.alarms.has_changed().unwrap_or(false);
        Latest {
            market: market.then(|| MarketView::clone(&self.market.borrow_and_update())),
            strategy: strategy.then(|| StrategyView::clone(&self.strategy.borrow_and_update())),
            presence: presence.then(|| self.presence.borrow_and_update().clone()),
            alarms: alarms.then(|| self.alarms.borrow_and_update().clone()),
        }
    }
}

/// A frame with what has changed since the one before.
type Told = (u64, Arc<[u8]>);

/// The newest values as one screen gets them. A clone is for another screen.
#[derive(Clone, Debug)]
pub(crate) struct Newest {
    values: Values,
    told: watch::Receiver<Told>,
    /// The number of the frame that the screen has got last.
    seen: u64,
}

/// Begins to tell values. The task is to be spawned; it ends with those who give them.
pub(crate) fn newest(values: Values) -> (Newest, impl Future<Output = ()> + Send + 'static) {
    let (sender, told) = watch::channel((0, Arc::default()));
    (Newest { values: values.clone(), told, seen: 0 }, tell(values, sender))
}

async fn tell(mut values: Values, told: watch::Sender<Told>) {
    let mut waiting = values.clone();
    loop {
        if waiting.changed().await.is_err() {
            return;
        }
        let latest = values.take();
        if latest == Latest::default() {
            // It was in the frame before already.
            continue;
        }
        let frame: Arc<[u8]> = encode_frame(&ServerMessage::Latest(latest)).into();
        told.send_modify(|told| *told = (told.0 + 1, frame));
        sleep_until(Instant::now() + EVERY).await;
    }
}

impl Newest {
    /// Returns a frame with all values.
    pub(crate) fn all(&mut self) -> Arc<[u8]> {
        // First the number: what comes in between is told again, which does no harm.
        self.seen = self.told.borrow_and_update().0;
        self.values.mark_changed();
        encode_frame(&ServerMessage::Latest(self.values.take())).into()
    }

    /// Waits until something changes and returns the frame with it; all values when frames in between were missed, by a
    /// screen that reads slowly. May be dropped while it waits.
    pub(crate) async fn next(&mut self) -> Arc<[u8]> {
        if self.told.changed().await.is_err() {
            // The session ends, and says so itself.
            return std::future::pending().await;
        }
        let (number, frame) = self.told.borrow_and_update().clone();
        if number == self.seen + 1 {
            self.seen = number;
            return frame;
        }
        self.all()
    }
}

#[cfg(test)]
mod tests {
    use qubx_protocol::FrameBuffer;
    use tokio_util::task::TaskTracker;

    use super::*;

    struct Senders {
        market: watch::Sender<Arc<MarketView>>,
        _strategy: watch::Sender<Arc<StrategyView>>,
        _presence: watch::Sender<Vec<Presence>>,
        alarms: watch::Sender<Vec<Alarm>>,
    }

    fn values() -> (Senders, Values) {
        let market = watch::Sender::new(Arc::default());
        let (strategy, presence, alarms) =
            (watch::Sender::new(Arc::default()), watch::Sender::new(vec![]), watch::Sender::new(vec![]));
        let values = Values {
            market: market.subscribe(),
            strategy: strategy.subscribe(),
            presence: presence.subscribe(),
            alarms: alarms.subscribe(),
        };
        (Senders { market, _strategy: strategy, _presence: presence, alarms }, values)
    }

    fn read(frame: &[u8]) -> Latest {
        let mut buffer = FrameBuffer::new(usize::MAX);
        buffer.bytes_mut().extend_from_slice(frame);
        match buffer.next_message().unwrap().unwrap() {
            ServerMessage::Latest(latest) => latest,
            other => panic!("{other:?}"),
        }
    }

    fn alarm(text: &str) -> Vec<Alarm> {
        vec![Alarm {
            source: "disk".to_owned(),
            text: text.to_owned(),
            since: jiff::Timestamp::UNIX_EPOCH,
            stops_orders: false,
        }]
    }

    #[tokio::test(start_paused = true)]
    async fn screens_share_what_changed_and_one_that_missed_some_gets_all() {
        let (senders, values) = values();
        let (mut quick, task) = newest(values);
        TaskTracker::new().spawn(task);
        let mut slow = quick.clone();
        let all = read(&quick.all());
        assert!(
            all.market.is_some() && all.strategy.is_some() && all.presence.is_some() && all.alarms.is_some()
        );
        slow.all();

        senders.alarms.send_replace(alarm("full"));
        let told = quick.next().await;
        assert_eq!(read(&told), Latest { alarms: Some(alarm("full")), ..Latest::default() });
        senders.market.send_modify(|market| Arc::make_mut(market).feed_error = Some("gone".to_owned()));
        let told = read(&quick.next().await);
        assert_eq!(told.market.unwrap().feed_error.as_deref(), Some("gone"));
        assert_eq!(told.alarms, None);

        let told = read(&slow.next().await);
        assert_eq!(
            (told.alarms, told.market.unwrap().feed_error),
            (Some(alarm("full")), Some("gone".to_owned()))
        );
        senders.alarms.send_replace(alarm("mended"));
        let (quick, slow) = (quick.next().await, slow.next().await);
        assert!(Arc::ptr_eq(&quick, &slow), "it is encoded once");
    }

    #[tokio::test(start_paused = true)]
    async fn what_changes_often_is_told_with_its_newest_value_and_not_more_often_than_screens_are_drawn() {
        let (senders, values) = values();
        let (mut newest, task) = newest(values);
        TaskTracker::new().spawn(task);
        newest.all();
        let began = Instant::now();
        let change = async {
            for number in 0..=1_000 {
                senders.alarms.send_replace(alarm(&number.to_string()));
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            std::future::pending::<()>().await;
        };
        let mut frames = 0;
        let read = async {
            loop {
                let told = read(&newest.next().await);
                frames += 1;
                if told.alarms == Some(alarm("1000")) {
                    return;
                }
            }
        };
        tokio::select! { () = change => {}, () = read => {} }
        let most = began.elapsed().as_millis() / EVERY.as_millis() + 1;
        assert!((10..=most).contains(&frames), "{frames} frames, at most {most}");
    }
}
