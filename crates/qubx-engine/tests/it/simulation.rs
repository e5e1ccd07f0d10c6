//! A simulation goes on where another one stopped, however long that one ran.

use qubx_engine::{Interests, Restore, StrategyInput, start};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::harness::{Running, going_on, in_time, quote_of, sim};
use crate::restore::attached;

const NOBODY: Interests = Interests::NONE;

#[tokio::test(start_paused = true)]
async fn a_simulation_goes_on_with_its_prices() {
    let quotes = |batches: Vec<StrategyInput>| {
        let touch = |input: &StrategyInput| {
            quote_of(input).map(|(event, touch)| (event.instrument, touch.bid, touch.ask))
        };
        let mut quotes: Vec<_> = batches.iter().filter_map(touch).collect();
        // One that closed a bar is seen before it is reacted to.
        quotes.dedup();
        quotes
    };
    async fn inputs(running: &mut Running, count: usize) -> Vec<StrategyInput> {
        let mut inputs = Vec::new();
        while inputs.len() < count {
            let batch = in_time("a batch", running.batches.recv()).await.unwrap();
            inputs.extend(batch.inputs);
            batch.done.send(u32::MAX).unwrap();
        }
        inputs
    }
    let mut running = attached(sim()).await;
    let expected = quotes(inputs(&mut running, 300).await);
    let stored = running.stop().await;
    let cut = stored.iter().position(|(_, checkpoint)| checkpoint.place > 20).unwrap() + 1;
    let place = stored[cut - 1].1.place as usize;
    assert!(place + 20 < expected.len(), "{place}");

    // What only tells how many quotes were given is of a version before.
    let going_on = going_on(&sim(), &stored[..cut]);
    let mut of_before = going_on.clone();
    let checkpoint = of_before.restore.as_mut().unwrap().checkpoint.as_mut().unwrap();
    assert_eq!(std::mem::take(&mut checkpoint.simulation).len(), 2);
    for config in [going_on, of_before] {
        let mut running = attached(config).await;
        let again = quotes(inputs(&mut running, 300 - place).await);
        // The newest quotes of before come first, by instrument.
        let mut known = expected[place - 2..place].to_vec();
        known.sort();
        assert_eq!(again[..2], known);
        let both = (again.len() - 2).min(expected.len() - place);
        assert_eq!(again[2..2 + both], expected[place..place + both]);
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_simulation_of_years_goes_on_at_once() {
    let running = attached(sim()).await;
    running.until("a quote of each", |view| view.quotes.len() == 2).await;
    let mut config = going_on(&sim(), &running.stop().await);
    // So many quotes could not be walked through in a day.
    let place = 1 << 40;
    let checkpoint = config.restore.as_mut().unwrap().checkpoint.as_mut().unwrap();
    checkpoint.place = place;
    checkpoint.simulation.iter_mut().for_each(|walk| walk.words = place * 38);
    let running = Running::start(config);
    assert_eq!(running.handle.market().borrow().quotes.len(), 2);
    running.handle.start_feed(NOBODY).await.unwrap();
    running.until("new quotes", |view| view.quotes[0].time > view.quotes[1].time).await;
    let (_, checkpoint) = running.stop().await.pop().unwrap();
    assert!(checkpoint.place > place);
}

#[tokio::test]
async fn a_checkpoint_that_cannot_be_right_starts_no_engine() {
    let walk = serde_json::json!({
        "instrument": "X:BTCUSDT", "words": 0, "price": "NaN", "trend": "0", "trend_left": 0, "wait_ns": 0
    });
    let checkpoint = serde_json::from_value(serde_json::json!({ "place": 3, "simulation": [walk] })).unwrap();
    let mut config = sim();
    config.restore = Some(Restore { checkpoint: Some(checkpoint), ..Restore::default() });
    let (outputs, strategy) = (mpsc::channel(1).0, mpsc::channel(1).0);
    let error = start(config, outputs, strategy, &TaskTracker::new(), CancellationToken::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the checkpoint to go on from cannot be right: the simulated price of X:BTCUSDT is NaN, not between \
         0 and 1000000000000"
    );
}
