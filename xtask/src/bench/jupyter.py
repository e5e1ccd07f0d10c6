"""Plain Jupyter, measured for `cargo xtask bench`: commands as lines in, seconds as lines out."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

LIMIT = 60.0
"""The seconds that a kernel may take for anything."""


def launch() -> tuple[KernelManager, BlockingKernelClient]:
    """Starts a kernel and connects to it, without waiting for it."""
    manager = KernelManager(kernel_name="python3")
    # A kernel warns at each start that its TCP ports are not encrypted.
    manager.start_kernel(stderr=subprocess.DEVNULL)
    client = manager.blocking_client()
    client.start_channels()
    return manager, client


def reply(client: BlockingKernelClient, request: str) -> None:
    """Waits for the answer to a request to execute."""
    while True:
        message: dict[str, Any] = client.get_shell_msg(timeout=LIMIT)
        if message["parent_header"].get("msg_id") == request:
            assert message["content"]["status"] == "ok", message["content"]
            return


def printed(client: BlockingKernelClient, request: str) -> str:
    """Waits until a cell's output is complete, and returns what it printed."""
    texts: list[str] = []
    while True:
        message: dict[str, Any] = client.get_iopub_msg(timeout=LIMIT)
        own = message["parent_header"].get("msg_id") == request
        if own and message["msg_type"] == "stream":
            texts.append(message["content"]["text"])
        if own and message["content"].get("execution_state") == "idle":
            return "".join(texts)


def first_answer(wait_for_ready: bool) -> float:
    """Measures from the start of a kernel to its answer to the first cell."""
    began = time.perf_counter()
    manager, client = launch()
    if wait_for_ready:
        client.wait_for_ready(timeout=LIMIT)
    reply(client, client.execute("1"))
    took = time.perf_counter() - began
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return took


def main() -> None:
    """Answers commands until there are no more."""
    manager, client = launch()
    client.wait_for_ready(timeout=LIMIT)

    def cell(code: str, size: int) -> float:
        began = time.perf_counter()
        request = client.execute(code)
        text = printed(client, request)
        reply(client, request)
        took = time.perf_counter() - began
        assert len(text) == size, f"{len(text)} of {size} characters came"
        return took

    def output(argument: str) -> float:
        size, _, code = argument.partition(" ")
        return cell(json.loads(code), int(size))

    commands: dict[str, Callable[[str], float]] = {
        "cell": lambda _: cell("1+1", 0),
        "output": output,
        "first_answer": lambda _: first_answer(wait_for_ready=False),
        "first_answer_when_ready": lambda _: first_answer(wait_for_ready=True),
    }
    try:
        for line in sys.stdin:
            command, _, argument = line.strip().partition(" ")
            print(commands[command](argument), flush=True)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


main()
