//! The example beside the same rules in Python: real processes, and a real kernel.
//!
//! `QUBX_TEST_PYTHON` names a Python with ipykernel, else it is the one of the repository's `.venv`. Without one the tests
//! are skipped, unless `QUBX_REQUIRE` has `python`.

// All of this is a test, helpers too.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// 300 quotes, one a second, around a slow wave.
const QUOTES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/qubx/tests/fixtures/quotes.csv");

/// The longest wait for the end of a replay.
const LIMIT: Duration = Duration::from_secs(60);

/// A folder with a home of its own, in which the program runs.
struct Place {
    folder: TempDir,
    python: PathBuf,
}

/// How a run of the program ended.
#[derive(Debug)]
struct Finished {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Place {
    /// Makes a place; none without a Python.
    fn new() -> Option<Self> {
        let own = || Path::new(EXAMPLES).join("../.venv/bin/python");
        let python = std::env::var_os("QUBX_TEST_PYTHON").map_or_else(own, PathBuf::from);
        if !python.exists() {
            let required = std::env::var("QUBX_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|need| need == "python"), "no Python at {}", python.display());
            println!("skipped: no Python at {}", python.display());
            return None;
        }
        // A socket's path has at most 107 bytes, so the folder's is short.
        let folder = tempfile::Builder::new().prefix("qx").tempdir_in("/tmp").unwrap();
        Some(Self { folder, python })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program to its end.
    fn run(&self, arguments: &[&str]) -> Finished {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rust-strategy"));
        for name in ["XDG_RUNTIME_DIR", "VIRTUAL_ENV", "QUBX_LOG"] {
            command.env_remove(name);
        }
        command.env("QUBX_HOME", self.path("home")).env("QUBX_PYTHON", &self.python);
        let output = command.current_dir(self.folder.path()).args(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Finished { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Replays the quotes with a strategy as fast as it goes, and returns what was filled.
    fn fills(&self, name: &str, strategy: &str) -> Vec<Value> {
        let config = format!(
            "\
name: {name}
strategy: {strategy}
parameters: {{ fast: 3, slow: 8, timeframe: 1s, size: 0.1 }}
live:
  exchanges:
    REPLAY:
      connector: replay
      leverage: 3
      universe: [BTCUSDT]
      params: {{ speed: max, files: {{ BTCUSDT: {{ quotes: {QUOTES} }} }} }}
"
        );
        std::fs::write(self.path(&format!("{name}.yml")), config).unwrap();
        self.run(&["run", &format!("{name}.yml"), "--paper", "--detach"]).code(0);
        let began = Instant::now();
        while !self.run(&["history", name]).stdout.contains("the replay is at its end") {
            assert!(began.elapsed() < LIMIT, "the replay of {name} does not end");
            std::thread::sleep(Duration::from_millis(50));
        }
        let history = self.run(&["history", name, "--json", "--limit", "1000000"]).code(0).stdout;
        self.run(&["kernel", "stop", name, "--yes"]).code(0);
        let lines = history.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["kind"] == "fill").map(|line| described(&line["fill"])).collect()
    }
}

impl Finished {
    /// Asserts how it ended.
    #[track_caller]
    fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, Some(expected), "{self:#?}");
        self
    }
}

/// Returns a fill without its ids, which have the number of the log in them.
fn described(fill: &Value) -> Value {
    let keys = ["time", "side", "quantity", "price", "fee", "liquidity", "author"];
    keys.iter().map(|key| ((*key).to_owned(), fill[key].clone())).collect::<serde_json::Map<_, _>>().into()
}

#[test]
fn a_strategy_that_is_built_in_is_checked_as_one_in_python() {
    let Some(place) = Place::new() else { return };
    let config = format!("{EXAMPLES}/rust-strategy/ema_cross.yml");
    // What it advises is what can be typed here.
    let advised = place.run(&["attach", "ghost"]).code(1).stderr;
    assert!(advised.contains("start one: rust-strategy run config.yml --paper"), "{advised}");
    let said = place.run(&["validate", &config]).code(0).stdout;
    for part in ["rust:ema_cross (fast=20", "native, on paper", "ipykernel"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    for (set, parts) in [
        ("strategy=rust:ema_cros", &["no strategy `ema_cros`", "did you mean `ema_cross`?"][..]),
        ("parameters.fats=1", &["no parameter `fats`", "did you mean `fast`?"]),
        ("parameters.fast=often", &["`fast` must be a whole number"]),
    ] {
        let refused = place.run(&["validate", &config, "--set", set]).code(2);
        for part in parts {
            assert!(refused.stderr.contains(part), "{part} in {refused:#?}");
        }
    }
    assert!(!place.path("home").exists(), "nothing is created");
}

#[test]
fn the_same_rules_give_the_same_fills_in_both_languages() {
    let Some(place) = Place::new() else { return };
    std::fs::copy(Path::new(EXAMPLES).join("ema_cross.py"), place.path("ema_cross.py")).unwrap();
    let rust = place.fills("rust", "rust:ema_cross");
    let python = place.fills("python", "ema_cross.EmaCross");
    assert!(python.len() >= 4, "{python:#?}");
    assert_eq!(rust, python);
    assert_eq!(place.fills("again", "rust:ema_cross"), rust);
}
