"""The bars that were: a list of them, and a table for those who have numpy or pandas.

Neither is needed by this package; each is imported only by whoever asks for its form.
"""

import importlib
from typing import Any

from .market import Bar

COLUMNS = ("open", "high", "low", "close", "volume", "quotes")


class Bars(list[Bar]):
    """Bars of one instrument and timeframe, the oldest first; the last one may not be finished yet."""

    def numpy(self) -> Any:
        """Returns a structured array with `time` (UTC, `datetime64[ns]`), `open`, `high`, `low`, `close`,
        `volume` and `quotes`: `bars.numpy()["close"]` are the closing prices.
        """
        numpy = _imported("numpy")
        kinds = [("time", "datetime64[ns]"), *((name, "f8") for name in COLUMNS[:-1]), (COLUMNS[-1], "i8")]
        return numpy.array([(bar.time_ns, *_numbers(bar)) for bar in self], dtype=kinds)

    def pandas(self) -> Any:
        """Returns a `DataFrame` of the same columns, with the times in UTC as its index."""
        pandas = _imported("pandas")
        times = pandas.DatetimeIndex([bar.time_ns for bar in self], tz="UTC", name="time")
        columns = zip(*map(_numbers, self), strict=True) if self else ([] for _ in COLUMNS)
        kinds = dict.fromkeys(COLUMNS, "float64") | {"quotes": "int64"}
        return pandas.DataFrame(dict(zip(COLUMNS, columns, strict=True)), index=times).astype(kinds)


def _numbers(bar: Bar) -> tuple[Any, ...]:
    return bar.open, bar.high, bar.low, bar.close, bar.volume, bar.quotes


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # Something that is missing inside of it is its own failure.
        if error.name != name:
            raise
        raise ModuleNotFoundError(
            f"bars.{name}() needs {name}, which this Python does not have; the bars themselves are a list",
            name=name,
        ) from None
