//! What is wrong with a file, a config or what is to be restored is said with its name, its place and what to do.

use std::io::Write;
use std::path::Path;

use flate2::write::GzEncoder;
use qubx_engine::{
    At, Call, EngineConfig, EngineError, EngineEvent, FeedConfig, Interests, RecordedKind, Restore, start,
};
use qubx_protocol::{LogLevel, OrderStatus, Position, Side};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::harness::{
    Running, file, going_on, id, in_time, quote_of, replay, replay_all, request, sim, swinging_quotes,
};
use crate::restore::attached;

const WATCHING: Interests = Interests::NONE;
const HEADER: &str = "time,bid,bid_size,ask,ask_size";

fn error_of(config: EngineConfig) -> String {
    let (outputs, strategy) = (mpsc::channel(1).0, mpsc::channel(1).0);
    match start(config, outputs, strategy, &TaskTracker::new(), CancellationToken::new()) {
        Err(error @ (EngineError::Data(_) | EngineError::Config(_))) => error.to_string(),
        other => panic!("it started, or failed strangely: {other:?}"),
    }
}

fn without(folder: &Path, text: &str) -> String {
    text.replace(&format!("{}/", folder.display()), "")
}

#[tokio::test]
async fn a_file_that_cannot_be_replayed_is_refused_with_what_to_do() {
    for (text, expected) in [
        (
            "",
            "quotes.csv, line 1: there is no column for the timestamp; the header is ``; a file of quotes needs one that is named `timestamp`, `time`, `ts`, `datetime`, `transaction_time`, `event_time`",
        ),
        (
            "time,open,close\n",
            "quotes.csv, line 1: there is no column for the bid_price; the header is `time,open,close`; a file of quotes needs one that is named `bid_price`, `bid`, `best_bid_price`",
        ),
        ("HEADER\n", "quotes.csv: there is no row below the header; name a file that holds quotes"),
        (
            "HEADER\n1767225600,abc,1,2,1\n",
            "quotes.csv, line 2, column `bid`: `abc` is not a number; write a decimal number such as 87608.2",
        ),
        (
            "HEADER\n1767225600,1,1\n",
            "quotes.csv, line 2, column `ask`: the row has 3 columns, the header 5; correct or remove the row",
        ),
        (
            "HEADER\nnoon,1,1,2,1\n",
            "quotes.csv, line 2, column `time`: `noon` is not a time; write UTC as `2026-01-31 23:59:59.123` (a T and a final Z are fine) or as whole seconds, milliseconds, microseconds or nanoseconds since 1970",
        ),
        (
            "HEADER\n1767225600,3,1,2,1\n",
            "quotes.csv, line 2, column `bid`: the bid 3 is above the ask 2; correct or remove the row",
        ),
        (
            "HEADER\n1767225600,1,1,1e30,1\n",
            "quotes.csv, line 2, column `ask`: `1e30` is not a number; write a decimal number such as 87608.2",
        ),
        (
            "HEADER\n1767225600,0,1,2,1\n",
            "quotes.csv, line 2, column `bid`: the price 0 is not between 0 and 1000000000000; correct or remove the row",
        ),
        (
            "HEADER\n1767225600,1,1,2,-1\n",
            "quotes.csv, line 2, column `ask_size`: the size -1 is not between 0 and 1000000000000; correct or remove the row",
        ),
    ] {
        let (folder, path) = file("quotes.csv", &text.replace("HEADER", HEADER));
        assert_eq!(without(folder.path(), &error_of(replay("max", &path))), expected);
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let (folder, _) = file("quotes.csv", "");
    let hint = "check the path in the config; it is relative to the config file";
    let error = without(folder.path(), &error_of(replay("max", &folder.path().join("other.csv.gz"))));
    assert_eq!(
        error,
        format!("other.csv.gz: cannot open it: No such file or directory (os error 2); {hint}")
    );
    let error = error_of(replay("max", folder.path()));
    assert!(error.ends_with(": it is not a file; name one file of a kind per instrument"), "{error}");
}

#[tokio::test]
async fn a_damaged_gzip_file_is_refused() {
    let (folder, path) = file("quotes.csv.gz", "");
    std::fs::write(&path, [0x1f, 0x8b, 8, 0, 0]).unwrap();
    let error = without(folder.path(), &error_of(replay("max", &path)));
    assert!(error.starts_with("quotes.csv.gz: cannot read it: "), "{error}");
    assert!(error.ends_with("; the file may be damaged or cut off; get it again"), "{error}");
}

#[tokio::test]
async fn a_config_that_makes_no_sense_is_refused() {
    let (_folder, path) = file("quotes.csv", &format!("{HEADER}\n1767225600,1,1,2,1\n"));
    let mut no_file = replay("max", &path);
    no_file.exchanges[0].instruments.push(qubx_engine::default_instrument("X", "ETHUSDT", "USDT"));
    let mut mixed = replay("max", &path);
    let mut simulated = sim().exchanges.remove(0);
    simulated.name = "Y".to_owned();
    simulated.instruments = vec![qubx_engine::default_instrument("Y", "ETHUSDT", "USDT")];
    mixed.exchanges.push(simulated);
    let mut poor = sim();
    poor.exchanges[0].capital = "0".parse().unwrap();
    let mut limited = sim();
    limited.limits.daily_loss = Some("0".parse().unwrap());
    let mut stepless = sim();
    stepless.exchanges[0].instruments[0].lot_size = "0".parse().unwrap();
    for (config, expected) in [
        (limited, "the limit daily_loss must be positive; leave it out for no limit"),
        (stepless, "lot_size of X:BTCUSDT must be positive, and at least 0.000000000001"),
        (no_file, "there is no file for X:ETHUSDT"),
        (mixed, "one clock rules a session: either all exchanges simulate, or all replay at the same speed"),
        (poor, "capital of X must be positive"),
    ] {
        assert_eq!(error_of(config), expected);
    }
    assert!("0".parse::<qubx_engine::Speed>().is_err());
}

#[tokio::test]
async fn a_bad_row_ends_the_feed_and_the_engine_goes_on() {
    let text = format!(
        "{HEADER}\n1767225600,10,1,11,1\n1767225601,20,1,21,1\n1767225602,x,1,21,1\n1767225603,9,1,9,1\n"
    );
    let (folder, path) = file("quotes.csv", &text);
    let running = Running::start(replay("max", &path));
    running.handle.start_feed(WATCHING).await.unwrap();
    let view = running.until("the error", |view| view.feed_error.is_some()).await;
    let expected =
        "quotes.csv, line 4, column `bid`: `x` is not a number; write a decimal number such as 87608.2";
    assert_eq!(without(folder.path(), &view.feed_error.unwrap()), expected);
    assert_eq!(view.quotes[0].bid.to_string(), "20");
    assert!(running.facts().iter().any(
        |fact| matches!(fact, EngineEvent::Log { level: LogLevel::Error, text, .. } if text.contains("line 4"))
    ));
    assert!(!running.facts().contains(&EngineEvent::FeedFinished));
    assert_eq!(running.place("BTCUSDT", Side::Buy, "1", None).await.status, OrderStatus::Filled);
    running.stop().await;
}

#[tokio::test]
async fn several_files_plain_and_gzipped_are_merged_by_time() {
    let (folder, plain) =
        file("a.csv", &format!("{HEADER}\n2026-01-01 00:00:00,1,1,2,1\n2026-01-01 00:00:03,3,1,4,1\n"));
    let zipped = folder.path().join("b.csv.gz");
    let mut encoder = GzEncoder::new(std::fs::File::create(&zipped).unwrap(), flate2::Compression::fast());
    encoder
        .write_all(b"ask_amount,ask_price,bid_amount,bid_price,ts\n1,20,1,10,1767225601000\n1,40,1,30,1767225602000\n")
        .unwrap();
    encoder.finish().unwrap();
    let mut running = Running::start(replay_all("max", &[("BTCUSDT", plain), ("ETHUSDT", zipped)]));
    running.handle.start_feed(Interests::QUOTES).await.unwrap();
    let mut bids = Vec::new();
    running
        .run_strategy(async |_, input| {
            bids.extend(quote_of(&input).map(|(_, touch)| touch.bid.to_string()));
        })
        .await;
    assert_eq!(bids, ["1", "10", "30", "3"]);
    let replay = running.handle.market().borrow().replay.clone().unwrap();
    assert_eq!((replay.fraction, replay.speed.as_str(), replay.finished), (1.0, "max", true));
    running.stop().await;
}

#[tokio::test]
async fn an_instrument_of_bars_alone_is_quoted_by_their_prices_and_can_be_traded() {
    let text =
        "time,open,high,low,close,volume\n2026-01-01,10,30,9,20,40\n2026-01-01 00:01:00,20,22,19,21.5,80\n";
    let (_folder, path) = file("bars.csv", text);
    let mut config = replay("max", &path);
    let FeedConfig::Replay { files, .. } = &mut config.exchanges[0].feed else { unreachable!() };
    files[0].kind = RecordedKind::Bars;
    let mut running = Running::start(config.clone());
    running.handle.start_feed(WATCHING).await.unwrap();
    running.until_finished().await;
    let quote = running.until("the quote", |view| view.quotes.len() == 1).await.quotes.remove(0);
    assert_eq!((quote.bid.to_string(), quote.ask_size.to_string()), ("21.5".to_owned(), "20.000".to_owned()));
    assert_eq!(quote.time.to_string(), "2026-01-01T00:01:59.999Z");
    assert_eq!(running.place("BTCUSDT", Side::Buy, "1", None).await.status, OrderStatus::Filled);
    let stored = running.stop().await;
    // Four quotes and a bar of each row count.
    assert_eq!(stored.last().unwrap().1.place, 10);
    let running = Running::start(going_on(&config, &stored));
    assert_eq!(running.handle.snapshot().await.unwrap().time.to_string(), "2026-01-01T00:02:00Z");
    running.stop().await;
}

#[tokio::test]
async fn what_the_config_no_longer_has_is_named_with_what_to_do() {
    let refused = |restore: Restore| {
        let mut config = sim();
        config.restore = Some(restore);
        error_of(config)
    };
    let positions = vec![Position { quantity: "0.5".parse().unwrap(), ..Position::flat(id("SOLUSDT")) }];
    assert_eq!(
        refused(Restore { positions, ..Restore::default() }),
        "the session to restore has a position of 0.5 in X:SOLUSDT, which the config no longer has: put SOLUSDT back \
         into the universe of X, or start without --restore"
    );
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut running = attached(replay("max", &path)).await;
    let batch = in_time("a batch", running.batches.recv()).await.unwrap();
    let at = At { batch: batch.number, record: 1 };
    let resting = request("BTCUSDT", Side::Buy, "1", Some("500"));
    running.handle.call(Some(at), Call::Place(resting)).await.unwrap();
    let stored = running.stop().await;
    let mut restore = going_on(&sim(), &stored).restore.unwrap();
    restore.orders.iter_mut().for_each(|order| order.instrument = id("ADAUSDT"));
    let order = restore.orders[0].id.clone();
    assert_eq!(
        refused(restore),
        format!(
            "the session to restore has order {order} in X:ADAUSDT, which the config no longer has: put ADAUSDT back \
             into the universe of X, or start without --restore"
        )
    );
}

#[tokio::test]
async fn a_file_that_changed_before_the_place_is_refused_and_one_that_changed_behind_it_is_not() {
    let rows = |seconds: std::ops::Range<i64>| {
        let row = |second| format!("\n{},10,1,11,1", 1_767_225_600 + second);
        format!("{HEADER}{}\n", seconds.map(row).collect::<String>())
    };
    let (folder, path) = file("quotes.csv", &rows(0..50));
    let config = replay("max", &path);
    let mut running = Running::start(config.clone());
    running.handle.attach_strategy().await.unwrap();
    running.handle.start_feed(Interests::QUOTES).await.unwrap();
    let held = 20;
    let mut seen = 0;
    let _batch = loop {
        let batch = in_time("a batch", running.batches.recv()).await.unwrap();
        let quotes = u32::try_from(batch.inputs.len()).unwrap();
        if seen + quotes >= held {
            let at = At { batch: batch.number, record: held - seen };
            running.handle.call(Some(at), Call::Accounts).await.unwrap();
            break batch;
        }
        seen += quotes;
        batch.done.send(quotes).unwrap();
    };
    let stored = running.stop().await;
    let place = stored.last().unwrap().1.place;
    assert_eq!(place, u64::from(held));
    let config = going_on(&config, &stored);

    let hint = "put the file back as it was, or start without --restore";
    for (seconds, expected) in [
        (0..15, Some("event 20, and 15 are there")),
        (1..60, Some("event 20, of 2026-01-01T00:00:19Z, which is of 2026-01-01T00:00:20Z now")),
        (0..20, None),
        (0..90, None),
    ] {
        std::fs::write(&path, rows(seconds)).unwrap();
        match expected {
            Some(expected) => assert_eq!(
                without(folder.path(), &error_of(config.clone())),
                format!("quotes.csv: the replay is to go on after {expected}; {hint}")
            ),
            None => {
                let mut running = Running::start(config.clone());
                assert_eq!(running.handle.snapshot().await.unwrap().time.as_second(), 1_767_225_600 + 19);
                running.handle.start_feed(WATCHING).await.unwrap();
                running.until_finished().await;
                running.stop().await;
            }
        }
    }
}
