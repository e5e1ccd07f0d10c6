"""A strategy's parameters: its annotated class attributes that have a default.

The start-up check and the kernel use the same rules, so what one accepts the other does.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")

KINDS: dict[str, type] = {"bool": bool, "int": int, "float": float, "str": str}
"""The kinds that are checked; a parameter of any other type takes what it is given."""


class Parameter(NamedTuple):
    """One parameter as the class declares it."""

    kind: str
    """`bool`, `int`, `float`, `str` or `any`."""
    default: Any


class ParameterError(Exception):
    """A given parameter that the class does not have, or that has the wrong type."""

    def __init__(self, name: str, text: str, nearest: str | None = None) -> None:
        super().__init__(text)
        self.name = name
        self.nearest = nearest


def read_parameters(strategy: type) -> dict[str, Parameter]:
    """Returns the parameters of a class and its bases, in the order of their declaration."""
    found: dict[str, Parameter] = {}
    for base in reversed(strategy.__mro__):
        for name, annotation in getattr(base, "__annotations__", {}).items():
            if name.startswith("_") or not hasattr(strategy, name) or "ClassVar" in str(annotation):
                continue
            default = getattr(strategy, name)
            found[name] = Parameter(_kind(annotation), default)
    return found


def check_parameters(strategy: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the given values, an integer made a float where one is wanted; raises `ParameterError`."""
    known = read_parameters(strategy)
    values = {}
    for name, value in given.items():
        if name not in known:
            from difflib import get_close_matches

            nearest = next(iter(get_close_matches(name, known, n=1, cutoff=0.0)), None)
            raise ParameterError(name, f"{strategy.__name__} has no parameter {name!r}", nearest)
        values[name] = _checked(name, value, known[name].kind)
    return values


def construct(strategy: type[T], given: Mapping[str, Any]) -> T:
    """Returns an instance: the given values are set on it first, then `__init__` runs."""
    instance = strategy.__new__(strategy)
    for name, value in check_parameters(strategy, given).items():
        setattr(instance, name, value)
    instance.__init__()  # type: ignore[misc]
    return instance


def _kind(annotation: Any) -> str:
    name = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    if name in KINDS:
        return name
    return "any"


def _checked(name: str, value: Any, kind: str) -> Any:
    if kind == "any":
        return value
    if kind == "float" and type(value) is int:
        return float(value)
    if type(value) is not KINDS[kind]:
        raise ParameterError(
            name, f"parameter {name!r} must be {kind}, not {type(value).__name__}: {value!r}"
        )
    return value
