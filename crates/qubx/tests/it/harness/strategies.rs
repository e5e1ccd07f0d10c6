//! The strategies and configs that several tests use.

/// Does nothing, and leaves a file when it is stopped.
pub(crate) const IDLE: &str = r#"
from pathlib import Path

from qubx_strategy import Strategy


class Idle(Strategy):
    def on_stop(self, ctx):
        Path(__file__).with_name("stopped").write_text("on_stop ran")
"#;

/// Buys and sells in turn, one order a quote of BTCUSDT.
pub(crate) const STEPS: &str = r#"
from qubx_strategy import Strategy


class Steps(Strategy):
    step = 0.01

    def on_quote(self, ctx, quote):
        if quote.instrument.symbol == "BTCUSDT":
            ctx.trade(quote.instrument, self.step)
            self.step = -self.step
"#;

/// The example that trades averages of closes.
pub(crate) const CROSS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/ema_cross.py"));

/// Returns a config that simulates two instruments.
pub(crate) fn config(name: &str, strategy: &str) -> String {
    format!(
        "\
name: {name}
strategy: {strategy}
live:
  exchanges:
    SIM:
      connector: sim
      base_currency: USDT
      capital: 100000
      leverage: 3
      fees: {{ maker_bps: 2, taker_bps: 5 }}
      universe: [BTCUSDT, ETHUSDT]
      params: {{ seed: 7, quotes_per_second: 10 }}
"
    )
}
