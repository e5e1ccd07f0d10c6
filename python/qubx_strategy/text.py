"""Text that is none: Python's strings can hold halves of characters, which JSON and its readers cannot.

`os.fsdecode` makes them of file names that are not UTF-8. What is only shown is mended; what is kept or asked
for is refused, because it would not come back equal.
"""


def encoded(text: str) -> bytes:
    """Returns text as UTF-8; halves of characters are joined, and what stays alone is shown as `\ufffd`."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def check_text(place: str, text: str) -> None:
    """Raises `ValueError` that names `place` when there is half of a character in the text."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = text[error.start]
        raise ValueError(
            f"{place} has {half!r} at {error.start}, half of a character, which JSON cannot hold"
        ) from None
