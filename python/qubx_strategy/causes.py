"""On whose behalf code runs: the strategy's, or that of whoever sent the cell or gave the command.

The service is told of every cell before it runs and when it ended, also of those that a Jupyter client wants
to be seen by nobody, so that whatever is done can be told of the one who did it.
"""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol

from .failure import cut
from .threads import Setting, hand_on

LONGEST_CODE = 1_000_000
"""The characters of a cell that are told; the audit keeps head and tail of a longer one."""

Origin = Literal["strategy", "outside"] | Mapping[str, int | str]
"""As the service reads it; `outside` is a Jupyter client's message that is no cell."""


class Sender(Protocol):
    """The bridge, as far as it is needed here."""

    def send(self, type: str, **fields: Any) -> None:
        """Sends a message to the service."""


class Cell:
    """A cell that runs."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.status = "error"
        """Of its reply; an interrupt may keep it from having one."""


class Command(NamedTuple):
    """A command that the strategy was given, an action for example."""

    id: str


Cause = Cell | Command | Literal["strategy"]

_cause: ContextVar[Cause | None] = ContextVar("cause", default=None)
_numbers = itertools.count(1)


def origin() -> Origin:
    """Returns on whose behalf the calling code runs. Tasks and threads that it left behind go on for it."""
    cause = _cause.get()
    if isinstance(cause, Cell):
        return {"cell": cause.number}
    if isinstance(cause, Command):
        return {"command": cause.id}
    return cause or "outside"


def act_for_strategy() -> None:
    """Makes the calling thread, and those that it starts, the strategy's."""
    _cause.set("strategy")


@contextmanager
def acting_for_command(id: str) -> Iterator[None]:
    """Makes what runs inside, and the threads that it starts, act for whoever gave a command."""
    before = _cause.set(Command(id))
    try:
        yield
    finally:
        _cause.reset(before)


def hand_cause_on() -> None:
    """Makes threads act for whoever started them."""
    hand_on(_offer)


def _offer() -> Setting | None:
    cause = _cause.get()
    return None if cause is None else partial(_set, cause)


def _set(cause: Cause) -> None:
    _cause.set(cause)


def begin(bridge: Sender, request: dict[str, Any], execution_count: int | None) -> Cell:
    """Tells the service of a cell that is about to run.

    It has heard of it when this returns, whatever the cell does then.
    """
    cell = Cell(next(_numbers))
    header, content = request["header"], request["content"]
    bridge.send(
        "cell_begins",
        cell=cell.number,
        request=str(header["msg_id"]),
        user=cut(str(header.get("username", "")), 100),
        code=cut(str(content.get("code", "")), LONGEST_CODE),
        execution_count=execution_count,
        stored=bool(content.get("store_history", True)) and not content.get("silent", False),
    )
    _cause.set(cell)
    return cell


def end(bridge: Sender, cell: Cell) -> None:
    """Tells the service that a cell ended."""
    _cause.set(None)
    bridge.send("cell_ends", cell=cell.number, status=cell.status)


def note_reply(reply: dict[str, Any]) -> None:
    """Notes how the cell that runs was answered."""
    cause = _cause.get()
    if isinstance(cause, Cell):
        was_interrupted = reply.get("ename") == "KeyboardInterrupt"
        cause.status = "interrupted" if was_interrupted else str(reply.get("status", "error"))
