"""What `ctx.save_state` keeps and refuses."""

import enum
import json
import math
from typing import Any

import pytest

from qubx_strategy.state import DEEPEST_STATE, LARGEST_STATE, check_state


class Color(enum.Enum):
    RED = 1


def inside_itself() -> dict[str, Any]:
    state: dict[str, Any] = {"a": []}
    state["a"].append(state)
    return state


def lists(depth: int) -> list[Any]:
    return [lists(depth - 1)] if depth > 1 else []


@pytest.mark.parametrize(
    "state",
    [None, True, -(1 << 63), 0.1 + 0.2, "é\ud7ff", [], {}, {"a": [1, {"b": None}]}, lists(DEEPEST_STATE)],
)
def test_what_json_holds_is_kept_as_it_is(state: Any) -> None:
    check_state(state)
    assert json.loads(json.dumps(state)) == state


def test_an_object_may_be_there_twice() -> None:
    shared = [1]
    check_state({"a": shared, "b": shared, "c": (shared, shared)})


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        (Color.RED, TypeError, r"^state is of type Color, which JSON cannot hold: only None, bool, int"),
        ({"a": [1, {2}]}, TypeError, r"^state\['a'\]\[1\] is of type set"),
        ({"a": {1: 2}}, TypeError, r"^state\['a'\] has the key 1 of type int; JSON keys are str"),
        ({"a": (0, math.nan)}, ValueError, r"^state\['a'\]\[1\] is nan, which JSON cannot hold"),
        ([-math.inf], ValueError, r"^state\[0\] is -inf"),
        ([1 << 63], ValueError, r"^state\[0\] is 9223372036854775808, and JSON keeps integers of 64 bits"),
        ({"a": ["b\udcff"]}, ValueError, r"^state\['a'\]\[0\] has '\\udcff' at 1, half of a character"),
        ({"a": {"\ud800": 1}}, ValueError, r"^the key '\\ud800' of state\['a'\] has '\\ud800' at 0"),
        (lists(DEEPEST_STATE + 1), ValueError, r"^state(\[0\]){100} is inside 100 lists and dicts"),
        (lists(500), ValueError, r"^state(\[0\]){100} is inside 100 lists and dicts"),
        (inside_itself(), ValueError, r"^state\['a'\]\[0\] contains itself"),
        ("x" * LARGEST_STATE, ValueError, r"^state is 1,048,578 bytes of JSON; 1,048,576 can be kept"),
    ],
)
def test_what_json_cannot_hold_is_refused_with_its_place(
    state: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        check_state(state)
