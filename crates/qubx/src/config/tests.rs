//! Tables of configs and what becomes of them.

use std::fs;
use std::path::PathBuf;

use jiff::SignedDuration;
use proptest::prelude::*;
use qubx_protocol::{InstrumentKind, Money, Price};
use rust_decimal::Decimal;
use tempfile::TempDir;

use super::model::{Fees, Paper};
use super::*;

/// A valid config with a simulated exchange. Edits of the tables replace parts of it.
const VALID: &str = "\
name: ema-cross
strategy: ema_cross.EmaCross
parameters: { fast: 20, slow: 60, timeframe: 1s, size: 0.1 }
live:
  exchanges:
    SIM:
      connector: sim
      base_currency: USDT
      capital: 100000.10
      leverage: 3
      fees: { maker_bps: -0.5, taker_bps: 5 }
      universe: [BTCUSDT, ETHUSDT]
      instruments:
        BTCUSDT: { tick_size: 0.10, lot_size: 1e-3, min_notional: 5 }
      params: { seed: 7, quotes_per_second: 20, clock_offset: -2.3s }
session:
  on_kernel_loss: cancel
  limits: { order_notional: 50000, orders_per_minute: 600, gross_leverage: 2.5 }
";

/// The same for a replay.
const REPLAY: &str = "\
strategy: ema_cross.EmaCross
live:
  exchanges:
    REPLAY:
      connector: replay
      universe: [SOLUSDT]
      params:
        speed: max
        files: { SOLUSDT: { quotes: data/sol.csv.gz } }
";

/// The same for everything that says how a market is traded.
const RULES: &str = "\
strategy: rust:ema_cross
live:
  exchanges:
    RULES:
      connector: sim
      universe: [ETHUSDT, ADAUSDT]
      paper: { latency_ms: 250, slippage_bps: 0.5 }
      funding: { every: 4h, rate_bps: -1.25 }
      instruments_file: all.yml
      instruments:
        ETHUSDT: { multiplier: 0.01, kind: future, maintenance_rate: 0.004 }
";

/// The file of instruments that it names.
const ALL: &str = "\
# All that the exchange has.
ETHUSDT: { tick_size: 0.05, kind: perpetual }
ADAUSDT: { lot_size: 10, min_notional: 20, kind: perpetual }
XRPUSDT: { tick_size: 0.001 }
";

/// A folder with a config, a file of quotes and one of instruments.
struct Folder(TempDir);

impl Folder {
    fn new(config: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        fs::write(folder.path().join("data/sol.csv.gz"), "").unwrap();
        fs::write(folder.path().join("all.yml"), ALL).unwrap();
        fs::write(folder.path().join("config.yml"), config).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.file(name), text).unwrap();
        self.file(name)
    }

    fn check(&self, overrides: &[PathBuf], sets: &[&str]) -> Result<Config, Vec<ConfigError>> {
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        let document = load(&self.file("config.yml"), overrides, &sets).map_err(|error| vec![error])?;
        check(&document, &Settings::default(), None)
    }

    /// Returns the errors without the folder's path, one line each.
    fn summaries(&self, overrides: &[PathBuf], sets: &[&str]) -> Vec<String> {
        let errors = self.check(overrides, sets).err().unwrap_or_default();
        errors.iter().map(|error| self.without_folder(&error.summary())).collect()
    }

    fn without_folder(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.0.path().display()), "")
    }
}

fn edited(from: &str, to: &str) -> String {
    let config = [VALID, REPLAY, RULES].into_iter().find(|config| config.contains(from));
    config.expect("the tables edit what is there").replacen(from, to, 1)
}

