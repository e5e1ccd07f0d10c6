"""Runs the strategy's callbacks: an exception is told and the next event follows, and each is timed."""

from collections.abc import Callable
from contextlib import suppress
from time import perf_counter_ns
from typing import Any

from .bridge import Bridge
from .context import Context
from .failure import describe
from .lockstep import Lockstep

FAILURES_THAT_PAUSE = 5
"""How many callbacks must raise one after the other for trading to pause; and each time that there are so
many again, for somebody may have resumed meanwhile."""


class Callbacks:
    """The callbacks that the strategy has."""

    def __init__(self, bridge: Bridge, lockstep: Lockstep, context: Context) -> None:
        self._bridge = bridge
        self._lockstep = lockstep
        self._context = context
        self._times: dict[str, list[int]] = {}
        self.methods: dict[str, Callable[..., None]] = {}
        """By name; what the strategy does not override is not here."""
        self.in_a_row = 0
        """How many raised since the last one that did not."""

    def run(self, name: str, *arguments: Any) -> None:
        """Runs a callback, if the strategy has it."""
        if (method := self.methods.get(name)) is None:
            return
        began = perf_counter_ns()
        try:
            method(self._context, *arguments)
        except BaseException as error:
            self.failed(name, error)
        else:
            self.in_a_row = 0
        spent = perf_counter_ns() - began
        self.note(name, 1, spent, spent)

    def failed(self, name: str, error: BaseException) -> None:
        """Tells of a callback that raised, and pauses when too many did."""
        self.in_a_row += 1
        time_ns = self._lockstep.time_ns()
        self._bridge.send(
            "callback_error", callback=name, in_a_row=self.in_a_row, time=time_ns, **describe(error)
        )
        if self.in_a_row % FAILURES_THAT_PAUSE == 0:
            # A refusal says that the engine stopped, and then nothing is traded any more.
            with suppress(RuntimeError):
                self._lockstep.call({"verb": "pause_on_failures"}, lambda _: None)

    def note(self, name: str, count: int, total_ns: int, worst_ns: int) -> None:
        """Adds to a callback's times."""
        times = self._times.setdefault(name, [0, 0, 0])
        times[0] += count
        times[1] += total_ns
        times[2] = max(times[2], worst_ns)

    def take_times(self) -> dict[str, list[int]]:
        """Returns the times since the last call of this: count, total and worst by name."""
        times, self._times = self._times, {}
        return times
