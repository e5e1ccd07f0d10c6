//! An exchange whose clock differs from the machine's is told beside the quotes.

use jiff::SignedDuration;
use qubx_engine::{EngineConfig, EngineEvent, FeedConfig, Interests};
use qubx_protocol::WrongClock;

use crate::harness::{Running, replay, sim, swinging_quotes};

/// Returns a simulation whose exchange has another clock than the machine.
fn sim_with(offset: SignedDuration) -> EngineConfig {
    let mut config = sim();
    let FeedConfig::Sim { clock_offset, .. } = &mut config.exchanges[0].feed else { panic!("{config:?}") };
    *clock_offset = offset;
    config
}

#[tokio::test(start_paused = true)]
async fn a_clock_is_wrong_from_a_second_on_and_told_once() {
    for (ahead_ms, words) in [(2_300, "2.3 s ahead of that of X"), (-1_200, "1.2 s behind that of X")] {
        let running = Running::start(sim_with(SignedDuration::from_millis(ahead_ms)));
        running.handle.start_feed(Interests::NONE).await.unwrap();
        let view = running.until("a wrong clock", |view| !view.clocks.is_empty()).await;
        assert_eq!(view.clocks, [WrongClock { exchange: "X".to_owned(), ahead_ms }]);
        let newest = view.quotes.iter().map(|quote| quote.time).max().unwrap();
        let lag = view.time.unwrap().duration_since(newest).as_millis() - i128::from(ahead_ms);
        assert!((0..=50).contains(&lag), "quotes have the time of the exchange: {lag}");
        tokio::time::sleep(std::time::Duration::from_secs(90)).await;
        let told = running
            .facts()
            .into_iter()
            .filter(|fact| matches!(fact, EngineEvent::Log { text, .. } if text.contains(words)));
        assert_eq!(told.count(), 1);
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_right_enough_and_one_of_a_recording_are_not_told() {
    let (_folder, path) = crate::harness::file("quotes.csv", &swinging_quotes());
    for config in [sim_with(SignedDuration::from_millis(900)), replay("1", &path)] {
        let running = Running::start(config);
        running.handle.start_feed(Interests::NONE).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(90)).await;
        let view = running.handle.market().borrow().clone();
        assert!(!view.quotes.is_empty() && view.clocks.is_empty(), "{view:?}");
        running.stop().await;
    }
}
