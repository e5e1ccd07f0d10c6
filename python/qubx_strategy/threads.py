"""What a thread takes over from the one that starts it. Context variables end where a thread ends."""

import threading
from collections.abc import Callable

Setting = Callable[[], None]
"""Sets, in a new thread, what the thread that started it had."""

_offers: list[Callable[[], Setting | None]] = []


def hand_on(offer: Callable[[], Setting | None]) -> None:
    """Asks `offer` in every thread that starts another one; what it returns runs first in the new one."""
    if not _offers:
        _watch_starts()
    _offers.append(offer)


def _watch_starts() -> None:
    start = threading.Thread.start

    def start_with_settings(self: threading.Thread) -> None:
        settings = [setting for offer in _offers if (setting := offer()) is not None]
        if settings:
            run = self.run

            def set_and_run() -> None:
                for setting in settings:
                    setting()
                run()

            self.run = set_and_run  # type: ignore[method-assign]
        start(self)

    threading.Thread.start = start_with_settings  # type: ignore[method-assign]
