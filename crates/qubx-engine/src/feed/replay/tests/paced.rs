//! The pace of a replay, its thread, and what it tells of itself.

use std::time::Instant as WallInstant;

use tokio::time::Instant;

use super::*;

/// Returns quotes of so many rows, a hundredth of a second apart.
fn many(rows: u64) -> String {
    let mut text = "time,bid,ask,bid_size,ask_size\n".to_owned();
    for row in 0..rows {
        let milliseconds = 1_767_225_600_000 + row * 10;
        text.push_str(&format!("{milliseconds},{}.1,{}.2,1,1\n", 100 + row % 7, 100 + row % 7));
    }
    text
}

#[tokio::test(start_paused = true)]
async fn a_fast_replay_gives_all_that_is_due_at_once_and_is_not_held_up_by_timers() {
    let folder = Folder::new().with("BTCUSDT", QUOTES, "f.csv", &many(4_000));
    for (speed, seconds) in [("1", 39.99), ("40", 1.0), ("1000", 0.04)] {
        let mut feed = folder.open(speed).unwrap();
        let (mut events, mut calls) = (Vec::new(), 0);
        let began = Instant::now();
        while feed.next(&mut events, 10_000).await.unwrap() {
            calls += 1;
        }
        let took = began.elapsed().as_secs_f64();
        assert!((took - seconds).abs() < 0.05, "{took} at {speed}");
        assert_eq!(events.len(), 4_000);
        // A timer goes once a millisecond at most.
        let most = (took * 1_000.0) as usize + 2;
        assert!(calls <= most.min(4_000), "{calls} calls at {speed}");
    }
}

#[tokio::test]
async fn more_than_a_batch_is_read_by_a_thread_and_comes_whole() {
    let text = many(30_000);
    let folder =
        Folder::new().with("BTCUSDT", QUOTES, "f.csv", &text).with("ETHUSDT", QUOTES, "g.csv.gz", &text);
    let mut feed = folder.open("max").unwrap();
    let mut events = Vec::new();
    let mut fractions = Vec::new();
    while feed.next(&mut events, 777).await.unwrap() {
        fractions.push(feed.progress().unwrap().fraction);
        let place = events.len();
        // Both instruments take turns, so each has more but for the last two events.
        assert_eq!(feed.has_more(InstrumentIndex(1)), place < 60_000, "{place}");
    }
    assert_eq!(events.len(), 60_000);
    for (place, event) in events.iter().enumerate() {
        assert_eq!(event.instrument.0 as usize, place % 2);
        assert_eq!(event.time.as_millisecond(), 1_767_225_600_000 + place as i64 / 2 * 10);
    }
    assert!(fractions.is_sorted() && fractions[0] < 0.1 && fractions.len() > 70, "{fractions:?}");
    let progress = feed.progress().unwrap();
    assert!(progress.finished && progress.fraction == 1.0);
    assert!(!feed.next(&mut events, 1).await.unwrap(), "it stays at its end");
}

#[tokio::test]
async fn a_replay_that_is_dropped_stops_at_once() {
    let folder = Folder::new().with("BTCUSDT", QUOTES, "f.csv", &many(200_000));
    let mut feed = folder.open("max").unwrap();
    let mut events = Vec::new();
    assert!(feed.next(&mut events, 10).await.unwrap());
    // The thread waits for room, or reads.
    let began = WallInstant::now();
    drop(feed);
    assert!(began.elapsed().as_millis() < 500, "{:?}", began.elapsed());
}

#[tokio::test]
async fn an_instrument_is_over_with_its_last_quote_or_trade_and_one_of_bars_alone_is_never_missed() {
    let quote = |second: u64| format!("{},1,1,1,1\n", 1_767_225_600 + second);
    let header = "time,bid,ask,bid_size,ask_size\n";
    let folder = Folder::new()
        .with("BTCUSDT", QUOTES, "f.csv", &format!("{header}{}{}", quote(0), quote(3)))
        .with("BTCUSDT", FUNDING, "g.csv", "time,rate\n1767225700,0\n")
        .with(
            "ETHUSDT",
            BARS,
            "b.csv",
            "time,open,high,low,close,volume\n1767225600,1,1,1,1,1\n1767225605,1,1,1,1,1\n",
        );
    let mut feed = folder.open("max").unwrap();
    let mut events = Vec::new();
    let mut seen = Vec::new();
    while feed.next(&mut events, 1).await.unwrap() {
        let newest = events.last().unwrap();
        let more = [0, 1].map(|place| feed.has_more(InstrumentIndex(place)));
        if newest.instrument.0 == 0 {
            seen.push((newest.time.as_second() - 1_767_225_600, more));
        }
    }
    assert_eq!(seen, [(0, [true, false]), (3, [false, false]), (100, [false, false])]);
}

