//! What the starter is told of the first quotes, once the strategy has started.

use std::time::Duration;

use qubx_engine::FirstQuotes;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::Session;
use crate::config::Progress;

/// How long a start waits for first quotes. A feed at the speed of its market may have none of an instrument for hours.
const FIRST_QUOTES_WITHIN: Duration = Duration::from_secs(5);
/// First quotes that come within this time are told together.
const GATHER: Duration = Duration::from_millis(20);

impl Session {
    /// Tells the starter what the feed gives, as long as it listens.
    pub(super) fn report_first_quotes(&self) {
        if !self.progress.is_closed() {
            self.tracker.spawn(tell(self.engine.first_quotes(), self.progress.clone()));
        }
    }
}

/// Tells of first quotes until each instrument has had one, there will be no more, or that takes too long.
async fn tell(mut first: watch::Receiver<FirstQuotes>, progress: mpsc::Sender<Progress>) {
    let deadline = Instant::now() + FIRST_QUOTES_WITHIN;
    let mut is_connected = false;
    loop {
        let FirstQuotes { connected, instruments, missing, ended } = first.borrow_and_update().clone();
        if connected && !is_connected {
            is_connected = true;
            let _ = progress.send(Progress::FeedConnected).await;
        }
        let quoted = instruments - missing.len();
        if connected && missing.is_empty() || ended || Instant::now() >= deadline {
            let missing = missing.iter().map(|(_, id)| id.to_string()).collect();
            let _ = progress.send(Progress::WarmedUp { quoted, instruments, missing, ended }).await;
            return;
        }
        let _ = progress.send(Progress::WarmUp { quoted, instruments }).await;
        tokio::select! {
            changed = first.changed() => match changed {
                Ok(()) => sleep(GATHER).await,
                // The engine stops, so the session ends.
                Err(_) => return,
            },
            () = sleep_until(deadline) => {}
            () = progress.closed() => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use qubx_engine::InstrumentIndex;
    use qubx_protocol::InstrumentId;

    use super::*;

    fn quotes(connected: bool, missing: &[&str], ended: bool) -> FirstQuotes {
        let missing = missing.iter().map(|symbol| InstrumentId::new("SIM", *symbol));
        let missing = (0..).map(InstrumentIndex).zip(missing).collect();
        FirstQuotes { connected, instruments: 3, missing, ended }
    }

    /// Returns what is told, in words.
    async fn told(progress: &mut mpsc::Receiver<Progress>) -> String {
        match progress.recv().await {
            Some(Progress::FeedConnected) => "connected".to_owned(),
            Some(Progress::WarmUp { quoted, instruments }) => format!("{quoted}/{instruments}"),
            Some(Progress::WarmedUp { quoted, instruments, missing, ended }) => {
                format!("over {quoted}/{instruments} {} {ended}", missing.join(" ")).replace("  ", " ")
            }
            other => format!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn first_quotes_are_told_until_all_are_there() {
        let (sender, first) = watch::channel(FirstQuotes::default());
        let (reports, mut progress) = mpsc::channel(16);
        let look = async {
            assert_eq!(told(&mut progress).await, "0/0");
            sender.send_replace(quotes(false, &["A", "B", "C"], false));
            assert_eq!(told(&mut progress).await, "0/3");
            sender.send_replace(quotes(true, &["B", "C"], false));
            assert_eq!(told(&mut progress).await, "connected");
            assert_eq!(told(&mut progress).await, "1/3");
            sender.send_replace(quotes(true, &[], false));
            assert_eq!(told(&mut progress).await, "over 3/3 false");
        };
        tokio::join!(tell(first, reports), look);
    }

    #[tokio::test(start_paused = true)]
    async fn a_start_waits_neither_for_ever_nor_for_a_feed_that_ended() {
        for (first, ends_after, expected) in [
            (quotes(true, &["B"], false), FIRST_QUOTES_WITHIN, "over 2/3 SIM:B false"),
            (quotes(false, &["A", "B", "C"], false), FIRST_QUOTES_WITHIN, "over 0/3 SIM:A SIM:B SIM:C false"),
            (quotes(true, &["B"], true), Duration::ZERO, "over 2/3 SIM:B true"),
        ] {
            let (_sender, first) = watch::channel(first);
            let (reports, mut progress) = mpsc::channel(16);
            let began = Instant::now();
            tell(first, reports).await;
            let passed = began.elapsed();
            assert!(passed >= ends_after && passed < ends_after + GATHER, "{passed:?}");
            let mut last = String::new();
            while !progress.is_empty() {
                last = told(&mut progress).await;
            }
            assert_eq!(last, expected);
        }
    }
}
