"""What a strategy imports.

Owns the base class, the context and the small values that callbacks receive. It uses the standard library
only, and importing it is cheap: the start of every session waits for it.
"""

from .actions import action
from .context import Context
from .history import Bars
from .instrument import Instrument
from .market import Account, Bar, Fill, Order, Position, Quote, Trade
from .strategy import Strategy

__all__ = [
    "Account",
    "Bar",
    "Bars",
    "Context",
    "Fill",
    "Instrument",
    "Order",
    "Position",
    "Quote",
    "Strategy",
    "Trade",
    "action",
]
