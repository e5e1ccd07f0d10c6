"""A copy of what the engine told: quotes, positions, open orders and the engine's clock.

The strategy's thread applies one record at a time, just before the callback that belongs to it, so a callback
sees the state at its event and nothing newer. The REPL reads the same copy without a lock: every value in it
is immutable and every change replaces one entry. It holds no rule of trading.

Quotes and trades are put into it by the loop over a batch (see `runner`), which has no time for a call.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .instrument import Instrument, register
from .market import Bar, Fill, Order, Position, Quote, parse_time

COMMAND = "command"
"""What a command calls for, with what the service says of it: an action, or another value of a parameter."""

Called = tuple[str, Any]
"""A callback's name, or `COMMAND`, and its argument."""


class Held(NamedTuple):
    """A position as the ledger has it: without a market value."""

    quantity: float
    avg_price: float | None
    realized_pnl: float
    fees: float
    funding: float


FLAT = Held(0.0, None, 0.0, 0.0, 0.0)


class Mirror:
    """What the engine told so far."""

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        self.instruments = tuple(instruments)
        register(self.instruments)
        self.time_ns = 0
        self.quotes: list[Quote | None] = [None] * len(self.instruments)
        """The last quotes, by the instrument's index."""
        self.last_prices: list[float | None] = [None] * len(self.instruments)
        """The prices of the last trades or bars; they count where nothing is quoted."""
        self.held: dict[Instrument, Held] = {}
        self.orders: dict[str, Order] = {}
        self._by_name = {instrument.name: instrument for instrument in self.instruments}
        self._by_symbol: dict[str, list[Instrument]] = {}
        for instrument in self.instruments:
            self._by_symbol.setdefault(instrument.symbol, []).append(instrument)

    def find(self, name: Instrument | str) -> Instrument:
        """Returns the instrument that is meant: by itself, its symbol or `EXCHANGE:SYMBOL`."""
        if isinstance(name, Instrument) and self._by_name.get(name.name) is name:
            return name
        text = str(name)
        if found := self._by_name.get(text):
            return found
        same_symbol = self._by_symbol.get(text, [])
        if len(same_symbol) == 1:
            return same_symbol[0]
        if same_symbol:
            choices = " or ".join(instrument.name for instrument in same_symbol)
            raise ValueError(f"{text!r} trades on several exchanges: write {choices}")
        from difflib import get_close_matches

        known = [*self._by_name, *self._by_symbol]
        near = get_close_matches(text.upper(), known, n=1, cutoff=0.0)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"no instrument {text!r} in this session{hint}")

    def reset(self, positions: Iterable[Mapping[str, Any]], orders: Iterable[Mapping[str, Any]]) -> None:
        """Takes over the positions and open orders that exist when the strategy starts."""
        self.held = {self._by_name[p["instrument"]]: _held(p) for p in positions}
        self.orders = {}
        for fields in orders:
            self.put_order(self.order(fields))

    def apply(self, fact: list[Any]) -> Called | None:
        """Applies a fact; returns the callback that it calls for and its argument."""
        kind = fact[0]
        if kind == "o":
            order = self.order(fact[1])
            self.put_order(order)
            return "on_order", order
        if kind == "f":
            fill = self._fill(fact[1])
            self.held[fill.instrument] = _held(fact[2])
            self.see_time(fill.time_ns)
            return "on_fill", fill
        if kind == "b":
            _, index, timeframe, start_ns, end_ns, *numbers = fact
            bar = parse_bar(self.instruments[index], timeframe, start_ns, numbers)
            self.last_prices[index] = bar.close
            self.see_time(end_ns)
            return "on_bar", bar
        if kind == "t":
            self.see_time(fact[2])
            return "on_timer", fact[1]
        if kind == "c":
            return COMMAND, fact[1:]
        if kind == "p":
            held = fact[2]
            self.held[self._by_name[held["instrument"]]] = _held(held)
            return None
        raise ValueError(f"unknown fact {kind!r}")

    def see_time(self, time_ns: int) -> None:
        """Moves the engine's clock on; it never goes back."""
        if time_ns > self.time_ns:
            self.time_ns = time_ns

    def put_order(self, order: Order) -> None:
        """Keeps an order while it is open."""
        if order.is_open:
            self.orders[order.id] = order
        else:
            self.orders.pop(order.id, None)

    def position(self, instrument: Instrument) -> Position:
        """Returns what is held of an instrument, at its last price."""
        held = self.held.get(instrument, FLAT)
        quote = self.quotes[instrument.index]
        last = quote.mid if quote else self.last_prices[instrument.index]
        unrealized: float | None = None
        if held.quantity == 0 or held.avg_price is None:
            unrealized = 0.0
        elif last is not None:
            unrealized = (last - held.avg_price) * held.quantity * instrument.multiplier
        return Position(
            instrument,
            held.quantity,
            held.avg_price,
            last,
            unrealized,
            held.realized_pnl,
            held.fees,
            held.funding,
        )

    def order(self, fields: Mapping[str, Any]) -> Order:
        """Returns the order that the service describes."""
        return Order(
            id=fields["id"],
            instrument=self._by_name[fields["instrument"]],
            side=fields["side"],
            type=fields["type"],
            quantity=float(fields["quantity"]),
            filled=float(fields["filled"]),
            price=_optional(fields["price"]),
            time_in_force=fields["time_in_force"],
            status=fields["status"],
            author=fields["author"],
            created_ns=parse_time(fields["created_at"]),
            reason=fields.get("reason"),
            stop_price=_optional(fields.get("stop_price")),
            triggered=fields.get("triggered", False),
            post_only=fields.get("post_only", False),
            reduce_only=fields.get("reduce_only", False),
            avg_price=_optional(fields.get("avg_price")),
            rejection=fields.get("rejection"),
        )

    def _fill(self, fields: Mapping[str, Any]) -> Fill:
        return Fill(
            trade_id=fields["trade_id"],
            order_id=fields["order"],
            instrument=self._by_name[fields["instrument"]],
            side=fields["side"],
            quantity=float(fields["quantity"]),
            price=float(fields["price"]),
            fee=float(fields["fee"]),
            liquidity=fields["liquidity"],
            time_ns=parse_time(fields["time"]),
            author=fields["author"],
        )


def parse_bar(instrument: Instrument, timeframe: str, start_ns: int, numbers: list[Any]) -> Bar:
    """Returns a bar of its numbers: open, high, low, close, volume and the count of events."""
    open_, high, low, close, volume, quotes = numbers
    prices = (float(open_), float(high), float(low), float(close))
    return Bar(instrument, timeframe, start_ns, *prices, float(volume), quotes)


def _held(fields: Mapping[str, Any]) -> Held:
    return Held(
        quantity=float(fields["quantity"]),
        avg_price=_optional(fields["avg_price"]),
        realized_pnl=float(fields["realized_pnl"]),
        fees=float(fields["fees"]),
        funding=float(fields.get("funding", 0)),
    )


def _optional(number: Any) -> float | None:
    return None if number is None else float(number)
