"""What the REPL has beside `ctx` and `S`: small helpers that print well."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .context import Context
from .instrument import Instrument
from .market import Order


class Table:
    """Rows with headings, shown as aligned text; `rows` has the values themselves."""

    def __init__(self, headings: Sequence[str], rows: Iterable[Sequence[Any]], empty: str) -> None:
        self.headings = tuple(headings)
        self.rows = [tuple(row) for row in rows]
        self._empty = empty

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.rows)

    def __repr__(self) -> str:
        if not self.rows:
            return self._empty
        cells = [self.headings, *([_text(value) for value in row] for row in self.rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(self.headings))]
        columns = zip(*self.rows, strict=True)
        numeric = [
            all(value is None or isinstance(value, float | int) for value in column) for column in columns
        ]
        lines = []
        for row in cells:
            parts = (
                cell.rjust(width) if number else cell.ljust(width)
                for cell, width, number in zip(row, widths, numeric, strict=True)
            )
            lines.append("  ".join(parts).rstrip())
        return "\n".join(lines)


class Helpers:
    """The functions that the REPL's namespace gets."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def portfolio(self) -> Table:
        """Returns the positions that are not flat, at the last quotes."""
        rows = [
            (
                p.instrument.label,
                p.quantity,
                p.avg_price,
                p.last_price,
                p.unrealized_pnl,
                p.realized_pnl,
                p.fees,
            )
            for p in self._context.get_positions().values()
        ]
        headings = ("symbol", "quantity", "avg price", "last price", "unrealized", "realized", "fees")
        return Table(headings, rows, "no open positions")

    def orders(self) -> Table:
        """Returns the open orders."""
        rows = [
            (
                o.id,
                o.instrument.label,
                o.side,
                o.type,
                o.quantity,
                o.filled,
                o.stop_price,
                o.price,
                o.status,
            )
            for o in self._context.get_orders().values()
        ]
        headings = ("id", "symbol", "side", "type", "quantity", "filled", "stop", "price", "status")
        return Table(headings, rows, "no open orders")

    def trade(
        self,
        instrument: Instrument | str,
        amount: float,
        price: float | None = None,
        **options: Any,
    ) -> Order:
        """Gives an order and returns it at once: a positive amount buys, a negative one sells.

        The options are those of `ctx.trade`.
        """
        return self._context.trade(instrument, amount, price, **options)


def namespace(context: Context) -> dict[str, Any]:
    """Returns the names that the REPL begins with; `S` is none until the strategy is constructed."""
    helpers = Helpers(context)
    return {
        "ctx": context,
        "S": None,
        "portfolio": helpers.portfolio,
        "orders": helpers.orders,
        "trade": helpers.trade,
    }


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:,.10g}" if isinstance(value, float) else str(value)