#[test]
fn a_valid_config_is_read_exactly() {
    let folder = Folder::new(VALID);
    let config = folder.check(&[], &[]).unwrap();
    assert_eq!((config.name.as_str(), config.strategy_name.as_str()), ("ema-cross", "ema-cross"));
    assert_eq!(config.strategy.to_string(), "ema_cross.EmaCross");
    assert_eq!(config.folder, folder.0.path());
    assert_eq!(
        serde_json::Value::Object(config.parameters),
        serde_json::json!({"fast": 20, "slow": 60, "timeframe": "1s", "size": 0.1})
    );
    let [sim] = &config.exchanges[..] else { panic!("one exchange") };
    assert_eq!(sim.capital, "100000.10".parse::<Money>().unwrap());
    assert_eq!(sim.capital.to_string(), "100000.10");
    assert_eq!(sim.leverage, Decimal::from(3));
    assert_eq!(sim.fees.maker_bps.to_string(), "-0.5");
    assert_eq!(
        sim.connector,
        Connector::Sim { seed: 7, quotes_per_second: 20, clock_offset: SignedDuration::from_millis(-2_300) }
    );
    assert_eq!(sim.universe, ["BTCUSDT", "ETHUSDT"]);
    let rules = sim.instruments["BTCUSDT"];
    assert_eq!(rules.tick_size, Some("0.1".parse::<Price>().unwrap()));
    assert_eq!(rules.lot_size.unwrap().to_string(), "0.001");
    assert_eq!(config.session.on_kernel_loss, OnKernelLoss::Cancel);
    assert_eq!(config.session.limits.orders_per_minute, Some(600));
    assert_eq!(config.session.limits.gross_leverage, Some("2.5".parse().unwrap()));
    assert_eq!(config.session.limits.daily_loss, None);
    assert_eq!(config.session.stale_after.to_string(), "10s");
}

#[test]
fn a_replay_is_read_with_its_files() {
    let folder = Folder::new(REPLAY);
    let config = folder.check(&[], &[]).unwrap();
    let [replay] = &config.exchanges[..] else { panic!("one exchange") };
    let quotes = Recording { quotes: Some(folder.file("data/sol.csv.gz")), ..Recording::default() };
    let files = [("SOLUSDT".to_owned(), quotes)].into_iter().collect();
    assert_eq!(replay.connector, Connector::Replay { speed: Speed::Max, files });
    assert_eq!((replay.base_currency.as_str(), replay.capital.to_string().as_str()), ("USDT", "100000"));
    assert_eq!((replay.leverage, replay.fees), (Decimal::ONE, Fees::default()));
    let set = "live.exchanges.REPLAY.params.speed=60";
    let Connector::Replay { speed, .. } = folder.check(&[], &[set]).unwrap().exchanges.remove(0).connector
    else {
        panic!("a replay");
    };
    assert_eq!(speed, Speed::Times(60));
    // Files of other kinds beside the quotes, and instead of them.
    let key = "live.exchanges.REPLAY.params.files.SOLUSDT";
    let file = folder.file("data/sol.csv.gz");
    let funding = format!("{key}.funding={}", file.display());
    let bars = format!("{key}={{ bars: {0}, trades: {0} }}", file.display());
    for (set, expected) in [(&funding, [true, false, false, true]), (&bars, [false, true, true, false])] {
        let mut config = folder.check(&[], &[set]).unwrap();
        let Connector::Replay { files, .. } = config.exchanges.remove(0).connector else {
            panic!("a replay");
        };
        let Recording { quotes, trades, bars, funding } = &files["SOLUSDT"];
        let there = [quotes, trades, bars, funding].map(|path| path.as_ref() == Some(&file));
        assert_eq!(there, expected, "{set}");
    }
}

#[test]
fn the_rules_of_a_market_are_read_with_the_file_of_its_instruments() {
    let folder = Folder::new(RULES);
    let config = folder.check(&[], &[]).unwrap();
    assert_eq!(config.strategy, StrategyClass::Rust { name: "ema_cross".into() });
    let [exchange] = &config.exchanges[..] else { panic!("one exchange") };
    assert_eq!((exchange.paper.latency_ms, exchange.paper.slippage_bps.to_string().as_str()), (250, "0.5"));
    let funding = exchange.funding.unwrap();
    assert_eq!(
        (funding.every, funding.rate_bps.to_string().as_str()),
        (Some("4h".parse().unwrap()), "-1.25")
    );
    let [ada, eth] = ["ADAUSDT", "ETHUSDT"].map(|symbol| exchange.instruments[symbol]);
    let text = |value: Option<Decimal>| value.map(|value| value.to_string());
    // What the config says is said of a key, not of an instrument.
    assert_eq!(text(eth.tick_size.map(|tick| tick.0)).as_deref(), Some("0.05"));
    assert_eq!(eth.kind, Some(InstrumentKind::Future));
    assert_eq!(text(eth.multiplier).as_deref(), Some("0.01"));
    assert_eq!(text(eth.maintenance_rate).as_deref(), Some("0.004"));
    assert_eq!((ada.tick_size, ada.kind), (None, Some(InstrumentKind::Perpetual)));
    assert_eq!(text(ada.lot_size.map(|lot| lot.0)).as_deref(), Some("10"));
    assert_eq!(exchange.instruments.len(), 2, "only the universe counts");
}

