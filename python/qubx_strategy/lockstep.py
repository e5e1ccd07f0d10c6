"""The way to the service for `ctx`, and where in a batch the strategy is when it takes it.

In a replay at full speed the service hands out a batch of events before it lives through them. A call of the
strategy's own thread tells at which record it is made, and the reply brings what the call caused: the facts,
whose state is shown when the call returns and whose callbacks run after the one that made it; and where the
batch ends, when a later record would not be the same any more. Calls of all other threads know no place.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from .bridge import Bridge
from .mirror import Called, Mirror

T = TypeVar("T")


class Lockstep:
    """The strategy's place in a batch."""

    def __init__(self, bridge: Bridge, mirror: Mirror) -> None:
        self._bridge = bridge
        self._mirror = mirror
        self._thread: int | None = None
        self._batch: int | None = None
        self.record = 0
        """How many records of the batch were begun."""
        self.end = 0
        """How many records of the batch count."""
        self.pending: deque[Called] = deque()
        """The callbacks of what calls caused. Bounded by what a callback does."""

    def claim_thread(self) -> None:
        """Makes the calling thread the strategy's."""
        self._thread = threading.get_ident()

    def is_own_thread(self) -> bool:
        """Tells whether the calling thread is the strategy's."""
        return threading.get_ident() == self._thread

    def begin(self, batch: int, records: int) -> None:
        """Begins a batch of so many records."""
        self._batch, self.record, self.end = batch, 0, records

    def finish(self) -> None:
        """Ends the batch: calls have no place any more."""
        self._batch = None

    def call(self, request: Mapping[str, Any], read: Callable[[Any], T]) -> T:
        """Sends a verb and returns what `read` makes of its answer; a refusal raises `RuntimeError`."""
        if not self.is_own_thread():
            return self._bridge.call(request, read)
        at = None if self._batch is None else {"batch": self._batch, "record": self.record}
        return self._bridge.call(request, read, at, self._take)

    def time_ns(self) -> int:
        """Returns the engine's time as it is known here, in nanoseconds since 1970."""
        return self._mirror.time_ns

    def log(self, level: str, text: str) -> None:
        """Writes a line to the session's log."""
        self._bridge.log(level, text, self._mirror.time_ns)

    def publish(self, name: str, instrument: int | None, time_ns: int, content: Mapping[str, Any]) -> None:
        """Shows something under a name."""
        self._bridge.send("publish", name=name, instrument=instrument, time=time_ns, content=content)

    def _take(self, reply: dict[str, Any]) -> None:
        for fact in reply.get("facts", ()):
            if (called := self._mirror.apply(fact)) is not None:
                self.pending.append(called)
        end = reply.get("end")
        if end is not None and self._batch is not None:
            self.end = end
