"""What runs on the strategy's thread, and what is told of it."""

from typing import Any

import pytest

from qubx_strategy import Bar, Context, Fill, Order, Quote, Strategy, Trade
from qubx_strategy.batch import read_batch
from tests.conftest import Run
from tests.harness import BTC, ETH, SECOND, START, fact, fill, frame_of_batch, order, position, quote, trade

seen: list[Any] = []


class Everything(Strategy):
    """Notes every callback with what `ctx` shows in it."""

    def __init__(self) -> None:
        seen.clear()

    def on_start(self, ctx: Context) -> None:
        seen.append("start")

    def on_quote(self, ctx: Context, quote: Quote) -> None:
        assert ctx.quote(quote.instrument) is quote
        assert ctx.time() == quote.time
        seen.append(("quote", quote.instrument, quote.bid, quote.ask, quote.bid_size, quote.ask_size))

    def on_trade(self, ctx: Context, trade: Trade) -> None:
        seen.append(("trade", trade.instrument, trade.price, trade.size, trade.side, trade.time_ns - START))

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        seen.append(("bar", bar.timeframe, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.quotes))

    def on_timer(self, ctx: Context, name: str) -> None:
        seen.append(("timer", name, ctx.time().second))

    def on_order(self, ctx: Context, order: Order) -> None:
        seen.append(("order", order.status, list(ctx.get_orders())))

    def on_fill(self, ctx: Context, fill: Fill) -> None:
        seen.append(("fill", fill.quantity, ctx.get_position(BTC).quantity))

    def on_stop(self, ctx: Context) -> None:
        seen.append("stop")


class Quiet(Strategy):
    """Overrides nothing but one callback that raises when it is told to."""

    raises: bool = False

    def on_quote(self, ctx: Context, quote: Quote) -> None:
        if self.raises or quote.bid < 0:
            raise OSError("broken")