#[test]
fn an_error_in_the_file_of_instruments_points_into_it() {
    for (instruments, expected) in [
        (
            "ETHUSDT: { tik_size: 1 }",
            "all.yml:1:12: unknown key `tik_size` in live.exchanges.RULES.instruments.ETHUSDT",
        ),
        (
            "ADAUSDT:\n  lot_size: 0\n",
            "all.yml:2:13: live.exchanges.RULES.instruments.ADAUSDT.lot_size must be greater than 0, not the number 0",
        ),
        (
            "XRPUSDT: 7",
            "all.yml:1:10: live.exchanges.RULES.instruments.XRPUSDT must be a map, not the number 7",
        ),
        ("[ETHUSDT]", "all.yml:1:1: a config is a map of keys and values, not a list"),
        ("ETHUSDT: [", "all.yml:1:10: unclosed bracket '['"),
        ("", "all.yml: the file is empty"),
    ] {
        let folder = Folder::new(RULES);
        folder.write("all.yml", instruments);
        assert_eq!(folder.summaries(&[], &[]).join("\n"), expected, "{instruments}");
    }
    // What an override and the command line say wins over the file, and a JSON file is YAML.
    let folder = Folder::new(RULES);
    let json = folder.write("all.json", "{\"ETHUSDT\": {\"tick_size\": 5, \"lot_size\": 1}}");
    let other = folder
        .write("other.yml", "live: { exchanges: { RULES: { instruments: { ETHUSDT: { lot_size: 2 } } } } }");
    let file = format!("live.exchanges.RULES.instruments_file={}", json.display());
    let sets = [
        &file,
        "live.exchanges.RULES.instruments.ETHUSDT.kind=perpetual",
        "live.exchanges.RULES.funding.every=1h",
    ];
    let config = folder.check(&[other], &sets).unwrap();
    let eth = config.exchanges[0].instruments["ETHUSDT"];
    let steps = (eth.tick_size.unwrap().to_string(), eth.lot_size.unwrap().to_string());
    assert_eq!(steps, ("5".to_owned(), "2".to_owned()));
    assert_eq!(eth.kind, Some(InstrumentKind::Perpetual));
    assert_eq!(config.exchanges[0].funding.unwrap().every, Some("1h".parse().unwrap()));
}

#[test]
fn a_config_survives_its_way_to_another_process() {
    for text in [VALID, REPLAY, RULES] {
        let config = Folder::new(text).check(&[], &[]).unwrap();
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&json).unwrap(), config);
        assert!(!json.contains("100000.1,"), "decimals travel as text: {json}");
    }
}

