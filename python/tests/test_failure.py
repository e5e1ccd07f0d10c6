"""What is told of an exception."""

from qubx_strategy.failure import LONGEST_MESSAGE, LONGEST_TRACEBACK, describe


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


def test_what_is_too_long_keeps_its_beginning_and_its_end() -> None:
    told = describe(raised(ValueError("head" + "x" * 1_000_000 + "tail")))
    assert told["evalue"].startswith("headx")
    assert told["evalue"].endswith("xtail")
    assert len(told["evalue"]) < LONGEST_MESSAGE + 100
    assert sum(len(line) for line in told["traceback"]) < LONGEST_TRACEBACK + 100


def test_an_exception_that_breaks_whoever_looks_at_it_is_told_all_the_same() -> None:
    class Broken(Exception):
        @property
        def __cause__(self) -> BaseException:  # type: ignore[override]
            raise RuntimeError("no cause can be had")

    told = describe(raised(Broken()))
    assert told["ename"] == "Broken"
