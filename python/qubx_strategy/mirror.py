"""A copy of what the engine told: quotes, positions, open orders and the engine's clock.

The strategy's thread applies one input at a time, just before the callback that belongs to it, so a callback
sees the state at its event and nothing newer. The REPL reads the same copy without a lock: every value in it
is immutable and every change replaces one entry. It holds no rule of trading.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .market import Bar, Fill, Instrument, Order, Position, Quote, parse_time


class Held(NamedTuple):
    """A position as the ledger has it: without a market value."""

    quantity: float
    avg_price: float | None
    realized_pnl: float
    fees: float


FLAT = Held(0.0, None, 0.0, 0.0)


class Mirror:
    """What the engine told so far."""

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        self.instruments = tuple(instruments)
        self.time_ns = 0
        self.quotes: dict[Instrument, Quote] = {}
        self.held: dict[Instrument, Held] = {}
        self.orders: dict[str, Order] = {}
        self._by_name = {instrument.name: instrument for instrument in self.instruments}
        self._by_symbol: dict[str, list[Instrument]] = {}
        for instrument in self.instruments:
            self._by_symbol.setdefault(instrument.symbol, []).append(instrument)

    def find(self, name: Instrument | str) -> Instrument:
        """Returns the instrument that is meant: by itself, its symbol or `EXCHANGE:SYMBOL`."""
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

    def apply(self, entry: list[Any]) -> tuple[str, Quote | Bar | Fill] | None:
        """Applies one input; returns the callback that it calls for and its argument."""
        kind = entry[0]
        if kind == "q":
            _, index, time_ns, bid, ask, bid_size, ask_size = entry
            instrument = self.instruments[index]
            quote = Quote(instrument, time_ns, float(bid), float(ask), float(bid_size), float(ask_size))
            self.quotes[instrument] = quote
            self.time_ns = time_ns
            return "on_quote", quote
        if kind == "b":
            _, index, timeframe, time_ns, end_ns, open_, high, low, close, quotes = entry
            self.time_ns = max(self.time_ns, end_ns)
            prices = (float(open_), float(high), float(low), float(close))
            return "on_bar", Bar(self.instruments[index], timeframe, time_ns, *prices, quotes)
        if kind == "o":
            self.put_order(self.order(entry[1]))
            return None
        if kind == "f":
            fill = self._fill(entry[1])
            self.held[fill.instrument] = _held(entry[2])
            self.time_ns = max(self.time_ns, fill.time_ns)
            return "on_fill", fill
        raise ValueError(f"unknown input {kind!r}")

    def put_order(self, order: Order) -> None:
        """Keeps an order while it is open."""
        if order.is_open:
            self.orders[order.id] = order
        else:
            self.orders.pop(order.id, None)

    def position(self, instrument: Instrument) -> Position:
        """Returns what is held of an instrument, at its last quote."""
        held = self.held.get(instrument, FLAT)
        quote = self.quotes.get(instrument)
        last = quote.mid if quote else None
        unrealized: float | None = None
        if held.quantity == 0 or held.avg_price is None:
            unrealized = 0.0
        elif last is not None:
            unrealized = (last - held.avg_price) * held.quantity
        return Position(
            instrument, held.quantity, held.avg_price, last, unrealized, held.realized_pnl, held.fees
        )

    def order(self, fields: Mapping[str, Any]) -> Order:
        """Returns the order that the service describes."""
        price = fields["price"]
        return Order(
            id=fields["id"],
            instrument=self._by_name[fields["instrument"]],
            side=fields["side"],
            type=fields["type"],
            quantity=float(fields["quantity"]),
            filled=float(fields["filled"]),
            price=None if price is None else float(price),
            time_in_force=fields["time_in_force"],
            status=fields["status"],
            author=fields["author"],
            created_ns=parse_time(fields["created_at"]),
            reason=fields.get("reason"),
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


def _held(fields: Mapping[str, Any]) -> Held:
    average = fields["avg_price"]
    return Held(
        quantity=float(fields["quantity"]),
        avg_price=None if average is None else float(average),
        realized_pnl=float(fields["realized_pnl"]),
        fees=float(fields["fees"]),
    )
