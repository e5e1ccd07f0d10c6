//! Recorded quotes: the same fills every time, and the values of the command line.

use std::path::Path;

use serde_json::Value;

use crate::harness::{CROSS, Place, data_file, wait_for};

/// The example's config, its files left to the command line.
const REPLAY: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/replay.yml"));

/// 300 quotes, one a second, around a slow wave.
const QUOTES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/quotes.csv");

fn place() -> Option<Place> {
    let place = Place::new()?;
    place.write("ema_cross.py", CROSS);
    place.write("replay.yml", REPLAY);
    Some(place)
}

/// Replays a file as fast as it goes, up to its end.
async fn replay(place: &Place, name: &str, file: &Path, more: &[&str]) {
    let file = format!("live.exchanges.REPLAY.params.files.BTCUSDT.quotes={}", file.display());
    let run = ["run", "replay.yml", "--paper", "--detach", "--name", name];
    let speed = ["--set", "live.exchanges.REPLAY.params.speed=max", "--set", &file];
    place.qubx(&[&run[..], &speed, more].concat()).await.code(0);
    wait_for("the end of the replay", async || {
        let history = place.qubx(&["history", name]).await.code(0).stdout;
        history.contains("the replay is at its end").then_some(())
    })
    .await;
}

/// Returns what was filled, without what differs from run to run.
async fn fills(place: &Place, name: &str) -> Vec<String> {
    let lines = place.qubx(&["history", name, "--json", "--limit", "1000000"]).await.code(0).json_lines();
    let describe = |line: &Value| {
        let fill = &line["fill"];
        format!(
            "{} {} {} @ {} fee {}",
            fill["time"], fill["side"], fill["quantity"], fill["price"], fill["fee"]
        )
    };
    lines.iter().filter(|line| line["kind"] == "fill").map(describe).collect()
}

#[tokio::test]
async fn a_replay_gives_the_same_fills_every_time() {
    let Some(place) = place() else { return };
    let quick = ["--set", "parameters={ fast: 3, slow: 8, timeframe: 1s, size: 0.1 }"];
    for name in ["one", "two"] {
        replay(&place, name, Path::new(QUOTES), &quick).await;
    }
    let (one, two) = (fills(&place, "one").await, fills(&place, "two").await);
    assert!(one.len() >= 4, "{one:#?}");
    assert_eq!(one, two);
    assert!(one[0].starts_with("\"2026-01-01T00:00:"), "recorded time, not the wall's: {}", one[0]);
    // Other parameters trade otherwise.
    replay(
        &place,
        "three",
        Path::new(QUOTES),
        &["--set", "parameters.timeframe=1s", "--set", "parameters.fast=2"],
    )
    .await;
    assert_ne!(fills(&place, "three").await, one);
    for name in ["one", "two", "three"] {
        place.stop(name).await;
    }
    place.finish().await;
}

#[tokio::test]
async fn recorded_days_of_a_real_exchange_are_replayed_to_their_end() {
    let Some(place) = place() else { return };
    let Some(file) = data_file("binance-um-BTCUSDT-quotes.csv.gz") else { return place.finish().await };
    replay(&place, "replay", &file, &[]).await;
    let fills = fills(&place, "replay").await;
    assert!(fills.len() > 20, "{}", fills.len());
    let status = place.qubx(&["status", "replay", "--json"]).await.json();
    assert_eq!(status["feed_error"], Value::Null, "{status}");
    place.stop_and_finish("replay").await;
}

#[tokio::test]
async fn a_file_that_turns_out_to_be_damaged_is_told_with_its_line() {
    let Some(place) = place() else { return };
    let quotes = std::fs::read_to_string(QUOTES).unwrap();
    let mut lines: Vec<&str> = quotes.lines().collect();
    lines[100] = "2026-01-01 00:01:40,what,1,1,1";
    let file = place.write("damaged.csv", &lines.join("\n"));
    let set = format!("live.exchanges.REPLAY.params.files.BTCUSDT.quotes={}", file.display());
    let run = ["run", "replay.yml", "--paper", "--detach", "--set", &set];
    place.qubx(&[&run[..], &["--set", "live.exchanges.REPLAY.params.speed=max"]].concat()).await.code(0);
    wait_for("the feed's error", async || {
        let status = place.qubx(&["status", "replay", "--json"]).await;
        let error = status.json()["feed_error"].as_str()?.to_owned();
        assert_eq!(status.code, Some(1));
        error.contains("damaged.csv, line 101").then_some(())
    })
    .await;
    place.stop_and_finish("replay").await;
}
