"""Who is heard when a cell waits for a line."""

from typing import Any, cast

from qubx_strategy.bridge import Bridge
from qubx_strategy.inputs import Inputs


class Service:
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []

    def send(self, type: str, **fields: Any) -> None:
        self.told.append((type, fields["input"]))


def inputs() -> tuple[Inputs, Service]:
    service = Service()
    return Inputs(cast(Bridge, service)), service


def test_a_wait_is_told_and_ends_also_when_it_is_interrupted() -> None:
    waits, service = inputs()
    try:
        with waits.wait("request", "? ", False, 0):
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert service.told == [("input_begins", 1), ("input_ends", 1)]


def test_an_answer_is_for_the_wait_that_it_names() -> None:
    waits, _ = inputs()
    waits.take({"input": 1, "text": "early"})
    with waits.wait("request", "? ", False, 0) as first:
        waits.take({"input": 1, "text": "first"})
    with waits.wait("request", "? ", False, 0) as second:
        waits.take({"input": 1, "text": "late"})
        assert first.answer == "first"
        waits.take({"input": 2, "text": "second"})
        assert second.answer == "second"
    waits.take({"input": 2, "text": "late"})
