"""Parameters: the annotated class attributes that have a default."""

from typing import Any, ClassVar

import pytest

from qubx_strategy import Context, Quote, Strategy
from qubx_strategy.failure import describe
from qubx_strategy.parameters import (
    LONGEST_SHOWN,
    ParameterError,
    check_parameters,
    construct,
    read_parameters,
    shown,
)
from tests.conftest import Run
from tests.harness import fact, quote


class Base(Strategy):
    fast: int = 20
    shared: ClassVar[int] = 1
    undefined: int
    _hidden: int = 3


class Example(Base):
    size: float = 0.1
    on: "bool" = False
    names: list[str] = []  # noqa: RUF012
    maybe: int | None = None
    plain = 5

    def __init__(self) -> None:
        self.seen = (self.fast, self.size)


def test_only_annotated_attributes_with_a_default_are_parameters() -> None:
    kinds = {name: parameter.kind for name, parameter in read_parameters(Example).items()}
    assert kinds == {"fast": "int", "size": "float", "on": "bool", "names": "any", "maybe": "any"}


def test_given_values_are_there_when_init_runs() -> None:
    assert construct(Example, {"fast": 5, "size": 2}).seen == (5, 2.0)
    assert construct(Example, {}).seen == (20, 0.1)
    assert Example.fast == 20


@pytest.mark.parametrize(
    ("given", "name", "nearest"),
    [
        ({"fats": 1}, "fats", "fast"),
        ({"plain": 1}, "plain", None),
        ({"fast": 1.0}, "fast", None),
        ({"fast": True}, "fast", None),
        ({"size": "1"}, "size", None),
        ({"on": 1}, "on", None),
    ],
)
def test_unknown_names_and_wrong_types_are_refused(
    given: dict[str, Any], name: str, nearest: str | None
) -> None:
    with pytest.raises(ParameterError) as caught:
        check_parameters(Example, given)
    assert caught.value.name == name
    assert nearest is None or caught.value.nearest == nearest


def test_a_failure_is_told_without_frames_of_the_package() -> None:
    class Raises(Strategy):
        def __init__(self) -> None:
            try:
                check_parameters(Example, {"fats": 1})
            except ParameterError as error:
                raise OSError("no") from error

    with pytest.raises(OSError, match="no") as caught:
        construct(Raises, {})
    told = describe(caught.value)
    text = "\n".join(told["traceback"])
    assert (told["ename"], told["evalue"]) == ("OSError", "no")
    assert "test_parameters.py" in text
    assert 'parameters.py"' not in text.replace('test_parameters.py"', "")
    assert "direct cause" in text


def test_a_parameter_is_changed_by_assigning_to_it_and_checked_as_at_the_start() -> None:
    strategy = construct(Example, {})
    strategy.fast = 30
    strategy.size = 2
    strategy.names = ["x"]
    strategy.anything = object()  # What is no parameter stays an ordinary attribute.
    assert (strategy.fast, strategy.size, type(strategy.size), strategy.names) == (30, 2.0, float, ["x"])
    with pytest.raises(ParameterError, match=r"^parameter 'fast' must be int, not float: 1\.5$"):
        strategy.fast = 1.5  # type: ignore[assignment]
    assert (strategy.fast, Example.fast) == (30, 20)


def test_numpys_numbers_are_taken_as_pythons() -> None:
    numpy = pytest.importorskip("numpy")
    strategy = construct(Example, {})
    strategy.fast, strategy.size = numpy.int64(7), numpy.float64(0.5)
    assert (type(strategy.fast), type(strategy.size)) == (int, float)
    with pytest.raises(ParameterError):
        strategy.fast = numpy.float64(7)


class Changing(Example):
    def __init__(self) -> None:
        self.fast = 21

    def on_quote(self, ctx: Context, quote: Quote) -> None:
        self.size = quote.bid
        self.fast = 30


def values(message: dict[str, Any]) -> dict[str, Any]:
    return {parameter["name"]: parameter["value"] for parameter in message["parameters"]}


def test_parameters_are_told_at_the_start_and_once_for_all_changes_of_a_batch(run: Run) -> None:
    session = run(Changing, size=0.5)
    session.start()
    constructed = session.heard[0]
    assert constructed["parameters"][:2] == [
        {"name": "fast", "kind": "int", "value": 21, "default": 20},
        {"name": "size", "kind": "float", "value": 0.5, "default": 0.1},
    ]
    session.batch(quote(0, 1, 2, 3), quote(0, 2, 4, 5))
    session.hear("batch_done")
    told = [message for message in session.heard if message["type"] == "parameters"]
    assert [(values(m)["fast"], values(m)["size"]) for m in told] == [(30, 4.0)]
    # Nothing is told of what stays as it is.
    session.batch(quote(0, 3, 4, 5), number=2)
    session.hear("batch_done")
    assert session.heard[-2]["type"] == "batch_done"


def test_a_change_in_the_repl_is_told(run: Run) -> None:
    session = run(Example)
    session.start()
    session.strategy.fast = 30
    assert values(session.hear("parameters"))["fast"] == 30
    session.strategy.names = {1, 2}
    assert values(session.hear("parameters"))["names"] == "{1, 2}"


def test_a_command_sets_a_parameter_between_the_records(run: Run) -> None:
    session = run(Changing)
    session.start()
    wanted = [("size", 3), ("fast", 1.5), ("fats", 1), ("plain", 1)]
    facts = [["c", name, "set_parameter", {"name": name, "value": value}] for name, value in wanted]
    session.batch(*(fact(place, 1) for place in range(len(facts))), facts=facts)
    session.hear("batch_done")
    assert values(session.heard[-6])["size"] == 3.0
    assert [message.get("ok", message.get("error")) for message in session.heard[-5:-1]] == [
        "size = 3.0",
        "parameter 'fast' must be int, not float: 1.5",
        "Changing has no parameter 'fats'; did you mean 'fast'?",
        "Changing has no parameter 'plain'; did you mean 'on'?",
    ]


def test_parameters_that_change_all_the_time_are_told_now_and_then_and_the_newest_at_last(run: Run) -> None:
    session = run(Changing)
    session.start()
    for number in range(1, 101):
        session.batch(quote(0, number, number, 200), number=number)
        session.hear("batch_done")
    told = [message for message in session.heard if message["type"] == "parameters"]
    while not told or values(told[-1])["size"] != 100.0:
        told.append(session.hear("parameters"))
    assert len(told) < 50


class Unwritable:
    def __repr__(self) -> str:
        raise OSError("no")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1, "a"], [1, "a"]),
        (float("inf"), "inf"),
        (Unwritable(), "<a Unwritable whose repr raises OSError>"),
    ],
)
def test_a_value_is_shown_as_json_or_as_python_writes_it(value: object, expected: object) -> None:
    assert shown(value) == expected


@pytest.mark.parametrize("value", [list(range(100_000)), {*range(100_000)}, "x" * 100_000])
def test_a_long_value_is_shown_in_short(value: object) -> None:
    assert len(shown(value)) <= LONGEST_SHOWN + 50
