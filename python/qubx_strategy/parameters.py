"""A strategy's parameters: its annotated class attributes that have a default.

The start-up check, the screens, the REPL and the strategy's own code follow the same rules, so what one
accepts the others do. Whoever watches a strategy hears of every change.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from .failure import cut
from .plain import plain
from .state import check_state

T = TypeVar("T")

KINDS: dict[str, type] = {"bool": bool, "int": int, "float": float, "str": str}
"""The kinds that are checked; a parameter of any other type takes what it is given."""

LONGEST_SHOWN = 1_000
"""The most characters that a value is shown with: all of them go to every screen when one changes."""


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
            found[name] = Parameter(kind_of(annotation), default)
    return found


def check_parameters(strategy: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the given values, an integer made a float where one is wanted; raises `ParameterError`."""
    known = read_parameters(strategy)
    return {name: _checked(name, value, _find(strategy, known, name).kind) for name, value in given.items()}


def construct(strategy: type[T], given: Mapping[str, Any]) -> T:
    """Returns an instance: the given values are set on it first, then `__init__` runs."""
    instance = strategy.__new__(strategy)
    for name, value in check_parameters(strategy, given).items():
        setattr(instance, name, value)
    instance.__init__()  # type: ignore[misc]
    return instance


def assign(strategy: Any, name: str, value: Any, kind: str) -> None:
    """Sets a parameter on an instance; raises `ParameterError` when it is of the wrong type."""
    value = _checked(name, value, kind)
    before = getattr(strategy, name)
    object.__setattr__(strategy, name, value)
    is_same = kind != "any" and type(before) is type(value) and before == value
    if strategy is _watched.strategy and not is_same:
        _watched.tell()


def set_parameter(strategy: Any, name: str, value: Any) -> Any:
    """Sets a parameter by its name and returns the value that it has then; raises `ParameterError`."""
    _find(type(strategy), read_parameters(type(strategy)), name)
    setattr(strategy, name, value)
    return getattr(strategy, name)


def list_parameters(strategy: Any) -> list[dict[str, Any]]:
    """Returns the parameters of an instance as the service reads them."""
    return [
        {
            "name": name,
            "kind": kind,
            "value": shown(getattr(strategy, name)),
            "default": shown(default),
        }
        for name, (kind, default) in read_parameters(type(strategy)).items()
    ]


def shown(value: Any) -> Any:
    """Returns a value as JSON can hold it: what it cannot, infinity for example, as Python writes it, and no
    more than screens can show."""
    try:
        check_state(value)
        if len(json.dumps(value)) <= LONGEST_SHOWN:
            return value
    except (TypeError, ValueError):
        pass
    try:
        return cut(repr(value), LONGEST_SHOWN)
    except Exception as error:
        return f"<a {type(value).__name__} whose repr raises {type(error).__name__}>"


class _Watched:
    """The one strategy of this process whose changes are told."""

    strategy: object = None

    @staticmethod
    def tell() -> None:
        """Tells of a change."""


_watched = _Watched()


def watch(strategy: object, tell: Callable[[], None]) -> None:
    """Calls `tell` after every change of a parameter of `strategy`, on the thread that made it."""
    _watched.strategy, _watched.tell = strategy, tell  # type: ignore[method-assign]


def kind_of(annotation: Any) -> str:
    """Returns the kind that an annotation stands for."""
    name = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    if name in KINDS:
        return name
    return "any"


def of_kind(value: Any, kind: str) -> Any:
    """Returns a value as one of its kind; raises `TypeError` when it is none.

    An integer is made a float where one is wanted, and numpy's numbers are Python's.
    """
    if kind == "any":
        return value
    value = plain(value)
    if kind == "float" and type(value) is int:
        return float(value)
    if type(value) is not KINDS[kind]:
        raise TypeError(f"must be {kind}, not {type(value).__name__}: {value!r}")
    return value


def nearest_name(name: str, known: Mapping[str, Any]) -> str | None:
    """Returns the known name that was probably meant; none when nothing is known."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, known, n=1, cutoff=0.0)), None)


def _find(strategy: type, known: Mapping[str, Parameter], name: str) -> Parameter:
    if name not in known:
        raise ParameterError(
            name, f"{strategy.__name__} has no parameter {name!r}", nearest_name(name, known)
        )
    return known[name]


def _checked(name: str, value: Any, kind: str) -> Any:
    try:
        return of_kind(value, kind)
    except TypeError as error:
        raise ParameterError(name, f"parameter {name!r} {error}") from None
