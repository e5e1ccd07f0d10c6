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

/// Trades averages of closes, keeps them with `save_state`, and records what it is told. It kills its kernel after the
/// bars that `crash_at` counts.
pub(crate) const KEEPS: &str = r#"
import os
from pathlib import Path

from qubx_strategy import Strategy


class Keeps(Strategy):
    crash_at: str = ""
    record: str = "record"

    def on_start(self, ctx):
        ctx.subscribe_bars("1s")
        self.state = ctx.load_state() or {"bars": 0, "fast": {}, "slow": {}}
        held = {i.symbol: p.quantity for i, p in ctx.get_positions().items() if p.quantity}
        orders = sorted((o.instrument.symbol, o.quantity, o.price) for o in ctx.get_orders().values())
        ctx.log(f"begins after {self.state['bars']} bars, holds {held}, rests {orders}")

    def on_bar(self, ctx, bar):
        symbol, state = bar.instrument.symbol, self.state
        for key, weight in (("fast", 0.5), ("slow", 0.2)):
            value = state[key].get(symbol, bar.close)
            state[key][symbol] = value + weight * (bar.close - value)
        if symbol == "BTCUSDT":
            target = 0.1 if state["fast"][symbol] > state["slow"][symbol] else -0.1
            delta = target - ctx.get_position(bar.instrument).quantity
            if abs(delta) >= bar.instrument.lot_size:
                ctx.trade(bar.instrument, delta)
        state["bars"] += 1
        ctx.save_state(state)
        self.note(f"bar {symbol} {bar.time_ns}")
        if str(state["bars"]) in self.crash_at.split(","):
            os.kill(os.getpid(), 9)

    def on_fill(self, ctx, fill):
        self.note(f"fill {fill.trade_id}")

    def note(self, line):
        with Path(__file__).with_name(self.record).open("a") as file:
            file.write(line + "\n")
"#;

/// Writes what it sees at each quote into the file `seen` beside it, which is there also when nothing can be written down
/// in the home. While there is a file `buy`, it buys, and says what became of that.
pub(crate) const WITNESS: &str = r#"
import json
from pathlib import Path

from qubx_strategy import Strategy


class Witness(Strategy):
    def on_start(self, ctx):
        self.here = Path(__file__).parent
        self.quotes = 0
        self.bought = None

    def on_quote(self, ctx, quote):
        self.quotes += 1
        if (self.here / "buy").exists():
            order = ctx.trade("BTCUSDT", 0.01)
            self.bought = f"{order.status}: {order.reason}"
        seen = {
            "quotes": self.quotes,
            "orders": sorted(ctx.get_orders()),
            "held": {i.symbol: p.quantity for i, p in ctx.get_positions().items()},
            "bought": self.bought,
        }
        new = self.here / "seen.new"
        new.write_text(json.dumps(seen))
        new.replace(self.here / "seen")
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
