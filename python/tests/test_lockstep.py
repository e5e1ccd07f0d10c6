"""Calls from within a batch: where they are made, what they cause, and where the batch ends."""

from typing import Any

import pytest

from qubx_strategy import Bar, Context, Fill, Order, Quote, Strategy
from tests.conftest import Run
from tests.harness import BTC, SECOND, START, fact, fill, order, position, quote

seen: list[Any] = []


class Buyer(Strategy):
    """Buys at the first quote above a price, and again at the first fill."""

    def __init__(self) -> None:
        seen.clear()
        self.wants = True

    def on_quote(self, ctx: Context, quote: Quote) -> None:
        seen.append(quote.bid)
        if quote.bid > 100 and self.wants:
            self.wants = False
            returned = ctx.trade(BTC, 1)
            seen.append((returned.status, ctx.get_position(BTC).quantity, len(ctx.get_orders())))

    def on_order(self, ctx: Context, order: Order) -> None:
        seen.append((order.id, order.status))

    def on_fill(self, ctx: Context, fill: Fill) -> None:
        seen.append(("fill", fill.quantity))
        if fill.order_id == "o-1":
            ctx.trade(BTC, 1, 95)


BOUGHT = [["o", order()], ["f", fill(), position("1")], ["o", order(status="filled")]]


def test_what_a_call_causes_is_shown_at_its_return_and_called_back_before_the_next_record(run: Run) -> None:
    session = run(Buyer)
    session.start()
    session.batch(quote(0, 1, 100, 101), quote(0, 2, 101, 102), quote(0, 3, 102, 103), number=9)
    first = session.answer(order(status="filled"), facts=BOUGHT)
    second = session.answer(order("o-2"), facts=[["o", order("o-2")]])
    assert session.hear("batch_done")["reached"] == 3
    assert first["at"] == second["at"] == {"batch": 9, "record": 2}
    assert seen == [
        100,
        101,
        ("filled", 1.0, 0),
        ("o-1", "new"),
        ("fill", 1.0),
        # The second call's facts go to the end.
        ("o-1", "filled"),
        ("o-2", "new"),
        102,
    ]
    assert list(session.ctx.get_orders()) == ["o-2"]


@pytest.mark.parametrize(("end", "reached", "last"), [(2, 2, 101), (3, 3, 102), (None, 4, 103)])
def test_a_batch_ends_where_a_reply_says(run: Run, end: int | None, reached: int, last: float) -> None:
    session = run(Buyer)
    session.start()
    session.batch(*(quote(0, second, 100 + second, 110) for second in range(4)))
    cut = {} if end is None else {"end": end}
    session.answer(order(), **cut)
    done = session.hear("batch_done")
    assert (done["reached"], done["callbacks"]["on_quote"][0]) == (reached, reached)
    assert [entry for entry in seen if isinstance(entry, float)][-1] == last
    shown = session.ctx.quote(BTC)
    assert shown is not None
    assert shown.bid == last
    # The next batch is whole again.
    session.batch(quote(0, 7, 90, 91), number=2)
    assert session.hear("batch_done")["reached"] == 1


def test_a_refused_call_may_have_caused_something_too(run: Run) -> None:
    session = run(Buyer)
    session.start()
    session.batch(quote(0, 1, 101, 102), quote(0, 2, 103, 104))
    call = session.hear("call")
    refusal = {"type": "reply", "call": call["call"], "error": "no", "facts": [["o", order()]], "end": 1}
    session.send(refusal)
    assert session.hear("batch_done")["reached"] == 1
    assert seen == [101, ("o-1", "new")]
    assert [m["evalue"] for m in session.heard if m["type"] == "callback_error"] == ["no"]


def test_calls_of_other_threads_and_outside_of_batches_have_no_place(run: Run) -> None:
    class Starts(Buyer):
        def on_start(self, ctx: Context) -> None:
            ctx.subscribe_bars("1m")
            ctx.trade(BTC, 1)

    session = run(Starts)
    session.send({"type": "start", "time": 0, "positions": [], "orders": []})
    assert "at" not in session.answer(None)
    # What it caused is called back all the same.
    assert "at" not in session.answer(order("o-9"), facts=[["o", order("o-9")]])
    session.hear("started")
    assert seen == [("o-9", "new")]

    import threading

    session.batch(quote(0, 1, 101, 102))
    own = session.hear("call")
    assert own["at"] == {"batch": 1, "record": 1}
    # The strategy's thread is in the middle of its call.
    other = threading.Thread(target=session.ctx.cancel_orders, daemon=True)
    other.start()
    assert "at" not in session.answer([])
    session.send({"type": "reply", "call": own["call"], "ok": order()})
    session.hear("batch_done")
    other.join(10)


def test_commands_and_bars_that_came_with_a_reply_have_their_turn(run: Run) -> None:
    class Changes(Buyer):
        size: float = 1.0

        def on_bar(self, ctx: Context, bar: Bar) -> None:
            seen.append((bar.timeframe, self.size))

    session = run(Changes)
    session.start()
    session.batch(quote(0, 1, 101, 102))
    facts = [
        ["c", "k-1", "set_parameter", {"name": "size", "value": 2}],
        ["b", 0, "1s", START, START + SECOND, 1, 1, 1, 1, 0, 1],
    ]
    session.answer(order(), facts=facts)
    assert session.hear("command_done")["ok"] == "size = 2.0"
    session.hear("batch_done")
    assert seen[-2:] == [("new", 0.0, 1), ("1s", 2.0)]


def test_a_call_at_a_fact_counts_all_records_before_it(run: Run) -> None:
    session = run(Buyer)
    session.start()
    facts = [["f", fill(), position("1")]]
    session.batch(quote(0, 1, 1, 2), quote(0, 2, 1, 2, kind=3), fact(0, 2), quote(0, 2, 1, 2), facts=facts)
    call = session.answer(order("o-2"))
    assert (call["at"], call["origin"]) == ({"batch": 1, "record": 3}, "strategy")
    assert session.hear("batch_done")["reached"] == 4
