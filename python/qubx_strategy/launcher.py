"""The kernel's process: what has to happen before ipykernel loads, and the threads beside it.

Order matters. First the process ties its life to the service's, then it connects to the bridge, and only
then it loads ipykernel, which takes most of the start.
"""

import faulthandler
import os
import signal
import sys
import threading
from contextlib import suppress
from functools import partial
from typing import Any

from .bridge import Bridge
from .inputs import Inputs
from .limits import apply_limits


def main(runtime_dir: str, service_pid: str, limits: str) -> None:
    """Runs the kernel until its service ends it."""
    tie_life_to(int(service_pid))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Until a cell runs there is nothing to interrupt.
    lines = apply_limits(limits)
    trace_crashes(os.path.join(runtime_dir, "crash.txt"))
    bridge = Bridge(os.path.join(runtime_dir, "bridge.sock"))
    settings = bridge.receive()
    if settings is None:
        sys.exit("the service went away before the kernel started")
    for line in lines:
        bridge.log("warning", line)
    inputs = Inputs(bridge)
    connection_file = os.path.join(runtime_dir, "kernel.json")
    app = without_debugger(partial(load, bridge, inputs, settings, connection_file))
    start_threads(bridge, inputs, settings, app)
    app.start()


def tie_life_to(service_pid: int) -> None:
    """Makes the system kill this process when the service ends, even while Python cannot run."""
    import ctypes

    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != service_pid:
        sys.exit("the service ended before the kernel started")


def trace_crashes(path: str) -> None:
    """Makes a crash leave, in a file that the service reads, where every thread was."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    faulthandler.enable(file=file, all_threads=True)
    # The crash of a forked worker is no end of the kernel: it is told where the worker's errors are.
    os.register_at_fork(after_in_child=partial(faulthandler.enable, file=2))


def without_debugger(load_app: Any) -> Any:
    """Loads ipykernel as if debugpy were not installed.

    The debugger takes a third of ipykernel's start, and a breakpoint would stop the kernel for everyone.
    """
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    try:
        return load_app()
    finally:
        del sys.modules["debugpy"]


def load(bridge: Bridge, inputs: Inputs, settings: dict[str, Any], connection_file: str) -> Any:
    """Loads ipykernel and returns the application."""
    from .app import build

    return build(bridge, inputs, settings, connection_file)


def start_threads(bridge: Bridge, inputs: Inputs, settings: dict[str, Any], app: Any) -> None:
    """Gives the REPL its names, and starts the threads of the strategy, of completion and of the bridge."""
    from .assistant import Assistant
    from .causes import act_for_strategy, hand_cause_on
    from .context import Context
    from .instrument import parse_instrument
    from .lockstep import Lockstep
    from .mirror import Mirror
    from .output import claim_output, pass_claims_on
    from .repl import namespace
    from .runner import Runner

    shell = app.shell
    # This package lies in a folder that goes with the kernel, so it has no cache; what the user imports has.
    sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)
    mirror = Mirror(parse_instrument(*entry) for entry in enumerate(settings["instruments"]))
    lockstep = Lockstep(bridge, mirror)
    context = Context(mirror, lockstep)
    names = namespace(context)
    if settings["module"] is None:
        del names["S"]  # The service runs a strategy of its own.
    shell.push(names, interactive=False)

    def publish_output() -> int:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        number: int = app.iopub_thread.published()
        return number

    def begin_strategy_thread() -> None:
        claim_output(shell)
        act_for_strategy()

    runner = Runner(
        bridge,
        mirror,
        lockstep,
        context,
        settings,
        on_thread_start=begin_strategy_thread,
        on_constructed=lambda strategy: shell.push({"S": strategy}, interactive=False),
        publish_output=publish_output,
    )
    pass_claims_on(shell)
    hand_cause_on()
    assistant = Assistant(bridge, shell)

    def handle(message: dict[str, Any]) -> None:
        if message["type"] == "input":
            inputs.take(message)
        elif message["type"] == "read":
            app.iopub_thread.pace.read(message["number"])
        else:
            (assistant if "id" in message else runner).inbox.put(message)

    reader = threading.Thread(name="bridge", target=bridge.read_forever, args=(handle,), daemon=True)
    for thread in (runner.thread, assistant.thread, reader):
        thread.start()
