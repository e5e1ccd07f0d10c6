"""Actions: methods of a strategy that people run by name, from the screens or the command line.

An action is an ordinary method, so the REPL calls it as one: `S.rebalance(ctx, share=0.5)`. What comes from
elsewhere is checked against its signature first.

`inspect` is slow to import, and the start of every session waits for this package; so it is imported only for
strategies that have actions.
"""

from collections.abc import Callable, Iterable, Mapping
from types import FunctionType
from typing import Any, NamedTuple, TypeVar, overload

from .parameters import kind_of, nearest_name, of_kind, shown

Method = TypeVar("Method", bound=Callable[..., Any])

_MARK = "_qubx_action"


class ActionError(Exception):
    """An action that there is not, or arguments that do not fit it."""


class Argument(NamedTuple):
    """What an action takes."""

    kind: str
    """`bool`, `int`, `float`, `str` or `any`."""
    is_needed: bool
    default: Any


@overload
def action(method: Method, /) -> Method: ...


@overload
def action(*, dangerous: bool = False) -> Callable[[Method], Method]: ...


def action(method: Any = None, /, *, dangerous: bool = False) -> Any:
    """Marks a method `(self, ctx, …)` of a strategy as an action: `@action` or `@action(dangerous=True)`.

    Its name, the first paragraph of its documentation and its arguments are shown, with the kinds `bool`,
    `int`, `float` or `str` where they are annotated so. A dangerous one must be confirmed. What it returns
    is shown as text.
    """
    if not isinstance(dangerous, bool):
        raise TypeError(f"@action: dangerous must be True or False, not {dangerous!r}")
    if method is None:
        return lambda decorated: _mark(decorated, dangerous)
    return _mark(method, dangerous)


def check_actions(strategy: type, reserved: Iterable[str]) -> None:
    """Raises `TypeError` when a class has an action with a name that cannot be one's."""
    for name in _actions(strategy):
        if name in reserved:
            raise TypeError(f"@action: {strategy.__name__}.{name} is a callback and cannot be an action")


def list_actions(strategy: type) -> list[dict[str, Any]]:
    """Returns the actions of a class and its bases as the service reads them, in the order of declaration."""
    return [
        {
            "name": name,
            "description": _first_paragraph(method),
            "dangerous": getattr(method, _MARK),
            "parameters": [
                {"name": argument, "kind": kind} | ({} if is_needed else {"default": shown(default)})
                for argument, (kind, is_needed, default) in _arguments(method).items()
            ],
        }
        for name, method in _actions(strategy).items()
    ]


def find_action(
    strategy: object, name: str, given: Mapping[str, Any]
) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Returns an action of an instance and its arguments, checked; raises `ActionError`."""
    known = _actions(type(strategy))
    if name not in known:
        raise ActionError(f"no action {name!r}" + _hint(name, known))
    wanted = _arguments(known[name])
    arguments = {}
    for argument, value in given.items():
        if argument not in wanted:
            raise ActionError(f"{name} has no argument {argument!r}" + _hint(argument, wanted))
        try:
            arguments[argument] = of_kind(value, wanted[argument].kind)
        except TypeError as error:
            raise ActionError(f"argument {argument!r} of {name} {error}") from None
    for argument, (_, is_needed, _) in wanted.items():
        if is_needed and argument not in arguments:
            raise ActionError(f"{name} needs the argument {argument!r}")
    return getattr(strategy, name), arguments


def _mark(method: Any, dangerous: bool) -> Any:
    import inspect

    if not isinstance(method, FunctionType):
        raise TypeError(
            f"@action marks a method, not {method!r}; write @action or @action(dangerous=True) above its def"
        )
    name = method.__name__
    if name.startswith("_"):
        raise TypeError(f"@action: the name of {method.__qualname__} must not begin with an underscore")
    if inspect.iscoroutinefunction(method) or inspect.isgeneratorfunction(method):
        raise TypeError(f"@action: {method.__qualname__} must be a plain method, without async or yield")
    parameters = list(inspect.signature(method).parameters.values())
    any_way, by_name = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    if len(parameters) < 2 or any(parameter.kind != any_way for parameter in parameters[:2]):
        raise TypeError(f"@action: {method.__qualname__} must take (self, ctx, …)")
    for parameter in parameters[2:]:
        if parameter.kind not in (any_way, by_name):
            raise TypeError(
                f"@action: arguments of {method.__qualname__} are given by name, and "
                f"{str(parameter)!r} cannot be"
            )
        if parameter.default is not parameter.empty:
            try:
                of_kind(parameter.default, kind_of(parameter.annotation))
            except TypeError as error:
                raise TypeError(
                    f"@action: the default of {parameter.name!r} of {method.__qualname__} {error}"
                ) from None
    setattr(method, _MARK, dangerous)
    return method


def _actions(strategy: type) -> dict[str, FunctionType]:
    found: dict[str, Any] = {}
    for base in reversed(strategy.__mro__):
        found.update(vars(base))
    # What a subclass overrides without marking it is no action any more.
    return {
        name: method
        for name, method in found.items()
        if isinstance(method, FunctionType) and hasattr(method, _MARK)
    }


def _arguments(method: Callable[..., Any]) -> dict[str, Argument]:
    import inspect

    parameters = list(inspect.signature(method).parameters.values())[2:]
    return {p.name: Argument(kind_of(p.annotation), p.default is p.empty, p.default) for p in parameters}


def _first_paragraph(method: Callable[..., Any]) -> str:
    import inspect

    return " ".join((inspect.getdoc(method) or "").split("\n\n")[0].split())


def _hint(name: str, known: Mapping[str, Any]) -> str:
    near = nearest_name(name, known)
    return f"; did you mean {near!r}?" if near else "; there are none"
