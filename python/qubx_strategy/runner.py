"""The strategy's thread: it constructs the strategy and runs every callback, in order, one at a time.

An exception in a callback is told and the next event follows. Inputs are applied to the mirror also when the
strategy failed or stopped, so that the REPL's view stays right.
"""

import importlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from .bridge import Bridge
from .context import Context
from .failure import describe
from .mirror import Mirror
from .parameters import construct
from .strategy import Strategy, overridden_callbacks


class Runner:
    """The strategy's thread, and what runs on it.

    It has a thread and is none: the names that `Thread` uses for itself change from version to version.
    """

    def __init__(
        self,
        bridge: Bridge,
        mirror: Mirror,
        context: Context,
        source: dict[str, Any],
        on_thread_start: Callable[[], None],
        on_constructed: Callable[[Strategy], None],
    ) -> None:
        self.thread = threading.Thread(name="strategy", target=self._run, daemon=True)
        self._bridge = bridge
        self._mirror = mirror
        self._context = context
        self._source = source
        self._on_thread_start = on_thread_start
        self._on_constructed = on_constructed
        self._strategy: Strategy | None = None
        self._callbacks: dict[str, Callable[..., None]] = {}
        # Bounded by the service: it sends few batches before the first of them is reported done.
        self.inbox: SimpleQueue[dict[str, Any]] = SimpleQueue()

    def _run(self) -> None:
        self._on_thread_start()
        while True:
            message = self.inbox.get()
            kind = message["type"]
            if kind == "batch":
                self._run_batch(message)
            elif kind == "start":
                self._start(message)
            elif kind == "stop":
                self._stop()

    def _start(self, message: dict[str, Any]) -> None:
        self._mirror.time_ns = message["time"]
        self._mirror.reset(message["positions"], message["orders"])
        stage = "import"
        try:
            module = importlib.import_module(self._source["module"])
            strategy_class = getattr(module, self._source["class"])
            stage = "__init__"
            strategy = construct(strategy_class, self._source["parameters"])
            self._on_constructed(strategy)
            self._bridge.send("constructed")
            stage = "on_start"
            strategy.on_start(self._context)
        except BaseException as error:
            self._bridge.send("failed", stage=stage, **describe(error))
            return
        self._strategy = strategy
        overridden = overridden_callbacks(strategy_class)
        self._callbacks = {name: getattr(strategy, name) for name in overridden}
        self._bridge.send("started", callbacks=overridden)

    def _run_batch(self, message: dict[str, Any]) -> None:
        for entry in message["inputs"]:
            called = self._mirror.apply(entry)
            if called is not None and (callback := self._callbacks.get(called[0])):
                self._guarded(called[0], callback, called[1])
        self._bridge.send("batch_done", batch=message["batch"])

    def _stop(self) -> None:
        strategy, self._strategy, self._callbacks = self._strategy, None, {}
        if strategy is not None:
            self._guarded("on_stop", strategy.on_stop)
        self._bridge.send("stopped")

    def _guarded(self, name: str, callback: Callable[..., None], *arguments: Any) -> None:
        try:
            callback(self._context, *arguments)
        except BaseException as error:
            self._bridge.send("callback_error", callback=name, **describe(error))
