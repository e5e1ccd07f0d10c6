"""What a tooltip says."""

from typing import Any

import pytest

from qubx_strategy.inspection import LONGEST_TEXT, describe_name


class Thing:
    """A thing."""

    size = 3

    def grow(self, by: int = 1) -> None:
        """Grows.

        Twice.
        """

    @property
    def asked(self) -> int:
        """What is not asked."""
        raise AssertionError("a property ran")


def long() -> None:
    pass


long.__doc__ = "x" * 100_000


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("thing.grow", "grow(by: int = 1) -> None\n\nGrows.\n\nTwice."),
        ("Thing", "Thing()\n\nA thing."),
        ("thing", "thing: Thing\n\nA thing."),
        ("thing.asked", "asked: property\n\nWhat is not asked."),
        ("thing.asked.real", None),
        ("thing.none", None),
        ("none", None),
        ("len", "len(obj, /)\n\nReturn the number of items in a container."),
    ],
)
def test_a_name_is_described_without_running_its_code(name: str, expected: str | None) -> None:
    variables: dict[str, Any] = {"Thing": Thing, "thing": Thing()}
    assert describe_name(name, variables) == expected


def test_a_text_is_bounded() -> None:
    text = describe_name("long", {"long": long})
    assert text is not None
    assert (len(text), text[-1]) == (LONGEST_TEXT, "…")
