"""Replays prices that this file makes up, and checks what the strategy did with them.

    python3 test_my_strategy.py

It needs a Python and `qubx`, which brings what the strategy imports; $QUBX names another program than
the one on the path. pytest runs it, too.
"""

import json
import os
import subprocess
import tempfile
import unittest
from datetime import datetime, timedelta
from pathlib import Path

QUBX = os.environ.get("QUBX", "qubx")
CONFIG = Path(__file__).with_name("my-strategy.yml")
START = datetime(2026, 1, 1)


def qubx(*arguments, **environment):
    """Runs qubx and returns what it prints."""
    command = [QUBX, *map(str, arguments)]
    environment = {**os.environ, **environment}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}\n{done.stderr}")
    return done.stdout


def replay(prices, **parameters):
    """Replays prices, one a second for each symbol, and returns the account's results and the fills."""
    # The Python that every run takes. All else is in a home of its own, which goes with the test.
    python = json.loads(qubx("validate", CONFIG, "--json"))["python"]["path"]
    with tempfile.TemporaryDirectory() as home:
        files = {}
        for symbol, path in prices.items():
            lines = ["timestamp,bid_price,ask_price,bid_amount,ask_amount"]
            for second, price in enumerate(path):
                lines.append(f"{START + timedelta(seconds=second)},{price},{price + 0.1:.1f},1000,1000")
            files[symbol] = {"quotes": f"{home}/{symbol}.csv"}
            Path(home, f"{symbol}.csv").write_text("\n".join(lines) + "\n")
        changes = {
            "live.exchanges.SIM.connector": "replay",
            "live.exchanges.SIM.params": {"speed": "max", "files": files},
            **{f"parameters.{name}": value for name, value in parameters.items()},
        }
        sets = [word for key, value in changes.items() for word in ("--set", f"{key}={json.dumps(value)}")]
        results = json.loads(
            qubx("run", CONFIG, "--paper", "--json", "--python", python, *sets, QUBX_HOME=home)
        )
        history = qubx("history", results["name"], "--json", QUBX_HOME=home).splitlines()
    if results["doubts"]:
        raise AssertionError(results["doubts"])
    fills = [entry["fill"] for entry in map(json.loads, history) if entry["kind"] == "fill"]
    return results["accounts"][0], fills


class MyStrategyTest(unittest.TestCase):
    def test_it_buys_a_breakout_and_sells_when_the_price_falls_out_below(self):
        rises_and_falls = [100.0] * 5 + [101.0, 102.0, 103.0, 104.0] + [99.0, 98.0]
        prices = {"BTCUSDT": rises_and_falls, "ETHUSDT": [50.0] * len(rises_and_falls)}
        account, fills = replay(prices, length=3, notional=1000)
        # A bar is over when the next price comes, so it is traded at that: at its ask to buy, at its bid to sell.
        self.assertEqual(
            [(fill["instrument"], fill["side"], float(fill["price"])) for fill in fills],
            [("SIM:BTCUSDT", "buy", 102.1), ("SIM:BTCUSDT", "sell", 98.0)],
        )
        self.assertEqual(account["trades"], 1)
        self.assertEqual(float(account["account"]["unrealized_pnl"]), 0)
        self.assertLess(float(account["profit"]), 0)

    def test_it_does_nothing_without_a_breakout(self):
        waves = [100.0, 101.0, 100.0, 99.0] * 5
        account, fills = replay({"BTCUSDT": waves, "ETHUSDT": waves}, length=4)
        self.assertEqual((fills, float(account["profit"])), ([], 0))


if __name__ == "__main__":
    unittest.main()
