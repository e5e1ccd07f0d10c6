//! A replay at full speed in the foreground is a backtest: it ends by itself, with its results.

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{CROSS, Place};

/// The example's config, its files left to the command line.
const REPLAY: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/replay.yml"));

/// 300 quotes, one a second, around a slow wave.
const QUOTES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/quotes.csv");

const QUICK: &str = "parameters={ fast: 3, slow: 8, timeframe: 1s, size: 0.1 }";
const MAX: &str = "live.exchanges.REPLAY.params.speed=max";

fn place() -> Option<Place> {
    let place = Place::new()?;
    place.write("ema_cross.py", CROSS);
    place.write("replay.yml", REPLAY);
    Some(place)
}

fn file(path: &str) -> String {
    format!("live.exchanges.REPLAY.params.files.BTCUSDT.quotes={path}")
}

#[tokio::test]
async fn a_replay_at_full_speed_ends_with_its_results() {
    let Some(place) = place() else { return };
    let file = file(QUOTES);
    let run = ["run", "replay.yml", "--paper", "--set", MAX, "--set", &file, "--set", QUICK];
    let mut command = place.command(&run);
    command.env("LC_ALL", "C.UTF-8");
    let ran = place.finish_command(command, "").await.code(0);
    let said = &ran.stdout;
    assert!(
        said.starts_with("replay\n2026-01-01 00:00:00 to 2026-01-01 00:04:59 UTC, 300 events\n"),
        "{said}"
    );
    for figure in
        ["profit", "return", "fees", "max drawdown", "trades", "win rate", "Sharpe: mean / deviation"]
    {
        assert!(said.contains(figure), "{figure} in {said}");
    }
    assert!(
        said.chars().any(|character| ('\u{2801}'..='\u{28ff}').contains(&character)),
        "a picture: {said}"
    );
    let folder = place.session_dir("replay");
    let picture = folder.join("results.svg");
    let ran = ran.says(&[&format!("picture: {}", picture.display())]);
    assert!(!ran.stderr.contains("FILL"), "{}", ran.stderr);
    assert!(std::fs::read_to_string(picture).unwrap().starts_with("<svg"));
    let kept: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("results.json")).unwrap()).unwrap();
    // The same again, for a program.
    let json = place.qubx(&[&run[..], &["--json"]].concat()).await.code(0).json();
    assert_eq!(json, kept, "the same replay has the same results");
    assert_eq!((&json["name"], &json["events"]), (&"replay".into(), &300.into()));
    assert_eq!(json["doubts"], Value::Array(vec![]));
    let account = &json["accounts"][0];
    assert!(account["trades"].as_u64().unwrap() >= 2, "{account}");
    assert_eq!(account["sharpe"], Value::Null, "five minutes are no day");
    let history = place.qubx(&["history", "replay"]).await.code(0).stdout;
    assert!(history.contains("RESULTS REPLAY profit "), "{history}");
    place.finish().await;
}

#[tokio::test]
async fn a_session_that_somebody_may_look_at_stays_after_its_replay_and_tells_its_results() {
    let Some(place) = place() else { return };
    let file = file(QUOTES);
    let run = ["run", "replay.yml", "--paper", "--detach", "--set", MAX, "--set", &file, "--set", QUICK];
    place.qubx(&run).await.code(0);
    crate::harness::wait_for("the results", async || {
        let entries = place.qubx(&["history", "replay", "--json"]).await.code(0).json_lines();
        let results = entries.into_iter().find(|entry| entry["kind"] == "results")?;
        assert_eq!(results["events"], 300, "{results}");
        Some(())
    })
    .await;
    place.qubx(&["status", "replay"]).await.code(0);
    place.stop_and_finish("replay").await;
}

