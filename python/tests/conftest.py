"""Fixtures."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.harness import Session, session

Run = Callable[..., Session]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a strategy class with its parameters, until the test ends."""
    with ExitStack() as stack:
        yield lambda strategy, **parameters: stack.enter_context(
            session(tmp_path, monkeypatch, strategy, **parameters)
        )