#[tokio::test]
async fn a_feed_of_the_memory_gives_what_it_has_in_lockstep() {
    let mut source = Folder::new().with("BTCUSDT", QUOTES, "f.csv", &many(10)).open("max").unwrap();
    let mut events = Vec::new();
    while source.next(&mut events, 100).await.unwrap() {}
    let mut feed = crate::feed::MemoryFeed::new(events.clone());
    let mut given = Vec::new();
    assert!(feed.is_lockstep());
    assert!(feed.next(&mut given, 4).await.unwrap());
    assert_eq!((given.len(), feed.now()), (4, events[3].time));
    while feed.next(&mut given, 4).await.unwrap() {}
    assert_eq!(given, events);
}

/// Measures reading; it is for the eyes, so it asserts nothing: `cargo test --release -- --ignored --nocapture speed`.
#[test]
#[ignore = "it measures"]
fn speed() {
    let quote = |row: u64| {
        format!(
            "2026-01-01 00:{:02}:{:02},5.799,8{:04}.3,8{:04}.2,4.258\n",
            row / 60 % 60,
            row % 60,
            row % 9_999,
            row % 9_999
        )
    };
    let trade = |row: u64| {
        format!(
            "{},8{:04}.3,0.{:03},{}\n",
            1_767_225_600_000_000_000 + row * 1_000_000,
            row % 9_999,
            row % 999 + 1,
            if row.is_multiple_of(2) { 1 } else { -1 }
        )
    };
    let bar = |row: u64| {
        format!(
            "{},42314.0,42335.8,42289.6,423{:02}.9,289.{:03}\n",
            1_767_225_600 + row * 60,
            row % 20 + 10,
            row % 999
        )
    };
    let rate = |row: u64| format!("{},0.000{}\n", 1_767_225_600 + row, row % 999);
    let far = "time,bid,ask,bid_size,ask_size\n2200-01-01,1,1,1,1\n";
    for (what, kind, header, row) in [
        (
            "quotes",
            QUOTES,
            "timestamp,ask_amount,ask_price,bid_price,bid_amount\n",
            &quote as &dyn Fn(u64) -> String,
        ),
        ("trades", TRADES, "time,price,size,side\n", &trade),
        ("bars", BARS, "time,open,high,low,close,volume\n", &bar),
        ("funding", FUNDING, "time,rate\n", &rate),
    ] {
        for (name, told) in [("f.csv", true), ("f.csv.gz", true), ("f.csv", false)] {
            let rows = 1_000_000;
            let text = format!("{header}{}", (0..rows).map(row).collect::<String>());
            let mut folder = Folder::new().with("BTCUSDT", kind, name, &text);
            if !told || kind == FUNDING {
                if kind == QUOTES {
                    folder = folder.with("ETHUSDT", QUOTES, "other.csv", &text);
                } else {
                    folder = folder.with("BTCUSDT", QUOTES, "q.csv", far);
                }
            }
            for thread in [false, true] {
                let began = WallInstant::now();
                let mut events = 0;
                if thread {
                    let runtime =
                        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                    let mut feed = folder.open("max").unwrap();
                    let mut some = Vec::new();
                    while runtime.block_on(feed.next(&mut some, 4_096)).unwrap() {
                        events += some.len();
                        some.clear();
                    }
                } else {
                    let mut merge = Merge::open(&parts(&folder.exchanges("max"))).unwrap();
                    loop {
                        let batch = merge.batch(BATCH);
                        events += batch.events.len();
                        if batch.end.is_some() {
                            break;
                        }
                    }
                }
                let took = began.elapsed().as_secs_f64();
                let read = if kind == QUOTES && !told { 2.0 } else { 1.0 } * rows as f64;
                let beside = if told { "" } else { ", beside other quotes" };
                println!(
                    "{what} {name}{beside}, thread {thread}: {:.2} M rows/s, {:.2} M events/s",
                    read / took / 1e6,
                    events as f64 / took / 1e6
                );
            }
        }
    }
    let folder = Folder::new().with("BTCUSDT", QUOTES, "f.csv", &many(1_000_000));
    let (events, _) = all(&mut folder.open("max").unwrap());
    for timeframes in [&["1m"][..], &["1s", "1m", "1h"]] {
        let mut bars = crate::bars::Bars::new([id("BTCUSDT")]);
        timeframes.iter().for_each(|timeframe| bars.subscribe(timeframe.parse().unwrap()));
        let mut complete = Vec::new();
        let mut closes = 0;
        let began = WallInstant::now();
        for event in &events {
            closes += usize::from(bars.closes(event));
            bars.market(event, &mut complete);
        }
        let nanoseconds = began.elapsed().as_nanos() as f64 / events.len() as f64;
        println!(
            "bars of {timeframes:?}: {nanoseconds:.1} ns a quote, {closes} close, {} bars",
            complete.len()
        );
    }
}
