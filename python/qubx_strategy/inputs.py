"""A cell that waits for a line of text: the service is told, and whoever answers first is heard.

The cell waits on the main thread, where an interrupt can end it; answers come on the bridge's thread.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .bridge import Bridge


class Wait:
    """One wait, and its answer once there is one."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.answer: str | None = None


class Inputs:
    """The wait that there is, if any."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._numbers = itertools.count(1)
        self._current: Wait | None = None

    @contextmanager
    def wait(self, request: str, prompt: str, password: bool, after: int) -> Iterator[Wait]:
        """Announces a wait of a request's cell, and its end; `after` is the last message before it."""
        wait = self._current = Wait(next(self._numbers))
        try:
            self._bridge.send(
                "input_begins",
                input=wait.number,
                request=request,
                prompt=prompt,
                password=password,
                after=after,
            )
            yield wait
        finally:
            self._current = None
            self._bridge.send("input_ends", input=wait.number)

    def take(self, message: dict[str, Any]) -> None:
        """Takes an answer of the service; one for a wait that is over goes nowhere."""
        current = self._current
        if current is not None and current.number == message["input"]:
            current.answer = message["text"]
