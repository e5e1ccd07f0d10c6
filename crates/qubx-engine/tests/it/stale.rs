//! An instrument that gets no quotes while it should is shown as stale, and told when that begins and ends.

use std::time::Duration;

use qubx_engine::{EngineConfig, EngineEvent, FeedConfig, Interests, RecordedKind};
use qubx_protocol::{LogLevel, Side};
use tokio::time::Instant;

use crate::harness::{Running, file, in_time, replay, replay_all, sim, swinging_quotes};

const NOBODY: Interests = Interests::NONE;
const HEADER: &str = "time,bid,bid_size,ask,ask_size\n";
const BEGIN: i64 = 1_767_225_600;

/// Returns a file with a quote at each of these seconds.
fn quotes_at(seconds: impl IntoIterator<Item = i64>) -> String {
    let row = |second| format!("{},1000.0,1,1000.5,1\n", BEGIN + second);
    format!("{HEADER}{}", seconds.into_iter().map(row).collect::<String>())
}

/// Returns the lines of the log, without the time since when.
fn told(running: &Running) -> Vec<(LogLevel, String)> {
    let line = |fact| match fact {
        EngineEvent::Log { level, text, .. } => {
            Some((level, text.split(" since ").next().unwrap().to_owned()))
        }
        _ => None,
    };
    running.facts().into_iter().filter_map(line).collect()
}

async fn started(config: EngineConfig) -> Running {
    let running = Running::start(config);
    running.handle.start_feed(NOBODY).await.unwrap();
    running
}

