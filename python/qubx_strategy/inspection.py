"""What something in the REPL is: its signature and documentation as plain text.

It looks names up and runs as little of the user's code as it can: a property is described, not asked.
"""

import builtins
import inspect
from collections.abc import Mapping
from typing import Any

LONGEST_TEXT = 16_000
"""Characters; some classes bring a book, and nobody reads it in a tooltip."""

_MISSING = object()


def describe_name(name: str, variables: Mapping[str, Any]) -> str | None:
    """Returns what a dotted name is; none when there is no such thing."""
    first, *rest = name.split(".")
    found = variables.get(first, getattr(builtins, first, _MISSING))
    for part in rest:
        found = _attribute(found, part)
    return None if found is _MISSING else describe_object(rest[-1] if rest else first, found)


def describe_object(name: str, value: Any) -> str:
    """Returns the signature, or for what cannot be called the class, and the documentation."""
    head = _signature(name, value) or f"{name}: {type(value).__qualname__}"
    documentation = inspect.getdoc(value) or ""
    text = f"{head}\n\n{documentation}".rstrip()
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _attribute(value: Any, name: str) -> Any:
    if value is _MISSING or isinstance(inspect.getattr_static(type(value), name, None), property):
        return inspect.getattr_static(type(value), name, _MISSING)
    return getattr(value, name, _MISSING)


def _signature(name: str, value: Any) -> str | None:
    if not callable(value):
        return None
    try:
        return f"{name}{inspect.signature(value)}"
    except (TypeError, ValueError):  # Much that is written in C has none.
        return f"{name}(…)"
