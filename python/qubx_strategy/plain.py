"""Numpy's numbers as Python's own, without importing numpy: whoever has one has imported it."""

from typing import Any


def plain(value: Any) -> Any:
    """Returns a number, truth or text of numpy as Python's; anything else as it is."""
    if type(value).__module__ == "numpy" and hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        return value.item()
    return value
