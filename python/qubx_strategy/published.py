"""What a strategy shows of itself under a name: one value, a table, or a point of a line.

It is checked and bounded here, and becomes JSON that every reader takes: what is no number is null. A
`DataFrame` is known without importing pandas: whoever has one has imported it.
"""

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from .instrument import Instrument
from .plain import plain
from .text import encoded

LONGEST_NAME = 64
"""Characters of a name: it stands beside its value on a screen."""
MOST_ROWS = 1_000
MOST_COLUMNS = 50
LONGEST_TEXT = 1_000
"""Characters of a text; what is longer is cut."""
MOST_CHARACTERS = 1 << 20
"""Of all texts of a table. Each change of it is sent to every screen."""

_MOST_INT = 1 << 53
"""Beyond it, what reads JSON in a browser rounds integers itself."""


def check_name(what: str, name: object) -> str:
    """Returns a name; raises unless it is 1 to 64 printable characters."""
    if not isinstance(name, str):
        raise TypeError(f"{what} must be str, not {type(name).__name__}")
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or not name.strip():
        raise ValueError(f"{what} must be 1 to {LONGEST_NAME} printable characters, not {name[:100]!r}")
    return name


def content_of(value: Any) -> dict[str, Any]:
    """Returns what is published of a value, a list of dicts, a dict of columns or a `DataFrame`."""
    if (pandas := sys.modules.get("pandas")) is not None and isinstance(value, pandas.DataFrame):
        return _of_frame(value)
    if isinstance(value, Mapping):
        return _of_columns(value.keys(), [_column(name, cells) for name, cells in value.items()])
    if isinstance(value, list | tuple):
        return _of_rows(value)
    return {"value": _cell("the value", value)}


def point_of(value: Any) -> dict[str, Any]:
    """Returns a point of a line; none where it is broken."""
    number = _cell("the value", value)
    if isinstance(number, bool | str):
        raise TypeError(f"a point must be a number or None, not {type(value).__name__}")
    return {"point": None if number is None else float(number)}


def _of_frame(frame: Any) -> dict[str, Any]:
    _check_size(len(frame), len(frame.columns))
    names, columns = [], []
    is_counter = type(frame.index).__name__ == "RangeIndex"
    for level in range(0 if is_counter else frame.index.nlevels):
        names.append(frame.index.names[level] or "index")
        columns.append(list(frame.index.get_level_values(level)))
    for place, name in enumerate(frame.columns):
        names.append(name)
        columns.append(list(frame.iloc[:, place]))
    return _of_columns(names, columns)


def _of_rows(rows: Sequence[Any]) -> dict[str, Any]:
    _check_size(len(rows), 0)
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise TypeError(f"a list must have a dict for each row, and row {place} is {type(row).__name__}")
    names = list(dict.fromkeys(name for row in rows for name in row))
    return _of_columns(names, [[row.get(name) for row in rows] for name in names])


def _of_columns(names: Iterable[Any], columns: list[list[Any]]) -> dict[str, Any]:
    texts = [check_name("a column's name", str(name)) for name in names]
    if len(set(texts)) < len(texts):
        twice = next(text for text in texts if texts.count(text) > 1)
        raise ValueError(f"the column {twice!r} is there twice")
    lengths = {len(column) for column in columns}
    if len(lengths) > 1:
        counts = ", ".join(f"{name}: {len(column)}" for name, column in zip(texts, columns, strict=True))
        raise ValueError(f"all columns must have the same number of rows, not {counts}")
    _check_size(max(lengths, default=0), len(columns))
    cells = [
        [_cell(f"row {row} of {name}", cell) for row, cell in enumerate(column)]
        for name, column in zip(texts, columns, strict=True)
    ]
    characters = sum(len(cell) for column in cells for cell in column if isinstance(cell, str))
    if characters > MOST_CHARACTERS:
        raise ValueError(
            f"the texts of a table have {characters:,} characters; {MOST_CHARACTERS:,} can be shown"
        )
    return {"table": {"columns": texts, "rows": [list(row) for row in zip(*cells, strict=True)]}}


def _column(name: Any, cells: Any) -> list[Any]:
    is_list = hasattr(cells, "__iter__") and hasattr(cells, "__len__")
    if isinstance(cells, str | bytes | Mapping) or not is_list:
        raise TypeError(
            f"a dict must have a list for each column, and {name!r} is {type(cells).__name__}; "
            "for one row write [{…}]"
        )
    if len(cells) > MOST_ROWS:
        _check_size(len(cells), 0)
    return list(cells)


def _check_size(rows: int, columns: int) -> None:
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        what = f"{rows:,} rows" if rows > MOST_ROWS else f"{columns:,} columns"
        raise ValueError(
            f"a table with {what} cannot be shown: at most {MOST_ROWS:,} rows and {MOST_COLUMNS} columns"
        )


def _cell(place: str, value: Any) -> Any:
    """Returns one value as JSON that every reader takes; raises `TypeError` for what is none."""
    kind = type(value).__name__
    if kind in ("NaTType", "NAType"):
        return None
    if kind in ("datetime64", "timedelta64"):
        return None if str(value) == "NaT" else str(value)
    value = plain(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_MOST_INT <= value <= _MOST_INT else _float(value)
    if isinstance(value, float | Decimal):
        return _float(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Instrument | date | time | timedelta):
        return _text(str(value))
    raise TypeError(
        f"{place} is of type {type(value).__name__}; a number, text, truth, time or None can be shown"
    )


def _float(value: Any) -> float | None:
    try:
        number = float(value)
    except (OverflowError, ValueError):  # Larger than all floats, or a signaling NaN.
        return None
    return number if math.isfinite(number) else None


def _text(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        text = text[: LONGEST_TEXT - 1] + "…"
    return encoded(text).decode()
