"""What a strategy may keep between its runs: JSON, checked before it leaves, so that it comes back equal."""

import json
import math
from typing import Any

from .text import check_text

LARGEST_STATE = 1 << 20
"""Bytes as JSON. What is larger belongs in a file of the strategy's own."""

_LARGEST_INT = 1 << 63
"""JSON's readers hold integers in 64 bits; beyond them they round."""


DEEPEST_STATE = 100
"""Lists and dicts inside each other. JSON's readers refuse more than 128, and some of those go around it."""


def check_state(state: Any) -> None:
    """Raises `TypeError` or `ValueError` that names the place of what cannot be kept."""
    _check("state", state, set())
    size = len(json.dumps(state))
    if size > LARGEST_STATE:
        raise ValueError(f"state is {size:,} bytes of JSON; {LARGEST_STATE:,} can be kept")


def _check(place: str, value: Any, outer: set[int]) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        check_text(place, value)
        return
    if isinstance(value, int):
        if not -_LARGEST_INT <= value < _LARGEST_INT:
            raise ValueError(f"{place} is {value}, and JSON keeps integers of 64 bits")
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{place} is {value}, which JSON cannot hold; None can stand for it")
        return
    if not isinstance(value, dict | list | tuple):
        raise TypeError(
            f"{place} is of type {type(value).__name__}, which JSON cannot hold: "
            "only None, bool, int, float, str, list and dict"
        )
    if id(value) in outer:
        raise ValueError(f"{place} contains itself")
    if len(outer) == DEEPEST_STATE:
        raise ValueError(f"{place} is inside {DEEPEST_STATE} lists and dicts; deeper ones cannot be kept")
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                kind = type(key).__name__
                raise TypeError(f"{place} has the key {key!r} of type {kind}; JSON keys are str")
            check_text(f"the key {key!r} of {place}", key)
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in entries:
        _check(f"{place}[{key!r}]", entry, outer | {id(value)})
