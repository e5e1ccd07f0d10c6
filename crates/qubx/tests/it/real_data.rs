//! Replays of real recorded data: what came of them is in the repository, to the last digit.
//!
//! `QUBX_BLESS=1` writes the expectations anew; whoever does that says in the commit why they changed.

use std::path::PathBuf;

use serde_json::Value;

use crate::harness::{Place, data_file};

/// Trades on every kind of news that the file has, with every kind of order.
const STRATEGY: &str = r#"
from qubx_strategy import Strategy


class Crossing(Strategy):
    """Crosses two averages of closes with market orders, and keeps a stop and a target at the exchange."""

    timeframe: str = "1m"
    fast: int = 10
    slow: int = 40
    size: float = 0.5
    away: float = 0.004

    def on_start(self, ctx):
        ctx.subscribe_bars(self.timeframe)
        ctx.set_timer("hourly", "1h")
        self.averages = {}
        self.hours = 0

    def on_timer(self, ctx, name):
        self.hours += 1
        ctx.publish("hours", self.hours)

    def on_bar(self, ctx, bar):
        fast, slow = self.averages.get(bar.instrument, (bar.close, bar.close))
        fast += (bar.close - fast) * 2 / (self.fast + 1)
        slow += (bar.close - slow) * 2 / (self.slow + 1)
        self.averages[bar.instrument] = fast, slow
        held = ctx.get_position(bar.instrument).quantity
        target = self.size if fast > slow else -self.size
        if (target > 0) == (held > 0) and held:
            return
        ctx.cancel_orders(bar.instrument)
        ctx.trade(bar.instrument, target - held)
        stop, limit = bar.close * (1 - self.away * (1 if target > 0 else -1)), bar.close * (
            1 + self.away * (1 if target > 0 else -1)
        )
        ctx.trade(bar.instrument, -target, stop_price=stop, reduce_only=True)
        ctx.trade(bar.instrument, -target, price=limit, reduce_only=True)
"#;

/// One replay: its name, and the files of each symbol.
struct Replay {
    name: &'static str,
    timeframe: &'static str,
    files: &'static [(&'static str, &'static str, &'static str)],
}

const REPLAYS: [Replay; 3] = [
    Replay {
        name: "quotes",
        timeframe: "1m",
        files: &[("BTCUSDT", "quotes", "binance-um-BTCUSDT-quotes.csv.gz")],
    },
    Replay {
        name: "trades",
        timeframe: "15s",
        files: &[("BTCUSDT", "trades", "binance-um-BTCUSDT-trades.csv.gz")],
    },
    Replay {
        name: "bars",
        timeframe: "15m",
        files: &[
            ("BTCUSDT", "bars", "binance-um-BTCUSDT-1min.csv.gz"),
            ("ETHUSDT", "bars", "binance-um-ETHUSDT-1min.csv.gz"),
        ],
    },
];

#[tokio::test]
async fn real_quotes_trades_and_bars_give_the_results_that_they_gave() {
    let Some(place) = Place::new() else { return };
    place.write("crossing.py", STRATEGY);
    let mut results = serde_json::Map::new();
    for replay in &REPLAYS {
        let mut universe: Vec<&str> = Vec::new();
        let mut files = String::new();
        for (symbol, kind, name) in replay.files {
            let Some(path) = data_file(name) else { return };
            universe.push(symbol);
            files += &format!("          {symbol}: {{ {kind}: {} }}\n", path.display());
        }
        let config = format!(
            "name: {}\nstrategy: crossing.Crossing\nparameters: {{ timeframe: {} }}\nlive:\n  exchanges:\n    REAL:\n      connector: replay\n      \
             leverage: 3\n      fees: {{ maker_bps: 2, taker_bps: 5 }}\n      funding: {{ every: 8h, rate_bps: 1 }}\n      \
             universe: [{}]\n      instruments:\n        {}: {{ tick_size: 0.1, lot_size: 0.001 }}\n      params:\n        \
             speed: max\n        files:\n{files}",
            replay.name,
            replay.timeframe,
            universe.join(", "),
            universe[0],
        );
        place.write("replay.yml", &config);
        let mut json = place.qubx(&["run", "replay.yml", "--paper", "--json"]).await.code(0).json();
        for account in json["accounts"].as_array_mut().unwrap() {
            // Its end is the account's equity, and its fall the drawdown.
            let curve = account.as_object_mut().unwrap().remove("equity").unwrap();
            assert!(curve.as_array().unwrap().len() > 20, "{curve}");
            assert!(account["fills"].as_u64().unwrap() >= 4, "{account}");
        }
        results.insert(replay.name.to_owned(), json);
    }
    check(&Value::Object(results));
    place.finish().await;
}

fn check(results: &Value) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/real_data.json");
    let text = format!("{results:#}\n");
    if std::env::var_os("QUBX_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&expected).unwrap(), *results);
}
