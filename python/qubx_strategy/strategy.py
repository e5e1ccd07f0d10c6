"""The base class of a native strategy."""

from .context import Context
from .market import Bar, Fill, Quote

CALLBACKS = ("on_start", "on_quote", "on_bar", "on_fill", "on_stop")
"""The methods that a strategy may override; they run one after the other on one thread."""


class Strategy:
    """Derive from this and override the callbacks that are needed.

    Class attributes that are annotated and have a default are the parameters. The configured values are set
    on the instance before `__init__` runs, so `__init__` sees them; it is called without arguments.
    An exception in a callback is shown, and the strategy goes on with the next event.
    """

    def on_start(self, ctx: Context) -> None:
        """Runs once, before the first market data."""

    def on_quote(self, ctx: Context, quote: Quote) -> None:
        """Runs for every quote."""

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Runs for every finished bar of a timeframe that was subscribed with `ctx.subscribe_bars`."""

    def on_fill(self, ctx: Context, fill: Fill) -> None:
        """Runs for every fill, whoever gave the order; `ctx` shows the position that results."""

    def on_stop(self, ctx: Context) -> None:
        """Runs once, when the session ends in good order."""


def overridden_callbacks(strategy: type) -> list[str]:
    """Returns the callbacks that a strategy class has of its own."""
    return [name for name in CALLBACKS if getattr(strategy, name) is not getattr(Strategy, name)]
