"""The bars that `ctx.ohlc` gives."""

import sys
from typing import Any

import pytest

from qubx_strategy import Bars
from tests.test_context import BTC, SECOND, context

MINUTE = 60_000_000_000
ANSWER = [
    [SECOND, SECOND + MINUTE, 1, 3, 0.5, 2, 7.5, 10],
    [SECOND + MINUTE, SECOND + 2 * MINUTE, 2, 2, 2, 2, 0, 1],
]


def bars(answer: Any = ANSWER) -> Bars:
    return context(answer)[0].ohlc("BTCUSDT", "1m", 5)


def test_history_is_asked_for_and_comes_as_a_list_of_bars() -> None:
    ctx, _, service = context(ANSWER)
    got = ctx.ohlc(BTC, "1m", 5)
    asked = {"verb": "history", "instrument": "SIM:BTCUSDT", "timeframe": "1m", "length": 5}
    assert service.requests == [asked]
    assert [(b.instrument, b.timeframe, b.open, b.high, b.low, b.close, b.volume, b.quotes) for b in got] == [
        (BTC, "1m", 1.0, 3.0, 0.5, 2.0, 7.5, 10),
        (BTC, "1m", 2.0, 2.0, 2.0, 2.0, 0.0, 1),
    ]
    assert got[-1].time.isoformat() == "2026-01-01T00:01:00+00:00"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("1m", 0), ValueError),
        (("1m", 1.5), TypeError),
        (("1m", True), TypeError),
        ((60, 5), TypeError),
    ],
)
def test_wrong_arguments_raise_before_anything_is_sent(
    arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    ctx, _, service = context()
    with pytest.raises(error):
        ctx.ohlc(BTC, *arguments)
    assert not service.requests


def test_numpy_gives_named_columns() -> None:
    pytest.importorskip("numpy")
    array = bars().numpy()
    assert array["close"].tolist() == [2.0, 2.0]
    assert str(array["time"][1]) == "2026-01-01T00:01:00.000000000"
    assert array["quotes"].tolist() == [10, 1]
    assert len(bars([]).numpy()) == 0


def test_pandas_gives_a_frame_by_time() -> None:
    pytest.importorskip("pandas")
    frame = bars().pandas()
    assert list(frame.columns) == ["open", "high", "low", "close", "volume", "quotes"]
    assert frame.index[1].isoformat() == "2026-01-01T00:01:00+00:00"
    assert frame["volume"].tolist() == [7.5, 0.0]
    empty = bars([]).pandas()
    assert (len(empty), empty.dtypes.equals(frame.dtypes)) == (0, True)


@pytest.mark.parametrize("package", ["numpy", "pandas"])
def test_what_is_not_installed_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ModuleNotFoundError, match=rf"bars\.{package}\(\) needs {package}, which this Python"):
        getattr(bars(), package)()
