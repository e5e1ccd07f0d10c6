"""Completion and documentation on a thread of its own, so that they work while a cell runs."""

import threading
import warnings
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from .bridge import Bridge
from .inspection import describe_name, describe_object

WARM_UP_AFTER_SECONDS = 1.0
"""The first completion imports much; it waits until the session's start is over."""

MOST_MATCHES = 500
"""More than anybody reads; `import ` alone has thousands."""


class Assistant:
    """Answers what screens ask while they type, on a thread of its own."""

    def __init__(self, bridge: Bridge, shell: Any) -> None:
        self.thread = threading.Thread(name="assistant", target=self._run, daemon=True)
        self._bridge = bridge
        self._shell = shell
        # Bounded by the service, which lets few questions wait.
        self.inbox: SimpleQueue[dict[str, Any]] = SimpleQueue()

    def _run(self) -> None:
        from IPython.core.completer import ProvisionalCompleterWarning

        # Set once and for all: the context manager for it swaps the process's filters under running cells.
        warnings.filterwarnings("ignore", category=ProvisionalCompleterWarning)
        try:
            message = self.inbox.get(timeout=WARM_UP_AFTER_SECONDS)
        except Empty:
            message = {"type": "complete", "id": None, "code": "sys.", "cursor": 4}
        keep_parsed_files_in_memory()
        while True:
            self._answer(message)
            message = self.inbox.get()

    def _answer(self, message: dict[str, Any]) -> None:
        try:
            if message["type"] == "complete":
                answer = self._complete(message["code"], message["cursor"])
            elif message["type"] == "inspect":
                answer = self._inspect(message["code"], message["cursor"])
            else:
                answer = self._is_complete(message["code"])
        except Exception as error:
            answer = {"failed": {"message": f"{type(error).__name__}: {error}"}}
        if message["id"] is not None:
            self._bridge.send("answer", id=message["id"], result=answer)

    def _complete(self, code: str, cursor: int) -> dict[str, Any]:
        from IPython.core.completer import rectify_completions

        found = list(rectify_completions(code, self._shell.Completer.completions(code, cursor)))
        if not found:
            # A cell that changes names meanwhile can disturb the search, which hides that and finds nothing.
            found = list(rectify_completions(code, self._shell.Completer.completions(code, cursor)))
        matches = [
            {"text": match.text, "kind": "" if match.type in (None, "<unknown>") else match.type}
            for match in found[:MOST_MATCHES]
        ]
        start, end = (found[0].start, found[0].end) if found else (cursor, cursor)
        return {"completions": {"start": start, "end": end, "matches": matches}}

    def _is_complete(self, code: str) -> dict[str, Any]:
        status, indent = self._shell.input_transformer_manager.check_complete(code)
        return {"is_complete": {"status": status, "indent": " " * (indent or 0)}}

    def _inspect(self, code: str, cursor: int) -> dict[str, Any]:
        from IPython.utils.tokenutil import token_at_cursor

        name = token_at_cursor(code, cursor)
        text = describe_name(name, self._shell.user_ns) if name else None
        if text is None and (magic := self._shell.find_magic(name.lstrip("%"))):
            text = describe_object(name, magic)
        return {"inspection": {"text": text}}


def keep_parsed_files_in_memory() -> None:
    """Has completion use no files of what it has parsed.

    Those lie in the user's home, are shared by every Python there, and are written in place: who reads one
    that another process is writing, or did not finish, finds no completion and is told nothing.
    """
    with suppress(ImportError):
        import parso.cache

        for name in ("_load_from_file_system", "_save_to_file_system"):
            setattr(parso.cache, name, lambda *_arguments, **_named: None)
