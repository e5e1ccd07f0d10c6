"""Everybody's output: every message is numbered, and a thread's own output stays its own.

The number is one more routing frame, which Jupyter clients skip and which costs no second signature. It is
given where every message of every thread passes, in order, so that a hole in the numbers is a message that a
reader lost.
"""

import sys
import threading
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from ipykernel import kernelapp
from ipykernel.iostream import CHILD, IOPubThread
from jupyter_client.session import DELIM

from .pace import Pace
from .threads import hand_on

PUBLISH_LIMIT_SECONDS = 10.0
"""As ipykernel's own limit for a flush. Only a thread that holds the interpreter makes it last."""


class NumberedOutput(IOPubThread):
    """The thread that publishes."""

    last_number = 0
    """The number of the last message."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.pace = Pace()
        super().__init__(*args, **kwargs)

    def send_multipart(self, msg: list[Any], *args: Any, **kwargs: Any) -> None:
        """Publishes a message; whoever publishes much waits for the service."""
        if threading.current_thread() is self.thread:
            # ipykernel would send itself a word for each, and block when it has not read a thousand of them.
            self._really_send(msg, *args, **kwargs)
            return
        # The state of a request must never wait.
        if not is_status(msg):
            self.keep_pace()
        super().send_multipart(msg, *args, **kwargs)

    def keep_pace(self) -> None:
        """Waits until the service is near enough. A forked child hears nothing of it."""
        if self._check_mp_mode() != CHILD:
            self.pace.wait()

    def _really_send(self, msg: list[Any], *args: Any, **kwargs: Any) -> None:
        # A forked child hands its messages to this process, where they come by here again.
        if not self.closed and self._check_mp_mode() != CHILD:
            self.last_number += 1
            self.pace.published(self.last_number, size_of(msg))
            # After the topic, by which clients choose what they hear; some messages have none.
            place = 0 if msg[0] == DELIM else 1
            msg = [*msg[:place], b"qubx-%d" % self.last_number, *msg[place:]]
        super()._really_send(msg, *args, **kwargs)

    def published(self) -> int:
        """Waits until all that was sent before is published, and returns the number of the last message.

        ipykernel 6 ends a `flush` of a stream before its text is published.
        """
        published: SimpleQueue[None] = SimpleQueue()
        self.schedule(partial(published.put, None))
        with suppress(Empty):
            published.get(timeout=PUBLISH_LIMIT_SECONDS)
        return self.last_number


def is_status(message: list[Any]) -> bool:
    """Tells whether a message says that a request began or ended, by its topic."""
    return bytes(message[0]).endswith(b".status")


def size_of(message: list[Any]) -> int:
    """Returns the bytes of a message's frames."""
    return sum(memoryview(frame).nbytes for frame in message)


def number_output() -> None:
    """Makes the application that is built next number its output; it offers no other place for it."""
    kernelapp.IOPubThread = NumberedOutput


_thread = threading.local()
"""`claims` is there and true in threads whose output is their own."""


def pass_claims_on(shell: Any) -> None:
    """Makes the threads that a claiming thread starts claim their output too."""
    hand_on(lambda: partial(claim_output, shell) if getattr(_thread, "claims", False) else None)


def claim_output(shell: Any) -> None:
    """Makes the output of the calling thread its own; else it would count as the last cell's."""
    _thread.claims = True
    header = {"msg_id": "strategy", "msg_type": "strategy", "session": "strategy", "username": "strategy"}
    if hasattr(shell, "set_thread_parent"):
        shell.set_thread_parent({"header": header})
        return
    # ipykernel 6 has a context variable for the streams but no function to set it for one thread, and for
    # what is displayed only a hook.
    for stream in (sys.stdout, sys.stderr):
        parent = getattr(stream, "_parent_header", None)
        if parent is not None:
            parent.set(header)
    shell.display_pub.register_hook(partial(_with_parent, header))


def _with_parent(header: dict[str, str], message: dict[str, Any]) -> dict[str, Any]:
    return {**message, "parent_header": header}