def test_every_record_runs_its_callback_in_order_and_sees_the_state_at_it(run: Run) -> None:
    session = run(Everything)
    told = session.start()
    assert told["callbacks"] == [
        "on_start",
        "on_quote",
        "on_trade",
        "on_bar",
        "on_timer",
        "on_order",
        "on_fill",
        "on_stop",
    ]
    facts = [
        ["o", order()],
        ["f", fill(), position("1")],
        ["o", order(status="filled")],
        ["b", 0, "1s", START, START + SECOND, 1, 3, 0.5, 2, 7.5, 10],
        ["t", "rebalance", START + 2 * SECOND],
    ]
    session.batch(
        quote(0, 0.5, 99.5, 100),
        trade(1, 0.7, 10.25, 3, -1),
        *(fact(place, 1) for place in range(3)),
        fact(3, 1),
        fact(4, 2),
        quote(1, 3, 10, 11),
        facts=facts,
    )
    done = session.hear("batch_done")
    assert (done["batch"], done["reached"]) == (1, 8)
    assert seen == [
        "start",
        ("quote", BTC, 99.5, 100.0, 1.0, 2.0),
        ("trade", ETH, 10.25, 3.0, "sell", 7 * SECOND // 10),
        ("order", "new", ["o-1"]),
        ("fill", 1.0, 1.0),
        ("order", "filled", []),
        ("bar", "1s", 1.0, 3.0, 0.5, 2.0, 7.5, 10),
        ("timer", "rebalance", 2),
        ("quote", ETH, 10.0, 11.0, 1.0, 2.0),
    ]
    session.send({"type": "stop"})
    session.hear("stopped")
    assert seen[-1] == "stop"


def test_a_record_may_show_a_quote_without_a_callback_or_say_nothing(run: Run) -> None:
    session = run(Everything)
    session.start()
    nothing = quote(0, 1, 0, 0, kind=4)
    session.batch(
        quote(0, 1, 99, 101, kind=3), fact(0, 1), nothing, quote(0, 1, 99, 101), facts=[["o", order()]]
    )
    assert session.hear("batch_done")["reached"] == 4
    assert [entry[0] for entry in seen[1:]] == ["order", "quote"]
    shown = session.ctx.quote(BTC)
    assert shown is not None
    assert shown.mid == 100
    assert session.ctx.time().second == 1


def test_time_never_goes_back(run: Run) -> None:
    session = run(None)
    session.start()
    session.batch(quote(0, 5, 1, 2), quote(1, 3, 1, 2))
    session.hear("batch_done")
    assert session.ctx.time().second == 5


def test_callbacks_are_timed_and_the_times_are_told_once(run: Run) -> None:
    session = run(Everything)
    session.start()
    session.batch(quote(0, 1, 1, 2), quote(0, 2, 1, 2), fact(0, 2), facts=[["o", order()]])
    times = session.hear("batch_done")["callbacks"]
    assert {name: count for name, (count, _, _) in times.items()} == {
        "on_start": 1,
        "on_quote": 2,
        "on_order": 1,
    }
    assert all(total >= worst > 0 for _, total, worst in times.values())
    session.batch(fact(0, 3), facts=[["p", {}, position("0", None)]], number=2)
    assert session.hear("batch_done")["callbacks"] == {}


def test_an_exception_is_told_with_how_many_there_were_in_a_row(run: Run) -> None:
    session = run(Quiet)
    session.start()
    bids = (-1, -1, 1, -1)
    session.batch(*(quote(0, second, bid, 2) for second, bid in enumerate(bids)))
    assert session.hear("batch_done")["reached"] == 4
    errors = [message for message in session.heard if message["type"] == "callback_error"]
    assert [error["in_a_row"] for error in errors] == [1, 2, 1]
    assert (errors[0]["callback"], errors[0]["ename"], errors[0]["evalue"]) == (
        "on_quote",
        "OSError",
        "broken",
    )
    assert "test_runner.py" in "".join(errors[0]["traceback"])
    session.batch(quote(0, 9, -1, 2), number=2)
    session.hear("batch_done")
    assert session.heard[-2]["in_a_row"] == 2


def test_each_five_exceptions_in_a_row_pause_where_they_were_raised(run: Run) -> None:
    session = run(Quiet)
    session.start()
    session.batch(*(quote(0, second, -1, 2) for second in range(12)))
    for record in (5, 10):
        call = session.answer(None)
        assert call["request"]["verb"] == "pause_on_failures"
        assert call["at"] == {"batch": 1, "record": record}
    assert session.hear("batch_done")["reached"] == 12


def test_a_pause_that_is_refused_keeps_nothing_from_going_on(run: Run) -> None:
    session = run(Quiet)
    session.start()
    session.batch(*(quote(0, second, -1, 2) for second in range(6)))
    call = session.hear("call")
    session.send({"type": "reply", "call": call["call"], "error": "the engine has stopped"})
    assert session.hear("batch_done")["reached"] == 6


def test_a_strategy_that_is_not_pythons_leaves_the_mirror_right(run: Run) -> None:
    session = run(None)
    assert session.start([position("2")], [order()])["callbacks"] == []
    assert session.heard[0] == {"type": "constructed", "parameters": [], "actions": []}
    session.batch(
        quote(0, 1, 100, 102),
        trade(1, 1, 5.5, 1, 1),
        fact(0, 1),
        fact(1, 1),
        facts=[["o", order(status="cancelled")], ["p", {}, position("2", funding="0.25")]],
    )
    assert session.hear("batch_done") == {
        "type": "batch_done",
        "batch": 1,
        "reached": 4,
        "callbacks": {},
    }
    held = session.ctx.get_position("BTCUSDT")
    assert (held.quantity, held.unrealized_pnl, held.funding) == (2.0, 4.0, 0.25)
    assert session.ctx.get_orders() == {}
    # What is not quoted is valued at its last trade.
    assert session.ctx.get_position("ETHUSDT").last_price == 5.5
    assert session.strategy is None


def test_a_strategy_that_does_not_start_is_told_and_the_mirror_stays_right(run: Run) -> None:
    class Fails(Strategy):
        def on_start(self, ctx: Context) -> None:
            raise OSError("no")

    session = run(Fails)
    session.send({"type": "start", "time": START, "positions": [], "orders": []})
    assert session.hear("failed")["stage"] == "on_start"
    session.batch(quote(0, 1, 100, 102), fact(0, 1), facts=[["c", "k-1", "action", {"name": "x"}]])
    assert session.hear("command_done")["error"] == "the strategy does not run"
    session.hear("batch_done")
    shown = session.ctx.quote(BTC)
    assert shown is not None
    assert shown.bid == 100


@pytest.mark.parametrize(
    "frame", [frame_of_batch(7, [b"x" * 47]), frame_of_batch(7, [])[:-1], b"B" + b"\xff" * 12]
)
def test_a_damaged_batch_is_refused(frame: bytes) -> None:
    with pytest.raises(ValueError, match=r"batch \d+ is damaged"):
        read_batch(frame)


def test_a_batch_is_read_with_its_number_its_facts_and_its_records() -> None:
    records = [quote(0, 1, 1, 2), quote(0, 2, 1, 2)]
    message = read_batch(frame_of_batch((1 << 63) + 5, records, [["t", "é", 1]]))
    assert message["batch"] == (1 << 63) + 5
    assert message["facts"] == [["t", "é", 1]]
    assert bytes(message["records"]) == b"".join(records)
