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


def completer() -> IPCompleter:
    return IPCompleter(namespace={"horizon_of_the_test": 1}, use_jedi=True)


def complete() -> list[str]:
    """What a kernel that starts now completes `horizon_of` to."""
    answers: SimpleQueue[Any] = SimpleQueue()
    bridge: Any = SimpleNamespace(send=lambda _kind, **fields: answers.put(fields["result"]))
    assistant = Assistant(bridge, SimpleNamespace(Completer=completer()))
    assistant.inbox.put({"type": "complete", "id": 1, "code": "horizon_of", "cursor": 10})
    assistant.thread.start()
    return [match["text"] for match in answers.get(timeout=60)["completions"]["matches"]]


@pytest.mark.filterwarnings("ignore")
def test_a_file_that_another_process_left_unfinished_disturbs_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jedi.settings, "cache_directory", tmp_path)
    for name in ("_load_from_file_system", "_save_to_file_system"):
        monkeypatch.setattr(parso.cache, name, getattr(parso.cache, name))
    parso.cache.parser_cache.clear()
    assert list(completer().completions("horizon_of", 10))
    files = list(tmp_path.rglob("*.pkl"))
    for file in files:
        file.write_bytes(file.read_bytes()[:100])
    parso.cache.parser_cache.clear()
    assert files
    assert not list(completer().completions("horizon_of", 10)), "such files disturb"
    assert complete() == ["horizon_of_the_test"]