#[tokio::test]
async fn without_a_whole_replay_and_its_strategy_there_are_no_results() {
    let Some(place) = place() else { return };
    let quotes = std::fs::read_to_string(QUOTES).unwrap();
    let mut lines: Vec<&str> = quotes.lines().collect();
    lines[100] = "2026-01-01 00:01:40,what,1,1,1";
    let damaged = file(&place.write("damaged.csv", &lines.join("\n")).display().to_string());
    place.write(
        "ruins.py",
        "from qubx_strategy import Strategy\n\n\nclass Ruins(Strategy):\n    def on_start(self, ctx):\n        1 / 0\n",
    );
    let whole = file(QUOTES);
    let ruins = ["--set", "strategy=ruins.Ruins", "--set", "parameters={}"];
    for (more, expected) in [
        (&["--set", &damaged][..], &["the replay cannot go on", "damaged.csv, line 101"][..]),
        (&[&["--set", &whole], &ruins[..]].concat(), &["the strategy failed: ZeroDivisionError in on_start"]),
    ] {
        let run = [&["run", "replay.yml", "--paper", "--json", "--set", MAX], more].concat();
        let ran = place.qubx(&run).await.code(1).says(expected);
        assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    }
    assert!(!place.session_dir("replay").join("results.json").exists());
    place.finish().await;
}

/// Prints at each bar and at its end, where it also closes what it bought.
const CLOSES: &str = r#"
import sys

from qubx_strategy import Strategy


class Closes(Strategy):
    def on_start(self, ctx):
        ctx.subscribe_bars("10s")
        self.bars = 0

    def on_bar(self, ctx, bar):
        self.bars += 1
        print(f"bar {self.bars}")
        if self.bars == 3:
            ctx.trade(bar.instrument, 0.5)
            ctx.log(f"bought at {ctx.time():%H:%M:%S}")

    def on_stop(self, ctx):
        ctx.close_positions()
        print(f"closed after {self.bars} bars")
        print("on the other stream, too", file=sys.stderr)
"#;

#[tokio::test]
async fn what_a_strategy_prints_and_trades_at_its_end_belongs_to_a_replay() {
    let Some(place) = place() else { return };
    place.write("closes.py", CLOSES);
    let file = file(QUOTES);
    let closes = ["--set", "strategy=closes.Closes", "--set", "parameters={}"];
    let run =
        [&["run", "replay.yml", "--paper", "--json", "--set", MAX, "--set", &file], &closes[..]].concat();
    let ran = place.qubx(&run).await.code(0);
    for bar in 1..=29 {
        assert!(ran.stderr.contains(&format!("bar {bar}\n")), "{bar} in {}", ran.stderr);
    }
    let ran = ran.says(&["closed after 29 bars", "on the other stream, too"]);
    let account = &ran.json()["accounts"][0];
    assert_eq!((&account["trades"], &account["fills"]), (&1.into(), &2.into()));
    assert_eq!(account["account"]["unrealized_pnl"], "0");
    let history = place.qubx(&["history", "replay"]).await.code(0).stdout;
    assert!(history.contains("closed after 29 bars"), "{history}");
    // When it was in the market, not on the wall.
    assert!(history.contains("2026-01-01 00:00:30 FILL  BTCUSDT BUY 0.5"), "{history}");
    assert!(history.contains("2026-01-01 00:00:30 INFO  strategy bought at 00:00:30"), "{history}");
    place.finish().await;
}

#[tokio::test]
async fn a_replay_that_is_stopped_on_its_way_is_no_success() {
    let Some(place) = place() else { return };
    place.write(
        "slow.py",
        "import time\n\nfrom qubx_strategy import Strategy\n\n\nclass Slow(Strategy):\n    \
         def on_quote(self, ctx, quote):\n        time.sleep(0.5)\n",
    );
    let file = file(QUOTES);
    let slow = ["--set", "strategy=slow.Slow", "--set", "parameters={}"];
    let mut owner =
        place.spawn(&[&["run", "replay.yml", "--paper", "--set", MAX, "--set", &file], &slow[..]].concat());
    owner.says("strategy started").await;
    owner.signal(Signal::INT);
    owner.end().await.code(1).says(&["there are no results"]);
    place.finish().await;
}

#[tokio::test]
async fn results_as_json_are_those_of_a_replay_that_ends_by_itself() {
    let Some(place) = place() else { return };
    let file = file(QUOTES);
    let run = ["run", "replay.yml", "--paper", "--json", "--set", &file];
    place
        .qubx(&run)
        .await
        .code(2)
        .says(&["--json prints the results of a replay at `speed: max`", "params.speed=max"]);
    for face in ["--detach", "--kernel-only", "--jupyter", "--textual"] {
        let run = [&run[..], &["--set", MAX, face]].concat();
        place.qubx(&run).await.code(2).says(&["--json prints the results of a replay", "goes on"]);
    }
    place.assert_untouched();
    place.finish().await;
}
