"""What a strategy publishes: JSON, bounded, and nothing else."""

import datetime
import json
import math
from decimal import Decimal
from typing import Any

import pytest

from qubx_strategy.published import LONGEST_TEXT, MOST_ROWS, check_name, content_of, point_of
from tests.test_context import BTC, SECOND, context


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (0.25, 0.25),
        ("é", "é"),
        (Decimal("0.10"), 0.1),
        (math.nan, None),
        (-math.inf, None),
        (Decimal("Infinity"), None),
        (Decimal("sNaN"), None),
        (1 << 60, float(1 << 60)),
        (10**400, None),
        (BTC, "SIM:BTCUSDT"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        ("a\udcff", "a\ufffd"),
        ("x" * 5_000, "x" * (LONGEST_TEXT - 1) + "…"),
    ],
)
def test_a_value_becomes_json_that_every_reader_takes(value: Any, shown: Any) -> None:
    assert content_of(value) == {"value": shown}
    json.dumps(shown, allow_nan=False)


@pytest.mark.parametrize(
    "table",
    [
        [{"a": 1, "b": math.nan}, {"b": "x", "c": None}],
        ({"a": 1}, {"b": "x"}),
    ],
)
def test_a_list_of_dicts_is_a_table(table: Any) -> None:
    columns = list(dict.fromkeys(name for row in table for name in row))
    rows = content_of(table)["table"]["rows"]
    assert content_of(table)["table"]["columns"] == columns
    assert rows[0][:2] == [1, None]
    assert rows[1][:2] == [None, "x"]


def test_a_dict_of_columns_is_a_table() -> None:
    assert content_of({"symbol": [BTC, "ETH"], 7: (1, math.inf)}) == {
        "table": {"columns": ["symbol", "7"], "rows": [["SIM:BTCUSDT", 1], ["ETH", None]]}
    }
    assert content_of([]) == content_of({}) == {"table": {"columns": [], "rows": []}}
    assert content_of({"a": []}) == {"table": {"columns": ["a"], "rows": []}}


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ({1, 2}, TypeError, "the value is of type set; a number, text, truth, time or None can be shown"),
        ([1, 2], TypeError, "a list must have a dict for each row, and row 0 is int"),
        ({"a": 1}, TypeError, r"a list for each column, and 'a' is int; for one row write \[{…}\]"),
        ({"a": "text"}, TypeError, "'a' is str"),
        ({"a": [1], "b": [1, 2]}, ValueError, "the same number of rows, not a: 1, b: 2"),
        ({"a": [1], "b": [[2]]}, TypeError, "row 0 of b is of type list"),
        ({"": [1]}, ValueError, "a column's name must be 1 to 64 printable characters"),
        ({"1": [1], 1: [2]}, ValueError, "the column '1' is there twice"),
        ([{"a": 1}] * (MOST_ROWS + 1), ValueError, "1,001 rows cannot be shown: at most 1,000 rows and 50"),
        ({"a": range(10**9)}, ValueError, "1,000,000,000 rows cannot be shown"),
        ([{str(n): n for n in range(51)}], ValueError, "51 columns cannot be shown"),
        (
            [{str(n): "x" * LONGEST_TEXT for n in range(50)}] * 30,
            ValueError,
            "have 1,500,000 characters; 1,048,576 can be shown",
        ),
    ],
)
def test_what_cannot_be_shown_is_refused_with_its_place(
    value: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        content_of(value)


@pytest.mark.parametrize(("name", "fits"), [("a" * 64, True), ("a" * 65, False), ("", False), ("a\n", False)])
def test_names_are_short_and_printable(name: str, fits: bool) -> None:
    if fits:
        assert check_name("name", name) == name
    else:
        with pytest.raises(ValueError, match="name must be 1 to 64 printable characters"):
            check_name("name", name)


def test_points_are_numbers_or_breaks_of_the_line() -> None:
    assert [point_of(value)["point"] for value in (1, 0.5, Decimal("2.5"), None, math.nan)] == [
        1.0,
        0.5,
        2.5,
        None,
        None,
    ]
    for value in (True, "1", [1]):
        with pytest.raises(TypeError):
            point_of(value)


def test_what_is_published_has_the_engines_time_and_its_instrument() -> None:
    ctx, mirror, service = context()
    mirror.time_ns = SECOND
    ctx.publish("spread", 0.5)
    ctx.plot("fast", 101, "SIM:BTCUSDT")
    ctx.plot("z", None)
    assert service.published == [
        ("spread", None, SECOND, {"value": 0.5}),
        ("fast", 0, SECOND, {"point": 101.0}),
        ("z", None, SECOND, {"point": None}),
    ]
    with pytest.raises(ValueError, match="printable"):
        ctx.publish("", 1)
    with pytest.raises(ValueError, match="did you mean"):
        ctx.plot("fast", 1, "BTC")


def test_numpys_values_are_shown_as_pythons() -> None:
    numpy = pytest.importorskip("numpy")
    values = [numpy.int64(3), numpy.float32(0.5), numpy.bool_(True), numpy.str_("x"), numpy.float64("nan")]
    assert [content_of(value)["value"] for value in values] == [3, 0.5, True, "x", None]
    days = numpy.array(["2026-01-02", "NaT"], dtype="datetime64[ns]")
    table = content_of({"n": numpy.arange(2), "day": days})["table"]
    assert [row[0] for row in table["rows"]] == [0, 1]
    assert table["rows"][0][1].startswith("2026-01-02")
    assert table["rows"][1][1] is None


def test_a_frame_is_a_table_with_its_index_where_that_says_something() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"z": [1.5, float("nan")], "at": pandas.to_datetime(["2026-01-02", None])})
    table = content_of(frame)["table"]
    assert table["columns"] == ["z", "at"]
    assert table["rows"] == [[1.5, "2026-01-02 00:00:00"], [None, None]]
    table = content_of(frame.set_index(pandas.Index(["a", "b"], name="leg"))[["z"]])["table"]
    assert table == {"columns": ["leg", "z"], "rows": [["a", 1.5], ["b", None]]}
    with pytest.raises(ValueError, match="1,001 rows"):
        content_of(pandas.DataFrame({"a": range(1001)}))
