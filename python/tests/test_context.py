"""What `ctx` shows and sends."""

from collections.abc import Callable, Mapping
from decimal import ROUND_UP, Decimal, Inexact, localcontext
from typing import Any, TypeVar

import pytest

from qubx_strategy import Context, Instrument, Quote
from qubx_strategy.mirror import Mirror
from qubx_strategy.repl import namespace

T = TypeVar("T")
BTC = Instrument(0, "SIM", "BTCUSDT", 0.1, 0.001, 5.0, "USDT")
ETH = Instrument(1, "SIM", "ETHUSDT", 0.01, 0.001, 5.0, "USDT")
OTHER_ETH = Instrument(2, "OKX", "ETHUSDT", 0.01, 0.001, 5.0, "USDT")
FUTURE = Instrument(3, "SIM", "FUT", 0.1, 1.0, 0.0, "USDT", 10.0, "future", 0.01)
SECOND = 1_767_225_600_000_000_000


def order(status: str = "new", **changes: Any) -> dict[str, Any]:
    return {
        "id": "o-1",
        "instrument": "SIM:BTCUSDT",
        "side": "buy",
        "type": "limit",
        "quantity": "0.5",
        "filled": "0",
        "price": "99.5",
        "time_in_force": "gtc",
        "status": status,
        "author": "strategy",
        "created_at": "2026-01-01T00:00:00.000000001Z",
        **changes,
    }


