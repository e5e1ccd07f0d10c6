"""The strategy's thread: it constructs the strategy and runs every callback, in order, one at a time.

Batches are applied to the mirror also when the strategy failed or stopped, or is not Python's at all, so that
the REPL's view stays right.
"""

import importlib
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from time import monotonic, perf_counter_ns
from typing import Any

from .actions import ActionError, find_action, list_actions
from .batch import FACT, QUOTE, RECORD, SEE, TRADE
from .bridge import Bridge
from .callbacks import Callbacks
from .causes import acting_for_command
from .context import Context
from .failure import cut, describe
from .lockstep import Lockstep
from .market import Quote, Trade
from .mirror import COMMAND, Called, Mirror
from .parameters import ParameterError, construct, list_parameters, set_parameter, watch
from .strategy import Strategy, overridden_callbacks

LONGEST_ANSWER = 10_000
"""The most characters that an action's answer is told with."""

PARAMETERS_EVERY_SECONDS = 0.5
"""How often parameters are told while they change by themselves: a strategy may change one at each quote."""


class Runner:
    """The strategy's thread, and what runs on it.

    It has a thread and is none: the names that `Thread` uses for itself change from version to version.
    """

    def __init__(
        self,
        bridge: Bridge,
        mirror: Mirror,
        lockstep: Lockstep,
        context: Context,
        source: dict[str, Any],
        on_thread_start: Callable[[], None],
        on_constructed: Callable[[Strategy], None],
        publish_output: Callable[[], int],
    ) -> None:
        self.thread = threading.Thread(name="strategy", target=self._run, daemon=True)
        self._bridge = bridge
        self._mirror = mirror
        self._lockstep = lockstep
        self._context = context
        self._source = source
        self._on_thread_start = on_thread_start
        self._on_constructed = on_constructed
        self._publish_output = publish_output
        self._constructed: Strategy | None = None
        self._strategy: Strategy | None = None
        """The strategy while it runs."""
        self._callbacks = Callbacks(bridge, lockstep, context)
        self._parameters_changed = False
        self._parameters_told = float("-inf")
        # Bounded by the service: it sends few batches before the first of them is reported done. A change of
        # a parameter from elsewhere adds a message, and there is one of those at most.
        self.inbox: SimpleQueue[dict[str, Any]] = SimpleQueue()

    def _run(self) -> None:
        self._on_thread_start()
        self._lockstep.claim_thread()
        while True:
            self._handle(self._next())

    def _next(self) -> dict[str, Any]:
        """Waits for a message, and tells parameters that changed a moment ago when it is time."""
        while self._parameters_changed and self._constructed is not None:
            try:
                return self.inbox.get(timeout=max(self._parameters_wait(), 0.0))
            except Empty:
                self._tell_parameters()
        return self.inbox.get()

    def _handle(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "batch":
            self._run_batch(message)
        elif kind == "start":
            self._start(message)
        elif kind == "stop":
            self._stop()
        elif kind == "parameters":
            self._tell_parameters_in_time()

    def _start(self, message: dict[str, Any]) -> None:
        self._mirror.time_ns = message["time"]
        self._mirror.reset(message["positions"], message["orders"])
        if self._source["module"] is None:
            # The service runs a strategy of its own; here is only the REPL beside it.
            self._bridge.send("constructed", parameters=[], actions=[])
            self._bridge.send("started", callbacks=[])
            return
        stage = "import"
        try:
            module = importlib.import_module(self._source["module"])
            strategy_class = getattr(module, self._source["class"])
            stage = "__init__"
            strategy = self._constructed = construct(strategy_class, self._source["parameters"])
            watch(strategy, self._note_parameter)
            self._on_constructed(strategy)
            self._bridge.send(
                "constructed", parameters=list_parameters(strategy), actions=list_actions(strategy_class)
            )
            stage = "on_start"
            began = perf_counter_ns()
            strategy.on_start(self._context)
        except BaseException as error:
            self._run_pending()
            self._bridge.send("failed", stage=stage, **describe(error))
            return
        overridden = overridden_callbacks(strategy_class)
        self._strategy = strategy
        self._callbacks.methods = {name: getattr(strategy, name) for name in overridden}
        if "on_start" in overridden:
            spent = perf_counter_ns() - began
            self._callbacks.note("on_start", 1, spent, spent)
        self._run_pending()
        self._tell_parameters()
        self._bridge.send("started", callbacks=overridden)

    def _run_batch(self, message: dict[str, Any]) -> None:
        batch, records = message["batch"], message["records"]
        self._lockstep.begin(batch, len(records) // RECORD.size)
        self._work_through(records, message["facts"])
        self._lockstep.finish()
        self._tell_parameters_in_time()
        self._bridge.send(
            "batch_done",
            batch=batch,
            reached=self._lockstep.record,
            callbacks=self._callbacks.take_times(),
        )

    def _work_through(self, records: memoryview, facts: list[Any]) -> None:
        """Works through the records of a batch, in order, as far as they count.

        A replay spends most of its time in here, so everything that is needed for each record is a local
        variable, and the end of one callback is the beginning of the next one's time.
        """
        context, lockstep, callbacks, mirror = self._context, self._lockstep, self._callbacks, self._mirror
        instruments, quotes, last_prices = mirror.instruments, mirror.quotes, mirror.last_prices
        on_quote, on_trade = callbacks.methods.get("on_quote"), callbacks.methods.get("on_trade")
        pending, clock, new = lockstep.pending, perf_counter_ns, tuple.__new__
        event: Quote | Trade
        reached = count = total = worst = 0
        before = clock()
        for kind, index, time_ns, a, b, c, d in RECORD.iter_unpack(records):
            if reached >= lockstep.end:
                break
            reached += 1
            if time_ns > mirror.time_ns:
                mirror.time_ns = time_ns
            if kind == QUOTE:
                quotes[index] = event = new(Quote, (instruments[index], time_ns, a, b, c, d))
                if on_quote is None:
                    continue
                lockstep.record = reached
                try:
                    on_quote(context, event)
                except BaseException as error:
                    callbacks.failed("on_quote", error)
                else:
                    callbacks.in_a_row = 0
                now = clock()
                spent = now - before
                before = now
                count += 1
                total += spent
                if spent > worst:
                    worst = spent
                if not pending:
                    continue
            else:
                lockstep.record = reached
                if kind == TRADE:
                    last_prices[index] = a
                    if on_trade is None:
                        continue
                    event = new(Trade, (instruments[index], time_ns, a, b, "buy" if c > 0 else "sell"))
                    callbacks.run("on_trade", event)
                elif kind == FACT:
                    if (called := mirror.apply(facts[index])) is not None:
                        self._call(called)
                elif kind == SEE:
                    quotes[index] = new(Quote, (instruments[index], time_ns, a, b, c, d))
            if pending:
                self._run_pending()
            before = clock()
        lockstep.record = reached
        if count:
            callbacks.note("on_quote", count, total, worst)

    def _call(self, called: Called) -> None:
        name, argument = called
        if name == COMMAND:
            self._command(*argument)
        else:
            self._callbacks.run(name, argument)

    def _run_pending(self) -> None:
        """Runs what the facts of replies call for, also of those that come up meanwhile."""
        pending = self._lockstep.pending
        while pending:
            self._call(pending.popleft())

    def _command(self, id: str, kind: str, body: dict[str, Any]) -> None:
        """Does what a command asks for, and answers it."""
        try:
            with acting_for_command(id):
                answer = {"ok": self._obey(kind, body)}
        except ActionError as error:
            answer = {"error": str(error)}
        except ParameterError as error:
            hint = f"; did you mean {error.nearest!r}?" if error.nearest else ""
            answer = {"error": f"{error}{hint}"}
        except BaseException as error:
            told = describe(error)
            # For the traceback; it is not the market's callback, so it is no failure in a row.
            self._bridge.send("callback_error", callback=str(body.get("name", kind)), in_a_row=0, **told)
            answer = {"error": f"{told['ename']}: {told['evalue']}"}
        self._tell_parameters()
        self._bridge.send("command_done", command=id, **answer)

    def _obey(self, kind: str, body: dict[str, Any]) -> str:
        if self._strategy is None:
            raise ActionError("the strategy does not run")
        name = body["name"]
        if kind == "set_parameter":
            return f"{name} = {set_parameter(self._strategy, name, body['value'])!r}"
        if kind == "action":
            method, arguments = find_action(self._strategy, name, body["arguments"])
            result = method(self._context, **arguments)
            return cut("done" if result is None else str(result), LONGEST_ANSWER)
        raise ActionError(f"this version of the package does not know {kind!r}")

    def _note_parameter(self) -> None:
        """Remembers a change; the strategy's own thread tells of it, so that the newest is told last."""
        was_known, self._parameters_changed = self._parameters_changed, True
        if not was_known and not self._lockstep.is_own_thread():
            self.inbox.put({"type": "parameters"})

    def _parameters_wait(self) -> float:
        """Returns how many seconds it is until parameters may be told again."""
        return self._parameters_told + PARAMETERS_EVERY_SECONDS - monotonic()

    def _tell_parameters_in_time(self) -> None:
        if self._parameters_wait() <= 0:
            self._tell_parameters()

    def _tell_parameters(self) -> None:
        if self._parameters_changed and self._constructed is not None:
            self._parameters_changed, self._parameters_told = False, monotonic()
            self._bridge.send("parameters", parameters=list_parameters(self._constructed))

    def _stop(self) -> None:
        self._strategy = None
        self._callbacks.run("on_stop")
        self._callbacks.methods = {}
        self._run_pending()
        self._tell_parameters()
        # The session ends with this word: what was printed comes before it.
        self._bridge.send("stopped", after=self._publish_output())
