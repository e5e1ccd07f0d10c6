"""The values that callbacks and `ctx` give: immutable, small and quick to make.

Prices and sizes are `float`, times are nanoseconds since the Unix epoch with a UTC `datetime` beside them.
They are named tuples because a replay makes millions of them, and because importing `dataclasses` costs more
than all the rest of this package. The instrument in them has a module of its own.
"""

from datetime import datetime, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from .instrument import Instrument

_OPEN_STATUSES = frozenset({"intended", "new", "partially_filled"})


class Quote(NamedTuple):
    """The best bid and ask at one moment."""

    instrument: Instrument
    time_ns: int
    bid: float
    ask: float
    bid_size: float
    ask_size: float

    @property
    def time(self) -> datetime:
        """Returns when the market said so, in UTC."""
        return to_datetime(self.time_ns)

    @property
    def mid(self) -> float:
        """Returns the middle between bid and ask."""
        return (self.bid + self.ask) / 2


class Trade(NamedTuple):
    """A trade of others in the market."""

    instrument: Instrument
    time_ns: int
    price: float
    size: float
    side: str
    """`buy` when the buyer took what rested, `sell` when the seller did."""

    @property
    def time(self) -> datetime:
        """Returns when it happened, in UTC."""
        return to_datetime(self.time_ns)


class Bar(NamedTuple):
    """Open, high, low and close over one interval."""

    instrument: Instrument
    timeframe: str
    time_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    """What was traded in it; zero when the market tells only quotes."""
    quotes: int
    """How many events of the market it is made of."""

    @property
    def time(self) -> datetime:
        """Returns when the interval began, in UTC."""
        return to_datetime(self.time_ns)


class Order(NamedTuple):
    """An order as it stood when this was made; it does not change by itself."""

    id: str
    instrument: Instrument
    side: str
    """`buy` or `sell`."""
    type: str
    """`market`, `limit`, `stop` or `stop_limit`."""
    quantity: float
    filled: float
    price: float | None
    time_in_force: str
    """`gtc` or `ioc`."""
    status: str
    """`intended`, `new`, `partially_filled`, `filled`, `cancelled` or `rejected`."""
    author: str
    created_ns: int
    reason: str | None
    """Why it was rejected or cancelled."""
    stop_price: float | None = None
    """The price that the market must reach before it is an order at all."""
    triggered: bool = False
    """Whether the market has reached the stop price."""
    post_only: bool = False
    reduce_only: bool = False
    avg_price: float | None = None
    """The average price of its fills."""
    rejection: str | None = None
    """The name of the reason of a rejection, for example `margin` or `would_take`."""

    @property
    def is_open(self) -> bool:
        """Tells whether it can still be filled."""
        return self.status in _OPEN_STATUSES

    @property
    def remaining(self) -> float:
        """Returns what is not filled yet."""
        return self.quantity - self.filled

    @property
    def created_at(self) -> datetime:
        """Returns when it was given, in UTC."""
        return to_datetime(self.created_ns)

    def __repr__(self) -> str:
        price = "" if self.price is None else f" @ {self.price:.12g}"
        stop = "" if self.stop_price is None else f" at {self.stop_price:.12g}"
        reason = f": {self.reason}" if self.reason else ""
        wanted = f"{self.side} {self.quantity:.12g} {self.instrument.label} {self.type}{stop}{price}"
        return f"Order({self.id} {wanted}, {self.status}{reason}, filled {self.filled:.12g})"


class Fill(NamedTuple):
    """One execution of an order."""

    trade_id: str
    order_id: str
    instrument: Instrument
    side: str
    quantity: float
    price: float
    fee: float
    liquidity: str
    """`maker` or `taker`."""
    time_ns: int
    author: str

    @property
    def time(self) -> datetime:
        """Returns when it happened, in UTC."""
        return to_datetime(self.time_ns)


class Position(NamedTuple):
    """What is held of one instrument, valued at the middle of its last quote, or at its last trade."""

    instrument: Instrument
    quantity: float
    """Negative when short, zero when flat."""
    avg_price: float | None
    last_price: float | None
    unrealized_pnl: float | None
    """Before fees; none while there is no quote."""
    realized_pnl: float
    """Before fees."""
    fees: float
    funding: float = 0.0
    """Paid; negative when received."""


class Account(NamedTuple):
    """What one exchange's account is worth, in exact decimals."""

    exchange: str
    currency: str
    capital: Decimal
    equity: Decimal
    realized_pnl: Decimal
    unrealized_pnl: Decimal | None
    fees: Decimal
    net_leverage: Decimal | None
    gross_leverage: Decimal | None
    funding: Decimal = Decimal(0)
    """Paid; negative when received."""
    initial_margin: Decimal | None = None
    """What the positions and the orders that would increase them need."""
    maintenance_margin: Decimal | None = None
    """The equity below which the account is liquidated."""


def to_datetime(time_ns: int) -> datetime:
    """Returns nanoseconds since the epoch as a UTC `datetime` (which holds microseconds)."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return datetime.fromtimestamp(seconds, timezone.utc).replace(microsecond=rest // 1000)


def parse_time(text: str) -> int:
    """Returns the nanoseconds since the epoch of a time such as `2026-01-01T00:00:00.123456789Z`."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return _whole_seconds(whole) * 1_000_000_000 + int((fraction + "0" * 9)[:9])


# The orders and fills of one moment are many.
@lru_cache(maxsize=64)
def _whole_seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


def parse_account(fields: dict[str, Any]) -> Account:
    """Returns the account that the service describes."""

    def decimal(name: str) -> Decimal | None:
        text = fields.get(name)
        return None if text is None else Decimal(text)

    return Account(
        exchange=fields["exchange"],
        currency=fields["currency"],
        capital=Decimal(fields["capital"]),
        equity=Decimal(fields["equity"]),
        realized_pnl=Decimal(fields["realized_pnl"]),
        unrealized_pnl=decimal("unrealized_pnl"),
        fees=Decimal(fields["fees"]),
        net_leverage=decimal("net_leverage"),
        gross_leverage=decimal("gross_leverage"),
        funding=decimal("funding") or Decimal(0),
        initial_margin=decimal("initial_margin"),
        maintenance_margin=decimal("maintenance_margin"),
    )
