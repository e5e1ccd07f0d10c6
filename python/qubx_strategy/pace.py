"""How far output may run ahead of the service: whoever prints faster than it reads waits.

Without a bound a loop that prints would fill this process's memory with what nobody has read yet. The service
tells which messages it has worked through; messages are numbered, so that one that is lost counts as read.
"""

import time
from collections import deque

MOST_BYTES_AHEAD = 32_000_000
"""Enough that a cell that prints in bursts never waits."""

MOST_MESSAGES_AHEAD = 4_000
"""Half of what is kept for one reader, so that none is lost to the service."""

PATIENCE_SECONDS = 10.0
"""How long it is waited for without a sign that the service reads: one that stands still must not stop
a strategy for ever."""

LOOK_EVERY_SECONDS = 0.001


class Pace:
    """What was published and is not read yet.

    One thread publishes and one hears of the service, so their two counts need no lock. The thread that waits
    may be interrupted anywhere, which a lock would not survive.
    """

    def __init__(self) -> None:
        self._unread: deque[tuple[int, int]] = deque()
        self._published_bytes = 0
        self._read_bytes = 0
        self._signs = 0
        """How often the service told what it has read."""
        self._given_up_at = -1
        """The signs when patience ended last."""

    def published(self, number: int, size: int) -> None:
        """Counts a message, on the thread that publishes."""
        self._unread.append((number, size))
        self._published_bytes += size

    def read(self, number: int) -> None:
        """Takes it that the service has worked through everything up to `number`, on the bridge's thread."""
        while self._unread and self._unread[0][0] <= number:
            self._read_bytes += self._unread.popleft()[1]
        self._signs += 1

    def wait(self) -> None:
        """Waits until the service is near enough, or nothing is heard of it for too long."""
        signs, deadline = self._signs, time.monotonic() + PATIENCE_SECONDS
        while self.is_far_ahead() and self._given_up_at != self._signs:
            if signs != self._signs:
                signs, deadline = self._signs, time.monotonic() + PATIENCE_SECONDS
            elif time.monotonic() >= deadline:
                self._given_up_at = signs
            time.sleep(LOOK_EVERY_SECONDS)

    def is_far_ahead(self) -> bool:
        """Tells whether who publishes must wait."""
        ahead = self._published_bytes - self._read_bytes
        return ahead > MOST_BYTES_AHEAD or len(self._unread) > MOST_MESSAGES_AHEAD
