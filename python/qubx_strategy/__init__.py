"""What a strategy imports.

Owns the base class, the context and the small values that callbacks receive. It uses the standard library
only, and importing it is cheap: the start of every session waits for it.
"""

from .context import Context
from .market import Account, Bar, Fill, Instrument, Order, Position, Quote
from .strategy import Strategy

__all__ = ["Account", "Bar", "Context", "Fill", "Instrument", "Order", "Position", "Quote", "Strategy"]
