"""The examples do what they say."""

import importlib.util
import math
from pathlib import Path
from typing import Any

import pytest

from qubx_strategy import Strategy
from qubx_strategy.actions import list_actions
from tests.conftest import Run
from tests.harness import BTC, ETH, SECOND, START, Session, fact, order, position, quote

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str, strategy: str) -> type[Strategy]:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: type[Strategy] = getattr(module, strategy)
    return found


def started(run: Run, strategy: type[Strategy], calls: int, **parameters: Any) -> Session:
    session = run(strategy, **parameters)
    session.send({"type": "start", "time": START, "positions": [], "orders": []})
    for _ in range(calls):
        session.answer([])
    session.hear("started")
    return session


def test_the_market_maker_quotes_both_sides_and_moves_them_with_the_market(run: Run) -> None:
    maker = example("market_maker", "MarketMaker")
    session = started(run, maker, 2, notional=1000.0, half_spread_bps=10.0)
    session.batch(quote(0, 1, 999.9, 1000.1))
    bought = session.answer(order("o-1", price="999"))["request"]
    sold = session.answer(order("o-2", price="1001", side="sell"))["request"]
    session.hear("batch_done")
    assert (bought["amount"], bought["price"], bought["post_only"]) == ("1.0", "999.0", True)
    assert (sold["amount"], sold["price"], sold["post_only"]) == ("-1.0", "1001.0", True)
    # A little way it lets them be; farther, it moves them, and leans against what it holds.
    held = [["p", {}, position("1", "999")]]
    session.batch(quote(0, 2, 999.91, 1000.11), fact(0, 2), quote(0, 3, 1000.9, 1001.1), facts=held, number=2)
    moved = [session.answer(order(id))["request"] for id in ("o-1", "o-2")]
    session.hear("batch_done")
    assert [(m["order"], m["price"]) for m in moved] == [("o-1", "999.9"), ("o-2", "1001.9")]


def test_the_market_maker_rests_after_a_refusal_and_tells_what_it_holds(run: Run) -> None:
    session = started(run, example("market_maker", "MarketMaker"), 2)
    rejected = order("o-1", "rejected", reason="paused")
    session.batch(quote(0, 1, 999, 1001), quote(0, 2, 999, 1001))
    for _ in range(2):
        session.answer(rejected)
    session.hear("batch_done")
    facts = [
        ["p", {}, position("2", "999")],
        ["t", "show", START + 3 * SECOND],
        ["c", "k", "action", {"name": "widen", "arguments": {"by_bps": 2}}],
    ]
    session.batch(fact(0, 3), fact(1, 3), fact(2, 3), facts=facts, number=2)
    assert session.hear("command_done")["ok"] == "6 bps from the middle"
    published = {m["name"]: m["content"] for m in session.heard if m["type"] == "publish"}
    assert published["spread, bps"] == {"value": 8.0}
    assert published["held"] == {"point": 2000.0}
    assert published["inventory"]["table"]["rows"] == [["BTCUSDT", 2.0, 2000.0]]


def test_pairs_sells_the_dear_one_and_buys_the_cheap_one(run: Run) -> None:
    session = started(run, example("pairs", "Pairs"), 1, lookback=10, notional=1000.0)

    def bars(last: float, first: int = 1) -> list[list[Any]]:
        closes = [100 + 0.01 * first * (-1) ** n for n in range(9)] + [last]
        return [
            [START + n * SECOND, START + (n + 1) * SECOND, c, c, c, c, 0, 1] for n, c in enumerate(closes)
        ]

    facts: list[Any]
    facts = [["b", i, "1s", START + 9 * SECOND, START + 10 * SECOND, 1, 1, 1, 1, 0, 1] for i in (0, 1)]
    session.batch(quote(0, 1, 109, 111), quote(1, 1, 99, 101), fact(0, 10), fact(1, 10), facts=facts)
    session.answer(bars(110))
    session.answer(bars(100, -1))
    legs = [session.answer(order(f"o-{n}", "filled", type="market", price=None))["request"] for n in (1, 2)]
    session.hear("batch_done")
    assert [(leg["instrument"], leg["amount"]) for leg in legs] == [
        (BTC.name, "-9.091"),
        (ETH.name, "10.0"),
    ]
    (point,) = [m["content"]["point"] for m in session.heard if m["type"] == "publish"]
    assert math.isclose(point, 3.0, abs_tol=0.1)
    # They meet again.
    facts.insert(0, ["p", {}, position("-9.091", "110")])
    session.batch(fact(0, 11), fact(1, 11), fact(2, 11), facts=facts, number=2)
    session.answer(bars(100.001))
    session.answer(bars(100, -1))
    assert [session.answer(None)["request"]["verb"] for _ in range(2)] == ["close_position"] * 2
    assert session.hear("batch_done")["reached"] == 3


@pytest.mark.parametrize(
    ("module", "name", "actions"),
    [
        ("ema_cross", "EmaCross", []),
        ("market_maker", "MarketMaker", ["widen"]),
        ("pairs", "Pairs", ["close"]),
    ],
)
def test_the_examples_have_their_actions(module: str, name: str, actions: list[str]) -> None:
    assert [entry["name"] for entry in list_actions(example(module, name))] == actions