#[tokio::test(start_paused = true)]
async fn a_gap_in_one_file_makes_its_instrument_stale_until_the_next_quote() {
    let (folder, path) = file("btc.csv", &quotes_at((0..5).chain(40..50)));
    let other = folder.path().join("eth.csv");
    // It ends within the gap of the other, which is no silence.
    std::fs::write(&other, quotes_at(0..8)).unwrap();
    let mut running = started(replay_all("1", &[("BTCUSDT", path), ("ETHUSDT", other)])).await;
    let began = Instant::now();
    let wall = jiff::Timestamp::now();
    let view = running.until("a stale quote", |view| !view.stale.is_empty()).await;
    // Ten seconds after the last quote, which came four seconds after the first.
    let passed = began.elapsed().as_secs_f64();
    assert!((14.0..14.5).contains(&passed), "{passed}");
    let stale: Vec<_> = view.stale.iter().map(|stale| stale.instrument.to_string()).collect();
    assert_eq!((stale, view.quotes.len()), (vec!["X:BTCUSDT".to_owned()], 2));
    // A paused clock is ahead of the wall.
    let since = view.stale[0].since.duration_since(wall).as_secs_f64();
    assert!((-10.5..-9.5).contains(&since), "{since}");
    running.until("the quotes after the gap", |view| view.stale.is_empty()).await;
    assert!((35.9..36.1).contains(&(began.elapsed().as_secs_f64() - 4.0)), "{:?}", began.elapsed());
    running.until_finished().await;
    assert!(running.handle.market().borrow().stale.is_empty());
    assert_eq!(
        told(&running),
        [
            (LogLevel::Warning, "no quote of X:BTCUSDT".to_owned()),
            (LogLevel::Info, "quotes of X:BTCUSDT come again, after 36 s".to_owned()),
        ]
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_gap_of_a_fast_replay_is_no_silence_unless_the_feed_stands_still() {
    // At 60 times the speed, 20 minutes pass in 20 seconds: one instrument is silent, the feed is not.
    let (folder, path) = file("btc.csv", &quotes_at([0, 1_200]));
    let other = folder.path().join("eth.csv");
    std::fs::write(&other, quotes_at((0..1_200).step_by(60))).unwrap();
    let files = [("BTCUSDT", path.clone()), ("ETHUSDT", other)];
    let mut running = started(replay_all("60", &files)).await;
    running.until_finished().await;
    assert_eq!(told(&running), []);
    running.stop().await;

    let mut running = started(replay("60", &path)).await;
    running.until("a feed that stands still", |view| view.stale.len() == 1).await;
    running.until_finished().await;
    assert_eq!(told(&running).len(), 2);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_strategy_that_holds_a_replay_up_in_lockstep_makes_nothing_stale() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut running = Running::start(replay("max", &path));
    running.handle.start_feed(Interests::QUOTES).await.unwrap();
    let batch = in_time("a batch", running.batches.recv()).await.unwrap();
    tokio::time::advance(Duration::from_secs(3_600)).await;
    batch.done.send(u32::MAX).unwrap();
    running.run_strategy(async |_, _| {}).await;
    assert_eq!(told(&running), []);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_stood_still_shows_its_quotes_as_stale_before_it_takes_new_ones() {
    let running = started(sim()).await;
    running.until("quotes of both", |view| view.quotes.len() == 2).await;
    let mut market = running.handle.market();
    market.mark_unchanged();
    tokio::time::advance(Duration::from_secs(30)).await;
    in_time("the next view", market.changed()).await.unwrap();
    assert_eq!(market.borrow().stale.len(), 2);
    running.until("fresh quotes", |view| view.stale.is_empty()).await;
    in_time("its line", async {
        while told(&running).len() < 2 {
            market.changed().await.unwrap();
        }
    })
    .await;
    let lines: Vec<_> = told(&running).into_iter().map(|(_, text)| text).collect();
    assert_eq!(
        lines,
        ["no quote of X:BTCUSDT, X:ETHUSDT", "quotes of X:BTCUSDT, X:ETHUSDT come again, after 30 s"]
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_order_that_waited_for_an_engine_that_stood_still_is_not_filled_before_its_quotes_are_told_as_old()
{
    let running = started(sim()).await;
    running.until("quotes of both", |view| view.quotes.len() == 2).await;
    // It is asked for just before the standstill, so both are due at once.
    let order = running.place("BTCUSDT", Side::Buy, "0.01", None);
    let (order, ()) = tokio::join!(order, tokio::time::advance(Duration::from_secs(15)));
    running.flush().await;
    let facts = running.facts();
    let at = |what: &str, is: &dyn Fn(&EngineEvent) -> bool| facts.iter().position(is).expect(what);
    let stale = at(
        "its quotes are old",
        &|fact| matches!(fact, EngineEvent::Log { text, .. } if text.contains("stale")),
    );
    let filled =
        at("its fill", &|fact| matches!(fact, EngineEvent::Fill { fill, .. } if fill.order == order.id));
    assert!(stale < filled, "{facts:#?}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_instrument_that_never_had_a_quote_is_stale_too_and_a_feed_that_did_not_begin_is_not() {
    let (folder, path) = file("btc.csv", &quotes_at([0, 60, 61]));
    let other = folder.path().join("eth.csv");
    std::fs::write(&other, quotes_at([59])).unwrap();
    let running = Running::start(replay_all("1", &[("BTCUSDT", path), ("ETHUSDT", other)]));
    tokio::time::advance(Duration::from_secs(3_600)).await;
    running.handle.start_feed(NOBODY).await.unwrap();
    let began = Instant::now();
    let view = running.until("stale quotes", |view| !view.stale.is_empty()).await;
    assert!(began.elapsed() >= Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!((view.stale.len(), view.quotes.len()), (2, 1));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn trades_are_news_too_and_bars_alone_are_as_silent_as_they_were_recorded() {
    let trade = |second| format!("{},1000.0,1,buy\n", BEGIN + second);
    let trades = format!("time,price,size,side\n{}", (0..120).step_by(8).map(trade).collect::<String>());
    let bar = |second| format!("{},1000,1000,1000,1000,1\n", BEGIN + second);
    let bars =
        format!("time,open,high,low,close,volume\n{}", (0..120).step_by(60).map(bar).collect::<String>());
    let (folder, path) = file("trades.csv", &trades);
    let other = folder.path().join("bars.csv");
    std::fs::write(&other, bars).unwrap();
    let mut config = replay_all("1", &[("BTCUSDT", path), ("ETHUSDT", other)]);
    let FeedConfig::Replay { files, .. } = &mut config.exchanges[0].feed else { unreachable!() };
    (files[0].kind, files[1].kind) = (RecordedKind::Trades, RecordedKind::Bars);
    let mut running = started(config).await;
    running.until_finished().await;
    assert_eq!(told(&running), []);
    assert_eq!(running.stop().await.last().unwrap().1.place, 2 * 15 + 5 * 2);
}