class Service:
    """Answers every verb with the same value and keeps what it heard."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.requests: list[Mapping[str, Any]] = []
        self.lines: list[tuple[str, str]] = []
        self.published: list[tuple[Any, ...]] = []

    def call(self, request: Mapping[str, Any], read: Callable[[Any], T]) -> T:
        self.requests.append(request)
        return read(self.answer)

    def log(self, level: str, text: str) -> None:
        self.lines.append((level, text))

    def publish(self, name: str, instrument: int | None, time_ns: int, content: Mapping[str, Any]) -> None:
        self.published.append((name, instrument, time_ns, content))


def context(answer: Any = None) -> tuple[Context, Mirror, Service]:
    mirror, service = Mirror([BTC, ETH, OTHER_ETH, FUTURE]), Service(answer)
    return Context(mirror, service), mirror, service


@pytest.mark.parametrize("name", [BTC, "BTCUSDT", "SIM:BTCUSDT"])
def test_an_instrument_is_found_by_itself_its_symbol_and_its_full_name(name: Instrument | str) -> None:
    ctx, mirror, _ = context()
    mirror.quotes[0] = Quote(BTC, SECOND, 100.0, 101.5, 1.0, 2.0)
    quote = ctx.quote(name)
    assert quote is not None
    assert (quote.instrument, quote.mid) == (BTC, 100.75)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("BTCUSD", "did you mean 'BTCUSDT'"),
        ("btcusdt", "did you mean 'BTCUSDT'"),
        ("ETHUSDT", "write SIM:ETHUSDT or OKX:ETHUSDT"),
    ],
)
def test_a_wrong_name_is_refused_with_the_one_that_was_meant(name: str, message: str) -> None:
    ctx, _, service = context()
    with pytest.raises(ValueError, match=message):
        ctx.trade(name, 1)
    assert not service.requests


@pytest.mark.parametrize(
    ("amount", "price", "sent"),
    [
        (0.1 + 0.2, None, ("0.300", None)),
        (-1, 99.96, ("-1.0", "100.0")),
        (Decimal("0.0014"), 0.1, ("0.001", "0.1")),
        (1e-3, 1e5, ("0.001", "100000.0")),
    ],
)
def test_amount_and_price_are_rounded_to_lot_and_tick(
    amount: float, price: float | None, sent: tuple[str, str | None]
) -> None:
    ctx, _, service = context(order())
    ctx.trade(BTC, amount, price)
    request = service.requests[0]
    assert (request["amount"], request.get("price")) == sent


def test_a_strategys_own_decimal_context_changes_no_order() -> None:
    ctx, _, service = context(order())
    with localcontext() as theirs:
        theirs.prec, theirs.rounding, theirs.traps[Inexact] = 6, ROUND_UP, True
        ctx.trade(ETH, 12345.6781, 97123.4512)
    request = service.requests[0]
    assert (request["amount"], request["price"]) == ("12345.678", "97123.45")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((0,), ValueError),
        ((0.0004,), ValueError),
        ((float("nan"),), ValueError),
        ((float("inf"),), ValueError),
        ((True,), TypeError),
        (("1",), TypeError),
        ((1, -5), ValueError),
        ((1, 0), ValueError),
        ((1, 5, "fok"), ValueError),
    ],
)
def test_wrong_arguments_raise_before_anything_is_sent(
    arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    ctx, _, service = context()
    with pytest.raises(error):
        ctx.trade(BTC, *arguments)
    assert not service.requests


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"time_in_force": "GTC"}, ValueError, "time_in_force must be 'gtc' or 'ioc', not 'GTC'"),
        ({"time_in_force": None}, ValueError, "time_in_force must be 'gtc' or 'ioc', not None"),
        ({"post_only": 1, "price": 5}, TypeError, "post_only must be True or False, not 1"),
        ({"reduce_only": None}, TypeError, "reduce_only must be True or False, not None"),
        ({"post_only": True}, ValueError, "post_only needs a price"),
        ({"post_only": True, "stop_price": 5}, ValueError, "post_only needs a price"),
        ({"post_only": True, "price": 5, "time_in_force": "ioc"}, ValueError, "contradict each other"),
        ({"stop_price": -5}, ValueError, "stop_price must be positive, not -5"),
        ({"stop_price": 0.01}, ValueError, "stop_price 0.01 is zero after rounding to 0.1"),
        ({"stop_price": "5"}, TypeError, "stop_price must be a number, not str"),
    ],
)
def test_wrong_options_raise_before_anything_is_sent(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    ctx, _, service = context()
    with pytest.raises(error, match=message):
        ctx.trade(BTC, 1, **options)
    assert not service.requests


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({}, {}),
        ({"time_in_force": "ioc"}, {"time_in_force": "ioc"}),
        ({"stop_price": 101.23, "reduce_only": True}, {"stop_price": "101.2", "reduce_only": True}),
        ({"price": 99.96, "post_only": True}, {"price": "100.0", "post_only": True}),
        ({"price": 99, "stop_price": 98}, {"price": "99.0", "stop_price": "98.0"}),
    ],
)
def test_options_are_sent_only_where_they_are_given(options: dict[str, Any], sent: dict[str, Any]) -> None:
    ctx, _, service = context(order())
    ctx.trade(BTC, 1, **options)
    trade = {"verb": "trade", "instrument": "SIM:BTCUSDT", "amount": "1.0"}
    assert service.requests == [trade | sent]


def test_an_order_tells_all_that_the_service_says() -> None:
    full = {
        "type": "stop_limit",
        "stop_price": "101",
        "triggered": True,
        "post_only": True,
        "reduce_only": True,
        "avg_price": "99.25",
        "rejection": "would_take",
        "reason": "it would take",
    }
    ctx, _, _ = context(order("rejected", **full))
    given = ctx.trade(BTC, 1)
    assert (given.stop_price, given.triggered, given.post_only, given.reduce_only) == (
        101.0,
        True,
        True,
        True,
    )
    assert (given.avg_price, given.rejection) == (99.25, "would_take")
    assert repr(given) == (
        "Order(o-1 buy 0.5 BTCUSDT stop_limit at 101 @ 99.5, rejected: it would take, filled 0)"
    )


def test_a_change_of_an_order_is_rounded_like_the_order() -> None:
    ctx, mirror, service = context(order(price="98.1"))
    mirror.apply(["o", order()])
    changed = ctx.modify_order("o-1", price=98.14)
    assert (changed.price, ctx.get_orders()["o-1"]) == (98.1, changed)
    ctx.modify_order(changed, 0.25049, stop_price=97)
    ctx.modify_order("o-unknown", price=98.14)
    assert service.requests == [
        {"verb": "modify_order", "order": "o-1", "price": "98.1"},
        {"verb": "modify_order", "order": "o-1", "amount": "0.250", "stop_price": "97.0"},
        {"verb": "modify_order", "order": "o-unknown", "price": "98.14"},
    ]


def test_a_wrong_change_raises_before_anything_is_sent() -> None:
    ctx, _, service = context()
    for change, message in [
        ({}, "needs an amount, a price or a stop_price"),
        ({"amount": -1}, "amount must be positive, not -1"),
        ({"price": float("nan")}, "price must be finite"),
        ({"amount": 1e30}, r"amount 1e\+30 is absurd: more than 1e\+15"),
    ]:
        with pytest.raises(ValueError, match=message):
            ctx.modify_order("o-1", **change)  # type: ignore[arg-type]
    assert not service.requests


def test_a_timer_is_set_and_removed_by_its_name() -> None:
    ctx, _, service = context()
    ctx.set_timer("rebalance", "1h")
    ctx.set_timer("rebalance", None)
    assert service.requests == [
        {"verb": "set_timer", "name": "rebalance", "every": "1h"},
        {"verb": "set_timer", "name": "rebalance", "every": None},
    ]
    for arguments, error in [(("", "1h"), ValueError), ((3, "1h"), TypeError), (("x", 60), TypeError)]:
        with pytest.raises(error):
            ctx.set_timer(*arguments)  # type: ignore[arg-type]


def test_an_order_is_seen_at_once_until_it_is_final() -> None:
    ctx, mirror, _ = context(order())
    given = ctx.trade(BTC, 0.5, 99.5)
    assert ctx.get_orders("BTCUSDT") == {"o-1": given}
    assert ctx.get_orders("SIM:ETHUSDT") == {}
    mirror.apply(["o", order("filled", filled="0.5")])
    assert ctx.get_orders() == {}


def test_a_rejected_order_is_returned_and_not_raised() -> None:
    ctx, _, _ = context(order("rejected", reason="paused"))
    rejected = ctx.trade(BTC, 0.5)
    assert (rejected.status, rejected.reason, rejected.is_open) == ("rejected", "paused", False)
    assert ctx.get_orders() == {}


def test_a_position_is_valued_at_the_last_quote() -> None:
    ctx, mirror, _ = context()
    assert ctx.get_position(BTC).quantity == 0
    fill = {
        "trade_id": "t",
        "order": "o-1",
        "instrument": "SIM:BTCUSDT",
        "side": "sell",
        "quantity": "2",
        "price": "100",
        "fee": "0.1",
        "liquidity": "taker",
        "time": "2026-01-01T00:00:01Z",
        "author": "strategy",
    }
    held = {
        "instrument": "SIM:BTCUSDT",
        "quantity": "-2",
        "avg_price": "100",
        "realized_pnl": "3",
        "fees": "0.1",
    }
    called = mirror.apply(["f", fill, held])
    assert called is not None
    assert called[0] == "on_fill"
    assert ctx.get_position(BTC).unrealized_pnl is None
    mirror.quotes[0] = Quote(BTC, SECOND, 98.0, 100.0, 1.0, 1.0)
    position = ctx.get_position(BTC)
    assert (position.unrealized_pnl, position.last_price, position.realized_pnl) == (2.0, 99.0, 3.0)
    assert list(ctx.get_positions()) == [BTC]
    # A contract of ten units is worth ten times as much.
    held |= {"instrument": "SIM:FUT", "funding": "0.5"}
    mirror.apply(["p", {}, held])
    mirror.quotes[3] = Quote(FUTURE, SECOND, 98.0, 100.0, 1.0, 1.0)
    position = ctx.get_position(FUTURE)
    assert (position.unrealized_pnl, position.funding) == (20.0, 0.5)
    assert ctx.time().isoformat() == "2026-01-01T00:00:01+00:00"


def test_a_bar_is_known_at_its_end() -> None:
    ctx, mirror, _ = context()
    called = mirror.apply(["b", 0, "1s", SECOND, SECOND + 1_000_000_000, 1, 3, 0.5, 2, 0.25, 10])
    assert called is not None
    bar = called[1]
    assert (bar.close, bar.volume, bar.quotes) == (2.0, 0.25, 10)
    assert bar.time.isoformat() == "2026-01-01T00:00:00+00:00"
    assert ctx.time().isoformat() == "2026-01-01T00:00:01+00:00"


def test_an_account_keeps_its_exact_decimals() -> None:
    fields = {
        "exchange": "SIM",
        "currency": "USDT",
        "capital": "100000",
        "equity": "100000.10",
        "realized_pnl": "0",
        "unrealized_pnl": None,
        "fees": "0.1",
        "net_leverage": None,
        "gross_leverage": "0.30",
    }
    ctx, _, _ = context(fields)
    account = ctx.account()
    assert (account.equity, account.unrealized_pnl) == (Decimal("100000.10"), None)
    assert (account.funding, account.maintenance_margin) == (Decimal(0), None)
    fields |= {"funding": "-1.5", "initial_margin": "30", "maintenance_margin": "15"}
    account = ctx.account()
    assert (account.funding, account.initial_margin, account.maintenance_margin) == (
        Decimal("-1.5"),
        Decimal(30),
        Decimal(15),
    )


def test_the_repl_shows_positions_and_orders_as_tables() -> None:
    ctx, mirror, _ = context()
    names = namespace(ctx)
    assert repr(names["portfolio"]()) == "no open positions"
    assert repr(names["orders"]()) == "no open orders"
    mirror.apply(["o", order()])
    mirror.apply(["o", order(id="o-22", price=None, type="market")])
    assert repr(names["orders"]()).splitlines() == [
        "id    symbol   side  type    quantity  filled  stop  price  status",
        "o-1   BTCUSDT  buy   limit        0.5       0     -   99.5  new",
        "o-22  BTCUSDT  buy   market       0.5       0     -      -  new",
    ]
