"""`ctx`: what a strategy and the REPL may ask and do.

It reads the mirror, and sends every verb to the service and waits for the answer. It may be used from any
thread; on the REPL's thread a wait can be interrupted. Wrong arguments raise before anything is sent.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

from .history import Bars
from .instrument import Instrument
from .market import Account, Order, Position, Quote, parse_account, to_datetime
from .mirror import Mirror, parse_bar
from .published import check_name, content_of, point_of
from .rounding import rounded, rounded_positive
from .state import check_state

T = TypeVar("T")


class Service(Protocol):
    """The way to the service."""

    def call(self, request: Mapping[str, Any], read: Callable[[Any], T]) -> T:
        """Sends a verb and returns what `read` makes of its answer; a refusal raises `RuntimeError`."""

    def log(self, level: str, text: str) -> None:
        """Writes a line to the session's log."""

    def publish(self, name: str, instrument: int | None, time_ns: int, content: Mapping[str, Any]) -> None:
        """Shows something under a name."""


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
        return self._mirror.quotes[self._mirror.find(instrument).index]

    def ohlc(self, instrument: Instrument | str, timeframe: str, length: int) -> Bars:
        """Returns the last bars of a timeframe, at most `length`, the oldest first.

        The last one is the bar that is not finished yet, if there is one. The list has `numpy()` and
        `pandas()` for those who have these packages.
        """
        if not isinstance(length, int) or isinstance(length, bool):
            raise TypeError(f"length must be int, not {type(length).__name__}")
        if length < 1:
            raise ValueError(f"length must be at least 1, not {length}")
        found = self._mirror.find(instrument)
        request = {
            "verb": "history",
            "instrument": found.name,
            "timeframe": _timeframe("timeframe", timeframe),
            "length": length,
        }
        bars = self._service.call(request, lambda answer: answer)
        return Bars(parse_bar(found, timeframe, start_ns, numbers) for start_ns, _, *numbers in bars)

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
        return {id: order for id, order in orders.items() if order.instrument is wanted}

    def account(self, exchange: str | None = None) -> Account:
        """Returns an exchange's account; the name may be left out when there is only one."""
        return self._service.call({"verb": "account", "exchange": exchange}, parse_account)

    def trade(
        self,
        instrument: Instrument | str,
        amount: float,
        price: float | None = None,
        time_in_force: str = "gtc",
        *,
        stop_price: float | None = None,
        post_only: bool = False,
        reduce_only: bool = False,
    ) -> Order:
        """Gives an order and returns it at once: it may rest, be filled or be rejected.

        A positive amount buys, a negative one sells; without a price at market. With a stop price it waits
        until the market has reached that. What an `ioc` order does not fill at once is cancelled. A
        `post_only` order is rejected rather than filled at once, and a `reduce_only` one never increases a
        position. Amount and prices are rounded to the nearest lot and tick. A rejected order is returned
        with its reason, not raised.
        """
        found = self._mirror.find(instrument)
        if time_in_force not in ("gtc", "ioc"):
            raise ValueError(f"time_in_force must be 'gtc' or 'ioc', not {time_in_force!r}")
        for name, value in (("post_only", post_only), ("reduce_only", reduce_only)):
            if not isinstance(value, bool):
                raise TypeError(f"{name} must be True or False, not {value!r}")
        if post_only and price is None:
            raise ValueError("post_only needs a price: an order at market never rests")
        if post_only and time_in_force == "ioc":
            raise ValueError("post_only and time_in_force 'ioc' contradict each other")
        request: dict[str, Any] = {
            "verb": "trade",
            "instrument": found.name,
            "amount": rounded("amount", amount, found.lot_size),
            **_prices(price, stop_price, found.tick_size),
        }
        if time_in_force != "gtc":
            request["time_in_force"] = time_in_force
        if post_only:
            request["post_only"] = True
        if reduce_only:
            request["reduce_only"] = True
        return self._service.call(request, self._take_order)

    def modify_order(
        self,
        order: Order | str,
        amount: float | None = None,
        price: float | None = None,
        stop_price: float | None = None,
    ) -> Order:
        """Changes an open order, given by itself or its id, and returns it as it then stands.

        The amount is the order's whole new quantity, what is filled included; it is positive for both sides.
        What is not given stays.
        """
        id = order.id if isinstance(order, Order) else order
        if amount is None and price is None and stop_price is None:
            raise ValueError("modify_order needs an amount, a price or a stop_price")
        known = self._mirror.orders.get(id) or (order if isinstance(order, Order) else None)
        # The service knows an order that is not open here any more, or not yet, and rounds for itself.
        lot_size, tick_size = (known.instrument.lot_size, known.instrument.tick_size) if known else (0.0, 0.0)
        request = {"verb": "modify_order", "order": id, **_prices(price, stop_price, tick_size)}
        if amount is not None:
            request["amount"] = rounded_positive("amount", amount, lot_size)
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
        request = {"verb": "subscribe_bars", "timeframe": _timeframe("timeframe", timeframe)}
        self._service.call(request, lambda _: None)

    def set_timer(self, name: str, every: str | None) -> None:
        """Asks for `on_timer` at every whole multiple of a time, `30s` or `1h`; `None` ends the timer.

        Multiples are counted in UTC, by the engine's clock: `1h` is due at every full hour.
        """
        check_name("a timer's name", name)
        interval = None if every is None else _timeframe("every", every)
        self._service.call({"verb": "set_timer", "name": name, "every": interval}, lambda _: None)

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

    def publish(self, name: str, value: Any) -> None:
        """Shows a value on the dashboard: a number, a text, a truth or `None`; the newest one counts.

        A list of dicts, a dict of columns or a `DataFrame` is a table, of at most 1,000 rows and 50 columns.
        """
        content = content_of(value)
        self._service.publish(check_name("name", name), None, self._mirror.time_ns, content)

    def plot(self, name: str, value: float | None, instrument: Instrument | str | None = None) -> None:
        """Adds a point to a line on the dashboard, at the engine's time; `None` or NaN breaks the line.

        With an instrument, the line is drawn on its chart.
        """
        index = None if instrument is None else self._mirror.find(instrument).index
        self._service.publish(check_name("name", name), index, self._mirror.time_ns, point_of(value))

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


def _prices(price: float | None, stop_price: float | None, tick_size: float) -> dict[str, str]:
    given = {"price": price, "stop_price": stop_price}
    return {
        name: rounded_positive(name, value, tick_size) for name, value in given.items() if value is not None
    }


def _timeframe(what: str, text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{what} must be text such as '30s', '15m' or '1h', not {type(text).__name__}")
    return text
