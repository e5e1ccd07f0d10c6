"""The base class of a native strategy."""

from collections.abc import Mapping
from typing import Any, ClassVar

from .actions import check_actions
from .context import Context
from .market import Bar, Fill, Order, Quote, Trade
from .parameters import Parameter, assign, read_parameters

CALLBACKS = ("on_start", "on_quote", "on_trade", "on_bar", "on_timer", "on_order", "on_fill", "on_stop")
"""The methods that a strategy may override; they run one after the other on one thread."""


class Strategy:
    """Derive from this and override the callbacks that are needed.

    Class attributes that are annotated and have a default are the parameters. The configured values are set
    on the instance before `__init__` runs, so `__init__` sees them; it is called without arguments.
    They can be changed while it runs, by assigning to them, and are checked then as at the start.
    An exception in a callback is shown, and the strategy goes on with the next event; after five in a row
    trading is paused.
    """

    _qubx_parameters: ClassVar[Mapping[str, Parameter]] = {}

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Reads the parameters of a new strategy class, and refuses actions that could not be called."""
        super().__init_subclass__(**arguments)
        cls._qubx_parameters = read_parameters(cls)
        check_actions(cls, CALLBACKS)

    def __setattr__(self, name: str, value: Any) -> None:
        # Every attribute comes through here, so what is no parameter must be quick.
        if name in self._qubx_parameters:
            assign(self, name, value, self._qubx_parameters[name].kind)
        else:
            object.__setattr__(self, name, value)

    def on_start(self, ctx: Context) -> None:
        """Runs once, before the first market data."""

    def on_quote(self, ctx: Context, quote: Quote) -> None:
        """Runs for every quote."""

    def on_trade(self, ctx: Context, trade: Trade) -> None:
        """Runs for every trade of others, where the market tells them."""

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Runs for every finished bar of a timeframe that was subscribed with `ctx.subscribe_bars`."""

    def on_timer(self, ctx: Context, name: str) -> None:
        """Runs when a timer of `ctx.set_timer` is due; `ctx.time()` is when."""

    def on_order(self, ctx: Context, order: Order) -> None:
        """Runs for every change of an order, whoever gave it."""

    def on_fill(self, ctx: Context, fill: Fill) -> None:
        """Runs for every fill, whoever gave the order; `ctx` shows the position that results."""

    def on_stop(self, ctx: Context) -> None:
        """Runs once, when the session ends in good order."""


def overridden_callbacks(strategy: type) -> list[str]:
    """Returns the callbacks that a strategy class has of its own."""
    return [name for name in CALLBACKS if getattr(strategy, name) is not getattr(Strategy, name)]
