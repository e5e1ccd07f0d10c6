"""Parameters: the annotated class attributes that have a default."""

from typing import Any, ClassVar

import pytest

from qubx_strategy import Strategy
from qubx_strategy.failure import describe
from qubx_strategy.parameters import ParameterError, check_parameters, construct, read_parameters


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
