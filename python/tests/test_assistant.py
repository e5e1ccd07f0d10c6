"""Completion, as screens ask for it."""

from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import jedi
import parso.cache
import pytest
from IPython.core.completer import IPCompleter

from qubx_strategy.assistant import Assistant


def complete(cache: Path) -> list[str]:
    """What a kernel that starts now completes `horizon_of` to."""
    parso.cache.parser_cache.clear()
    shell = SimpleNamespace(Completer=IPCompleter(namespace={"horizon_of_the_test": 1}, use_jedi=True))
    answers: SimpleQueue[Any] = SimpleQueue()
    bridge: Any = SimpleNamespace(send=lambda _kind, **fields: answers.put(fields["result"]))
    assistant = Assistant(bridge, shell, cache)
    assistant.inbox.put({"type": "complete", "id": 1, "code": "horizon_of", "cursor": 10})
    assistant.thread.start()
    return [match["text"] for match in answers.get(timeout=60)["completions"]["matches"]]


def test_a_cache_that_another_process_left_unfinished_disturbs_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    monkeypatch.setattr(jedi.settings, "cache_directory", shared)
    assert complete(shared) == ["horizon_of_the_test"]
    for file in shared.rglob("*.pkl"):
        file.write_bytes(file.read_bytes()[:100])
    assert complete(shared) == [], "this test has a cache that disturbs"
    assert complete(tmp_path / "own") == ["horizon_of_the_test"]
