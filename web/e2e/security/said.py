"""Says payloads where a kernel has the word: prompts of lines that it asks for, completions, and signatures."""

import json
from getpass import getpass
from pathlib import Path
from typing import Any

TEXTS: list[str] = json.loads(Path(__file__).with_name("said.json").read_text())
#: Completes to payloads.
KEYS = {text: True for text in TEXTS}


class Words:
    """Has payloads for its attributes."""

    def __dir__(self) -> list[str]:
        return TEXTS


words = Words()


class Said:
    """A value that is shown as a payload."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def ask() -> None:
    """Asks for a line with every payload, and for some as for a password."""
    for place, text in enumerate(TEXTS):
        ask_for = getpass if place % 3 == 2 else input
        ask_for(f"¤{place}¤ {text}")


def documented(texts: list[str]) -> Any:
    """Returns a function whose signature and documentation are payloads."""

    def says(first: Any = Said(texts[0]), second: Any = Said(texts[-1])) -> None:
        pass

    says.__doc__ = "¤says¤ " + "\n".join(texts)
    return says
