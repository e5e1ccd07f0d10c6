"""The connection to the service: length-prefixed frames over a unix socket, JSON or a batch of the market.

Any thread may send and call; one thread reads. When the connection ends, so does this process: a kernel
without its service has nobody to trade for.
"""

import itertools
import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import Any, TypeVar

from .batch import is_batch, read_batch
from .causes import origin
from .text import check_text, encoded

T = TypeVar("T")
# What the service cannot read is lost: NaN is no JSON.
_as_json = json.JSONEncoder(default=str, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_LENGTH = struct.Struct(">I")
_LARGEST_FRAME = 64 << 20
"""The service ends a connection that sends a larger one."""


class Bridge:
    """The connection to the service."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)
        self._input = self._socket.makefile("rb")
        self._sending = threading.Lock()
        # What the main thread sends, and where it waits for that; it waits, so there is one at most.
        self._outbox: SimpleQueue[tuple[bytes, SimpleQueue[None]]] = SimpleQueue()
        threading.Thread(name="bridge-sender", target=self._send_for_main, daemon=True).start()
        self._process = os.getpid()
        self._waiting: dict[int, Callable[[dict[str, Any]], None]] = {}
        self._calls = itertools.count(1)

    def send(self, type: str, **fields: Any) -> None:
        """Sends one message; in its texts, halves of characters are shown as `\ufffd`."""
        body = encoded(_as_json({"type": type, **fields}))
        if len(body) > _LARGEST_FRAME:
            raise ValueError(f"{type}: {len(body):,} bytes are too many to send; {_LARGEST_FRAME:,} can be")
        frame = _LENGTH.pack(len(body)) + body
        if os.getpid() != self._process:
            raise RuntimeError("only the kernel's own process can reach the service, not one that it forked")
        if threading.current_thread() is not threading.main_thread():
            self._send_frame(frame)
            return
        # An interrupt may hit the main thread at any point, and half a frame would end the connection. Only a
        # simple queue takes it well: the locks of `threading` may be left as they never should be.
        sent: SimpleQueue[None] = SimpleQueue()
        self._outbox.put((frame, sent))
        sent.get()

    def _send_for_main(self) -> None:
        while True:
            frame, sent = self._outbox.get()
            try:
                self._send_frame(frame)
            except OSError:
                return  # The service is gone, and this process is about to be.
            sent.put(None)

    def _send_frame(self, frame: bytes) -> None:
        with self._sending:
            self._socket.sendall(frame)

    def receive(self) -> dict[str, Any] | None:
        """Returns the next message; none when the service is gone."""
        header = self._input.read(_LENGTH.size)
        if len(header) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack(header)
        body = self._input.read(length)
        if len(body) < length:
            return None
        if is_batch(body):
            return read_batch(body)
        message: dict[str, Any] = json.loads(body)
        return message

    def call(
        self,
        request: Mapping[str, Any],
        read: Callable[[Any], T],
        at: Mapping[str, int] | None = None,
        after: Callable[[dict[str, Any]], None] | None = None,
    ) -> T:
        """Sends a verb and waits for its answer; raises `RuntimeError` with the service's words when refused.

        Text that would not arrive as it is raises `ValueError`, and nothing is sent.

        `read` makes the result of the answer. It runs on the reading thread, so that what it changes is in
        order with everything else that arrives. `after` gets the whole reply, of a refusal too, on the thread
        that called. `at` tells the service where in a batch the call is made.
        """
        for name, value in request.items():
            if isinstance(value, str):
                check_text(f"{request['verb']}: {name}", value)
        outcome: SimpleQueue[tuple[T | BaseException, dict[str, Any]]] = SimpleQueue()

        def settle(reply: dict[str, Any]) -> None:
            try:
                if "error" in reply:
                    raise RuntimeError(reply["error"])
                outcome.put((read(reply["ok"]), reply))
            except BaseException as error:
                outcome.put((error, reply))

        call = next(self._calls)
        self._waiting[call] = settle
        try:
            place = {} if at is None else {"at": at}
            self.send("call", call=call, origin=origin(), request=request, **place)
            # On the main thread an interrupt ends this wait; the verb itself is with the service by then.
            result, reply = outcome.get()
        finally:
            self._waiting.pop(call, None)
        if after is not None:
            after(reply)
        if isinstance(result, BaseException):
            raise result
        return result

    def log(self, level: str, text: str, time_ns: int = 0) -> None:
        """Writes a line to the session's log."""
        self.send("log", level=level, text=text, **({"time": time_ns} if time_ns else {}))

    def read_forever(self, handle: Callable[[dict[str, Any]], None]) -> None:
        """Gives replies to whoever waits and all else to `handle`; ends the process with the service."""
        try:
            while (message := self.receive()) is not None:
                if message["type"] == "reply":
                    if settle := self._waiting.pop(message["call"], None):
                        settle(message)
                else:
                    handle(message)
        except ValueError as error:
            # Whatever came after it would not be understood either.
            self.log("error", f"Python cannot read what the service sent, and ends: {error}")
        os._exit(1)
