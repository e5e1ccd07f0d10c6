"""`ctx`: what a strategy and the REPL may ask and do.

It reads the mirror, and sends every verb to the service and waits for the answer. It may be used from any
thread; on the REPL's thread a wait can be interrupted. Wrong arguments raise before anything is sent.
"""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, DivisionByZero, InvalidOperation
from decimal import Context as Arithmetic
from typing import Any, Protocol, TypeVar

from .market import Account, Instrument, Order, Position, Quote, parse_account, to_datetime
from .mirror import Mirror
from .state import check_state

T = TypeVar("T")

_EXACT = Arithmetic(prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero])
"""What prices and amounts are calculated in: the thread's own context is the user's to change."""


class Service(Protocol):
    """The way to the service."""

    def call(self, request: Mapping[str, Any], read: Callable[[Any], T]) -> T:
        """Sends a verb and returns what `read` makes of its answer; a refusal raises `RuntimeError`."""

    def log(self, level: str, text: str) -> None:
        """Writes a line to the session's log."""


class Context:
    """What a strategy and the REPL may ask and do.

    Wherever an instrument is taken, its symbol as text is taken too, or `EXCHANGE:SYMBOL`.
    """

    def __init__(self, mirror: Mirror, service: Service) -> None:
        self._mirror = mirror
        self._service = service

    def __repr__(self) -> str:
        return f"Context({', '.join(str(instrument) for instrument in self.instruments)})"

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """What the session trades, in the config's order."""
        return self._mirror.instruments

    def time(self) -> datetime:
        """Returns the engine's time in UTC: wall time, or the recorded time in a replay."""
        return to_datetime(self._mirror.time_ns)

    def quote(self, instrument: Instrument | str) -> Quote | None:
        """Returns the last quote; none before the first."""
        return self._mirror.quotes.get(self._mirror.find(instrument))

    def get_position(self, instrument: Instrument | str) -> Position:
        """Returns what is held of an instrument; a flat position when it was never traded."""
        return self._mirror.position(self._mirror.find(instrument))

    def get_positions(self) -> dict[Instrument, Position]:
        """Returns the positions that are not flat."""
        held = self._mirror.held.copy()
        return {i: self._mirror.position(i) for i, position in held.items() if position.quantity != 0}

    def get_orders(self, instrument: Instrument | str | None = None) -> dict[str, Order]:
        """Returns the open orders by id, of one instrument or of all."""
        orders = self._mirror.orders.copy()
        if instrument is None:
            return orders
        wanted = self._mirror.find(instrument)
        return {id: order for id, order in orders.items() if order.instrument == wanted}

    def account(self, exchange: str | None = None) -> Account:
        """Returns an exchange's account; the name may be left out when there is only one."""
        return self._service.call({"verb": "account", "exchange": exchange}, parse_account)

    def trade(
        self,
        instrument: Instrument | str,
        amount: float,
        price: float | None = None,
        time_in_force: str = "gtc",
    ) -> Order:
        """Gives an order and returns it at once: it may rest, be filled or be rejected.

        A positive amount buys, a negative one sells; without a price at market. Amount and price are rounded
        to the nearest lot and tick. A rejected order is returned with its reason, not raised.
        """
        found = self._mirror.find(instrument)
        if time_in_force != "gtc":
            raise ValueError(f"time_in_force {time_in_force!r} is not supported: only 'gtc' is")
        quantity = _rounded("amount", amount, found.lot_size)
        limit = None if price is None else _rounded("price", price, found.tick_size)
        if limit is not None and limit < 0:
            raise ValueError(f"price must be positive, not {price}")
        request = {"verb": "trade", "instrument": found.name, "amount": format(quantity, "f")}
        if limit is not None:
            request["price"] = format(limit, "f")
        return self._service.call(request, self._take_order)

    def cancel_order(self, order: Order | str) -> Order:
        """Cancels one order, by itself or its id, and returns it as it then stands."""
        id = order.id if isinstance(order, Order) else order
        return self._service.call({"verb": "cancel_order", "order": id}, self._take_order)

    def cancel_orders(self, instrument: Instrument | str | None = None) -> list[Order]:
        """Cancels the open orders of one instrument, or all, and returns them as they then stand."""
        name = None if instrument is None else self._mirror.find(instrument).name
        return self._service.call({"verb": "cancel_orders", "instrument": name}, self._take_orders)

    def close_position(self, instrument: Instrument | str) -> Order | None:
        """Closes a position at market and returns the order; none when it is flat."""
        name = self._mirror.find(instrument).name
        request = {"verb": "close_position", "instrument": name}
        return self._service.call(request, lambda answer: answer and self._take_order(answer))

    def close_positions(self) -> list[Order]:
        """Closes all positions at market and returns the orders."""
        return self._service.call({"verb": "close_positions"}, self._take_orders)

    def subscribe_bars(self, timeframe: str) -> None:
        """Asks for `on_bar` at the end of every interval, for example `1s`, `15m`, `4h`, `1d`."""
        self._service.call({"verb": "subscribe_bars", "timeframe": timeframe}, lambda _: None)

    def save_state(self, state: Any) -> None:
        """Keeps an object for the strategy's next start in this account, and returns once it is stored.

        It is kept as JSON: `None`, `bool`, `int`, `float`, `str`, lists and dicts with `str` keys, together
        at most 1 MiB and 100 levels deep. A tuple comes back as a list, and a dict sorted by its keys.
        Anything else raises `TypeError`, and a number or text that JSON cannot hold `ValueError`, with the
        place in the object; nothing is kept then.
        """
        check_state(state)
        self._service.call({"verb": "save_state", "state": state}, lambda _: None)

    def load_state(self) -> Any:
        """Returns the object that was kept last in this account; none when there is none."""
        return self._service.call({"verb": "load_state"}, lambda state: state)

    def log(self, *values: object, level: str = "info") -> None:
        """Writes a line to the session's log; the level is `debug`, `info`, `warning` or `error`."""
        if level not in ("debug", "info", "warning", "error"):
            raise ValueError(f"level must be debug, info, warning or error, not {level!r}")
        self._service.log(level, " ".join(str(value) for value in values))

    def _take_orders(self, answer: list[dict[str, Any]]) -> list[Order]:
        return [self._take_order(fields) for fields in answer]

    def _take_order(self, fields: dict[str, Any]) -> Order:
        """Returns the order of an answer, and shows it in the mirror before the engine's own word of it."""
        order = self._mirror.order(fields)
        self._mirror.put_order(order)
        return order


def _rounded(what: str, value: float, step: float) -> Decimal:
    """Returns the multiple of `step` nearest to `value`, which must be a finite number other than zero."""
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise TypeError(f"{what} must be a number, not {type(value).__name__}")
    if not math.isfinite(value):
        raise ValueError(f"{what} must be finite, not {value}")
    # The shortest text of a float is what its author meant: 0.1 is 0.1, not 0.1000000000000000055.
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    size = Decimal(repr(step))
    rounded = exact
    if size:
        rounded = _EXACT.multiply(_EXACT.to_integral_value(_EXACT.divide(exact, size)), size)
    if not rounded:
        raise ValueError(f"{what} {value} is zero" + (f" after rounding to {step}" if exact else ""))
    return rounded
