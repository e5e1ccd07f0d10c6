"""An exception as data: its class, its message and the part of the traceback that is the user's."""

import os
from typing import Any

LONGEST_MESSAGE = 10_000
LONGEST_TRACEBACK = 100_000
"""In characters. An exception may have a whole table in its text, and what is too long cannot be sent."""

_OWN_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep


def describe(error: BaseException) -> dict[str, Any]:
    """Returns what the service shows of an exception; the frames of this package are left out.

    It never raises: whoever tells of a failure must not fail with it.
    """
    try:
        return _describe(error)
    except BaseException as broken:
        evalue = f"<this exception cannot be described: {type(broken).__name__}>"
        return {"ename": type(error).__name__, "evalue": evalue, "traceback": []}


def _describe(error: BaseException) -> dict[str, Any]:
    import traceback

    whole = traceback.TracebackException.from_exception(error)
    _hide_own_frames(whole, set())
    text = cut("".join(whole.format()), LONGEST_TRACEBACK)
    evalue = cut(_message(error), LONGEST_MESSAGE)
    return {"ename": type(error).__name__, "evalue": evalue, "traceback": text.splitlines()}


def cut(text: str, limit: int) -> str:
    """Returns a text that is too long without its middle, and with a word about that."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half:,} characters are left out here …]\n{text[-half:]}"


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # It is the user's code; whoever waits for this failure must hear of it all the same.
        return "<exception str() failed>"


def _hide_own_frames(part: Any, seen: set[int]) -> None:
    if part is None or id(part) in seen:
        return
    seen.add(id(part))
    theirs = [frame for frame in part.stack if not _is_ours(frame.filename)]
    part.stack[:] = theirs
    _hide_own_frames(part.__cause__, seen)
    _hide_own_frames(part.__context__, seen)


def _is_ours(filename: str) -> bool:
    return filename.startswith((_OWN_FOLDER, "<frozen importlib"))
