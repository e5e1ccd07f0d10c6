"""The standard streams: what C code and other programs write belongs to the cell in which they ended, and one
huge print is many messages.

Other programs write into a pipe, which a thread of each stream reads. A cell whose program has just ended
must not be over before that thread has read the program's last words, or they would be nobody's.
"""

import os
import select
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ipykernel.iostream import OutStream

DRAIN_LIMIT_SECONDS = 0.5
"""How long a cell's end waits at most: a program that is left behind may write for ever."""

READ_BYTES = 65_536
"""What a pipe holds."""

MESSAGE_CHARACTERS = 32_000
"""The most that goes in one message. What is kept for a Jupyter client that has stopped is bounded by their
number, so a message must be small as well; and whoever reads one needs its memory several times over."""

UNPUBLISHED_CHARACTERS = 1_000_000
"""The most that a stream holds back."""


class Stream(OutStream):
    """Standard output or error."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Held from the moment on at which bytes leave the pipe until they are in the stream.
        self._reading = threading.Lock()
        self._unpublished = 0
        super().__init__(*args, **kwargs)

    def write(self, string: str) -> int | None:
        """Writes text. Much of it is published at once, and then whoever writes waits for the service."""
        if not isinstance(string, str) or len(string) <= UNPUBLISHED_CHARACTERS:
            return self._write_part(string)
        # In parts, so that whoever writes so much waits for the service on the way.
        for start in range(0, len(string), UNPUBLISHED_CHARACTERS):
            self._write_part(string[start : start + UNPUBLISHED_CHARACTERS])
        return len(string)

    def _write_part(self, string: str) -> int | None:
        written: int | None = super().write(string)
        self._unpublished += len(string)
        if self._unpublished >= UNPUBLISHED_CHARACTERS:
            self._unpublished = 0
            self.flush()
        return written

    def flush(self) -> None:
        """Publishes what was written, and waits for the service if that is far behind."""
        super().flush()
        if threading.current_thread() is not self.pub_thread.thread:
            self.pub_thread.keep_pace()

    def _flush_buffers(self) -> Iterator[tuple[dict[str, Any], str]]:
        for parent, text in super()._flush_buffers():
            for start in range(0, len(text), MESSAGE_CHARACTERS):
                yield parent, text[start : start + MESSAGE_CHARACTERS]

    def _watch_pipe_fd(self) -> None:
        # As in the base class, apart from the lock, and from the log: when it takes nothing more, on a full
        # disk, the screens are still shown all, and who writes must not wait for ever at a full pipe.
        try:
            while self._wait_for_bytes(None):
                with self._reading:
                    read = os.read(self._fid, READ_BYTES)
                    if not read or not self._should_watch:
                        return
                    self.write(read.decode(errors="replace"))
                    with suppress(OSError):
                        os.write(self._original_stdstream_copy, read)
        except Exception:
            self._exc = sys.exc_info()

    def drain(self) -> None:
        """Waits until all that was written into the pipe is in the stream."""
        deadline = time.monotonic() + DRAIN_LIMIT_SECONDS
        while self._should_watch and time.monotonic() < deadline:
            with self._reading:
                if not self._wait_for_bytes(0):
                    return
            time.sleep(0.001)

    def _wait_for_bytes(self, milliseconds: int | None) -> bool:
        waiting = select.poll()
        waiting.register(self._fid, select.POLLIN)
        return bool(waiting.poll(milliseconds))


def drain_streams(_: Any) -> None:
    """Ends a cell: what its programs wrote is its own."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, Stream):
            stream.drain()
