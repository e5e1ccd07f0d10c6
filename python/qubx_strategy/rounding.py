"""Prices and amounts as an exchange takes them: whole ticks and lots, in exact decimals."""

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation

_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero])
"""What is calculated in: the thread's own context is the user's to change."""


LARGEST = 1e15
"""More than the engine counts with: it refuses what is above 1e12 by its own reason."""


def rounded(what: str, value: float, step: float) -> str:
    """Returns the multiple of `step` nearest to `value`, a finite number other than zero, as text.

    A step of zero rounds nothing.
    """
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise TypeError(f"{what} must be a number, not {type(value).__name__}")
    if not math.isfinite(value):
        raise ValueError(f"{what} must be finite, not {value}")
    if abs(value) > LARGEST:
        raise ValueError(f"{what} {value} is absurd: more than {LARGEST:g}")
    # The shortest text of a float is what its author meant: 0.1 is 0.1, not 0.1000000000000000055.
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    size = Decimal(repr(step))
    result = exact
    if size:
        result = _EXACT.multiply(_EXACT.to_integral_value(_EXACT.divide(exact, size)), size)
    if not result:
        raise ValueError(f"{what} {value} is zero" + (f" after rounding to {step}" if exact else ""))
    return format(result, "f")


def rounded_positive(what: str, value: float, step: float) -> str:
    """Returns the same for what must be above zero."""
    text = rounded(what, value, step)
    if text.startswith("-"):
        raise ValueError(f"{what} must be positive, not {value}")
    return text
