"""An exception as data: its class, its message and the part of the traceback that is the user's."""

import os
from typing import Any

_OWN_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep


def describe(error: BaseException) -> dict[str, Any]:
    """Returns what the service shows of an exception; the frames of this package are left out."""
    import traceback

    whole = traceback.TracebackException.from_exception(error)
    _hide_own_frames(whole, set())
    text = "".join(whole.format())
    return {"ename": type(error).__name__, "evalue": _message(error), "traceback": text.splitlines()}


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
