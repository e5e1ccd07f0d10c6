"""An instrument: a small object of which there is one for each thing that can be traded.

It is compared and hashed by identity, because strategies look things up by it at every quote. So a copy of an
instrument is the instrument itself, and one that was pickled comes back as the one that this process has.
"""

from collections.abc import Mapping
from typing import Any, NoReturn


class Instrument:
    """What can be traded, and the steps that prices and quantities obey."""

    __slots__ = (
        "currency",
        "exchange",
        "index",
        "kind",
        "label",
        "lot_size",
        "maintenance_rate",
        "min_notional",
        "multiplier",
        "name",
        "symbol",
        "tick_size",
    )

    index: int
    """Its place in `ctx.instruments`."""
    exchange: str
    symbol: str
    name: str
    """`EXCHANGE:SYMBOL`."""
    label: str
    """The shortest name that no other instrument here has: the symbol, if only one exchange has it."""
    tick_size: float
    lot_size: float
    min_notional: float
    currency: str
    multiplier: float
    """A position's value is price times quantity times this."""
    kind: str
    """`perpetual` or `future`."""
    maintenance_rate: float
    """The part of a position's value that must be there as equity."""

    def __init__(
        self,
        index: int,
        exchange: str,
        symbol: str,
        tick_size: float,
        lot_size: float,
        min_notional: float,
        currency: str,
        multiplier: float = 1.0,
        kind: str = "perpetual",
        maintenance_rate: float = 0.0,
    ) -> None:
        fields = locals()
        names = {"name": f"{exchange}:{symbol}", "label": symbol}
        for slot in self.__slots__:
            object.__setattr__(self, slot, names[slot] if slot in names else fields[slot])

    def __setattr__(self, name: str, _: object) -> NoReturn:
        raise AttributeError(f"an instrument does not change: {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"an instrument does not change: {name} cannot be deleted")

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Instrument):
            return NotImplemented
        return (self.exchange, self.symbol) < (other.exchange, other.symbol)

    def __copy__(self) -> "Instrument":
        return self

    def __deepcopy__(self, _: dict[int, Any]) -> "Instrument":
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        fields = {name: getattr(self, name) for name in self.__slots__ if name not in ("name", "label")}
        return _unpickled, (self.name, fields)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Instrument({self.name})"


_known: dict[str, Instrument] = {}
"""The instruments of this process by name: the session's, or in a worker those that were sent to it."""


def register(instruments: tuple[Instrument, ...]) -> None:
    """Makes these the instruments that pickled ones come back as, and gives each a label of its own."""
    symbols = [instrument.symbol for instrument in instruments]
    for instrument in instruments:
        if symbols.count(instrument.symbol) > 1:
            object.__setattr__(instrument, "label", instrument.name)
    _known.update((instrument.name, instrument) for instrument in instruments)


def parse_instrument(index: int, fields: Mapping[str, Any]) -> Instrument:
    """Returns the instrument that the service describes; what it does not say is as for most."""
    return Instrument(
        index,
        fields["exchange"],
        fields["symbol"],
        float(fields["tick_size"]),
        float(fields["lot_size"]),
        float(fields["min_notional"]),
        fields["currency"],
        float(fields.get("multiplier", 1)),
        str(fields.get("kind", "perpetual")),
        float(fields.get("maintenance_rate", 0)),
    )


def _unpickled(name: str, fields: dict[str, Any]) -> Instrument:
    if (known := _known.get(name)) is None:
        known = _known[name] = Instrument(**fields)
    return known
