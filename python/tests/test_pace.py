"""How far output may run ahead of the service."""

import threading

import pytest

from qubx_strategy import pace
from qubx_strategy.pace import MOST_BYTES_AHEAD, MOST_MESSAGES_AHEAD, Pace

LIMIT_SECONDS = 60


def waiter(ahead: Pace) -> threading.Thread:
    thread = threading.Thread(target=ahead.wait, daemon=True)
    thread.start()
    return thread


def test_who_is_near_enough_never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("it waits"))
    ahead = Pace()
    ahead.wait()
    ahead.published(1, MOST_BYTES_AHEAD)
    ahead.wait()
    ahead.published(2, 1)
    ahead.read(1)
    ahead.wait()


def test_who_is_too_far_ahead_waits_until_the_service_has_read() -> None:
    ahead = Pace()
    for number in (1, 2, 3):
        ahead.published(number, MOST_BYTES_AHEAD)
    thread = waiter(ahead)
    ahead.read(1)
    thread.join(timeout=0.05)
    assert thread.is_alive(), "two thirds are unread"
    # The message between them was lost, and counts as read.
    ahead.read(3)
    thread.join(timeout=LIMIT_SECONDS)
    assert not thread.is_alive()


def test_a_service_that_stands_still_is_waited_for_no_longer_than_patience(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace, "PATIENCE_SECONDS", 0.01)
    ahead = Pace()
    ahead.published(1, MOST_BYTES_AHEAD + 1)
    thread = waiter(ahead)
    thread.join(timeout=LIMIT_SECONDS)
    assert not thread.is_alive()


def test_who_is_too_many_messages_ahead_waits_as_well() -> None:
    ahead = Pace()
    for number in range(MOST_MESSAGES_AHEAD):
        ahead.published(number, 1)
    assert not ahead.is_far_ahead()
    ahead.published(MOST_MESSAGES_AHEAD, 1)
    assert ahead.is_far_ahead()
    thread = waiter(ahead)
    ahead.read(0)
    thread.join(timeout=LIMIT_SECONDS)
    assert not thread.is_alive()


def test_patience_ends_once_for_a_service_that_stands_still_and_begins_anew_when_it_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace, "PATIENCE_SECONDS", 0.01)
    ahead = Pace()
    for number in (1, 2, 3):
        ahead.published(number, MOST_BYTES_AHEAD)
    ahead.wait()
    with monkeypatch.context() as patched:
        patched.setattr("time.sleep", lambda _: pytest.fail("it waits again"))
        ahead.wait()
    ahead.read(1)
    naps: list[float] = []
    monkeypatch.setattr("time.sleep", naps.append)
    ahead.wait()
    assert naps
