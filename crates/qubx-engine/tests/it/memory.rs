//! An engine whose market comes out of the memory, as benches have it.

use jiff::Timestamp;
use qubx_engine::{EngineEvent, InstrumentIndex, Interests, MarketEvent, Touch, start_in_memory};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::harness::{in_time, sim};

#[tokio::test]
async fn events_out_of_the_memory_are_a_market_like_any_other() {
    let (outputs, mut taken) = mpsc::channel(4);
    let tracker = TaskTracker::new();
    let cancel = CancellationToken::new();
    let events = (1..=500_u32).map(|number| {
        let (price, size) = (number.to_string().parse().unwrap(), "1".parse().unwrap());
        let touch = Touch { bid: price, ask: price, bid_size: size, ask_size: size };
        let time = Timestamp::from_second(number.into()).unwrap();
        MarketEvent::quote(InstrumentIndex(number % 2), time, touch)
    });
    let strategy = mpsc::channel(1).0;
    let handle = start_in_memory(sim(), events, outputs, strategy, &tracker, cancel.clone()).unwrap();
    handle.start_feed(Interests::NONE).await.unwrap();
    let checkpoint = in_time("the end", async {
        loop {
            let output = taken.recv().await.unwrap();
            if output.events.contains(&EngineEvent::FeedFinished) {
                break output.checkpoint;
            }
        }
    })
    .await;
    assert_eq!((checkpoint.place, checkpoint.time.unwrap().as_second()), (500, 500));
    let bids: Vec<String> =
        handle.market().borrow().quotes.iter().map(|quote| quote.bid.to_string()).collect();
    assert_eq!(bids, ["500", "499"]);
    cancel.cancel();
    tracker.close();
    in_time("stopping", tracker.wait()).await;
}