#[test]
fn one_clock_rules_a_session() {
    let sim = "{ connector: sim, universe: [X] }";
    let replay = |speed| {
        format!(
            "{{ connector: replay, universe: [X], params: {{ speed: {speed}, files: {{ X: {{ quotes: data/sol.csv.gz }} }} }} }}"
        )
    };
    for (a, b, fits) in [
        (sim.to_owned(), sim.to_owned(), true),
        (replay("max"), replay("max"), true),
        (replay("2"), replay("2"), true),
        (sim.to_owned(), replay("1"), false),
        (replay("1"), sim.to_owned(), false),
        (replay("1"), replay("max"), false),
    ] {
        let folder = Folder::new(format!("strategy: a.B\nlive:\n  exchanges:\n    A: {a}\n    B: {b}\n"));
        let expected = ["config.yml:5:5: live.exchanges.B has another clock than A"];
        assert_eq!(folder.summaries(&[], &[]), if fits { &[][..] } else { &expected[..] }, "{a} {b}");
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    let folder = Folder::new(
        "strategy: a.b.C\nlive: { exchanges: { SIM: { connector: sim, universe: [X], params: } } }\nsession:\n",
    );
    let config = folder.check(&[], &[]).unwrap();
    assert_eq!(config.name, "config");
    assert_eq!(config.strategy, StrategyClass::Python { module: "a.b".into(), class: "C".into() });
    assert!(config.parameters.is_empty());
    assert_eq!(
        config.exchanges[0].connector,
        Connector::Sim { seed: 1, quotes_per_second: 10, clock_offset: SignedDuration::ZERO }
    );
    assert_eq!((config.exchanges[0].paper, config.exchanges[0].funding), (Paper::default(), None));
    assert_eq!(config.session, Session::default());
    let set = "live.exchanges.SIM.funding={}";
    let funding = folder.check(&[], &[set]).unwrap().exchanges[0].funding.unwrap();
    assert_eq!((funding.every, funding.rate_bps), (None, Decimal::ONE));
}

#[test]
fn every_mistake_is_named_at_its_place() {
    // Replaced text, replacement, errors.
    #[rustfmt::skip]
    let cases = [
        // Keys.
        ("connector: sim", "conector: sim", "7:7: unknown key `conector` in live.exchanges.SIM"),
        ("name:", "nam:", "1:1: unknown key `nam` at the top level"),
        ("seed: 7", "sead: 7", "15:17: unknown key `sead` in live.exchanges.SIM.params"),
        ("speed: max", "spede: max", "8:9: unknown key `spede` in live.exchanges.REPLAY.params"),
        ("tick_size", "tick", "14:20: unknown key `tick` in live.exchanges.SIM.instruments.BTCUSDT"),
        ("taker_bps", "taker", "11:32: unknown key `taker` in live.exchanges.SIM.fees"),
        ("limits:", "limit:", "18:3: unknown key `limit` in session"),
        ("orders_per_minute", "orders", "18:36: unknown key `orders` in session.limits"),
        ("live:", "lives:", "4:1: unknown key `lives` at the top level"),
        ("      universe: [SOLUSDT]\n", "", "5:7: missing key `universe` in live.exchanges.REPLAY"),
        ("      connector: sim\n", "", "7:7: missing key `connector` in live.exchanges.SIM"),
        ("      connector: sim\n", "      connector:\n", "7:7: missing key `connector` in live.exchanges.SIM"),
        // Names.
        ("ema-cross", "''", "1:7: name must be 1 to 64 printable characters"),
        ("ema-cross", "\"a\\eb\"", "1:7: name must be 1 to 64 printable characters"),
        ("ema-cross", "[a]", "1:7: name must be a text, not a list"),
        ("    SIM:", "    S:M:", "6:5: `S:M` cannot be an exchange's name"),
        ("    SIM:", "    a/b:", "6:5: `a/b` cannot be an exchange's name"),
        ("[BTCUSDT, ETHUSDT]", "[BTCUSDT, SIM:ETH]", "12:27: `SIM:ETH` cannot be a symbol"),
        ("[BTCUSDT, ETHUSDT]", "[BTCUSDT, 'E H']", "12:27: `E H` cannot be a symbol"),
        ("[BTCUSDT, ETHUSDT]", "[BTCUSDT, 7]", "12:27: live.exchanges.SIM.universe.1 must be a text, not the number 7"),
        ("[BTCUSDT, ETHUSDT]", "[BTCUSDT, BTCUSDT]", "12:27: live.exchanges.SIM.universe has BTCUSDT twice"),
        ("[BTCUSDT, ETHUSDT]", "[]", "12:17: live.exchanges.SIM.universe must have at least one symbol"),
        ("[BTCUSDT, ETHUSDT]", "BTCUSDT", "12:17: live.exchanges.SIM.universe must be a list, not the text `BTCUSDT`"),
        ("        BTCUSDT: {", "        BTCUSD: {", "14:9: BTCUSD is not in the universe"),
        ("base_currency: USDT", "base_currency: US-D", "8:22: `US-D` is not a currency: use 1 to 32 letters and digits"),
        // Numbers.
        ("100000.10", "-1", "9:16: live.exchanges.SIM.capital must be greater than 0, not the number -1"),
        ("100000.10", "0", "9:16: live.exchanges.SIM.capital must be greater than 0, not the number 0"),
        ("100000.10", "lots", "9:16: live.exchanges.SIM.capital must be a number, not the text `lots`"),
        ("100000.10", "1e13", "9:16: live.exchanges.SIM.capital must be from 0.000000000001 to 1000000000000, not the number 1e13"),
        ("100000.10", "1e40", "9:16: live.exchanges.SIM.capital has too many digits: the number 1e40"),
        ("leverage: 3", "leverage: 0.0", "10:17: live.exchanges.SIM.leverage must be greater than 0, not the number 0.0"),
        ("leverage: 3", "leverage: 1001", "10:17: live.exchanges.SIM.leverage must be from 0.000000000001 to 1000, not the number 1001"),
        ("leverage: 3", "leverage: true", "10:17: live.exchanges.SIM.leverage must be a number, not `true`"),
        ("-0.5", "-101", "11:26: live.exchanges.SIM.fees.maker_bps must be from -100 to 1000, not the number -101"),
        ("tick_size: 0.10", "tick_size: 0", "14:31: live.exchanges.SIM.instruments.BTCUSDT.tick_size must be greater than 0, not the number 0"),
        ("min_notional: 5", "min_notional: -5", "14:67: live.exchanges.SIM.instruments.BTCUSDT.min_notional must be from 0 to 1000000000000, not the number -5"),
        ("seed: 7", "seed: -7", "15:23: live.exchanges.SIM.params.seed must be a whole number from 0 to 18446744073709551615, not the number -7"),
        ("second: 20", "second: 0", "15:45: live.exchanges.SIM.params.quotes_per_second must be a whole number from 1 to 10000, not the number 0"),
        ("second: 20", "second: 10001", "15:45: live.exchanges.SIM.params.quotes_per_second must be a whole number from 1 to 10000, not the number 10001"),
        ("second: 20", "second: 1.5", "15:45: live.exchanges.SIM.params.quotes_per_second must be a whole number from 1 to 10000, not the number 1.5"),
        ("offset: -2.3s", "offset: 2.3", "15:63: live.exchanges.SIM.params.clock_offset cannot be the number 2.3"),
        ("offset: -2.3s", "offset: 3601s", "15:63: live.exchanges.SIM.params.clock_offset cannot be the text `3601s`"),
        ("speed: max", "speed: 0", "8:16: live.exchanges.REPLAY.params.speed must be a whole number from 1 to 1000000, not the number 0"),
        ("speed: max", "speed: fast", "8:16: live.exchanges.REPLAY.params.speed cannot be the text `fast`"),
        ("order_notional: 50000", "order_notional: -1", "18:29: session.limits.order_notional must be greater than 0, not the number -1"),
        ("minute: 600", "minute: 0", "18:55: session.limits.orders_per_minute must be a whole number from 1 to 1000000, not the number 0"),
        // How orders are executed, and what perpetuals cost.
        ("latency_ms: 250", "latency: 250", "7:16: unknown key `latency` in live.exchanges.RULES.paper"),
        ("latency_ms: 250", "latency_ms: -1", "7:28: live.exchanges.RULES.paper.latency_ms must be a whole number from 0 to 60000, not the number -1"),
        ("latency_ms: 250", "latency_ms: 0.5", "7:28: live.exchanges.RULES.paper.latency_ms must be a whole number from 0 to 60000, not the number 0.5"),
        ("slippage_bps: 0.5", "slippage_bps: -0.5", "7:47: live.exchanges.RULES.paper.slippage_bps must be from 0 to 1000, not the number -0.5"),
        ("{ latency_ms: 250, slippage_bps: 0.5 }", "fast", "7:14: live.exchanges.RULES.paper must be a map, not the text `fast`"),
        ("every: 4h", "evry: 4h", "8:18: unknown key `evry` in live.exchanges.RULES.funding"),
        ("every: 4h", "every: 4", "8:25: live.exchanges.RULES.funding.every cannot be the number 4"),
        ("every: 4h", "every: 5h", "8:25: live.exchanges.RULES.funding.every must fit a whole number of times into a day"),
        ("rate_bps: -1.25", "rate_bps: 1001", "8:39: live.exchanges.RULES.funding.rate_bps must be from -1000 to 1000, not the number 1001"),
        // Instruments.
        ("multiplier: 0.01", "multiplier: 0", "11:32: live.exchanges.RULES.instruments.ETHUSDT.multiplier must be greater than 0, not the number 0"),
        ("kind: future", "kind: option", "11:44: live.exchanges.RULES.instruments.ETHUSDT.kind cannot be `option`"),
        ("maintenance_rate: 0.004", "maintenance_rate: 2", "11:70: live.exchanges.RULES.instruments.ETHUSDT.maintenance_rate must be from 0 to 1, not the number 2"),
        ("maintenance_rate: 0.004", "maintenence_rate: 2", "11:52: unknown key `maintenence_rate` in live.exchanges.RULES.instruments.ETHUSDT"),
        ("instruments_file: all.yml", "instrument_file: all.yml", "9:7: unknown key `instrument_file` in live.exchanges.RULES"),
        ("instruments_file: all.yml", "instruments_file: none.yml", "9:25: the file none.yml does not exist"),
        ("instruments_file: all.yml", "instruments_file: data", "9:25: the file data is not a file"),
        ("instruments_file: all.yml", "instruments_file: [a]", "9:25: live.exchanges.RULES.instruments_file must be a text, not a list"),
        // Choices.
        ("connector: sim", "connector: okx", "7:18: live.exchanges.SIM.connector cannot be `okx`"),
        ("loss: cancel", "loss: sell", "17:19: session.on_kernel_loss cannot be `sell`"),
        // Files.
        ("data/sol", "data/none", "9:37: the file data/none.csv.gz does not exist"),
        ("data/sol.csv.gz", "data", "9:37: the file data is not a file"),
        ("quotes: data/sol.csv.gz", "bars: data/none.csv", "9:35: the file data/none.csv does not exist"),
        ("quotes: data/sol.csv.gz", "quots: data/sol.csv.gz", "9:29: unknown key `quots` in live.exchanges.REPLAY.params.files.SOLUSDT"),
        ("{ quotes: data/sol.csv.gz }", "{}", "9:27: live.exchanges.REPLAY.params.files.SOLUSDT has no file of prices"),
        ("{ quotes: data/sol.csv.gz }", "{ quotes: }", "9:27: live.exchanges.REPLAY.params.files.SOLUSDT has no file of prices"),
        ("{ quotes: data/sol.csv.gz }", "{ funding: data/sol.csv.gz }", "9:27: live.exchanges.REPLAY.params.files.SOLUSDT has no file of prices"),
        ("{ quotes: data/sol.csv.gz }", "data/sol.csv.gz", "9:27: live.exchanges.REPLAY.params.files.SOLUSDT must be a map, not the text `data/sol.csv.gz`"),
        ("[SOLUSDT]", "[SOLUSDT, XUSDT]", "9:16: live.exchanges.REPLAY.params.files has no file for XUSDT"),
        ("files: { SOLUSDT:", "files: { SOL:", "9:16: live.exchanges.REPLAY.params.files has no file for SOLUSDT\n9:18: SOL is not in the universe"),
        ("        files: { SOLUSDT: { quotes: data/sol.csv.gz } }\n", "", "8:9: missing key `files` in live.exchanges.REPLAY.params"),
        // The strategy.
        ("ema_cross.EmaCross", "'rust:'", "2:11: `rust:` is not `rust:name`"),
        ("ema_cross.EmaCross", "rust:ema.Cross", "2:11: `rust:ema.Cross` is not `rust:name`"),
        ("ema_cross.EmaCross", "EmaCross", "2:11: `EmaCross` is not `module.Class`"),
        ("ema_cross.EmaCross", "../ema.EmaCross", "2:11: `../ema.EmaCross` is not `module.Class`"),
        ("ema_cross.EmaCross", "[a.B]", "2:11: strategy must be `module.Class`, not a list"),
        ("strategy: ema_cross.EmaCross\n", "", "1:1: missing key `strategy`"),
        ("{ fast: 20, slow: 60, timeframe: 1s, size: 0.1 }", "7", "3:13: parameters must be a map, not the number 7"),
        // YAML itself.
        ("leverage: 3", "capital: 3", "10:7: duplicate mapping key `capital` is not allowed here"),
        ("ema-cross", "!!python/object:os.system x", "1:33: unsupported tag `!!python/object:os.system`"),
        ("ema-cross", "[", "3:11: while parsing a flow mapping, did not find expected ',' or '}'"),
        ("ema-cross", ".inf", "1:7: value `.inf` is not a finite number"),
    ];
    let mut wrong = Vec::new();
    for (from, to, expected) in cases {
        let summaries = Folder::new(edited(from, to)).summaries(&[], &[]);
        let found = summaries.join("\n").replace("config.yml:", "");
        if found != expected {
            wrong.push(format!("{to}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn all_mistakes_are_reported_at_once_in_the_order_of_the_text() {
    let config =
        edited("leverage: 3", "leverage: -3").replace("second: 20", "second: 0").replace("name:", "nome:");
    let places: Vec<String> = Folder::new(config)
        .summaries(&[], &[])
        .iter()
        .map(|summary| summary.split(": ").next().unwrap().to_owned())
        .collect();
    assert_eq!(places, ["config.yml:1:1", "config.yml:10:17", "config.yml:15:45"]);
}

#[test]
fn an_error_shows_its_line_and_what_to_do() {
    let folder = Folder::new(edited("connector: sim", "conector: sim"));
    let errors = folder.check(&[], &[]).unwrap_err();
    assert_eq!(
        folder.without_folder(&errors[0].to_string()),
        "config.yml:7:7: unknown key `conector` in live.exchanges.SIM
  |       conector: sim
  |       ^
  hint: did you mean `connector`? Valid keys: connector, base_currency, capital, leverage, fees, paper, funding, universe, instruments, instruments_file, params"
    );
}

#[test]
fn an_error_never_carries_control_characters_to_the_terminal() {
    let folder = Folder::new(edited("connector: sim", "\"\\e[31m\": \"\\a\""));
    for error in folder.check(&[], &[]).unwrap_err() {
        assert!(!error.to_string().chars().any(|c| c.is_control() && c != '\n'), "{error:?}");
    }
}

#[test]
fn an_override_merges_maps_and_replaces_the_rest() {
    let folder = Folder::new(VALID);
    let other = folder.write(
        "other.yml",
        "parameters: { fast: 5 }\nlive: { exchanges: { SIM: { universe: [XRPUSDT], instruments: null } } }\n",
    );
    let config = folder.check(&[other], &[]).unwrap();
    assert_eq!(config.parameters["fast"], 5);
    assert_eq!(config.parameters["slow"], 60);
    assert_eq!(config.exchanges[0].universe, ["XRPUSDT"]);
    assert!(config.exchanges[0].instruments.is_empty());
    assert_eq!(config.exchanges[0].leverage, Decimal::from(3));
}

#[test]
fn a_later_override_wins_and_a_set_wins_over_both() {
    let folder = Folder::new(VALID);
    let files = [folder.write("1.yml", "name: one"), folder.write("2.yml", "name: two")];
    assert_eq!(folder.check(&files, &[]).unwrap().name, "two");
    assert_eq!(folder.check(&files, &["name=three", "name=four"]).unwrap().name, "four");
}

#[test]
fn an_error_in_an_override_points_into_the_override() {
    let folder = Folder::new(REPLAY);
    fs::create_dir(folder.file("deep")).unwrap();
    let other = folder.write(
        "deep/other.yml",
        "live:\n  exchanges:\n    REPLAY:\n      leverage: 0\n      params: { files: { SOLUSDT: { quotes: x.csv } } }\n",
    );
    assert_eq!(
        folder.summaries(&[other], &[]),
        [
            "deep/other.yml:4:17: live.exchanges.REPLAY.leverage must be greater than 0, not the number 0",
            "deep/other.yml:5:45: the file deep/x.csv does not exist",
        ]
    );
}

#[test]
fn a_value_set_is_yaml_and_its_errors_name_the_option() {
    let current = std::env::current_dir().unwrap();
    let nowhere = format!("the file {} does not exist", current.join("nowhere.csv").display());
    for (set, expected) in [
        ("parameters.fast=10", Ok(serde_json::json!(10))),
        ("parameters.fast=1e2", Ok(serde_json::json!(100.0))),
        ("parameters.fast=\"10\"", Ok(serde_json::json!("10"))),
        ("parameters.fast=a=b", Ok(serde_json::json!("a=b"))),
        ("parameters.fast=[1, {a: true}]", Ok(serde_json::json!([1, {"a": true}]))),
        ("parameters.fast=", Ok(serde_json::json!(null))),
        ("parameters.fast", Err("there is no `=` in it")),
        ("=1", Err("its key is empty or has an empty part")),
        ("parameters..fast=1", Err("its key is empty or has an empty part")),
        ("name.first=x", Err("`name` is the text `ema-cross`, so nothing can be set under it")),
        (
            "live.exchanges.SIM.universe.0=x",
            Err("`live.exchanges.SIM.universe` is a list, so nothing can be set under it"),
        ),
        ("live.exchanges.SIM.capital=[", Err("unclosed bracket '['")),
        (
            "live.exchanges.SIM.capital=0",
            Err("live.exchanges.SIM.capital must be greater than 0, not the number 0"),
        ),
        ("live.exchanges.SIM.kapital=5", Err("unknown key `kapital` in live.exchanges.SIM")),
        ("live.exchanges.REPLAY.params.files.SOLUSDT.quotes=nowhere.csv", Err(nowhere.as_str())),
    ] {
        let folder = Folder::new(if set.contains("REPLAY") { REPLAY } else { VALID });
        match (folder.check(&[], &[set]), expected) {
            (Ok(config), Ok(value)) => assert_eq!(config.parameters["fast"], value, "{set}"),
            (Err(errors), Err(message)) => assert_eq!(errors[0].summary(), format!("--set {set}: {message}")),
            (found, _) => panic!("{set}: {found:?}"),
        }
    }
}

#[test]
fn a_set_makes_the_maps_that_are_missing() {
    let folder = Folder::new("strategy: a.B\nparameters:\n");
    let sets = ["live.exchanges.SIM.connector=sim", "live.exchanges.SIM.universe=[X]", "parameters.a.b=1"];
    let config = folder.check(&[], &sets).unwrap();
    assert_eq!(config.exchanges[0].universe, ["X"]);
    assert_eq!(config.parameters["a"], serde_json::json!({"b": 1}));
}

#[test]
fn a_file_that_is_no_config_says_why() {
    let deep = format!("a: {}{}", "[".repeat(40), "]".repeat(40));
    let ten_times = |text: &str| [text; 10].join(",");
    let laughs = format!(
        "a: &a [{}]\nb: &b [{}]\nc: &c [{}]\nd: &d [{}]\ne: [{}]\n",
        ten_times("x"),
        ten_times("*a"),
        ten_times("*b"),
        ten_times("*c"),
        ten_times("*d"),
    );
    for (bytes, expected) in [
        (&b""[..], "config.yml: the file is empty"),
        (b"# nothing\n", "config.yml: the file is empty"),
        (b"- a\n", "config.yml:1:1: a config is a map of keys and values, not a list"),
        (b"a: \xff\n", "config.yml: the file is not UTF-8 text"),
        (b"a: 1\n---\nb: 2\n", "config.yml:3:1: only single YAML document expected"),
        (&vec![b'#'; 1 << 21], "config.yml: the file is larger than 1048576 bytes, too large for a config"),
        (deep.as_bytes(), "config.yml:1:35: YAML document too large or too complex"),
        (laughs.as_bytes(), "config.yml:5:26: YAML document too large or too complex"),
    ] {
        let folder = Folder::new(bytes);
        let error = load(&folder.file("config.yml"), &[], &[]).unwrap_err();
        let summary = folder.without_folder(&error.summary());
        assert!(summary.starts_with(expected), "{summary} does not begin with {expected}");
    }
    let error = load(&PathBuf::from("/nowhere/config.yml"), &[], &[]).unwrap_err();
    assert!(error.to_string().starts_with("/nowhere/config.yml: cannot read the file: "), "{error}");
}

#[test]
fn aliases_keep_exact_numbers_and_point_at_their_use() {
    let config =
        edited("capital: 100000.10", "capital: &amount 0.30").replace("lot_size: 1e-3", "lot_size: *amount");
    let folder = Folder::new(config);
    assert_eq!(
        folder.check(&[], &[]).unwrap().exchanges[0].instruments["BTCUSDT"].lot_size.unwrap().to_string(),
        "0.30"
    );
    let config =
        edited("capital: 100000.10", "capital: &amount -1").replace("lot_size: 1e-3", "lot_size: *amount");
    assert_eq!(Folder::new(config).summaries(&[], &[])[1].split(": ").next(), Some("config.yml:14:47"));
}

#[test]
fn a_parameter_that_the_class_does_not_have_is_refused() {
    let folder = Folder::new(edited("fast: 20", "fats: 20"));
    let document = load(&folder.file("config.yml"), &[], &[]).unwrap();
    let declared = ["fast", "slow", "timeframe", "size"].map(str::to_owned);
    let errors = check(&document, &Settings::default(), Some(&declared)).unwrap_err();
    assert_eq!(errors.len(), 1);
    let text = folder.without_folder(&errors[0].to_string());
    assert!(text.starts_with("config.yml:3:15: the strategy has no parameter `fats`"), "{text}");
    assert!(text.contains("did you mean `fast`?"), "{text}");
}

#[test]
fn what_is_found_out_elsewhere_points_into_the_config_too() {
    let folder = Folder::new(VALID);
    let document = load(&folder.file("config.yml"), &[], &[]).unwrap();
    for (keys, place) in
        [(&["parameters", "slow"][..], "3:31"), (&["parameters", "x"], "3:13"), (&["x"], "1:1")]
    {
        let summary = document.error_at(keys, "no", None).summary();
        assert_eq!(folder.without_folder(&summary), format!("config.yml:{place}: no"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_config_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Folder::new(&bytes).check(&[], &[]);
    }

    #[test]
    fn no_change_of_a_config_makes_it_panic(
        original in prop_oneof![Just(VALID), Just(REPLAY), Just(RULES)],
        changes in proptest::collection::vec((0..VALID.len(), 0..20usize, "[-a-z0-9.:{}\\[\\],&*!|>#'\"%@ \\n]{0,6}"), 1..6),
        set in "([a-z]{0,4}\\.?){0,3}=?.{0,10}",
    ) {
        let mut config = original.to_owned();
        for (start, length, text) in changes {
            let start = start.min(config.len());
            config.replace_range(start..(start + length).min(config.len()), &text);
        }
        let folder = Folder::new(config);
        let _ = folder.check(&[], &[]);
        let _ = folder.check(&[], &[&set]);
    }
}
