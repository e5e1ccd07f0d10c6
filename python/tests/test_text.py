"""What becomes of text that is none."""

import os

import pytest

from qubx_strategy.text import check_text, encoded


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("é😀", "é😀"),
        ("a" + os.fsdecode(b"\xff") + "b", "a\ufffdb"),
        ("\ud83d\ude00", "😀"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("\ud83da\ud83d", "\ufffda\ufffd"),
    ],
)
def test_halves_of_characters_are_joined_or_shown_as_such(text: str, shown: str) -> None:
    assert encoded(text).decode() == shown


def test_half_of_a_character_is_refused_with_its_place() -> None:
    check_text("order", "é😀")
    with pytest.raises(ValueError, match=r"^order has '\\udcff' at 2, half of a character"):
        check_text("order", "q-\udcff")
